"""Charts to files, and the process that draws them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import altair as alt
import pandas as pd
import pytest

from relsim.errors import ResultsError
from relsim.figures.save import Painter, definition, save_charts


def chart(rows: int = 3) -> alt.Chart:
    return alt.Chart(pd.DataFrame({"x": range(rows)})).mark_point().encode(x="x:Q")


def test_each_chart_becomes_two_files(tmp_path: Path) -> None:
    save_charts({"one": chart(), "other": chart()}, tmp_path)
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"one.svg", "one.png", "other.svg", "other.png"}


def test_one_process_serves_several_threads_and_pages(tmp_path: Path) -> None:
    folders = [tmp_path / str(n) for n in range(4)]
    for folder in folders:
        folder.mkdir()
    with Painter() as painter, ThreadPoolExecutor(4) as pool:
        painter.start()
        list(pool.map(lambda folder: painter.draw({"c": definition(chart())}, folder), folders))
        assert "vegaEmbed" in painter.script()
    assert all((folder / "c.png").stat().st_size > 500 for folder in folders)


def test_charts_of_many_rows_are_drawn(tmp_path: Path) -> None:
    save_charts({"long": chart(6000)}, tmp_path)  # Altair itself stops at 5,000
    assert (tmp_path / "long.svg").exists()


def test_what_cannot_be_drawn_is_said_and_does_not_end_the_process(tmp_path: Path) -> None:
    with Painter() as painter:
        with pytest.raises(ResultsError, match="could not be drawn"):
            painter.draw({"c": definition(chart())}, tmp_path / "absent")
        painter.draw({"c": definition(chart())}, tmp_path)
    assert (tmp_path / "c.svg").exists()
