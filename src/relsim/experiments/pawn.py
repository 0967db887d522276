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
from relsim.experiments.replicates import Estimates, Index, Rows, replicated, run_means
from relsim.experiments.sobol import unit_problem
from relsim.experiments.study import require
from relsim.stats import Values

SLICES = 10  # of the range of a parameter. Source: Pianosi and Wagener (2018)
LEAST_POINTS = 10 * SLICES  # a distribution of fewer than ten points to a slice says nothing
PERMUTATIONS = 200


def pawn_points(count: int, samples: int, seed: int) -> Values:
    """A Latin hypercube of the unit cube, through SALib, [samples, count].

    Raises:
        RelsimError: there are too few points.
    """
    check_samples(samples)
    sample = require("SALib.sample.latin").sample
    points: Values = sample(unit_problem(count), samples, seed=seed)
    return points


def check_samples(samples: int) -> None:
    """Refuses a number of points that :func:`pawn_points` cannot take."""
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
    found = replicated(partial(_summaries, slices), blocks, seed, resamples)
    names = ("median", "least", "most")
    indices: dict[str, Index] = {name: found.index(name, 0.0) for name in names}
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
    below, up_to = (np.searchsorted(ranked, ranked, side=one) / points for one in ("left", "right"))
    # Slice by slice, and within each in order of outcomes; all parameters in one row.
    sliced = slices[:, order]
    place = np.argsort(sliced, axis=1, kind="stable")
    group = np.take_along_axis(sliced, place, axis=1) + SLICES * np.arange(count)[:, None]
    group, place = group.ravel(), place.ravel()
    size = np.bincount(group, minlength=count * SLICES)
    start = np.cumsum(size) - size
    rank = np.arange(len(group)) - start[group]
    same = (group[1:] == group[:-1]) & (ranked[place[1:]] == ranked[place[:-1]])
    last, first = np.append(~same, True), np.insert(~same, 0, True)
    step = (1 / np.maximum(size, 1))[group]
    at = np.abs((rank + 1) * step - up_to[place]) * last
    just_below = np.abs(rank * step - below[place]) * first
    found = np.full(count * SLICES, np.nan)
    found[size > 0] = np.maximum.reduceat(np.maximum(at, just_below), start[size > 0])
    return found.reshape(count, SLICES)


def _summaries(slices: NDArray[np.uint16], means: Values, rows: Rows | None) -> Estimates:
    columns = []
    for column in range(means.shape[2]):
        drawn = slice(None) if rows is None else rows[:, column]
        columns.append(distances(means[drawn, 0, column], slices[:, drawn]))
    found = np.stack(columns, axis=2)
    return {
        "median": np.nanmedian(found, axis=1),
        "least": np.nanmin(found, axis=1),
        "most": np.nanmax(found, axis=1),
    }


def _chance(slices: NDArray[np.uint16], blocks: Values, seed: int) -> float:
    means = run_means(blocks, np.ones((blocks.shape[2], 1)))[:, 0, 0]
    generator = np.random.default_rng(seed)
    dealt = np.array([generator.permutation(slices) for _ in range(PERMUTATIONS)])
    return float(np.nanmedian(distances(means, dealt), axis=1).mean())
