"""Discovery charts: which there are, and the numbers they show."""

from __future__ import annotations

import numpy as np
import pytest

from relsim.experiments.boxes import Flags
from relsim.experiments.discover import discover
from relsim.experiments.discovery import Discovery, Outcome
from relsim.experiments.study import Parameter
from relsim.experiments.sweep import sweep_points
from relsim.figures.discovery import (
    CASE,
    conditions_frame,
    discovery_charts,
    points_frame,
    trade_off_chart,
)
from relsim.figures.save import definition

THREE = (
    Parameter("drift", 0.0, 1.0, "Drift"),
    Parameter("parameters.adjustment", 0.0, 60.0, "Adjustment", "months"),
    Parameter("RUS.weights.IND", -1.0, 1.0, "India's weight"),
)
POINTS = sweep_points("sobol", THREE, 256, seed=1)


def findings(happens: Flags) -> Discovery:
    values = np.repeat(happens.astype(float)[:, np.newaxis], 8, axis=1)
    outcome = Outcome("PAK-RUS", "above", 0.4)
    return discover(THREE, POINTS, {"PAK-RUS": values}, outcome, resamples=0)


@pytest.fixture(scope="module")
def corner() -> Discovery:
    return findings((POINTS[:, 2] < -0.3) & (POINTS[:, 1] > 15) & (POINTS[:, 1] < 45))


def test_a_box_has_conditions_points_and_a_trade_off(corner: Discovery) -> None:
    assert list(discovery_charts(corner)) == ["conditions", "points", "trade-off"]
    for chart in discovery_charts(corner).values():
        chart.to_dict()  # by the schema


def test_without_a_search_there_are_no_charts() -> None:
    assert discovery_charts(findings(POINTS[:, 0] > 2)) == {}


def test_a_box_that_is_not_claimed_has_its_trade_off_alone() -> None:
    noise = findings(np.random.default_rng(2).random(256) < 0.4)
    charts = discovery_charts(noise)
    assert list(charts) == ["trade-off"]
    assert "none is claimed" in str(definition(charts["trade-off"])["title"]["subtitle"])


def test_rows_are_the_restricted_parameters_narrowest_first_on_their_ranges(
    corner: Discovery,
) -> None:
    frame = conditions_frame(corner, corner.boxes[0])
    assert frame["row"].tolist() == ["India's weight", "Adjustment", "Drift"]
    assert frame["low"].tolist() == pytest.approx([0, 0.25, 0], abs=0.02)
    assert frame["high"].tolist() == pytest.approx([0.35, 0.75, 1], abs=0.02)
    assert frame["restricted"].tolist() == [True, True, False]
    assert frame["lower"].tolist() == ["", "16", ""]  # halfway between points
    assert frame["end"].tolist() == ["1", "60 months", "1"]


def test_points_are_told_apart_by_whether_it_happens(corner: Discovery) -> None:
    frame = points_frame(corner, (2, 1))
    cases = frame[frame["case"] == CASE]
    assert len(frame) == 256
    assert len(cases) == corner.cases.sum()
    assert cases["x"].max() < -0.3
    assert cases["y"].between(15, 45).all()


def test_the_chosen_box_is_marked_on_both_halves(corner: Discovery) -> None:
    box = corner.boxes[0]
    drawn = definition(trade_off_chart(corner, box))
    marked = drawn["datasets"][drawn["layer"][-1]["data"]["name"]]
    assert [one["coverage"] for one in marked] == [box.searched.coverage, box.held_out.coverage]
    assert [one["density"] for one in marked] == [box.searched.density, box.held_out.density]
