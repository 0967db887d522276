"""Series of measured cooperation: a tidy CSV file, checked, with the position of every problem.

States are called by codes of ISO 3166 alpha-3, which come with their names from the package
iso3166. ``state_names.csv`` adds what ICEWS writes in another way, and the codes of CAMEO that are
not those of ISO 3166 (Gerner, Schrodt, Yilmaz and Abu-Jabr 2002; the list of countries distributed
with GDELT); its regions have no code.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
from pydantic_core import PydanticCustomError

from relsim.errors import Position, Problem, ScenarioError, did_you_mean
from relsim.scenario.names import CODE, COOPERATION
from relsim.scenario.text import read_text_file, scalar_value
from relsim.scenario.values import Month

REQUIRED = ("dyad", "period", "value")
COLUMNS = (*REQUIRED, "events")
MAX_BYTES = 64 * 1024 * 1024  # all dyads of 200 states by month over 30 years take 200 MB
MAX_EVENTS = 1_000_000_000  # of one value; the largest collections have so many of all states
MAX_LINE = 10_000  # characters; a row has some 40
MANY_PROBLEMS = 1_000  # of a file, after which the rest is not read
SLIP = 100  # years without a value: what a slip in the first two digits of a year makes at least

_FIELD = re.compile(r'("(?:[^"]|"")*"|[^,]*)(?:,|$)')
_YEAR = re.compile(r"([0-9]{4})(\.0*)?")  # 2008.0: a year that pandas took for a float
_HYPHEN = re.compile("\\s*[-\u2010-\u2014\u2212]\\s*")  # as word processors write it, too
_OWN_NAME = re.compile(CODE)
_NO_LETTERS = re.compile(r"[\W_]+")
_FORM = "Its first line is dyad,period,value, then one observation in a line."


@dataclass(frozen=True)
class Observed:
    """A measured series.

    Attributes:
        file: as the user named it.
        data: a row for each dyad and period, in order of both: ``dyad`` (alphabetical),
            ``period`` (as written), ``start`` (its first month, in months since the year 0, as
            :attr:`relsim.scenario.values.Month.serial`), ``months`` (how many it lasts, 1 or 12,
            the same in all rows), ``value`` (cooperation in [-1, 1]), ``events`` (how many events
            the value rests on; NaN where not known).
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

    def named_as(self, states: Collection[str]) -> Observed:
        """The same series with states called as a scenario calls them: Russia where RUS is."""
        own = {_standard(state): state for state in states}
        own |= {state: state for state in states}  # where two codes mean one state
        names = {
            dyad: _pair_name(own.get(state, own.get(_standard(state), state)) for state in pair)
            for dyad in self.dyads
            if (pair := dyad.split("-"))
        }
        data = self.data.assign(dyad=self.data["dyad"].map(names))
        return Observed(self.file, data.sort_values(["dyad", "start"], ignore_index=True))

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

    A dyad is two states, PAK-RUS, in any order. States of ISO 3166 are taken by code or name and
    in any case; others, which a scenario may have, keep the name that is written first. A period
    is a year, 2008, or a month, 2008-03; a file has one of the two. The file may hold dyads that a
    scenario does not have.

    Raises:
        ScenarioError: with every problem of the file, each with line and column.
    """
    name = str(path)
    text, problems = read_text_file(Path(path), name, MAX_BYTES, "a CSV file")
    data = pd.DataFrame()
    if not problems:
        data, problems = _table(text, name)
    if problems:
        raise ScenarioError(problems)
    return Observed(name, data)


def _table(text: str, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows of a text in order, or its problems."""
    problems: list[Problem] = []
    lines = _lines(text, name, problems)
    header = next(lines, None)
    if header is None:
        empty = Problem(Position(name), "no-rows", "The file is empty.", _FORM)
        return pd.DataFrame(), problems or [empty]
    # Nothing is quoted from another file, which may have been named by mistake or by somebody else.
    if len({field.text for field in header} & {*REQUIRED}) < len(REQUIRED) - 1:
        line = Position(name, header[0].position.line)
        text = "This is no series: its first line does not name the columns."
        semicolons = any(sign in field.text for field in header for sign in ";\t")
        hint = "Separate columns by commas." if semicolons else _FORM
        return pd.DataFrame(), [Problem(line, "no-series", text, hint)]
    columns = _columns(header, name, problems)
    rows = []
    for fields in lines:
        if row := _row(fields, columns, len(header), problems):
            rows.append(row)
        if len(problems) >= MANY_PROBLEMS:
            break
    _spell_alike(rows)
    _check_rows(rows, problems)
    if not rows and not problems:
        problems.append(Problem(Position(name), "no-rows", "The file has no observations.", _FORM))
    if problems:
        return pd.DataFrame(), problems[:MANY_PROBLEMS]
    kept = ["dyad", "period", "start", "months", "value", "events"]
    data = pd.DataFrame(rows, columns=kept)
    return data.sort_values(["dyad", "start"], ignore_index=True), []


def _lines(text: str, name: str, problems: list[Problem]) -> Iterator[list[_Field]]:
    """The fields of each line that has any, with their positions."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        position = Position(name, number)
        if len(line) > MAX_LINE:
            message = f"This line has over {MAX_LINE:,} characters."
            problems.append(Problem(position, "too-large", message, _FORM))
            return
        try:
            (texts,) = csv.reader([line], strict=True)
        except csv.Error as error:
            problems.append(Problem(position, "csv-syntax", f"Not a line of CSV: {error}."))
            continue
        columns = [match.start() + 1 for match in _FIELD.finditer(line)]
        yield [
            _Field(text.strip(), Position(name, number, column))
            for text, column in zip(texts, columns, strict=False)
        ]


def _columns(header: list[_Field], name: str, problems: list[Problem]) -> dict[str, int]:
    """The index of each known column."""
    columns: dict[str, int] = {}
    for index, field in enumerate(header):
        if field.text not in COLUMNS:
            message = f"'{_short(field.text)}' is not a column here."
            hint = did_you_mean(field.text, COLUMNS)
            if ";" in field.text or "\t" in field.text:
                hint = "Separate columns by commas."
            problems.append(Problem(field.position, "unknown-column", message, hint))
        elif field.text in columns:
            message = f"The column '{field.text}' stands here already."
            problems.append(Problem(field.position, "duplicate-column", message, "Keep one."))
        columns.setdefault(field.text, index)
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        line = Position(name, header[0].position.line)
        message = f"There is no column {', '.join(missing)}."
        problems.append(Problem(line, "missing-column", message, _FORM))
    return columns


def _row(
    line: list[_Field], columns: dict[str, int], width: int, problems: list[Problem]
) -> dict[str, Any] | None:
    """One observation, or None where it has problems."""
    if len(line) != width:
        message = f"This line has {len(line)} values, the first line {width}."
        problems.append(Problem(line[0].position, "wrong-length", message))
        return None
    row: dict[str, Any] = {"position": line[0].position, "events": float("nan")}
    before = len(problems)
    for column in COLUMNS:
        if column in columns:
            row[column] = _read(column, line[columns[column]], problems)
    if len(problems) > before or not set(REQUIRED) <= set(row):
        return None
    # The first month of the period, as a serial number, and how many months it has.
    period = row["period"]
    yearly = len(period) == 4
    row["start"] = Month(int(period), 1).serial if yearly else Month.read(period).serial
    row["months"] = 12 if yearly else 1
    return row


def _read(column: str, field: _Field, problems: list[Problem]) -> Any:
    """The value of a field; None where it has a problem."""
    if not field.text and column != "events":
        problems.append(Problem(field.position, "missing-value", f"No {column} is given here."))
        return None
    try:
        return _READERS[column](field.text)
    except PydanticCustomError as error:
        context = error.context or {}
        problems.append(Problem(field.position, error.type, context["text"], context["hint"]))
        return None


def _dyad(text: str) -> tuple[str, str]:
    """The two states of a dyad: codes of ISO 3166, or names as written."""
    cuts = [(text[: cut.start()], text[cut.end() :]) for cut in _HYPHEN.finditer(text)]
    known = [cut for cut in cuts if all(map(code_of_state, cut))]  # of Guinea-Bissau-Mali, one
    if len(known) != 1:
        known = [
            cut
            for cut in cuts
            if all(code_of_state(state) or _OWN_NAME.fullmatch(state) for state in cut)
        ]
    if len(known) != 1:
        hint = "Write two states, as in PAK-RUS."
        raise _error("bad-tie", f"'{_short(text)}' is not a dyad.", hint)
    first, second = (code_of_state(state) or state for state in known[0])
    if first.casefold() == second.casefold():
        raise _error("self-tie", f"'{_short(text)}' ties a state to itself.", "")
    return first, second


def _standard(state: str) -> str:
    """One spelling for all spellings of a state."""
    return code_of_state(state) or state.casefold()


def _pair_name(states: Iterable[str]) -> str:
    return "-".join(sorted(states))


def _period(text: str) -> str:
    year = _YEAR.fullmatch(text)
    hint = "Write a year, 2008, or a month, 2008-03."
    try:
        period = year[1] if year else str(Month.read(text))
    except PydanticCustomError:
        raise _error("bad-date", f"'{_short(text)}' is not a period.", hint) from None
    if period.startswith("0000"):
        raise _error("bad-date", f"'{_short(text)}': there is no year 0.", hint)
    return period


def _events(text: str) -> float:
    if not text:
        return float("nan")
    number: Any = scalar_value(text)
    if type(number) not in (int, float) or not float(number).is_integer() or number < 1:
        hint = "Leave it empty where it is not known."
        raise _error("bad-count", f"'{_short(text)}' is not a whole number of events.", hint)
    if number > MAX_EVENTS:
        message = f"'{_short(text)}' is more events than any collection holds of two states."
        raise _error("bad-count", message, f"At most {MAX_EVENTS:,}.")
    return float(number)


_READERS: dict[str, Callable[[str], Any]] = {
    "dyad": _dyad,
    "period": _period,
    "value": lambda text: COOPERATION.read(scalar_value(text)),
    "events": _events,
}


def _error(code: str, text: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{text}", {"text": text, "hint": hint})


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _spell_alike(rows: list[dict[str, Any]]) -> None:
    """Gives every state of the file one name, and every dyad the alphabetical order."""
    names: dict[str, str] = {}
    for row in rows:
        states = [names.setdefault(_standard(state), state) for state in row["dyad"]]
        row["dyad"] = _pair_name(states)


def _check_rows(rows: list[dict[str, Any]], problems: list[Problem]) -> None:
    """Notes mixed periods, lines for the same dyad and period, and years far from the others."""
    other = [row for row in rows if row["months"] != rows[0]["months"]]
    if other:
        kinds = {1: "a month", 12: "a year"}
        message = f"'{other[0]['period']}' is {kinds[other[0]['months']]}, the first period "
        message += f"{kinds[rows[0]['months']]}; {len(other)} of {len(rows)} lines differ so."
        hint = "Keep years and months in separate files."
        problems.append(Problem(other[0]["position"], "mixed-periods", message, hint))
    lines: dict[tuple[str, str], int] = {}
    usual = usual_years(row["start"] // 12 for row in rows) if rows else (0, 0)
    for row in rows:
        key = row["dyad"], row["period"]
        if key in lines:
            message = f"{key[0]} in {key[1]} stands here already, on line {lines[key]}."
            hint = "Keep one of the two."
            problems.append(Problem(row["position"], "duplicate-row", message, hint))
        lines.setdefault(key, row["position"].line)
        if message := far_from(row["start"] // 12, usual):
            hint = "Mend the slip, or keep the two times in separate files."
            problems.append(Problem(row["position"], "bad-date", message, hint))


def usual_years(years: Iterable[int]) -> tuple[int, int]:
    """First and last of the years that most lie in, none a century and more from its neighbour."""
    ordered = sorted(years)
    groups = [ordered[:1]]
    for before, year in pairwise(ordered):
        if year - before >= SLIP:
            groups.append([])
        groups[-1].append(year)
    usual = max(groups, key=len)
    return usual[0], usual[-1]


def far_from(year: int, usual: tuple[int, int]) -> str:
    """That a year lies far from the usual ones; empty where it is one of them."""
    if usual[0] <= year <= usual[1]:
        return ""
    text = f"The year {year:04d} lies {SLIP} years and more from the others"
    return f"{text} ({usual[0]:04d} to {usual[1]:04d})."


# Names of states


@cache
def known_states() -> MappingProxyType[str, str]:
    """Codes by simplified name or code; '' for what is known to be no state."""
    import iso3166

    known: dict[str, str] = {}
    for state in iso3166.countries:
        for name in (state.alpha3, state.name, state.apolitical_name):
            known[simplified(name)] = state.alpha3
    text = files("relsim.analysis").joinpath("state_names.csv").read_text(encoding="utf-8")
    known |= {simplified(row["name"]): row["code"] for row in csv.DictReader(text.splitlines())}
    return MappingProxyType(known)


def simplified(name: str) -> str:
    """A name without case, accents, punctuation and a leading 'the'.

    >>> simplified("Côte d'Ivoire"), simplified("The Gambia")
    ('cote d ivoire', 'gambia')
    """
    parts = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return _NO_LETTERS.sub(" ", letters).strip().removeprefix("the ")


@lru_cache(maxsize=65_536)
def code_of_state(name: str) -> str:
    """The code of a state by its name or its code of three or two letters; '' where not known.

    Two letters are those of ISO 3166, so they must not be used for event data, whose
    two-letter codes are those of FIPS 10-4.

    >>> code_of_state("Armenia"), code_of_state("arm"), code_of_state("AM"), code_of_state("X")
    ('ARM', 'ARM', 'ARM', '')
    """
    import iso3166

    code = known_states().get(simplified(name), "")
    if not code and name.upper() in iso3166.countries_by_alpha2:
        code = iso3166.countries_by_alpha2[name.upper()].alpha3
    return code
