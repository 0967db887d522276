"""Charts to files: SVG for papers, PNG for everything else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
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
    """Writes one chart, in the format that the ending of the file names: .svg or .png.

    Raises:
        ResultsError: it could not be drawn, or the file cannot be written.
    """
    with tempfile.TemporaryDirectory() as aside:
        save_charts({"chart": chart}, Path(aside))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(aside) / f"chart{file.suffix.lower()}", file)
        except OSError as error:
            raise ResultsError(f"{file} cannot be written: {error.strerror}.") from error
