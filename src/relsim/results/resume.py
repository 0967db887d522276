"""An ensemble simulated into a place where an earlier process may have left a part of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from relsim.ensemble.chunks import Arrays, Chunk, Stop, all_chunks
from relsim.ensemble.failures import Failure
from relsim.ensemble.journal import Digests, digests, intact, note, noted, start
from relsim.ensemble.simulate import Ensemble, fill, without_runs
from relsim.ensemble.store import clear_chunk, create_store, open_store, reopen_store
from relsim.model.compile import compile_scenario
from relsim.model.plan import Compiled
from relsim.results.comparisons import with_all_compared
from relsim.results.contents import FAILURES, JOURNAL, STORE
from relsim.results.folder import BEGINS_AFRESH, is_finished, is_full, place_aside, unwritable
from relsim.results.identity import Question
from relsim.results.watcher import Watcher


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


def simulate_into(
    question: Question,
    compiled: Compiled,
    place: Path,
    watcher: Watcher,
    stop: Stop,
    executor: Executor | None = None,
) -> Simulated:
    """Simulates what is missing in a place of every run of a question.

    Each chunk is noted once it is stored. Chunks with failed runs are not, so that they are tried
    again.

    Args:
        question: what to simulate.
        compiled: its scenario.
        place: a folder of its own, with or without what was simulated earlier.
        watcher: told how far it is.
        stop: ends the work from another thread.
        executor: where chunks run; threads on all cores where absent.

    Raises:
        OSError: the place cannot be written.
        ResultsError: all runs fail.
        Stopped: ``stop`` was set.
    """
    runs, seed, record = question.runs, question.seed, question.record
    every = all_chunks(compiled, runs, record, question.thin)
    if (place / JOURNAL).is_file():
        watcher.phase("Checking what an earlier run left")
    arrays, kept = _taken_over(question, compiled, place, every)
    if kept:
        watcher.phase(f"Resuming: {len(kept)} of {len(every)} chunks are done")
        watcher.runs_done(sum(chunk.runs for chunk in kept))
    todo = [chunk for chunk in every if chunk not in kept]
    for chunk in todo:
        clear_chunk(place / STORE, arrays, chunk)
    found = dict(kept)

    def stored(chunk: Chunk, recorded: Arrays, failed: tuple[Failure, ...]) -> None:
        found[chunk] = digests(recorded)
        if not failed:
            note(place / JOURNAL, chunk, found[chunk])

    failures = fill(
        *(compiled, runs, seed, record, arrays),
        thin=question.thin,
        todo=todo,
        executor=executor,
        progress=watcher.runs_done,
        stored=stored,
        stop=stop,
    )
    _write_failures(failures, place / FAILURES)
    return Simulated(_ensemble(question, place / STORE, failures), found, tuple(failures))


def forget_journal(place: Path) -> None:
    """Removes the journal from a whole result; not before, or a cut would lose all chunks."""
    (place / JOURNAL).unlink(missing_ok=True)


def _taken_over(
    question: Question, compiled: Compiled, place: Path, every: list[Chunk]
) -> tuple[dict[str, Any], dict[Chunk, Digests]]:
    """The arrays to fill, and the chunks that need not be simulated again."""
    asked, kind = (compiled, question.runs), (question.record, question.thin)
    entries = noted(place / JOURNAL)
    arrays = reopen_store(place / STORE, *asked, *kind) if entries else None
    kept = {} if arrays is None else intact(entries, every, arrays)
    if arrays is None or not kept:
        for left in place.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        arrays = create_store(place / STORE, *asked, question.seed, *kind)
    start(place / JOURNAL, kept)
    return arrays, kept


def _write_failures(failures: list[Failure], file: Path) -> None:
    file.unlink(missing_ok=True)
    if failures:
        content = [asdict(failure) for failure in failures]
        file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _ensemble(question: Question, store: Path, failures: list[Failure]) -> Ensemble:
    failed = tuple(failure.run for failure in failures)
    data = without_runs(open_store(store), failed)
    until_clear = question.looking is not None
    return Ensemble(question.scenario, question.seed, data, failed=failed, until_clear=until_clear)


@contextmanager
def telling_what_is_kept(
    questions: Iterable[Question], out: Path, *, force: bool
) -> Iterator[None]:
    """Ends of work on some questions with a word on what is kept of them.

    Args:
        questions: what is worked at.
        out: folder of all results.
        force: finished results are repeated, so the same command begins afresh.

    Raises:
        KeyboardInterrupt: with that word, where work was interrupted.
        ResultsError: the disk is full, or the results folder cannot be written.
    """
    try:
        yield
    except KeyboardInterrupt:
        kept = "" if force else f"{_kept(questions, out)}; the same command goes on from there."
        raise KeyboardInterrupt(f"Stopped. {kept or BEGINS_AFRESH}") from None
    except OSError as error:
        kept = ""
        if is_full(error):
            with suppress(OSError):  # of a place that cannot even be looked at, nothing is kept
                kept = f"{_kept(questions, out)}."
        raise unwritable(error, out, kept) from error


def _kept(questions: Iterable[Question], out: Path) -> str:
    """How many chunks of some questions are on disk, in words."""
    total = done = 0
    needed = [one for asked in questions for one, _ in with_all_compared(asked)]
    places = {out / one.scenario.slug / one.id: one for one in needed}
    for folder, question in places.items():
        compiled = compile_scenario(question.scenario)
        count = len(all_chunks(compiled, question.runs, question.record, question.thin))
        total += count
        done += count if is_finished(folder) else len(noted(place_aside(folder) / JOURNAL))
    return f"{done:,} of {total:,} chunks are kept"
