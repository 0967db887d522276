"""Scenarios are told apart by the names of their folders and by their titles."""

from __future__ import annotations

from pathlib import Path

import pytest

from relsim.scenario.load import check_text, load
from relsim.scenario.schema import title_of
from relsim.scenario.titles import file_names, slug, titles, told_apart
from scenario.minimal import MINIMAL


@pytest.mark.parametrize(
    "stem", ["status-quo", "hindcast-1991-2020", "a_b", "北", "हिन्दी", "été", "x" * 60]
)
def test_a_plain_name_in_any_script_is_that_of_its_folder(stem: str) -> None:
    assert slug(stem) == stem


@pytest.mark.parametrize(
    "stems",
    [
        ["北", "南", "東 京", "東-京", "*", "?", "", "---"],
        ["a-b", "a_b", "a b", "a.b", "a  b", "-a-b", "A-B", "A-b", "a-B"],
        ["x" * 60, "x" * 61, "x" * 62, "x" * 61 + "y"],
        ["北" * 60, "北" * 61, "北" * 60 + "南"],
        ["é", "e\u0301", "ss", "ß", "K", "\u212a", "k"],
    ],
)
def test_different_names_have_different_folders_on_any_file_system(stems: list[str]) -> None:
    found = [slug(stem) for stem in stems]
    assert len({name.casefold() for name in found}) == len(stems)
    assert all(name and len(name) <= 60 and len(name.encode()) <= 120 for name in found)
    assert [slug(name) for name in found] == found  # so that folders can be named again


@pytest.mark.parametrize("name", ["con", "CON", "nul", "aux", "prn", "com1", "lpt9", "com¹"])
def test_names_of_devices_are_no_folders(name: str) -> None:
    assert slug(name).startswith(f"{name.lower()}-")


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("x/case.yaml", "y/case.yaml", "y/case.yml", "own.yaml")]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text(MINIMAL)
    scenarios = [load(file) for file in files]
    assert [one.slug for one in scenarios] == ["case", "case", "case", "own"]
    apart = [one.slug for one in told_apart(scenarios)]
    assert len(set(apart)) == 4
    assert apart[0].startswith("x-case-yaml-")
    assert apart[3] == "own"
    assert told_apart(scenarios[:1])[0].slug == "case"
    again = [scenarios[0], load(tmp_path / "y" / ".." / "x" / "case.yaml")]
    assert [one.slug for one in told_apart(again)] == ["case", "case"]  # one file, named twice


def test_a_title_says_what_was_changed() -> None:
    scenario = check_text(MINIMAL.replace("name: test", "name: Plain")).require()
    assert scenario.title == "Plain"
    changed = scenario.with_changes({"parameters.drift": 0.1})
    assert changed.title == "Plain, with parameters.drift=0.1"
    assert changed.with_changes({"parameters.drift": None}).title.endswith("drift=null")
    assert changed.with_changes({"name": "Faster"}).title == "Faster"
    many = title_of("Plain", {f"context.{n}": n for n in range(9)} | {"about": "x" * 99})
    assert many == "Plain, with context.0=0, context.1=1, context.2=2, 7 more"
    assert title_of("Plain", {"about": "x" * 99}).endswith("…")


def test_equal_titles_are_told_apart_by_what_differs() -> None:
    one, other = (check_text(MINIMAL).require().named(slug) for slug in ("base", "variant"))
    changed = one.with_changes({"parameters.drift": 0.1})
    assert titles([one, other]) == ["test (base)", "test (variant)"]
    assert titles([one, changed]) == ["test", "test, with parameters.drift=0.1"]
    assert titles([one, one, other], numbered=True) == [
        "test (base), 1",
        "test (base), 2",
        "test (variant)",
    ]


def test_texts_that_are_spelt_alike_have_files_of_their_own() -> None:
    names = file_names(["a b", "a-b", "北", "?"])
    assert names == {"a b": "a-b", "a-b": "a-b-2", "北": "北", "?": "4"}
