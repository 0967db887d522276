"""The linear cousin of the model: a level that drifts, and a fluctuation that dies away.

Of each pair, η(t) = level(t) + fluctuation(t) + passing(t) + shared(t), in pulls:

- level: a random walk, ``drift`` per √year (the model's drifting affinity), from an opening that
  other pairs foretell (:mod:`relsim.hindcast.levels`);
- fluctuation: mean-reverting, stationary standard deviation ``volatility``, correlation
  ``persistence`` from year to year (posture that adapts to its target);
- passing: a spread ``passing`` that is gone the next year (what is faster than a year);
- shared: the same for all pairs, in part lasting, in part gone the next year
  (:mod:`relsim.hindcast.shared`).

Volatility and passing differ by pair: both are multiplied by a factor that is lognormal over
pairs, which gives shocks the heavy tails of a scale mixture. Values come of η as in
:mod:`relsim.hindcast.measurement`. A Kalman filter (Durbin and Koopman 2012), with a
normal belief of the right mean and variance after each value, runs over all pairs and factors at
once. The numbers have the highest posterior density of all pairs' pasts, under the weak priors of
``NUMBERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, logsumexp

from relsim.hindcast.counts import SHARES, Counts, counts_of
from relsim.hindcast.levels import Levels, fit_levels, no_levels
from relsim.hindcast.measurement import absorb, cell_weights, predictive
from relsim.hindcast.one_thread import one_thread
from relsim.hindcast.panel import Panel
from relsim.hindcast.scores import Predictive
from relsim.hindcast.search import lowest
from relsim.hindcast.shared import Shared, learn

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

# (pairs, shifts, variances) -> probabilities of the cells of ``PULLS`` for those pairs, [N, Q],
# with their pulls shifted by so much, and with so much variance more, [N].
Cells: TypeAlias = Callable[[Flags, Values, Values], Values]

FACTORS = 5  # nodes of the lognormal factor of volatility
_LOOK = 0.25  # pulls to either side, to find each pair's level by differences
_LEAST_CURVATURE = 0.02  # a pair whose values say nothing of its level


@dataclass(frozen=True)
class Dynamics:
    """The fitted numbers.

    Attributes:
        level: mean of the opening levels, in pulls η.
        level_spread: standard deviation of a pair's own part of it, in pulls.
        drift: of a level, in pulls per √year.
        volatility: stationary standard deviation of the fluctuation, in pulls.
        persistence: correlation of the fluctuation from year to year, in (0, 1).
        passing: standard deviation of what is gone the next year, in pulls.
        clustering: coded events for each independent one.
        unevenness: standard deviation over pairs of the log factor of volatility and passing.
        shared_drift: of what all pairs have in common, in pulls per √year.
        shared_passing: standard deviation of what all pairs have in common for one year, in pulls.
    """

    level: float
    level_spread: float
    drift: float
    volatility: float
    persistence: float
    passing: float
    clustering: float
    unevenness: float
    shared_drift: float
    shared_passing: float


# Centre and standard deviation of the normal prior of each number, as transformed: level as it
# is, persistence by its log odds, the others by their logs. A past of two or three years cannot
# tell a lasting level from a persistent fluctuation from what is gone the next year: these
# priors (a factor of 1.5 or so) keep them apart until the years do.
NUMBERS: dict[str, tuple[float, float]] = {
    "level": (1.4, 3.0),
    "level_spread": (-0.7, 0.5),
    "drift": (-2.2, 0.5),
    "volatility": (-1.7, 0.5),
    "persistence": (0.0, 0.5),
    "passing": (-1.5, 0.4),
    "clustering": (0.7, 0.7),
    "unevenness": (-1.0, 0.7),
    "shared_drift": (-3.0, 0.5),
    "shared_passing": (-3.0, 0.5),
}
_CENTRES = np.array([centre for centre, _ in NUMBERS.values()])
_WIDTHS = np.array([width for _, width in NUMBERS.values()])
_SHARED = np.array([name.startswith("shared") for name in NUMBERS])
_MOVING = np.array([name in ("drift", "volatility") for name in NUMBERS]) | _SHARED
_MOST = 10.0  # log of a factor: no pair is e^10 times as volatile as another
_STILL = 1e-3  # pulls: nothing, but for the logarithm
_LEAST_PRECISION = 1e-9  # of a value that says nothing of its pull


@dataclass(frozen=True)
class Belief:
    """Normal beliefs about level and fluctuation, each [P, K] for P pairs and K factors."""

    level: Values
    fluctuation: Values
    level_variance: Values
    covariance: Values
    fluctuation_variance: Values


@dataclass(frozen=True)
class Filtered:
    """What is believed after the last year.

    Attributes:
        belief: about level and fluctuation, [P, K].
        weights: probabilities of the factors for each pair, [P, K].
        factors: of volatility and passing, [K].
        log_density: of each pair's values given what is shared, [P].
        shared: what is believed of what all pairs have in common.
        shared_density: what that changes the log density of all values by.
    """

    belief: Belief
    weights: Values
    factors: Values
    log_density: Values
    shared: Shared
    shared_density: float

    @property
    def total(self) -> float:
        """Log density of all values."""
        return float(self.log_density.sum()) + self.shared_density


@dataclass(frozen=True)
class Fitted:
    """A fit to the years up to an origin.

    Attributes:
        past: what it was fitted on.
        dynamics: the fitted numbers.
        counts: how many events values to come will rest on.
        levels: what the other pairs say of each pair's level.
        filtered: what is believed of each pair after the last year.
    """

    past: Panel
    dynamics: Dynamics
    counts: Counts
    levels: Levels
    filtered: Filtered

    def pulls(self, years: int) -> tuple[Values, Values]:
        """Mean and variance of η some years on, [P, K] each, for each factor."""
        found, dynamics = self.filtered, self.dynamics
        ahead = _advance(found.belief, dynamics, found.factors, years)
        shared = found.shared.ahead(dynamics.shared_drift, years)
        passing = (dynamics.passing * found.factors) ** 2
        more = shared.variance + dynamics.shared_passing**2
        return ahead.level + ahead.fluctuation + shared.mean, _variance(ahead) + passing + more

    def forecast(self, horizons: Sequence[int]) -> dict[int, Predictive]:
        """Distributions of the values of all pairs, by horizon in years."""
        return {years: self.measured(years, partial(self._cells, years)) for years in horizons}

    def _cells(self, years: int, pairs: Flags, shifts: Values, more: Values) -> Values:
        """Probabilities of the cells of ``PULLS``, [N, Q], over all factors."""
        means, variances = (one[pairs] for one in self.pulls(years))
        cells = cell_weights(means + shifts[:, np.newaxis], variances + more[:, np.newaxis])
        weights: Values = (self.filtered.weights[pairs][..., np.newaxis] * cells).sum(axis=1)
        return weights

    def measured(self, years: int, cells: Cells) -> Predictive:
        """Distributions of values some years on, from those of pulls.

        How busy a pair never seen is tells of its level too, so its pull goes with its count.
        """
        gaps, variance = self.counts.lasting(years)
        slope, unseen = self.levels.per_log_events, variance > 0
        every, nothing = np.ones(len(variance), dtype=bool), np.zeros(len(variance))
        weights = [cells(every, nothing, nothing)] * len(SHARES)
        if unseen.any():
            weights = [one.copy() for one in weights]
            for one, gap in zip(weights, gaps[unseen].T, strict=True):
                one[unseen] = cells(unseen, slope * gap, slope**2 * variance[unseen])
        clustering = self.dynamics.clustering
        return predictive(weights, self.counts.ahead(years), SHARES, clustering)


@one_thread
def fit(past: Panel, moving: bool = True) -> Fitted:
    """Fit the numbers on a past, and filter each pair through it.

    Args:
        past: the years up to the origin.
        moving: whether levels drift and fluctuations last. Without, what is left is a level for
            each pair, pooled alike, and a spread about it: what the dynamics must beat.
    """
    _, joins = past.states()
    counts, levels = counts_of(past), no_levels(len(past.dyads))
    start = np.where(_SHARED if moving else _MOVING, np.log(_STILL), _CENTRES)
    # Pairs apart at first, as what is shared would take up a shift of all levels.
    dynamics = _fit_dynamics(past, levels, start, ~_SHARED if moving else ~_MOVING)
    # Once each: another round changes no third digit of a score.
    found, errors = _levels_by_series(past, dynamics, levels)
    levels = fit_levels(found, errors, past.seen, counts.expected, joins)
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


@dataclass(frozen=True)
class _Year:
    """Values of a year, the events they rest on, and which there are, [P, 1] each."""

    values: Values
    events: Values
    known: Flags


def _years(panel: Panel) -> list[_Year]:
    known = panel.measured
    values, events = np.where(known, panel.values, 0.0), np.where(known, panel.events, 1.0)
    columns = [slice(year, year + 1) for year in range(len(panel.years))]
    return [_Year(values[:, one], events[:, one], known[:, one]) for one in columns]


def filtered(past: Panel, dynamics: Dynamics, levels: Levels) -> Filtered:
    """Run the filter over the years of a panel."""
    factors, prior = _factors(dynamics.unevenness)
    belief, shared = _opening(dynamics, levels, factors), Shared()
    joint, shared_density = np.zeros_like(belief.level) + np.log(prior), 0.0
    passing = (dynamics.passing * factors) ** 2
    for place, year in enumerate(_years(past)):
        if place:
            belief = _advance(belief, dynamics, factors, 1)
            shared = shared.ahead(dynamics.shared_drift, 1)
        if not year.known.any():
            continue
        news = _news(belief, passing, year, dynamics.clustering, shared.mean, joint)
        learned = learn(shared, dynamics.shared_passing, *news)
        shared, shared_density = learned.shared, shared_density + learned.log_density
        common = learned.offset, learned.variance
        after, gained = _learn(belief, passing, year, dynamics.clustering, common)
        belief = _where(year.known, after, belief)
        joint += np.where(year.known, gained, 0.0)
    total = logsumexp(joint, axis=1)
    weights = np.exp(joint - total[:, np.newaxis])
    return Filtered(belief, weights, factors, total, shared, shared_density)


def _factors(unevenness: float) -> tuple[Values, Values]:
    """Nodes and weights of the lognormal factor, by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(FACTORS)
    return np.exp(np.clip(unevenness * nodes, -_MOST, _MOST)), weights / weights.sum()


def _opening(dynamics: Dynamics, levels: Levels, factors: Values) -> Belief:
    shape = len(levels.mean), len(factors)
    level = (dynamics.level + levels.mean)[:, np.newaxis]
    variance = (dynamics.level_spread**2 + levels.variance)[:, np.newaxis]
    return Belief(
        np.broadcast_to(level, shape),
        np.zeros(shape),
        np.broadcast_to(variance, shape),
        np.zeros(shape),
        np.broadcast_to((dynamics.volatility * factors) ** 2, shape),
    )


def _advance(belief: Belief, dynamics: Dynamics, factors: Values, years: int) -> Belief:
    kept = dynamics.persistence**years
    stationary = (dynamics.volatility * factors) ** 2
    return Belief(
        belief.level,
        belief.fluctuation * kept,
        belief.level_variance + dynamics.drift**2 * years,
        belief.covariance * kept,
        belief.fluctuation_variance * kept**2 + stationary * (1 - kept**2),
    )


def _variance(belief: Belief) -> Values:
    """Of level and fluctuation together."""
    return belief.level_variance + 2 * belief.covariance + belief.fluctuation_variance


def _news(
    belief: Belief, passing: Values, year: _Year, clustering: float, offset: float, joint: Values
) -> tuple[Values, Values]:
    """How much higher than expected each pair is, times its precision, and the precision, [P].

    A factor counts by its probability with the value known, so that a pair that has turned
    moves the others little.
    """
    mean, variance = belief.level + belief.fluctuation + offset, _variance(belief) + passing
    after, left, gained = absorb(mean, variance, year.values, year.events, clustering)
    told = np.maximum(1 / left - 1 / variance, _LEAST_PRECISION)
    higher = (after / left - mean / variance) / told - mean
    odds = joint + gained
    weights = np.exp(odds - logsumexp(odds, axis=1, keepdims=True))
    precision = np.where(year.known, weights / (variance + 1 / told), 0.0)
    return (precision * higher).sum(axis=1), precision.sum(axis=1)


def _learn(
    belief: Belief, passing: Values, year: _Year, clustering: float, common: tuple[float, float]
) -> tuple[Belief, Values]:
    """The belief after a value of each pair, and the log density that the value had.

    ``common`` is the mean and variance of what all pairs have in common that year.
    """
    offset, unsure = common
    mean, variance = belief.level + belief.fluctuation + offset, _variance(belief) + passing
    after, left, density = absorb(mean, variance, year.values, year.events, clustering)
    left = left + (1 - left / variance) ** 2 * unsure
    moved, gone = after - mean, variance - left
    to_level = (belief.level_variance + belief.covariance) / variance
    to_fluctuation = (belief.covariance + belief.fluctuation_variance) / variance
    learned = Belief(
        belief.level + to_level * moved,
        belief.fluctuation + to_fluctuation * moved,
        belief.level_variance - to_level**2 * gone,
        belief.covariance - to_level * to_fluctuation * gone,
        belief.fluctuation_variance - to_fluctuation**2 * gone,
    )
    return learned, density


def _where(known: Flags, after: Belief, before: Belief) -> Belief:
    return Belief(
        np.where(known, after.level, before.level),
        np.where(known, after.fluctuation, before.fluctuation),
        np.where(known, after.level_variance, before.level_variance),
        np.where(known, after.covariance, before.covariance),
        np.where(known, after.fluctuation_variance, before.fluctuation_variance),
    )


def vector_of(dynamics: Dynamics) -> Values:
    """The numbers as transformed for the search, in the order of ``NUMBERS``."""
    numbers = np.array([getattr(dynamics, name) for name in NUMBERS])
    names = list(NUMBERS)
    moved = np.log(np.abs(numbers))
    moved[names.index("level")] = dynamics.level
    moved[names.index("persistence")] = logit(dynamics.persistence)
    return moved


def numbers_of(vector: Values) -> Dynamics:
    """The inverse of :func:`vector_of`."""
    named = dict(zip(NUMBERS, np.exp(vector), strict=True))
    places = dict(zip(NUMBERS, vector, strict=True))
    dynamics = Dynamics(**{name: float(number) for name, number in named.items()})
    persistence = float(expit(places["persistence"]))
    return replace(dynamics, level=float(places["level"]), persistence=persistence)


def _fit_dynamics(past: Panel, levels: Levels, start: Values, free: NDArray[np.bool_]) -> Dynamics:
    """The numbers of the highest posterior density, given the levels; some may be held."""

    def whole(chosen: Values) -> Values:
        vector = start.copy()
        vector[free] = chosen
        return vector

    def height(chosen: Values) -> float:
        return surprise(past, levels, whole(chosen))

    found = lowest(height, start[free], _CENTRES[free], _WIDTHS[free], ftol=1e-7)
    return numbers_of(whole(found))


def surprise(past: Panel, levels: Levels, vector: Values) -> float:
    """Minus log posterior density of the transformed numbers, but for a constant."""
    weak = float(np.sum(((vector - _CENTRES) / _WIDTHS) ** 2)) / 2
    return weak - filtered(past, numbers_of(vector), levels).total


def _levels_by_series(past: Panel, dynamics: Dynamics, levels: Levels) -> tuple[Values, Values]:
    """Each pair's opening level by its own series, less the mean, and the variance of that, [P].

    The density of a series falls off as a normal density with the prior mean of its level, whose
    place and width are found by differences.
    """

    def density(shift: float) -> Values:
        moved = replace(levels, mean=levels.mean + shift)
        return filtered(past, dynamics, moved).log_density

    lower, middle, upper = density(-_LOOK), density(0.0), density(_LOOK)
    slope = (upper - lower) / (2 * _LOOK)
    curvature = np.maximum((2 * middle - upper - lower) / _LOOK**2, _LEAST_CURVATURE)
    prior = dynamics.level_spread**2 + levels.variance
    variance = np.maximum(1 / curvature, 1.5 * prior) - prior
    return levels.mean + slope / curvature, np.maximum(variance, 1e-3)
