"""One step in its phases. The order of the mechanisms is written here and nowhere else.

begin_step   events happen, pushes add up, the noise of the step is drawn
respond      every state: pull → target → next posture  (Mesa agents do it one by one)
end_step     postures are taken, cooperation follows, affinity drifts, pulses fade
"""

from __future__ import annotations

import numpy as np

from relsim.model import rules
from relsim.model.compilation import compiled
from relsim.model.happenings import fade, follow_context, gather_stimulus, happen
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
    measure(numbers, world)
    follow_context(plan, numbers, world, np.uint64(0))
    _solve_affinity(numbers, world)


@compiled
def _fill_opening(opening: Floats, capacity: Floats, posture: Floats) -> None:
    """Opening postures [N, N, D], kept to what both states can afford."""
    n_states, _, n_domains = posture.shape
    for i in range(n_states):
        for j in range(n_states):
            for d in range(n_domains):
                ceiling = min(capacity[i, d], capacity[j, d])
                posture[i, j, d] = rules.opening_posture(opening[i, j, d], ceiling)


@compiled
def _solve_affinity(numbers: Numbers, world: World) -> None:
    """The affinities that make the pull at the opening the pull at rest."""
    posture, affinity, capacity, pull = world.posture, world.affinity, numbers.capacity, world.pull
    n_states, _, n_domains = posture.shape
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
            world.third_party,
            world.issue,
            pull,
        )
        for j in range(n_states):
            for d in range(n_domains):
                ceiling = min(capacity[i, d], capacity[j, d])
                at_rest = rules.pull_at_rest(posture[i, j, d], ceiling)
                affinity[i, j, d] = at_rest - pull[j, d]
        affinity[i, i, :] = 0.0


@compiled
def begin_step(
    plan: Plan, numbers: Numbers, world: World, seed: np.uint64, run: np.uint64, step: np.uint64
) -> None:
    """Everything before the states decide."""
    follow_context(plan, numbers, world, step)
    happen(plan, numbers, world, seed, run, step)
    gather_stimulus(plan.cell_start, plan.cell, world.fading, world.lasting, world.stimulus)
    fill_normals(plan.noise_keys, seed, run, step, world.first, world.second, world.scratch)
    correlation = numbers.parameter[_SHARED_SHOCKS]
    _share_shocks(correlation, world.first, world.second, world.shock, world.wander)


@compiled
def _share_shocks(
    correlation: float, first: Floats, second: Floats, shock: Floats, wander: Floats
) -> None:
    """The shocks to each posture, and to each affinity, from the draws of this step."""
    n_states, _, n_domains = shock.shape
    process, pair = 0, 0
    affinities = wander.size * n_domains
    for i in range(n_states):
        for j in range(i + 1, n_states):
            for d in range(n_domains):
                forth, back = rules.pair_shocks(first[process], second[process], correlation)
                shock[i, j, d] = forth
                shock[j, i, d] = back
                process += 1
            wander[pair] = first[affinities + pair]
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
    third_party: Floats,
    issue: Floats,
    out: Floats,
) -> None:
    """The pull of every state on i by domain [N, D]; the parts [N] that all domains share are
    left in ``third_party`` and ``issue``."""
    rules.fill_third_party_pull(
        interest[i], overall[i], overall, parameter[_THIRD_PARTY_GAIN], third_party
    )
    rules.fill_issue_pull(i, stance, salience, parameter[_ISSUE_GAIN], issue)
    rules.fill_pull(i, affinity, stimulus, third_party, issue, reciprocity[i], posture, out)


@compiled
def fill_state_target(i: int, capacity: Floats, pull: Floats, out: Floats) -> None:
    """Where those pulls lead i, by domain [N, D]."""
    n_states, n_domains = pull.shape
    for j in range(n_states):
        for d in range(n_domains):
            ceiling = min(capacity[i, d], capacity[j, d])
            out[j, d] = rules.target_posture(pull[j, d], ceiling)


@compiled
def fill_state_move(
    i: int,
    months: float,
    adaptability: Floats,
    volatility: Floats,
    posture: Floats,
    target: Floats,
    shock: Floats,
    out: Floats,
) -> None:
    """The next posture of i towards every state by domain [N, D]."""
    n_states, _, n_domains = posture.shape
    kept = rules.share_kept(adaptability[i], months)
    spread = rules.step_spread(volatility[i], adaptability[i], months)
    for j in range(n_states):
        for d in range(n_domains):
            out[j, d] = rules.moved_posture(
                posture[i, j, d], target[j, d], kept, spread, shock[i, j, d]
            )
    out[i, :] = 0.0


@compiled
def respond(plan: Plan, numbers: Numbers, world: World) -> None:
    """Every state decides its next postures, seeing the old ones of all others."""
    parameter, capacity, reciprocity = numbers.parameter, numbers.capacity, numbers.reciprocity
    stance, salience = numbers.stance, numbers.salience
    adaptability, volatility = numbers.adaptability, numbers.volatility
    interest, overall, shock = world.interest, world.overall, world.shock
    affinity, stimulus, posture = world.affinity, world.stimulus, world.posture
    third_party, issue, pull, target = world.third_party, world.issue, world.pull, world.target
    months, next_posture = plan.months, world.next_posture
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
            third_party,
            issue,
            pull,
        )
        fill_state_target(i, capacity, pull, target)
        fill_state_move(
            i, months, adaptability, volatility, posture, target, shock, next_posture[i]
        )


@compiled
def end_step(plan: Plan, numbers: Numbers, world: World) -> None:
    """Everything after the states have decided."""
    _take_postures(world.next_posture, world.posture)
    measure(numbers, world)
    _drift(numbers.parameter[_DRIFT], plan.months, world.wander, world.affinity)
    fade(plan.months, numbers.push_half_life, world.fading)


@compiled
def _take_postures(decided: Floats, posture: Floats) -> None:
    n_states, _, n_domains = posture.shape
    for i in range(n_states):
        for j in range(n_states):
            for d in range(n_domains):
                posture[i, j, d] = decided[i, j, d]


@compiled
def measure(numbers: Numbers, world: World) -> None:
    """Cooperation from postures."""
    rules.fill_cooperation(
        world.posture,
        numbers.domain_weight,
        numbers.parameter[_MUTUALITY],
        world.cooperation,
        world.overall,
    )


@compiled
def _drift(drift: float, months: float, wander: Floats, affinity: Floats) -> None:
    """Affinity drifts: one random walk per pair, the same in both directions and all domains."""
    n_states, _, n_domains = affinity.shape
    pair = 0
    for i in range(n_states):
        for j in range(i + 1, n_states):
            change = rules.drift_step(drift, months, wander[pair])
            for d in range(n_domains):
                affinity[i, j, d] += change
                affinity[j, i, d] += change
            pair += 1


@compiled
def take_step(
    plan: Plan, numbers: Numbers, world: World, seed: np.uint64, run: np.uint64, step: np.uint64
) -> None:
    """One whole step of all states at once."""
    begin_step(plan, numbers, world, seed, run, step)
    respond(plan, numbers, world)
    end_step(plan, numbers, world)
