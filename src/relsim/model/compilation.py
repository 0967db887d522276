"""How the model is compiled: one decorator, and a cache that notices edits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compiles a function with numba, cached on disk, releasing the interpreter lock.

    Fast-math stays off: reordered sums would make the Mesa agents and the batch kernel differ
    in the last bit. Division follows IEEE rather than raising.
    """
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inlined(function: F) -> F:
    """As :func:`compiled`, but written out wherever it is called, so that loops vectorise."""
    return cast(F, numba.njit(inline="always", error_model="numpy")(function))


def woven(function: F) -> F:
    """As :func:`compiled`, but the machine code is written into its callers.

    For what is called for single runs with many arrays: passing those by value would cost more
    than the work.
    """
    written_in = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
    return cast(F, written_in(function))


def discard_stale_cache(folder: Path) -> None:
    """Drops compiled code older than the newest source in ``folder``.

    numba looks only at the file of the function it caches, not at the rules that function
    calls from other files, so an edited rule would go on running in its old form.
    """
    newest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    for index in (folder / "__pycache__").glob("*.nbi"):
        with suppress(OSError):
            if index.stat().st_mtime < newest:
                index.unlink()


discard_stale_cache(Path(__file__).parent)
