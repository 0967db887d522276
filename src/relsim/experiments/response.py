"""The response of a measure to one parameter, separated from the noise of runs and of sampling.

Levels of a grid are compared on the same runs and the same values of all other parameters. A
sampled design (Latin hypercube, Sobol sequence) has bins of equal numbers of points in their place,
whose means also differ by chance in the other parameters.

Intervals are by the jackknife: over runs, and for sampled designs over groups of points as well,
the two variances added. Source: Efron and Stein (1981); groups: Shao and Tu (1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from relsim.experiments.replicates import LEAST_RUNS, products
from relsim.experiments.study import Parameter
from relsim.stats import CONFIDENCE, Estimate, Values

Labels: TypeAlias = NDArray[np.int64]

LEAST_IN_BIN, MOST_BINS = 20, 10  # points of a bin; bins of a parameter
GROUPS = 20  # of points, left out in turn
BAND = (0.1, 0.9)  # of runs
NOT_MONOTONE, NO_RESPONSE = "is not monotone", "shows no response"
ROUNDING = 1e-9  # of the largest value; smaller differences are none


@dataclass(frozen=True)
class Response:
    """How a measure responds to a parameter.

    Attributes:
        at: levels of the parameter, or means of its bins, [L].
        mean, low, high: the mean over runs and over the other parameters, with its 95 % interval,
            [L].
        least, most: the band of 80 % of the runs, each a mean over the other parameters, [L].
        effect: from the first to the last of ``at``, paired by run.
        by_runs: half the width of its interval that is due to runs, which more points would leave.
        share: of the variance between points (eta squared, :func:`share_explained`).
        shape: "rises", "falls", "is not monotone" or "shows no response".
    """

    measure: str
    parameter: Parameter
    at: Values
    mean: Values
    low: Values
    high: Values
    least: Values
    most: Values
    effect: Estimate
    by_runs: float
    share: Estimate
    shape: str


def respond(
    measure: str,
    parameter: Parameter,
    column: Values,
    values: Values,
    groups: Labels | None,
) -> Response:
    """The response of a measure to a parameter.

    Args:
        measure: its name.
        parameter: which parameter.
        column: its value at each point, [P].
        values: of the measure, [P, R]. NaN is left out.
        groups: of points, left out in turn where these are a sample, [P]; None for a full grid.
    """
    labels, at = levels(column) if groups is None else bins(column)
    by_run = _level_means(values, labels, len(at))
    mean = _mean_of_runs(by_run)
    of_runs = _by_runs(by_run)
    covariance = of_runs + _by_points(values, labels, len(at), groups)
    t = _quantile(values.shape[1], groups, CONFIDENCE)
    half = t * np.sqrt(np.diag(covariance))
    change, reach = float(mean[-1] - mean[0]), t * math.sqrt(_difference(covariance, 0, -1))
    if abs(change) <= ROUNDING * float(np.abs(mean).max()):
        change = 0.0
    least, most = quantiles_of_runs(by_run, BAND)
    return Response(
        measure=measure,
        parameter=parameter,
        at=at,
        mean=mean,
        low=mean - half,
        high=mean + half,
        least=least,
        most=most,
        effect=Estimate(change, change - reach, change + reach),
        by_runs=t * math.sqrt(_difference(of_runs, 0, -1)),
        share=share_explained(values, labels, groups),
        shape=_shape(mean, covariance, values.shape[1], groups),
    )


# Levels and bins


def levels(column: Values) -> tuple[Labels, Values]:
    """The index of each point among the levels of a parameter [P], and the levels [L]."""
    at, labels = np.unique(column, return_inverse=True)
    return labels.astype(np.int64), at


def bins(column: Values) -> tuple[Labels, Values]:
    """The bin of each point [P] and the mean value of each bin [L].

    Bins have equal numbers of points: at least 20, and at most ten bins (three, where the points
    are few). A parameter with no more values than that has these as its levels.
    """
    count = min(MOST_BINS, max(3, len(column) // LEAST_IN_BIN), len(column))
    if len(np.unique(column)) <= count:
        return levels(column)
    labels = np.empty(len(column), dtype=np.int64)
    order = np.argsort(column, kind="stable")
    labels[order] = np.arange(len(column)) * count // len(column)
    at = np.bincount(labels, weights=column) / np.bincount(labels)
    return labels, at


def groups_of_points(count: int, seed: int) -> Labels:
    """Points in at most 20 random groups of equal size, which the jackknife leaves out in turn."""
    order = np.random.default_rng(seed).permutation(count)
    return order.astype(np.int64) % GROUPS


def _level_means(values: Values, labels: Labels, count: int) -> Values:
    """The mean over the points of each level, run by run, [L, R]; NaN where there is no value."""
    seen = ~np.isnan(values)
    member = (labels == np.arange(count)[:, np.newaxis]).astype(np.float64)
    with np.errstate(invalid="ignore"):
        means: Values = (member @ np.where(seen, values, 0.0)) / (member @ seen)
    return means


def quantiles_of_runs(values: Values, shares: tuple[float, ...]) -> Values:
    """Quantiles of each row [shares, rows], NaN left out."""
    if not np.isnan(values).any():
        return np.quantile(values, shares, axis=1)
    rows = [row[~np.isnan(row)] for row in values]
    missing = np.full(len(shares), np.nan)
    return np.array([np.quantile(row, shares) if row.size else missing for row in rows]).T


# Variances of the means of levels, [L, L]


def _mean_of_runs(by_run: Values) -> Values:
    seen = ~np.isnan(by_run)
    with np.errstate(invalid="ignore"):
        mean: Values = np.where(seen, by_run, 0.0).sum(axis=1) / seen.sum(axis=1)
    return mean


def _by_runs(by_run: Values) -> Values:
    """The covariance due to the runs that were drawn; 0 for a single run."""
    runs = by_run.shape[1]
    if runs == 1:
        return np.zeros((len(by_run), len(by_run)))
    seen = ~np.isnan(by_run)
    total, count = np.where(seen, by_run, 0.0).sum(axis=1), seen.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        without = (total[:, np.newaxis] - np.where(seen, by_run, 0.0)) / (
            count[:, np.newaxis] - seen
        )
    return _jackknife(without.T)


def _by_points(values: Values, labels: Labels, count: int, groups: Labels | None) -> Values:
    """The covariance due to the points that were drawn; 0 for a grid."""
    if groups is None:
        return np.zeros((count, count))
    kept = (groups != left_out for left_out in np.unique(groups))
    return _jackknife(
        np.array([_mean_of_runs(_level_means(values[some], labels[some], count)) for some in kept])
    )


def _jackknife(replicates: Values) -> Values:
    """The covariance of what was computed with each part left out in turn, [parts, ...]."""
    away = replicates - replicates.mean(axis=0)
    covariance: Values = (len(away) - 1) / len(away) * (away.T @ away)
    return covariance


def _difference(covariance: Values, start: int, end: int) -> float:
    """The variance of the difference of two levels."""
    both = covariance[start, start] + covariance[end, end]
    return float(np.maximum(0.0, both - 2 * covariance[start, end]))  # NaN stays NaN


def _quantile(runs: int, groups: Labels | None, confidence: float) -> float:
    """Student's quantile: of the runs, or of the groups of points where these are fewer."""
    parts = [runs] if runs > 1 else []
    parts += [] if groups is None else [len(np.unique(groups))]
    return float(stdtrit(min(parts) - 1, (1 + confidence) / 2)) if parts else math.nan


def _shape(mean: Values, covariance: Values, runs: int, groups: Labels | None) -> str:
    """The shape, from the difference of the ends and those of all pairs of levels, at 95 % for all
    of them together (Bonferroni). A single run on a grid is taken as it is."""
    pairs = [(i, j) for j in range(len(mean)) for i in range(j)]
    strict = _quantile(runs, groups, 1 - (1 - CONFIDENCE) / max(1, len(pairs)))
    signs = {_sign(mean, covariance, pair, strict) for pair in pairs}
    signs.add(_sign(mean, covariance, (0, -1), _quantile(runs, groups, CONFIDENCE)))
    if {1, -1} <= signs:
        return NOT_MONOTONE
    return "rises" if 1 in signs else "falls" if -1 in signs else NO_RESPONSE


def _sign(mean: Values, covariance: Values, pair: tuple[int, int], t: float) -> int:
    """The sign of the difference of two levels; 0 within its interval or within rounding."""
    limit = 0.0 if math.isnan(t) else t * math.sqrt(_difference(covariance, *pair))
    change = float(mean[pair[1]] - mean[pair[0]])
    if not abs(change) > limit + ROUNDING * float(np.abs(mean).max()):
        return 0
    return 1 if change > 0 else -1


# Share of variance


def share_explained(values: Values, labels: Labels, groups: Labels | None) -> Estimate:
    """Eta squared: the variance between levels as a share of the variance between points.

    Both are of expectations over runs: squares of means over runs are replaced by the mean of
    products of different runs, which the noise of single runs does not raise. For sampled designs
    what bins differ by chance is taken off too (epsilon squared). Estimates and ends of intervals
    beyond 0 or 1 are brought back to it. NaN where points do not differ by more than two standard
    errors. With fewer than three runs there is no interval by runs.
    Source: Pearson (1905); epsilon squared: Kelley (1935).
    """
    runs = values.shape[1]
    between, total = _sums_of_squares(values, labels, sampled=groups is not None)
    error = math.sqrt(float(_jackknife(total[1:, np.newaxis])[0, 0])) if runs >= LEAST_RUNS else 0.0
    rounding = len(values) * (ROUNDING * float(np.nanmax(np.abs(values), initial=0.0))) ** 2
    if not total[0] > max(2 * error, rounding):
        return Estimate(math.nan)
    replicates = [between[1:] / total[1:]] if runs >= LEAST_RUNS else []
    if groups is not None:
        kept = [groups != left_out for left_out in np.unique(groups)]
        sums = [_sums_of_squares(values[some], labels[some], sampled=True) for some in kept]
        shares = [part[0] / whole[0] if whole[0] > 0 else math.nan for part, whole in sums]
        replicates.append(np.array(shares))
    variance = sum(float(_jackknife(parts[:, np.newaxis])[0, 0]) for parts in replicates)
    t = _quantile(runs if runs >= LEAST_RUNS else 1, groups, CONFIDENCE)
    share, half = float(between[0] / total[0]), t * math.sqrt(variance)
    if not replicates:
        return Estimate(min(1.0, max(0.0, share)))
    return Estimate(*(min(1.0, max(0.0, end)) for end in (share, share - half, share + half)))


def _sums_of_squares(values: Values, labels: Labels, *, sampled: bool) -> tuple[Values, Values]:
    """Between levels and in all; of all runs, then with each run left out, [1 + R]."""
    centred = values - _mean_of_runs(values.T)
    count = int(labels.max()) + 1
    sizes = np.bincount(labels, minlength=count)
    total = products(centred, centred).sum(axis=0)
    means = _level_means(centred, labels, count)
    between = sizes @ products(means, means)
    if sampled and len(values) > count:
        between = between - (count - 1) * (total - between) / (len(values) - count)
    return between, total
