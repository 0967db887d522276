"""Sweeps: what measures do over the whole range of the parameters, in numbers and words."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field
from scipy.special import stdtrit
from scipy.stats import qmc

from relsim.errors import RelsimError
from relsim.experiments.objectives import estimate_over_runs
from relsim.experiments.replicates import LEAST_RUNS
from relsim.experiments.response import (
    GROUPS,
    NO_RESPONSE,
    NOT_MONOTONE,
    Response,
    groups_of_points,
    quantiles_of_runs,
    respond,
)
from relsim.experiments.schema import Count
from relsim.experiments.study import Method, Parameter, Study, headings, scaled
from relsim.scenario.values import Remark, not_exactly_one
from relsim.stats import CONFIDENCE, OUT_OF_REACH, Estimate, Values, settling
from relsim.words import listed, number, rounded_up, signed_number, with_interval

Design: TypeAlias = Literal["grid", "latin-hypercube", "sobol"]
Levels: TypeAlias = int | Sequence[int | Sequence[float]]

DESIGNS: dict[str, Design] = {
    "grid": "grid",
    "latin_hypercube": "latin-hypercube",
    "sobol": "sobol",
}
POINTS_EACH = 10  # per parameter: Loeppky, Sacks and Welch (2009)
QUANTILES = (0.1, 0.5, 0.9)  # of the runs at a point
FEW_RUNS = 10  # with a share, or without: fewer are too few for Student's interval


def sweep_points(
    design: Design, parameters: tuple[Parameter, ...], size: Levels, seed: int = 0
) -> Values:
    """The points of a sweep, [P, K], in the parameters' own units.

    Args:
        design: ``grid``, every combination, the last parameter changing fastest;
            ``latin-hypercube`` (McKay, Beckman and Conover, 1979) or ``sobol``, a scrambled Sobol
            sequence (Sobol, 1967), both of scipy.stats.qmc.
        parameters: the numbers that are varied.
        size: the number of points; for a grid the number of levels from low to high, of all
            parameters or of each, or for a parameter a list of its values.
        seed: of the sampled designs.

    Raises:
        RelsimError: there are too few levels or points, or not one entry for each parameter.
    """
    sweep_size(design, parameters, size)
    if design == "grid":
        return _full_grid(
            [
                np.linspace(parameter.low, parameter.high, entry)
                if isinstance(entry, int)
                else np.unique(np.asarray(entry, dtype=np.float64))
                for parameter, entry in zip(parameters, _entries(parameters, size), strict=True)
            ]
        )
    assert isinstance(size, int)
    rng = np.random.default_rng(seed)
    if design == "latin-hypercube":
        return scaled(parameters, qmc.LatinHypercube(len(parameters), seed=rng).random(size))
    # Drawn in full, since the sequence is balanced at powers of two.
    sequence = qmc.Sobol(len(parameters), scramble=True, seed=rng)
    return scaled(parameters, sequence.random_base2(math.ceil(math.log2(size)))[:size])


def sweep_size(design: Design, parameters: tuple[Parameter, ...], size: Levels) -> int:
    """The number of points that :func:`sweep_points` gives with these arguments.

    Raises:
        RelsimError: as there.
    """
    if design == "grid":
        counts = [
            entry if isinstance(entry, int) else len(set(entry))
            for entry in _entries(parameters, size)
        ]
        if min(counts) < 2:
            path = parameters[int(np.argmin(counts))].path
            raise RelsimError(f"{path}: a grid needs at least 2 different levels.")
        return math.prod(counts)
    if design == "sobol" and len(parameters) > qmc.Sobol.MAXDIM:
        text = f"A Sobol sequence has at most {qmc.Sobol.MAXDIM:,} parameters."
        raise RelsimError(f"{text} Take a Latin hypercube.")
    if not isinstance(size, int) or size < 2:
        raise RelsimError("A sampled design needs a number of points, at least 2.")
    return size


def _entries(parameters: tuple[Parameter, ...], size: Levels) -> list[int | Sequence[float]]:
    """The number of levels, or the levels, of each parameter."""
    sizes: list[int | Sequence[float]] = (
        [size] * len(parameters) if isinstance(size, int) else list(size)
    )
    if len(sizes) != len(parameters):
        raise RelsimError(
            f"A grid needs levels for each of the {len(parameters)} parameters, not {len(sizes)}."
        )
    return sizes


def _full_grid(axes: Sequence[Values]) -> Values:
    """Every combination of levels, the last axis changing fastest, [P, K]."""
    mesh = np.meshgrid(*axes, indexing="ij")
    return np.stack([axis.ravel() for axis in mesh], axis=1)


@dataclass(frozen=True)
class SweepFindings:
    """The results of a sweep.

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

        def order(response: Response) -> tuple[float, float]:
            share = response.share.value
            return (1.0 if math.isnan(share) else -share, -abs(response.effect.value))

        return sorted((each for each in self.responses if each.measure == measure), key=order)

    def dataset(self) -> xr.Dataset:
        """All outcomes. A grid has its parameters (by path) and ``run`` as dimensions; a sampled
        design has ``point`` and ``run``, with the parameters as coordinates of the points."""
        columns = {each.path: self.points[:, k] for k, each in enumerate(self.parameters)}
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
        for parameter in self.parameters:
            data[parameter.path].attrs.update(label=parameter.name, unit=parameter.unit)
        return data

    def tables(self) -> dict[str, pd.DataFrame]:
        """``effects`` (end to end, share of variance), ``responses`` (level by level), ``points``
        (mean over runs with its 95 % interval, that of Jeffreys for shares; quantiles of runs)."""
        effects = [_effect_row(each) for measure in self.outcomes for each in self.of(measure)]
        by_level = [_response_rows(each, self.design) for each in self.responses]
        by_point = []
        for measure, values in self.outcomes.items():
            frame = pd.DataFrame(self.points, columns=headings(self.parameters))
            frame.insert(0, "point", np.arange(len(frame)))
            frame.insert(1, "measure", measure)
            by_point.append(frame.assign(**_point_columns(values, share=measure in self.shares)))
        return {
            "effects": pd.DataFrame(effects),
            "responses": pd.concat(by_level, ignore_index=True),
            "points": pd.concat(by_point, ignore_index=True),
        }

    def sentences(self) -> list[str]:
        """The change of each measure from end to end of each parameter, largest shares first; then
        the parameters without a visible effect."""
        sentences = []
        for measure in self.outcomes:
            visible = [each for each in self.of(measure) if each.shape != NO_RESPONSE]
            sentences += [_sentence(each, sampled=self.design != "grid") for each in visible]
            effects = [
                f"{each.parameter.name} ({_ends(each.effect)})"
                for each in self.of(measure)
                if each.shape == NO_RESPONSE
            ]
            if effects:
                text = f"from end to end no effect is seen of {listed(effects, 'or')}."
                sentences.append(f"{measure}: {text}")
        return sentences

    def warnings(self) -> list[str]:
        """Limits of the design and of the runs, and how to overcome them."""
        return [
            *_design_warnings(self),
            *_run_warnings(self),
            *_noise_warnings(self),
        ]


def sweep(
    design: Design,
    parameters: tuple[Parameter, ...],
    points: Values,
    outcomes: Mapping[str, Values],
    seed: int = 0,
    shares: Collection[str] = (),
) -> SweepFindings:
    """The findings of a sweep.

    Args:
        design: by which the points were chosen.
        parameters: what was varied, [K].
        points: of :func:`sweep_points`, [P, K].
        outcomes: at each point by measure, [P, R]. NaN in single runs is left out of means.
        seed: of the groups of points that are left out in turn for intervals.
        shares: the measures that are 1 or 0 in each run, so that their means are shares of runs.

    Raises:
        RelsimError: the points of a grid are not those of a full one.
    """
    axes = [np.unique(column) for column in points.T]
    if design == "grid" and not np.array_equal(_full_grid(axes), points):
        raise RelsimError("The points are not those of a full grid, in its order.")
    groups = None if design == "grid" else groups_of_points(len(points), seed)
    responses = tuple(
        respond(measure, parameter, column, values, groups)
        for measure, values in outcomes.items()
        for parameter, column in zip(parameters, points.T, strict=True)
    )
    return SweepFindings(design, parameters, points, outcomes, responses, frozenset(shares))


class Sweep(Method):
    """Outcomes all over the ranges. Exactly one of grid, latin_hypercube, sobol."""

    noun: ClassVar = "a sweep"

    grid: Annotated[int, Field(strict=True, ge=2)] | None = Field(
        None, description="Levels of each parameter, from low to high."
    )
    latin_hypercube: Count | None = Field(None, description="Points.")
    sobol: Count | None = Field(None, description="Points of a scrambled Sobol sequence.")

    def mistakes(self) -> Iterator[Remark]:
        """Other than one design."""
        return not_exactly_one(self, (*DESIGNS,), "bad-sweep")

    @property
    def size_key(self) -> str:
        """The key of the design."""
        return next(key for key in DESIGNS if getattr(self, key) is not None)

    def size(self, study: Study) -> int:
        """The number of points of the design."""
        return sweep_size(DESIGNS[self.size_key], study.parameters, getattr(self, self.size_key))

    def points(self, study: Study) -> Values:
        """The points of the design."""
        design, size = DESIGNS[self.size_key], getattr(self, self.size_key)
        return sweep_points(design, study.parameters, size, study.experiment.seed)

    def analyse(
        self, study: Study, points: Values, outcomes: Mapping[str, Values]
    ) -> SweepFindings:
        """The responses to each parameter."""
        measures = study.experiment.measures
        shares = [study.measure_name(key) for key, measure in measures.items() if measure.is_share]
        design, seed = DESIGNS[self.size_key], study.experiment.seed
        return sweep(design, study.parameters, points, outcomes, seed, shares)


# Tables


def _effect_row(response: Response) -> dict[str, object]:
    return {
        "measure": response.measure,
        "parameter": response.parameter.name,
        "unit": response.parameter.unit,
        "from": response.at[0],
        "to": response.at[-1],
        "change": response.effect.value,
        "low 95 %": response.effect.low,
        "high 95 %": response.effect.high,
        "shape": response.shape,
        "share of variance": response.share.value,
        "share low 95 %": response.share.low,
        "share high 95 %": response.share.high,
    }


def _response_rows(response: Response, design: Design) -> pd.DataFrame:
    columns = {
        "measure": response.measure,
        "parameter": response.parameter.name,
        "unit": response.parameter.unit,
        "level" if design == "grid" else "mean of bin": response.at,
        "mean": response.mean,
        "low 95 %": response.low,
        "high 95 %": response.high,
        "10 % of runs": response.least,
        "90 % of runs": response.most,
    }
    return pd.DataFrame(columns)


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
        ends = np.array([estimate_over_runs(row, share=True)[1:] for row in values])
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


# Sentences


def _sentence(response: Response, *, sampled: bool) -> str:
    parameter, at, share = response.parameter, response.at, response.share
    ends = f"from {parameter.written(at[0])} to {parameter.with_unit(at[-1])}"
    where = " (means of the end bins)" if sampled else ""
    change = with_interval(*response.effect, signed_number)
    explained = ""
    if not math.isnan(share.value):
        low, high = _percent(share.low), _percent(share.high)
        interval = "" if math.isnan(share.low) else f" ({low} to {high})"
        explained = f", and explains {_percent(share.value)} %{interval} of the variance between "
        explained += "points"
    return (
        f"{response.measure}: {parameter.name}, {ends}{where}, changes it by {change}; "
        f"{_course(response)}{explained}."
    )


def _course(response: Response) -> str:
    text, last = f"it {response.shape}", len(response.at) - 1
    if response.shape != NOT_MONOTONE:
        return f"{text} throughout" if last > 1 else text
    ends = {"highest": np.nanargmax(response.mean), "lowest": np.nanargmin(response.mean)}
    inner = [
        f"{word} at {response.parameter.written(response.at[level])}"
        for word, level in ends.items()
        if 0 < level < last
    ]
    return f"{text}, {listed(inner)}" if inner else text


def _ends(effect: Estimate) -> str:
    if math.isnan(effect.low) or effect.low == effect.high:
        return signed_number(effect.value)
    return f"{signed_number(effect.low)} to {signed_number(effect.high)}"


def _percent(share: float) -> str:
    return number(100 * share, 2)


# Warnings


def _design_warnings(findings: SweepFindings) -> Iterator[str]:
    count, each = len(findings.points), POINTS_EACH * len(findings.parameters)
    if findings.design == "grid":
        two = dict.fromkeys(r.parameter.name for r in findings.responses if len(r.at) == 2)
        if two:
            yield f"Two levels show no bend: {listed(two)}. Take at least 3."
        return
    if count < each:
        yield (
            f"{count} points are few for {len(findings.parameters)} parameters. Take at least "
            f"{each}, {POINTS_EACH} for each."
        )
    if count < 2 * GROUPS:
        yield f"Intervals from {count} points are rough. Take at least {2 * GROUPS}."
    if findings.design == "sobol" and count & (count - 1):
        above = 2 ** math.ceil(math.log2(count))
        yield f"A Sobol sequence is balanced at powers of two: take {above // 2} or {above} points."


def _run_warnings(findings: SweepFindings) -> Iterator[str]:
    if findings.runs < LEAST_RUNS:
        yield (
            f"With fewer than {LEAST_RUNS} runs at each point the noise of runs cannot be told "
            "from what the parameters do. Take at least 20, unless the scenario has no noise."
        )
    for measure, values in findings.outcomes.items():
        if missing := float(np.isnan(values).mean()):
            yield (
                f"{measure}: {_percent(missing)} % of all runs have no value and are left out of "
                "means."
            )
    for measure in findings.outcomes:
        if measure not in findings.shares:
            continue
        means = np.concatenate([response.mean for response in findings.of(measure)])
        rarer = findings.runs * float(np.nanmin(np.minimum(means, 1 - means)))
        if rarer < FEW_RUNS:
            # The jackknife over runs underestimates the spread of shares near 0 or 1.
            yield (
                f"{measure}: at some levels it holds in fewer than {FEW_RUNS} of {findings.runs} "
                "runs, or in all but as few. The 95 % intervals of its response are too narrow "
                "there. Take more runs."
            )


def _noise_warnings(findings: SweepFindings) -> Iterator[str]:
    for measure, values in findings.outcomes.items():
        responses = findings.of(measure)
        needs = [
            f"{response.parameter.name} {_need(response, findings)}"
            for response in responses
            if response.shape == NO_RESPONSE
            and response.effect.low < response.effect.high
            and not response.effect.clear
        ]
        if needs:
            yield f"{measure}: noise hides what there may be of a response to {'; '.join(needs)}."
        if all(math.isnan(response.share.value) for response in responses) and np.nanstd(values):
            yield (
                f"{measure}: points differ no more than by the noise of runs, so no shares of "
                "variance are given. Take four times as many runs to halve it."
            )


def _need(response: Response, findings: SweepFindings) -> str:
    """The change that was seen, and how many runs and points would settle a change of that size."""
    change, half = response.effect.value, (response.effect.high - response.effect.low) / 2
    seen = f"({signed_number(change)} ± {number(half)}"
    if half > OUT_OF_REACH * abs(change):
        return f"{seen}, which bounds it)"
    now = len(findings.points), findings.runs
    needed = settling(half, response.by_runs, abs(change), *now)
    counts = zip(needed, now, ("points", "runs"), strict=True)
    more = [f"{rounded_up(count):,} {noun}" for count, before, noun in counts if count > before]
    # The points of a Sobol sequence are not independent, as the jackknife takes them to be.
    least = "at most" if findings.design == "sobol" and needed[0] > now[0] else "about"
    return f"{seen}; to settle a change of that size take {least} {listed(more)})"
