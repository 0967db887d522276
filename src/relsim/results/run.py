"""The main job: a scenario simulated, summarised, judged and left in a results folder."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import xarray as xr
import yaml

from relsim.analysis.claims import Verdict, claims_table, judge
from relsim.analysis.summary import event_table, summarise, summary_table, write_table
from relsim.ensemble.chunks import Chunk, all_chunks
from relsim.ensemble.failures import Failure
from relsim.ensemble.journal import Digests, digests, intact, note, noted, start
from relsim.ensemble.record import Arrays, RecordLevel
from relsim.ensemble.simulate import Ensemble, fill, without_runs
from relsim.figures.save import Painter
from relsim.model.stability import stability
from relsim.results.folder import (
    FAILURES,
    JOURNAL,
    REPORT,
    RESOLVED,
    STORE,
    WRITTEN_AGAIN,
    FigureChoice,
    altered,
    beside,
    has_views,
    is_finished,
    locked,
    notes_of,
)
from relsim.results.job import (
    Execution,
    Job,
    Nobody,
    Watcher,
    carry_out_within,
    telling_what_is_kept,
    watched,
)
from relsim.results.looking import with_runs_chosen
from relsim.results.manifest import (
    ResultManifest,
    question_part,
    read_manifest,
    run_command,
    write_manifest,
)
from relsim.results.question import (
    Comparisons,
    Question,
    Read,
    compared_ids,
    comparisons,
    digest,
    is_current,
    note_on_changes,
    with_all_compared,
)
from relsim.results.result import Result, finished_result
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario


def run(
    scenario: Scenario | str | Path,
    *,
    runs: int | None = None,
    seed: int | None = None,
    record: RecordLevel = "domains",
    thin: int = 1,
    until_clear: bool = False,
    executor: Executor | None = None,
    out: str | Path = "results",
    force: bool = False,
    views: bool = True,
    figures: FigureChoice = "main",
    command: str = "",
    watcher: Watcher | None = None,
    progress: bool = True,
) -> Result:
    """Simulates a scenario and leaves a results folder with figures and a page.

    A finished result is not repeated. Scenarios that its claims compare with get results folders
    of their own.

    Args:
        scenario: a scenario or its file.
        runs, seed: the scenario's by default.
        record: what to keep (see :func:`relsim.ensemble.record.variables`).
        thin: keep levels only at every so many steps, and at the end.
        until_clear: double the runs until every claim is settled, by bounds that hold over all
            looks; ``runs`` is then how many there are at most, 16,000 by default.
        executor: where runs are simulated (see :mod:`relsim.ensemble.executors`); threads on all
            cores by default. It decides no number and is not noted in the result.
        out: folder of all results.
        force: repeat a finished result.
        views: draw the figures and the page; else write data and tables alone.
        figures: which to write as files: ``main`` (fans, differences, claims), ``all`` or ``none``.
        command: the command that asks for it, for the manifest.
        watcher: receives progress.
        progress: show a bar at a prompt and in a notebook, where no watcher is given.

    Raises:
        ScenarioError: the file has problems.
        RelsimError: ``runs``, ``record`` or ``thin`` make no sense.
        ResultsError: the folder cannot be written; or there is no claim to settle.
    """
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    question = Question.of(scenario, runs, seed, record, thin, until_clear=until_clear)
    with watched(watcher, progress, question.runs) as receiver:
        execution = Execution(Path(out), executor, force, command, receiver)
        return run_question(question, execution, views=views, figures=figures)


def run_question(
    question: Question,
    execution: Execution,
    *,
    views: bool = True,
    figures: FigureChoice = "main",
) -> Result:
    """The result of a question, with figures and a page (see :func:`run`).

    Raises:
        ResultsError: the folder cannot be written; or there is no claim to settle.
    """
    read = cache(load)
    if question.until_clear:
        (question,) = with_runs_chosen([question], read, execution)
    job = RunJob(question, read)
    with telling_what_is_kept(partial(chunks_kept, [question], execution.out), execution):
        if not views:
            return answer(job, execution)
        with Painter() as painter:
            if not has_views(job.folder(execution.out), figures):
                painter.start()  # its engine warms up beside the simulation
            result = answer(job, execution)
            if not has_views(result.folder, figures):
                from relsim.results.views import write_views  # with all that draws, slow to load

                write_views(result, painter, execution.watcher, job.scenarios, figures)
    return result


def answer(job: RunJob, execution: Execution) -> Result:
    """The result of a question: what is there if it still stands, else a new one.

    It has every run, the tables and the manifest, and no figures. If words of the scenario have
    changed since, or tables are not as they were written, these are written again, and the page is
    removed, to be drawn anew.

    Raises:
        OSError: the folder cannot be written.
    """
    result, reused = carry_out_within(job, execution)
    return replace(result, reused=reused)


@dataclass(frozen=True)
class Simulated:
    """Every run of a question, on disk.

    Attributes:
        ensemble: the runs that did not fail.
        chunks: the digests of the arrays of every chunk.
        failures: the runs that failed.
    """

    ensemble: Ensemble
    chunks: Mapping[Chunk, Digests]
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class RunFindings(Simulated):
    """Every run of a question, summarised and judged.

    Attributes:
        summary, claims: of its ensemble.
        seconds: that each phase took.
    """

    summary: xr.Dataset
    claims: tuple[Verdict, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class RunJob(Job[RunFindings, Result]):
    """A question to be answered.

    Attributes:
        question: what is asked.
        read: loads the files compared with.
        known: by id, ensembles already in progress, so that scenarios whose claims cite each other
            do not recurse.
    """

    question: Question
    read: Read = load
    known: Mapping[str, Ensemble] = field(default_factory=dict)

    kind: ClassVar = "a result"
    model: ClassVar = ResultManifest
    doing: ClassVar = "is simulating this"
    draws: ClassVar = False  # its page can be drawn at any time, from what is stored
    resumes: ClassVar = True

    @property
    def parent(self) -> Path:
        """By the name of the scenario."""
        return Path(self.question.scenario.slug)

    def key(self) -> dict[str, Any]:
        """That of the question."""
        return self.question.key()

    @cached_property
    def compared(self) -> Comparisons:
        """What its claims compare with."""
        return comparisons(self.question, self.read)

    @property
    def needs(self) -> frozenset[str]:
        """The ids of the questions that its claims compare with."""
        others = self.compared.values()
        return frozenset(other.id for other in others if isinstance(other, Question))

    @property
    def scenarios(self) -> dict[str, Scenario]:
        """The scenarios that its claims compare with, by file."""
        return {
            file: other.scenario
            for file, other in self.compared.items()
            if isinstance(other, Question)
        }

    def libraries(self) -> tuple[str, ...]:
        """Those that simulate and store."""
        return ("mesa", "numba", "numpy", "pydantic", "xarray", "zarr")

    def outdated(self, folder: Path) -> str:
        """Whether it was judged against what it would be judged against now."""
        if is_current(read_manifest(folder), self.compared):
            return ""
        return f"What {folder} is compared with has changed."

    def needed(self, out: Path) -> frozenset[Path]:
        """Results that have to be made for this one. Were they locked later, two processes could
        wait for each other."""
        _, *others = with_all_compared(self.question, self.read)
        jobs = {out / other.path: RunJob(other, self.read) for other in others}
        return frozenset(
            folder
            for folder, job in jobs.items()
            if not is_finished(folder) or job.outdated(folder)
        )

    def make(self, folder: Path, execution: Execution) -> RunFindings:
        """Simulates, compares, summarises and judges."""
        seconds: dict[str, float] = {}
        question, watcher = self.question, execution.watcher
        with _timed("compile", seconds):
            execution.get_ready(question.compiled)
        watcher.phase(f"Simulating {question.runs:,} runs")
        with _timed("simulate", seconds):
            simulated = simulate_into(question, folder, execution)
        with _timed("compare", seconds):
            others = self._compared_ensembles(simulated.ensemble, execution)
        watcher.phase("Summarising")
        with _timed("summarise", seconds):
            summary = summarise(simulated.ensemble)
            claims = tuple(judge(simulated.ensemble, others))
        (folder / RESOLVED).write_text(resolved_yaml(question.scenario), encoding="utf-8")
        return RunFindings(**vars(simulated), summary=summary, claims=claims, seconds=seconds)

    def _compared_ensembles(
        self, ensemble: Ensemble, execution: Execution
    ) -> dict[str, Ensemble | str]:
        """The futures that claims compare with, simulated into their own folders if need be."""
        known = {**self.known, self.question.id: ensemble}
        ensembles: dict[str, Ensemble | str] = {}
        for file, other in self.compared.items():
            if isinstance(other, str):
                ensembles[file] = other
            elif other.id in known:
                ensembles[file] = known[other.id]
            else:
                execution.watcher.phase(f"Comparing with {file}")
                command = execution.command
                if other.looking is None:
                    command = run_command([file], other.runs, other.seed, other.record, other.thin)
                quietly = replace(execution, force=False, command=command, watcher=Nobody())
                ensembles[file] = answer(RunJob(other, self.read, known), quietly).ensemble
        return ensembles

    def about(self, findings: RunFindings) -> dict[str, Any]:
        """The question, the verdicts, and the digests of every chunk of runs."""
        question = self.question
        steady = stability(question.compiled)
        note = note_on_changes(question.scenario)
        chunks = sorted(findings.chunks.items(), key=lambda item: item[0].first)
        return {
            **question_part(question),
            "stability": {"spectral_radius": round(steady.radius, 6), "stable": steady.stable},
            "claims": [asdict(verdict) for verdict in findings.claims],
            "comparisons": compared_ids(self.compared),
            "notes": [note] if note else [],
            "failures": len(findings.failures),
            "seconds": {name: round(time, 3) for name, time in findings.seconds.items()},
            "chunks": [
                {"first": chunk.first, "runs": chunk.runs, "digests": noted}
                for chunk, noted in chunks
            ],
        }

    def tables(self, findings: RunFindings) -> Mapping[str, pd.DataFrame]:
        """Those of the ensemble."""
        return _tables(findings.ensemble, findings.summary, findings.claims)

    def open(self, folder: Path) -> Result:
        """The result, without reading its scenario again or opening its store."""
        return finished_result(folder, self.question.scenario)

    def made(self, findings: RunFindings, folder: Path) -> Result:
        """The new result, with its summary."""
        return replace(self.open(folder), known_summary=findings.summary)

    def refresh(self, folder: Path, execution: Execution) -> None:
        """Brings the words and tables of a result up to date, and of those shown beside it."""
        shown = [self.question, *self.compared.values()]
        changed = [
            self._refreshed(question, execution)
            for question in shown
            if isinstance(question, Question) and is_finished(execution.out / question.path)
        ]
        if any(changed):
            (folder / REPORT).unlink(missing_ok=True)

    def _refreshed(self, question: Question, execution: Execution) -> bool:
        """Writes words and tables of a result again if they are not up to date; whether it did."""
        folder = execution.out / question.path
        if _is_up_to_date(question, folder):
            return False
        waiting = partial(execution.watcher.phase, f"Another process {self.doing}; waiting")
        with locked({folder} - execution.held, waiting):
            result = finished_result(folder, question.scenario)
            (folder / REPORT).unlink(missing_ok=True)  # first, so that no old words are left
            (folder / RESOLVED).write_text(resolved_yaml(question.scenario), encoding="utf-8")
            tables = _tables(result.ensemble, result.summary(), result.claims)
            for name, table in tables.items():
                write_table(table, folder / f"{name}.csv")
            content = {**result.manifest, **question_part(question)}
            if question is self.question and execution.command:
                content["command"] = execution.command
            content["files"] = {**content["files"], **notes_of(folder, WRITTEN_AGAIN)}
            write_manifest(content, folder)
        return True


@contextmanager
def _timed(phase: str, seconds: dict[str, float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[phase] = time.perf_counter() - start


def _is_up_to_date(question: Question, folder: Path) -> bool:
    """Whether a result has the words of its scenario as they are, and its tables as written."""
    content = read_manifest(folder)
    written = {path: note for path, note in content["files"].items() if path in WRITTEN_AGAIN}
    words = content["scenario"]["words"], content["scenario"]["changes"]
    same_words = words == (digest(question.scenario.as_written), question.scenario.changes)
    return same_words and len(written) == len(WRITTEN_AGAIN) and not altered(folder, written)


def _tables(
    ensemble: Ensemble, summary: xr.Dataset, claims: Sequence[Verdict]
) -> dict[str, pd.DataFrame]:
    watched = ensemble.scenario.pair_names(ensemble.scenario.watched_pairs)
    return {
        "summary": summary_table(summary, watched),
        "events": event_table(ensemble),
        "claims": claims_table(claims),
    }


def resolved_yaml(scenario: Scenario) -> str:
    """The scenario with inheritance and changes applied, as YAML that loads again."""
    text: str = yaml.safe_dump(scenario.as_written, allow_unicode=True, sort_keys=False, width=100)
    return text


def simulate_into(question: Question, folder: Path, execution: Execution) -> Simulated:
    """Simulates what a folder lacks of the runs of a question.

    Each chunk is noted once it is stored. Chunks with failed runs are not, so that they are tried
    again.

    Args:
        question: what to simulate.
        folder: its own, with or without what was simulated earlier.
        execution: where runs are simulated, and who receives progress.

    Raises:
        OSError: the folder cannot be written.
        ResultsError: all runs fail.
        Stopped: ``execution.stop`` was set.
    """
    from relsim.ensemble.store import clear_chunk, open_store  # slow to load

    watcher, every = execution.watcher, chunks_of(question)
    if (folder / JOURNAL).is_file():
        watcher.phase("Checking what an earlier run left")
    arrays, kept = _taken_over(question, folder, every)
    if kept:
        watcher.phase(f"Resuming: {len(kept)} of {len(every)} chunks are done")
        watcher.runs_done(sum(chunk.runs for chunk in kept))
    todo = [chunk for chunk in every if chunk not in kept]
    for chunk in todo:
        clear_chunk(folder / STORE, arrays, chunk)
    done = dict(kept)

    def stored(chunk: Chunk, recorded: Arrays, failed: tuple[Failure, ...]) -> None:
        done[chunk] = digests(recorded)
        if not failed:
            note(folder / JOURNAL, chunk, done[chunk])

    failures = fill(
        *(question.compiled, question.runs, question.seed, question.record, arrays),
        thin=question.thin,
        todo=todo,
        executor=execution.executor,
        progress=watcher.runs_done,
        stored=stored,
        stop=execution.stop,
    )
    _write_failures(failures, folder / FAILURES)
    failed = tuple(failure.run for failure in failures)
    data = without_runs(open_store(folder / STORE), failed)
    until_clear = question.looking is not None
    ensemble = Ensemble(
        question.scenario, question.seed, data, failed=failed, until_clear=until_clear
    )
    return Simulated(ensemble, done, tuple(failures))


def chunks_of(question: Question) -> list[Chunk]:
    """The chunks of the runs of a question."""
    return all_chunks(question.compiled, question.runs, question.record, question.thin)


def _taken_over(
    question: Question, folder: Path, every: list[Chunk]
) -> tuple[dict[str, Any], dict[Chunk, Digests]]:
    """The arrays to fill, and the chunks that need not be simulated again."""
    from relsim.ensemble.store import create_store, reopen_store

    compiled, runs, kind = question.compiled, question.runs, (question.record, question.thin)
    entries = noted(folder / JOURNAL)
    arrays = reopen_store(folder / STORE, compiled, runs, *kind) if entries else None
    kept = {} if arrays is None else intact(entries, every, arrays)
    if arrays is None or not kept:
        for left in folder.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        arrays = create_store(folder / STORE, compiled, runs, question.seed, *kind)
    start(folder / JOURNAL, kept)
    return arrays, kept


def _write_failures(failures: list[Failure], file: Path) -> None:
    file.unlink(missing_ok=True)
    if failures:
        content = [asdict(failure) for failure in failures]
        file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def chunks_kept(questions: Iterable[Question], out: Path) -> str:
    """How many chunks of some questions and of all they compare with are on disk, in words."""
    needed = [each for question in questions for each in with_all_compared(question)]
    folders = {out / question.path: question for question in needed}
    counts = {folder: len(chunks_of(question)) for folder, question in folders.items()}
    done = sum(
        count if is_finished(folder) else len(noted(beside(folder) / JOURNAL))
        for folder, count in counts.items()
    )
    return f"{done:,} of {sum(counts.values()):,} chunks are kept"
