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
from relsim.model.compilation import compiled, inlined
from relsim.model.happenings import fade, follow_context, follow_traits, gather_stimulus, happen
from relsim.model.noise import fill_normals
from relsim.model.plan import PARAMETERS, Floats, Numbers, Plan
from relsim.model.world import World

_THIRD_PARTY_GAIN = PARAMETERS.index("third_party_gain")
_ISSUE_GAIN = PARAMETERS.index("issue_gain")
_MUTUALITY = PARAMETERS.index("mutuality")
_SHARED_SHOCKS = PARAMETERS.index("shared_shocks")
_DOMAIN_CORRELATION = PARAMETERS.index("domain_correlation")
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
    posture, affinity, capacity, pull = world.posture, world.affinity, numbers.capacity, world.pull
    n_states, _, n_domains, lanes = posture.shape
    for i in range(n_states):
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
    fill_normals(plan.noise_keys, seed, runs, step, world.common, world.apart, world.scratch)
    _share_shocks(plan, numbers, world)


@compiled
def _share_shocks(plan: Plan, numbers: Numbers, world: World) -> None:
    """Turns the draws of this step, in place, into what both sides of each pair share of their
    shocks by domain, and what sets them apart."""
    common, apart, shares = world.common, world.apart, world.lever
    pairs, lanes = plan.states * (plan.states - 1) // 2, common.shape[1]
    for lane in range(lanes):
        shared, own = rules.shock_shares(numbers.parameter[_SHARED_SHOCKS, lane])
        all_domains, one = rules.factor_shares(numbers.parameter[_DOMAIN_CORRELATION, lane])
        shares[0, lane], shares[1, lane] = shared * all_domains, shared * one
        shares[2, lane] = own
    for pair in range(pairs):
        factor = apart[pairs * plan.domains + pair]
        for process in range(pair * plan.domains, (pair + 1) * plan.domains):
            for lane in range(lanes):
                all_domains = shares[0, lane] * factor[lane]
                common[process, lane] = all_domains + shares[1, lane] * common[process, lane]
                apart[process, lane] *= shares[2, lane]


@inlined
def pair_place(i: int, j: int, n_states: int) -> int:
    """Where the pair of i and j stands among the pairs of N states."""
    first, second = min(i, j), max(i, j)
    return first * (2 * n_states - first - 1) // 2 + second - first - 1


@compiled
def respond(plan: Plan, numbers: Numbers, world: World) -> None:
    """Every state decides its next postures, seeing the old ones of all others.

    The chain of :func:`fill_state_pull`, :func:`fill_state_target` and :func:`fill_state_move`
    by the same rules, in one pass, so that nothing in between is written to memory.
    """
    n_states, n_domains = plan.states, plan.domains
    parameter, capacity, reciprocity = numbers.parameter, numbers.capacity, numbers.reciprocity
    stance, salience, kept, spread = numbers.stance, numbers.salience, world.kept, world.spread
    interest, overall, common, apart = world.interest, world.overall, world.common, world.apart
    affinity, stimulus, posture = world.affinity, world.stimulus, world.posture
    lever, third_party, issue = world.lever[0], world.third_party, world.issue
    next_posture, lanes = world.next_posture, lever.size
    for i in range(n_states):
        gain = parameter[_THIRD_PARTY_GAIN]
        rules.fill_third_party_pull(interest[i], overall[i], overall, gain, lever, third_party)
        rules.fill_issue_pull(i, stance, salience, parameter[_ISSUE_GAIN], lever, issue)
        for j in range(n_states):
            if j == i:
                continue
            side = 1.0 if i < j else -1.0
            for d in range(n_domains):
                process = pair_place(i, j, n_states) * n_domains + d
                for lane in range(lanes):
                    received, extended = posture[j, i, d, lane], posture[i, j, d, lane]
                    pull = rules.total_pull(
                        affinity[i, j, d, lane],
                        third_party[j, lane],
                        issue[j, lane],
                        rules.reciprocity_pull(reciprocity[i, lane], received, extended),
                        stimulus[i, j, d, lane],
                    )
                    ceiling = min(capacity[i, d, lane], capacity[j, d, lane])
                    next_posture[i, j, d, lane] = rules.moved_posture(
                        extended,
                        rules.target_posture(pull, ceiling),
                        kept[i, lane],
                        spread[i, lane],
                        rules.side_shock(common[process, lane], apart[process, lane], side),
                    )


@compiled
def fill_state_pull(i: int, numbers: Numbers, world: World, out: Floats) -> None:
    """The pull of every state on i by domain [N, D, L]; the parts [N, L] that all domains share
    are left in ``world.third_party`` and ``world.issue``."""
    parameter, posture, lever = numbers.parameter, world.posture, world.lever[0]
    third_party, issue = world.third_party, world.issue
    n_states, _, n_domains, lanes = posture.shape
    rules.fill_third_party_pull(
        world.interest[i],
        world.overall[i],
        world.overall,
        parameter[_THIRD_PARTY_GAIN],
        lever,
        third_party,
    )
    rules.fill_issue_pull(i, numbers.stance, numbers.salience, parameter[_ISSUE_GAIN], lever, issue)
    for j in range(n_states):
        for d in range(n_domains):
            for lane in range(lanes):
                received, extended = posture[j, i, d, lane], posture[i, j, d, lane]
                out[j, d, lane] = rules.total_pull(
                    world.affinity[i, j, d, lane],
                    third_party[j, lane],
                    issue[j, lane],
                    rules.reciprocity_pull(numbers.reciprocity[i, lane], received, extended),
                    world.stimulus[i, j, d, lane],
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
    posture, common, apart = world.posture, world.common, world.apart
    n_states, _, n_domains, lanes = posture.shape
    for j in range(n_states):
        if j == i:
            continue
        side = 1.0 if i < j else -1.0
        for d in range(n_domains):
            process = pair_place(i, j, n_states) * n_domains + d
            for lane in range(lanes):
                out[j, d, lane] = rules.moved_posture(
                    posture[i, j, d, lane],
                    target[j, d, lane],
                    world.kept[i, lane],
                    world.spread[i, lane],
                    rules.side_shock(common[process, lane], apart[process, lane], side),
                )
    out[i, :] = 0.0


@compiled
def end_step(plan: Plan, numbers: Numbers, world: World) -> None:
    """Everything after the states have decided."""
    _take_postures(world.next_posture, world.posture)
    measure(numbers, world)
    _drift(numbers.parameter[_DRIFT], plan.months, world.common, world.affinity)
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
def _drift(drift: Floats, months: float, common: Floats, affinity: Floats) -> None:
    """Affinity drifts: one random walk per pair, the same in both directions and all domains."""
    n_states, _, n_domains, lanes = affinity.shape
    process = n_states * (n_states - 1) // 2 * n_domains
    for i in range(n_states):
        for j in range(i + 1, n_states):
            for d in range(n_domains):
                for lane in range(lanes):
                    change = rules.drift_step(drift[lane], months, common[process, lane])
                    affinity[i, j, d, lane] += change
                    affinity[j, i, d, lane] += change
            process += 1


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
