"""What differs in inputs, by paths that turn one scenario into the other."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from fuzz.strategies import scenarios
from relsim.scenario.diff import diff, events_reordered
from relsim.scenario.interests import differing_interests_in_words
from relsim.scenario.load import check_file, check_text, load
from relsim.scenario.schema import Scenario
from relsim.scenario.text import flow_text, yaml_text
from scenarios_to_test import EVERYTHING, FAMILY, scenario_of

FILES = sorted(FAMILY.glob("*.yaml"))
BASE: dict[str, Any] = {
    "states": {"A": {"ties": {"B": 0.4}}, "B": {}, "C": {}},
    "ties": {"A-B": 0.3, "A-C": {"overall": 0.1}},
    "context": {"order": 0.2},
    "events": {
        "visit": {"at": "2020-02", "effects": [{"shift": "A-B", "size": 0.1}]},
        "talks": {"at": "2020-03", "effects": []},
    },
}


def found(**parts: Any) -> dict[str, tuple[str, Any, Any]]:
    differences = diff(scenario_of(BASE), scenario_of({**BASE, **parts}))
    return {one.path: (one.kind, one.before, one.after) for one in differences}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"ties": {**BASE["ties"], "A-B": 0.2}}, {"ties.A-B": ("changed", 0.3, 0.2)}),
        ({"ties": {"A-B": 0.3}}, {"ties.A-C": ("removed", {"overall": 0.1}, None)}),
        (
            {"ties": {**BASE["ties"], "A-B": {"overall": 0.3, "defence": 0.1}}},
            {"ties.A-B.defence": ("added", None, 0.1)},
        ),
        ({"ties": {"A-B": {"overall": 0.3}, "A-C": 0.1}}, {}),  # the same, written otherwise
        (
            {"ties": {"A-B": {"uniform": [0.1, 0.2]}, "A-C": 0.1}},
            {"ties.A-B": ("changed", 0.3, {"uniform": [0.1, 0.2]})},
        ),
        (
            {"context": {"order": {"start": 0.2, "end": 0.5}}},
            {"context.order.end": ("added", None, 0.5)},
        ),
        (
            {
                "events": {
                    **BASE["events"],
                    "visit": {"at": "2020-02", "effects": [{"shift": "A-B", "size": 0.2}]},
                }
            },
            {"events.visit.effects.0.size": ("changed", 0.1, 0.2)},
        ),
        (
            {"events": {"visit": BASE["events"]["visit"]}},
            {"events.talks": ("removed", BASE["events"]["talks"], None)},
        ),
        ({"states": {"A": {"ties": {"B": 0.4}}, "B": None, "C": {"name": None}}}, {}),
        ({"watch": ["A-B", "B-C"]}, {"watch": ("added", None, ["A-B", "B-C"])}),
    ],
)
def test_known_differences(parts: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found(**parts) == expected


INTERESTS: dict[str, Any] = {
    **BASE,
    "issues": {"order": {"minus": "no", "plus": "yes"}},
    "context": {"order": 0.2},
    "states": {
        "A": {
            "ties": {"B": 0.4, "C": {"weight": 0.5, "fades_with": "order"}},
            "issues": {"order": {"stance": 0.5, "salience": 0.4}},
            "capacity": {"economic": 0.5},
        },
        "B": {},
        "C": {},
    },
}
EACH_INTEREST = {
    "A.ties.B": (0.4, -0.2),
    "B.ties.C": (None, 0.3),
    "A.ties.C.fades_with": ("order", None),
    "A.issues.order.stance": (0.5, {"uniform": [0, 1]}),
    "A.issues.order.salience": (0.4, 0.1),
    "A.capacity.economic": (0.5, 0.8),
}


@pytest.mark.parametrize("path", EACH_INTEREST)
def test_an_interest_is_one_row_that_says_how_it_was_taken(path: str) -> None:
    base, (before, after) = scenario_of(INTERESTS), EACH_INTEREST[path]
    changed, recoded = base.with_changes({path: after}), base.recoded({path: after})
    for other, word in ((changed, "changed"), (recoded, "recoded")):
        (row,) = diff(base, other)
        assert row.path.startswith("states.")
        assert f"states.{path}".startswith(row.path.removesuffix(".weight"))
        assert row.taken == word
        assert str(after) in str(row.after) or after is None
        (back,) = diff(other, base)
        assert back.taken == word
        assert differing_interests_in_words(base, other).startswith(
            "Interests that changed" if word == "changed" else "Interests that only read"
        )
    (row,) = diff(changed, recoded)  # the same in force
    assert (row.path, row.before, row.after) == (
        f"reference.{path}",
        0.0 if before is None else before,
        after,
    )
    assert row.taken == "read otherwise"


def test_what_is_changed_and_read_otherwise_as_well_is_both() -> None:
    base = scenario_of(INTERESTS)
    both = base.recoded({"A.ties.B": 0.1}).with_changes({"A.ties.B": 0.3})
    found = {one.path: (one.before, one.after, one.taken) for one in diff(base, both)}
    assert found == {
        "states.A.ties.B": (0.4, 0.3, "changed"),
        "reference.A.ties.B": (0.4, 0.1, "read otherwise"),
    }
    said = differing_interests_in_words(base, both)
    assert "A.ties.B from 0.4 to 0.3" in said
    assert "A.ties.B from 0.4 to 0.1" in said


def test_interests_of_a_state_that_only_one_has_are_neither_changed_nor_recoded() -> None:
    base = scenario_of(INTERESTS)
    more = base.with_changes({"states.D": {"ties": {"A": 0.2}}, "A.ties.D": 0.3})
    assert {one.taken for one in (*diff(base, more), *diff(more, base))} == {None}
    assert differing_interests_in_words(base, more) == ""
    moved = more.with_changes({"D.ties.A": 0.1})  # what is new may differ from its own reference
    assert [(one.path, one.after) for one in diff(base, moved) if one.taken] == [
        ("reference.D.ties.A", 0.2)
    ]
    assert base.with_changes(changes_between(base, moved)).as_written == moved.as_written


def test_a_state_that_is_removed_leaves_no_reference_behind() -> None:
    base = scenario_of(INTERESTS)
    fewer = base.with_changes({"states.C": None, "A.ties.C": None, "ties.A-C": None})
    assert dict(fewer.reference) == {}


def test_numbers_come_first_then_words_and_claims_last() -> None:
    claim = {"says": "x", "expect": {"level": "A-B", "above": 0}}
    changed = {
        "name": "Else",
        "claims": {"it": claim},
        "sources": ["a"],
        "events": {**BASE["events"], "about": {"label": "x", "at": "2020-05"}},
        "parameters": {"drift": 0.01},
    }
    differences = diff(scenario_of(BASE), scenario_of({**BASE, **changed}))
    assert [one.path for one in differences] == [
        "events.about",
        "parameters",
        "name",
        "sources",
        "claims",
    ]
    assert [one.is_words for one in differences] == [False, False, True, True, False]
    assert [one.is_claim for one in differences] == [False] * 4 + [True]


def test_another_order_of_events_is_a_difference_that_no_path_names() -> None:
    turned = scenario_of({**BASE, "events": dict(reversed(BASE["events"].items()))})
    assert diff(scenario_of(BASE), turned) == ()
    assert events_reordered(scenario_of(BASE), turned)
    fewer = scenario_of({**BASE, "events": {"talks": BASE["events"]["talks"]}})
    assert not events_reordered(scenario_of(BASE), fewer)


# The paths are those of --set


def changes_between(first: Scenario, second: Scenario) -> dict[str, Any]:
    """What turns the first into the second, as changes take it."""
    differences = diff(first, second)
    recoded = [one.path for one in differences if one.taken == "recoded"]
    changes = {one.path: one.after for one in differences}
    return {**changes, "recoded": recoded} if recoded else changes


@pytest.mark.parametrize(("first", "second"), [(FILES[0], one) for one in FILES])
def test_the_changes_turn_one_file_of_the_family_into_another(first: Path, second: Path) -> None:
    for one, other in permutations([first, second]):
        before, after = load(one), load(other)
        changed = before.with_changes(changes_between(before, after))
        assert changed.as_written == after.as_written


def test_the_changes_are_settings_of_the_command_line() -> None:
    one, other = FAMILY / "status-quo.yaml", FAMILY / "disaster-decade.yaml"
    settings = [f"{found.path}={flow_text(found.after)}" for found in diff(one, other)]
    assert any(setting.endswith("=null") for setting in settings)
    changed = check_file(one, settings).require()
    assert changed.as_written == load(other).as_written


def loaded(data: dict[str, Any]) -> Scenario:
    return check_text(yaml_text(data)).require()


@settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=15,
    suppress_health_check=list(HealthCheck),
)
@given(scenarios(), scenarios())
def test_the_changes_turn_any_scenario_into_any_other(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    before, after = loaded(one), loaded(other)
    changed = before.with_changes(changes_between(before, after))
    assert diff(changed, after) == ()
    assert changed.model_dump() == after.model_dump()


def test_a_scenario_does_not_differ_from_itself() -> None:
    assert diff(scenario_of(EVERYTHING), scenario_of(EVERYTHING)) == ()
