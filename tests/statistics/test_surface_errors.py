"""How far response surfaces and what they explain may be off, where the truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from relsim.experiments.objectives import Objective, least_excess
from relsim.experiments.surface import box_around, fit_surface, latin_hypercube, terms
from relsim.stats import Values

Documented = Callable[[float], None]

LOSS = Objective("loss")
WHOLE = box_around(np.full(2, 0.5), np.full(2, 0.5))
REPLICATIONS = 300


def bowl(points: Values) -> Values:
    x, y = points.T - np.array([[0.4], [0.6]])
    losses: Values = x**2 + 0.5 * y**2 + 0.3 * x * y
    return losses


def wavy(points: Values) -> Values:
    losses: Values = bowl(points) + 0.1 * np.sin(6 * points[:, 0])
    return losses


def outcomes(losses: Values, points: Values, runs: int, seed: int, own: float) -> Values:
    """Losses with noise that all points of a run share, random slopes, and noise of each point."""
    generator = np.random.default_rng([seed, 5])
    shared, slopes = generator.standard_normal(runs), generator.standard_normal((2, runs))
    each = own * generator.standard_normal((len(points), runs))
    return losses[:, np.newaxis] + 0.1 * shared + 0.2 * (points - 0.5) @ slopes + each


@pytest.mark.parametrize(
    ("truth", "runs"),
    [
        pytest.param(bowl, 5, id="bowl-5"),
        pytest.param(bowl, 20, id="bowl-20", marks=pytest.mark.slow),
        pytest.param(wavy, 20, id="wavy-20", marks=pytest.mark.slow),
    ],
)
def test_least_excess_of_a_surface(
    truth: Callable[[Values], Values], runs: int, documented: Documented
) -> None:
    """How often the true excess of a point over the lowest of the surface is no less than the
    least that the surface leaves open, by which points are said to fit as well or not."""
    held = []
    for seed in range(REPLICATIONS):
        generator = np.random.default_rng(seed)
        points, new = latin_hypercube(24, 2, generator), generator.random((20, 2))
        seen = outcomes(truth(points), points, runs, seed, own=0.02)
        surface = fit_surface(LOSS, WHOLE, points, seen, generator)
        assert surface is not None
        lowest = surface.minimum()[np.newaxis]
        difference = terms(2 * new - 1) - terms(2 * lowest - 1)
        least = least_excess(
            difference @ surface.coefficients, difference @ surface.resampled, runs
        )
        held.append(least <= truth(new) - truth(lowest))
    share = float(np.mean(held))
    documented(share)
    if truth is bowl:
        assert share >= 0.99 - 3 * np.sqrt(0.01 * 0.99 / REPLICATIONS)


def test_noise_that_a_surface_explains(documented: Documented) -> None:
    """How often a surface through twice as many points as coefficients explains half of the
    variance where no parameter does anything."""
    said = []
    for seed in range(REPLICATIONS):
        generator = np.random.default_rng(seed)
        points = latin_hypercube(12, 2, generator)
        seen = 0.2 * np.random.default_rng([seed, 5]).standard_normal((12, 20))
        surface = fit_surface(LOSS, WHOLE, points, seen, generator)
        assert surface is not None
        said.append(surface.explained >= 0.5)
    documented(float(np.mean(said)))
