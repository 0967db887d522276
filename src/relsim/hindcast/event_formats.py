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
from typing import Literal, NamedTuple

from relsim.errors import Position, Problem, ScenarioError, did_you_mean
from relsim.hindcast.event_files import Table
from relsim.hindcast.event_values import DamagedLineError, date_of

Measure = Literal["net", "days"]

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

# Names that columns have in public event data, simplified. The first that is there is taken.
NAMES = {
    "date": ("eventdate", "date", "sqldate", "storydate", "day"),
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
DATE_PARTS = ("year", "month", "day")  # where a date stands in columns of its own, as in Phoenix


class Event(NamedTuple):
    """One line of a table.

    Attributes:
        source, target: the states, as written.
        root, coding, date: as written.
        number: of events that the line stands for, as written.
    """

    source: str
    target: str
    root: str
    coding: str
    date: str
    number: str


@dataclass(frozen=True)
class Layout:
    """Where things stand in a table.

    Attributes:
        format: "GDELT events" or "table".
        columns: places from 0, of what is used; of a date in parts, that of the year.
        date_parts: places of year, month and day, as far as they stand in columns of their own.
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
    date_parts: tuple[int, ...] = ()


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
    try:
        titles = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        said = f"The first line names no columns: {error}."
        raise ScenarioError([Problem(Position(name, number), "csv-syntax", said)]) from None
    columns, parts, problems = _places([title.strip() for title in titles], wanted)
    codings = [one for one in CODINGS[wanted.measure] if one in columns]
    named = [one for one in codings if one in wanted.names]
    if not problems and not codings:
        said = f"No column says what was done, for --as {wanted.measure}."
        hint = f"Name one by {' or '.join(f'--{one}' for one in CODINGS[wanted.measure])}."
        problems.append(("missing-column", said, hint))
    if problems:
        place = Position(name, number)
        raise ScenarioError([Problem(place, *problem) for problem in problems])
    coding = (named or codings)[0]
    return Layout("table", columns, len(titles), delimiter, True, coding, parts)


def _places(
    titles: Sequence[str], wanted: Wanted
) -> tuple[dict[str, int], tuple[int, ...], list[tuple[str, str, str]]]:
    """Where each column and the parts of dates stand, and what is wrong with the header."""
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
        elif known := [name for name in names if name in simple]:
            columns[role] = simple.index(known[0])
    parts = _date_parts(simple, columns, wanted)
    columns |= {"date": parts[0]} if parts else {}
    problems += [_missing(role) for role in needed if role not in {*columns, *wanted.names}]
    return columns, parts, [*problems, *_alike(titles, simple, columns, parts, wanted)]


def _alike(
    titles: Sequence[str],
    simple: Sequence[str],
    columns: Mapping[str, int],
    parts: Sequence[int],
    wanted: Wanted,
) -> Iterator[tuple[str, str, str]]:
    """Columns in use that cannot be told from another by their name."""
    exact = {columns[role] for role in wanted.names if role in columns}
    for place in sorted({*columns.values(), *parts}):
        names = titles if place in exact else simple
        count = names.count(names[place])
        if count > 1:
            said = f"{count} columns are called '{titles[place]}', or alike."
            yield "duplicate-column", said, "Give them different names, or keep one."


def _date_parts(
    simple: Sequence[str], columns: Mapping[str, int], wanted: Wanted
) -> tuple[int, ...]:
    """Places of year, month and day where no single column has the date."""
    whole_date = columns.get("date")
    if "date" in wanted.names or "year" not in simple:
        return ()
    if whole_date is not None and (simple[whole_date] != "day" or "month" not in simple):
        return ()
    parts = [simple.index(part) for part in DATE_PARTS if part in simple]
    return tuple(parts if "month" in simple else parts[:1])


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
    parts = layout.date_parts
    last = 1 + max(*columns.values(), *parts)
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
            "1" if root is None else fields[root].strip(),
            fields[coding].strip(),
            date_of([fields[part] for part in parts]) if parts else fields[when].strip(),
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
