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
from relsim.figures.compare import (
    FLAT,
    MOST_PANELS,
    TALLEST,
    difference_chart,
    distinguishing_events,
    panel_sizes,
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


def test_one_scenario_has_a_panel_per_watched_pair_the_largest_first(lever: Comparison) -> None:
    chart = difference_chart(lever).to_dict()
    titles = [part["title"]["text"] for part in chart["vconcat"]]
    size = abs(lever.summary()["difference"].sel(statistic="q0.5")).max("time")
    sizes = {"A – B": float(size.sel(pair="A-B")), "C – A": float(size.sel(pair="C-A"))}
    assert titles[:2] == sorted(sizes, key=lambda title: -sizes[title])
    assert chart["title"]["text"] == "lever & co"
    assert "compared with “base <b>”, 20 paired runs" in chart["title"]["subtitle"][0]
    for part in chart["vconcat"][:2]:
        domains = {
            json.dumps(layer["encoding"]["y"]["scale"]["domain"])
            for layer in part["layer"]
            if "scale" in layer["encoding"].get("y", {})
        }
        assert len(domains) == 1


def bands(**ends: tuple[float, float]) -> xr.DataArray:
    """The 95 % bands of pairs at one time."""
    return xr.DataArray(
        [[list(ends.values())[n][side] for n in range(len(ends))] for side in (0, 1)],
        dims=("statistic", "pair"),
        coords={"statistic": ["q0.025", "q0.975"], "pair": list(ends)},
    )


def test_axes_hold_every_band_and_0_and_units_are_as_long_in_all_panels() -> None:
    one = bands(high=(0.1, 0.2), flat=(0.0, 0.0), low=(-0.2, -0.1))
    other = bands(high=(0.15, 0.3), flat=(-0.001, 0.0), low=(-0.1, 0.0))
    sizes = panel_sizes([one, other], ["high", "flat", "low"])
    low, high, height = sizes["high"]
    assert low < 0
    assert high > 0.3
    assert height == TALLEST
    assert sizes["low"][0] < -0.2
    assert sizes["flat"][2] == FLAT
    pixels = [height / (high - low) for low, high, height in sizes.values()]
    assert pixels == pytest.approx([pixels[0]] * 3, rel=0.01)


def test_panels_without_any_difference_are_all_flat() -> None:
    ((low, high, height),) = panel_sizes([bands(still=(0.0, 0.0))], ["still"]).values()
    assert low == -high
    assert height == FLAT


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
