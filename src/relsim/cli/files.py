"""Commands on scenario files: validate, diff, schema, new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from relsim.cli.application import EXIT_RESULTS, fail
from relsim.cli.inputs import (
    Anywhere,
    Files,
    Settings,
    checked_scenarios,
    files_of,
    scenario_of_result,
)


def validate(files: Files, settings: Settings = None, extends_anywhere: Anywhere = False) -> None:
    """Check scenarios: every problem with its line, column and a suggestion."""
    scenarios = checked_scenarios(files, settings or [], extends_anywhere)
    for file, scenario in zip(files, scenarios, strict=True):
        typer.echo(
            f"{file}: valid. {len(scenario.states)} states, {len(scenario.ties)} ties, "
            f"{len(scenario.events)} events, {scenario.time.steps} steps."
        )


def diff(
    first: Annotated[Path, typer.Argument(help="A scenario file or a result.")],
    second: Annotated[Path, typer.Argument(help="Another.")],
    extends_anywhere: Anywhere = False,
) -> None:
    """Show what differs in the inputs of two scenarios, inheritance applied."""
    places = [first, second]
    checked = iter(checked_scenarios(files_of(places), [], extends_anywhere, quiet=True))
    before, after = (
        scenario_of_result(place) if place.is_dir() else next(checked) for place in places
    )

    from relsim.scenario.difference import diff as differences_of
    from relsim.scenario.difference import events_reordered
    from relsim.terminal.differences import closing_line, differences_table

    found = differences_of(before, after)
    console = Console()
    if found:
        console.print(differences_table(found))
    line = closing_line(found, reordered=events_reordered(before, after))
    console.print(line, soft_wrap=True, highlight=False, markup=False)


def schema(
    write: Annotated[
        Path | None, typer.Option(help="Write to this file instead of the terminal.")
    ] = None,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from relsim.scenario.json_schema import schema_text

    if write is None:
        typer.echo(schema_text(), nl=False)
    else:
        write.write_text(schema_text(), encoding="utf-8")


def new(
    file: Annotated[Path, typer.Argument(help="Where to write the scenario.")] = Path(
        "scenario.yaml"
    ),
) -> None:
    """Write a commented starter scenario."""
    from relsim.scenario.starter import starter_text

    if file.exists():
        fail(f"{file} exists already. Choose another name.", EXIT_RESULTS)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(starter_text(), encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.", EXIT_RESULTS)
    typer.echo(f"Wrote {file}. Edit it, then: relsim run {file}")
