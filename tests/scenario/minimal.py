"""A smallest scenario to put snippets into."""

from __future__ import annotations

import re

from relsim.errors import Problem
from relsim.scenario.load import check_text
from relsim.scenario.schema import Scenario

SECTIONS = {
    "relsim": "relsim: 1\n",
    "name": "name: test\n",
    "time": "time: {start: 2020-01, end: 2022-01}\n",
    "states": "states: {A: , B: }\n",
    "ties": "ties: {A-B: 0.3}\n",
}
MINIMAL = "".join(SECTIONS.values())


def with_rest(snippet: str) -> str:
    """The snippet, from line 1, and after it the sections of a smallest scenario it lacks."""
    written = re.findall(r"^(\w+):", snippet, re.MULTILINE)
    rest = (text for name, text in SECTIONS.items() if name not in written)
    return snippet.rstrip("\n") + "\n" + "".join(rest)


def places(problems: tuple[Problem, ...]) -> list[tuple[int, int, str]]:
    """Line, column and code of each problem."""
    return [(one.position.line, one.position.column, one.code) for one in problems]


def problems_of(snippet: str) -> list[tuple[int, int, str]]:
    """Line, column and code of everything wrong with the snippet."""
    return places(check_text(with_rest(snippet)).problems)


def scenario_with(snippet: str) -> Scenario:
    """The scenario of a sound snippet."""
    return check_text(with_rest(snippet)).require()
