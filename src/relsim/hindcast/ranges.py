"""How sure the fitted numbers are: Laplace's approximation to their posterior.

Around the numbers of highest density the posterior is taken as normal in the transformed numbers
of ``NUMBERS``, with the inverse of the Hessian as its covariance. It is given the levels, which are
fitted before, so ranges are a little narrow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relsim.hindcast.state_space import Dynamics, Fitted, numbers_of, surprise, vector_of

Values = NDArray[np.float64]

STEP = 0.05  # of the transformed numbers, whose standard deviations are about 0.1 to 0.7
DRAWS = 2000
SEED = 1
RANGE = (0.025, 0.975)
_LEAST_CURVATURE = 1e-2  # a direction of which nothing is known


def covariance_of(fitted: Fitted) -> Values:
    """Of the transformed numbers, [10, 10], in the order of ``NUMBERS``."""
    centre = vector_of(fitted.dynamics)
    steps = STEP * np.eye(len(centre))

    def height(*moves: Values) -> float:
        return surprise(fitted.past, fitted.levels, centre + np.sum(moves, axis=0))

    hessian = np.empty((len(centre), len(centre)))
    for row, one in enumerate(steps):
        for column, other in enumerate(steps[: row + 1]):
            same = height(one, other) + height(-one, -other)
            apart = height(one, -other) + height(-one, other)
            hessian[row, column] = hessian[column, row] = (same - apart) / (4 * STEP**2)
    sizes, axes = np.linalg.eigh(hessian)
    covariance: Values = (axes / np.maximum(sizes, _LEAST_CURVATURE)) @ axes.T
    return covariance


def draws_of(fitted: Fitted, draws: int = DRAWS, seed: int = SEED) -> list[Dynamics]:
    """Numbers drawn from their posterior."""
    stream = np.random.default_rng(seed)
    centre, covariance = vector_of(fitted.dynamics), covariance_of(fitted)
    return [numbers_of(one) for one in stream.multivariate_normal(centre, covariance, draws)]


def range_of(drawn: list[float]) -> tuple[float, float]:
    """The 95 % range of what was drawn."""
    low, high = np.quantile(drawn, RANGE)
    return float(low), float(high)
