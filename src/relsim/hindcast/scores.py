"""Proper scores of forecasts, how well their bands cover, and how sure ratios of scores are.

CRPS and logarithmic score are proper: no forecaster gains by saying other than it believes
(Gneiting and Raftery 2007). Both fall as forecasts get better.

Pairs that share a state, and years, err together. So the covariance of mean scores is that of sums
over clusters: of each state's forecasts, and of each block of years (the cluster-robust variance of
several ways: Cameron, Gelbach and Miller 2011, of pairs: Aronow, Samii and Assenova 2015). Their
formulas subtract what is counted twice; with few clusters that is estimated so badly that intervals
would be too narrow, so it stays, and the estimate is rather too large (MacKinnon, Nielsen and Webb
2021). Few clusters make the tails those of Student's t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr

from relsim.hindcast.panel import Flags, Values
from relsim.stats import Estimate

GRID: Values = np.linspace(-1.0, 1.0, 401)  # cooperation, in steps of 0.005
MIDDLES: Values = (GRID[1:] + GRID[:-1]) / 2  # of its cells
_STEP = GRID[1] - GRID[0]
_TOLERANCE = 1e-9
BIN = 0.05  # width of the bins of the logarithmic score, in units of cooperation
LEAST_PROBABILITY = 1e-6  # keeps one surprise from deciding a mean: at most 10.8 nats

DRAWS = 2000
INTERVAL = (0.025, 0.975)
LEAST_BLOCKS = 3  # of years, below which nothing is known of how years differ
_LEAST_SCORE = 1e-12  # a mean score, for its logarithm


@dataclass(frozen=True)
class Predictive:
    """Predictive distributions of cooperation in [-1, 1], any shape, with atoms at the ends.

    Between the points of ``GRID`` the distribution functions are straight lines.

    Attributes:
        cdf: P(value ≤ x) at each x of ``GRID``, [N, G], but P(value < 1) in the last column.
            So the first column is the probability of -1 itself, and 1 minus the last that of 1.
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
        return np.asarray(GRID[right] - _STEP * np.where(right > left, back, 0.0))

    def band(self, level: float) -> tuple[Values, Values]:
        """The ends of the band of a level such as 0.8, with as much left out on either side, [N].

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
        """Whether each value lies in its band, ends included, [N]."""
        lower, upper = self.band(level)
        return (values >= lower - _TOLERANCE) & (values <= upper + _TOLERANCE)

    def crps(self, values: Values, weights: Values | None = None) -> Values:
        """Continuous ranked probability scores, ∫ w(x) (F(x) - 1{value ≤ x})² dx, [N].

        Args:
            values: the outcomes, [N].
            weights: w of the cells of the grid, [N, G - 1]; 1 by default. They may not depend on
                the outcomes (Gneiting and Ranjan 2011).
        """
        middle = (self.cdf[:, 1:] + self.cdf[:, :-1]) / 2
        above = np.clip((GRID[1:] - values[:, np.newaxis]) / _STEP, 0.0, 1.0)
        squares = (1 - above) * middle**2 + above * (1 - middle) ** 2
        weighted = squares if weights is None else weights * squares
        return np.asarray(_STEP * weighted.sum(axis=1))

    def log_score(self, values: Values) -> Values:
        """Minus log of the density of the value's bin (twentieths of cooperation), [N], in nats.

        Bins give the atom at 1 and densities a common measure, the same for all forecasters.
        """
        edges = self.cdf[:, :: round(BIN / _STEP)].copy()
        edges[:, 0], edges[:, -1] = 0.0, 1.0
        bins = edges.shape[1] - 1
        column = np.clip(np.ceil((values + 1) / BIN - _TOLERANCE).astype(int) - 1, 0, bins - 1)
        probability = np.diff(edges, axis=1)[np.arange(len(values)), column]
        return np.asarray(-np.log(np.maximum(probability, LEAST_PROBABILITY) / BIN))

    def pit(self, values: Values) -> tuple[Values, Values]:
        """Probability integral transforms: P(X < value) and P(X ≤ value), [N] each.

        They differ where the value is an atom; a calibrated forecaster's are uniform once each
        is spread evenly between the two (Czado, Gneiting and Held 2009).
        """
        steps = (values + 1) / _STEP
        left = np.clip(np.floor(steps).astype(int), 0, len(GRID) - 2)
        share, rows = steps - left, np.arange(len(values))
        below = (1 - share) * self.cdf[rows, left] + share * self.cdf[rows, left + 1]
        upto = np.where(values >= 1.0 - _TOLERANCE, 1.0, below)
        upto = np.where(values <= -1.0 + _TOLERANCE, self.cdf[:, 0], upto)
        return np.where(values <= -1.0 + _TOLERANCE, 0.0, below), upto


def clipped_normal(means: Values, deviations: Values) -> Predictive:
    """Normal distributions [N] whose mass beyond -1 and 1 sits on those ends."""
    return Predictive(ndtr((GRID - means[:, np.newaxis]) / deviations[:, np.newaxis]))


def pit_histogram(below: Values, upto: Values, bins: int = 10) -> Values:
    """Shares of the PIT in equal bins, [bins]; each is 1/bins for a calibrated forecaster.

    Args:
        below, upto: P(X < value) and P(X ≤ value), [N].
        bins: their number.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    width = np.maximum(upto - below, _TOLERANCE)[:, np.newaxis]
    cumulated = np.clip((edges - below[:, np.newaxis]) / width, 0.0, 1.0)
    cumulated[:, -1] = 1.0
    return np.asarray(np.diff(cumulated, axis=1).mean(axis=0))


@dataclass(frozen=True)
class MeanScores:
    """Mean scores of forecasters on the same cases, and draws of what they might have been.

    Attributes:
        means: by forecaster.
        drawn: their logarithms in each draw, [draws] by forecaster.
        blocks: of years that the draws vary over; 0 where the years are taken as they were.
    """

    means: pd.Series
    drawn: pd.DataFrame
    blocks: int

    def ratio(self, name: str, bases: Sequence[str]) -> Estimate:
        """A forecaster's mean score over the lowest of some others', with its 95 % interval.

        Each draw has its own lowest. The lowest of several is too low on average, and in draws
        twice so; the interval is therefore that of the draws, reflected about the ratio (the basic
        interval of Davison and Hinkley 1997, section 5.2). A forecaster that is one of the bases is
        never below 1.
        """
        logs = np.log(np.maximum(self.means, _LEAST_SCORE))
        log = float(logs[name] - logs[list(bases)].min())
        drawn = self.drawn[name] - self.drawn[list(bases)].min(axis=1)
        low, high = (2 * log - drawn.quantile(share) for share in reversed(INTERVAL))
        least = 0.0 if name in bases else -np.inf
        low, high = np.exp(np.maximum([low, high], least))
        return Estimate(float(np.exp(log)), float(low), float(high))


def mean_scores_of(
    rows: pd.DataFrame, score: str = "crps", span: int = 1, draws: int = DRAWS, seed: int = 1
) -> MeanScores:
    """Mean scores with what they might have been, had other states and years been measured.

    Years are varied in blocks as long as a forecast looks ahead, since forecasts whose years
    overlap share their shocks. With fewer than three blocks the draws are over states alone, and
    the intervals hold for these years only.

    Args:
        rows: ``dyad, year, forecaster, weight`` and the score, each case of each forecaster.
        score: its column.
        span: years that a forecast looks ahead.
        draws: how many.
        seed: of them.
    """
    first, last = rows["year"].min(), rows["year"].max()
    whole = max(1, (last - first + 1) // span)  # blocks; what is left over joins the last
    cells = rows.assign(
        total=rows[score] * rows["weight"],
        block=((rows["year"] - first) // span).clip(upper=whole - 1),
    )
    totals, counts = (
        cells.pivot_table(
            index=["dyad", "block"], columns="forecaster", values=column, aggfunc="sum"
        )
        for column in ("total", "weight")
    )
    means = totals.sum() / counts.sum()
    # By how much each pair and block of years moves the logarithm of the mean, [pairs·blocks, F].
    moves = (totals - counts * means) / (counts.sum() * np.maximum(means, _LEAST_SCORE))
    covariance, blocks, freedom = _covariance(moves)
    stream = np.random.default_rng(seed)
    variances, axes = np.linalg.eigh(covariance)
    normal = stream.standard_normal((draws, len(means))) * np.sqrt(np.maximum(variances, 0.0))
    stretch = np.sqrt(freedom / stream.chisquare(freedom, (draws, 1)))
    logs = np.log(np.maximum(means.to_numpy(), _LEAST_SCORE)) + stretch * normal @ axes.T
    return MeanScores(means, pd.DataFrame(logs, columns=means.index), blocks)


def _covariance(moves: pd.DataFrame) -> tuple[Values, int, int]:
    """Covariance [F, F] of logs of means; how many blocks it varies over; degrees of freedom.

    A pair's own chance is in the sums of both of its states and in those of years. Where there is
    little else, intervals are up to √3 times too wide.
    """
    by_pair = moves.groupby(level="dyad", sort=True).sum()
    by_block = moves.groupby(level="block").sum()
    ends = np.array([str(dyad).split("-") for dyad in by_pair.index])
    states = np.unique(ends)
    joins = (ends[:, :, np.newaxis] == states).sum(axis=1).astype(np.float64)
    of_states = _between(joins.T @ by_pair.to_numpy())
    if len(by_block) < LEAST_BLOCKS:
        return of_states, 0, max(len(states) - 1, 1)
    of_years = _between(by_block.to_numpy())
    freedom = max(min(len(states), len(by_block)) - 1, 1)
    return of_states + of_years, len(by_block), freedom


def _between(sums: Values) -> Values:
    """Covariance [F, F] of a total by its sums over clusters, [C, F]."""
    return sums.T @ sums * (len(sums) / max(len(sums) - 1, 1))
