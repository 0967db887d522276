"""What a paired difference says: closed forms, SciPy, and power by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from relsim.analysis.effects import NEGLIGIBLE, Effect, effect, effect_word, first_that_differs
from relsim.stats import Estimate, jeffreys_interval, mean_interval, runs_needed

GENERATOR = np.random.default_rng(11)
BASE = GENERATOR.normal(0.2, 0.1, 400)
NOISE = GENERATOR.normal(0, 0.01, 400)


def test_an_effect_is_that_of_a_paired_t_test() -> None:
    other = BASE + 0.004 + NOISE
    found = effect(BASE, other)
    test = stats.ttest_rel(other, BASE)
    low, high = test.confidence_interval(0.95)
    assert (found.mean.low, found.mean.high) == pytest.approx((low, high), rel=1e-9)
    assert found.mean.value == pytest.approx(float((other - BASE).mean()))
    assert found.median.value == pytest.approx(float(np.median(other - BASE)))
    assert found.median.low < found.median.value < found.median.high
    assert (found.base_median, found.other_median) == (np.median(BASE), np.median(other))
    assert found.standardised == pytest.approx(found.mean.value / BASE.std(ddof=1))
    higher = int((other > BASE).sum())
    assert found.p_higher.value == higher / 400
    assert (found.p_higher.low, found.p_higher.high) == jeffreys_interval(higher, 400)
    assert found.p_lower == pytest.approx(1 - found.p_higher.value)
    assert found.verdict == "higher"
    assert math.isnan(found.runs_needed)


def test_pairing_narrows_as_much_as_the_welch_interval_is_wider() -> None:
    other = BASE + 0.004 + NOISE
    found = effect(BASE, other)
    low, high = stats.ttest_ind(other, BASE, equal_var=False).confidence_interval(0.95)
    assert found.narrowing == pytest.approx((high - low) / (found.mean.high - found.mean.low))
    # Variance of the two levels over that of the difference, apart from degrees of freedom.
    ratio = math.sqrt((BASE.var() + other.var()) / (other - BASE).var())
    assert found.narrowing == pytest.approx(ratio, rel=0.01)
    shuffled = effect(BASE, np.random.default_rng(1).permutation(other))
    assert shuffled.narrowing == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("difference", "word"),
    [
        ([0.1, 0.2, 0.1, 0.3], "higher"),
        ([-0.1, -0.2, -0.1, -0.3], "lower"),
        ([0.0, 0.0, 0.0], "identical"),
        ([0.0], "identical"),
        ([-0.1, 0.2, -0.1, 0.1], "not distinguishable"),
        ([0.1], "not distinguishable"),
        ([0.1, 0.1, 0.1], "higher"),
        ([0.0, 0.0, 0.1], "not distinguishable"),
        ([0.0, 0.0, 1e-7], "identical"),
        ([0.0] * 100 + [0.1, 0.11, 0.12, 0.13], "higher"),
    ],
)
def test_the_interval_of_the_mean_decides(difference: list[float], word: str) -> None:
    values = np.array(difference)
    assert effect(np.zeros(len(values)), values).verdict == word


def test_runs_without_a_difference_are_neither_higher_nor_lower() -> None:
    found = effect(np.zeros(4), np.array([0.0, 0.0, 0.1, -0.2]))
    assert (found.p_higher.value, found.p_lower) == (0.25, 0.25)


def test_nothing_is_divided_by_zero() -> None:
    same = effect(np.full(5, 0.3), np.full(5, 0.3))
    assert same.mean == (0, 0, 0)
    assert all(math.isnan(x) for x in (same.standardised, same.narrowing, same.runs_needed))
    shifted = effect(BASE, BASE + 0.25)
    shifted_alike = effect(np.full(5, 0.25), np.full(5, 0.5))
    assert shifted_alike.verdict == "higher"
    assert shifted.narrowing > 1e9
    alone = effect(np.array([0.1]), np.array([0.2]))
    assert math.isnan(alone.mean.low)
    assert math.isnan(alone.runs_needed)


@pytest.mark.parametrize("size", [0.15, 0.4])
def test_the_runs_that_are_needed_find_the_difference_four_times_in_five(size: float) -> None:
    runs = int(runs_needed(-size, 1.0))
    generator = np.random.default_rng(13)
    samples = (generator.normal(-size, 1, runs) for _ in range(4000))
    found = [effect_word(runs, Estimate(0, *mean_interval(one))) == "lower" for one in samples]
    # The normal stands for the t distribution, which costs a point or two of power at 50 runs.
    assert np.mean(found) == pytest.approx(0.80, abs=0.025)


def test_runs_needed_in_closed_form() -> None:
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert runs_needed(0.1, 2.0) == math.ceil((z * 2 / 0.1) ** 2)
    assert runs_needed(0.0, 1.0) == math.inf
    assert runs_needed(1e-6, 1.0) == math.inf
    assert math.isnan(runs_needed(0.1, math.nan))


def test_runs_needed_are_for_the_smallest_difference_worth_naming() -> None:
    generator = np.random.default_rng(17)
    for mean in (0.0, 0.001, 0.004):  # whatever was found
        difference = generator.normal(0, 0.05, 100)
        difference += mean - difference.mean()
        found: Effect = effect(np.zeros(100), difference)
        assert found.verdict == "not distinguishable"
        assert found.runs_needed == runs_needed(NEGLIGIBLE, float(difference.std(ddof=1)))


def test_rounding_is_no_difference() -> None:
    rounded = effect(BASE, BASE + np.where(np.arange(400) % 2, 3e-8, 0))
    assert (rounded.differ, rounded.p_higher.value, rounded.verdict) == (0, 0.0, "identical")


def test_negligible_is_a_matter_of_the_whole_interval() -> None:
    wide = effect(np.zeros(50), np.random.default_rng(1).normal(0.004, 0.005, 50))
    assert wide.differs
    assert abs(wide.mean.value) < NEGLIGIBLE < wide.mean.high
    assert not wide.negligible
    narrow = effect(np.zeros(50), np.random.default_rng(1).normal(0, 0.001, 50))
    assert not narrow.differs
    assert narrow.negligible


def test_where_few_runs_differ_the_interval_is_made_of_their_share_and_their_mean() -> None:
    few = np.random.default_rng(3).exponential(0.1, 10)
    difference = np.concatenate([np.zeros(190), few])
    found = effect(np.zeros(200), difference)
    low, high = stats.beta(10.5, 190.5).ppf([0.0125, 0.9875])
    mean_low, mean_high = stats.t(9, few.mean(), few.std(ddof=1) / np.sqrt(10)).ppf(
        [0.0125, 0.9875]
    )
    assert (found.mean.low, found.mean.high) == pytest.approx((low * mean_low, high * mean_high))
    assert (found.differ, found.few_differ) == (10, True)
    many = np.concatenate([np.zeros(170), np.full(30, 0.1)])
    assert not effect(np.zeros(200), many).few_differ
    one = effect(np.zeros(200), np.concatenate([np.zeros(199), [0.1]]))
    assert math.isnan(one.mean.low)
    assert one.verdict == "not distinguishable"


def test_bounds_for_repeated_looks_are_wider() -> None:
    other = BASE + 0.004 + NOISE
    once, often = effect(BASE, other), effect(BASE, other, repeated=True)
    assert often.mean.low < once.mean.low < once.mean.value < once.mean.high < often.mean.high
    assert often.p_higher.low < once.p_higher.low < once.p_higher.high < often.p_higher.high
    assert often.narrowing == once.narrowing


def test_the_first_that_differs_is_one_that_matters_if_any_does() -> None:
    base = np.linspace(0, 0.1, 20)
    none, little, much = (effect(base, base + shift) for shift in (0.0, 0.001, 0.05))
    assert first_that_differs({"A-B": none, "A-C": little, "B-C": much}) == "B-C"
    assert first_that_differs({"A-B": none, "A-C": little}) == "A-C"
    assert first_that_differs({"A-B": none}) is None
    assert [one.negligible for one in (none, little, much)] == [False, True, False]
