"""YAML as relsim reads it: bounded, without tags, by the core schema of YAML 1.2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from relsim.scenario import text as reader
from relsim.scenario.load import check_file, check_text
from relsim.scenario.text import MAX_DEPTH, read_file, read_text, scalar_value
from relsim.scenario.tree import plain
from scenario.minimal import MINIMAL, places, problems_of, scenario_with
from scenarios_to_test import SHIPPED

SCALARS = [
    ("NO", "NO"), ("off", "off"), ("y", "y"), ("12:30", "12:30"), ("2020-07-01", "2020-07-01"),
    ("2020-07", "2020-07"), ("062", "062"), ("0x1F", "0x1F"), ("0o17", "0o17"), ("1_000", "1_000"),
    ("1,5", "1,5"), ("1e-3", 0.001), ("1E3", 1000.0), ("-.5", -0.5), ("1.", 1.0), ("0", 0),
    ("-7", -7), ("+7", 7), ("9" * 40, float("9" * 40)), ("true", True), ("FALSE", False),
    ("tRue", "tRue"), ("~", None), ("", None), (".inf", float("inf")), ("<<", "<<"), ("=", "="),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_plain_scalars(text: str, value: Any) -> None:
    found = scalar_value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["1", "true", "null", "1e3", ""])
def test_quoted_scalars_are_texts(text: str) -> None:
    assert scalar_value(text, quoted=True) == text


def test_norway_is_a_state() -> None:
    scenario = scenario_with("states: {NO: {name: NO}, on: }\nties: {NO-on: 0.1}")
    assert list(scenario.states) == ["NO", "on"]
    assert scenario.states["NO"].name == "NO"


def test_off_is_a_key_and_a_cameo_code_keeps_its_zero() -> None:
    scenario = scenario_with(
        "events: {e: {off: true, at: 2020-02, effects: [{pulse: A-B, cameo: 062}]}}"
    )
    assert scenario.events["e"].off
    assert scenario.as_written["events"]["e"]["effects"] == [{"pulse": "A-B", "cameo": "062"}]


REFUSED = [
    ("a: 1\na: 2", [(2, 1, "duplicate-key")]),
    ("a: {b: 1, b: 2}", [(1, 11, "duplicate-key")]),
    ("a: !!python/object:os.system x", [(1, 4, "yaml-tag")]),
    ("a: !x 1", [(1, 4, "yaml-tag")]),
    ("a: 1\n---\nb: 2", [(2, 1, "second-document")]),
    ("a:\n\tb: 1", [(2, 1, "yaml-syntax")]),
    ("a: b: c", [(1, 5, "yaml-syntax")]),
    ("a: [1, 2\nb: 3", [(2, 2, "yaml-syntax")]),
    ("a: *nowhere", [(1, 4, "yaml-syntax")]),
    ("a: 1\nb: \x07", [(2, 4, "yaml-syntax")]),
    ("a: x\0y", [(1, 5, "yaml-syntax")]),
    ('a: "\\ud800"', [(1, 4, "yaml-syntax")]),
    ('b: 1\n"\\udfff": 2', [(2, 1, "yaml-syntax")]),
    ('b: 1\na: "x\\UFFFFFFFF"', [(2, 6, "yaml-syntax")]),
    ('b: 1\na: "\\U00110000"', [(2, 5, "yaml-syntax")]),
    ("a: &a [1, *a]", [(1, 4, "alias-cycle")]),
    ("a: &a {b: *a}", [(1, 4, "alias-cycle")]),
    ("{[1]: 2}", [(1, 2, "bad-key")]),
    ("? {a: 1}\n: 2", [(1, 3, "bad-key")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_what_is_refused_and_where(text: str, expected: list[tuple[int, int, str]]) -> None:
    _, problems = read_text(text, "x")
    assert places(tuple(problems)) == expected


BRACKET = "Close the bracket opened on line 2, or put a comma between its entries."
INDENT = "Indent the line like the others of its map; a text that goes on here needs quotes."


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a:\n\tb: 1", "Indent with spaces, not tabs."),
        ("a: b: c", "Put a text that holds ': ' in quotes."),
        ("a: b\n  c: d", INDENT),
        ("a: 1\n b: 2", INDENT),
        ("a:\n  - b: 1\n     c: 2", INDENT),
        ("a:\n  b: {}\n   c: {}", "Indent the line like the others of its map or list."),
        ("a:\n  b: {}\n c: {}", "Indent the line like the others of its map or list."),
        ("  a: 1\nb: 2", "Indent the first line like the others."),
        ("b: 1\na: [1, 2\nc: 3", BRACKET),
        ("b: 1\na: {c: 2\nd: 3", BRACKET),
        ("b: 1\na: 'c\nd: 3", "Close the quote opened on line 2."),
        ("a: 1\nb c\nd: 3", "A key has ': ' after it; a text over several lines stands in quotes."),
        ("a: @b", "Put a text that begins with a sign in quotes."),
        ("a: !!int 1", "Remove the tag; plain values suffice."),
    ],
)
def test_hints_for_syntax(text: str, hint: str) -> None:
    _, (problem,) = read_text(text, "x")
    assert problem.hint == hint


def test_depth_is_bounded_written_out_or_by_aliases() -> None:
    deep = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert read_text(deep, "x")[1] == []
    _, (problem,) = read_text(f"[{deep}]", "x")
    assert (problem.code, problem.position.column) == ("too-deep", MAX_DEPTH + 1)
    _, (problem,) = read_text("[" * 100_000, "x")
    assert problem.code == "too-deep"
    half = MAX_DEPTH // 2
    chain = [f"x0: &a0 {'[' * half}{']' * half}"]
    for level in range(1, 40):
        chain.append(f"x{level}: &a{level} {'[' * half}*a{level - 1}{']' * half}")
    tree, (problem,) = read_text("\n".join(chain), "x")
    assert tree is None
    assert problem.code == "too-deep"


def test_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 20)
    file = tmp_path / "s.yaml"
    for text, codes in (("a: " + "é" * 8, []), ("a: " + "é" * 9, ["too-large"])):
        file.write_text(text, encoding="utf-8")
        assert [problem.code for problem in read_text(text, "x")[1]] == codes
        assert [problem.code for problem in read_file(file, "x")[1]] == codes


def test_aliases_within_bounds_are_written_out() -> None:
    tree, problems = read_text("a: &a {b: 1}\nc: [*a, *a]", "x")
    assert problems == []
    assert tree is not None
    assert plain(tree) == {"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}]}


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(MINIMAL.replace("\n", "\r\n").encode("utf-8-sig"))
    assert check_file(tmp_path / "s.yaml").problems == ()
    assert check_text("\ufeff" + MINIMAL).problems == ()


FILES = [
    (b"name: \xe9", "not-text"),
    (MINIMAL.encode("utf-16"), "not-text"),
    (b"- 1\n", "wrong-type"),
    (b"words", "wrong-type"),
    (b"---\n", "wrong-type"),
    (b"", "missing-key"),
    (b"# only a comment\n", "missing-key"),
]


@pytest.mark.parametrize(("content", "code"), FILES)
def test_files_that_are_no_scenario(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "s.yaml").write_bytes(content)
    problems = check_file(tmp_path / "s.yaml").problems
    assert {problem.code for problem in problems} == {code}
    assert {problem.position.line for problem in problems} <= {1, 2}


def test_paths_that_lead_to_no_file(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    for path, code in (
        (tmp_path, "not-found"),
        (tmp_path / "absent.yaml", "not-found"),
        (tmp_path / "a\0b.yaml", "not-found"),
        (tmp_path / ("x" * 1000), "not-readable"),
        (tmp_path / "loop.yaml", "not-readable"),
    ):
        (problem,) = check_file(path).problems
        assert (problem.code, problem.position.file) == (code, str(path))


def test_a_problem_of_a_value_in_a_longer_file_is_on_its_line() -> None:
    snippet = "# a comment\n\nparameters:\n\n  drift:   x   # wrong\n"
    assert problems_of(snippet) == [(5, 12, "not-a-number")]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_both_parsers_see_the_same_tree(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = read_file(path, "x")
    monkeypatch.setattr(reader, "QUICK_LOADER", yaml.SafeLoader)
    assert read_file(path, "x") == quick
