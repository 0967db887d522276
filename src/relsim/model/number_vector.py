"""The vector of numbers while a scenario is compiled: names to places, values, bounds, draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from relsim.model.plan import REFERENCE, Draw, Numbers, Sizes
from relsim.scenario.names import PARAMETER_BOUNDS, TRAITS, NumberRef, TieRef
from relsim.scenario.schema import Scenario
from relsim.scenario.values import Distribution, Number


@dataclass(frozen=True)
class Labels:
    """The names of a scenario in the order of the arrays: states alphabetical, all else as
    written."""

    states: tuple[str, ...]
    domains: tuple[str, ...]
    issues: tuple[str, ...]
    contexts: tuple[str, ...]
    events: tuple[str, ...]

    @classmethod
    def of(cls, scenario: Scenario) -> Labels:
        """The names in a scenario."""
        return cls(
            states=tuple(sorted(scenario.states)),
            domains=tuple(scenario.domains),
            issues=tuple(scenario.issues),
            contexts=tuple(scenario.context),
            events=tuple(scenario.events),
        )

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All pairs, a < b."""
        return tuple((a, b) for i, a in enumerate(self.states) for b in self.states[i + 1 :])


def sizes_of(scenario: Scenario, labels: Labels) -> Sizes:
    """How many of each thing a scenario has. Effects on ties are pushes; others have a value."""
    effects = [effect for event in scenario.events.values() for effect in event.effects]
    pushes = sum(bool(effect.ties) for effect in effects)
    whens = [event.when for event in scenario.events.values() if event.when]
    return Sizes(
        states=len(labels.states),
        issues=len(labels.issues),
        domains=len(labels.domains),
        contexts=len(labels.contexts),
        events=len(labels.events),
        pushes=pushes,
        values=len(effects) - pushes,
        conditions=len(whens) + sum(effect.only_if is not None for effect in effects),
    )


class NumberVector:
    """The numbers of a scenario as they are put in place.

    Attributes:
        vector: every number, uncertain ones at their median.
        low, high: bounds of each.
        numbers: views into the vector.
        places: the same views holding indices into the vector.
        draws: the uncertain numbers by name.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.labels = Labels.of(scenario)
        self.sizes = sizes_of(scenario, self.labels)
        self.own_traits = {
            trait: {c for c, s in scenario.states.items() if getattr(s.traits, trait) is not None}
            for trait in TRAITS
        }
        count = Numbers.count(self.sizes)
        self.vector = np.zeros(count)
        self.low, self.high = np.full(count, -np.inf), np.full(count, np.inf)
        self.numbers = Numbers.views(self.sizes, self.vector)
        self.places = Numbers.views(self.sizes, np.arange(count))
        self.draws: dict[str, Draw] = {}
        self._set_bounds()

    def put(self, number: Number, name: str, places: Iterable[int]) -> None:
        """A number at its places; an uncertain one at its median, noted for drawing.

        Numbers of one name, such as the default half-life, are drawn together.
        """
        where = tuple(int(place) for place in places)
        if isinstance(number, Distribution):
            earlier = self.draws.get(name)
            places_so_far = earlier.places if earlier else ()
            self.draws[name] = Draw(name, number, (*places_so_far, *where))
            number = number.median
        self.vector[list(where)] = number

    def put_interest(
        self, numbers: Sequence[Number | None], name: str, places: tuple[int, int]
    ) -> None:
        """An interest as it is and as the opening was read with it, each at its place; None where
        it is not there. Where both are the same they are drawn together."""
        now, reference = numbers
        if now == reference:
            if now is not None:
                self.put(now, name, places)
            return
        for number, prefix, place in zip(numbers, ("", REFERENCE), places, strict=True):
            if number is not None:
                self.put(number, prefix + name, [place])

    def _set_bounds(self) -> None:
        for name, field in Numbers.fields.items():
            bounds = field.bounds or PARAMETER_BOUNDS.get(name)
            if bounds is not None:
                places = getattr(self.places, name)
                self.low[places], self.high[places] = bounds.low, bounds.high

    def opening_places(self, tie: TieRef, domains: Iterable[str]) -> list[int]:
        """Places of the opening postures of a tie in some domains."""
        states, opening = self.labels.states, self.places.opening
        columns = [self.labels.domains.index(domain) for domain in domains]
        places: list[int] = []
        for a, b in tie.directions:
            places += opening[states.index(a), states.index(b), columns].tolist()
        return places

    def trait_places(self, trait: str) -> list[int]:
        """Places of a trait in the states that have none of their own."""
        own = self.own_traits[trait]
        block = getattr(self.places, trait)
        return [int(block[i]) for i, code in enumerate(self.labels.states) if code not in own]

    def number_places(self, number: NumberRef) -> list[int]:
        """Places of the numbers that a dotted path names."""
        labels, places, key = self.labels, self.places, str(number.key)
        if number.kind == "parameter" and key in TRAITS:
            return self.trait_places(key)
        if number.kind == "parameter":
            return [int(getattr(places, key))]
        if number.kind == "context":
            return [int(places.context_shift[labels.contexts.index(key)])]
        row = labels.states.index(str(number.state))
        if number.kind == "trait":
            return [int(getattr(places, key)[row])]
        if number.kind == "capacity" and number.key is None:
            return [int(place) for place in places.capacity[row]]
        columns = {
            "weight": labels.states,
            "stance": labels.issues,
            "salience": labels.issues,
            "capacity": labels.domains,
        }
        return [int(getattr(places, number.kind)[row, columns[number.kind].index(key)])]
