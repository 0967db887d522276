"""Statistics of runs: quantiles, and how far a share, a mean or a median of them may be off.

A 95 % interval is for one look. Whoever adds runs and looks again until something is decided is
wrong far more often than in 5 % of cases; for this there are confidence sequences, which are wrong
in at most 5 % of cases at any look, however many there are. They hold every value whose test
martingale stays below 20. The martingale of the true value is a fair game, and by Ville's
inequality it ever reaches 20 in at most one of 20 cases. Sources: Ville (1939), Robbins (1970),
Howard et al. (2021).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import scipy  # which loads its parts when they are first used
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float64]
Interval: TypeAlias = tuple[float, float]

CONFIDENCE = 0.95
RESAMPLES = 2000
RESAMPLING_SEED = 1979  # its own, so that an interval depends on nothing but the values
_TAIL = (1 - CONFIDENCE) / 2
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
QUANTILE_NAMES = tuple(f"q{share:g}" for share in QUANTILES)
OUT_OF_REACH = 10  # times as wide as a number is large: no sample worth asking for settles it
FEW_DIFFERENT = 30  # below it, one-sided differences fall short of their mean by Student's interval
SAME = 1e-6  # levels are recorded to seven digits; smaller differences are rounding
# The weight of the prior of confidence sequences, in runs. It decides for how many runs bounds are
# narrowest, not whether they hold: of 10, 30 and 100 they are within 4 % of the narrowest from 250
# to 16,000 runs.
PRIOR_RUNS = 30.0
MOST_SUGGESTED = 10_000_000  # larger numbers of runs are not worth suggesting
_ERROR = 1 - CONFIDENCE
_LEAST_SHARE = 1e-12
# Standard normal quantiles of a two-sided error of 5 % and of a power of 80 %.
_Z_ERROR, _Z_POWER = 1.959964, 0.841621


class Estimate(NamedTuple):
    """A number with its 95 % interval, NaN where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def as_row(record: object) -> dict[str, Any]:
    """The fields of a dataclass as cells of a table; an estimate ``x`` as x, x_low and x_high."""
    row: dict[str, Any] = {}
    for name, value in vars(record).items():
        if isinstance(value, Estimate):
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), value, strict=True))
        else:
            row[name] = value
    return row


# Shares


def share_estimate(count: int, runs: int, *, repeated: bool = False) -> Estimate:
    """A share, ``count`` of ``runs``, with its Jeffreys interval.

    Args:
        count, runs: in how many of how many runs something holds.
        repeated: bounds that hold over repeated looks instead (:func:`share_sequence`).
    """
    interval = share_sequence if repeated else jeffreys_interval
    return Estimate(count / runs, *interval(count, runs))


def jeffreys_interval(count: int, runs: int, tail: float = _TAIL) -> Interval:
    """The Jeffreys interval of a share, ``count`` of ``runs``; by default that of 95 %.

    Quantiles of Beta(count + 1/2, runs - count + 1/2); 0 where none holds and 1 where all do. Its
    95 % are nominal: near a share of 0 or 1 it holds the truth in 88 to 98 %.
    Source: Brown, Cai and DasGupta (2001), section 4.

    Args:
        count, runs: in how many of how many runs something holds.
        tail: probability that is left out on either side.
    """
    hits, misses = count + 0.5, runs - count + 0.5
    low = 0.0 if count == 0 else float(scipy.special.betaincinv(hits, misses, tail))
    high = 1.0 if count == runs else float(scipy.special.betaincinv(hits, misses, 1 - tail))
    return low, high


def most_share_unseen(runs: int) -> float:
    """The largest share that something may have, at 95 % confidence, if none of ``runs`` shows it.

    1 - 0.05^(1/n), close to 3/n: the rule of three. Source: Hanley and Lippman-Hand (1983).
    """
    return float(1 - (1 - CONFIDENCE) ** (1 / runs))


def share_sequence(count: int, runs: int, error: float = _ERROR) -> Interval:
    """Bounds of a share, ``count`` of ``runs``, that hold at all looks together.

    The martingale of a share p is the mixture of binomial likelihood ratios against p over
    Beta(30 p, 30 (1 - p)). Source: Howard et al. (2021), section 3.

    Args:
        count, runs: in how many of how many runs something holds.
        error: how often the bounds may be wrong at any look.
    """

    def excess(share: float) -> float:
        hits, misses = PRIOR_RUNS * share, PRIOR_RUNS * (1 - share)
        mixture = float(
            scipy.special.betaln(count + hits, runs - count + misses)
            - scipy.special.betaln(hits, misses)
        )
        ratio = mixture - count * math.log(share) - (runs - count) * math.log1p(-share)
        return ratio + math.log(error)

    share = min(max(count / runs, _LEAST_SHARE), 1 - _LEAST_SHARE)
    low = 0.0 if count == 0 else _root(excess, share)
    high = 1.0 if count == runs else 1 - _root(lambda miss: excess(1 - miss), 1 - share)
    return low, high


def _root(excess: Callable[[float], float], share: float) -> float:
    """Where the excess over the limit ends between 0 and a share; 0 if there is no excess."""
    from scipy.optimize import brentq  # slow to load

    return float(brentq(excess, _LEAST_SHARE, share)) if excess(_LEAST_SHARE) > 0 else 0.0


# Means and differences


def spread(values: Values) -> float:
    """The standard deviation of a sample; exactly 0 where all values are the same.

    NaN for a single value.
    """
    if len(values) < 2:
        return math.nan
    return float(values.std(ddof=1)) if values.min() < values.max() else 0.0


def mean_interval(values: Values, tail: float = _TAIL) -> Interval:
    """Student's interval of the mean of independent runs, by default that of 95 %; NaN for a single
    value.

    m ± t·s/√n, with t the quantile of n - 1 degrees of freedom. Source: Student (1908).

    Args:
        values: of the runs, [runs].
        tail: probability that is left out on either side.
    """
    runs, middle = len(values), float(values.mean())
    if runs < 2:
        return math.nan, math.nan
    half = float(scipy.special.stdtrit(runs - 1, 1 - tail)) * spread(values) / math.sqrt(runs)
    return middle - half, middle + half


def mean_sequence(values: Values, error: float = _ERROR) -> Interval:
    """Bounds of a mean that hold at all looks together; infinite for few runs.

    The martingale of a mean is the mixture of likelihood ratios of Student's t over a normal prior
    of the mean in standard deviations, of variance 1/30. It is exact for normal values; others have
    to be as many as a Student's interval takes. Sources: Lai (1976); Wang and Ramdas (2025).

    Args:
        values: independent runs, [runs].
        error: how often the bounds may be wrong at any look.
    """
    middle, width = float(values.mean()), half_width(len(values), error)
    half = math.inf if math.isinf(width) else width * spread(values)
    return middle - half, middle + half


def half_width(runs: int, error: float = _ERROR) -> float:
    """Half the width of :func:`mean_sequence` in standard deviations of the values."""
    kept = PRIOR_RUNS / (runs + PRIOR_RUNS)
    limit = math.exp(-2 / runs * (math.log(error) + math.log(kept) / 2))
    if limit * kept >= 1:
        return math.inf
    return math.sqrt((runs - 1) / runs * (limit - 1) / (1 - limit * kept))


def paired_differences(base: Values, other: Values) -> Values:
    """Levels of other minus base, [runs]; exactly 0 where they differ by rounding alone."""
    difference: Values = np.where(np.abs(other - base) > SAME, other - base, 0.0)
    return difference


def difference_estimate(differences: Values, *, repeated: bool = False) -> Estimate:
    """The mean of paired differences with its interval; NaN where there are none.

    Args:
        differences: other minus base, [runs].
        repeated: bounds that hold over repeated looks instead (:func:`difference_sequence`).
    """
    if not len(differences):
        return Estimate(math.nan)
    interval = difference_sequence if repeated else difference_interval
    return Estimate(float(differences.mean()), *interval(differences))


def difference_interval(differences: Values) -> Interval:
    """The 95 % interval of the mean of paired differences, many of them perhaps 0.

    It is Student's interval, unless fewer than 30 runs differ and others do not. Then it is the
    product of two 97.5 % intervals: Jeffreys' of the share of runs that differ, and Student's of
    the mean of those runs. With few differences of one sign, Student's interval alone misses the
    mean in up to 29 % of cases, mostly by being too low; the product holds it in 95 % or more
    (docs/statistics.md). NaN where only one run differs.

    Args:
        differences: other minus base, [runs].
    """
    runs, different = len(differences), differences[differences != 0]
    if not 0 < len(different) < min(FEW_DIFFERENT, runs):
        return mean_interval(differences)
    share = jeffreys_interval(len(different), runs, _TAIL / 2)
    return product(share, mean_interval(different, _TAIL / 2))


def difference_sequence(differences: Values) -> Interval:
    """Bounds of the mean of paired differences that hold at all looks together.

    Where fewer than 30 runs differ and others do not, they are made of the bounds of the share of
    runs that differ and of their mean, as in :func:`difference_interval`.

    Args:
        differences: other minus base, [runs].
    """
    runs, different = len(differences), differences[differences != 0]
    if not 0 < len(different) < min(FEW_DIFFERENT, runs):
        return mean_sequence(differences)
    mean = mean_sequence(different, _ERROR / 2)
    if math.isinf(mean[0]):
        return mean
    return product(share_sequence(len(different), runs, _ERROR / 2), mean)


def product(share: Interval, mean: Interval) -> Interval:
    """The range of a share times a mean, each anywhere in its interval."""
    ends = [a * b for a in share for b in mean]
    return min(ends), max(ends)


def runs_needed(mean: float, deviation: float) -> float:
    """How many paired runs would show a mean difference of this size.

    n = ((z₀.₉₇₅ + z₀.₈₀)·s/|m|)², rounded up: a test at 95 % confidence then finds it four
    times in five. Source: Cohen (1988), chapter 2, with the normal for the t distribution.
    Infinite where that would be more than 10 million, NaN where the deviation is not known.

    Args:
        mean: the difference that is to be shown.
        deviation: of the paired differences between runs.
    """
    if math.isnan(deviation):
        return math.nan
    if mean == 0:
        return math.inf
    runs = math.ceil(((_Z_ERROR + _Z_POWER) * deviation / mean) ** 2)
    return float(runs) if runs <= MOST_SUGGESTED else math.inf


def welch_width(first: Values, second: Values) -> float:
    """The width of Welch's 95 % interval of the difference of two means, as if unpaired.

    2·t·√(s₁²/n₁ + s₂²/n₂), with degrees of freedom by Welch and Satterthwaite; NaN for single
    values. Source: Welch (1947).
    """
    samples = (first, second)
    if min(map(len, samples)) < 2:
        return math.nan
    parts = [spread(values) ** 2 / len(values) for values in samples]
    if not sum(parts):
        return 0.0
    shares = (part**2 / (len(values) - 1) for part, values in zip(parts, samples, strict=True))
    freedom = sum(parts) ** 2 / sum(shares)
    return 2 * float(scipy.special.stdtrit(freedom, 1 - _TAIL)) * math.sqrt(sum(parts))


def share_between(groups: Values) -> float:
    """How much of the pooled variance of several groups of runs lies between them, 0 to 1.

    The variance of all values is that of the means of the groups, and the mean of the variances
    within groups; the share is the first of these over their sum, every group weighing the same.
    It is the first-order index of which group a run is of: the part of the variance that would be
    gone, on average, if that were known. Source: Sobol (2001). There is no interval for it: chance
    alone makes it a little more than 0, and whether groups differ is for their paired differences
    to say.

    Args:
        groups: values of the runs, [groups, runs].

    Returns:
        The share; 0 where all values are the same.
    """
    between, within = float(groups.mean(axis=1).var()), float(groups.var(axis=1).mean())
    return between / (between + within) if between > 0 else 0.0


def settling(half: float, by_runs: float, goal: float, points: int, runs: int) -> tuple[int, int]:
    """How many points, and runs at each, would narrow an interval to ± ``goal``.

    The square of half the width is a sum: one part falls as 1/N with points, the other as 1/R with
    runs. Each part is given half of the square of the goal, or more where the other needs less.

    Args:
        half: half the width now.
        by_runs: what would be left of it with any number of points.
        goal: half the width wanted.
        points, runs: how many there are now; fewer are never suggested.
    """
    of_points, of_runs, both = max(half**2 - by_runs**2, 0.0), by_runs**2, goal**2
    points_needed = math.ceil(points * of_points / (both - min(of_runs, both / 2)))
    runs_needed = math.ceil(runs * of_runs / (both - min(of_points, both / 2)))
    return max(points, points_needed), max(runs, runs_needed)


# Medians and other quantiles


def median_interval(values: Values) -> Interval:
    """The bootstrap 95 % interval of the median: quantiles of the medians of resamples.

    Source: Efron (1979).
    """
    low, high = np.quantile(resampled_medians(values), (_TAIL, 1 - _TAIL))
    return float(low), float(high)


def resampled_medians(values: Values) -> Values:
    """Medians of bootstrap resamples of some values, [resamples].

    The values that a resample draws, put in order, are those at the ranks of as many ordered
    uniform numbers. So the middle ones are drawn directly from their Beta distribution, and
    neither time nor memory grows with runs times resamples.
    """
    generator = np.random.default_rng(RESAMPLING_SEED)
    ranked, runs = np.sort(values), len(values)
    lower = (runs + 1) // 2
    uniform = generator.beta(lower, runs - lower + 1, RESAMPLES)
    middle = _at(ranked, uniform)
    if runs % 2 == 1:
        return middle
    uniform += (1 - uniform) * generator.beta(1, runs - lower, RESAMPLES)
    return (middle + _at(ranked, uniform)) / 2


def _at(ranked: Values, uniform: Values) -> Values:
    ranks = np.minimum((uniform * len(ranked)).astype(np.int64), len(ranked) - 1)
    return ranked[ranks]


def quantiles(block: np.ndarray) -> list[np.ndarray]:
    """Every quantile of a block [runs, ...] over its runs, [...] each."""
    ranked = np.ascontiguousarray(np.moveaxis(block, 0, -1))
    ranked.sort(axis=-1)
    return [_ranked_quantile(ranked, share) for share in QUANTILES]


def _ranked_quantile(ranked: np.ndarray, share: float) -> np.ndarray:
    """A quantile of values sorted along the last axis, linear between neighbours."""
    rank = share * (ranked.shape[-1] - 1)
    below = int(rank)
    low, high = ranked[..., below], ranked[..., min(below + 1, ranked.shape[-1] - 1)]
    result: np.ndarray = low + (high - low) * (rank - below)
    return result
