"""A problem of any damaged file is at a place in that file, variants and their bases included."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.damage import damaged_data, damaged_text
from fuzz.strategies import scenarios
from relsim.scenario.load import Checked, check_file, check_text
from relsim.scenario.shipped import starter_text
from relsim.scenario.text import yaml_text
from scenarios_to_test import EVERYTHING

SOUND: dict[str, Any] = {"relsim": 1, "name": "test", **EVERYTHING}
VARIANT: dict[str, Any] = {
    "extends": "base.yaml",
    "name": "variant",
    "sources": ["x"],
    "states": {"A": {"ties": {"B": 0.2, "C": {"fades_with": "war"}}}, "D": {"issues": None}},
    "ties": {"A-B": {"high": 0.2}, "C>A": None},
    "events": {"visit": {"off": True}, "talks": {"effects": []}, "crisis": None},
    "parameters": {"drift": {"uniform": [0.01, 0.02]}},
}
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
reproducible = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def is_placed(checked: Checked, texts: dict[str, str]) -> None:
    """Each problem stands on a line of its file, at most one past the end of the line."""
    assert (checked.scenario is None) is bool(checked.problems)
    for problem in (*checked.problems, *checked.warnings):
        lines = LINE_BREAK.split(texts[problem.position.file])
        assert 1 <= problem.position.line <= len(lines), problem
        line = lines[problem.position.line - 1]
        assert 1 <= problem.position.column <= len(line) + 1, problem


def text_is_placed(text: str) -> None:
    is_placed(check_text(text, "s"), {"s": text})


def variant_is_placed(variant: Any, base: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        texts = {}
        for name, data in (("variant", variant), ("base", base)):
            file = Path(folder) / f"{name}.yaml"
            texts[str(file)] = yaml_text(data)
            file.write_text(texts[str(file)], encoding="utf-8", newline="")
        checked = check_file(Path(folder) / "variant.yaml")
        is_placed(checked, texts)
        for problem in checked.problems:
            inherited = problem.position.file.endswith("base.yaml")
            assert bool(problem.chain) is inherited, problem


def test_the_undamaged_variant_is_sound(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(yaml_text(SOUND))
    (tmp_path / "variant.yaml").write_text(yaml_text(VARIANT))
    assert check_file(tmp_path / "variant.yaml").problems == ()


@settings(reproducible, max_examples=100)
@given(damaged_text(starter_text()))
def test_damaged_text(text: str) -> None:
    text_is_placed(text)


@settings(reproducible, max_examples=60)
@given(damaged_data(SOUND).map(yaml_text))
def test_damaged_data(text: str) -> None:
    text_is_placed(text)


@settings(reproducible, max_examples=50)
@given(damaged_data(VARIANT), damaged_data(SOUND) | st.just(SOUND))
def test_damaged_variant(variant: Any, base: Any) -> None:
    variant_is_placed(variant, base)


@pytest.mark.slow
@settings(reproducible, max_examples=3000)
@given(damaged_text(starter_text()))
def test_many_damaged_texts(text: str) -> None:
    text_is_placed(text)


@pytest.mark.slow
@settings(reproducible, max_examples=2000)
@given(damaged_data(VARIANT), damaged_data(SOUND) | st.just(SOUND))
def test_many_damaged_variants(variant: Any, base: Any) -> None:
    variant_is_placed(variant, base)


@pytest.mark.slow
@settings(reproducible, max_examples=1000)
@given(scenarios().flatmap(damaged_data).map(yaml_text))
def test_many_damaged_scenarios(text: str) -> None:
    text_is_placed(text)
