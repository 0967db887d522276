"""Discovery: boxes claimed where there are none, and what is said of the boxes that there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest

from relsim.experiments.boxes import inside
from relsim.experiments.discover import discover
from relsim.experiments.discovery import Discovery, Outcome
from relsim.experiments.study import Parameter
from relsim.experiments.sweep import sweep_points
from relsim.stats import Values, jeffreys_interval

PARAMETERS = tuple(Parameter(f"p{number}", 0.0, 1.0) for number in range(5))
POINTS, RUNS = 300, 5
HAPPENS = Outcome("it", "above", 0.5)
NONE, WEAK, STRONG = (0.3, 0.3), (0.3, 0.85), (0.1, 0.85)
REPLICATIONS = {NONE: 100, WEAK: 100, STRONG: 60}

Documented = Callable[[float], None]
Case = tuple[float, float]


def chances(points: Values, case: Case) -> Values:
    """How likely the outcome is at a point, [P]: elsewhere, and in a corner of a quarter."""
    corner = (points[:, 0] < 0.4) & (points[:, 1] > 0.4)
    return np.where(corner, case[1], case[0])


def found(case: Case, seed: int) -> Discovery:
    rng = np.random.default_rng([seed, 1])  # another stream than that of the design
    points = sweep_points("latin-hypercube", PARAMETERS, POINTS, seed)
    happens = rng.random(POINTS) < chances(points, case)
    outcomes = {"it": np.repeat(happens[:, None].astype(float), RUNS, axis=1)}
    return discover(PARAMETERS, points, outcomes, HAPPENS, seed=seed, resamples=0)


@pytest.mark.slow
def test_boxes_where_there_are_none(documented: Documented) -> None:
    measured = np.mean([bool(found(NONE, seed).boxes) for seed in range(REPLICATIONS[NONE])])
    assert measured <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / REPLICATIONS[NONE])
    documented(float(measured))


@lru_cache
def first_boxes(case: Case) -> tuple[Values, Values, Values]:
    """Of the first boxes that are claimed: whether the interval of the held-out density holds the
    true one, and by how much the held-out and the searched density exceed it."""
    many = np.random.default_rng(0).random((100_000, len(PARAMETERS)))
    rows = []
    for seed in range(REPLICATIONS[case]):
        for box in found(case, seed).boxes[:1]:
            truth = float(chances(many[inside(many, box.limits)], case).mean())
            low, high = jeffreys_interval(box.held_out.hits, box.held_out.inside)
            excess = box.held_out.density - truth, box.searched.density - truth
            rows.append((low <= truth <= high, *excess))
    held, said, searched = np.array(rows, dtype=float).T
    return held, said, searched


CASES = [pytest.param(WEAK, id="weak"), pytest.param(STRONG, id="strong")]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_density_held_out(case: Case, documented: Documented) -> None:
    held, _, _ = first_boxes(case)
    assert held.mean() >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / len(held))
    documented(float(held.mean()))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_excess_of_the_density_held_out(case: Case, documented: Documented) -> None:
    _, said, searched = first_boxes(case)
    assert abs(said.mean()) <= 3 * said.std(ddof=1) / np.sqrt(len(said))
    assert searched.mean() > said.mean()  # where it was searched for it is denser
    documented(float(said.mean()))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_boxes_where_there_is_one(case: Case, documented: Documented) -> None:
    documented(len(first_boxes(case)[0]) / REPLICATIONS[case])
