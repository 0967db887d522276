"""Estimates from a sample of points and runs, and how far both may put them off.

Independent points, or those that belong together (a trajectory), are a block. Both blocks and runs
are drawn again, each with replacement and each on its own, since a run is the same at every point:
the pigeonhole bootstrap, which is mildly conservative. Source: Owen (2007).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from relsim.experiments.parameters import Values
from relsim.stats import CONFIDENCE

Rows: TypeAlias = NDArray[np.int64]
Estimates: TypeAlias = dict[str, Values]
# Means over runs [blocks, points of a block, columns] and the blocks that each column draws
# [blocks, columns], or None where it has each once. Gives estimates [., columns] by name.
Estimator: TypeAlias = Callable[[Values, Rows | None], Estimates]

TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
COLUMNS = 50  # worked on at once, so that memory does not grow with resamples


@dataclass(frozen=True)
class Replicates:
    """Estimates by name, of the sample and of what was drawn from it again.

    Attributes:
        whole: of the sample, [n].
        runs: of resampled runs at the points as they are, [n, B].
        points: of resampled blocks with the runs as they are, [n, B].
        both: of resampled blocks and runs, [n, B].
    """

    whole: Estimates
    runs: Estimates
    points: Estimates
    both: Estimates

    def index(self, name: str, least: float) -> Resampled:
        """An estimate with its interval, which does not go below ``least``."""
        drawn = self.both[name], self.runs[name], self.points[name]
        return resampled(self.whole[name], drawn, least)


@dataclass(frozen=True)
class Index(ABC):
    """One kind of index, for each parameter or each pair of them.

    Attributes:
        value, low, high: with its 95 % interval, [n].
        by_runs: half the width that would be left of the interval however many the points, [n].
    """

    value: Values
    low: Values
    high: Values
    by_runs: Values

    @property
    def half(self) -> Values:
        """Half the width of the interval, [n]."""
        width: Values = (self.high - self.low) / 2
        return width

    @abstractmethod
    def difference(self, one: int, other: int) -> Index:
        """How much larger one index is than another, with its 95 % interval, [1] each."""


@dataclass(frozen=True)
class Resampled(Index):
    """Indices with bootstrap intervals.

    Attributes:
        drawn: their replicates of both blocks and runs, of runs, and of blocks, [n, B] each.
    """

    drawn: tuple[Values, Values, Values]

    def difference(self, one: int, other: int) -> Index:
        """How much larger one index is than another, with its 95 % interval, [1] each."""
        both, runs, points = (each[[one]] - each[[other]] for each in self.drawn)
        return resampled(self.value[[one]] - self.value[[other]], (both, runs, points))


def resampled(
    value: Values, drawn: tuple[Values, Values, Values], least: float = -np.inf
) -> Resampled:
    """The interval of an index: the percentiles of its replicates, moved so that their mean is
    its value. Sizes and distances are larger in replicates, which have noise twice.

    Args:
        value: [n].
        drawn: replicates as in :class:`Resampled`.
        least: what the index cannot fall below.
    """
    both = drawn[0]
    centred = both + (value - np.nanmean(both, axis=1))[:, None]
    low, high = np.maximum(np.nanquantile(centred, TAILS, axis=1), least)
    share = _share_of_runs(*(np.nanvar(one, axis=1) for one in drawn))
    return Resampled(value, low, high, (high - low) / 2 * np.sqrt(share), drawn)


def _share_of_runs(both: Values, runs: Values, points: Values) -> Values:
    """The share of a variance that runs make at however many points.

    Of a variance a/N + b/R + e/NR, drawing runs again shows b/R + e/NR, drawing points again
    a/N + e/NR, and drawing both a/N + b/R + 3 e/NR. Source: Owen (2007).
    """
    crossed = np.maximum(both - runs - points, 0.0)
    alone = np.maximum(runs - crossed, 0.0)
    return np.minimum(alone / np.where(both > 0, both, 1.0), 1.0)


def replicated(estimator: Estimator, blocks: Values, seed: int, resamples: int) -> Replicates:
    """An estimator applied to means over runs of a sample and of resamples of it.

    Args:
        estimator: of as many columns as it is given.
        blocks: outcomes, [blocks, points of a block, runs]; each point has one that is not NaN.
        seed: of the resamples.
        resamples: how many of them, B.
    """
    count, _, runs = blocks.shape
    generator = np.random.default_rng(seed)
    rows = generator.integers(count, size=(count, resamples))
    weights = generator.multinomial(runs, np.full(runs, 1 / runs), size=resamples).T.astype(float)

    def of(drawn: Values, chosen: Rows | None = None) -> Estimates:
        parts = []
        for start in range(0, drawn.shape[1], COLUMNS):
            here = slice(start, start + COLUMNS)
            means = run_means(blocks, drawn[:, here])
            parts.append(estimator(means, None if chosen is None else chosen[:, here]))
        return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}

    whole = {name: values[:, 0] for name, values in of(np.ones((runs, 1))).items()}
    points = of(np.ones((runs, resamples)), rows)
    return Replicates(whole, of(weights), points, of(weights, rows))


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


def complete(blocks: Values) -> NDArray[np.bool_]:
    """Whether every point of a block has an outcome in some run, [blocks]."""
    found: NDArray[np.bool_] = np.all(np.any(np.isfinite(blocks), axis=2), axis=1)
    return found


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
