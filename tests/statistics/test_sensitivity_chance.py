"""What Morris's and PAWN's measures, and the share of noise, make of chance alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from relsim.experiments.replicates import noise_share
from relsim.experiments.sensitivity import sensitivity, sensitivity_points
from relsim.experiments.sensitivity_findings import SensitivityFindings
from relsim.experiments.study import Parameter
from relsim.stats import Values

Documented = Callable[[float], None]

PARAMETERS = tuple(Parameter(f"x{place}", 0, 1) for place in range(1, 5))
SLOPES = (2.0, 1.0, 0.0, 0.0)
SAMPLES = {"morris": 30, "pawn": 300}


def study(method: str, seed: int, *, runs: int = 20, noise: float = 1.0) -> SensitivityFindings:
    """2 x₁ + x₂ of four parameters, with noise of each point in a run, and effects that differ
    from run to run."""
    points = sensitivity_points(method, PARAMETERS, SAMPLES[method], seed)
    generator = np.random.default_rng([seed, 1])
    slopes = np.array(SLOPES)[:, None] + 0.2 * generator.normal(size=(4, runs))
    own = noise * generator.normal(size=(len(points), runs))
    outcomes = 3 * generator.normal(size=runs) + points @ slopes + own
    return sensitivity(method, PARAMETERS, points, {"y": outcomes}, seed, resamples=200)


@pytest.mark.slow
@pytest.mark.parametrize("method", SAMPLES)
def test_an_idle_parameter_is_above_chance(method: str, documented: Documented) -> None:
    replications = 150 if method == "morris" else 60
    above = []
    for seed in range(replications):
        table = study(method, seed).tables()["sensitivity"].set_index("parameter")
        assert table.loc["x1", "above chance"]
        above.append(table.loc[["x3", "x4"], "above chance"].to_numpy(dtype=bool))
    share = float(np.mean(above))
    assert share <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / replications)
    documented(share)


@pytest.mark.slow
def test_mean_effect(documented: Documented) -> None:
    indices = [study("morris", seed).effects[0].indices["mu"] for seed in range(150)]
    held = [(one.low <= SLOPES) & (np.array(SLOPES) <= one.high) for one in indices]
    coverage = float(np.mean(held))
    assert coverage >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 150)
    documented(coverage)


@pytest.mark.slow
def test_straight_lines_are_called_bent(documented: Documented) -> None:
    """With an effect of 2 and a spread of effects of 1.2, all of it by chance."""
    said = [study("morris", seed, runs=10, noise=2.5).sentences()[0] for seed in range(150)]
    share = float(np.mean(["much depending" in one for one in said]))
    assert share <= 0.2
    documented(share)


@pytest.mark.parametrize("runs", [3, 20])
@pytest.mark.parametrize("truth", [0.1, 0.5])
def test_share_of_noise(truth: float, runs: int, documented: Documented) -> None:
    """The mean error of the share of noise in means over runs between 200 points, whose expected
    outcomes have a variance of 1."""
    spread = np.sqrt(runs * truth / (1 - truth))
    found = []
    for seed in range(300):
        generator = np.random.default_rng(seed)
        expected: Values = generator.normal(size=(200, 1))
        outcomes = expected + spread * generator.normal(size=(200, runs))
        found.append(noise_share(outcomes[:, None, :]))
    error = abs(float(np.mean(found)) - truth)
    assert error <= 0.03
    documented(error)
