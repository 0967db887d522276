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
    for i in range(plan.states):
        for j in range(plan.states):
            for d in range(plan.domains):
                ceiling = min(numbers.capacity[i, d], numbers.capacity[j, d])
                level = numbers.opening[i, j, d]
                world.posture[i, j, d] = rules.opening_posture(level, ceiling)
    world.affinity[:] = 0.0
    world.stimulus[:] = 0.0
    world.fading[:] = 0.0
    world.lasting[:] = 0.0
    world.fired[:] = 0
    world.times_fired[:] = 0
    _measure(numbers, world)
    follow_context(plan, numbers, world, np.uint64(0))
    for i in range(plan.states):
        fill_state_pull(i, numbers, world, world.pull)
        for j in range(plan.states):
            for d in range(plan.domains):
                ceiling = min(numbers.capacity[i, d], numbers.capacity[j, d])
                at_rest = rules.pull_at_rest(world.posture[i, j, d], ceiling)
                world.affinity[i, j, d] = at_rest - world.pull[j, d]
        world.affinity[i, i, :] = 0.0


@compiled
def begin_step(
    plan: Plan, numbers: Numbers, world: World, seed: np.uint64, run: np.uint64, step: np.uint64
) -> None:
    """Everything before the states decide."""
    follow_context(plan, numbers, world, step)
    happen(plan, numbers, world, seed, run, step)
    gather_stimulus(plan, world)
    fill_normals(plan.noise_keys, seed, run, step, world.first, world.second, world.scratch)
    _share_shocks(plan, numbers, world)


@compiled
def _share_shocks(plan: Plan, numbers: Numbers, world: World) -> None:
    """The shocks to each posture, and to each affinity, from the draws of this step."""
    correlation = numbers.parameter[_SHARED_SHOCKS]
    process, pair = 0, 0
    affinities = world.wander.size * plan.domains
    for i in range(plan.states):
        for j in range(i + 1, plan.states):
            for d in range(plan.domains):
                forth, back = rules.pair_shocks(
                    world.first[process], world.second[process], correlation
                )
                world.shock[i, j, d] = forth
                world.shock[j, i, d] = back
                process += 1
            world.wander[pair] = world.first[affinities + pair]
            pair += 1


@compiled
def fill_state_pull(i: int, numbers: Numbers, world: World, out: Floats) -> None:
    """The pull of every state on i by domain [N, D]."""
    third_party_gain = numbers.parameter[_THIRD_PARTY_GAIN]
    rules.fill_third_party_pull(
        world.interest[i], world.overall[i], world.overall, third_party_gain, world.third_party
    )
    issue_gain = numbers.parameter[_ISSUE_GAIN]
    rules.fill_issue_pull(i, numbers.stance, numbers.salience, issue_gain, world.issue)
    rules.fill_pull(
        i,
        world.affinity,
        world.stimulus,
        world.third_party,
        world.issue,
        numbers.reciprocity[i],
        world.posture,
        out,
    )


@compiled
def fill_state_target(i: int, numbers: Numbers, pull: Floats, out: Floats) -> None:
    """Where those pulls lead i, by domain [N, D]."""
    n_states, n_domains = pull.shape
    for j in range(n_states):
        for d in range(n_domains):
            ceiling = min(numbers.capacity[i, d], numbers.capacity[j, d])
            out[j, d] = rules.target_posture(pull[j, d], ceiling)


@compiled
def fill_state_move(
    i: int, plan: Plan, numbers: Numbers, world: World, target: Floats, out: Floats
) -> None:
    """The next posture of i towards every state by domain [N, D]."""
    kept = rules.share_kept(numbers.adaptability[i], plan.months)
    spread = rules.step_spread(numbers.volatility[i], numbers.adaptability[i], plan.months)
    for j in range(plan.states):
        for d in range(plan.domains):
            out[j, d] = rules.moved_posture(
                world.posture[i, j, d], target[j, d], kept, spread, world.shock[i, j, d]
            )
    out[i, :] = 0.0


@compiled
def respond(i: int, plan: Plan, numbers: Numbers, world: World) -> None:
    """State i decides its next postures."""
    fill_state_pull(i, numbers, world, world.pull)
    fill_state_target(i, numbers, world.pull, world.target)
    fill_state_move(i, plan, numbers, world, world.target, world.next_posture[i])


@compiled
def end_step(plan: Plan, numbers: Numbers, world: World) -> None:
    """Everything after the states have decided."""
    world.posture[:] = world.next_posture
    _measure(numbers, world)
    _wander(plan, numbers, world)
    fade(plan, numbers, world)


@compiled
def _measure(numbers: Numbers, world: World) -> None:
    """Cooperation from postures."""
    rules.fill_cooperation(
        world.posture,
        numbers.domain_weight,
        numbers.parameter[_MUTUALITY],
        world.cooperation,
        world.overall,
    )


@compiled
def _wander(plan: Plan, numbers: Numbers, world: World) -> None:
    """Affinity drifts: one random walk per pair, the same in both directions and all domains."""
    pair = 0
    for i in range(plan.states):
        for j in range(i + 1, plan.states):
            change = rules.drift_step(numbers.parameter[_DRIFT], plan.months, world.wander[pair])
            for d in range(plan.domains):
                world.affinity[i, j, d] += change
                world.affinity[j, i, d] += change
            pair += 1


@compiled
def take_step(
    plan: Plan, numbers: Numbers, world: World, seed: np.uint64, run: np.uint64, step: np.uint64
) -> None:
    """One whole step of all states at once."""
    begin_step(plan, numbers, world, seed, run, step)
    for i in range(plan.states):
        respond(i, plan, numbers, world)
    end_step(plan, numbers, world)
