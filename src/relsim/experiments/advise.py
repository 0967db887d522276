"""Advice: which portfolio of levers raises one measure while others stay within bounds.

Every other run chooses: which portfolios surely keep their bounds, which of them is best, which has
the least regret. The runs between measure what was chosen. Reported on the runs that chose it, the
best of many would look better than it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.special import bdtr

from relsim.errors import RelsimError
from relsim.experiments.advice import NOTHING, Advice, Bound, Goal, Half, least_count
from relsim.experiments.coalitions import (
    MOST_MEMBERS,
    Flags,
    Means,
    binary_order,
    complete_runs,
    every_subset,
    means,
    toggled,
)
from relsim.experiments.objectives import undominated
from relsim.experiments.schema import SHARE, THRESHOLD, Name, Switch
from relsim.experiments.study import Method, Study
from relsim.scenario.tree import TreePath
from relsim.scenario.values import Part, Remark
from relsim.stats import CONFIDENCE, Values, jeffreys_interval, runs_needed, spread

LEAST_RUNS = 4  # two that choose and two that measure: the fewest with a spread
REGRET_SHARE = 0.9  # its quantile over runs; the largest of all would grow with their number
RESAMPLES = 1000
_TAIL = (1 - CONFIDENCE) / 2
_DECIMALS = 12  # beyond which two means differ only by the order in which they were summed


def advice_points(levers: int) -> Values:
    """All portfolios, [2^n, n]: 1 is pulled, 0 is not. The first is none of them.

    Raises:
        RelsimError: there are more than 10 levers.
    """
    portfolio_count(levers)
    return every_subset(levers)


def portfolio_count(levers: int) -> int:
    """How many portfolios :func:`advice_points` gives.

    Raises:
        RelsimError: as there.
    """
    if levers > MOST_MEMBERS:
        raise RelsimError(
            f"{levers} levers make {2**levers:,} portfolios. Advice compares every one, so it "
            f"takes at most {MOST_MEMBERS} levers ({2**MOST_MEMBERS:,} portfolios). Leave out "
            "those that an attribution finds to bring little, or let one lever stand for several."
        )
    return int(2**levers)


def advise(
    levers: tuple[str, ...],
    points: Values,
    outcomes: Mapping[str, Values],
    goal: Goal,
    bounds: Sequence[Bound],
    seed: int = 0,
) -> Advice:
    """Chooses a portfolio on every other run, from the first on, and measures it on the rest.

    All portfolios are compared on paired runs, of which each may have drawn uncertain numbers.

    Args:
        levers: names, n.
        points: as of :func:`advice_points`, [2^n, n], in any order.
        outcomes: by measure, [2^n, R]. A run that lacks one (NaN) anywhere is left out.
        goal: what to raise or lower.
        bounds: what to keep.
        seed: of the resamples of runs.

    Raises:
        RelsimError: fewer than 4 runs are whole.
    """
    order = binary_order(points)
    names = [goal.measure, *(bound.measure for bound in bounds)]
    measures = [outcomes[name][order] for name in names]
    complete = complete_runs(measures)
    runs = int(complete.sum())
    if runs < LEAST_RUNS:
        raise RelsimError(
            f"{'No run has' if not runs else f'Only {runs} of {len(complete)} runs have'} "
            f"{', '.join(dict.fromkeys(names))} in every portfolio, so portfolios cannot be "
            f"compared: at least {LEAST_RUNS} are needed. Take more runs, or measures that every "
            "run has, such as levels."
        )
    level, *bounded = (values[:, complete] for values in measures)
    within = [bound.within(values) for bound, values in zip(bounds, bounded, strict=True)]
    shares = [bound.share for bound in bounds]
    choosing, measuring = (
        _Runs(half, goal.sign * half, [inside[:, first::2] for inside in within], shares)
        for first, half in enumerate((level[:, ::2], level[:, 1::2]))
    )
    return _advice(levers, goal, tuple(bounds), choosing, measuring, seed, len(complete) - runs)


def _advice(
    levers: tuple[str, ...],
    goal: Goal,
    bounds: tuple[Bound, ...],
    choosing: _Runs,
    measuring: _Runs,
    seed: int,
    left_out: int,
) -> Advice:
    """From both halves of the runs, portfolios in binary order."""
    points, admissible = every_subset(len(levers)), choosing.sure
    sizes, mean = points.sum(axis=1), choosing.worth.mean(axis=1)
    kept = [inside.mean(axis=1) for inside in choosing.within]
    front = undominated(np.column_stack([mean, *kept, -sizes]))
    chosen = chosen_shares(choosing.worth, choosing.within, choosing.least, sizes, seed)
    best = best_of(mean, sizes, admissible)
    regret = upper_regret(regrets(choosing.worth, admissible)).value
    halves = [half.of(admissible, front, best) for half in (choosing, measuring)]
    unsettled, rival, needed = np.zeros(len(points), dtype=bool), None, math.nan
    if best is not None:
        behind = measuring.worth[best] - measuring.worth
        unsettled = admissible & measuring.sure & front & ~(means(behind).low > 0)
        unsettled[best] = False
        rival = int(np.argmax(np.where(np.arange(len(chosen)) == best, -1, chosen)))
        needed = runs_needed(float(behind[rival].mean()), spread(behind[rival]))
    return Advice(
        levers=levers,
        goal=goal,
        bounds=bounds,
        points=points,
        choosing=halves[0],
        measuring=halves[1],
        front=front,
        chosen=chosen,
        best=best,
        unbounded=best_of(halves[0].gain.value, sizes, np.ones_like(admissible)),
        steadiest=best_of(-regret, sizes, admissible),
        unsettled=unsettled,
        rival=rival,
        runs_to_tell=2 * needed,
        left_out=left_out,
    )


@dataclass(frozen=True)
class _Runs:
    """Outcomes of one half of the runs.

    Attributes:
        level: of the goal, [P, R].
        worth: the same where higher is better.
        within: for each bound whether it is kept, [P, R].
        least: for each bound the share of runs in which it has to be kept.
    """

    level: Values
    worth: Values
    within: Sequence[Flags]
    least: Sequence[float]

    @property
    def sure(self) -> Flags:
        """Which portfolios surely keep every bound, [P]."""
        sure = np.ones(len(self.worth), dtype=bool)
        for inside, share in zip(self.within, self.least, strict=True):
            sure &= inside.sum(axis=1) >= least_count(inside.shape[1], share)
        return sure

    def of(self, admissible: Flags, front: Flags, best: int | None) -> Half:
        """What these runs show of portfolios that were chosen."""
        worth, shown = self.worth, front & admissible
        together = np.logical_and.reduce([np.ones_like(worth, dtype=bool), *self.within])
        return Half(
            runs=worth.shape[1],
            level=means(self.level),
            gain=means(worth - worth[0]),
            shares=tuple(shares_within(inside) for inside in self.within),
            together=together.mean(axis=1),
            sure=self.sure,
            regret=upper_regret(regrets(worth, admissible)),
            by_lever=_brought(worth, np.array([] if best is None else [best], dtype=np.int64)),
            by_lever_on_front=_brought(worth, np.flatnonzero(shown if shown.any() else front)),
        )


def _brought(worth: Values, portfolios: NDArray[np.int64]) -> Means:
    """What each lever brings to some portfolios, with it minus without it, mean over them."""
    levers = (len(worth) - 1).bit_length()
    if not len(portfolios):
        return means(np.empty((levers, 0)))
    other = toggled(levers)[portfolios]  # [portfolios, levers]
    has = other < portfolios[:, None]  # the one with the lever comes later
    change = worth[portfolios][:, None] - worth[other]
    return means(np.where(has[..., None], change, -change).mean(axis=0))


def shares_within(within: Flags) -> Means:
    """In which share of runs each portfolio is within a bound, [P, R] to [P], with Jeffreys
    intervals."""
    counts, runs = within.sum(axis=1), within.shape[1]
    low, high = np.array([jeffreys_interval(int(count), runs) for count in counts]).T
    return Means(counts / runs, low, high)


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
    worth: Values, within: Sequence[Flags], least: Sequence[float], sizes: Values, seed: int
) -> Values:
    """In which share of resamples of the runs each portfolio would be the best admissible, [P].

    A bootstrap of the whole choice: the worth of every portfolio, and whether it surely keeps each
    bound, are taken anew from runs drawn with replacement, the same for all. The shares add up to
    less than 1 where in some resamples none is admissible. Source: Efron (1979).
    """
    runs = worth.shape[1]
    drawn = np.random.default_rng(seed).multinomial(runs, np.full(runs, 1 / runs), RESAMPLES)
    order = np.argsort(sizes, kind="stable")  # of equal ones that of fewest levers
    drawn_worth = np.round(drawn @ worth[order].T / runs, _DECIMALS)
    for inside, share in zip(within, least, strict=True):
        kept = drawn @ inside[order].T.astype(np.int64)
        drawn_worth[kept < least_count(runs, share)] = -np.inf
    picked = drawn_worth.argmax(axis=1)[np.isfinite(drawn_worth).any(axis=1)]
    shares: Values = np.bincount(order[picked], minlength=len(worth)) / RESAMPLES
    return shares


class BoundOn(Part):
    """What a portfolio has to keep."""

    above: Annotated[float, THRESHOLD] | None = Field(None, description="Stays above this value.")
    below: Annotated[float, THRESHOLD] | None = Field(None, description="Stays below this value.")
    share: Annotated[float, SHARE] = Field(0.8, description="In at least this share of the runs.")

    def mistakes(self) -> Iterator[Remark]:
        """A bound that keeps nothing, or that no value keeps."""
        if self.above is None and self.below is None:
            yield Remark("", "bad-bound", "`above`, `below` or both are needed.")
        if self.above is not None and self.below is not None and self.above >= self.below:
            text = f"No value is above {self.above:g} and below {self.below:g}."
            yield Remark("", "bad-bound", text, "`above` has to be the lower of the two.")
        if self.share == 0:
            yield Remark("", "bad-bound", "A share of 0 keeps nothing.", "Leave the bound out.")


class Advise(Method):
    """Which levers to pull."""

    switch_key: ClassVar = "levers"
    reserved: ClassVar = (NOTHING,)

    levers: dict[Name, Switch] = Field(min_length=1, description="What can be done or left.")
    raise_: str | None = Field(None, alias="raise", description="The measure to raise.")
    lower: str | None = Field(None, description="The measure to lower, instead.")
    bounds: dict[str, BoundOn] = Field(
        default_factory=dict, description="By measure, what has to be kept."
    )

    def mistakes(self) -> Iterator[Remark]:
        """Other than one goal."""
        if (self.raise_ is None) is (self.lower is None):
            yield Remark("", "bad-goal", "One of `raise` and `lower` is needed.")

    @property
    def goal(self) -> str:
        """The measure to raise or lower."""
        return self.raise_ or self.lower or ""

    @property
    def size_key(self) -> str:
        """The key of the levers, of which every portfolio is simulated."""
        return "levers"

    def measures_named(self) -> dict[TreePath, str]:
        """Those of the goal and of the bounds."""
        goal = ("raise" if self.raise_ is not None else "lower",)
        return {goal: self.goal} | {("bounds", name): name for name in self.bounds}

    def problems(self, study: Study) -> Iterator[tuple[TreePath, str]]:
        """Too few runs to choose and to measure."""
        if study.experiment.runs < LEAST_RUNS:
            yield (
                ("runs",),
                f"Advice takes at least {LEAST_RUNS} runs, of which half choose and half measure.",
            )

    def size(self, study: Study) -> int:
        """How many portfolios there are."""
        return portfolio_count(len(self.levers))

    def points(self, study: Study) -> Values:
        """All portfolios."""
        return advice_points(len(self.levers))

    def analyse(self, study: Study, points: Values, outcomes: Mapping[str, Values]) -> Advice:
        """Which portfolio is best within the bounds."""
        goal = Goal(study.measure_name(self.goal), maximise=self.raise_ is not None)
        bounds = [
            Bound(
                study.measure_name(name),
                -math.inf if bound.above is None else bound.above,
                math.inf if bound.below is None else bound.below,
                bound.share,
            )
            for name, bound in self.bounds.items()
        ]
        return advise(study.switch_names, points, outcomes, goal, bounds, study.experiment.seed)
