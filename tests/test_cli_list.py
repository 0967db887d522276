"""The table of results fits a terminal of 80 columns."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.table import Table

from relsim.cli.results import listing_lines, results_table, studies_table
from relsim.results.listing import Listed, ListedStudy

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
    said = "\n".join(listing_lines(results, [], OUT))
    assert "* Simulated by another version" in said
    assert "broken/0a cannot be read." in said
    assert "Simulated by" not in "\n".join(listing_lines(results[:1], [], OUT))


def shown(table: Table) -> list[str]:
    console = Console(width=80, record=True, file=StringIO())
    console.print(table)
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_scenarios_of_one_folder_are_told_apart_by_name() -> None:
    one, other = listed("base", "0a"), replace(listed("base", "0b"), scenario="y")
    lines = shown(results_table([one, replace(one, folder=OUT / "base" / "0c"), other]))
    places = [line.split("  1,000")[0].strip() for line in lines if "base" in line or " 0" in line]
    assert places == ["base: x", "0a", "0c", "base: y", "0b"]


def test_families_experiments_and_hindcasts_have_a_table_of_their_own() -> None:
    studies = [
        ListedStudy("family", OUT / "family-[b]x" / "0a", WRITTEN, 2_000_000, "2 scenarios: a, b"),
        ListedStudy("experiment", OUT / "e" / "0b", WRITTEN, 1, "Odd [name]: sweep", current=False),
        ListedStudy("hindcast", OUT / "h" / "0c", WRITTEN, 1, problem="h/0c is not that."),
    ]
    lines = shown(studies_table(studies))
    rows = [line for line in lines if "2025-03-01" in line]
    assert [row.split()[0] for row in rows] == ["family", "experiment", "hindcast"]
    assert "family-[b]x" in rows[0]
    assert "2 scenarios: a, b" in rows[0]
    assert "Odd [name]: sweep" in rows[1]
    assert "2025-03-01*" in rows[1]
    assert "unreadable" in rows[2]
    said = "\n".join(listing_lines([], studies, OUT))
    assert "h/0c is not that." in said
    assert "* Simulated by another version" in said
    assert "no results yet" in "\n".join(listing_lines([], [], OUT))


def test_results_until_clear_are_marked() -> None:
    plain = listed("base", "0a")
    settled = replace(listed("base", "0b"), until_clear=True)
    rows = [line.split() for line in shown(results_table([plain, settled])) if "34.3" in line]
    assert [row[1] for row in rows] == ["1,000", "1,000†"]
    assert "--until-clear" in "\n".join(listing_lines([plain, settled], [], OUT))
    assert "--until-clear" not in "\n".join(listing_lines([plain], [], OUT))
