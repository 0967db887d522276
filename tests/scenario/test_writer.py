"""What relsim writes, it reads back as it was."""

from __future__ import annotations

from typing import Any

import pytest

from relsim.scenario.load import check_text
from relsim.scenario.text import flow_text, read_text, yaml_text
from relsim.scenario.tree import plain
from scenario.minimal import scenario_with

TEXTS = [
    "", " ", "NO", "off", "12:30", "062", "1e3", "0E0", ".5e3", "1.5e3", "-7", "~", "null", "TRUE",
    ".inf", "2020-07", "2020-07-01", "=", "<<", "a: b", "# x", "- x", "é", "a\nb", "a\tb", "*a",
    "&a", "!x", "%", "@", "'", '"', "\u2028", "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_texts(text: str) -> None:
    data = {"key": text, "list": [text, {"deep": text}]}
    tree, problems = read_text(yaml_text(data), "x")
    assert tree is not None
    assert problems == []
    assert plain(tree) == data


@pytest.mark.parametrize("value", [0, -1, 0.1, 1e-7, 1e30, -0.0, True, None, [], {}, [1, [2]]])
def test_values(value: Any) -> None:
    tree, _ = read_text(yaml_text({"key": value}), "x")
    assert tree is not None
    assert plain(tree) == {"key": value}


def test_order_is_kept() -> None:
    assert yaml_text({"b": 1, "a": {"d": 2, "c": 3}}) == "b: 1\na:\n  d: 2\n  c: 3\n"


def test_a_scenario_named_like_a_number_is_read_again() -> None:
    scenario = scenario_with("name: '1e3'\nabout: '062'")
    again = check_text(yaml_text(scenario.as_written)).require()
    assert again.model_dump() == scenario.model_dump()
    assert again.name == "1e3"


@pytest.mark.parametrize("value", [*TEXTS, 0.1, True, None, [], {"a": [1, "NO"], "b": {"c": "é"}}])
def test_flow_text_is_one_line_that_is_read_back(value: Any) -> None:
    text = flow_text(value)
    assert "\n" not in text.rstrip("\n") or "\n" in str(value)
    tree, problems = read_text(text, "x")
    assert problems == []
    assert tree is not None
    assert plain(tree) == value
