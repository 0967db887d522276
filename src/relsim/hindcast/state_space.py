"""The linear cousin of the model: a level that drifts, and a fluctuation that dies away.

Of each pair, η(t) = level(t) + fluctuation(t) + passing(t) + shared(t), in pulls:

- level: a random walk, ``drift`` per √year (the model's drifting affinity), from an opening that
  other pairs predict (:mod:`relsim.hindcast.pooling`);
- fluctuation: mean-reverting, stationary standard deviation ``volatility``, correlation
  ``persistence`` from year to year (posture that adapts to its target);
- passing: a spread ``passing`` that is gone the next year (anything faster than a year);
- shared: the same for all pairs, the world's own drift and how a source coded a year; a sum of a
  part that lasts (a random walk) and one that is gone the next year.

Volatility and passing differ by pair: both are multiplied by a factor that is lognormal over
pairs, which gives shocks the heavy tails of a scale mixture. Values come from η as in
:mod:`relsim.hindcast.measurement`. A Kalman filter (Durbin and Koopman 2012), with a normal belief
of the right mean and variance after each value, runs over all pairs and factors at once. Given the
shared sum, pairs are independent; so a normal belief about it is learned from all pairs first, and
each pair then learns from the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit, logsumexp

from relsim.hindcast.measurement import absorb
from relsim.hindcast.panel import Flags, Panel, Values
from relsim.hindcast.pooling import Levels

FACTORS = 5  # nodes of the lognormal factor of volatility
_MOST = 10.0  # log of a factor: no pair is e^10 times as volatile as another
_LEAST_PRECISION = 1e-9  # of a value that does not show its pull


@dataclass(frozen=True)
class Dynamics:
    """The fitted numbers.

    Attributes:
        level: mean of the opening levels, in pulls η.
        level_spread: standard deviation of a pair's own part of it, in pulls.
        drift: of a level, in pulls per √year.
        volatility: stationary standard deviation of the fluctuation, in pulls.
        persistence: correlation of the fluctuation from year to year, in (0, 1).
        passing: standard deviation of the part that is gone the next year, in pulls.
        clustering: coded events for each independent one.
        unevenness: standard deviation over pairs of the log factor of volatility and passing.
        shared_drift: drift of the part that all pairs share, in pulls per √year.
        shared_passing: standard deviation of the part that all pairs share for one year, in pulls.
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
# tell a lasting level, a persistent fluctuation and a passing part from each other: these
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


def vector_of(dynamics: Dynamics) -> Values:
    """The numbers as transformed for the search, in the order of ``NUMBERS``."""
    logs = np.log(np.abs(np.array([getattr(dynamics, name) for name in NUMBERS])))
    transformed = dict(zip(NUMBERS, logs, strict=True))
    transformed |= {"level": dynamics.level, "persistence": logit(dynamics.persistence)}
    return np.array(list(transformed.values()))


def numbers_of(vector: Values) -> Dynamics:
    """The inverse of :func:`vector_of`."""
    transformed = dict(zip(NUMBERS, map(float, vector), strict=True))
    numbers = dict(zip(NUMBERS, map(float, np.exp(vector)), strict=True))
    persistence = float(expit(transformed["persistence"]))
    return Dynamics(**numbers | {"level": transformed["level"], "persistence": persistence})


class Belief(NamedTuple):
    """Normal beliefs about level and fluctuation, each [P, K] for P pairs and K factors."""

    level: Values
    fluctuation: Values
    level_variance: Values
    covariance: Values
    fluctuation_variance: Values

    @property
    def mean(self) -> Values:
        """Mean of level and fluctuation together, [P, K]."""
        return self.level + self.fluctuation

    @property
    def variance(self) -> Values:
        """Variance of level and fluctuation together, [P, K]."""
        return self.level_variance + 2 * self.covariance + self.fluctuation_variance

    def ahead(self, dynamics: Dynamics, factors: Values, years: int) -> Belief:
        """The belief some years on, without new values."""
        kept = dynamics.persistence**years
        stationary = (dynamics.volatility * factors) ** 2
        return Belief(
            self.level,
            self.fluctuation * kept,
            self.level_variance + dynamics.drift**2 * years,
            self.covariance * kept,
            self.fluctuation_variance * kept**2 + stationary * (1 - kept**2),
        )


@dataclass(frozen=True)
class Shared:
    """A normal belief about the lasting part that all pairs share, 0 in the first year.

    Attributes:
        mean: in pulls.
        variance: of that.
    """

    mean: float = 0.0
    variance: float = 0.0

    def ahead(self, drift: float, years: int) -> Shared:
        """The belief some years on, with ``drift`` in pulls per √year."""
        return Shared(self.mean, self.variance + drift**2 * years)


class Learned(NamedTuple):
    """The belief about the shared part, after the values of a year.

    Attributes:
        shared: the belief about the lasting part after the year.
        offset: both parts of the year together, in pulls.
        variance: of that.
        log_density: the change of the log density of all values, beside the pairs' own terms at
            this offset (Laplace's approximation to the integral over it).
    """

    shared: Shared
    offset: float
    variance: float
    log_density: float


def learn(shared: Shared, passing: float, pulls: Values, precisions: Values) -> Learned:
    """Learn the shared part from all pairs of a year.

    Args:
        shared: the belief before it.
        passing: standard deviation of the part that is gone the next year, in pulls; above 0.
        pulls: how much higher than expected each pair is, times its precision, [P].
        precisions: of that, [P]; 0 where there is no value.
    """
    before = shared.variance + passing**2
    variance = 1 / (1 / before + float(precisions.sum()))
    step = variance * float(pulls.sum())
    lasts = shared.variance / before
    after = Shared(shared.mean + lasts * step, shared.variance - lasts**2 * (before - variance))
    density = (np.log(variance / before) - step**2 / before) / 2
    return Learned(after, shared.mean + step, variance, float(density))


@dataclass(frozen=True)
class Filtered:
    """The beliefs after the last year.

    Attributes:
        belief: about level and fluctuation, [P, K].
        weights: probabilities of the factors for each pair, [P, K].
        factors: of volatility and passing, [K].
        log_density: of each pair's values given the shared part, [P].
        shared: the belief about the lasting shared part.
        shared_density: the change of the log density of all values by the shared part.
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


class _Year(NamedTuple):
    """Values of a year, the events they rest on, and whether there is one, [P, 1] each."""

    values: Values
    events: Values
    known: Flags


def filtered(past: Panel, dynamics: Dynamics, levels: Levels) -> Filtered:
    """Run the filter over the years of a panel."""
    nodes, prior = np.polynomial.hermite_e.hermegauss(FACTORS)
    factors = np.exp(np.clip(dynamics.unevenness * nodes, -_MOST, _MOST))
    belief, shared = _opening(dynamics, levels, factors), Shared()
    joint, shared_density = np.zeros_like(belief.level) + np.log(prior / prior.sum()), 0.0
    passing = (dynamics.passing * factors) ** 2
    known = past.measured
    values, events = np.where(known, past.values, 0.0), np.where(known, past.events, 1.0)
    for column in range(len(past.years)):
        if column:
            belief = belief.ahead(dynamics, factors, 1)
            shared = shared.ahead(dynamics.shared_drift, 1)
        cells = np.s_[:, column : column + 1]
        year = _Year(values[cells], events[cells], known[cells])
        if not year.known.any():
            continue
        news = _news(belief, passing, year, dynamics.clustering, shared.mean, joint)
        learned = learn(shared, dynamics.shared_passing, *news)
        shared, shared_density = learned.shared, shared_density + learned.log_density
        after, gained = _learn(belief, passing, year, dynamics.clustering, learned)
        pairs = zip(after, belief, strict=True)
        belief = Belief(*(np.where(year.known, new, old) for new, old in pairs))
        joint += np.where(year.known, gained, 0.0)
    total = logsumexp(joint, axis=1)
    weights = np.exp(joint - total[:, np.newaxis])
    return Filtered(belief, weights, factors, total, shared, shared_density)


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


def _news(
    belief: Belief, passing: Values, year: _Year, clustering: float, offset: float, joint: Values
) -> tuple[Values, Values]:
    """How much higher than expected each pair is, times its precision, and the precision, [P].

    A factor counts by its probability with the value known, so that a pair that has turned
    moves the others little.
    """
    mean, variance = belief.mean + offset, belief.variance + passing
    after, left, gained = absorb(mean, variance, year.values, year.events, clustering)
    own = np.maximum(1 / left - 1 / variance, _LEAST_PRECISION)  # of the value alone
    higher = (after / left - mean / variance) / own - mean
    odds = joint + gained
    weights = np.exp(odds - logsumexp(odds, axis=1, keepdims=True))
    precision = np.where(year.known, weights / (variance + 1 / own), 0.0)
    return (precision * higher).sum(axis=1), precision.sum(axis=1)


def _learn(
    belief: Belief, passing: Values, year: _Year, clustering: float, learned: Learned
) -> tuple[Belief, Values]:
    """The belief after a value of each pair, given the shared part; the value's log density."""
    mean, variance = belief.mean + learned.offset, belief.variance + passing
    after, left, density = absorb(mean, variance, year.values, year.events, clustering)
    left = left + (1 - left / variance) ** 2 * learned.variance
    moved, gone = after - mean, variance - left
    to_level = (belief.level_variance + belief.covariance) / variance
    to_fluctuation = (belief.covariance + belief.fluctuation_variance) / variance
    updated = Belief(
        belief.level + to_level * moved,
        belief.fluctuation + to_fluctuation * moved,
        belief.level_variance - to_level**2 * gone,
        belief.covariance - to_level * to_fluctuation * gone,
        belief.fluctuation_variance - to_fluctuation**2 * gone,
    )
    return updated, density
