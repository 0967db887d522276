"""From event files to a series of measured cooperation, and a record of what it was made of."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from relsim import __version__
from relsim.analysis.observed import COLUMNS, MAX_BYTES, far_from, simplified, usual_years
from relsim.errors import Position, Problem, ResultsError, ScenarioError, did_you_mean
from relsim.hindcast.event_files import EventFile, Table, event_files, tables
from relsim.hindcast.event_formats import Event, Layout, Measure, Wanted, layout_of, reader
from relsim.hindcast.event_values import (
    By,
    Codes,
    DamagedLineError,
    DateOrder,
    Habits,
    count_of,
    is_root,
    side,
    weight,
    when,
)
from relsim.hindcast.states import state_codes
from relsim.hindcast.table_habits import habits_of
from relsim.hindcast.tally import Tally

FORMAT = 1
DIGITS = 6  # of a value, far finer than its error of about 1/√events
SHOWN = 10  # damaged lines that are described
JUDGED = 100  # damaged lines before their share is judged while reading goes on
MANY_NAMES = 10_000  # different names that are no known state; more are counted without names
_NOTHING = frozenset(  # for "not said" in public tables
    {"", "null", "none", "na", "n/a", "<na>", "nan", "---", "--", "-", "x"}
)


@dataclass(frozen=True)
class Choices:
    """How events become values.

    Attributes:
        measure: "net", (cooperative - conflictual) / all coded events; or "days", 2 × share of
            active days with positive net Goldstein weight - 1.
        by: the period of a value.
        root_only: only events that their report begins with.
        only: states; events between them alone are used. Empty: all.
        least: events (net) or active days (days) below which a value is left out.
        damaged: the share of lines that may be damaged.
        columns: names of columns, by role (source, target, date, quad, cameo, goldstein, count),
            of tables whose own names are not known.
        codes: a CSV file ``name,code`` of further names of states.
        dates: whether 1/5/2017 is in January (month first) or in May; None: as each table shows.
    """

    measure: Measure = "net"
    by: By = "year"
    root_only: bool = False
    only: tuple[str, ...] = ()
    least: int = 10
    damaged: float = 0.01
    columns: Mapping[str, str] = field(default_factory=dict)
    codes: Path | None = None
    dates: DateOrder | None = None


class Watcher(Protocol):
    """Is told how far reading is."""

    def begins(self, text: str, total: int) -> None:
        """A phase with so many bytes to read begins."""

    def at_byte(self, number: int) -> None:
        """So many bytes of the phase are read."""


class Nobody:
    """A watcher that does nothing."""

    def begins(self, text: str, total: int) -> None:
        """Nothing."""

    def at_byte(self, number: int) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Observation:
    """A series that was written.

    Attributes:
        file: the series, as :func:`relsim.analysis.observed.read_observed` reads it.
        record: what it was made of, as in the JSON file beside it.
        damaged: the first damaged lines.
    """

    file: Path
    record: dict[str, Any]
    damaged: tuple[Problem, ...]


def observe(
    places: Iterable[str | Path],
    out: str | Path,
    choices: Choices | None = None,
    *,
    force: bool = False,
    watcher: Watcher | None = None,
) -> Observation:
    """Writes the series of event files, and beside it a JSON file that says what it was made of.

    Files may be larger than memory: kept are some numbers for each dyad and period. Both
    directions of a dyad count together; events within a state are left out.

    Args:
        places: files, folders and patterns; GDELT event exports, or tables with a header.
        out: the CSV file to write.
        choices: how events become values.
        force: replace a series that is there.
        watcher: told how far it is.

    Raises:
        ScenarioError: files cannot be read, too many lines are damaged, or nothing is left.
        ResultsError: the series is there already, or cannot be written.
    """
    out, choices = Path(out), choices or Choices()
    _check_place(out, force)
    try:
        reading = _Reading(choices, state_codes(choices.codes), Tally(choices.measure, choices.by))
        sources = _read_all(event_files(map(Path, places), less=out), reading, watcher or Nobody())
        record = _write(out, reading, sources)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Stopped. Nothing was written.") from None
    return Observation(out, record, tuple(reading.problems))


def _check_place(out: Path, force: bool) -> None:
    """Refuses to replace a series unasked, and a device or folder in any case."""
    try:
        for file in (out, record_file(out)):
            if file.exists() and not file.is_file():
                raise ResultsError(f"{file} is no file that could be replaced. Name another.")
            if file.exists() and not force:
                raise ResultsError(f"{file} is there already. Name another, or add --force.")
    except OSError as error:
        raise ResultsError(f"{out} cannot be written: {error.strerror}.") from None


def record_file(out: Path) -> Path:
    """The JSON file that says what a series was made of."""
    return out.with_name(f"{out.stem}.sources.json")


class _Pairing(NamedTuple):
    """The dyads that an event counts for, or why there is none; names that are not known."""

    dyads: tuple[str, ...]
    reason: str
    unknown: tuple[str, ...]


class _Reading:
    """What has been read so far."""

    def __init__(self, choices: Choices, states: dict[str, str], tally: Tally) -> None:
        self.choices, self.tally = choices, tally
        self.lines = self.used = self.damaged = 0
        self.left_out: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self._states_by_name = states
        self._pairing_of = lru_cache(maxsize=65_536)(self._pairing)  # as many as states make
        self._only = frozenset(_known(choices.only, states))
        self.wanted = Wanted(choices.measure, choices.columns, choices.root_only)
        self._line_end = Position("")  # of the last damaged line
        self._amount: Callable[[str, str, Codes], int] = (
            side if choices.measure == "net" else weight
        )

    def read(self, table: Table, habits: Habits) -> str:
        """Reads the lines of a table; says which format it has."""
        laid_out = layout_of(table, self.wanted)
        if laid_out is None:
            return "empty"
        layout, lines = laid_out
        event_of = reader(layout)
        for number, line in lines:
            if not line:
                continue
            self.lines += 1
            try:
                reason = self._use(event_of(line), layout, habits)
            except DamagedLineError as error:
                self._note(error, table.name, number, line, layout)
                continue
            if reason:
                self.left_out[reason] += 1
            else:
                self.used += 1
        return layout.format

    def _use(self, event: Event, layout: Layout, habits: Habits) -> str:
        """Adds an event, or says why it is left out."""
        if self.choices.root_only and not is_root(event.root):
            return "not-root"
        pairing = self._pairing_of(event.source, event.target)
        for name in pairing.unknown:
            if name in self.unknown or len(self.unknown) < MANY_NAMES:
                self.unknown[name] += 1
        if pairing.reason:
            return pairing.reason
        if event.coding.lower() in _NOTHING:
            return "not-coded"
        count = count_of(event.number)
        if count == 0:
            return "no-events"
        amount = self._amount(layout.coding, event.coding, habits.codes)
        daily = self.choices.measure == "days"
        period, day = when(event.date, self.choices.by, daily, habits.dates)
        for dyad in pairing.dyads:
            self.tally.add(dyad, period, day, amount, count)
        return ""

    def _pairing(self, source: str, target: str) -> _Pairing:
        """What two cells, each of one state or a list of states, make of an event."""
        sources, targets = self._states(source), self._states(target)
        unknown = tuple(name for name, code in (*sources, *targets) if code is None)
        of_source, of_target = ({code for _, code in side if code} for side in (sources, targets))
        dyads = {f"{min(s, t)}-{max(s, t)}" for s in of_source for t in of_target if s != t}
        kept = {dyad for dyad in dyads if not self._only or self._only.issuperset(dyad.split("-"))}
        if not of_source or not of_target:
            unheard = any(all(code is None for _, code in side) for side in (sources, targets))
            reason = "unknown-state" if unheard else "no-state"
        elif not dyads:
            reason = "domestic"
        else:
            reason = "" if kept else "not-kept"
        return _Pairing(tuple(kept), reason, unknown)

    def _states(self, text: str) -> list[tuple[str, str | None]]:
        """Each name of a cell with its code; '' for no state, None for an unknown one."""
        names = [text] if self._code(text) is not None else text.split(";")
        return [(name.strip(), self._code(name.strip())) for name in names]

    def _code(self, name: str) -> str | None:
        return "" if name.lower() in _NOTHING else self._states_by_name.get(simplified(name))

    def _note(
        self, error: DamagedLineError, name: str, number: int, line: str, layout: Layout
    ) -> None:
        self.damaged += 1
        self._line_end = Position(name, number, len(line) + 1)
        if len(self.problems) < SHOWN:
            role = layout.coding if error.column in ("quad", "cameo", "goldstein") else error.column
            place = Position(name, number, _column(line, layout, role))
            self.problems.append(Problem(place, error.code, error.text, error.hint))
        if self.damaged >= JUDGED:
            self.judge()

    def judge(self) -> None:
        """Gives up where too many lines are damaged."""
        if self.damaged <= self.choices.damaged * self.lines:
            return
        said = f"{self.damaged:,} of {self.lines:,} lines are damaged, so reading stopped."
        hint = "Check that files are whole and of the format they seem to be, and which columns "
        hint += f"are read; or allow more than {self.choices.damaged:.2%} by --damaged SHARE."
        stop = Problem(self._line_end, "too-many-damaged", said, hint)
        raise ScenarioError([*self.problems, stop])


def _known(only: tuple[str, ...], states: dict[str, str]) -> Iterator[str]:
    """The codes of the states to keep."""
    codes = set(states.values())
    for text in only:
        code = text if text in codes else states.get(simplified(text))
        if not code:
            said = f"'{text}' is no state."
            hint = did_you_mean(text, codes - {""})
            raise ScenarioError([Problem(Position("--only"), "unknown-state", said, hint)])
        yield code


def _column(line: str, layout: Layout, role: str) -> int:
    """Where in a line a column begins, from 1; 1 where that cannot be said."""
    if role not in layout.columns or '"' in line:
        return 1
    before = line.split(layout.delimiter)[: layout.columns[role]]
    return 1 + sum(len(one) + 1 for one in before)


def _read_all(
    sources: list[EventFile], reading: _Reading, watcher: Watcher
) -> list[dict[str, Any]]:
    """Reads the files; returns what the record says of each."""
    watcher.begins("Reading", sum(file.size for file in sources))
    done, records = 0, []
    seen: dict[str, str] = {}
    for file in sources:
        digest = file.digest
        if digest in seen:
            said = f"The same as {seen[digest]}: its events would count twice."
            problem = Problem(Position(file.name), "duplicate-file", said, "Leave one out.")
            raise ScenarioError([problem])
        seen[digest] = file.name
        lines, used = reading.lines, reading.used
        at_byte = _after(done, watcher)
        with closing(tables(file, lambda number: None)) as parts:
            habits = [habits_of(table, reading.wanted, reading.choices.dates) for table in parts]
        with closing(tables(file, at_byte)) as parts:
            formats = {reading.read(*both) for both in zip(parts, habits, strict=True)}
        done += file.size
        watcher.at_byte(done)
        records.append(
            {
                "name": file.path.name if file.path.is_absolute() else file.path.as_posix(),
                "sha256": digest,
                "format": ", ".join(sorted(formats)),
                "lines": reading.lines - lines,
                "used": reading.used - used,
                **_habits_record(habits, reading.choices),
            }
        )
    if reading.damaged:
        reading.judge()
    return records


def _habits_record(habits: list[Habits], choices: Choices) -> dict[str, Any]:
    """What was concluded from the lines of a file of how it writes dates and codes."""
    orders = sorted({table.dates for table in habits if table.dates and choices.dates is None})
    restored = any(table.restored for table in habits)
    record: dict[str, Any] = {"dates": ", ".join(orders)} if orders else {}
    return record | ({"codes": "leading zeros put back"} if restored else {})


def _after(done: int, watcher: Watcher) -> Callable[[int], None]:
    return lambda number: watcher.at_byte(done + number)


def _write(out: Path, reading: _Reading, sources: list[dict[str, Any]]) -> dict[str, Any]:
    rows = list(reading.tally.rows())
    kept = [row for row in rows if row[3] >= reading.choices.least]
    if not kept:
        raise ScenarioError([*reading.problems, _nothing_left(out, reading, len(rows))])
    _check_years({int(row[1][:4]) for row in kept}, out, reading)
    record = _record(reading, sources, kept, len(rows) - len(kept))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _aside(out) as series, _aside(record_file(out)) as beside:
            writer = csv.writer(series, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows((*row[:2], f"{row[2]:.{DIGITS}g}", row[3]) for row in kept)
            if series.tell() > MAX_BYTES:
                hint = "Take --by year, a higher --least, or --only some states."
                raise ResultsError(f"{out} would be over {MAX_BYTES:,} bytes. {hint}")
            json.dump(record, beside, indent=1, ensure_ascii=False)
            beside.write("\n")
    except OSError as error:
        raise ResultsError(f"{out} cannot be written: {error.strerror}.") from error
    return record


def _check_years(years: set[int], out: Path, reading: _Reading) -> None:
    """Refuses a series that could not be read for years that are slips, or stand for no date."""
    usual = usual_years(years)
    hint = "Mend these dates, leave them out, or raise --least."
    said = filter(None, (far_from(year, usual) for year in sorted(years)))
    problems = [Problem(Position(str(out)), "bad-date", text, hint) for text in said]
    if problems:
        raise ScenarioError([*reading.problems, *problems])


@contextmanager
def _aside(file: Path) -> Iterator[IO[str]]:
    """A file that takes its place once it is whole."""
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _nothing_left(out: Path, reading: _Reading, few: int) -> Problem:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in reading.left_out.most_common())
    said = f"No value is left of {reading.lines:,} lines"
    said += f" ({reasons})." if reasons else "."
    hint = f"{few:,} values rest on fewer than {reading.choices.least}: --least." if few else ""
    return Problem(Position(str(out)), "no-rows", said, hint)


def _record(
    reading: _Reading,
    sources: list[dict[str, Any]],
    kept: list[tuple[str, str, float, int]],
    few: int,
) -> dict[str, Any]:
    choices = asdict(reading.choices)
    codes = choices.pop("codes")
    return {
        "format": FORMAT,
        "relsim": __version__,
        **choices,
        "codes": codes and {"name": codes.name, "sha256": EventFile(codes, "", 0).digest},
        "files": sources,
        "lines": {
            "read": reading.lines,
            "used": reading.used,
            "damaged": reading.damaged,
            "left_out": dict(reading.left_out.most_common()),
        },
        "unknown_states": dict(reading.unknown.most_common(50)),
        "values": {
            "written": len(kept),
            "below_least": few,
            "dyads": len({row[0] for row in kept}),
            "first": min(row[1] for row in kept),
            "last": max(row[1] for row in kept),
        },
    }
