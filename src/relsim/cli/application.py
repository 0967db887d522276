"""The application that commands register with, its exit codes, and signals that end a command."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from relsim import __version__
from relsim.errors import RelsimError, printable

EXIT_CONTRADICTED = 1  # with --check, a claim is contradicted
EXIT_DIFFERS = 1  # a result is not what it should be
EXIT_PROBLEMS = 2  # the input is wrong
EXIT_RESULTS = 3  # the results folder cannot be used
EXIT_STOPPED = 130  # Ctrl-C; 143 for SIGTERM, 129 for SIGHUP: 128 and the number, as in shells
EXIT_UNREAD = 141  # nobody reads the output: what SIGPIPE gives others

# What is printed if a command is stopped and its work says nothing more exact.
_FINISHED_IS_KEPT = "What is finished is kept; the same command goes on from there."
_STOPPED = {
    **dict.fromkeys(("run", "compare", "experiment", "hindcast"), _FINISHED_IS_KEPT),
    "explain": "Nothing is kept; the same command begins afresh.",
    "report": "Figures and pages are whole, old or new; the same command draws them again.",
}


_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # Ctrl-C, kill and shutdown, the terminal is closed
# One request to end may come as several signals: timeout, shells and closed terminals send theirs
# to the process and to its group. Another after so many seconds ends the process at once.
ONE_WISH = 1.0


class Interrupted(RelsimError):  # noqa: N818  it is no error
    """The command was stopped, by Ctrl-C or another signal."""


class _Commands(TyperGroup):
    """Commands that say how to go on when they are interrupted; Typer's own end in silence."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            kept = _STOPPED.get(ctx.invoked_subcommand, "")
            raise Interrupted(str(stop) or f"Stopped. {kept}".strip()) from None


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Simulate how relations between states might evolve.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"relsim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Simulate how relations between states might evolve."""


def fail(text: str, code: int) -> NoReturn:
    """Prints what is wrong and ends with an exit code."""
    typer.secho(printable(text), err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


@contextmanager
def wrong_use(option: str) -> Iterator[None]:
    """Turns a refusal of what an option names into wrong use of that option."""
    try:
        yield
    except RelsimError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


class Stopping:
    """The signal that came first, and when.

    Attributes:
        number: of the signal; 0 until one comes.
    """

    def __init__(self) -> None:
        self.number = 0
        self._since = 0.0

    @property
    def code(self) -> int:
        """The exit code: 128 and the number of the signal, as shells have it."""
        return 128 + (self.number or signal.SIGINT)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Interrupts the work; a second request ends the process."""
        if not self.number:
            self.number, self._since = number, time.monotonic()
            warnings.simplefilter("ignore")  # of work that libraries leave half done
            raise KeyboardInterrupt
        if time.monotonic() - self._since > ONE_WISH:
            os._exit(self.code)


@contextmanager
def stopped_by_signals() -> Iterator[Stopping]:
    """Lets signals that end a command interrupt it, except those that are ignored, as by nohup."""
    stopping = Stopping()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, stopping.stop)
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
