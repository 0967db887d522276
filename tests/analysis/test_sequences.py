"""Bounds that hold however often one looks: closed forms and integration."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from relsim.analysis.sequences import (
    PRIOR_RUNS,
    difference_sequence,
    half_width,
    mean_sequence,
    share_sequence,
)
from relsim.stats import jeffreys_interval, mean_interval


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
