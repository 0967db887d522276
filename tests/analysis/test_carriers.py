"""Which interests carry a difference."""

from __future__ import annotations

from typing import Any

import pytest

from relsim.analysis.compare import Comparison, compare
from relsim.analysis.interests import FEWEST_RUNS, affordable_runs
from relsim.ensemble.simulate import simulate
from relsim.model.compile import compile_scenario
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


def comparison_of(changes: dict[str, Any], domain: str | None = None) -> Comparison:
    base = scenario_of({**WORLD, "watch": ["A-B"]})
    ensembles = [simulate(one, runs=12, seed=3) for one in (base, base.with_changes(changes))]
    return compare(*ensembles, domain=domain)


def found(changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of the table by interest."""
    table = comparison_of(changes).carriers("B-A", runs=10).table
    numbers = table.drop(columns="interest").to_numpy()
    columns = table.columns.drop("interest")
    names = table["interest"].astype(str)
    return {
        name: dict(zip(columns, row, strict=True)) for name, row in zip(names, numbers, strict=True)
    }


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
    assert next(iter(table)) == carrier
    assert abs(table[carrier]["effect"]) > 0.002
    assert table[carrier]["without"] == pytest.approx(0, abs=1e-7)
    assert table[carrier]["carried"] == pytest.approx(table[carrier]["effect"], abs=1e-7)
    assert set(table) == {"A.ties.K", "B.ties.K", "A.issues.order", "B.issues.order"}


def test_an_act_between_others_goes_by_way_of_the_tie_to_them() -> None:
    push = {"at": "2020-03", "effects": [{"shift": "B-K", "size": 0.5}]}
    table = found({"events.push": push})
    assert next(iter(table)) == "A.ties.K"
    assert table["A.ties.K"]["low"] > 0
    # Rivals do not answer to a friend's act: B is the one who acts, so its own tie to K is moot.
    assert abs(table["B.issues.order"]["carried"]) < table["A.ties.K"]["carried"] / 4


@pytest.mark.parametrize("domain", [None, "defence"])
@pytest.mark.parametrize("at", [None, "2022-01"])
def test_the_effect_is_that_of_the_runs_compared(domain: str | None, at: str | None) -> None:
    comparison = comparison_of({"A.ties.K": 0.0}, domain)
    carried = comparison.carriers("A-B", at)
    assert carried.runs == 12
    assert carried.effect == pytest.approx(comparison.effect("A-B", at).mean.value, abs=1e-7)
    assert carried.sentence.startswith("Interests that carry the difference of A-B (")
    assert "mean of 12 paired runs): A.ties.K " in carried.sentence


def test_interests_are_named_unasked_only_where_pairs_differ_and_it_is_quick() -> None:
    comparison = comparison_of({"A.ties.K": 0.0})
    effects = {pair: comparison.effect(pair) for pair in comparison.pairs}
    carried = comparison.main_carriers(effects)
    assert carried is not None
    assert carried.pair == "A-B"
    same = comparison_of({"name": "the same"})
    assert same.main_carriers({pair: same.effect(pair) for pair in same.pairs}) is None
    states = {f"S{n}": {"ties": {f"S{n + 1}": 0.1, "S299": 0.1}} for n in range(298)}
    large = scenario_of(
        {
            "time": {"start": "2020-01", "end": "2030-01"},
            "states": {**states, "S298": {}, "S299": {}},
        }
    )
    assert affordable_runs((compile_scenario(large), compile_scenario(large)), "S1-S2") == 0
    base, other = comparison.scenarios
    assert affordable_runs((compile_scenario(base), compile_scenario(other)), "A-B") > FEWEST_RUNS
