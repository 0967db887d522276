"""Response surfaces: quadratics exactly, profiles on their closed form, valleys followed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import t

from relsim.experiments.objectives import Objective, fits_as_well
from relsim.experiments.surface import (
    Box,
    Surface,
    box_around,
    derivatives,
    fit_surface,
    identify,
    latin_hypercube,
    term_count,
    terms,
)
from relsim.stats import Values

LOSS = Objective("loss")
WHOLE = Box(np.zeros(3), np.ones(3))
HESSIAN = np.array([[4.0, 1.0, 0.5], [1.0, 2.0, -0.3], [0.5, -0.3, 1.0]])
LOWEST = np.array([0.4, 0.6, 0.5])


def quadratic(points: Values) -> Values:
    away = points - LOWEST
    return np.einsum("pi,ij,pj->p", away, HESSIAN, away) / 2


def surface_of(losses: Values, points: Values, box: Box = WHOLE) -> Surface:
    generator = np.random.default_rng(0)
    found = fit_surface(LOSS, box, points, np.tile(losses[:, None], (1, 5)), generator)
    assert found is not None
    return found


def test_a_quadratic_is_fitted_exactly() -> None:
    points = latin_hypercube(25, 3, np.random.default_rng(1))
    surface = surface_of(quadratic(points), points)
    others = latin_hypercube(50, 3, np.random.default_rng(2))
    np.testing.assert_allclose(surface.losses(others), quadratic(others), atol=1e-12)
    np.testing.assert_allclose(surface.minimum(), LOWEST, atol=1e-6)
    _, hessian = derivatives(surface.coefficients, 3)
    np.testing.assert_allclose(4 * hessian, HESSIAN, atol=1e-11)  # the box is half as wide as 2
    assert surface.explained == pytest.approx(1.0)
    assert terms(points).shape[1] == term_count(3) == 10


def test_a_valley_is_the_lowest_point_that_a_fixed_parameter_allows() -> None:
    """Against a general minimiser, in a box whose edges stand in the way."""
    box = Box(np.array([0.1, 0.5, 0.2]), np.array([0.9, 0.8, 0.55]))
    points = box.low + (box.high - box.low) * latin_hypercube(25, 3, np.random.default_rng(1))
    line = surface_of(quadratic(points), points, box).valley(0, LOWEST, exact=True)
    for point in line[::8]:
        found = minimize(
            lambda rest, first=point[0]: quadratic(np.array([[first, *rest]]))[0],
            [0.6, 0.4],
            bounds=[(0.5, 0.8), (0.2, 0.55)],
            tol=1e-12,
        )
        np.testing.assert_allclose(point[1:], found.x, atol=1e-4)
        assert quadratic(point[None])[0] <= found.fun + 1e-9


def test_noise_of_the_slope_gives_the_range_of_its_closed_form() -> None:
    """A loss x² + z x with z by run: |x| up to the 1 % quantile of the mean of z fits as well."""
    points, runs = latin_hypercube(15, 1, np.random.default_rng(3)), 100
    z = np.random.default_rng(2).standard_normal(runs)
    z = (z - z.mean()) / z.std(ddof=1)
    x = points - 0.5
    seen = identify(LOSS, box_around(np.full(1, 0.5), np.full(1, 0.5)), points, x**2 + z * x, 0)
    assert seen is not None
    width = t.ppf(0.99, runs - 1) / np.sqrt(runs)
    np.testing.assert_allclose(seen.refitted[0], [0.5 - width, 0.5 + width], atol=0.03)
    np.testing.assert_allclose(seen.alone, seen.refitted)


def test_points_within_the_noise_fit_as_well_and_no_others() -> None:
    """Common noise is no difference; own noise of 0.1 over 100 runs hides 0.023, not 0.04."""
    generator = np.random.default_rng(4)
    common, own = generator.standard_normal((2, 100))
    own = 0.1 * (own - own.mean()) / own.std()
    outcomes = np.array([common, common + 0.001, common + own + 0.015, common + own + 0.04])
    as_well = fits_as_well(LOSS, outcomes, 0, seed=4)
    assert list(as_well) == [True, False, True, False]


def test_a_box_stays_inside_and_keeps_its_width() -> None:
    box = box_around(np.array([0.05, 0.5, 0.9]), np.array([0.2, 0.7, 0.2]))
    np.testing.assert_allclose(box.low, [0.0, 0.0, 0.6])
    np.testing.assert_allclose(box.high, [0.4, 1.0, 1.0])


def test_too_few_points_give_no_surface() -> None:
    points = latin_hypercube(11, 3, np.random.default_rng(1))
    losses = np.tile(quadratic(points)[:, None], (1, 5))
    assert fit_surface(LOSS, WHOLE, points, losses, np.random.default_rng(0)) is None


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    points = latin_hypercube(20, 3, np.random.default_rng(5))
    for column in points.T:
        assert sorted((column * 20).astype(int)) == list(range(20))
