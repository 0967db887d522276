"""An experiment into a folder of its own: outcomes, tables, figures, a page and a manifest."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from pydantic import BaseModel

from relsim import __version__
from relsim.analysis.summary import write_table
from relsim.ensemble.chunks import compile_kernel, kernel_is_compiled
from relsim.errors import DamagedError, ResultsError
from relsim.experiments.evaluate import evaluate
from relsim.experiments.load import interests_in_words, load_experiment
from relsim.experiments.study import HELD_OUT, Answer, Outcomes, Study
from relsim.figures.experiments import experiment_charts
from relsim.figures.save import Painter, definition
from relsim.model.compile import compile_scenario
from relsim.report.experiment_page import experiment_page
from relsim.results.contents import FIGURES, REPORT, has_views
from relsim.results.folder import (
    BEGINS_AFRESH,
    MANIFEST,
    is_finished,
    locked,
    place_aside,
    sweep,
    unwritable,
    written_aside,
)
from relsim.results.identity import Question, digest
from relsim.results.lookup import EXPERIMENTS
from relsim.results.manifest import (
    FORMAT,
    ExperimentManifest,
    read_as,
    refuse_incomplete,
    remedy_of,
    versions,
    write_manifest,
)
from relsim.results.point_journal import FOLDER as JOURNAL
from relsim.results.point_journal import PointJournal
from relsim.results.watcher import Nobody, Watcher
from relsim.stats import Values

FRESH = "-fresh"  # ends the name of an outcome in runs that played no part in the search
OUTCOMES, RESOLVED = "outcomes.zarr", "experiment.resolved.yaml"
LIBRARIES = ("numba", "numpy", "scipy", "xarray")
_WORDS = ("name", "about", "label")  # move no number


@dataclass(frozen=True)
class ExperimentResult:
    """A finished experiment.

    Attributes:
        folder: where it is.
        manifest: as in ``manifest.json``; with the sentences and warnings of the findings.
        reused: it was there already, so nothing was simulated.
    """

    folder: Path
    manifest: dict[str, Any]
    reused: bool = False

    @property
    def sentences(self) -> list[str]:
        """What was found, in words."""
        return list(self.manifest["sentences"])

    @property
    def warnings(self) -> list[str]:
        """What the size of the sample does not support."""
        return list(self.manifest["warnings"])

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The numbers, by name.

        Raises:
            DamagedError: one is missing or damaged.
        """
        refuse_incomplete(self.folder, self.manifest)
        try:
            return {
                name: pd.read_csv(self.folder / f"{name}.csv") for name in self.manifest["tables"]
            }
        except (OSError, ValueError) as error:
            text = f"A table of {self.folder} is damaged: {error}. {remedy_of(self.manifest)}"
            raise DamagedError(text) from error

    @property
    def outcomes(self) -> xr.Dataset:
        """Every measure of every run at every point, (point, run), and the points.

        Raises:
            DamagedError: a part of them is missing.
        """
        refuse_incomplete(self.folder, self.manifest)
        data: xr.Dataset = xr.open_zarr(self.folder / OUTCOMES, consolidated=False, chunks=None)
        return data


def run_experiment(
    experiment: Study | str | Path,
    *,
    executor: Executor | None = None,
    out: str | Path = "results",
    force: bool = False,
    command: str = "",
    watcher: Watcher | None = None,
) -> ExperimentResult:
    """Runs an experiment and leaves a folder with outcomes, tables, figures and a page.

    A finished experiment is not repeated, unless a part of it is missing or damaged; an interrupted
    one goes on where it stopped.

    Args:
        experiment: its file, or what :func:`load_experiment` made of it.
        executor: where runs are simulated; threads on all cores where absent.
        out: folder of all results.
        force: repeat a finished experiment.
        command: how it was asked for, for the manifest.
        watcher: told how far it is.

    Raises:
        ScenarioError: the file has problems.
        ResultsError: the folder cannot be written.
    """
    study = experiment if isinstance(experiment, Study) else load_experiment(experiment)
    told, started = watcher or Nobody(), time.perf_counter()
    folder = Path(out) / EXPERIMENTS / study.slug / experiment_id(study)
    waiting = partial(told.phase, "Another process runs this experiment; waiting")
    try:
        if not force and _stands(study, folder, told):
            if not study.method.adaptive:  # others may still write aside, without a lock
                sweep(folder)
            return replace(open_experiment(folder), reused=True)
        answer = None
        if study.method.adaptive:
            aside = place_aside(folder)
            if force:
                shutil.rmtree(aside, ignore_errors=True)
            engine = _Engine(study, aside, executor, told)
            told.phase(f"Trying up to {study.method.size(study):,} points")
            answer = study.method.run(study, engine)
        with locked([folder], waiting):
            if answer is None and not force and _stands(study, folder):
                return replace(open_experiment(folder), reused=True)
            afresh = force and answer is None
            with written_aside(folder, afresh=afresh) as aside, Painter() as painter:
                painter.start()  # its engine warms up beside the simulation
                if answer is None:
                    answer = study.method.run(study, _Engine(study, aside, executor, told))
                _write(study, answer, aside, painter, command, started, told)
    except OSError as error:
        raise unwritable(error, folder) from error
    except KeyboardInterrupt:
        said = BEGINS_AFRESH if force else "The same command goes on from here."
        raise KeyboardInterrupt(f"Stopped. {said}") from None
    return open_experiment(folder)


def open_experiment(folder: str | Path) -> ExperimentResult:
    """A finished experiment, from its folder.

    Raises:
        DamagedError: its manifest cannot be read, or something of it is missing.
    """
    folder = Path(folder)
    content = read_as(ExperimentManifest, folder / MANIFEST, "an experiment")
    refuse_incomplete(folder, content)
    return ExperimentResult(folder, content)


def _stands(study: Study, folder: Path, watcher: Watcher | None = None) -> bool:
    """Whether a finished experiment is there with all its parts, in the words of the study; tells
    the watcher why not."""
    if not is_finished(folder):
        return False
    reason = ""
    try:
        if open_experiment(folder).manifest["words"] != _words(study):
            reason = f"The words of {folder} have changed."
        elif not has_views(folder):
            reason = f"The page or the figures of {folder} are missing."
    except ResultsError as error:
        reason = str(error)
    if reason and watcher is not None:
        watcher.phase(f"{reason} Making it anew")
    return not reason


def experiment_id(study: Study) -> str:
    """Twelve hexadecimal digits over all that decides the numbers of an experiment."""
    experiment = study.experiment
    asked = experiment.model_dump(mode="json", by_alias=True, exclude=_words_of(experiment))
    return digest([asked, _scenario_hash(study), _files(study), __version__])[:12]


def _words_of(part: Any) -> dict[str, Any]:
    """The keys of the format, at every depth, whose text moves no number; a name that a person
    chose is none, though it be spelt the same."""
    if isinstance(part, dict):
        inside: dict[str, Any] = {key: _words_of(one) for key, one in part.items()}
    elif isinstance(part, BaseModel):
        inside = {key: True if key in _WORDS else _words_of(one) for key, one in part}
    else:
        return {}
    return {key: words for key, words in inside.items() if words}


def _words(study: Study) -> str:
    """SHA-256 of all that is written of an experiment and its scenario, words included."""
    return digest([study.experiment.model_dump(mode="json"), study.scenario.as_written])


def _scenario_hash(study: Study) -> str:
    experiment = study.experiment
    question = Question(study.scenario, experiment.seed, experiment.runs, "watched")
    return question.scenario_hash


def _files(study: Study) -> dict[str, str]:
    """What other files hold that decides numbers: observed series."""
    names = [one.misfit for one in study.experiment.measures.values() if one.misfit is not None]
    return {name: digest((study.folder / name).read_text(encoding="utf-8")) for name in names}


class _Engine:
    """Simulates points of an experiment, and keeps what is done in its unfinished folder.

    Args:
        study: the experiment.
        aside: where it is written until it is whole.
        executor: where runs are simulated; threads on all cores where absent.
        watcher: told how far it is.
    """

    def __init__(
        self, study: Study, aside: Path, executor: Executor | None, watcher: Watcher
    ) -> None:
        self._study, self._executor, self._watcher = study, executor, watcher
        self.folder = aside / JOURNAL
        self.folder.mkdir(parents=True, exist_ok=True)
        if not kernel_is_compiled():
            watcher.phase("Compiling the model, once per installation (about a minute)")
        compile_kernel(compile_scenario(study.scenario))

    def simulate(self, points: Values) -> Outcomes:
        """Outcomes at all points, those that an earlier process left among them."""
        study, runs = self._study, self._study.experiment.runs
        journal = PointJournal(self.folder, points, list(study.outcomes), runs)
        known = journal.known()
        self._watcher.phase(f"Simulating {len(points):,} points, {runs * len(points):,} runs")
        self._watcher.runs_done(len(known) * runs)
        outcomes = evaluate(
            study,
            points,
            known=known,
            executor=self._executor,
            done=journal.keep,
            progress=self._watcher.runs_done,
        )
        self._watcher.phase("Analysing")
        return outcomes

    def evaluate(self, points: Values, first_run: int = 0) -> Outcomes:
        """Outcomes at some points, which the method keeps."""
        return evaluate(
            self._study,
            points,
            first_run=first_run,
            executor=self._executor,
            progress=self._watcher.runs_done,
        )


def _write(
    study: Study,
    answer: Answer,
    folder: Path,
    painter: Painter,
    command: str,
    started: float,
    watcher: Watcher,
) -> None:
    """Everything of an experiment, the manifest last."""
    for name, text in answer.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    tables = {name: one for name, one in answer.findings.tables().items() if not one.empty}
    for name, table in tables.items():
        write_table(table, folder / f"{name}.csv")
    _store(study, answer.outcomes, folder / OUTCOMES)
    watcher.phase("Drawing figures and the report")
    charts = {name: definition(one) for name, one in experiment_charts(answer.findings).items()}
    seconds = time.perf_counter() - started
    content = _manifest(study, answer, list(tables), command, seconds)
    _draw(charts, painter, folder / FIGURES)
    page = experiment_page(study, tables, charts, content, painter.script())
    (folder / REPORT).write_text(page, encoding="utf-8")
    (folder / RESOLVED).write_text(_resolved(study), encoding="utf-8")
    shutil.rmtree(folder / JOURNAL, ignore_errors=True)
    write_manifest(content, folder)


def _store(study: Study, outcomes: Outcomes, path: Path) -> None:
    """Every outcome with its point, as one dataset."""
    shutil.rmtree(path, ignore_errors=True)
    data = outcome_dataset(study, outcomes)
    if outcomes.reported is not None:
        data = data.merge(_fresh_dataset(study, outcomes))
    # Chunks of zeros too, so that one that is missing shows.
    encoding = {name: {"write_empty_chunks": True} for name in data.variables}
    data.to_zarr(path, zarr_format=3, consolidated=False, encoding=encoding)


def outcome_dataset(study: Study, outcomes: Outcomes) -> xr.Dataset:
    """Measures (point, run) and the points (point, parameter)."""
    content: dict[str, Any] = {
        name: (("point", "run"), values, _attributes(study, name))
        for name, values in outcomes.by_measure.items()
    }
    columns = np.array(study.columns, dtype=object)
    content["parameters"] = (("point", "parameter"), outcomes.points)
    return xr.Dataset(content, coords={"parameter": columns})


def _attributes(study: Study, name: str) -> dict[str, str]:
    """What an outcome is called, and its unit."""
    unit = study.experiment.measures[name.removesuffix(HELD_OUT)].unit
    return {"long_name": study.measure_name(name), "units": unit}


def _fresh_dataset(study: Study, outcomes: Outcomes) -> xr.Dataset:
    """Measures of the points that are reported in fresh runs (reported-point, fresh-run)."""
    dims, runs = ("reported-point", "fresh-run"), study.experiment.runs
    content: dict[str, Any] = {
        f"{name}{FRESH}": (dims, values, _attributes(study, name))
        for name, values in outcomes.fresh.items()
    }
    coords = {"reported-point": outcomes.reported, "fresh-run": np.arange(runs, 2 * runs)}
    return xr.Dataset(content, coords)


def _draw(charts: Mapping[str, Any], painter: Painter, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was stopped
    folder.mkdir()
    painter.draw_what_can_be(charts, folder)


def _manifest(
    study: Study,
    answer: Answer,
    tables: list[str],
    command: str,
    seconds: float,
) -> dict[str, Any]:
    """How the experiment was made, as plain data. It names no machine and no absolute path."""
    experiment = study.experiment
    return {
        "format": FORMAT,
        "relsim": __version__,
        "id": experiment_id(study),
        "words": _words(study),
        "experiment": {
            "name": experiment.name,
            "slug": study.slug,
            "method": experiment.method_name,
        },
        "scenario": {
            "name": study.scenario.name,
            "file": study.file,
            "hash": _scenario_hash(study),
        },
        "command": command,
        "seed": experiment.seed,
        "points": len(answer.outcomes.points),
        "runs": experiment.runs,
        "failures": answer.outcomes.failed,
        "sentences": [*answer.findings.sentences(), *_interests(study)],
        "warnings": answer.findings.warnings(),
        "tables": tables,
        "versions": versions((*LIBRARIES, *study.method.libraries)),
        "seconds": round(seconds, 1),
    }


def _interests(study: Study) -> list[str]:
    sentence = interests_in_words(study.experiment, study.parameters, study.scenario)
    return [sentence] if sentence else []


def _resolved(study: Study) -> str:
    """The experiment as it was understood, and the scenario it was made of."""
    experiment = study.experiment.model_dump(mode="json", by_alias=True, exclude_none=True)
    content = {"experiment": experiment, "scenario": study.scenario.as_written}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
