"""Two scenarios on the same draws: differences run by run, and what cannot be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from hand_made import ensemble_of
from relsim.analysis.compare import STATISTICS, Comparison, compare, refusal
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.errors import ResultsError
from relsim.results.result import open_result
from relsim.results.run import run
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, FAMILY, scenario_of

STATES: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2020-05"},
    "domains": ["low", "high"],
    "states": {"A": {}, "B": {}, "C": {}},
    "watch": ["B-A"],
}
SCENARIO = scenario_of(STATES)
BASE = np.random.default_rng(1).normal(0.1, 0.05, (200, 5)).astype(np.float32)
OTHER = (BASE + np.random.default_rng(2).normal(0.01, 0.01, (200, 5))).astype(np.float32)


def made(base: Any = BASE, other: Any = OTHER, **more: Any) -> Comparison:
    return compare(ensemble_of(SCENARIO, base), ensemble_of(SCENARIO, other), **more)


# Differences


def test_a_change_is_the_other_less_the_base_run_by_run() -> None:
    change = made().change("B-A")
    assert change.dims == ("run", "time")
    assert change.dtype == np.float32
    assert change.values.tobytes() == (OTHER - BASE).tobytes()
    back = compare(ensemble_of(SCENARIO, OTHER), ensemble_of(SCENARIO, BASE)).change("A-B")
    assert (back.values == -change.values).all()


def test_the_summary_is_that_of_the_differences() -> None:
    summary = made().summary()["difference"]
    assert summary.dims == ("statistic", "time", "pair")
    assert list(summary["pair"].values) == ["B-A", "A-C"]  # as `watch` spells them
    found = summary.sel(pair="B-A")
    difference = made().change("A-B")
    expected = {
        "mean": difference.mean("run", dtype=float),
        "sd": difference.std("run", dtype=float),
        "p_higher": (difference > 0).mean("run"),
        "p_lower": (difference < 0).mean("run"),
        "q0.1": difference.quantile(0.1, "run"),
        "q0.975": difference.quantile(0.975, "run"),
    }
    for name, values in expected.items():
        assert found.sel(statistic=name).values == pytest.approx(values.values, abs=1e-7), name
    assert tuple(summary["statistic"].values) == STATISTICS
    assert (summary.sel(pair="A-C") == 0).all()
    assert list(made().summary(["A-B"])["pair"].values) == ["B-A"]


def test_reading_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    base = simulate(scenario_of(EVERYTHING), runs=40, seed=4)
    changed = scenario_of(EVERYTHING).with_changes({"events.lever.off": False})
    comparison = compare(base, simulate(changed, runs=40, seed=4))
    whole = comparison.summary()
    monkeypatch.setattr("relsim.analysis.recorded.BLOCK_BYTES", 1500)
    xr.testing.assert_identical(comparison.summary(), whole)


def test_effects_are_at_the_end_or_at_a_month() -> None:
    (end,) = made().effects().to_dict("records")
    assert (end["pair"], end["month"]) == ("B-A", "2020-05")
    assert list(end) == [
        *("pair", "month", "runs", "differ", "base_median", "other_median"),
        *("mean", "mean_low", "mean_high", "median", "median_low", "median_high"),
        *("p_higher", "p_higher_low", "p_higher_high", "p_lower", "standardised", "narrowing"),
        *("verdict", "runs_needed"),
    ]
    assert end["mean"] == pytest.approx(float((OTHER - BASE)[:, 4].mean()), abs=1e-7)
    (early,) = made().effects("2020-02").to_dict("records")
    assert early["median"] == pytest.approx(float(np.median((OTHER - BASE)[:, 1])), abs=1e-7)
    everything = made().effects(pairs=made().pairs)
    assert list(everything["verdict"]) == ["higher", "identical"]


def test_months_within_a_step_count_as_its_start() -> None:
    scenario = scenario_of(
        {**STATES, "time": {"start": "2020-01", "end": "2021-01", "step": "quarter"}}
    )
    comparison = compare(ensemble_of(scenario, BASE), ensemble_of(scenario, OTHER))
    assert list(comparison.effects("2020-06")["month"]) == ["2020-04"]


def test_a_domain_is_compared_like_the_whole() -> None:
    comparison = made(domain="low")
    assert comparison.pairs == ("B-A",)
    assert comparison.quantity == "low cooperation"
    low = (OTHER - 1) - (BASE - 1)
    assert comparison.change("A-B").values == pytest.approx(low, abs=1e-7)
    assert comparison.effects()["base_median"][0] == pytest.approx(np.median(BASE[:, 4]) - 1)


def test_pairs_that_only_one_of_the_two_has_are_left_out() -> None:
    states = {**STATES, "states": {"A": {}, "B": {}, "D": {}}, "watch": ["A-D", "A-B"]}
    comparison = compare(simulate(SCENARIO, runs=4), simulate(scenario_of(states), runs=4))
    assert comparison.pairs == ("B-A",)
    assert comparison.watched == ("B-A",)


# Nothing is nothing


def test_a_scenario_differs_from_itself_by_exactly_nothing() -> None:
    scenario = scenario_of(EVERYTHING)
    comparison = compare(simulate(scenario, runs=30, seed=4), simulate(scenario, runs=30, seed=4))
    assert_identical(comparison)


@pytest.mark.parametrize(
    "lever",
    [
        {"at": "2020-02", "effects": [{"shift": "A-D", "size": 0}]},
        {"chance": "0 per year", "effects": [{"shift": "A-D", "size": 1}]},
        {
            "at": "2020-02",
            "effects": [{"pulse": "A-D", "size": 1, "only_if": {"tie": "A-D", "above": 1}}],
        },
    ],
)
def test_a_lever_that_cannot_matter_makes_exactly_no_difference(lever: dict[str, Any]) -> None:
    scenario = scenario_of(EVERYTHING)
    other = scenario.with_changes({"events.idle": lever})
    comparison = compare(simulate(scenario, runs=20, seed=4), simulate(other, runs=20, seed=4))
    assert_identical(comparison)


def assert_identical(comparison: Comparison) -> None:
    assert not comparison.summary()["difference"].values.any()
    effects = comparison.effects(pairs=comparison.pairs)
    assert set(effects["verdict"]) == {"identical"}
    zero = ["mean", "mean_low", "mean_high", "median", "median_low", "median_high"]
    assert not effects[[*zero, "p_higher", "p_higher_low", "p_lower"]].to_numpy().any()


# Pairing


def test_of_different_numbers_of_runs_the_first_are_paired() -> None:
    comparison = made(BASE[:50], OTHER)
    assert comparison.runs == 50
    assert comparison.change("A-B").values.tobytes() == (OTHER[:50] - BASE[:50]).tobytes()
    assert comparison.effects()["runs"][0] == 50
    scenario = scenario_of(EVERYTHING)
    same_draws = compare(simulate(scenario, runs=10, seed=1), simulate(scenario, runs=25, seed=1))
    assert_identical(same_draws)


def changed(**parts: Any) -> Scenario:
    return scenario_of({**STATES, **parts})


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (ensemble_of(SCENARIO, OTHER, seed=1), "test is on seed 0; test is on seed 1."),
        (
            ensemble_of(changed(time={"start": "2020-01", "end": "2020-04"}), OTHER),
            "test runs from 2020-01 to 2020-05 by the month; test runs from 2020-01 to 2020-04",
        ),
        (
            ensemble_of(
                changed(time={"start": "2020-01", "end": "2020-04", "step": "quarter"}), OTHER
            ),
            "by the quarter",
        ),
        (ensemble_of(SCENARIO, OTHER, version="0.0.1"), "test is of relsim 0.0.1"),
        (ensemble_of(changed(domains=["low", "hot"]), OTHER), "has the domains low, hot."),
        (simulate(changed(states={"X": {}, "Y": {}}, watch=[]), runs=2), "no pair in common."),
    ],
)
def test_what_is_not_on_the_same_draws_is_refused(other: Ensemble, words: str) -> None:
    base = ensemble_of(SCENARIO, BASE)
    assert words in refusal(base, other)
    with pytest.raises(ResultsError, match=r"test "):
        compare(base, other)


def test_a_domain_has_to_be_recorded() -> None:
    with pytest.raises(ResultsError, match="has no domain hot"):
        made(domain="hot")
    bare = ensemble_of(SCENARIO, OTHER, domains=False)
    assert "keeps no domains (--record domains does)" in refusal(bare, bare, "low")


def test_domains_in_another_order_are_the_same_draws() -> None:
    turned = changed(domains={"high": 1, "low": 1})
    comparison = compare(simulate(SCENARIO, runs=3), simulate(turned, runs=3))
    assert comparison.change("A-B").values == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda c: c.change("A-D"), "A-D is not a pair that both scenarios record. "),
        (lambda c: c.summary(["A-X"]), "Did you mean A-"),
        (lambda c: c.effects("2020-06"), "2020-06 is not simulated; the runs go from 2020-01 to"),
        (lambda c: c.effects("June"), "'June' is not a month. Write it as 2025-06."),
    ],
)
def test_a_wrong_question_is_told_what_would_be_right(ask: Any, said: str) -> None:
    with pytest.raises(ResultsError) as caught:
        ask(made())
    assert said in str(caught.value)


def test_results_of_another_version_are_not_paired(tmp_path: Path) -> None:
    result = run(SCENARIO, runs=4, out=tmp_path, views=False)
    manifest = result.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"{result.ensemble.version}"', '"0.0.1"'))
    older = open_result(result.folder).ensemble
    assert "is of relsim 0.0.1" in refusal(result.ensemble, older)


# Acceptance


def test_pairing_narrows_a_small_effect_at_least_threefold() -> None:
    base, other = (load(FAMILY / f"{name}.yaml") for name in ("status-quo", "armenia-recognition"))
    comparison = compare(simulate(base, runs=1000), simulate(other, runs=1000))
    effects = {row["pair"]: row for row in comparison.effects().to_dict("records")}
    assert effects["PAK-RUS"]["narrowing"] > 3
    assert 0 < effects["PAK-RUS"]["mean"] < 0.05
    assert effects["PAK-RUS"]["verdict"] == "higher"
    assert effects["PAK-AZE"]["verdict"] == "lower"
