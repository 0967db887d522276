"""An experiment leaves a whole folder, once, and goes on where it was interrupted."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from experiments.small import SCENARIO, SWITCHED, VARIED, study_in, written
from relsim.ensemble.executors import threads
from relsim.ensemble.simulate import simulate
from relsim.errors import DamagedError, ScenarioError
from relsim.experiments.evaluate import evaluate
from relsim.experiments.load import load_experiment
from relsim.figures.save import Painter
from relsim.model.mesa_model import StateAgent
from relsim.model.structs import Floats
from relsim.results.experiment import (
    ExperimentJob,
    ExperimentResult,
    PointJournal,
    open_experiment,
    run_experiment,
)
from relsim.results.job import Nobody
from relsim.scenario.load import check_text, load
from scenarios_to_test import ROOT

SERIES = "dyad,period,value\nA-B,2020,0.3\nA-B,2021,0.4\nA-C,2021,-0.3\n"
PLAIN = {key: value for key, value in VARIED.items() if key != "sensitivity"}
FEW = {"level": {"level": "A-B"}, "warmer": {"claim": "warmer"}}
METHODS: dict[str, dict[str, Any]] = {
    "sweep": {**PLAIN, "measures": FEW, "sweep": {"grid": 3}},
    "sensitivity": {**PLAIN, "measures": FEW, "sensitivity": {"samples": 64}},
    "tune": {**PLAIN, "measures": FEW, "tune": {"goals": {"level": 0.3}, "trials": 12}},
    "attribute": {**SWITCHED, "measures": FEW},
    "advise": {
        **{key: value for key, value in SWITCHED.items() if key != "attribute"},
        "measures": FEW,
        "advise": {
            "levers": SWITCHED["attribute"]["players"],
            "raise": "level",
            "bounds": {"warmer": {"above": 0.5, "share": 0.5}},
        },
    },
    "discover": {
        **PLAIN,
        "measures": FEW,
        "discover": {"measure": "level", "above": 0.28, "samples": 60},
    },
}


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn in tests of their own."""
    monkeypatch.setattr(Painter, "draw_what_can_be", lambda *_: None)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_leaves_a_whole_folder(tmp_path: Path, method: str, no_drawing: None) -> None:
    result = run_experiment(study_in(tmp_path, METHODS[method]), out=tmp_path / "out")
    assert result.manifest["experiment"]["method"] == method
    assert result.sentences[-1].startswith("1 interest is changed: the opening is read with")
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    assert "<li>1 interest is changed" in page
    assert result.tables
    assert all(not table.empty for table in result.tables.values())
    data = result.outcomes
    assert data.sizes["run"] == 5
    assert data.sizes["point"] == result.manifest["points"] == len(data["parameters"])
    assert np.isfinite(data["level"].values).all()
    names = {path.name for path in result.folder.iterdir()}
    assert {"figures", "manifest.json", "report.html", "experiment.resolved.yaml"} <= names
    assert not {name for name in names if name == "points" or name.startswith("trials.log")}
    assert list(result.folder.parent.iterdir()) == [result.folder]  # nothing left aside
    assert str(tmp_path) not in json.dumps(result.manifest)


def test_the_table_that_the_guide_shows_is_there(tmp_path: Path, no_drawing: None) -> None:
    guide = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    shown = re.findall(r'result\.tables\["(\w+)"\]', guide)
    result = run_experiment(study_in(tmp_path, METHODS["sensitivity"]), out=tmp_path / "out")
    assert shown
    assert set(shown) <= set(result.tables)


def test_figures_are_drawn_and_the_page_shows_them(tmp_path: Path) -> None:
    result = run_experiment(study_in(tmp_path, METHODS["sweep"]), out=tmp_path / "out")
    drawn = {path.stem for path in (result.folder / "figures").glob("*.svg")}
    assert drawn
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    assert all(f'data-chart="{name}"' in page for name in drawn)


def test_a_finished_experiment_is_not_repeated(tmp_path: Path, no_drawing: None) -> None:
    study = study_in(tmp_path, METHODS["sweep"])
    first = run_experiment(study, out=tmp_path / "out")
    assert not first.reused
    again = run_experiment(study, out=tmp_path / "out")
    assert again.reused
    assert again.sentences == first.sentences
    assert not run_experiment(study, out=tmp_path / "out", force=True).reused


def test_words_alone_do_not_make_another_experiment(tmp_path: Path) -> None:
    before = ExperimentJob(study_in(tmp_path, VARIED)).id
    assert (
        ExperimentJob(study_in(tmp_path, {**VARIED, "name": "Other", "about": "More"})).id == before
    )
    assert ExperimentJob(study_in(tmp_path, {**VARIED, "runs": 6})).id != before
    assert ExperimentJob(study_in(tmp_path, {**VARIED, "set": {"A.ties.C": 0.1}})).id != before


WORDS = ("name", "about", "label")  # keys of the format whose text moves no number


@pytest.mark.parametrize("word", WORDS)
def test_a_name_that_a_person_chose_counts_though_it_is_a_word_of_the_format(
    tmp_path: Path, word: str
) -> None:
    """Measures, goals, bounds, players, levers and paths may be called as such keys are."""

    def ids(*experiments: dict[str, Any]) -> int:
        return len({ExperimentJob(study_in(tmp_path, one)).id for one in experiments})

    measures = {word: {"level": "A-B", "label": "x"}}
    tuned = [
        {**PLAIN, "measures": measures, "tune": {"goals": {word: goal}, "trials": 12}}
        for goal in (0.3, 0.4)
    ]
    assert ids(*tuned) == 2
    asked = [
        {**METHODS["sweep"], "measures": {word: {"level": tie, "label": "x"}}}
        for tie in ("A-B", "A-C")
    ]
    assert ids(*asked) == 2
    switches = [
        {**METHODS["attribute"], "attribute": {"players": {word: {"off": {"A.ties.B": value}}}}}
        for value in (0, 0.1)
    ]
    assert ids(*switches) == 2
    advised = [
        {
            **METHODS["advise"],
            "measures": measures,
            "advise": {
                "levers": {word: {"events": ["deal"], "label": label}},
                "raise": word,
                "bounds": {word: {"above": least}},
            },
        }
        for label, least in (("x", 0.1), ("y", 0.1), ("y", 0.2))
    ]
    assert (ids(*advised[:2]), ids(*advised)) == (1, 2)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> ExperimentResult:
    """A whole experiment, to be copied and damaged."""
    folder = tmp_path_factory.mktemp("finished")
    still = {"level": {"level": "A-B"}, "start": {"change": "A-B", "at": "2020-01"}}  # of zeros
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Painter, "draw_what_can_be", lambda *_: None)
        return run_experiment(
            study_in(folder, {**METHODS["sweep"], "measures": still}), out=folder / "out"
        )


PARTS = (
    *("manifest.json", "report.html", "experiment.resolved.yaml", "figures", "points.csv"),
    *("outcomes.zarr", "outcomes.zarr/level", "outcomes.zarr/level/c", "outcomes.zarr/start/c"),
    *("outcomes.zarr/level/zarr.json", "outcomes.zarr/parameters", "outcomes.zarr/parameter/c"),
)


def copied(finished: ExperimentResult, to: Path) -> Path:
    """A copy of all its files; gives the folder of the result."""
    root = finished.folder.parents[3]
    shutil.copytree(root, to)
    return to / finished.folder.relative_to(root)


@pytest.mark.parametrize("part", PARTS)
def test_a_finished_experiment_that_lacks_a_part_does_not_stand(
    finished: ExperimentResult, tmp_path: Path, part: str
) -> None:
    folder = copied(finished, tmp_path / "copy")
    study = load_experiment(tmp_path / "copy" / "experiment.yaml")
    assert ExperimentJob(study).outdated(folder) == ""
    remove(folder / part)
    assert part == "manifest.json" or ExperimentJob(study).outdated(folder)
    if part not in ("figures", "report.html"):  # these are drawn from the rest
        with pytest.raises(DamagedError, match=f"{re.escape(part)}.* makes it anew"):
            open_experiment(folder)


def test_an_experiment_whose_words_have_changed_is_made_anew(
    finished: ExperimentResult, tmp_path: Path, no_drawing: None
) -> None:
    folder = copied(finished, tmp_path / "copy")
    file = tmp_path / "copy" / "experiment.yaml"
    file.write_text(file.read_text("utf-8") + "about: Other words.\n", encoding="utf-8")
    assert "words" in ExperimentJob(load_experiment(file)).outdated(folder)
    again = run_experiment(file, out=folder.parents[2])
    assert (again.folder, again.reused) == (folder, False)
    assert run_experiment(file, out=folder.parents[2]).reused


def test_what_is_not_whole_is_made_anew(
    finished: ExperimentResult, tmp_path: Path, no_drawing: None
) -> None:
    folder = copied(finished, tmp_path / "copy")
    remove(folder / "outcomes.zarr" / "start" / "c")
    out = folder.parents[2]
    again = run_experiment(tmp_path / "copy" / "experiment.yaml", out=out)
    assert (again.reused, again.folder) == (False, folder)
    xr.testing.assert_identical(again.outcomes.load(), finished.outcomes.load())
    assert run_experiment(tmp_path / "copy" / "experiment.yaml", out=out).reused


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@pytest.mark.parametrize(
    "change",
    [
        "",
        "not JSON",
        "[]",
        "null",
        "[" * 100_000,
        "\udcff",
        *(
            {key: value}
            for key, value in {
                "format": 99,
                "points": "many",
                "runs": -1,
                "seconds": None,
                "sentences": "text",
                "warnings": [1],
                "tables": ["../../away"],
                "experiment": "x",
            }.items()
        ),
    ],
)
def test_a_damaged_manifest_is_refused(
    finished: ExperimentResult, tmp_path: Path, change: str | dict[str, Any]
) -> None:
    folder = copied(finished, tmp_path / "copy")
    text = change if isinstance(change, str) else json.dumps(finished.manifest | change)
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DamagedError, match=r"manifest\.json"):
        open_experiment(folder)


class Interrupting(Nobody):
    """A watcher that presses Ctrl-C after some runs."""

    def __init__(self, after: int) -> None:
        self.left, self.told = after, 0

    def runs_done(self, runs: int) -> None:
        """Counts runs until it is enough."""
        self.told += runs
        self.left -= runs
        if self.left < 0:
            raise KeyboardInterrupt


def test_an_interrupted_experiment_goes_on_to_the_same_outcomes(
    tmp_path: Path, no_drawing: None
) -> None:
    long = {**PLAIN, "measures": FEW, "sweep": {"latin_hypercube": 300}}
    study = study_in(tmp_path, long)
    with pytest.raises(KeyboardInterrupt, match="goes on from there"):
        run_experiment(study, out=tmp_path / "out", watcher=Interrupting(600))
    kept = len(list((tmp_path / "out").rglob("points/*.npz")))
    assert 0 < kept < 300 // 51
    watcher = Interrupting(10**9)
    result = run_experiment(study, out=tmp_path / "out", watcher=watcher)
    assert watcher.told == 1500  # what was kept is told at once
    whole = evaluate(study, study.method.points(study))
    for name, values in whole.by_measure.items():
        assert result.outcomes[name].values.tobytes() == values.tobytes()


def test_every_run_of_a_search_is_told_once(tmp_path: Path, no_drawing: None) -> None:
    study, watcher = study_in(tmp_path, METHODS["tune"]), Interrupting(10**9)
    result = run_experiment(study, out=tmp_path / "out", watcher=watcher)
    points = result.manifest["points"] + result.outcomes.sizes["reported-point"]
    assert watcher.told == points * study.experiment.runs
    assert points <= study.method.size(study)


def test_kept_outcomes_of_other_points_and_damaged_files_are_left_out(tmp_path: Path) -> None:
    points = np.arange(6.0).reshape(3, 2)
    journal = PointJournal(tmp_path, points, ["x"], 4)
    journal.keep(np.array([0, 2]), {"x": np.ones((2, 4))})
    assert set(journal.known()) == {0, 2}
    assert PointJournal(tmp_path, points + 1, ["x"], 4).known() == {}
    assert PointJournal(tmp_path, points, ["y"], 4).known() == {}
    assert PointJournal(tmp_path, points, ["x"], 5).known() == {}
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:200])
    assert journal.known() == {}


def test_a_series_is_fitted_and_the_rest_held_out(tmp_path: Path, no_drawing: None) -> None:
    (tmp_path / "series.csv").write_text(SERIES, encoding="utf-8")
    fit = {
        **PLAIN,
        "measures": {"fit": {"misfit": "series.csv", "until": "2020-12", "label": "Misfit"}},
        "tune": {"goals": {"fit": "lowest"}, "trials": 12},
    }
    study = study_in(tmp_path, fit)
    assert study.outcomes == ("fit", "fit-held-out")
    assert list(study.observed["fit-held-out"].observations["period"]) == ["2021", "2021"]
    result = run_experiment(study, out=tmp_path / "out")
    kept = result.outcomes
    fresh = {"fit-fresh", "fit-held-out-fresh"}
    assert set(kept) == {"fit", "fit-held-out", "parameters", *fresh}
    best = kept["parameters"].values[kept["reported-point"].values]
    again = evaluate(study, best, first_run=study.experiment.runs).by_measure
    np.testing.assert_array_equal(kept["fit-fresh"].values, again["fit"])
    assert result.tables["fit"]["mean over fresh runs"].to_list() == pytest.approx(
        [again["fit"].mean(), again["fit-held-out"].mean()]
    )
    tuned = load(result.folder / "tuned.yaml")
    assert tuned.states["A"].ties["B"].weight != study.scenario.states["A"].ties["B"].weight
    assert tuned.name == "Three states, tuned"
    (tmp_path / "series.csv").write_text("dyad,period,value\nX-Y,2020,0.3\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="nothing-observed"):
        study_in(tmp_path, fit)


def test_what_set_changes_is_in_the_tuned_scenario(tmp_path: Path, no_drawing: None) -> None:
    file = written(tmp_path, {**METHODS["tune"], "set": {"B.ties.A": 0.05}})
    result = run_experiment(file, out=tmp_path / "out")
    tuned = load(result.folder / "tuned.yaml")
    assert tuned.states["B"].ties["A"].weight == 0.05


TWIN = {
    **PLAIN,
    "runs": 20,
    "parameters": {
        "events.deal.effects.0.size": [0.1, 0.9],
        "C.ties.A": [0.1, 0.9],
    },
    "measures": {"fit": {"misfit": "series.csv"}},
    "tune": {"goals": {"fit": "lowest"}, "trials": 60},
}


@pytest.mark.slow
def test_a_known_number_is_recovered_from_a_simulated_series(
    tmp_path: Path, no_drawing: None
) -> None:
    """The size of the deal is 0.4; nothing in the series depends on what A is to C."""
    true = (
        simulate(check_text(SCENARIO).require(), runs=400, seed=99).data["overall"].sel(pair="A-B")
    )
    months = true.mean("run").values[:-1]
    rows = [f"A-B,{2020 + n // 12}-{n % 12 + 1:02d},{level:.4f}" for n, level in enumerate(months)]
    (tmp_path / "series.csv").write_text("\n".join(["dyad,period,value", *rows]) + "\n")
    result = run_experiment(study_in(tmp_path, TWIN), out=tmp_path / "out")
    tuned = load(result.folder / "tuned.yaml")
    deal = tuned.as_written["events"]["deal"]
    assert deal["effects"][0]["size"] == pytest.approx(0.4, abs=0.1)
    found = result.tables["parameters"].set_index("path")
    words = " ".join(result.sentences)
    assert "C.ties.A is not pinned down" in words
    assert found.loc["C.ties.A"].astype(str).str.contains("not pinned down").any()


def test_an_experiment_under_other_rules_has_a_folder_of_its_own(
    tmp_path: Path, no_drawing: None
) -> None:
    study = study_in(tmp_path, METHODS["sweep"])
    usual = run_experiment(study, out=tmp_path / "out")
    with threads(1) as pool:
        ours = [
            run_experiment(study, agent_class=kind, out=tmp_path / "out", executor=pool)
            for kind in (AsUsual, Stubborn, Stubborn)
        ]
    assert len({usual.folder, *(result.folder for result in ours)}) == 3
    assert [result.reused for result in ours] == [False, False, True]
    for name in METHODS["sweep"]["measures"]:
        expected = usual.outcomes[name].values
        np.testing.assert_array_equal(ours[0].outcomes[name].values, expected)
        assert not np.array_equal(ours[1].outcomes[name].values, expected)
    assert "States decide by Stubborn." in ours[1].sentences
    assert not any("States decide by" in sentence for sentence in usual.sentences)


class AsUsual(StateAgent):
    """Decides by the standard rule."""


class Stubborn(StateAgent):
    """Never moves."""

    def decide(self) -> Floats:
        return self.posture
