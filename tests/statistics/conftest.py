"""Measured errors of statistical statements, held against the figures in docs/statistics.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[2] / "docs" / "statistics.md"
NEARLY = 0.006  # half a unit of the two digits that the tables have, and a little rounding

Documented = Callable[[float], None]


@pytest.fixture
def documented(request: pytest.FixtureRequest) -> Documented:
    """Fails where a figure is not the one that docs/statistics.md gives for the test that asks."""
    test = f"{request.node.path.name}::{request.node.name}"

    def check(measured: float) -> None:
        print(f"{test}: {measured:.3f}")
        rows = [row for row in documented_rows() if row[-1] == test]
        assert rows, f"docs/statistics.md has no row of {test}, which measured {measured:.3f}."
        assert measured == pytest.approx(float(rows[0][-3]), abs=NEARLY)

    return check


def documented_rows() -> list[list[str]]:
    """The rows of the tables in docs/statistics.md that name a test, as cells."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [[*row[:-1], row[-1].strip("`")] for row in rows if row[-1].startswith("`test_")]
