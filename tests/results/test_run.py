"""The results folder: whole or absent, the same place for the same question."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import relsim
from families import small_family
from relsim.errors import ResultsError
from relsim.figures.save import Painter
from relsim.results import run as run_module
from relsim.results.folder import is_finished
from relsim.results.manifest import event_weights
from relsim.results.result import Result, open_result
from relsim.results.run import run
from relsim.results.verify import verify
from relsim.scenario.load import check_text
from scenarios_to_test import EVERYTHING, FAMILY, scenario_of

FILES = {
    "manifest.json",
    "scenario.resolved.yaml",
    "ensemble.zarr",
    "summary.csv",
    "events.csv",
    "claims.csv",
    "figures",
    "report.html",
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("family")
    _, file = small_family(folder)
    return run(file, runs=60, out=folder / "results", figures="all", command="relsim run x")


def test_a_run_leaves_the_whole_folder(result: Result) -> None:
    assert {path.name for path in result.folder.iterdir()} == FILES
    figures = {path.name for path in (result.folder / "figures").iterdir()}
    names = {"fan", "network", "matrix", "multiples", "claims", "why-A-B", "why-A-C"}
    names |= {"difference-base", "carriers-base"}
    assert figures == {f"{name}.{kind}" for name in names for kind in ("svg", "png")}
    assert all(path.stat().st_size > 5000 for path in (result.folder / "figures").iterdir())
    assert result.folder.parent.name == "variant"


def names_of_figures(folder: Path) -> set[str]:
    return {path.name for path in (folder / "figures").glob("*.svg")}


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are files without a picture, for tests of which there are."""

    def draw(painter: Painter, definitions: Mapping[str, Any], folder: Path) -> None:
        for name in definitions:
            (folder / f"{name}.svg").touch()

    monkeypatch.setattr(Painter, "draw_what_can_be", draw)


@pytest.mark.usefixtures("unpainted")
def test_only_the_main_figures_are_drawn_unasked_and_the_others_later(tmp_path: Path) -> None:
    _, file = small_family(tmp_path)
    out = tmp_path / "results"
    bare = run(file, runs=10, out=out, figures="none")
    assert {path.name for path in bare.folder.iterdir()} == FILES - {"figures"}
    page = (bare.folder / "report.html").read_text(encoding="utf-8")
    manifest = (bare.folder / "manifest.json").read_bytes()

    main = {"fan.svg", "difference-base.svg", "claims.svg"}
    assert run(file, runs=10, out=out).reused
    assert names_of_figures(bare.folder) == main
    assert "relsim report" in (bare.folder / "figures" / "more.txt").read_text(encoding="utf-8")
    every = run(file, runs=10, out=out, figures="all")
    assert every.reused
    (every.folder / "report.html").unlink()  # drawn anew, with all figures that were there
    drawn = names_of_figures(every.folder)
    assert drawn > {*main, "matrix.svg", "multiples.svg", "why-A-B.svg"}
    run(file, runs=10, out=out, figures="none")
    assert names_of_figures(every.folder) == drawn
    assert (every.folder / "report.html").read_text(encoding="utf-8") == page
    assert (every.folder / "manifest.json").read_bytes() == manifest
    assert not verify(every).difference


@pytest.mark.usefixtures("unpainted")
def test_figures_that_are_there_are_not_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "{relsim: 1, name: bare, time: {start: 2020-01, end: 2020-02}, states: {A: , B: }}"
    scenario = check_text(text).require()
    run(scenario, runs=3, out=tmp_path, figures="main")
    drawn: list[object] = []
    monkeypatch.setattr("relsim.results.views.write_views", lambda *given: drawn.append(given[-1]))
    for figures in ("none", "main"):
        run(scenario, runs=3, out=tmp_path, figures=figures)
    assert drawn == []
    run(scenario, runs=3, out=tmp_path, figures="all")
    assert drawn == ["all"]


def test_nothing_is_left_beside_it(result: Result) -> None:
    assert [path.name for path in result.folder.parent.iterdir()] == [result.folder.name]


def test_the_manifest_says_what_was_asked_and_names_no_machine(result: Result) -> None:
    content = json.loads((result.folder / "manifest.json").read_text())
    assert content["runs"] == 60
    assert content["seed"] == 20200701
    assert content["relsim"] == relsim.__version__
    assert content["stability"]["stable"] is True
    assert content["id"] == result.folder.name
    text = json.dumps(content)
    assert str(Path.home()) not in text
    assert str(result.folder.parent) not in text


def test_the_resolved_scenario_asks_the_same_question(result: Result) -> None:
    resolved = result.folder / "scenario.resolved.yaml"
    again = run(resolved, runs=60, out=result.folder.parent.parent, views=False)
    assert again.folder.name == result.folder.name
    assert again.folder.parent.name.startswith("scenario-resolved-")
    one, other = result.ensemble.data["overall"], again.ensemble.data["overall"]
    assert one.values.tobytes() == other.values.tobytes()
    assert "extends" not in yaml.safe_load(resolved.read_text())


def test_summary_csv_opens_as_a_table(result: Result) -> None:
    table = pd.read_csv(result.folder / "summary.csv")
    end = table[(table["month"] == "2022-01") & (table["pair"] == "A-B")].set_index("domain")
    levels = result.ensemble.data["overall"].sel(pair="A-B").isel(time=-1)
    assert end.loc["overall", "q0.5"] == pytest.approx(float(levels.median()), abs=1e-5)
    assert list(end.index) == ["overall", "diplomatic", "economic", "defence", "societal"]


def test_a_finished_result_is_not_repeated_unless_told(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = result.folder.parent.parent
    file = out.parent / "variant.yaml"
    before = (result.folder / "manifest.json").stat().st_mtime_ns
    reused = run(file, runs=60, out=out)
    assert reused.reused
    assert (result.folder / "manifest.json").stat().st_mtime_ns == before
    monkeypatch.setattr(run_module, "simulate_into", _write_half)
    with pytest.raises(ZeroDivisionError):
        run(file, runs=60, out=out, force=True, views=False)
    assert is_finished(result.folder)  # what was there survives a repetition that fails


def _write_half(question: object, folder: Path, execution: object) -> None:
    (folder / "half").write_text("x")
    raise ZeroDivisionError


@pytest.mark.parametrize("change", ["runs", "seed", "record", "number", "claim", "words"])
def test_the_id_is_that_of_the_question(result: Result, change: str) -> None:
    from relsim.results.question import Question

    scenario = result.scenario
    base = Question(scenario, 1, 60, "domains")
    other = {
        "runs": Question(scenario, 1, 61, "domains"),
        "seed": Question(scenario, 2, 60, "domains"),
        "record": Question(scenario, 1, 60, "overall"),
        "number": Question(scenario.with_changes({"A.ties.B": 0.1}), 1, 60, "domains"),
        "claim": Question(scenario.with_changes({"claims.closer": None}), 1, 60, "domains"),
        "words": Question(scenario.with_changes({"about": "Else."}), 1, 60, "domains"),
    }[change]
    assert (other.id == base.id) is (change == "words")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ResultsError, match="--out"):
        run(FAMILY / "status-quo.yaml", runs=1, out=tmp_path / "file")


def test_an_unfinished_folder_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no finished result"):
        open_result(tmp_path)


def test_overrides_of_the_scale_are_visible() -> None:
    data = {
        **EVERYTHING,
        "events": {
            "aid": {
                "at": "2020-02",
                "effects": [
                    {"pulse": "A-B", "cameo": "073"},
                    {"pulse": "A>B", "cameo": "073", "size": 0.5},
                ],
            }
        },
        "parameters": {"goldstein_unit": 0.03},
    }
    published, overridden = event_weights(scenario_of(data))
    assert published["size"] == pytest.approx(0.03 * 7.4)
    assert (published["overridden"], overridden["overridden"]) == (False, True)
    assert overridden["published_size"] == pytest.approx(0.222)
    assert overridden["size"] == 0.5


def test_texts_of_a_scenario_do_not_break_figures(tmp_path: Path) -> None:
    text = yaml.safe_dump(
        {
            "relsim": 1,
            "name": '<script>alert(1)</script> & "quotes"',
            "time": {"start": "2020-01", "end": "2020-06"},
            "states": {"A": {"name": "<b>A</b>"}, "B": {}},
            "ties": {"A-B": 0.2},
        }
    )
    found = run(check_text(text).require(), runs=5, out=tmp_path)
    svg = (found.folder / "figures" / "fan.svg").read_text()
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg


@pytest.mark.parametrize("runs", [1, 3])
def test_the_smallest_scenario_has_figures_too(tmp_path: Path, runs: int) -> None:
    text = "{relsim: 1, name: bare, time: {start: 2020-01, end: 2020-02}, states: {A: , B: }}"
    found = run(check_text(text).require(), runs=runs, out=tmp_path)
    assert {path.name for path in found.folder.iterdir()} == FILES
    assert float(found.summary()["overall"].sel(statistic="q0.5").isel(time=0)[0]) == 0
