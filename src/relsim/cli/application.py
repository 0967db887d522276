"""The application that commands register with, and its exit codes."""

from __future__ import annotations

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

# What to say of a command that is stopped, where its work does not say it better.
_FINISHED_IS_KEPT = "What is finished is kept; the same command goes on from there."
_STOPPED = {
    **dict.fromkeys(("run", "compare", "experiment", "hindcast"), _FINISHED_IS_KEPT),
    "explain": "Nothing is kept; the same command begins afresh.",
    "report": "Figures and pages are whole, old or new; the same command draws them again.",
}


class Interrupted(RelsimError):  # noqa: N818  it is no error
    """Somebody pressed Ctrl-C, or asked for the end otherwise."""


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
    """Says what is wrong and ends with an exit code."""
    typer.secho(printable(text), err=True, fg=typer.colors.RED)
    raise typer.Exit(code)
