"""Sobol indices: the shares of the variance of an outcome that parameters make.

First-order: what a parameter makes by itself. Total: with all its interactions. Second-order:
what two make together beyond what each makes alone. Of the expected outcome of a run, as a function
of the parameters: what is left of the chance of runs is taken out (see :func:`sobol_indices`).
Sources: Sobol (2001), Saltelli et al. (2010), Jansen (1999), Saltelli (2002).
"""

from __future__ import annotations

from functools import partial
from itertools import combinations

import numpy as np

from relsim.errors import RelsimError
from relsim.experiments.optional import require
from relsim.experiments.parameters import Values
from relsim.experiments.replicates import (
    TAILS,
    Estimates,
    Index,
    Replicates,
    Rows,
    index,
    replicated,
)

ROUNDING = 1e-12  # of the variance; an index that is no larger is 0


def block_size(count: int, *, second_order: bool) -> int:
    """The points of a base sample: D + 2, or 2 D + 2 with second-order indices."""
    return (2 * count if second_order else count) + 2


def sobol_points(count: int, samples: int, seed: int, *, second_order: bool) -> Values:
    """Saltelli's design on scrambled Sobol points of the unit cube, through SALib, [P, count].

    Raises:
        RelsimError: the base samples are no power of 2, for which Sobol points are balanced.
    """
    check_samples(samples)
    problem = unit_problem(count)
    sample = require("SALib.sample.sobol").sample
    points: Values = sample(problem, samples, calc_second_order=second_order, seed=seed)
    return points


def check_samples(samples: int) -> None:
    """Refuses a number of base samples that :func:`sobol_points` cannot take."""
    if samples < 2:
        raise RelsimError("Sobol indices need at least 2 base samples; 512 to 4,096 are usual.")
    if samples & (samples - 1):
        below, above = 2 ** (samples.bit_length() - 1), 2 ** samples.bit_length()
        raise RelsimError(
            f"Sobol points are balanced in powers of 2, and {samples:,} is none. "
            f"Ask for {below:,} or {above:,} base samples."
        )


def unit_problem(count: int) -> dict[str, object]:
    """What SALib calls a problem: so many parameters between 0 and 1."""
    names = [str(number) for number in range(count)]
    return {"num_vars": count, "names": names, "bounds": [[0.0, 1.0]] * count}


def sobol_indices(
    blocks: Values, seed: int, resamples: int, *, second_order: bool
) -> dict[str, Index]:
    """First-order, total and, where asked, second-order indices, and the share of interactions.

    A mean of R runs is the expected outcome and noise with 1/R of the variance of a run. All terms
    are quadratic in it, so the jackknife over runs takes the noise out exactly; from a replicate
    as many times as its runs are repeated. Indices are ratios of the terms, so those of parameters
    that do nothing lie around 0, and may lie below it.

    Args:
        blocks: outcomes of the design, [base samples, points of one, runs], which vary.
        seed: of the resamples.
        resamples: how many.
        second_order: whether the design is for them, with 2 D + 2 points to a base sample.

    Returns:
        By name: ``first`` and ``total`` [D], ``second`` [pairs, in the order of combinations],
        ``interactions`` [1]. Empty where the variance between points is not above that of runs.
    """
    means = np.nanmean(blocks, axis=2)
    standard = (blocks - means.mean()) / means.std()  # SALib takes tiny variances for none
    estimator = partial(_terms, second_order=second_order)
    found = replicated(estimator, standard, seed, resamples)
    variance = _without_noise(found, "variance", found.both, found.repeated)
    if np.quantile(variance, TAILS[0]) <= 0:
        return {}
    return {name: _shares(found, name) for name in found.whole if name != "variance"}


def _shares(found: Replicates, name: str) -> Index:
    def ratio(estimates: Estimates, times: Values) -> Values:
        term = _without_noise(found, name, estimates, times)
        variance = _without_noise(found, "variance", estimates, times)
        share: Values = term / np.where(variance > 0, variance, np.nan)
        return np.where(np.abs(share) < ROUNDING, 0.0, share)

    whole = {one: values[:, None] for one, values in found.whole.items()}
    value = ratio(whole, np.ones(1))[:, 0]
    both, runs = (ratio(one, found.repeated) for one in (found.both, found.runs))
    return index(value, both, runs, ratio(found.points, np.ones(1)))


def _without_noise(found: Replicates, name: str, estimates: Estimates, times: Values) -> Values:
    less: Values = estimates[name] - times * found.noise(name)[:, None]
    return less


def _terms(means: Values, rows: Rows | None, *, second_order: bool) -> Estimates:
    """The variance [1, columns] and what parts of it are owed to parameters [., columns]."""
    estimators = require("SALib.analyze.sobol")
    drawn = means if rows is None else np.take_along_axis(means, rows[:, None, :], axis=0)
    # A run that is higher at all points moves no index, but spreads the estimates of it.
    drawn = drawn - drawn.mean(axis=(0, 1))
    count = (drawn.shape[1] - 2) // (2 if second_order else 1)
    a, b = drawn[:, 0], drawn[:, -1]
    ab = [drawn[:, 1 + place] for place in range(count)]
    variance = np.concatenate([a, b]).var(axis=0)
    first = np.array([estimators.first_order(a, one, b) for one in ab])
    shares = {
        "first": first,
        "total": np.array([estimators.total_order(a, one, b) for one in ab]),
        "interactions": 1 - first.sum(axis=0, keepdims=True),
    }
    if second_order:
        ba = [drawn[:, 1 + count + place] for place in range(count)]
        pairs = combinations(range(count), 2)
        second = [estimators.second_order(a, ab[j], ab[k], ba[j], b) for j, k in pairs]
        shares["second"] = np.array(second)
    terms = {name: share * variance for name, share in shares.items()}
    return {"variance": variance[None, :], **terms}
