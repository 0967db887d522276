"""What commands print: lines, warnings, progress; streams may have any encoding, or be closed."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

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
        plain = "".join(part for part in unicodedata.normalize("NFKD", character) if part.isascii())
    return plain or character.encode("ascii", "backslashreplace").decode("ascii")


def say(console: Console, lines: Iterable[str]) -> None:
    """Prints lines as they are: not wrapped, nor coloured, whatever they hold."""
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def warn(text: object) -> None:
    """Prints a warning on the error stream."""
    typer.secho(f"warning: {text}", err=True, fg=typer.colors.YELLOW)


def accept_any_text() -> None:
    """Lets standard output and error take every text, whatever their encoding."""
    codecs.register_error("relsim.plain", _in_plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="relsim.plain")


@contextmanager
def showing_warnings() -> Iterator[None]:
    """Shows relsim's own warnings as lines, like the other warnings of commands."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", RelsimWarning)
        others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: object) -> None:
            if issubclass(category, RelsimWarning):
                warn(message)
            else:
                others(message, category, *where)  # type: ignore[arg-type]

        warnings.showwarning = show  # type: ignore[assignment]
        yield


def leave_output() -> None:
    """Sends the rest of standard output nowhere, because it is closed or full."""
    with suppress(OSError, AttributeError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


class ProgressBar:
    """A watcher that shows phases and a bar of runs."""

    def __init__(self, progress: Progress, runs: int) -> None:
        self.progress = progress
        self.task = progress.add_task("", total=runs, visible=False)

    def phase(self, text: str) -> None:
        """Names the phase; the bar shows from the first one on, or a line without a terminal."""
        self.progress.update(self.task, description=text, visible=True)
        if not self.progress.console.is_terminal:
            self.progress.console.print(f"{text} …", highlight=False)

    def expects(self, runs: int) -> None:
        """Sets the length of the bar."""
        self.progress.update(self.task, total=runs)

    def runs_done(self, runs: int) -> None:
        """Moves the bar."""
        self.progress.advance(self.task, runs)


@contextmanager
def watching(console: Console, runs: int) -> Iterator[ProgressBar]:
    """A progress bar of runs that goes away when done."""
    with _progress(console, MofNCompleteColumn()) as progress:
        yield ProgressBar(progress, runs)


@contextmanager
def reading(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A progress bar of bytes that goes away when done: called with the bytes read and all."""
    with _progress(console, DownloadColumn()) as progress:
        task = progress.add_task("Reading", visible=False)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=True)


def _progress(console: Console, done: MofNCompleteColumn | DownloadColumn) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        done,
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True)
