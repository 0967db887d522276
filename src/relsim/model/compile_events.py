"""Events → arrays: when each happens, under which condition, and what it changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

import numpy as np

from relsim.model import plan as form
from relsim.model.number_vector import NumberVector
from relsim.model.streams import event_keys
from relsim.model.structs import Ints
from relsim.scenario.effects import AddToNumber, Condition, Effect, Pulse, SetNumber, Shift
from relsim.scenario.names import TRAITS, NumberRef, TieRef
from relsim.scenario.schema import Event, Scenario, Time
from relsim.scenario.shipped import goldstein_weights
from relsim.scenario.values import Number

# What an effect does, in relsim.model.happenings: it pushes a tie, sets a number, adds to one, or
# sets a context variable, which leaves its path.
PUSH, SET, ADD, SET_CONTEXT = range(4)
UNLIMITED = int(np.iinfo(np.int64).max)


def compile_events(scenario: Scenario, vector: NumberVector) -> dict[str, Any]:
    """The fields of Plan that concern events; their numbers are put into ``vector``."""
    events, time = scenario.events, scenario.time
    conditions = _Conditions(vector)
    effects = _Effects(scenario, vector, conditions)
    event_conditions = []
    for index, (name, event) in enumerate(events.items()):
        if event.chance is not None:
            place = vector.places.hazard[index]
            vector.put(event.chance, f"events.{name}.chance", [place])
        event_conditions.append(conditions.add(event.when, f"events.{name}.when"))
        effects.add_event(index, name, event)
    windows = [_window(event, time) for event in events.values()]
    return {
        "timing": _ints(_timing(event) for event in events.values()),
        "schedule": _schedule(events.values(), time),
        "first_step": _ints(first for first, _ in windows),
        "last_step": _ints(last for _, last in windows),
        "at_most": _ints(event.most_times or UNLIMITED for event in events.values()),
        "event_condition": _ints(event_conditions),
        "event_keys": event_keys(events),
        **effects.columns(),
        **conditions.columns(),
    }


def _timing(event: Event) -> int:
    if event.off or event.at is not None or event.every is not None:
        return form.SCHEDULED
    return form.CHANCE if event.chance is not None else form.WHEN


def _window(event: Event, time: Time) -> tuple[int, int]:
    """First and last step that start within `from` and `until`."""
    first = event.from_.serial - time.start.serial if event.from_ else 0
    last = event.until.serial - time.start.serial if event.until else time.end.serial
    return max(0, -(-first // time.months_per_step)), last // time.months_per_step


def _schedule(events: Iterable[Event], time: Time) -> Ints:
    """How often each scheduled event happens in each step, [E, T]."""
    rows = []
    for event in events:
        row = np.zeros(time.steps, dtype=np.int64)
        for month in () if event.off else scheduled_months(event, time):
            step = (month - time.start.serial) // time.months_per_step
            if 0 <= step < time.steps:
                row[step] += 1
        rows.append(row)
    return np.array(rows, dtype=np.int64).reshape(len(rows), time.steps)


def scheduled_months(event: Event, time: Time) -> Iterable[int]:
    """The months of an event with dates, as serials, off or not; none for those without."""
    if event.at is not None:
        return [month.serial for month in event.at]
    if event.every is None:
        return []
    first = (event.from_ or time.start).serial
    last = event.until.serial + 1 if event.until else time.end.serial
    return range(first, last, int(event.every))


class _Conditions:
    """Conditions as growing columns."""

    def __init__(self, vector: NumberVector) -> None:
        self.vector = vector
        self.rows: list[tuple[int, int, int, int, float]] = []

    def add(self, condition: Condition | None, path: str) -> int:
        """The index of a condition, or NONE."""
        if condition is None:
            return form.NONE
        index = len(self.rows)
        side = "above" if condition.above is not None else "below"
        threshold = getattr(condition, side)
        if threshold is not None:
            place = self.vector.places.threshold[index]
            self.vector.put(threshold, f"{path}.{side}", [place])
        sign = 1.0 if side == "above" else -1.0
        self.rows.append((*self._subject(condition), sign))
        return index

    def _subject(self, condition: Condition) -> tuple[int, int, int, int]:
        """What it looks at: kind, first, second and domain."""
        labels = self.vector.labels
        if condition.tie is not None:
            tie = condition.tie
            kind = form.ON_POSTURE if tie.one_sided else form.ON_COOPERATION
            domain = labels.domains.index(tie.domain) if tie.domain else form.NONE
            return kind, labels.states.index(tie.first), labels.states.index(tie.second), domain
        if condition.context is not None:
            first = labels.contexts.index(condition.context)
            return form.ON_CONTEXT, first, form.NONE, form.NONE
        return form.ON_EVENT, labels.events.index(str(condition.event)), form.NONE, form.NONE

    def columns(self) -> dict[str, Any]:
        """The fields of Plan."""
        return {
            "condition_kind": _ints(row[0] for row in self.rows),
            "condition_first": _ints(row[1] for row in self.rows),
            "condition_second": _ints(row[2] for row in self.rows),
            "condition_domain": _ints(row[3] for row in self.rows),
            "condition_sign": np.array([row[4] for row in self.rows], dtype=np.float64),
        }


class _Effects:
    """Effects, and the pushes among them, as growing columns."""

    def __init__(self, scenario: Scenario, vector: NumberVector, conditions: _Conditions) -> None:
        self.half_life = scenario.parameters.half_life
        self.vector = vector
        self.conditions = conditions
        self.event_start = [0]
        self.rows: list[tuple[int, ...]] = []  # kind, push, value, condition, reaches
        self.target_start = [0]
        self.target: list[int] = []
        self.pushes: list[tuple[int, float, int]] = []  # event, Goldstein weight, scaled
        self.cell_start = [0]
        self.cell: list[int] = []
        self.values = 0

    def add_event(self, event: int, name: str, content: Event) -> None:
        """All effects of an event."""
        for number, effect in enumerate(content.effects):
            path = f"events.{name}.effects.{number}"
            condition = self.conditions.add(effect.only_if, f"{path}.only_if")
            self._add(effect, path, event, condition)
        self.event_start.append(len(self.rows))

    def _add(self, effect: Effect, path: str, event: int, condition: int) -> None:
        """The row of an effect, by its kind."""
        match effect:
            case Pulse():
                self._row(PUSH, condition, push=self._pulse(effect, path, event))
            case Shift():
                self._row(PUSH, condition, push=self._shift(effect, path, event))
            case SetNumber(set=number, to=to) if number.kind == "context":
                context = self.vector.labels.contexts.index(str(number.key))
                self._change(SET_CONTEXT, condition, number, to, f"{path}.to", [context])
            case SetNumber(set=number, to=to):
                places = self.vector.number_places(number)
                self._change(SET, condition, number, to, f"{path}.to", places)
            case AddToNumber(add=number, by=by):
                places = self.vector.number_places(number)
                self._change(ADD, condition, number, by, f"{path}.by", places)
            case _:
                assert_never(effect)

    def _change(
        self,
        kind: int,
        condition: int,
        number: NumberRef,
        value: Number,
        name: str,
        targets: Iterable[int],
    ) -> None:
        """A change of a number by a value; ``targets`` are places in the vector, or a context
        variable to set."""
        self.vector.put(value, name, [self.vector.places.value[self.values]])
        self.target += targets
        self._row(kind, condition, value=self.values, reaches=_reaches(number))
        self.values += 1

    def _row(
        self,
        kind: int,
        condition: int,
        *,
        push: int = form.NONE,
        value: int = form.NONE,
        reaches: int = form.NOTHING,
    ) -> None:
        self.rows.append((kind, push, value, condition, reaches))
        self.target_start.append(len(self.target))

    def _pulse(self, pulse: Pulse, path: str, event: int) -> int:
        scaled = pulse.size is None
        weight = goldstein_weights()[str(pulse.cameo)] if scaled else 0.0
        push = self._push(event, weight, scaled, pulse.pulse)
        places = self.vector.places
        if pulse.size is not None:
            self.vector.put(pulse.size, f"{path}.size", [places.push_size[push]])
        named = f"{path}.half_life" if pulse.half_life is not None else "parameters.half_life"
        half_life = self.half_life if pulse.half_life is None else pulse.half_life
        self.vector.put(half_life, named, [places.push_half_life[push]])
        self.vector.put(pulse.lasting, f"{path}.lasting", [places.push_lasting[push]])
        return push

    def _shift(self, shift: Shift, path: str, event: int) -> int:
        """A shift is a push of which all lasts; its half-life never matters."""
        push = self._push(event, 0.0, False, shift.shift)
        self.vector.put(shift.size, f"{path}.size", [self.vector.places.push_size[push]])
        self.vector.numbers.push_half_life[push] = 1.0
        self.vector.numbers.push_lasting[push] = 1.0
        return push

    def _push(self, event: int, weight: float, scaled: bool, tie: TieRef) -> int:
        self.pushes.append((event, weight, int(scaled)))
        self.cell += self._cells(tie)
        self.cell_start.append(len(self.cell))
        return len(self.pushes) - 1

    def _cells(self, tie: TieRef) -> list[int]:
        """Flat indices into [N, N, D] of the postures of a tie."""
        labels = self.vector.labels
        n, d = len(labels.states), len(labels.domains)
        domains = [labels.domains.index(tie.domain)] if tie.domain else range(d)
        return [
            (labels.states.index(a) * n + labels.states.index(b)) * d + domain
            for a, b in tie.directions
            for domain in domains
        ]

    def columns(self) -> dict[str, Any]:
        """The fields of Plan."""
        kinds, pushes, values, conditions, reaches = (
            _ints(row[column] for row in self.rows) for column in range(5)
        )
        return {
            "effect_start": _ints(self.event_start),
            "effect_kind": kinds,
            "effect_push": pushes,
            "effect_value": values,
            "effect_condition": conditions,
            "effect_reaches": reaches,
            "target_start": _ints(self.target_start),
            "target": _ints(self.target),
            "push_event": _ints(push[0] for push in self.pushes),
            "push_goldstein": np.array([push[1] for push in self.pushes], dtype=np.float64),
            "push_scaled": _ints(push[2] for push in self.pushes),
            "cell_start": _ints(self.cell_start),
            "cell": _ints(self.cell),
        }


def _reaches(number: NumberRef) -> int:
    """What follows from a number, beyond the number itself."""
    if number.kind in ("weight", "context"):
        return form.INTERESTS
    parameter = number.kind == "parameter" and number.key in TRAITS
    return form.TRAITS if number.kind == "trait" or parameter else form.NOTHING


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), dtype=np.int64)
