"""Which events a panel marks, and where their numbers stand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relsim.figures.marks import EVENT_WIDTH, event_layers, event_rows
from relsim.figures.result import acts_on, certain_events, event_numbers
from relsim.figures.style import WIDTH
from scenarios_to_test import scenario_of

STATES = {"states": {"A": {"ties": {"C": 0.1}}, "B": {}, "C": {}}}
TEN_YEARS = pd.Timedelta(days=3653)


@pytest.mark.parametrize(
    ("effect", "acts"),
    [
        ({"pulse": "B>A", "size": 0.1}, True),
        ({"shift": "A-B", "size": 0.1}, True),
        ({"shift": "A-C", "size": 0.1}, False),
        ({"add": "A.ties.C", "by": 0.1}, True),
        ({"add": "C.ties.A", "by": 0.1}, False),
        ({"set": "parameters.drift", "to": 0.1}, True),
    ],
)
def test_an_event_acts_on_ties_it_pushes_and_through_numbers(
    effect: dict[str, Any], acts: bool
) -> None:
    events = {"it": {"at": "2020-02", "effects": [{"shift": "B-C", "size": 0.1}, effect]}}
    assert acts_on(scenario_of({**STATES, "events": events}).events["it"], "A-B") is acts


def test_certain_events_are_those_of_every_run_at_their_first_time() -> None:
    table = pd.DataFrame(
        [
            ("2021-01", "talks", 1.0),
            ("2020-01", "talks", 1.0),
            ("2020-05", "flood", 0.9),
            ("2020-03", "visit", 1.0),
        ],
        columns=["month", "event", "share"],
    )
    certain = certain_events(table)
    assert list(zip(certain["month"], certain["event"], strict=True)) == [
        ("2020-01", "talks"),
        ("2020-03", "visit"),
    ]
    marks = {"A-B": certain[certain["event"] == "visit"], "A-C": certain}
    assert event_numbers(marks) == {"talks": 1, "visit": 2}


def test_numbers_that_would_touch_take_another_row() -> None:
    marks = pd.DataFrame({"month": ["2020-01", "2020-01", "2020-04", "2020-08", "2023-01"]})
    rows = event_rows(marks, TEN_YEARS)
    assert rows == [0, 1, 2, 0, 0]
    assert event_rows(marks, 40 * TEN_YEARS) == [0, 1, 2, 3, 4]
    months = EVENT_WIDTH / WIDTH * 120
    assert 4 < months < 7  # 2020-04 touches 2020-01, 2020-08 does not


def test_a_panel_without_events_has_no_layers() -> None:
    assert event_layers(pd.DataFrame({"month": [], "event": []}), {}, TEN_YEARS) == []
