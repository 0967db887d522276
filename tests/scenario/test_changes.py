"""Values changed from outside the file: ``--set`` and ``with_changes``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relsim.errors import ScenarioError
from relsim.scenario.load import check_file, load
from relsim.scenario.text import yaml_text
from scenario.minimal import MINIMAL, scenario_with
from scenarios_to_test import EVERYTHING, scenario_of

FULL = {"relsim": 1, "name": "full", **EVERYTHING}


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    (tmp_path / "s.yaml").write_text(yaml_text(FULL), encoding="utf-8")
    return tmp_path / "s.yaml"


def part(data: Any, path: str) -> Any:
    for step in path.split("."):
        data = data[int(step)] if isinstance(data, list) else data[step]
    return data


SETTINGS = [
    ("A.ties.C=0.2", "states.A.ties.C", 0.2),
    ("states.A.ties.C=0.2", "states.A.ties.C", 0.2),
    ("A.ties.C.fades_with=war", "states.A.ties.C", {"weight": 0.6, "fades_with": "war"}),
    ("B.ties.A=0.2", "states.B.ties.A", {"weight": 0.2, "fades_with": "order"}),
    ("A.ties.D={uniform: [0.1, 0.2]}", "states.A.ties.D", {"uniform": [0.1, 0.2]}),
    ("A.ties.D={weight: 0.1, fades_with: war}", "states.A.ties.D.fades_with", "war"),
    ("drift=1e-3", "parameters.drift", 0.001),
    ("half_life=2 years", "parameters.half_life", "2 years"),
    ("parameters.rivalry_gain=0", "parameters.rivalry_gain", 0),
    ("ties.A-C.high=0.4", "ties.A-C", {"overall": 0.2, "high": 0.4}),
    ("ties.A-C=-0.4", "ties.A-C", -0.4),
    (" name =new", "name", "new"),
    ("name=a = b", "name", "a = b"),
    ("events.visit.effects.0.lasting=0.5", "events.visit.effects.0.lasting", 0.5),
    ("events.visit.at.1=2023-01", "events.visit.at", ["2020-03", "2023-01", "2022-05"]),
    ("events.visit.at=2023-01", "events.visit.at", "2023-01"),
    ("events.visit.off=true", "events.visit.off", True),
    ("context.war=0.1", "context.war", 0.1),
    ("domains.high=3", "domains.high", 3),
]


@pytest.mark.parametrize(("setting", "path", "value"), SETTINGS)
def test_settings(file: Path, setting: str, path: str, value: Any) -> None:
    checked = check_file(file, [setting])
    assert checked.problems == ()
    assert part(checked.require().as_written, path) == value


@pytest.mark.parametrize("nothing", ["", " ", "null", "~"])
def test_an_empty_value_removes(file: Path, nothing: str) -> None:
    found = check_file(file, [f"A.ties.C={nothing}"]).require()
    assert [*found.states["A"].ties] == ["D"]


def test_settings_apply_in_order(file: Path) -> None:
    settings = ["ties.A-C.high=0.1", "ties.A-C=0.3", "ties.A-C.low=0.2"]
    found = check_file(file, settings).require()
    assert found.as_written["ties"]["A-C"] == {"overall": 0.3, "low": 0.2}


BAD_SETTINGS = [
    ("drift", 1, "bad-set", "As in PAK.ties.USA=0.2."),
    ("=1", 1, "bad-set", "As in PAK.ties.USA=0.2."),
    ("Q.ties.A=1", 1, "unknown-state", None),
    ("event.visit.off=true", 1, "unknown-state", "Did you mean events?"),
    ("visit.off=true", 1, "unknown-state", "Write events.visit.off."),
    ("visit=on", 1, "unknown-state", "Write events.visit.off=false, or --on visit."),
    ("events.visit.on=true", 1, "unknown-key", None),
    ("events.vist.off=true", 1, "unknown-event", "Did you mean visit?"),
    ("issues.bordr.label=x", 1, "unknown-issue", "Did you mean border?"),
    ("claims.none.probability=1", 1, "unknown-claim", None),
    ("A.tise.C=1", 1, "unknown-key", "Did you mean ties?"),
    ("parameters.drfit=1", 1, "unknown-key", "Did you mean drift?"),
    ("name.x=1", 1, "bad-path", ""),
    ("events.visit.effects.9.size=1", 1, "bad-path", ""),
    ("events.visit.effects.².size=1", 1, "bad-path", ""),
    ("parameters" + ".x" * 3000 + "=1", 1, "bad-path", ""),
    ("A.ties.C=x", 1, "not-a-number", ""),
    ("A.ties.C=-1.1", 1, "out-of-range", ""),
    ("A.ties.C={weight: -1.1}", 10, "out-of-range", ""),
    ("A.ties.C=[", 2, "yaml-syntax", None),
    ("A.ties.C=!!int 1", 1, "yaml-tag", "Remove the tag; plain values suffice."),
    ("name=", 1, "missing-key", ""),
    ("events.vist=", 1, "nothing-to-remove", "Did you mean visit?"),
    ("events.visit.lable=null", 1, "nothing-to-remove", "Did you mean label?"),
    ("events.visit.effects.0.lastng=~", 1, "nothing-to-remove", "Did you mean lasting?"),
    ("parameters.mutualty=", 1, "nothing-to-remove", "Did you mean mutuality?"),
    ("context.wra=", 1, "nothing-to-remove", "Did you mean war?"),
    ("domains.hgih=", 1, "nothing-to-remove", "Did you mean high?"),
    ("ties.A-C.hgih=", 1, "nothing-to-remove", None),
    ("Q=", 1, "nothing-to-remove", None),
    ("nope=", 1, "nothing-to-remove", None),
    ("events.visit=on", 1, "wrong-type", "Write events.visit.off=false, or --on visit."),
    ("events.visit=off", 1, "wrong-type", "Write events.visit.off=true, or --off visit."),
    ("events.visit=true", 1, "wrong-type", "Write events.visit.off=false, or --on visit."),
    ('name="a\\u001b[31m"', 1, "yaml-syntax", ""),
    ('name="a\\u202eb"', 1, "yaml-syntax", ""),
]


@pytest.mark.parametrize(("setting", "column", "code", "hint"), BAD_SETTINGS)
def test_bad_settings(file: Path, setting: str, column: int, code: str, hint: str | None) -> None:
    (problem,) = check_file(file, [setting]).problems
    assert problem.code == code
    if code != "missing-key":
        assert problem.position.file == f"--set {setting}"
        assert (problem.position.line, problem.position.column) == (1, column)
    if hint is not None:
        assert problem.hint == hint


def test_every_bad_setting_is_told_with_the_problems_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(MINIMAL.replace("0.3", "3"))
    problems = check_file(tmp_path / "s.yaml", ["x", "Q.ties.A=1", "drift=x"]).problems
    assert [problem.code for problem in problems] == [
        "unknown-state", "not-a-number", "bad-set", "out-of-range",
    ]  # fmt: skip


@pytest.mark.parametrize("setting", ["drift=", "events.visit.label=", "sources=", "time.step="])
def test_a_key_that_is_not_written_may_be_removed(file: Path, setting: str) -> None:
    assert check_file(file, [setting]).problems == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"events.vist": None},
        {"parameters.mutualty": None},
        {"name": "a\x1b[31m"},
        {"events.visit": {"at": "2020-02", "label": "\u202e", "effects": []}},
        {"sources": ["a", "\ufffe"]},
        {"events.vi\u2066sit.off": True},
    ],
)
def test_what_python_cannot_change(changes: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario_of(EVERYTHING).with_changes(changes)
    (problem,) = caught.value.problems
    assert problem.code in ("nothing-to-remove", "yaml-syntax")
    assert str(problem).isprintable()


def test_with_changes_leaves_the_original_alone() -> None:
    original = scenario_of(EVERYTHING).named("slug")
    changed = original.with_changes({"A.ties.C": None, "ties.A-C.high": 0.4, "drift": 0})
    assert [*changed.states["A"].ties] == ["D"]
    assert changed.parameters.drift == 0
    assert changed.slug == "slug"
    assert original.states["A"].ties["C"].weight == 0.6
    assert original.with_changes({}).model_dump() == original.model_dump()
    assert changed.with_changes({"A.ties.C": 0.6}).states["A"].ties["C"].weight == 0.6


def test_changes_from_python_are_named_in_problems(file: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(file, {"A.ties.C": "much"})
    (problem,) = caught.value.problems
    assert (problem.position.file, problem.code) == ("change A.ties.C", "not-a-number")


def test_a_default_section_can_be_set() -> None:
    scenario = scenario_with("about: x").with_changes({"parameters.drift": 0.1})
    assert scenario.parameters.drift == 0.1


def test_a_state_of_which_nothing_is_said_takes_changes() -> None:
    changed = scenario_with("states: {A: , B: }").with_changes({"A.ties.B": 0.4, "A.name": "Aland"})
    assert changed.states["A"].ties["B"].weight == 0.4
    assert changed.states["A"].name == "Aland"


@pytest.mark.parametrize(
    ("before", "removed"),
    [
        ({}, ["A.ties.B", "ties.A-B", "states.B"]),
        ({"A.ties.B": 0.4}, ["A.ties.B", "ties.A-B", "states.B"]),
        ({"B.ties.A": -0.4}, ["A.ties.B", "ties.A-B", "states.B"]),
        ({}, ["A.issues", "issues"]),
        ({"A.issues.border.salience": 0.9}, ["A.issues", "issues"]),
    ],
)
def test_what_is_removed_leaves_no_interest_in_the_reference(
    before: dict[str, Any], removed: list[str]
) -> None:
    states = "A: {ties: {B: 0.2}, issues: {border: {stance: 1, salience: 0.5}}}, B: , C: "
    scenario = scenario_with(f"states: {{{states}}}\nissues: {{border: {{minus: x, plus: y}}}}")
    changed = scenario.with_changes(before).with_changes(dict.fromkeys(removed))
    assert changed.reference == {}
