"""Which parameters the data pin down, and which only together with others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relsim.experiments.objectives import Objective
from relsim.experiments.surface import GRID, Box, Surface, box_around, derivatives, fit_surface
from relsim.stats import Values

PINNED_DOWN = "pinned down"
PINNED = 0.25  # of the allowed range: a parameter is pinned down where less of it fits as well
PARTNER = 0.3  # of a parameter's move: another one that moves with it as much makes up for it
SURELY = 3.0  # standard deviations of the resamples
LOOSE = 0.01  # of the squared length of a parameter's axis
WIDER = 3  # times as wide is the next box where all of this one fits as well
LEAST_HALF = 0.01  # of the allowed range: no box is smaller


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
        grid: values [K, G] along each parameter.
        profile: the lowest loss there, [K, G].
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
    grid: Values
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
        grid=np.array([lines[k][:, k] for k in range(size)]),
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
    drawn = [derivatives(one, size) for one in surface.resampled.T]
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
