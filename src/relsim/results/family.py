"""Several scenarios simulated alike: their results, and one page that shows them side by side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from relsim.analysis.claims import claims_table
from relsim.analysis.compare import Comparison, compare
from relsim.ensemble.simulate import spelled_by
from relsim.errors import DamagedError, ResultsError
from relsim.figures.save import Painter
from relsim.report.family_page import Entry, family_page
from relsim.results.folder import FAMILY, REPORT, FigureChoice, has_views
from relsim.results.job import (
    Execution,
    Job,
    PageParts,
    Watcher,
    carry_out_within,
    telling_what_is_kept,
)
from relsim.results.looking import with_runs_chosen
from relsim.results.manifest import FORMAT, FamilyManifest, looking_sentences
from relsim.results.question import Question
from relsim.results.result import Result
from relsim.results.run import RunJob, answer, chunks_kept
from relsim.results.views import write_views
from relsim.scenario.diff import diff
from relsim.scenario.load import load
from relsim.scenario.titles import slug, told_apart

AT_ONCE = 3  # scenarios: while one is simulated on all cores, others are summarised and written


@dataclass(frozen=True)
class Family:
    """Finished results of several scenarios.

    Attributes:
        folder: where their common page is.
        results: in the order of the scenarios.
        base: the index in ``results`` of the one that the others are compared with.
    """

    folder: Path
    results: tuple[Result, ...]
    base: int

    @property
    def report(self) -> Path:
        """The common page."""
        return self.folder / REPORT


def run_family(
    questions: Sequence[Question],
    execution: Execution,
    commands: Sequence[str] = (),
    *,
    base: int | None = None,
    reports: bool = False,
    figures: FigureChoice = "main",
) -> Family:
    """Simulates several scenarios, each into its own folder, and shows them on one page.

    Args:
        questions: one of each scenario.
        execution: how they are carried out; an executor is shared by all.
        commands: the command that asks for each, for the manifests.
        base: the index of the question that the others are compared with; by default of the one
            that most claims of the others compare with, else the first.
        reports: also draw figures and the page of each result.
        figures: which, as of :func:`relsim.run`.

    Raises:
        ResultsError: a folder cannot be written.
    """
    scenarios = told_apart([question.scenario for question in questions])
    questions = [
        replace(question, scenario=scenario)
        for question, scenario in zip(questions, scenarios, strict=True)
    ]
    read = cache(load)  # most compare with the same few files
    if questions[0].until_clear:
        questions = with_runs_chosen(questions, read, execution)
    commands = [*commands, *[""] * (len(questions) - len(commands))]
    jobs, commands_of = {}, {}
    for question, command in zip(questions, commands, strict=True):
        jobs[question.path] = RunJob(question, read)
        commands_of[question.path] = command
    kept = partial(chunks_kept, questions, execution.out)
    with telling_what_is_kept(kept, execution), Painter() as painter:
        painter.start()  # its engine warms up beside the simulations
        results = answer_all(list(jobs.values()), commands_of, execution)
        if reports:
            for result in results:
                watcher = _Named(execution.watcher, result.scenario.slug)
                write_views(result, painter, watcher, None, figures)
        if base is None:
            base = most_compared_with(list(jobs.values()))
        job = FamilyJob(tuple(jobs.values()), tuple(results), base)
        anew = replace(execution, force=not all(result.reused for result in results))
        family, _ = carry_out_within(job, anew, painter)
    return family


def answer_all(
    jobs: Sequence[RunJob], commands: Mapping[Path, str], execution: Execution
) -> list[Result]:
    """The results of a family, in order; those that others compare with are made before them.

    Args:
        jobs: one for each result.
        commands: the command that asks for each, by the path of its question.
        execution: how they are carried out.
    """
    futures: dict[Path, Future[Result]] = {}
    ids: dict[str, Future[Result]] = {}

    def result_of(job: RunJob, needed: list[Future[Result]]) -> Result:
        wait(needed)
        watcher = _Named(execution.watcher, job.question.scenario.slug)
        command = commands[job.question.path]
        result = answer(job, replace(execution, command=command, watcher=watcher))
        if result.reused:
            execution.watcher.runs_done(job.question.runs)
        return result

    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for job in _in_order(jobs):
            needed = [ids[number] for number in job.needs if number in ids]
            future = pool.submit(result_of, job, needed)
            futures[job.question.path] = ids[job.question.id] = future
        pool.shutdown()
    except KeyboardInterrupt:
        execution.stop[0] = 1
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return [futures[job.question.path].result() for job in jobs]


def _in_order(jobs: Sequence[RunJob]) -> Iterator[RunJob]:
    """Jobs after those that they need; those that need each other as they come."""
    waiting = list(jobs)
    while waiting:
        open_ids = {job.question.id for job in waiting}
        free = [job for job in waiting if not (job.needs - {job.question.id}) & open_ids]
        ready = free or waiting[:1]
        yield from ready
        done = {job.question.path for job in ready}
        waiting = [job for job in waiting if job.question.path not in done]


def most_compared_with(jobs: Sequence[RunJob]) -> int:
    """The index of the scenario that most others compare with, else 0."""
    counts = Counter(number for job in jobs for number in job.needs)
    ids = [job.question.id for job in jobs]
    return max(range(len(ids)), key=lambda index: (counts[ids[index]], -index))


@dataclass(frozen=True)
class FamilyJob(Job[pd.DataFrame, Family]):
    """The common page of several results, and the table of all their claims.

    Attributes:
        jobs, results: of each scenario.
        base: the index of the one that the others are compared with.
    """

    jobs: tuple[RunJob, ...]
    results: tuple[Result, ...]
    base: int

    kind: ClassVar = "a family"
    model: ClassVar = FamilyManifest
    doing: ClassVar = "is writing this"
    last: ClassVar = FAMILY

    @property
    def parent(self) -> Path:
        """By the name of the folder that all files share, if they share one."""
        folders = {job.question.scenario.folder for job in self.jobs}
        only = folders.pop() if len(folders) == 1 else None
        return Path("family" if only is None else f"family-{slug(only.resolve().name)}")

    def key(self) -> list[list[str]]:
        """The results, the titles of their scenarios, and the base."""
        questions = [job.question for job in self.jobs]
        shown = [[each.scenario.slug, each.id, each.scenario.title] for each in questions]
        return [*shown, ["base", questions[self.base].id]]

    def _base_first(self) -> list[Result]:
        base = self.results[self.base]
        return [base, *(result for result in self.results if result is not base)]

    def outdated(self, folder: Path) -> str:
        """Whether its page is there. It is made again whenever a result is."""
        return "" if (folder / REPORT).is_file() else f"The page of {folder} is missing."

    def make(self, folder: Path, execution: Execution) -> pd.DataFrame:
        """The claims of all."""
        execution.watcher.phase("Setting the scenarios side by side")
        return family_claims(self.results)

    def tables(self, findings: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
        """The claims of all."""
        return {"claims": findings}

    def page(self, findings: pd.DataFrame, parts: PageParts) -> str:
        """The common page."""
        ordered = self._base_first()
        manifest = ordered[0].manifest
        return family_page(
            f"Scenarios: {self.parent.name.removeprefix('family-')}",
            [_entry(result, ordered[0]) for result in ordered],
            manifest["runs"],
            manifest["seed"],
            parts.script,
            looking_sentences(manifest),
        )

    def finish(self, content: dict[str, Any], folder: Path) -> None:
        """Writes which results it is of."""
        content = {"format": FORMAT, "results": [_path(result) for result in self._base_first()]}
        (folder / FAMILY).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def open(self, folder: Path) -> Family:
        """The family."""
        return Family(folder, self.results, self.base)


def family_claims(results: Sequence[Result]) -> pd.DataFrame:
    """The claims of several results as one table, with the scenario and the id of each."""
    tables = []
    for result in results:
        table = claims_table(result.claims)
        table.insert(0, "scenario", result.scenario.slug)
        table.insert(1, "result", result.folder.name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _entry(result: Result, base: Result) -> Entry:
    page = f"{_path(result)}/{REPORT}" if has_views(result.folder, "none") else ""
    return Entry(
        result.scenario,
        spelled_by(base.scenario, result.summary()),
        result.claims,
        page,
        "it is the base" if result is base else _compared(base, result),
        [] if result is base else diff(base.scenario, result.scenario),
        result.manifest.get("notes", ()),
    )


def _path(result: Result) -> str:
    """Where it is in the folder of results."""
    return f"{result.folder.parent.name}/{result.folder.name}"


def _compared(base: Result, other: Result) -> Comparison | str:
    try:
        return compare(base.ensemble, other.ensemble)
    except DamagedError:
        raise
    except ResultsError as error:
        return str(error)


@dataclass(frozen=True)
class _Named:
    """A watcher that names the scenario of each phase."""

    watcher: Watcher
    name: str

    def phase(self, text: str) -> None:
        self.watcher.phase(f"{self.name}: {text}")

    def expects(self, runs: int) -> None:
        self.watcher.expects(runs)

    def runs_done(self, runs: int) -> None:
        self.watcher.runs_done(runs)
