"""The inputs on a page: every event with its weights, and what is overridden."""

from __future__ import annotations

from typing import Any

import pytest

from relsim.report.inputs import flow, input_tables
from relsim.report.page import Table
from scenarios_to_test import EVERYTHING, FAMILY, scenario_of


def table_of(title: str, data: dict[str, Any]) -> Table:
    return next(table for table in input_tables(scenario_of(data)) if table.title == title)


def event(effect: dict[str, Any], **more: Any) -> dict[str, Any]:
    aid = {"at": "2020-02", "effects": [effect], **more}
    return {**EVERYTHING, "parameters": {"goldstein_unit": 0.03}, "events": {"aid": aid}}


def test_the_weight_of_an_act_is_shown_with_its_size() -> None:
    (row,) = table_of("Events", event({"pulse": "A-B", "cameo": "073"})).rows
    assert row[0] == "aid"
    assert row[1] == "in 2020-02"
    assert row[2].endswith("[Goldstein +7.4, size +0.222]")
    assert "OVERRIDDEN" not in row[2]


def test_an_override_of_the_scale_is_named() -> None:
    (row,) = table_of("Events", event({"pulse": "A-B", "cameo": "073", "size": 0.5})).rows
    assert row[2].endswith("OVERRIDDEN by size 0.5")


def test_a_lever_has_a_table_of_its_own() -> None:
    data = event({"pulse": "A-B", "size": 1}, off=True)
    (row,) = table_of("Levers not pulled", data).rows
    assert row[0] == "aid"
    assert "Events" not in [table.title for table in input_tables(scenario_of(data))]


def test_everything_that_is_written_is_shown() -> None:
    import relsim

    scenario = relsim.load(FAMILY / "status-quo.yaml")
    tables = {table.title: table for table in input_tables(scenario)}
    events = [*tables["Events"].rows, *tables["Levers not pulled"].rows]
    assert len(events) == len(scenario.events)
    states = scenario.as_written["states"].values()
    written = [
        (kind, name)
        for state in states
        for kind in ("ties", "issues", "capacity", "traits")
        for name in state.get(kind) or {}
    ]
    assert len(tables["States and their interests"].rows) == len(written)
    assert len(tables["Opening ties"].rows) == len(scenario.ties)
    for table in tables.values():
        assert {len(row) for row in table.rows} == {len(table.head)}


def test_a_changed_interest_is_shown_with_what_it_was() -> None:
    own = {"ties": {"B": 0.4}, "capacity": {"all": 0.5}}
    base = scenario_of({"domains": ["all"], "states": {"A": own, "B": {}, "C": {}}})
    changed = base.with_changes({"A.ties.B": -0.2, "A.capacity.all": 0.8})
    tables = {table.title: table for table in input_tables(changed)}
    rows = [row for row in tables["States and their interests"].rows if row[0].startswith("A")]
    assert rows[0][1:] == ("tie to", "B", "−0.2", "from 0.4 to −0.2")
    assert rows[1][1:] == ("capacity", "all", "0.8", "from 0.5 to 0.8")
    recoded = base.recoded({"A.ties.B": -0.2})
    tables = {table.title: table for table in input_tables(recoded)}
    assert {row[4] for row in tables["States and their interests"].rows} == {""}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ({}, ""),
        (0.5, "0.5"),
        (-0.5, "−0.5"),
        (True, "true"),
        ("a", "a"),
        ({"uniform": [1, 2]}, "uniform (1, 2)"),
        ({"pulse": "A-B", "size": {"uniform": [1, 2]}}, "pulse A-B, size uniform (1, 2)"),
        ([{"level": "A-B", "above": 0.3}, "b"], "(level A-B, above 0.3), b"),
    ],
)
def test_plain_data_stands_on_one_line(value: Any, text: str) -> None:
    assert flow(value) == text
