"""Variants that are kept: what is read back is the picture that was kept."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import relsim as api
from commands import Command
from relsim.app.folder import Folder
from relsim.app.keep import KeptError, Recipe, command_of, keep, python_of
from relsim.errors import RelsimError, ScenarioError
from relsim.results.run import run
from relsim.scenario.interests import changed_interests
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, FAMILY, STATUS_QUO

WHOLE = {"relsim": 1, "name": "everything", **EVERYTHING}
NEW = {
    "label": "A summit: 'yes' & \"no\"",
    "at": ["2021-06", "2022-06"],
    "effects": [{"pulse": "A-B", "size": {"uniform": [0.1, 0.3]}, "half_life": "9 months"}],
}
KINDS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "plain tie": {"A.ties.C": 0.25},
    "tie that fades": {"B.ties.A": -0.1},
    "weight of it": {"B.ties.A.weight": 0.4},
    "what it fades with": {"B.ties.C.fades_with": "order"},
    "fading begins": {"A.ties.C.fades_with": "order"},
    "fading ends": {"B.ties.A.fades_with": None},
    "uncertain tie": {"B.ties.D": 0.5},
    "another distribution": {"C.ties.D": {"uniform": [0.0, 0.5]}},
    "new tie": {"D.ties.A": 0.3},
    "tie removed": {"A.ties.D": None},
    "stance": {"B.issues.border.stance": -0.8},
    "salience": {"B.issues.border.salience": 0.1},
    "stand removed": {"B.issues.creed": None},
    "capacity": {"B.capacity.high": 0.3, "A.capacity.low": 0.5},
    "traits": {"A.traits.adaptability": 0.05, "D.traits.reciprocity": 0.3},
    "trait removed": {"A.traits.volatility": None},
    "gain": {"alignment_gain": 0.1, "parameters.rivalry_gain": 0},
    "gain back to its default": {"rivalry_gain": None},
    "duration": {"half_life": "14 months", "history_half_life": None},
    "constant context": {"context.war": 0.3},
    "path of context": {"context.order.end": 0.1, "context.war.end": 0.9},
    "context as one number": {"context.order": 0.5},
    "domain": {"domains.high": 1, "domains.low.weight": 3},
    "opening": {"ties.A-C": -0.3, "ties.A-B.high": 0.1, "ties.D>B": 0},
    "opening by domain": {"ties.A-C.low": 0.4},
    "event off": {"events.visit.off": True},
    "event on": {"events.lever.off": False},
    "dates": {"events.visit.at": ["2020-05"]},
    "date alone": {"events.lever.at": "2021-01", "events.lever.off": False},
    "chance": {"events.flood.chance": "0.4 per year"},
    "uncertain chance": {"events.crisis.chance": {"uniform": ["0.1 per year", "1 per year"]}},
    "size in a list": {"events.visit.effects.0.lasting": 0.5, "events.talks.effects.1.by": 0.05},
    "condition": {"events.alarm.when.above": 0.1},
    "new event": {"events.summit": NEW},
    "event replaced": {"events.visit": NEW},
    "event removed": {"events.talks": None},
    "event replaced and changed": {"events.visit": NEW, "events.visit.off": True},
    "state removed with all of it": {
        **{f"{other}.ties.D": None for other in ("A", "B", "C")},
        "states.D": None,
        "ties.D>B": None,
        "events.flood": None,
        "events.alarm": None,
        "events.lever": None,
        "events.echo": None,
        **{f"reference.{other}.ties.D": None for other in ("B", "C")},
        "reference.D": None,
    },
    "recoded": {"A.ties.C": 0.2, "recoded": ["A.ties.C"]},
    "time": {"time.end": "2023-01"},
    "ensemble": {"ensemble.seed": 4},
    "many": {"A.ties.C": 1e-05, "C.ties.A": -1, "events.lever.off": False, "context.war": 0.2},
}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub" / "base.yaml"
    file.write_text(yaml.safe_dump(WHOLE, sort_keys=False), encoding="utf-8")
    return Folder(tmp_path)


def picture_of(folder: Folder, changes: dict[str, Any], file: str = "sub/base.yaml") -> Recipe:
    return Recipe(folder.path(file), changes, runs=20, seed=3)


def kept(
    folder: Folder,
    changes: dict[str, Any],
    file: str = "sub/kept.yaml",
    base: str = "sub/base.yaml",
    *,
    name: str = "Kept",
    replace: bool = False,
) -> str | None:
    picture = picture_of(folder, changes, base)
    return keep(api.load(picture.file), picture, folder, file, name, replace=replace)


def less_words(scenario: Scenario) -> dict[str, Any]:
    return {k: v for k, v in scenario.as_written.items() if k not in ("name", "about")}


@pytest.mark.parametrize("changes", KINDS.values(), ids=KINDS)
def test_what_is_kept_reads_as_the_changes_do(folder: Folder, changes: dict[str, Any]) -> None:
    assert kept(folder, changes) == "sub/kept.yaml"
    file = folder.root / "sub" / "kept.yaml"
    read = api.load(file)
    changed = api.load(folder.root / "sub" / "base.yaml").with_changes(changes)
    assert less_words(read) == less_words(changed)
    assert list(read.events) == list(changed.events)
    assert changed_interests(read) == changed_interests(changed)
    assert read.name == "Kept"
    assert f"{len(changes)} change{'' if len(changes) == 1 else 's'} to base.yaml" in read.about
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["extends"] == "base.yaml"


def test_a_tie_that_is_replaced_with_all_others_fades_no_more(folder: Folder) -> None:
    changes = {"B.ties": {"C": 0.2}}
    kept(folder, changes)
    read = api.load(folder.root / "sub" / "kept.yaml")
    changed = api.load(folder.root / "sub" / "base.yaml").with_changes(changes)
    assert read.states == changed.states
    assert read.states["B"].ties["C"].fades_with is None
    assert read.reference == changed.reference


@pytest.mark.parametrize("kind", ["tie that fades", "uncertain tie", "new event", "many"])
def test_what_is_kept_has_the_same_futures(folder: Folder, kind: str) -> None:
    changes = KINDS[kind]
    kept(folder, changes)
    base = api.load(folder.root / "sub" / "base.yaml")
    ensembles = [
        api.simulate(scenario, runs=12, seed=3)
        for scenario in (api.load(folder.root / "sub/kept.yaml"), base.with_changes(changes))
    ]
    for name in ("overall", "cooperation", "drawn", "fired"):
        first, second = (ensemble.data[name].values for ensemble in ensembles)
        np.testing.assert_array_equal(first, second)
    assert base.as_written != api.load(folder.root / "sub/kept.yaml").as_written


def test_a_variant_of_a_variant_is_kept_too(folder: Folder) -> None:
    kept(folder, {"A.ties.C": 0.1, "events.visit.off": True})
    changes = {"A.ties.C": 0.2, "C.ties.A": 0.9}
    assert kept(folder, changes, "sub/again.yaml", "sub/kept.yaml")
    changed = api.load(folder.root / "sub/kept.yaml").with_changes(changes)
    read = api.load(folder.root / "sub/again.yaml")
    assert less_words(read) == less_words(changed)
    assert changed_interests(read) == changed_interests(changed)


def test_a_variant_of_the_shipped_case_is_judged_as_its_base_is(tmp_path: Path) -> None:
    for path in FAMILY.glob("*.yaml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    folder = Folder(tmp_path)
    changes = {"PAK.ties.USA": 0.1, "events.recognise_armenia.off": False}
    kept(folder, changes, "kept.yaml", "armenia-recognition.yaml")
    changed = api.load(tmp_path / "armenia-recognition.yaml").with_changes(changes)
    assert less_words(api.load(tmp_path / "kept.yaml")) == less_words(changed)
    assert api.load(tmp_path / "kept.yaml").claims == changed.claims


def test_the_head_says_what_was_kept(folder: Folder) -> None:
    kept(folder, KINDS["plain tie"])
    text = (folder.root / "sub/kept.yaml").read_text(encoding="utf-8")
    command = "relsim run sub/kept.yaml --runs 20 --seed 3"
    assert text.startswith(f"# The picture it was kept from: {command}\nrelsim: 1\nextends: base")


def test_a_lone_name_goes_beside_the_base_and_an_empty_title_says_the_changes(
    folder: Folder,
) -> None:
    assert kept(folder, {"A.ties.C": 0.2}, "lone.yml", name=" ") == "sub/lone.yml"
    assert api.load(folder.root / "sub/lone.yml").name == "everything, with A.ties.C=0.2"


def test_a_file_is_replaced_only_if_it_is_asked_for(folder: Folder) -> None:
    file = folder.root / "sub" / "kept.yaml"
    file.write_text("mine", encoding="utf-8")
    assert kept(folder, {"A.ties.C": 0.2}) is None
    assert file.read_text(encoding="utf-8") == "mine"
    assert kept(folder, {"A.ties.C": 0.2}, replace=True) == "sub/kept.yaml"
    assert api.load(file).states["A"].ties["C"].weight == 0.2
    assert sorted(path.name for path in file.parent.iterdir()) == ["base.yaml", "kept.yaml"]


def test_a_file_that_comes_meanwhile_is_not_replaced(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder.root / "sub" / "kept.yaml"
    touch = Path.touch

    def meanwhile(path: Path, **options: Any) -> None:
        path.write_text("theirs", encoding="utf-8")
        touch(path, **options)

    monkeypatch.setattr(Path, "touch", meanwhile)
    assert kept(folder, {"A.ties.C": 0.2}) is None
    assert file.read_text(encoding="utf-8") == "theirs"
    assert sorted(path.name for path in file.parent.iterdir()) == ["base.yaml", "kept.yaml"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("../kept.yaml", "outside"),
        ("sub/../../kept.yaml", "outside"),
        ("/tmp/kept.yaml", "outside"),
        ("out.yaml", "outside"),
        ("kept.yaml.txt", r"\.yaml or \.yml"),
        ("other/kept.yaml", "kept beside the file that it extends, as sub/kept.yaml"),
        ("sub/.kept.yaml", "no dot"),
        (f"sub/{'x' * 130}.yaml", "120 characters"),
        ("sub/base.yaml", "choose another name"),
        ("sub\\kept.yaml", "folder/name"),
        ("sub/ke\u0000pt.yaml", "folder/name"),
        ("", "folder/name"),
    ],
)
def test_a_place_that_is_not_allowed_is_refused_and_nothing_is_written(
    folder: Folder, tmp_path_factory: pytest.TempPathFactory, file: str, words: str
) -> None:
    (folder.root / "sub" / "out.yaml").symlink_to(tmp_path_factory.mktemp("out") / "out.yaml")
    before = sorted(folder.root.rglob("*"))
    with pytest.raises(RelsimError, match=words):
        kept(folder, {"A.ties.C": 0.2}, file, replace=True)
    assert sorted(folder.root.rglob("*")) == before
    assert not (folder.root / "sub" / "out.yaml").exists()


def test_a_file_that_the_base_extends_is_never_replaced(folder: Folder) -> None:
    kept(folder, {"A.ties.C": 0.1}, "sub/variant.yaml")
    before = (folder.root / "sub/base.yaml").read_bytes()
    with pytest.raises(KeptError, match="choose another name"):
        kept(folder, {"A.ties.C": 0.2}, "sub/base.yaml", "sub/variant.yaml", replace=True)
    assert (folder.root / "sub/base.yaml").read_bytes() == before


def test_nothing_is_kept_in_a_result(folder: Folder) -> None:
    scenario = api.load(folder.root / "sub/base.yaml")
    result = run(scenario, runs=5, out=folder.root / "results", views=False, progress=False)
    file = folder.name_of(result.folder / "scenario.resolved.yaml")
    with pytest.raises(KeptError, match="the copy in a result"):
        kept(folder, {"A.ties.C": 0.2}, "kept.yaml", file)
    assert not (result.folder / "kept.yaml").exists()


def test_a_folder_that_cannot_be_written_is_said(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(KeptError, match=r"sub/kept\.yaml cannot be written: Permission denied"):
        kept(folder, {"A.ties.C": 0.2})


def test_a_base_that_was_rewritten_meanwhile_is_said(folder: Folder) -> None:
    picture = picture_of(folder, {"A.ties.C": 0.2})
    opened = api.load(picture.file)
    picture.file.write_text(yaml.safe_dump({**WHOLE, "watch": ["A-B"]}, sort_keys=False))
    with pytest.raises(KeptError, match="has changed since it was opened"):
        keep(opened, picture, folder, "sub/kept.yaml", "Kept", replace=False)
    assert not (folder.root / "sub/kept.yaml").exists()


def test_changes_with_problems_are_the_loaders_to_refuse(folder: Folder) -> None:
    with pytest.raises(ScenarioError, match=r"A\.ties\.C"):
        kept(folder, {"A.ties.C": 5})


CHANGES = {
    "PAK.ties.USA": 0.1,
    "RUS.ties.IND": {"uniform": [0.1, 0.4]},
    "events.recognise_armenia.off": False,
    "events.a_day": {"label": 'It\'s "$HOME" & `ls`', "at": ["2023-01"], "effects": []},
    "alignment_gain": None,
}


@pytest.fixture
def shipped() -> Recipe:
    return Recipe(STATUS_QUO, CHANGES, runs=20, seed=7)


def test_the_command_line_makes_the_numbers_of_the_picture(
    relsim: Command, tmp_path: Path, shipped: Recipe
) -> None:
    for here in (STATUS_QUO.parent, STATUS_QUO.parent.parent, tmp_path):
        command = command_of(shipped, here)
        assert "--on recognise_armenia" in command
        words = shlex.split(command)
        out = tmp_path / here.name
        done = relsim(*words[1:], "--out", out, "--no-page", "--quiet", cwd=here)
        assert done.returncode == 0, done.stderr
        ensemble = api.open_result(done.stdout.strip()).ensemble
        expected = api.simulate(api.load(STATUS_QUO).with_changes(CHANGES), runs=20, seed=7)
        np.testing.assert_array_equal(
            ensemble.data["overall"].values, expected.data["overall"].values
        )


def test_the_python_makes_the_numbers_of_the_picture_and_of_its_base(
    shipped: Recipe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(STATUS_QUO.parent)
    base = Recipe(STATUS_QUO.parent / "multipolar.yaml", {"PAK.ties.USA": 0.2}, 20, 7)
    names: dict[str, Any] = {}
    exec(python_of(shipped, base, Path.cwd()), names)
    scenarios = [
        api.load(STATUS_QUO.parent / "multipolar.yaml").with_changes({"PAK.ties.USA": 0.2}),
        api.load(STATUS_QUO).with_changes(CHANGES),
    ]
    expected = api.compare(*(api.simulate(each, runs=20, seed=7) for each in scenarios))
    np.testing.assert_array_equal(
        names["comparison"].change("PAK-RUS").values, expected.change("PAK-RUS").values
    )
    assert "PAK-RUS" in capsys.readouterr().out


def test_a_file_that_begins_as_options_do_is_none_in_the_command(tmp_path: Path) -> None:
    file = tmp_path / "-a.yaml"
    file.write_text(STATUS_QUO.read_text(encoding="utf-8"), encoding="utf-8")
    command = command_of(Recipe(file, {}, 2, 0), tmp_path)
    assert command == "relsim run ./-a.yaml --runs 2 --seed 0"
    (tmp_path / "sub").mkdir()
    shutil.copy(file, tmp_path / "sub")
    assert " sub/-a.yaml " in command_of(Recipe(tmp_path / "sub/-a.yaml", {}, 2, 0), tmp_path)


def test_a_switch_of_an_event_that_is_replaced_keeps_its_place() -> None:
    changes = {"events.x": {"at": ["2023-01"], "effects": []}, "events.x.off": True}
    command = command_of(Recipe(STATUS_QUO, changes, 1, 0), STATUS_QUO.parent)
    assert "--off" not in command
    assert command.index("events.x=") < command.index("events.x.off=true")
