"""A scenario may be a file, a text or a dict: the same scenario, with problems that are placed."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from relsim.errors import ScenarioError
from relsim.scenario.load import load
from scenarios_to_test import FAMILY

FILE = FAMILY / "armenia-recognition.yaml"
TEXT = FILE.read_text(encoding="utf-8")
SMALL = {"relsim": 1, "name": "x", "time": {"start": "2020-01", "end": "2021-01"}}


@pytest.mark.parametrize("given", [TEXT, yaml.safe_load(TEXT)], ids=["text", "dict"])
def test_a_text_and_a_dict_are_what_the_file_is(given: object) -> None:
    scenario, of_file = load(given, folder=FAMILY), load(FILE)  # type: ignore[arg-type]
    assert scenario.as_written == of_file.as_written
    assert scenario.folder == of_file.folder
    assert scenario.file is None
    assert scenario.slug.startswith("pakistan-recognises-armenia")


def test_problems_of_a_dict_are_named_by_their_path() -> None:
    states = {"A": {}, "B": {"ties": {"Q": np.float64(0.1)}}}
    with pytest.raises(ScenarioError) as caught:
        load({**SMALL, "states": states, "ties": {"A-B": np.int64(3)}})
    places = [problem.position.file for problem in caught.value.problems]
    assert places == ["states.B.ties.Q", "ties.A-B"]
    assert str(caught.value).startswith("states.B.ties.Q  unknown-state")


def test_problems_of_a_text_are_named_by_their_line() -> None:
    with pytest.raises(ScenarioError, match=r"scenario:2:1  unknown-key"):
        load("relsim: 1\nnames: x\n")


def test_a_string_of_one_line_is_a_path() -> None:
    with pytest.raises(ScenarioError, match=r"nowhere\.yaml  not-found"):
        load("nowhere.yaml")


def test_what_is_given_extends_files_of_its_folder_alone() -> None:
    variant = {"extends": "status-quo.yaml", "name": "variant"}
    assert load(variant, folder=FAMILY).name == "variant"
    with pytest.raises(ScenarioError, match="extends-outside"):
        load({"extends": "../nile-red-sea/status-quo.yaml"}, folder=FAMILY)


def test_data_that_hold_themselves_or_what_no_file_can_are_refused() -> None:
    endless: dict[str, object] = {}
    endless["states"] = endless
    for data, code in ((endless, "too-deep"), ({**SMALL, "about": "a\0"}, "yaml-syntax")):
        with pytest.raises(ScenarioError, match=code):
            load(data)
