"""Advice: which portfolio of levers raises one measure while others stay within bounds."""

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
    toggled,
    upper_regret,
)
from relsim.experiments.subsets import MOST_MEMBERS, binary_order, every_subset

NOTHING = "no lever"  # the portfolio that pulls none


@dataclass(frozen=True)
class Advice:
    """What was found of P portfolios of n levers, on the same runs each.

    Attributes:
        levers: names.
        goal, bounds: what was asked.
        points: the portfolios, [P, n]: 1 is pulled, 0 is not; the first is none of them.
        level: mean of the goal, [P].
        gain: mean paired improvement of the goal over no lever, [P]; higher is better.
        shares: for each bound the share of runs within it, [P].
        together: share of runs that are within all bounds at once, [P].
        admissible: which keep every bound in at least the share of runs that is asked, [P].
        front: which no other dominates in the mean of the goal, the share of runs within each
            bound and the number of levers, [P].
        regret: the 90 % quantile over runs of what the best admissible portfolio of the run has
            more, [P]; NaN where not admissible.
        chosen: in which share of resamples of the runs it is the best admissible, [P].
        best: the admissible portfolio of the best mean; None where none is admissible.
        steadiest: the admissible portfolio of least regret.
        by_lever: mean paired improvement that each lever brings to the best portfolio, [n].
        by_lever_on_front: the same, averaged over the admissible portfolios of the front (over
            all of it where none is).
        unsettled: other admissible portfolios of the front whose mean is not told from that of the
            best, [P].
        rival: the portfolio that is chosen most often besides the best; None without a best.
        runs_to_tell: paired runs that would tell the best from its rival.
        runs: that have an outcome of every measure in every portfolio; only these count.
        left_out: runs that do not.
    """

    levers: tuple[str, ...]
    goal: Goal
    bounds: tuple[Bound, ...]
    points: Values
    level: Means
    gain: Means
    shares: tuple[Means, ...]
    together: Values
    admissible: Flags
    front: Flags
    regret: Means
    chosen: Values
    best: int | None
    steadiest: int | None
    by_lever: Means
    by_lever_on_front: Means
    unsettled: Flags
    rival: int | None
    runs_to_tell: float
    runs: int
    left_out: int

    @property
    def sizes(self) -> Values:
        """How many levers each portfolio pulls, [P]."""
        return self.points.sum(axis=1)

    @property
    def slack(self) -> Values:
        """By how much the share of runs within each bound exceeds what is asked, [bounds, P]."""
        found = zip(self.shares, self.bounds, strict=True)
        return np.array([share.value - bound.share for share, bound in found])

    def name(self, portfolio: int) -> str:
        """A portfolio by its levers."""
        pulled = [self.levers[place] for place in np.flatnonzero(self.points[portfolio])]
        return " + ".join(pulled) or NOTHING

    def ranked(self, among: Flags) -> list[int]:
        """Some portfolios: admissible ones first, then by gain, then those of fewer levers."""
        order = np.lexsort((self.sizes, -self.gain.value, ~self.admissible))
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
    """Compares all portfolios on paired runs, of which each may have drawn uncertain numbers.

    Args:
        levers: names, n.
        points: as of :func:`advice_points`, [2^n, n], in any order.
        outcomes: by measure, [2^n, R]. A run that lacks one (NaN) anywhere is left out.
        goal: what to raise or lower.
        bounds: what to keep.
        seed: of the resamples of runs.

    Raises:
        RelsimError: the goal or a bound is of no measure that was simulated, a portfolio is
            missing, or no run is whole.
    """
    order = binary_order(points)
    asked = [goal.measure, *(bound.measure for bound in bounds)]
    chosen = [_measured(outcomes, name)[order] for name in asked]
    complete = complete_runs(chosen)
    if not complete.any():
        raise RelsimError(
            f"No run has {', '.join(dict.fromkeys(asked))} in every portfolio, so portfolios "
            "cannot be compared. Take measures that every run has, such as levels."
        )
    whole = [one[:, complete] for one in chosen]
    within = tuple(bound.within(one) for bound, one in zip(bounds, whole[1:], strict=True))
    left_out = int((~complete).sum())
    return _advice(levers, goal, tuple(bounds), whole[0], within, seed=seed, left_out=left_out)


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
    *,
    seed: int,
    left_out: int,
) -> Advice:
    """From the goal [P, R] and whether each bound holds [P, R], portfolios in binary order."""
    points, worth = every_subset(len(levers)), goal.sign * level
    sizes, mean = points.sum(axis=1), worth.mean(axis=1)
    shares = tuple(shares_within(one) for one in within)
    kept = [one.value >= bound.share for one, bound in zip(shares, bounds, strict=True)]
    admissible = np.logical_and.reduce([np.ones(len(points), dtype=bool), *kept])
    columns = [mean, *(one.value for one in shares), -sizes]
    front = pareto_front(np.column_stack(columns))
    regret = upper_regret(regrets(worth, admissible))
    chosen = chosen_shares(worth, within, [bound.share for bound in bounds], sizes, seed)
    best = best_of(mean, sizes, admissible)
    rival = _rival(chosen, best)
    return Advice(
        levers=levers,
        goal=goal,
        bounds=bounds,
        points=points,
        level=means(level),
        gain=means(worth - worth[0]),
        shares=shares,
        together=np.logical_and.reduce([np.ones_like(worth, dtype=bool), *within]).mean(axis=1),
        admissible=admissible,
        front=front,
        regret=regret,
        chosen=chosen,
        best=best,
        steadiest=best_of(-regret.value, sizes, admissible),
        by_lever=_brought(worth, np.array([] if best is None else [best], dtype=np.int64)),
        by_lever_on_front=_brought(worth, _where(front & admissible, front)),
        unsettled=_not_told_from(worth, best, admissible & front),
        rival=rival,
        runs_to_tell=_runs_to_tell(worth, best, rival),
        runs=worth.shape[1],
        left_out=left_out,
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


def _not_told_from(worth: Values, best: int | None, among: Flags) -> Flags:
    found = np.zeros(len(worth), dtype=bool)
    if best is not None:
        found = among & ~means(worth[best] - worth).clear
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
    rows = advice.ranked(among)
    goal = advice.goal.measure
    columns: dict[str, object] = {
        "portfolio": [advice.name(place) for place in rows],
        "levers": advice.sizes[rows].astype(int),
        **_columns(f"{goal}: mean", advice.level, rows),
        **_columns("gain over no lever", advice.gain, rows),
    }
    for share, bound in zip(advice.shares, advice.bounds, strict=True):
        columns |= _columns(f"{bound.measure}: runs {bound.limits} (%)", share, rows, times=100)
    return pd.DataFrame(
        {
            **columns,
            "runs within all bounds (%)": 100 * advice.together[rows],
            "keeps every bound": _yes(advice.admissible[rows]),
            "on the front": _yes(advice.front[rows]),
            **_columns("regret, 90 % quantile", advice.regret, rows),
            "best in (% of resamples)": 100 * advice.chosen[rows],
        }
    )


def _levers(advice: Advice) -> pd.DataFrame:
    every = list(range(len(advice.levers)))
    columns: dict[str, object] = {"lever": advice.levers}
    if advice.best is not None:
        with_it, without = _with_and_without(advice, advice.best)
        columns["in the best portfolio"] = _yes(advice.points[advice.best] == 1)
        columns |= _columns("gain it brings to the best portfolio", advice.by_lever, every)
        for share, bound in zip(advice.shares, advice.bounds, strict=True):
            change = 100 * (share.value[with_it] - share.value[without])
            columns[f"{bound.measure}: runs {bound.limits}, change there (% points)"] = change
    shown = _where(advice.front & advice.admissible, advice.front)
    return pd.DataFrame(
        {
            **columns,
            **_columns("gain it brings on the front", advice.by_lever_on_front, every),
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
