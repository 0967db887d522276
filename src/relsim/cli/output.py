"""What the command line writes to: streams of any encoding, that may be closed."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import typer

from relsim.errors import RelsimWarning

# What tables and sentences use beyond ASCII; a lost minus would be another number. Letters lose
# their marks, and whatever else names of users hold is written as an escape.
_PLAIN = {"−": "-", "–": "-", "—": "-", "•": "*", "×": "x", "≥": ">=", "≤": "<=", "→": "->"}
_PLAIN |= {"±": "+/-", "’": "'", "‘": "'", "“": '"', "”": '"', "√": "sqrt ", "…": "..."}


def _in_plain(error: UnicodeError) -> tuple[str, int]:
    """Writes what an encoding lacks in ASCII; an error handler of codecs."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(map(_ascii, lacking)), error.end


def _ascii(character: str) -> str:
    plain = _PLAIN.get(character, "")
    if unicodedata.category(character).startswith("L"):
        plain = "".join(one for one in unicodedata.normalize("NFKD", character) if one.isascii())
    return plain or character.encode("ascii", "backslashreplace").decode("ascii")


def accept_any_text() -> None:
    """Lets standard output and error take every text, whatever their encoding."""
    codecs.register_error("relsim.plain", _in_plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="relsim.plain")


@contextmanager
def showing_warnings() -> Iterator[None]:
    """Shows relsim's own warnings as lines, as the other warnings of commands."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", RelsimWarning)
        others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: object) -> None:
            if issubclass(category, RelsimWarning):
                typer.secho(f"warning: {message}", err=True, fg=typer.colors.YELLOW)
            else:
                others(message, category, *place)  # type: ignore[arg-type]

        warnings.showwarning = show  # type: ignore[assignment]
        yield


def leave_output() -> None:
    """What is still to be written to standard output goes nowhere: it is closed, or full."""
    with suppress(OSError, AttributeError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
