"""Charts of advice: what is drawn, how many, and numbers that do not touch."""

from __future__ import annotations

import numpy as np
import pytest

from relsim.experiments.advice import Advice, Bound, Goal
from relsim.experiments.advise import advice_points, advise
from relsim.figures.advice import (
    HEIGHT,
    LABEL,
    MARGIN,
    MOST_COLUMNS,
    WIDTH,
    advice_charts,
    front_frame,
    shown_portfolios,
)


def advised(levers: int, bounds: tuple[Bound, ...] = (Bound("B", low=-1.5),)) -> Advice:
    """Every lever helps the goal, and costs the other measure as much."""
    points, rng = advice_points(levers), np.random.default_rng(0)
    sizes = np.linspace(0.5, 1.5, levers)
    goal = (points @ sizes)[:, None] + rng.normal(size=50)
    other = -(points @ sizes)[:, None] + rng.normal(size=50)
    names = tuple(f"lever {number}" for number in range(levers))
    return advise(names, points, {"A": goal, "B": other, "C": other}, Goal("A"), bounds)


@pytest.mark.parametrize("levers", [1, 3, 7])
def test_charts_are_valid_and_hold_what_fits(levers: int) -> None:
    charts = {name: chart.to_dict() for name, chart in advice_charts(advised(levers)).items()}
    assert list(charts) == ["advice-front", "advice-portfolios"]
    shown = shown_portfolios(advised(levers))
    assert len(shown) <= MOST_COLUMNS
    said = charts["advice-portfolios"]["title"]["subtitle"][0]
    assert ("of them shown" in said) == (levers == 7)


def test_the_best_comes_first_and_each_number_of_levers_is_shown() -> None:
    advice = advised(7)
    shown = shown_portfolios(advice)
    assert shown[0] == advice.best
    assert {int(advice.sizes[place]) for place in shown} == set(range(8))
    assert advice.front[shown].all()
    kept = advice.admissible[shown]
    assert (np.diff(kept.astype(int)) <= 0).all()


def test_numbers_do_not_touch() -> None:
    frame = front_frame(advised(7))
    numbered = frame[frame["label"] != ""]
    assert len(numbered) > 3
    x = numbered["share"].to_numpy() * WIDTH * (1 - 2 * MARGIN) / np.ptp(frame["share"])
    y = numbered["level"].to_numpy() * HEIGHT / np.ptp(frame["level"])
    apart = (np.abs(np.subtract.outer(x, x)) >= LABEL[0]) | (
        np.abs(np.subtract.outer(y, y)) >= LABEL[1]
    )
    assert apart[~np.eye(len(x), dtype=bool)].all()


def test_bounds_that_ask_differently_are_drawn_by_what_is_beyond() -> None:
    advice = advised(3, (Bound("B", low=-1.5, share=0.8), Bound("C", low=-2, share=0.6)))
    frame = front_frame(advice)
    assert (frame["share"] >= 0).tolist() == advice.admissible.tolist()
    same = front_frame(advised(3))
    assert (same["share"] >= 0.8).tolist() == advised(3).admissible.tolist()
    chart = advice_charts(advice)["advice-front"].to_dict()
    assert "beyond the share it asks" in str(chart)


def test_without_bounds_there_is_no_chart_against_them() -> None:
    assert list(advice_charts(advised(3, ()))) == ["advice-portfolios"]
