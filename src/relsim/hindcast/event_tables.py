"""Tables of events: which column says who did what to whom and when, and how it is written.

There are two formats. GDELT's exports have no header; their columns are those of the GDELT event
codebook (version 2.0 of 2015, 61 columns; version 1.0 has 57 or 58, with the columns used here at
the same positions). Every other table has a header, and its columns are found by name.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from relsim.errors import Position, Problem, ScenarioError, did_you_mean
from relsim.hindcast.event_files import Lines
from relsim.hindcast.event_values import (
    By,
    Codes,
    DamagedLineError,
    DateOrder,
    codes_of,
    is_year_last,
    order_of_date,
    whole,
)
from relsim.words import counted

Measure: TypeAlias = Literal["net", "days"]

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
# Names that columns have in public event data, simplified. The first that a table has is taken.
NAMES = {
    "date": "eventdate date sqldate storydate day",
    "source": "sourcecountry actor1countrycode actorcountry sourceroot source actor1",
    "target": "targetcountry actor2countrycode recipientcountry targetroot target actor2",
    "root": "isrootevent",
    "cameo": "cameocode cameo eventcode code",
    "quad": "quadclass quadcode quad",
    "goldstein": "goldsteinscale goldstein intensity",
    "count": "count events numevents n",
}
NEEDED = ("source", "target", "date")
CODINGS: dict[Measure, tuple[str, ...]] = {
    "net": ("quad", "cameo", "goldstein"),
    "days": ("goldstein", "cameo"),
}
DATE_PARTS = ("year", "month", "day")  # columns of a date in parts, as in Phoenix
MANY_CODES = 10_000  # different texts that are looked at; CAMEO has 310 codes


@dataclass(frozen=True)
class Choices:
    """How events become values.

    Attributes:
        measure: "net", (cooperative - conflictual) / all coded events; or "days", 2 × share of
            active days with positive net Goldstein weight - 1.
        by: the period of a value.
        root_only: only events that their report begins with.
        only: states; only events between them are used. Empty: all.
        least: events (net) or active days (days) below which a value is left out.
        damaged: the share of lines that may be damaged.
        columns: names of columns, by role (source, target, date, quad, cameo, goldstein, count),
            for tables whose own names are not known.
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


class Event(NamedTuple):
    """A line of a table, as written; ``number`` is how many events it stands for."""

    source: str
    target: str
    root: str
    coding: str
    date: str
    number: str


@dataclass(frozen=True)
class Layout:
    """The columns of a table, and how it writes what can be written in more than one way.

    Attributes:
        format: "GDELT events" or "table".
        columns: positions from 0, by role, of the columns in use; of a date in parts, the year's.
        width: how many columns there are.
        delimiter: what separates them.
        coding: the role of the column that says what was done: quad, cameo or goldstein.
        first: number of the first line that may be an event.
        date_parts: positions of year, month and day, where these are columns of their own.
        dates: whether 1/5/2017 is in January (month first) or in May; None where nothing shows it.
        codes: how CAMEO codes are written.
        restored: whether there are codes without their zeros.
    """

    format: str
    columns: Mapping[str, int]
    width: int
    delimiter: str
    coding: str
    first: int
    date_parts: tuple[int, ...] = ()
    dates: DateOrder | None = None
    codes: Codes = "without zeros"
    restored: bool = False


def survey(name: str, lines: Lines, choices: Choices) -> Layout | None:
    """The layout of a table, from its lines; None where it has no line.

    Reads the whole table where CAMEO codes say what was done, as any line may show that leading
    zeros are lost; else until a date shows which number is the month, or is plain.

    Raises:
        ScenarioError: it does not have the columns that are needed.
    """
    number, text = next(((number, text) for number, text in lines if text.strip()), (0, ""))
    if not text:
        return None
    position, width = Position(name, number), text.count("\t") + 1
    is_number = text.split("\t", 1)[0].isdecimal()  # of an event: not the name of a column
    if is_number and (width in GDELT_WIDTHS or ".export." in name.lower()):
        known = width if width in GDELT_WIDTHS else GDELT_WIDTHS[0]
        coding = CODINGS[choices.measure][0]
        layout = Layout("GDELT events", GDELT_COLUMNS, known, "\t", coding, number)
        return _with_habits(layout, chain([(number, text)], lines), choices.dates)
    return _with_habits(_layout_of_header(text, position, choices), lines, choices.dates)


def _with_habits(
    layout: Layout, lines: Iterable[tuple[int, str]], order: DateOrder | None
) -> Layout:
    """The layout with how the table writes dates and codes."""
    event_of = reader(layout)
    codes: set[str] = set()
    dated = order is not None
    for _, line in lines:
        try:
            event = event_of(line)
        except DamagedLineError:
            continue
        if not dated:
            order = order_of_date(event.date)
            dated = order is not None or not is_year_last(event.date)
        if layout.coding == "cameo":
            if len(codes) < MANY_CODES:
                codes.add(event.coding)
        elif dated:
            break
    written, restored = codes_of(codes)
    return replace(layout, dates=order, codes=written, restored=restored)


def _layout_of_header(text: str, position: Position, choices: Choices) -> Layout:
    delimiter = max("\t,;", key=text.count)
    try:
        titles = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        wrong = f"The first line names no columns: {error}."
        raise ScenarioError([Problem(position, "csv-syntax", wrong)]) from None
    titles = [title.strip() for title in titles]
    simple = [re.sub(r"[^a-z0-9]", "", title.casefold()) for title in titles]
    columns, problems = _columns(titles, simple, position, choices)
    parts = _date_parts(simple, columns, choices)
    columns |= {"date": parts[0]} if parts else {}
    needed = (*NEEDED, "root") if choices.root_only else NEEDED
    problems += [
        _missing(role, position) for role in needed if role not in {*columns, *choices.columns}
    ]
    exact = {columns[role] for role in choices.columns if role in columns}
    for column in sorted({*columns.values(), *parts}):
        alike = titles if column in exact else simple
        if (count := alike.count(alike[column])) > 1:
            wrong = f"{count} columns are called '{titles[column]}', or alike."
            hint = "Give them different names, or keep one."
            problems.append(Problem(position, "duplicate-column", wrong, hint))
    codings = [role for role in CODINGS[choices.measure] if role in columns]
    if not problems and not codings:
        wrong = f"No column says what was done, for --as {choices.measure}."
        hint = f"Name one by {' or '.join(f'--{role}' for role in CODINGS[choices.measure])}."
        problems.append(Problem(position, "missing-column", wrong, hint))
    if problems:
        raise ScenarioError(problems)
    coding = next((role for role in codings if role in choices.columns), codings[0])
    return Layout("table", columns, len(titles), delimiter, coding, position.line + 1, parts)


def _columns(
    titles: Sequence[str], simple: Sequence[str], position: Position, choices: Choices
) -> tuple[dict[str, int], list[Problem]]:
    """Positions of columns by role, and problems with those that the user named."""
    columns: dict[str, int] = {}
    problems = []
    for role, names in NAMES.items():
        if role in choices.columns:
            title = choices.columns[role]
            if title in titles:
                columns[role] = titles.index(title)
            else:
                wrong, hint = f"There is no column '{title}'.", did_you_mean(title, titles)
                problems.append(Problem(position, "missing-column", wrong, hint))
        elif known := [name for name in names.split() if name in simple]:
            columns[role] = simple.index(known[0])
    return columns, problems


def _date_parts(
    simple: Sequence[str], columns: Mapping[str, int], choices: Choices
) -> tuple[int, ...]:
    """Positions of year, month and day where no single column has the date."""
    column = columns.get("date")
    if "date" in choices.columns or "year" not in simple:
        return ()
    if column is not None and (simple[column] != "day" or "month" not in simple):
        return ()
    parts = [simple.index(part) for part in DATE_PARTS if part in simple]
    return tuple(parts if "month" in simple else parts[:1])


def _missing(role: str, position: Position) -> Problem:
    wrong = f"No column is known as the {role} of events."
    hint = f"Name it by --{role}, if the first line names the columns."
    if role == "root":
        wrong = "No column says which events are root events."
        hint = "Leave --root-only away."
    return Problem(position, "missing-column", wrong, hint)


def reader(layout: Layout) -> Callable[[str], Event]:
    """The function that splits a line of this layout.

    It raises DamagedLineError where a line does not have as many columns as the table.
    """
    columns, delimiter, parts = layout.columns, layout.delimiter, layout.date_parts
    source, target, date = columns["source"], columns["target"], columns["date"]
    coding, root, count = columns[layout.coding], columns.get("root"), columns.get("count")
    delimiters, quoted = layout.width - 1, layout.format == "table"
    last = 1 + max(*columns.values(), *parts)

    def read(line: str) -> Event:
        if quoted and '"' in line:
            fields = _quoted(line, layout)
        elif line.count(delimiter) == delimiters:
            fields = line.split(delimiter, last)
        else:
            raise _wrong_length(line.count(delimiter) + 1, layout)
        return Event(
            fields[source].strip(),
            fields[target].strip(),
            "1" if root is None else fields[root].strip(),
            fields[coding].strip(),
            "-".join(whole(fields[part].strip()) for part in parts)
            if parts
            else fields[date].strip(),
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


def _wrong_length(count: int, layout: Layout) -> DamagedLineError:
    wrong = f"This line has {counted(count, 'column')}, not {layout.width}."
    return DamagedLineError("wrong-length", wrong, "Each event takes one line.")
