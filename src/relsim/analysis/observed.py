"""Series of measured cooperation: a tidy CSV file, checked, with every problem at its place."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic_core import PydanticCustomError

from relsim.errors import Position, Problem, ScenarioError, did_you_mean
from relsim.scenario.reader import scalar_value
from relsim.scenario.references import COOPERATION, TieRef
from relsim.scenario.values import Month

REQUIRED = ("dyad", "period", "value")
COLUMNS = (*REQUIRED, "events")
MAX_BYTES = 64 * 1024 * 1024  # all dyads of 200 states by month over 30 years take 200 MB

_FIELD = re.compile(r'("(?:[^"]|"")*"|[^,]*)(?:,|$)')
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True)
class Observed:
    """A measured series.

    Attributes:
        file: as the user named it.
        data: a row for each dyad and period, in order of both: ``dyad`` (alphabetical),
            ``period`` (as written), ``start`` (its first month, in months since the year 0, as
            :attr:`relsim.scenario.values.Month.serial`), ``months`` (how many it lasts, 1 or 12,
            the same in all rows), ``value`` (cooperation in [-1, 1]), ``events`` (how many events
            the value rests on; NaN where not said).
    """

    file: str
    data: pd.DataFrame

    @property
    def dyads(self) -> tuple[str, ...]:
        """The dyads, in alphabetical order."""
        return tuple(self.data["dyad"].unique())

    def of(self, dyads: tuple[str, ...]) -> Observed:
        """The series of some dyads."""
        return self._where(self.data["dyad"].isin(dyads))

    def until(self, month: int) -> Observed:
        """The periods that end by a month, given as a serial number."""
        return self._where(self.data["start"] + self.data["months"] - 1 <= month)

    def after(self, month: int) -> Observed:
        """The periods that end after it."""
        return self._where(self.data["start"] + self.data["months"] - 1 > month)

    def _where(self, kept: pd.Series) -> Observed:
        return Observed(self.file, self.data[kept].reset_index(drop=True))


@dataclass(frozen=True)
class _Field:
    text: str
    position: Position


def read_observed(path: Path | str) -> Observed:
    """The series of a CSV file ``dyad,period,value[,events]``.

    A dyad is two codes of states, PAK-RUS, in any order. A period is a year, 2008, or a month,
    2008-03; a file has one of the two. The file may hold dyads that a scenario does not have.

    Raises:
        ScenarioError: with every problem of the file, each with line and column.
    """
    name = str(path)
    text, problems = _file_text(Path(path), name)
    data = pd.DataFrame()
    if not problems:
        data, problems = _table(text, name)
    if problems:
        raise ScenarioError(problems)
    return Observed(name, data)


def _file_text(path: Path, name: str) -> tuple[str, list[Problem]]:
    start = Position(name)
    try:
        if path.is_dir():
            return "", [Problem(start, "not-found", "This is a folder.", "Name a CSV file.")]
        if path.stat().st_size > MAX_BYTES:
            return "", [Problem(start, "too-large", f"The file is over {MAX_BYTES:,} bytes.")]
        return path.read_text(encoding="utf-8-sig"), []
    except FileNotFoundError:
        return "", [Problem(start, "not-found", "There is no such file.")]
    except UnicodeDecodeError as error:
        said = f"The file is not UTF-8 text (byte {error.start})."
        return "", [Problem(start, "not-text", said, "Save it as UTF-8.")]
    except OSError as error:
        return "", [Problem(start, "not-readable", f"{error.strerror}.")]
    except ValueError as error:  # a name that no file can have
        return "", [Problem(start, "not-found", f"There is no such file: {error}.")]


def _table(text: str, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows of a text in order, or what is wrong with it."""
    problems: list[Problem] = []
    lines = _lines(text, name, problems)
    header = next(lines, None)
    if header is None:
        said = Problem(Position(name), "no-rows", "The file is empty.", _FORM)
        return pd.DataFrame(), problems or [said]
    if not _is_of_a_series(header):
        place = Position(name, header[0].position.line)
        text = "This is no series: its first line does not name the columns."
        semicolons = any(sign in field.text for field in header for sign in ";\t")
        hint = "Separate columns by commas." if semicolons else _FORM
        return pd.DataFrame(), [Problem(place, "no-series", text, hint)]
    places = _header(header, name, problems)
    rows = [row for line in lines if (row := _row(line, places, len(header), problems))]
    _check_periods(rows, problems)
    _check_duplicates(rows, problems)
    if not rows and not problems:
        problems.append(Problem(Position(name), "no-rows", "The file has no observations.", _FORM))
    content = [{key: row[key] for key in (*REQUIRED, "start", "months", "events")} for row in rows]
    data = pd.DataFrame(content if not problems else [])
    if not problems:
        data = data.sort_values(["dyad", "start"], ignore_index=True)
        data = data[["dyad", "period", "start", "months", "value", "events"]]
    return data, problems


_FORM = "Its first line is dyad,period,value, then one observation in a line."


def _lines(text: str, name: str, problems: list[Problem]) -> Iterator[list[_Field]]:
    """The fields of each line that has any, with their places."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            (texts,) = csv.reader([line], strict=True)
        except csv.Error as error:
            place = Position(name, number)
            problems.append(Problem(place, "csv-syntax", f"Not a line of CSV: {error}."))
            continue
        columns = [match.start() + 1 for match in _FIELD.finditer(line)]
        yield [
            _Field(text.strip(), Position(name, number, column))
            for text, column in zip(texts, columns, strict=False)
        ]


def _is_of_a_series(header: list[_Field]) -> bool:
    """Whether a first line is that of a series, perhaps with a slip.

    Of any other file, which may have been named by mistake or by somebody else, nothing is quoted.
    """
    return len({field.text for field in header} & {*REQUIRED}) >= len(REQUIRED) - 1


def _header(header: list[_Field], name: str, problems: list[Problem]) -> dict[str, int]:
    """Where each known column stands."""
    places: dict[str, int] = {}
    for number, field in enumerate(header):
        if field.text not in COLUMNS:
            said = f"'{_short(field.text)}' is not a column here."
            hint = did_you_mean(field.text, COLUMNS)
            if ";" in field.text or "\t" in field.text:
                hint = "Separate columns by commas."
            problems.append(Problem(field.position, "unknown-column", said, hint))
        elif field.text in places:
            said = f"The column '{field.text}' stands here already."
            problems.append(Problem(field.position, "duplicate-column", said, "Keep one."))
        places.setdefault(field.text, number)
    missing = [column for column in REQUIRED if column not in places]
    if missing:
        place = Position(name, header[0].position.line)
        said = f"There is no column {', '.join(missing)}."
        problems.append(Problem(place, "missing-column", said, _FORM))
    return places


def _row(
    line: list[_Field], places: dict[str, int], width: int, problems: list[Problem]
) -> dict[str, Any] | None:
    """One observation, or None where it has problems."""
    if len(line) != width:
        said = f"This line has {len(line)} values, the first line {width}."
        problems.append(Problem(line[0].position, "wrong-length", said))
        return None
    row: dict[str, Any] = {"place": line[0].position, "months": 0}
    found = len(problems)
    for column in COLUMNS:
        field = line[places[column]] if column in places else None
        if field is not None:
            row[column] = _read(_READERS[column], field, column, problems)
    row.setdefault("events", float("nan"))
    if len(problems) > found or not set(REQUIRED) <= set(row):
        return None
    row["start"], row["months"] = _span(row["period"])
    return row


def _read(reader: Callable[[str], Any], field: _Field, column: str, problems: list[Problem]) -> Any:
    if not field.text and column != "events":
        problems.append(Problem(field.position, "missing-value", f"No {column} is given here."))
        return None
    try:
        return reader(field.text)
    except PydanticCustomError as error:
        said = error.context or {}
        problems.append(Problem(field.position, error.type, said["text"], said["hint"]))
        return None


def _dyad(text: str) -> str:
    tie = TieRef.read(text)
    if tie.one_sided or tie.domain is not None:
        hint = "Write two states, as in PAK-RUS."
        raise _error("bad-tie", f"'{_short(text)}' is not a dyad.", hint)
    return "-".join(tie.pair)


def _period(text: str) -> str:
    if _YEAR.fullmatch(text):
        return text
    try:
        return str(Month.read(text))
    except PydanticCustomError:
        said = f"'{_short(text)}' is not a period."
        raise _error("bad-date", said, "Write a year, 2008, or a month, 2008-03.") from None


def _value(text: str) -> Any:
    return COOPERATION.read(scalar_value(text))


def _events(text: str) -> float:
    if not text:
        return float("nan")
    number: Any = scalar_value(text)
    if type(number) not in (int, float) or not float(number).is_integer() or number < 1:
        hint = "Leave it empty where it is not known."
        raise _error("bad-count", f"'{_short(text)}' is not a whole number of events.", hint)
    return float(number)


_READERS: dict[str, Callable[[str], Any]] = {
    "dyad": _dyad,
    "period": _period,
    "value": _value,
    "events": _events,
}


def _error(code: str, text: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{text}", {"text": text, "hint": hint})


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _span(period: str) -> tuple[int, int]:
    """The first month of a period, as a serial number, and how many months it has."""
    if len(period) == 4:
        return Month(int(period), 1).serial, 12
    return Month.read(period).serial, 1


def _check_periods(rows: list[dict[str, Any]], problems: list[Problem]) -> None:
    other = [row for row in rows if row["months"] != rows[0]["months"]]
    if other:
        kinds = {1: "a month", 12: "a year"}
        said = f"'{other[0]['period']}' is {kinds[other[0]['months']]}, the first period "
        said += f"{kinds[rows[0]['months']]}; {len(other)} of {len(rows)} lines differ so."
        hint = "Keep years and months in separate files."
        problems.append(Problem(other[0]["place"], "mixed-periods", said, hint))


def _check_duplicates(rows: list[dict[str, Any]], problems: list[Problem]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        key = row["dyad"], row["period"]
        if key in seen:
            said = f"{key[0]} in {key[1]} stands here already, on line {seen[key]}."
            problems.append(Problem(row["place"], "duplicate-row", said, "Keep one of the two."))
        seen.setdefault(key, row["place"].line)
