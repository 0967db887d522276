"""Objectives of tuning, and how surely a handful of runs tells points apart by them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from relsim.stats import Estimate, Values, jeffreys_interval, mean_interval
from relsim.words import number

Goal: TypeAlias = Literal["lowest", "highest"] | float

RESAMPLES = 1000  # of the runs
CHANCE = 0.01  # a difference that this share of resamples does not show may be noise
ROUNDING = 1e-6  # of the range of losses; smaller differences are none


@dataclass(frozen=True)
class Objective:
    """A measure and what is wanted of it. Its value at a point is the mean over runs.

    Attributes:
        measure: its name among the outcomes.
        goal: ``lowest``, ``highest``, or a value to be reached.
        label: in words, for figures and sentences.
        unit: in words.
        share: whether the measure is 1 or 0 in each run, so that its mean is a share of runs.
    """

    measure: str
    goal: Goal = "lowest"
    label: str = ""
    unit: str = ""
    share: bool = False

    @property
    def name(self) -> str:
        """Its label, or its measure where it has none."""
        return self.label or self.measure

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        return self.goal if isinstance(self.goal, str) else number(self.goal, 4)

    def losses(self, values: Values) -> Values:
        """What is minimised, of any shape: the value, its negative, or its squared distance."""
        if self.goal == "lowest":
            return values
        if self.goal == "highest":
            return -values
        squared: Values = (values - self.goal) ** 2
        return squared


def mean_over_runs(outcomes: Values) -> Values:
    """Means [P] of outcomes [P, R], over the runs that have a value; NaN where none has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of an empty mean
        means: Values = np.nanmean(outcomes, axis=1)
    return means


def error_over_runs(outcomes: Values) -> Values:
    """Standard errors [P] of those means; NaN for fewer than two runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        deviations: Values = np.nanstd(outcomes, axis=1, ddof=1)
    counts = np.isfinite(outcomes).sum(axis=1)
    errors: Values = deviations / np.sqrt(np.maximum(counts, 1))
    return errors


def estimate_over_runs(values: Values, *, share: bool) -> Estimate:
    """The mean of the runs [R] that have a value, with its 95 % interval.

    Student's; of a share that of Jeffreys, as Student's has no width where all runs agree.
    """
    there = values[np.isfinite(values)]
    if not there.size:
        return Estimate(math.nan)
    if share:
        return Estimate(float(there.mean()), *jeffreys_interval(int(there.sum()), len(there)))
    return Estimate(float(there.mean()), *mean_interval(there))


def resampled_means(outcomes: Values, generator: np.random.Generator) -> Values:
    """Means [P, resamples] over runs drawn with replacement, the same runs at every point.

    Their deviations from the means of all R runs are √(R/(R - 1)) times as large as drawn, so that
    their variance is that of a mean without bias.
    """
    runs = outcomes.shape[1]
    drawn = generator.multinomial(runs, np.full(runs, 1 / runs), RESAMPLES).T.astype(np.float64)
    there = np.isfinite(outcomes)
    sums = np.where(there, outcomes, 0.0) @ drawn
    counts = there.astype(np.float64) @ drawn
    means = np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)
    whole = mean_over_runs(outcomes)[:, np.newaxis]
    widened: Values = whole + math.sqrt(runs / max(runs - 1, 1)) * (means - whole)
    return widened


def least_excess(excess: Values, resampled: Values, runs: int) -> Values:
    """How small an excess loss [P] may be at the least, by its resamples [P, B].

    Their 1 % quantile, as far from the excess itself as it would be by Student's distribution and
    not by the normal one, which a bootstrap of few runs comes near. Source: Hesterberg (2015).

    Args:
        excess: of the runs as they are, [P].
        resampled: of resamples, [P, B].
        runs: R.
    """
    wider = float(stdtrit(runs - 1, CHANCE) / ndtri(CHANCE)) if runs > 1 else 1.0
    quantiles = np.quantile(resampled, CHANCE, axis=1, method="inverted_cdf")
    with np.errstate(invalid="ignore"):  # of points without a value, which are infinitely worse
        least: Values = excess + wider * (quantiles - excess)
    return np.where(np.isnan(least), np.inf, least)


def fits_as_well(objective: Objective, outcomes: Values, best: int, seed: int) -> NDArray[np.bool_]:
    """Which points [P] the runs cannot tell from the best one.

    Runs are resampled, the same at every point; a point fits as well where the 1 % quantile of its
    excess loss over the best (:func:`least_excess`) is no higher than 0.
    """
    generator = np.random.default_rng([seed, 1979])
    losses = objective.losses(resampled_means(outcomes, generator))
    excess = losses - losses[best]
    excess = np.where(np.isfinite(excess), excess, np.inf)
    means = objective.losses(mean_over_runs(outcomes))
    rounding = ROUNDING * float(np.nanmedian(means) - np.nanmin(means))
    least = least_excess(means - means[best], excess, outcomes.shape[1])
    as_well: NDArray[np.bool_] = least <= rounding
    as_well[best] = True
    return as_well


def best_point(objective: Objective, outcomes: Values) -> int:
    """The point with the lowest loss; the first where several have it."""
    losses = objective.losses(mean_over_runs(outcomes))
    return int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))


def losses_of(objectives: tuple[Objective, ...], outcomes: Mapping[str, Values]) -> Values:
    """The loss of the means over runs in each objective, [P, objectives]."""
    means = [mean_over_runs(outcomes[objective.measure]) for objective in objectives]
    return np.column_stack(
        [objective.losses(mean) for objective, mean in zip(objectives, means, strict=True)]
    )


def pareto_front(
    objectives: tuple[Objective, ...], outcomes: Mapping[str, Values]
) -> NDArray[np.int64]:
    """The points that no other is as good as in every objective and better in one."""
    losses = losses_of(objectives, outcomes)
    sound = np.flatnonzero(np.isfinite(losses).all(axis=1))
    return sound[undominated(-losses[sound])]


def undominated(worth: Values) -> NDArray[np.bool_]:
    """Which rows no other row dominates: as good in every column, better in one. [P, K] to [P].

    Higher is better in every column. Of equal rows all are on the front.
    """
    front = np.empty(len(worth), dtype=bool)
    for index, row in enumerate(worth):
        as_good = (worth >= row).all(axis=1)
        front[index] = not (as_good & (worth > row).any(axis=1)).any()
    return front


def best_of_front(objective: Objective, outcomes: Values, front: NDArray[np.int64]) -> int:
    """The point of the front that is best in one objective."""
    return int(front[best_point(objective, outcomes[front])])


def compromise(
    objectives: tuple[Objective, ...], outcomes: Mapping[str, Values], front: NDArray[np.int64]
) -> int:
    """The point of the front nearest to having the best of each, each scaled by its range there."""
    losses = losses_of(objectives, outcomes)[front]
    low, high = losses.min(axis=0), losses.max(axis=0)
    scaled = (losses - low) / np.where(high > low, high - low, 1.0)
    return int(front[np.argmin((scaled**2).sum(axis=1))])
