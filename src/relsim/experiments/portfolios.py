"""Portfolios of levers as numbers: gains, shares of runs within bounds, the front, regret."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from relsim.errors import RelsimError
from relsim.experiments.paired import Flags, Means
from relsim.experiments.parameters import Values
from relsim.stats import CONFIDENCE, jeffreys_interval

REGRET_SHARE = 0.9  # its quantile over runs; the largest of all would grow with their number
RESAMPLES = 1000
MOST_RUNS = 10_000  # beyond which no number of runs is worth naming
_TAIL = (1 - CONFIDENCE) / 2
_DECIMALS = 12  # beyond which two means differ only by the order in which they were summed


@dataclass(frozen=True)
class Goal:
    """A measure whose mean is to be as high, or as low, as can be."""

    measure: str
    maximise: bool = True

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return 1 if self.maximise else -1


@dataclass(frozen=True)
class Bound:
    """A measure that is to stay within limits.

    Attributes:
        measure: its name.
        low, high: the limits, in its unit, both still within; infinite where there is none.
        share: of the runs, in which it has to, 0 to 1.
    """

    measure: str
    low: float = -math.inf
    high: float = math.inf
    share: float = 0.8

    def __post_init__(self) -> None:
        if not self.low < self.high or not 0 < self.share <= 1:
            raise RelsimError(
                f"The bound of {self.measure} needs low < high and a share above 0, at most 1; "
                f"it has {self.low:g} to {self.high:g} and {self.share:g}."
            )

    @property
    def limits(self) -> str:
        """The limits in words."""
        low, high = (f"{end:g}".replace("-", "−") for end in (self.low, self.high))
        if math.isinf(self.low):
            return f"at most {high}"
        return f"at least {low}" if math.isinf(self.high) else f"within {low} to {high}"

    def within(self, outcomes: Values) -> Flags:
        """Which outcomes are within the limits, in single precision as levels are recorded."""
        recorded = outcomes.astype(np.float32)
        inside: Flags = (recorded >= np.float32(self.low)) & (recorded <= np.float32(self.high))
        return inside


def shares_within(within: Flags) -> Means:
    """In which share of runs each portfolio is within a bound, [P, R] to [P], with Jeffreys
    intervals."""
    counts, runs = within.sum(axis=1), within.shape[1]
    low, high = np.array([jeffreys_interval(int(count), runs) for count in counts]).T
    return Means(counts / runs, low, high)


def least_count(runs: int, share: float) -> int:
    """In how many of some runs a bound has to be kept to be surely kept in a share of all.

    The low end of its Jeffreys interval then reaches the share; one more than there are runs
    where they are too few for that.
    """
    reaches = (jeffreys_interval(count, runs)[0] >= share for count in range(runs + 1))
    return next((count for count, enough in enumerate(reaches) if enough), runs + 1)


def runs_to_be_sure(share: float) -> int | None:
    """The fewest runs that can show a bound to be surely kept in a share of them, if all keep it;
    None beyond 10,000."""
    counts = range(1, MOST_RUNS + 1)
    place = bisect_left(counts, True, key=lambda runs: jeffreys_interval(runs, runs)[0] >= share)
    return counts[place] if place < len(counts) else None


def surely_within(within: Sequence[Flags], asked: Sequence[float], portfolios: int) -> Flags:
    """Which portfolios surely keep each bound in the share of runs that it asks, [P].

    Args:
        within: for each bound whether a run keeps it, [P, R].
        asked: the share, for each bound.
        portfolios: how many there are, P.
    """
    sure = np.ones(portfolios, dtype=bool)
    for inside, share in zip(within, asked, strict=True):
        sure &= inside.sum(axis=1) >= least_count(inside.shape[1], share)
    return sure


def pareto_front(worth: Values) -> Flags:
    """Which rows no other row dominates: as good in every column, better in one. [P, K] to [P].

    Higher is better in every column. Of equal rows all are on the front.
    """
    front = np.empty(len(worth), dtype=bool)
    for place, row in enumerate(worth):
        as_good = (worth >= row).all(axis=1)
        front[place] = not (as_good & (worth > row).any(axis=1)).any()
    return front


def best_of(worth: Values, sizes: Values, among: Flags) -> int | None:
    """The portfolio of highest worth among some; of equal ones that of fewest levers; None where
    there is none."""
    if not among.any():
        return None
    order = np.lexsort((sizes, -np.where(among, np.round(worth, _DECIMALS), -np.inf)))
    return int(order[0])


def regrets(worth: Values, admissible: Flags) -> Values:
    """What each portfolio lacks, run by run, of the best admissible one of the run, [P, R].

    This is against hindsight of the chance in each run: nobody can know it beforehand. 0 or more
    for those that are admissible, which alone can be chosen; NaN for the others.
    Source: Savage (1951).
    """
    lacking = np.full(worth.shape, np.nan)
    if admissible.any():
        lacking[admissible] = worth[admissible].max(axis=0) - worth[admissible]
    return lacking


def upper_regret(regret: Values) -> Means:
    """The 90 % quantile over runs of regrets [P, R], [P], with an interval free of distribution.

    The interval is between two of the ordered regrets: how many of n runs are below the quantile
    is binomial. Where n is too small to bound it above, at most 35, its end is infinite. Source:
    David and Nagaraja (2003), section 7.1.
    """
    runs = regret.shape[1]
    ranked = np.sort(regret, axis=1)
    below = bdtr(np.arange(runs + 1), runs, REGRET_SHARE)
    low, high = int((below <= _TAIL).sum()), int(np.searchsorted(below, 1 - _TAIL)) + 1
    nothing = np.where(np.isnan(regret[:, 0]), np.nan, 0.0)
    return Means(
        np.quantile(regret, REGRET_SHARE, axis=1),
        ranked[:, low - 1] if low > 0 else nothing,
        ranked[:, high - 1] if high <= runs else nothing + np.inf,
    )


def chosen_shares(
    worth: Values, within: Sequence[Flags], asked: Sequence[float], sizes: Values, seed: int
) -> Values:
    """In which share of resamples of the runs each portfolio would be the best admissible, [P].

    A bootstrap of the whole choice: the worth of every portfolio, and whether it surely keeps each
    bound, are found anew from runs drawn with replacement, the same for all. The shares add up to
    less than 1 where in some resamples none is admissible. Source: Efron (1979).
    """
    runs = worth.shape[1]
    drawn = np.random.default_rng(seed).multinomial(runs, np.full(runs, 1 / runs), RESAMPLES)
    order = np.argsort(sizes, kind="stable")  # of equal ones that of fewest levers
    found = np.round(drawn @ worth[order].T / runs, _DECIMALS)
    for inside, share in zip(within, asked, strict=True):
        kept = drawn @ inside[order].T.astype(np.int64)
        found[kept < least_count(runs, share)] = -np.inf
    picked = found.argmax(axis=1)[np.isfinite(found).any(axis=1)]
    shares: Values = np.bincount(order[picked], minlength=len(worth)) / RESAMPLES
    return shares


def toggled(levers: int) -> NDArray[np.int64]:
    """For each portfolio, where the one stands that differs in one lever, [P, levers].

    Portfolios are in the order of :func:`relsim.experiments.subsets.every_subset`.
    """
    bits = 1 << np.arange(levers - 1, -1, -1)
    return np.arange(2**levers)[:, None] ^ bits
