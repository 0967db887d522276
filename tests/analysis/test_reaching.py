"""When a tie gets to a level: known runs, both sides, steps of any length."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from hand_made import ensemble_of
from relsim.analysis.compare import Comparison, compare
from relsim.analysis.effects import NEVER, first_passage
from relsim.errors import ResultsError
from relsim.scenario.anchors import ANCHORS, next_anchor
from scenarios_to_test import ROOT, scenario_of

YEAR: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2021-01", "step": "quarter"},
    "domains": ["low", "high"],
    "states": {"A": {}, "B": {}, "C": {}},
}
BASE = [
    [0.1, 0.1, 0.3, 0.1, 0.3],  # after 2 steps
    [0.1, 0.1, 0.1, 0.1, 0.3],  # after 4
    [0.1, 0.1, 0.1, 0.2, 0.2],  # never past 0.2
    [0.1, 0.0, 0.0, 0.1, 0.3],  # after 4
]
OTHER = [
    [0.1, 0.3, 0.0, 0.0, 0.0],  # after 1
    [0.1, 0.1, 0.3, 0.1, 0.1],  # after 2
    [0.1, 0.1, 0.1, 0.3, 0.1],  # after 3
    [0.1, 0.1, 0.1, 0.1, 0.1],  # never
]


def comparison(base: Any = BASE, other: Any = OTHER) -> Comparison:
    scenario = scenario_of(YEAR)
    return compare(ensemble_of(scenario, base), ensemble_of(scenario, other))


def test_known_runs() -> None:
    found = comparison().time_to("B-A", 0.2)
    assert (found.pair, found.side, found.runs, found.both) == ("A-B", "above", 4, 2)
    assert (found.base_share, found.other_share) == (0.75, 0.75)
    assert (found.base_month, found.other_month) == ("2021-01", "2020-07")
    later = np.array([1 - 2, 2 - 4]) * 3.0  # months, where both get there
    assert found.months.value == later.mean()
    interval = stats.ttest_1samp(later, 0).confidence_interval(0.95)
    assert found.months[1:] == pytest.approx(interval)


def test_the_level_of_choice_is_the_next_anchor_above_the_opening() -> None:
    assert comparison().time_to("A-B").threshold == 0.2
    assert next_anchor(0.2) == 0.4
    assert next_anchor(-1) == -0.9
    high = np.full((2, 5), 0.85)
    with pytest.raises(ResultsError, match=r"opens at 0\.85, above the last anchor"):
        comparison(high, high).time_to("A-B")


def test_a_level_below_the_opening_is_reached_from_above() -> None:
    found = comparison().time_to("A-B", 0.05)
    assert (found.side, found.base_share, found.other_share) == ("below", 0.25, 0.25)
    assert (found.base_month, found.other_month) == ("2020-04", "2020-07")


def test_what_never_happens_has_no_month() -> None:
    found = comparison().time_to("A-B", 0.9)
    assert (found.base_share, found.other_share, found.both) == (0, 0, 0)
    assert (found.base_month, found.other_month) == ("", "")
    assert all(math.isnan(x) for x in found.months)


def test_a_scenario_is_no_later_than_itself() -> None:
    found = comparison(BASE, BASE).time_to("A-B", 0.2)
    assert (found.both, *found.months) == (3, 0, 0, 0)


def test_reading_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = np.random.default_rng(2).normal(0, 0.2, (101, 5))
    data = ensemble_of(scenario_of(YEAR), levels).data["overall"].sel(pair="A-B")
    whole = first_passage(data, 0.2, "above")
    assert set(whole) == {NEVER, 1, 2, 3, 4}
    monkeypatch.setattr("relsim.analysis.recorded.BLOCK_BYTES", 8 * 5 * 7)
    assert list(first_passage(data, 0.2, "above")) == list(whole)


def test_the_anchors_are_those_of_the_coding_scale() -> None:
    text = (ROOT / "scenarios" / "README.md").read_text(encoding="utf-8")
    for level, words in ANCHORS.items():
        assert f"| {level:g} | {words} |".replace("-", "−") in text.replace("-", "−")
    assert list(ANCHORS) == sorted(ANCHORS)
