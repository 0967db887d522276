"""A quadratic response surface around the best point, with its uncertainty.

The loss in a box of the parameters' ranges is taken to be a quadratic function, fitted by least
squares (Box and Wilson 1951) in which worse points count less. How far off the fit may be is found
by resampling: the runs are drawn with replacement, the same at every point, and what the surface
leaves unexplained changes its sign at random (the wild bootstrap of Wu 1986), so that both the
noise of the runs and the error of the quadratic form count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relsim.experiments.objectives import (
    ROUNDING,
    Objective,
    least_excess,
    mean_over_runs,
    resampled_means,
)
from relsim.stats import Values

GRID = 33  # points along a line through the box
STEPS = 500  # of a search for the lowest point; its error is far below the noise then


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
        """Whether points [P, K] are inside, [P]."""
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
    inside: Values = generator.permuted(slices, axis=1).T + generator.random((count, dimensions))
    return inside / count


def term_count(dimensions: int) -> int:
    """The number of coefficients of a quadratic: 1 + 2 K + K (K - 1)/2."""
    return 1 + 2 * dimensions + dimensions * (dimensions - 1) // 2


@dataclass(frozen=True)
class Surface:
    """A fitted quadratic.

    Attributes:
        objective: whose loss it gives.
        box: where it holds; inside, coordinates run from -1 to 1.
        coefficients: [Q], in the order of :func:`terms`.
        resampled: the same of each resample, [Q, B].
        explained: the share of the variance of the losses that it explains, minus what as many
            coefficients explain of mere noise (adjusted R²: Wherry 1931); below 0 by chance.
        points: how many it was fitted to.
        runs: R, of each of these points.
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
    runs: int
    ridge: float
    rounding: float

    def losses(self, points: Values) -> Values:
        """The fitted losses of points [P, K] of the unit cube, [P]."""
        fitted: Values = terms(self._inside(points)) @ self.coefficients
        return fitted

    def as_well(self, points: Values, reference: Values) -> NDArray[np.bool_]:
        """Whether points [P, K] fit as well as the reference, as far as resamples can tell, [P]."""
        difference = terms(self._inside(points)) - terms(self._inside(reference[np.newaxis]))
        least = least_excess(difference @ self.coefficients, difference @ self.resampled, self.runs)
        as_well: NDArray[np.bool_] = least <= self.rounding
        return as_well

    def minimum(self) -> Values:
        """The point [K] of the box with the lowest loss, within the noise nearer the middle."""
        start, free = np.zeros((1, len(self.box.low))), np.ones(len(self.box.low), dtype=bool)
        return self._outside(self._lowest(start, free, self.ridge))[0]

    def valley(self, column: int, center: Values, *, exact: bool) -> Values:
        """Points [G, K] along one parameter, each with the lowest loss that the others allow.

        The middle is preferred within the noise, unless they are to be ``exact``.
        """
        line = np.tile(self._inside(center[np.newaxis]), (GRID, 1))
        line[:, column] = np.linspace(-1.0, 1.0, GRID)
        free = np.arange(line.shape[1]) != column
        return self._outside(self._lowest(line, free, 0.0 if exact else self.ridge))

    def _lowest(self, start: Values, free: NDArray[np.bool_], ridge: float) -> Values:
        """Points [P, K] of lowest loss, in coordinates of the box, all but the free ones fixed.

        Accelerated projected gradients (Beck and Teboulle 2009), begun again where they go up
        (O'Donoghue and Candès 2015).
        """
        gradient, hessian = derivatives(self.coefficients, start.shape[1])
        hessian = hessian + 2 * ridge * np.eye(len(gradient))
        steepest = float(np.abs(np.linalg.eigvalsh(hessian)).max())
        if steepest == 0.0:
            steepest = max(float(np.abs(gradient).max()), 1.0)
        x = ahead = start
        momentum = 1.0
        for _ in range(STEPS):
            slope = np.where(free, gradient + ahead @ hessian, 0.0)
            moved = np.clip(ahead - slope / steepest, -1.0, 1.0)
            if float((slope * (moved - x)).sum()) > 0:
                momentum = 1.0
            later = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = moved + (momentum - 1) / later * (moved - x)
            if np.array_equal(moved, x):
                break
            x, momentum = moved, later
        return x

    def _outside(self, x: Values) -> Values:
        points: Values = np.clip(self.box.center + self.box.half * x, self.box.low, self.box.high)
        return points

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


def _weights(losses: Values) -> Values:
    """Square roots of the weights [P] of a fit, which is of the valley and not of the hills.

    1 for the best point, a half where the loss is above the best by as much as a quarter of the
    points have.
    """
    excess = losses - losses.min()
    near = float(np.quantile(excess, 0.25)) or float(excess.max()) or 1.0
    weights: Values = 1 / (1 + excess / near)
    return weights


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
    weights = _weights(losses)
    pseudo = np.linalg.pinv(design * weights[:, np.newaxis]) * weights
    coefficients = pseudo @ losses
    left = losses - design @ coefficients
    again = objective.losses(resampled_means(outcomes[used], generator))
    again = np.where(np.isfinite(again), again, losses[:, np.newaxis])
    signs = generator.choice([-1.0, 1.0], again.shape)
    unexplained = np.sqrt(len(design) / freedom) * left[:, np.newaxis]
    resampled = pseudo @ (again + signs * unexplained)
    steps = design - terms(np.zeros((1, points.shape[1])))
    middle = np.average(losses, weights=weights**2)
    variance = float(np.average((losses - middle) ** 2, weights=weights**2))
    unexplained_share = float(np.average(left**2, weights=weights**2)) / (variance or 1.0)
    unexplained_share *= (len(design) - 1) / freedom
    return Surface(
        objective,
        box,
        coefficients,
        resampled,
        1.0 - unexplained_share,
        len(design),
        outcomes.shape[1],
        float(np.median((steps @ resampled).std(axis=1))),
        ROUNDING * float(np.ptp(losses)),
    )
