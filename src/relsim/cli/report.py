"""relsim report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def report(
    places: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="Results, or folders of scenarios in results (their newest).",
            show_default=False,
        ),
    ],
) -> None:
    """Draw the figures and the page of results again."""
    from relsim.figures.save import Painter
    from relsim.results.contents import REPORT
    from relsim.results.places import result_at
    from relsim.results.result import compared_with
    from relsim.results.views import missing_comparisons, write_views
    from relsim.terminal.progress import watching

    results = [result_at(place) for place in places]
    with Painter() as painter:
        for result in results:
            with watching(Console(), 0) as watcher:
                write_views(result, painter, watcher)
            for note in missing_comparisons(compared_with(result)):
                typer.secho(f"warning: {result.folder}: {note}", err=True, fg=typer.colors.YELLOW)
            typer.echo(f"Report: {result.folder / REPORT}")
