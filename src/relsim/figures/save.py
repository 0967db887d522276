"""Charts to files: SVG for papers, PNG for everything else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import altair as alt

from relsim.errors import ResultsError


def save_charts(charts: dict[str, Any], folder: Path) -> None:
    """Writes each chart as ``name.svg`` and ``name.png``.

    Raises:
        ResultsError: a chart could not be drawn.
    """
    with alt.data_transformers.disable_max_rows():  # long horizons have many months
        definitions = json.dumps({name: chart.to_dict() for name, chart in charts.items()})
    command = [sys.executable, "-m", "relsim.figures.render", str(folder)]
    done = subprocess.run(command, input=definitions.encode(), capture_output=True, check=False)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise ResultsError(f"The figures could not be drawn: {said[0]}")


def save_chart(chart: Any, file: Path) -> None:
    """Writes one chart to ``file``, as SVG or PNG by its ending.

    Raises:
        ResultsError: the chart could not be drawn, or the file not be written.
    """
    with TemporaryDirectory() as aside:
        save_charts({"chart": chart}, Path(aside))
        drawn = (Path(aside) / f"chart{file.suffix.lower()}").read_bytes()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(drawn)
    except OSError as error:
        raise ResultsError(f"{file} cannot be written: {error.strerror}.") from error
