"""Messages from the browser are checked, and those to it are JSON for any reader."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relsim.app.messages import (
    MOST_BYTES,
    MOST_CHANGES,
    MOST_DEPTH,
    Change,
    MessageError,
    Open,
    as_text,
    read_download,
    read_message,
)


def nested(depth: int) -> str:
    return '{"type": "copy", "changes": {"a": ' + "[" * depth + "]" * depth + "}}"


def test_a_message_is_what_its_type_says() -> None:
    assert read_message('{"type": "open"}') == Open(type="open")
    text = '{"type": "change", "number": 3, "changes": {"a.b": [1, null], "c": true}}'
    message = read_message(text)
    assert isinstance(message, Change)
    assert (message.number, message.changes) == (3, {"a.b": [1, None], "c": True})
    assert message.changes["c"] is True


def test_bounds_are_those_of_the_format() -> None:
    read_message(nested(MOST_DEPTH))
    with pytest.raises(MessageError, match=f"nested over {MOST_DEPTH} deep"):
        read_message(nested(MOST_DEPTH + 1))
    changes = {f"{number}": 0 for number in range(MOST_CHANGES)}
    read_message(json.dumps({"type": "copy", "changes": changes}))
    with pytest.raises(MessageError, match="over 2,000 changes"):
        read_message(json.dumps({"type": "copy", "changes": {**changes, "more": 0}}))
    text = '{"type": "open"}'
    read_message(text.ljust(MOST_BYTES))
    with pytest.raises(MessageError, match="65,537 bytes"):
        read_message(text.ljust(MOST_BYTES + 1))
    with pytest.raises(MessageError, match="bytes"):
        read_message("é" * (MOST_BYTES - 10))


@pytest.mark.parametrize("value", ["-1", "1.5", '"2"', "true", "9223372036854775808", "null"])
def test_a_number_of_runs_or_a_seed_is_a_whole_number(value: str) -> None:
    with pytest.raises(MessageError, match="cannot be understood"):
        read_download(f'{{"scenario": "a.yaml", "changes": {{}}, "runs": {value}}}')


def test_a_seed_may_be_a_text_of_digits() -> None:
    for seed in (3, "3", "9223372036854775807"):
        message = read_message(json.dumps({"type": "open", "seed": seed}))
        assert isinstance(message, Open)
        assert message.seed == int(seed)
    for wrong in ("9223372036854775808", "", "-1", "1.5", "\u0663", "9" * 5000, 1.5, True):
        with pytest.raises(MessageError):
            read_message(json.dumps({"type": "open", "seed": wrong}))


@given(st.one_of(st.text(), st.binary()))
def test_nothing_but_a_message_error_is_raised(text: str | bytes) -> None:
    with pytest.raises(MessageError):
        read_message(text)


def test_numbers_that_json_lacks_are_null() -> None:
    text = as_text({"a": [1.5, math.nan, {"b": math.inf}], "c": (1, -math.inf)})
    assert json.loads(text) == {"a": [1.5, None, {"b": None}], "c": [1, None]}


def test_text_stays_text() -> None:
    name = "</script><script>alert(1)</script> \u2028 é"
    assert json.loads(as_text({"name": name})) == {"name": name}


def test_a_slider_s_number_gets_the_unit_that_the_format_asks_for() -> None:
    changes = {"events.flood.chance": 0.2, "half_life": 9, "PAK.ties.USA": 0.2}
    message = read_message(json.dumps({"type": "change", "number": 1, "changes": changes}))
    assert isinstance(message, Change)
    assert message.changes == {
        "events.flood.chance": "0.2 per year",
        "half_life": "9 months",
        "PAK.ties.USA": 0.2,
    }


def test_half_a_character_is_sent_as_a_question_mark() -> None:
    message = {"text": "caf\udce9.yaml – \U0001f600", "number": math.inf}
    assert json.loads(as_text(message)) == {"text": "caf?.yaml – \U0001f600", "number": None}
