"""Estimates from parts of a sample and runs that cross, and how far both may put them off.

A sample of points comes in independent parts, each of which has every run. The error of an estimate
is that of the parts, that of the runs, which all parts share, and that of both together. Jackknife
pseudo-values for each part and each run turn an estimate into a mean over a table, [parts, runs],
whose analysis of variance tells the three apart.
Sources: Tukey (1958), the pseudo-values; Satterthwaite (1946), the degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from relsim.experiments.parameters import Values
from relsim.experiments.replicates import Index
from relsim.stats import CONFIDENCE

LEAST_RUNS = 3  # with two, leaving one out leaves no two runs from which to tell noise apart


@dataclass(frozen=True)
class Crossed(Index):
    """Indices with Student's intervals from parts of the sample and runs.

    Attributes:
        pseudo: values of each part and run, [n, parts, runs]; a single column where the runs are
            too few to tell what they do.
    """

    pseudo: Values

    def difference(self, one: int, other: int) -> Index:
        """How much larger one index is than another, with its 95 % interval, [1] each."""
        value = self.value[[one]] - self.value[[other]]
        return crossed(value, self.pseudo[[one]] - self.pseudo[[other]])


def crossed(value: Values, pseudo: Values) -> Crossed:
    """Indices with the intervals that their pseudo-values give.

    With variances p of parts and r of runs, the half width is t·√(p + r), where t is Student's
    quantile of (p + r)² / (p²/(parts − 1) + r²/(runs − 1)) degrees of freedom.

    Args:
        value: the estimates, [n].
        pseudo: as in :class:`Crossed`, with at least two parts, [n, parts, runs].
    """
    _, parts, runs = pseudo.shape
    of_parts, of_runs = _variances(pseudo)
    both = of_parts + of_runs
    share = of_runs / np.where(both > 0, both, 1.0)
    freedom = 1 / ((1 - share) ** 2 / (parts - 1) + share**2 / max(runs - 1, 1))
    half = _quantile(freedom) * np.sqrt(both)
    by_runs = np.minimum(_quantile(max(runs - 1, 1)) * np.sqrt(of_runs), half)
    return Crossed(value, value - half, value + half, by_runs, pseudo)


def _variances(pseudo: Values) -> tuple[Values, Values]:
    """What parts and runs add to the variance of estimates, [n] each.

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


def _quantile(freedom: Values | float) -> Values:
    found: Values = np.asarray(stdtrit(freedom, (1 + CONFIDENCE) / 2))
    return found


def ratios(terms: Values, total: Values) -> Crossed:
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


def mean_of_parts(total: Values) -> Crossed:
    """The mean of a sum over parts, [1]; ``total`` as :func:`ratios` has it."""
    return ratios(total[None], np.ones_like(total))


def products(one: Values, other: Values) -> Values:
    """Products of two expected outcomes, free of the noise that both have of the same runs.

    The mean of x_r·y_s over different runs r and s: ((Σx)(Σy) − Σxy) / (n(n − 1)). Of a single
    run, and where no two different runs have outcomes, the product of the means.

    Args:
        one, other: outcomes, [., runs]; NaN where a run has none.

    Returns:
        Of all runs, then leaving out one each, [., 1 + runs]; of all alone where the runs are fewer
        than three, [., 1].
    """
    runs = one.shape[-1]
    seen, seen_too = np.isfinite(one), np.isfinite(other)
    x, y = np.where(seen, one, 0.0), np.where(seen_too, other, 0.0)
    sums, sums_too, pairs = (_left_out(each) for each in (x, y, x * y))
    count, count_too, paired = (
        _left_out(each.astype(np.float64)) for each in (seen, seen_too, seen & seen_too)
    )
    crossings = count * count_too - paired
    apart = crossings > 0
    found = (sums * sums_too - pairs) / np.where(apart, crossings, 1.0)
    plain = sums * sums_too / np.maximum(count * count_too, 1.0)
    mean: Values = np.where(apart, found, plain)
    return mean if runs >= LEAST_RUNS else mean[..., :1]


def _left_out(values: Values) -> Values:
    """The sum over runs of all, then leaving out one each, [., 1 + runs]."""
    total = values.sum(axis=-1, keepdims=True)
    return np.concatenate([total, total - values], axis=-1)
