"""Advice: which portfolio of levers raises one measure while others stay within bounds.

Every other run chooses: which portfolios surely keep their bounds, which of them is best, which has
the least regret. The runs between measure what was chosen. Reported on the runs that chose it, the
best of many would look better than it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.analysis.effects import runs_needed
from relsim.analysis.intervals import spread
from relsim.errors import RelsimError
from relsim.experiments.paired import Flags, Means, complete_runs, means
from relsim.experiments.parameters import Values
from relsim.experiments.portfolios import (
    Bound,
    Goal,
    best_of,
    chosen_shares,
    pareto_front,
    regrets,
    shares_within,
    surely_within,
    toggled,
    upper_regret,
)
from relsim.experiments.subsets import MOST_MEMBERS, binary_order, every_subset

NOTHING = "no lever"  # the portfolio that pulls none
LEAST_RUNS = 4  # two that choose and two that measure: the fewest with a spread


@dataclass(frozen=True)
class Half:
    """What one half of the runs shows of P portfolios of n levers.

    Attributes:
        runs: how many.
        level: mean of the goal, [P].
        gain: mean paired improvement of the goal over no lever, [P]; higher is better.
        shares: for each bound the share of runs within it, [P].
        together: share of runs that are within all bounds at once, [P].
        sure: which portfolios surely keep every bound, [P]: the low ends of the intervals of the
            shares reach what is asked.
        regret: the 90 % quantile over runs of what an admissible portfolio brings more that is
            best in the run, had one known the run, [P]; NaN where not admissible.
        by_lever: mean paired improvement that each lever brings to the best portfolio, [n].
        by_lever_on_front: the same, averaged over the admissible portfolios of the front (over
            all of it where none is).
    """

    runs: int
    level: Means
    gain: Means
    shares: tuple[Means, ...]
    together: Values
    sure: Flags
    regret: Means
    by_lever: Means
    by_lever_on_front: Means


@dataclass(frozen=True)
class Advice:
    """What was found of P portfolios of n levers, on the same runs each.

    Attributes:
        levers: names.
        goal, bounds: what was asked.
        points: the portfolios, [P, n]: 1 is pulled, 0 is not; the first is none of them.
        choosing, measuring: the runs that choose, and those that measure what was chosen.
        front: on the runs that choose: which portfolios no other dominates in the mean of the
            goal, the share of runs within each bound and the number of levers, [P].
        chosen: in which share of resamples of the runs that choose each is the best, [P].
        best: the admissible portfolio of the best mean; None where none is admissible.
        steadiest: the admissible portfolio of least regret.
        unsettled: other admissible portfolios of the front that surely keep every bound on the
            runs that measure too, and do not show to be worse than the best there, [P].
        rival: the portfolio that is chosen most often besides the best; None without a best.
        runs_to_tell: runs in all of which half would tell the best from its rival, if their
            difference is as large as the runs that measure show it.
        left_out: runs that lack an outcome of a measure in some portfolio. They count nowhere.
    """

    levers: tuple[str, ...]
    goal: Goal
    bounds: tuple[Bound, ...]
    points: Values
    choosing: Half
    measuring: Half
    front: Flags
    chosen: Values
    best: int | None
    steadiest: int | None
    unsettled: Flags
    rival: int | None
    runs_to_tell: float
    left_out: int

    @property
    def runs(self) -> int:
        """How many runs choose or measure."""
        return self.choosing.runs + self.measuring.runs

    @property
    def admissible(self) -> Flags:
        """Which portfolios can be chosen: they surely keep every bound on the runs that choose,
        [P]."""
        return self.choosing.sure

    @property
    def recommended(self) -> bool:
        """Whether there is a best portfolio, and it surely keeps every bound on the runs that
        measure too. They test it alone, so that one that is short of a bound passes in 2.5 % of
        cases, from however many it was chosen."""
        return self.best is not None and bool(self.measuring.sure[self.best])

    @property
    def sizes(self) -> Values:
        """How many levers each portfolio pulls, [P]."""
        return self.points.sum(axis=1)

    @property
    def slack(self) -> Values:
        """By how much the low end of the share of runs within each bound exceeds what is asked, on
        the runs that choose, [bounds, P]."""
        found = zip(self.choosing.shares, self.bounds, strict=True)
        return np.array([share.low - bound.share for share, bound in found])

    def name(self, portfolio: int) -> str:
        """A portfolio by its levers."""
        pulled = [self.levers[place] for place in np.flatnonzero(self.points[portfolio])]
        return " + ".join(pulled) or NOTHING

    def ranked(self, among: Flags) -> list[int]:
        """Some portfolios: admissible ones first, then by gain on the runs that choose, then those
        of fewer levers."""
        order = np.lexsort((self.sizes, -self.choosing.gain.value, ~self.admissible))
        return [int(place) for place in order if among[place]]

    def tables(self) -> dict[str, pd.DataFrame]:
        """``portfolios``: all, best first. ``front``: those that none dominates. ``levers``: what
        each brings."""
        everything = np.ones(len(self.points), dtype=bool)
        return {
            "portfolios": _portfolios(self, everything),
            "front": _portfolios(self, self.front),
            "levers": _levers(self),
        }

    def sentences(self) -> list[str]:
        """What is best within bounds, how sure, at what price, and which levers carry it."""
        from relsim.experiments.advice_wording import sentences  # which words advice

        return sentences(self)

    def warnings(self) -> list[str]:
        """What so many runs do not settle, and how many would."""
        from relsim.experiments.advice_wording import warnings  # which words advice

        return warnings(self)


def advice_points(levers: int) -> Values:
    """All portfolios, [2^n, n]: 1 is pulled, 0 is not. The first is none of them.

    Raises:
        RelsimError: there are no levers, or more than 10.
    """
    portfolio_count(levers)
    return every_subset(levers)


def portfolio_count(levers: int) -> int:
    """How many portfolios :func:`advice_points` gives.

    Raises:
        RelsimError: as there.
    """
    if levers < 1:
        raise RelsimError("There is nothing to choose from: name at least one lever.")
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
        RelsimError: the goal or a bound is of no measure that was simulated, a portfolio is
            missing, or fewer than 4 runs are whole.
    """
    order = binary_order(points)
    asked = [goal.measure, *(bound.measure for bound in bounds)]
    chosen = [_measured(outcomes, name)[order] for name in asked]
    complete = complete_runs(chosen)
    runs = int(complete.sum())
    if runs < LEAST_RUNS:
        raise RelsimError(
            f"{'No run has' if not runs else f'Only {runs} of {len(complete)} runs have'} "
            f"{', '.join(dict.fromkeys(asked))} in every portfolio, so portfolios cannot be "
            f"compared: at least {LEAST_RUNS} are needed. Take more runs, or measures that every "
            "run has, such as levels."
        )
    whole = [one[:, complete] for one in chosen]
    within = tuple(bound.within(one) for bound, one in zip(bounds, whole[1:], strict=True))
    return _advice(levers, goal, tuple(bounds), whole[0], within, seed, len(complete) - runs)


def _measured(outcomes: Mapping[str, Values], measure: str) -> Values:
    if measure not in outcomes:
        raise RelsimError(f"'{measure}' is not among the measures. Known: {', '.join(outcomes)}.")
    return outcomes[measure]


def _advice(
    levers: tuple[str, ...],
    goal: Goal,
    bounds: tuple[Bound, ...],
    level: Values,
    within: tuple[Flags, ...],
    seed: int,
    left_out: int,
) -> Advice:
    """From the goal [P, R] and whether each bound holds [P, R], portfolios in binary order."""
    points, asked = every_subset(len(levers)), [bound.share for bound in bounds]
    sizes = points.sum(axis=1)
    choosing, measuring = (_Runs.every_other(level, within, goal, first) for first in (0, 1))
    admissible = choosing.sure(asked)
    mean, kept = choosing.worth.mean(axis=1), [one.mean(axis=1) for one in choosing.within]
    front = pareto_front(np.column_stack([mean, *kept, -sizes]))
    chosen = chosen_shares(choosing.worth, choosing.within, asked, sizes, seed)
    best = best_of(mean, sizes, admissible)
    rival = _rival(chosen, best)
    least = -upper_regret(regrets(choosing.worth, admissible)).value
    halves = [one.half(asked, admissible, front, best) for one in (choosing, measuring)]
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
        steadiest=best_of(least, sizes, admissible),
        unsettled=_not_worse_than(measuring.worth, best, admissible & halves[1].sure & front),
        rival=rival,
        runs_to_tell=2 * _runs_to_tell(measuring.worth, best, rival),
        left_out=left_out,
    )


@dataclass(frozen=True)
class _Runs:
    """Outcomes of one half of the runs: the goal, what it is worth (higher is better), and for
    each bound whether it is kept; [P, R] each."""

    level: Values
    worth: Values
    within: tuple[Flags, ...]

    @classmethod
    def every_other(cls, level: Values, within: tuple[Flags, ...], goal: Goal, first: int) -> _Runs:
        half = level[:, first::2]
        return cls(half, goal.sign * half, tuple(one[:, first::2] for one in within))

    def sure(self, asked: Sequence[float]) -> Flags:
        return surely_within(self.within, asked, len(self.worth))

    def half(
        self, asked: Sequence[float], admissible: Flags, front: Flags, best: int | None
    ) -> Half:
        """What these runs show of portfolios that were chosen."""
        worth = self.worth
        together = np.logical_and.reduce([np.ones_like(worth, dtype=bool), *self.within])
        return Half(
            runs=worth.shape[1],
            level=means(self.level),
            gain=means(worth - worth[0]),
            shares=tuple(shares_within(one) for one in self.within),
            together=together.mean(axis=1),
            sure=self.sure(asked),
            regret=upper_regret(regrets(worth, admissible)),
            by_lever=_brought(worth, np.array([] if best is None else [best], dtype=np.int64)),
            by_lever_on_front=_brought(worth, _where(front & admissible, front)),
        )


def _where(flags: Flags, otherwise: Flags) -> NDArray[np.int64]:
    return np.flatnonzero(flags if flags.any() else otherwise)


def _brought(worth: Values, portfolios: NDArray[np.int64]) -> Means:
    """What each lever brings to some portfolios, with it less without it, mean over them."""
    levers = (len(worth) - 1).bit_length()
    if not len(portfolios):
        return means(np.empty((levers, 0)))
    other = toggled(levers)[portfolios]  # [portfolios, levers]
    has = other < portfolios[:, None]  # the one with the lever comes later
    change = worth[portfolios][:, None] - worth[other]
    return means(np.where(has[..., None], change, -change).mean(axis=0))


def _not_worse_than(worth: Values, best: int | None, among: Flags) -> Flags:
    found = np.zeros(len(worth), dtype=bool)
    if best is not None:
        found = among & ~(means(worth[best] - worth).low > 0)
        found[best] = False
    return found


def _rival(chosen: Values, best: int | None) -> int | None:
    if best is None:
        return None
    return int(np.argmax(np.where(np.arange(len(chosen)) == best, -1, chosen)))


def _runs_to_tell(worth: Values, best: int | None, rival: int | None) -> float:
    if best is None or rival is None:
        return math.nan
    difference = worth[best] - worth[rival]
    return runs_needed(float(difference.mean()), spread(difference))


# Tables


def _portfolios(advice: Advice, among: Flags) -> pd.DataFrame:
    rows, chose, measured = advice.ranked(among), advice.choosing, advice.measuring
    columns: dict[str, object] = {
        "portfolio": [advice.name(place) for place in rows],
        "levers": advice.sizes[rows].astype(int),
        "choosing runs: gain over no lever": chose.gain.value[rows],
    }
    for share, bound in zip(chose.shares, advice.bounds, strict=True):
        name = f"choosing runs: {bound.measure} {bound.limits} (%)"
        columns |= {name: 100 * share.value[rows], f"{name}, low (95 %)": 100 * share.low[rows]}
    columns |= {
        "choosing runs: surely keeps every bound": _yes(chose.sure[rows]),
        "choosing runs: on the front": _yes(advice.front[rows]),
        "choosing runs: best in (% of resamples)": 100 * advice.chosen[rows],
        **_columns(f"measuring runs: mean of {advice.goal.measure}", measured.level, rows),
        **_columns("measuring runs: gain over no lever", measured.gain, rows),
    }
    for share, bound in zip(measured.shares, advice.bounds, strict=True):
        name = f"measuring runs: {bound.measure} {bound.limits} (%)"
        columns |= _columns(name, share, rows, times=100)
    regret = "measuring runs: regret had one known the run, 90 % quantile"
    return pd.DataFrame(
        {
            **columns,
            "measuring runs: within all bounds (%)": 100 * measured.together[rows],
            "measuring runs: surely keeps every bound": _yes(measured.sure[rows]),
            **_columns(regret, measured.regret, rows),
        }
    )


def _levers(advice: Advice) -> pd.DataFrame:
    every, measured = list(range(len(advice.levers))), advice.measuring
    columns: dict[str, object] = {"lever": advice.levers}
    if advice.best is not None:
        with_it, without = _with_and_without(advice, advice.best)
        columns["in the best portfolio"] = _yes(advice.points[advice.best] == 1)
        gain = "measuring runs: gain it brings to the best portfolio"
        columns |= _columns(gain, measured.by_lever, every)
        for share, bound in zip(measured.shares, advice.bounds, strict=True):
            change = 100 * (share.value[with_it] - share.value[without])
            name = f"{bound.measure} {bound.limits}, change there (% points of runs)"
            columns[f"measuring runs: {name}"] = change
    shown = _where(advice.front & advice.admissible, advice.front)
    gain = "measuring runs: gain it brings on the front"
    return pd.DataFrame(
        {
            **columns,
            **_columns(gain, measured.by_lever_on_front, every),
            "in portfolios of the front (%)": 100 * advice.points[shown].mean(axis=0),
        }
    )


def _with_and_without(
    advice: Advice, portfolio: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A portfolio with and without each lever, [n] each."""
    other = toggled(len(advice.levers))[portfolio]
    return np.maximum(other, portfolio), np.minimum(other, portfolio)


def _columns(name: str, of: Means, rows: list[int], times: float = 1) -> dict[str, Values]:
    ends = {f"{name}, low (95 %)": of.low, f"{name}, high (95 %)": of.high}
    return {what: times * values[rows] for what, values in {name: of.value, **ends}.items()}


def _yes(flags: Flags) -> list[str]:
    return ["yes" if flag else "no" for flag in flags]
