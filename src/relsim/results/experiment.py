"""An experiment into a folder of its own: outcomes, tables, figures, a page and a manifest."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from pydantic import BaseModel

from relsim import __version__
from relsim.display import Displayed, Figure, in_a_line
from relsim.ensemble.agents import as_written, compile_with, rules_of
from relsim.ensemble.executors import suited
from relsim.errors import DamagedError, ResultsError, did_you_mean
from relsim.experiments.evaluate import evaluate
from relsim.experiments.load import interests_in_words, load_experiment
from relsim.experiments.study import HELD_OUT, Answer, Outcomes, Study
from relsim.figures.experiment import experiment_charts
from relsim.model.structs import Ints
from relsim.report.scored_page import experiment_page
from relsim.results.drawn import drawn_figure
from relsim.results.folder import EXPERIMENTS
from relsim.results.job import Execution, Job, PageParts, Watcher, carry_out, watched
from relsim.results.manifest import ExperimentManifest, read_whole, refuse_incomplete, remedy_of
from relsim.results.question import Question, digest
from relsim.stats import Values
from relsim.words import counted

if TYPE_CHECKING:
    from relsim.model.mesa_model import StateAgent  # Mesa is loaded by what needs agents

FRESH = "-fresh"  # ends the name of an outcome in runs that played no part in the search
OUTCOMES, RESOLVED = "outcomes.zarr", "experiment.resolved.yaml"
POINTS = "points"  # the folder of outcomes that are done, until the experiment is
_WORDS = ("name", "about", "label")  # move no number


@dataclass(frozen=True, repr=False)
class ExperimentResult(Displayed):
    """A finished experiment.

    Attributes:
        folder: where it is.
        manifest: as in ``manifest.json``; with the sentences and warnings of the findings.
        reused: whether it was there already, so that nothing was simulated.
    """

    folder: Path
    manifest: dict[str, Any]
    reused: bool = False

    def in_short(self) -> str:
        """The method, points, runs and seed."""
        content = self.manifest
        about = content["experiment"]
        return (
            f"“{in_a_line(about['name'])}” ({about['method']}): "
            f"{counted(content['points'], 'point')}, {counted(content['runs'], 'run')} each, "
            f"seed {content['seed']}"
        )

    def plot(self, name: str | None = None) -> Figure:
        """A figure, as it was drawn.

        Args:
            name: of its file in ``figures/``, without the ending; the main figure where absent.

        Raises:
            ResultsError: there is none of that name.
        """
        return drawn_figure(self.folder, self.manifest, self.in_short(), name)

    def to_frame(self, name: str | None = None) -> pd.DataFrame:
        """A table (see :attr:`tables`).

        Args:
            name: the first, which is the main one, where absent.

        Raises:
            DamagedError: one is missing or damaged.
            ResultsError: there is none of that name.
        """
        tables = self.tables
        name = next(iter(tables), "") if name is None else name
        if name not in tables:
            text = f"{self.folder} has no table {name}. {did_you_mean(name, tables)}"
            raise ResultsError(text.rstrip())
        return tables[name]

    @property
    def sentences(self) -> list[str]:
        """The findings in words."""
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
    agent_class: type[StateAgent] | None = None,
    executor: Executor | None = None,
    out: str | Path = "results",
    force: bool = False,
    command: str = "",
    watcher: Watcher | None = None,
    progress: bool = True,
) -> ExperimentResult:
    """Runs an experiment and leaves a folder with outcomes, tables, figures and a page.

    A finished experiment is not repeated, unless a part of it is missing or damaged; an interrupted
    one goes on where it stopped.

    Args:
        experiment: its file, or what :func:`load_experiment` made of it.
        agent_class: how states decide, as for :func:`relsim.simulate`; the standard rule where
            absent. A result is reused where the source of the class is the same, and that of its
            bases; what the class reads from elsewhere, as a number of its module, is not seen.
        executor: where runs are simulated; where absent, threads on all cores, and for a class of
            agents processes.
        out: folder of all results.
        force: repeat a finished experiment.
        command: the command that asks for it, for the manifest.
        watcher: receives progress.
        progress: show a bar at a prompt and in a notebook, where no watcher is given.

    Raises:
        RelsimError: ``agent_class`` is none.
        ScenarioError: the file has problems.
        ResultsError: the folder cannot be written, or the source of the class cannot be read.
    """
    study = experiment if isinstance(experiment, Study) else load_experiment(experiment)
    if agent_class is not None:
        study = replace(study, agent_class=agent_class)
    runs = study.method.size(study) * study.experiment.runs
    with watched(watcher, progress, runs) as receiver:
        execution = Execution(Path(out), executor, force, command, receiver)
        result, reused = carry_out(ExperimentJob(study), execution)
    return replace(result, reused=reused)


def open_experiment(folder: str | Path) -> ExperimentResult:
    """A finished experiment, from its folder.

    Raises:
        DamagedError: its manifest cannot be read, or something of it is missing.
    """
    folder = Path(folder)
    return ExperimentResult(folder, read_whole(ExperimentManifest, folder, ExperimentJob.kind))


@dataclass(frozen=True)
class ExperimentJob(Job[Answer, ExperimentResult]):
    """An experiment to be run."""

    study: Study

    kind: ClassVar = "an experiment"
    model: ClassVar = ExperimentManifest
    doing: ClassVar = "runs this experiment"
    resumes: ClassVar = True

    def libraries(self) -> tuple[str, ...]:
        """Those of all experiments and of the method."""
        return ("numba", "numpy", "scipy", "xarray", *self.study.method.libraries)

    @property
    def parent(self) -> Path:
        """By the name of the experiment."""
        return Path(EXPERIMENTS, self.study.slug)

    def key(self) -> Any:
        """The experiment without its words, the scenario, the files of observed series, and the
        rules by which states decide where they are not the standard ones."""
        study, experiment = self.study, self.study.experiment
        plain = experiment.model_dump(mode="json", by_alias=True, exclude=_words_of(experiment))
        misfits = (measure.misfit for measure in experiment.measures.values())
        files = {
            name: digest((study.folder / name).read_text(encoding="utf-8"))
            for name in misfits
            if name is not None
        }
        rules = [] if study.agent_class is None else [as_written(study.agent_class)]
        return [plain, self._scenario_hash(), files, __version__, *rules]

    def _scenario_hash(self) -> str:
        experiment = self.study.experiment
        return Question(self.study.scenario, experiment.seed, experiment.runs).scenario_hash

    def words(self) -> str:
        """SHA-256 of all that is written of the experiment and its scenario, words included."""
        study = self.study
        return digest([study.experiment.model_dump(mode="json"), study.scenario.as_written])

    def make(self, folder: Path, execution: Execution) -> Answer:
        """Simulates what is missing, and analyses it."""
        study = self.study
        compiled = compile_with(study.scenario, study.agent_class)
        with suited(execution.executor, compiled) as executor:
            execution = replace(execution, executor=executor)
            execution.get_ready(compiled)
            answer = study.method.run(study, _Engine(study, folder, execution))
        for name, text in answer.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        _store(study, answer.outcomes, folder / OUTCOMES)
        experiment = study.experiment.model_dump(mode="json", by_alias=True, exclude_none=True)
        content = {"experiment": experiment, "scenario": study.scenario.as_written}
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
        (folder / RESOLVED).write_text(text, encoding="utf-8")
        return answer

    def about(self, findings: Answer) -> dict[str, Any]:
        """What was asked, and the findings in words."""
        study, experiment = self.study, self.study.experiment
        interests = interests_in_words(experiment, study.parameters, study.scenario)
        words = [interests] if interests else []
        if study.agent_class is not None:
            words.append(f"States decide by {rules_of(study.agent_class)}.")
        return {
            "experiment": {
                "name": experiment.name,
                "slug": study.slug,
                "method": experiment.method_name,
            },
            "scenario": {
                "name": study.scenario.name,
                "file": study.file,
                "hash": self._scenario_hash(),
            },
            "seed": experiment.seed,
            "points": len(findings.outcomes.points),
            "runs": experiment.runs,
            "failures": findings.outcomes.failed,
            "sentences": [*findings.findings.sentences(), *words],
            "warnings": findings.findings.warnings(),
            "tables": list(self.tables(findings)),
        }

    def tables(self, findings: Answer) -> Mapping[str, pd.DataFrame]:
        """Those of the findings that are not empty."""
        tables = findings.findings.tables()
        return {name: table for name, table in tables.items() if not table.empty}

    def charts(self, findings: Answer) -> Mapping[str, Any]:
        """Those of the method."""
        return experiment_charts(findings.findings)

    def page(self, findings: Answer, parts: PageParts) -> str:
        """The page of the experiment."""
        return experiment_page(self.study, parts.tables, parts.charts, parts.content, parts.script)

    def finish(self, content: dict[str, Any], folder: Path) -> None:
        """Removes what was kept for the next process, and writes the manifest."""
        shutil.rmtree(folder / POINTS, ignore_errors=True)
        super().finish(content, folder)

    def open(self, folder: Path) -> ExperimentResult:
        """The finished experiment."""
        return open_experiment(folder)

    def kept(self, out: Path) -> str:
        """Its points."""
        return "The points that are done are kept"


def _words_of(part: Any) -> dict[str, Any]:
    """The keys of the format, at every depth, whose text moves no number. A name that a person
    chose counts, even if it is spelt like one of them."""
    if isinstance(part, dict):
        inside: dict[str, Any] = {key: _words_of(value) for key, value in part.items()}
    elif isinstance(part, BaseModel):
        inside = {key: True if key in _WORDS else _words_of(value) for key, value in part}
    else:
        return {}
    return {key: words for key, words in inside.items() if words}


class _Engine:
    """Simulates points of an experiment, and keeps what is done in its unfinished folder."""

    def __init__(self, study: Study, folder: Path, execution: Execution) -> None:
        self._study, self._execution = study, execution
        self.folder = folder / POINTS
        self.folder.mkdir(exist_ok=True)
        if study.method.adaptive:
            size = study.method.size(study)
            execution.watcher.phase(f"Trying up to {size:,} points")

    def simulate(self, points: Values) -> Outcomes:
        """Outcomes at all points, those that an earlier process left among them."""
        study, runs, watcher = self._study, self._study.experiment.runs, self._execution.watcher
        journal = PointJournal(self.folder, points, list(study.outcomes), runs)
        known = journal.known()
        watcher.phase(f"Simulating {len(points):,} points, {runs * len(points):,} runs")
        watcher.runs_done(len(known) * runs)
        outcomes = evaluate(
            study,
            points,
            known=known,
            executor=self._execution.executor,
            done=journal.keep,
            progress=watcher.runs_done,
        )
        watcher.phase("Analysing")
        return outcomes

    def evaluate(self, points: Values, first_run: int = 0) -> Outcomes:
        """Outcomes at some points, which the method keeps."""
        return evaluate(
            self._study,
            points,
            first_run=first_run,
            executor=self._execution.executor,
            progress=self._execution.watcher.runs_done,
        )


class PointJournal:
    """A folder with a file for each chunk of points.

    Args:
        folder: where the files are; it exists.
        points: [P, K] of the design; what was kept of other points is not read.
        measures: names of the outcomes.
        runs: R, at each point.
    """

    def __init__(self, folder: Path, points: Values, measures: list[str], runs: int) -> None:
        self._folder = folder
        self._points, self._measures, self._runs = points, measures, runs

    def keep(self, rows: Ints, outcomes: Mapping[str, Values]) -> None:
        """Writes the outcomes [p, R] of some points, whole or not at all."""
        file = self._folder / f"{int(rows[0]):08d}.npz"
        aside = file.with_suffix(".part")
        content: dict[str, Any] = {f"of_{name}": values for name, values in outcomes.items()}
        with aside.open("wb") as opened:
            np.savez(opened, places=rows, points=self._points[rows], **content)
        aside.replace(file)

    def known(self) -> dict[int, dict[str, Values]]:
        """By row of the design, the outcomes [R] of the points that are done, from sound files."""
        known: dict[int, dict[str, Values]] = {}
        for file in sorted(self._folder.glob("*.npz")):
            known |= self._read(file)
        return known

    def _read(self, file: Path) -> dict[int, dict[str, Values]]:
        try:
            with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
                rows, points = stored["places"], stored["points"]
                outcomes = {name: stored[f"of_{name}"] for name in self._measures}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return {}
        shape = len(rows), self._runs
        alike = all(values.shape == shape for values in outcomes.values())
        if not alike or not np.array_equal(points, self._points[rows]):
            return {}
        return {
            int(row): {name: values[n] for name, values in outcomes.items()}
            for n, row in enumerate(rows)
        }


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
