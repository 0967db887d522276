"""A quadratic response surface around the best point: what moves the fit, and how surely.

The loss in a box of the parameters' ranges is taken to be a quadratic function, fitted by least
squares (Box and Wilson 1951). How far off the fit may be is found by resampling: the runs are
drawn with replacement, the same at every point, and what the surface leaves unexplained changes
its sign at random (the wild bootstrap of Wu 1986), so that both the noise of the runs and the
error of the quadratic form count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from relsim.experiments.objectives import (
    CHANCE,
    Objective,
    mean_over_runs,
    resampled_means,
)
from relsim.experiments.parameters import Values

GRID = 33  # points along a line through the box
ROUNDING = 1e-6  # of the range of losses; smaller differences are none


@dataclass(frozen=True)
class Box:
    """A part of the unit cube: ``low`` and ``high`` [K]."""

    low: Values
    high: Values

    @property
    def center(self) -> Values:
        """Its middle, [K]."""
        return (self.low + self.high) / 2

    @property
    def half(self) -> Values:
        """Half its widths, [K]."""
        return (self.high - self.low) / 2

    def holds(self, points: Values) -> NDArray[np.bool_]:
        """Which points [P, K] are inside, [P]."""
        return np.asarray(((points >= self.low) & (points <= self.high)).all(axis=1))


def box_around(center: Values, half: Values) -> Box:
    """A box of these half widths, at most the whole cube, moved inside where it sticks out."""
    half = np.minimum(half, 0.5)
    low = np.clip(center - half, 0.0, 1.0 - 2 * half)
    return Box(low, low + 2 * half)


def latin_hypercube(count: int, dimensions: int, generator: np.random.Generator) -> Values:
    """Points [count, dimensions] of the unit cube, one in each of ``count`` slices of each side.

    Source: McKay, Beckman and Conover (1979).
    """
    slices = np.tile(np.arange(count), (dimensions, 1))
    places: Values = generator.permuted(slices, axis=1).T + generator.random((count, dimensions))
    return places / count


def term_count(dimensions: int) -> int:
    """How many coefficients a quadratic has: 1 + 2 K + K (K - 1)/2."""
    return 1 + 2 * dimensions + dimensions * (dimensions - 1) // 2


@dataclass(frozen=True)
class Surface:
    """A fitted quadratic.

    Attributes:
        objective: whose loss it gives.
        box: where it holds; inside, coordinates run from -1 to 1.
        coefficients: [Q], in the order of :func:`terms`.
        resampled: the same of each resample, [Q, B].
        explained: the share of the variance of the losses that it explains.
        points: how many it was fitted to.
        ridge: by how much the middle of the box is preferred to its edge: the noise of the
            surface, so that what does not matter stays in the middle.
        rounding: differences of loss that are none.
    """

    objective: Objective
    box: Box
    coefficients: Values
    resampled: Values
    explained: float
    points: int
    ridge: float
    rounding: float

    def losses(self, points: Values) -> Values:
        """Of points [P, K] of the unit cube, [P]."""
        fitted: Values = terms(self._inside(points)) @ self.coefficients
        return fitted

    def as_well(self, points: Values, reference: Values) -> NDArray[np.bool_]:
        """Which points [P, K] have a loss that the resamples do not tell from the reference's."""
        difference = terms(self._inside(points)) - terms(self._inside(reference[np.newaxis]))
        excess = difference @ self.resampled
        least = np.quantile(excess, CHANCE, axis=1, method="inverted_cdf")
        loss = max(float(self.losses(reference[np.newaxis])[0]), 0.0)
        as_well: NDArray[np.bool_] = least <= self.objective.allowed(loss) + self.rounding
        return as_well

    def minimum(
        self,
        fixed: dict[int, float] | None = None,
        start: Values | None = None,
        *,
        exact: bool = False,
    ) -> Values:
        """The point [K] of the box with the lowest loss, where some parameters are fixed.

        The middle is preferred within the noise, unless it is to be ``exact``.
        """
        gradient, hessian = derivatives(self.coefficients, len(self.box.low))
        if not exact:
            hessian = hessian + 2 * self.ridge * np.eye(len(gradient))
        bounds = [(-1.0, 1.0)] * len(gradient)
        x = np.zeros(len(gradient)) if start is None else self._inside(start[np.newaxis])[0]
        for which, value in (fixed or {}).items():
            x[which] = (value - self.box.center[which]) / self.box.half[which]
            bounds[which] = (x[which], x[which])
        scale = max(float(np.abs(gradient).max()), float(np.abs(hessian).max()), 1e-300)
        gradient, hessian = gradient / scale, hessian / scale
        found = minimize(
            lambda x: (gradient @ x + x @ hessian @ x / 2, gradient + hessian @ x),
            np.clip(x, [low for low, _ in bounds], [high for _, high in bounds]),
            jac=True,
            bounds=bounds,
            method="L-BFGS-B",
            options={"ftol": 1e-15, "gtol": 1e-12},
        )
        point: Values = self.box.center + self.box.half * found.x
        return np.clip(point, self.box.low, self.box.high)

    def _inside(self, points: Values) -> Values:
        inside: Values = (points - self.box.center) / self.box.half
        return inside


def terms(x: Values) -> Values:
    """1, each x, and each product of two, [P, Q] of coordinates [P, K]."""
    first, second = np.triu_indices(x.shape[1])
    return np.column_stack([np.ones(len(x)), x, x[:, first] * x[:, second]])


def derivatives(coefficients: Values, dimensions: int) -> tuple[Values, Values]:
    """Gradient [K] at the middle of the box and Hessian [K, K], in coordinates of the box."""
    gradient = coefficients[1 : dimensions + 1]
    hessian = np.zeros((dimensions, dimensions))
    hessian[np.triu_indices(dimensions)] = coefficients[dimensions + 1 :]
    return gradient, hessian + hessian.T


def fit_surface(
    objective: Objective,
    box: Box,
    points: Values,
    outcomes: Values,
    generator: np.random.Generator,
) -> Surface | None:
    """The surface through the points [P, K] inside the box with outcomes [P, R].

    None where too few have a value.
    """
    means = mean_over_runs(outcomes)
    used = box.holds(points) & np.isfinite(means)
    design = terms((points[used] - box.center) / box.half)
    freedom = len(design) - design.shape[1]
    if freedom < 2:
        return None
    losses = objective.losses(means[used])
    pseudo = np.linalg.pinv(design)
    coefficients = pseudo @ losses
    left = losses - design @ coefficients
    again = objective.losses(resampled_means(outcomes[used], generator))
    again = np.where(np.isfinite(again), again, losses[:, np.newaxis])
    signs = generator.choice([-1.0, 1.0], again.shape)
    unexplained = np.sqrt(len(design) / freedom) * left[:, np.newaxis]
    resampled = pseudo @ (again + signs * unexplained)
    steps = design - terms(np.zeros((1, points.shape[1])))
    variance = float(losses.var())
    return Surface(
        objective,
        box,
        coefficients,
        resampled,
        1.0 - float(left.var()) / variance if variance > 0 else 1.0,
        len(design),
        float(np.median((steps @ resampled).std(axis=1))),
        ROUNDING * float(np.ptp(losses)),
    )
