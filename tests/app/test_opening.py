"""What the page needs before its first picture, as JSON that browsers read."""

from __future__ import annotations

import json

from app.paired import RUNS, SCENARIO, SEED
from relsim.app.engine import Engine
from relsim.app.messages import Base
from relsim.app.opening import opened
from scenarios_to_test import EVERYTHING, scenario_of


def test_the_page_has_months_pairs_claims_and_charts_before_the_first_picture(
    engine: Engine,
) -> None:
    base = Base(scenario="b.yaml", changes={"PAK.ties.USA": 0.1})
    growing = engine.growing(SCENARIO, SEED)
    base_growing = engine.growing(SCENARIO.with_changes(base.changes), SEED)
    found = opened("a.yaml", growing, base, base_growing)
    json.dumps(found, allow_nan=False)
    assert found["base"] == {
        "scenario": "b.yaml",
        "changes": {"PAK.ties.USA": 0.1},
        "title": base_growing.scenario.title,
        "hash": base_growing.scenario_hash,
    }
    assert (found["scenario"]["seed"], found["scenario"]["stages"]) == (str(SEED), [RUNS])
    assert found["scenario"]["months"][0] == "2020-07"
    assert found["scenario"]["months"][-1] == "2030-07"
    assert len(found["scenario"]["months"]) == 121
    assert len(found["scenario"]["pairs"]) == 55
    assert sum(pair["watched"] for pair in found["scenario"]["pairs"]) == 5
    assert found["claims"][0]["required"] == 0.5
    fans = {"fan", "difference", "small_fan", "small_difference"}
    assert set(found["charts"]) == fans | {"carriers", "parts", "network"}


def test_a_scenario_with_everything_is_opened(engine: Engine) -> None:
    growing = engine.growing(scenario_of(EVERYTHING), SEED)
    found = opened("a.yaml", growing, Base(scenario="a.yaml"), growing)
    json.dumps(found, allow_nan=False)
