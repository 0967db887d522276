"""Scenario → Compiled: names become places in arrays, in one pass over the scenario."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from relsim.model import plan as form
from relsim.model.plan import Compiled, Draw, Ints, Plan, Sizes
from relsim.model.streams import event_keys, noise_keys
from relsim.scenario.goldstein import goldstein_weights
from relsim.scenario.references import (
    CAPACITY,
    CONTEXT,
    PARAMETER_BOUNDS,
    SALIENCE,
    STANCE,
    TRAITS,
    WEIGHT,
    NumberRef,
    TieRef,
)
from relsim.scenario.schema import (
    AddToNumber,
    Condition,
    Effect,
    Event,
    Pulse,
    Scenario,
    SetNumber,
    Shift,
)
from relsim.scenario.values import Distribution, Number


def compile_scenario(scenario: Scenario) -> Compiled:
    """The arrays of a scenario."""
    return _Compiler(scenario).compiled()


class _Compiler:
    """Collects numbers, draws and ragged lists, then freezes them."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.states = tuple(sorted(scenario.states))
        self.domains = tuple(scenario.domains)
        self.issues = tuple(scenario.issues)
        self.contexts = tuple(scenario.context)
        self.events = tuple(scenario.events)
        effects = [effect for event in scenario.events.values() for effect in event.effects]
        pushes = [effect for effect in effects if isinstance(effect, (Pulse, Shift))]
        conditions = [effect.only_if for effect in effects if effect.only_if] + [
            event.when for event in scenario.events.values() if event.when
        ]
        self.sizes = Sizes(
            states=len(self.states),
            issues=len(self.issues),
            domains=len(self.domains),
            contexts=len(self.contexts),
            events=len(self.events),
            pushes=len(pushes),
            values=len(effects) - len(pushes),
            conditions=len(conditions),
        )
        shapes = form.number_shapes(self.sizes)
        count = sum(int(np.prod(shape)) for shape in shapes.values())
        self.vector = np.zeros(count)
        self.low = np.full(count, -np.inf)
        self.high = np.full(count, np.inf)
        self.numbers = form.number_views(self.sizes, self.vector)
        self.places = form.number_views(self.sizes, np.arange(count))
        self.draws: dict[str, Draw] = {}
        self.conditions: list[tuple[int, int, int, int, float]] = []
        self.effects = _Effects()

    def compiled(self) -> Compiled:
        self._set_bounds()
        self._set_states()
        self._set_opening()
        self._set_parameters()
        self._set_world()
        events = [self._event(name, event) for name, event in self.scenario.events.items()]
        pairs = tuple((a, b) for i, a in enumerate(self.states) for b in self.states[i + 1 :])
        return Compiled(
            scenario=self.scenario,
            states=self.states,
            domains=self.domains,
            issues=self.issues,
            contexts=self.contexts,
            events=self.events,
            pairs=pairs,
            sizes=self.sizes,
            vector=self.vector,
            draws=tuple(self.draws.values()),
            plan=self._plan(events, pairs),
        )

    def _put(self, number: Number, name: str, places: Iterable[int]) -> None:
        """A number at its places; an uncertain one at its median, noted for drawing."""
        where = tuple(int(place) for place in places)
        if isinstance(number, Distribution):
            earlier = self.draws.get(name)
            places_so_far = earlier.places if earlier else ()
            self.draws[name] = Draw(name, number, (*places_so_far, *where))
            number = number.median
        self.vector[list(where)] = number

    def _set_bounds(self) -> None:
        blocks = {"weight": WEIGHT, "stance": STANCE, "salience": SALIENCE, "capacity": CAPACITY}
        blocks |= {trait: PARAMETER_BOUNDS[trait] for trait in TRAITS}
        for name, bounds in blocks.items():
            places = getattr(self.places, name)
            self.low[places], self.high[places] = bounds.low, bounds.high
        for name, place in zip(form.PARAMETERS, self.places.parameter, strict=True):
            bounds = PARAMETER_BOUNDS[name]
            self.low[place], self.high[place] = bounds.low, bounds.high
        self.low[self.places.context_shift] = CONTEXT.low
        self.high[self.places.context_shift] = CONTEXT.high

    def _set_states(self) -> None:
        self.numbers.capacity[:] = 1.0
        for i, code in enumerate(self.states):
            state, path = self.scenario.states[code], f"states.{code}"
            for other, interest in state.ties.items():
                place = self.places.weight[i, self.states.index(other)]
                self._put(interest.weight, f"{path}.ties.{other}.weight", [place])
            for issue, stand in state.issues.items():
                m = self.issues.index(issue)
                name = f"{path}.issues.{issue}"
                self._put(stand.stance, f"{name}.stance", [self.places.stance[i, m]])
                self._put(stand.salience, f"{name}.salience", [self.places.salience[i, m]])
            for domain, capacity in state.capacity.items():
                place = self.places.capacity[i, self.domains.index(domain)]
                self._put(capacity, f"{path}.capacity.{domain}", [place])
            for trait in TRAITS:
                own = getattr(state.traits, trait)
                if own is not None:
                    self._put(own, f"{path}.traits.{trait}", [getattr(self.places, trait)[i]])

    def _set_opening(self) -> None:
        """Opening postures: '-' sets both directions, then '>' its own."""
        for one_sided in (False, True):
            for tie, levels in self.scenario.ties.items():
                if tie.one_sided != one_sided:
                    continue
                named = [domain for domain in self.domains if domain in levels]
                for key, level in levels.items():
                    rest = [domain for domain in self.domains if domain not in named]
                    domains = rest if key == "overall" else [key]
                    self._put(level, f"ties.{tie}.{key}", self._opening_places(tie, domains))
                if "overall" not in levels:
                    rest = [domain for domain in self.domains if domain not in named]
                    self._put(0.0, "", self._opening_places(tie, rest))
        self._forget_overwritten_openings()

    def _opening_places(self, tie: TieRef, domains: Sequence[str]) -> list[int]:
        return [
            self.places.opening[self.states.index(a), self.states.index(b), self.domains.index(d)]
            for a, b in tie.directions
            for d in domains
        ]

    def _forget_overwritten_openings(self) -> None:
        """A '>' tie takes its places from the draws of the '-' tie under it."""
        one_sided = {
            int(place)
            for tie in self.scenario.ties
            if tie.one_sided
            for place in self._opening_places(tie, self.domains)
        }
        for name, draw in self.draws.items():
            if name.startswith("ties.") and ">" not in name:
                kept = tuple(place for place in draw.places if place not in one_sided)
                self.draws[name] = replace(draw, places=kept)

    def _set_parameters(self) -> None:
        parameters = self.scenario.parameters
        for name, place in zip(form.PARAMETERS, self.places.parameter, strict=True):
            self._put(getattr(parameters, name), f"parameters.{name}", [place])
        for trait in TRAITS:
            places = self._trait_places(trait)
            self._put(getattr(parameters, trait), f"parameters.{trait}", places)

    def _trait_places(self, trait: str) -> list[int]:
        """Places of a trait in the states that have none of their own."""
        return [
            getattr(self.places, trait)[i]
            for i, code in enumerate(self.states)
            if getattr(self.scenario.states[code].traits, trait) is None
        ]

    def _set_world(self) -> None:
        for d, (name, domain) in enumerate(self.scenario.domains.items()):
            self._put(domain.weight, f"domains.{name}.weight", [self.places.domain_weight[d]])
        for z, (name, variable) in enumerate(self.scenario.context.items()):
            starts = [self.places.context_start[z]]
            if variable.end is None:
                starts.append(self.places.context_end[z])
            self._put(variable.start, f"context.{name}.start", starts)
            if variable.end is not None:
                self._put(variable.end, f"context.{name}.end", [self.places.context_end[z]])
        self.numbers.context_scale[:] = 1.0

    def _event(self, name: str, event: Event) -> dict[str, Any]:
        """The row of one event; its effects are collected on the way."""
        index = self.events.index(name)
        if event.chance is not None:
            place = self.places.hazard[index]
            self._put(event.chance, f"events.{name}.chance", [place])
        condition = self._condition(event.when, f"events.{name}.when")
        for number, effect in enumerate(event.effects):
            self._effect(effect, f"events.{name}.effects.{number}", index)
        self.effects.close_event()
        first, last = self._window(event)
        conditional = event.when is not None and event.chance is None
        return {
            "timing": self._timing(event),
            "first_step": first,
            "last_step": last,
            "at_most": event.at_most or (1 if conditional else np.iinfo(np.int64).max),
            "event_condition": condition,
        }

    def _timing(self, event: Event) -> int:
        if event.off or event.at is not None or event.every is not None:
            return form.SCHEDULED
        return form.CHANCE if event.chance is not None else form.WHEN

    def _window(self, event: Event) -> tuple[int, int]:
        """First and last step that start within `from` and `until`."""
        time = self.scenario.time
        first = event.from_.serial - time.start.serial if event.from_ else 0
        last = event.until.serial - time.start.serial if event.until else time.end.serial
        return max(0, -(-first // time.months_per_step)), last // time.months_per_step

    def _schedule(self) -> Ints:
        time = self.scenario.time
        schedule = np.zeros((len(self.events), time.steps), dtype=np.int64)
        for row, event in zip(schedule, self.scenario.events.values(), strict=True):
            for month in () if event.off else self._scheduled_months(event):
                step = (month - time.start.serial) // time.months_per_step
                if 0 <= step < time.steps:
                    row[step] += 1
        return schedule

    def _scheduled_months(self, event: Event) -> Iterable[int]:
        if event.at is not None:
            return [month.serial for month in event.at]
        if event.every is not None:
            time = self.scenario.time
            first = (event.from_ or time.start).serial
            last = event.until.serial + 1 if event.until else time.end.serial
            return range(first, last, int(event.every))
        return []

    def _condition(self, condition: Condition | None, path: str) -> int:
        """The index of a condition, or NONE."""
        if condition is None:
            return form.NONE
        index = len(self.conditions)
        second, domain = form.NONE, form.NONE
        if condition.tie is not None:
            tie = condition.tie
            kind = form.ON_POSTURE if tie.one_sided else form.ON_COOPERATION
            first, second = self.states.index(tie.first), self.states.index(tie.second)
            domain = self.domains.index(tie.domain) if tie.domain else form.NONE
        elif condition.context is not None:
            kind, first = form.ON_CONTEXT, self.contexts.index(condition.context)
        else:
            kind, first = form.ON_EVENT, self.events.index(str(condition.event))
        side = "above" if condition.above is not None else "below"
        threshold = getattr(condition, side)
        if threshold is not None:
            self._put(threshold, f"{path}.{side}", [self.places.threshold[index]])
        self.conditions.append((kind, first, second, domain, 1.0 if side == "above" else -1.0))
        return index

    def _effect(self, effect: Effect, path: str, event: int) -> None:
        condition = self._condition(effect.only_if, f"{path}.only_if")
        match effect:
            case Pulse():
                weight = goldstein_weights()[effect.cameo] if effect.cameo else 0.0
                scaled = effect.size is None
                push = self.effects.add_push(
                    event, weight if scaled else 0.0, scaled, self._cells(effect.pulse)
                )
                if effect.size is not None:
                    self._put(effect.size, f"{path}.size", [self.places.push_size[push]])
                half_life, named = effect.half_life, f"{path}.half_life"
                if half_life is None:
                    half_life, named = self.scenario.parameters.half_life, "parameters.half_life"
                self._put(half_life, named, [self.places.push_half_life[push]])
                self._put(effect.lasting, f"{path}.lasting", [self.places.push_lasting[push]])
                self.effects.add(form.PUSH, push, form.NONE, condition, [])
            case Shift():
                push = self.effects.add_push(event, 0.0, False, self._cells(effect.shift))
                self._put(effect.size, f"{path}.size", [self.places.push_size[push]])
                self._put(1.0, "", [self.places.push_half_life[push]])
                self._put(1.0, "", [self.places.push_lasting[push]])
                self.effects.add(form.PUSH, push, form.NONE, condition, [])
            case SetNumber():
                value = self._value(effect.to, f"{path}.to")
                if effect.set.kind == "context":
                    targets = [self.contexts.index(str(effect.set.key))]
                    self.effects.add(form.SET_CONTEXT, form.NONE, value, condition, targets)
                else:
                    targets = self._targets(effect.set)
                    self.effects.add(form.SET, form.NONE, value, condition, targets)
            case AddToNumber():
                value = self._value(effect.by, f"{path}.by")
                targets = self._targets(effect.add)
                self.effects.add(form.ADD, form.NONE, value, condition, targets)

    def _value(self, number: Number, name: str) -> int:
        """The index of the value of a set or an add."""
        index = self.effects.values
        self.effects.values += 1
        self._put(number, name, [self.places.value[index]])
        return index

    def _cells(self, tie: TieRef) -> list[int]:
        """Flat indices into [N, N, D] of the postures of a tie."""
        n, d = len(self.states), len(self.domains)
        domains = [self.domains.index(tie.domain)] if tie.domain else range(d)
        return [
            (self.states.index(a) * n + self.states.index(b)) * d + domain
            for a, b in tie.directions
            for domain in domains
        ]

    def _targets(self, number: NumberRef) -> list[int]:
        """Indices into the vector of the numbers that a path names."""
        i = self.states.index(number.state) if number.state else form.NONE
        key = str(number.key)
        match number.kind:
            case "weight":
                return [self.places.weight[i, self.states.index(key)]]
            case "stance":
                return [self.places.stance[i, self.issues.index(key)]]
            case "salience":
                return [self.places.salience[i, self.issues.index(key)]]
            case "capacity" if number.key is None:
                return list(self.places.capacity[i])
            case "capacity":
                return [self.places.capacity[i, self.domains.index(key)]]
            case "trait":
                return [getattr(self.places, key)[i]]
            case "context":
                return [self.places.context_shift[self.contexts.index(key)]]
            case _ if key in TRAITS:
                return self._trait_places(key)
            case _:
                return [self.places.parameter[form.PARAMETERS.index(key)]]

    def _fades_with(self) -> Ints:
        n = len(self.states)
        fades = np.full((n, n), form.NONE, dtype=np.int64)
        for i, code in enumerate(self.states):
            for other, interest in self.scenario.states[code].ties.items():
                if interest.fades_with is not None:
                    fades[i, self.states.index(other)] = self.contexts.index(interest.fades_with)
        return fades

    def _plan(self, events: list[dict[str, Any]], pairs: tuple[tuple[str, str], ...]) -> Plan:
        def column(name: str) -> Ints:
            return np.array([event[name] for event in events], dtype=np.int64)

        kinds, firsts, seconds, domains, signs = (
            zip(*self.conditions, strict=True) if self.conditions else ((), (), (), (), ())
        )
        effects = self.effects
        return Plan(
            months=float(self.scenario.time.months_per_step),
            steps=self.scenario.time.steps,
            states=len(self.states),
            domains=len(self.domains),
            fades_with=self._fades_with(),
            low=self.low,
            high=self.high,
            timing=column("timing"),
            schedule=self._schedule(),
            first_step=column("first_step"),
            last_step=column("last_step"),
            at_most=column("at_most"),
            event_condition=column("event_condition"),
            effect_start=_ints(effects.event_start),
            effect_kind=_ints(effects.kind),
            effect_push=_ints(effects.push),
            effect_value=_ints(effects.value),
            effect_condition=_ints(effects.condition),
            target_start=_ints(effects.target_start),
            target=_ints(effects.target),
            push_goldstein=np.array(effects.push_goldstein, dtype=np.float64),
            push_scaled=_ints(effects.push_scaled),
            push_event=_ints(effects.push_event),
            cell_start=_ints(effects.cell_start),
            cell=_ints(effects.cell),
            condition_kind=_ints(kinds),
            condition_first=_ints(firsts),
            condition_second=_ints(seconds),
            condition_domain=_ints(domains),
            condition_sign=np.array(signs, dtype=np.float64),
            noise_keys=noise_keys(pairs, self.domains),
            event_keys=event_keys(self.events),
        )


class _Effects:
    """Effects and pushes as growing columns."""

    def __init__(self) -> None:
        self.event_start = [0]
        self.kind: list[int] = []
        self.push: list[int] = []
        self.value: list[int] = []
        self.condition: list[int] = []
        self.target_start = [0]
        self.target: list[int] = []
        self.push_goldstein: list[float] = []
        self.push_scaled: list[int] = []
        self.push_event: list[int] = []
        self.cell_start = [0]
        self.cell: list[int] = []
        self.values = 0

    def add(self, kind: int, push: int, value: int, condition: int, targets: Sequence[int]) -> None:
        self.kind.append(kind)
        self.push.append(push)
        self.value.append(value)
        self.condition.append(condition)
        self.target += [int(target) for target in targets]
        self.target_start.append(len(self.target))

    def add_push(self, event: int, weight: float, scaled: bool, cells: Sequence[int]) -> int:
        self.push_event.append(event)
        self.push_goldstein.append(weight)
        self.push_scaled.append(int(scaled))
        self.cell += cells
        self.cell_start.append(len(self.cell))
        return len(self.push_event) - 1

    def close_event(self) -> None:
        self.event_start.append(len(self.kind))


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), dtype=np.int64)
