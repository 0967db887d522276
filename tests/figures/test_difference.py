"""Charts of differences: what they show, in which order, and what they say is left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from relsim.analysis.compare import Comparison, compare
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.errors import ResultsError
from relsim.figures.difference import (
    MOST_PANELS,
    difference_chart,
    difference_range,
    distinguishing_events,
)
from relsim.figures.save import save_chart
from relsim.figures.style import SERIES
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, scenario_of

SCENARIO = scenario_of({**EVERYTHING, "name": "base <b>"})
WITH_LEVER = SCENARIO.with_changes({"events.lever.off": False, "name": "lever & co"})
WITHOUT_TALKS = SCENARIO.with_changes({"events.talks.off": True, "name": "no talks"})


@pytest.fixture(scope="module")
def base() -> Ensemble:
    return simulate(SCENARIO, runs=20, seed=1)


@pytest.fixture(scope="module")
def lever(base: Ensemble) -> Comparison:
    return compare(base, simulate(WITH_LEVER, runs=20, seed=1))


def definition(chart: Any) -> str:
    return json.dumps(chart.to_dict(), ensure_ascii=False)


# Over time


def test_events_of_only_one_of_the_two_are_marked(base: Ensemble, lever: Comparison) -> None:
    assert list(distinguishing_events(lever)["event"]) == ["lever"]
    fewer = compare(base, simulate(WITHOUT_TALKS, runs=20, seed=1))
    events = distinguishing_events(fewer)
    assert list(events["event"]) == ["talks"]
    assert list(events["label"]) == ["not here: talks"]
    assert distinguishing_events(compare(base, base)).empty


def test_one_scenario_has_a_panel_per_watched_pair_all_to_one_scale(lever: Comparison) -> None:
    chart = difference_chart(lever).to_dict()
    titles = [part["title"]["text"] for part in chart["vconcat"]]
    assert titles[:2] == ["A – B", "C – A"]
    assert chart["title"]["text"] == "lever & co"
    assert "less that of “base <b>”, 20 paired runs" in chart["title"]["subtitle"][0]
    domains = {
        json.dumps(layer["encoding"]["y"]["scale"]["domain"])
        for part in chart["vconcat"][:2]
        for layer in part["layer"]
        if "scale" in layer["encoding"].get("y", {})
    }
    assert len(domains) == 1


def test_the_axis_holds_every_band_and_0() -> None:
    def made(low: float, high: float) -> xr.DataArray:
        return xr.DataArray(
            [[low], [high]],
            dims=("statistic", "time"),
            coords={"statistic": ["q0.025", "q0.975"]},
        )

    low, high = difference_range([made(0.1, 0.2), made(0.15, 0.3)])
    assert low < 0
    assert high > 0.3
    low, high = difference_range([made(0, 0)])
    assert (low, high) == pytest.approx((-0.0275, 0.0275))


def test_several_scenarios_are_told_apart_by_name(base: Ensemble, lever: Comparison) -> None:
    fewer = compare(base, simulate(WITHOUT_TALKS, runs=20, seed=1))
    chart = definition(difference_chart([lever, fewer], ["C-A"]))
    assert '"domain": ["lever & co", "no talks"]' in chart
    assert "Events that" not in chart
    with pytest.raises(ResultsError, match="at most 6"):
        difference_chart([lever] * (len(SERIES) + 1))


def test_a_few_pairs_are_shown_and_the_rest_is_said() -> None:
    states: dict[str, Any] = {f"S{n}": {} for n in range(5)}
    scenario = scenario_of({"states": states, "time": {"start": "2020-01", "end": "2020-03"}})
    ensemble = simulate(scenario, runs=3)
    comparison = compare(ensemble, ensemble)
    chart = difference_chart(comparison, comparison.pairs).to_dict()
    assert len(chart["vconcat"]) == MOST_PANELS
    assert chart["title"]["subtitle"][-1] == "8 of 10 pairs"


# Files


def test_one_file_is_written_as_its_ending_says(tmp_path: Path, lever: Comparison) -> None:
    chart = difference_chart(lever)
    save_chart(chart, tmp_path / "deep" / "it.svg")
    text = (tmp_path / "deep" / "it.svg").read_text(encoding="utf-8")
    assert "lever &amp; co" in text
    assert "<b>" not in text
    save_chart(chart, tmp_path / "it.PNG")
    assert (tmp_path / "it.PNG").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in tmp_path.iterdir()} == {"deep", "it.PNG"}
    (tmp_path / "taken.svg").mkdir()
    with pytest.raises(ResultsError, match="cannot be written"):
        save_chart(chart, tmp_path / "taken.svg")


def test_the_smallest_comparison_has_a_chart() -> None:
    scenario: Scenario = scenario_of(
        {"states": {"A": {}, "B": {}}, "time": {"start": "2020-01", "end": "2020-02"}}
    )
    one = simulate(scenario, runs=1)
    assert difference_chart(compare(one, one)).to_dict()
