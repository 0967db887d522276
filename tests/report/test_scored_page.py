"""The page of findings: what it shows, and what it leaves out where there is none of it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relsim.report.page import Table, frame_table
from relsim.report.scored_page import MOST_ROWS, Words, measured_page, switched_in_words

WORDS = Words("A title", "", "Ten pairs.", "Caution.", {"skill": ("Skill", "CRPS")})
MANIFEST: dict[str, Any] = {"sentences": ["It is good."], "warnings": [], "command": "relsim it"}


def page(charts: dict[str, Any], rows: int = 2, asked: tuple[Table, ...] = ()) -> str:
    tables = {"skill": pd.DataFrame({"a": range(rows)}), "other": pd.DataFrame({"kept back": [1]})}
    return measured_page(WORDS, tables, charts, MANIFEST, "", asked)


@pytest.mark.parametrize("charts", [{}, {"skill": {"mark": "point"}}])
def test_only_a_page_with_charts_has_a_section_of_figures(charts: dict[str, Any]) -> None:
    text = page(charts)
    assert ("<h2>Figures</h2>" in text) == bool(charts)
    assert ('href="#figures"' in text) == bool(charts)


def test_the_title_is_that_of_the_document_and_only_shown_tables_are_there() -> None:
    text = page({})
    assert "<title>A title</title>" in text
    assert "<h1>A title</h1>" in text
    assert "kept back" not in text
    assert "What was asked" not in text
    asked = page({}, asked=(Table("Measures", "Looked at.", ("name",), (("level",),)),))
    assert "<h2>What was asked</h2>" in asked


def test_rows_left_out_are_said() -> None:
    assert f"(skill.csv has all {MOST_ROWS + 1:,} rows)" in page({}, MOST_ROWS + 1)
    assert "has all" not in page({}, MOST_ROWS)


def test_a_long_table_is_not_open_unasked() -> None:
    assert "<details open><summary>Skill (30)" in page({}, 30)
    assert "<details><summary>Skill (31)" in page({}, 31)


def test_cells_are_plain_numbers_and_words() -> None:
    frame = pd.DataFrame({"a": [-8.4621e-05, 8.2e-08, 0.0], "b": [True, False, True]})
    rows = frame_table("", "", frame, most=3).rows
    assert rows == (("−0.00008462", "yes"), ("8.2e−08", "no"), ("0", "yes"))


def test_switched_events_are_named_on_or_off() -> None:
    changes = {"events.deal.off": True, "A.ties.B": -0.2}
    assert switched_in_words(changes) == "deal off, A.ties.B −0.2"
    assert switched_in_words({}) == "as written"
