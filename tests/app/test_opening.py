"""What the page needs before its first picture, as JSON that browsers read."""

from __future__ import annotations

import json

from app.paired import SCENARIO, SEED
from relsim.app.opening import opened
from scenarios_to_test import EVERYTHING, scenario_of


def test_the_page_has_months_pairs_claims_and_charts_before_the_first_picture() -> None:
    found = opened(SCENARIO, SCENARIO, "a.yaml", {}, "a.yaml", SEED, (50, 200))
    json.dumps(found, allow_nan=False)
    assert found["scenario"]["months"][0] == "2020-07"
    assert found["scenario"]["months"][-1] == "2030-07"
    assert len(found["scenario"]["months"]) == 121
    assert len(found["scenario"]["pairs"]) == 55
    assert sum(pair["watched"] for pair in found["scenario"]["pairs"]) == 5
    assert found["claims"][0]["required"] == 0.5
    fans = {"fan", "difference", "small_fan", "small_difference"}
    assert set(found["charts"]) == fans | {"carriers", "parts", "network"}


def test_a_scenario_with_everything_is_opened() -> None:
    scenario = scenario_of(EVERYTHING)
    json.dumps(opened(scenario, scenario, "a", {}, "a", SEED, (50,)), allow_nan=False)
