"""Any damaged scenario yields problems that can be found in the text, never a traceback."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.damage import damaged_data, damaged_text, nested, set_options
from fuzz.strategies import scenarios
from relsim.model.compile import compile_scenario
from relsim.scenario.load import Checked, check_file, check_text, load
from relsim.scenario.text import yaml_text
from scenarios_to_test import EVERYTHING, STATUS_QUO

SOUND = {"relsim": 1, "name": "test", **EVERYTHING}
SHIPPED = load(STATUS_QUO).as_written
reproducible = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def is_said_properly(checked: Checked, text: str | None = None) -> None:
    """A scenario or problems; each problem has a place in the text, a code and words."""
    assert (checked.scenario is None) is bool(checked.problems)
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text) if text is not None else []
    for problem in (*checked.problems, *checked.warnings):
        assert re.fullmatch("[a-z0-9-]+", problem.code), problem
        assert problem.text.strip(), problem
        assert problem.position.line >= 1, problem
        assert problem.position.column >= 1, problem
        if text is not None:
            assert problem.position.line <= len(lines) + 1, problem
    if checked.scenario is not None:
        compile_scenario(checked.scenario)


def check_damaged(data: Any) -> None:
    text = yaml_text(data)
    is_said_properly(check_text(text), text)


@settings(reproducible, max_examples=150)
@given(damaged_data(SOUND))
def test_damaged_data(data: Any) -> None:
    check_damaged(data)


@settings(reproducible, max_examples=15)
@given(damaged_data(SHIPPED))
def test_a_damaged_status_quo(data: Any) -> None:
    check_damaged(data)


@settings(reproducible, max_examples=150)
@given(damaged_text(yaml_text(SOUND)))
def test_damaged_text(text: str) -> None:
    is_said_properly(check_text(text), text)


@settings(reproducible, max_examples=60)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_text(text: str) -> None:
    is_said_properly(check_text(text))


@settings(reproducible, max_examples=60)
@given(nested())
def test_any_data(data: Any) -> None:
    check_damaged(data)


@settings(reproducible, max_examples=80)
@given(st.lists(set_options(SOUND), min_size=1, max_size=3))
def test_any_setting(options: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "s.yaml"
        file.write_text(yaml_text(SOUND), encoding="utf-8")
        is_said_properly(check_file(file, options))


@pytest.mark.slow
@settings(reproducible, max_examples=3000)
@given(scenarios().flatmap(damaged_data))
def test_many_damaged_scenarios(data: Any) -> None:
    check_damaged(data)


@pytest.mark.slow
@settings(reproducible, max_examples=3000)
@given(scenarios().map(yaml_text).flatmap(damaged_text))
def test_many_damaged_texts(text: str) -> None:
    is_said_properly(check_text(text), text)
