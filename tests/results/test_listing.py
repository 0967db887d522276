"""What is listed of a folder of results, readable or not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from experiments.small import SWITCHED, study_in
from families import run_family
from relsim.figures.save import Painter
from relsim.results import family
from relsim.results.experiment import run_experiment
from relsim.results.listing import list_results, list_studies
from relsim.results.manifest import write_manifest
from relsim.results.run import run
from scenarios_to_test import scenario_of

CLAIMS = {
    "warm": {"says": "x", "expect": {"level": "A-B", "above": 0}, "probability": 0.5},
    "hot": {"says": "x", "expect": {"level": "A-B", "above": 0.9}, "probability": 0.9},
    "lost": {"says": "x", "expect": {"level": "A-B", "above": 0, "against": "no.yaml"}},
}
SCENARIO = scenario_of({"states": {"A": {}, "B": {}}, "ties": {"A-B": 0.3}, "claims": CLAIMS})


def test_a_result_is_listed_with_what_was_asked_and_found(tmp_path: Path) -> None:
    result = run(SCENARIO, runs=30, seed=5, out=tmp_path, views=False)
    (one,) = list_results(tmp_path)
    assert one.folder == result.folder
    assert (one.scenario, one.runs, one.seed, one.end) == ("test", 30, 5, "2022-01")
    assert one.verdicts == {"supported": 1, "contradicted": 1, "not judged": 1}
    assert one.current
    assert one.problem == ""
    files = [path for path in result.folder.rglob("*") if path.is_file()]
    assert one.size == sum(path.stat().st_size for path in files) > 10_000
    manifest = result.folder / "manifest.json"
    os.utime(manifest, (1_600_000_000, 1_600_000_000))
    manifest.write_text(manifest.read_text().replace('"relsim": "', '"relsim": "0.0.'))
    assert not list_results(tmp_path)[0].current


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"scenario": {"slug": "s"}, "seed": 1, "relsim": "x"}', "\udcff", "5"],
)
def test_a_broken_manifest_is_listed_as_unreadable(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "s" / "0a"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    (one,) = list_results(tmp_path)
    assert "manifest.json" in one.problem
    assert (one.scenario, one.runs) == ("s", 0)


def test_an_empty_or_missing_folder_lists_nothing(tmp_path: Path) -> None:
    assert list_results(tmp_path) == list_results(tmp_path / "no") == ()


def test_families_and_experiments_are_listed_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Painter, "draw_what_can_be", lambda *_: None)
    monkeypatch.setattr(family, "family_page", lambda *_: "page")
    out = tmp_path / "out"
    both = [SCENARIO.named("one"), SCENARIO.with_changes({"ties.A-B": 0.1}).named("two")]
    folder = run_family(both, runs=10, out=out).folder
    study = {**SWITCHED, "measures": {"level": {"level": "A-B"}}}
    result = run_experiment(study_in(tmp_path, study), out=out)
    one, other = list_studies(out)
    assert (one.kind, one.folder, one.about) == ("family", folder, "2 scenarios: one, two")
    assert (other.kind, other.folder, other.current) == ("experiment", result.folder, True)
    name, points = result.manifest["experiment"]["name"], result.manifest["points"]
    assert other.about.startswith(f"{name}: attribute, {points} points of ")
    assert [listed.folder.parent.name for listed in list_results(out)] == ["one", "two"]
    manifest = result.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"relsim": "', '"relsim": "0.0.'))
    assert not list_studies(out)[1].current


def test_a_hindcast_is_listed_and_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    sound, broken = (tmp_path / "hindcasts" / "icews" / name for name in ("0a", "0b"))
    for folder in (sound, broken):
        folder.mkdir(parents=True)
    content: dict[str, Any] = {"format": 2, "id": "0" * 12, "words": "0" * 64, "command": ""}
    content |= {"file": "icews.csv", "pairs": 1200, "years": [2001, 2011], "relsim": "0"}
    content |= {"sentences": [], "warnings": [], "seconds": 1.5, "versions": {}}
    write_manifest(content, sound)
    (broken / "manifest.json").write_text("[")
    found = {one.folder: one for one in list_studies(tmp_path)}
    assert found[sound].about == "icews.csv: 1,200 pairs, 2001 to 2011"
    assert not found[sound].current
    assert "manifest.json cannot be read: it is not JSON." in found[broken].problem
    assert list_results(tmp_path) == ()
