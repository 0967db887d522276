"""Which interests carry a difference."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relsim.analysis.compare import compare
from relsim.ensemble.simulate import simulate
from scenarios_to_test import scenario_of

WORLD: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2024-01"},
    "issues": {"order": {"minus": "no", "plus": "yes"}},
    "states": {
        "A": {
            "ties": {"B": 0.2, "K": {"uniform": [0.3, 0.5]}},
            "issues": {"order": {"stance": 0.8, "salience": 0.4}},
        },
        "B": {"ties": {"K": -0.3}, "issues": {"order": {"stance": -0.5, "salience": 0.2}}},
        "K": {},
    },
    "ties": {"A-B": 0.1, "B-K": -0.5, "A-K": 0.6},
    "events": {
        "turn": {"off": True, "at": "2020-03", "effects": [{"set": "A.ties.K", "to": 0.0}]},
    },
}


def found(changes: dict[str, Any]) -> pd.DataFrame:
    base = scenario_of(WORLD)
    ensembles = [simulate(one, runs=12, seed=3) for one in (base, base.with_changes(changes))]
    return compare(*ensembles).carriers("B-A", runs=10).table.set_index("interest")


@pytest.mark.parametrize(
    ("changes", "carrier"),
    [
        ({"A.ties.K": 0.0}, "A.ties.K"),
        ({"events.turn.off": False}, "A.ties.K"),
        ({"A.issues.order.salience": 0.0}, "A.issues.order"),
        ({"B.ties.K": 0.3}, "B.ties.K"),
    ],
)
def test_a_changed_interest_carries_all_of_its_effect(
    changes: dict[str, Any], carrier: str
) -> None:
    table = found(changes)
    assert table.index[0] == carrier
    assert abs(table.loc[carrier, "effect"]) > 0.002
    assert table.loc[carrier, "without"] == pytest.approx(0, abs=1e-7)
    assert table.loc[carrier, "carried"] == pytest.approx(table.loc[carrier, "effect"], abs=1e-7)
    assert set(table.index) == {"A.ties.K", "B.ties.K", "A.issues.order", "B.issues.order"}


def test_an_act_between_others_goes_by_way_of_the_tie_to_them() -> None:
    push = {"at": "2020-03", "effects": [{"shift": "B-K", "size": 0.5}]}
    table = found({"events.push": push})
    assert table.index[0] == "A.ties.K"
    assert table.loc["A.ties.K", "low"] > 0
    # Rivals do not answer to a friend's act: B is the one who acts, so its own tie to K is moot.
    assert abs(table.loc["B.issues.order", "carried"]) < table.loc["A.ties.K", "carried"] / 4
