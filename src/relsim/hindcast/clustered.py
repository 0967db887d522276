"""How sure ratios of mean scores are, where pairs that share a state and years err together.

The covariance of mean scores is that of sums over clusters: of each state's forecasts, and of each
block of years (the cluster-robust variance of several ways: Cameron, Gelbach and Miller 2011, of
pairs: Aronow, Samii and Assenova 2015). Their formulas subtract what is counted twice; with few
clusters that is estimated so badly that intervals would be too narrow, so it stays, and the
estimate is rather too large (MacKinnon, Nielsen and Webb 2021). Few clusters make the tails those
of Student's t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Values = NDArray[np.float64]

DRAWS = 2000
INTERVAL = (0.025, 0.975)
LEAST_BLOCKS = 3  # of years, below which nothing is known of how years differ
_LEAST = 1e-12  # a mean score, for its logarithm


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

    def ratio(self, name: str, bases: Sequence[str]) -> tuple[float, float, float]:
        """A forecaster's mean score over the least of some others', with its 95 % interval.

        Which of them has the least is asked anew in each draw. The least of several is too low on
        average, and in draws twice so; the interval is therefore the one of draws, reflected about
        the ratio found (the basic interval of Davison and Hinkley 1997, section 5.2). A forecaster
        that is one of the bases is never below 1.
        """
        logs = np.log(np.maximum(self.means, _LEAST))
        found = float(logs[name] - logs[list(bases)].min())
        drawn = self.drawn[name] - self.drawn[list(bases)].min(axis=1)
        low, high = (2 * found - drawn.quantile(share) for share in reversed(INTERVAL))
        least = 0.0 if name in bases else -np.inf
        low, high = np.exp(np.maximum([low, high], least))
        return float(np.exp(found)), float(low), float(high)


def mean_scores_of(
    rows: pd.DataFrame, score: str = "crps", span: int = 1, draws: int = DRAWS, seed: int = 1
) -> MeanScores:
    """Mean scores with what they might have been, had other states and years been measured.

    Years are varied in blocks as long as a forecast looks ahead, since forecasts whose years
    overlap share their shocks. With fewer than three blocks the draws are over states alone, and
    what holds then holds of the years as they were.

    Args:
        rows: ``dyad, year, forecaster, weight`` and the score, each case of each forecaster.
        score: its column.
        span: years that a forecast looks ahead.
        draws: how many.
        seed: of them.
    """
    weight = rows["weight"]
    cells = rows.assign(total=rows[score] * weight, block=_blocks(rows["year"], span))
    keys = ["dyad", "block"]
    totals = cells.pivot_table(index=keys, columns="forecaster", values="total", aggfunc="sum")
    counts = cells.pivot_table(index=keys, columns="forecaster", values="weight", aggfunc="sum")
    means = totals.sum() / counts.sum()
    # By how much each pair and block of years moves the logarithm of the mean, [pairs·blocks, F].
    errors = totals - counts * means
    moves = errors / (counts.sum() * np.maximum(means, _LEAST))
    covariance, blocks, freedom = _covariance(moves)
    stream = np.random.default_rng(seed)
    variances, axes = np.linalg.eigh(covariance)
    normal = stream.standard_normal((draws, len(means))) * np.sqrt(np.maximum(variances, 0.0))
    stretch = np.sqrt(freedom / stream.chisquare(freedom, (draws, 1)))
    logs = np.log(np.maximum(means.to_numpy(), _LEAST)) + stretch * normal @ axes.T
    return MeanScores(means, pd.DataFrame(logs, columns=means.index), blocks)


def _blocks(years: pd.Series, span: int) -> pd.Series:
    """Numbers of blocks of so many years each; what is left over joins the last."""
    first, last = years.min(), years.max()
    whole = max(1, (last - first + 1) // span)
    return ((years - first) // span).clip(upper=whole - 1)


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
    found: Values = sums.T @ sums * (len(sums) / max(len(sums) - 1, 1))
    return found
