"""Several scenarios asked alike: their results, and one page that shows them side by side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pandas as pd

from relsim.analysis.claims import claims_table
from relsim.analysis.compare import Comparison, compare
from relsim.analysis.summary import write_table
from relsim.ensemble.chunks import new_stop
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import spelled_by
from relsim.errors import DamagedError, ResultsError
from relsim.figures.save import Painter
from relsim.report.family_page import Entry, family_page
from relsim.results.comparisons import Read, comparisons
from relsim.results.contents import CLAIMS, REPORT, has_views
from relsim.results.folder import is_finished, locked, sweep, written_aside
from relsim.results.identity import Question, digest
from relsim.results.looking import with_runs_chosen
from relsim.results.lookup import FAMILY
from relsim.results.manifest import FORMAT, looking_of
from relsim.results.result import Result
from relsim.results.resume import telling_what_is_kept
from relsim.results.run import Asked, answer, question_of
from relsim.results.views import write_views
from relsim.results.watcher import Nobody, Watcher
from relsim.scenario.diff import diff
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from relsim.scenario.titles import slug, told_apart

AT_ONCE = 3  # scenarios: while one is simulated on all cores, others are summarised and written


@dataclass(frozen=True)
class Family:
    """Finished results of several scenarios.

    Attributes:
        folder: where their common page is.
        results: in the order asked for.
        base: the place in ``results`` of the one that the others are set against.
    """

    folder: Path
    results: tuple[Result, ...]
    base: int

    @property
    def report(self) -> Path:
        """The common page."""
        return self.folder / REPORT


@dataclass(frozen=True)
class Member:
    """A scenario of a family.

    Attributes:
        question: what is asked of it.
        command: what asks for it alone.
        needs: the ids of the questions that its claims compare with.
    """

    question: Question
    command: str
    needs: frozenset[str]

    @classmethod
    def of(cls, question: Question, command: str, read: Read) -> Member:
        """A member, with what its claims compare with looked up."""
        others = comparisons(question, read).values()
        needs = frozenset(other.id for other in others if isinstance(other, Question))
        return cls(question, command, needs)

    @property
    def key(self) -> tuple[str, str]:
        """Its place in the results: the folder of its scenario, and its own."""
        return self.question.scenario.slug, self.question.id


def run_family(
    scenarios: Sequence[Scenario | str | Path],
    *,
    runs: int | None = None,
    seed: int | None = None,
    record: RecordLevel = "domains",
    thin: int = 1,
    until_clear: bool = False,
    executor: Executor | None = None,
    out: str | Path = "results",
    force: bool = False,
    reports: bool = False,
    commands: Sequence[str] = (),
    watcher: Watcher | None = None,
) -> Family:
    """Simulates several scenarios alike, each into its own folder, and shows them on one page.

    The base is the scenario that most claims of the others compare with, else the first.

    Args:
        scenarios: scenarios or their files.
        runs, seed: for all of them; those of each scenario where absent.
        record, thin: what to keep (see :func:`relsim.results.run.run`).
        until_clear: double the runs of all until every claim is settled (see there).
        executor: where runs are simulated, shared by all scenarios; threads on all cores for each
            where absent.
        out: folder of all results.
        force: repeat finished results.
        reports: also draw the figures and the page of each result.
        commands: how each was asked for, for the manifests.
        watcher: told how far it is.

    Raises:
        ScenarioError: a file has problems.
        ResultsError: a folder cannot be written.
    """
    told = watcher or Nobody()
    loaded = told_apart([one if isinstance(one, Scenario) else load(one) for one in scenarios])
    read = cache(load)  # most compare with the same few files
    questions = [
        question_of(scenario, runs, seed, record, thin, until_clear=until_clear)
        for scenario in loaded
    ]
    if until_clear:
        questions = with_runs_chosen(questions, Path(out), read, told, executor, force=force)
    said = [*commands, *[""] * (len(questions) - len(commands))]
    asked = [Member.of(*one, read) for one in zip(questions, said, strict=True)]
    members = list({member.key: member for member in asked}.values())
    with telling_what_is_kept(questions, Path(out), force=force), Painter() as painter:
        painter.start()  # its engine warms up beside the simulations
        results = answer_all(members, Path(out), read, force=force, watcher=told, executor=executor)
        if reports:
            for result in results:
                write_views(result, painter, _Named(told, result.scenario.slug))
        base = _base(members)
        folder = Path(out) / _name(loaded) / _id(members)
        if not is_finished(folder, FAMILY) or not all(result.reused for result in results):
            told.phase("Setting the scenarios side by side")
            waiting = partial(told.phase, "Another process is writing this; waiting")
            with locked([folder], waiting), written_aside(folder, afresh=True) as aside:
                _write(results, base, painter, folder, aside)
        else:
            sweep(folder)
    return Family(folder, tuple(results), base)


def answer_all(
    members: Sequence[Member],
    out: Path,
    read: Read,
    *,
    force: bool,
    watcher: Watcher,
    executor: Executor | None = None,
) -> list[Result]:
    """The results of a family, in order; those that others compare with are made before them."""
    made: dict[str, Future[Result]] = {}
    stop = new_stop()

    def result_of(member: Member, needed: list[Future[Result]]) -> Result:
        wait(needed)
        told = _Named(watcher, member.question.scenario.slug)
        asked = Asked(member.question, out, member.command, told, executor, stop=stop, read=read)
        result = answer(asked, force=force)
        if result.reused:
            watcher.runs_done(member.question.runs)
        return result

    found = {}
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for member in _in_order(members):
            needed = [made[number] for number in member.needs if number in made]
            future = pool.submit(result_of, member, needed)
            made[member.question.id] = found[member.key] = future
        pool.shutdown()
    except KeyboardInterrupt:
        stop[0] = 1
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return [found[member.key].result() for member in members]


def _in_order(members: Sequence[Member]) -> Iterator[Member]:
    """Members after those that they need; of those that need each other, as they come."""
    waiting = list(members)
    while waiting:
        open_ids = {member.question.id for member in waiting}
        free = [one for one in waiting if not (one.needs - {one.question.id}) & open_ids]
        ready = free or waiting[:1]
        yield from ready
        waiting = [member for member in waiting if member not in ready]


def _base(members: Sequence[Member]) -> int:
    """The place of the scenario that most others compare with, else 0."""
    counts = Counter(number for member in members for number in member.needs)
    return max(range(len(members)), key=lambda n: (counts[members[n].question.id], -n))


def _name(scenarios: Sequence[Scenario]) -> str:
    """The name of the folder that all files share, else what a family is."""
    folders = {scenario.folder for scenario in scenarios}
    only = folders.pop() if len(folders) == 1 else None
    return f"family-{slug(only.resolve().name)}" if only is not None else "family"


def _id(members: Sequence[Member]) -> str:
    return digest([[*member.key, member.question.scenario.title] for member in members])[:12]


def _write(
    results: Sequence[Result], base: int, painter: Painter, folder: Path, aside: Path
) -> None:
    """The common page, the claims of all, and which results they are of."""
    ordered = [results[base], *(result for n, result in enumerate(results) if n != base)]
    entries = [_entry(result, ordered[0]) for result in ordered]
    manifest = ordered[0].manifest
    title = folder.parent.name.removeprefix("family-")
    page = family_page(
        f"Scenarios: {title}",
        entries,
        manifest["runs"],
        manifest["seed"],
        painter.script(),
        looking.sentences() if (looking := looking_of(manifest)) else [],
    )
    (aside / REPORT).write_text(page, encoding="utf-8")
    write_table(family_claims(results), aside / CLAIMS)
    content = {"format": FORMAT, "results": [_place(one) for one in ordered]}
    (aside / FAMILY).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


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
    page = _place(result) + f"/{REPORT}" if has_views(result.folder) else ""
    return Entry(
        result.scenario,
        spelled_by(base.scenario, result.summary()),
        result.claims,
        page,
        "it is the base" if result is base else _compared(base, result),
        [] if result is base else diff(base.scenario, result.scenario),
        result.manifest.get("notes", ()),
    )


def _place(result: Result) -> str:
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
    """Tells a watcher which scenario a phase is of."""

    watcher: Watcher
    name: str

    def phase(self, text: str) -> None:
        self.watcher.phase(f"{self.name}: {text}")

    def expects(self, runs: int) -> None:
        self.watcher.expects(runs)

    def runs_done(self, runs: int) -> None:
        self.watcher.runs_done(runs)
