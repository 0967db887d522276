"""The table of results fits a terminal of 80 columns."""

from __future__ import annotations

from datetime import datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from relsim.results.listing import Listed
from relsim.terminal.listing import listing_lines, results_table

OUT = Path("results")
WRITTEN = datetime(2025, 3, 1, 12, 30)
VERDICTS = {"supported": 5, "contradicted": 2}


def listed(slug: str, number: str, *, current: bool = True, problem: str = "") -> Listed:
    folder = OUT / slug / number
    if problem:
        return Listed(folder, WRITTEN, 100, slug, problem=problem)
    return Listed(
        folder, WRITTEN, 34_300_000, "x", 1000, 20200701, "2030-07", VERDICTS, current=current
    )


def test_each_result_is_whole_in_80_columns() -> None:
    results = [
        listed("armenia-recognition", "0123456789ab"),
        listed("armenia-recognition", "ba9876543210", current=False),
        listed("broken", "0a", problem="broken/0a cannot be read."),
    ]
    console = Console(width=80, record=True, file=StringIO())
    console.print(results_table(results))
    lines = console.export_text().splitlines()
    rows = [line.split() for line in lines if "34.3" in line]
    numbers = ["1,000", "20200701", "2030-07", "5", "+", "2", "−"]
    assert rows[0] == ["0123456789ab", *numbers, "2025-03-01", "34.3", "MB"]
    assert rows[1] == ["ba9876543210", *numbers, "2025-03-01*", "34.3", "MB"]
    assert sum("armenia" in line for line in lines) == 1
    assert any("unreadable" in line for line in lines)
    said = "\n".join(listing_lines(results, OUT))
    assert "* Simulated by another version" in said
    assert "broken/0a cannot be read." in said
    assert "Simulated by" not in "\n".join(listing_lines(results[:1], OUT))
