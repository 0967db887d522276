"""What the page shows is what the command line says, and JSON can hold it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import relsim
from app.paired import RUNS, SCENARIO, SEED
from relsim.analysis.claims import judge
from relsim.analysis.compare import compare
from relsim.analysis.summary import summarise
from relsim.app.engine import Engine
from relsim.app.pictures import Selection, alike, axis_range, difference_range, picture
from relsim.ensemble.chunks import new_stop
from relsim.errors import ResultsError
from relsim.scenario.diff import act_alike
from scenarios_to_test import EVERYTHING, FAMILY, scenario_of


def test_fans_are_those_of_the_summary_and_the_difference_is_paired(pair: Any) -> None:
    ensemble, base = pair
    found = picture(ensemble, base, Selection("ARM-CHN"))
    watched = ["PAK-RUS", "RUS-IND", "PAK-USA", "RUS-ARM", "PAK-AZE"]
    assert list(found["pairs"]) == [*watched, "ARM-CHN"]
    summaries = summarise(ensemble)["overall"], summarise(base)["overall"]
    differences = compare(base, ensemble).summary()["difference"]
    names = {"median": "q0.5", "lower95": "q0.025", "upper80": "q0.9", "lower50": "q0.25"}
    for name, content in found["pairs"].items():
        tables = (*summaries, differences)
        for kind, table in zip(("fan", "ghost", "difference"), tables, strict=True):
            columns = content[kind]
            assert columns["time"][0] == "2020-07"
            assert columns["time"][-1] == "2030-07"
            for column, statistic in names.items():
                if column in columns:
                    expected = table.sel(pair=name, statistic=statistic).values
                    assert np.allclose(columns[column], expected, atol=5.1e-5, rtol=0)
        assert set(content["ghost"]) == {"time", "median", "lower80", "upper80"}


@pytest.mark.parametrize("month", [None, "2024-01"])
def test_effects_are_to_the_digit_those_of_a_comparison(pair: Any, month: str | None) -> None:
    ensemble, base = pair
    found = picture(ensemble, base, Selection("RUS-PAK", month))
    assert found["month"] == (month or "2030-07")
    comparison = compare(base, ensemble)
    for name, content in found["pairs"].items():
        effect, expected = content["effect"], comparison.effect(name, month)
        assert effect["base"] == expected.base_median
        assert effect["other"] == expected.other_median
        assert (effect["mean"], effect["low"], effect["high"]) == expected.mean
        assert (effect["higher"], effect["lower"]) == (expected.p_higher.value, expected.p_lower)
        assert effect["word"] == expected.verdict
        assert effect["negligible"] == expected.negligible


def test_runs_that_failed_in_one_of_the_two_are_not_paired(pair: Any) -> None:
    ensemble, base = pair
    lame = replace(ensemble, data=ensemble.data.drop_sel(run=[0, 3]), failed=(0, 3))
    found = picture(lame, base, Selection("PAK-RUS"))["pairs"]["PAK-RUS"]["effect"]
    expected = compare(base, lame).effect("PAK-RUS")
    assert expected.runs == RUNS - 2
    assert (found["mean"], found["low"], found["high"]) == expected.mean


def test_verdicts_are_those_of_the_claims_beside_those_of_the_base(
    engine: Engine,
) -> None:
    variant = relsim.load(FAMILY / "capacity-relief.yaml")
    growing, base_growing = engine.base(variant, SEED), engine.base(SCENARIO, SEED)
    ensemble, base = (each.grow(RUNS, new_stop()) for each in (growing, base_growing))
    verdicts = [each.verdicts(RUNS, new_stop()) for each in (growing, base_growing)]
    found = picture(ensemble, base, Selection("PAK-RUS"), *verdicts)["claims"]
    expected = judge(ensemble, engine.compared_with(ensemble, new_stop()))
    assert [row["name"] for row in found] == [verdict.name for verdict in expected]
    of_base = {verdict.name: verdict for verdict in judge(base)}
    for row, verdict in zip(found, expected, strict=True):
        assert (row["verdict"], row["share"], row["low"]) == (
            verdict.verdict,
            verdict.share,
            verdict.low,
        )
        assert (row["base"] is not None) == (verdict.name in of_base)
        if row["base"] is not None:
            verdict = of_base[verdict.name]
            assert row["base"] == {"verdict": verdict.verdict, "share": verdict.share}


def test_nothing_that_acts_differs_where_words_alone_do(engine: Engine) -> None:
    renamed = SCENARIO.with_changes({"name": "Another name"})
    base = engine.base(SCENARIO, SEED).grow(RUNS, new_stop())
    found = picture(
        engine.growing(renamed, SEED).grow(RUNS, new_stop()), base, Selection("PAK-RUS")
    )
    assert found["same"]
    assert found["title"] == "Another name"
    effect = found["pairs"]["PAK-RUS"]["effect"]
    assert (effect["word"], effect["negligible"]) == ("identical", False)
    assert effect["sentence"] == "The same as the base: nothing that acts differs."


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"PAK.ties.USA.weight": 0.1}, False),
        ({"PAK.ties.IND": {"uniform": [-0.4, -0.3]}}, False),
        ({"events.prime_minister_visit.off": False}, False),
        ({"events.floods.at_most": 2}, False),
        ({"parameters.issue_gain": 0.2}, False),
        ({"events.floods.chance": "0.2 per year"}, False),
        ({"name": "x"}, True),
        ({"events.floods.label": "x"}, True),
        ({"events.prime_minister_visit.at": ["2023-01"]}, True),  # it is off
    ],
)
def test_two_scenarios_are_alike_where_no_run_can_differ(
    changes: dict[str, Any], same: bool
) -> None:
    changed = SCENARIO.with_changes(changes)
    assert alike(SCENARIO, changed) == same
    assert same or not act_alike(SCENARIO, changed)


def test_scenarios_that_cannot_be_paired_are_refused(engine: Engine) -> None:
    base = engine.base(SCENARIO, SEED + 1).grow(RUNS, new_stop())
    ensemble = engine.base(SCENARIO, SEED).grow(RUNS, new_stop())
    with pytest.raises(ResultsError, match="seed"):
        picture(ensemble, base, Selection("PAK-RUS"))
    with pytest.raises(ResultsError, match="PAK-XYZ"):
        picture(ensemble, ensemble, Selection("PAK-XYZ"))
    with pytest.raises(ResultsError, match="not simulated"):
        picture(ensemble, ensemble, Selection("PAK-RUS", "2050-01"))


def test_events_of_every_run_are_numbered_in_order_of_time(pair: Any) -> None:
    ensemble, base = pair
    events = picture(ensemble, base, Selection("PAK-RUS"))["pairs"]["PAK-RUS"]["events"]
    label = SCENARIO.events["prime_minister_visit"].label
    assert events == [{"time": "2022-03", "sign": "1", "label": label}]


@pytest.mark.parametrize("view", ["futures", "network", "matrix", "events"])
def test_a_picture_is_json_that_browsers_read(engine: Engine, pair: Any, view: Any) -> None:
    ensemble, base = pair
    json.dumps(picture(ensemble, base, Selection("PAK-RUS", None, view)), allow_nan=False)
    scenario = scenario_of(EVERYTHING)
    base = engine.base(scenario, SEED).grow(RUNS, new_stop())
    changed = scenario.with_changes({"parameters.rivalry_gain": 0.1})
    ensemble = engine.growing(changed, SEED).grow(RUNS, new_stop())
    json.dumps(picture(ensemble, base, Selection("A-B", None, view)), allow_nan=False)


# Axes


def columns(low: float, high: float) -> dict[str, Any]:
    return {"lower95": np.array([low, high]), "upper95": np.array([low, high])}


def test_an_axis_of_levels_keeps_still_while_a_fan_moves_a_little() -> None:
    ends = {tuple(axis_range([columns(0.11 + n / 1000, 0.52 + n / 1000)])) for n in range(70)}
    assert ends == {(0.1, 0.6)}


@pytest.mark.parametrize("seed", range(20))
def test_an_axis_of_levels_holds_its_fans_and_stays_where_levels_are(seed: int) -> None:
    low, high = np.sort(np.random.default_rng(seed).uniform(-1, 1, 2)) ** 3
    start, end = axis_range([columns(low, high)])
    assert -1 <= start <= low <= high <= end <= 1
    assert end - start >= 0.3 - 1e-9
    assert end - start < max(0.3, high - low + 0.2) + 1e-9


def test_an_axis_at_the_edge_is_no_shorter() -> None:
    assert axis_range([columns(0.99, 0.995)]) == [0.7, 1.0]
    assert axis_range([columns(-1.0, -0.99)]) == [-1.0, -0.7]


def test_an_axis_of_differences_has_room_on_both_sides_of_nothing() -> None:
    assert difference_range(columns(0.0, 0.0)) == [-0.05, 0.05]
    assert difference_range(columns(0.02, 0.11)) == [-0.05, 0.15]
    assert difference_range(columns(-0.23, -0.01)) == [-0.25, 0.05]
