"""Proper scores of forecasts, and how well their bands cover.

CRPS and logarithmic score are proper: no forecaster gains by saying other than it believes
(Gneiting and Raftery 2007). Both fall as forecasts get better.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

GRID: Values = np.linspace(-1.0, 1.0, 401)  # cooperation, in steps of 0.005
MIDDLES: Values = (GRID[1:] + GRID[:-1]) / 2  # of its cells
_STEP = GRID[1] - GRID[0]
_TOLERANCE = 1e-9
BIN = 0.05  # width of the bins of the logarithmic score, in units of cooperation
_PER_BIN = round(BIN / _STEP)
LEAST_PROBABILITY = 1e-6  # keeps one surprise from deciding a mean: at most 10.8 nats


@dataclass(frozen=True)
class Predictive:
    """Predictive distributions of cooperation in [-1, 1], any shape, with atoms at the ends.

    Between the points of ``GRID`` the distribution functions are straight lines.

    Attributes:
        cdf: P(value ≤ x) at each x of ``GRID``, [N, G], but P(value < 1) in the last column.
            So the first column is the probability of -1 itself, and 1 less the last that of 1.
    """

    cdf: Values

    def of(self, rows: Flags) -> Predictive:
        """Some of the distributions."""
        return Predictive(self.cdf[rows])

    def at_one(self) -> Values:
        """Probabilities of the value 1 itself, [N]."""
        return np.asarray(1.0 - self.cdf[:, -1])

    def mean(self) -> Values:
        """Their means, [N]."""
        return np.asarray(1.0 - np.trapezoid(self.cdf, GRID, axis=1))

    def quantiles(self, probability: float) -> Values:
        """The values that have a probability at or below them, [N]."""
        cdf = self.cdf
        right = (cdf >= probability).argmax(axis=1)
        right = np.where(cdf[:, -1] < probability, len(GRID) - 1, right)
        rows, left = np.arange(len(cdf)), np.maximum(right - 1, 0)
        rise = np.maximum(cdf[rows, right] - cdf[rows, left], _TOLERANCE)
        back = np.clip((cdf[rows, right] - probability) / rise, 0.0, 1.0)
        found: Values = GRID[right] - _STEP * np.where(right > left, back, 0.0)
        return found

    def band(self, level: float) -> tuple[Values, Values]:
        """Band that leaves out as much on either side: its ends, [N] each, for a level like 0.8.

        Where 1 itself has more than is left out above, the band reaches to 1 and all that is left
        out lies below: else it would hold more than its level. The same the other way at -1.
        A band whose end is more probable than its level is that end alone, and holds as much: a
        50 % band holds 69 % where 1 itself has 69 %.
        """
        tail = (1 - level) / 2
        ended = self.at_one() > tail
        begun = (self.cdf[:, 0] > tail) & ~ended
        lower = np.where(ended, self.quantiles(2 * tail), self.quantiles(tail))
        upper = np.where(begun, self.quantiles(1 - 2 * tail), self.quantiles(1 - tail))
        return lower, np.where(ended, 1.0, upper)

    def covered(self, values: Values, level: float) -> Flags:
        """Which values lie in their band, ends included, [N]."""
        lower, upper = self.band(level)
        inside: Flags = (values >= lower - _TOLERANCE) & (values <= upper + _TOLERANCE)
        return inside

    def crps(self, values: Values, weights: Values | None = None) -> Values:
        """Continuous ranked probability scores, ∫ w(x) (F(x) - 1{value ≤ x})² dx, [N].

        Args:
            values: that came, [N].
            weights: w of the cells of the grid, [N, G - 1]; 1 where not given. They may not
                depend on the values that came (Gneiting and Ranjan 2011).
        """
        cdf = self.cdf
        middle = (cdf[:, 1:] + cdf[:, :-1]) / 2
        above = np.clip((GRID[1:] - values[:, np.newaxis]) / _STEP, 0.0, 1.0)
        squares = (1 - above) * middle**2 + above * (1 - middle) ** 2
        weighted = squares if weights is None else weights * squares
        scores: Values = _STEP * weighted.sum(axis=1)
        return scores

    def log_score(self, values: Values) -> Values:
        """Minus log of the density of the value's bin (twentieths of cooperation), [N], in nats.

        Bins give the atom at 1 and densities a common measure, the same for all forecasters.
        """
        edges = self.cdf[:, ::_PER_BIN].copy()
        edges[:, 0], edges[:, -1] = 0.0, 1.0
        bins = edges.shape[1] - 1
        place = np.clip(np.ceil((values + 1) / BIN - _TOLERANCE).astype(int) - 1, 0, bins - 1)
        probability = np.diff(edges, axis=1)[np.arange(len(values)), place]
        scores: Values = -np.log(np.maximum(probability, LEAST_PROBABILITY) / BIN)
        return scores

    def pit(self, values: Values) -> tuple[Values, Values]:
        """Probability integral transforms: P(X < value) and P(X ≤ value), [N] each.

        They differ where the value is an atom; a calibrated forecaster's are uniform once each
        is spread evenly between the two (Czado, Gneiting and Held 2009).
        """
        cdf = self.cdf
        place = (values + 1) / _STEP
        left = np.clip(np.floor(place).astype(int), 0, len(GRID) - 2)
        share = place - left
        rows = np.arange(len(values))
        below = (1 - share) * cdf[rows, left] + share * cdf[rows, left + 1]
        upto = np.where(values >= 1.0 - _TOLERANCE, 1.0, below)
        upto = np.where(values <= -1.0 + _TOLERANCE, self.cdf[:, 0], upto)
        below = np.where(values <= -1.0 + _TOLERANCE, 0.0, below)
        return below, upto


def clipped_normal(means: Values, deviations: Values) -> Predictive:
    """Normal distributions [N] whose mass beyond -1 and 1 sits on those ends."""
    return Predictive(ndtr((GRID - means[:, np.newaxis]) / deviations[:, np.newaxis]))


def crps_normal(means: Values, deviations: Values, values: Values) -> Values:
    """CRPS of normal distributions (Gneiting et al. 2005, equation 5), [N]."""
    z = (values - means) / deviations
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    scores: Values = deviations * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    return scores


def crps_members(members: Values, values: Values) -> Values:
    """Fair CRPS of ensembles [R, N] at values [N], unbiased for two runs or more (Ferro 2014)."""
    runs = len(members)
    ranked = np.sort(members, axis=0)
    weights = 2 * np.arange(1, runs + 1) - runs - 1
    spread = (weights[:, np.newaxis] * ranked).sum(axis=0) / (runs * (runs - 1))
    scores: Values = np.abs(members - values).mean(axis=0) - spread
    return scores


def pit_histogram(below: Values, upto: Values, bins: int = 10) -> Values:
    """Shares of the PIT in equal bins, [bins]; each is 1/bins for a calibrated forecaster.

    Args:
        below: P(X < value), [N].
        upto: P(X ≤ value), [N].
        bins: their number.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    width = np.maximum(upto - below, _TOLERANCE)[:, np.newaxis]
    cumulated = np.clip((edges - below[:, np.newaxis]) / width, 0.0, 1.0)
    cumulated[:, -1] = 1.0
    shares: Values = np.diff(cumulated, axis=1).mean(axis=0)
    return shares
