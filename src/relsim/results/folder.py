"""A results folder is whole or absent: written aside, then moved into place.

What is written aside outlives its process, so that the next one can go on from there. Whoever
writes holds a lock, which the system gives back when a process ends, however it ends. So what
lies about while nobody holds the lock is of the dead, and goes once the result is whole.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from relsim.errors import ResultsError

MANIFEST = "manifest.json"  # written last: a folder with one is whole
BEGINS_AFRESH = "With --force the same command begins afresh; what was there is as it was."

_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_finished(folder: Path, last: str = MANIFEST) -> bool:
    """Whether a whole result is there: the file that is written last.

    Raises:
        OSError: no folder can have this name.
    """
    _refuse_nul(folder)
    return (folder / last).is_file()


def _refuse_nul(folder: Path) -> None:
    """Python raises a ValueError for such a name, or finds nothing there."""
    if "\0" in str(folder):
        raise OSError(errno.EINVAL, "no name holds the character NUL", str(folder))


def place_aside(folder: Path) -> Path:
    """Where a result is written until it is whole."""
    return folder.parent / f".{folder.name}.part"


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
            held.enter_context(_locked(_lock_of(folder), waiting))
        yield


def _lock_of(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.lock"


def _old_of(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.old"


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
    """A place to write, which becomes ``folder`` when all went well and stays otherwise.

    A result that was there is replaced only then. To be used under the lock of the folder.

    Args:
        folder: the result.
        afresh: without what was left there unfinished.

    Raises:
        OSError: the place cannot be written.
    """
    aside, old = place_aside(folder), _old_of(folder)
    if afresh:
        shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True, exist_ok=True)
    yield aside
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def remove_left(folder: Path, *inside: str) -> None:
    """Removes what processes that were killed left of a whole result. To be used under its lock.

    Args:
        folder: the result.
        inside: names of files in it that are of use only while it is not whole.
    """
    for left in _left(folder, inside):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def sweep(folder: Path, *inside: str) -> None:
    """The same, unless somebody works at the result, who then holds its lock."""
    file = _lock_of(folder)
    if not (file.exists() or any(_left(folder, inside))):
        return
    lock = FileLock(file)
    with suppress(Timeout, OSError):  # at work, or not ours to write
        lock.acquire(timeout=0)
        with _held(lock, file):
            remove_left(folder, *inside)


def _left(folder: Path, inside: Iterable[str]) -> list[Path]:
    known = (place_aside(folder), _old_of(folder), *(folder / name for name in inside))
    return [*(path for path in known if path.exists()), *folder.glob(".*.part")]


def written_once(
    folder: Path, write: Callable[[Path], None], *, force: bool, waiting: Callable[[], None]
) -> bool:
    """Writes a result unless it is there already; whether it was.

    Args:
        folder: of the result.
        write: writes all of it into a folder, the manifest last.
        force: write it again.
        waiting: called before waiting for another process that writes it.

    Raises:
        KeyboardInterrupt: with a word on what is kept, where the work was interrupted.
        ResultsError: the place cannot be written.
    """
    try:
        with locked([folder], waiting):
            if not force and is_finished(folder):
                remove_left(folder)
                return True
            with written_aside(folder, afresh=True) as aside:
                write(aside)
    except KeyboardInterrupt:
        kept = BEGINS_AFRESH if force else "Nothing is kept; the same command begins afresh."
        raise KeyboardInterrupt(f"Stopped. {kept}") from None
    except OSError as error:
        raise unwritable(error, folder) from error
    return False


def is_full(error: OSError) -> bool:
    """Whether there is no room left."""
    return error.errno in _FULL


def unwritable(error: OSError, place: Path, kept: str = "") -> ResultsError:
    """What to say when something could not be written.

    Args:
        error: what the system says.
        place: where it happened.
        kept: a sentence on what is kept of it.
    """
    if is_full(error):
        said, hint = "The disk is full.", "Free some space and run the same command again."
        return ResultsError(" ".join(filter(None, (said, kept, hint))))
    reason = error.strerror or str(error)
    text = f"{place} cannot be written: {reason}. Choose another place with --out."
    return ResultsError(text)
