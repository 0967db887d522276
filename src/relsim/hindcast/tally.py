"""What is kept of events: a few numbers for each dyad and period, however many events there are."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from relsim.analysis.observed import MAX_EVENTS
from relsim.hindcast.event_formats import Measure
from relsim.hindcast.event_values import MICRO, By, DamagedLineError

Numbers: TypeAlias = "array[int]"
_QUIET = -(2**63)  # a day without events
TOP_WEIGHT = 10 * MICRO  # of an event, on the Goldstein scale

DAYS: dict[By, int] = {"year": 366, "month": 31}


@dataclass
class Tally:
    """Numbers by dyad and period. Adding events in another order, or in parts, changes nothing."""

    measure: Measure
    by: By
    cells: dict[tuple[str, str], Numbers] = field(default_factory=dict)

    def add(self, dyad: str, period: str, day: int, amount: int, count: int) -> None:
        """Adds events of one day: their side (net) or weight in millionths (days) each.

        Raises:
            DamagedLineError: with these, a value rests on more events than there can be.
        """
        key = (dyad, period)
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = self._new()
        if self.measure == "net":
            if cell[1] + count > MAX_EVENTS:
                raise _too_many(dyad, period)
            cell[0] += amount * count
            cell[1] += count
        else:
            before = cell[day]
            total = amount * count + (0 if before == _QUIET else before)
            if abs(total) > MAX_EVENTS * TOP_WEIGHT:
                raise _too_many(dyad, period)
            cell[day] = total

    def _new(self) -> Numbers:
        return array("q", [0, 0] if self.measure == "net" else [_QUIET] * DAYS[self.by])

    def rows(self) -> Iterator[tuple[str, str, float, int]]:
        """(dyad, period, value in [-1, 1], what it rests on), in order of dyads and periods."""
        value_of = _VALUES[self.measure]
        for dyad, period in sorted(self.cells):
            yield (dyad, period, *value_of(self.cells[dyad, period]))


def _too_many(dyad: str, period: str) -> DamagedLineError:
    said = f"With this line {dyad} has over {MAX_EVENTS:,} events in {period}."
    return DamagedLineError("bad-count", said, "No collection holds so many.", "count")


def _net(cell: Numbers) -> tuple[float, int]:
    """(cooperative - conflictual) / events, and the events."""
    return cell[0] / cell[1], cell[1]


def _days(cell: Numbers) -> tuple[float, int]:
    """2 × share of active days with a positive sum of weights - 1, and the active days."""
    active = [total for total in cell if total != _QUIET]
    return 2 * sum(total > 0 for total in active) / len(active) - 1, len(active)


_VALUES: dict[Measure, Callable[[Numbers], tuple[float, int]]] = {"net": _net, "days": _days}
