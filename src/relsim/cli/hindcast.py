"""relsim hindcast."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from relsim.cli.inputs import Out, checked_scenarios
from relsim.cli.whole_numbers import MOST_RUNS, whole

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from relsim.results.scored import HindcastResult

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
    scenario: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Compare this scenario's own runs with the series, instead of fitting forecasts.",
        ),
    ] = None,
    origins: Annotated[
        list[int] | None,
        typer.Option(
            parser=whole(0, 9999),
            metavar="YEAR",
            help="Forecast from this year; repeat for more. By default at most 12 of all possible.",
        ),
    ] = None,
    horizons: Annotated[
        list[int] | None,
        typer.Option(
            parser=whole(),
            metavar="YEARS",
            help="Years ahead; repeat for more. By default 1, 3, 5.",
        ),
    ] = None,
    hold_out: Annotated[
        HoldOut | None,
        typer.Option(help="Leave out pairs, or whole states, in turn, as if never seen."),
    ] = None,
    simulate: Annotated[
        bool,
        typer.Option(
            "--simulate/--linear", help="Score the simulation too, or only its linear model."
        ),
    ] = True,
    save_params: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the fitted numbers, as JSON.")
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(
            parser=whole(high=MOST_RUNS), metavar="N", help="Number of runs of the scenario."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(parser=whole(0), metavar="N", help="Seed of the scenario's ensemble."),
    ] = None,
    out: Out = Path("results"),
    force: Annotated[bool, typer.Option(help="Repeat a finished hindcast.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the folder.")] = False,
) -> None:
    """Score forecasts of past years on a measured series, each made with what was known then."""
    console = Console(quiet=quiet)
    if scenario is not None:
        forecasting = {
            "--origins": origins,
            "--horizons": horizons,
            "--hold-out": hold_out,
            "--linear": not simulate,
            "--save-params": save_params,
        }
        _refuse(forecasting, "not with --scenario, which is not fitted")
        _beside(observed, scenario, runs, seed, out, console, force=force, quiet=quiet)
        return
    _refuse({"--runs": runs, "--seed": seed}, "only with --scenario, for its ensemble")
    from relsim.hindcast.evaluate import HORIZONS
    from relsim.results.command import command_line, without_folders
    from relsim.results.hindcast import run_hindcast, save_parameters
    from relsim.terminal.progress import watching

    words: list[object] = ["hindcast", "--observed", without_folders(observed)]
    words += [part for year in origins or [] for part in ("--origins", year)]
    words += [part for years in horizons or [] for part in ("--horizons", years)]
    words += [] if simulate else ["--linear"]
    words += [] if hold_out is None else ["--hold-out", hold_out]
    with watching(console, 0) as watcher:
        result = run_hindcast(
            observed,
            origins=origins,
            horizons=horizons or HORIZONS,
            hold_out=hold_out,
            simulate=simulate,
            out=out,
            force=force,
            command=command_line(*words),
            watcher=watcher,
        )
    if save_params is not None:
        save_parameters(result, save_params)
    _report(result, _skill_table(result.skill), console, quiet=quiet)


def _refuse(options: Mapping[str, object], why: str) -> None:
    """Refuses options that have no meaning here."""
    for option, value in options.items():
        if value is not None and value is not False:
            raise typer.BadParameter(why, param_hint=option)


def _beside(
    observed: Path,
    file: Path,
    runs: int | None,
    seed: int | None,
    out: Path,
    console: Console,
    *,
    force: bool,
    quiet: bool,
) -> None:
    (scenario,) = checked_scenarios([file], [], False, quiet=quiet)

    from relsim.results.beside import run_beside
    from relsim.results.command import command_line, without_folders
    from relsim.terminal.progress import watching

    words: list[object] = ["hindcast", "--observed", without_folders(observed)]
    words += ["--scenario", without_folders(file)]
    words += [] if runs is None else ["--runs", runs]
    words += [] if seed is None else ["--seed", seed]
    with watching(console, runs or scenario.ensemble.runs) as watcher:
        result = run_beside(
            observed,
            scenario,
            runs=runs,
            seed=seed,
            out=out,
            force=force,
            command=command_line(*words),
            watcher=watcher,
        )
    _report(result, _beside_table(result.skill), console, quiet=quiet)


def _skill_table(skill: pd.DataFrame) -> Table:
    """A row for each horizon and forecaster: CRPS, ratio to the best baseline, coverage."""
    titles = ["years", "forecaster", "n", "CRPS", "times best baseline", "80 % bands hold"]
    rows = [
        [
            str(row["horizon"]),
            str(row["forecaster"]),
            f"{row['n']:,.0f}",
            f"{row['crps']:.4f}",
            "1 (best baseline)" if row["best"] else _ratio(row),
            f"{row['cover80']:.1%}",
        ]
        for row in skill.to_dict("records")
    ]
    return _table(titles, rows)


def _beside_table(skill: pd.DataFrame) -> Table:
    """A row for each forecaster: CRPS, the scenario's ratio to it, coverage."""
    levels = ("50", "80", "95")
    titles = ["", "n", "CRPS", "scenario's, times this", *(f"in {level} %" for level in levels)]
    rows = [
        [
            str(row["forecaster"]),
            f"{row['n']:,.0f}",
            f"{row['crps']:.4f}",
            _ratio(row) if index else "",
            *(f"{row[f'cover{level}']:.1%}" for level in levels),
        ]
        for index, row in enumerate(skill.to_dict("records"))
    ]
    return _table(titles, rows)


def _ratio(row: Mapping[Hashable, Any]) -> str:
    return f"{row['ratio']:.3f} ({row['ratio_low']:.3f}–{row['ratio_high']:.3f})"


def _table(titles: list[str], rows: list[list[str]]) -> Table:
    """A table with numbers on the right."""
    from rich.table import Table

    table = Table(*titles)
    for column in table.columns[titles.index("n") :]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    return table


def _report(result: HindcastResult, table: Table, console: Console, *, quiet: bool) -> None:
    """Prints scores, sentences and warnings; or only the folder."""
    if quiet:
        typer.echo(str(result.folder))
        return
    console.print(table)
    lines = [f"• {sentence}" for sentence in result.manifest["sentences"]]
    lines += [f"warning: {warning}" for warning in result.manifest["warnings"]]
    for line in [*lines, f"Report: {result.folder / 'report.html'}"]:
        console.print(line, soft_wrap=True, highlight=False, markup=False)
