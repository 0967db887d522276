"""Advice: findings about every portfolio of levers, in tables and words.

They say what to pull, how sure that is, and what the runs do not settle. Some runs choose, the
others measure (:mod:`relsim.experiments.advise`). Every number given for a portfolio comes from the
runs that measure, unless a sentence says otherwise.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsim.experiments.coalitions import Flags, Means, toggled
from relsim.stats import Values, jeffreys_interval, runs_needed
from relsim.words import (
    digits_for,
    fixed,
    listed,
    percent,
    rounded_up,
    signed,
    true_minus,
    with_interval,
)

NOTHING = "no lever"  # the portfolio that pulls none
SETTLED = 0.8  # of resamples, in which the same portfolio is best
LEAST_MEASURING = 36  # the fewest that bound the 90 % quantile of regret above: 0.9^36 < 0.025
MOST_LEVERS_NAMED = 3
MOST_RUNS = 10_000  # beyond which no number of runs is worth naming


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

    @property
    def limits(self) -> str:
        """The limits in words."""
        low, high = (true_minus(f"{end:g}") for end in (self.low, self.high))
        if math.isinf(self.low):
            return f"at most {high}"
        return f"at least {low}" if math.isinf(self.high) else f"within {low} to {high}"

    def within(self, outcomes: Values) -> Flags:
        """Which outcomes are within the limits, in single precision as levels are recorded."""
        recorded = outcomes.astype(np.float32)
        inside: Flags = (recorded >= np.float32(self.low)) & (recorded <= np.float32(self.high))
        return inside


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
    index = bisect_left(counts, True, key=lambda runs: jeffreys_interval(runs, runs)[0] >= share)
    return counts[index] if index < len(counts) else None


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
            best of the run in hindsight, [P]; NaN where not admissible.
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
    """Findings about P portfolios of n levers, on the same runs each.

    Attributes:
        levers: names.
        goal, bounds: what was asked.
        points: the portfolios, [P, n]: 1 is pulled, 0 is not; the first is none of them.
        choosing, measuring: the runs that choose, and those that measure what was chosen.
        front: on the runs that choose: which portfolios no other dominates in the mean of the
            goal, the share of runs within each bound and the number of levers, [P].
        chosen: in which share of resamples of the runs that choose each is the best, [P].
        best: the admissible portfolio of the best mean; None where none is admissible.
        unbounded: the best where no bound counted.
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
    unbounded: int | None
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
        pairs = zip(self.choosing.shares, self.bounds, strict=True)
        return np.array([share.low - bound.share for share, bound in pairs])

    def name(self, portfolio: int) -> str:
        """A portfolio by its levers."""
        pulled = [self.levers[lever] for lever in np.flatnonzero(self.points[portfolio])]
        return " + ".join(pulled) or NOTHING

    def ranked(self, among: Flags) -> list[int]:
        """Some portfolios: admissible ones first, then by gain on the runs that choose, then those
        of fewer levers."""
        order = np.lexsort((self.sizes, -self.choosing.gain.value, ~self.admissible))
        return [int(portfolio) for portfolio in order if among[portfolio]]

    # Tables
    def tables(self) -> dict[str, pd.DataFrame]:
        """``portfolios``: all, best first. ``front``: those that none dominates. ``levers``: what
        each brings."""
        everything, table = np.ones(len(self.points), dtype=bool), self._portfolios()
        return {
            "portfolios": table.iloc[self.ranked(everything)].reset_index(drop=True),
            "front": table.iloc[self.ranked(self.front)].reset_index(drop=True),
            "levers": self._levers(),
        }

    def _portfolios(self) -> pd.DataFrame:
        chose, measured = self.choosing, self.measuring
        columns: dict[str, object] = {
            "portfolio": [self.name(portfolio) for portfolio in range(len(self.points))],
            "levers": self.sizes.astype(int),
            "choosing runs: gain over no lever": chose.gain.value,
        }
        for share, bound in zip(chose.shares, self.bounds, strict=True):
            name = f"choosing runs: {bound.measure} {bound.limits} (%)"
            columns |= {name: 100 * share.value, f"{name}, low (95 %)": 100 * share.low}
        columns |= {
            "choosing runs: surely keeps every bound": _yes(chose.sure),
            "choosing runs: on the front": _yes(self.front),
            "choosing runs: best in (% of resamples)": 100 * self.chosen,
            **measured.level.columns(f"measuring runs: mean of {self.goal.measure}"),
            **measured.gain.columns("measuring runs: gain over no lever"),
        }
        for share, bound in zip(measured.shares, self.bounds, strict=True):
            name = f"measuring runs: {bound.measure} {bound.limits} (%)"
            columns |= share.columns(name, times=100)
        regret = "measuring runs: regret in hindsight, 90 % quantile"
        columns |= {
            "measuring runs: within all bounds (%)": 100 * measured.together,
            "measuring runs: surely keeps every bound": _yes(measured.sure),
            **measured.regret.columns(regret),
        }
        return pd.DataFrame(columns)

    def _levers(self) -> pd.DataFrame:
        measured = self.measuring
        columns: dict[str, object] = {"lever": self.levers}
        if self.best is not None:
            columns["in the best portfolio"] = _yes(self.points[self.best] == 1)
            gain = "measuring runs: gain it brings to the best portfolio"
            columns |= measured.by_lever.columns(gain)
            other = toggled(len(self.levers))[self.best]
            with_it, without = np.maximum(other, self.best), np.minimum(other, self.best)
            for share, bound in zip(measured.shares, self.bounds, strict=True):
                change = 100 * (share.value[with_it] - share.value[without])
                name = f"{bound.measure} {bound.limits}, change there (% points of runs)"
                columns[f"measuring runs: {name}"] = change
        admissible = self.front & self.admissible
        shown = np.flatnonzero(admissible if admissible.any() else self.front)
        columns |= measured.by_lever_on_front.columns("measuring runs: gain it brings on the front")
        columns["in portfolios of the front (%)"] = 100 * self.points[shown].mean(axis=0)
        return pd.DataFrame(columns)

    # Sentences
    def sentences(self) -> list[str]:
        """What is best within bounds, how sure, at what price, and which levers carry it."""
        if self.best is None:
            return [*self._nothing_admissible()]
        return [
            *self._best(self.best),
            *self._bounds_kept(self.best),
            *self._alternatives(),
            *self._regret(self.best),
            *self._price(self.best),
            *self._levers_of(self.best),
        ]

    def _best(self, best: int) -> Iterator[str]:
        """Which portfolio the choosing runs prefer, and what the measuring runs show of it."""
        goal, measured = self.goal.measure, self.measuring.runs
        kept = f", {self.admissible.sum():,} of which surely keep every bound"
        head = (
            f"Of {len(self.points):,} portfolios{kept if self.bounds else ''} on the "
            f"{self.choosing.runs:,} runs that choose,"
        )
        if best == 0:
            verb = "raises" if self.goal.maximise else "lowers"
            yield f"{head} none {verb} {goal} more than pulling no lever."
        else:
            level = self._signed(self.measuring.level.value[best])
            yield (
                f"{head} “{self.name(best)}” is best. On the other {measured:,} runs, which "
                f"measure it, {goal} is {level} on average, "
                f"{self._gain(self.measuring.gain, best)} compared with no lever. Brackets hold "
                "95 % intervals."
            )
        if not self.recommended:
            yield (
                f"It is not recommended: the {measured:,} runs that measure are not sure that it "
                "keeps every bound."
            )

    def _bounds_kept(self, portfolio: int) -> Iterator[str]:
        kept = [
            f"{bound.measure} is {bound.limits} in "
            f"{with_interval(*share[portfolio], percent)} of runs, where {percent(bound.share)} "
            "is asked"
            for share, bound in zip(self.measuring.shares, self.bounds, strict=True)
        ]
        if len(kept) > 1:
            kept.append(f"all at once in {percent(self.measuring.together[portfolio])}")
        if kept:
            yield f"On the runs that measure, {'; '.join(kept)}."

    def _alternatives(self) -> Iterator[str]:
        """Whether others do as well, and the one among them with the fewest levers."""
        rivals = self.ranked(self.unsettled)
        if not rivals:
            return
        fewest = min(rivals, key=lambda portfolio: self.sizes[portfolio])
        gain = self._gain(self.measuring.gain, fewest)
        if len(rivals) == 1:
            yield (
                f"The runs that measure do not show “{self.name(fewest)}” to be worse; it brings "
                f"{gain}."
            )
        else:
            yield (
                f"The runs that measure do not show {len(rivals):,} others to be worse; the one "
                f"with the fewest levers is “{self.name(fewest)}”, which brings {gain}."
            )

    def _regret(self, best: int) -> Iterator[str]:
        """The least regret among those that can be chosen, and whether the best has it."""
        steadiest = self.steadiest
        if steadiest is None or int(self.admissible.sum()) == 1:
            return
        if steadiest == best:
            yield (
                "It is also chosen for the least regret: in 9 of 10 runs that measure, "
                f"{self._short(best)}."
            )
            return
        unsure = ", but is not sure to keep every bound there"
        yield (
            f"“{self.name(steadiest)}” is chosen for the least regret: in 9 of 10 runs that "
            f"measure, {self._short(steadiest)}; against “{self.name(best)}”, "
            f"{self._short(best)}{'' if self.measuring.sure[steadiest] else unsure}."
        )

    def _short(self, portfolio: int) -> str:
        """How far a portfolio is from the best of a run, nine times in ten."""
        regret = fixed(self.measuring.regret.value[portfolio], self._digits)
        if float(regret) == 0:
            return "no other would have been better with hindsight"
        return f"another would have been at most {regret} better with hindsight"

    def _price(self, best: int) -> Iterator[str]:
        """What could be had without bounds, and which stand in the way."""
        free = self.unbounded
        if free is None or self.admissible[free]:
            return
        halves = zip(self.choosing.shares, self.measuring.shares, self.bounds, strict=True)
        broken = [
            f"{bound.measure} is {bound.limits} in {percent(share.value[free])} of runs"
            for chose, share, bound in halves
            if chose.low[free] < bound.share
        ]
        gain = self.measuring.gain.value
        more = self._signed((gain[free] - gain[best]) * self.goal.sign)
        yield (
            f"Without bounds “{self.name(free)}” would be chosen. On the runs that measure it "
            f"brings another {more}, but {listed(broken)}."
        )

    def _levers_of(self, best: int) -> Iterator[str]:
        """The levers that carry the best portfolio, and those that would harm the goal, as the
        choosing runs show them; what each brings is of the measuring runs."""
        gains, pulled = self.choosing.by_lever, self.points[best] == 1
        ranked = [int(lever) for lever in np.argsort(-gains.value, kind="stable")]
        carrying = [lever for lever in ranked if pulled[lever] and gains.low[lever] > 0]
        harmful = [lever for lever in ranked[::-1] if not pulled[lever] and gains.high[lever] < 0]
        for head, levers in (("In it", carrying), ("Added to it", harmful)):
            sizes = [
                f"“{self.levers[lever]}”{' brings' if lever == levers[0] else ''} "
                f"{self._gain(self.measuring.by_lever, lever)}"
                for lever in levers[:MOST_LEVERS_NAMED]
            ]
            if sizes:
                yield f"{head}, on the runs that measure, {listed(sizes)}."

    def _nothing_admissible(self) -> Iterator[str]:
        """That no portfolio is sure to keep every bound, and which comes nearest."""
        nearest = self._nearest()
        yield (
            f"None of {len(self.points):,} portfolios surely keeps every bound on the "
            f"{self.choosing.runs:,} runs that choose, so none is recommended."
        )
        yield (
            f"“{self.name(nearest)}” comes nearest. On the other {self.measuring.runs:,} runs it "
            f"brings {self._gain(self.measuring.gain, nearest)} compared with no lever. Brackets "
            "hold 95 % intervals."
        )
        yield from self._bounds_kept(nearest)
        yield "Take more runs, widen the bound or ask for a smaller share of runs."

    def _nearest(self) -> int:
        """The portfolio that is least short of its tightest bound; of equal ones that of most
        gain."""
        return int(np.lexsort((-self.choosing.gain.value, -self.slack.min(axis=0)))[0])

    @property
    def _digits(self) -> int:
        return digits_for(self.measuring.gain.value)

    def _signed(self, value: float) -> str:
        return signed(value, self._digits)

    def _gain(self, of: Means, row: int) -> str:
        """An improvement as a change of the goal in its own direction, with its interval."""
        value, *ends = (self.goal.sign * number for number in of[row])
        return with_interval(value, min(ends), max(ends), self._signed)

    # Warnings
    def warnings(self) -> list[str]:
        """What so many runs do not settle, and how many would."""
        return [
            *self._few_runs(),
            *self._shares_out_of_reach(),
            *self._unsettled_choice(),
            *self._unsettled_bounds(),
        ]

    def _few_runs(self) -> Iterator[str]:
        if self.left_out:
            yield (
                f"{self.left_out:,} of {self.runs + self.left_out:,} runs lack an outcome in some "
                "portfolio and are left out, so this is of runs that may differ from the others. "
                "Measures that every run has (levels, or whether something was reached) keep all."
            )
        if self.measuring.runs < LEAST_MEASURING:
            yield (
                f"{self.measuring.runs} runs that measure do not bound regret: its 90 % quantile "
                f"may be beyond the largest seen. Take at least {2 * LEAST_MEASURING} runs, of "
                "which half measure."
            )

    def _shares_out_of_reach(self) -> Iterator[str]:
        """Shares of runs that so many runs cannot show, even if all of them keep the bound."""
        for share in sorted({bound.share for bound in self.bounds}):
            least = runs_to_be_sure(share)
            if least is None:
                yield (
                    f"No number of runs makes sure that a bound is kept in {percent(share)} of "
                    "them. Ask for a smaller share."
                )
            elif self.measuring.runs < least:
                yield (
                    f"{self.measuring.runs} runs, even if all keep a bound, do not make sure that "
                    f"it is kept in {percent(share)} of runs. Take at least {2 * least:,} runs, of "
                    "which half measure."
                )

    def _unsettled_choice(self) -> Iterator[str]:
        best, rival = self.best, self.rival
        if best is None or rival is None or self.chosen[best] >= SETTLED:
            return
        none = 1 - float(self.chosen.sum())
        chosen = [f"{percent(self.chosen[best])} choose “{self.name(best)}”"]
        if self.chosen[rival] > 0:
            chosen.append(f"{percent(self.chosen[rival])} “{self.name(rival)}”")
        if none > 0:
            chosen.append(f"{percent(none)} none, as none surely keeps every bound")
        if none >= self.chosen[rival]:
            remedy = "Take more runs."
        elif math.isfinite(self.runs_to_tell) and self.runs_to_tell > self.runs:
            remedy = (
                f"About {rounded_up(self.runs_to_tell):,} runs, of which half measure, would tell "
                "the two apart if they differ by as much as the runs that measure show."
            )
        else:
            remedy = "Take the one of fewer levers, or of less regret."
        yield (
            "The choice is not settled: of resamples of the runs that choose, "
            f"{listed(chosen)}. {remedy}"
        )

    def _unsettled_bounds(self) -> Iterator[str]:
        """Bounds of the best portfolio, or of the nearest, that so many runs do not settle."""
        portfolio = self._nearest() if self.best is None else self.best
        runs = self.measuring.runs
        for shares, bound in zip(self.measuring.shares, self.bounds, strict=True):
            share, least = shares[portfolio], bound.share
            can_be_shown = least_count(runs, least) <= runs
            if not can_be_shown or not share.low < least <= share.value:
                continue
            variance = max(least * (1 - least), share.value * (1 - share.value))
            needed = 2 * runs_needed(share.value - least, math.sqrt(variance))
            remedy = "More runs may decide either way."
            if math.isfinite(needed):
                remedy = f"If it stays so, about {rounded_up(needed):,} runs, half measuring, "
                remedy += "would settle it."
            yield (
                f"With “{self.name(portfolio)}” {bound.measure} is kept in {percent(share.value)} "
                f"of the {runs:,} runs that measure, with a 95 % interval from "
                f"{percent(share.low)}, below the {percent(least)} asked for. {remedy}"
            )


def _yes(flags: Flags) -> list[str]:
    return ["yes" if flag else "no" for flag in flags]
