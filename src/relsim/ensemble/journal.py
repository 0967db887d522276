"""Which chunks of an ensemble are on disk: a line for each, with the digests of its arrays.

The line is written after the arrays. What is noted and still reads as noted is finished; all else
is simulated again, so neither a process that was killed nor a damaged file loses more than the
chunks it had in hand.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relsim.ensemble.chunks import Chunk

Digests = dict[str, str]  # by variable


@dataclass(frozen=True)
class Noted:
    """A chunk that was finished, and the digests of its arrays by variable."""

    chunk: Chunk
    digests: Digests


def digests(arrays: Mapping[str, NDArray[Any]]) -> Digests:
    """BLAKE2b digests of arrays, 32 hexadecimal digits each."""
    by_name = {}
    for name, values in arrays.items():
        content: Any = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
        by_name[name] = hashlib.blake2b(content, digest_size=16).hexdigest()
    return by_name


def start(journal: Path, kept: Mapping[Chunk, Digests]) -> None:
    """A journal of what is kept, in the place of the one that was there."""
    aside = journal.with_suffix(".new")
    aside.write_text("".join(_line(chunk, digests) for chunk, digests in kept.items()), "utf-8")
    aside.replace(journal)


def note(journal: Path, chunk: Chunk, digests: Digests) -> None:
    """Notes a chunk as finished, on disk when this returns."""
    with journal.open("a", encoding="utf-8") as file:
        file.write(_line(chunk, digests))
        file.flush()
        os.fsync(file.fileno())


def _line(chunk: Chunk, digests: Digests) -> str:
    return json.dumps({"first": chunk.first, "runs": chunk.runs, "digests": digests}) + "\n"


def noted(journal: Path) -> list[Noted]:
    """The chunks that were noted; a line that was torn by a crash counts as not written."""
    if not journal.is_file():
        return []
    entries = []
    for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            entries.append(Noted(Chunk(entry["first"], entry["runs"]), dict(entry["digests"])))
        except (ValueError, KeyError, TypeError):
            continue
    return entries


def intact(
    entries: Sequence[Noted], todo: Sequence[Chunk], arrays: Mapping[str, Any]
) -> dict[Chunk, Digests]:
    """Those of the chunks to do that are noted and whose stored rows still read as noted."""
    wanted = set(todo)
    return {
        entry.chunk: entry.digests
        for entry in entries
        if entry.chunk in wanted and _stored_digests(arrays, entry.chunk) == entry.digests
    }


def _stored_digests(arrays: Mapping[str, Any], chunk: Chunk) -> Digests | None:
    """The digests of a chunk as it is stored; None where it cannot be read."""
    try:
        return digests({name: np.asarray(array[chunk.rows]) for name, array in arrays.items()})
    except Exception:  # decoders raise all sorts of errors on broken bytes
        return None
