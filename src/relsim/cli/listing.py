"""relsim list."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from relsim.cli.inputs import Out


def list_(
    out: Out = Path("results"),
) -> None:
    """List the results that are there: what was asked, how claims were judged, their size."""
    from relsim.results.listing import list_results, list_studies
    from relsim.terminal.listing import listing_lines, results_table, studies_table

    results, studies = list_results(out), list_studies(out)
    console = Console()
    if results:
        console.print(results_table(results))
    if studies:
        console.print(studies_table(studies))
    for line in listing_lines(results, studies, out):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
