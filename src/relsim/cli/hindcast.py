"""relsim hindcast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from relsim.cli.inputs import Out

HoldOut = Literal["pairs", "states"]


def hindcast(
    observed: Annotated[
        Path,
        typer.Option(
            "--observed",
            metavar="FILE",
            help="CSV of observations: dyad,period,value[,events]; relsim observe makes one.",
            show_default=False,
        ),
    ],
    origins: Annotated[
        list[int] | None,
        typer.Option(metavar="YEAR", help="Forecast from these years; else from all possible."),
    ] = None,
    horizons: Annotated[
        list[int] | None, typer.Option(min=1, metavar="YEARS", help="So far ahead; else 1, 3, 5.")
    ] = None,
    hold_out: Annotated[
        HoldOut | None,
        typer.Option(help="Leave out pairs, or whole states, in turn, as if never seen."),
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option(
            "--simulate/--linear", help="Score the simulation too, or its linear model alone."
        ),
    ] = True,
    save_params: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the fitted numbers, as JSON.")
    ] = None,
    out: Out = Path("results"),
    force: Annotated[bool, typer.Option(help="Repeat a finished hindcast.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the folder.")] = False,
) -> None:
    """Score forecasts on measured series: what would have been said of years that have happened."""
    from relsim.hindcast.evaluate import HORIZONS
    from relsim.results.hindcast import run_hindcast, save_parameters
    from relsim.terminal.progress import watching
    from relsim.terminal.skill import skill_table

    console = Console(quiet=quiet)
    name = observed.name if observed.is_absolute() else observed.as_posix()
    asked = [f"--origins {year}" for year in origins or []]
    asked += [f"--horizons {years}" for years in horizons or []]
    asked += [] if simulate else ["--linear"]
    asked += [] if hold_out is None else [f"--hold-out {hold_out}"]
    with watching(console, 0) as watcher:
        result = run_hindcast(
            observed,
            origins=origins,
            horizons=horizons or HORIZONS,
            hold_out=hold_out,
            simulate=simulate,
            out=out,
            force=force,
            command=" ".join(["relsim hindcast --observed", name, *asked]),
            watcher=watcher,
        )
    if save_params is not None:
        save_parameters(result, save_params)
    if quiet:
        typer.echo(str(result.folder))
        return
    console.print(skill_table(result.skill))
    lines = [f"• {sentence}" for sentence in result.manifest["sentences"]]
    lines += [f"warning: {warning}" for warning in result.manifest["warnings"]]
    for line in [*lines, f"Report: {result.folder / 'report.html'}"]:
        console.print(line, soft_wrap=True, highlight=False, markup=False)
