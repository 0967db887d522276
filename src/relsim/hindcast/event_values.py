"""The meaning of a cell of an event table: a state, a code, a weight, a date, a count, a flag."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from relsim.analysis.observed import known_states, simplified
from relsim.errors import Position, Problem, ScenarioError
from relsim.scenario.goldstein import goldstein_weights
from relsim.scenario.text_files import read_text_file

By: TypeAlias = Literal["year", "month"]
DateOrder: TypeAlias = Literal["month-first", "day-first"]
# CAMEO codes have their leading zeros; or have lost them and are roots alone, 1 to 20; or have
# lost them, or nothing shows that they have them.
Codes: TypeAlias = Literal["as written", "roots", "without zeros"]

MICRO = 1_000_000  # a Goldstein weight is counted in millionths, so that sums have no order
MAX_COUNT = 1_000_000
MAX_CODES_BYTES = 1024 * 1024  # some thousand names; all that are known take 10 KiB
NOTHING = frozenset(  # "none" in public tables
    {"", "null", "none", "na", "n/a", "<na>", "nan", "---", "--", "-", "x"}
)

# Quad classes of CAMEO root codes, as GDELT has them: 01 to 05 words and 06 to 08 deeds of
# cooperation, 09 to 13 words and 14 to 20 deeds of conflict.
_LAST_COOPERATIVE_ROOT = 8
_LAST_ROOT = 20
_QUADS = {"0": 0, "1": 1, "2": 1, "3": -1, "4": -1} | {
    f"{kind} {side}": sign
    for side, sign in (("cooperation", 1), ("conflict", -1))
    for kind in ("verbal", "material")
}
_ROOT_FLAGS = {
    **dict.fromkeys(("1", "true", "yes", "t", "y"), True),
    **dict.fromkeys(("0", "false", "no", "f", "n"), False),
}
_FLOAT = re.compile(r"([0-9]+)\.0*")
_COMPACT = re.compile(r"([0-9]{4})(?:([0-9]{2})([0-9]{2})?)?(?:\.0*)?(?:[T ].*)?")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})(?:[-/]([0-9]{1,2}))?(?:[T ].*)?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})(?:[T, ].*)?")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{2}")
_CODE = re.compile(r"[A-Z]{3}")
_CODES_FORM = "Its first line is name,code; a code is three capital letters, or empty for no state."


class DamagedLineError(Exception):
    """A line cannot be read: the code, text and hint of the problem, and the role of the column."""

    def __init__(self, code: str, text: str, hint: str = "", column: str = "") -> None:
        super().__init__(text)
        self.code, self.text, self.hint, self.column = code, text, hint, column


def state_codes(own: Path | None = None) -> dict[str, str]:
    """Codes by simplified name or code; '' for names that are known to be no state.

    Args:
        own: a CSV file ``name,code`` that adds to the known names, or replaces some.

    Raises:
        ScenarioError: with every problem of the file.
    """
    return dict(known_states()) | (_own_codes(own) if own else {})


def _own_codes(file: Path) -> dict[str, str]:
    text, problems = read_text_file(file, str(file), MAX_CODES_BYTES, "a CSV file")
    codes: dict[str, str] = {}
    lines: dict[str, int] = {}
    rows = csv.reader(text.split("\n"))
    try:
        if not problems and [title.strip() for title in next(rows, [])] != ["name", "code"]:
            position = Position(str(file))
            problems = [Problem(position, "missing-column", "This is no list.", _CODES_FORM)]
        for row in () if problems else filter(None, rows):
            position, name = Position(str(file), rows.line_num), simplified(row[0])
            code = row[-1].strip()
            if len(row) != 2 or not name or (code and not _CODE.fullmatch(code)):
                wrong = f"'{','.join(row)[:40]}' is not a name and a code."
                problems.append(Problem(position, "bad-code", wrong, _CODES_FORM))
            elif name in codes:
                twice = f"'{row[0][:40]}' stands here already, on line {lines[name]}."
                problems.append(Problem(position, "duplicate-row", twice, "Keep one of the two."))
            else:
                codes[name], lines[name] = code, rows.line_num
    except csv.Error as error:
        position = Position(str(file), rows.line_num)
        problems.append(Problem(position, "csv-syntax", f"Not a line of CSV: {error}."))
    if problems:
        raise ScenarioError(problems)
    return codes


def whole(text: str) -> str:
    """A number without the decimals that pandas gives whole ones: 3 for 3.0."""
    match = _FLOAT.fullmatch(text)
    return match[1] if match else text


def is_root(text: str) -> bool:
    """Whether a flag marks the event as one of those that its report begins with."""
    flag = _ROOT_FLAGS.get(whole(text).lower())
    if flag is None:
        wrong = f"'{text[:40]}' does not say whether this is a root event."
        raise DamagedLineError("bad-root", wrong, "A flag is 1 or 0, true or false.", "root")
    return flag


def side(coding: str, text: str, codes: Codes) -> int:
    """1 for cooperation, -1 for conflict, 0 for neither."""
    if coding == "quad":
        sign = _QUADS.get(whole(text).lower().replace("_", " "))
        if sign is None:
            hint = "A class is 1 or 2 for cooperation, 3 or 4 for conflict."
            raise DamagedLineError("bad-quad", f"'{text[:40]}' is no quad class.", hint, "quad")
        return sign
    if coding == "cameo":
        return 1 if int(_cameo_code(text, codes)[:2]) <= _LAST_COOPERATIVE_ROOT else -1
    weight = _goldstein(text)
    return (weight > 0) - (weight < 0)


def weight(coding: str, text: str, codes: Codes) -> int:
    """The weight of an event on the Goldstein scale, -10 to 10, in millionths."""
    if coding == "cameo":
        return round(goldstein_weights()[_cameo_code(text, codes)] * MICRO)
    return _goldstein(text)


@lru_cache(maxsize=4096)
def _goldstein(text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -10 <= value <= 10 or "_" in text:
        wrong = f"'{text[:40]}' is no weight on the Goldstein scale."
        raise DamagedLineError("out-of-range", wrong, "It goes from -10 to 10.", "goldstein")
    return round(value * MICRO)


@lru_cache(maxsize=4096)
def _cameo_code(text: str, codes: Codes) -> str:
    """A code of the code book; a lost leading zero is put back where only one code fits."""
    code, weights = whole(text), goldstein_weights()
    restored = f"0{code}"
    if code in weights:
        if restored in weights and codes == "without zeros":
            wrong = f"'{text[:40]}' may be {code} or {restored}; other codes here do not show it."
            hint = f"Write {code}0 or {restored}: keep codes as text; or name a quad class by "
            raise DamagedLineError("ambiguous-code", wrong, f"{hint}--quad.", "cameo")
        return code
    if restored not in weights:
        wrong = f"'{text[:40]}' is no CAMEO code."
        raise DamagedLineError("unknown-code", wrong, "Codes are as 042 or 190.", "cameo")
    return restored


def codes_of(texts: Iterable[str]) -> tuple[Codes, bool]:
    """How a column writes CAMEO codes, judged by its different texts; whether zeros are lost."""
    weights = goldstein_weights()
    known = {text: whole(text) for text in texts}
    known = {text: code for text, code in known.items() if code in weights or f"0{code}" in weights}
    lost = any(code not in weights or code != text for text, code in known.items())
    if not lost and any(text.startswith("0") for text in known):
        return "as written", False
    single = any(len(code) == 1 for code in known.values())  # 3 is 03: event codes have two digits
    if single and all(int(code) <= _LAST_ROOT for code in known.values()):
        return "roots", True
    return "without zeros", lost


def count_of(text: str) -> int:
    """How many events a line stands for."""
    digits = whole(text)
    if not digits.isdecimal() or len(digits) > 20 or int(digits) > MAX_COUNT:
        wrong = f"'{text[:40]}' is not a number of events up to {MAX_COUNT:,}."
        raise DamagedLineError("bad-count", wrong, column="count")
    return int(digits)


def order_of_date(text: str) -> DateOrder | None:
    """The order that a date with its year last shows: 1/13/2017 has the month first."""
    match = _YEAR_LAST.fullmatch(text)
    if match is None or (int(match[1]) > 12) == (int(match[3]) > 12):
        return None
    return "day-first" if int(match[1]) > 12 else "month-first"


def is_year_last(text: str) -> bool:
    """Whether a date is written as 1/5/2017."""
    return _YEAR_LAST.fullmatch(text) is not None


@lru_cache(maxsize=65_536)
def period_of(text: str, by: By, daily: bool, order: DateOrder | None) -> tuple[str, int]:
    """The period of a date, 2008 or 2008-03, and its day there, from 0 (0 unless ``daily``)."""
    needed = 3 if daily else 2 if by == "month" else 1
    parts = _date_parts(text, order, needed)
    if len(parts) < needed:
        hint = f"Write {('2008, 2008-03 or 2008-03-31', '2008-03', '2008-03-31')[needed - 1]}."
        if _SHORT_YEAR.fullmatch(text):
            hint = "Write years with four digits, as in 2008-03-31 or 3/31/2008."
        raise DamagedLineError("bad-date", f"'{text[:40]}' is no date here.", hint, "date")
    try:
        day = date(*(*parts, 1, 1)[:3])
    except ValueError:
        hint = f"Dates here are read {order}." if order and is_year_last(text) else ""
        raise DamagedLineError("bad-date", f"'{text[:40]}' is no day.", hint, "date") from None
    if day > date.today() + timedelta(days=1):  # elsewhere it is tomorrow already
        raise DamagedLineError("bad-date", f"'{text[:40]}' has not come yet.", column="date")
    if by == "month":
        return f"{day.year:04d}-{day.month:02d}", day.day - 1 if daily else 0
    return f"{day.year:04d}", day.timetuple().tm_yday - 1 if daily else 0


def _date_parts(text: str, order: DateOrder | None, needed: int) -> list[int]:
    """Year, month and day of a date, as far as it has them."""
    match = _COMPACT.fullmatch(text) or _YEAR_FIRST.fullmatch(text)
    if match:
        return [int(part) for part in match.groups() if part]
    match = _YEAR_LAST.fullmatch(text)
    if match is None:
        return []
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    order = order or order_of_date(text)
    if order is None and first != second and needed > 1:
        wrong = f"'{text[:40]}' may be in month {first} or {second}: no day over 12 shows which."
        hint = "Choose by --dates month-first or --dates day-first."
        raise DamagedLineError("ambiguous-date", wrong, hint, "date")
    return [year, second, first] if order == "day-first" else [year, first, second]
