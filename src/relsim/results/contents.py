"""What the files of a result hold, as its manifest notes them: is each there, and as written?

Figures and the page are not noted: they are drawn from the rest, at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from relsim.results.folder import MANIFEST

STORE, RESOLVED = "ensemble.zarr", "scenario.resolved.yaml"
FAILURES = "failures.json"  # only where runs failed
SUMMARY, EVENTS, CLAIMS = "summary.csv", "events.csv", "claims.csv"
TABLES = (SUMMARY, EVENTS, CLAIMS)
WRITTEN_AGAIN = (RESOLVED, *TABLES)  # where they are missing, altered or their words have changed
FIGURES, REPORT = "figures", "report.html"
JOURNAL = "journal.jsonl"  # of chunks, beside the store, until the result is whole
_NOT_NOTED = (FIGURES, REPORT, MANIFEST, JOURNAL)
Notes: TypeAlias = Mapping[str, Mapping[str, Any]]  # by path in the folder: bytes, sha256


def has_views(folder: Path) -> bool:
    """Whether its page is there, which is written last, and its figures, which are replaced."""
    return (folder / REPORT).is_file() and (folder / FIGURES).is_dir()


def notes_of(folder: Path, names: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """The size of every file of a result, or of some, and its SHA-256.

    Parts of recorded arrays have their size alone: their values have digests of their own, by
    chunk of runs, and labels are compared with those of the scenario.
    """
    paths = sorted(_files(folder)) if names is None else [Path(name) for name in names]
    return {path.as_posix(): _note(folder, path) for path in paths}


def _files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        path = file.relative_to(folder)
        is_ours = not any(part.startswith(".") for part in path.parts)
        if is_ours and file.is_file() and path.parts[0] not in _NOT_NOTED:
            yield path


def _note(folder: Path, path: Path) -> dict[str, Any]:
    file = folder / path
    note: dict[str, Any] = {"bytes": file.stat().st_size}
    is_part = path.parts[0] == STORE and "c" in path.parts[2:]
    return note if is_part else {**note, "sha256": _sha256(file)}


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def incomplete(folder: Path, notes: Notes) -> str:
    """What is missing of a result, or has another size than was noted, in words; empty where
    nothing."""
    for path, note in notes.items():
        file = folder / path
        if not file.is_file():
            return f"{path} is missing."
        if file.stat().st_size != note["bytes"]:
            return f"{path} does not have the size that it was written with."
    return ""


def altered(folder: Path, notes: Notes) -> str:
    """What is not as it was written, in words; empty where all is."""
    for path, note in notes.items():
        if said := incomplete(folder, {path: note}):
            return said
        if note.get("sha256") not in (None, _sha256(folder / path)):
            return f"{path} is not as it was written."
    return ""
