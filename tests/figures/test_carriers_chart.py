"""The figure of what carries a difference."""

from __future__ import annotations

from typing import Any

import pytest

from relsim.analysis.compare import Comparison, compare
from relsim.ensemble.simulate import simulate
from relsim.figures.compare import WHOLE_NAME, carriers_chart, carriers_frame
from relsim.figures.save import definition
from scenarios_to_test import scenario_of


def comparison_of(names: dict[str, str]) -> Comparison:
    states: dict[str, Any] = {
        "A": {"ties": {"K": 0.5, "L": 0.3}},
        "B": {"ties": {"K": -0.3}},
        "K": {},
        "L": {},
    }
    named = {code: {**state, "name": names.get(code, code)} for code, state in states.items()}
    base = scenario_of(
        {"states": named, "ties": {"B-K": -0.5, "B-L": 0.4, "A-B": 0.1}, "watch": ["A-B"]}
    )
    other = base.with_changes({"A.ties.K": 0.0, "A.ties.L": -0.3})
    return compare(*(simulate(one, runs=8, seed=3) for one in (base, other)))


def test_bars_are_the_whole_and_the_largest_by_name() -> None:
    comparison = comparison_of({"A": "Arland", "K": "Kay States"})
    carried = comparison.carriers("A-B")
    frame = carriers_frame(comparison, carried)
    assert frame["name"].iloc[0] == WHOLE_NAME
    assert frame["value"].iloc[0] == pytest.approx(carried.effect)
    kinds = dict(zip(frame["name"], frame["kind"], strict=True))
    assert kinds["Arland's tie to the Kay States"] == "raises"
    assert kinds["Arland's tie to L"] == "lowers"
    assert "B's tie to K" not in " ".join(frame["name"])  # it carries next to nothing


def test_interests_named_alike_are_told_apart() -> None:
    comparison = comparison_of({"K": "Same", "L": "Same"})
    frame = carriers_frame(comparison, comparison.carriers("A-B"))
    assert {"A.ties.K", "A.ties.L"} <= set(frame["name"])
    assert "A.ties.K" in str(definition(carriers_chart(comparison, comparison.carriers("A-B"))))
