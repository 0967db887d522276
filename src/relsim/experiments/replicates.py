"""Estimates from a sample of points and runs, with intervals that allow for both.

Every point has the same runs, so points and runs cross. Two ways lead to an interval:

- The pigeonhole bootstrap draws blocks of points (lone ones, or those of a trajectory) and runs
  again, each with replacement and each on its own. It is mildly conservative. Source: Owen (2007).
- Where the sample comes in a few independent parts, jackknife pseudo-values for each part and each
  run turn an estimate into a mean over a table, [parts, runs], whose analysis of variance tells the
  error of parts, of runs, and of both together apart.
  Sources: Tukey (1958), the pseudo-values; Satterthwaite (1946), the degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from relsim.stats import CONFIDENCE, Values

Rows: TypeAlias = NDArray[np.int64]
Estimates: TypeAlias = dict[str, Values]
# Means over runs [blocks, points of a block, columns] and the blocks that each column draws
# [blocks, columns], or None where it has each once. Gives estimates [., columns] by name.
Estimator: TypeAlias = Callable[[Values, Rows | None], Estimates]

LEAST_RUNS = 3  # with two, leaving one out leaves no two runs from which to tell noise apart
TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
COLUMNS = 50  # worked on at once, so that memory does not grow with resamples


@dataclass(frozen=True)
class Index:
    """One kind of index, for each parameter or each pair of them.

    Attributes:
        value, low, high: with its 95 % interval, [n].
        by_runs: half the width of the interval that runs cause, and more points would leave, [n].
        replicates: the values that the interval was made from, [n, ...] each.
        interval: makes an index from a value and replicates.
    """

    value: Values
    low: Values
    high: Values
    by_runs: Values
    replicates: tuple[Values, ...]
    interval: Callable[..., Index]

    @property
    def half(self) -> Values:
        """Half the width of the interval, [n]."""
        width: Values = (self.high - self.low) / 2
        return width

    def difference(self, first: int, second: int) -> Index:
        """How much larger one index is than another, with its 95 % interval, [1] each."""
        parts = (self.value, *self.replicates)
        return self.interval(*(part[[first]] - part[[second]] for part in parts))


# The bootstrap


def resampled(
    value: Values, both: Values, runs: Values, points: Values, least: float = -np.inf
) -> Index:
    """The bootstrap interval of an index: the percentiles of its replicates, moved so that their
    mean is its value. Sizes and distances are larger in replicates, which have noise twice.

    Args:
        value: [n].
        both, runs, points: its replicates of resampled blocks and runs, of runs at the points as
            they are, and of blocks with the runs as they are, [n, B] each.
        least: what the index cannot fall below.
    """
    centred = both + (value - np.nanmean(both, axis=1))[:, None]
    low, high = np.maximum(np.nanquantile(centred, TAILS, axis=1), least)
    share = _share_of_runs(*(np.nanvar(drawn, axis=1) for drawn in (both, runs, points)))
    by_runs = (high - low) / 2 * np.sqrt(share)
    return Index(value, low, high, by_runs, (both, runs, points), resampled)


def _share_of_runs(both: Values, runs: Values, points: Values) -> Values:
    """The share of a variance that runs cause, which more points would leave.

    Of a variance a/N + b/R + e/NR, drawing runs again shows b/R + e/NR, drawing points again
    a/N + e/NR, and drawing both a/N + b/R + 3 e/NR. Source: Owen (2007).
    """
    together = np.maximum(both - runs - points, 0.0)
    alone = np.maximum(runs - together, 0.0)
    return np.minimum(alone / np.where(both > 0, both, 1.0), 1.0)


def bootstrapped(
    estimator: Estimator, least: dict[str, float], blocks: Values, seed: int, resamples: int
) -> dict[str, Index]:
    """Estimates by name with their bootstrap intervals.

    Args:
        estimator: of as many columns as it is given.
        least: what each estimate cannot fall below, by name.
        blocks: outcomes, [blocks, points of a block, runs]; each point has one that is not NaN.
        seed: of the resamples.
        resamples: how many of them, B.
    """
    count, _, runs = blocks.shape
    generator = np.random.default_rng(seed)
    rows = generator.integers(count, size=(count, resamples))
    weights = generator.multinomial(runs, np.full(runs, 1 / runs), size=resamples).T.astype(float)

    def estimates(weights: Values, rows: Rows | None = None) -> Estimates:
        parts = []
        for start in range(0, weights.shape[1], COLUMNS):
            here = slice(start, start + COLUMNS)
            means = run_means(blocks, weights[:, here])
            parts.append(estimator(means, None if rows is None else rows[:, here]))
        return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}

    whole, by_points = estimates(np.ones((runs, 1))), estimates(np.ones((runs, resamples)), rows)
    by_runs, by_both = estimates(weights), estimates(weights, rows)
    return {
        name: resampled(whole[name][:, 0], by_both[name], by_runs[name], by_points[name], lowest)
        for name, lowest in least.items()
    }


def run_means(blocks: Values, weights: Values) -> Values:
    """Weighted means over the runs that have an outcome.

    A point none of whose weighted runs has one keeps its plain mean.

    Args:
        blocks: outcomes, [blocks, points of a block, runs].
        weights: [runs, columns].

    Returns:
        [blocks, points of a block, columns].
    """
    # Not as a matrix product, whose last digits would be those of the machine's library.
    present = np.isfinite(blocks)
    total = np.einsum("nsr,rb->nsb", np.where(present, blocks, 0.0), weights)
    if present.all():
        means: Values = total / weights.sum(axis=0)
        return means
    count = np.einsum("nsr,rb->nsb", present.astype(np.float64), weights)
    plain = np.where(present, blocks, 0.0).sum(axis=2) / present.sum(axis=2)
    return np.where(count > 0, total / np.where(count > 0, count, 1.0), plain[:, :, None])


def noise_share(blocks: Values) -> float:
    """The share of the variance between points that is left over from runs; NaN for one run.

    What all points of a run share is not counted: it moves no point against another. The variance
    is quadratic in means over runs, so the jackknife tells exactly what their noise adds to it.
    Source: Quenouille (1956).
    """
    runs = blocks.shape[2]
    if runs == 1:
        return np.nan
    between = float(np.nanmean(blocks, axis=2).var())
    without = run_means(blocks, np.ones((runs, runs)) - np.eye(runs)).var(axis=(0, 1))
    noise = (runs - 1) * (float(without.mean()) - between)
    return min(max(noise / between, 0.0), 1.0) if between > 0 else 0.0


# Parts and runs that cross


def crossed(value: Values, pseudo: Values) -> Index:
    """Student's interval of an index, from its pseudo-values.

    With variances p of parts and r of runs, the half width is t·√(p + r), where t is Student's
    quantile of (p + r)² / (p²/(parts − 1) + r²/(runs − 1)) degrees of freedom.

    Args:
        value: the estimates, [n].
        pseudo: of each part and run, with at least two parts, [n, parts, runs]; a single column
            where the runs are too few to tell what they do.
    """
    _, parts, runs = pseudo.shape
    of_parts, of_runs = _variances(pseudo)
    both = of_parts + of_runs
    share = of_runs / np.where(both > 0, both, 1.0)
    freedom = 1 / ((1 - share) ** 2 / (parts - 1) + share**2 / max(runs - 1, 1))
    half = stdtrit(freedom, TAILS[1]) * np.sqrt(both)
    by_runs = np.minimum(stdtrit(max(runs - 1, 1), TAILS[1]) * np.sqrt(of_runs), half)
    return Index(value, value - half, value + half, by_runs, (pseudo,), crossed)


def _variances(pseudo: Values) -> tuple[Values, Values]:
    """The variance of estimates that parts and runs cause, [n] each.

    What both make together lies in the spread of parts already, and so is taken off that of runs.
    """
    _, parts, runs = pseudo.shape
    rows, columns = pseudo.mean(axis=2), pseudo.mean(axis=1)
    of_parts: Values = rows.var(axis=1, ddof=1) / parts
    if runs == 1:
        return of_parts, np.zeros_like(of_parts)
    whole = rows.mean(axis=1)[:, None, None]
    rest = pseudo - rows[:, :, None] - columns[:, None, :] + whole
    together = (rest**2).sum(axis=(1, 2)) / ((parts - 1) * (runs - 1)) / (parts * runs)
    of_runs: Values = np.maximum(columns.var(axis=1, ddof=1) / runs - together, 0.0)
    return of_parts, of_runs


def ratios(terms: Values, total: Values) -> Index:
    """Sums of terms over all parts as shares of the sum of a total.

    Args:
        terms: of each part, of all runs and then leaving out one each, [n, parts, 1 + runs]; of all
            runs alone where these are fewer than three, [n, parts, 1].
        total: the same of what they are shares of, [parts, 1 + runs].
    """
    parts, runs = total.shape[0], max(total.shape[1] - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        every = terms.sum(axis=1) / total.sum(axis=0)
        without = (terms.sum(axis=1, keepdims=True) - terms) / (total.sum(axis=0) - total)
    value = every[:, 0]
    if total.shape[1] == 1:
        return crossed(value, parts * value[:, None, None] - (parts - 1) * without)
    pseudo = (
        parts * runs * value[:, None, None]
        - parts * (runs - 1) * every[:, None, 1:]
        - (parts - 1) * runs * without[:, :, :1]
        + (parts - 1) * (runs - 1) * without[:, :, 1:]
    )
    return crossed(value, pseudo)


def products(first: Values, second: Values) -> Values:
    """Products of two expected outcomes, free of the noise that both have of the same runs.

    The mean of x_r·y_s over different runs r and s: ((Σx)(Σy) − Σxy) / (n(n − 1)). Of a single
    run, and where no two different runs have outcomes, the product of the means.

    Args:
        first, second: outcomes, [., runs]; NaN where a run has none.

    Returns:
        Of all runs, then leaving out one each, [., 1 + runs]; of all alone where the runs are fewer
        than three, [., 1].
    """
    runs = first.shape[-1]
    has_x, has_y = np.isfinite(first), np.isfinite(second)
    x, y = np.where(has_x, first, 0.0), np.where(has_y, second, 0.0)
    sum_x, sum_y, same_run = (_leave_one_out(each) for each in (x, y, x * y))
    count_x, count_y, count_both = (
        _leave_one_out(each.astype(np.float64)) for each in (has_x, has_y, has_x & has_y)
    )
    crossings = count_x * count_y - count_both
    apart = crossings > 0
    of_different = (sum_x * sum_y - same_run) / np.where(apart, crossings, 1.0)
    of_all = sum_x * sum_y / np.maximum(count_x * count_y, 1.0)
    mean: Values = np.where(apart, of_different, of_all)
    return mean if runs >= LEAST_RUNS else mean[..., :1]


def _leave_one_out(values: Values) -> Values:
    """The sum over runs of all, then leaving out one each, [., 1 + runs]."""
    total = values.sum(axis=-1, keepdims=True)
    return np.concatenate([total, total - values], axis=-1)
