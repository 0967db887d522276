"""relsim list."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from relsim.cli.inputs import Out


def list_(
    out: Out = Path("results"),
) -> None:
    """List the results that are there: what was asked, how claims were judged, their size."""
    from relsim.results.listing import list_results
    from relsim.terminal.listing import listing_lines, results_table

    results = list_results(out)
    console = Console()
    if results:
        console.print(results_table(results))
    for line in listing_lines(results, out):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
