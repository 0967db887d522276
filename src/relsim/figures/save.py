"""Charts to files: SVG for papers, PNG for everything else."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Any

import altair as alt

from relsim.errors import ResultsError

_ALTAIR = Lock()  # its settings are those of the whole process


class Painter:
    """A drawing process for several sets of charts; may be asked from several threads.

    The process starts with :meth:`start` or the first request, and ends with the ``with`` block.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._script = ""
        self._script_is_coming = False

    def __enter__(self) -> Painter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def start(self) -> None:
        """Starts the process ahead of the first request; it bundles the scripts meanwhile."""
        with self._lock:
            self._ask_for_script()

    def draw(self, definitions: Mapping[str, Any], folder: Path) -> None:
        """Writes each chart, given by its definition, as ``name.svg`` and ``name.png``.

        Raises:
            ResultsError: a chart could not be drawn.
        """
        with self._lock:
            self._take_script()
            self._send({"charts": definitions, "folder": str(folder.resolve())})
            self._receive()

    def script(self) -> str:
        """The scripts that show charts on a page, bundled from the drawing package."""
        with self._lock:
            self._ask_for_script()
            self._take_script()
            return self._script

    def _ask_for_script(self) -> None:
        if not self._script and not self._script_is_coming:
            self._send({"script": "wanted"})
            self._script_is_coming = True

    def _take_script(self) -> None:
        if self._script_is_coming:
            self._script = self._receive()["script"]
            self._script_is_coming = False

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "relsim.figures.render"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                start_new_session=True,  # Ctrl-C is for this process, which ends that one
            )
        return self._process

    def _send(self, request: dict[str, Any]) -> None:
        stream = _pipe(self._running().stdin)
        try:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
        except OSError as error:
            raise ResultsError(f"The drawing process ended: {error.strerror}.") from error

    def _receive(self) -> dict[str, Any]:
        line = _pipe(self._running().stdout).readline()
        if not line:
            raise ResultsError("The figures could not be drawn: the drawing process ended.")
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise ResultsError(f"The figures could not be drawn: {said['error']}")
        return said


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # both were asked for
    return stream


def definition(chart: Any) -> dict[str, Any]:
    """A chart as plain Vega-Lite with its data inside, of whatever length."""
    with _ALTAIR, alt.data_transformers.disable_max_rows():  # long horizons have many months
        # The tests check what relsim's charts say against the schema; a third of the time here.
        plain: dict[str, Any] = chart.to_dict(validate=False)
    return plain


def save_charts(charts: Mapping[str, Any], folder: Path) -> None:
    """Writes each chart as ``name.svg`` and ``name.png``.

    Raises:
        ResultsError: a chart could not be drawn.
    """
    with Painter() as painter:
        painter.draw({name: definition(chart) for name, chart in charts.items()}, folder)


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
