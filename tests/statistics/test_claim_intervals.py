"""How often intervals and verdicts of claims are right, of each kind of claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from hand_made import ensemble_of
from relsim.analysis.claims import judge
from relsim.analysis.effects import reaching
from relsim.scenario.schema import Scenario
from relsim.stats import Values, jeffreys_interval
from scenarios_to_test import scenario_of

Documented = Callable[[float], None]
RUNS, STEPS = 100, 24
STATES: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2022-01"},
    "domains": ["low", "high"],
    "states": {"A": {}, "B": {}, "C": {}},
}


@pytest.mark.parametrize("runs", [20, 100, 1000])
def test_least_coverage_of_a_share(runs: int, documented: Documented) -> None:
    shares = np.linspace(0.001, 0.999, 999)
    counts = np.arange(runs + 1)
    low, high = np.array([jeffreys_interval(count, runs) for count in counts.tolist()]).T
    held = (low <= shares[:, np.newaxis]) & (shares[:, np.newaxis] <= high)
    chances = stats.binom.pmf(counts, runs, shares[:, np.newaxis])
    coverage = (held * chances).sum(axis=1)
    assert coverage.mean() == pytest.approx(0.95, abs=0.005)
    documented(float(coverage.min()))


@pytest.mark.parametrize("asked", [0.5, 0.8, 0.9])
def test_wrong_verdicts_at_the_share_that_is_asked(asked: float, documented: Documented) -> None:
    counts = np.arange(1001)
    low, high = np.array([jeffreys_interval(count, 1000) for count in counts.tolist()]).T
    wrong = (low >= asked) | (high < asked)
    documented(float(stats.binom.pmf(counts, 1000, asked)[wrong].sum()))


EXPECTATIONS: dict[str, dict[str, Any]] = {
    "by": {"level": "A-B", "above": -0.5, "by": "2022-01"},
    "reach": {"reach": "A-B", "above": 0.5},
    "between": {"level": "A-B", "above": -0.6, "below": 0.6, "by": "2021-01"},
    "halfway": {"halfway": "A-B", "after": "2021-01"},
}


def walks(runs: int, seed: int, drift: float = 0.02) -> Values:
    """Random walks with a drift, from 0, [runs, steps + 1]."""
    steps = np.random.default_rng(seed).normal(drift, 0.1, (runs, STEPS))
    return np.concatenate([np.zeros((runs, 1)), steps.cumsum(axis=1)], axis=1)


def claiming(expect: dict[str, Any]) -> Scenario:
    claim = {"says": "So it is.", "expect": expect, "probability": 0.5}
    return scenario_of({**STATES, "claims": {"it": claim}})


@pytest.mark.slow
@pytest.mark.parametrize("kind", EXPECTATIONS)
def test_share_over_months(kind: str, documented: Documented) -> None:
    scenario = claiming(EXPECTATIONS[kind])
    (truth,) = judge(ensemble_of(scenario, walks(200_000, seed=0), domains=False))
    assert truth.share is not None
    held = []
    for seed in range(1, 501):
        (found,) = judge(ensemble_of(scenario, walks(RUNS, seed), domains=False))
        assert found.low is not None
        assert found.high is not None
        held.append(found.low <= truth.share <= found.high)
    assert np.mean(held) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 500))
    documented(float(np.mean(held)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["by", "halfway"])
def test_median_over_months(kind: str, documented: Documented) -> None:
    """Of a difference between two scenarios whose runs are alike, but not the same."""
    expect = {**EXPECTATIONS[kind], "against": "other.yaml"}
    scenario = claiming(expect)

    def judged(runs: int, seed: int) -> Any:
        ensemble = ensemble_of(scenario, walks(runs, seed, 0.03), domains=False)
        base = 0.8 * walks(runs, seed) + 0.6 * walks(runs, seed + 10_000, 0.0)
        (found,) = judge(ensemble, {"other.yaml": ensemble_of(scenario, base, domains=False)})
        return found

    truth, held = judged(200_000, 0), []
    for seed in range(1, 401):
        found = judged(RUNS, seed)
        held.append(found.median_low <= truth.effect <= found.median_high)
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)
    documented(float(np.mean(held)))


@pytest.mark.slow
def test_months_later(documented: Documented) -> None:
    """The mean of the months by which one scenario gets past a level later, where both do."""
    scenario = scenario_of(STATES)

    def later(runs: int, seed: int) -> Any:
        base, other = walks(runs, seed, 0.05), walks(runs, seed, 0.04)
        first, second = (ensemble_of(scenario, one).level("A-B") for one in (base, other))
        return reaching("A-B", first, second, 0.3, scenario.time)

    truth, held = later(200_000, 0), []
    for seed in range(1, 501):
        found = later(RUNS, seed)
        held.append(found.months.low <= truth.months <= found.months.high)
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 500)
    documented(float(np.mean(held)))
