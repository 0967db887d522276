"""The search for numbers of highest posterior density, kept where they can be computed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Values = NDArray[np.float64]

REACH = 10.0  # prior standard deviations: variances beyond are nothing or overflow


def lowest(
    height: Callable[[Values], float],
    start: Values,
    centres: Values,
    widths: Values,
    ftol: float = 2.2e-9,
) -> Values:
    """The numbers at which a height is least, by L-BFGS-B.

    Where values say nothing against it, as where all are the same, a search goes on to spreads of
    nothing. So numbers are held at ten prior standard deviations, and the height rises beyond.
    (With bounds on all numbers, L-BFGS-B would begin at the bounds, far from where it started.)

    Args:
        height: minus log posterior density.
        start: where to begin.
        centres: of the priors.
        widths: their standard deviations.
        ftol: relative change of the height at which to end.
    """

    def held(numbers: Values) -> Values:
        return np.clip(numbers, centres - REACH * widths, centres + REACH * widths)

    def risen(numbers: Values) -> float:
        kept = held(numbers)
        return height(kept) + float(np.sum(((numbers - kept) / widths) ** 2))

    return held(minimize(risen, start, method="L-BFGS-B", options={"ftol": ftol}).x)
