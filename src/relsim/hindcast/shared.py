"""What all pairs have in common: the world's own drift, and how a source coded a year.

The pulls of all pairs of a year are higher or lower together by a sum of two parts, one that
lasts (a random walk) and one that is gone the next year. Given the sum, pairs are apart again; so a
normal belief about it is learned from all pairs first, and each pair then learns from what is
left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Shared:
    """A normal belief about the lasting part, 0 in the first year.

    Attributes:
        mean: in pulls.
        variance: of that.
    """

    mean: float = 0.0
    variance: float = 0.0

    def ahead(self, drift: float, years: int) -> Shared:
        """Some years on, with ``drift`` in pulls per √year."""
        return Shared(self.mean, self.variance + drift**2 * years)


@dataclass(frozen=True)
class Learned:
    """What the values of a year say.

    Attributes:
        shared: the belief about the lasting part after the year.
        offset: both parts of the year together, in pulls.
        variance: of that.
        log_density: what the log density of all values changes by, beside the pairs' own terms at
            this offset (Laplace's approximation to the integral over it).
    """

    shared: Shared
    offset: float
    variance: float
    log_density: float


def learn(shared: Shared, passing: float, pulls: Values, precisions: Values) -> Learned:
    """Learn from all pairs of a year.

    Args:
        shared: the belief before it.
        passing: standard deviation of the part that is gone the next year, in pulls; above 0.
        pulls: how much higher than expected each pair is, times its precision, [P].
        precisions: of that, [P]; 0 where there is no value.
    """
    before = shared.variance + passing**2
    variance = 1 / (1 / before + float(precisions.sum()))
    step = variance * float(pulls.sum())
    lasts = shared.variance / before
    after = Shared(shared.mean + lasts * step, shared.variance - lasts**2 * (before - variance))
    density = (np.log(variance / before) - step**2 / before) / 2
    return Learned(after, shared.mean + step, variance, float(density))
