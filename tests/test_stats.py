"""Intervals of shares, means and medians: closed forms, published numbers, coverage."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

from relsim.stats import (
    PRIOR_RUNS,
    Estimate,
    as_row,
    difference_estimate,
    difference_interval,
    difference_sequence,
    half_width,
    jeffreys_interval,
    mean_interval,
    mean_sequence,
    median_interval,
    resampled_medians,
    share_estimate,
    share_sequence,
    spread,
    welch_width,
)

# From the examples of binom.jeffreys in the R package RSurveillance, of 200.
PUBLISHED = {
    10: (0.02599340, 0.08687509),
    25: (0.08462743, 0.176126),
    50: (0.19387268, 0.31330266),
    80: (0.33393964, 0.46893129),
}


@pytest.mark.parametrize(("count", "interval"), PUBLISHED.items())
def test_jeffreys_interval_is_as_published(count: int, interval: tuple[float, float]) -> None:
    assert jeffreys_interval(count, 200) == pytest.approx(interval, abs=1e-6)


def test_jeffreys_interval_of_one_run_in_closed_form() -> None:
    _, high = jeffreys_interval(0, 1)  # Beta(1/2, 3/2) has an elementary distribution function
    below = 2 / np.pi * (np.arcsin(np.sqrt(high)) + np.sqrt(high * (1 - high)))
    assert below == pytest.approx(0.975, abs=1e-12)


@pytest.mark.parametrize(("count", "runs"), [(0, 1), (1, 1), (3, 7), (999, 1000), (10**5, 10**6)])
def test_jeffreys_interval_is_that_of_a_beta(count: int, runs: int) -> None:
    low, high = jeffreys_interval(count, runs)
    expected = stats.beta(count + 0.5, runs - count + 0.5).ppf([0.025, 0.975])
    assert low == (pytest.approx(expected[0], rel=1e-9) if count else 0)
    assert high == (pytest.approx(expected[1], rel=1e-9) if count < runs else 1)
    mirrored = jeffreys_interval(runs - count, runs)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-12)


def test_a_share_is_covered_as_often_as_it_says() -> None:
    shares = np.random.default_rng(3).uniform(0.05, 0.95, 4000)
    counts = np.random.default_rng(4).binomial(100, shares)
    intervals = np.array([jeffreys_interval(int(count), 100) for count in counts])
    covered = (intervals[:, 0] <= shares) & (shares <= intervals[:, 1])
    assert covered.mean() == pytest.approx(0.95, abs=4.5 * np.sqrt(0.95 * 0.05 / 4000))


@pytest.mark.parametrize("runs", [1, 2, 24, 25])
def test_resampled_medians_are_those_of_a_bootstrap(
    runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relsim.stats.RESAMPLES", 40_000)
    generator = np.random.default_rng(5)
    values = generator.normal(size=runs)
    plain = np.median(generator.choice(values, (40_000, runs)), axis=1)
    found = resampled_medians(values)
    assert stats.ks_2samp(plain, found).statistic < 0.015
    assert set(found) <= {(a + b) / 2 for a in values for b in values}


def test_medians_of_many_runs_are_quick_and_the_same_each_time() -> None:
    values = np.random.default_rng(6).normal(size=1_000_001)
    first = resampled_medians(values)
    assert first.tobytes() == resampled_medians(values[::-1]).tobytes()
    assert first.std() == pytest.approx(np.sqrt(np.pi / 2 / 1e6), rel=0.1)


@pytest.mark.parametrize("runs", [2, 3, 30, 1000])
def test_the_interval_of_a_mean_is_students(runs: int) -> None:
    values = np.random.default_rng(7).normal(0.3, 2, runs)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval(values) == pytest.approx((low, high), rel=1e-9)


@pytest.mark.parametrize(("one", "two"), [(2, 2), (5, 40), (1000, 1000)])
def test_the_unpaired_interval_is_welchs(one: int, two: int) -> None:
    generator = np.random.default_rng(8)
    first, second = generator.normal(0, 1, one), generator.normal(0, 3, two)
    low, high = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert welch_width(first, second) == pytest.approx(high - low, rel=1e-9)


def test_values_that_do_not_differ_have_no_spread_and_one_value_no_interval() -> None:
    same = np.full(7, 0.1)
    assert same.std(ddof=1) != 0  # rounding alone, which must not count as spread
    assert spread(same) == 0
    assert mean_interval(same) == pytest.approx((0.1, 0.1), abs=1e-15)
    assert welch_width(same, same) == 0
    one = np.array([0.1])
    assert all(math.isnan(number) for number in (*mean_interval(one), welch_width(one, same)))
    assert median_interval(one) == (0.1, 0.1)


def test_a_median_is_covered_as_often_as_it_says() -> None:
    generator = np.random.default_rng(9)
    intervals = [median_interval(generator.exponential(1, 80)) for _ in range(1000)]
    covered = np.mean([low <= math.log(2) <= high for low, high in intervals])
    assert covered == pytest.approx(0.95, abs=0.02)


# Bounds that hold however often one looks: closed forms and integration


@pytest.mark.parametrize(("count", "runs"), [(0, 10), (3, 10), (500, 1000), (999, 1000)])
def test_bounds_of_a_share_are_where_the_mixture_is_twenty_times_as_likely(
    count: int, runs: int
) -> None:
    for bound in share_sequence(count, runs):
        if bound not in (0, 1):
            mixture = stats.betabinom(runs, PRIOR_RUNS * bound, PRIOR_RUNS * (1 - bound))
            ratio = mixture.pmf(count) / stats.binom(runs, bound).pmf(count)
            assert ratio == pytest.approx(20, rel=1e-6)


def test_the_martingale_of_a_share_is_a_fair_game() -> None:
    """Its mean over all outcomes of n runs is 1, for any n."""
    for runs in (1, 7, 60):
        counts = np.arange(runs + 1)
        mixture = stats.betabinom(runs, PRIOR_RUNS * 0.3, PRIOR_RUNS * 0.7).pmf(counts)
        assert mixture.sum() == pytest.approx(1)


def test_bounds_of_a_share_are_symmetric_and_wider_than_an_interval() -> None:
    for count, runs in ((0, 50), (20, 50), (300, 1000)):
        low, high = share_sequence(count, runs)
        mirrored = share_sequence(runs - count, runs)
        assert (1 - high, 1 - low) == pytest.approx(mirrored)
        one_look = jeffreys_interval(count, runs)
        assert low <= one_look[0] <= count / runs <= one_look[1] <= high
    assert share_sequence(0, 50)[0] == 0
    assert share_sequence(50, 50)[1] == 1


def test_the_mixture_over_normal_means_by_integration() -> None:
    """Of t with n - 1 degrees of freedom, noncentral with δ·√n over δ ~ N(0, 1/30) against central,
    at the bound: 20 times as likely."""
    runs = 60
    t = half_width(runs) * math.sqrt(runs)
    effects = np.linspace(-2, 2, 4001)
    prior = stats.norm(0, 1 / math.sqrt(PRIOR_RUNS)).pdf(effects)
    likely = stats.nct(runs - 1, effects * math.sqrt(runs)).pdf(t)
    mixture = np.trapezoid(prior * likely, effects)
    assert mixture / stats.t(runs - 1).pdf(t) == pytest.approx(20, rel=1e-3)


def test_bounds_of_a_mean_are_wider_than_an_interval_and_narrow_with_runs() -> None:
    values = np.random.default_rng(1).normal(0.2, 0.1, 500)
    low, high = mean_sequence(values)
    one_look = mean_interval(values)
    assert low < one_look[0] < one_look[1] < high
    assert half_width(2000) < half_width(500) < math.inf == half_width(5)
    assert mean_sequence(values[:5]) == (-math.inf, math.inf)


def test_where_few_runs_differ_bounds_are_of_their_share_and_their_mean() -> None:
    few = np.random.default_rng(2).normal(0.1, 0.02, 29)
    values = np.concatenate([np.zeros(971), few])
    share, mean = share_sequence(29, 1000, 0.025), mean_sequence(few, 0.025)
    assert difference_sequence(values) == pytest.approx((share[0] * mean[0], share[1] * mean[1]))
    assert difference_sequence(values[:972]) == (-math.inf, math.inf)


# Estimates


def test_an_estimate_is_for_one_look_unless_looks_are_repeated() -> None:
    assert share_estimate(3, 10) == (0.3, *jeffreys_interval(3, 10))
    assert share_estimate(3, 10, repeated=True) == (0.3, *share_sequence(3, 10))
    values = np.random.default_rng(5).normal(0.1, 0.2, 300)
    assert difference_estimate(values) == (values.mean(), *difference_interval(values))
    assert difference_estimate(values, repeated=True)[1:] == difference_sequence(values)
    assert np.isnan(difference_estimate(np.empty(0))).all()


def test_an_estimate_is_clear_where_its_interval_leaves_out_zero() -> None:
    estimates = (Estimate(1, 0.5, 2), Estimate(-1, -2, -0.5), Estimate(1, -1, 3), Estimate(1))
    assert [estimate.clear for estimate in estimates] == [True, True, False, False]


def test_an_estimate_takes_three_cells_of_a_row_in_the_order_of_the_fields() -> None:
    @dataclass(frozen=True)
    class Record:
        name: str
        mean: Estimate
        runs: int

    row = as_row(Record("x", Estimate(0.2, 0.1, 0.3), 5))
    assert row == {"name": "x", "mean": 0.2, "mean_low": 0.1, "mean_high": 0.3, "runs": 5}
    assert list(row) == ["name", "mean", "mean_low", "mean_high", "runs"]
