"""Morris's elementary effects: the effect of moving one parameter, over many starting points.

Effects are in units of the outcome, for the whole range of the parameter. mu is their mean, mu* the
mean of their sizes, sigma their standard deviation: large where the effect of a parameter depends
on the others or is no straight line. Sources: Morris (1991), Campolongo, Cariboni and Saltelli
(2007).
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from relsim.errors import RelsimError
from relsim.experiments.replicates import Estimates, Index, Rows, bootstrapped, run_means
from relsim.stats import Values

LEVELS = 4  # of the grid; steps are two thirds of the range. Source: Morris (1991)
HALF_NORMAL = math.sqrt(2 / math.pi)  # the mean size of a normal number of standard deviation 1


def check_samples(samples: int) -> None:
    """Raises a RelsimError where there are fewer than two trajectories, which show no spread."""
    if samples < 2:
        raise RelsimError("Morris needs at least 2 trajectories; 10 to 50 are usual.")


def morris_indices(
    unit_points: Values, blocks: Values, seed: int, resamples: int
) -> tuple[dict[str, Index], Values]:
    """``mu_star``, ``mu`` and ``sigma`` of each parameter, and what mu* is by chance alone.

    mu* is a mean of sizes, so the chance of runs adds to it. A parameter without effect has
    √(2/π) of the standard error of an effect, taken from the jackknife over runs: 0 where runs do
    the same at both ends of a step. The interval of its mu* is around that, and so leaves out 0.

    Args:
        unit_points: [trajectories, K + 1, K].
        blocks: outcomes, [trajectories, K + 1, runs].
        seed: of the resamples.
        resamples: how many.
    """
    moments, least = partial(_moments, unit_points), {"mu_star": 0.0, "mu": -np.inf, "sigma": 0.0}
    indices = bootstrapped(moments, least, blocks, seed, resamples)
    return indices, _chance(unit_points, blocks)


def elementary_effects(unit_points: Values, means: Values) -> Values:
    """The effect of each parameter on each trajectory, [trajectories, K, columns].

    Args:
        unit_points: [trajectories, K + 1, K].
        means: outcomes, [trajectories, K + 1, columns].
    """
    steps = np.diff(unit_points, axis=1)
    moved = np.abs(steps).argmax(axis=2)
    size = np.take_along_axis(steps, moved[:, :, None], axis=2)
    in_order = np.argsort(moved, axis=1)[:, :, None]
    effects: Values = np.take_along_axis(np.diff(means, axis=1) / size, in_order, axis=1)
    return effects


def _moments(unit_points: Values, means: Values, rows: Rows | None) -> Estimates:
    effects = elementary_effects(unit_points, means)
    if rows is not None:
        effects = np.take_along_axis(effects, rows[:, None, :], axis=0)
    return {
        "mu_star": np.abs(effects).mean(axis=0),
        "mu": effects.mean(axis=0),
        "sigma": effects.std(axis=0, ddof=1),
    }


def _chance(unit_points: Values, blocks: Values) -> Values:
    runs = blocks.shape[2]
    if runs == 1:
        return np.zeros(unit_points.shape[2])
    without = run_means(blocks, np.ones((runs, runs)) - np.eye(runs))
    effects = elementary_effects(unit_points, without)
    errors = np.sqrt((runs - 1) * effects.var(axis=2))
    chance: Values = HALF_NORMAL * errors.mean(axis=0)
    return chance


def noise_of(chance: float) -> float:
    """The standard deviation of effects by chance, which alone makes mu* as large as ``chance``."""
    return chance / HALF_NORMAL
