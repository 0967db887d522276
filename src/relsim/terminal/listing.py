"""A folder of results as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from relsim.results.listing import Listed, ListedStudy


def results_table(results: Sequence[Listed]) -> Table:
    """Each result: what was asked, how its claims were judged, when it was written, its size."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("scenario, id", overflow="fold", min_width=17)
    for name in ("runs", "seed", "until"):
        table.add_column(name, justify="right", vertical="bottom", no_wrap=True)
    table.add_column("claims", vertical="bottom")
    table.add_column("written", vertical="bottom", no_wrap=True)
    table.add_column("size", justify="right", vertical="bottom", no_wrap=True)
    headings = _headings(results)
    last = ""
    for one, heading in zip(results, headings, strict=True):
        name = f"  {one.folder.name}"
        table.add_row(Text(name if heading == last else f"{heading}\n{name}"), *_cells(one))
        last = heading
    return table


def _headings(results: Sequence[Listed]) -> list[str]:
    """Of each result its folder, with the name of its scenario where the folder has several."""
    named = {(one.folder.parent.name, one.scenario) for one in results if not one.problem}
    several = Counter(slug for slug, _ in named)
    return [
        f"{slug}: {one.scenario}" if several[slug] > 1 and not one.problem else slug
        for one, slug in ((one, one.folder.parent.name) for one in results)
    ]


def studies_table(studies: Sequence[ListedStudy]) -> Table:
    """Each family, experiment and hindcast: what it is, when it was written, its size."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("kind", no_wrap=True)
    table.add_column("name, id", overflow="fold", min_width=14)
    table.add_column("what", overflow="fold")
    table.add_column("written", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for one in studies:
        place = Text(f"{one.folder.parent.name}\n  {one.folder.name}")
        what = Text("unreadable", style="red") if one.problem else Text(one.about)
        star = Text("" if one.current else "*", style="yellow")
        written = Text(f"{one.written:%Y-%m-%d}") + star
        table.add_row(one.kind, place, what, written, decimal(one.size))
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


def listing_lines(
    results: Sequence[Listed], studies: Sequence[ListedStudy], out: Path
) -> list[str]:
    """What the tables mean, and what to do where there is nothing to show."""
    if not (results or studies):
        return [f"{out} holds no results yet. Simulate first: relsim run FILE."]
    lines = []
    if results:
        lines.append(
            "Claims: + supported, − contradicted, ? not distinguishable, · not judged. "
            f"A result is in {out / 'SCENARIO' / 'ID'}; compare takes {out / 'SCENARIO'} as well."
        )
    shown: list[Listed | ListedStudy] = [*results, *studies]
    if any(not one.current and not one.problem for one in shown):
        lines.append("* Simulated by another version, so not compared with results of this one.")
    return [*lines, *(one.problem for one in shown if one.problem)]
