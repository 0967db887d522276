"""Progress while a run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


@contextmanager
def reading(console: Console) -> Iterator[Callable[[int, int], None]]:
    """A progress bar of bytes that goes away when done: called with the bytes read and all."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Reading", visible=False)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=True)
