"""How often intervals of paired differences hold the true mean, where few runs differ and many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from relsim.analysis.effects import NEGLIGIBLE, effect
from relsim.stats import Values, difference_interval, most_share_unseen, runs_needed

REPLICATIONS = 2000
Documented = Callable[[float], None]
# Differences of the runs that differ, with their mean.
KINDS: dict[str, tuple[Callable[[np.random.Generator, int], Values], float]] = {
    "constant": (lambda generator, runs: np.full(runs, 0.1), 0.1),
    "exponential": (lambda generator, runs: generator.exponential(0.1, runs), 0.1),
    "lognormal": (lambda generator, runs: generator.lognormal(0, 1.5, runs), np.exp(1.125)),
    "normal": (lambda generator, runs: generator.normal(0, 0.1, runs), 0.0),
    "t": (lambda generator, runs: generator.standard_t(3, runs), 0.0),
}


def coverage(kind: str, differing: float, runs: int) -> float:
    """How often the interval holds the mean, of samples in which at least two runs differ."""
    draw, mean = KINDS[kind]
    generator = np.random.default_rng(runs)
    held: list[bool] = []
    while len(held) < REPLICATIONS:
        different = generator.random(runs) < differing
        if different.sum() < 2:
            continue
        values = np.zeros(runs)
        values[different] = draw(generator, int(different.sum()))
        low, high = difference_interval(values)
        held.append(low <= differing * mean <= high)
    return float(np.mean(held))


@pytest.mark.parametrize(
    ("kind", "differing", "runs"),
    [
        ("exponential", 0.1, 20),
        ("exponential", 0.1, 100),
        ("exponential", 0.03, 100),
        ("exponential", 0.01, 1000),
        ("constant", 0.1, 100),
        ("normal", 0.1, 100),
        ("t", 1.0, 20),
        ("t", 1.0, 1000),
    ],
)
def test_interval_holds_the_mean(
    kind: str, differing: float, runs: int, documented: Documented
) -> None:
    held = coverage(kind, differing, runs)
    assert held >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / REPLICATIONS)
    documented(held)


@pytest.mark.parametrize(("differing", "runs"), [(1.0, 100), (1.0, 1000), (0.1, 1000)])
def test_interval_of_very_skewed_differences(
    differing: float, runs: int, documented: Documented
) -> None:
    documented(coverage("lognormal", differing, runs))


def test_a_small_mean_in_a_wide_interval_is_not_negligible(documented: Documented) -> None:
    generator = np.random.default_rng(1)
    called = []
    for _ in range(1000):
        values = generator.normal(0.006, 0.02, 100)  # a standard error of 0.002
        found = effect(np.zeros(100), values)
        called.append(found.negligible)
    documented(float(np.mean(called)))
    assert np.mean(called) < 0.025


@pytest.mark.parametrize("share", [0.003, 0.01, 0.05])
def test_what_no_run_shows_is_rarer_than_said(share: float) -> None:
    runs = np.arange(1, 3000)
    wrong = np.array([most_share_unseen(int(n)) < share for n in runs])
    assert ((1 - share) ** runs[wrong]).max() <= 0.05


def test_runs_that_are_needed_show_the_smallest_difference(documented: Documented) -> None:
    generator = np.random.default_rng(2)
    shown = []
    for _ in range(500):
        pilot = generator.normal(generator.normal(0, 0.002), 0.05, 100)
        runs = int(runs_needed(NEGLIGIBLE, float(pilot.std(ddof=1))))
        low, _ = difference_interval(generator.normal(NEGLIGIBLE, 0.05, runs))
        shown.append(low > 0)
    documented(float(np.mean(shown)))
    assert np.mean(shown) == pytest.approx(0.8, abs=3 * np.sqrt(0.8 * 0.2 / 500))
