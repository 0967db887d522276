"""A scenario with changes shares with its original what did not change. It is the scenario, and has
the problems, of reading the file anew with the same changes."""

from __future__ import annotations

from typing import Any

import pytest

import relsim
from relsim.errors import ScenarioError
from relsim.scenario.schema import Scenario

FILE = "scenarios/pakistan-russia/status-quo.yaml"
SOUND: list[dict[str, Any]] = [
    {"PAK.ties.USA": 0.3},
    {"PAK.ties.USA": 0.3, "recoded": ["PAK.ties.USA"]},
    {"PAK.ties.USA.weight": {"uniform": [0.1, 0.2]}, "alignment_gain": 0.2},
    {"PAK.ties.USA": None},
    {"ties.PAK-RUS": {"overall": 0.1, "defence": 0.0}},
    {"name": "A  name\n in two lines", "time.end": "2028-01"},
    {"events.talks": {"label": "Two\nlines", "at": ["2026-01"], "effects": []}},
    {"states.XXX": {"ties": {"PAK": 0.5}}, "ties.XXX-PAK": 0.1},
]
BROKEN: list[dict[str, Any]] = [
    {"PAK.ties.XYZ": 0.3},
    {"PAK.ties.PAK": 0.3},
    {"PAK.ties.USA": 7},
    {"states.USA": None},
    {"domains": ["trade"]},
    {"time.end": "2019-01"},
    {"PAK.capacity.defence": 0.0, "PAK.tie.USA": 1},
    {"ties.PAK-RUS": {"uniform": [0.1, 0.2], "overall": 0.1}},
    {"ties.PAK>PAK": 0.1, "ties.RUS-PAK": 0.2},
    {"issues": None},
    {"context": {}},
]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return relsim.load(FILE)


@pytest.mark.parametrize("changes", SOUND, ids=str)
def test_it_is_that_of_the_file_read_anew(scenario: Scenario, changes: dict[str, Any]) -> None:
    changed, anew = scenario.with_changes(changes), relsim.load(FILE, changes)
    assert changed.model_dump() == anew.model_dump()
    assert changed == anew
    assert changed.as_written == anew.as_written
    assert changed.title == anew.title


@pytest.mark.parametrize("changes", BROKEN, ids=str)
def test_it_has_the_problems_of_the_file_read_anew(
    scenario: Scenario, changes: dict[str, Any]
) -> None:
    with pytest.raises(ScenarioError) as anew:
        relsim.load(FILE, changes)
    with pytest.raises(ScenarioError) as changed:
        scenario.with_changes(changes)
    assert said(changed.value) == said(anew.value)


def test_an_uncertain_number_lends_no_name_to_a_map() -> None:
    text = """
relsim: 1
name: Two
time: {start: 2020-01, end: 2021-01}
states: {A: {}, B: {ties: {A: 0.5}}}
ties: {A-B: {uniform: [0.1, 0.2]}}
"""
    changes = {"ties.A-B": {"uniform": [0.1, 0.2], "overall": 0.1}}
    with pytest.raises(ScenarioError, match="'uniform' is not a domain here"):
        relsim.load(text).with_changes(changes)


def test_what_did_not_change_is_shared(scenario: Scenario) -> None:
    changed = scenario.with_changes({"PAK.ties.USA": 0.3})
    assert changed.states["PAK"] is not scenario.states["PAK"]
    assert changed.states["RUS"] is scenario.states["RUS"]
    assert all(changed.events[name] is event for name, event in scenario.events.items())


def said(error: ScenarioError) -> list[tuple[Any, ...]]:
    """The problems but for the files that inherit theirs."""
    return [(p.position, p.code, p.text, p.hint) for p in error.problems]
