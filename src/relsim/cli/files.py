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
    SwitchedOff,
    SwitchedOn,
    all_settings,
    checked_scenarios,
)
from relsim.cli.whole_numbers import whole


def validate(
    files: Files,
    settings: Settings = None,
    on: SwitchedOn = None,
    off: SwitchedOff = None,
    extends_anywhere: Anywhere = False,
) -> None:
    """Check scenarios: every problem with its line, column and a suggestion."""
    from relsim.analysis.interests import explained
    from relsim.scenario.interests import interests_in_words

    scenarios = checked_scenarios(files, all_settings(settings, on, off), extends_anywhere)
    for file, scenario in zip(files, scenarios, strict=True):
        typer.echo(
            f"{file}: valid. {len(scenario.states)} states, {len(scenario.ties)} ties, "
            f"{len(scenario.events)} events, {scenario.time.steps} steps."
        )
        for sentence in (interests_in_words(scenario), *explained(scenario).sentences):
            typer.echo(f"  {sentence}")


def diff(
    first: Annotated[Path, typer.Argument(help="A scenario file or a result.")],
    second: Annotated[Path, typer.Argument(help="Another.")],
    extends_anywhere: Anywhere = False,
) -> None:
    """Show what differs in the inputs of two scenarios, inheritance applied."""
    from relsim.results.places import result_at, scenario_files

    places = [first, second]
    files = scenario_files(places)
    known = dict(
        zip(files, checked_scenarios(files, [], extends_anywhere, quiet=True), strict=True)
    )
    before, after = (known.get(place) or result_at(place).scenario for place in places)

    from relsim.scenario.diff import diff as differences_of
    from relsim.scenario.diff import events_reordered
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
    experiment: Annotated[
        bool, typer.Option("--experiment", help="Of experiment files instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    if experiment:
        from relsim.experiments.experiment import schema_text
    else:
        from relsim.scenario.json_schema import schema_text

    if write is None:
        typer.echo(schema_text(), nl=False)
    else:
        write.write_text(schema_text(), encoding="utf-8")


def new(
    file: Annotated[Path, typer.Argument(help="Where to write the scenario.")] = Path(
        "scenario.yaml"
    ),
    world: Annotated[
        int | None,
        typer.Option(
            parser=whole(3, 300), metavar="N", help="A made-up world of so many states instead."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(parser=whole(0), metavar="N", help="Which of the made-up worlds.")
    ] = None,
) -> None:
    """Write a scenario to start from: a commented starter, or a made-up world."""
    text = _new_text(world, seed)
    if file.exists():
        fail(f"{file} exists already. Choose another name.", EXIT_RESULTS)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.", EXIT_RESULTS)
    typer.echo(f"Wrote {file}. Edit it, then: relsim run {file}")


def _new_text(world: int | None, seed: int | None) -> str:
    """What `new` writes."""
    from relsim.scenario.shipped import starter_text
    from relsim.scenario.world import world_text

    if world is not None:
        return world_text(world, seed or 0)
    if seed is not None:
        raise typer.BadParameter("only with --world", param_hint="--seed")
    return starter_text()
