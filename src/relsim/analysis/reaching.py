"""How long it takes a tie to get to a level: a first-passage time in months, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from relsim.analysis.blocks import run_blocks
from relsim.scenario.schema import Time
from relsim.stats import difference_interval

Side: TypeAlias = Literal["above", "below"]

NEVER = -1


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
        months, months_low, months_high: mean of the months by which the other scenario is later
            in those runs (earlier where negative), and its 95 % interval; NaN where there are
            none. Runs that get there in both may differ from those that do not.
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
    months: float
    months_low: float
    months_high: float


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
    side = _side(base, threshold)
    steps, other_steps = (first_passage(levels, threshold, side) for levels in (base, other))
    both = (steps != NEVER) & (other_steps != NEVER)
    later = (other_steps[both] - steps[both]) * float(time.months_per_step)
    low, high = difference_interval(later) if len(later) else (np.nan, np.nan)
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
        months=float(later.mean()) if len(later) else np.nan,
        months_low=low,
        months_high=high,
    )


def first_passage(levels: xr.DataArray, threshold: float, side: Side) -> NDArray[np.int64]:
    """The first step after the start at which each run is past a level, [runs]; else NEVER."""
    runs, times = levels.shape
    limit = np.float32(threshold)
    found = np.empty(runs, dtype=np.int64)
    for rows in run_blocks(runs, times):
        block = np.asarray(levels[rows, 1:].values)
        past = block > limit if side == "above" else block < limit
        found[rows] = np.where(past.any(axis=1), past.argmax(axis=1) + 1, NEVER)
    return found


def _side(base: xr.DataArray, threshold: float) -> Side:
    return "above" if opening_level(base) <= np.float32(threshold) else "below"


def opening_level(levels: xr.DataArray) -> float:
    """The median level of a pair (run, time) at the start."""
    return float(np.median(levels[:, 0].values))


def _median_month(steps: NDArray[np.int64], time: Time) -> str:
    """The month by which half of the runs that ever get there have."""
    reached = steps[steps != NEVER]
    if not len(reached):
        return ""
    step = int(np.quantile(reached, 0.5, method="inverted_cdf"))
    return str(time.start.plus(step * time.months_per_step))
