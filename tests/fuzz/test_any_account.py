"""Any valid scenario can be explained: its parts add up, its words and its chart can be made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from fuzz.strategies import scenarios
from fuzz.test_any_scenario import SEED, loaded, reproducible
from relsim.analysis.explain import explain
from relsim.figures.why import why_chart


def is_explained(data: dict[str, Any]) -> None:
    scenario = loaded(data)
    first, second = scenario.watched_pairs[0]
    account = explain(scenario, f"{first}-{second}", runs=1, seed=SEED)
    # Large parts of two domains may cancel overall, and leave their rounding there.
    sizes = abs(account.parts).sum("part").max("domain")
    gap = abs(account.parts.sum("part") - account.pull)
    assert (gap <= 1e-12 * np.maximum(1.0, sizes)).all()
    assert account.words().count("The pull is") == 2
    assert "nan" not in account.words()
    why_chart(account).to_dict()


@settings(reproducible, max_examples=12)
@given(scenarios())
def test_a_valid_scenario_is_explained(data: dict[str, Any]) -> None:
    is_explained(data)


@pytest.mark.slow
@settings(reproducible, max_examples=400)
@given(scenarios())
def test_many_valid_scenarios_are_explained(data: dict[str, Any]) -> None:
    is_explained(data)
