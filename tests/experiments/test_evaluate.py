"""Outcomes at points are those of the scenario with the numbers of the point written into it."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.small import SWITCHED, VARIED, study_in
from relsim.analysis.claims import judged_values
from relsim.ensemble.chunks import Stopped, new_stop
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.experiments.evaluate import evaluate
from relsim.experiments.study import Study, claim_of

POINTS = np.array([[0.1, 2.0], [0.5, 9.0], [0.9, 20.0]])


def written_into(study: Study, changes: dict[str, Any]) -> Ensemble:
    """The scenario of a study with certain numbers, simulated as any other."""
    return simulate(
        study.scenario.with_changes(changes),
        runs=study.experiment.runs,
        seed=study.experiment.seed,
    )


def test_a_point_is_the_scenario_with_its_numbers(tmp_path: Path) -> None:
    study = study_in(tmp_path, VARIED)
    outcomes = evaluate(study, POINTS).by_measure
    for place, (weight, months) in enumerate(POINTS):
        alone = written_into(study, {"A.ties.B": weight, "half_life": f"{months} months"})
        for name in ("level", "early"):
            expect = alone.scenario.claims[claim_of(name)].expect
            assert np.array_equal(outcomes[name][place], judged_values(expect, alone)), name
        level = alone.data["overall"].sel(pair="A-B").values.astype(np.float64)
        swing = np.diff(level, axis=1).std(axis=1, ddof=1) * np.sqrt(12)
        assert outcomes["swing"][place] == pytest.approx(swing, rel=1e-12)
        assert np.array_equal(outcomes["often"][place], level[:, -1] > np.float32(0.25))
        assert np.array_equal(outcomes["warmer"][place], level[:, -1] > level[:, 0])


def test_fresh_runs_are_the_next_ones_of_the_same_seed(tmp_path: Path) -> None:
    """Their noise, chances and uncertain numbers: a tie of the scenario is drawn in each run."""
    twice = evaluate(study_in(tmp_path, {**VARIED, "runs": 10}), POINTS).by_measure
    study = study_in(tmp_path, VARIED)
    first, fresh = (evaluate(study, POINTS, first_run=run).by_measure for run in (0, 5))
    for name, values in twice.items():
        assert np.array_equal(np.hstack([first[name], fresh[name]]), values), name


def test_a_run_that_never_gets_there_counts_with_the_whole_span(tmp_path: Path) -> None:
    far = {**VARIED, "measures": {"when": {"time_to": "A-B", "above": 0.99}}}
    assert (evaluate(study_in(tmp_path, far), POINTS).by_measure["when"] == 2.0).all()
    below = {**VARIED, "measures": {"when": {"time_to": "A-B", "below": 0.99}}}
    assert (evaluate(study_in(tmp_path, below), POINTS).by_measure["when"] == 1 / 12).all()


def test_a_switch_is_the_change_it_names(tmp_path: Path) -> None:
    study = study_in(tmp_path, SWITCHED)
    outcomes = evaluate(study, np.array([[0.0, 1, 0], [1, 0, 1]])).by_measure["level"]
    first: dict[str, Any] = {"events.deal.off": True, "events.lever.off": False, "A.ties.C": 0}
    second: dict[str, Any] = {"events.lever.off": True}
    for place, changes in enumerate((first, second)):
        alone = written_into(study, changes)
        expect = alone.scenario.claims[claim_of("level")].expect
        assert np.array_equal(outcomes[place], judged_values(expect, alone))


def test_points_are_the_same_alone_in_processes_and_after_others_were_known(tmp_path: Path) -> None:
    study = study_in(tmp_path, VARIED)
    many = np.random.default_rng(0).uniform([0.1, 2], [0.9, 20], (120, 2))
    whole = evaluate(study, many)
    kept: dict[int, dict[str, Any]] = {}

    def keep(places: Any, outcomes: Any) -> None:
        for row, place in enumerate(places):
            kept[int(place)] = {name: values[row] for name, values in outcomes.items()}

    with ProcessPoolExecutor(1) as executor:
        elsewhere = evaluate(study, many[:60], executor=executor, done=keep)
    assert len(kept) == 60
    rest = evaluate(study, many, known=kept)
    for name, values in whole.by_measure.items():
        assert np.array_equal(elsewhere.by_measure[name], values[:60]), name
        assert np.array_equal(rest.by_measure[name], values), name


def test_work_can_be_stopped(tmp_path: Path) -> None:
    stop = new_stop()
    stop[0] = 1
    with pytest.raises(Stopped):
        evaluate(study_in(tmp_path, VARIED), POINTS, stop=stop)
