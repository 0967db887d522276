"""Interests in experiments: changed ones move relations, ones that are read differently do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.small import study_in, written
from relsim.ensemble.simulate import simulate
from relsim.errors import ScenarioError
from relsim.experiments.evaluate import evaluate
from relsim.experiments.load import interests_in_words, load_experiment
from relsim.experiments.study import Outcomes, Study
from relsim.scenario.reference import reference_interests
from relsim.scenario.values import Distribution
from relsim.stats import Values

QUIET = """\
relsim: 1
name: Nobody stirs
time: {start: 2020-01, end: 2024-01, step: month}
parameters: {volatility: 0, drift: 0}
issues: {border: {minus: open, plus: shut}}
states:
  A:
    ties: {B: 0.3, C: {uniform: [0.2, 0.6]}}
    issues: {border: {stance: 0.5, salience: 0.4}}
    capacity: {defence: 0.9}
  B:
    ties: {C: -0.3}
    issues: {border: {stance: -0.5, salience: 0.4}}
  C: {ties: {A: 0.6}}
ties: {A-B: 0.2, A-C: -0.3, B-C: 0.5}
"""
# Each interest with a range, and which way a rise of it moves a pair, by the formula of the model.
SIGNS = [
    ("A.ties.C", [0.1, 0.9], "A-B", 1),  # C gets on better with B than A does
    ("A.ties.B", [-0.2, 0.8], "A-C", 1),  # and so does B with C
    ("B.ties.C", [-0.9, -0.1], "A-B", -1),  # B minds C less, whom A is at odds with
    ("C.ties.B", [0, 0.8], "A-C", 1),  # a tie that the scenario does not have
    ("A.issues.border.stance", [-0.5, 0.8], "A-B", -1),  # B wants the border open
    ("A.issues.border.salience", [0.1, 0.9], "A-B", -1),
    ("states.B.capacity.defence", [0.55, 1.0], "A-B", 1),
]
METHODS: list[dict[str, Any]] = [
    {"sweep": {"grid": 3}},
    {"sensitivity": {"method": "morris", "samples": 2}},
    {"tune": {"goals": {"change": "highest"}, "trials": 12}},
    {"discover": {"measure": "change", "above": 0, "samples": 4}},
]


def experiment(pair: str, method: Mapping[str, Any], **parts: Any) -> dict[str, Any]:
    return {
        **{"relsim": 1, "name": "What interests do", "scenario": "three.yaml", "runs": 2},
        **{"measures": {"change": {"change": pair}}, **method, **parts},
    }


@dataclass(frozen=True)
class InMemory:
    """An engine that keeps nothing."""

    study: Study
    folder: Path

    def simulate(self, points: Values) -> Outcomes:
        return evaluate(self.study, points)

    def evaluate(self, points: Values, first_run: int = 0) -> Outcomes:
        return evaluate(self.study, points, first_run=first_run)


def outcomes(study: Study, folder: Path) -> tuple[Values, Values]:
    """Points [P, K] of the method of a study, and the change [P, R] at each."""
    simulated = study.method.run(study, InMemory(study, folder)).outcomes
    return simulated.points, simulated.by_measure["change"]


@pytest.mark.parametrize(("path", "ends", "pair", "sign"), SIGNS, ids=[one[0] for one in SIGNS])
def test_a_changed_interest_moves_as_the_formula_says_and_a_reading_does_not(
    tmp_path: Path, path: str, ends: list[float], pair: str, sign: int
) -> None:
    changed = {path: ends}
    study = study_in(tmp_path, experiment(pair, {"sweep": {"grid": 4}}, parameters=changed), QUIET)
    assert [one.interest for one in study.parameters] == ["changed"]
    _, found = outcomes(study, tmp_path)
    assert (np.diff(found, axis=0) * sign > 1e-4).all()
    read = {path: {"range": ends, "as": "reading"}}
    study = study_in(tmp_path, experiment(pair, {"sweep": {"grid": 4}}, parameters=read), QUIET)
    assert [one.interest for one in study.parameters] == ["reading"]
    _, found = outcomes(study, tmp_path)
    assert np.abs(found).max() == 0


@pytest.mark.parametrize("method", METHODS, ids=[next(iter(one)) for one in METHODS])
def test_every_method_takes_interests_alike(tmp_path: Path, method: dict[str, Any]) -> None:
    both: dict[str, Any] = {"A.ties.C": [0.1, 0.9], "C.ties.B": {"range": [0, 0.8]}}
    for taken in ("changed", "reading"):
        both["C.ties.B"]["as"] = taken
        for pair, column, moves in (("A-B", 0, True), ("A-C", 1, taken == "changed")):
            study = study_in(tmp_path, experiment(pair, method, parameters=both), QUIET)
            folder = tmp_path / f"{taken} {pair}"
            folder.mkdir()
            points, found = outcomes(study, folder)
            slopes = np.linalg.lstsq(
                np.column_stack([points, np.ones(len(points))]), found.mean(axis=1), rcond=None
            )[0]
            assert bool(slopes[column] > 1e-3) is moves


@pytest.mark.parametrize("method", ["attribute", "advise"])
def test_switched_interests_are_changed(tmp_path: Path, method: str) -> None:
    switches: dict[str, Any] = {
        "cue": "A.ties.C",
        "quarrel": {"on": {"A.issues.border.salience": 0.9}},
        "idle": {"on": {"C.ties.B": 0}},
    }
    asked: dict[str, Any] = {"attribute": {"players": switches}}
    if method == "advise":
        asked = {"advise": {"raise": "change", "levers": switches}, "runs": 4}
    study = study_in(tmp_path, experiment("A-B", asked), QUIET)
    points, found = outcomes(study, tmp_path)
    columns = np.column_stack([points, np.ones(len(points))])
    cue, quarrel, idle, _ = np.linalg.lstsq(columns, found.mean(axis=1), rcond=None)[0]
    assert cue > 1e-3
    assert quarrel < -1e-3
    assert abs(idle) < 1e-9
    said = " ".join(study.method.analyse(study, points, {"change": found}).sentences())
    assert {"attribute": "cue", "advise": "cue"}[method] in said


def test_what_is_set_is_changed_and_a_parameter_starts_from_the_reference(tmp_path: Path) -> None:
    """`set` changes what the opening was read with no more than a parameter does."""
    varied = {"B.ties.C": [-0.9, -0.1]}
    asked = experiment("A-B", {"sweep": {"grid": 2}}, parameters=varied, set={"A.ties.C": 0.9})
    study = study_in(tmp_path, asked, QUIET)
    opening = reference_interests(study.scenario)
    assert opening["B.ties.C"] == -0.3
    assert isinstance(opening["A.ties.C"], Distribution)
    recoded = {"A.ties.C": 0.9, "recoded": ["A.ties.C"]}
    study = study_in(tmp_path, {**asked, "set": recoded}, QUIET)
    opening = reference_interests(study.scenario)
    assert opening["B.ties.C"] == -0.3
    assert opening["A.ties.C"] == 0.9


@pytest.mark.parametrize("ends", [[0.2, 0.6], [0.1, 0.9]])
def test_the_reference_of_an_uncertain_interest_is_drawn_as_ever(
    tmp_path: Path, ends: list[float]
) -> None:
    """A range that is the scenario's own distribution is a change as any other."""
    asked = experiment("A-B", {"sweep": {"grid": 2}}, parameters={"A.ties.C": ends})
    study = study_in(tmp_path, asked, QUIET)
    assert [study.parameters[0].low, study.parameters[0].high] == ends
    points, found = outcomes(study, tmp_path)
    for place, (weight,) in enumerate(points):
        alone = simulate(study.base.with_changes({"A.ties.C": float(weight)}), runs=2, seed=0)
        level = alone.data["overall"].sel(pair="A-B").values.astype(np.float64)
        assert np.array_equal(found[place], level[:, -1] - level[:, 0])
        assert found[place, 0] != found[place, 1]


def test_only_interests_are_changed_or_read(tmp_path: Path) -> None:
    parameters = {
        "A.ties.B": [0, 0.8],
        "issue_gain": {"range": [0.1, 0.4], "as": "reading"},
    }
    file = written(
        tmp_path, experiment("A-B", {"sweep": {"grid": 2}}, parameters=parameters), QUIET
    )
    with pytest.raises(ScenarioError) as raised:
        load_experiment(file)
    (problem,) = raised.value.problems
    lines = file.read_text(encoding="utf-8").splitlines()
    assert "as: reading" in lines[problem.position.line - 1]
    assert (problem.code, problem.hint) == ("bad-reading", "Leave `as` out.")
    assert "'issue_gain' is no interest" in problem.text


def test_a_sentence_says_how_interests_were_taken(tmp_path: Path) -> None:
    def said(**parts: Any) -> str:
        study = study_in(tmp_path, experiment("A-B", {"sweep": {"grid": 2}}, **parts), QUIET)
        return interests_in_words(study.experiment, study.parameters, study.scenario)

    two: dict[str, Any] = {"A.ties.C": [0.1, 0.9], "C.ties.B": [0, 0.8]}
    read = {"B.ties.C": {"range": [-0.9, -0.1], "as": "reading"}}
    opening = "the opening is read with the scenario's own values"
    alike = "so that the opening is at rest with what the point says"
    assert said(parameters=two) == f"2 interests are changed: {opening}."
    assert said(parameters={**two, **read}) == (
        f"2 interests are changed: {opening}; 1 is read differently at each point, {alike}."
    )
    assert said(parameters=read) == f"1 interest is read differently at each point, {alike}."
    assert said(parameters={"issue_gain": [0, 1]}) == ""
    fixed = {"B.ties.C": -0.9}
    assert said(parameters=two, set=fixed) == f"3 interests are changed: {opening}."
    alone = {"parameters": {"issue_gain": [0, 1]}, "set": {**fixed, "recoded": "all"}}
    assert said(**alone) == ""
