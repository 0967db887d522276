"""Sobol indices: the shares of the variance of an outcome that are due to parameters.

First-order: the share of a parameter by itself. Total: with all its interactions. Second-order:
the share of two together beyond those of each alone. The variance is that of the expected outcome
of a run: the noise left over from runs is taken out (see :func:`sobol_indices`).

Points of one scrambled Sobol sequence are more even than independent ones, so their spread does not
tell how far an estimate may be off. The design is therefore of eight sequences, each scrambled on
its own, between which estimates differ by as much as they are uncertain.
Sources: Sobol (2001), Saltelli et al. (2010), Jansen (1999), Saltelli (2002); scramblings: Owen
(2025).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from relsim.errors import RelsimError
from relsim.experiments.replicates import Index, crossed, products, ratios
from relsim.stats import Values

SCRAMBLINGS = 8  # more leave too few points to each, fewer make Student's quantile large
LEAST_SAMPLES = 64  # with which indices of Ishigami's function are known to ± 0.1 to 0.35
LEAST_SCRAMBLINGS = 4  # with outcomes; fewer give no interval
ROUNDING = 1e-12  # of the variance; an index that is no larger is 0


def block_size(count: int, *, second_order: bool) -> int:
    """The points of a base sample: D + 2, or 2 D + 2 with second-order indices."""
    return (2 * count if second_order else count) + 2


def sobol_points(count: int, samples: int, seed: int, *, second_order: bool) -> Values:
    """Saltelli's design on eight scrambled Sobol sequences in the unit cube, one after the other.

    A base sample is two points, a and b, and those that have one coordinate of the other: a, then a
    with each coordinate of b, then b with each of a (second-order only), and b. Coordinate k of a
    and of b are neighbours in the sequence, since far ones may hang together in few points.

    Returns:
        [samples · block size, count].
    """
    seeds = np.random.SeedSequence(seed).spawn(SCRAMBLINGS)
    generators = (np.random.default_rng(own) for own in seeds)
    sequences = [
        qmc.Sobol(2 * count, scramble=True, seed=generator).random(samples // SCRAMBLINGS)
        for generator in generators
    ]
    drawn = np.concatenate(sequences)
    a, b = drawn[:, None, 0::2], drawn[:, None, 1::2]
    swapped = np.eye(count, dtype=bool)
    mixed = [np.where(swapped, b, a), np.where(swapped, a, b)][: 2 if second_order else 1]
    points: Values = np.concatenate([a, *mixed, b], axis=1).reshape(-1, count)
    return points


def check_samples(samples: int) -> None:
    """Raises a RelsimError where base samples are too few, or no power of 2, for which Sobol points
    are balanced."""
    if samples < LEAST_SAMPLES:
        raise RelsimError(
            f"Sobol indices need at least {LEAST_SAMPLES} base samples, not {samples:,}; "
            "512 to 4,096 are usual."
        )
    if samples & (samples - 1):
        below, above = 2 ** (samples.bit_length() - 1), 2 ** samples.bit_length()
        raise RelsimError(
            f"Sobol points are balanced in powers of 2, and {samples:,} is none. "
            f"Ask for {below:,} or {above:,} base samples."
        )


def sobol_indices(
    blocks: Values, whole: NDArray[np.bool_], *, second_order: bool
) -> dict[str, Index]:
    """First-order, total and, where asked, second-order indices, and the share of interactions.

    A mean of R runs is the expected outcome and noise with 1/R of the variance of a run. All terms
    are products of two outcomes, so products of different runs are free of it. Indices are ratios
    of the terms, so those of parameters that do nothing lie around 0, and may lie below it.

    Args:
        blocks: outcomes of base samples, which vary, [base samples that are whole, points of one,
            runs].
        whole: which base samples of the design these are, [base samples].
        second_order: whether the design is for them, with 2 D + 2 points to a base sample.

    Returns:
        By name: ``first`` and ``total`` [D], ``second`` [pairs, in the order of combinations],
        ``interactions`` [1]. Empty where the variance between points is not above that of runs, or
        too few scramblings have outcomes.
    """
    scramblings = (np.arange(len(whole)) * SCRAMBLINGS // len(whole))[whole]
    starts = np.flatnonzero(np.diff(scramblings, prepend=-1))
    if len(starts) < LEAST_SCRAMBLINGS:
        return {}
    # What a run is higher at all points moves no index, but would spread estimates of it.
    centred = blocks - _mean_over_points(blocks)
    variance, terms = _terms(centred / np.nanstd(centred), starts, second_order=second_order)
    mean_variance = ratios(variance[None], np.ones_like(variance))
    if not mean_variance.low[0] > 0:
        return {}
    indices = {}
    for name, each in terms.items():
        index = ratios(each, variance)
        is_none = np.abs(index.value) < ROUNDING
        (pseudo,) = index.replicates
        value = np.where(is_none, 0.0, index.value)
        indices[name] = crossed(value, np.where(is_none[:, None, None], 0.0, pseudo))
    return indices


def _mean_over_points(blocks: Values) -> Values:
    """The mean of each run over the points where it has an outcome, [runs]; NaN where none."""
    seen = np.isfinite(blocks)
    with np.errstate(invalid="ignore"):
        mean: Values = np.where(seen, blocks, 0.0).sum(axis=(0, 1)) / seen.sum(axis=(0, 1))
    return mean


def _terms(
    outcomes: Values, starts: NDArray[np.int64], *, second_order: bool
) -> tuple[Values, dict[str, Values]]:
    """The variance between points and the parts of it due to parameters, each a sum over the base
    samples of a scrambling.

    Args:
        outcomes: of base samples, [N, points of one, runs].
        starts: the first base sample of each scrambling, [scramblings].
        second_order: whether there are 2 D + 2 points.

    Returns:
        The variance [scramblings, 1 + runs], with runs as :func:`products` has them, and the parts
        by name [., scramblings, 1 + runs].
    """

    def summed(x: Values, y: Values) -> Values:
        total: Values = np.add.reduceat(products(x, y), starts, axis=0)
        return total

    count = (outcomes.shape[1] - 2) // (2 if second_order else 1)
    a, b = outcomes[:, 0], outcomes[:, -1]
    swapped = [outcomes[:, 1 + column] for column in range(count)]
    squared, alone = summed(a, a), summed(a, b)
    middle = _mean_over_points(outcomes[:, [0, -1]])
    sizes = np.diff(starts, append=len(outcomes))[:, None]
    variance = (squared + summed(b, b)) / 2 - sizes * products(middle, middle)
    first = np.array([summed(mixed, b) - alone for mixed in swapped])
    total = np.array([(squared + summed(mixed, mixed)) / 2 - summed(mixed, a) for mixed in swapped])
    terms = {"first": first, "total": total, "interactions": (variance - first.sum(axis=0))[None]}
    if second_order:
        back = [outcomes[:, 1 + count + column] for column in range(count)]
        pairs = combinations(range(count), 2)
        terms["second"] = np.array(
            [summed(back[j], swapped[k]) - alone - first[j] - first[k] for j, k in pairs]
        )
    return variance, terms
