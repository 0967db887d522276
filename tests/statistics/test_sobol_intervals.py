"""Sobol intervals and the advice that rests on them, in simulations whose indices are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from relsim.experiments.parameters import Parameter, Values
from relsim.experiments.sensitivity import Effects, Sensitivity, sensitivity, sensitivity_points

Documented = Callable[[float], None]


@dataclass(frozen=True)
class Function:
    """A function of the unit cube with known indices.

    Attributes:
        of: of points [P, K], [P].
        first, total: its indices, [K].
        second: its second-order indices in the order of pairs.
        sd: its standard deviation over the cube.
    """

    of: Callable[[Values], Values]
    first: tuple[float, ...]
    total: tuple[float, ...]
    second: tuple[float, ...]
    sd: float

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """As many as it takes."""
        return tuple(Parameter(f"x{place}", 0, 1) for place in range(1, len(self.first) + 1))


def ishigami_of(points: Values) -> Values:
    x, y, z = (2 * np.pi * points[:, :3] - np.pi).T
    outcome: Values = np.sin(x) + 7 * np.sin(y) ** 2 + 0.1 * z**4 * np.sin(x)
    return outcome


def linear_of(points: Values) -> Values:
    outcome: Values = 2 * points[:, 0] + points[:, 1]
    return outcome


# Ishigami and Homma (1990), with a fourth parameter that does nothing; and 2 x₁ + x₂ of four.
ISHIGAMI = Function(
    ishigami_of,
    (0.3139, 0.4424, 0.0, 0.0),
    (0.5576, 0.4424, 0.2437, 0.0),
    (0.0, 0.2437, 0.0, 0.0, 0.0, 0.0),
    3.7208,
)
LINEAR = Function(
    linear_of, (0.8, 0.2, 0.0, 0.0), (0.8, 0.2, 0.0, 0.0), (0.0,) * 6, float(np.sqrt(5 / 12))
)


@dataclass(frozen=True)
class Noise:
    """What chance does, in standard deviations of the function.

    Attributes:
        runs: at each point.
        own: noise of a point in a run.
        shared: what a run is higher at all points.
        slope: what a run changes in the effect of each parameter over its range.
    """

    runs: int = 1
    own: float = 0.0
    shared: float = 0.0
    slope: float = 0.0

    def outcomes(self, expected: Values, points: Values, sd: float, seed: int) -> Values:
        """Outcomes, [P, runs]."""
        generator = np.random.default_rng([seed, 1])
        count = points.shape[1]
        shared = self.shared * generator.normal(size=self.runs)
        slopes = self.slope * generator.normal(size=(count, self.runs))
        own = self.own * generator.normal(size=(len(points), self.runs))
        changed = shared + (points - 0.5) @ slopes + own
        found: Values = expected[:, None] + sd * changed
        return found


NONE = Noise()
OWN = Noise(runs=10, own=2.0)
SLOPES = Noise(runs=10, own=0.5, shared=3.0, slope=1.0)
MANY_SLOPES = Noise(runs=40, own=0.5, shared=3.0, slope=1.0)


def study(
    function: Function, noise: Noise, samples: int, seed: int, *, second_order: bool = False
) -> Sensitivity:
    points = sensitivity_points("sobol", function.parameters, samples, seed, second_order)
    outcomes = noise.outcomes(function.of(points), points, function.sd, seed)
    return sensitivity(
        "sobol", function.parameters, points, {"y": outcomes}, seed, second_order=second_order
    )


def effects_of(
    function: Function, noise: Noise, samples: int, replications: int, *, second_order: bool = False
) -> list[Effects]:
    studies = (
        study(function, noise, samples, seed, second_order=second_order)
        for seed in range(replications)
    )
    return [one.effects[0] for one in studies if one.effects[0].indices]


def values_of(effects: list[Effects], name: str, part: str) -> Values:
    """A part of an index over replications, [replications, n]."""
    return np.array([getattr(_index(one, name), part) for one in effects])


def _index(effects: Effects, name: str) -> object:
    return effects.second if name == "second" else effects.indices[name]


def covered(effects: list[Effects], name: str, truth: tuple[float, ...]) -> Values:
    """Whether intervals hold the truth, [replications, n]."""
    low, high = (values_of(effects, name, part) for part in ("low", "high"))
    held: Values = ((low <= truth) & (np.array(truth) <= high)).astype(np.float64)
    return held
