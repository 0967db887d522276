"""relsim verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from relsim.cli.application import EXIT_DIFFERS
from relsim.cli.whole_numbers import whole


def verify(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT",
            help="A result, or the folder of a scenario in results (its newest).",
            show_default=False,
        ),
    ],
    every: Annotated[bool, typer.Option("--all", help="Check every run.")] = False,
    chunks: Annotated[
        int | None,
        typer.Option(parser=whole(), metavar="N", help="Check so many chunks of runs; else 4."),
    ] = None,
) -> None:
    """Check that a result is as it was written, and comes out again bit for bit."""
    from relsim.results.places import result_at
    from relsim.results.verify import SAMPLE, chunks_of, spread_evenly
    from relsim.results.verify import verify as check
    from relsim.terminal.progress import watching
    from relsim.terminal.verification import verification_lines

    if every and chunks is not None:
        raise typer.BadParameter("not with --all", param_hint="--chunks")
    result = result_at(place)
    console = Console()
    wanted = None if every else chunks or SAMPLE
    runs = sum(noted.chunk.runs for noted in spread_evenly(chunks_of(result), wanted))
    with watching(console, runs) as watcher:
        watcher.phase(f"Simulating {runs:,} runs again")
        found = check(result, chunks=wanted, progress=watcher.runs_done)
    console.print(verification_lines(found), soft_wrap=True, highlight=False, markup=False)
    if found.difference is not None:
        raise typer.Exit(EXIT_DIFFERS)
