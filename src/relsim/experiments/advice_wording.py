"""Advice in words: what to pull, how sure that is, and what the runs do not settle."""

from __future__ import annotations

import math

import numpy as np

from relsim.analysis.numerals import digits_for, percent, rounded_up, signed
from relsim.experiments.advise import Advice
from relsim.experiments.paired import Means
from relsim.experiments.portfolios import best_of

SETTLED = 0.8  # of resamples, in which the same portfolio is best
LEAST_RUNS = 36  # the fewest that bound the 90 % quantile of regret above: 0.9^36 < 0.025
MOST_LEVERS_NAMED = 3


def sentences(advice: Advice) -> list[str]:
    """What is best within bounds, how sure, at what price, and which levers carry it."""
    if advice.best is None:
        return _nothing_admissible(advice)
    return [
        _best_sentence(advice, advice.best),
        *_bounds_sentence(advice, advice.best),
        *_alternative_sentence(advice, advice.best),
        *_regret_sentence(advice, advice.best),
        *_price_sentence(advice, advice.best),
        *_lever_sentences(advice, advice.best),
    ]


def warnings(advice: Advice) -> list[str]:
    """What so many runs do not settle, and how many would."""
    return [*_run_warnings(advice), *_choice_warning(advice), *_bound_warnings(advice)]


def _best_sentence(advice: Advice, best: int) -> str:
    kept, goal = int(advice.admissible.sum()), advice.goal
    bounds = f", {kept:,} of which keep every bound" if advice.bounds else ""
    head = f"Of {len(advice.points):,} portfolios{bounds}, "
    if best == 0:
        verb = "raises" if goal.maximise else "lowers"
        return f"{head}none {verb} {goal.measure} more than pulling no lever."
    level = signed(float(advice.level.value[best]), _digits(advice))
    return (
        f"{head}“{advice.name(best)}” is best: {goal.measure} is {level} on average, "
        f"{_gain(advice, advice.gain, best)} against no lever ({advice.runs:,} paired runs)."
    )


def _bounds_sentence(advice: Advice, best: int) -> list[str]:
    said = []
    for share, bound in zip(advice.shares, advice.bounds, strict=True):
        low, high = percent(float(share.low[best])), percent(float(share.high[best]))
        said.append(
            f"{bound.measure} is {bound.limits} in {percent(float(share.value[best]))} of runs "
            f"(95 % interval {low} to {high}; asked {percent(bound.share)})"
        )
    if len(said) > 1:
        said.append(f"all at once in {percent(float(advice.together[best]))}")
    return [f"There {'; '.join(said)}."] if said else []


def _alternative_sentence(advice: Advice, best: int) -> list[str]:
    """Whether others do as well, and the one among them with the fewest levers."""
    rivals = advice.ranked(advice.unsettled)
    if not rivals:
        return []
    fewest = min(rivals, key=lambda place: advice.sizes[place])
    what = f"“{advice.name(fewest)}” with {_gain(advice, advice.gain, fewest)}"
    if len(rivals) == 1:
        return [f"Not told from it on these runs: {what}."]
    return [
        f"{len(rivals):,} others cannot be told from it on these runs; the one of fewest levers "
        f"is {what}."
    ]


def _regret_sentence(advice: Advice, best: int) -> list[str]:
    if advice.steadiest is None or int(advice.admissible.sum()) == 1:
        return []
    steadiest = advice.steadiest
    if steadiest == best:
        return [f"It also has the least regret: in 9 of 10 runs {_short(advice, best)}."]
    return [
        f"“{advice.name(steadiest)}” has the least regret: in 9 of 10 runs "
        f"{_short(advice, steadiest)} (of the best by the mean: {_short(advice, best)})."
    ]


def _short(advice: Advice, portfolio: int) -> str:
    """How far a portfolio is from the best of a run, nine times in ten."""
    digits, regret = _digits(advice), float(advice.regret.value[portfolio])
    if round(regret, digits) == 0:
        return "no other that keeps every bound does better"
    return f"the best that keeps every bound is at most {regret:.{digits}f} better"


def _price_sentence(advice: Advice, best: int) -> list[str]:
    """What could be had without bounds, and which stand in the way."""
    free = best_of(advice.gain.value, advice.sizes, np.ones(len(advice.points), dtype=bool))
    if free is None or advice.admissible[free]:
        return []
    broken = [
        f"{bound.measure} is {bound.limits} in {percent(float(share.value[free]))} of runs"
        for share, bound in zip(advice.shares, advice.bounds, strict=True)
        if share.value[free] < bound.share
    ]
    more = float(advice.gain.value[free] - advice.gain.value[best]) * advice.goal.sign
    return [
        f"Without bounds “{advice.name(free)}” would bring another "
        f"{signed(more, _digits(advice))}, but then {', '.join(broken)}."
    ]


def _lever_sentences(advice: Advice, best: int) -> list[str]:
    """The levers that carry the best portfolio, and those that would harm the goal."""
    gains, pulled = advice.by_lever, advice.points[best] == 1
    ranked = [int(place) for place in np.argsort(-gains.value, kind="stable")]
    carrying = [place for place in ranked if pulled[place] and gains.low[place] > 0]
    harmful = [place for place in reversed(ranked) if not pulled[place] and gains.high[place] < 0]
    said = []
    if carrying:
        said.append(f"In it {_levers_with_gains(advice, carrying)}.")
    if harmful:
        said.append(f"Added to it, {_levers_with_gains(advice, harmful)}.")
    return said


def _levers_with_gains(advice: Advice, places: list[int]) -> str:
    sizes = [
        f"“{advice.levers[one]}”{' brings' if one == places[0] else ''} "
        f"{_gain(advice, advice.by_lever, one)}"
        for one in places[:MOST_LEVERS_NAMED]
    ]
    return ", ".join(sizes)


def _nothing_admissible(advice: Advice) -> list[str]:
    """Which portfolio comes nearest, and what stands in its way."""
    slack = advice.slack.min(axis=0)
    nearest = best_of(slack, -advice.gain.value, np.ones(len(slack), dtype=bool))
    assert nearest is not None  # all are among them
    short = [
        f"{bound.measure} {bound.limits} in {percent(float(share.value[nearest]))} of runs, "
        f"asked {percent(bound.share)}"
        for share, bound in zip(advice.shares, advice.bounds, strict=True)
        if share.value[nearest] < bound.share
    ]
    return [
        f"None of {len(advice.points):,} portfolios keeps every bound ({advice.runs:,} runs).",
        f"“{advice.name(nearest)}” comes nearest: {'; '.join(short)}. "
        "Widen the bound or ask for a smaller share of runs.",
    ]


def _digits(advice: Advice) -> int:
    return digits_for(advice.gain.value)


def _gain(advice: Advice, of: Means, place: int) -> str:
    """An improvement as a change of the goal in its own direction, with its interval."""
    ends = [advice.goal.sign * float(end[place]) for end in (of.value, of.low, of.high)]
    value, low, high = ends[0], min(ends[1:]), max(ends[1:])
    digits = _digits(advice)
    if not math.isfinite(low):
        return signed(value, digits)
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
    if advice.runs < LEAST_RUNS:
        said.append(
            f"{advice.runs} runs do not bound regret: its 90 % quantile may be beyond the "
            f"largest seen. Take at least {LEAST_RUNS}."
        )
    return said


def _choice_warning(advice: Advice) -> list[str]:
    best, rival = advice.best, advice.rival
    if best is None or rival is None or advice.chosen[best] >= SETTLED:
        return []
    if math.isfinite(advice.runs_to_tell) and advice.runs_to_tell > advice.runs:
        remedy = f"About {rounded_up(advice.runs_to_tell):,} runs would tell the two apart."
    else:
        remedy = "Take the one of fewer levers, or of less regret."
    often, less_often = (percent(float(advice.chosen[place])) for place in (best, rival))
    return [
        f"The choice is not settled: of resamples of the runs, {often} choose "
        f"“{advice.name(best)}” and {less_often} “{advice.name(rival)}”. "
        f"The best of many looks better than it is. {remedy}"
    ]


def _bound_warnings(advice: Advice) -> list[str]:
    """Bounds of the best portfolio that so many runs do not settle."""
    if advice.best is None:
        return []
    said = []
    for share, bound in zip(advice.shares, advice.bounds, strict=True):
        found, low = float(share.value[advice.best]), float(share.low[advice.best])
        if low < bound.share <= found:
            said.append(
                f"{bound.measure} is kept in {percent(found)} of {advice.runs:,} runs, with a 95 % "
                f"interval from {percent(low)}, below the {percent(bound.share)} asked for. "
                f"{_runs_for_share(found, bound.share)}"
            )
    return said


def _runs_for_share(found: float, asked: float) -> str:
    """How many runs would show a share to be above what is asked, to two digits."""
    if found == asked:
        return "It is just what is asked; more runs may decide either way."
    needed = max(asked * (1 - asked), found * (1 - found)) * (1.96 / (found - asked)) ** 2
    return f"If it stays so, about {rounded_up(needed):,} runs would settle it."
