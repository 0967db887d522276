"""The main job: a scenario simulated, summarised, judged and left in a results folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import xarray as xr
import yaml

from relsim.analysis.claims import Verdict, claims_table, judge
from relsim.analysis.summary import event_table, summarise, summary_table, write_table
from relsim.analysis.until_clear import MOST_RUNS
from relsim.ensemble.chunks import Stop, compile_kernel, kernel_is_compiled, new_stop
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import Ensemble
from relsim.figures.save import Painter
from relsim.model.compile import compile_scenario
from relsim.model.stability import stability
from relsim.results.command import command_line
from relsim.results.comparisons import (
    Comparisons,
    Read,
    comparisons,
    is_current,
    with_all_compared,
)
from relsim.results.contents import (
    CLAIMS,
    EVENTS,
    JOURNAL,
    REPORT,
    RESOLVED,
    SUMMARY,
    WRITTEN_AGAIN,
    altered,
    has_views,
    notes_of,
)
from relsim.results.folder import is_finished, locked, sweep, written_aside
from relsim.results.identity import Question, digest
from relsim.results.looking import with_runs_chosen
from relsim.results.manifest import asked_part, manifest, read_manifest, write_manifest
from relsim.results.result import Result, open_result
from relsim.results.resume import (
    Simulated,
    forget_journal,
    simulate_into,
    telling_what_is_kept,
)
from relsim.results.views import write_views
from relsim.results.watcher import Nobody, Watcher
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario


@dataclass(frozen=True)
class Asked:
    """A question with what else its answer needs.

    ``known`` holds, by id, the ensembles of questions that are being answered further up: what
    two scenarios need whose claims cite each other; ``held``, the results that are locked further
    up. ``stop`` ends the work from another thread; ``read`` loads the files compared with.
    """

    question: Question
    out: Path
    command: str
    watcher: Watcher
    executor: Executor | None = None
    known: Mapping[str, Ensemble] = field(default_factory=dict)
    held: frozenset[Path] = frozenset()
    stop: Stop = field(default_factory=new_stop)
    read: Read = load

    @property
    def folder(self) -> Path:
        """Where the result belongs."""
        return folder_of(self.question, self.out)

    def waiting(self) -> None:
        """Says that somebody else has the lock."""
        self.watcher.phase("Another process is simulating this; waiting")


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
    until_clear: bool = False,
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
        until_clear: double the runs until every claim is settled, by bounds that hold over all
            looks; ``runs`` is then how many there are at most, 16,000 where absent.
        executor: where runs are simulated (see :mod:`relsim.ensemble.executors`); threads on all
            cores where absent. It decides no number and is not noted in the result.
        out: folder of all results.
        force: repeat a finished result.
        views: draw the figures and the page; else data and tables alone.
        command: how it was asked for, for the manifest.
        watcher: told how far it is.

    Raises:
        ScenarioError: the file has problems.
        ResultsError: the folder cannot be written; or there is no claim to settle.
    """
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    told = watcher or Nobody()
    read = cache(load)
    question = question_of(scenario, runs, seed, record, thin, until_clear=until_clear)
    if until_clear:
        question = with_runs_chosen([question], Path(out), read, told, executor, force=force)[0]
    asked = Asked(question, Path(out), command, told, executor, read=read)
    with telling_what_is_kept([asked.question], asked.out, force=force):
        if not views:
            return answer(asked, force=force)
        with Painter() as painter:
            painter.start()  # its engine warms up beside the simulation
            result = answer(asked, force=force)
            if not has_views(result.folder):
                write_views(result, painter, told)
    return result


def question_of(
    scenario: Scenario,
    runs: int | None,
    seed: int | None,
    record: RecordLevel,
    thin: int = 1,
    *,
    until_clear: bool = False,
) -> Question:
    """A question, with the scenario's own runs and seed where none are named.

    Until clear, runs are the most that there may be.
    """
    settings = scenario.ensemble
    own_runs = MOST_RUNS if until_clear else settings.runs
    return Question(
        scenario,
        settings.seed if seed is None else seed,
        own_runs if runs is None else runs,
        record,
        thin,
    )


def answer(asked: Asked, *, force: bool = False) -> Result:
    """The result of a question: the one that is there if it still stands, else a new one.

    It has every run, the tables and the manifest, and no figures. What is unfinished of it is
    gone on with. Somebody else who writes it is waited for.

    Of a result that stands, tables that are not as they were written are written again, and so are
    words of the scenario that have changed since; figures and page are then gone, to be drawn anew.
    """
    compared = comparisons(asked.question, asked.read)
    if not force and _stands(asked.folder, compared):
        sweep(asked.folder, JOURNAL)
        _refresh_all(asked)
        return open_result(asked.folder, reused=True)
    wanted = _to_be_written(asked) | {asked.folder}
    with locked(wanted - asked.held, asked.waiting):
        holding = replace(asked, held=asked.held | wanted)
        if not force and _stands(asked.folder, compared):
            _refresh_all(holding)
            return open_result(asked.folder, reused=True)
        with written_aside(asked.folder, afresh=force) as aside:
            summary = _write(holding, compared, aside)
        forget_journal(asked.folder)
    return open_result(asked.folder, summary=summary)


def folder_of(question: Question, out: Path) -> Path:
    """Where the result of a question belongs."""
    return out / question.scenario.slug / question.id


def _stands(folder: Path, compared: Comparisons) -> bool:
    """Whether there is a whole result, judged against what it would be judged against now."""
    return is_finished(folder) and is_current(read_manifest(folder), compared)


def _to_be_written(asked: Asked) -> frozenset[Path]:
    """The folders of all results that have to be made for this one, which are locked at once.

    Were those it compares with locked later, two processes could wait for each other.
    """
    needed = with_all_compared(asked.question, asked.read)
    places = [(folder_of(question, asked.out), compared) for question, compared in needed]
    return frozenset(
        place for place, compared in places if place == asked.folder or not _stands(place, compared)
    )


def _refresh_all(asked: Asked) -> None:
    """Brings the words and tables of a result up to date, and of those that it shows beside it."""
    shown = [asked.question, *comparisons(asked.question, asked.read).values()]
    changed = False
    for question in shown:
        if isinstance(question, Question) and is_finished(folder_of(question, asked.out)):
            changed |= _refreshed(question, asked)
    if changed:
        (asked.folder / REPORT).unlink(missing_ok=True)


def _refreshed(question: Question, asked: Asked) -> bool:
    """Writes words and tables of a result again where they are not up to date; whether it did."""
    folder = folder_of(question, asked.out)
    if _is_up_to_date(question, folder):
        return False
    with locked([] if folder in asked.held else [folder], asked.waiting):
        result = open_result(folder, scenario=question.scenario)
        (folder / REPORT).unlink(missing_ok=True)  # first, so that nothing is left of the old words
        (folder / RESOLVED).write_text(resolved_yaml(question.scenario), encoding="utf-8")
        _write_tables(result.ensemble, result.summary(), result.claims, folder)
        content = {**result.manifest, **asked_part(question)}
        if question is asked.question and asked.command:
            content["command"] = asked.command
        content["files"] = {**content["files"], **notes_of(folder, WRITTEN_AGAIN)}
        write_manifest(content, folder)
    return True


def _is_up_to_date(question: Question, folder: Path) -> bool:
    """Whether a result has the words of its scenario as they are, and its tables as written."""
    content = read_manifest(folder)
    written = {path: note for path, note in content["files"].items() if path in WRITTEN_AGAIN}
    asked = question.scenario
    told = content["scenario"]["words"], content["scenario"]["changes"]
    same_words = told == (digest(asked.as_written), asked.changes)
    return same_words and len(written) == len(WRITTEN_AGAIN) and not altered(folder, written)


def _write(asked: Asked, compared: Comparisons, folder: Path) -> xr.Dataset:
    """Everything of a result, the manifest last; gives its summary."""
    clock = _Clock()
    question, watcher = asked.question, asked.watcher
    simulated = _simulate(asked, folder, clock)
    ensemble = simulated.ensemble
    with clock.timing("compare"):
        others = _compared_ensembles(asked, compared, ensemble)
    watcher.phase("Summarising")
    with clock.timing("summarise"):
        summary, claims = summarise(ensemble), judge(ensemble, others)
        _write_tables(ensemble, summary, claims, folder)
    (folder / RESOLVED).write_text(resolved_yaml(question.scenario), encoding="utf-8")
    steady = stability(compile_scenario(question.scenario))
    found = {"spectral_radius": round(steady.radius, 6), "stable": steady.stable}
    content = manifest(
        question,
        asked.command,
        clock.seconds,
        found,
        claims,
        compared,
        simulated.chunks,
        len(simulated.failures),
    )
    write_manifest(content, folder)
    return summary


def _write_tables(
    ensemble: Ensemble, summary: xr.Dataset, claims: Sequence[Verdict], folder: Path
) -> None:
    watched = ensemble.scenario.pair_names(ensemble.scenario.watched_pairs)
    write_table(summary_table(summary, watched), folder / SUMMARY)
    write_table(event_table(ensemble), folder / EVENTS)
    write_table(claims_table(claims), folder / CLAIMS)


def _simulate(asked: Asked, folder: Path, clock: _Clock) -> Simulated:
    """Every run, into the store of a result."""
    question, watcher = asked.question, asked.watcher
    compiled = compile_scenario(question.scenario)
    if not kernel_is_compiled():
        watcher.phase("Compiling the model, once per installation (about a minute)")
    with clock.timing("compile"):
        compile_kernel(compiled)
    watcher.phase(f"Simulating {question.runs:,} runs")
    with clock.timing("simulate"):
        return simulate_into(question, compiled, folder, watcher, asked.stop, asked.executor)


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
            command = asked.command if other.looking else _command(file, other)
            aside = replace(asked, question=other, command=command, watcher=Nobody(), known=known)
            found[file] = answer(aside).ensemble
    return found


def _command(file: str, question: Question) -> str:
    """The command that asks the question of a file."""
    parts: list[object] = ["run", file, "--runs", question.runs, "--seed", question.seed]
    parts += [] if question.record == "domains" else ["--record", question.record]
    parts += [] if question.thin == 1 else ["--thin", question.thin]
    return command_line(*parts)


def resolved_yaml(scenario: Scenario) -> str:
    """The scenario with inheritance and changes applied, as YAML that loads again."""
    text: str = yaml.safe_dump(scenario.as_written, allow_unicode=True, sort_keys=False, width=100)
    return text
