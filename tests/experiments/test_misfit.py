"""The misfit to a series: closed forms of the CRPS, periods of any kind, and its noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from relsim.analysis.observed import Observed, read_observed
from relsim.errors import RelsimError
from relsim.experiments.misfit import crps_by_run, match, misfit

MONTHS = list(range(2008 * 12, 2010 * 12))  # 2008-01 to 2009-12


def series(text: str, folder: Path) -> Observed:
    file = folder / "series.csv"
    file.write_text("dyad,period,value,events\n" + text)
    return read_observed(file)


def gaussian_crps(mean: float, deviation: float, value: float) -> float:
    """Gneiting and Raftery (2007), equation 21."""
    z = (value - mean) / deviation
    return float(deviation * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)))


@pytest.mark.parametrize("value", [-0.4, 0.1, 0.35])
def test_crps_of_a_gaussian_sample_is_on_the_closed_form(value: float) -> None:
    members = np.random.default_rng(1).normal(0.1, 0.2, (4000, 1))
    scores = crps_by_run(members, np.array([value]))
    error = scores.std(ddof=1) / np.sqrt(len(scores))
    assert abs(scores.mean() - gaussian_crps(0.1, 0.2, value)) < 3 * error
    assert error < 0.005


def test_crps_is_fair_and_its_standard_error_true_for_few_runs() -> None:
    """Over many ensembles of 20, mean and spread are what is said of a single one."""
    members = np.random.default_rng(2).normal(0.0, 0.3, (20, 20000))
    scores = crps_by_run(members, np.full(20000, 0.2))
    means = scores.mean(axis=0)
    assert means.mean() == pytest.approx(gaussian_crps(0, 0.3, 0.2), abs=4 * means.std() / 141)
    said = (scores.var(axis=0, ddof=1) / 20).mean()
    assert said == pytest.approx(means.var(), rel=0.05)


def test_the_mean_over_runs_is_the_fair_estimator_by_its_definition() -> None:
    members, value = np.array([0.3, -0.1, 0.5, 0.5, 0.2]), 0.25
    pairs = np.abs(members[:, None] - members).sum() / (5 * 4)
    fair = np.abs(members - value).mean() - pairs / 2
    assert crps_by_run(members[:, None], np.array([value])).mean() == pytest.approx(fair, abs=1e-15)


def test_years_are_means_of_their_months_and_months_are_themselves(tmp_path: Path) -> None:
    runs = np.random.default_rng(4).normal(0, 0.1, (30, 24))
    yearly = match(series("RUS-PAK,2009,0.2,\n", tmp_path), ["PAK-RUS"], MONTHS)
    monthly = match(series("PAK-RUS,2009-02,0.2,\n", tmp_path), ["PAK-RUS"], MONTHS)
    by_year = misfit({"PAK-RUS": runs}, yearly)
    by_month = misfit({"PAK-RUS": runs}, monthly)
    expected = crps_by_run(runs[:, 12:].mean(axis=1)[:, None], np.array([0.2]))[:, 0]
    np.testing.assert_allclose(by_year, expected)
    np.testing.assert_allclose(by_month, crps_by_run(runs[:, [13]], np.array([0.2]))[:, 0])


def test_observations_count_alike_and_failed_runs_are_left_out(tmp_path: Path) -> None:
    runs = np.random.default_rng(5).normal(0, 0.1, (20, 24))
    matched = match(series("A-B,2008,0.2,4\nA-B,2009,0,9\n", tmp_path), ["A-B"], MONTHS)
    whole = misfit({"A-B": runs}, matched)
    years = np.column_stack([runs[:, :12].mean(axis=1), runs[:, 12:].mean(axis=1)])
    scores = crps_by_run(years, np.array([0.2, 0.0]))
    np.testing.assert_allclose(whole, (scores[:, 0] + scores[:, 1]) / 2)
    failed = np.vstack([runs, np.full((1, 24), np.nan)])
    other = misfit({"A-B": failed}, matched)
    np.testing.assert_array_equal(other[:-1], whole)
    assert np.isnan(other[-1])


def test_what_is_not_simulated_is_said(tmp_path: Path) -> None:
    observed = series("A-B,2007,0,\nA-B,2008,0,\nA-B,2010,0,\nA-C,2008,0,\n", tmp_path)
    matched = match(observed, ["A-B"], MONTHS)
    assert list(matched.observations["period"]) == ["2008"]
    said = matched.warnings()
    assert any("2 of 4 observations are left out: outside the simulated time" in s for s in said)
    assert any("the scenario does not have the dyad (A-C 2008)" in s for s in said)
    with pytest.raises(RelsimError, match="none of its 4 observations is simulated"):
        match(observed, ["X-Y"], MONTHS)


def test_two_runs_are_too_few(tmp_path: Path) -> None:
    matched = match(series("A-B,2008,0,\n", tmp_path), ["A-B"], MONTHS)
    with pytest.raises(RelsimError, match="at least 3 runs"):
        misfit({"A-B": np.zeros((2, 24))}, matched)
