"""The linear cousin of the model: a level that drifts, and a fluctuation that dies away.

Of each pair, η(t) = level(t) + fluctuation(t) + passing(t), in pulls:

- level: a random walk, ``drift`` per √year (the model's drifting affinity), from an opening that
  other pairs foretell (:mod:`relsim.hindcast.levels`);
- fluctuation: mean-reverting, stationary standard deviation ``volatility``, correlation
  ``persistence`` from year to year (posture that adapts to its target);
- passing: a spread ``passing`` that is gone the next year (what is faster than a year).

Volatility and passing differ by pair: both are multiplied by a factor that is lognormal over
pairs, which gives shocks the heavy tails of a scale mixture. Values come of η as in
:mod:`relsim.hindcast.measurement`. A Kalman filter (Durbin and Koopman 2012), with Laplace's
approximation at each value, runs over all pairs and factors at once. The numbers have the highest
posterior density of all pairs' pasts, under the weak priors of ``NUMBERS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit, logsumexp

from relsim.hindcast.levels import Levels, fit_levels, no_levels
from relsim.hindcast.measurement import absorb, cell_weights, predictive
from relsim.hindcast.panel import Panel
from relsim.hindcast.scores import Predictive

Values = NDArray[np.float64]

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
    """

    level: float
    level_spread: float
    drift: float
    volatility: float
    persistence: float
    passing: float
    clustering: float
    unevenness: float


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
}
_CENTRES = np.array([centre for centre, _ in NUMBERS.values()])
_WIDTHS = np.array([width for _, width in NUMBERS.values()])
_MOVING = np.array([name in ("drift", "volatility") for name in NUMBERS])
_STILL = 1e-3  # pulls: nothing, but for the logarithm


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
        log_density: of each pair's values, [P].
    """

    belief: Belief
    weights: Values
    factors: Values
    log_density: Values


@dataclass(frozen=True)
class Fitted:
    """A fit to the years up to an origin.

    Attributes:
        past: what it was fitted on.
        dynamics: the fitted numbers.
        levels: what the other pairs say of each pair's level.
        filtered: what is believed of each pair after the last year.
    """

    past: Panel
    dynamics: Dynamics
    levels: Levels
    filtered: Filtered

    def pulls(self, years: int) -> tuple[Values, Values]:
        """Mean and variance of η some years on, [P, K] each, for each factor."""
        ahead = _advance(self.filtered.belief, self.dynamics, self.filtered.factors, years)
        passing = (self.dynamics.passing * self.filtered.factors) ** 2
        return ahead.level + ahead.fluctuation, _variance(ahead) + passing

    def forecast(self, horizons: Sequence[int]) -> dict[int, Predictive]:
        """Distributions of the values of all pairs, by horizon in years."""
        events = self.past.expected_events()
        said = {}
        for years in horizons:
            cells = cell_weights(*self.pulls(years))
            weights = (self.filtered.weights[..., np.newaxis] * cells).sum(axis=1)
            said[years] = predictive(weights, events, self.dynamics.clustering)
        return said


def fit(past: Panel, moving: bool = True) -> Fitted:
    """Fit the numbers on a past, and filter each pair through it.

    Args:
        past: the years up to the origin.
        moving: whether levels drift and fluctuations last. Without, what is left is a level for
            each pair, pooled alike, and a spread about it: what the dynamics must beat.
    """
    _, joins = past.states()
    events = past.expected_events()
    levels = no_levels(len(past.dyads))
    start = _CENTRES if moving else np.where(_MOVING, np.log(_STILL), _CENTRES)
    dynamics = _fit_dynamics(past, levels, start, moving)
    # Once each: another round changes no third digit of a score.
    found, errors = _levels_by_series(past, dynamics, levels)
    levels = fit_levels(found, errors, past.seen, events, joins)
    dynamics = _fit_dynamics(past, levels, _vector(dynamics), moving)
    return Fitted(past, dynamics, levels, filtered(past, dynamics, levels))


def filtered(past: Panel, dynamics: Dynamics, levels: Levels) -> Filtered:
    """Run the filter over the years of a panel."""
    factors, prior = _factors(dynamics.unevenness)
    belief = _opening(dynamics, levels, factors)
    density = np.zeros_like(belief.level)
    passing = (dynamics.passing * factors) ** 2
    known = past.measured
    values, events = np.where(known, past.values, 0.0), np.where(known, past.events, 1.0)
    for year in range(len(past.years)):
        if year:
            belief = _advance(belief, dynamics, factors, 1)
        column = slice(year, year + 1)
        after, gained = _learn(
            belief, passing, values[:, column], events[:, column], dynamics.clustering
        )
        belief = _where(known[:, column], after, belief)
        density += np.where(known[:, column], gained, 0.0)
    joint = density + np.log(prior)
    total = logsumexp(joint, axis=1)
    return Filtered(belief, np.exp(joint - total[:, np.newaxis]), factors, total)


def _factors(unevenness: float) -> tuple[Values, Values]:
    """Nodes and weights of the lognormal factor, by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(FACTORS)
    return np.exp(unevenness * nodes), weights / weights.sum()


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


def _learn(
    belief: Belief, passing: Values, values: Values, events: Values, clustering: float
) -> tuple[Belief, Values]:
    """The belief after a value of each pair, and the log density that the value had."""
    mean, variance = belief.level + belief.fluctuation, _variance(belief) + passing
    after, left, density = absorb(mean, variance, values, events, clustering)
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


def _where(known: NDArray[np.bool_], after: Belief, before: Belief) -> Belief:
    return Belief(
        np.where(known, after.level, before.level),
        np.where(known, after.fluctuation, before.fluctuation),
        np.where(known, after.level_variance, before.level_variance),
        np.where(known, after.covariance, before.covariance),
        np.where(known, after.fluctuation_variance, before.fluctuation_variance),
    )


def _vector(dynamics: Dynamics) -> Values:
    """The numbers as transformed for the search, in the order of ``NUMBERS``."""
    numbers = np.array([getattr(dynamics, name) for name in NUMBERS])
    names = list(NUMBERS)
    moved = np.log(np.abs(numbers))
    moved[names.index("level")] = dynamics.level
    moved[names.index("persistence")] = logit(dynamics.persistence)
    return moved


def _numbers(vector: Values) -> Dynamics:
    """The inverse of :func:`_vector`."""
    named = dict(zip(NUMBERS, np.exp(vector), strict=True))
    places = dict(zip(NUMBERS, vector, strict=True))
    dynamics = Dynamics(**{name: float(number) for name, number in named.items()})
    persistence = float(expit(places["persistence"]))
    return replace(dynamics, level=float(places["level"]), persistence=persistence)


def _fit_dynamics(past: Panel, levels: Levels, start: Values, moving: bool) -> Dynamics:
    """The numbers of the highest posterior density, given the levels."""
    free = np.ones(len(start), dtype=bool) if moving else ~_MOVING

    def whole(chosen: Values) -> Values:
        vector = start.copy()
        vector[free] = chosen
        return vector

    def surprise(chosen: Values) -> float:
        weak = np.sum(((chosen - _CENTRES[free]) / _WIDTHS[free]) ** 2) / 2
        return float(weak - filtered(past, _numbers(whole(chosen)), levels).log_density.sum())

    found = minimize(surprise, start[free], method="L-BFGS-B", options={"ftol": 1e-7})
    return _numbers(whole(found.x))


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
