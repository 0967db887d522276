"""Advice in words: what to pull, how sure that is, and what the runs do not settle.

Some runs choose, the others measure (:mod:`relsim.experiments.advise`). Every number that is given
of a portfolio is of the runs that measure, unless a sentence says otherwise.
"""

from __future__ import annotations

import math

import numpy as np

from relsim.analysis.numerals import digits_for, percent, rounded_up, signed
from relsim.experiments.advise import Advice
from relsim.experiments.paired import Means
from relsim.experiments.portfolios import best_of, least_count, runs_to_be_sure

SETTLED = 0.8  # of resamples, in which the same portfolio is best
LEAST_MEASURING = 36  # the fewest that bound the 90 % quantile of regret above: 0.9^36 < 0.025
MOST_LEVERS_NAMED = 3


def sentences(advice: Advice) -> list[str]:
    """What is best within bounds, how sure, at what price, and which levers carry it."""
    if advice.best is None:
        return _nothing_admissible(advice)
    return [
        *_best_sentences(advice, advice.best),
        *_bounds_sentence(advice, advice.best),
        *_alternative_sentence(advice),
        *_regret_sentence(advice, advice.best),
        *_price_sentence(advice, advice.best),
        *_lever_sentences(advice, advice.best),
    ]


def warnings(advice: Advice) -> list[str]:
    """What so many runs do not settle, and how many would."""
    return [
        *_run_warnings(advice),
        *_share_warnings(advice),
        *_choice_warning(advice),
        *_bound_warnings(advice),
    ]


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
