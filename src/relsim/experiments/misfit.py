"""The misfit of an ensemble to a measured series: CRPS, run by run, so that its noise is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.analysis.observed import Observed
from relsim.errors import RelsimError
from relsim.stats import Values
from relsim.words import listed

MOST_LISTED = 4  # dyads in a sentence
LEAST_RUNS = 3  # the noise of a fair CRPS needs the CRPS of all runs but one


@dataclass(frozen=True)
class Matched:
    """Which observations a simulation can be held against.

    Attributes:
        observations: those, as in :class:`Observed`, in order.
        columns: of each, the recorded steps in its period, as indices of the time axis.
        left_out: those not simulated, with ``reason``.
        file: of the series.
    """

    observations: pd.DataFrame
    columns: tuple[NDArray[np.int64], ...]
    left_out: pd.DataFrame
    file: str

    def warnings(self) -> list[str]:
        """What of the file is not simulated, one sentence for each reason."""
        return [
            f"{self.file}: {len(rows)} of {len(self.observations) + len(self.left_out)} "
            f"observations are left out: {reason} ({_periods(rows)})."
            for reason, rows in self.left_out.groupby("reason", sort=False)
        ]


def match(observed: Observed, dyads: Sequence[str], months: Sequence[int]) -> Matched:
    """The observations whose dyad is simulated and whose whole period is.

    Args:
        observed: the series.
        dyads: the simulated pairs, as in ``PAK-RUS``.
        months: of each recorded step, its month as a serial number, rising.

    Raises:
        RelsimError: nothing of the series is simulated.
    """
    steps = np.asarray(months, dtype=np.int64)
    data = observed.data
    start, end = data["start"].to_numpy(), (data["start"] + data["months"]).to_numpy()
    columns = [np.flatnonzero((steps >= s) & (steps < e)) for s, e in zip(start, end, strict=True)]
    known = data["dyad"].isin(list(dyads)).to_numpy()
    inside = (start >= steps[0]) & (end - 1 <= steps[-1])
    recorded = np.array([len(steps_in) > 0 for steps_in in columns], dtype=bool)
    kept = known & inside & recorded
    if not kept.any():
        raise RelsimError(
            f"{observed.file}: none of its {len(data)} observations is simulated. It has "
            f"{_periods(data)}; the simulation {listed(dyads[:6])}."
        )
    reasons = np.where(inside, "no step is recorded in their period", "outside the simulated time")
    reasons = np.where(known, reasons, "the scenario does not have the dyad")
    left_out = data[~kept].assign(reason=reasons[~kept])
    return Matched(
        data[kept].reset_index(drop=True),
        tuple(steps_in for steps_in, keep in zip(columns, kept, strict=True) if keep),
        left_out.reset_index(drop=True),
        observed.file,
    )


def _periods(rows: pd.DataFrame) -> str:
    """Dyads with their first and last period; the first four of many."""
    texts = []
    for dyad, periods in rows.groupby("dyad")["period"]:
        first, last = periods.iloc[0], periods.iloc[-1]
        texts.append(f"{dyad} {first}" + (f" to {last}" if first != last else ""))
    if len(texts) > MOST_LISTED:
        texts[MOST_LISTED:] = [f"{len(texts) - MOST_LISTED} more dyads"]
    return listed(texts)


def misfit(levels: Mapping[str, Values], matched: Matched) -> Values:
    """The misfit of levels to the observations they can be held against, by run, [R].

    The value of a year is held against the mean of the year's recorded steps, run by run. The
    mean over runs is the fair CRPS (Ferro 2014), which does not depend on the number of runs in
    expectation: mean|y_r - x| - mean_{r≠s}|y_r - y_s|/2, averaged over observations, which count
    alike; in units of cooperation, 0 is perfect. Its standard error is the standard deviation over
    runs by √R.

    Args:
        levels: overall cooperation [R, T] by dyad; runs that are NaN anywhere stay NaN.
        matched: the observations, for the same steps.

    Raises:
        RelsimError: fewer than three runs have values.
    """
    rows = matched.observations
    simulated = np.column_stack(
        [
            levels[dyad][:, steps].mean(axis=1)
            for dyad, steps in zip(rows["dyad"], matched.columns, strict=True)
        ]
    ).astype(np.float64)
    sound = np.isfinite(simulated).all(axis=1)
    by_run = np.full(len(simulated), np.nan)
    by_run[sound] = crps_by_run(simulated[sound], rows["value"].to_numpy(np.float64)).mean(axis=1)
    return by_run


def crps_by_run(members: Values, values: Values) -> Values:
    """Jackknife pseudo-values [R, N] of the fair CRPS of R runs [R, N] at N observed values.

    Their mean over runs is the fair CRPS itself, as it is a U-statistic; their spread gives its
    standard error, a little too wide for a handful of runs (Efron and Stein 1981). Time grows
    with R log R.

    Raises:
        RelsimError: R is below three.
    """
    runs = len(members)
    if runs < LEAST_RUNS:
        raise RelsimError(
            f"A misfit takes at least {LEAST_RUNS} runs with values; here are {runs}."
        )
    to_value, to_others = np.abs(members - values), _distances(members)
    spread = to_others.sum(axis=0)
    whole = to_value.mean(axis=0) - spread / (2 * runs * (runs - 1))
    without = (to_value.sum(axis=0) - to_value) / (runs - 1)
    without -= (spread - 2 * to_others) / (2 * (runs - 1) * (runs - 2))
    scores: Values = runs * whole - (runs - 1) * without
    return scores


def _distances(members: Values) -> Values:
    """Of each run, the sum of its distances from the others, [R, N]."""
    runs = len(members)
    order = np.argsort(members, axis=0, kind="stable")
    ranked = np.take_along_axis(members, order, axis=0)
    below = np.cumsum(ranked, axis=0) - ranked
    above = ranked.sum(axis=0) - below - ranked
    rank = np.arange(runs)[:, np.newaxis]
    sums = (2 * rank - runs + 1) * ranked - below + above
    result = np.empty_like(sums)
    np.put_along_axis(result, order, sums, axis=0)
    return result
