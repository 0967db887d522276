"""Names and codes of states as event data write them, as ISO 3166 alpha-3 codes.

The codes and names of ISO 3166 come from the package iso3166. ``state_names.csv`` adds what
ICEWS writes otherwise, and the codes of CAMEO that are not those of ISO 3166 (Gerner, Schrodt,
Yilmaz and Abu-Jabr 2002; the list of countries distributed with GDELT); its regions have no code.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from relsim.errors import Position, Problem, ScenarioError
from relsim.scenario.text_files import read_text_file

MAX_BYTES = 1024 * 1024  # some thousand names; all that are known take 10 KiB
_NO_LETTERS = re.compile(r"[\W_]+")
_CODE = re.compile(r"[A-Z]{3}")
_FORM = "Its first line is name,code; a code is three capital letters, or empty for no state."


def state_codes(own: Path | None = None) -> dict[str, str]:
    """Codes by simplified name or code; '' for what is known to be no state.

    Args:
        own: a CSV file ``name,code`` that adds to what is known, or replaces it.

    Raises:
        ScenarioError: with every problem of the file.
    """
    import iso3166

    known: dict[str, str] = {}
    for state in iso3166.countries:
        for name in (state.alpha3, state.name, state.apolitical_name):
            known[simplified(name)] = state.alpha3
    text = files("relsim.hindcast").joinpath("state_names.csv").read_text(encoding="utf-8")
    known |= {simplified(row["name"]): row["code"] for row in csv.DictReader(text.splitlines())}
    return known | (_own_codes(own) if own else {})


def simplified(name: str) -> str:
    """A name without case, accents, punctuation and a leading 'the'.

    >>> simplified("Côte d'Ivoire"), simplified("The Gambia")
    ('cote d ivoire', 'gambia')
    """
    parts = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(part for part in parts if not unicodedata.combining(part))
    return _NO_LETTERS.sub(" ", letters).strip().removeprefix("the ")


def _own_codes(file: Path) -> dict[str, str]:
    problems: list[Problem] = []
    codes = dict(_rows(file, problems))
    if problems:
        raise ScenarioError(problems)
    return codes


def _rows(file: Path, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    name = str(file)
    text, unreadable = read_text_file(file, name, MAX_BYTES, "a CSV file")
    problems += unreadable
    if unreadable:
        return
    rows = csv.reader(text.splitlines())
    if [one.strip() for one in next(rows, [])] != ["name", "code"]:
        problems.append(Problem(Position(name), "missing-column", "This is no list.", _FORM))
        return
    for row in filter(None, rows):
        code = row[-1].strip()
        if len(row) != 2 or not simplified(row[0]) or (code and not _CODE.fullmatch(code)):
            said = f"'{','.join(row)[:40]}' is not a name and a code."
            problems.append(Problem(Position(name, rows.line_num), "bad-code", said, _FORM))
        else:
            yield simplified(row[0]), code
