"""The main job: a scenario simulated, summarised, judged and left in a results folder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import xarray as xr
import yaml

from relsim.analysis.claims import claims_table, judge
from relsim.analysis.summary import event_table, summarise, summary_table, write_table
from relsim.ensemble.chunks import compile_kernel, kernel_is_compiled
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import Ensemble, fill
from relsim.ensemble.store import create_store, open_store
from relsim.figures.save import Painter
from relsim.model.compile import compile_scenario
from relsim.model.plan import pair_names
from relsim.model.stability import stability
from relsim.results.comparisons import Comparisons, comparisons, is_current
from relsim.results.folder import MANIFEST, is_finished, written_aside
from relsim.results.identity import Question
from relsim.results.manifest import manifest, read_manifest
from relsim.results.result import (
    CLAIMS,
    EVENTS,
    RESOLVED,
    STORE,
    SUMMARY,
    Result,
    open_result,
)
from relsim.results.views import has_views, write_views
from relsim.results.watcher import Nobody, Watcher
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario


@dataclass(frozen=True)
class Asked:
    """A question with what else its answer needs.

    ``known`` holds, by id, the ensembles of questions that are being answered further up: what
    two scenarios need whose claims cite each other.
    """

    question: Question
    out: Path
    command: str
    watcher: Watcher
    executor: Executor | None = None
    known: Mapping[str, Ensemble] = field(default_factory=dict)


@dataclass
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def run(
    scenario: Scenario | str | Path,
    *,
    runs: int | None = None,
    seed: int | None = None,
    record: RecordLevel = "domains",
    thin: int = 1,
    executor: Executor | None = None,
    out: str | Path = "results",
    force: bool = False,
    views: bool = True,
    command: str = "",
    watcher: Watcher | None = None,
) -> Result:
    """Simulates a scenario and leaves a results folder with figures and a page.

    A finished result is not repeated. Scenarios that its claims compare with get results folders
    of their own.

    Args:
        scenario: a scenario or its file.
        runs, seed: the scenario's where absent.
        record: what to keep (see :func:`relsim.ensemble.record.variables`).
        thin: keep levels at every so many steps alone, and at the end.
        executor: where runs are simulated (see :mod:`relsim.ensemble.executors`); threads on all
            cores where absent. It decides no number and is not noted in the result.
        out: folder of all results.
        force: repeat a finished result.
        views: draw the figures and the page; else data and tables alone.
        command: how it was asked for, for the manifest.
        watcher: told how far it is.

    Raises:
        ScenarioError: the file has problems.
        ResultsError: the folder cannot be written.
    """
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    told = watcher or Nobody()
    question = question_of(scenario, runs, seed, record, thin)
    asked = Asked(question, Path(out), command, told, executor)
    if not views:
        return answer(asked, force=force)
    with Painter() as painter:
        painter.start()  # its engine warms up beside the simulation
        result = answer(asked, force=force)
        if not result.reused or not has_views(result):
            write_views(result, painter, told)
    return result


def question_of(
    scenario: Scenario, runs: int | None, seed: int | None, record: RecordLevel, thin: int = 1
) -> Question:
    """A question, with the scenario's own runs and seed where none are named."""
    settings = scenario.ensemble
    return Question(
        scenario,
        settings.seed if seed is None else seed,
        settings.runs if runs is None else runs,
        record,
        thin,
    )


def answer(asked: Asked, *, force: bool = False) -> Result:
    """The result of a question: the one that is there if it still stands, else a new one.

    It has every run, the tables and the manifest, and no figures.
    """
    question = asked.question
    folder = asked.out / question.scenario.slug / question.id
    compared = comparisons(question)
    if is_finished(folder) and not force and is_current(read_manifest(folder), compared):
        return open_result(folder, reused=True)
    with written_aside(folder) as aside:
        summary = _write(asked, compared, aside)
    return open_result(folder, summary=summary)


def _write(asked: Asked, compared: Comparisons, folder: Path) -> xr.Dataset:
    """Everything of a result, the manifest last; gives its summary."""
    clock = _Clock()
    question, watcher = asked.question, asked.watcher
    ensemble = _simulate(asked, folder / STORE, clock)
    with clock.timing("compare"):
        others = _compared_ensembles(asked, compared, ensemble)
    watcher.phase("Summarising")
    with clock.timing("summarise"):
        summary, claims = summarise(ensemble), judge(ensemble, others)
        watched = pair_names(question.scenario.watched_pairs)
        write_table(summary_table(summary, watched), folder / SUMMARY)
        write_table(event_table(ensemble), folder / EVENTS)
        write_table(claims_table(claims), folder / CLAIMS)
    (folder / RESOLVED).write_text(resolved_yaml(question.scenario), encoding="utf-8")
    steady = stability(compile_scenario(question.scenario))
    found = {"spectral_radius": round(steady.radius, 6), "stable": steady.stable}
    content = manifest(question, asked.command, clock.seconds, found, claims, compared)
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return summary


def _simulate(asked: Asked, store: Path, clock: _Clock) -> Ensemble:
    """Every run, into the store."""
    question, watcher = asked.question, asked.watcher
    compiled = compile_scenario(question.scenario)
    if not kernel_is_compiled():
        watcher.phase("Compiling the model, once per installation (about half a minute)")
    with clock.timing("compile"):
        compile_kernel(compiled)
    watcher.phase(f"Simulating {question.runs:,} runs")
    runs, seed, record = question.runs, question.seed, question.record
    with clock.timing("simulate"):
        thin, executor = question.thin, asked.executor
        arrays = create_store(store, compiled, runs, seed, record, thin)
        told = watcher.runs_done
        fill(compiled, runs, seed, record, arrays, thin=thin, executor=executor, progress=told)
    return Ensemble(question.scenario, seed, open_store(store))


def _compared_ensembles(
    asked: Asked, compared: Comparisons, own: Ensemble
) -> dict[str, Ensemble | str]:
    """The futures that claims compare with, simulated into their own folders where need be."""
    known = {**asked.known, asked.question.id: own}
    found: dict[str, Ensemble | str] = {}
    for file, other in compared.items():
        if isinstance(other, str):
            found[file] = other
        elif other.id in known:
            found[file] = known[other.id]
        else:
            asked.watcher.phase(f"Comparing with {file}")
            aside = replace(
                asked, question=other, command=_command(file, other), watcher=Nobody(), known=known
            )
            found[file] = answer(aside).ensemble
    return found


def _command(file: str, question: Question) -> str:
    """The command that asks the question of a file."""
    record = "" if question.record == "domains" else f" --record {question.record}"
    thin = "" if question.thin == 1 else f" --thin {question.thin}"
    return f"relsim run {file} --runs {question.runs} --seed {question.seed}{record}{thin}"


def resolved_yaml(scenario: Scenario) -> str:
    """The scenario with inheritance and changes applied, as YAML that loads again."""
    text: str = yaml.safe_dump(scenario.as_written, allow_unicode=True, sort_keys=False, width=100)
    return text
