"""The fit of the state space to a past: numbers of highest posterior density, with ranges.

The numbers have the highest posterior density of all pairs' pasts, under the weak priors of
``NUMBERS``. Around it the posterior is taken as normal in the transformed numbers, with the inverse
of the Hessian as its covariance (Laplace's approximation). It is given the levels, which are fitted
before, so ranges are a little narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, wraps
from typing import ParamSpec, TypeAlias, TypeVar

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from relsim.hindcast.measurement import cell_weights, predictive
from relsim.hindcast.panel import Flags, Panel, Values
from relsim.hindcast.pooling import SHARES, Counts, Levels, counts_of, fit_levels, no_levels
from relsim.hindcast.scores import Predictive
from relsim.hindcast.state_space import (
    NUMBERS,
    Dynamics,
    Filtered,
    filtered,
    numbers_of,
    vector_of,
)

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")
# (pairs, shifts, variances) -> probabilities of the cells of ``PULLS`` for those pairs, [N, Q],
# with their pulls shifted by so much, and with so much variance more, [N].
Cells: TypeAlias = Callable[[Flags, Values, Values], Values]

REACH = 10.0  # prior standard deviations: variances beyond are nothing or overflow
STEP = 0.05  # of the transformed numbers, whose standard deviations are about 0.1 to 0.7
DRAWS = 2000
SEED = 1
_LOOK = 0.25  # pulls to either side, to find each pair's level by differences
_LEAST_LEVEL_CURVATURE = 0.02  # a pair whose values do not show its level
_LEAST_CURVATURE = 1e-2  # a direction in which nothing is known
_STILL = 1e-3  # pulls: nothing, but for the logarithm

_CENTRES, _WIDTHS = np.array(list(NUMBERS.values())).T
_SHARED = np.array([name.startswith("shared") for name in NUMBERS])
_MOVING = np.array([name in ("drift", "volatility") for name in NUMBERS]) | _SHARED


def one_thread(function: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
    """The function, with BLAS on one thread while it runs.

    The matrices of a fit are so small that more threads wait longer than they work (on two cores
    twice the processor time for a tenth more of waiting), and sums would depend on their number.
    """

    @wraps(function)
    def alone(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Returned:
        with threadpool_limits(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return alone


def lowest(
    height: Callable[[Values], float],
    start: Values,
    centres: Values,
    widths: Values,
    ftol: float = 2.2e-9,
) -> Values:
    """The numbers at which a height is least, by L-BFGS-B.

    Where values allow it, as where all are the same, a search goes on to spreads of zero. So
    numbers are held at ten prior standard deviations, and the height rises beyond. (With bounds on
    all numbers, L-BFGS-B would begin at the bounds, far from the start.)

    Args:
        height: minus log posterior density.
        start: where to begin.
        centres, widths: means and standard deviations of the priors.
        ftol: relative change of the height at which to end.
    """

    def held(numbers: Values) -> Values:
        return np.clip(numbers, centres - REACH * widths, centres + REACH * widths)

    def risen(numbers: Values) -> float:
        kept = held(numbers)
        return height(kept) + float(np.sum(((numbers - kept) / widths) ** 2))

    return held(minimize(risen, start, method="L-BFGS-B", options={"ftol": ftol}).x)


@dataclass(frozen=True)
class Fitted:
    """A fit to the years up to an origin.

    Attributes:
        past: the panel it was fitted to.
        dynamics: the fitted numbers.
        counts: how many events values to come will rest on.
        levels: each pair's level as the other pairs predict it.
        filtered: the beliefs about each pair after the last year.
    """

    past: Panel
    dynamics: Dynamics
    counts: Counts
    levels: Levels
    filtered: Filtered

    def pulls(self, years: int) -> tuple[Values, Values]:
        """Mean and variance of η some years on, [P, K] each, for each factor."""
        dynamics, factors = self.dynamics, self.filtered.factors
        ahead = self.filtered.belief.ahead(dynamics, factors, years)
        shared = self.filtered.shared.ahead(dynamics.shared_drift, years)
        passing = (dynamics.passing * factors) ** 2
        more = shared.variance + dynamics.shared_passing**2
        return ahead.mean + shared.mean, ahead.variance + passing + more

    def forecast(self, horizons: Sequence[int]) -> dict[int, Predictive]:
        """Distributions of the values of all pairs, by horizon in years."""
        return {years: self.measured(years, partial(self._cells, years)) for years in horizons}

    def _cells(self, years: int, pairs: Flags, shifts: Values, more: Values) -> Values:
        """Probabilities of the cells of ``PULLS``, [N, Q], over all factors."""
        means, variances = (moment[pairs] for moment in self.pulls(years))
        cells = cell_weights(means + shifts[:, np.newaxis], variances + more[:, np.newaxis])
        return np.asarray((self.filtered.weights[pairs][..., np.newaxis] * cells).sum(axis=1))

    def measured(self, years: int, cells: Cells) -> Predictive:
        """Distributions of values some years on, from those of pulls.

        The level of a pair that was never seen depends on how busy it is, so its pull goes with its
        count.
        """
        gaps, variance = self.counts.lasting(years)
        slope, unseen = self.levels.per_log_events, variance > 0
        nothing = np.zeros(len(variance))
        usual = cells(np.ones(len(variance), dtype=bool), nothing, nothing)
        weights = [usual.copy() for _ in SHARES]
        if unseen.any():
            for mixed, gap in zip(weights, gaps[unseen].T, strict=True):
                mixed[unseen] = cells(unseen, slope * gap, slope**2 * variance[unseen])
        clustering = self.dynamics.clustering
        return predictive(weights, self.counts.ahead(years), SHARES, clustering)


@one_thread
def fit(past: Panel, moving: bool = True) -> Fitted:
    """Fit the numbers on a past, and filter each pair through it.

    Args:
        past: the years up to the origin.
        moving: whether levels drift and fluctuations last. If not, each pair has a level, pooled
            alike, and a spread about it, which the dynamics must beat.
    """
    _, joins = past.states()
    counts, levels = counts_of(past), no_levels(len(past.dyads))
    start = np.where(_SHARED if moving else _MOVING, np.log(_STILL), _CENTRES)
    # Pairs apart at first, as the shared part would take up a shift of all levels.
    dynamics = _fit_dynamics(past, levels, start, ~_SHARED if moving else ~_MOVING)
    # Once each: another round changes no third digit of a score.
    own, errors = _levels_by_series(past, dynamics, levels)
    levels = fit_levels(own, errors, past.seen, counts.expected, joins)
    start = np.where(_SHARED & moving, _CENTRES, vector_of(dynamics))
    dynamics = _fit_dynamics(past, levels, start, np.full(len(start), moving) | ~_MOVING)
    return Fitted(past, dynamics, counts, levels, filtered(past, dynamics, levels))


Fit: TypeAlias = Callable[[Panel], Fitted]


def fits_once() -> Fit:
    """:func:`fit`, but a past that was fitted before is not fitted again.

    Several forecasters want the same fit, and the past of one origin holds those of earlier ones.
    """
    known: dict[tuple[object, ...], Fitted] = {}

    def fit_once(past: Panel) -> Fitted:
        key = (past.dyads, past.years, past.values.tobytes(), past.events.tobytes())
        if key not in known:
            known[key] = fit(past)
        return known[key]

    return fit_once


def _fit_dynamics(past: Panel, levels: Levels, start: Values, free: Flags) -> Dynamics:
    """The numbers of the highest posterior density, given the levels; some may be held."""

    def whole(chosen: Values) -> Values:
        vector = start.copy()
        vector[free] = chosen
        return vector

    def height(chosen: Values) -> float:
        return surprise(past, levels, whole(chosen))

    chosen = lowest(height, start[free], _CENTRES[free], _WIDTHS[free], ftol=1e-7)
    return numbers_of(whole(chosen))


def surprise(past: Panel, levels: Levels, vector: Values) -> float:
    """Minus log posterior density of the transformed numbers, but for a constant."""
    weak = float(np.sum(((vector - _CENTRES) / _WIDTHS) ** 2)) / 2
    return weak - filtered(past, numbers_of(vector), levels).total


def _levels_by_series(past: Panel, dynamics: Dynamics, levels: Levels) -> tuple[Values, Values]:
    """Each pair's opening level by its own series, minus the mean, and the variance of that, [P].

    The density of a series falls off as a normal density with the prior mean of its level, whose
    centre and width come from differences.
    """

    def density(shift: float) -> Values:
        moved = replace(levels, mean=levels.mean + shift)
        return filtered(past, dynamics, moved).log_density

    lower, middle, upper = density(-_LOOK), density(0.0), density(_LOOK)
    slope = (upper - lower) / (2 * _LOOK)
    curvature = np.maximum((2 * middle - upper - lower) / _LOOK**2, _LEAST_LEVEL_CURVATURE)
    prior = dynamics.level_spread**2 + levels.variance
    variance = np.maximum(1 / curvature, 1.5 * prior) - prior
    return levels.mean + slope / curvature, np.maximum(variance, 1e-3)


def covariance_of(fitted: Fitted) -> Values:
    """Covariance of the transformed numbers, [10, 10], in the order of ``NUMBERS``."""
    centre = vector_of(fitted.dynamics)
    steps = STEP * np.eye(len(centre))

    def height(*moves: Values) -> float:
        return surprise(fitted.past, fitted.levels, centre + np.sum(moves, axis=0))

    hessian = np.empty((len(centre), len(centre)))
    for row, first in enumerate(steps):
        for column, second in enumerate(steps[: row + 1]):
            same = height(first, second) + height(-first, -second)
            apart = height(first, -second) + height(-first, second)
            hessian[row, column] = hessian[column, row] = (same - apart) / (4 * STEP**2)
    sizes, axes = np.linalg.eigh(hessian)
    covariance: Values = (axes / np.maximum(sizes, _LEAST_CURVATURE)) @ axes.T
    return covariance


def draws_of(fitted: Fitted, draws: int = DRAWS) -> list[Dynamics]:
    """Numbers drawn from their posterior."""
    stream = np.random.default_rng(SEED)
    centre, covariance = vector_of(fitted.dynamics), covariance_of(fitted)
    return [numbers_of(row) for row in stream.multivariate_normal(centre, covariance, draws)]
