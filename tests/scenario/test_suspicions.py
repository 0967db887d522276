"""Warnings, each in its place, and none without need."""

from __future__ import annotations

import pytest

from relsim.scenario.load import check_text
from scenario.minimal import MINIMAL, places, with_rest

EVENT = "events: {e: {at: 2020-02, effects: [%s]}}"
STAND = "{stance: %s, salience: %s}"

WARNED = [
    ("states: {A: {ties: {B: 1, C: -0.6}}, B: , C: }", [(1, 14, "heavy-interest")]),
    ("states: {A: {ties: {B: 1, C: {uniform: [0.4, 0.8]}}}, B: , C: }",
     [(1, 14, "heavy-interest")]),
    ("states: {A: {ties: {B: 1, C: -0.5}}, B: , C: }", []),
    ("states: {A: {ties: {B: 0.3}}, B: }\nties: {A-B: -0.3}", [(1, 24, "cue-from-rival")]),
    ("states: {A: {ties: {B: {weight: 0.3}}}, B: }\nties: {A>B: -0.6}",
     [(1, 21, "cue-from-rival")]),
    ("states: {A: {ties: {B: -0.3}}, B: }\nties: {A-B: -0.3}", []),
    ("states: {A: {ties: {B: 0.3}}, B: }\nties: {A-B: -0.2}", []),
    ("states: {A: {ties: {B: {uniform: [-0.2, 0.3]}}}, B: }\nties: {A-B: -0.5}",
     [(1, 21, "cue-from-rival")]),
    ("issues: {i: {minus: x, plus: y}}\nstates: {A: {issues: {i: " + STAND % (1, 2) + "}}, "
     "B: {issues: {i: " + STAND % (1, 1) + "}}}", [(2, 48, "heavy-interest")]),
    ("issues: {i: {minus: x, plus: y}}", [(1, 10, "idle-issue")]),
    ("issues: {i: {minus: x, plus: y}}\nstates: {A: {issues: {i: " + STAND % (1, 1) + "}}, "
     "B: {issues: {i: " + STAND % (0, 1) + "}}}", [(1, 10, "idle-issue")]),
    ("ties: {A-B: 0.96}", [(1, 13, "extreme-tie")]),
    ("ties: {A-B: {defence: -1}}", [(1, 23, "extreme-tie")]),
    ("ties: {A-B: 0.95}", []),
    ("states: {A: {capacity: {economic: 0.3}}, B: }", [(5, 13, "extreme-tie")]),
    ("states: {A: , B: , C: }", [(1, 20, "lonely-state")]),
    ("states: {A: , B: , C: }\n" + EVENT % "{pulse: A-C, size: 1}", []),
    ("states: {A: , B: {ties: {C: 1}}, C: }", []),
    ("events: {e: {at: 2020-02}}", [(1, 10, "idle-event")]),
    (EVENT % "{pulse: A-B, size: -1.1}", [(1, 56, "large-push")]),
    (EVENT % "{shift: A-B, size: {uniform: [1, 2]}}", [(1, 50, "large-push")]),
    (EVENT % "{pulse: A-B, size: 1}", []),
    ("events: {e: {at: [2020-02, 2022-01], effects: [{pulse: A-B, size: 1}]}}",
     [(1, 28, "event-outside-time")]),
    ("events: {e: {at: 2019-12, effects: [{pulse: A-B, size: 1}]}}",
     [(1, 18, "event-outside-time")]),
    ("events: {e: {every: 1 year, from: 2022-01, effects: [{pulse: A-B, size: 1}]}}",
     [(1, 35, "event-outside-time")]),
    ("events: {e: {every: 1 year, until: 2019-12, effects: [{pulse: A-B, size: 1}]}}",
     [(1, 36, "event-outside-time")]),
]  # fmt: skip


@pytest.mark.parametrize(("snippet", "expected"), WARNED)
def test_warnings(snippet: str, expected: list[tuple[int, int, str]]) -> None:
    checked = check_text(with_rest(snippet))
    assert checked.problems == ()
    assert places(checked.warnings) == expected


def test_the_smallest_scenario_is_not_suspicious() -> None:
    assert check_text(MINIMAL).warnings == ()


def test_a_scenario_with_problems_has_no_warnings() -> None:
    checked = check_text(with_rest("states: {A: {ties: {B: 105.91, C: 1}}, B: }"))
    assert checked.warnings == ()
