"""The folder of an app: what is listed, what is confined, and what the app starts on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

import relsim as api
from relsim.app.folder import MOST_FILES, Folder, OutsideError, start_on
from relsim.errors import RelsimError, ScenarioError

SMALL = {
    "relsim": 1,
    "name": "Small",
    "about": "Two states\nand no more.",
    "time": {"start": "2020-01", "end": "2020-06"},
    "states": {"A": None, "B": None},
}


def written(path: Path, data: object = SMALL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


def files_in(root: Path) -> list[str]:
    return [each.file for each in Folder(root).scenarios()]


def test_scenarios_are_listed_and_nothing_else(tmp_path: Path) -> None:
    written(tmp_path / "a.yaml", {"relsim": 1, "extends": "z.yaml"})
    written(tmp_path / "z.yaml")
    written(tmp_path / "below" / "one.yml")
    written(tmp_path / "1" / "2" / "3" / "deep.yaml")
    written(tmp_path / "1" / "2" / "3" / "4" / "too-deep.yaml")
    written(tmp_path / ".hidden" / "a.yaml")
    written(tmp_path / ".hidden.yaml")
    written(tmp_path / "docker.yaml", {"services": {}})
    written(tmp_path / "sweep.yaml", {"relsim": 1, "scenario": "z.yaml", "sweep": {}})
    (tmp_path / "broken.yaml").write_text("relsim: 1\n  a: [", encoding="utf-8")
    (tmp_path / "notes.md").write_text("relsim: 1", encoding="utf-8")
    result = api.run(
        api.load(tmp_path / "z.yaml"), runs=2, out=tmp_path / "results", views=False, progress=False
    )
    assert (result.folder / "scenario.resolved.yaml").exists()
    assert files_in(tmp_path) == ["z.yaml", "a.yaml", "1/2/3/deep.yaml", "below/one.yml"]


def test_a_file_that_no_message_can_name_is_not_listed(tmp_path: Path) -> None:
    written(tmp_path / "own.yaml")
    for name in (b"caf\xe9.yaml", b"back\\slash.yaml", b"caf\xe9/a.yaml"):
        try:
            written(tmp_path / os.fsdecode(name))
        except OSError:
            pytest.skip("this file system takes no such names")
    assert files_in(tmp_path) == ["own.yaml"]


def test_a_link_that_leads_out_is_neither_listed_nor_read(tmp_path: Path) -> None:
    outside = written(tmp_path / "outside" / "secret.yaml")
    root = tmp_path / "root"
    written(root / "own.yaml")
    (root / "file.yaml").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent)
    assert files_in(root) == ["own.yaml"]
    for file in ("file.yaml", "folder/secret.yaml", "folder/../own.yaml"):
        with pytest.raises(OutsideError, match="outside"):
            Folder(root).path(file)


def test_names_are_those_of_the_files_and_follow_them(tmp_path: Path) -> None:
    file = written(tmp_path / "z.yaml")
    written(tmp_path / "v.yaml", {"relsim": 1, "extends": "z.yaml"})
    folder = Folder(tmp_path)
    first, second = folder.scenarios()
    assert (first.name, first.about) == ("Small", "Two states and no more.")
    assert (second.name, second.about, second.is_variant) == ("v", "", True)
    written(file, {**SMALL, "name": "Renamed by somebody"})
    assert folder.scenarios()[0].name == "Renamed by somebody"


def test_the_list_has_an_end(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 5):
        (tmp_path / f"{number:03}.yaml").write_text("relsim: 1\nname: n\n", encoding="utf-8")
    assert len(files_in(tmp_path)) == MOST_FILES


@pytest.mark.parametrize(
    "file",
    ["../a.yaml", "/a.yaml", "sub/../../a.yaml", "a.txt", "", " ", "a\\b.yaml", "a\nb\0.yaml"],
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, file: str) -> None:
    with pytest.raises(OutsideError):
        Folder(tmp_path).path(file)


def test_a_file_inside_of_the_current_folder_starts_the_app_on_that_folder(tmp_path: Path) -> None:
    file = written(tmp_path / "here" / "sub" / "a.yaml")
    inside = start_on(file, tmp_path / "here")
    assert (inside.folder.root, inside.file) == (tmp_path / "here", "sub/a.yaml")
    outside = start_on(file, written(tmp_path / "there" / "b.yaml").parent)
    assert (outside.folder.root, outside.file) == (file.parent, "a.yaml")
    folder = start_on(tmp_path / "here", tmp_path)
    assert (folder.folder.root, folder.file) == (tmp_path / "here", "sub/a.yaml")


def test_what_cannot_be_shown_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RelsimError, match=f"no scenario in {tmp_path}"):
        start_on(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RelsimError, match="no scenario in this folder"):
        start_on(Path())
    written(tmp_path / "small.yaml")
    with pytest.raises(RelsimError, match=r"Did you mean .*small\.yaml"):
        start_on(tmp_path / "smal.yaml")
    (tmp_path / "notes.md").write_text("x", encoding="utf-8")
    with pytest.raises(RelsimError, match="no scenario file"):
        start_on(tmp_path / "notes.md")
    with pytest.raises(ScenarioError, match="states"):
        start_on(written(tmp_path / "bad.yaml", {"relsim": 1, "name": "n", "states": {}}))


def test_a_result_leads_back_to_its_file_or_shows_what_it_kept(tmp_path: Path) -> None:
    file = written(tmp_path / "small.yaml")
    changes = {"A.ties.B": 0.3}
    result = api.run(
        api.load(file, changes),
        runs=7,
        seed=5,
        out=tmp_path / "results",
        views=False,
        command="relsim run small.yaml --set A.ties.B=0.3",
        progress=False,
    )
    for path in (result.folder, result.folder.parent):
        start = start_on(path, tmp_path)
        assert (start.file, start.changes) == ("small.yaml", changes)
        assert (start.seed, start.runs) == (5, 7)
    written(file, {**SMALL, "parameters": {"drift": 0}})  # no longer what was simulated
    start = start_on(result.folder, tmp_path)
    kept = f"results/small/{result.folder.name}/scenario.resolved.yaml"
    assert (start.file, start.changes, start.runs) == (kept, {}, 7)
    assert api.load(start.folder.path(start.file)).states["A"].ties["B"].weight == 0.3
