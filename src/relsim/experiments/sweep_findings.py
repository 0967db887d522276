"""What a sweep finds, in tables and words: the response of each measure to each parameter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import stdtrit

from relsim.experiments.objectives import estimate_over_runs
from relsim.experiments.parameters import Parameter, Values
from relsim.experiments.response import GROUPS, LEAST_RUNS, Response, quantiles_of_runs
from relsim.experiments.wording import headings, value_of, with_unit
from relsim.stats import CONFIDENCE, Estimate
from relsim.words import listed, number, signed_number

Design: TypeAlias = Literal["grid", "latin-hypercube", "sobol"]
POINTS_EACH = 10  # per parameter: Loeppky, Sacks and Welch (2009)
QUANTILES = (0.1, 0.5, 0.9)  # of the runs at a point
FEW_RUNS = 10  # with a share, or without: fewer are too few for Student's interval
OUT_OF_REACH = 100  # times as many runs or points are not advised


@dataclass(frozen=True)
class SweepFindings:
    """What a sweep found.

    Attributes:
        design: by which the points were chosen.
        parameters: what was varied, [K].
        points: their values, [P, K].
        outcomes: by measure, [P, R]; run r has the same draws at every point.
        responses: of each measure to each parameter.
        shares: the measures that are 1 or 0 in each run.
    """

    design: Design
    parameters: tuple[Parameter, ...]
    points: Values
    outcomes: Mapping[str, Values]
    responses: tuple[Response, ...]
    shares: frozenset[str]

    @property
    def runs(self) -> int:
        """How many runs there are at each point."""
        return next(iter(self.outcomes.values())).shape[1]

    def of(self, measure: str) -> list[Response]:
        """The responses of a measure: largest shares of variance first, then effects."""
        some = [one for one in self.responses if one.measure == measure]
        return sorted(some, key=lambda one: (-_order(one.share.value), -abs(one.effect.value)))

    def dataset(self) -> xr.Dataset:
        """All outcomes. A grid has its parameters (by path) and ``run`` as dimensions; a sampled
        design has ``point`` and ``run``, with the parameters as coordinates of the points."""
        columns = {one.path: self.points[:, k] for k, one in enumerate(self.parameters)}
        coords: dict[str, object] = {"run": np.arange(self.runs)}
        if self.design == "grid":
            axes = {path: np.unique(column) for path, column in columns.items()}
            dims, shape = (*axes, "run"), [*map(len, axes.values()), self.runs]
            coords |= axes
        else:
            dims, shape = ("point", "run"), [-1, self.runs]
            coords |= {path: ("point", column) for path, column in columns.items()}
        variables = {name: (dims, values.reshape(shape)) for name, values in self.outcomes.items()}
        data = xr.Dataset(variables, coords)
        for one in self.parameters:
            data[one.path].attrs.update(label=one.name, unit=one.unit)
        return data

    def tables(self) -> dict[str, pd.DataFrame]:
        """``effects`` (end to end, share of variance), ``responses`` (level by level), ``points``
        (mean over runs with its 95 % interval, that of Jeffreys for shares; quantiles of runs)."""
        measures = list(self.outcomes)
        return {
            "effects": pd.DataFrame(
                [_effect_row(one) for measure in measures for one in self.of(measure)]
            ),
            "responses": pd.concat(
                [_response_rows(one, self.design) for one in self.responses], ignore_index=True
            ),
            "points": self._points_table(),
        }

    def _points_table(self) -> pd.DataFrame:
        names = headings(self.parameters)
        frames = []
        for measure, values in self.outcomes.items():
            frame = pd.DataFrame(self.points, columns=names)
            frame.insert(0, "point", np.arange(len(frame)))
            frame.insert(1, "measure", measure)
            frames.append(frame.assign(**_point_columns(values, share=measure in self.shares)))
        return pd.concat(frames, ignore_index=True)

    def sentences(self) -> list[str]:
        """What each measure does from end to end of each parameter, largest shares first; then
        the parameters of which nothing is to be seen."""
        said = []
        for measure in self.outcomes:
            some = self.of(measure)
            seen = [one for one in some if one.shape != "shows no response"]
            said += [_sentence(one, sampled=self.design != "grid") for one in seen]
            if silent := [one for one in some if one.shape == "shows no response"]:
                said.append(_silent_sentence(measure, silent))
        return said

    def warnings(self) -> list[str]:
        """What the design and the runs do not support, and what would."""
        return [
            *_design_warnings(self),
            *_run_warnings(self),
            *_share_warnings(self),
            *_noise_warnings(self),
        ]


def _order(share: float) -> float:
    return -1.0 if math.isnan(share) else share


# Tables
def _effect_row(one: Response) -> dict[str, object]:
    return {
        "measure": one.measure,
        "parameter": one.parameter.name,
        "unit": one.parameter.unit,
        "from": one.at[0],
        "to": one.at[-1],
        "change": one.effect.value,
        "low 95 %": one.effect.low,
        "high 95 %": one.effect.high,
        "shape": one.shape,
        "share of variance": one.share.value,
        "share low 95 %": one.share.low,
        "share high 95 %": one.share.high,
    }


def _response_rows(one: Response, design: Design) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": one.measure,
            "parameter": one.parameter.name,
            "unit": one.parameter.unit,
            "level" if design == "grid" else "mean of bin": one.at,
            "mean": one.mean,
            "low 95 %": one.low,
            "high 95 %": one.high,
            "10 % of runs": one.least,
            "90 % of runs": one.most,
        }
    )


def _point_columns(values: Values, *, share: bool) -> dict[str, Values]:
    """Runs with a value, mean, its 95 % interval (Student's, or that of Jeffreys for a share), and
    quantiles of runs, each [P]."""
    seen = ~np.isnan(values)
    runs = seen.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(seen, values, 0.0).sum(axis=1) / runs
        away = np.where(seen, values - mean[:, np.newaxis], 0.0)
        error = np.sqrt((away**2).sum(axis=1) / (runs - 1) / runs)
        half = np.where(runs > 1, stdtrit(runs - 1.0, (1 + CONFIDENCE) / 2) * error, np.nan)
    ends = np.column_stack([mean - half, mean + half])
    if share:
        estimates = [estimate_over_runs(row, share=True) for row in values]
        ends = np.array([[one.low, one.high] for one in estimates])
    low, middle, high = quantiles_of_runs(values, QUANTILES)
    return {
        "runs": runs,
        "mean": mean,
        "low 95 %": ends[:, 0],
        "high 95 %": ends[:, 1],
        "10 % of runs": low,
        "median of runs": middle,
        "90 % of runs": high,
    }


# Words
def _sentence(one: Response, *, sampled: bool) -> str:
    parameter = one.parameter
    ends = f"from {value_of(one.at[0], parameter)} to {with_unit(one.at[-1], parameter)}"
    where = " (means of the end bins)" if sampled else ""
    change = _with_interval(one.effect)
    return (
        f"{one.measure}: {parameter.name}, {ends}{where}, changes it by {change}; "
        f"{_course(one)}{_explained(one.share)}."
    )


def _silent_sentence(measure: str, silent: list[Response]) -> str:
    effects = (f"{one.parameter.name} ({_within(one.effect)})" for one in silent)
    return f"{measure}: from end to end no effect is seen of {listed(effects, 'or')}."


def _within(effect: Estimate) -> str:
    if math.isnan(effect.low) or effect.low == effect.high:
        return f"{signed_number(effect.value)}"
    return f"{signed_number(effect.low)} to {signed_number(effect.high)}"


def _course(one: Response) -> str:
    if one.shape != "is not monotone":
        return f"it {one.shape} throughout" if len(one.at) > 2 else f"it {one.shape}"
    top, bottom = int(np.nanargmax(one.mean)), int(np.nanargmin(one.mean))
    inner = [
        f"{word} at {value_of(one.at[place], one.parameter)}"
        for word, place in (("highest", top), ("lowest", bottom))
        if 0 < place < len(one.at) - 1
    ]
    return f"it is not monotone, {listed(inner)}" if inner else "it is not monotone"


def _with_interval(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return signed_number(estimate.value)
    low, high = signed_number(estimate.low), signed_number(estimate.high)
    return f"{signed_number(estimate.value)} ({low} to {high})"


def _explained(share: Estimate) -> str:
    if math.isnan(share.value):
        return ""
    interval = (
        "" if math.isnan(share.low) else f" ({_percent(share.low)} to {_percent(share.high)})"
    )
    return f", and explains {_percent(share.value)} %{interval} of the variance between points"


def _percent(share: float) -> str:
    return number(100 * share, 2) if abs(share) < 0.1 else f"{100 * share:.0f}".replace("-", "−")


# Warnings
def _design_warnings(found: SweepFindings) -> Iterator[str]:
    count, each = len(found.points), POINTS_EACH * len(found.parameters)
    if found.design == "grid":
        two = [one.parameter.name for one in found.responses if len(one.at) == 2]
        if two:
            yield f"Two levels show no bend: {listed(dict.fromkeys(two))}. Take at least 3."
        return
    if count < each:
        yield (
            f"{count} points are few for {len(found.parameters)} parameters. Take at least {each}, "
            f"{POINTS_EACH} for each."
        )
    if count < 2 * GROUPS:
        yield f"Intervals from {count} points are rough. Take at least {2 * GROUPS}."
    if found.design == "sobol" and count & (count - 1):
        above = 2 ** math.ceil(math.log2(count))
        yield f"A Sobol sequence is balanced at powers of two: take {above // 2} or {above} points."


def _run_warnings(found: SweepFindings) -> Iterator[str]:
    if found.runs < LEAST_RUNS:
        yield (
            f"With fewer than {LEAST_RUNS} runs at each point the noise of runs cannot be told "
            "from what the parameters do. Take at least 20, unless the scenario has no noise."
        )
    for measure, values in found.outcomes.items():
        missing = float(np.isnan(values).mean())
        if missing:
            yield (
                f"{measure}: {_percent(missing)} % of all runs have no value and are left out of "
                "means."
            )


def _share_warnings(found: SweepFindings) -> Iterator[str]:
    """Shares of runs near 0 or 1, of which the jackknife over runs sees too little."""
    for measure in found.outcomes:
        if measure not in found.shares:
            continue
        means = np.concatenate([one.mean for one in found.of(measure)])
        rarer = found.runs * float(np.nanmin(np.minimum(means, 1 - means)))
        if rarer < FEW_RUNS:
            yield (
                f"{measure}: at some levels it holds in fewer than {FEW_RUNS} of {found.runs} "
                "runs, or in all but as few. The 95 % intervals of its response are too narrow "
                "there. Take more runs."
            )


def _noise_warnings(found: SweepFindings) -> Iterator[str]:
    for measure in found.outcomes:
        some = found.of(measure)
        unsettled = [one for one in some if _is_unsettled(one)]
        if unsettled:
            needs = (f"{one.parameter.name} {_need(one, found)}" for one in unsettled)
            yield f"{measure}: noise hides what there may be of a response to {'; '.join(needs)}."
        if all(math.isnan(one.share.value) for one in some) and np.nanstd(found.outcomes[measure]):
            yield (
                f"{measure}: points differ no more than by the noise of runs, so no shares of "
                "variance are given. Take four times as many runs to halve it."
            )


def _is_unsettled(one: Response) -> bool:
    """Whether the end-to-end change is within its noise, where there is any. A response that
    goes both ways is seen without it."""
    low, high = one.effect.low, one.effect.high
    return low < high and low <= 0 <= high and one.shape == "shows no response"


def _need(one: Response, found: SweepFindings) -> str:
    """What was seen, and how many runs or points would settle a change of that size."""
    half = (one.effect.high - one.effect.low) / 2
    said = f"({signed_number(one.effect.value)} ± {number(half)}"
    times = (half / one.effect.value) ** 2 if one.effect.value else math.inf
    if times > OUT_OF_REACH:
        return f"{said}, which bounds it)"
    of_runs, of_points = one.variances
    count, what = (found.runs, "runs") if of_runs >= of_points else (len(found.points), "points")
    # The points of a Sobol sequence are not independent, as the jackknife takes them to be.
    least = "at most" if found.design == "sobol" and what == "points" else "about"
    return (
        f"{said}; to settle a change of that size take {least} {_round_up(count * times):,} {what})"
    )


def _round_up(count: float) -> int:
    """To two digits: the estimate is no better."""
    step = 10 ** max(0, math.floor(math.log10(count)) - 1)
    return math.ceil(count / step) * step
