"""Series with nothing to learn from, or with too much, are scored without a nan or a warning."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import ArrayLike

from relsim.hindcast.evaluate import evaluate, skill
from relsim.hindcast.panel import Panel

YEARS = 6
NEVER = np.nan


def panel(values: ArrayLike, events: ArrayLike = 100.0, pairs: int = 3) -> Panel:
    """Of pairs that share no state; values and events are given alike or by pair and year."""
    dyads = ("A-B", "C-D", "E-F")[:pairs]
    shape = len(dyads), YEARS
    told = np.broadcast_to(np.asarray(values, dtype=np.float64), shape).copy()
    counts = np.where(np.isnan(told), np.nan, np.broadcast_to(events, shape))
    return Panel(dyads, tuple(range(2000, 2000 + YEARS)), told, counts)


ODD = {
    "all are 0": panel(0.0),
    "all are 1": panel(1.0),
    "all are -1, each of one event": panel(-1.0, 1.0),
    "1 and -1 in turn, each of a million events": panel([1.0, -1.0] * 3, 1e6),
    "one pair": panel([0.5, 0.6, NEVER, 0.4, 0.5, 0.7], pairs=1),
    "no pair has two values by then": panel(
        [
            [0.5, NEVER, NEVER, NEVER, NEVER, 0.2],
            [NEVER, NEVER, NEVER, NEVER, 0.9, 0.8],
            [NEVER] * YEARS,
        ]
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_series_are_scored(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = evaluate(ODD[name], origins=(2004,), horizons=(1,))
        table = skill(scores, draws=20)
    assert len(scores)
    assert np.isfinite(scores.select_dtypes("number").to_numpy()).all()
    assert np.isfinite(table.select_dtypes("number").to_numpy()).all()
    assert (scores["upper95"] >= scores["lower95"]).all()
