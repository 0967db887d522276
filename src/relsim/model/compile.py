"""Scenario → Compiled: names become places in arrays, in one pass over the scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from relsim.model.compile_events import compile_events
from relsim.model.number_vector import Labels, NumberVector
from relsim.model.plan import NONE, PARAMETERS, Compiled, Plan
from relsim.model.streams import noise_keys
from relsim.model.structs import Ints
from relsim.scenario.names import TRAITS, TieRef
from relsim.scenario.schema import Scenario

T = TypeVar("T")


def compile_scenario(scenario: Scenario) -> Compiled:
    """The arrays of a scenario, made once and kept with it."""
    kept = vars(scenario)  # where cached properties of models are too
    compiled: Compiled | None = kept.get("compiled")
    if compiled is None or compiled.scenario is not scenario:  # a copy has those of its original
        compiled = kept["compiled"] = _compile(scenario)
    return compiled


def _compile(scenario: Scenario) -> Compiled:
    vector = NumberVector(scenario)
    labels = vector.labels
    _put_states(scenario, vector)
    _put_opening(scenario, vector)
    _put_parameters(scenario, vector)
    _put_world(scenario, vector)
    events = compile_events(scenario, vector)
    plan = Plan(
        months=float(scenario.time.months_per_step),
        steps=scenario.time.steps,
        states=len(labels.states),
        domains=len(labels.domains),
        fades_with=_fades_with(scenario, labels),
        reference_fades_with=_fades_with(scenario, labels, reference=True),
        low=vector.low,
        high=vector.high,
        noise_keys=noise_keys(labels.pairs, labels.domains),
        **events,
    )
    return Compiled(
        scenario=scenario,
        states=labels.states,
        domains=labels.domains,
        issues=labels.issues,
        contexts=labels.contexts,
        events=labels.events,
        pairs=labels.pairs,
        sizes=vector.sizes,
        vector=vector.vector,
        draws=tuple(vector.draws.values()),
        plan=plan,
    )


def _put_states(scenario: Scenario, vector: NumberVector) -> None:
    """Interests and own traits of every state."""
    labels, places = vector.labels, vector.places
    vector.numbers.capacity[:] = 1.0
    vector.numbers.reference_capacity[:] = 1.0
    for i, code in enumerate(labels.states):
        state, path = scenario.states[code], f"states.{code}"
        reference = scenario.opening_interests(code)
        for other, tie in _both(state.ties, reference.ties):
            k = labels.states.index(other)
            where = places.weight[i, k], places.reference_weight[i, k]
            vector.put_interest(_numbers(tie, "weight"), f"{path}.ties.{other}.weight", where)
        for issue, stand in _both(state.issues, reference.issues):
            m = labels.issues.index(issue)
            for name in ("stance", "salience"):
                where = getattr(places, name)[i, m], getattr(places, f"reference_{name}")[i, m]
                vector.put_interest(_numbers(stand, name), f"{path}.issues.{issue}.{name}", where)
        for domain, capacity in _both(state.capacity, reference.capacity):
            d = labels.domains.index(domain)
            where = places.capacity[i, d], places.reference_capacity[i, d]
            vector.put_interest(capacity, f"{path}.capacity.{domain}", where)
        for trait in TRAITS:
            own = getattr(state.traits, trait)
            if own is not None:
                vector.put(own, f"{path}.traits.{trait}", [getattr(places, trait)[i]])


def _both(
    own: Mapping[str, T], reference: Mapping[str, T]
) -> Iterator[tuple[str, tuple[T | None, T | None]]]:
    """Each interest by name, as it is and as the opening was read with it; None where it is not
    there."""
    for name in dict.fromkeys((*own, *reference)):
        yield name, (own.get(name), reference.get(name))


def _numbers(interest: Sequence[Any], name: str) -> list[Any]:
    return [None if value is None else getattr(value, name) for value in interest]


def _put_opening(scenario: Scenario, vector: NumberVector) -> None:
    """Opening postures: '-' ties set both directions, then '>' ties replace their own."""
    for tie in sorted(scenario.ties, key=lambda tie: tie.one_sided):
        if tie.one_sided:
            _clear_opening(tie, vector)
        levels = scenario.ties[tie]
        for key, domains in _covered(levels, vector.labels.domains):
            vector.put(levels[key], f"ties.{tie}.{key}", vector.opening_places(tie, domains))


def _covered(
    levels: Mapping[str, object], domains: tuple[str, ...]
) -> Iterator[tuple[str, list[str]]]:
    """Each key of a tie with the domains it covers; `overall` covers those not named."""
    for key in levels:
        rest = [domain for domain in domains if domain not in levels]
        yield key, rest if key == "overall" else [key]


def _clear_opening(tie: TieRef, vector: NumberVector) -> None:
    """Takes a posture away from the '-' tie that set it, and from its draws."""
    taken = set(vector.opening_places(tie, vector.labels.domains))
    vector.vector[list(taken)] = 0.0
    for name, draw in vector.draws.items():
        if taken.isdisjoint(draw.places):
            continue
        kept = tuple(place for place in draw.places if place not in taken)
        vector.draws[name] = replace(draw, places=kept)


def _put_parameters(scenario: Scenario, vector: NumberVector) -> None:
    """Numbers that hold for all states; traits go to the states that have none of their own."""
    parameters = scenario.parameters
    for name in PARAMETERS:
        number, place = getattr(parameters, name), getattr(vector.places, name)
        vector.put(math.inf if number is None else number, f"parameters.{name}", [place])
    for trait in TRAITS:
        vector.put(getattr(parameters, trait), f"parameters.{trait}", vector.trait_places(trait))


def _put_world(scenario: Scenario, vector: NumberVector) -> None:
    """Domain weights and context paths."""
    places = vector.places
    for d, (name, domain) in enumerate(scenario.domains.items()):
        vector.put(domain.weight, f"domains.{name}.weight", [places.domain_weight[d]])
    for z, (name, variable) in enumerate(scenario.context.items()):
        starts = [places.context_start[z]]
        if variable.end is None:
            starts.append(places.context_end[z])
        else:
            vector.put(variable.end, f"context.{name}.end", [places.context_end[z]])
        vector.put(variable.start, f"context.{name}.start", starts)
    vector.numbers.context_scale[:] = 1.0


def _fades_with(scenario: Scenario, labels: Labels, *, reference: bool = False) -> Ints:
    """The context variable that each tie weight fades with [N, N], or NONE; as it is, or as the
    opening was read with it."""
    fades = np.full((len(labels.states), len(labels.states)), NONE, dtype=np.int64)
    for i, code in enumerate(labels.states):
        interests = scenario.opening_interests(code) if reference else scenario.states[code]
        for other, interest in interests.ties.items():
            if interest.fades_with is not None:
                fades[i, labels.states.index(other)] = labels.contexts.index(interest.fades_with)
    return fades
