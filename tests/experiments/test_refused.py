"""What no experiment can do is said of its file, at its place, before anything is simulated."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.small import SCENARIO, SWITCHED, VARIED, study_in, written
from relsim.errors import Problem, ScenarioError
from relsim.experiments.checks import COLUMNS, KEPT
from relsim.experiments.discover import discover
from relsim.experiments.discovery import Outcome
from relsim.experiments.evaluate import evaluate
from relsim.experiments.load import load_experiment
from relsim.experiments.study import Parameter
from relsim.experiments.sweep import sweep, sweep_points
from relsim.results.experiment import outcome_dataset

MEASURES = {"level": {"level": "A-B"}}
PLAIN = {**VARIED, "measures": MEASURES}
del PLAIN["sensitivity"]
SWITCHES = {**SWITCHED, "measures": MEASURES}
del SWITCHES["attribute"]
PATHS = ("adaptability", "reciprocity", "volatility", "drift", "mutuality", "alignment_gain")
MANY = {
    f"p{number}": {"off": {path: 0.1}}
    for number, path in enumerate(
        (*PATHS, *(f"{state}.traits.{one}" for state in "AB" for one in PATHS[:3]))
    )
}
SERIES = "dyad,period,value\nA-B,2020,0.3\nA-C,2021,-0.3\n"


def problems(folder: Path, experiment: dict[str, Any]) -> tuple[Problem, ...]:
    (folder / "series.csv").write_text(SERIES, encoding="utf-8")
    file = written(folder, experiment)
    with pytest.raises(ScenarioError) as raised:
        load_experiment(file)
    assert {one.position.file for one in raised.value.problems} == {str(file)}
    return raised.value.problems


def line_of(folder: Path, text: str) -> int:
    lines = (folder / "experiment.yaml").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ({"sweep": {"latin_hypercube": 1}}, "latin_hypercube"),
        ({"sweep": {"sobol": 1}}, "sobol"),
        ({"sweep": {"grid": 1001}}, "grid"),
        ({"sweep": {"grid": 10**29}}, "grid"),
        ({"sweep": {"sobol": 10**9}}, "sobol"),
        ({"sweep": {"latin_hypercube": 100_000}, "runs": 10_000}, "latin_hypercube"),
        ({"sensitivity": {"samples": 7}}, "samples"),
        ({"sensitivity": {"samples": 32}}, "samples"),
        ({"sensitivity": {"samples": 2**40}}, "samples"),
        ({"sensitivity": {"method": "morris", "samples": 1}}, "samples"),
        ({"sensitivity": {"method": "pawn", "samples": 99}}, "samples"),
        ({"tune": {"goals": {"level": 0.2}, "trials": 11}}, "trials"),
        ({"tune": {"goals": {"level": 0.2}, "trials": 10**9}}, "trials"),
        ({"discover": {"measure": "level", "above": 0, "samples": 1}}, "samples"),
        ({"discover": {"measure": "level", "above": 0, "samples": 10**12}}, "samples"),
        ({"attribute": {"players": MANY, "permutations": 49}}, "permutations"),
        ({"attribute": {"players": MANY, "permutations": 10**9}}, "permutations"),
        ({"advise": {"levers": MANY, "raise": "level"}}, "levers"),
        ({"advise": {"levers": {"deal": "A.ties.B"}, "raise": "level"}, "runs": 3}, "runs"),
        ({"measures": {"fit": {"misfit": "series.csv"}}, "runs": 2, "sweep": {"grid": 2}}, "runs"),
    ],
)
def test_a_design_that_a_method_cannot_make(tmp_path: Path, part: dict[str, Any], key: str) -> None:
    switched = "attribute" in part or "advise" in part
    (found,) = problems(tmp_path, {**(SWITCHES if switched else PLAIN), **part})
    assert found.code == "bad-design"
    assert found.position.line in (line_of(tmp_path, f"{key}:"), line_of(tmp_path, f"{key}:") + 1)


@pytest.mark.parametrize(
    "part",
    [
        {"sweep": {"latin_hypercube": 2}},
        {"sweep": {"sobol": 3}},
        {"sensitivity": {"samples": 64}},
        {"sensitivity": {"method": "morris", "samples": 2}},
        {"sensitivity": {"method": "pawn", "samples": 100}},
        {"discover": {"measure": "level", "above": 0, "samples": 2}},
        {"attribute": {"players": MANY, "permutations": 50}},
        {"seed": 2**63 - 1, "sensitivity": {"method": "morris", "samples": 2}},
    ],
)
def test_the_smallest_design_is_made(tmp_path: Path, part: dict[str, Any]) -> None:
    study = study_in(tmp_path, {**(SWITCHES if "attribute" in part else PLAIN), **part})
    points = study.method.points(study)
    assert len(points) >= 2
    assert points.shape[1] == len(study.columns)


@pytest.mark.parametrize(
    ("part", "code"),
    [
        *(
            ({"tune": {"goals": {"level": goal}, "trials": 20}}, code)
            for goal, code in (
                (math.nan, "not-a-number"),
                (math.inf, "not-a-number"),
                (-math.inf, "not-a-number"),
                (1e7, "out-of-range"),
                (True, "not-a-number"),
                ("0.3", "not-a-number"),
                ("\u22120.2", "not-a-number"),
                ("０.２", "not-a-number"),
                ("higest", "bad-goal"),
                ({"uniform": [0, 1]}, "bad-distribution"),
            )
        ),
        ({"discover": {"measure": "level", "above": 0, "share": 0}}, "bad-outcome"),
        ({"discover": {"measure": "level", "above": math.nan}}, "not-a-number"),
        ({"discover": {"measure": "level", "above": {"uniform": [0, 1]}}}, "bad-distribution"),
        ({"sensitivity": {"method": "pawn", "second_order": True}}, "bad-method"),
        ({"parameters": {"A.ties.B": [0.1, 0.1 + 1e-12]}, "sweep": {"grid": 2}}, "bad-range"),
        *(
            ({"advise": {"levers": MANY, "raise": "level", "bounds": {"level": bound}}}, code)
            for bound, code in (
                ({"above": 0.5, "below": -0.5}, "bad-bound"),
                ({"above": 0.5, "below": 0.5}, "bad-bound"),
                ({"above": 0.5, "share": 0}, "bad-bound"),
                ({"above": math.inf}, "not-a-number"),
            )
        ),
        *(
            ({"attribute": {"players": {"x": {"off": change}}}}, "bad-switch")
            for change in (
                {"time.end": "2021-01"},
                {"claims.warmer.expect.above": 0.5},
                {"ensemble.runs": 5},
            )
        ),
        ({"set": {"ensemble.seed": 5}, "sweep": {"grid": 2}}, "bad-path"),
    ],
)
def test_what_contradicts_itself_or_has_no_effect(
    tmp_path: Path, part: dict[str, Any], code: str
) -> None:
    switched = "attribute" in part or "advise" in part
    found = problems(tmp_path, {**(SWITCHES if switched else PLAIN), **part})
    assert [one.code for one in found] == [code]
    assert found[0].position.line > 1


ONE_NUMBER = [
    ("A.ties.B", "states.A.ties.B"),
    ("A.ties.B", "A.ties.B.weight"),
    ("A.ties.B.weight", "states.A.ties.B"),
    ("reciprocity", "parameters.reciprocity"),
    ("ties.A-B", "ties.B-A"),
    ("ties.A-B", "ties.A-B.overall"),
    ("ties.A-B", "ties.B-A.defence"),
    ("events.deal.effects.0.size", "events.deal.effects.00.size"),
]


@pytest.mark.parametrize(("one", "other"), ONE_NUMBER)
def test_a_number_is_given_once_whatever_the_spelling(tmp_path: Path, one: str, other: str) -> None:
    def codes(experiment: dict[str, Any]) -> list[str]:
        return [found.code for found in problems(tmp_path, experiment)]

    few = {**PLAIN, "sweep": {"grid": 2}}
    assert codes({**few, "parameters": {one: [0, 0.5], other: [0.1, 0.5]}}) == ["given-twice"]
    else_varied = {**few, "parameters": {"C.ties.A": [0, 1]}}
    assert codes({**else_varied, "set": {one: 0.5, other: 0.1}}) == ["given-twice"]
    assert codes({**few, "parameters": {one: [0, 0.5]}, "set": {other: 0.1}}) == ["given-twice"]
    assert codes({**few, "parameters": {one: [0, 0.5]}, "set": {one: 0.1}}) == ["given-twice"]
    players = {"x": {"off": {one: 0.1}}, "y": {"on": {other: 0.2}}}
    assert codes({**SWITCHES, "attribute": {"players": players}}) == ["given-twice"]
    itself = {"x": {"off": {one: 0.1, other: 0.2}}}
    assert codes({**SWITCHES, "attribute": {"players": itself}}) == ["given-twice"]


@pytest.mark.parametrize(
    "part",
    [
        {"players": {"d": "events.deal", "e": {"events": ["lever", "deal"]}}},
        {"players": {"d": {"events": ["deal", "deal"]}}},
        {"players": {"d": {"events": ["deal"], "on": {"events.deal.off": True}}}},
        {"players": {"d": "events.deal", "e": {"off": {"events.deal": None}}}},
    ],
)
def test_an_event_is_switched_once(tmp_path: Path, part: dict[str, Any]) -> None:
    (found,) = problems(tmp_path, {**SWITCHES, "attribute": part})
    assert found.code == "given-twice"
    (found,) = problems(
        tmp_path, {**SWITCHES, "advise": {"levers": part["players"], "raise": "level"}}
    )
    assert found.code == "given-twice"


def test_a_setting_that_a_switch_replaces_off_and_on_is_in_vain(tmp_path: Path) -> None:
    players = {"players": {"d": "events.deal", "e": {"off": {"A.ties.B": 0}}}}
    used = {**SWITCHES, "attribute": players, "set": {"A.ties.B": 0.4, "events.deal.at": "2020-08"}}
    assert study_in(tmp_path, used).scenario.states["A"].ties["B"].weight == 0.4
    in_vain = {**SWITCHES, "attribute": players, "set": {"events.deal.off": True}}
    (found,) = problems(tmp_path, in_vain)
    assert (found.code, found.position.line) == (
        "given-twice",
        line_of(tmp_path, "events.deal.off"),
    )


def test_a_parent_and_its_part_are_given_once(tmp_path: Path) -> None:
    few = {**PLAIN, "sweep": {"grid": 2}}
    for part in (
        {"set": {"A.ties": {"B": 0.3}}},
        {"parameters": {"B.ties.A": [0, 1]}, "set": {"A.ties": {"B": 0.3}, "A.ties.B": 0.1}},
    ):
        assert [one.code for one in problems(tmp_path, {**few, **part})] == ["given-twice"]


def test_switches_that_contradict_each_other_are_found_before(tmp_path: Path) -> None:
    new = {"border": {"stance": 0.1, "salience": 0.2}}
    players = {
        "x": {"off": {"A.issues": None, "B.issues": None, "issues": None}},
        "y": {"off": {"C.issues": new}},
    }
    found = problems(tmp_path, {**SWITCHES, "attribute": {"players": players}})
    assert {one.code for one in found} == {"unknown-issue"}
    assert "With all players off" in found[0].text


def test_a_switch_takes_no_observed_pair_away(tmp_path: Path) -> None:
    scenario = {"A.ties.C": None, "ties.A-C": None, "ties.B-C": None, "states.C": None}
    away = {**scenario, "events.quarrel": None, "events.lever": None}
    fit = {"fit": {"misfit": "series.csv"}}
    players = {"c": {"off": away}}
    (found,) = problems(tmp_path, {**SWITCHES, "measures": fit, "attribute": {"players": players}})
    assert (found.code, "no A-C" in found.text) == ("nothing-observed", True)


@pytest.mark.parametrize("name", [*sorted(KEPT), "reciprocity"])
def test_no_measure_has_the_name_of_something_else_that_is_kept(tmp_path: Path, name: str) -> None:
    few = {**PLAIN, "sweep": {"grid": 2}, "parameters": {"reciprocity": [0, 0.5]}}
    for measures in ({name: {"level": "A-B"}}, {"m": {"level": "A-B", "label": name}}):
        (found,) = problems(tmp_path, {**few, "measures": measures})
        assert found.code == "name-taken"
        first = line_of(tmp_path, "measures:")
        assert found.position.line == first + (1 if name in measures else 3)


def test_nothing_is_called_like_another_or_like_a_column(tmp_path: Path) -> None:
    twice = {"a": {"level": "A-B", "label": "x"}, "b": {"level": "A-C", "label": "x"}}
    key = {"a": {"level": "A-B", "label": "b"}, "b": {"level": "A-C"}}
    ranges = {"A.ties.B": {"range": [0, 1], "label": "mean"}}
    players = {"d": {"events": ["deal"], "label": "x"}, "e": {"events": ["lever"], "label": "x"}}
    few = {**PLAIN, "sweep": {"grid": 2}}
    for experiment in (
        {**few, "measures": twice},
        {**few, "measures": key},
        {**few, "parameters": ranges},
        {**SWITCHES, "attribute": {"players": players}},
        {
            **SWITCHES,
            "attribute": {"players": {"All": {"events": ["deal"], "label": "All together"}}},
        },
    ):
        assert [one.code for one in problems(tmp_path, experiment)] == ["name-taken"]
    claim = "claims:\n  measure_level: {says: x, expect: {change: A-B, above: 0}}"
    file = written(tmp_path, few, SCENARIO.replace("claims:", claim))
    with pytest.raises(ScenarioError, match="name-taken"):
        load_experiment(file)


def test_a_scenario_is_named_once(tmp_path: Path) -> None:
    few = {**PLAIN, "sweep": {"grid": 2}, "scenario": ["three.yaml", "three.yaml"]}
    assert [one.code for one in problems(tmp_path, few)] == ["given-twice"]


def test_the_names_taken_are_those_of_tables_and_of_what_is_kept(tmp_path: Path) -> None:
    parameters = (Parameter("q", 0.0, 1.0),)
    points = sweep_points("latin-hypercube", parameters, 60)
    outcomes = {"m": points + np.zeros(4)}
    tables = [
        sweep("latin-hypercube", parameters, points, outcomes).tables()["points"],
        discover(parameters, points, outcomes, Outcome("m", "above", 0.5), resamples=0).tables()[
            "points"
        ],
    ]
    assert {column for table in tables for column in table} - {"q"} == COLUMNS - {"run"}
    study = study_in(tmp_path, {**PLAIN, "sweep": {"grid": 2}})
    data = outcome_dataset(study, evaluate(study, study.method.points(study)))
    assert {*data.variables, *data.dims} - {"level"} == KEPT
