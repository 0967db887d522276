"""Any valid scenario runs, stays bounded, and agrees with the plain implementation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from draws_by_name import drawn_numbers, event_uniforms, pair_draws, posture_shocks
from fuzz.strategies import scenarios
from oracle import Oracle
from relsim.ensemble.simulate import simulate
from relsim.model.mesa_model import RelationsModel
from relsim.scenario.load import check_text
from relsim.scenario.schema import Scenario
from relsim.scenario.text import yaml_text

SEED = 11
GAINS = ("alignment_gain", "rivalry_gain", "issue_gain")
# Shrinking a scenario takes minutes; by hand, add Phase.shrink.
reproducible = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def loaded(data: dict[str, Any]) -> Scenario:
    checked = check_text(yaml_text(data))
    assert checked.problems == ()
    return checked.require()


def runs_and_stays_bounded(data: dict[str, Any]) -> None:
    scenario = loaded(data)
    recorded = simulate(scenario, runs=3, seed=SEED, record="postures").data
    for name in ("overall", "cooperation", "posture"):
        levels = recorded[name].values
        assert np.isfinite(levels).all(), name
        assert (np.abs(levels) <= 1).all(), name
    assert np.isfinite(recorded["drawn"].values).all()


def agrees_with_the_oracle(data: dict[str, Any]) -> None:
    """Each step agrees, from the same state: a gain of a million would multiply what two right
    programs differ by in rounding, step by step."""
    scenario = loaded(data)
    model = RelationsModel(scenario, run=2, seed=SEED)
    try:
        oracle = Oracle(scenario, drawn_numbers(scenario, SEED, 2))
    except ValueError:
        return  # all domain weights drawn as 0, where overall cooperation has no meaning
    for step in range(min(6, scenario.time.steps)):
        model.step()
        oracle.step(
            event_uniforms(scenario, SEED, 2, step),
            posture_shocks(scenario, SEED, 2, step),
            pair_draws(scenario, SEED, 2, step),
        )
        tolerance = 1e-9 + 1e-13 * largest_pull(model)
        np.testing.assert_allclose(model.world.posture, oracle.posture, rtol=0, atol=tolerance)
        np.testing.assert_allclose(model.world.affinity, oracle.affinity, rtol=0, atol=tolerance)
        np.testing.assert_allclose(
            model.world.chance, oracle.chance, rtol=1e-12, atol=tolerance * largest_chance(model)
        )
        oracle.go_on_from(model.world.posture, model.world.chance)


def largest_pull(model: RelationsModel) -> float:
    """What weights and saliences can pull at most; sums of such parts are rounded at their size."""
    numbers = model.numbers
    interests = max(np.abs(numbers.weight).max(), np.abs(numbers.salience).max(initial=0.0))
    gains = [float(getattr(numbers, name)) for name in GAINS]
    return float(interests * max(1.0, *gains))


def largest_chance(model: RelationsModel) -> float:
    """How far chance has led any pair, if farther than levels go."""
    return max(1.0, float(np.abs(model.world.chance).max()))


@settings(reproducible, max_examples=30)
@given(scenarios())
def test_a_valid_scenario_runs_and_stays_bounded(data: dict[str, Any]) -> None:
    runs_and_stays_bounded(data)


@pytest.mark.slow
@settings(reproducible, max_examples=1500)
@given(scenarios())
def test_many_valid_scenarios_run_and_stay_bounded(data: dict[str, Any]) -> None:
    runs_and_stays_bounded(data)


@settings(reproducible, max_examples=25)
@given(scenarios())
def test_a_valid_scenario_agrees_with_the_oracle(data: dict[str, Any]) -> None:
    agrees_with_the_oracle(data)


@pytest.mark.slow
@settings(reproducible, max_examples=800)
@given(scenarios())
def test_many_valid_scenarios_agree_with_the_oracle(data: dict[str, Any]) -> None:
    agrees_with_the_oracle(data)


@settings(reproducible, max_examples=30)
@given(scenarios())
def test_a_valid_scenario_is_written_and_read_again(data: dict[str, Any]) -> None:
    scenario = loaded(data)
    assert loaded(scenario.as_written).model_dump() == scenario.model_dump()
