"""One step in its phases. The order of the mechanisms is written here and nowhere else.

begin_step   events happen, pushes add up, the noise of the step is drawn
respond      every state: pull → target → next posture  (Mesa agents do it one by one)
end_step     chance moves pairs, postures are taken, cooperation follows, drift and fading

What causes bring and what chance adds are kept apart: postures follow from causes alone, chance
moves the cooperation of pairs around them. All of it works on several runs side by side, the lanes
of the arrays' last axis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relsim.model import rules
from relsim.model.compilation import compiled
from relsim.model.happenings import (
    fade,
    follow_context,
    follow_interests,
    follow_traits,
    gather_stimulus,
    happen,
)
from relsim.model.noise import fill_normals
from relsim.model.plan import Numbers, Plan, World
from relsim.model.structs import Floats

_ZERO, _ONE = np.uint64(0), np.uint64(1)


@compiled
def open_world(plan: Plan, numbers: Numbers, world: World) -> None:
    """The opening: postures as given, and the affinities with which they are at rest.

    The opening is read with the reference interests. Where those in force are others, postures
    start to move with the first step.
    """
    world.chance[:] = 0.0
    world.overall_chance[:] = 0.0
    world.history_left[:] = 1.0
    world.drift[:] = 0.0
    world.stimulus[:] = 0.0
    world.fading[:] = 0.0
    world.lasting[:] = 0.0
    world.fired[:] = 0
    world.times_fired[:] = 0
    world.affinity[:] = 0.0
    work_out(plan, numbers, world)
    follow_context(plan, numbers, world, np.uint64(0))
    _exchange_reference(numbers)
    follow_interests(plan.reference_fades_with, numbers, world)
    _fill_opening(numbers.opening, numbers.capacity, world.posture)
    measure(numbers, world)
    _solve_affinity(numbers, world)
    _exchange_reference(numbers)
    follow_interests(plan.fades_with, numbers, world)


@compiled
def _exchange_reference(numbers: Numbers) -> None:
    """Puts the reference interests in place of those in force, and back when called again."""
    _exchange(numbers.weight, numbers.reference_weight)
    _exchange(numbers.stance, numbers.reference_stance)
    _exchange(numbers.salience, numbers.reference_salience)
    _exchange(numbers.capacity, numbers.reference_capacity)


@compiled
def _exchange(first: Floats, second: Floats) -> None:
    rows, columns, lanes = first.shape
    for row in range(rows):
        for column in range(columns):
            for lane in range(lanes):
                kept = first[row, column, lane]
                first[row, column, lane] = second[row, column, lane]
                second[row, column, lane] = kept


@compiled
def work_out(plan: Plan, numbers: Numbers, world: World) -> None:
    """What follows from the numbers and needs no working out in every step."""
    pushes, lanes = world.decay.shape
    world.domain_total[:] = 0.0
    for d in range(plan.domains):
        for lane in range(lanes):
            world.domain_total[lane] += numbers.domain_weight[d, lane]
    for push in range(pushes):
        for lane in range(lanes):
            half_life = numbers.push_half_life[push, lane]
            world.decay[push, lane] = rules.decay_factor(half_life, plan.months)
    follow_traits(plan, numbers, world)


@compiled
def _fill_opening(opening: Floats, capacity: Floats, posture: Floats) -> None:
    """Opening postures [N, N, D, L], kept to what both states can afford."""
    n_states, _, n_domains, lanes = posture.shape
    for i in range(n_states):
        for j in range(n_states):
            for d in range(n_domains):
                for lane in range(lanes):
                    ceiling = min(capacity[i, d, lane], capacity[j, d, lane])
                    posture[i, j, d, lane] = rules.opening_posture(opening[i, j, d, lane], ceiling)


@compiled
def _solve_affinity(numbers: Numbers, world: World) -> None:
    """The affinities that make the pull at the opening the pull at rest."""
    posture, affinity, capacity = world.posture, world.affinity, numbers.capacity
    n_states, _, n_domains, lanes = posture.shape
    for i in range(n_states):
        pull = world.pull[i]
        fill_state_pull(i, numbers, world, pull)
        for j in range(n_states):
            for d in range(n_domains):
                for lane in range(lanes):
                    ceiling = min(capacity[i, d, lane], capacity[j, d, lane])
                    at_rest = rules.pull_at_rest(posture[i, j, d, lane], ceiling)
                    affinity[i, j, d, lane] = at_rest - pull[j, d, lane]
        affinity[i, i, :] = 0.0


@compiled
def begin_step(
    plan: Plan,
    numbers: Numbers,
    world: World,
    seed: np.uint64,
    runs: NDArray[np.uint64],
    step: np.uint64,
) -> None:
    """Everything before the states decide. ``runs``: uint64 [L], the run in each lane."""
    follow_context(plan, numbers, world, step)
    happen(plan, numbers, world, seed, runs, step)
    gather_stimulus(plan.cell_start, plan.cell, world.fading, world.lasting, world.stimulus)
    _draw_noise(plan, seed, runs, step, world)


@compiled
def _draw_noise(
    plan: Plan, seed: np.uint64, runs: NDArray[np.uint64], step: np.uint64, world: World
) -> None:
    """The normals of this step: of each pair as a whole, and of each pair by domain.

    A block of the generator gives two. Of a pair's own process they are news and drift; of the
    process of a domain they serve two steps, an even one and the next.
    """
    by_domain = world.even_shock.shape[0]
    keys = plan.noise_keys
    scratch = world.scratch[: keys.size - by_domain]
    fill_normals(keys[by_domain:], seed, runs, step, world.drift_shock, world.news, scratch)
    if step & _ONE == _ZERO:
        fill_normals(
            keys[:by_domain],
            seed,
            runs,
            step >> _ONE,
            world.even_shock,
            world.odd_shock,
            world.scratch,
        )


@compiled
def respond(plan: Plan, numbers: Numbers, world: World) -> None:
    """Every state decides its next postures, seeing the old ones of all others.

    The chain of :func:`fill_state_pull`, :func:`fill_state_target` and :func:`fill_state_move`
    by the same rules, in one pass.
    """
    n_states, n_domains = plan.states, plan.domains
    capacity, kept = numbers.capacity, world.kept
    posture, next_posture, lanes = world.posture, world.next_posture, world.domain_total.size
    for i in range(n_states):
        pull = world.pull[i]
        fill_state_pull(i, numbers, world, pull)
        for j in range(n_states):
            if j == i:
                continue
            for d in range(n_domains):
                for lane in range(lanes):
                    ceiling = min(capacity[i, d, lane], capacity[j, d, lane])
                    target = rules.target_posture(pull[j, d, lane], ceiling)
                    next_posture[i, j, d, lane] = rules.moved_posture(
                        posture[i, j, d, lane], target, kept[i, lane]
                    )


@compiled
def fill_state_pull(i: int, numbers: Numbers, world: World, out: Floats) -> None:
    """The pull of every state on i by causes, by domain [N, D, L]."""
    posture, room, issue = world.posture, world.room, world.issue
    affinity, stimulus, reciprocity = world.affinity, world.stimulus, numbers.reciprocity
    left = world.history_left
    n_states, _, n_domains, lanes = posture.shape
    rules.fill_third_party_pull(
        i,
        world.interest[i],
        numbers.alignment_gain,
        numbers.rivalry_gain,
        world.caused,
        room,
        out,
    )
    rules.fill_issue_pull(i, numbers.stance, numbers.salience, numbers.issue_gain, room, issue)
    for j in range(n_states):
        for d in range(n_domains):
            for lane in range(lanes):
                received, extended = posture[j, i, d, lane], posture[i, j, d, lane]
                out[j, d, lane] = rules.total_pull(
                    left[lane] * affinity[i, j, d, lane],
                    out[j, d, lane],
                    issue[j, lane],
                    rules.reciprocity_pull(reciprocity[i, lane], received, extended),
                    stimulus[i, j, d, lane],
                )


@compiled
def fill_state_target(i: int, capacity: Floats, pull: Floats, out: Floats) -> None:
    """Where those pulls lead i, by domain [N, D, L]."""
    n_states, n_domains, lanes = pull.shape
    for j in range(n_states):
        for d in range(n_domains):
            for lane in range(lanes):
                ceiling = min(capacity[i, d, lane], capacity[j, d, lane])
                out[j, d, lane] = rules.target_posture(pull[j, d, lane], ceiling)


@compiled
def fill_state_move(i: int, target: Floats, world: World, out: Floats) -> None:
    """The next posture of i towards every state by domain [N, D, L]."""
    n_states, n_domains, lanes = target.shape
    for j in range(n_states):
        for d in range(n_domains):
            for lane in range(lanes):
                out[j, d, lane] = rules.moved_posture(
                    world.posture[i, j, d, lane], target[j, d, lane], world.kept[i, lane]
                )
    out[i, :] = 0.0


@compiled
def end_step(plan: Plan, numbers: Numbers, world: World, step: np.uint64) -> None:
    """Everything after the states have decided; ``world.pull`` holds what they decided on."""
    fill_chance_pull(plan, numbers, world)
    _move_chance(plan, numbers, world, step)
    _take_postures(world.next_posture, world.posture)
    measure(numbers, world)
    _drift(numbers.drift, plan.months, world.drift_shock, world.drift)
    fade(world.decay, world.fading)
    for lane in range(world.history_left.size):
        half_life = numbers.history_half_life[lane]
        world.history_left[lane] *= rules.decay_factor(half_life, plan.months)


@compiled
def fill_chance_pull(plan: Plan, numbers: Numbers, world: World) -> None:
    """What chance adds to the pull of each pair, the same for both sides and all domains
    [N, N, 1, L]: its drift, and the mean of what reaches the two by way of third parties."""
    out = world.chance_pull
    for i in range(plan.states):
        rules.fill_third_party_pull(
            i,
            world.interest[i],
            numbers.alignment_gain,
            numbers.rivalry_gain,
            world.overall_chance,
            world.room,
            out[i],
        )
    pair = 0
    for i in range(plan.states):
        for j in range(i + 1, plan.states):
            for lane in range(world.domain_total.size):
                by_third_parties = 0.5 * (out[i, j, 0, lane] + out[j, i, 0, lane])
                out[i, j, 0, lane] = world.drift[pair, lane] + by_third_parties
                out[j, i, 0, lane] = out[i, j, 0, lane]
            pair += 1


@compiled
def _move_chance(plan: Plan, numbers: Numbers, world: World, step: np.uint64) -> None:
    """What chance adds to the cooperation of every pair after this step."""
    pull, chance_pull, chance = world.pull, world.chance_pull, world.chance
    shock = world.even_shock if step & _ONE == _ZERO else world.odd_shock
    correlation, weight = numbers.domain_correlation, numbers.domain_weight
    lanes = correlation.size
    all_domains, one_domain = world.room[0], world.room[1]
    for lane in range(lanes):
        all_domains[lane], one_domain[lane] = rules.factor_shares(correlation[lane])
    pair = 0
    for i in range(plan.states):
        for j in range(i + 1, plan.states):
            overall = world.overall_chance[i, j, 0]
            overall[:] = 0.0
            for d in range(plan.domains):
                own = shock[pair * plan.domains + d]
                for lane in range(lanes):
                    moved = rules.moved_chance(
                        chance[i, j, d, lane],
                        rules.chance_target(
                            0.5 * (pull[i, j, d, lane] + pull[j, i, d, lane]),
                            chance_pull[i, j, 0, lane],
                        ),
                        world.chance_kept[pair, lane],
                        world.chance_spread[pair, lane],
                        all_domains[lane] * world.news[pair, lane] + one_domain[lane] * own[lane],
                    )
                    chance[i, j, d, lane] = moved
                    chance[j, i, d, lane] = moved
                    overall[lane] += weight[d, lane] * moved
            for lane in range(lanes):
                total = world.domain_total[lane]
                overall[lane] = overall[lane] / total if total > 0.0 else 0.0
                world.overall_chance[j, i, 0, lane] = overall[lane]
            pair += 1


@compiled
def _take_postures(decided: Floats, posture: Floats) -> None:
    n_states, _, n_domains, lanes = posture.shape
    for i in range(n_states):
        for j in range(n_states):
            for d in range(n_domains):
                for lane in range(lanes):
                    posture[i, j, d, lane] = decided[i, j, d, lane]


@compiled
def measure(numbers: Numbers, world: World) -> None:
    """Cooperation from postures and chance."""
    rules.fill_cooperation(
        world.posture,
        world.chance,
        numbers.domain_weight,
        world.domain_total,
        numbers.mutuality,
        world.caused,
        world.overall,
    )


@compiled
def _drift(drift: Floats, months: float, shock: Floats, walk: Floats) -> None:
    """The pull of each pair drifts: one random walk, the same for both sides and all domains."""
    pairs, lanes = walk.shape
    for pair in range(pairs):
        for lane in range(lanes):
            walk[pair, lane] += rules.drift_step(drift[lane], months, shock[pair, lane])
