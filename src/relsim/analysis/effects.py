"""How two scenarios differ for a pair: its paired difference at a month, and the time to a level.

Runs of both scenarios are paired: they have the same draws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from relsim.analysis.recorded import run_blocks
from relsim.scenario.schema import Time
from relsim.scenario.values import Month
from relsim.stats import (
    FEW_DIFFERENT,
    Estimate,
    Values,
    as_row,
    difference_estimate,
    mean_interval,
    median_interval,
    paired_differences,
    runs_needed,
    share_estimate,
    spread,
    welch_width,
)

EffectWord: TypeAlias = Literal["higher", "lower", "identical", "not distinguishable"]
Side: TypeAlias = Literal["above", "below"]

NEGLIGIBLE = 0.005  # a tenth of the steps in which opening ties are coded
NEVER = -1  # the step of a run that does not get past a level

# A paired difference


@dataclass(frozen=True)
class Effect:
    """The paired difference of one pair at one time, other minus base. Levels are -1 to 1.

    Attributes:
        runs: how many pairs of runs.
        differ: how many of them differ, by more than 1e-6.
        base_median, other_median: median level of each scenario.
        mean: mean difference with its 95 % interval (:func:`relsim.stats.difference_interval`);
            where the number of runs was chosen by looking, with bounds that hold over all looks
            (:func:`relsim.stats.difference_sequence`).
        median: median difference with its bootstrap 95 % interval, which is for one look.
        p_higher: share of runs above the base with its Jeffreys 95 % interval, or with bounds that
            hold over all looks.
        p_lower: share of runs below; runs that do not differ count in neither.
        standardised: mean difference in standard deviations between the runs of the base
            (Glass's Δ; Glass 1976); NaN where these do not differ.
        narrowing: how many times as wide Student's 95 % interval of the mean difference would be if
            the same runs were not paired (Welch's); NaN where neither has a width.
        verdict: "higher" or "lower" where the interval of the mean is clear of 0, "identical"
            where no run differs, else "not distinguishable".
        runs_needed: where not distinguishable, how many runs would show a mean difference of 0.005,
            the smallest worth naming (:func:`relsim.stats.runs_needed`); infinite beyond 10
            million, else NaN. :meth:`relsim.Comparison.effect` has NaN too where nothing that acts
            differs.
    """

    runs: int
    differ: int
    base_median: float
    other_median: float
    mean: Estimate
    median: Estimate
    p_higher: Estimate
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
        return bool(self.differ) and max(-self.mean.low, self.mean.high) < NEGLIGIBLE

    @property
    def few_differ(self) -> bool:
        """Whether some runs differ, and fewer than 30: then the interval is made in another way."""
        return 0 < self.differ < min(FEW_DIFFERENT, self.runs)


def effect(
    base: Values, other: Values, *, repeated: bool = False, median_bounds: bool = True
) -> Effect:
    """The effect that two levels of each run show, run by run on the same draws.

    Args:
        base, other: levels, [runs] each.
        repeated: whether the number of runs was chosen by looking at differences, so that bounds
            have to hold over all looks.
        median_bounds: whether to bootstrap the interval of the median, which takes longer than all
            else; NaN where not.
    """
    difference = paired_differences(base, other)
    runs, differ = len(difference), int(np.count_nonzero(difference))
    higher = int((difference > 0).sum())
    mean = difference_estimate(difference, repeated=repeated)
    low, high = mean_interval(difference)
    median_ends = median_interval(difference) if median_bounds else (math.nan, math.nan)
    verdict = effect_word(differ, mean)
    unsettled = verdict == "not distinguishable"
    return Effect(
        runs=runs,
        differ=differ,
        base_median=float(np.median(base)),
        other_median=float(np.median(other)),
        mean=mean,
        median=Estimate(float(np.median(difference)), *median_ends),
        p_higher=share_estimate(higher, runs, repeated=repeated),
        p_lower=(differ - higher) / runs,
        standardised=_ratio(mean.value, spread(base)),
        narrowing=_ratio(welch_width(base, other), high - low),
        verdict=verdict,
        runs_needed=runs_needed(NEGLIGIBLE, spread(difference)) if unsettled else math.nan,
    )


def effect_word(differ: int, mean: Estimate) -> EffectWord:
    """What paired differences say, by how many of them differ and the interval of their mean."""
    if not differ:
        return "identical"
    if mean.low > 0:
        return "higher"
    return "lower" if mean.high < 0 else "not distinguishable"


def effects_table(effects: Mapping[str, Effect], month: Month) -> pd.DataFrame:
    """Effects by pair at a month as a table, a row per pair."""
    rows = [{"pair": pair, "month": str(month), **as_row(row)} for pair, row in effects.items()]
    return pd.DataFrame(rows)


def first_that_differs(effects: Mapping[str, Effect]) -> str | None:
    """The first pair with a difference that is not negligible, else with any that is clear of 0;
    None where there is none."""
    clear = [pair for pair, effect in effects.items() if effect.differs]
    return next((pair for pair in clear if not effects[pair].negligible), next(iter(clear), None))


def _ratio(part: float, whole: float) -> float:
    """A ratio; infinite or NaN where nothing is divided by."""
    if whole:
        return part / whole
    return math.inf if part > 0 else math.nan


# The time to a level


@dataclass(frozen=True)
class Reaching:
    """When a pair gets past a level in two scenarios, run by run on the same draws.

    Attributes:
        pair, threshold: the pair, the level of cooperation.
        side: "above" where the base opens at or below the level, else "below".
        runs: how many pairs of runs.
        base_share, other_share: share of the runs that get past it.
        base_month, other_month: by when half of those have; empty where there are none.
        both: in how many runs it happens in both scenarios.
        months: mean of the months by which the other scenario is later in those runs (earlier where
            negative), with its 95 % interval; NaN where there are none. Runs that get there in both
            may differ from those that do not.
    """

    pair: str
    threshold: float
    side: Side
    runs: int
    base_share: float
    other_share: float
    base_month: str
    other_month: str
    both: int
    months: Estimate


def reaching(
    pair: str, base: xr.DataArray, other: xr.DataArray, threshold: float, time: Time
) -> Reaching:
    """When a pair gets past a level.

    Args:
        pair: its name.
        base, other: its levels (run, time), run by run on the same draws.
        threshold: the level; got past strictly, at the precision of the record, in a month
            after the start.
        time: span and step of both.
    """
    side: Side = "above" if opening_level(base) <= np.float32(threshold) else "below"
    steps, other_steps = (first_passage(levels, threshold, side) for levels in (base, other))
    both = (steps != NEVER) & (other_steps != NEVER)
    later = (other_steps[both] - steps[both]) * float(time.months_per_step)
    return Reaching(
        pair=pair,
        threshold=threshold,
        side=side,
        runs=len(steps),
        base_share=float((steps != NEVER).mean()),
        other_share=float((other_steps != NEVER).mean()),
        base_month=_median_month(steps, time),
        other_month=_median_month(other_steps, time),
        both=len(later),
        months=difference_estimate(later),
    )


def opening_level(levels: xr.DataArray) -> float:
    """The median level of a pair (run, time) at the start."""
    return float(np.median(levels[:, 0].values))


def first_passage(levels: xr.DataArray, threshold: float, side: Side) -> NDArray[np.int64]:
    """The first step after the start at which each run is past a level, [runs]; else NEVER."""
    runs, times = levels.shape
    limit = np.float32(threshold)
    steps = np.empty(runs, dtype=np.int64)
    for rows in run_blocks(runs, times):
        block = np.asarray(levels[rows, 1:].values)
        past = block > limit if side == "above" else block < limit
        steps[rows] = np.where(past.any(axis=1), past.argmax(axis=1) + 1, NEVER)
    return steps


def _median_month(steps: NDArray[np.int64], time: Time) -> str:
    """The month by which half of the runs that ever get there have."""
    reached = steps[steps != NEVER]
    if not len(reached):
        return ""
    step = int(np.quantile(reached, 0.5, method="inverted_cdf"))
    return str(time.start.plus(step * time.months_per_step))
