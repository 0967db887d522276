"""PAWN: how far the distribution of an outcome moves when a parameter is held in a slice.

The distance is Kolmogorov's and Smirnov's, the largest difference between the distribution over the
points of a slice and that over all points. The index is the median over slices, its range the least
and the largest. Sources: Pianosi and Wagener (2015, 2018).
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from relsim.errors import RelsimError
from relsim.experiments.replicates import Estimates, Index, Rows, bootstrapped, run_means
from relsim.stats import Values

SLICES = 10  # of the range of a parameter. Source: Pianosi and Wagener (2018)
LEAST_POINTS = 10 * SLICES  # a distribution of fewer than ten points to a slice says nothing
PERMUTATIONS = 200


def check_samples(samples: int) -> None:
    """Raises a RelsimError where there are too few points."""
    if samples < LEAST_POINTS:
        raise RelsimError(
            f"PAWN needs at least {LEAST_POINTS} points, ten in each of {SLICES} slices, "
            f"not {samples:,}."
        )


def pawn_indices(
    points: Values, blocks: Values, seed: int, resamples: int
) -> tuple[dict[str, Index], Values]:
    """``median``, ``least`` and ``most`` distance of each parameter, and the median by chance.

    Distances of finite samples are above 0 even where a parameter does nothing. What they come to
    by chance is the mean of the median when points are dealt to slices at random.

    Args:
        points: [P, K].
        blocks: outcomes, [P, 1, runs].
        seed: of the resamples and the dealing.
        resamples: how many.
    """
    slices = np.array([slices_of(column) for column in points.T])
    least = dict.fromkeys(("median", "least", "most"), 0.0)
    indices = bootstrapped(partial(_summaries, slices), least, blocks, seed, resamples)
    return indices, np.full(len(slices), _chance(slices[0], blocks, seed))


def slices_of(column: Values) -> NDArray[np.uint16]:
    """The slice that each value of a parameter is in, by quantiles, [P]."""
    edges = np.quantile(column, np.arange(1, SLICES) / SLICES)
    return np.searchsorted(edges, column, side="right").astype(np.uint16)


def distances(values: Values, slices: NDArray[np.uint16]) -> Values:
    """The distance of each slice of each parameter to all points; NaN for slices without points.

    Between two of its own values the distribution of a slice stands still, so it is farthest from
    that of all points at one of them, or just below it.

    Args:
        values: outcomes, [n].
        slices: of each parameter, [K, n].

    Returns:
        [K, slices].
    """
    count, points = slices.shape
    order = np.argsort(values)
    ranked = values[order]
    below, up_to = (
        np.searchsorted(ranked, ranked, side=side) / points for side in ("left", "right")
    )
    # Slice by slice, and within each in order of outcomes; all parameters in one row.
    sliced = slices[:, order]
    at = np.argsort(sliced, axis=1, kind="stable")
    group = np.take_along_axis(sliced, at, axis=1) + SLICES * np.arange(count)[:, None]
    group, at = group.ravel(), at.ravel()
    size = np.bincount(group, minlength=count * SLICES)
    start = np.cumsum(size) - size
    rank = np.arange(len(group)) - start[group]
    same = (group[1:] == group[:-1]) & (ranked[at[1:]] == ranked[at[:-1]])
    last, first = np.append(~same, True), np.insert(~same, 0, True)
    step = (1 / np.maximum(size, 1))[group]
    up_here = np.abs((rank + 1) * step - up_to[at]) * last
    just_below = np.abs(rank * step - below[at]) * first
    farthest = np.full(count * SLICES, np.nan)
    farthest[size > 0] = np.maximum.reduceat(np.maximum(up_here, just_below), start[size > 0])
    return farthest.reshape(count, SLICES)


def _summaries(slices: NDArray[np.uint16], means: Values, rows: Rows | None) -> Estimates:
    columns = []
    for column in range(means.shape[2]):
        drawn = slice(None) if rows is None else rows[:, column]
        columns.append(distances(means[drawn, 0, column], slices[:, drawn]))
    by_slice = np.stack(columns, axis=2)
    return {
        "median": np.nanmedian(by_slice, axis=1),
        "least": np.nanmin(by_slice, axis=1),
        "most": np.nanmax(by_slice, axis=1),
    }


def _chance(slices: NDArray[np.uint16], blocks: Values, seed: int) -> float:
    means = run_means(blocks, np.ones((blocks.shape[2], 1)))[:, 0, 0]
    generator = np.random.default_rng(seed)
    dealt = np.array([generator.permutation(slices) for _ in range(PERMUTATIONS)])
    return float(np.nanmedian(distances(means, dealt), axis=1).mean())
