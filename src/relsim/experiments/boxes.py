"""Boxes in the space of parameters in which a share of points is high: PRIM, and what a box holds.

The patient rule induction method (Friedman and Fisher, 1999) as implemented by ema_workbench: it
peels off a slice of the points, at either end of any parameter, that raises the density most for
the points lost, until a twentieth is left, then pastes back what raises it. Each step is a box.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

from relsim.experiments.study import require
from relsim.stats import Values

Flags: TypeAlias = NDArray[np.bool_]

MOST_QUASI_P = 0.05  # of a limit that is kept
# Shares of the points that a step peels off, each tried. Thin slices are patient, but one that
# happens to hold many cases stops the search from going further at that end.
PEELS = (0.05, 0.1, 0.2)
ROUNDING = 1e-12  # of scores
PRIM = "ema_workbench.analysis.prim"
_ANY_DENSITY = 1e-9  # as a threshold, so that the search is never cut short


@dataclass(frozen=True)
class Fit:
    """What a box holds of some points.

    Attributes:
        inside, hits: points in the box, and those among them at which the outcome happens.
        points, cases: the same of all points.
    """

    inside: int
    hits: int
    points: int
    cases: int

    @property
    def coverage(self) -> float:
        """The share of all cases that is in the box; NaN where there are none."""
        return self.hits / self.cases if self.cases else np.nan

    @property
    def density(self) -> float:
        """The share of the points in the box that are cases; NaN where it is empty."""
        return self.hits / self.inside if self.inside else np.nan

    @property
    def mass(self) -> float:
        """The share of all points that is in the box."""
        return self.inside / self.points if self.points else np.nan


@dataclass(frozen=True)
class Search:
    """The box that a search chose.

    Attributes:
        limits: lower and upper, [K, 2]; infinite where a side is not restricted.
        quasi_p: of each limit, [K, 2]; NaN where a side is not restricted.
        trajectory: of all boxes on the way, in order: coverage, density, mass, restricted
            (parameters).
    """

    limits: Values
    quasi_p: Values
    trajectory: pd.DataFrame


def inside(points: Values, limits: Values) -> Flags:
    """Which points [P, K] are in a box [K, 2]; points on a limit are."""
    within = (points >= limits[:, 0]) & (points <= limits[:, 1])
    return np.all(within, axis=1)


def fit(within: Flags, cases: Flags, of: Flags) -> Fit:
    """Counts the points in a box and the cases among them, of some points; all are [P]."""
    counts = (within & of, within & cases & of, of, cases & of)
    return Fit(*(int(flags.sum()) for flags in counts))


def search(points: Values, cases: Flags) -> Search:
    """The box with the highest F-score on any trajectory, without the limits that may be chance.

    The F-score is the harmonic mean of coverage and density (van Rijsbergen, 1979). Limits are
    moved to where it is highest (:func:`refined`). Then those with a quasi-p value above 0.05 are
    dropped, the highest first, until there are none. A quasi-p value is the probability that a box
    without the limit has so many cases by chance (Bryant and Lempert, 2010).

    Args:
        points: [P, K].
        cases: where the outcome happens, [P]; some do, and some do not.

    Raises:
        RelsimError: ema_workbench is not installed.
    """
    prim = require(PRIM)
    # Columns have numbers as names: ema_workbench drops one called "scenario".
    frame = pd.DataFrame(points, columns=[str(k) for k in range(points.shape[1])])
    with _quiet():
        boxes = [
            prim.Prim(frame, cases.astype(np.int64), _ANY_DENSITY, peel_alpha=peel).find_box()
            for peel in PEELS
        ]
        box = max(boxes, key=lambda box: f_scores(box.peeling_trajectory).max())
    best = int(np.argmax(f_scores(box.peeling_trajectory)))
    start, chosen = (limits.to_numpy().T for limits in (box.prim.box_init, box.box_lims[best]))
    limits = refined(points, cases, np.where(chosen == start, [[-np.inf, np.inf]], chosen))
    trajectory = box.peeling_trajectory.rename(columns={"res_dim": "restricted"})
    trajectory = trajectory[["coverage", "density", "mass", "restricted"]]
    return Search(*_without_chance(points, cases, limits), trajectory.astype({"restricted": int}))


def f_scores(trajectory: pd.DataFrame) -> Values:
    """The harmonic mean of coverage and density of each box."""
    coverage, density = (trajectory[name].to_numpy() for name in ("coverage", "density"))
    scores: Values = 2 * coverage * density / (coverage + density)
    return scores


def refined(points: Values, cases: Flags, limits: Values) -> Values:
    """Limits moved, one after the other, to where the F-score is highest.

    Peeling leaves a limit as coarse as its slices, and pasting ends where density is 1.

    Args:
        points: [P, K].
        cases: [P].
        limits: [K, 2]; open sides stay open.
    """
    score = -1.0
    while (reached := _score(points, cases, limits)) > score + ROUNDING:
        score = reached
        for k, side in zip(*np.nonzero(np.isfinite(limits)), strict=True):
            limits = _best_limit(points, cases, limits, int(k), int(side))
    return limits


def _score(points: Values, cases: Flags, limits: Values) -> float:
    """The F-score from counts: twice the hits, by the points in the box plus all cases."""
    within = inside(points, limits)
    return float(2 * (within & cases).sum() / (within.sum() + cases.sum()))


def _best_limit(points: Values, cases: Flags, limits: Values, k: int, side: int) -> Values:
    """The limits with one of them halfway between the points where the F-score is highest; as
    they are where that is no higher."""
    moved = _opened(limits, k, side)
    within = np.flatnonzero(inside(points, moved))
    column = points[within, k]
    order = within[np.argsort(column if side else -column, kind="stable")]
    values, hits = points[order, k], np.cumsum(cases[order])
    scores = 2 * hits / (np.arange(1, len(order) + 1) + cases.sum())
    scores[:-1][values[1:] == values[:-1]] = -1.0  # no limit parts equal values
    best = int(np.argmax(scores))
    if scores[best] <= _score(points, cases, limits) + ROUNDING:
        return limits
    if best + 1 < len(order):
        moved[k, side] = (values[best] + values[best + 1]) / 2
    return moved


def _without_chance(points: Values, cases: Flags, limits: Values) -> tuple[Values, Values]:
    """The limits that are not chance and their quasi-p values; the highest is dropped first."""
    while True:
        within, quasi_p = inside(points, limits), np.full(limits.shape, np.nan)
        hits, count = int((within & cases).sum()), int(within.sum())
        for k, side in zip(*np.nonzero(np.isfinite(limits)), strict=True):
            wider = inside(points, _opened(limits, int(k), int(side)))
            density = (wider & cases).sum() / wider.sum()
            quasi_p[k, side] = binomtest(hits, count, density, alternative="greater").pvalue
        known = np.nan_to_num(quasi_p, nan=-1.0)
        k, side = np.unravel_index(np.argmax(known), known.shape)
        if known[k, side] <= MOST_QUASI_P:
            return limits, quasi_p
        limits = _opened(limits, int(k), int(side))


def _opened(limits: Values, k: int, side: int) -> Values:
    """The limits with one of them lifted."""
    opened = limits.copy()
    opened[k, side] = np.inf if side else -np.inf
    return opened


@contextmanager
def _quiet() -> Iterator[None]:
    """ema_workbench logs each step, and uses what pandas is about to drop."""
    logger = logging.getLogger("EMA")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
