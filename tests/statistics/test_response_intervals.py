"""Intervals of the responses of a sweep, where the response is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from relsim.experiments.response import Response
from relsim.experiments.study import Parameter
from relsim.experiments.sweep import Design, SweepFindings, sweep, sweep_points
from relsim.stats import Values

Documented = Callable[[float], None]

THREE = (Parameter("x", 0.0, 1.0), Parameter("y", 0.0, 1.0), Parameter("z", 0.0, 1.0))
REPLICATIONS = 300


@dataclass(frozen=True)
class Case:
    """A curved response with an interaction, in runs that share effects and have random slopes."""

    design: Design
    size: int
    runs: int
    shared: float = 0.1
    slopes: float = 0.5
    own: float = 0.5

    def found(self, seed: int) -> SweepFindings:
        generator = np.random.default_rng([seed, 3])
        points = sweep_points(self.design, THREE, self.size, seed)
        shared = self.shared * generator.standard_normal(self.runs)
        slopes = self.slopes * generator.standard_normal((3, self.runs))
        own = self.own * generator.standard_normal((len(points), self.runs))
        values = curved(points)[:, np.newaxis] + shared + (points - 0.5) @ slopes + own
        return sweep(self.design, THREE, points, {"m": values}, seed)


def curved(points: Values) -> Values:
    x, y, _ = points.T
    means: Values = np.sin(3 * x) + y**2 + 0.5 * x * y
    return means


@cache
def responses(case: Case) -> list[Response]:
    """To x, of each replication."""
    return [of_x(case.found(seed)) for seed in range(REPLICATIONS)]


def of_x(found: SweepFindings) -> Response:
    return next(one for one in found.responses if one.parameter.path == "x")


def true_means(case: Case, levels: int) -> Values:
    """The mean of the response to x over y, at each level of a grid or over each bin."""
    if case.design == "grid":
        y = np.linspace(0, 1, case.size)
        x = np.linspace(0, 1, levels)
        return np.sin(3 * x) + (y**2).mean() + 0.5 * x * y.mean()
    edges = np.linspace(0, 1, levels + 1)
    low, high = edges[:-1], edges[1:]
    curve = (np.cos(3 * low) - np.cos(3 * high)) / (3 * (high - low))
    return curve + 1 / 3 + 0.25 * (low + high) / 2


def true_share(case: Case, means: Values) -> float:
    """The share of the variance between points that levels or bins of x explain."""
    ends = np.linspace(0, 1, case.size) if case.design == "grid" else (np.arange(500) + 0.5) / 500
    x, y = np.meshgrid(ends, ends)
    return float(means.var() / curved(np.stack([x, y, x], axis=-1).reshape(-1, 3)).var())


CASES = {
    "grid-5": Case("grid", 5, 5),
    "grid-20": Case("grid", 5, 20),
    "no noise of points": Case("grid", 5, 20, own=0.0),
    "latin-hypercube-20": Case("latin-hypercube", 100, 20),
    "latin-hypercube-5": Case("latin-hypercube", 100, 5),
    "sobol-20": Case("sobol", 128, 20),
}
QUICK = ("no noise of points",)
BY_CASE = [
    pytest.param(case, id=name, marks=[] if name in QUICK else [pytest.mark.slow])
    for name, case in CASES.items()
]


def accept(measured: float, nominal: float, *, wide: bool) -> None:
    """Within three standard errors of the nominal; no less than that where intervals are known to
    be too wide."""
    error = 3 * np.sqrt(nominal * (1 - nominal) / REPLICATIONS)
    assert measured >= nominal - error
    assert wide or measured <= nominal + error


@pytest.mark.parametrize("case", BY_CASE)
def test_change_from_end_to_end(case: Case, documented: Documented) -> None:
    held = []
    for one in responses(case):
        means = true_means(case, len(one.at))
        held.append(one.effect.low <= means[-1] - means[0] <= one.effect.high)
    documented(float(np.mean(held)))
    accept(float(np.mean(held)), 0.95, wide=case.design != "grid")


@pytest.mark.slow
@pytest.mark.parametrize("case", [*CASES.values()], ids=[*CASES])
def test_response_curve(case: Case, documented: Documented) -> None:
    held = []
    for one in responses(case):
        means = true_means(case, len(one.at))
        held.append(np.mean((one.low <= means) & (means <= one.high)))
    documented(float(np.mean(held)))
    accept(float(np.mean(held)), 0.95, wide=case.design != "grid")


@pytest.mark.slow
@pytest.mark.parametrize("case", [*CASES.values()], ids=[*CASES])
def test_share_of_variance(case: Case, documented: Documented) -> None:
    share = true_share(case, true_means(case, len(responses(case)[0].at)))
    held = []
    for one in responses(case):
        if np.isnan(one.share.value):
            continue
        held.append(one.share.low <= share <= one.share.high)
    documented(float(np.mean(held)))
    accept(float(np.mean(held)), 0.95, wide=case.design != "grid")


# Shares of runs


def shares_found(runs: int, seed: int) -> tuple[SweepFindings, Values]:
    """A share that rises from 0.05 to 0.15 with x; a run in which it holds has it from there on."""
    points = sweep_points("grid", THREE, 5)
    means: Values = 0.05 + 0.1 * points[:, 0]
    drawn = np.random.default_rng([seed, 3]).random(runs)
    values = (drawn < means[:, np.newaxis]).astype(np.float64)
    return sweep("grid", THREE, points, {"m": values}, seed, shares=["m"]), means


def test_shares_at_points(documented: Documented) -> None:
    held = []
    for seed in range(100):
        found, means = shares_found(20, seed)
        table = found.tables()["points"]
        inside = (table["low 95 %"] <= means) & (means <= table["high 95 %"])
        held.append(inside.mean())
    documented(float(np.mean(held)))
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 100)


@pytest.mark.slow
@pytest.mark.parametrize("runs", [20, 200])
def test_response_of_a_rare_share(runs: int, documented: Documented) -> None:
    """Too narrow where fewer than ten runs have it, which is warned of; right where more have."""
    held, warned = [], []
    for seed in range(REPLICATIONS):
        found, _ = shares_found(runs, seed)
        one = of_x(found)
        means = 0.05 + 0.1 * one.at
        held.append(np.mean((one.low <= means) & (means <= one.high)))
        warned.append(any("holds in fewer than 10" in said for said in found.warnings()))
    documented(float(np.mean(held)))
    assert np.mean(warned) == 1.0 or runs == 200
    if runs == 200:
        assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / REPLICATIONS)
