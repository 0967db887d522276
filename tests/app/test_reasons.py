"""Why pairs are where they are: what the page shows is what ``relsim explain`` says."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from app.paired import RUNS, SEED
from relsim.analysis.explain import explain_pairs
from relsim.app.engine import Engine
from relsim.app.reasons import pulls, why
from relsim.ensemble.chunks import Stopped, new_stop
from scenarios_to_test import EVERYTHING, scenario_of


def test_the_account_is_against_the_base_and_its_parts_are_the_largest(
    engine: Engine, pair: Any
) -> None:
    ensemble, base = pair
    found = why(engine, ensemble, base, "RUS-PAK", "2025-01", new_stop())
    assert (found["pair"], found["month"], found["runs"]) == ("PAK-RUS", "2025-01", RUNS)
    assert [story["title"].split(",")[0] for story in found["stories"]] == [
        "Pakistan towards Russia",
        "Russia towards Pakistan",
    ]
    assert "against “Pakistan–Russia, status quo”" in found["stories"][0]["lead"]
    account = explain_pairs(ensemble, ["PAK-RUS"], against=base, progress=False)["PAK-RUS"]
    change = account.change.isel(step=account.step("2025-01")).sel(domain="overall")
    for side, way in enumerate(account.directions):
        parts = [part for part in found["parts"] if part["direction"] == way]
        assert {part["side"] for part in parts} == {side}
        largest = change.sel(direction=way).values
        expected = largest[np.argsort(-np.abs(largest))][: len(parts)]
        assert np.allclose([part["value"] for part in parts], expected, atol=5.1e-5)
    assert found["carriers"] is not None
    carried = found["carriers"]["rows"][0]
    assert carried["label"] == "Pakistan's tie to the United States"
    assert "Pakistan – Russia" in found["carriers"]["sentence"]
    assert math.copysign(1, carried["low"]) == math.copysign(1, carried["high"])


def test_where_nothing_differs_the_account_is_since_the_opening(engine: Engine, pair: Any) -> None:
    _, base = pair
    found = why(engine, base, base, "PAK-RUS", None, new_stop())
    assert "since the opening in 2020-07" in found["stories"][0]["lead"]
    assert found["carriers"] is None


def test_why_stops_when_told(engine: Engine, pair: Any) -> None:
    ensemble, base = pair
    stop = new_stop()
    stop[0] = 1
    with pytest.raises(Stopped):
        why(engine, ensemble, base, "PAK-RUS", None, stop)
    with pytest.raises(Stopped):
        pulls(ensemble, None, stop=stop)


def test_pulls_are_the_largest_parts_of_both_sides_of_all_pairs(engine: Engine) -> None:
    scenario = scenario_of(EVERYTHING)
    ensemble = engine.base(scenario, SEED).grow(RUNS, new_stop())
    found = pulls(ensemble, "2022-06", executor=engine.turn(1, new_stop()))
    assert set(found["pairs"]) == {str(pair) for pair in ensemble.data["pair"].values}
    account = explain_pairs(ensemble, ["A-B"], progress=False)["A-B"]
    levels = account.parts.isel(step=account.step("2022-06")).sel(domain="overall")
    for way, parts in found["pairs"]["A-B"].items():
        assert len(parts) <= 4
        sizes = levels.sel(direction=way).values
        expected = sizes[np.argsort(-np.abs(sizes))][: len(parts)]
        assert np.allclose([part["value"] for part in parts], expected, atol=5.1e-5)


def test_a_scenario_with_everything_has_reasons_that_json_can_hold(engine: Engine) -> None:
    scenario = scenario_of(EVERYTHING)
    base = engine.base(scenario, SEED).grow(RUNS, new_stop())
    changed = scenario.with_changes({"parameters.rivalry_gain": 0.1})
    ensemble = engine.growing(changed, SEED).grow(RUNS, new_stop())
    json.dumps(why(engine, ensemble, base, "A-B", None, new_stop()), allow_nan=False)
