"""What the documentation of the model says about the spread of cooperation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relsim.ensemble.simulate import simulate
from relsim.scenario.values import central
from scenarios_to_test import scenario_of


@pytest.mark.parametrize("reciprocity", [0.0, 0.2, 0.5])
def test_volatility_is_the_standard_deviation(
    reciprocity: float, documented: Callable[[float], None]
) -> None:
    """Of cooperation in one domain, in the long run, whatever reciprocity is."""
    scenario = scenario_of(
        {
            "time": {"start": "2020-01", "end": "2027-01"},
            "states": {"A": {}, "B": {}},
            "ties": {"A-B": 0.3},
            "watch": ["A-B"],
            "parameters": {"drift": 0, "reciprocity": reciprocity},
        }
    )
    levels = simulate(scenario, runs=4000, seed=3).level("A-B", "economic")
    spread = float(levels.isel(time=-1).std()) / central(scenario.parameters.volatility)
    assert spread == pytest.approx(1, abs=3 / (2 * 4000) ** 0.5)
    documented(spread)
