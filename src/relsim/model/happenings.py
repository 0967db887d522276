"""Events of one step: which fire, and what their effects change."""

from __future__ import annotations

import numpy as np

from relsim.model import rules
from relsim.model.compilation import compiled
from relsim.model.noise import uniform
from relsim.model.plan import (
    ADD,
    CHANCE,
    NONE,
    ON_CONTEXT,
    ON_COOPERATION,
    ON_POSTURE,
    PARAMETERS,
    PUSH,
    SCHEDULED,
    SET,
    Floats,
    Ints,
    Numbers,
    Plan,
)
from relsim.model.world import World

_GOLDSTEIN_UNIT = PARAMETERS.index("goldstein_unit")


@compiled
def follow_context(plan: Plan, numbers: Numbers, world: World, step: np.uint64) -> None:
    """Context variables and the interests that fade with them, as of the start of a step."""
    share = step / plan.steps
    for z in range(world.context.size):
        start, end = numbers.context_start[z], numbers.context_end[z]
        path = start + (end - start) * share
        world.context[z] = numbers.context_scale[z] * path + numbers.context_shift[z]
    _fill_interest(numbers.weight, plan.fades_with, world.context, world.interest)


@compiled
def _fill_interest(weight: Floats, fades_with: Ints, context: Floats, interest: Floats) -> None:
    """Tie weights in force [N, N]."""
    n_states = weight.shape[0]
    for i in range(n_states):
        for k in range(n_states):
            z = fades_with[i, k]
            fading = context[z] if z != NONE else 0.0
            interest[i, k] = rules.weight_in_force(weight[i, k], fading)


@compiled
def happen(
    plan: Plan, numbers: Numbers, world: World, seed: np.uint64, run: np.uint64, step: np.uint64
) -> None:
    """Events fire, judged at the start of the step, and their effects apply in file order."""
    fired = world.fired
    _time_events(plan, numbers.hazard, seed, run, step, fired)
    for event in range(fired.size):
        if fired[event] > 0 and not _may_fire(event, plan, numbers, world):
            fired[event] = 0
    for event in range(fired.size):
        if fired[event] > 0:
            for effect in range(plan.effect_start[event], plan.effect_start[event + 1]):
                _apply(effect, fired[event], plan, numbers, world, step)
    times_fired = world.times_fired
    for event in range(fired.size):
        times_fired[event] += min(fired[event], 1)


@compiled
def _time_events(
    plan: Plan, hazard: Floats, seed: np.uint64, run: np.uint64, step: np.uint64, fired: Ints
) -> None:
    """How often the timing of each event lets it fire in this step.

    More than once only where scheduled so. Conditions are not looked at yet; a chance event
    draws whether or not its condition holds, since draws cost nothing that others would miss.
    """
    timing, schedule, keys = plan.timing, plan.schedule, plan.event_keys
    first_step, last_step, months = plan.first_step, plan.last_step, plan.months
    for event in range(timing.size):
        fired[event] = 0
        if timing[event] == SCHEDULED:
            fired[event] = schedule[event, step]
        elif first_step[event] <= step <= last_step[event]:
            fired[event] = 1
            if timing[event] == CHANCE:
                draw = uniform(keys[event], seed, run, step)
                fired[event] = int(draw < rules.firing_probability(hazard[event], months))


@compiled
def _may_fire(event: int, plan: Plan, numbers: Numbers, world: World) -> bool:
    """Whether an event whose time has come has firings left and its condition holds."""
    if world.times_fired[event] >= plan.at_most[event]:
        return False
    return _holds(plan.event_condition[event], plan, numbers, world)


@compiled
def _holds(condition: int, plan: Plan, numbers: Numbers, world: World) -> bool:
    """Whether a condition holds; none always does."""
    if condition == NONE:
        return True
    kind, first = plan.condition_kind[condition], plan.condition_first[condition]
    if kind in (ON_COOPERATION, ON_POSTURE):
        value = _tie_level(condition, plan, numbers, world)
    elif kind == ON_CONTEXT:
        value = world.context[first]
    else:
        return world.times_fired[first] > 0
    sign = plan.condition_sign[condition]
    return sign * value > sign * numbers.threshold[condition]


@compiled
def _tie_level(condition: int, plan: Plan, numbers: Numbers, world: World) -> float:
    """The cooperation or posture that a condition looks at."""
    i, j = plan.condition_first[condition], plan.condition_second[condition]
    domain = plan.condition_domain[condition]
    if plan.condition_kind[condition] == ON_COOPERATION:
        return world.overall[i, j] if domain == NONE else world.cooperation[i, j, domain]
    if domain != NONE:
        return world.posture[i, j, domain]
    level, total = 0.0, 0.0
    for d in range(plan.domains):
        level += numbers.domain_weight[d] * world.posture[i, j, d]
        total += numbers.domain_weight[d]
    return level / total


@compiled
def _apply(
    effect: int, times: int, plan: Plan, numbers: Numbers, world: World, step: np.uint64
) -> None:
    """One effect of an event that happens ``times`` times in this step."""
    if not _holds(plan.effect_condition[effect], plan, numbers, world):
        return
    kind = plan.effect_kind[effect]
    if kind == PUSH:
        _push(plan.effect_push[effect], times, plan, numbers, world)
        return
    value = numbers.value[plan.effect_value[effect]]
    for index in range(plan.target_start[effect], plan.target_start[effect + 1]):
        target = plan.target[index]
        if kind == SET:
            world.vector[target] = min(max(value, plan.low[target]), plan.high[target])
        elif kind == ADD:
            moved = world.vector[target] + times * value
            world.vector[target] = min(max(moved, plan.low[target]), plan.high[target])
        else:
            numbers.context_scale[target] = 0.0
            numbers.context_shift[target] = value
    follow_context(plan, numbers, world, step)


@compiled
def _push(push: int, times: int, plan: Plan, numbers: Numbers, world: World) -> None:
    """A pulse or shift: its lasting share stays, the rest fades."""
    size = numbers.push_size[push]
    if plan.push_scaled[push] == 1:
        size = numbers.parameter[_GOLDSTEIN_UNIT] * plan.push_goldstein[push]
    share = numbers.push_lasting[push]
    world.fading[push] += times * (1.0 - share) * size
    world.lasting[push] += times * share * size


@compiled
def gather_stimulus(
    cell_start: Ints, cell: Ints, fading: Floats, lasting: Floats, stimulus: Floats
) -> None:
    """The stimulus on every posture: the sum of the pushes in force, in pull units."""
    flat = stimulus.reshape(stimulus.size)
    for index in range(cell.size):
        flat[cell[index]] = 0.0
    for push in range(fading.size):
        force = fading[push] + lasting[push]
        if force != 0.0:
            for index in range(cell_start[push], cell_start[push + 1]):
                flat[cell[index]] += force


@compiled
def fade(months: float, half_life: Floats, fading: Floats) -> None:
    """Pulses decay over one step."""
    for push in range(fading.size):
        if fading[push] != 0.0:
            fading[push] *= rules.decay_factor(half_life[push], months)
