"""Checks a result: whether it is as it was written, and whether it comes out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from relsim.analysis.claims import Verdict, judge
from relsim.ensemble.chunks import Chunk, map_chunks, new_stop
from relsim.ensemble.journal import Digests, Noted, digests
from relsim.ensemble.simulate import Ensemble, chunk_task
from relsim.ensemble.store import label_text, open_store
from relsim.errors import ResultsError
from relsim.results.folder import MANIFEST, STORE, altered
from relsim.results.manifest import looking_of, own_digest, question_part
from relsim.results.question import Question
from relsim.results.result import Result, compared_with
from relsim.results.run import chunks_of as chunks_of_question

SAMPLE = 4  # chunks that are checked by default


@dataclass(frozen=True)
class Difference:
    """The first value or file of a result that is not what it should be.

    Attributes:
        kind: "damaged": stored runs are not those that were written; "changed": they are, and do
            not come out again; "file": a file is not as it was written; "question": something in
            the manifest does not follow from the scenario; "claim": a verdict does not follow from
            the runs.
        variable: the array, the key of the manifest or the claim; of a file, what is wrong with it.
        chunk: the runs in which it was found; None if it is not of runs.
        labels: of the first value that differs, by axis; None if it is not known.
        stored, recomputed: the value there.
    """

    kind: str
    variable: str
    chunk: Chunk | None = None
    labels: Mapping[str, str] | None = None
    stored: float | None = None
    recomputed: float | None = None


@dataclass(frozen=True)
class Verification:
    """The outcome of a check.

    Attributes:
        checked, chunks: how many chunks were checked, of how many.
        runs: how many runs were checked.
        version: the relsim that made the result.
        difference: the first difference; None if there is none.
        not_judged: files whose results are not there, so that the claims against them were not
            judged again.
    """

    checked: int
    chunks: int
    runs: int
    version: str
    difference: Difference | None
    not_judged: str = ""


def verify(
    result: Result,
    *,
    chunks: int | None = SAMPLE,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Compares stored runs with their digests in the manifest, and with those simulated again.

    Before, every file is compared with its digest in the manifest, the manifest with what follows
    from the scenario, and claims are judged again. Figures and the page are not looked at.

    Args:
        result: what to check; opened, and so with all labels that follow from the scenario.
        chunks: how many, spread evenly from first to last; all where None.
        progress: called with the number of runs that have just been checked.

    Raises:
        ResultsError: the manifest names no chunks, or not those of the question.
    """
    every = chunks_of(result)
    chosen = spread_evenly(every, chunks)
    version = str(result.manifest["relsim"])
    if altered_part := _altered(result):
        return Verification(0, len(every), 0, version, altered_part)
    others = compared_with(result)
    missing = ", ".join(file for file, other in others.items() if isinstance(other, str))
    if misjudged := _misjudged(result, others):
        return Verification(0, len(every), 0, version, Difference("claim", misjudged), missing)
    difference, runs = None, 0
    for noted, difference in _checked(result, chosen):
        runs += noted.chunk.runs
        if progress is not None:
            progress(noted.chunk.runs)
        if difference is not None:
            break
    return Verification(len(chosen), len(every), runs, version, difference, missing)


def spread_evenly(every: list[Noted], count: int | None) -> list[Noted]:
    """So many of them, from the first to the last, in equal steps; all by default."""
    most = len(every) if count is None else min(count, len(every))
    return [every[index] for index in np.linspace(0, len(every) - 1, most).round().astype(int)]


def question_of(result: Result) -> Question:
    """The question that a result answers."""
    manifest = result.manifest
    return Question(
        *(result.scenario, manifest["seed"], manifest["runs"], manifest["record"]),
        thin=manifest["thin"],
        looking=looking_of(manifest),
        version=manifest["relsim"],
    )


def chunks_of(result: Result) -> list[Noted]:
    """All chunks as the manifest has them.

    Raises:
        ResultsError: it names none, or not those of the question.
    """
    file = result.folder / MANIFEST
    try:
        noted = [
            Noted(Chunk(int(chunk["first"]), int(chunk["runs"])), dict(chunk["digests"]))
            for chunk in result.manifest["chunks"]
        ]
        expected = chunks_of_question(question_of(result))
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"{file} names no chunks to verify. --force makes it anew.") from error
    if [each.chunk for each in noted] != expected:
        text = f"{file} names other chunks than this version of relsim makes."
        raise ResultsError(f"{text} --force makes it anew.")
    return noted


def _altered(result: Result) -> Difference | None:
    """The first file that is not as it was written, or part of a manifest that does not follow."""
    manifest = result.manifest
    digested = {path: note for path, note in manifest["files"].items() if "sha256" in note}
    if text := altered(result.folder, digested):  # of recorded arrays, values are compared
        return Difference("file", text)
    for name, value in question_part(question_of(result)).items():
        if manifest[name] != value:
            return Difference("question", name)
    if manifest["digest"] != own_digest(manifest):
        return Difference("file", f"{MANIFEST} is not as it was written.")
    return None


def _misjudged(result: Result, others: Mapping[str, Ensemble | str]) -> str:
    """The first claim whose verdict does not come out again, of those that can be judged here."""
    stored = {claim.name: _without_words(claim) for claim in result.claims}
    judged = {claim.name: _without_words(claim) for claim in judge(result.ensemble, others)}
    for name in [*judged, *stored]:
        claim = judged.get(name)
        against = "" if claim is None else claim.against
        is_here = not against or isinstance(others.get(against), Ensemble)
        if is_here and claim != stored.get(name):
            return name
    return ""


def _without_words(claim: Verdict) -> Verdict:
    """A verdict without what relsim words, as another version may word it otherwise."""
    return replace(claim, test="", reason="")


def _checked(result: Result, chosen: list[Noted]) -> Iterator[tuple[Noted, Difference | None]]:
    """Each chunk with the first difference in it. Simulation goes on beside the reading."""
    question, stop, stored = question_of(result), new_stop(), open_store(result.folder / STORE)
    task = chunk_task(question.compiled, question.seed, question.record, question.thin, stop)
    with closing(map_chunks(task, [noted.chunk for noted in chosen], None, stop)) as simulated:
        for noted, (_, (recomputed, _)) in zip(chosen, simulated, strict=True):
            yield noted, _difference(stored, noted, recomputed)


def _difference(
    stored: xr.Dataset, noted: Noted, recomputed: Mapping[str, Any]
) -> Difference | None:
    for name, expected in recomputed.items():
        rows = _rows(stored, name, noted.chunk)
        if rows is None:
            return Difference("damaged", name, noted.chunk)
        kind = "changed" if _reads_as_noted(rows, name, noted.digests) else "damaged"
        if rows.shape != expected.shape:
            return Difference("damaged", name, noted.chunk)
        index = first_difference(rows.values, expected)
        if index is not None:
            labels = _labels(rows, index)
            values = float(rows.values[index]), float(expected[index])
            return Difference(kind, name, noted.chunk, labels, *values)
        if kind == "damaged":  # the digest is wrong, not the values
            return Difference(kind, name, noted.chunk)
    return None


def _rows(stored: xr.Dataset, name: str, chunk: Chunk) -> xr.DataArray | None:
    """The stored rows of a chunk, read; None where they cannot be."""
    try:
        return stored[name].isel(run=chunk.rows).load()
    except Exception:  # decoders raise all sorts of errors on broken bytes
        return None


def _reads_as_noted(rows: xr.DataArray, name: str, noted: Digests) -> bool:
    return digests({name: rows.values})[name] == noted.get(name)


def first_difference(stored: Any, recomputed: Any) -> tuple[int, ...] | None:
    """The index of the first value that differs in any bit; None if none does."""
    if stored.shape != recomputed.shape or stored.dtype != recomputed.dtype:
        return (0,) * stored.ndim
    size = stored.dtype.itemsize
    bits = [np.ascontiguousarray(values).view(f"u{size}") for values in (stored, recomputed)]
    unlike = bits[0] != bits[1]
    if not unlike.any():
        return None
    return tuple(int(n) for n in np.unravel_index(unlike.argmax(), unlike.shape))


def _labels(rows: xr.DataArray, index: tuple[int, ...]) -> dict[str, str]:
    """The label on each axis at an index; months as 2025-06."""
    return {
        str(dim): label_text(rows[dim].values[n] if dim in rows.coords else n)
        for dim, n in zip(rows.dims, index, strict=True)
    }
