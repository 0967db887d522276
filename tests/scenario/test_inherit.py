"""Chains of files: merged in order, closed in a folder, never read twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from relsim.errors import ScenarioError
from relsim.scenario.layers import MAX_CHAIN
from relsim.scenario.load import check_file, check_text, load
from scenario.minimal import MINIMAL, places


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def test_a_chain_is_laid_leaf_over_base(tmp_path: Path) -> None:
    write(
        tmp_path,
        base=MINIMAL + "about: base\nsources: [a, b]\ncontext: {y: 1, z: 2}\n",
        middle="extends: base.yaml\nname: middle\nabout: middle\ncontext: {y: 3}\n",
        leaf="extends: ./middle.yaml\nname: leaf\nsources: [c]\ncontext: {z: null}\n",
    )
    found = load(tmp_path / "leaf.yaml")
    assert (found.name, found.about, found.sources) == ("leaf", "middle", ["c"])
    assert {name: variable.start for name, variable in found.context.items()} == {"y": 3}
    assert "extends" not in found.as_written


def test_a_parent_in_a_folder_below_is_inside(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    write(tmp_path / "below", base=MINIMAL)
    write(tmp_path, leaf="extends: below/base.yaml\n")
    assert load(tmp_path / "leaf.yaml").name == "test"


@pytest.mark.parametrize("way", ["../outside.yaml", "link.yaml", "linked/outside.yaml", "absolute"])
def test_a_parent_outside_is_refused_unless_allowed(tmp_path: Path, way: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    write(tmp_path, outside=MINIMAL)
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (inside / "linked").symlink_to(tmp_path)
    parent = str(tmp_path / "outside.yaml") if way == "absolute" else way
    write(inside, leaf=f"name: leaf\nextends: {parent}\n")
    assert places(check_file(inside / "leaf.yaml").problems) == [(2, 10, "extends-outside")]
    with pytest.raises(ScenarioError, match="--extends-anywhere"):
        load(inside / "leaf.yaml")
    assert load(inside / "leaf.yaml", extends_anywhere=True).name == "leaf"


@pytest.mark.parametrize("anywhere", [True, False])
def test_circles_end(tmp_path: Path, *, anywhere: bool) -> None:
    write(
        tmp_path,
        a="extends: b.yaml\n",
        b="extends: c.yaml\n",
        c="name: c\nextends: ./b.yaml\n",
    )
    (problem,) = check_file(tmp_path / "a.yaml", extends_anywhere=anywhere).problems
    assert (problem.code, problem.position.line, problem.position.column) == (
        "extends-cycle",
        2,
        10,
    )
    assert problem.position.file == str(tmp_path / "c.yaml")


def test_long_chains_end(tmp_path: Path) -> None:
    for number in range(MAX_CHAIN):
        write(tmp_path, **{f"f{number}": f"extends: f{number + 1}.yaml\n"})
    write(tmp_path, **{f"f{MAX_CHAIN}": MINIMAL})
    assert check_file(tmp_path / "f1.yaml").problems == ()
    (problem,) = check_file(tmp_path / "f0.yaml").problems
    assert problem.code == "extends-too-long"


@pytest.mark.parametrize("parent", ["bass.yaml", '""', ".", "x" * 3000, "loop.yaml", "x/b.yaml"])
def test_a_parent_that_is_not_there(tmp_path: Path, parent: str) -> None:
    write(tmp_path, base=MINIMAL, leaf=f"extends: {parent}\n")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    assert places(check_file(tmp_path / "leaf.yaml").problems) == [(1, 10, "not-found")]


@pytest.mark.parametrize("parent", ['"a\\0b"', '"\\u0080/b.yaml"'])
def test_a_parent_that_no_file_can_be_called(tmp_path: Path, parent: str) -> None:
    write(tmp_path, base=MINIMAL, leaf=f"extends: {parent}\n")
    assert places(check_file(tmp_path / "leaf.yaml").problems) == [(1, 10, "yaml-syntax")]


REMOVALS = [  # (what the variant says, where the removal of nothing is, the hint)
    ("events: {tlaks: null}", (2, 10), "Did you mean talks?"),
    ("events: {talks: {labell: null}}", (2, 18), "Did you mean label?"),
    ("parameters: {mutualty: null}", (2, 14), "Did you mean mutuality?"),
    ("ties: {Q-R: null}", (2, 8), "Known: A-B, B-C."),
    ("context: {wra: null}", (2, 11), "Did you mean war?"),
    ("claims: {calm: null}", (2, 10), ""),
    ("states: {AA: }", (2, 10), "Did you mean A? A state of which nothing is said is AA: {}."),
    ("states: {A: {ties: {C: null}}}", (2, 21), "Known: B."),
    ("evnets: null", (2, 1), "Did you mean events?"),
]


@pytest.mark.parametrize(("variant", "place", "hint"), REMOVALS)
def test_a_variant_cannot_remove_what_its_base_lacks(
    tmp_path: Path, variant: str, place: tuple[int, int], hint: str
) -> None:
    base = (
        MINIMAL.replace("A: , B: ", "A: {ties: {B: 0.1}}, B: , C: ").replace("0.3", "0.3, B-C: 0.1")
        + "events: {talks: {at: 2020-02, effects: []}}\ncontext: {war: 0}\n"
    )
    write(tmp_path, base=base, leaf=f"extends: base.yaml\n{variant}\n")
    (problem,) = check_file(tmp_path / "leaf.yaml").problems
    assert (problem.position.line, problem.position.column) == place
    assert (problem.code, problem.hint) == ("nothing-to-remove", hint)
    assert problem.position.file == str(tmp_path / "leaf.yaml")


@pytest.mark.parametrize(
    "variant",
    [
        "parameters: {drift: null}\nclaims: null\nevents: {talks: {chance: null, label: }}",
        "issues: {border: {minus: a, plus: b, label: }}\nstates: {D: {ties: }, E: {}}",
    ],
)
def test_a_key_of_the_format_that_is_not_written_may_be_removed(
    tmp_path: Path, variant: str
) -> None:
    base = MINIMAL + "events: {talks: {at: 2020-02, effects: []}}\n"
    write(tmp_path, base=base, leaf=f"extends: base.yaml\n{variant}\n")
    assert check_file(tmp_path / "leaf.yaml").problems == ()


def test_a_variant_may_bring_the_first_states(tmp_path: Path) -> None:
    base = MINIMAL.replace("states: {A: , B: }\n", "")
    write(tmp_path, base=base, leaf="extends: base.yaml\nstates: {A: , B: }\n")
    assert check_file(tmp_path / "leaf.yaml").problems == ()


def test_a_missing_parent_is_guessed_at(tmp_path: Path) -> None:
    write(tmp_path, base=MINIMAL, leaf="extends: bsae.yaml\n")
    (problem,) = check_file(tmp_path / "leaf.yaml").problems
    assert problem.hint == "Did you mean base.yaml?"


@pytest.mark.parametrize("parent", ["[base.yaml]", "{a: 1}", "1", "true", ""])
def test_a_parent_is_one_name(tmp_path: Path, parent: str) -> None:
    write(tmp_path, leaf=f"extends: {parent}\n")
    (problem,) = check_file(tmp_path / "leaf.yaml").problems
    assert problem.code == "bad-extends"


def test_a_broken_parent_is_the_only_complaint(tmp_path: Path) -> None:
    write(tmp_path, base="name: [\n", leaf="extends: base.yaml\nties: {A-Q: 7}\n")
    (problem,) = check_file(tmp_path / "leaf.yaml").problems
    assert problem.code == "yaml-syntax"
    assert problem.position.file == str(tmp_path / "base.yaml")


def test_a_text_inherits_nothing() -> None:
    assert places(check_text("extends: base.yaml\n" + MINIMAL).problems) == [(1, 10, "bad-extends")]


def test_each_problem_names_its_file_and_who_inherits_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        base=MINIMAL.replace("0.3", "3") + "watch: [A-Q]\n",
        middle="extends: base.yaml\nevents: {e: {every: 9}}\n",
        leaf="extends: middle.yaml\nname: 7\n",
    )
    base, middle, leaf = (str(tmp_path / f"{name}.yaml") for name in ("base", "middle", "leaf"))
    found = check_file(leaf).problems
    assert [(p.position.file, p.position.line, p.position.column, p.code) for p in found] == [
        (base, 5, 13, "out-of-range"),
        (base, 6, 9, "unknown-state"),
        (leaf, 2, 7, "wrong-type"),
        (middle, 2, 21, "bad-duration"),
    ]
    chains = {problem.position.file: problem.chain for problem in found}
    assert chains == {base: (middle, leaf), middle: (leaf,), leaf: ()}
    assert str(found[0]).endswith(f"(inherited by {middle}, {leaf})")
