"""The figures that docs/statistics.md gives, by the test that measures them."""

from __future__ import annotations

from pathlib import Path

TABLES = Path(__file__).parents[1] / "docs" / "statistics.md"
NEARLY = 0.006  # half a unit of the two digits that the tables have, and a little rounding


def documented_figures() -> dict[str, float]:
    """What is measured now, by the node name of its test, as in ``test_claims.py::test_share``."""
    lines = TABLES.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[-1].strip("`*"): float(row[-3]) for row in rows if row[-1].startswith("`test_")}
