"""Outcomes of paired runs: which runs can be compared at all points, and means of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relsim.experiments.parameters import Values
from relsim.stats import difference_interval

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Means:
    """Some means over runs, [K] each, with their 95 % intervals; NaN where there is none."""

    value: Values
    low: Values
    high: Values

    @property
    def clear(self) -> Flags:
        """Which intervals are clear of 0, [K]."""
        off_zero: Flags = (self.low > 0) | (self.high < 0)
        return off_zero


def means(values: Values) -> Means:
    """Means over runs [K, R] with their 95 % intervals; all NaN where there is no run."""
    if not values.shape[1]:
        nothing = np.full(len(values), np.nan)
        return Means(nothing, nothing, nothing)
    low, high = np.array([difference_interval(row) for row in values]).reshape(-1, 2).T
    return Means(values.mean(axis=1), low, high)


def complete_runs(outcomes: Iterable[Values]) -> Flags:
    """Which runs have an outcome at every point, of each of some measures [P, R], [R].

    Only these can be compared across points without comparing different runs.
    """
    whole: Flags = np.logical_and.reduce([np.isfinite(one).all(axis=0) for one in outcomes])
    return whole
