"""The application that commands register with, and its exit codes."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from relsim import __version__

EXIT_CONTRADICTED = 1  # with --check, a claim is contradicted
EXIT_PROBLEMS = 2  # the input is wrong
EXIT_RESULTS = 3  # the results folder cannot be used

app = typer.Typer(
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
    typer.secho(text, err=True, fg=typer.colors.RED)
    raise typer.Exit(code)
