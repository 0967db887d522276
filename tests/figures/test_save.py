"""Charts to files, and the process that draws them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import pytest

from relsim.errors import RelsimWarning, ResultsError
from relsim.figures.save import Painter, definition, save_charts


def chart(rows: int = 3) -> alt.Chart:
    return alt.Chart(pd.DataFrame({"x": range(rows)})).mark_point().encode(x="x:Q")


def points(count: float) -> dict[str, Any]:
    """A chart of points that the engine makes itself."""
    return {
        "data": {"sequence": {"start": 0, "stop": count, "as": "x"}},
        "mark": "point",
        "encoding": {"x": {"field": "x", "type": "quantitative"}},
    }


MEDIANS = {"window": [{"op": "median", "field": "x", "as": "y"}], "frame": [-20_000, 20_000]}
SLOW, FAT = {**points(1e5), "transform": [MEDIANS]}, points(3e7)  # minutes, 3 GiB
PANIC = {**points(3), "title": "a\u0001b"}  # the engine aborts over control characters
WRONG = {**points(3), "mark": "no mark"}


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


@pytest.mark.parametrize(
    ("bad", "seconds", "why"),
    [
        (SLOW, 3, "it took longer than 3 s"),
        (FAT, 60, "it needs more than 1 GiB of memory"),
        (PANIC, 60, "the drawing process ended: Failed to parse text"),
        (WRONG, 60, "Vega-Lite to SVG conversion failed"),
    ],
    ids=["slow", "fat", "panic", "wrong"],
)
def test_a_chart_that_cannot_be_drawn_is_named_and_the_others_are_drawn(
    tmp_path: Path, bad: dict[str, Any], seconds: float, why: str
) -> None:
    charts = {"before": points(3), "bad": bad, "after": points(3)}
    with Painter(seconds=seconds, memory=2**30) as painter:
        with pytest.warns(RelsimWarning) as told:
            painter.draw_what_can_be(charts, tmp_path)
        assert "vegaEmbed" in painter.script()
    (text,) = [str(one.message) for one in told]
    assert text.startswith(f"The figure bad could not be drawn: {why}")
    assert len(text.splitlines()) == 1
    drawn = ("before.svg", "before.png", "after.svg", "after.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(drawn)


def test_who_needs_every_chart_is_told_which_one_failed(tmp_path: Path) -> None:
    with Painter() as painter, pytest.raises(ResultsError, match="The figure bad could not be"):
        painter.draw({"bad": WRONG, "good": points(3)}, tmp_path)
    assert (tmp_path / "good.png").exists()


def test_the_scripts_of_pages_are_bundled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relsim.figures.save._script_file", lambda: tmp_path / "new" / "vega.js")
    with Painter() as painter:
        script = painter.script()
    assert "vegaEmbed" in script
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["vega.js"]
    with Painter() as painter:
        painter.start()
        assert painter.script() == script
        assert painter._process is None
    monkeypatch.setattr("relsim.figures.save._script_file", lambda: None)
    with Painter() as painter:
        assert painter.script() == script


GENTLER = ("SIGTERM", "SIGHUP")  # than SIGKILL, which leaves a parent no last word either
DRAWS_SLOWLY = """
import sys
from pathlib import Path
from relsim.figures.save import Painter

with Painter() as painter:
    painter.draw({"quick": %r}, Path(sys.argv[1]))
    print(painter._process.pid, flush=True)
    painter.draw({"slow": %r}, Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize(
    "number", ["SIGKILL", *(pytest.param(one, marks=pytest.mark.slow) for one in GENTLER)]
)
def test_the_drawing_process_ends_when_its_parent_does(tmp_path: Path, number: str) -> None:
    asked = [sys.executable, "-c", DRAWS_SLOWLY % (points(3), SLOW), str(tmp_path)]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(asked, **pipes) as parent:
        assert parent.stdout is not None
        drawing = int(parent.stdout.readline())
        time.sleep(0.5)  # it is busy by then
        assert is_alive(drawing)
        parent.send_signal(getattr(signal, number))
        _, said = parent.communicate(timeout=20)
    until = time.monotonic() + 5
    while is_alive(drawing) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(drawing)
    assert said == ""


def is_alive(process: int) -> bool:
    """Whether a process is there, and not a dead one that nobody has buried yet."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")
