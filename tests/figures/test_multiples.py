"""Small multiples: the order of the pairs, and what they say is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from relsim.analysis.compare import compare
from relsim.analysis.summary import summarise
from relsim.ensemble.simulate import simulate
from relsim.figures.multiples import (
    MOST_PANELS,
    MOST_TIMES,
    difference_multiples,
    level_multiples,
    median_changes,
    multiples_frame,
    visible_pairs,
)
from relsim.words import signed
from scenarios_to_test import EVERYTHING, scenario_of


def summary_of(changes: list[float], times: int = 3) -> xr.DataArray:
    """Medians that change from 0.1 by so much, bands of 0.01 around them."""
    path = np.linspace(0, 1, times)[:, np.newaxis] * np.array(changes) + 0.1
    return xr.DataArray(
        np.stack([path - 0.01, path, path + 0.01]),
        dims=("statistic", "time", "pair"),
        coords={
            "statistic": ["q0.1", "q0.5", "q0.9"],
            "time": pd.date_range("2020-01-01", periods=times, freq="MS"),
            "pair": [f"A-{n:02d}" for n in range(len(changes))],
        },
    )


def test_pairs_that_change_the_most_come_first_whichever_way() -> None:
    changes = median_changes(summary_of([0.1, -0.3, 0.0, 0.2]))
    assert list(changes.index) == ["A-01", "A-03", "A-00", "A-02"]


def test_panels_hold_the_medians_thinned_to_what_can_be_seen() -> None:
    levels = summary_of([0.1, -0.3], times=241)
    frame = multiples_frame(levels, median_changes(levels))
    assert list(frame["panel"].unique()) == ["A-01  −0.30", "A-00  +0.10"]
    one = frame[frame["panel"] == "A-00  +0.10"]
    assert len(one) == MOST_TIMES
    assert one["median"].iloc[[0, -1]].tolist() == pytest.approx([0.1, 0.2])
    assert one["time"].iloc[-1] == pd.Timestamp("2040-01-01")
    assert (one["high"] - one["low"]).tolist() == pytest.approx([0.02] * MOST_TIMES)


def test_too_many_pairs_are_said() -> None:
    states: dict[str, Any] = {f"S{n:02d}": {} for n in range(12)}
    scenario = scenario_of({"states": states, "time": {"start": "2020-01", "end": "2020-03"}})
    chart = level_multiples(scenario, summarise(simulate(scenario, runs=3))).to_dict()
    (data,) = chart["datasets"].values()
    assert len({row["panel"] for row in data}) == MOST_PANELS
    assert chart["title"]["subtitle"][-1] == "The 60 pairs that change the most, of 66"


def test_pairs_in_which_nothing_is_to_be_seen_are_left_out_of_differences() -> None:
    levels = summary_of([0.2, 0.0]) - 0.1
    assert visible_pairs(levels) == ["A-00", "A-01"]  # bands of ±0.01
    quiet = levels.where(levels["pair"] == "A-00", 0.0)
    assert visible_pairs(quiet) == ["A-00"]
    assert visible_pairs(quiet * 0) == ["A-00", "A-01"]


def test_differences_of_all_pairs_say_from_what() -> None:
    scenario = scenario_of(EVERYTHING)
    other = scenario.with_changes({"events.lever.off": False, "name": "lever"})
    comparison = compare(simulate(scenario, runs=9), simulate(other, runs=9))
    chart = difference_multiples(comparison).to_dict()
    assert chart["title"]["text"] == "lever"
    assert "less that of “test”" in chart["title"]["subtitle"][0]
    rules = [layer for layer in chart["spec"]["layer"] if layer["mark"]["type"] == "rule"]
    assert [rule["transform"][0]["groupby"] for rule in rules] == [["panel"]]  # one a panel
    (data,) = chart["datasets"].values()
    assert data[0]["panel"].startswith("A-D")


def test_the_smallest_comparison_has_a_chart() -> None:
    data = {"states": {"A": {}, "B": {}}, "time": {"start": "2020-01", "end": "2020-02"}}
    one = simulate(scenario_of(data), runs=1)
    assert difference_multiples(compare(one, one)).to_dict()


@pytest.mark.parametrize(
    ("value", "text"), [(0.194, "+0.19"), (-0.03, "−0.03"), (0.004, "0.00"), (-0.004, "0.00")]
)
def test_differences_are_signed_unless_they_round_to_0(value: float, text: str) -> None:
    assert signed(value) == text
