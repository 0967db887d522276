"""Sweeps: what measures do over the whole range of the parameters."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, ClassVar, TypeAlias

import numpy as np
from pydantic import Field, model_validator
from scipy.stats import qmc

from relsim.errors import RelsimError
from relsim.experiments.response import groups_of_points, respond
from relsim.experiments.schema import Count
from relsim.experiments.study import Method, Parameter, Study, scaled
from relsim.experiments.sweep_findings import Design, SweepFindings
from relsim.scenario.values import fail
from relsim.stats import Values

Levels: TypeAlias = int | Sequence[int | Sequence[float]]


def sweep_points(
    design: Design, parameters: tuple[Parameter, ...], size: Levels, seed: int = 0
) -> Values:
    """The points of a sweep, [P, K], in the parameters' own units.

    Args:
        design: ``grid``, every combination, the last parameter changing fastest;
            ``latin-hypercube`` (McKay, Beckman and Conover, 1979) or ``sobol``, a scrambled Sobol
            sequence (Sobol, 1967), both of scipy.stats.qmc.
        parameters: what is varied.
        size: the number of points; for a grid the number of levels from low to high, of all
            parameters or of each, or for a parameter a list of its values.
        seed: of the sampled designs.

    Raises:
        RelsimError: there are too few levels or points, or not one entry for each parameter.
    """
    sweep_size(design, parameters, size)
    if design == "grid":
        entries = _levels(parameters, size)
        axes = [_axis(one, entry) for one, entry in zip(parameters, entries, strict=True)]
        mesh = np.meshgrid(*axes, indexing="ij")
        return np.stack([axis.ravel() for axis in mesh], axis=1)
    assert isinstance(size, int)
    rng = np.random.default_rng(seed)
    if design == "latin-hypercube":
        return scaled(parameters, qmc.LatinHypercube(len(parameters), seed=rng).random(size))
    # Drawn in full, since the sequence is balanced at powers of two.
    sequence = qmc.Sobol(len(parameters), scramble=True, seed=rng)
    return scaled(parameters, sequence.random_base2(math.ceil(math.log2(size)))[:size])


def sweep_size(design: Design, parameters: tuple[Parameter, ...], size: Levels) -> int:
    """How many points :func:`sweep_points` gives with these arguments.

    Raises:
        RelsimError: as there.
    """
    if design == "grid":
        entries = zip(parameters, _levels(parameters, size), strict=True)
        return math.prod(_count_of_levels(one, entry) for one, entry in entries)
    if design == "sobol" and len(parameters) > qmc.Sobol.MAXDIM:
        text = f"A Sobol sequence has at most {qmc.Sobol.MAXDIM:,} parameters."
        raise RelsimError(f"{text} Take a Latin hypercube.")
    if not isinstance(size, int) or size < 2:
        raise RelsimError("A sampled design needs a number of points, at least 2.")
    return size


def _levels(parameters: tuple[Parameter, ...], size: Levels) -> list[int | Sequence[float]]:
    """The entry of each parameter."""
    sizes: list[int | Sequence[float]] = (
        [size] * len(parameters) if isinstance(size, int) else list(size)
    )
    if len(sizes) != len(parameters):
        raise RelsimError(
            f"A grid needs levels for each of the {len(parameters)} parameters, not {len(sizes)}."
        )
    return sizes


def _count_of_levels(parameter: Parameter, size: int | Sequence[float]) -> int:
    count = size if isinstance(size, int) else len(set(size))
    if count < 2:
        raise RelsimError(f"{parameter.path}: a grid needs at least 2 different levels.")
    return count


def _axis(parameter: Parameter, size: int | Sequence[float]) -> Values:
    if isinstance(size, int):
        return np.linspace(parameter.low, parameter.high, size)
    return np.unique(np.asarray(size, dtype=np.float64))


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
    if design == "grid" and not _is_full_grid(points):
        raise RelsimError("The points are not those of a full grid, in its order.")
    groups = None if design == "grid" else groups_of_points(len(points), seed)
    responses = tuple(
        respond(measure, parameter, column, values, groups)
        for measure, values in outcomes.items()
        for parameter, column in zip(parameters, points.T, strict=True)
    )
    return SweepFindings(design, parameters, points, outcomes, responses, frozenset(shares))


def _is_full_grid(points: Values) -> bool:
    mesh = np.meshgrid(*(np.unique(column) for column in points.T), indexing="ij")
    full = np.stack([axis.ravel() for axis in mesh], axis=1)
    return full.shape == points.shape and bool((full == points).all())


DESIGNS: dict[str, Design] = {
    "grid": "grid",
    "latin_hypercube": "latin-hypercube",
    "sobol": "sobol",
}


class Sweep(Method):
    """Outcomes all over the ranges. Exactly one of grid, latin_hypercube, sobol."""

    noun: ClassVar = "a sweep"

    grid: Annotated[int, Field(strict=True, ge=2)] | None = Field(
        None, description="Levels of each parameter, from low to high."
    )
    latin_hypercube: Count | None = Field(None, description="Points.")
    sobol: Count | None = Field(None, description="Points of a scrambled Sobol sequence.")

    @model_validator(mode="after")
    def _one_design(self) -> Sweep:
        if sum(getattr(self, key) is not None for key in DESIGNS) != 1:
            raise fail("bad-sweep", f"Exactly one of {', '.join(DESIGNS)} is needed.")
        return self

    @property
    def size_key(self) -> str:
        """The key of the design."""
        return next(key for key in DESIGNS if getattr(self, key) is not None)

    def size(self, study: Study) -> int:
        """How many points the design has."""
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
        shares = [study.measure_name(key) for key, one in measures.items() if one.is_share]
        design, seed = DESIGNS[self.size_key], study.experiment.seed
        return sweep(design, study.parameters, points, outcomes, seed, shares)
