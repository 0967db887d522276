"""Results are found by their folder or by that of their scenario."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hand_made import ensemble_of
from relsim.errors import ResultsError
from relsim.results import compare
from relsim.results.folder import finished_folders
from relsim.results.job import Nobody
from relsim.results.question import Question
from relsim.results.result import Result, result_folder
from scenarios_to_test import scenario_of


def finished(folder: Path, written: int) -> Path:
    folder.mkdir(parents=True)
    manifest = folder / "manifest.json"
    manifest.write_text("{}")
    os.utime(manifest, (written, written))
    return folder


def test_a_result_is_found_by_its_folder_and_the_newest_by_that_of_its_scenario(
    tmp_path: Path,
) -> None:
    old, new = finished(tmp_path / "base" / "0a", 100), finished(tmp_path / "base" / "0b", 200)
    (tmp_path / "base" / ".0c.part-1").mkdir()
    assert result_folder(old) == old
    assert result_folder(tmp_path / "base") == new
    assert finished_folders(tmp_path) == [new, old]


def test_results_of_different_scenarios_under_one_name_are_not_guessed_at(tmp_path: Path) -> None:
    folder = tmp_path / "status-quo"
    for number, (name, written) in {
        "0a": ("Nile", 100),
        "0b": ("Nile", 200),
        "0c": ("Steppe", 300),
        "0d": ("Nile", 150),
    }.items():
        manifest = finished(folder / number, written) / "manifest.json"
        manifest.write_text(json.dumps({"scenario": {"name": name}}))
        os.utime(manifest, (written, written))
    with pytest.raises(ResultsError) as raised:
        result_folder(folder)
    said, *candidates = str(raised.value).splitlines()
    assert said.endswith("holds results of 2 scenarios. Name one; the newest of each:")
    assert candidates == [f"  {folder / '0b'}  Nile", f"  {folder / '0c'}  Steppe"]
    assert result_folder(folder / "0b") == folder / "0b"
    (folder / "0c" / "manifest.json").unlink()
    assert result_folder(folder) == folder / "0b"


def test_no_result_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="relsim run"):
        result_folder(tmp_path)


def test_files_compared_with_a_result_have_the_runs_that_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = scenario_of({"states": {"A": {}, "B": {}, "C": {}}})
    levels = np.zeros((8, scenario.time.steps + 1))
    ensemble = replace(ensemble_of(scenario, levels, seed=4), failed=(8, 9))
    monkeypatch.setattr(Result, "ensemble", ensemble)
    result = Result(tmp_path, {}, scenario)
    monkeypatch.setattr(compare, "open_result", lambda _: result)
    questions: list[Question] = []
    monkeypatch.setattr(compare, "_answered", lambda question, _: questions.append(question))
    file = tmp_path / "file.yaml"
    compare.paired_results(
        [tmp_path, file],
        {file: scenario},
        runs=None,
        seed=None,
        out=tmp_path,
        watching=lambda _: nullcontext(Nobody()),
    )
    assert [(question.runs, question.seed) for question in questions] == [(10, 4)]
