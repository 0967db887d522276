"""Statistics of runs: quantiles, and how far a share, a mean or a median of them may be off."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

Values: TypeAlias = NDArray[np.float64]
Interval: TypeAlias = tuple[float, float]

CONFIDENCE = 0.95
RESAMPLES = 2000
RESAMPLING_SEED = 1979  # its own, so that an interval depends on nothing but the values
_TAIL = (1 - CONFIDENCE) / 2
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
QUANTILE_NAMES = tuple(f"q{share:g}" for share in QUANTILES)
FEW_DIFFERENT = 30  # below it, one-sided differences fall short of their mean by Student's interval


class Estimate(NamedTuple):
    """A number with its 95 % interval, NaN where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def jeffreys_interval(count: int, runs: int, tail: float = _TAIL) -> Interval:
    """The Jeffreys interval of a share, ``count`` of ``runs``; the 95 % one where not said.

    Quantiles of Beta(count + 1/2, runs - count + 1/2); 0 where none holds and 1 where all do. Its
    95 % are nominal: near a share of 0 or 1 it holds the truth in 88 to 98 %.
    Source: Brown, Cai and DasGupta (2001), section 4.

    Args:
        count, runs: in how many of how many runs something holds.
        tail: probability that is left out on either side.
    """
    hits, misses = count + 0.5, runs - count + 0.5
    low = 0.0 if count == 0 else float(betaincinv(hits, misses, tail))
    high = 1.0 if count == runs else float(betaincinv(hits, misses, 1 - tail))
    return low, high


def most_share_unseen(runs: int) -> float:
    """The share, with 95 % confidence, that lies above that of what none of ``runs`` shows.

    1 - 0.05^(1/n), close to 3/n: the rule of three. Source: Hanley and Lippman-Hand (1983).
    """
    return float(1 - (1 - CONFIDENCE) ** (1 / runs))


def spread(values: Values) -> float:
    """The standard deviation of a sample; exactly 0 where all values are the same.

    NaN for a single value.
    """
    if len(values) < 2:
        return math.nan
    return float(values.std(ddof=1)) if values.min() < values.max() else 0.0


def mean_interval(values: Values, tail: float = _TAIL) -> Interval:
    """Student's interval of the mean of independent runs, the 95 % one where not said; NaN for a
    single value.

    m ± t·s/√n, with t the quantile of n - 1 degrees of freedom. Source: Student (1908).

    Args:
        values: of the runs, [runs].
        tail: probability that is left out on either side.
    """
    runs, middle = len(values), float(values.mean())
    if runs < 2:
        return math.nan, math.nan
    half = float(stdtrit(runs - 1, 1 - tail)) * spread(values) / math.sqrt(runs)
    return middle - half, middle + half


def difference_interval(differences: Values) -> Interval:
    """The 95 % interval of the mean of paired differences, of which many may be 0.

    Student's; but where fewer than 30 runs differ and others do not, what the product of two 97.5 %
    intervals spans: Jeffreys' of the share of runs that differ, and Student's of their mean. Of
    few differences of one sign Student's interval misses the mean in up to 29 % of cases, mostly
    by being too low; the product holds it in 95 % or more (docs/statistics.md). NaN where one run
    differs.

    Args:
        differences: other less base, [runs].
    """
    runs, different = len(differences), differences[differences != 0]
    if not 0 < len(different) < min(FEW_DIFFERENT, runs):
        return mean_interval(differences)
    share = jeffreys_interval(len(different), runs, _TAIL / 2)
    return product(share, mean_interval(different, _TAIL / 2))


def product(share: Interval, mean: Interval) -> Interval:
    """What a share times a mean may be, where either lies in its interval."""
    ends = [one * other for one in share for other in mean]
    return min(ends), max(ends)


def welch_width(one: Values, other: Values) -> float:
    """The width of Welch's 95 % interval of the difference of two means, as if unpaired.

    2·t·√(s₁²/n₁ + s₂²/n₂), with degrees of freedom by Welch and Satterthwaite; NaN for single
    values. Source: Welch (1947).
    """
    if min(len(one), len(other)) < 2:
        return math.nan
    parts = [spread(values) ** 2 / len(values) for values in (one, other)]
    if not sum(parts):
        return 0.0
    shares = (part**2 / (len(values) - 1) for part, values in zip(parts, (one, other), strict=True))
    freedom = sum(parts) ** 2 / sum(shares)
    return 2 * float(stdtrit(freedom, 1 - _TAIL)) * math.sqrt(sum(parts))


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
    place = generator.beta(lower, runs - lower + 1, RESAMPLES)
    middle = _at(ranked, place)
    if runs % 2 == 1:
        return middle
    place += (1 - place) * generator.beta(1, runs - lower, RESAMPLES)
    return (middle + _at(ranked, place)) / 2


def _at(ranked: Values, place: Values) -> Values:
    ranks = np.minimum((place * len(ranked)).astype(np.int64), len(ranked) - 1)
    return ranked[ranks]


def quantiles(block: np.ndarray) -> list[np.ndarray]:
    """Every quantile of a block [runs, ...] over its runs, [...] each."""
    ranked = np.ascontiguousarray(np.moveaxis(block, 0, -1))
    ranked.sort(axis=-1)
    return [_ranked_quantile(ranked, share) for share in QUANTILES]


def _ranked_quantile(ranked: np.ndarray, share: float) -> np.ndarray:
    """A quantile of values sorted along the last axis, linear between neighbours."""
    place = share * (ranked.shape[-1] - 1)
    below = int(place)
    low, high = ranked[..., below], ranked[..., min(below + 1, ranked.shape[-1] - 1)]
    result: np.ndarray = low + (high - low) * (place - below)
    return result
