"""relsim hindcast."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from relsim.cli.inputs import MOST_RUNS, Out, checked_scenarios, refuse, whole
from relsim.cli.output import say, watching

if TYPE_CHECKING:
    from pandas import DataFrame

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
    forecasting = {
        "--origins": origins,
        "--horizons": horizons,
        "--hold-out": hold_out,
        "--linear": not simulate,
    }
    console, laid_beside = Console(quiet=quiet), None
    if scenario is None:
        refuse({"--runs": runs, "--seed": seed}, "only with --scenario, for its ensemble")
    else:
        refuse(
            {**forecasting, "--save-params": save_params},
            "not with --scenario, which is not fitted",
        )
        (laid_beside,) = checked_scenarios([scenario], [], False, quiet=quiet)
    from relsim.hindcast.evaluate import HORIZONS
    from relsim.results.hindcast import run_beside, run_hindcast, save_parameters
    from relsim.results.manifest import command_text

    options = {name.removeprefix("--"): value for name, value in forecasting.items()}
    command = command_text(
        "hindcast", observed=observed, scenario=scenario, runs=runs, seed=seed, **options
    )
    common: dict[str, Any] = {"out": out, "force": force, "command": command}
    if laid_beside is not None:
        with watching(console, runs or laid_beside.ensemble.runs) as watcher:
            result = run_beside(
                observed, laid_beside, runs=runs, seed=seed, watcher=watcher, **common
            )
        table = beside_table(result.skill)
    else:
        with watching(console, 0) as watcher:
            result = run_hindcast(
                observed,
                origins=origins,
                horizons=horizons or HORIZONS,
                hold_out=hold_out,
                simulate=simulate,
                watcher=watcher,
                **common,
            )
        table = skill_table(result.skill)
    if save_params is not None:
        save_parameters(result, save_params)
    if quiet:
        typer.echo(str(result.folder))
        return
    console.print(table)
    say(console, [f"• {sentence}" for sentence in result.manifest["sentences"]])
    say(console, [f"warning: {warning}" for warning in result.manifest["warnings"]])
    say(console, [f"Report: {result.folder / 'report.html'}"])


def skill_table(skill: DataFrame) -> Table:
    """A row for each horizon and forecaster: CRPS, ratio to the best baseline, coverage."""
    table = Table("years", "forecaster", "n", "CRPS", "times best baseline", "80 % bands hold")
    for column in table.columns[2:]:
        column.justify = "right"
    for _, row in skill.iterrows():
        table.add_row(
            str(row["horizon"]),
            str(row["forecaster"]),
            f"{row['n']:,.0f}",
            f"{row['crps']:.4f}",
            "1 (best baseline)" if row["best"] else _ratio(row),
            f"{row['cover80']:.1%}",
        )
    return table


def beside_table(skill: DataFrame) -> Table:
    """A row for each forecaster: CRPS, the scenario's ratio to it, share of values in bands."""
    levels = ("50", "80", "95")
    heads = (f"in {level} %" for level in levels)
    table = Table("", "n", "CRPS", "scenario's, times this", *heads)
    for column in table.columns[1:]:
        column.justify = "right"
    for index, row in skill.iterrows():
        table.add_row(
            str(row["forecaster"]),
            f"{row['n']:,.0f}",
            f"{row['crps']:.4f}",
            "" if index == 0 else _ratio(row),
            *(f"{row[f'cover{level}']:.1%}" for level in levels),
        )
    return table


def _ratio(row: Any) -> str:
    return f"{row['ratio']:.3f} ({row['ratio_low']:.3f}–{row['ratio_high']:.3f})"
