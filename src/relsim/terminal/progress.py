"""Progress while a run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


class ProgressBar:
    """A watcher that shows phases and a bar of runs."""

    def __init__(self, progress: Progress, runs: int) -> None:
        self.progress = progress
        self.task: TaskID = progress.add_task("", total=runs, visible=False)

    def phase(self, text: str) -> None:
        """Names the phase; the bar shows from the first one on, or a line where there is none."""
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
    """A progress bar that goes away when done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield ProgressBar(progress, runs)


class ReadingBar:
    """A watcher that shows how many bytes of files are read."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task: TaskID = progress.add_task("", visible=False)

    def begins(self, text: str, total: int) -> None:
        """Shows a bar of so many bytes."""
        self.progress.update(self.task, description=text, total=total, visible=True)

    def at_byte(self, number: int) -> None:
        """Moves the bar."""
        self.progress.update(self.task, completed=number)


@contextmanager
def reading(console: Console) -> Iterator[ReadingBar]:
    """A progress bar of bytes that goes away when done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield ReadingBar(progress)
