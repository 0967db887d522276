"""The engine against an independent implementation of the same equations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from draws_by_name import drawn_numbers, event_uniforms, pair_draws, posture_shocks
from oracle import Oracle
from relsim.model.mesa_model import RelationsModel
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, SHIPPED, scenario_of

SEED = 12345
# The shipped scenarios that extend none: their variants have other numbers, and a few more events.
WORLDS = [path for path in SHIPPED if "extends" not in yaml.safe_load(path.read_text("utf-8"))]


def steps_agree(scenario: Scenario, run: int, steps: int) -> None:
    model = RelationsModel(scenario, run=run, seed=SEED)
    oracle = Oracle(scenario, drawn_numbers(scenario, SEED, run))
    for step in range(steps):
        same = {
            "posture": (model.world.posture, oracle.posture),
            "affinity": (model.world.affinity, oracle.affinity),
            "chance": (model.world.chance, oracle.chance),
            "history": (model.world.history_left, np.array(oracle.history)),
            "caused": (model.world.caused, oracle.caused()),
            "overall": (model.world.overall, oracle.overall()),
        }
        for name, (ours, theirs) in same.items():
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12, err_msg=f"{name} {step}")
        model.step()
        oracle.step(
            event_uniforms(scenario, SEED, run, step),
            posture_shocks(scenario, SEED, run, step),
            pair_draws(scenario, SEED, run, step),
        )
        fired = dict(zip(model.compiled.events, model.world.fired, strict=True))
        assert {name: times for name, times in fired.items() if times} == {
            name: times for name, times in oracle.last_firings.items() if times
        }


@pytest.mark.parametrize("step", ["month", "quarter", "year"])
@pytest.mark.parametrize("run", range(3))
def test_every_mechanism_agrees(step: str, run: int) -> None:
    scenario = scenario_of(EVERYTHING).with_changes({"time.step": step})
    steps_agree(scenario, run, scenario.time.steps)


@pytest.mark.parametrize("path", WORLDS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shipped_worlds_agree(path: Path) -> None:
    steps_agree(load(path), run=1, steps=12)


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_agree_to_the_end(path: Path) -> None:
    scenario = load(path)
    steps_agree(scenario, run=2, steps=scenario.time.steps)
