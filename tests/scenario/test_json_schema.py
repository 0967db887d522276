"""The JSON Schema takes what relsim takes, and objects where relsim objects to the form."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from fuzz.strategies import scenarios
from relsim.scenario.json_schema import json_schema
from relsim.scenario.load import check_text
from relsim.scenario.text import read_text
from relsim.scenario.tree import plain
from scenario.minimal import with_rest
from scenarios_to_test import EVERYTHING

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
FULL: dict[str, Any] = {"relsim": 1, "name": "full", **EVERYTHING}


def as_data(text: str) -> Any:
    tree, problems = read_text(text, "x")
    assert tree is not None
    assert problems == []
    return plain(tree)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_it_takes_every_part_of_the_format() -> None:
    assert list(VALIDATOR.iter_errors(FULL)) == []


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_it_takes_any_valid_scenario(data: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(data)) == []


SHORT_FORMS = [
    "states: {A: , B: }",
    "domains: [a, b]\nties: {}",
    "domains: {a: 2, b: {weight: 1}}\nties: {}",
    "context: {z: 1, y: {uniform: [0, 1]}}",
    "states: {A: {ties: {B: 1}}, B: {ties: {A: {normal: [1, 1]}}}}",
    "events: {e: {at: [2020-02, 2020-03]}, f: {every: 2 months}}",
]


@pytest.mark.parametrize("snippet", SHORT_FORMS)
def test_it_takes_short_forms(snippet: str) -> None:
    text = with_rest(snippet)
    assert check_text(text).problems == ()
    assert list(VALIDATOR.iter_errors(as_data(text))) == []


MISTAKES = [
    "colour: red",
    "relsim: 2",
    "name: 2020",
    "states: {A: }",
    "states: {A: {tise: {B: 1}}, B: }",
    "states: {A: {ties: {B: -1.5}}, B: }",
    "domains: [a, 1]",
    "ties: {A-B: 1.4}",
    "ties: {A/B: 0.1}",
    "time: {start: 2020, end: 2022-01}",
    "parameters: {drift: '0.1'}",
    "parameters: {half_life: 9}",
    "events: {e: {chance: 0.15}}",
    "events: {e: {at: 2020-02, off: 'yes'}}",
    "events: {e: {every: {uniform: [1 month, 2 months]}}}",
    "events: {e: {at: 2020-02, effects: [{pulse: A-B, halflife: 1 month}]}}",
    "claims: {c: {says: x}}",
]


@pytest.mark.parametrize("snippet", MISTAKES)
def test_it_objects_where_relsim_does(snippet: str) -> None:
    text = with_rest(snippet)
    assert check_text(text).problems != ()
    assert not VALIDATOR.is_valid(as_data(text))


def test_a_variant_may_leave_out_and_remove() -> None:
    variant = {"extends": "base.yaml", "events": {"e": None, "f": {"off": False}}, "about": None}
    assert list(VALIDATOR.iter_errors(variant)) == []
    assert not VALIDATOR.is_valid({**variant, "evnets": {}})
    assert not VALIDATOR.is_valid({key: variant[key] for key in ("events", "about")})
