"""Sensitivity: which parameters an outcome depends on, how strongly, and alone or together.

Three methods. ``sobol`` shares out the variance, at the price of many points; ``morris`` ranks by
the effect of moving one parameter, with few; ``pawn`` compares whole distributions, on any sample.
Parameters are independent and uniform in their ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from relsim.experiments import morris, pawn, sobol
from relsim.experiments.replicates import Index, noise_share, resampled
from relsim.experiments.schema import Count
from relsim.experiments.sensitivity_findings import KINDS, Effects, SensitivityFindings
from relsim.experiments.study import Method, Parameter, Study, require, scaled, unit_points
from relsim.scenario.values import Remark
from relsim.stats import Values

MODULES = {"sobol": sobol, "morris": morris, "pawn": pawn}
RESAMPLES = 500
ALIKE = 1e-12  # of the size of an outcome; smaller differences are rounding
LEAST_BLOCKS = 4  # fewer give no interval


def block_size(method: str, count: int, *, second_order: bool = False) -> int:
    """The number of points of one sample, for K parameters.

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

    Those of Morris (trajectories on a grid) and PAWN (a Latin hypercube) are SALib's.

    Args:
        method: ``sobol``, ``morris`` or ``pawn``.
        parameters: K of them.
        samples: base samples, which are a power of 2 from 64 (Sobol); trajectories (Morris);
            points (PAWN).
        seed: of the design.
        second_order: Sobol indices of pairs as well.

    Raises:
        RelsimError: the method takes no such size; SALib is not installed.
    """
    count = len(parameters)
    sensitivity_size(method, count, samples, second_order=second_order)
    names = [str(column) for column in range(count)]
    problem = {"num_vars": count, "names": names, "bounds": [[0.0, 1.0]] * count}
    if method == "sobol":
        unit = sobol.sobol_points(count, samples, seed, second_order=second_order and count > 1)
    elif method == "morris":
        sample = require("SALib.sample.morris").sample
        unit = sample(problem, samples, num_levels=morris.LEVELS, seed=seed)
    else:
        unit = require("SALib.sample.latin").sample(problem, samples, seed=seed)
    return scaled(parameters, unit)


def sensitivity_size(method: str, count: int, samples: int, *, second_order: bool = False) -> int:
    """The number of points that :func:`sensitivity_points` gives.

    Raises:
        RelsimError: the method takes no such number of samples.
    """
    MODULES[method].check_samples(samples)
    return samples * block_size(method, count, second_order=second_order)


def sensitivity(
    method: str,
    parameters: tuple[Parameter, ...],
    points: Values,
    outcomes: Mapping[str, Values],
    seed: int,
    *,
    second_order: bool = False,
    resamples: int = RESAMPLES,
) -> SensitivityFindings:
    """The effect of each parameter on each measure, with 95 % intervals.

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
    """
    size = block_size(method, len(parameters), second_order=second_order)
    blocks = unit_points(parameters, points).reshape(-1, size, len(parameters))
    design = _Design(method, blocks, seed, resamples, second_order and len(parameters) > 1)
    return SensitivityFindings(
        method=method,
        parameters=parameters,
        samples=len(blocks),
        runs=next(iter(outcomes.values())).shape[1],
        effects=tuple(design.effects(measure, values) for measure, values in outcomes.items()),
    )


@dataclass(frozen=True)
class _Design:
    """The design, which all measures share.

    Attributes:
        blocks: the points of the unit cube, by base sample or trajectory, [N, size, K].
        pairs: whether there are second-order indices.
    """

    method: str
    blocks: Values
    seed: int
    resamples: int
    pairs: bool

    def effects(self, measure: str, outcomes: Values) -> Effects:
        """The effects on one measure, [P, R]."""
        finite = np.where(np.isfinite(outcomes), outcomes, np.nan)
        blocks = finite.reshape(*self.blocks.shape[:2], -1)
        whole: NDArray[np.bool_] = np.all(np.any(np.isfinite(blocks), axis=2), axis=1)
        means = np.nanmean(blocks[whole], axis=2) if whole.any() else np.full((1, 1), np.nan)
        constant = bool(np.ptp(means) <= ALIKE * np.abs(means).max())
        chance = np.zeros(self.blocks.shape[2])
        indices: dict[str, Index] = {}
        if whole.sum() >= LEAST_BLOCKS and constant:
            zeros = chance[:, None]
            none = resampled(chance, zeros, zeros, zeros)
            indices = dict.fromkeys(KINDS[self.method].indices, none)
        elif whole.sum() >= LEAST_BLOCKS:
            indices, chance = self._indices(blocks[whole], whole, chance)
        return Effects(
            measure=measure,
            mean=float(means.mean()),
            sd=0.0 if constant else float(means.std()),
            noise=noise_share(blocks[whole]) if whole.any() else np.nan,
            missing=float(np.isnan(finite).mean()),
            left_out=int((~whole).sum()),
            second=indices.pop("second", None),
            interactions=indices.pop("interactions", None),
            indices=indices,
            chance=chance,
        )

    def _indices(
        self, blocks: Values, whole: NDArray[np.bool_], no_chance: Values
    ) -> tuple[dict[str, Index], Values]:
        """All indices by name, and the leading one by chance alone."""
        points = self.blocks[whole]
        if self.method == "morris":
            return morris.morris_indices(points, blocks, self.seed, self.resamples)
        if self.method == "pawn":
            return pawn.pawn_indices(points[:, 0], blocks, self.seed, self.resamples)
        return sobol.sobol_indices(blocks, whole, second_order=self.pairs), no_chance


class Sensitivity(Method):
    """Which parameters matter."""

    libraries: ClassVar = ("SALib",)

    method: Literal["sobol", "morris", "pawn"] = Field(
        "sobol", description="Shares of variance, elementary effects, or distances of CDFs."
    )
    samples: Count = Field(
        256,
        description="Base samples N: N·(K+2) points for sobol (a power of 2 from 64), N·(K+1) for "
        "morris, N for pawn.",
    )
    second_order: bool = Field(
        False, description="Of sobol: interactions too, with N·(2K+2) points."
    )

    def mistakes(self) -> Iterator[Remark]:
        """Indices of pairs of a method that has none."""
        if self.second_order and self.method != "sobol":
            text = f"`second_order` is of sobol; {self.method} has no indices of pairs."
            yield Remark("", "bad-method", text)

    @property
    def size_key(self) -> str:
        """The key of the base samples."""
        return "samples"

    def size(self, study: Study) -> int:
        """The number of points of the samples."""
        count, pairs = len(study.parameters), self.second_order
        return sensitivity_size(self.method, count, self.samples, second_order=pairs)

    def points(self, study: Study) -> Values:
        """The points of the samples."""
        parameters, seed, pairs = study.parameters, study.experiment.seed, self.second_order
        return sensitivity_points(self.method, parameters, self.samples, seed, second_order=pairs)

    def analyse(
        self, study: Study, points: Values, outcomes: Mapping[str, Values]
    ) -> SensitivityFindings:
        """The indices of each parameter."""
        parameters, seed, pairs = study.parameters, study.experiment.seed, self.second_order
        return sensitivity(self.method, parameters, points, outcomes, seed, second_order=pairs)
