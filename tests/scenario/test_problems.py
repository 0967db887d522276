"""What bad input gets: every problem at once, each with file, line, column and a stable code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from relsim.errors import ScenarioError, did_you_mean
from relsim.scenario.json_schema import json_schema, schema_text
from relsim.scenario.load import check_file, check_text, load
from relsim.scenario.shipped import goldstein_weights, starter_text
from relsim.scenario.text import read_text
from relsim.scenario.tree import plain
from scenario.minimal import with_rest
from scenarios_to_test import EVERYTHING, ROOT, SHIPPED, scenario_of

TEN_MISTAKES = """\
relsim: 1
name: Ten mistakes
time: {start: 2020-07, end: 2030-07-01}
issues:
  karabakh: {minus: with Armenia, plus: with Azerbaijan}
states:
  PAK:
    ties: {USA: 0.5, PKA: 0.3}
    issues: {karabkh: {stance: 0.9, salience: 0.2}}
    capacity: {economic: 0.5, defense: 0.4}
  RUS: {volatility: 3}
  USA:
ties:
  PAK-RUS: {diplomatic: 0.25, defence: 1.4}
events:
  floods:
    chance: 0.15
    effects:
      - {pulse: RUS>PAK, cameo: "0733", halflife: 4 months}
  talks:
    at: 2021-02
    off: yes
    effects: [{set: PAK.issues.karabakh.stance, to: 2}]
"""


def places(text: str) -> list[tuple[int, int, str]]:
    return [(p.position.line, p.position.column, p.code) for p in check_text(text).problems]


def test_ten_mistakes_are_ten_problems_with_their_lines_and_columns() -> None:
    lines = TEN_MISTAKES.splitlines()
    expected = {
        "2030-07-01": "bad-date",
        "PKA": "unknown-state",
        "karabkh": "unknown-issue",
        "defense": "unknown-domain",
        "volatility": "unknown-key",
        "1.4": "out-of-range",
        "0.15": "bad-rate",
        '"0733"': "unknown-cameo",
        "halflife": "unknown-key",
        "yes": "wrong-type",
        "2}]": "out-of-range",
    }
    found = places(TEN_MISTAKES)
    assert len(found) == len(expected) == 11
    for (word, code), (line, column, said) in zip(expected.items(), found, strict=True):
        assert (lines[line - 1][column - 1 :].startswith(word), said) == (True, code), word


def test_suggestions_name_what_would_be_right() -> None:
    hints = {problem.hint for problem in check_text(TEN_MISTAKES).problems}
    for hint in (
        "Did you mean PAK?",
        "Did you mean karabakh?",
        "Did you mean defence?",
        "Did you mean half_life?",
        "Write it as 0.15 per year.",
        "Write true.",
    ):
        assert hint in hints


def test_problems_of_an_inherited_file_name_it_and_the_chain(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(TEN_MISTAKES)
    (tmp_path / "middle.yaml").write_text("extends: base.yaml\n")
    (tmp_path / "leaf.yaml").write_text("extends: middle.yaml\nname: {}\n")
    checked = check_file(tmp_path / "leaf.yaml")
    leaf, inherited = checked.problems[-1], checked.problems[:-1]
    assert (leaf.position.file, leaf.position.line, leaf.chain) == (
        str(tmp_path / "leaf.yaml"),
        2,
        (),
    )
    assert len(inherited) == 11
    for problem in inherited:
        assert problem.position.file == str(tmp_path / "base.yaml")
        assert problem.chain == (str(tmp_path / "middle.yaml"), str(tmp_path / "leaf.yaml"))


BASE = """\
relsim: 1
name: base
time: {start: 2020-01, end: 2021-01}
states:
  A: {ties: {B: 0.5}}
  B:
ties: {A-B: 0.2}
"""


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("colour: red", "unknown-key"),
        ("domains: {overall: 1}", "bad-name"),
        ("domains: [a, a]", "duplicate-key"),
        ("domains: {a: 0}", "out-of-range"),
        ("context: {z: {start: 1, end: x}}", "not-a-number"),
        ("context: {z: '1'}", "not-a-number"),
        ("parameters: {drift: 1_000}", "not-a-number"),
        ("parameters: {drift: 15%}", "not-a-number"),
        ("parameters: {drift: -1}", "out-of-range"),
        ("parameters: {drift: {uniform: [2, 1]}}", "bad-distribution"),
        ("parameters: {drift: {gamma: [2, 1]}}", "unknown-key"),
        ("parameters: {half_life: 9}", "bad-duration"),
        ("issues: {i: {minus: x}}", "missing-key"),
        ("ensemble: {runs: ten}", "wrong-type"),
        ("ensemble: {runs: 0}", "out-of-range"),
        ("watch: [A-C]", "unknown-state"),
        ("watch: [A>B]", "bad-tie"),
        ("watch: [A-A]", "self-tie"),
        ("events: {e: {effects: []}}", "bad-timing"),
        ("events: {e: {at: 2020-02, chance: 1 per year}}", "bad-timing"),
        ("events: {e: {every: 1.5 months}}", "bad-timing"),
        ("events: {e: {at: 2020-02, effects: [{pulse: A-B}]}}", "missing-key"),
        ("events: {e: {at: 2020-02, effects: [{hit: A-B}]}}", "bad-effect"),
        ("events: {e: {at: 2020-02, effects: [{set: A.x, to: 1}]}}", "bad-path"),
        ("events: {e: {at: 2020-02, effects: [{set: A.ties.A, to: 1}]}}", "self-tie"),
        ("events: {e: {when: {tie: A-B}}}", "bad-condition"),
        ("events: {e: {when: {event: f}}}", "unknown-event"),
        ("events: {e: {when: {context: z, above: 1}}}", "unknown-context"),
        ("claims: {c: {says: x, expect: {level: A-B}}}", "bad-claim"),
        ("claims: {c: {says: x, expect: {level: A-B, above: 0, at: 1999-01}}}", "outside-time"),
        ("claims: {c: {says: x, expect: {level: A-B, above: 0}, probability: 2}}", "out-of-range"),
    ],
)
def test_each_kind_of_problem_has_its_code(more: str, code: str) -> None:
    found = places(BASE + more + "\n")
    assert code in {said for _, _, said in found}
    assert {line for line, _, _ in found} == {8}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("relsim: 1", "relsim: 2", "format-version"),
        ("end: 2021-01", "end: 2019-01", "bad-time"),
        ("end: 2021-01", "end: 2021-02, step: year", "bad-time"),
        ("end: 2021-01", "end: 2021-01, step: day", "unknown-word"),
        ("A-B: 0.2", "A-B: 0.2, B-A: 0.1", "duplicate-tie"),
        ("A-B: 0.2", "AB: 0.2", "bad-tie"),
        ("A: {ties: {B: 0.5}}", "A: {ties: {A: 0.5}}", "self-tie"),
        ("A: {ties: {B: 0.5}}", "A: {capacity: {economic: 0.1}}", "above-capacity"),
        ("A: {ties: {B: 0.5}}", "A: {ties: {B: {weight: 1, fades_with: z}}}", "unknown-context"),
        ("  B:", "  ties:\n  B:", "bad-name"),
    ],
)
def test_each_kind_of_change_for_the_worse_has_its_code(old: str, new: str, code: str) -> None:
    assert old in BASE
    assert code in {said for _, _, said in places(BASE.replace(old, new))}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("events: {e: {at: 2021-01, effects: [{pulse: A-B, size: 0.1}]}}", "event-outside-time"),
        ("events: {e: {at: 2020-02}}", "idle-event"),
        ("events: {e: {at: 2020-02, effects: [{pulse: A-B, size: 3}]}}", "large-push"),
        ("issues: {i: {minus: x, plus: y}}", "idle-issue"),
        ("claims: {c: {says: x, expect: {level: A-B, above: 0, against: f.yaml}}}", ""),
    ],
)
def test_what_is_legal_but_suspicious_is_warned_of(more: str, code: str) -> None:
    checked = check_text(BASE + more + "\n")
    assert checked.problems == ()
    assert {warning.code for warning in checked.warnings} == ({code} if code else set())


def test_more_suspicions(tmp_path: Path) -> None:
    heavy = BASE.replace("B: 0.5", "B: 1, C: 0.6").replace("A-B: 0.2", "A-B: 0.99")
    heavy += "claims: {c: {says: x, expect: {level: A-B, above: 0, against: f.yaml}}}\n"
    (tmp_path / "s.yaml").write_text(heavy.replace("  B:\n", "  B:\n  C:\n"))
    checked = check_file(tmp_path / "s.yaml")
    assert [(w.position.line, w.code) for w in checked.warnings] == [
        (5, "heavy-interest"),
        (8, "extreme-tie"),
        (9, "missing-comparison"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: !!python/object/apply:os.system [ls]", "yaml-tag"),
        ("a: 1\na: 2", "duplicate-key"),
        ("a: [1, 2", "yaml-syntax"),
        ("a:\n\t- 1", "yaml-syntax"),
        ("a: b: c", "yaml-syntax"),
        ("a: 1\n---\nb: 2", "second-document"),
        ("a: \x01", "yaml-syntax"),
        ("[" * 60, "too-deep"),
        ("a: &a [*a]", "alias-cycle"),
        ("{[1]: 2}", "bad-key"),
        ("a: " + "x" * 5_000_000, "too-large"),
    ],
)
def test_dangerous_or_broken_yaml_is_refused(text: str, code: str) -> None:
    _, problems = read_text(text, "x")
    assert problems[0].code == code


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 9):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    tree, problems = read_text("\n".join(lines), "x")
    assert tree is None
    assert [problem.code for problem in problems] == ["too-many-aliases"]


def test_the_traps_of_yaml_1_1_are_closed() -> None:
    text = "{off: NO, a: 12:30, b: 2020-07-01, c: 1e-3, d: 062, e: yes, f: .5, g: 0x10, h: 1_0}"
    tree, problems = read_text(text, "x")
    assert tree is not None
    assert problems == []
    assert plain(tree) == {
        "off": "NO",
        "a": "12:30",
        "b": "2020-07-01",
        "c": 0.001,
        "d": "062",
        "e": "yes",
        "f": 0.5,
        "g": "0x10",
        "h": "1_0",
    }


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"- 1\n", b"", b"just text", b"\xef\xbb\xbf"])
def test_a_file_that_is_no_scenario_is_a_problem(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.yaml").write_bytes(content)
    assert check_file(tmp_path / "s.yaml").problems


def family(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path / "leaf.yaml"


def test_variants_merge_maps_replace_lists_and_remove_with_null(tmp_path: Path) -> None:
    base = BASE.replace("ties: {A-B: 0.2}", "ties: {A-B: 0.2, A>B: 0.1}\nsources: [x, y]")
    leaf = family(
        tmp_path,
        base=base,
        leaf="extends: base.yaml\nties: {A-B: {economic: 0.3}, A>B: null}\nsources: [z]\n",
    )
    found = load(leaf)
    assert found.sources == ["z"]
    assert {str(tie): levels for tie, levels in found.ties.items()} == {
        "A-B": {"overall": 0.2, "economic": 0.3}
    }
    assert found.name == "base"
    assert found.slug == "leaf"


def test_a_lone_weight_keeps_what_it_fades_with(tmp_path: Path) -> None:
    base = BASE.replace("B: 0.5", "B: {weight: 0.5, fades_with: z}") + "context: {z: 0.1}\n"
    leaf = family(tmp_path, base=base, leaf="extends: base.yaml\nstates: {A: {ties: {B: 0.2}}}\n")
    by_variant, by_change = load(leaf), load(tmp_path / "base.yaml", {"A.ties.B": 0.2})
    for found in (by_variant, by_change):
        interest = found.states["A"].ties["B"]
        assert (interest.weight, interest.fades_with) == (0.2, "z")


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        ("extends: leaf.yaml", "extends-cycle"),
        ("extends: nowhere.yaml", "not-found"),
        ("extends: ../outside.yaml", "extends-outside"),
        ("extends: link.yaml", "extends-outside"),
        ("extends: [a]", "bad-extends"),
    ],
)
def test_inheritance_stays_where_it_should(tmp_path: Path, leaf: str, code: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside.yaml").write_text(BASE)
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (inside / "leaf.yaml").write_text(leaf + "\n")
    checked = check_file(inside / "leaf.yaml")
    assert [problem.code for problem in checked.problems] == [code]
    assert checked.problems[0].position.line == 1
    if code == "extends-outside":
        assert check_file(inside / "leaf.yaml", extends_anywhere=True).problems == ()


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("A.ties.B=0.2", ("states", "A", "ties", "B"), 0.2),
        ("states.A.ties.B.weight=0.2", ("states", "A", "ties", "B"), {"weight": 0.2}),
        ("volatility=0", ("parameters",), {"volatility": 0}),
        ("half_life=3 months", ("parameters",), {"half_life": "3 months"}),
        ("ties.A-B.economic=0.4", ("ties", "A-B"), {"overall": 0.2, "economic": 0.4}),
        ("ties.A-B={uniform: [0, 0.1]}", ("ties", "A-B"), {"uniform": [0, 0.1]}),
        ("sources=", (), {}),
    ],
)
def test_settings_change_the_tree(
    tmp_path: Path, setting: str, path: tuple[str, ...], value: Any
) -> None:
    (tmp_path / "s.yaml").write_text(BASE + "sources: [x]\n")
    checked = check_file(tmp_path / "s.yaml", [setting])
    assert checked.problems == ()
    found: Any = checked.require().as_written
    assert ("sources" in found) is (setting != "sources=")
    for step in path:
        found = found[step]
    assert found == value or path == ()


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("A.tise.B=0.2", "unknown-key"),
        ("Q.ties.B=0.2", "unknown-state"),
        ("events.e.off=false", "unknown-event"),
        ("nothing", "bad-set"),
        ("name.x=1", "bad-path"),
        ("A.ties.B=[", "yaml-syntax"),
        ("A.ties.B=-1.1", "out-of-range"),
    ],
)
def test_bad_settings_are_located_problems(tmp_path: Path, setting: str, code: str) -> None:
    (tmp_path / "s.yaml").write_text(BASE)
    (problem,) = check_file(tmp_path / "s.yaml", [setting]).problems
    assert (problem.code, problem.position.file) == (code, f"--set {setting}")


def test_changes_from_python_raise_what_is_wrong() -> None:
    with pytest.raises(ScenarioError, match="out-of-range") as caught:
        scenario_of(EVERYTHING).with_changes({"A.ties.C": -1.1, "parameters.drift": "x"})
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_are_valid_without_warnings_and_load_again(path: Path) -> None:
    checked = check_file(path)
    assert (checked.problems, checked.warnings) == ((), ())
    scenario = checked.require()
    again = check_text(yaml.safe_dump(scenario.as_written, sort_keys=False)).require()
    assert again.model_dump() == scenario.model_dump()


def test_the_starter_is_valid_without_warnings() -> None:
    checked = check_text(starter_text())
    assert (checked.problems, checked.warnings) == ((), ())


def test_the_committed_schema_is_current_and_takes_what_is_shipped() -> None:
    committed = ROOT / "src" / "relsim" / "scenario" / "scenario.schema.json"
    assert committed.read_text(encoding="utf-8") == schema_text(), "run `make schema`"
    validator = jsonschema.Draft202012Validator(json_schema())
    for path in SHIPPED:
        tree, _ = read_text(path.read_text(encoding="utf-8"), str(path))
        assert tree is not None
        assert list(validator.iter_errors(plain(tree))) == []
    starter, _ = read_text(starter_text(), "starter")
    assert starter is not None
    assert validator.is_valid(plain(starter))
    broken: dict[str, Any]
    for broken in ({"colour": 1}, {"states": {"A": {"tiess": {}}, "B": {}}}, {"relsim": 3}):
        assert not validator.is_valid({**plain(starter), **broken})


def test_the_scale_is_the_published_one() -> None:
    weights = goldstein_weights()
    assert (weights["01"], weights["073"], weights["20"]) == (0.0, 7.4, -10.0)
    assert len(weights) == 311
    source = ROOT.parent / "shared" / "history" / "goldstein_by_cameo.csv"
    if not source.is_file():
        pytest.skip("the conversion table is not beside this checkout")
    rows = [line.split(",") for line in source.read_text().split()[1:]]
    assert {code: float(weight) for code, weight in rows} == dict(weights)


def test_variants_say_only_what_differs() -> None:
    for path in SHIPPED:
        tree, _ = read_text(path.read_text(encoding="utf-8"), str(path))
        assert tree is not None
        written = plain(tree)
        if "extends" in written:
            inherited = dict(leaves(load(path.parent / written["extends"]).as_written))
            said = dict(leaves({**written, "relsim": None}))
            assert [key for key in said if key in inherited and said[key] == inherited[key]] == []


def leaves(
    data: dict[str, Any], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is not a map, with the keys that lead to it."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


LOOK_ALIKES = [
    ("ties: {A–B: 0.1}", "bad-tie", "Write A-B: '–' (U+2013) is not '-'."),
    ("ties: {A−B: 0.1}", "bad-tie", "Write A-B: '−' (U+2212) is not '-'."),
    ("ties: {A→B: 0.1}", "bad-tie", "Write A>B: '→' (U+2192) is not '>'."),
    ("ties: {A-B: −0.2}", "not-a-number", "Write -0.2: '−' (U+2212) is not '-'."),
    ("ties: {A-B: ０.２}", "not-a-number", "Write 0.2: '０' (U+FF10) is not '0'."),
    ("ties: {A-B: ٠.٢}", "not-a-number", "Write 0.2: '٠' (U+0660) is not '0'."),
    ("ties: {A-B: {uniform: [–0.2, 0]}}", "not-a-number", "Write -0.2: '–' (U+2013)"),
    ("watch: [A‑B]", "bad-tie", "Write A-B: '‑' (U+2011) is not '-'."),
    ("time: {start: 2020–01, end: 2022-01}", "bad-date", "Write 2020-01: '–' (U+2013)"),
    ("time: {start: ２０２０-01, end: 2022-01}", "bad-date", "Write 2020-01: '２' (U+FF12)"),
    ("parameters: {half_life: ９ months}", "bad-duration", "Write 9 months: '９' (U+FF19)"),
    ("events: {e: {chance: ０.1 per year}}", "bad-rate", "Write 0.1 per year: '０' (U+FF10)"),
    ("states: {Ａ: , B: }\nties: {}", "bad-name", "Write A: 'Ａ' (U+FF21) is not 'A'."),
    ("states: {A: {ties: {Ｂ: 1}}, B: }", "unknown-state", "Write B: 'Ｂ' (U+FF22) is not"),
    ("ensemble: {runs: １０}", "wrong-type", "Write 10: '１' (U+FF11) is not '1'."),
    ("events: {e: {at: 2020-02, effects: [{set: A．ties.B, to: 1}]}}", "bad-path", "A.ties.B"),
    ("events: {e: {at: 2020-02, effects: [{pulse: A-B, cameo: ０３6}]}}", "unknown-cameo", "036?"),
]  # fmt: skip


@pytest.mark.parametrize(("snippet", "code", "hint"), LOOK_ALIKES)
def test_characters_that_look_alike_are_told_apart(snippet: str, code: str, hint: str) -> None:
    (problem,) = check_text(with_rest(snippet)).problems
    assert problem.code == code
    assert hint in str(problem)


@pytest.mark.parametrize(
    ("cameo", "code", "hint"),
    [
        ("36", "wrong-type", 'Put it in quotes: "036".'),
        ("190", "wrong-type", 'Put it in quotes: "190".'),
        ('"36"', "unknown-cameo", "Did you mean 036?"),
        ('"0733"', "unknown-cameo", "Did you mean 073?"),
        ('"19x"', "unknown-cameo", "Did you mean 19?"),
        ('"99"', "unknown-cameo", "The codes are listed in goldstein.csv."),
    ],
)
def test_a_cameo_code_is_not_guessed_at_by_its_looks(cameo: str, code: str, hint: str) -> None:
    effects = f"[{{pulse: A-B, cameo: {cameo}}}]"
    (problem,) = check_text(
        with_rest(f"events: {{e: {{at: 2020-02, effects: {effects}}}}}")
    ).problems
    assert (problem.code, problem.hint) == (code, hint)


RANGES = [
    ("states: {A: {issues: {i: {stance: 0, salience: -1}}}, B: }\nissues: {i: {minus: a, plus: b}}",
     "is -1; a salience is 0 or more."),
    ("states: {A: {ties: {B: -1.5}}, B: }", "is -1.5; a tie weight lies in [-1, 1]."),
    ("parameters: {drift: -1}", "is -1; drift is 0 or more."),
    ("ties: {A-B: 1.4}", "is 1.4; cooperation lies in [-1, 1]."),
    ("parameters: {half_life: -1 months}", "is -1; a half-life is 0.01 months or more."),
    ("events: {e: {chance: -0.1 per year}}", "is -0.1; a chance is 0 per year or more."),
    ("parameters: {alignment_gain: 1e9}", "is 1,000,000,000; a gain is at most 1,000,000."),
    ("events: {e: {at: 2020-02, effects: [{set: A.ties.B, to: -2}]}}",
     "is -2; a tie weight lies in [-1, 1]."),
]  # fmt: skip


@pytest.mark.parametrize(("snippet", "words"), RANGES)
def test_ranges_are_told_as_a_person_would(snippet: str, words: str) -> None:
    (problem,) = check_text(with_rest(snippet)).problems
    assert problem.code == "out-of-range"
    assert problem.text.endswith(words)


RENAMED = """\
states: {SUN: {ties: {USA: 0.1}}, USA: {ties: {USR: 0.2}}, CHN: {ties: {USR: 0.3}}}
ties:
  USR-USA: 0.1
  USR-CHN: 0.1
events:
  e: {at: 2020-02, effects: [{pulse: USR-USA, size: 0.1}, {set: USR.ties.USA, to: 0.1}]}
watch: [CHN-USR]
"""


def test_a_name_that_is_not_known_is_told_once_with_where_it_stands() -> None:
    (problem,) = check_text(with_rest(RENAMED)).problems
    assert (problem.code, problem.position.line) == ("unknown-state", 1)
    assert problem.text == "'USR' is not a state here."
    assert problem.hint.endswith("It stands in 7 places, on lines 1, 3, 4, 6 and 7.")


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("SOV", ["USA", "SAU", "RUS"], "Known: USA, SAU, RUS."),
        ("RUS", ["USA", "CHN"], "Known: USA, CHN."),
        ("PKA", ["PAK", "IND"], "Did you mean PAK?"),
        ("USAA", ["USA", "CHN"], "Did you mean USA?"),
        ("US", ["USA", "CHN"], "Did you mean USA?"),
        ("usa", ["USA", "CHN"], "Did you mean USA?"),
        ("half_live", ["half_life"], "Did you mean half_life?"),
        ("SAU–CHN", ["SAU-CHN"], "Write SAU-CHN: '–' (U+2013) is not '-'."),
    ],
)
def test_only_what_is_near_is_suggested(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint


@pytest.mark.parametrize(
    ("snippet", "hint"),
    [
        ("ensemble: {runs: 1.0}", "Write 1."),
        ("ensemble: {seed: 1e2}", "Write 100."),
        ("ensemble: {runs: true}", ""),
        ("ensemble: {runs: '5'}", "Remove the quotes."),
        ("events: {e: {when: {event: e}, at_most: 2.0}}", "Write 2."),
        ("relsim: 1.0", "Write relsim: 1."),
        ("relsim: true", "Write relsim: 1."),
    ],
)
def test_whole_numbers_are_written_as_such(snippet: str, hint: str) -> None:
    (problem,) = check_text(with_rest(snippet)).problems
    assert problem.code in ("wrong-type", "format-version")
    assert problem.hint == hint
