"""A results folder is whole or absent: written aside, then moved into place.

What is written aside outlives its process, so that the next one can go on from there. Whoever
writes holds a lock, which the system releases when a process ends, however it ends. So what lies
beside a result while nobody holds its lock was left by a process that died, and is removed once the
result is whole.

The manifest notes the size and digest of every file but figures and the page, which can be drawn
from the rest at any time.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from filelock import FileLock, Timeout

from relsim.errors import ResultsError

MANIFEST = "manifest.json"  # written last: a folder with one is whole
FAMILY = "family.json"  # the same of a family
EXPERIMENTS, HINDCASTS = "experiments", "hindcasts"  # apart from results of scenarios
STORE, RESOLVED = "ensemble.zarr", "scenario.resolved.yaml"
FAILURES = "failures.json"  # only if runs failed
SUMMARY, EVENTS, CLAIMS = "summary.csv", "events.csv", "claims.csv"
TABLES = (SUMMARY, EVENTS, CLAIMS)
WRITTEN_AGAIN = (RESOLVED, *TABLES)  # if they are missing or altered, or their words have changed
FIGURES, REPORT = "figures", "report.html"
ONLY_MAIN = "more.txt"  # in the folder of figures, if it has the main ones alone: says how to go on
JOURNAL = "journal.jsonl"  # of what is done, until the result is whole
_NOT_NOTED = (FIGURES, REPORT, MANIFEST, JOURNAL)
_FULL = (errno.ENOSPC, errno.EDQUOT)

FigureChoice: TypeAlias = Literal["none", "main", "all"]
FIGURE_CHOICES: tuple[FigureChoice, ...] = get_args(FigureChoice)  # each holds those before it

Notes: TypeAlias = Mapping[str, Mapping[str, Any]]  # by path in the folder: bytes, sha256


def is_finished(folder: Path, last: str = MANIFEST) -> bool:
    """Whether a whole result is there: the file that is written last.

    Raises:
        OSError: no folder can have this name.
    """
    _refuse_nul(folder)
    return (folder / last).is_file()


def finished_folders(out: Path) -> list[Path]:
    """The folders of all whole results under a folder of results, by scenario, newest first."""
    folders = [path.parent for path in out.glob(f"*/*/{MANIFEST}")]
    return sorted(
        folders, key=lambda folder: (folder.parent.name, -written_at(folder), folder.name)
    )


def written_at(folder: Path) -> float:
    """When a result became whole, in seconds since 1970."""
    return (folder / MANIFEST).stat().st_mtime


def _refuse_nul(folder: Path) -> None:
    """Python raises a ValueError for such a name, or finds nothing there."""
    if "\0" in str(folder):
        raise OSError(errno.EINVAL, "no name holds the character NUL", str(folder))


def beside(folder: Path, ending: str = "part") -> Path:
    """The hidden neighbour of a result: ``part``, where it is written until it is whole, ``lock``,
    or ``old``, which is being replaced."""
    return folder.parent / f".{folder.name}.{ending}"


@contextmanager
def locked(folders: Iterable[Path], waiting: Callable[[], None]) -> Iterator[None]:
    """Keeps every other thread and process from writing these results meanwhile.

    Locks are taken in the order of the paths, so that two who want the same never wait for each
    other.

    Args:
        folders: of results, finished or not.
        waiting: called before waiting for somebody else.

    Raises:
        OSError: the place cannot be written.
    """
    with ExitStack() as held:
        for folder in sorted(set(folders)):
            _refuse_nul(folder)
            folder.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(_locked(beside(folder, "lock"), waiting))
        yield


@contextmanager
def _locked(file: Path, waiting: Callable[[], None]) -> Iterator[None]:
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    with _held(lock, file):
        yield


@contextmanager
def _held(lock: FileLock, file: Path) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no open file; one that stays does no harm
            file.unlink()  # those who wait for it notice, and make another
        lock.release()


@contextmanager
def written_aside(folder: Path, *, afresh: bool) -> Iterator[Path]:
    """A place to write, which becomes ``folder`` if all goes well and stays otherwise.

    A result that was there is replaced only then. To be used under the lock of the folder.

    Args:
        folder: the result.
        afresh: remove what was left there unfinished.

    Raises:
        OSError: the place cannot be written.
    """
    aside, old = beside(folder), beside(folder, "old")
    if afresh:
        shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True, exist_ok=True)
    yield aside
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Removes what processes that were killed left of a whole result, unless somebody works at it,
    who then holds its lock."""
    file = beside(folder, "lock")
    if not (file.exists() or _left(folder)):
        return
    lock = FileLock(file)
    with suppress(Timeout, OSError):  # at work, or not ours to write
        lock.acquire(timeout=0)
        with _held(lock, file):
            for left in _left(folder):
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)


def _left(folder: Path) -> list[Path]:
    known = (beside(folder), beside(folder, "old"), folder / JOURNAL)
    return [*(path for path in known if path.exists()), *folder.glob(".*.part")]


def is_full(error: OSError) -> bool:
    """Whether there is no room left."""
    return error.errno in _FULL


def unwritable(error: OSError, path: Path, kept: str = "") -> ResultsError:
    """The error to raise if something could not be written.

    Args:
        error: what the system says.
        path: what could not be written.
        kept: a sentence on what is kept of it.
    """
    if is_full(error):
        hint = "Free some space and run the same command again."
        return ResultsError(" ".join(filter(None, ("The disk is full.", kept, hint))))
    reason = error.strerror or str(error)
    return ResultsError(f"{path} cannot be written: {reason}. Choose another place with --out.")


def has_views(folder: Path, figures: FigureChoice = "main") -> bool:
    """Whether a result has its page, which is written last, and these figures or more."""
    needed = FIGURE_CHOICES.index(figures)
    return (folder / REPORT).is_file() and FIGURE_CHOICES.index(drawn_figures(folder)) >= needed


def drawn_figures(folder: Path) -> FigureChoice:
    """Which figures a result has."""
    if not (folder / FIGURES).is_dir():
        return "none"
    return "main" if (folder / FIGURES / ONLY_MAIN).exists() else "all"


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
        is_hidden = any(part.startswith(".") for part in path.parts)
        if file.is_file() and not is_hidden and path.parts[0] not in _NOT_NOTED:
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
        if missing := incomplete(folder, {path: note}):
            return missing
        if note.get("sha256") not in (None, _sha256(folder / path)):
            return f"{path} is not as it was written."
    return ""
