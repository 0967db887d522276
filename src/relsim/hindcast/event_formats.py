"""What a line of an event file says: who did what to whom, and when.

Two formats. GDELT's exports have no header; their columns are those of the GDELT event codebook
(version 2.0 of 2015, 61 columns; version 1.0 has 57 or 58, and the ones used here stand at the
same places). Every other table has a header, and its columns are found by name.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, NamedTuple

from relsim.errors import Position, Problem, ScenarioError, did_you_mean
from relsim.hindcast.event_files import Table
from relsim.scenario.goldstein import goldstein_weights

Measure = Literal["net", "days"]
By = Literal["year", "month"]

GDELT_WIDTHS = (61, 58, 57)
GDELT_COLUMNS = {
    "date": 1,
    "source": 7,
    "target": 17,
    "root": 25,
    "cameo": 26,
    "quad": 29,
    "goldstein": 30,
}
MICRO = 1_000_000  # a Goldstein weight is counted in millionths, so that sums have no order
MAX_COUNT = 1_000_000

# Names that columns have in public event data, simplified. The first that is there is taken.
NAMES = {
    "date": ("eventdate", "date", "day", "sqldate", "storydate"),
    "source": (
        "sourcecountry",
        "actor1countrycode",
        "actorcountry",
        "sourceroot",
        "source",
        "actor1",
    ),
    "target": (
        "targetcountry",
        "actor2countrycode",
        "recipientcountry",
        "targetroot",
        "target",
        "actor2",
    ),
    "root": ("isrootevent",),
    "cameo": ("cameocode", "cameo", "eventcode", "code"),
    "quad": ("quadclass", "quadcode", "quad"),
    "goldstein": ("goldsteinscale", "goldstein", "intensity"),
    "count": ("count", "events", "numevents", "n"),
}
NEEDED = ("source", "target", "date")
CODINGS: dict[Measure, tuple[str, ...]] = {
    "net": ("quad", "cameo", "goldstein"),
    "days": ("goldstein", "cameo"),
}

# Quad classes of CAMEO root codes, as GDELT has them: 01 to 05 words and 06 to 08 deeds of
# cooperation, 09 to 13 words and 14 to 20 deeds of conflict.
_LAST_COOPERATIVE_ROOT = 8
_QUADS = {
    "0": 0,
    "1": 1,
    "2": 1,
    "3": -1,
    "4": -1,
    "verbal cooperation": 1,
    "material cooperation": 1,
    "verbal conflict": -1,
    "material conflict": -1,
}
_DATE = re.compile(r"(\d{4})(?:-?(\d{2})(?:-?(\d{2}))?)?(?:[T ].*)?")


class Event(NamedTuple):
    """One line of a table.

    Attributes:
        source, target: the states, as written.
        root: whether the event is among those that its report begins with.
        coding, date, number: as written; the number of events that the line stands for.
    """

    source: str
    target: str
    root: bool
    coding: str
    date: str
    number: str


class DamagedLineError(Exception):
    """A line cannot be read; what is wrong with it."""

    def __init__(self, code: str, text: str, hint: str = "", column: str = "") -> None:
        super().__init__(text)
        self.code, self.text, self.hint, self.column = code, text, hint, column


@dataclass(frozen=True)
class Layout:
    """Where things stand in a table.

    Attributes:
        format: "GDELT events" or "table".
        columns: places from 0, of what is used.
        width: how many columns there are.
        delimiter: what separates them.
        quoted: whether fields may stand in quotes, as in CSV.
        coding: which column says what was done: quad, cameo or goldstein.
    """

    format: str
    columns: Mapping[str, int]
    width: int
    delimiter: str
    quoted: bool
    coding: str


@dataclass(frozen=True)
class Wanted:
    """What is looked for in a table.

    Attributes:
        measure: decides which codings serve.
        names: columns by their names in a header, where the user gave some.
        root: whether it must be said which events are root events.
    """

    measure: Measure
    names: Mapping[str, str]
    root: bool


def layout_of(table: Table, wanted: Wanted) -> tuple[Layout, Iterator[tuple[int, str]]] | None:
    """The layout of a table and its lines of events; None where it has no line.

    Raises:
        ScenarioError: it has no columns to work with.
    """
    lines = iter(table.lines)
    first = next(lines, None)
    while first is not None and not first[1].strip():
        first = next(lines, None)
    if first is None:
        return None
    text = first[1]
    if _is_gdelt(table.name, text):
        width = text.count("\t") + 1
        coding = CODINGS[wanted.measure][0]
        known = width if width in GDELT_WIDTHS else GDELT_WIDTHS[0]
        layout = Layout("GDELT events", GDELT_COLUMNS, known, "\t", False, coding)
        return layout, _first_again(first, lines)
    return _header(table.name, first, wanted), lines


def _first_again(
    first: tuple[int, str], rest: Iterator[tuple[int, str]]
) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def _is_gdelt(name: str, text: str) -> bool:
    begins = text.split("\t", 1)[0].isdecimal()  # the number of an event, no name of a column
    return begins and (text.count("\t") + 1 in GDELT_WIDTHS or ".export." in name.lower())


def _header(name: str, first: tuple[int, str], wanted: Wanted) -> Layout:
    number, text = first
    delimiter = max("\t,;", key=text.count)
    titles = next(csv.reader([text], delimiter=delimiter), [])
    columns, problems = _places([title.strip() for title in titles], wanted)
    codings = [one for one in CODINGS[wanted.measure] if one in columns]
    named = [one for one in codings if one in wanted.names]
    if not problems and not codings:
        said = f"No column says what was done, for --as {wanted.measure}."
        hint = f"Name one by {' or '.join(f'--{one}' for one in CODINGS[wanted.measure])}."
        problems.append(("missing-column", said, hint))
    if problems:
        place = Position(name, number)
        raise ScenarioError([Problem(place, *problem) for problem in problems])
    return Layout("table", columns, len(titles), delimiter, True, (named or codings)[0])


def _places(
    titles: Sequence[str], wanted: Wanted
) -> tuple[dict[str, int], list[tuple[str, str, str]]]:
    """Where each column stands, and what is wrong with the header."""
    simple = [re.sub(r"[^a-z0-9]", "", title.casefold()) for title in titles]
    columns: dict[str, int] = {}
    problems = []
    needed = (*NEEDED, *(("root",) if wanted.root else ()))
    for role, names in NAMES.items():
        if role in wanted.names:
            if wanted.names[role] in titles:
                columns[role] = titles.index(wanted.names[role])
            else:
                said = f"There is no column '{wanted.names[role]}'."
                problems.append(("missing-column", said, did_you_mean(wanted.names[role], titles)))
        elif found := [name for name in names if name in simple]:
            columns[role] = simple.index(found[0])
        elif role in needed:
            problems.append(_missing(role))
    return columns, problems


def _missing(role: str) -> tuple[str, str, str]:
    if role == "root":
        return "missing-column", "No column says which events are root events.", "No --root-only."
    said = f"No column is known as the {role} of events."
    return "missing-column", said, f"Name it by --{role}, if the first line names the columns."


def reader(layout: Layout) -> Callable[[str], Event]:
    """The function that takes a line of this layout apart.

    It raises DamagedLineError where a line has not as many columns as the table.
    """
    columns, tabs = layout.columns, layout.width - 1
    source, target, when = columns["source"], columns["target"], columns["date"]
    coding, root, count = columns[layout.coding], columns.get("root"), columns.get("count")
    last = 1 + max(columns.values())
    delimiter = layout.delimiter

    def read(line: str) -> Event:
        if layout.quoted and '"' in line:
            fields = _quoted(line, layout)
        elif line.count(delimiter) == tabs:
            fields = line.split(delimiter, last)
        else:
            raise _wrong_length(line.count(delimiter) + 1, layout)
        return Event(
            fields[source].strip(),
            fields[target].strip(),
            root is None or fields[root].strip().lower() in ("1", "true"),
            fields[coding].strip(),
            fields[when].strip(),
            "1" if count is None else fields[count].strip(),
        )

    return read


def _quoted(line: str, layout: Layout) -> list[str]:
    try:
        fields = next(csv.reader([line], delimiter=layout.delimiter, strict=True))
    except csv.Error as error:
        raise DamagedLineError("csv-syntax", f"Not a line of the table: {error}.") from None
    if len(fields) != layout.width:
        raise _wrong_length(len(fields), layout)
    return fields


def _wrong_length(found: int, layout: Layout) -> DamagedLineError:
    said = f"This line has {found} columns, not {layout.width}."
    return DamagedLineError("wrong-length", said, "An event must stand in one line.")


def side(coding: str, text: str) -> int:
    """1 for cooperation, -1 for conflict, 0 for neither."""
    if coding == "quad":
        found = _QUADS.get(text.lower().replace("_", " "))
        if found is None:
            hint = "A class is 1 or 2 for cooperation, 3 or 4 for conflict."
            raise DamagedLineError("bad-quad", f"'{text[:40]}' is no quad class.", hint, "quad")
        return found
    if coding == "cameo":
        _cameo_weight(text)  # the code must be known
        return 1 if int(text[:2]) <= _LAST_COOPERATIVE_ROOT else -1
    weight = _goldstein(text)
    return (weight > 0) - (weight < 0)


def weight(coding: str, text: str) -> int:
    """The weight of an event on the Goldstein scale, -10 to 10, in millionths."""
    return _cameo_weight(text) if coding == "cameo" else _goldstein(text)


@lru_cache(maxsize=4096)
def _goldstein(text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -10 <= value <= 10:
        said = f"'{text[:40]}' is no weight on the Goldstein scale."
        raise DamagedLineError("out-of-range", said, "It goes from -10 to 10.", "goldstein")
    return round(value * MICRO)


def _cameo_weight(text: str) -> int:
    weights = goldstein_weights()
    if text not in weights:
        lost = text.isdigit() and f"0{text}" in weights
        hint = "Its leading zero is lost: keep codes as text, 042." if lost else ""
        raise DamagedLineError("unknown-code", f"'{text[:40]}' is no CAMEO code.", hint, "cameo")
    return round(weights[text] * MICRO)


def count_of(text: str) -> int:
    """How many events a line stands for."""
    if not text.isdecimal() or int(text) > MAX_COUNT:
        said = f"'{text[:40]}' is not a number of events up to {MAX_COUNT:,}."
        raise DamagedLineError("bad-count", said, column="count")
    return int(text)


@lru_cache(maxsize=65_536)
def when(text: str, by: By, daily: bool) -> tuple[str, int]:
    """The period of a date, 2008 or 2008-03, and its day there, from 0 (0 unless ``daily``)."""
    match = _DATE.fullmatch(text)
    parts = [int(part) for part in match.groups() if part] if match else []
    needed = 3 if daily else 2 if by == "month" else 1
    if len(parts) < needed:
        hint = f"Write {('2008', '2008-03', '2008-03-31 or 20080331')[needed - 1]}."
        raise DamagedLineError("bad-date", f"'{text[:40]}' is no date here.", hint, "date")
    try:
        day = date(*(*parts, 1, 1)[:3])
    except ValueError:
        raise DamagedLineError("bad-date", f"'{text[:40]}' is no day.", column="date") from None
    if by == "month":
        return f"{day.year:04d}-{day.month:02d}", day.day - 1 if daily else 0
    return f"{day.year:04d}", day.timetuple().tm_yday - 1 if daily else 0
