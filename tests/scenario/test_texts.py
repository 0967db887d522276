"""Texts of scenarios: the characters they may hold, their white space, and how long they may be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from commands import Command
from relsim.experiments.load import load_experiment
from relsim.scenario.json_schema import json_schema
from relsim.scenario.load import check_text
from relsim.scenario.schema import MAX_STATES
from relsim.scenario.text import read_text
from relsim.scenario.values import MAX_ABOUT, MAX_KEY, MAX_SENTENCE, MAX_TITLE
from scenario.minimal import MINIMAL, with_rest

REFUSED = [
    "\\0", "\\a", "\\e", "\\u001f", "\\x7f", "\\x9b", "\\ud800", "\\udfff", "\\ufdd0", "\\ufffe",
    "\\uffff", "\\U0001fffe", "\\U0010ffff", "\\u202e", "\\u2066", "\\u200f", "\\u061c",
]  # fmt: skip


@pytest.mark.parametrize("escape", REFUSED)
@pytest.mark.parametrize(
    ("text", "column"),
    [('name: "a{}b"', 7), ('"a{}b": 1', 1), ('x: ["{}"]', 5), ('"\\x41{}": 1', 1)],
)
def test_a_character_that_no_text_holds_has_its_place(escape: str, text: str, column: int) -> None:
    _, (problem,) = read_text("a: 1\n" + text.format(escape), "x")
    assert (problem.position.line, problem.position.column) == (2, column)
    assert problem.code == "yaml-syntax"
    assert problem.text.startswith("Character U+")
    assert str(problem).isprintable()


@pytest.mark.parametrize("raw", ["\u202e", "\u2066", "\u200f", "\U0001fffe", "\ufdd0"])
def test_those_that_yaml_takes_as_they_are_do_not_pass_either(raw: str) -> None:
    assert [p.code for p in read_text(f"a: x{raw}y", "x")[1]] == ["yaml-syntax"]


@pytest.mark.parametrize("text", ["Ελλάδα", "ایران‌شهر", "👩‍👩‍👧", "a\\tb", "السعودية", "\\xa0"])
def test_what_people_write_is_taken(text: str) -> None:
    assert read_text(f'a: "{text}"', "x")[1] == []


TEXTS: dict[str, tuple[str, Any, int]] = {
    "name": ('name: "{}"', lambda s: s.name, MAX_TITLE),
    "source": ('sources: ["{}"]', lambda s: s.sources[0], MAX_SENTENCE),
    "domain": ('domains: {{d: {{label: "{}"}}}}', lambda s: s.domains["d"].label, MAX_TITLE),
    "context": (
        'context: {{z: {{start: 0, label: "{}"}}}}', lambda s: s.context["z"].label, MAX_TITLE
    ),
    "minus": ('issues: {{i: {{minus: "{}", plus: b}}}}', lambda s: s.issues["i"].minus, MAX_TITLE),
    "plus": ('issues: {{i: {{minus: a, plus: "{}"}}}}', lambda s: s.issues["i"].plus, MAX_TITLE),
    "state": ('states: {{A: {{name: "{}"}}, B: {{}}}}', lambda s: s.states["A"].name, MAX_TITLE),
    "event": (
        'events: {{e: {{at: 2020-02, label: "{}"}}}}', lambda s: s.events["e"].label, MAX_TITLE
    ),
    "says": (
        'claims: {{c: {{says: "{}", expect: {{level: A-B, above: 0}}}}}}',
        lambda s: s.claims["c"].says,
        MAX_SENTENCE,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("snippet", "of", "most"), TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("space", ["\\n", "\\r\\n", "\\N", "\\L", "\\P", "\\t ", "   ", "\\_"])
def test_white_space_is_one_space(snippet: str, of: Any, most: int, space: str) -> None:
    scenario = check_text(with_rest(snippet.format(f"{space}a{space}b{space}"))).require()
    assert of(scenario) == "a b"
    assert scenario.as_written == check_text(with_rest(snippet.format("a b"))).require().as_written


@pytest.mark.parametrize(("snippet", "of", "most"), TEXTS.values(), ids=TEXTS)
def test_texts_have_bounds(snippet: str, of: Any, most: int) -> None:
    longest = check_text(with_rest(snippet.format("x" * most))).require()
    assert len(of(longest)) == most
    (problem,) = check_text(with_rest(snippet.format("x" * (most + 1)))).problems
    assert (problem.code, problem.position.line) == ("wrong-length", 1)
    assert f"has {most + 1} characters" in problem.text
    assert problem.hint == f"It takes at most {most}."


@pytest.mark.parametrize("where", ["about: '{}'", "events: {{e: {{at: 2020-02, about: '{}'}}}}"])
def test_about_has_paragraphs_and_a_bound(where: str) -> None:
    assert check_text(with_rest(where.format("x" * MAX_ABOUT))).problems == ()
    (problem,) = check_text(with_rest(where.format("x" * (MAX_ABOUT + 1)))).problems
    assert problem.code == "wrong-length"
    scenario = check_text(with_rest('about: "a\\r\\nb\\Lc\\Pd\\Ne"')).require()
    assert scenario.about == scenario.as_written["about"] == "a\nb\nc\n\nd\ne"


@pytest.mark.parametrize(
    "snippet",
    [
        "events: {{{}: {{at: 2020-02}}}}",
        "issues: {{{}: {{minus: a, plus: b}}}}",
        "context: {{{}: 0}}",
        "domains: {{d: 1, {}: 1}}",
        "states: {{A: , B: , {}: }}",
        "claims: {{{}: {{says: x, expect: {{level: A-B, above: 0}}}}}}",
    ],
)
def test_names_have_a_bound(snippet: str) -> None:
    assert check_text(with_rest(snippet.format("x" * MAX_KEY))).problems == ()
    (problem,) = check_text(with_rest(snippet.format("x" * (MAX_KEY + 1)))).problems
    assert (problem.code, problem.position.line) == ("wrong-length", 1)
    assert problem.position.column == snippet.replace("{{", "{").index("{}") + 1


def test_a_scenario_has_so_many_states() -> None:
    states = ", ".join(f"S{n}: " for n in range(MAX_STATES + 1))
    (problem,) = check_text(with_rest(f"states: {{{states}}}\nties: {{S0-S1: 0.1}}")).problems
    assert (problem.code, problem.hint) == ("wrong-length", f"It takes at most {MAX_STATES}.")


@pytest.mark.parametrize("text", ["x" * 400_000, "x y " * 100_000])
@pytest.mark.parametrize(
    "snippet",
    [
        "{}: 1",
        "time: {{start: '{}', end: 2022-01}}",
        "time: {{start: 2020-01, end: 2022-01, step: '{}'}}",
        "ties: {{'{}': 0}}",
        "watch: ['{}']",
        "parameters: {{'{}': 1}}",
        "parameters: {{drift: '{}'}}",
    ],
)
def test_a_problem_does_not_quote_all_of_a_long_text(text: str, snippet: str) -> None:
    problems = check_text(with_rest(snippet.format(text))).problems
    assert problems
    assert all(len(str(problem)) < 2_000 for problem in problems)


def test_the_json_schema_has_the_same_bounds() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    sound: dict[str, Any] = json.loads(json.dumps(check_text(MINIMAL).require().as_written))
    sound["states"] = {"A": {}, "B": {}}
    assert validator.is_valid(sound)
    wrongs: tuple[dict[str, Any], ...] = (
        {"name": "x" * (MAX_TITLE + 1)},
        {"about": "x" * (MAX_ABOUT + 1)},
        {"sources": ["x" * (MAX_SENTENCE + 1)]},
        {"events": {"x" * (MAX_KEY + 1): {"at": "2020-02"}}},
        {"states": {f"S{n}": {} for n in range(MAX_STATES + 1)}},
    )
    for wrong in wrongs:
        assert not validator.is_valid(sound | wrong), wrong


def test_texts_of_experiments_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(MINIMAL)
    text = (
        'relsim: 1\nname: "a\\Lb"\nscenario: s.yaml\n'
        'parameters: {drift: {range: [0, 1], label: "d\\n"}}\n'
        'measures: {m: {level: A-B, label: "x\\n\\ny"}}\nsweep: {grid: 2}\n'
    )
    (tmp_path / "e.yaml").write_text(text)
    study = load_experiment(tmp_path / "e.yaml")
    assert study.experiment.name == "a b"
    assert study.measure_name("m") == "x y"
    assert study.parameters[0].label == "d"


def test_line_separators_end_no_figure_and_reach_no_page(relsim: Command, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        'relsim: 1\nname: "A\\LB"\ntime: {start: 2026-01, end: 2026-09}\n'
        'states: {A: {name: "a\\Pb"}, B: }\nties: {A-B: 0.3}\n'
        'events: {e: {label: "x\\Ly\\nz", at: 2026-06, effects: [{pulse: A-B, size: 0.1}]}}\n'
        'claims: {c: {says: "p\\Lq", expect: {change: A-B, above: 0}}}\n'
    )
    done = relsim("run", "s.yaml", "--runs", "2", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = tmp_path / done.stdout.strip()
    assert sorted(result.glob("figures/*.svg"))
    for page in (result / "report.html", result / "scenario.resolved.yaml"):
        assert not set("\u2028\u2029\x85") & set(page.read_text(encoding="utf-8")), page


def test_what_acts_on_a_terminal_does_not_reach_it(relsim: Command, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(MINIMAL)
    for setting in ("a\x1b[31m=1", "A.ties.B=\u202e", "ties.A\u2066B=1", "name=\x07"):
        done = relsim("validate", "s.yaml", "--set", setting, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.replace("\n", "").isprintable(), setting
    done = relsim("validate", "\x1b[31m.yaml", cwd=tmp_path)
    assert done.stderr.replace("\n", "").isprintable()
    done = relsim("explain", "s.yaml", "A-\x1b[31m", cwd=tmp_path)
    assert done.stderr.replace("\n", "").isprintable()
    lines = "".join(f"PAK,RUS,2008-03-{day:02},01\n" for day in range(1, 29))
    (tmp_path / "events.csv").write_text(
        f"source,target,date,cameo\nPAK,\x1b[31m\u202eX,2008-03-31,01\n{lines}"
    )
    done = relsim("observe", "events.csv", cwd=tmp_path)
    assert "not known: \\u001b[31m\\u202eX" in done.stdout
