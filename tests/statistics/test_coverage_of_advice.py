"""Advice: what is said of the portfolio that was chosen, and how often one that is short passes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest

from relsim.experiments.advice import Advice, Bound, Goal
from relsim.experiments.advise import advice_points, advise
from relsim.experiments.coalitions import Means
from relsim.stats import Values

GAINS = {
    "nothing": np.zeros(6),
    "levers": np.array([0.05, 0.04, 0.02, 0.01, 0, -0.01]),
}
CASES = [("nothing", 100), ("nothing", 61), ("levers", 100), ("levers", 1000)]
REPLICATIONS = 300
FRESH = 100_000  # runs that stand for the truth of regret

Documented = Callable[[float], None]
Coverage = tuple[float, float, float]


def outcomes(case: str, runs: int, rng: np.random.Generator) -> Values:
    """64 portfolios of 6 levers. Chance differs by portfolio where no lever does anything, else
    by what each lever brings in a run."""
    points = advice_points(6)
    own = rng.normal(size=(64, runs)) if case == "nothing" else points @ rng.normal(size=(6, runs))
    return (points @ GAINS[case])[:, None] + 0.1 * (rng.normal(size=runs) + own)


@lru_cache
def coverage(case: str, runs: int) -> Coverage:
    """How often the intervals of the best one's gain, of the least regret, and of the gain of the
    one of fewest levers that is not clearly worse (where there is one) hold the truth."""
    rng, gains = np.random.default_rng(runs), advice_points(6) @ GAINS[case]
    many = outcomes(case, FRESH, rng)
    regrets = np.quantile(many.max(axis=0) - many, 0.9, axis=1)
    held: tuple[list[bool], ...] = [], [], []
    for _ in range(REPLICATIONS):
        data = {"goal": outcomes(case, runs, rng)}
        found = advise(tuple("abcdef"), advice_points(6), data, Goal("goal"), [])
        assert found.best is not None
        assert found.steadiest is not None
        held[0].append(holds(found.measuring.gain, gains, found.best))
        held[1].append(holds(found.measuring.regret, regrets, found.steadiest))
        if found.unsettled.any():
            held[2].append(holds(found.measuring.gain, gains, fewest(found)))
    gain, regret, other = (float(np.mean(one)) for one in held)
    return gain, regret, other


def holds(of: Means, truth: Values, place: int) -> bool:
    return bool(of.low[place] <= truth[place] <= of.high[place])


def fewest(found: Advice) -> int:
    return min(found.ranked(found.unsettled), key=lambda place: found.sizes[place])


def nearly_all(measured: float, replications: int = REPLICATIONS) -> bool:
    """Not below 95 % by more than chance."""
    return measured >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / replications)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "runs"), CASES)
def test_gain_of_the_best(case: str, runs: int, documented: Documented) -> None:
    measured = coverage(case, runs)[0]
    assert abs(measured - 0.95) <= 3 * np.sqrt(0.05 * 0.95 / REPLICATIONS)
    documented(measured)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "runs"), CASES)
def test_least_regret(case: str, runs: int, documented: Documented) -> None:
    measured = coverage(case, runs)[1]
    assert nearly_all(measured)
    documented(measured)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "runs"), CASES)
def test_gain_of_another_that_does_as_well(case: str, runs: int, documented: Documented) -> None:
    measured = coverage(case, runs)[2]
    assert nearly_all(measured)
    documented(measured)


def recommended(levers: int, keeps: tuple[float, ...], runs: int, replications: int) -> float:
    """How often a portfolio is recommended, where each keeps bounds in these shares of runs and
    80 % are asked."""
    rng, points = np.random.default_rng(1), advice_points(levers)
    names = tuple(f"lever {number}" for number in range(levers))
    shares = {f"bound {number}": share for number, share in enumerate(keeps)}
    bounds = [Bound(name, low=0.5, share=0.8) for name in shares]
    found = 0
    for _ in range(replications):
        outcomes: dict[str, Values] = {
            "goal": points.sum(axis=1)[:, None] * 0.01 + 0.1 * rng.normal(size=runs)
        }
        for name, share in shares.items():
            outcomes[name] = (rng.random((len(points), runs)) < share).astype(np.float64)
        found += advise(names, points, outcomes, Goal("goal"), bounds).recommended
    return found / replications


@pytest.mark.slow
@pytest.mark.parametrize(
    ("levers", "keeps", "runs"),
    [
        pytest.param(4, (0.77,), 100, id="16-of-77-100"),
        pytest.param(4, (0.77,), 1000, id="16-of-77-1000"),
        pytest.param(4, (0.8,), 100, id="16-of-80-100"),
        pytest.param(8, (0.8,), 200, id="256-of-80-200"),
        pytest.param(4, (0.8, 0.95), 200, id="two-bounds-200"),
    ],
)
def test_one_that_is_short_is_recommended(
    levers: int, keeps: tuple[float, ...], runs: int, documented: Documented
) -> None:
    measured = recommended(levers, keeps, runs, REPLICATIONS)
    assert measured <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / REPLICATIONS)
    documented(measured)


@pytest.mark.slow
@pytest.mark.parametrize("runs", [100, 200, 400])
def test_one_that_keeps_its_bound_is_recommended(runs: int, documented: Documented) -> None:
    documented(recommended(4, (0.9,), runs, REPLICATIONS))
