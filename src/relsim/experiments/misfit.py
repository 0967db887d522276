"""The misfit of an ensemble to a measured series: CRPS, run by run, so that its noise is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from relsim.analysis.observed import Observed
from relsim.errors import RelsimError
from relsim.experiments.parameters import Values
from relsim.words import listed

MOST_LISTED = 4  # dyads in a sentence
LEAST_RUNS = 3  # the noise of a fair CRPS needs the CRPS of all runs but one


@dataclass(frozen=True)
class ObservationError:
    """How far a measured value may be off: standard deviation √(always² + per_event²/events).

    Attributes:
        always: what no number of events takes away; in units of cooperation.
        per_event: the spread of single events; a value rests on the mean of ``events`` of them.
    """

    always: float = 0.0
    per_event: float = 0.0

    def deviations(self, events: Values) -> Values:
        """The standard deviation of each value, [N].

        Raises:
            RelsimError: it depends on the number of events, and one is not known.
        """
        if self.per_event and np.isnan(events).any():
            text = "The error of a value depends on how many events it rests on, and the series "
            raise RelsimError(text + "does not say so for each: fill its column `events`.")
        rest = self.per_event**2 / events if self.per_event else np.zeros(len(events))
        deviations: Values = np.sqrt(self.always**2 + rest)
        return deviations


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


@dataclass(frozen=True)
class Misfit:
    """How far an ensemble is from a series.

    Attributes:
        by_run: [R], whose mean is ``crps`` and whose standard deviation by √R is the standard
            error of ``crps`` over runs: pseudo-values of the jackknife. NaN in runs that failed.
        crps: mean over the observations, in units of cooperation; 0 is perfect.
        rmse: of the mean of the runs, in units of cooperation.
        observations: by observation: ``dyad``, ``period``, ``observed``, ``simulated`` (mean of
            the runs), ``spread`` (their standard deviation), ``crps``.
    """

    by_run: Values
    crps: float
    rmse: float
    observations: pd.DataFrame


def misfit(
    levels: Mapping[str, Values], matched: Matched, error: ObservationError | None = None
) -> Misfit:
    """The misfit of levels to the observations they can be held against.

    The value of a year is held against the mean of the year's recorded steps, run by run. The
    score is the fair CRPS (Ferro 2014), which does not depend on the number of runs in
    expectation: mean|y_r - x| - mean_{r≠s}|y_r - y_s|/2, averaged over observations, which count
    alike. With an observation error of standard deviation σ the ensemble is that of the measured
    value: each run becomes a normal distribution around it, in closed form (Grimit et al. 2006).

    Args:
        levels: overall cooperation [R, T] by dyad; runs that are NaN anywhere are left out.
        matched: the observations, for the same steps.
        error: of the measured values; absent, the ensemble is held against them as they are.

    Raises:
        RelsimError: fewer than three runs have values.
    """
    rows = matched.observations
    simulated = np.column_stack(
        [
            levels[dyad][:, columns].mean(axis=1)
            for dyad, columns in zip(rows["dyad"], matched.columns, strict=True)
        ]
    ).astype(np.float64)
    values = rows["value"].to_numpy(np.float64)
    deviations = error.deviations(rows["events"].to_numpy(np.float64)) if error else None
    sound = np.isfinite(simulated).all(axis=1)
    members = simulated[sound]
    scores = crps_by_run(members, values, deviations)
    by_run = np.full(len(simulated), np.nan)
    by_run[sound] = scores.mean(axis=1)
    mean = members.mean(axis=0)
    table = pd.DataFrame(
        {
            "dyad": rows["dyad"],
            "period": rows["period"],
            "observed": values,
            "simulated": mean,
            "spread": members.std(axis=0, ddof=1),
            "crps": scores.mean(axis=0),
        }
    )
    rmse = float(np.sqrt(np.mean((mean - values) ** 2)))
    return Misfit(by_run, float(scores.mean()), rmse, table)


def crps_by_run(members: Values, values: Values, deviations: Values | None = None) -> Values:
    """Jackknife pseudo-values [R, N] of the fair CRPS of R runs at N values.

    Their mean over runs is the fair CRPS itself, as it is a U-statistic; their spread gives its
    standard error, a little too wide for a handful of runs (Efron and Stein 1981). Time grows
    with R log R, with an observation error with R².

    Args:
        members: [R, N].
        values: what was observed, [N].
        deviations: standard deviations of the observation error, [N].

    Raises:
        RelsimError: R is below three.
    """
    runs = len(members)
    if runs < LEAST_RUNS:
        raise RelsimError(
            f"A misfit takes at least {LEAST_RUNS} runs with values; here are {runs}."
        )
    if deviations is None:
        to_value, to_others = np.abs(members - values), _distances(members)
    else:
        to_value = _mean_distance(members - values, deviations)
        to_others = _distances_with_error(members, deviations)
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


def _distances_with_error(members: Values, deviations: Values) -> Values:
    """The same with a normal error on each run."""
    result = np.empty_like(members)
    for index, deviation in enumerate(deviations):
        column = members[:, index]
        gaps = column[:, np.newaxis] - column
        pairs = _mean_distance(gaps, np.sqrt(2) * np.full(1, deviation))
        np.fill_diagonal(pairs, 0.0)
        result[:, index] = pairs.sum(axis=1)
    return result


def _mean_distance(gaps: Values, deviations: Values) -> Values:
    """E|Z| of a normal Z with mean ``gaps`` and standard deviation: m(2Φ(m/σ) - 1) + 2σφ(m/σ)."""
    sure = deviations <= 0
    scale = np.where(sure, 1.0, deviations)
    ratio = gaps / scale
    density = np.exp(-(ratio**2) / 2) / np.sqrt(2 * np.pi)
    mean = gaps * (2 * ndtr(ratio) - 1) + 2 * scale * density
    distances: Values = np.where(sure, np.abs(gaps), mean)
    return distances
