"""When events happen, in words."""

from __future__ import annotations

from collections.abc import Mapping

from relsim.scenario.effects import Condition
from relsim.scenario.schema import Event
from relsim.scenario.values import Distribution, Number, central
from relsim.words import counted, listed, number

FIGURES = 6  # of numbers, so that a threshold reads as it was written


def timing_words(event: Event, events: Mapping[str, Event]) -> str:
    """When an event happens, as in "by chance, 0.2 per year, while A-B is above 0.3".

    Args:
        event: as the scenario has it.
        events: all events of the scenario, for the labels of those in conditions.
    """
    parts = []
    if event.at is not None:
        parts.append(f"in {listed(map(str, event.at))}")
    if event.every is not None:
        parts.append(f"every {counted(int(event.every), 'month')}")
    if event.chance is not None:
        parts.append(f"by chance, {_with_distribution(event.chance, ' per year')}")
    if event.when is not None:
        word = "when" if event.chance is None else "while"
        parts.append(f"{word} {_condition_words(event.when, events)}")
    if event.from_ is not None:
        parts.append(f"from {event.from_}")
    if event.until is not None:
        parts.append(f"until {event.until}")
    if (most := event.most_times) is not None:
        parts.append(f"at most {({1: 'once', 2: 'twice'}).get(most, f'{most:,} times')}")
    return ", ".join(parts)


def _condition_words(condition: Condition, events: Mapping[str, Event]) -> str:
    if condition.event is not None:
        return f"“{events[condition.event].label or condition.event}” has happened"
    subject = condition.tie or condition.context
    if condition.above is not None:
        return f"{subject} is above {_with_distribution(condition.above)}"
    assert condition.below is not None  # one of the two is checked to be there
    return f"{subject} is below {_with_distribution(condition.below)}"


def _with_distribution(value: Number, unit: str = "") -> str:
    """A number, or the median of an uncertain one with its distribution."""
    text = f"{number(central(value), FIGURES)}{unit}"
    return f"{text} ({value.in_words})" if isinstance(value, Distribution) else text
