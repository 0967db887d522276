"""Intervals of ratios of scores: how often they hold a ratio whose truth is 1."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from relsim.hindcast.scores import mean_scores_of

Documented = Callable[[float], None]

# Standard deviations, in shares of the mean score, of what moves scores: of a state, of a pair in
# all years, of a pair in a year, of all pairs in a year. Then years measured, and years ahead.
CASES: dict[str, tuple[float, float, float, float, int, int]] = {
    "states": (0.15, 0.15, 0.3, 0.0, 6, 1),
    "pairs": (0.0, 0.3, 0.3, 0.0, 6, 1),
    "years": (0.0, 0.15, 0.3, 0.15, 6, 1),
    "states and years": (0.15, 0.15, 0.3, 0.15, 6, 1),
    "three ahead": (0.0, 0.15, 0.3, 0.15, 12, 3),
    "few years, states": (0.15, 0.15, 0.3, 0.0, 4, 3),
    "few years, pairs": (0.0, 0.3, 0.3, 0.0, 4, 3),
    "few years, years": (0.0, 0.15, 0.3, 0.15, 4, 3),
}
STATES = [f"S{number:02d}" for number in range(14)]
PAIRS = ["-".join(pair) for pair in combinations(STATES, 2)]
JOINS = np.array([[state in pair.split("-") for state in STATES] for pair in PAIRS]) * 1.0
TIMES = 300
MEAN = 0.07


def scores(case: str, forecasters: int, rng: np.random.Generator) -> pd.DataFrame:
    """A score for each forecaster, pair and year; all forecasters are as good as each other."""
    of_state, of_pair, of_cell, of_year, years, ahead = CASES[case]
    tables = []
    for number in range(forecasters):
        shocks = rng.standard_normal(years + ahead - 1)
        shared = np.convolve(shocks, np.full(ahead, ahead**-0.5), "valid")
        moved = of_state * (JOINS @ rng.standard_normal(len(STATES)))[:, np.newaxis]
        moved = moved + of_pair * rng.standard_normal((len(PAIRS), 1)) + of_year * shared
        moved = moved + of_cell * rng.standard_normal(moved.shape)
        tables.append(
            pd.DataFrame(
                {
                    "dyad": np.repeat(PAIRS, years),
                    "year": np.tile(np.arange(years), len(PAIRS)),
                    "forecaster": f"F{number}",
                    "crps": (MEAN * (1 + moved)).ravel(),
                    "weight": 1.0,
                }
            )
        )
    return pd.concat(tables)


@pytest.mark.slow
@pytest.mark.parametrize("baselines", [1, 4])
@pytest.mark.parametrize("case", list(CASES))
def test_ratio(case: str, baselines: int, documented: Documented) -> None:
    rng, held = np.random.default_rng(41), []
    names = [f"F{number}" for number in range(1, 1 + baselines)]
    for time in range(TIMES):
        rows = scores(case, 1 + baselines, rng)
        means = mean_scores_of(rows, span=CASES[case][-1], draws=500, seed=time)
        _, low, high = means.ratio("F0", names)
        held.append(low <= 1 <= high)
    documented(float(np.mean(held)))
    if case != "few years, years":  # says itself that it takes the years as they were
        assert np.mean(held) >= 0.95 - 2.5 * np.sqrt(0.95 * 0.05 / TIMES)
