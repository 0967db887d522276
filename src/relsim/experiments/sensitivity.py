"""Sensitivity: which parameters an outcome depends on, how strongly, and alone or together.

Three methods. ``sobol`` shares out the variance, at the price of many points; ``morris`` ranks by
the effect of moving one parameter, with few; ``pawn`` compares whole distributions, on any sample.
Parameters are independent and uniform in their ranges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.errors import RelsimError, did_you_mean
from relsim.experiments import morris, pawn, sobol
from relsim.experiments.parameters import Parameter, Values, scaled, unit_points
from relsim.experiments.replicates import Index, Resampled, complete, noise_share
from relsim.experiments.sensitivity_words import sentences_of, warnings_of

METHODS = ("sobol", "morris", "pawn")
RESAMPLES = 500
LEADING = {"sobol": "total", "morris": "mu_star", "pawn": "median"}  # by which they are ranked
ALIKE = 1e-12  # of the size of an outcome; smaller differences are rounding
LEAST_BLOCKS = 4  # fewer give no interval

COLUMNS = {
    "first": "first-order index",
    "total": "total index",
    "mu_star": "mu* (units of the measure, over the range)",
    "mu": "mu (units of the measure, over the range)",
    "sigma": "sigma (units of the measure, over the range)",
    "median": "median KS distance",
    "least": "least KS distance",
    "most": "largest KS distance",
}


@dataclass(frozen=True)
class Effects:
    """What one measure owes to each parameter.

    Attributes:
        measure: its name.
        mean, sd: of the outcome over the points, in its units.
        noise: the share of the variance between points that is left over from runs; NaN where
            there is one run.
        missing: the share of runs that have no outcome.
        left_out: base samples, trajectories or points left out, since a point of theirs has no
            outcome in any run.
        indices: by name, [K]; empty where nothing can be said.
        second: second-order indices of pairs, in the order of combinations; Sobol only.
        interactions: the share of the variance that is no parameter's own, [1]; Sobol only.
        chance: what the leading index of a parameter without effect comes to, [K].
    """

    measure: str
    mean: float
    sd: float
    noise: float
    missing: float
    left_out: int
    indices: Mapping[str, Index]
    second: Index | None
    interactions: Index | None
    chance: Values

    @property
    def constant(self) -> bool:
        """Whether the outcome is the same at every point."""
        return self.sd == 0.0


@dataclass(frozen=True)
class Sensitivity:
    """The findings of a study, for each measure.

    Attributes:
        method: ``sobol``, ``morris`` or ``pawn``.
        parameters: K of them.
        samples: base samples, trajectories or points.
        points: how many were simulated.
        runs: at each point.
        resamples: of the bootstrap.
        effects: a measure each.
    """

    method: str
    parameters: tuple[Parameter, ...]
    samples: int
    points: int
    runs: int
    resamples: int
    effects: tuple[Effects, ...]

    @property
    def leading(self) -> str:
        """The name of the index by which parameters are ranked."""
        return LEADING[self.method]

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The places of pairs of parameters, in the order of second-order indices."""
        return tuple(combinations(range(len(self.parameters)), 2))

    def ranked(self, effects: Effects) -> list[int]:
        """The places of parameters, the one that matters most first."""
        order = np.argsort(-effects.indices[self.leading].value, kind="stable")
        return [int(place) for place in order]

    def above_chance(self, effects: Effects) -> NDArray[np.bool_]:
        """Whether the interval of the leading index is above what a parameter without effect comes
        to, which for sizes (mu*) and distances (PAWN) is more than 0, [K]."""
        above: NDArray[np.bool_] = effects.indices[self.leading].low > effects.chance
        return above

    def tables(self) -> dict[str, pd.DataFrame]:
        """``sensitivity``: a row for each measure and parameter. ``interactions``: for each measure
        and pair, where they were asked for. ``outcomes``: for each measure."""
        tables = {"sensitivity": self._sensitivity_table()}
        if any(one.second for one in self.effects):
            tables["interactions"] = self._interaction_table()
        return {**tables, "outcomes": self._outcome_table()}

    def sentences(self) -> list[str]:
        """What was found, measure by measure, the most important first."""
        return sentences_of(self)

    def warnings(self) -> list[str]:
        """What the sample does not support, and what to do."""
        return warnings_of(self)

    def _sensitivity_table(self) -> pd.DataFrame:
        rows = []
        for one in self.effects:
            for place in self.ranked(one) if one.indices else range(len(self.parameters)):
                rows.append({"measure": one.measure, **self._row(one, place)})
        return pd.DataFrame(rows)

    def _row(self, effects: Effects, place: int) -> dict[str, object]:
        parameter = self.parameters[place]
        row: dict[str, object] = {
            "parameter": parameter.name,
            "path": parameter.path,
            "from": parameter.low,
            "to": parameter.high,
            "unit": parameter.unit,
        }
        for name, found in effects.indices.items():
            row |= _with_interval(COLUMNS[name], found, place)
            if name == self.leading and self.method != "sobol":
                row[f"{COLUMNS[name]}, by chance alone"] = effects.chance[place]
                row["above chance"] = self.above_chance(effects)[place]
        if effects.indices and self.method == "morris":
            row[f"{COLUMNS['sigma']}, by chance alone"] = morris.noise_of(effects.chance[place])
        return row

    def _interaction_table(self) -> pd.DataFrame:
        rows = [
            {
                "measure": one.measure,
                "parameter": self.parameters[first].name,
                "with": self.parameters[second].name,
                **_with_interval("second-order index", one.second, place),
            }
            for one in self.effects
            if one.second is not None
            for place, (first, second) in enumerate(self.pairs)
        ]
        return pd.DataFrame(rows)

    def _outcome_table(self) -> pd.DataFrame:
        rows = [
            {
                "measure": one.measure,
                "mean over points": one.mean,
                "standard deviation over points": one.sd,
                "share of it left over from runs (variance)": one.noise,
                "share of runs without outcome": one.missing,
                f"{BLOCKS[self.method]} left out": one.left_out,
            }
            for one in self.effects
        ]
        return pd.DataFrame(rows)


BLOCKS = {"sobol": "base samples", "morris": "trajectories", "pawn": "points"}


def _with_interval(column: str, found: Index, place: int) -> dict[str, object]:
    return {
        column: found.value[place],
        f"{column}, low end of 95 % interval": found.low[place],
        f"{column}, high end of 95 % interval": found.high[place],
        f"{column}, half width that more points would leave": found.by_runs[place],
    }


# The design


def block_size(method: str, count: int, *, second_order: bool = False) -> int:
    """How many points one sample takes, for so many parameters K.

    Sobol: a base sample K + 2, or 2 K + 2 with second-order indices of at least two parameters.
    Morris: a trajectory K + 1. PAWN: 1.
    """
    if method == "sobol":
        return sobol.block_size(count, second_order=second_order and count > 1)
    return count + 1 if method == "morris" else 1


def sensitivity_points(
    method: str,
    parameters: tuple[Parameter, ...],
    samples: int,
    seed: int,
    second_order: bool = False,
) -> Values:
    """The points to simulate, [samples · block_size, K], in the units of the parameters.

    Args:
        method: ``sobol``, ``morris`` or ``pawn``.
        parameters: K of them.
        samples: base samples, which are a power of 2 from 64 (Sobol); trajectories (Morris);
            points (PAWN).
        seed: of the design.
        second_order: Sobol indices of pairs as well.

    Raises:
        RelsimError: the method is not known, has no parameters or takes no such size; SALib is not
            installed.
    """
    sensitivity_size(method, len(parameters), samples, second_order=second_order)
    count = len(parameters)
    if method == "sobol":
        pairs = second_order and count > 1
        unit_points = sobol.sobol_points(count, samples, seed, second_order=pairs)
    elif method == "morris":
        unit_points = morris.morris_points(count, samples, seed)
    else:
        unit_points = pawn.pawn_points(count, samples, seed)
    return scaled(parameters, unit_points)


def sensitivity_size(method: str, count: int, samples: int, *, second_order: bool = False) -> int:
    """How many points :func:`sensitivity_points` gives for so many parameters.

    Raises:
        RelsimError: the method is not known, has no parameters or takes no such number of samples.
    """
    _check_method(method)
    if count == 0:
        raise RelsimError("A sensitivity study needs at least one parameter.")
    checks = {
        "sobol": sobol.check_samples,
        "morris": morris.check_samples,
        "pawn": pawn.check_samples,
    }
    checks[method](samples)
    return samples * block_size(method, count, second_order=second_order)


def _check_method(method: str) -> None:
    if method not in METHODS:
        raise RelsimError(f"No method {method!r}. {did_you_mean(method, METHODS)}")


# The analysis


def sensitivity(
    method: str,
    parameters: tuple[Parameter, ...],
    points: Values,
    outcomes: Mapping[str, Values],
    seed: int,
    *,
    second_order: bool = False,
    resamples: int = RESAMPLES,
) -> Sensitivity:
    """What each measure owes to each parameter, with 95 % intervals.

    The statistic of a point is the mean over its runs that have an outcome. Intervals of Sobol
    indices are Student's, over the scramblings of the design and the runs; others are of a
    bootstrap that draws again both trajectories (points) and runs.

    Args:
        method: that of the design.
        parameters: K of them.
        points: as :func:`sensitivity_points` gives them, [P, K].
        outcomes: by measure, [P, R], with run r on the same draws at every point. NaN where a run
            has none.
        seed: of the resamples.
        second_order: whether the design is for Sobol indices of pairs as well.
        resamples: of the bootstrap; of no meaning to ``sobol``.

    Raises:
        RelsimError: points or outcomes do not have the shape of the design.
    """
    _check_method(method)
    size = block_size(method, len(parameters), second_order=second_order)
    _check_shapes(method, parameters, points, outcomes, size)
    study = _Study(method, unit_points(parameters, points), size, seed, resamples, second_order)
    return Sensitivity(
        method=method,
        parameters=parameters,
        samples=len(points) // size,
        points=len(points),
        runs=next(iter(outcomes.values())).shape[1],
        resamples=resamples,
        effects=tuple(study.effects(measure, found) for measure, found in outcomes.items()),
    )


def _check_shapes(
    method: str,
    parameters: tuple[Parameter, ...],
    points: Values,
    outcomes: Mapping[str, Values],
    size: int,
) -> None:
    if not outcomes:
        raise RelsimError("A sensitivity study needs at least one measure.")
    if points.ndim != 2 or points.shape[1] != len(parameters) or len(points) % size or not size:
        raise RelsimError(
            f"Points of shape {points.shape} are not those of {method} with {len(parameters)} "
            f"parameters, which come in blocks of {size}."
        )
    if len({found.shape for found in outcomes.values()}) > 1 or any(
        found.ndim != 2 or len(found) != len(points) or found.shape[1] == 0
        for found in outcomes.values()
    ):
        shapes = ", ".join(f"{name} {found.shape}" for name, found in outcomes.items())
        raise RelsimError(f"Outcomes are runs at each of {len(points):,} points, not: {shapes}.")


@dataclass(frozen=True)
class _Study:
    """What is the same for all measures."""

    method: str
    unit_points: Values
    size: int
    seed: int
    resamples: int
    second_order: bool

    def effects(self, measure: str, outcomes: Values) -> Effects:
        """The effects on one measure, [P, R]."""
        finite = np.where(np.isfinite(outcomes), outcomes, np.nan)
        blocks = finite.reshape(-1, self.size, finite.shape[1])
        whole = complete(blocks)
        means = np.nanmean(blocks[whole], axis=2) if whole.any() else np.full((1, 1), np.nan)
        indices, chance = self._indices(blocks[whole], means, whole)
        return Effects(
            measure=measure,
            mean=float(means.mean()),
            sd=0.0 if _alike(means) else float(means.std()),
            noise=noise_share(blocks[whole]) if whole.any() else np.nan,
            missing=float(np.isnan(finite).mean()),
            left_out=int((~whole).sum()),
            indices={name: one for name, one in indices.items() if name in COLUMNS},
            second=indices.get("second"),
            interactions=indices.get("interactions"),
            chance=chance,
        )

    def _indices(
        self, blocks: Values, means: Values, whole: NDArray[np.bool_]
    ) -> tuple[dict[str, Index], Values]:
        """All indices by name, and what the leading one comes to by chance."""
        count = self.unit_points.shape[1]
        no_chance = np.zeros(count)
        if len(blocks) < LEAST_BLOCKS:
            return {}, no_chance
        if _alike(means):
            return self._nothing(count), no_chance
        points = self.unit_points.reshape(-1, self.size, count)[whole]
        if self.method == "morris":
            return morris.morris_indices(points, blocks, self.seed, self.resamples)
        if self.method == "pawn":
            return pawn.pawn_indices(points[:, 0], blocks, self.seed, self.resamples)
        pairs = self.second_order and count > 1
        return sobol.sobol_indices(blocks, whole, second_order=pairs), no_chance

    def _nothing(self, count: int) -> dict[str, Index]:
        names = {
            "sobol": ("first", "total"),
            "morris": ("mu_star", "mu", "sigma"),
            "pawn": ("median", "least", "most"),
        }
        none = np.zeros(count)
        index = Resampled(none, none, none, none, (none[:, None],) * 3)
        return dict.fromkeys(names[self.method], index)


def _alike(means: Values) -> bool:
    return bool(np.ptp(means) <= ALIKE * np.abs(means).max())
