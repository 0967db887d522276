"""Scores: closed forms, and that telling the truth scores best."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from relsim.hindcast.scores import (
    GRID,
    MIDDLES,
    Predictive,
    clipped_normal,
    pit_histogram,
)


def crps_normal(mean: float, deviation: float, value: float) -> float:
    """CRPS of a normal distribution (Gneiting et al. 2005, equation 5)."""
    z = (value - mean) / deviation
    closed = z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)
    return float(deviation * closed)


def one(value: float, count: int = 1) -> np.ndarray:
    return np.full(count, value)


@pytest.mark.parametrize("value", [-0.3, 0.0, 0.0123, 0.4])
def test_the_crps_of_a_narrow_normal_is_its_closed_form(value: float) -> None:
    said = clipped_normal(one(0.1), one(0.12))
    closed = crps_normal(0.1, 0.12, value)
    assert said.crps(one(value)) == pytest.approx(closed, abs=2e-5)


def test_the_crps_of_members_tends_to_that_of_their_distribution() -> None:
    rng = np.random.default_rng(3)
    members = np.clip(rng.normal(0.8, 0.3, 20_000), -1, 1)  # a quarter of them at 1
    spread = np.abs(members - rng.permutation(members)).mean() / 2
    said = clipped_normal(one(0.8), one(0.3))
    for value in (0.2, 0.9, 1.0):
        crps = np.abs(members - value).mean() - spread
        assert crps == pytest.approx(said.crps(one(value))[0], abs=3e-3)


def test_weights_leave_out_what_is_near() -> None:
    said, near = clipped_normal(one(0.1), one(0.3)), np.abs(MIDDLES - 0.4) < 0.2
    weights = near.astype(np.float64)[np.newaxis]
    parts = [said.crps(one(0.5), weights), said.crps(one(0.5), 1 - weights)]
    assert parts[0] + parts[1] == pytest.approx(said.crps(one(0.5)))
    assert min(parts) > 0


@pytest.mark.parametrize("shift", [-0.1, 0.0, 0.1])
@pytest.mark.parametrize("stretch", [0.6, 1.0, 1.7])
def test_no_forecaster_gains_by_saying_other_than_it_believes(shift: float, stretch: float) -> None:
    rng = np.random.default_rng(5)
    values = np.clip(rng.normal(0.7, 0.25, 20_000), -1, 1)
    truth = clipped_normal(one(0.7), one(0.25))
    other = clipped_normal(one(0.7 + shift), one(0.25 * stretch))
    repeated = [Predictive(np.repeat(said.cdf, len(values), axis=0)) for said in (truth, other)]
    for score in ("crps", "log_score"):
        true, false = (getattr(said, score)(values).mean() for said in repeated)
        if (shift, stretch) == (0.0, 1.0):
            assert true == false
        else:
            assert true < false


def test_quantiles_and_means_are_those_of_the_distribution() -> None:
    said = clipped_normal(one(0.1), one(0.15))
    assert said.mean() == pytest.approx(0.1, abs=1e-4)
    for share in (0.025, 0.1, 0.5, 0.9):
        assert said.quantiles(share) == pytest.approx(norm.ppf(share, 0.1, 0.15), abs=1e-3)


def test_mass_at_one_is_covered_by_a_band_that_reaches_it() -> None:
    said = clipped_normal(one(1.1), one(0.3))  # 63 % at 1
    assert said.at_one() == pytest.approx(norm.sf(1.0, 1.1, 0.3), abs=1e-12)
    assert said.quantiles(0.5) == 1.0
    assert said.covered(one(1.0), 0.8).all()
    below, upto = said.pit(one(1.0))
    assert below == pytest.approx(norm.cdf(1.0, 1.1, 0.3), abs=1e-3)
    assert upto == 1.0


def test_bands_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(0.0, 0.2, 5000)
    said = Predictive(np.repeat(clipped_normal(one(0.0), one(0.2)).cdf, 5000, axis=0))
    for level in (0.5, 0.8, 0.95):
        assert said.covered(values, level).mean() == pytest.approx(level, abs=0.02)


@pytest.mark.parametrize("mean", [0.6, 0.8, 0.9, 1.0])
def test_bands_cover_as_often_as_they_say_where_many_values_are_1(mean: float) -> None:
    values = np.clip(np.random.default_rng(8).normal(mean, 0.2, 5000), -1, 1)
    said = Predictive(np.repeat(clipped_normal(one(mean), one(0.2)).cdf, 5000, axis=0))
    ones = (values == 1).mean()
    for level in (0.5, 0.8, 0.95):
        covered = said.covered(values, level).mean()
        assert covered == pytest.approx(level, abs=0.02) or covered == pytest.approx(ones, abs=0.01)


def test_the_pit_of_the_truth_is_uniform_with_atoms_too() -> None:
    rng = np.random.default_rng(7)
    values = np.clip(rng.normal(0.8, 0.3, 20_000), -1, 1)
    said = Predictive(np.repeat(clipped_normal(one(0.8), one(0.3)).cdf, 20_000, axis=0))
    assert pit_histogram(*said.pit(values)) == pytest.approx(one(0.1, 10), abs=0.01)


def test_the_log_score_of_a_uniform_is_log_two() -> None:
    uniform = Predictive(((GRID + 1) / 2)[np.newaxis].repeat(3, axis=0))
    assert uniform.log_score(np.array([-1.0, 0.33, 1.0])) == pytest.approx(np.log(2))
