"""Jobs: what is made once and left in a folder of its own, and the one runner that makes it.

A job says what decides its numbers and how they are made. The runner names the folder after what
decides the numbers and reuses a finished one. Else it locks the folder, writes beside it, notes in
the manifest how it was made, and moves all of it into place.
"""

from __future__ import annotations

import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pandas as pd
from pydantic import BaseModel

from relsim import __version__
from relsim.analysis.summary import write_table
from relsim.ensemble.chunks import Stop, compile_kernel, kernel_is_compiled, new_stop
from relsim.errors import ResultsError
from relsim.figures.save import Painter, definition
from relsim.model.plan import Compiled
from relsim.progress import bar
from relsim.results.folder import (
    FIGURES,
    JOURNAL,
    MANIFEST,
    REPORT,
    has_views,
    is_finished,
    is_full,
    locked,
    sweep,
    unwritable,
    written_aside,
)
from relsim.results.manifest import FORMAT, read_whole, versions, write_manifest
from relsim.results.question import id_of

Findings = TypeVar("Findings")
Made = TypeVar("Made")


class Watcher(Protocol):
    """Receives progress: a bar, a log, or nothing."""

    def phase(self, text: str) -> None:
        """A phase begins."""

    def expects(self, runs: int) -> None:
        """The number of runs to simulate, if it is known only now."""

    def runs_done(self, runs: int) -> None:
        """Some more runs have finished."""


class Nobody:
    """A watcher that ignores progress."""

    def phase(self, text: str) -> None:
        """Ignored."""

    def expects(self, runs: int) -> None:
        """Ignored."""

    def runs_done(self, runs: int) -> None:
        """Ignored."""


@contextmanager
def watched(watcher: Watcher | None, progress: bool, runs: int | None = None) -> Iterator[Watcher]:
    """The watcher that is given; where none is, a bar at a prompt and in a notebook, if wanted.

    Args:
        watcher, progress: as given by the caller.
        runs: how many there will be; None if that is not known.
    """
    if watcher is None and progress:
        with bar(runs) as shown:
            yield shown
    else:
        yield watcher or Nobody()


@dataclass(frozen=True)
class Execution:
    """How work is carried out. None of it decides a number.

    Attributes:
        out: folder of all results.
        executor: where runs are simulated; threads on all cores by default.
        force: make again what is finished.
        command: the command that asks for it, for the manifest.
        watcher: receives progress.
        stop: ends the work from another thread.
        held: results whose locks are held by the caller.
    """

    out: Path = Path("results")
    executor: Executor | None = None
    force: bool = False
    command: str = ""
    watcher: Watcher = field(default_factory=Nobody)
    stop: Stop = field(default_factory=new_stop)
    held: frozenset[Path] = frozenset()

    def get_ready(self, compiled: Compiled) -> None:
        """Compiles the model's kernel, or reads it from the cache."""
        if not kernel_is_compiled():
            self.watcher.phase("Compiling the model, once per installation (some ten seconds)")
        compile_kernel(compiled)


@dataclass(frozen=True)
class PageParts:
    """What a page is made of beside the findings.

    Attributes:
        content: the manifest, before it lists the files of the folder.
        tables, charts: by name; charts are definitions for the drawing engine.
        script: of :meth:`relsim.figures.save.Painter.script`.
    """

    content: dict[str, Any]
    tables: Mapping[str, pd.DataFrame]
    charts: Mapping[str, Any]
    script: str


class Job(ABC, Generic[Findings, Made]):
    """Work that is done once and left in a folder of its own.

    Attributes:
        kind: what messages call it, with its article.
        model: the schema of its manifest.
        doing: what messages say of another process that holds the lock.
        last: the file that is written last.
        draws: whether figures and page are drawn as it is made, while its findings are at hand.
        resumes: whether what is left of an interrupted job is of use to the next.
    """

    kind: ClassVar[str]
    model: ClassVar[type[BaseModel]]
    doing: ClassVar[str] = "is making this"
    last: ClassVar[str] = MANIFEST
    draws: ClassVar[bool] = True
    resumes: ClassVar[bool] = False

    @property
    @abstractmethod
    def parent(self) -> Path:
        """The folder of such jobs in a folder of results."""

    @abstractmethod
    def key(self) -> Any:
        """All that decides the numbers, as plain data, from which the id follows."""

    @abstractmethod
    def make(self, folder: Path, execution: Execution) -> Findings:
        """Does the work and writes its files, save manifest and page."""

    @abstractmethod
    def open(self, folder: Path) -> Made:
        """The finished job.

        Raises:
            DamagedError: something of it is missing or cannot be read.
        """

    def made(self, findings: Findings, folder: Path) -> Made:
        """The job that has just been finished."""
        return self.open(folder)

    def libraries(self) -> tuple[str, ...]:
        """The libraries whose versions decide its numbers."""
        return ()

    def words(self) -> str:
        """A digest of the words shown beside the numbers; they decide no number."""
        return ""

    def about(self, findings: Findings) -> dict[str, Any]:
        """The entries that its manifest has and others have not."""
        return {}

    def tables(self, findings: Findings) -> Mapping[str, pd.DataFrame]:
        """Its tables, by name of the file."""
        return {}

    def charts(self, findings: Findings) -> Mapping[str, Any] | None:
        """Its figures as Altair charts, by name of the file; None if it has no folder of them."""
        return None

    def page(self, findings: Findings, parts: PageParts) -> str:
        """Its page, if it is drawn while the findings are at hand."""
        return ""

    def finish(self, content: dict[str, Any], folder: Path) -> None:
        """Writes the last file, which makes the folder whole."""
        write_manifest(content, folder)

    def outdated(self, folder: Path) -> str:
        """Why a finished folder has to be made anew, in words; empty if it can be reused."""
        try:
            content = read_whole(self.model, folder, self.kind)
        except ResultsError as error:
            return str(error)
        if content["words"] != self.words():
            return f"The words of {folder} have changed."
        return "" if has_views(folder) else f"The page or the figures of {folder} are missing."

    def refresh(self, folder: Path, execution: Execution) -> None:
        """Updates the words of a folder that is reused."""

    def needed(self, out: Path) -> frozenset[Path]:
        """Other folders that it may have to make first; they are locked together with its own."""
        return frozenset()

    def kept(self, out: Path) -> str:
        """What is kept of the work if it is interrupted, as a clause; empty if nothing is."""
        return ""

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits over the key."""
        return id_of(self.key())

    def folder(self, out: Path) -> Path:
        """Where it belongs."""
        return out / self.parent / self.id

    def manifest(self, findings: Findings, command: str, seconds: float) -> dict[str, Any]:
        """How it was made, as plain data. It names no machine and no absolute path."""
        words = self.words()
        return {
            "format": FORMAT,
            "relsim": __version__,
            "id": self.id,
            **({"words": words} if words else {}),
            "command": command,
            "seconds": round(seconds, 1),
            "versions": versions(self.libraries()),
            **self.about(findings),
        }


def carry_out(
    job: Job[Findings, Made], execution: Execution, painter: Painter | None = None
) -> tuple[Made, bool]:
    """Does a job unless it is done already. Returns what was made, and whether it was there before.

    If another process is doing the job, this one waits for it. A job that was interrupted goes on
    from what is left of it, where that is of use.

    Raises:
        KeyboardInterrupt: with a sentence on what is kept, if the work was interrupted.
        ResultsError: the folder cannot be written.
    """
    with telling_what_is_kept(
        partial(job.kept, execution.out), execution, job.folder(execution.out)
    ):
        return carry_out_within(job, execution, painter)


def carry_out_within(
    job: Job[Findings, Made], execution: Execution, painter: Painter | None = None
) -> tuple[Made, bool]:
    """As :func:`carry_out`, for a caller that says itself what is kept after an interruption.

    Raises:
        OSError: the folder cannot be written.
    """
    folder = job.folder(execution.out)
    if not execution.force and _stands(job, folder, execution.watcher):
        sweep(folder)
        job.refresh(folder, execution)
        return job.open(folder), True
    needed = job.needed(execution.out) | {folder}
    waiting = partial(execution.watcher.phase, f"Another process {job.doing}; waiting")
    with locked(needed - execution.held, waiting):
        holding = replace(execution, held=execution.held | needed)
        if not execution.force and _stands(job, folder):
            job.refresh(folder, holding)
            return job.open(folder), True
        with written_aside(folder, afresh=execution.force or not job.resumes) as aside:
            findings = _make(job, aside, holding, painter)
        (folder / JOURNAL).unlink(missing_ok=True)  # not before, or a cut would lose all of it
    return job.made(findings, folder), False


def _stands(job: Job[Any, Any], folder: Path, watcher: Watcher | None = None) -> bool:
    """Whether a finished folder can be reused; tells the watcher why not."""
    if not is_finished(folder, job.last):
        return False
    reason = job.outdated(folder)
    if reason and watcher is not None:
        watcher.phase(f"{reason} Making it anew")
    return not reason


def _make(
    job: Job[Findings, Any], folder: Path, execution: Execution, painter: Painter | None
) -> Findings:
    """Everything of a job, the manifest last."""
    started = time.perf_counter()
    with Painter() if painter is None else nullcontext(painter) as painter:
        if job.draws:
            painter.start()  # its engine warms up beside the work
        findings = job.make(folder, execution)
        content = job.manifest(findings, execution.command, time.perf_counter() - started)
        tables = job.tables(findings)
        for name, table in tables.items():
            write_table(table, folder / f"{name}.csv")
        if job.draws:
            execution.watcher.phase("Drawing figures and the report")
            drawn = job.charts(findings)
            charts = {name: definition(chart) for name, chart in (drawn or {}).items()}
            if drawn is not None:
                content["figures"] = list(charts)
                shutil.rmtree(folder / FIGURES, ignore_errors=True)  # of a process that was stopped
                (folder / FIGURES).mkdir()
                painter.draw_what_can_be(charts, folder / FIGURES)
            parts = PageParts(content, tables, charts, painter.script())
            (folder / REPORT).write_text(job.page(findings, parts), encoding="utf-8")
    job.finish(content, folder)
    return findings


@contextmanager
def telling_what_is_kept(
    kept: Callable[[], str], execution: Execution, folder: Path | None = None
) -> Iterator[None]:
    """Ends work that is interrupted with a sentence on what is kept of it.

    Args:
        kept: says it, as in "3 of 5 chunks are kept"; empty if nothing is.
        execution: with force, the same command begins afresh.
        folder: where the work writes; the folder of all results by default.

    Raises:
        KeyboardInterrupt: with that sentence.
        ResultsError: the disk is full, or the folder cannot be written.
    """
    try:
        yield
    except KeyboardInterrupt:
        if execution.force:
            text = "With --force the same command begins afresh; what was there is as it was."
        elif clause := kept():
            text = f"{clause}; the same command goes on from there."
        else:
            text = "Nothing is kept; the same command begins afresh."
        raise KeyboardInterrupt(f"Stopped. {text}") from None
    except OSError as error:
        clause = ""
        if is_full(error):
            with suppress(OSError):  # a place that cannot even be looked at keeps nothing
                clause = kept()
        raise unwritable(error, folder or execution.out, f"{clause}." if clause else "") from error
