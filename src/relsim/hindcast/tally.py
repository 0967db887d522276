"""Lines of event tables become a few numbers for each dyad and period, however many there are."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from relsim.analysis.observed import MAX_EVENTS, simplified
from relsim.errors import Position, Problem, ScenarioError, did_you_mean
from relsim.hindcast.event_files import Lines
from relsim.hindcast.event_tables import Choices, Event, Layout, Measure, reader
from relsim.hindcast.event_values import (
    MICRO,
    NOTHING,
    By,
    DamagedLineError,
    count_of,
    is_root,
    period_of,
    side,
    state_codes,
    weight,
)

Row: TypeAlias = tuple[str, str, float, int]

SHOWN = 10  # damaged lines that are described
JUDGED = 100  # damaged lines before their share is judged while reading goes on
MANY_NAMES = 10_000  # different names that are no known state; more are counted without names
TOP_WEIGHT = 10 * MICRO  # of an event, on the Goldstein scale
DAYS: dict[By, int] = {"year": 366, "month": 31}
_QUIET = -(2**63)  # a day without events


class Tally:
    """Numbers by dyad and period. Adding events in another order, or in parts, changes nothing."""

    def __init__(self, measure: Measure, by: By) -> None:
        self.measure = measure
        self._empty = array("q", [0, 0] if measure == "net" else [_QUIET] * DAYS[by])
        self._cells: dict[tuple[str, str], array[int]] = {}

    def add(self, dyad: str, period: str, day: int, amount: int, count: int) -> None:
        """Adds events of one day: their side (net) or weight in millionths (days) each.

        Raises:
            DamagedLineError: with these, a value rests on more events than there can be.
        """
        cell = self._cells.get((dyad, period))
        if cell is None:
            cell = self._cells[dyad, period] = self._empty[:]
        if self.measure == "net":
            too_many = cell[1] + count > MAX_EVENTS
            if not too_many:
                cell[0] += amount * count
                cell[1] += count
        else:
            total = amount * count + (0 if cell[day] == _QUIET else cell[day])
            too_many = abs(total) > MAX_EVENTS * TOP_WEIGHT
            if not too_many:
                cell[day] = total
        if too_many:
            text = f"With this line {dyad} has over {MAX_EVENTS:,} events in {period}."
            raise DamagedLineError("bad-count", text, "No collection holds so many.", "count")

    def rows(self) -> Iterator[Row]:
        """(dyad, period, value in [-1, 1], events or days), in order of dyads and periods.

        A value is (cooperative - conflictual) / events (net), or 2 × the share of active days with
        a positive sum of weights - 1 (days).
        """
        for (dyad, period), cell in sorted(self._cells.items()):
            if self.measure == "net":
                yield dyad, period, cell[0] / cell[1], cell[1]
            else:
                active = [total for total in cell if total != _QUIET]
                share = sum(total > 0 for total in active) / len(active)
                yield dyad, period, 2 * share - 1, len(active)


class _Pairing(NamedTuple):
    """The dyads that an event counts for, or why there is none; names that are not known."""

    dyads: tuple[str, ...]
    reason: str
    unknown: tuple[str, ...]


class Reading:
    """Reads tables of events into a tally, and counts the lines that are used or left out.

    Raises:
        ScenarioError: the list of codes, or a state to keep, has problems.
    """

    def __init__(self, choices: Choices) -> None:
        self.choices, self.tally = choices, Tally(choices.measure, choices.by)
        self.lines = self.used = self.damaged = 0
        self.left_out: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self._states = state_codes(choices.codes)
        self._only = frozenset(self._kept_state(text) for text in choices.only)
        self._pairing_of = lru_cache(maxsize=65_536)(self._pairing)  # all pairs of 200 states
        self._amount_of = side if choices.measure == "net" else weight
        self._line_end = Position("")  # of the last damaged line

    def _kept_state(self, text: str) -> str:
        codes = set(self._states.values())
        code = text if text in codes else self._states.get(simplified(text))
        if not code:
            hint = did_you_mean(text, codes - {""})
            problem = Problem(Position("--only"), "unknown-state", f"'{text}' is no state.", hint)
            raise ScenarioError([problem])
        return code

    def read(self, name: str, lines: Lines, layout: Layout) -> None:
        """Reads the lines of a table.

        Raises:
            ScenarioError: too many lines are damaged.
        """
        event_of = reader(layout)
        for number, line in lines:
            if number < layout.first or not line:
                continue
            self.lines += 1
            try:
                reason = self._use(event_of(line), layout)
            except DamagedLineError as error:
                self._note(error, name, number, line, layout)
                continue
            if reason:
                self.left_out[reason] += 1
            else:
                self.used += 1

    def _use(self, event: Event, layout: Layout) -> str:
        """Adds an event; returns the reason if it is left out instead."""
        if self.choices.root_only and not is_root(event.root):
            return "not-root"
        pairing = self._pairing_of(event.source, event.target)
        for name in pairing.unknown:
            if name in self.unknown or len(self.unknown) < MANY_NAMES:
                self.unknown[name] += 1
        if pairing.reason:
            return pairing.reason
        if event.coding.lower() in NOTHING:
            return "not-coded"
        count = count_of(event.number)
        if count == 0:
            return "no-events"
        amount = self._amount_of(layout.coding, event.coding, layout.codes)
        daily = self.choices.measure == "days"
        period, day = period_of(event.date, self.choices.by, daily, layout.dates)
        for dyad in pairing.dyads:
            self.tally.add(dyad, period, day, amount, count)
        return ""

    def _pairing(self, source: str, target: str) -> _Pairing:
        """The pairing of two cells, each with one state or a list of states."""
        cells = [self._codes(source), self._codes(target)]
        unknown = tuple(name for cell in cells for name, code in cell if code is None)
        sources, targets = ({code for _, code in cell if code} for cell in cells)
        dyads = {f"{min(s, t)}-{max(s, t)}" for s in sources for t in targets if s != t}
        kept = {dyad for dyad in dyads if not self._only or self._only.issuperset(dyad.split("-"))}
        if not sources or not targets:
            unheard = any(all(code is None for _, code in cell) for cell in cells)
            reason = "unknown-state" if unheard else "no-state"
        elif not dyads:
            reason = "domestic"
        else:
            reason = "" if kept else "not-kept"
        return _Pairing(tuple(kept), reason, unknown)

    def _codes(self, cell: str) -> list[tuple[str, str | None]]:
        """Each name of a cell with its code; '' for no state, None for an unknown one."""
        names = [cell] if self._code(cell) is not None else cell.split(";")
        return [(name.strip(), self._code(name.strip())) for name in names]

    def _code(self, name: str) -> str | None:
        return "" if name.lower() in NOTHING else self._states.get(simplified(name))

    def _note(
        self, error: DamagedLineError, name: str, number: int, line: str, layout: Layout
    ) -> None:
        """Counts a damaged line, and describes it while there are few."""
        self.damaged += 1
        self._line_end = Position(name, number, len(line) + 1)
        if len(self.problems) < SHOWN:
            coded = error.column in ("quad", "cameo", "goldstein")
            column = layout.columns.get(layout.coding if coded else error.column, 0)
            before = [] if '"' in line else line.split(layout.delimiter)[:column]
            position = Position(name, number, 1 + sum(len(cell) + 1 for cell in before))
            self.problems.append(Problem(position, error.code, error.text, error.hint))
        if self.damaged >= JUDGED:
            self.judge()

    def judge(self) -> None:
        """Stops where too many lines are damaged.

        Raises:
            ScenarioError: with the first damaged lines, and their number.
        """
        if self.damaged <= self.choices.damaged * self.lines:
            return
        text = f"{self.damaged:,} of {self.lines:,} lines are damaged, so reading stopped."
        hint = "Check that files are whole and of the format they seem to be, and which columns "
        hint += f"are read; or allow more than {self.choices.damaged:.2%} by --damaged SHARE."
        stop = Problem(self._line_end, "too-many-damaged", text, hint)
        raise ScenarioError([*self.problems, stop])
