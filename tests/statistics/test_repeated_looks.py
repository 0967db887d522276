"""Wrong decisions of who looks again and again, by bounds for one look and for all looks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from relsim.analysis.claims import verdict_word
from relsim.analysis.effects import NEGLIGIBLE
from relsim.analysis.until_clear import FIRST_LOOK, MOST_RUNS, ClaimSoFar, look_until_clear
from relsim.stats import difference_sequence, jeffreys_interval, share_sequence
from scenarios_to_test import scenario_of

Documented = Callable[[float], None]
Bounds = Callable[[int, int], tuple[float, float]]
DOUBLED = [FIRST_LOOK * 2**look for look in range(7)]
DECIDED = ("supported", "contradicted")


def wrong_share(asked: float, looks: list[int], bounds: Bounds, replications: int) -> float:
    """How often a verdict is given at any look, where the true share is what is asked."""
    generator = np.random.default_rng(round(1000 * asked))
    wrong = 0
    for _ in range(replications):
        holding = (generator.random(looks[-1]) < asked).cumsum()
        for runs in looks:
            low, high = bounds(int(holding[runs - 1]), runs)
            if verdict_word(low, high, asked) in DECIDED:
                wrong += 1
                break
    return wrong / replications


def test_looking_every_hundred_runs_by_intervals_for_one_look(documented: Documented) -> None:
    documented(wrong_share(0.8, list(range(100, 2001, 100)), jeffreys_interval, 1000))


@pytest.mark.parametrize("asked", [0.5, 0.8, 0.9, 0.99])
def test_claims_until_clear(asked: float, documented: Documented) -> None:
    wrong = wrong_share(asked, DOUBLED, share_sequence, 1000)
    assert wrong < 0.05
    documented(wrong)


@pytest.mark.slow
def test_claims_looked_at_every_hundred_runs(documented: Documented) -> None:
    wrong = wrong_share(0.8, list(range(100, MOST_RUNS + 1, 100)), share_sequence, 1000)
    assert wrong < 0.05
    documented(wrong)


@pytest.mark.parametrize(
    ("kind", "differing"), [("normal", 1.0), ("normal", 0.01), ("exponential", 1.0)]
)
def test_differences_until_clear(kind: str, differing: float, documented: Documented) -> None:
    """How often a difference is found at any look where the true mean is 0."""
    generator = np.random.default_rng(3)
    wrong = 0
    for _ in range(500):
        values = generator.normal(0, 0.1, MOST_RUNS)
        if kind == "exponential":
            values = generator.exponential(0.1, MOST_RUNS) - 0.1
        values[generator.random(MOST_RUNS) >= differing] = 0.0
        bounds = [difference_sequence(values[:n]) for n in DOUBLED if values[:n].any()]
        wrong += any(low > 0 or high < 0 for low, high in bounds)
    assert wrong / 500 < 0.05
    documented(wrong / 500)


@pytest.mark.parametrize("differing", [0.003, 0.01, 0.1])
def test_rare_differences_are_not_called_negligible(
    differing: float, documented: Documented
) -> None:
    """How often bounds stay below what is worth naming, where the true mean is above it."""
    generator = np.random.default_rng(4)
    wrong = 0
    for _ in range(500):
        values = generator.exponential(0.006 / differing, MOST_RUNS)
        values[generator.random(MOST_RUNS) >= differing] = 0.0
        bounds = [difference_sequence(values[:n]) for n in DOUBLED if values[:n].any()]
        wrong += any(max(-low, high) < NEGLIGIBLE for low, high in bounds)
    assert wrong / 500 < 0.05
    documented(wrong / 500)


@pytest.mark.slow
def test_the_whole_way_on_simulated_scenarios(documented: Documented) -> None:
    """Two pairs whose futures are alike: either ends higher in half of all runs."""
    scenario = scenario_of(
        {
            "time": {"start": "2020-01", "end": "2020-04"},
            "states": {"A": {}, "B": {}, "C": {}, "D": {}},
            "claims": {
                "above": {"says": "It is.", "expect": {"order": ["A-B", "C-D"]}, "probability": 0.5}
            },
        }
    )
    wrong = 0
    for seed in range(200):
        claim = ClaimSoFar("it", "above", scenario.claims["above"], "")
        look_until_clear({"it": (scenario, seed)}, [claim], "claims", most=4000)
        low, high = share_sequence(claim.holding, claim.runs)
        wrong += verdict_word(low, high, 0.5) in DECIDED
    assert wrong / 200 < 0.05
    documented(wrong / 200)
