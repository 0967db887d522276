"""Codes of states by the names that event data give them, and a user's own list of names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from relsim.analysis.observed import known_states, simplified
from relsim.errors import Position, Problem, ScenarioError
from relsim.scenario.text_files import read_text_file

MAX_BYTES = 1024 * 1024  # some thousand names; all that are known take 10 KiB
_CODE = re.compile(r"[A-Z]{3}")
_FORM = "Its first line is name,code; a code is three capital letters, or empty for no state."


def state_codes(own: Path | None = None) -> dict[str, str]:
    """Codes by simplified name or code; '' for what is known to be no state.

    Args:
        own: a CSV file ``name,code`` that adds to what is known, or replaces it.

    Raises:
        ScenarioError: with every problem of the file.
    """
    return dict(known_states()) | (_own_codes(own) if own else {})


def _own_codes(file: Path) -> dict[str, str]:
    text, problems = read_text_file(file, str(file), MAX_BYTES, "a CSV file")
    codes = dict(_rows(text, str(file), problems)) if not problems else {}
    if problems:
        raise ScenarioError(problems)
    return codes


def _rows(text: str, name: str, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    rows = csv.reader(text.split("\n"))
    try:
        if [title.strip() for title in next(rows, [])] != ["name", "code"]:
            problems.append(Problem(Position(name), "missing-column", "This is no list.", _FORM))
            return
        lines: dict[str, int] = {}
        for row in filter(None, rows):
            place, known = Position(name, rows.line_num), simplified(row[0])
            code = row[-1].strip()
            if len(row) != 2 or not known or (code and not _CODE.fullmatch(code)):
                said = f"'{','.join(row)[:40]}' is not a name and a code."
                problems.append(Problem(place, "bad-code", said, _FORM))
            elif known in lines:
                said = f"'{row[0][:40]}' stands here already, on line {lines[known]}."
                problems.append(Problem(place, "duplicate-row", said, "Keep one of the two."))
            else:
                lines[known] = rows.line_num
                yield known, code
    except csv.Error as error:
        place = Position(name, rows.line_num)
        problems.append(Problem(place, "csv-syntax", f"Not a line of CSV: {error}."))
