"""One step in its phases. The order of the mechanisms is written here and nowhere else.

begin_step   events happen, pushes add up, the noise of the step is drawn
respond      every state: pull → target → next posture  (Mesa agents do it one by one)
end_step     postures are taken, cooperation follows, affinity drifts, pulses fade

All of it works on several runs side by side, the lanes of the arrays' last axis.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relsim.model import rules
from relsim.model.compilation import compiled
from relsim.model.happenings import fade, follow_context, follow_traits, gather_stimulus, happen
from relsim.model.noise import fill_normals
from relsim.model.plan import PARAMETERS, Floats, Numbers, Plan
from relsim.model.world import World

_THIRD_PARTY_GAIN = PARAMETERS.index("third_party_gain")
_ISSUE_GAIN = PARAMETERS.index("issue_gain")
_MUTUALITY = PARAMETERS.index("mutuality")
_SHARED_SHOCKS = PARAMETERS.index("shared_shocks")
_DRIFT = PARAMETERS.index("drift")


@compiled
def open_world(plan: Plan, numbers: Numbers, world: World) -> None:
    """The opening: postures as given, and the affinities with which they are at rest."""
    _fill_opening(numbers.opening, numbers.capacity, world.posture)
    world.stimulus.fill(0.0)
    world.fading.fill(0.0)
    world.lasting.fill(0.0)
    world.fired.fill(0)
    world.times_fired.fill(0)
    world.affinity.fill(0.0)
    work_out(plan, numbers, world)
    measure(numbers, world)
    follow_context(plan, numbers, world, np.uint64(0))
    _solve_affinity(numbers, world)


@compiled
def work_out(plan: Plan, numbers: Numbers, world: World) -> None:
    """What follows from the numbers and needs no working out in every step."""
    pushes, lanes = world.decay.shape
    world.domain_total.fill(0.0)
    for d in range(plan.domains):
        for lane in range(lanes):
            world.domain_total[lane] += numbers.domain_weight[d, lane]
    for push in range(pushes):
        for lane in range(lanes):
            half_life = numbers.push_half_life[push, lane]
            world.decay[push, lane] = rules.decay_factor(half_life, plan.months)
    follow_traits(0, lanes, plan, numbers, world)


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
    posture, affinity, capacity, pull = world.posture, world.affinity, numbers.capacity, world.pull
    n_states, _, n_domains, lanes = posture.shape
    for i in range(n_states):
        fill_state_pull(
            i,
            numbers.parameter,
            world.interest,
            world.overall,
            numbers.stance,
            numbers.salience,
            numbers.reciprocity,
            affinity,
            world.stimulus,
            posture,
            world.lever,
            world.third_party,
            world.issue,
            pull,
        )
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
    fill_normals(plan.noise_keys, seed, runs, step, world.first, world.second, world.scratch)
    correlation, shares = numbers.parameter[_SHARED_SHOCKS], world.lever
    for lane in range(runs.size):
        shares[0, lane], shares[1, lane] = rules.shock_shares(correlation[lane])
    _share_shocks(shares, world.first, world.second, world.shock, world.wander)


@compiled
def _share_shocks(
    shares: Floats, first: Floats, second: Floats, shock: Floats, wander: Floats
) -> None:
    """The shocks to each posture, and to each affinity, from the draws of this step."""
    n_states, _, n_domains, lanes = shock.shape
    shared, own = shares[0], shares[1]
    process, pair = 0, 0
    affinities = wander.shape[0] * n_domains
    for i in range(n_states):
        for j in range(i + 1, n_states):
            for d in range(n_domains):
                for lane in range(lanes):
                    forth, back = rules.pair_shocks(
                        first[process, lane], second[process, lane], shared[lane], own[lane]
                    )
                    shock[i, j, d, lane] = forth
                    shock[j, i, d, lane] = back
                process += 1
            for lane in range(lanes):
                wander[pair, lane] = first[affinities + pair, lane]
            pair += 1


@compiled
def fill_state_pull(
    i: int,
    parameter: Floats,
    interest: Floats,
    overall: Floats,
    stance: Floats,
    salience: Floats,
    reciprocity: Floats,
    affinity: Floats,
    stimulus: Floats,
    posture: Floats,
    lever: Floats,
    third_party: Floats,
    issue: Floats,
    out: Floats,
) -> None:
    """The pull of every state on i by domain [N, D, L]; the parts [N, L] that all domains share
    are left in ``third_party`` and ``issue``."""
    rules.fill_third_party_pull(
        interest[i], overall[i], overall, parameter[_THIRD_PARTY_GAIN], lever[0], third_party
    )
    rules.fill_issue_pull(i, stance, salience, parameter[_ISSUE_GAIN], issue)
    rules.fill_pull(i, affinity, stimulus, third_party, issue, reciprocity[i], posture, out)


@compiled
def fill_state_target(i: int, capacity: Floats, pull: Floats, out: Floats) -> None:
    """Where those pulls lead i, by domain [N, D, L]."""
    n_states, n_domains, lanes = pull.shape
    for j in range(n_states):
        if j == i:
            continue
        for d in range(n_domains):
            for lane in range(lanes):
                ceiling = min(capacity[i, d, lane], capacity[j, d, lane])
                out[j, d, lane] = rules.target_posture(pull[j, d, lane], ceiling)


@compiled
def fill_state_move(
    i: int,
    kept: Floats,
    spread: Floats,
    posture: Floats,
    target: Floats,
    shock: Floats,
    out: Floats,
) -> None:
    """The next posture of i towards every state by domain [N, D, L]."""
    n_states, _, n_domains, lanes = posture.shape
    for j in range(n_states):
        if j == i:
            continue
        for d in range(n_domains):
            for lane in range(lanes):
                out[j, d, lane] = rules.moved_posture(
                    posture[i, j, d, lane],
                    target[j, d, lane],
                    kept[i, lane],
                    spread[i, lane],
                    shock[i, j, d, lane],
                )
    out[i, :] = 0.0


@compiled
def respond(plan: Plan, numbers: Numbers, world: World) -> None:
    """Every state decides its next postures, seeing the old ones of all others."""
    parameter, capacity, reciprocity = numbers.parameter, numbers.capacity, numbers.reciprocity
    stance, salience, kept, spread = numbers.stance, numbers.salience, world.kept, world.spread
    interest, overall, shock = world.interest, world.overall, world.shock
    affinity, stimulus, posture = world.affinity, world.stimulus, world.posture
    lever, third_party, issue = world.lever, world.third_party, world.issue
    pull, target, next_posture = world.pull, world.target, world.next_posture
    for i in range(plan.states):
        fill_state_pull(
            i,
            parameter,
            interest,
            overall,
            stance,
            salience,
            reciprocity,
            affinity,
            stimulus,
            posture,
            lever,
            third_party,
            issue,
            pull,
        )
        fill_state_target(i, capacity, pull, target)
        fill_state_move(i, kept, spread, posture, target, shock, next_posture[i])


@compiled
def end_step(plan: Plan, numbers: Numbers, world: World) -> None:
    """Everything after the states have decided."""
    _take_postures(world.next_posture, world.posture)
    measure(numbers, world)
    _drift(numbers.parameter[_DRIFT], plan.months, world.wander, world.affinity)
    fade(world.decay, world.fading)


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
    """Cooperation from postures."""
    rules.fill_cooperation(
        world.posture,
        numbers.domain_weight,
        world.domain_total,
        numbers.parameter[_MUTUALITY],
        world.cooperation,
        world.overall,
    )


@compiled
def _drift(drift: Floats, months: float, wander: Floats, affinity: Floats) -> None:
    """Affinity drifts: one random walk per pair, the same in both directions and all domains."""
    n_states, _, n_domains, lanes = affinity.shape
    pair = 0
    for i in range(n_states):
        for j in range(i + 1, n_states):
            for d in range(n_domains):
                for lane in range(lanes):
                    change = rules.drift_step(drift[lane], months, wander[pair, lane])
                    affinity[i, j, d, lane] += change
                    affinity[j, i, d, lane] += change
            pair += 1


@compiled
def take_step(
    plan: Plan,
    numbers: Numbers,
    world: World,
    seed: np.uint64,
    runs: NDArray[np.uint64],
    step: np.uint64,
) -> None:
    """One whole step of all states at once."""
    begin_step(plan, numbers, world, seed, runs, step)
    respond(plan, numbers, world)
    end_step(plan, numbers, world)
