"""Merging and changing trees: maps merge, lists replace, null removes, numbers open to maps."""

from __future__ import annotations

from typing import Any

import pytest

from relsim.errors import Position
from relsim.scenario.tree import Mapping, from_plain, is_single, locate, merge, plain, put
from scenario.minimal import problems_of

BASE, OVER = Position("base", 1, 1), Position("over", 2, 2)

MERGED = [
    ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    ({"a": 1}, {"a": 2}, {"a": 2}),
    ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
    ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ({"a": {"b": 1}}, {"a": None}, {}),
    ({"a": 1}, {"b": None}, {"a": 1, "b": None}),
    ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
    ({"a": [1]}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    # a lone number opens to the map it stands for
    ({"ties": {"A-B": 0.1}}, {"ties": {"A-B": {"x": 0.2}}},
     {"ties": {"A-B": {"overall": 0.1, "x": 0.2}}}),
    ({"ties": {"A-B": {"uniform": [0, 1]}}}, {"ties": {"A-B": {"x": 0.2}}},
     {"ties": {"A-B": {"overall": {"uniform": [0, 1]}, "x": 0.2}}}),
    ({"context": {"z": 0.1}}, {"context": {"z": {"end": 1}}},
     {"context": {"z": {"start": 0.1, "end": 1}}}),
    ({"domains": {"d": 2}}, {"domains": {"d": {"label": "x"}}},
     {"domains": {"d": {"weight": 2, "label": "x"}}}),
    ({"states": {"A": {"ties": {"B": 1}}}}, {"states": {"A": {"ties": {"B": {"fades_with": "z"}}}}},
     {"states": {"A": {"ties": {"B": {"weight": 1, "fades_with": "z"}}}}}),
    # distributions replace whole
    ({"parameters": {"drift": {"uniform": [0, 1]}}}, {"parameters": {"drift": {"normal": [0, 1]}}},
     {"parameters": {"drift": {"normal": [0, 1]}}}),
    ({"parameters": {"drift": {"uniform": [0, 1]}}}, {"parameters": {"drift": 1}},
     {"parameters": {"drift": 1}}),
    # names that are also those of distributions are names
    ({"events": {"e": {"off": True}, "normal": {"off": True}}}, {"events": {"normal": {"off": 1}}},
     {"events": {"e": {"off": True}, "normal": {"off": 1}}}),
]  # fmt: skip


@pytest.mark.parametrize(("base", "over", "merged"), MERGED)
def test_merge(base: Any, over: Any, merged: Any) -> None:
    assert plain(merge(from_plain(base, BASE), from_plain(over, OVER))) == merged


def test_merged_parts_remember_who_wrote_them() -> None:
    merged = merge(
        from_plain({"ties": {"A-B": 0.1, "A-C": 0.2}}, BASE),
        from_plain({"ties": {"A-B": {"x": 0.3}}}, OVER),
    )
    assert locate(merged, ("ties", "A-B", "overall")) == BASE
    assert locate(merged, ("ties", "A-B", "x"), key=True) == OVER
    assert locate(merged, ("ties", "A-C")) == BASE


PUT = [
    ({}, "a.b.c", 1, {"a": {"b": {"c": 1}}}),
    ({"a": {"b": 1, "c": 2}}, "a.b", None, {"a": {"c": 2}}),
    ({"a": {"c": 2}}, "a.b", None, {"a": {"c": 2}}),
    ({"a": [{"b": 1}, {"b": 2}]}, "a.1.b", 3, {"a": [{"b": 1}, {"b": 3}]}),
    ({"ties": {"A-B": 0.1}}, "ties.A-B.x", 0.2, {"ties": {"A-B": {"overall": 0.1, "x": 0.2}}}),
    ({"ties": {"A-B": 0.1}}, "ties.A-B.uniform", [0, 1], {"ties": {"A-B": {"uniform": [0, 1]}}}),
    ({"parameters": {"drift": {"normal": [0, 1]}}}, "parameters.drift.uniform", [0, 1],
     {"parameters": {"drift": {"uniform": [0, 1]}}}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "path", "value", "changed"), PUT)
def test_put(data: Any, path: str, value: Any, changed: Any) -> None:
    tree = from_plain(data, BASE)
    assert isinstance(tree, Mapping)
    assert plain(put(tree, path.split("."), from_plain(value, OVER))) == changed
    assert plain(tree) == data


@pytest.mark.parametrize("path", ["a.b", "l.2", "l.x", "l.-1", "l.²", "l.0.x.y"])
def test_put_says_where_a_path_ends(path: str) -> None:
    tree = from_plain({"a": 1, "l": [1, 2]}, BASE)
    assert isinstance(tree, Mapping)
    with pytest.raises(KeyError):
        put(tree, path.split("."), from_plain(1, OVER))


@pytest.mark.parametrize(
    ("data", "single"),
    [
        (1, True),
        ("x", True),
        (None, False),
        ({"uniform": [0, 1]}, True),
        ({"uniform": 1}, False),
        ({"uniform": [0, 1], "x": 1}, False),
        ({}, False),
        ([1], False),
    ],
)
def test_single_values(data: Any, *, single: bool) -> None:
    assert is_single(from_plain(data, BASE)) is single


def test_an_event_may_be_called_normal() -> None:
    assert problems_of("events: {normal: {at: 2020-02}}") == []
