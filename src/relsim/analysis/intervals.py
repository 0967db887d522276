"""Intervals: how far a share, a mean or a median of the runs may be off."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, stdtrit

Values: TypeAlias = NDArray[np.float64]

CONFIDENCE = 0.95
RESAMPLES = 2000
RESAMPLING_SEED = 1979  # its own, so that an interval depends on nothing but the values
_TAIL = (1 - CONFIDENCE) / 2


def jeffreys_interval(count: int, runs: int) -> tuple[float, float]:
    """The Jeffreys 95 % interval of a share, ``count`` of ``runs``.

    Quantiles of Beta(count + 1/2, runs - count + 1/2); 0 where none holds and 1 where all do.
    Source: Brown, Cai and DasGupta (2001), section 4.
    """
    hits, misses = count + 0.5, runs - count + 0.5
    low = 0.0 if count == 0 else float(betaincinv(hits, misses, _TAIL))
    high = 1.0 if count == runs else float(betaincinv(hits, misses, 1 - _TAIL))
    return low, high


def spread(values: Values) -> float:
    """The standard deviation of a sample; exactly 0 where all values are the same.

    NaN for a single value.
    """
    if len(values) < 2:
        return math.nan
    return float(values.std(ddof=1)) if values.min() < values.max() else 0.0


def mean_interval(values: Values) -> tuple[float, float]:
    """Student's 95 % interval of the mean of independent runs; NaN for a single value.

    m ± t·s/√n, with t the quantile of n - 1 degrees of freedom. Source: Student (1908).
    """
    runs, middle = len(values), float(values.mean())
    if runs < 2:
        return math.nan, math.nan
    half = _t_quantile(runs - 1) * spread(values) / math.sqrt(runs)
    return middle - half, middle + half


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
    return 2 * _t_quantile(sum(parts) ** 2 / sum(shares)) * math.sqrt(sum(parts))


def _t_quantile(freedom: float) -> float:
    return float(stdtrit(freedom, 1 - _TAIL))


def median_interval(values: Values) -> tuple[float, float]:
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
