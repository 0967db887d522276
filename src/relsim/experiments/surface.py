"""A quadratic response surface around the best point, and which parameters it pins down.

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
PINNED_DOWN = "pinned down"
PINNED = 0.25  # of the allowed range: a parameter is pinned down where less of it fits as well
PARTNER = 0.3  # of a parameter's move: another one that moves with it as much makes up for it
SURELY = 3.0  # standard deviations of the resamples
LOOSE = 0.01  # of the squared length of a parameter's axis
WIDER = 3  # times as wide is the next box where all of this one fits as well
LEAST_HALF = 0.01  # of the allowed range: no box is smaller


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


# What is pinned down
@dataclass(frozen=True)
class Identified:
    """What a surface says of each parameter; all in shares of the allowed ranges.

    Attributes:
        surface: the surface.
        center: its lowest point, [K].
        refitted: the lowest and highest value [K, 2] that fits as well as the centre by the
            surface, with all other parameters fitted anew.
        ends: the points [K, 2, K] at which these are reached.
        confirmed: whether simulations there fit as well too, [K, 2].
        alone: the same with the others held at the centre.
        errors: standard errors [K], from curvature and the noise of the slope; NaN where the
            loss does not surely curve upwards along the parameter.
        partners: of each parameter, those that make up for it when it moves.
        directions: the eigenvectors of the curvature, [K, K], a row each, the steepest first.
        curvatures: their eigenvalues [K], loss per squared range.
        lengths: how far [K] one can go along each, within the box, and fit as well.
        profile: the lowest loss along each parameter, [K, G].
    """

    surface: Surface
    center: Values
    refitted: Values
    ends: Values
    confirmed: NDArray[np.bool_]
    alone: Values
    errors: Values
    partners: tuple[tuple[int, ...], ...]
    directions: Values
    curvatures: Values
    lengths: Values
    profile: Values

    @property
    def cut(self) -> NDArray[np.bool_]:
        """Where a range ends [K, 2] because the box does and not because the fit gets worse."""
        box = self.surface.box
        low = (self.refitted[:, 0] <= box.low) & (box.low > 0)
        high = (self.refitted[:, 1] >= box.high) & (box.high < 1)
        return np.column_stack([low, high]) & self.confirmed


def identify(
    objective: Objective, box: Box, points: Values, outcomes: Values, seed: int
) -> Identified | None:
    """What the points [P, K] with outcomes [P, R] say within a box; None where they are too few."""
    generator = np.random.default_rng([seed, 1951])
    surface = fit_surface(objective, box, points, outcomes, generator)
    if surface is None:
        return None
    center = surface.minimum()
    size = len(center)
    lines = [surface.valley(k, center, exact=False) for k in range(size)]
    both = [np.vstack([lines[k], surface.valley(k, center, exact=True)]) for k in range(size)]
    straight = [_straight_line(box, k, center) for k in range(size)]
    curvatures, directions = _eigen(surface)
    return Identified(
        surface=surface,
        center=center,
        refitted=np.array([_range(surface, both[k], k, center) for k in range(size)]),
        ends=np.array([_ends(surface, both[k], k, center) for k in range(size)]),
        confirmed=np.ones((size, 2), dtype=bool),
        alone=np.array([_range(surface, straight[k], k, center) for k in range(size)]),
        errors=_errors(surface, center),
        partners=tuple(_partners(lines[k], k) for k in range(size)),
        directions=directions,
        curvatures=curvatures,
        lengths=np.array([_length(surface, direction, center) for direction in directions]),
        profile=np.array([surface.losses(line) for line in lines]),
    )


def _straight_line(box: Box, k: int, center: Values) -> Values:
    line = np.tile(center, (GRID, 1))
    line[:, k] = np.linspace(box.low[k], box.high[k], GRID)
    return line


def _range(surface: Surface, line: Values, k: int, center: Values) -> tuple[float, float]:
    """The values of a parameter along a line that fit as well; half a step more where it ends."""
    values = np.append(line[surface.as_well(line, center), k], center[k])
    step, box = surface.box.half[k] / (GRID - 1), surface.box
    low, high = float(values.min()) - step, float(values.max()) + step
    return max(low, float(box.low[k])), min(high, float(box.high[k]))


def _ends(surface: Surface, line: Values, k: int, center: Values) -> Values:
    """The points [2, K] of a line with the lowest and the highest value that fits as well."""
    as_well = np.vstack([center, line[surface.as_well(line, center)]])
    return as_well[[as_well[:, k].argmin(), as_well[:, k].argmax()]]


def _partners(line: Values, k: int) -> tuple[int, ...]:
    moved = np.abs(line[-1] - line[0])
    if not moved[k] > 0:
        return ()
    others = np.flatnonzero(moved >= PARTNER * moved[k]).tolist()
    return tuple(other for other in others if other != k)


def _eigen(surface: Surface) -> tuple[Values, Values]:
    """Curvatures [K] and directions [K, K] in shares of the ranges, the steepest first."""
    half = surface.box.half
    _, hessian = derivatives(surface.coefficients, len(half))
    values, vectors = np.linalg.eigh(hessian / np.outer(half, half))
    directions = vectors.T[::-1]
    largest = directions[np.arange(len(half)), np.abs(directions).argmax(axis=1)]
    return values[::-1], directions * np.sign(largest)[:, np.newaxis]


def _length(surface: Surface, direction: Values, center: Values) -> float:
    """How far one can go along a direction and fit as well, both ways, within the box."""
    with np.errstate(divide="ignore", invalid="ignore"):
        to_low = (surface.box.low - center) / direction
        to_high = (surface.box.high - center) / direction
    moving = direction != 0
    first = float(np.minimum(to_low, to_high)[moving].max())
    last = float(np.maximum(to_low, to_high)[moving].min())
    steps = np.linspace(first, last, GRID)
    line = np.clip(center + steps[:, np.newaxis] * direction, surface.box.low, surface.box.high)
    as_well = np.append(steps[surface.as_well(line, center)], 0.0)
    return float(np.ptp(as_well))


def _errors(surface: Surface, center: Values) -> Values:
    """√diag(H⁻¹ S H⁻¹), with H the Hessian and S the covariance of the slope at the centre.

    Only along directions whose curvature is surely above 0; NaN for what lies along others.
    """
    size, half = len(center), surface.box.half
    x = (center - surface.box.center) / half
    drawn = [derivatives(coefficients, size) for coefficients in surface.resampled.T]
    bends = np.array([bend for _, bend in drawn])
    slopes = np.array([slope for slope, _ in drawn]) + bends @ x
    curvatures, vectors = np.linalg.eigh(derivatives(surface.coefficients, size)[1])
    along = np.einsum("ki,bkl,li->bi", vectors, bends, vectors)
    noise = np.maximum(SURELY * along.std(axis=0, ddof=1), surface.rounding)
    sure = curvatures > noise
    inverse = np.where(sure, 1.0, 0.0) / np.where(sure, curvatures, 1.0)
    moves = (slopes @ vectors * inverse) @ vectors.T
    errors: Values = half * moves.std(axis=0, ddof=1)
    loose = (vectors[:, ~sure] ** 2).sum(axis=1) > LOOSE
    return np.where(loose | (errors > 1), np.nan, errors)


def first_box(objective: Objective, points: Values, losses: Values) -> Box:
    """Around the best point, as wide as the best fifth of the points is spread."""
    ranked = np.argsort(np.where(np.isfinite(losses), losses, np.inf), kind="stable")
    good = points[ranked[: max(len(points) // 5, 4)]]
    half = np.ptp(good, axis=0) / 2
    return box_around(points[ranked[0]], np.clip(half, 0.1, 0.5))


def next_box(seen: Identified, best: Values) -> Box:
    """Around the best point: wider where all of the box fits as well, narrower where little does,
    or where the simulations do not confirm what the surface says.

    The same box where none of these is so.
    """
    box, half = seen.surface.box, seen.surface.box.half
    length = seen.refitted[:, 1] - seen.refitted[:, 0]
    wider, refuted = np.asarray(seen.cut.any(axis=1)), ~seen.confirmed.all(axis=1)
    narrow = ~wider & ~refuted & (length < half / 2)
    factor = np.where(wider & ~refuted, WIDER, np.where(refuted & ~wider, 0.5, 1.0))
    if not (narrow | (factor != 1.0)).any():
        return box
    half = np.where(narrow, length, factor * half)
    return box_around(best, np.clip(half, LEAST_HALF, 0.5))


def states(ranges: Values, seen: Identified) -> list[str]:
    """Of each parameter: ``pinned down``, ``only together`` or ``not pinned down``.

    Args:
        ranges: the values [K, 2] that fit as well, in shares of the allowed ranges.
        seen: what the surface says.
    """
    together = [
        "only together" if alone < PINNED and partners else "not pinned down"
        for alone, partners in zip(np.ptp(seen.alone, axis=1), seen.partners, strict=True)
    ]
    pinned = (np.ptp(ranges, axis=1) < PINNED) & ~seen.cut.any(axis=1)
    return [PINNED_DOWN if sure else word for sure, word in zip(pinned, together, strict=True)]


def whole_range(seen: Identified | None, points: Values) -> Values:
    """The values [K, 2] that fit as well: those of points [P, K] that do, and those of the surface
    as far as simulations confirm it."""
    low, high = points.min(axis=0), points.max(axis=0)
    if seen is not None:
        surely = np.where(seen.confirmed, seen.refitted, seen.center[:, np.newaxis])
        low, high = np.minimum(surely[:, 0], low), np.maximum(surely[:, 1], high)
    return np.column_stack([low, high])
