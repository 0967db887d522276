"""A results folder is whole or absent: written aside, then moved into place."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relsim.errors import ResultsError

MANIFEST = "manifest.json"  # written last: a folder with one is whole


def is_finished(folder: Path, last: str = MANIFEST) -> bool:
    """Whether a whole result is there: the file that is written last."""
    return (folder / last).is_file()


@contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """A place to write, which becomes ``folder`` when all went well and vanishes otherwise.

    A result that was there is replaced only then. Two processes may write the same result at
    once; each writes its own, and the last to finish stays.

    Raises:
        ResultsError: the place cannot be written.
    """
    aside = folder.parent / f".{folder.name}.part-{os.getpid()}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        aside.mkdir()
    except OSError as error:
        hint = "Choose another place with --out."
        raise ResultsError(
            f"{folder.parent} cannot be written: {error.strerror}. {hint}"
        ) from error
    try:
        yield aside
        _move_into_place(aside, folder)
    except OSError as error:
        raise ResultsError(f"{folder} could not be written: {error}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _move_into_place(aside: Path, folder: Path) -> None:
    old = folder.parent / f".{folder.name}.old-{os.getpid()}"
    if folder.exists():
        folder.rename(old)
    aside.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _remove_abandoned(folder: Path) -> None:
    """Removes what a process left that was killed while it wrote this result."""
    for left in folder.parent.glob(f".{folder.name}.*-*"):
        process = left.name.rpartition("-")[2]
        if process.isdigit() and not _alive(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
