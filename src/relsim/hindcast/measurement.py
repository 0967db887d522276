"""How a measured value comes from latent cooperation: the link, and the error that events leave.

The *pull* η of a pair has no bounds; cooperation is tanh η. A value that rests on n coded events
is 2k/n - 1, where k of them are cooperative: binomial with probability (1 + tanh η)/2, which is
the logistic function of 2η. News come in clusters, so n events tell as much as n/``clustering``
independent ones (the over-dispersion of a quasi-binomial; McCullagh and Nelder 1989, chapter 4).
The error of a value thus shrinks with its events, and shrinks towards the ends of the scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.special import betainc, expit, gammaln, log_expit, ndtr

from relsim.hindcast.panel import Values
from relsim.hindcast.scores import GRID, Predictive

NEWTON_STEPS = 6  # fewer leave beliefs far from a value short of the mode; more change nothing
# Of the integral over η that a value is learned from; two more nodes change no third digit.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum()) + _NODES**2 / 2
PULLS: Values = np.linspace(-5.0, 5.0, 335)  # of the integral over η: cooperation to ±0.9999
_CELL = PULLS[1] - PULLS[0]
# ``GRID``, and points that halve the distance to either end: values of many events end near it.
_NEAR_ENDS = 1 - (GRID[1] - GRID[0]) * 0.5 ** np.arange(1, 8)
_FINE: Values = np.sort(np.concatenate([GRID, _NEAR_ENDS, -_NEAR_ENDS]))
_OF_GRID = np.searchsorted(_FINE, GRID)
TRIALS: Values = np.geomspace(1.5, 20_000.0, 28)  # independent events of the table of kernels


def shrunk_pull(values: Values, events: Values, towards: float, weight: float) -> Values:
    """Pull of a value after ``weight`` more events with the value ``towards``: finite at 1, too."""
    shrunk = (events * values + weight * towards) / (events + weight)
    return np.arctanh(np.clip(shrunk, -0.9999, 0.9999))


def absorb(
    mean: Values, variance: Values, values: Values, events: Values, clustering: float
) -> tuple[Values, Values, Values]:
    """Update a normal belief about η by a measured value.

    Mean, variance and density are integrals over η by Gauss and Hermite's rule, put where Laplace's
    approximation has the mode and the curvature (Liu and Pierce 1994). The mode itself would be too
    low by a fifth of a standard deviation after some years, as the uncertainty that a value near 1
    leaves is skewed upwards.

    Args:
        mean: of η before, any shape.
        variance: of η before.
        values: measured, in [-1, 1].
        events: that they rest on.
        clustering: events for each independent one.

    Returns:
        Mean and variance after, and the log of the value's density before it was known.
    """
    trials = events / clustering
    share = (1 + values) / 2
    measured = np.arctanh(np.clip(values * trials / (trials + 1), -0.999, 0.999))
    own = trials * (1 - np.tanh(measured) ** 2)  # precision of the value alone
    mode = (mean / variance + own * measured) / (1 / variance + own)
    for _ in range(NEWTON_STEPS):
        probability = expit(2 * mode)
        slope = 2 * trials * (share - probability) - (mode - mean) / variance
        curvature = 4 * trials * probability * (1 - probability) + 1 / variance
        mode = mode + np.clip(slope / curvature, -1.0, 1.0)
    probability = expit(2 * mode)
    width = 1 / np.sqrt(4 * trials * probability * (1 - probability) + 1 / variance)
    heights = []
    for node, weight in zip(_NODES, _LOG_WEIGHTS, strict=True):
        pull = mode + width * node
        likely = trials * (log_expit(2 * pull) - 2 * (1 - share) * pull)
        heights.append(likely - (pull - mean) ** 2 / (2 * variance) + weight)
    highest = np.max(heights, axis=0)
    parts = [np.exp(height - highest) for height in heights]
    total = sum(parts)
    first = sum(part * node for part, node in zip(parts, _NODES, strict=True)) / total
    second = sum(part * node**2 for part, node in zip(parts, _NODES, strict=True)) / total
    density = highest + np.log(total) + np.log(width**2 / variance) / 2
    after, left = mode + width * first, width**2 * (second - first**2)
    return after, left, density + log_ways(values, events, clustering)


def log_ways(values: Values, events: Values, clustering: float) -> Values:
    """Log of the binomial coefficient for n/clustering trials, as a density over counts.

    Counts lie 1/clustering apart on that scale, but for an atom at the end.
    """
    trials = events / clustering
    share = (1 + values) / 2
    ways = gammaln(trials + 1) - gammaln(trials * share + 1) - gammaln(trials * (1 - share) + 1)
    return np.asarray(ways - np.where(np.abs(values) < 1, np.log(clustering), 0.0))


def predictive(
    weights: Sequence[Values], events: Values, shares: Values, clustering: float
) -> Predictive:
    """Distributions of values, mixed over η and over how many events they rest on.

    For one η a share is beta distributed with mean p and variance p(1 - p)/trials; a share within
    half an event of 0 or 1 is taken as 0 or 1.

    Args:
        weights: probabilities of the cells of ``PULLS``, [N, Q], for each count.
        events: counts that values may rest on, [N, M].
        shares: probabilities of those, [M].
        clustering: events for each independent one.
    """
    cdf = np.zeros((len(events), len(GRID)))
    for share, cells, counts in zip(shares, weights, events.T, strict=True):
        cdf += share * _values_cdf(cells, counts, clustering)
    return Predictive(cdf)


def _values_cdf(weights: Values, events: Values, clustering: float) -> Values:
    """Distribution functions of values that rest on one count of events each, [N, G]."""
    trials = np.interp(np.log(events / clustering), np.log(TRIALS), np.arange(len(TRIALS)))
    left = np.minimum(trials.astype(int), len(TRIALS) - 2)
    kernels, more = _kernels(), (trials - left)[:, np.newaxis]
    cdf = np.empty((len(weights), len(_FINE)))
    for lower in np.unique(left):
        rows = left == lower
        ends = (weights[rows] @ kernels[lower + side] for side in (0, 1))
        cdf[rows] = (1 - more[rows]) * next(ends) + more[rows] * next(ends)
    # A share within half an event of an end is rounded to it, so all probability beyond the largest
    # value that is not 1 is moved to ±1. The last column is the probability below 1.
    moved = cdf[:, _OF_GRID]
    for row, end in enumerate(1 - 1 / np.maximum(events, 1.0)):
        low, high = np.interp([-end, end], _FINE, cdf[row])
        moved[row, -end > GRID], moved[row, end < GRID] = low, high
    return moved


@cache
def _kernels() -> Values:
    """P(value ≤ x) at each trial count, pull and x of the fine grid, [M, Q, F]."""
    probability = expit(2 * PULLS)[:, np.newaxis]
    share = (1 + _FINE) / 2
    precision = TRIALS[:, np.newaxis, np.newaxis] - 1
    return betainc(precision * probability, precision * (1 - probability), share)


def cell_weights(means: Values, variances: Values) -> Values:
    """Probabilities of the cells of ``PULLS`` under normal distributions, [..., Q].

    Probability beyond the ends is counted in the last cells.
    """
    edges = (PULLS[:-1] + _CELL / 2 - means[..., np.newaxis]) / np.sqrt(variances)[..., np.newaxis]
    ends = np.zeros((*means.shape, 1)), np.ones((*means.shape, 1))
    return np.diff(np.concatenate([ends[0], ndtr(edges), ends[1]], axis=-1), axis=-1)
