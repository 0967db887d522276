"""Panels of measured series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relsim.analysis.observed import read_observed
from relsim.errors import RelsimError
from relsim.hindcast.panel import Panel, panel_of


def panel(tmp_path: Path, text: str) -> Panel:
    file = tmp_path / "series.csv"
    file.write_text(text, encoding="utf-8")
    return panel_of(read_observed(file))


def test_years_between_the_first_and_the_last_are_all_there(tmp_path: Path) -> None:
    found = panel(tmp_path, "dyad,period,value,events\nA-B,2001,0.5,10\nA-C,2003,0.2,20\n")
    assert found.years == (2001, 2002, 2003)
    assert found.measured.tolist() == [[True, False, False], [False, False, True]]


def test_months_are_joined_by_their_events(tmp_path: Path) -> None:
    rows = "A-B,2001-01,1.0,30\nA-B,2001-02,0.0,10\nA-B,2002-01,0.5,5\n"
    found = panel(tmp_path, "dyad,period,value,events\n" + rows)
    assert found.values.tolist() == [[0.75, 0.5]]
    assert found.events.tolist() == [[40.0, 5.0]]


def test_unknown_events_are_taken_to_be_as_many_as_elsewhere(tmp_path: Path) -> None:
    rows = "A-B,2001,0.5,\nA-B,2002,0.4,60\nA-B,2003,0.4,80\n"
    assert panel(tmp_path, "dyad,period,value,events\n" + rows).events[0, 0] == 70.0
    rows = "A-B,2001,0.5\nA-B,2002,0.4\n"
    assert (panel(tmp_path, "dyad,period,value\n" + rows).events == 200.0).all()


def test_one_year_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RelsimError, match="at least two years"):
        panel(tmp_path, "dyad,period,value\nA-B,2001,0.5\n")


def test_expected_events_are_those_of_the_last_three_measured_years() -> None:
    events = np.array([[10.0, 100.0, np.nan, 100.0, 1000.0], [np.nan] * 5])
    found = Panel(("A-B", "A-C"), tuple(range(5)), np.where(np.isnan(events), np.nan, 0.5), events)
    expected = (100.0 * 100.0 * 1000.0) ** (1 / 3)
    assert found.expected_events() == pytest.approx([expected, expected])
