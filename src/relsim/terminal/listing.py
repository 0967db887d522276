"""A folder of results as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from relsim.results.listing import Listed


def results_table(results: Sequence[Listed]) -> Table:
    """Each result: what was asked, how its claims were judged, when it was written, its size."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("scenario, id", overflow="fold", min_width=17)
    for name in ("runs", "seed", "until"):
        table.add_column(name, justify="right", vertical="bottom", no_wrap=True)
    table.add_column("claims", vertical="bottom")
    table.add_column("written", vertical="bottom", no_wrap=True)
    table.add_column("size", justify="right", vertical="bottom", no_wrap=True)
    last = ""
    for one in results:
        slug, name = one.folder.parent.name, f"  {one.folder.name}"
        table.add_row(Text(name if slug == last else f"{slug}\n{name}"), *_cells(one))
        last = slug
    return table


def _cells(one: Listed) -> tuple[Text | str, ...]:
    written, size = f"{one.written:%Y-%m-%d}", decimal(one.size)
    if one.problem:
        return "–", "–", "–", Text("unreadable", style="red"), written, size
    version = Text("" if one.current else "*", style="yellow")
    return f"{one.runs:,}", str(one.seed), one.end, _claims(one), Text(written) + version, size


def _claims(one: Listed) -> str:
    """How many claims have each verdict, by sign: + supported, − contradicted, ? undecided."""
    signs = {"+": "supported", "−": "contradicted", "?": "not distinguishable", "·": "not judged"}
    counts = [
        f"{one.verdicts[word]} {sign}" for sign, word in signs.items() if word in one.verdicts
    ]
    return "  ".join(counts) or "–"


def listing_lines(results: Sequence[Listed], out: Path) -> list[str]:
    """What the table means, and what to do where there is nothing to show."""
    if not results:
        return [f"{out} holds no results yet. Simulate first: relsim run FILE."]
    lines = [
        "Claims: + supported, − contradicted, ? not distinguishable, · not judged. "
        f"A result is in {out / 'SCENARIO' / 'ID'}; compare takes {out / 'SCENARIO'} as well."
    ]
    if any(not one.current and not one.problem for one in results):
        lines.append("* Simulated by another version, so not compared with results of this one.")
    return [*lines, *(one.problem for one in results if one.problem)]
