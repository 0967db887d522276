"""The response of a measure to one parameter, told apart from the noise of runs and of sampling.

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

from relsim.experiments.parameters import Parameter, Values
from relsim.stats import CONFIDENCE, Estimate

Labels: TypeAlias = NDArray[np.int64]

LEAST_IN_BIN, MOST_BINS = 20, 10  # points of a bin; bins of a parameter
GROUPS = 20  # of points, left out in turn
LEAST_RUNS = 3  # with fewer, the noise of runs cannot be taken out of a share of variance
BAND = (0.1, 0.9)  # of runs
ROUNDING = 1e-9  # of the largest value; smaller differences are no news


@dataclass(frozen=True)
class Response:
    """How a measure responds to a parameter.

    Attributes:
        at: levels of the parameter, or means of its bins, [L].
        mean, low, high: the mean over runs and over the other parameters, with its 95 % interval,
            [L].
        least, most: the band of 80 % of the runs, each a mean over the other parameters, [L].
        effect: from the first to the last of ``at``, paired by run.
        share: of the variance between points (eta squared, :func:`share_explained`).
        shape: rises, falls, is not monotone, or shows no response.
        variances: of the effect, by runs and by the sampling of points.
        quantile: of Student's distribution, that intervals were made with.
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
    share: Estimate
    shape: str
    variances: tuple[float, float]
    quantile: float


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
        parameter: which one.
        column: its value at each point, [P].
        values: of the measure, [P, R]. NaN is left out.
        groups: of points, left out in turn where these are a sample, [P]; None for a full grid.
    """
    labels, at = levels(column) if groups is None else bins(column)
    by_run = level_means(values, labels, len(at))
    mean = _mean_of_runs(by_run)
    of_runs = _by_runs(by_run)
    of_points = _by_points(values, labels, len(at), groups)
    covariance = of_runs + of_points
    t = _quantile(values.shape[1], groups, CONFIDENCE)
    half = t * np.sqrt(np.diag(covariance))
    ends = (_difference(of_runs), _difference(of_points))
    change, reach = _change(mean), t * math.sqrt(sum(ends))
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
        share=share_explained(values, labels, groups),
        shape=_shape(mean, covariance, values.shape[1], groups),
        variances=ends,
        quantile=t,
    )


def _change(mean: Values) -> float:
    """From the first level to the last; exactly 0 where only rounding differs."""
    change = float(mean[-1] - mean[0])
    return 0.0 if abs(change) <= ROUNDING * float(np.abs(mean).max()) else change


# Levels and bins


def levels(column: Values) -> tuple[Labels, Values]:
    """The place of each point among the levels of a parameter [P], and the levels [L]."""
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


def level_means(values: Values, labels: Labels, count: int) -> Values:
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
    """What the means of levels owe to the runs that were drawn; 0 where a single run tells
    nothing of it."""
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
    """What the means of bins owe to the points that were drawn; 0 for a grid."""
    if groups is None:
        return np.zeros((count, count))
    kept = (groups != left_out for left_out in np.unique(groups))
    return _jackknife(
        np.array([_mean_of_runs(level_means(values[some], labels[some], count)) for some in kept])
    )


def _jackknife(replicates: Values) -> Values:
    """The covariance of what was computed with each part left out in turn, [parts, ...]."""
    away = replicates - replicates.mean(axis=0)
    covariance: Values = (len(away) - 1) / len(away) * (away.T @ away)
    return covariance


def _difference(covariance: Values, start: int = 0, end: int = -1) -> float:
    """The variance of the difference of two levels."""
    both = covariance[start, start] + covariance[end, end]
    return float(np.maximum(0.0, both - 2 * covariance[start, end]))  # NaN stays NaN


def _quantile(runs: int, groups: Labels | None, confidence: float) -> float:
    """Student's quantile: of the runs, or of the groups of points where these are fewer."""
    parts = [runs] if runs > 1 else []
    parts += [] if groups is None else [len(np.unique(groups))]
    return float(stdtrit(min(parts) - 1, (1 + confidence) / 2)) if parts else math.nan


def _shape(mean: Values, covariance: Values, runs: int, groups: Labels | None) -> str:
    """By the difference of the ends, and those of all pairs of levels at 95 % for all of them
    together (Bonferroni). A single run on a grid is taken as it is."""
    pairs = [(i, j) for j in range(len(mean)) for i in range(j)]
    strict = _quantile(runs, groups, 1 - (1 - CONFIDENCE) / max(1, len(pairs)))
    signs = {_sign(mean, covariance, pair, strict) for pair in pairs}
    signs.add(_sign(mean, covariance, (0, -1), _quantile(runs, groups, CONFIDENCE)))
    if {1, -1} <= signs:
        return "is not monotone"
    return "rises" if 1 in signs else "falls" if -1 in signs else "shows no response"


def _sign(mean: Values, covariance: Values, pair: tuple[int, int], t: float) -> int:
    """Of the difference of two levels; 0 where it is within its interval or within rounding."""
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
    if not total[0] > max(2 * error, _rounding(values)):
        return Estimate(math.nan, math.nan, math.nan)
    share = float(between[0] / total[0])
    variances = []
    if runs >= LEAST_RUNS:
        variances.append(_jackknife((between[1:] / total[1:])[:, np.newaxis]))
    if groups is not None:
        variances.append(_jackknife(_shares_without(values, labels, groups)[:, np.newaxis]))
    if not variances:
        return Estimate(min(1.0, max(0.0, share)), math.nan, math.nan)
    t = _quantile(runs if runs >= LEAST_RUNS else 1, groups, CONFIDENCE)
    half = t * math.sqrt(sum(float(one[0, 0]) for one in variances))
    return Estimate(*(min(1.0, max(0.0, one)) for one in (share, share - half, share + half)))


def _rounding(values: Values) -> float:
    return len(values) * (ROUNDING * float(np.nanmax(np.abs(values), initial=0.0))) ** 2


def _shares_without(values: Values, labels: Labels, groups: Labels) -> Values:
    shares = []
    for left_out in np.unique(groups):
        some = groups != left_out
        between, total = _sums_of_squares(values[some], labels[some], sampled=True)
        shares.append(between[0] / total[0] if total[0] > 0 else math.nan)
    return np.array(shares)


def _sums_of_squares(values: Values, labels: Labels, *, sampled: bool) -> tuple[Values, Values]:
    """Between levels and in all; of all runs, then with each run left out, [1 + R]."""
    centred = values - _mean_of_runs(values.T)
    count = int(labels.max()) + 1
    sizes = np.bincount(labels, minlength=count)
    total = squares(centred).sum(axis=0)
    between = sizes @ squares(level_means(centred, labels, count))
    if sampled and len(values) > count:
        between = between - (count - 1) * (total - between) / (len(values) - count)
    return between, total


def squares(values: Values) -> Values:
    """Squares of expectations of rows [N, R]: of all runs, then with each left out, [N, 1 + R].

    The mean of products of different runs: ((Σx)² - Σx²) / (n(n - 1)). A single run is squared.
    """
    seen = ~np.isnan(values)
    filled = np.where(seen, values, 0.0)
    every = np.concatenate([np.zeros((len(values), 1)), filled], axis=1)
    total = filled.sum(axis=1, keepdims=True) - every
    power = (filled**2).sum(axis=1, keepdims=True) - every**2
    gone = np.concatenate([np.zeros((len(values), 1)), seen], axis=1)
    count = seen.sum(axis=1, keepdims=True) - gone
    if values.shape[1] == 1:
        return total**2
    products: Values = (total**2 - power) / np.maximum(1, count * (count - 1))
    return np.where(count > 1, products, 0.0)
