"""Events of one step: which fire in each run, and what their effects change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relsim.model import rules
from relsim.model.compilation import compiled, inlined
from relsim.model.compile_events import ADD, PUSH, SET
from relsim.model.noise import fill_uniforms
from relsim.model.plan import (
    CHANCE,
    INTERESTS,
    NONE,
    NOTHING,
    ON_CONTEXT,
    ON_COOPERATION,
    ON_POSTURE,
    SCHEDULED,
    TRAITS,
    Numbers,
    Plan,
    World,
)
from relsim.model.structs import Floats, Ints


@compiled
def follow_context(plan: Plan, numbers: Numbers, world: World, step: np.uint64) -> None:
    """Context variables and the interests that fade with them, as of the start of a step."""
    _follow_variables(plan, numbers, world, step)
    follow_interests(plan.fades_with, numbers, world)


@compiled
def _follow_variables(plan: Plan, numbers: Numbers, world: World, step: np.uint64) -> None:
    """Context variables, on their paths or as events have left them."""
    share = step / plan.steps
    variables, lanes = world.context.shape
    for z in range(variables):
        for lane in range(lanes):
            start, end = numbers.context_start[z, lane], numbers.context_end[z, lane]
            path = start + (end - start) * share
            scale, shift = numbers.context_scale[z, lane], numbers.context_shift[z, lane]
            world.context[z, lane] = scale * path + shift


@compiled
def follow_interests(fades_with: Ints, numbers: Numbers, world: World) -> None:
    """Tie weights in force, each fading with the context variable ``fades_with`` [N, N] names."""
    n_states, _, lanes = world.interest.shape
    for i in range(n_states):
        for k in range(n_states):
            z = fades_with[i, k]
            for lane in range(lanes):
                fading = world.context[z, lane] if z != NONE else 0.0
                weight = numbers.weight[i, k, lane]
                world.interest[i, k, lane] = rules.weight_in_force(weight, fading)


@compiled
def follow_traits(plan: Plan, numbers: Numbers, world: World) -> None:
    """How far states move in a step, and how far and unsteadily chance moves pairs, from the
    traits of the states. A pair has the mean of its two states'."""
    adaptability, volatility = numbers.adaptability, numbers.volatility
    pair = 0
    for i in range(plan.states):
        for lane in range(world.domain_total.size):
            world.kept[i, lane] = rules.share_kept(adaptability[i, lane], plan.months)
        for j in range(i + 1, plan.states):
            for lane in range(world.domain_total.size):
                speed = 0.5 * (adaptability[i, lane] + adaptability[j, lane])
                unrest = 0.5 * (volatility[i, lane] + volatility[j, lane])
                world.chance_kept[pair, lane] = rules.share_kept(speed, plan.months)
                world.chance_spread[pair, lane] = rules.step_spread(unrest, speed, plan.months)
            pair += 1


@compiled
def happen(
    plan: Plan,
    numbers: Numbers,
    world: World,
    seed: np.uint64,
    runs: NDArray[np.uint64],
    step: np.uint64,
) -> None:
    """Events fire, judged at the start of the step, and their effects apply in file order."""
    fired, times_fired = world.fired, world.times_fired
    room = world.news[:1], world.drift_shock[:1]  # of the noise of this step, drawn later
    _time_events(plan, numbers.hazard, seed, runs, step, room, fired)
    events, lanes = fired.shape
    for event in range(events):
        if _any(fired[event]):
            _withhold(event, plan, numbers, world)
    reached = NOTHING
    for event in range(events):
        if _any(fired[event]):
            for effect in range(plan.effect_start[event], plan.effect_start[event + 1]):
                reached |= _apply(effect, fired[event], plan, numbers, world, step)
    if reached & INTERESTS:
        follow_interests(plan.fades_with, numbers, world)
    if reached & TRAITS:
        follow_traits(plan, numbers, world)
    for event in range(events):
        for lane in range(lanes):
            times_fired[event, lane] += min(fired[event, lane], 1)


@compiled
def _any(times: Ints) -> bool:
    """Whether an event fires in any run; ``times`` [L]."""
    fires = False
    for lane in range(times.size):
        fires |= times[lane] > 0
    return fires


@compiled
def _time_events(
    plan: Plan,
    hazard: Floats,
    seed: np.uint64,
    runs: NDArray[np.uint64],
    step: np.uint64,
    room: tuple[Floats, Floats],
    fired: Ints,
) -> None:
    """How often the timing of each event lets it fire in this step.

    More than once only where scheduled so. Conditions are not looked at yet; a chance event
    draws whether or not its condition holds, since draws cost nothing that others would miss.
    """
    timing, schedule, keys = plan.timing, plan.schedule, plan.event_keys
    first_step, last_step, months = plan.first_step, plan.last_step, plan.months
    for event in range(timing.size):
        times = 0
        if timing[event] == SCHEDULED:
            times = schedule[event, step]
        elif first_step[event] <= step <= last_step[event]:
            times = 1
        for lane in range(runs.size):
            fired[event, lane] = times
        if timing[event] == CHANCE and times > 0:
            fill_uniforms(keys[event : event + 1], seed, runs, step, *room)
            for lane in range(runs.size):
                draw, rate = room[0][0, lane] - 1.0, hazard[event, lane]
                # No probability is above the rate itself, which spares most exponentials.
                possible = draw <= rate * months / 12.0
                fired[event, lane] = int(possible and draw < rules.firing_probability(rate, months))


@compiled
def _withhold(event: int, plan: Plan, numbers: Numbers, world: World) -> None:
    """Takes an event back whose time has come, in runs where it has no firings left or its
    condition does not hold."""
    fired, times_fired = world.fired[event], world.times_fired[event]
    for lane in range(fired.size):
        if times_fired[lane] >= plan.at_most[event]:
            fired[lane] = 0
    condition = plan.event_condition[event]
    if condition != NONE:
        _strike_out(condition, plan, numbers, world, fired)


@compiled
def _strike_out(condition: int, plan: Plan, numbers: Numbers, world: World, times: Ints) -> None:
    """Sets ``times`` [L] to 0 in runs in which a condition does not hold."""
    kind, sign = plan.condition_kind[condition], plan.condition_sign[condition]
    first, second = plan.condition_first[condition], plan.condition_second[condition]
    domain, threshold = plan.condition_domain[condition], numbers.threshold[condition]
    for lane in range(times.size):
        if times[lane] == 0:
            continue
        if kind in (ON_COOPERATION, ON_POSTURE):
            value = _tie_level(
                kind,
                first,
                second,
                domain,
                lane,
                numbers.domain_weight,
                world.overall,
                world.caused,
                world.posture,
                world.chance,
            )
            holds = sign * value > sign * threshold[lane]
        elif kind == ON_CONTEXT:
            holds = sign * world.context[first, lane] > sign * threshold[lane]
        else:
            holds = world.times_fired[first, lane] > 0
        if not holds:
            times[lane] = 0


@inlined
def _tie_level(
    kind: int,
    i: int,
    j: int,
    domain: int,
    lane: int,
    domain_weight: Floats,
    overall: Floats,
    caused: Floats,
    posture: Floats,
    chance: Floats,
) -> float:
    """The cooperation or posture that a condition looks at, in a run; overall, 0 where no domain
    has weight."""
    if kind == ON_COOPERATION:
        if domain == NONE:
            return overall[i, j, lane]
        return rules.within_limit(caused[i, j, domain, lane] + chance[i, j, domain, lane])
    if domain != NONE:
        return rules.within_limit(posture[i, j, domain, lane] + chance[i, j, domain, lane])
    level, total = 0.0, 0.0
    for d in range(domain_weight.shape[0]):
        shown = rules.within_limit(posture[i, j, d, lane] + chance[i, j, d, lane])
        level += domain_weight[d, lane] * shown
        total += domain_weight[d, lane]
    return level / total if total > 0.0 else 0.0


@compiled
def _apply(
    effect: int, fired: Ints, plan: Plan, numbers: Numbers, world: World, step: np.uint64
) -> int:
    """One effect of an event that happens ``fired`` [L] times in this step.

    Returns:
        What has to be worked out anew: NOTHING, INTERESTS or TRAITS. Context variables, at which
        the conditions of later effects look, are.
    """
    condition, times = plan.effect_condition[effect], world.times
    for lane in range(times.size):
        times[lane] = fired[lane]
    if condition != NONE:
        _strike_out(condition, plan, numbers, world, times)
    if plan.effect_kind[effect] == PUSH:
        _push(plan.effect_push[effect], times, plan, numbers, world)
    elif _any(times):
        _change(effect, times, plan, numbers, world)
        reaches = plan.effect_reaches[effect]
        if reaches == INTERESTS:
            _follow_variables(plan, numbers, world, step)
        return reaches
    return NOTHING


@compiled
def _change(effect: int, times: Ints, plan: Plan, numbers: Numbers, world: World) -> None:
    """Numbers of the model are set or added to, within their bounds, in runs where ``times`` [L]
    is not 0."""
    kind, values = plan.effect_kind[effect], numbers.value[plan.effect_value[effect]]
    vector, scale, shift = world.vector, numbers.context_scale, numbers.context_shift
    for index in range(plan.target_start[effect], plan.target_start[effect + 1]):
        target = plan.target[index]
        for lane in range(times.size):
            if times[lane] == 0:
                continue
            value = values[lane]
            if kind == SET:
                vector[target, lane] = min(max(value, plan.low[target]), plan.high[target])
            elif kind == ADD:
                moved = vector[target, lane] + times[lane] * value
                vector[target, lane] = min(max(moved, plan.low[target]), plan.high[target])
            else:
                scale[target, lane] = 0.0
                shift[target, lane] = value


@compiled
def _push(push: int, times: Ints, plan: Plan, numbers: Numbers, world: World) -> None:
    """A pulse or shift, ``times`` [L] over: its lasting share stays, the rest fades."""
    sizes, shares = numbers.push_size[push], numbers.push_lasting[push]
    fading, lasting = world.fading[push], world.lasting[push]
    scaled, goldstein = plan.push_scaled[push] == 1, plan.push_goldstein[push]
    for lane in range(times.size):
        unit = numbers.goldstein_unit[lane]
        size = unit * goldstein if scaled else sizes[lane]
        fading[lane] += times[lane] * (1.0 - shares[lane]) * size
        lasting[lane] += times[lane] * shares[lane] * size


@compiled
def gather_stimulus(
    cell_start: Ints, cell: Ints, fading: Floats, lasting: Floats, stimulus: Floats
) -> None:
    """The stimulus on every posture: the sum of the pushes in force, in pull units."""
    pushes, lanes = fading.shape
    flat = stimulus.reshape(stimulus.size // lanes, lanes)
    for index in range(cell.size):
        row = flat[cell[index]]
        for lane in range(lanes):
            row[lane] = 0.0
    for push in range(pushes):
        fades, stays = fading[push], lasting[push]
        in_force = False
        for lane in range(lanes):
            in_force |= (fades[lane] != 0.0) | (stays[lane] != 0.0)
        if in_force:
            for index in range(cell_start[push], cell_start[push + 1]):
                row = flat[cell[index]]
                for lane in range(lanes):
                    row[lane] += fades[lane] + stays[lane]


@compiled
def fade(decay: Floats, fading: Floats) -> None:
    """Pulses decay over one step; ``decay`` and ``fading`` [P, L]."""
    pushes, lanes = fading.shape
    for push in range(pushes):
        for lane in range(lanes):
            fading[push, lane] *= decay[push, lane]
