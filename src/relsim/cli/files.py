"""Commands on scenario files: validate, diff, schema, new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from relsim.cli.application import EXIT_RESULTS, fail
from relsim.cli.inputs import (
    Anywhere,
    Files,
    Settings,
    SwitchedOff,
    SwitchedOn,
    all_settings,
    checked_scenarios,
    refuse,
    whole,
)
from relsim.cli.output import say

if TYPE_CHECKING:
    from relsim.scenario.diff import Difference, Kind, Taken

SIGNS: dict[Kind, str] = {"added": "+", "removed": "-", "changed": "~"}
STYLES: dict[Kind, str] = {"added": "green", "removed": "red", "changed": "yellow"}
_TAKEN: dict[Taken, str] = {
    "changed": "(changed)",
    "recoded": "(recoded)",
    "read otherwise": "(the opening is read otherwise, the same is in force)",
}
_MEANINGS: dict[Taken, str] = {
    "changed": "Changed interests move relations.",
    "recoded": "Recoded ones only read the opening differently: nothing moves at rest, and --set "
    "needs them in recoded=[...] too.",
}


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
    from relsim.results.result import open_result
    from relsim.scenario.diff import diff as differences_of
    from relsim.scenario.diff import events_reordered

    paths = [first, second]
    files = list(dict.fromkeys(path for path in paths if not path.is_dir()))
    scenarios = checked_scenarios(files, [], extends_anywhere, quiet=True)
    by_file = dict(zip(files, scenarios, strict=True))
    before, after = (by_file.get(path) or open_result(path).scenario for path in paths)
    differences = differences_of(before, after)
    console = Console()
    if differences:
        console.print(differences_table(differences))
    say(console, [closing_line(differences, reordered=events_reordered(before, after))])


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
    from relsim.scenario.shipped import starter_text
    from relsim.scenario.world import world_text

    if world is None:
        refuse({"--seed": seed}, "only with --world")
    text = starter_text() if world is None else world_text(world, seed or 0)
    if file.exists():
        fail(f"{file} exists already. Choose another name.", EXIT_RESULTS)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.", EXIT_RESULTS)
    typer.echo(f"Wrote {file}. Edit it, then: relsim run {file}")


def differences_table(differences: Sequence[Difference]) -> Table:
    """Paths and values, numbers first, then words, claims last."""
    sections = {
        "": [each for each in differences if not each.is_words and not each.is_claim],
        "Words, which move no number": [
            each for each in differences if each.is_words and not each.is_claim
        ],
        "Claims": [each for each in differences if each.is_claim],
    }
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=44)
    table.add_column(overflow="fold")
    for title, section in sections.items():
        if section and title:
            table.add_row("", Text(title, style="bold"))
        for difference in section:
            sign = Text(SIGNS[difference.kind], style=STYLES[difference.kind])
            table.add_row(sign, Text(difference.path), Text(_values(difference)))
    return table


def _values(difference: Difference) -> str:
    from relsim.scenario.text import flow_text

    sides = (difference.before, difference.after)
    values = " → ".join(flow_text(value) for value in sides if value is not None)
    return values if difference.taken is None else f"{values}  {_TAKEN[difference.taken]}"


def closing_line(differences: Sequence[Difference], *, reordered: bool) -> str:
    """How many differences there are, and what they mean."""
    if not differences and not reordered:
        return "The two ask the same: no input differs."
    counts = {kind: sum(each.kind == kind for each in differences) for kind in SIGNS}
    text = ", ".join(f"{count} {kind} ({SIGNS[kind]})" for kind, count in counts.items() if count)
    interests = {each.taken for each in differences}
    sentences = [f"{text}.", "--set takes each path; null removes."] if differences else []
    if reordered:
        sentences.append("Events stand in another order, in which their effects apply.")
    return " ".join([*sentences, *(_MEANINGS[taken] for taken in _MEANINGS if taken in interests)])
