"""Charts of attribution: what is drawn, in which order, and what is said to be left out."""

from __future__ import annotations

import numpy as np
import pytest

from figures.pictures import svg_of
from relsim.experiments.attribute import Attribution, attribute, attribution_points
from relsim.figures.experiment import MOST_ROWS, attribution_charts, attribution_frame


def additive(shares: list[float], runs: int = 10) -> Attribution:
    points = attribution_points(len(shares), 50, 0)
    outcomes = (points @ shares)[:, None] + np.random.default_rng(0).normal(size=runs)
    names = tuple(f"lever {number}" for number in range(len(shares)))
    return attribute(names, points, {"PAK-RUS": outcomes}, 50, 0)


def test_bars_are_sorted_by_size_and_end_with_the_whole() -> None:
    found = additive([0.1, -0.4, 0.2])
    frame = attribution_frame(found, found.measures[0])
    assert list(frame["name"]) == ["lever 1", "lever 2", "lever 0", "All together"]
    assert list(frame["kind"]) == ["lowers", "raises", "raises", "all together"]
    assert frame["value"].iloc[:-1].sum() == pytest.approx(frame["value"].iloc[-1], abs=1e-9)
    assert frame["tick"].iloc[:3].to_numpy() == pytest.approx([-0.4, 0.2, 0.1], abs=1e-9)


def test_a_chart_is_valid_and_says_what_it_leaves_out() -> None:
    few, many = additive([0.1, -0.4, 0.2]), additive([0.1] * (MOST_ROWS + 3))
    (chart,) = attribution_charts(few).values()
    assert chart.to_dict()["title"]["subtitle"][0].endswith("10 paired runs, all coalitions")
    charts = attribution_charts(many)
    assert list(charts) == ["attribution-pak-rus"]
    said = charts["attribution-pak-rus"].to_dict()["title"]["subtitle"]
    assert said[0].endswith("50 permutations")
    assert said[-1] == "The 25 largest of 28"


def test_names_that_look_the_same_stay_apart() -> None:
    points = attribution_points(2, 0, 0)
    outcomes = (points @ [1.0, 2.0])[:, None] * np.ones(3)
    found = attribute(("same", "same"), points, {"it": outcomes}, 0, 0)
    assert list(attribution_frame(found, found.measures[0])["name"])[:2] == ["2: same", "1: same"]


def test_a_measure_without_any_run_has_no_chart() -> None:
    points = attribution_points(2, 0, 0)
    found = attribute(("a", "b"), points, {"it": np.full((4, 3), np.nan)}, 0, 0)
    assert attribution_charts(found) == {}


def test_a_measure_of_several_lines_is_drawn_in_one() -> None:
    points = attribution_points(2, 0, 0)
    outcomes = (points @ [1.0, 2.0])[:, None] * np.ones(3)
    breaks = ("a\nb", "a\u2028b")
    found = attribute(breaks, points, dict.fromkeys(breaks, outcomes), 0, 0)
    charts = attribution_charts(found)
    assert list(charts) == ["attribution-a-b", "attribution-a-b-2"]
    assert "change of “a b”" in svg_of(charts["attribution-a-b-2"])
