"""A command compiles and types each scenario once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands import Command
from relsim.figures.save import Painter
from relsim.model import compile as compiling
from relsim.model.compile import compile_scenario
from relsim.scenario import load as loading
from relsim.scenario.load import load
from relsim.scenario.schema import State
from relsim.scenario.validation import validate
from scenarios_to_test import STATUS_QUO

BASE: dict[str, Any] = {
    "relsim": 1,
    "name": "Base",
    "time": {"start": "2020-01", "end": "2021-01"},
    "states": {"A": {"ties": {"C": {"uniform": [0.1, 0.3]}}}, "B": {}, "C": {}},
    "ties": {"A-B": 0.2, "B-C": 0.4},
}
EXPECT = {"change": "A-B", "above": 0, "against": "base.yaml"}
VARIANT = {
    "relsim": 1,
    "name": "Variant",
    "extends": "base.yaml",
    "states": {"A": {"ties": {"C": 0.5}}},
    "claims": {"closer": {"says": "They come closer.", "expect": EXPECT}},
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    for name, content in (("base", BASE), ("variant", VARIANT)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return tmp_path / "base.yaml", tmp_path / "variant.yaml"


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often what is compiled and typed, by the name of the scenario."""
    counted: Counter[str] = Counter()
    compile_, type_ = compiling._compile, validate

    def counting_compile(scenario: Any) -> Any:
        counted[f"compiled {scenario.name}"] += 1
        return compile_(scenario)

    def counting_type(tree: Any, earlier: Any = None) -> Any:
        scenario, problems = type_(tree, earlier)
        counted[f"typed {scenario.name if scenario else 'none'}"] += 1
        return scenario, problems

    monkeypatch.setattr(compiling, "_compile", counting_compile)
    monkeypatch.setattr(loading, "validate", counting_type)
    monkeypatch.setattr(Painter, "draw_what_can_be", lambda *_: None)
    monkeypatch.setattr(Painter, "start", lambda _: None)
    monkeypatch.setattr(Painter, "script", lambda _: "")
    return counted


def once(*names: str) -> dict[str, int]:
    return {f"{done} {name}": 1 for name in names for done in ("compiled", "typed")}


def test_a_run_with_a_comparison(
    relsim: Command, counts: Counter[str], files: tuple[Path, Path], tmp_path: Path
) -> None:
    command = ("run", files[1], "--runs", "20", "--out", tmp_path / "out")
    assert relsim(*command).returncode == 0
    assert counts == once("Base", "Variant")
    counts.clear()
    assert "answered before" in relsim(*command).stdout
    assert counts == {**once("Variant"), "typed Base": 1}


def test_an_explanation_of_files(
    relsim: Command, counts: Counter[str], files: tuple[Path, Path]
) -> None:
    done = relsim("explain", files[1], "A-B", "--runs", "5", "--against", files[0])
    assert done.returncode == 0
    assert counts == once("Base", "Variant")


def test_a_copy_of_a_scenario_has_arrays_of_its_own() -> None:
    """Copies take what is kept with their original; its arrays must not be among it."""
    scenario = load(STATUS_QUO)
    own = compile_scenario(scenario)
    assert compile_scenario(scenario) is own
    copy = scenario.model_copy(update={"states": {**scenario.states, "XXX": State()}})
    assert compile_scenario(copy).scenario is copy
    assert "XXX" in compile_scenario(copy).states
    assert compile_scenario(scenario.named("other")).scenario.slug == "other"
    assert compile_scenario(scenario) is own
