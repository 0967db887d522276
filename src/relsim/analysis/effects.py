"""What a change brings at one time: sizes, their intervals, a verdict, and how many runs it needs.

All from two numbers per run, the levels of one pair in two scenarios whose draws are the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from relsim.analysis.sequences import difference_sequence, share_sequence
from relsim.scenario.values import Month
from relsim.stats import (
    FEW_DIFFERENT,
    Interval,
    Values,
    difference_interval,
    jeffreys_interval,
    mean_interval,
    median_interval,
    spread,
    welch_width,
)

EffectWord: TypeAlias = Literal["higher", "lower", "identical", "not distinguishable"]

NEGLIGIBLE = 0.005  # a tenth of the steps in which opening ties are coded
SAME = 1e-6  # levels are recorded to seven digits; what differs by less is rounding
MOST_RUNS = 10_000_000  # more is no number of runs worth asking for
# Standard normal quantiles of a two-sided error of 5 % and of a power of 80 %.
_Z_ERROR, _Z_POWER = 1.959964, 0.841621


@dataclass(frozen=True)
class Effect:
    """The paired difference of one pair at one time, other less base. Levels are -1 to 1.

    Attributes:
        runs: how many pairs of runs.
        differ: how many of them differ, by more than 1e-6.
        base_median, other_median: median level of each scenario.
        mean, mean_low, mean_high: mean difference, and its 95 % interval
            (:func:`relsim.stats.difference_interval`); where the number of runs was
            chosen by looking, bounds that hold over all looks
            (:func:`relsim.analysis.sequences.difference_sequence`).
        median, median_low, median_high: median difference, and its bootstrap 95 % interval, which
            is for one look.
        p_higher, p_higher_low, p_higher_high: share of runs above the base, and its Jeffreys 95 %
            interval, or bounds that hold over all looks.
        p_lower: share of runs below; runs that do not differ count in neither.
        standardised: mean difference in standard deviations between the runs of the base
            (Glass's Δ; Glass 1976); NaN where these do not differ.
        narrowing: how many times as wide Student's 95 % interval of the mean difference would be if
            the same runs were not paired (Welch's); NaN where neither has a width.
        verdict: "higher" or "lower" where the interval of the mean is clear of 0, "identical"
            where no run differs, else "not distinguishable".
        runs_needed: where not distinguishable, how many runs would show a mean difference of 0.005,
            the smallest worth naming (:func:`runs_needed`); infinite beyond 10 million, else NaN.
            :meth:`relsim.Comparison.effect` has NaN too where nothing that acts differs.
    """

    runs: int
    differ: int
    base_median: float
    other_median: float
    mean: float
    mean_low: float
    mean_high: float
    median: float
    median_low: float
    median_high: float
    p_higher: float
    p_higher_low: float
    p_higher_high: float
    p_lower: float
    standardised: float
    narrowing: float
    verdict: EffectWord
    runs_needed: float

    @property
    def differs(self) -> bool:
        """Whether the mean difference is clear of 0."""
        return self.verdict in ("higher", "lower")

    @property
    def negligible(self) -> bool:
        """Whether runs differ, and their whole interval lies nearer to 0 than 0.005."""
        return bool(self.differ) and max(-self.mean_low, self.mean_high) < NEGLIGIBLE

    @property
    def few_differ(self) -> bool:
        """Whether some runs differ, and fewer than 30: then the interval is made otherwise."""
        return 0 < self.differ < min(FEW_DIFFERENT, self.runs)


def first_that_differs(effects: Mapping[str, Effect]) -> str | None:
    """The first pair with a difference that is not negligible, else with any that is clear of 0;
    None where there is none."""
    clear = [pair for pair, one in effects.items() if one.differs]
    return next((pair for pair in clear if not effects[pair].negligible), next(iter(clear), None))


def paired_differences(base: Values, other: Values) -> Values:
    """Levels of other less base, [runs]; exactly 0 where they differ by rounding alone."""
    difference: Values = np.where(np.abs(other - base) > SAME, other - base, 0.0)
    return difference


def effect(base: Values, other: Values, *, repeated: bool = False) -> Effect:
    """The effect that two levels of each run show, run by run on the same draws.

    Args:
        base, other: levels, [runs] each.
        repeated: whether the number of runs was chosen by looking at differences, so that bounds
            have to hold over all looks.
    """
    difference = paired_differences(base, other)
    runs, mean = len(difference), float(difference.mean())
    low, high = difference_sequence(difference) if repeated else difference_interval(difference)
    one_look_low, one_look_high = mean_interval(difference)
    higher = int((difference > 0).sum())
    differ = int(np.count_nonzero(difference))
    verdict = effect_word(differ, (low, high))
    median_low, median_high = median_interval(difference)
    share_low, share_high = (share_sequence if repeated else jeffreys_interval)(higher, runs)
    unsettled = verdict == "not distinguishable"
    return Effect(
        runs=runs,
        differ=differ,
        base_median=float(np.median(base)),
        other_median=float(np.median(other)),
        mean=mean,
        mean_low=low,
        mean_high=high,
        median=float(np.median(difference)),
        median_low=median_low,
        median_high=median_high,
        p_higher=higher / runs,
        p_higher_low=share_low,
        p_higher_high=share_high,
        p_lower=(differ - higher) / runs,
        standardised=_ratio(mean, spread(base)),
        narrowing=_ratio(welch_width(base, other), one_look_high - one_look_low),
        verdict=verdict,
        runs_needed=runs_needed(NEGLIGIBLE, spread(difference)) if unsettled else math.nan,
    )


def effects_table(effects: Mapping[str, Effect], month: Month) -> pd.DataFrame:
    """Effects by pair at a month as a table, a row per pair."""
    columns = ["pair", "month", *Effect.__dataclass_fields__]
    rows = [{"pair": pair, "month": str(month), **asdict(one)} for pair, one in effects.items()]
    return pd.DataFrame(rows, columns=columns)


def effect_word(differ: int, interval: Interval) -> EffectWord:
    """What paired differences say, of which some differ, and of whose mean this is the interval."""
    if not differ:
        return "identical"
    low, high = interval
    if low > 0:
        return "higher"
    return "lower" if high < 0 else "not distinguishable"


def runs_needed(mean: float, deviation: float) -> float:
    """How many paired runs would show a mean difference of this size.

    n = ((z₀.₉₇₅ + z₀.₈₀)·s/|m|)², rounded up: a test at 95 % confidence then finds it four
    times in five. Source: Cohen (1988), chapter 2, with the normal for the t distribution.
    Infinite where that would be more than 10 million, NaN where the deviation is not known.

    Args:
        mean: the difference that is to be shown.
        deviation: of the paired differences between runs.
    """
    if math.isnan(deviation):
        return math.nan
    if mean == 0:
        return math.inf
    runs = math.ceil(((_Z_ERROR + _Z_POWER) * deviation / mean) ** 2)
    return float(runs) if runs <= MOST_RUNS else math.inf


def _ratio(part: float, whole: float) -> float:
    """A ratio; infinite or NaN where nothing is divided by."""
    if whole:
        return part / whole
    return math.inf if part > 0 else math.nan
