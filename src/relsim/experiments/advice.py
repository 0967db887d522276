"""Advice: what was found of every portfolio of levers, in tables and words: what to pull, how sure
that is, and what the runs do not settle.

Some runs choose, the others measure (:mod:`relsim.experiments.advise`). Every number that is given
of a portfolio is of the runs that measure, unless a sentence says otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.experiments.paired import Flags, Means
from relsim.experiments.parameters import Values
from relsim.experiments.portfolios import (
    Bound,
    Goal,
    best_of,
    least_count,
    runs_to_be_sure,
    toggled,
)
from relsim.words import digits_for, percent, rounded_up, signed

NOTHING = "no lever"  # the portfolio that pulls none
SETTLED = 0.8  # of resamples, in which the same portfolio is best
LEAST_MEASURING = 36  # the fewest that bound the 90 % quantile of regret above: 0.9^36 < 0.025
MOST_LEVERS_NAMED = 3


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
        if self.best is None:
            return _nothing_admissible(self)
        return [
            *_best_sentences(self, self.best),
            *_bounds_sentence(self, self.best),
            *_alternative_sentence(self),
            *_regret_sentence(self, self.best),
            *_price_sentence(self, self.best),
            *_lever_sentences(self, self.best),
        ]

    def warnings(self) -> list[str]:
        """What so many runs do not settle, and how many would."""
        return [
            *_run_warnings(self),
            *_share_warnings(self),
            *_choice_warning(self),
            *_bound_warnings(self),
        ]


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
    admissible = advice.front & advice.admissible
    shown = np.flatnonzero(admissible if admissible.any() else advice.front)
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


# Sentences


def _best_sentences(advice: Advice, best: int) -> list[str]:
    """Which portfolio the choosing runs prefer, and what the measuring runs show of it."""
    goal, chose, measured = advice.goal.measure, advice.choosing.runs, advice.measuring.runs
    kept = (
        f", {advice.admissible.sum():,} of which surely keep every bound" if advice.bounds else ""
    )
    head = f"Of {len(advice.points):,} portfolios{kept} on the {chose:,} runs that choose, "
    if best == 0:
        verb = "raises" if advice.goal.maximise else "lowers"
        said = [f"{head}none {verb} {goal} more than pulling no lever."]
    else:
        level = signed(float(advice.measuring.level.value[best]), _digits(advice))
        said = [
            f"{head}“{advice.name(best)}” is best. On the other {measured:,} runs, which measure "
            f"it, {goal} is {level} on average, {_gain(advice, advice.measuring.gain, best)} "
            "against no lever."
        ]
    if not advice.recommended:
        said.append(
            f"It is not recommended: the {measured:,} runs that measure are not sure that it "
            "keeps every bound."
        )
    return said


def _bounds_sentence(advice: Advice, portfolio: int) -> list[str]:
    said = [
        f"{bound.measure} is {bound.limits} in {_share(share, portfolio)} of runs "
        f"(95 % interval {percent(float(share.low[portfolio]))} to "
        f"{percent(float(share.high[portfolio]))}; asked {percent(bound.share)})"
        for share, bound in zip(advice.measuring.shares, advice.bounds, strict=True)
    ]
    if len(said) > 1:
        said.append(f"all at once in {percent(float(advice.measuring.together[portfolio]))}")
    return [f"On the runs that measure, {'; '.join(said)}."] if said else []


def _alternative_sentence(advice: Advice) -> list[str]:
    """Whether others do as well, and the one among them with the fewest levers."""
    rivals = advice.ranked(advice.unsettled)
    if not rivals:
        return []
    fewest = min(rivals, key=lambda place: advice.sizes[place])
    what = f"“{advice.name(fewest)}” with {_gain(advice, advice.measuring.gain, fewest)}"
    if len(rivals) == 1:
        return [f"Not told to be worse by the runs that measure: {what}."]
    return [
        f"{len(rivals):,} others are not told to be worse by the runs that measure; the one of "
        f"fewest levers is {what}."
    ]


def _regret_sentence(advice: Advice, best: int) -> list[str]:
    """The least regret among those that can be chosen, and whether it is the best that has it."""
    steadiest = advice.steadiest
    if steadiest is None or int(advice.admissible.sum()) == 1:
        return []
    if steadiest == best:
        return [
            f"It is also chosen for the least regret: in 9 of 10 runs that measure, "
            f"{_short(advice, best)}."
        ]
    unsure = (
        "" if advice.measuring.sure[steadiest] else ", but is not sure to keep every bound there"
    )
    return [
        f"“{advice.name(steadiest)}” is chosen for the least regret: in 9 of 10 runs that "
        f"measure, {_short(advice, steadiest)} (of “{advice.name(best)}”: "
        f"{_short(advice, best)}){unsure}."
    ]


def _short(advice: Advice, portfolio: int) -> str:
    """How far a portfolio is from the best of a run, nine times in ten."""
    digits, regret = _digits(advice), float(advice.measuring.regret.value[portfolio])
    if round(regret, digits) == 0:
        return "no other would have been better, had one known the run"
    return f"another would have been at most {regret:.{digits}f} better, had one known the run"


def _price_sentence(advice: Advice, best: int) -> list[str]:
    """What could be had without bounds, and which stand in the way."""
    everything = np.ones(len(advice.points), dtype=bool)
    free = best_of(advice.choosing.gain.value, advice.sizes, everything)
    if free is None or advice.admissible[free]:
        return []
    halves = zip(advice.choosing.shares, advice.measuring.shares, advice.bounds, strict=True)
    broken = [
        f"{bound.measure} is {bound.limits} in {_share(share, free)} of runs"
        for chose, share, bound in halves
        if chose.low[free] < bound.share
    ]
    gain = advice.measuring.gain.value
    more = float(gain[free] - gain[best]) * advice.goal.sign
    return [
        f"Without bounds “{advice.name(free)}” would be chosen. On the runs that measure it "
        f"brings another {signed(more, _digits(advice))}, but {', '.join(broken)}."
    ]


def _lever_sentences(advice: Advice, best: int) -> list[str]:
    """The levers that carry the best portfolio, and those that would harm the goal, as the
    choosing runs show them; what each brings is of the measuring runs."""
    gains, pulled = advice.choosing.by_lever, advice.points[best] == 1
    ranked = [int(place) for place in np.argsort(-gains.value, kind="stable")]
    carrying = [place for place in ranked if pulled[place] and gains.low[place] > 0]
    harmful = [place for place in reversed(ranked) if not pulled[place] and gains.high[place] < 0]
    said = []
    if carrying:
        said.append(f"In it, on the runs that measure, {_levers_with_gains(advice, carrying)}.")
    if harmful:
        said.append(
            f"Added to it, on the runs that measure, {_levers_with_gains(advice, harmful)}."
        )
    return said


def _levers_with_gains(advice: Advice, places: list[int]) -> str:
    sizes = [
        f"“{advice.levers[one]}”{' brings' if one == places[0] else ''} "
        f"{_gain(advice, advice.measuring.by_lever, one)}"
        for one in places[:MOST_LEVERS_NAMED]
    ]
    return ", ".join(sizes)


def _nothing_admissible(advice: Advice) -> list[str]:
    """That no portfolio is sure to keep every bound, and which comes nearest."""
    nearest = _nearest(advice)
    return [
        f"None of {len(advice.points):,} portfolios surely keeps every bound on the "
        f"{advice.choosing.runs:,} runs that choose, so none is recommended.",
        f"“{advice.name(nearest)}” comes nearest. On the other {advice.measuring.runs:,} runs it "
        f"brings {_gain(advice, advice.measuring.gain, nearest)} against no lever.",
        *_bounds_sentence(advice, nearest),
        "Take more runs, widen the bound or ask for a smaller share of runs.",
    ]


def _nearest(advice: Advice) -> int:
    """The portfolio that is least short of its tightest bound; of equal ones that of most gain."""
    slack = advice.slack.min(axis=0)
    order = np.lexsort((-advice.choosing.gain.value, -slack))
    return int(order[0])


def _share(share: Means, portfolio: int) -> str:
    return percent(float(share.value[portfolio]))


def _digits(advice: Advice) -> int:
    return digits_for(advice.measuring.gain.value)


def _gain(advice: Advice, of: Means, place: int) -> str:
    """An improvement as a change of the goal in its own direction, with its interval."""
    value, *ends = (advice.goal.sign * float(end[place]) for end in (of.value, of.low, of.high))
    low, high, digits = min(ends), max(ends), _digits(advice)
    between = f"{signed(low, digits)} to {signed(high, digits)}"
    return f"{signed(value, digits)} (95 % interval {between})"


# Warnings
def _run_warnings(advice: Advice) -> list[str]:
    said = []
    if advice.left_out:
        said.append(
            f"{advice.left_out:,} of {advice.runs + advice.left_out:,} runs lack an outcome in "
            "some portfolio and are left out, so this is of runs that may differ from the others. "
            "Measures that every run has (levels, or whether something was reached) keep all."
        )
    if advice.measuring.runs < LEAST_MEASURING:
        said.append(
            f"{advice.measuring.runs} runs that measure do not bound regret: its 90 % quantile may "
            f"be beyond the largest seen. Take at least {2 * LEAST_MEASURING} runs, of which half "
            "measure."
        )
    return said


def _share_warnings(advice: Advice) -> list[str]:
    """Shares of runs that so many runs cannot show, even if all of them keep the bound."""
    said = []
    for share in sorted({bound.share for bound in advice.bounds}):
        least = runs_to_be_sure(share)
        if least is None:
            said.append(
                f"No number of runs makes sure that a bound is kept in {percent(share)} of them. "
                "Ask for a smaller share."
            )
        elif advice.measuring.runs < least:
            said.append(
                f"{advice.measuring.runs} runs, even if all keep a bound, do not make sure that "
                f"it is kept in {percent(share)} of runs. Take at least {2 * least:,} runs, of "
                "which half measure."
            )
    return said


def _choice_warning(advice: Advice) -> list[str]:
    best, rival = advice.best, advice.rival
    if best is None or rival is None or advice.chosen[best] >= SETTLED:
        return []
    none = 1 - float(advice.chosen.sum())
    others = [
        f"{percent(share)} {name}"
        for share, name in (
            (float(advice.chosen[rival]), f"“{advice.name(rival)}”"),
            (none, "none, as none surely keeps every bound"),
        )
        if share > 0
    ]
    often = percent(float(advice.chosen[best]))
    return [
        "The choice is not settled: of resamples of the runs that choose, "
        f"{' and '.join([f'{often} choose “{advice.name(best)}”', *others])}. "
        f"{_remedy(advice) if none < advice.chosen[rival] else 'Take more runs.'}"
    ]


def _remedy(advice: Advice) -> str:
    """What tells the best from its rival, or what else to go by."""
    if math.isfinite(advice.runs_to_tell) and advice.runs_to_tell > advice.runs:
        return (
            f"About {rounded_up(advice.runs_to_tell):,} runs, of which half measure, would tell "
            "the two apart if they differ by as much as the runs that measure show."
        )
    return "Take the one of fewer levers, or of less regret."


def _bound_warnings(advice: Advice) -> list[str]:
    """Bounds of the best portfolio, or of the nearest, that so many runs do not settle."""
    portfolio = _nearest(advice) if advice.best is None else advice.best
    said = []
    for share, bound in zip(advice.measuring.shares, advice.bounds, strict=True):
        found, low = float(share.value[portfolio]), float(share.low[portfolio])
        can_be_shown = least_count(advice.measuring.runs, bound.share) <= advice.measuring.runs
        if can_be_shown and low < bound.share <= found:
            said.append(
                f"With “{advice.name(portfolio)}” {bound.measure} is kept in {percent(found)} of "
                f"the {advice.measuring.runs:,} runs that measure, with a 95 % interval from "
                f"{percent(low)}, below the {percent(bound.share)} asked for. "
                f"{_runs_for_share(found, bound.share)}"
            )
    return said


def _runs_for_share(found: float, asked: float) -> str:
    """How many runs would show a share to be above what is asked, to two digits; half of them
    measure."""
    if found == asked:
        return "It is just what is asked; more runs may decide either way."
    needed = 2 * max(asked * (1 - asked), found * (1 - found)) * (1.96 / (found - asked)) ** 2
    return f"If it stays so, about {rounded_up(needed):,} runs, half measuring, would settle it."
