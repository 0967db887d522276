"""Methods of experiments have one shape, and a seventh is a file and a line."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from pydantic import Field

from experiments.small import VARIED, study_in
from relsim.cli.experiment import experiment as command
from relsim.errors import Position, ScenarioError
from relsim.experiments import load
from relsim.experiments.experiment import Experiment
from relsim.results.experiment import run_experiment
from relsim.scenario.load import other_kind
from relsim.scenario.tree import Mapping, from_plain
from scenarios_to_test import ROOT

PLAIN = {key: part for key, part in VARIED.items() if key != "sensitivity"}


@pytest.fixture
def extremes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The method that CONTRIBUTING adds, as it is shown there."""
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = guide.partition("## To add a method of experiments")[2].partition("\n## ")[0]
    file, line = map(dedent, re.findall(r" {3}```python\n(.*?) {3}```", section, flags=re.DOTALL))
    module = ModuleType("relsim.experiments.extremes")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(file, module.__dict__)
    names: dict[str, Any] = {**vars(module), "Experiment": Experiment, "Field": Field}
    exec(f"class Extended(Experiment):\n    {line}", names)
    monkeypatch.setattr(load, "Experiment", names["Extended"])


def test_the_method_that_the_guide_adds_leaves_a_whole_folder(
    tmp_path: Path, extremes: None
) -> None:
    study = study_in(tmp_path, {**PLAIN, "extremes": {}})
    assert study.method.size(study) == 4
    result = run_experiment(study, out=tmp_path / "out")
    assert result.manifest["experiment"]["method"] == "extremes"
    assert result.outcomes["parameters"].values.tolist() == [
        *([0.1, 11.0], [0.9, 11.0]),
        *([0.5, 2.0], [0.5, 20.0]),
    ]
    means = result.outcomes["level"].mean("run").values
    row = result.tables["extremes"].set_index("measure").loc["level"]
    assert list(row) == pytest.approx([means.min(), means.max()])
    assert f"level goes from {means.min():.2f} to {means.max():.2f}." in result.sentences
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    assert "Method: extremes, on “" in page


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"extremes": {"ends": 2}}, "'ends' is not a key of extremes."),
        ({}, "tune, attribute, advise, discover, extremes is needed; here: none."),
        ({"extremes": {}, "sweep": {"grid": 2}}, "is needed; here: sweep and extremes."),
        ({"extremes": {}, "parameters": {}}, "`extremes` needs `parameters` to vary."),
    ],
)
def test_a_method_that_is_added_is_checked_like_the_others(
    tmp_path: Path, extremes: None, part: dict[str, Any], text: str
) -> None:
    with pytest.raises(ScenarioError, match=re.escape(text)):
        study_in(tmp_path, {**PLAIN, **part})


def test_lists_that_cannot_import_the_methods_name_them_all() -> None:
    for name in Experiment.methods():
        assert re.search(rf"\b{name}\b", command.__doc__ or "")
        tree = from_plain({name: {}}, Position("experiment.yaml", 1, 1))
        assert isinstance(tree, Mapping)
        problem = other_kind(tree, "scenario")
        assert problem is not None
        assert f"its `{name}` says so" in problem.text


def test_each_method_says_where_its_parts_stand() -> None:
    for method in Experiment.methods().values():
        assert not method.switch_key or method.switch_key in method.model_fields
        assert bool(method.reserved) <= bool(method.switch_key)
