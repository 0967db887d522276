"""Whether the status quo holds: the spectral radius of the step map at the opening.

The step map without noise and events takes postures to postures. Where its spectral radius is
1 or more, small departures grow instead of fading, and the model runs away from its opening.
Alignment draws to a mean, so it cannot bring this about; rivalry and reciprocity can.
This is plain NumPy on purpose: validating a file needs no compiled code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from relsim.errors import Position, Problem
from relsim.model.plan import NONE, Compiled, Numbers
from relsim.model.structs import Floats

LIMIT = 0.999  # as in relsim.model.rules
DENSE = 64  # up to so many postures, all eigenvalues; above, the leading one
RESTARTS = 30  # of the search for the leading one to machine precision; then it is found roughly,
COARSE = 1e-4  # relative: warnings show three decimals
SUSPECTS = 12  # how many of the strongest interests are tried one by one


@dataclass(frozen=True)
class Stability:
    """Of the opening, with uncertain numbers at their median.

    Attributes:
        radius: spectral radius of the step map; below 1 departures from the opening fade.
        causes: where it is 1 or more, the interests whose removal lowers it most, as paths,
            with the radius without them.
    """

    radius: float
    causes: tuple[tuple[str, float], ...] = ()

    @property
    def stable(self) -> bool:
        """Whether the status quo holds."""
        return self.radius < 1.0


def stability(compiled: Compiled) -> Stability:
    """The stability of a scenario's opening."""
    numbers = compiled.numbers
    radius = spectral_radius(compiled, numbers)
    if radius < 1.0:
        return Stability(radius)
    return Stability(radius, tuple(_causes(compiled, numbers, radius)))


def _causes(compiled: Compiled, numbers: Numbers, radius: float) -> list[tuple[str, float]]:
    """Interests, strongest first, whose removal lowers the radius."""
    suspects = [
        (-weight, "weight", i, k)
        for (i, k), weight in np.ndenumerate(numbers.weight)
        if weight < 0.0
    ]
    suspects += [
        (abs(value), "reciprocity", i, i) for i, value in enumerate(numbers.reciprocity) if value
    ]
    tried = []
    for _, block, i, k in sorted(suspects, reverse=True)[:SUSPECTS]:
        place = (i, k) if block == "weight" else (i,)
        changed = getattr(numbers, block).copy()
        changed[place] = 0.0
        without = spectral_radius(compiled, numbers.replace(**{block: changed}))
        code = compiled.states[i]
        path = (
            f"{code}.ties.{compiled.states[k]}" if block == "weight" else f"{code}.traits.{block}"
        )
        tried.append((without, path))
    return [(path, without) for without, path in sorted(tried)[:3] if without < radius - 1e-6]


def spectral_radius(compiled: Compiled, numbers: Numbers) -> float:
    """The largest modulus among the eigenvalues of the step map's derivative at the opening."""
    step = step_derivative(compiled, numbers)
    shape = numbers.opening.shape
    size = int(np.prod(shape))
    if size <= DENSE:
        columns = [step(unit.reshape(shape)).ravel() for unit in np.eye(size)]
        return float(np.abs(np.linalg.eigvals(np.array(columns))).max())
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

    operator = LinearOperator(
        (size, size), matvec=lambda vector: step(vector.reshape(shape)).ravel(), dtype=float
    )
    options = {"k": 1, "which": "LM", "return_eigenvectors": False, "v0": np.ones(size)}
    with threadpool_limits(limits=1, user_api="blas"):  # threads wait longer than they work
        try:
            leading = eigs(operator, maxiter=RESTARTS, **options)
        except ArpackNoConvergence:  # many eigenvalues are nearly alike
            leading = eigs(operator, tol=COARSE, **options)
    return float(np.abs(leading).max())


def step_derivative(compiled: Compiled, numbers: Numbers) -> Callable[[Floats], Floats]:
    """The derivative of the step map at the opening, as a linear function of postures.

    Where the two postures of a pair are equal, min(p_ij, p_ji) counts half of each.
    """
    alignment, rivalry, mutuality = (
        getattr(numbers, name) for name in ("alignment_gain", "rivalry_gain", "mutuality")
    )
    at_rest, scale = _opening_share(numbers)
    posture, slope = at_rest * scale, scale * (1.0 - at_rest**2) ** 1.5
    interest = numbers.weight * fading_factors(compiled, numbers)
    towards = alignment * np.maximum(interest, 0.0)
    others = towards.sum(axis=1, keepdims=True) - towards  # j is no third party to itself
    by_way_of = towards + rivalry * np.minimum(interest, 0.0)
    kept = np.exp(-numbers.adaptability * compiled.plan.months)[:, None, None]
    share = _share_of_own(posture, mutuality)
    off_diagonal = ~np.eye(len(compiled.states), dtype=bool)[:, :, None]

    def derivative(change: Floats) -> Floats:
        moved = _cooperation(change, share)
        third = np.einsum("ik,kjd->ijd", by_way_of, moved) - others[:, :, None] * moved
        answer = numbers.reciprocity[:, None, None] * (change.swapaxes(0, 1) - change)
        pull = third + answer
        result: Floats = np.where(off_diagonal, kept * change + (1 - kept) * slope * pull, 0.0)
        return result

    return derivative


def opening_postures(numbers: Numbers) -> Floats:
    """Opening postures [N, N, D], kept to what both states can afford."""
    share, scale = _opening_share(numbers)
    postures: Floats = share * scale
    return postures


def _opening_share(numbers: Numbers) -> tuple[Floats, Floats]:
    """Opening postures as shares of what they are scaled by, and that scale.

    The ceiling counts on the positive side only; at a posture of 0 the mean of both sides.
    """
    ceiling = np.minimum(numbers.capacity[:, None, :], numbers.capacity[None, :, :])
    positive = numbers.opening > 0.0
    affordable = np.where(ceiling > 0.0, ceiling, 1.0)
    share = np.where(positive, numbers.opening / affordable, numbers.opening)
    share = np.where(positive & (ceiling == 0.0), 0.0, share)
    share = np.clip(share, -LIMIT, LIMIT)
    return share, np.where(share > 0.0, ceiling, np.where(share < 0.0, 1.0, (1.0 + ceiling) / 2))


def _share_of_own(posture: Floats, mutuality: float) -> Floats:
    """∂c_ij/∂p_ij: half by the mean, and by the minimum where it is the lower side."""
    other = posture.swapaxes(0, 1)
    lower = np.where(posture < other, 1.0, np.where(posture > other, 0.0, 0.5))
    return (1.0 - mutuality) / 2 + mutuality * lower


def _cooperation(posture: Floats, share: Floats) -> Floats:
    """Cooperation [N, N, D] as the linear function of postures that holds nearby."""
    own = share * posture
    both: Floats = own + own.swapaxes(0, 1)
    both[np.diag_indices(len(both))] = 0.0
    return both


def fading_factors(compiled: Compiled, numbers: Numbers, *, reference: bool = False) -> Floats:
    """The factor of each tie weight at the start [N, N]; of those in force or of the reference."""
    plan = compiled.plan
    fades_with = plan.reference_fades_with if reference else plan.fades_with
    if numbers.context_start.size == 0:
        return np.ones_like(numbers.weight)
    start = numbers.context_start[np.maximum(fades_with, 0)]
    return np.where(fades_with == NONE, 1.0, np.maximum(0.0, 1.0 - start))


def warning(compiled: Compiled, file: str) -> list[Problem]:
    """A warning where the status quo does not hold."""
    result = stability(compiled)
    if result.stable:
        return []
    text = f"The status quo runs away: spectral radius {result.radius:.3f}, at or above 1."
    causes = ", ".join(f"{path} (without it {radius:.3f})" for path, radius in result.causes)
    hint = f"Strongest causes: {causes}." if causes else ""
    return [Problem(Position(file), "unstable-status-quo", text, hint)]
