"""What a comparison says in words."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from hand_made import ensemble_of
from relsim.analysis.compare import Comparison, compare
from relsim.analysis.effects import effect
from relsim.cli.compare import (
    comparison_lines,
    comparison_rows,
    runs_needed_in_words,
    show_comparison,
)
from relsim.ensemble.simulate import simulate
from relsim.scenario.diff import act_alike
from relsim.scenario.schema import Scenario
from scenarios_to_test import scenario_of

SCENARIO = scenario_of(
    {
        "name": "one [red]",
        "time": {"start": "2020-01", "end": "2020-05"},
        "domains": ["low", "high"],
        "states": {"A": {}, "B": {}, "C": {}},
    }
)
OTHER = SCENARIO.with_changes({"name": "two [/]", "parameters.drift": 0.1})
BASE = np.random.default_rng(1).normal(0.1, 0.05, (200, 5))


def shown(difference: Any, *, reach: float | None = None, base: Any = BASE) -> str:
    comparison = compare(ensemble_of(SCENARIO, base), ensemble_of(OTHER, base + difference))
    effects = {pair: comparison.effect(pair) for pair in comparison.pairs}
    reached = [] if reach is None else [comparison.time_to("A-B", reach)]
    console = Console(width=80, record=True, file=StringIO())
    show_comparison(console, comparison, effects, comparison.month(), reached)
    return console.export_text()


def test_a_clear_difference_is_shown_with_its_interval() -> None:
    noise = np.random.default_rng(2).normal(0, 0.01, BASE.shape)
    text = shown(0.05 + noise, reach=0.2)
    mean = 0.05 + noise[:, -1].mean()
    half = 1.972 * noise[:, -1].std(ddof=1) / np.sqrt(200)  # t of 199 degrees of freedom
    assert "two [/]" in text
    assert "compared with one [red]" in text
    assert f"{mean:+.4f} ± {half:.4f}" in text
    assert "│ higher " in text
    assert "│ identical " in text  # A-C
    assert "200 runs are paired." in text
    assert "narrows the 95 % intervals at least" in text
    assert "> 0.2" in text
    assert "0.2 normal" in text
    assert "negligible" not in text


def test_a_difference_of_no_weight_is_called_negligible() -> None:
    text = shown(0.001)
    assert "higher, negligible" in text
    assert "nearer to 0 than 0.005" in text


def test_what_is_not_settled_says_how_many_runs_would() -> None:
    noise = np.random.default_rng(3).normal(0.001, 0.05, BASE.shape)
    text = shown(noise)
    assert "not distinguishable" in text
    assert "A-B: about " in text
    one = shown(0.1, base=BASE[:1])
    assert "A-B: one run shows no spread" in one
    assert "nan" not in one


SMALL: dict[str, Any] = {
    "name": "one",
    "time": {"start": "2020-01", "end": "2020-05"},
    "states": {"A": {"ties": {"B": 0.3, "C": 0.2}}, "B": {}, "C": {}, "D": {}},
    "ties": {"A-B": {"uniform": [0.1, 0.3]}, "B-C": 0.2},
    "events": {
        "crisis": {"chance": "3 per year", "effects": [{"pulse": "A-B", "size": -0.2}]},
        "lever": {"off": True, "at": "2020-02", "effects": [{"pulse": "A-B", "size": 0.2}]},
    },
}


def renamed(old: str, new: str) -> Scenario:
    return scenario_of(json.loads(re.sub(rf"\b{old}\b", new, json.dumps(SMALL))))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (scenario_of(SMALL), "the inputs are the same"),
        (scenario_of({**SMALL, "name": "two", "about": "x"}), "differ only in words"),
        (scenario_of({**SMALL, "watch": ["A-B"], "sources": ["x"]}), "differ only in words"),
        (renamed("crisis", "clash"), "the same acts, named or written in another way"),
        (renamed("C", "Z"), "No difference can arise"),
        (renamed("A-B", "B-A"), "the same acts, named or written in another way"),
        (
            scenario_of(
                {**SMALL, "events": {**SMALL["events"], "idle": {"off": True, "at": "2020-03"}}}
            ),
            "inputs (events.idle) moves none of these pairs by 2020-05",
        ),
        (
            scenario_of({**SMALL, "states": {**SMALL["states"], "E": {}}}),
            "inputs (states.E) moves none of these pairs by 2020-05",
        ),
    ],
)
def test_where_nothing_that_acts_differs_no_runs_are_advised(other: Scenario, why: str) -> None:
    base = simulate(scenario_of(SMALL), runs=30, seed=1)
    comparison = compare(base, simulate(other, runs=30, seed=1))
    effects = {"A-B": comparison.effect("A-B")}
    said = " ".join(comparison_lines(comparison, effects, comparison.month()))
    assert why in said
    assert "settle" not in said
    assert math.isnan(effects["A-B"].runs_needed)


def test_what_acts_otherwise_may_need_more_runs() -> None:
    more = {**SMALL["events"]["crisis"], "chance": "3.01 per year"}
    for other in (
        scenario_of({**SMALL, "events": {**SMALL["events"], "crisis": more}}),
        scenario_of({**SMALL, "events": {"clash": more, "lever": SMALL["events"]["lever"]}}),
    ):
        assert not act_alike(scenario_of(SMALL), other)


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (12_345.0, "about 12,345 runs would show a difference of 0.005"),
        (20.0, "so there is hardly one"),
        (math.inf, "no number of runs worth asking for"),
        (math.nan, "one run shows no spread"),
    ],
)
def test_runs_needed_in_words(runs: float, words: str) -> None:
    found = replace(effect(np.zeros(50), np.linspace(-1, 1, 50)), runs_needed=runs)
    assert words in runs_needed_in_words(found)


def test_few_runs_that_differ_are_counted() -> None:
    some = np.zeros(BASE.shape)
    some[:4] = [[0.2], [0.25], [0.3], [0.35]]
    text = shown(some)
    assert "only 4 of 200 runs differ, so the interval is wide" in text
    assert re.search(r"\+0.0055 \(\+0.0\d+ to \+0.0\d+\)", text)
    one = np.zeros(BASE.shape)
    one[0] = 0.2
    assert "only 1 of 200 runs differs, too few for an interval" in shown(one)


def test_what_no_run_shows_is_said_to_be_rare() -> None:
    assert "no run of 200 differs, so fewer than 1.5 % of runs do (95 %)" in shown(0.05)


def test_the_first_runs_of_unequal_ensembles_are_said_to_be_paired() -> None:
    comparison = compare(ensemble_of(SCENARIO, BASE[:50]), ensemble_of(OTHER, BASE))
    console = Console(width=200, record=True, file=StringIO())
    effects = {"A-B": comparison.effect("A-B")}
    show_comparison(console, comparison, effects, comparison.month(), [])
    assert "The first 50 runs of both are paired, of 200 of the larger." in console.export_text()


def test_the_table_for_a_spreadsheet_has_a_row_per_pair() -> None:
    comparison: Comparison = compare(ensemble_of(SCENARIO, BASE), ensemble_of(OTHER, BASE + 0.1))
    effects = {pair: comparison.effect(pair) for pair in comparison.pairs}
    reached = [comparison.time_to("A-B", 0.2)]
    table = comparison_rows(comparison, effects, comparison.month("2020-03"), reached)
    assert list(table["pair"]) == ["A-B", "A-C"]
    assert set(table["other"]) == {"two [/]"}
    assert table["reach_threshold"].tolist()[0] == 0.2
    assert math.isnan(table["reach_threshold"].tolist()[1])
    assert {"month", "mean", "verdict", "reach_months"} <= set(table)
