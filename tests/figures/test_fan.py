"""Fans and the matrix of all pairs: scales, corners, and what each says."""

from __future__ import annotations

import pytest
import xarray as xr

from relsim.analysis.summary import event_table, summarise
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.figures.result import (
    Marked,
    explorer_frame,
    fan_card,
    fan_chart,
    fan_span,
    matrix_frame,
    start_to_end_matrix,
)
from relsim.words import signed
from scenarios_to_test import EVERYTHING, scenario_of

SCENARIO = scenario_of(EVERYTHING)
PAIRS = SCENARIO.pair_names(SCENARIO.watched_pairs)


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return simulate(SCENARIO, runs=20, seed=1)


@pytest.fixture(scope="module")
def summary(ensemble: Ensemble) -> xr.Dataset:
    return summarise(ensemble)


def test_all_fans_of_a_page_and_of_a_figure_span_the_same(
    ensemble: Ensemble, summary: xr.Dataset
) -> None:
    marked = Marked.on(SCENARIO, event_table(ensemble), PAIRS)
    span = fan_span(summary, PAIRS)
    spans = []
    for pair in PAIRS:
        card = fan_card(SCENARIO, summary, pair, span, marked).to_dict()
        low, high = card["layer"][0]["encoding"]["y"]["scale"]["domain"]
        spans.append(high - low)
    panels = fan_chart(SCENARIO, summary, event_table(ensemble)).to_dict()["vconcat"]
    for panel in panels[: len(PAIRS)]:
        low, high = panel["layer"][0]["encoding"]["y"]["scale"]["domain"]
        spans.append(high - low)
    assert len(spans) == 2 * len(PAIRS) > 2
    assert spans == pytest.approx([span] * len(spans))


def test_the_opening_is_below_the_diagonal_however_a_pair_is_spelled(summary: xr.Dataset) -> None:
    assert "C-A" in summary["pair"].values  # against the alphabet
    median = summary["overall"].sel(pair="C-A", statistic="q0.5").values
    cells = matrix_frame(summary, ["A", "C"]).set_index(["y", "x"])
    assert cells.loc[("C", "A"), "shade"] == pytest.approx(median[0])
    assert cells.loc[("A", "C"), "shade"] == pytest.approx(median[-1])
    assert cells.loc[("C", "A"), "text"] == [signed(median[0])]
    change = f"({signed(median[-1] - median[0])})"
    assert cells.loc[("A", "C"), "text"] == [signed(median[-1]), change]


def test_the_matrix_says_what_stands_where(summary: xr.Dataset) -> None:
    subtitle = start_to_end_matrix(SCENARIO, summary).to_dict()["title"]["subtitle"]
    assert "its change since then" in subtitle[0]
    assert "median run" not in subtitle[0]


def test_the_explorer_has_each_pair_with_its_opening(summary: xr.Dataset) -> None:
    frame = explorer_frame(summary, PAIRS)
    months = summary.sizes["time"]
    assert frame["pair"].tolist() == [pair for pair in PAIRS for _ in range(months)]
    for pair, part in frame.groupby("pair"):
        opening = float(summary["overall"].sel(pair=pair, statistic="q0.5")[0])
        assert part["start"].to_numpy() == pytest.approx(opening, abs=1e-4)
