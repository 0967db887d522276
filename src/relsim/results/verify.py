"""A result checked against its manifest: is it as it was written, and does it come out again?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from relsim.analysis.claims import judge
from relsim.ensemble.chunks import Chunk, all_chunks, map_chunks, new_stop
from relsim.ensemble.journal import Digests, Noted, digests
from relsim.ensemble.simulate import Ensemble, chunk_task
from relsim.ensemble.store import label_text, open_store
from relsim.errors import ResultsError
from relsim.model.compile import compile_scenario
from relsim.results.contents import STORE, altered
from relsim.results.folder import MANIFEST
from relsim.results.identity import Question
from relsim.results.manifest import asked_part, looking_of, own_digest
from relsim.results.result import Result, compared_with

SAMPLE = 4  # chunks that are checked where nothing else is asked


@dataclass(frozen=True)
class Difference:
    """Where a result is not what it should be.

    Attributes:
        kind: "damaged": stored runs are not those that were written; "changed": they are, and do
            not come out again; "file": a file is not as it was written; "question": something in
            the manifest does not follow from the scenario; "claim": a verdict does not follow from
            the runs.
        variable: the array, the key of the manifest or the claim; of a file, what is wrong with it.
        chunk: the runs in which it was found; None where it is no matter of runs.
        place: labels of the first value that differs, by axis; None where it is not known.
        stored, recomputed: the value there.
    """

    kind: str
    variable: str
    chunk: Chunk | None = None
    place: Mapping[str, str] | None = None
    stored: float | None = None
    recomputed: float | None = None


@dataclass(frozen=True)
class Verification:
    """What was checked, and what was found.

    Attributes:
        checked, chunks: how many chunks were checked, of how many.
        runs: how many runs these are.
        version: the relsim that made the result.
        difference: the first difference; None where there is none.
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
    if unlike := _altered(result):
        return Verification(0, len(every), 0, version, unlike)
    others = compared_with(result)
    apart = ", ".join(file for file, other in others.items() if isinstance(other, str))
    if misjudged := _misjudged(result, others):
        return Verification(0, len(every), 0, version, Difference("claim", misjudged), apart)
    found, runs = None, 0
    for noted, difference in _checked(result, chosen):
        runs += noted.chunk.runs
        if progress is not None:
            progress(noted.chunk.runs)
        if difference is not None:
            found = difference
            break
    return Verification(len(chosen), len(every), runs, version, found, apart)


def spread_evenly(every: list[Noted], count: int | None) -> list[Noted]:
    """So many of them, from the first to the last, in equal steps; all where None."""
    most = len(every) if count is None else min(count, len(every))
    places = np.linspace(0, len(every) - 1, most).round().astype(int)
    return [every[place] for place in places]


def chunks_of(result: Result) -> list[Noted]:
    """All chunks as the manifest has them.

    Raises:
        ResultsError: it names none, or not those of the question.
    """
    manifest = result.manifest
    try:
        noted = [
            Noted(Chunk(int(one["first"]), int(one["runs"])), dict(one["digests"]))
            for one in manifest["chunks"]
        ]
        asked = all_chunks(
            compile_scenario(result.scenario),
            manifest["runs"],
            manifest["record"],
            manifest["thin"],
        )
    except (KeyError, TypeError, ValueError) as error:
        text = f"{result.folder / MANIFEST} names no chunks to verify. --force makes it anew."
        raise ResultsError(text) from error
    if [one.chunk for one in noted] != asked:
        text = f"{result.folder / MANIFEST} names other chunks than this version of relsim makes."
        raise ResultsError(f"{text} --force makes it anew.")
    return noted


def _altered(result: Result) -> Difference | None:
    """The first file that is not as it was written, or part of a manifest that does not follow."""
    manifest = result.manifest
    digested = {path: note for path, note in manifest["files"].items() if "sha256" in note}
    if said := altered(result.folder, digested):  # of recorded arrays, values are compared
        return Difference("file", said)
    question = Question(
        result.scenario,
        manifest["seed"],
        manifest["runs"],
        manifest["record"],
        manifest["thin"],
        looking_of(manifest),
        manifest["relsim"],
    )
    for name, value in asked_part(question).items():
        if manifest[name] != value:
            return Difference("question", name)
    if manifest["digest"] != own_digest(manifest):
        return Difference("file", f"{MANIFEST} is not as it was written.")
    return None


def _misjudged(result: Result, others: Mapping[str, Ensemble | str]) -> str:
    """The first claim whose verdict does not come out again, of those that can be judged here."""
    stored = {claim.name: claim for claim in result.claims}
    judged = {claim.name: claim for claim in judge(result.ensemble, others)}
    for name in [*judged, *stored]:
        claim = judged.get(name)
        against = "" if claim is None else claim.against
        is_here = not against or isinstance(others.get(against), Ensemble)
        if is_here and claim != stored.get(name):
            return name
    return ""


def _checked(result: Result, chosen: list[Noted]) -> Iterator[tuple[Noted, Difference | None]]:
    """Each chunk with the first difference in it. Simulation goes on beside the reading."""
    manifest, stop = result.manifest, new_stop()
    compiled, stored = compile_scenario(result.scenario), open_store(result.folder / STORE)
    task = chunk_task(compiled, manifest["seed"], manifest["record"], manifest["thin"], stop)
    with closing(map_chunks(task, [one.chunk for one in chosen], None, stop)) as simulated:
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
        place = first_difference(rows.values, expected)
        if place is not None:
            labels = _labels(rows, place)
            values = float(rows.values[place]), float(expected[place])
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
    """The place of the first value that differs in any bit; None where none does."""
    if stored.shape != recomputed.shape or stored.dtype != recomputed.dtype:
        return (0,) * stored.ndim
    size = stored.dtype.itemsize
    bits = [np.ascontiguousarray(one).view(f"u{size}") for one in (stored, recomputed)]
    unlike = bits[0] != bits[1]
    if not unlike.any():
        return None
    return tuple(int(n) for n in np.unravel_index(unlike.argmax(), unlike.shape))


def _labels(rows: xr.DataArray, place: tuple[int, ...]) -> dict[str, str]:
    """What stands on each axis at a place; months as 2025-06."""
    found = {}
    for dim, n in zip(rows.dims, place, strict=True):
        found[str(dim)] = label_text(rows[dim].values[n] if dim in rows.coords else n)
    return found
