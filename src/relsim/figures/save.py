"""Charts to files: SVG for papers, PNG for everything else."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Any

from relsim.errors import RelsimWarning, ResultsError

# For one chart. The slowest of a world of 300 states takes a second, with the engine's start three;
# a busy machine may need twenty times that.
SECONDS = 60
# For the process. The engine takes 0.65 GiB, most of it never touched, the largest chart of a world
# of 300 states 0.05 more; three times that leaves room for engines to come.
MEMORY = 2 * 2**30

_ALTAIR = Lock()  # its settings are those of the whole process


class Painter:
    """A drawing process for several sets of charts; may be asked from several threads.

    The process starts with the first request, and ends with the ``with`` block or
    with this process, however that ends. A chart that takes too much of its time or memory ends it;
    the next one gets a new process.

    Args:
        seconds: that one chart may take.
        memory: bytes that the process may take, where the system limits them (Linux).
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds, self.memory = seconds, memory
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._complaints: IO[bytes] | None = None  # what the process writes as it dies
        self._script = ""
        self._script_is_coming = False
        self._closed = False

    def __enter__(self) -> Painter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True  # to threads that still ask
        if self._process is not None:
            self._process.kill()
            self._ended()

    def start(self) -> None:
        """Begins to bundle the scripts of pages ahead of their use, if they are not kept yet."""
        with self._lock:
            self._ask_for_script()

    def draw(self, definitions: Mapping[str, Any], folder: Path) -> None:
        """Writes each chart, given by its definition, as ``name.svg`` and ``name.png``.

        Raises:
            ResultsError: a chart could not be drawn, which is named; all others were.
        """
        undrawn = self._draw(definitions, folder)
        if undrawn:
            raise ResultsError("\n".join(undrawn))

    def draw_what_can_be(self, definitions: Mapping[str, Any], folder: Path) -> None:
        """As :meth:`draw`, with a warning for each chart that could not be drawn.

        Raises:
            ResultsError: the folder cannot be written.
        """
        for text in self._draw(definitions, folder):
            warnings.warn(text, RelsimWarning, stacklevel=2)

    def script(self) -> str:
        """The scripts that show charts on a page, bundled from the drawing package once per
        installation.

        Raises:
            ResultsError: they could not be bundled.
        """
        with self._lock:
            self._ask_for_script()
            self._take_script()
            return self._script

    def _draw(self, definitions: Mapping[str, Any], folder: Path) -> list[str]:
        """A line for each chart that could not be drawn."""
        undrawn = []
        for name, chart in definitions.items():
            with self._lock:
                with suppress(ResultsError):  # raised where the script is needed
                    self._take_script()
                request = {"chart": chart, "name": name, "folder": str(folder.resolve())}
                try:
                    self._send(request)
                    reply = self._receive()
                except _Ended as end:
                    if self._closed:  # by another thread, which needs no figures any more
                        raise ResultsError("The drawing process was told to end.") from None
                    reply = {"undrawn": str(end)}
            if "unwritten" in reply:
                raise ResultsError(f"The figures could not be drawn: {reply['unwritten']}.")
            if "undrawn" in reply:
                undrawn.append(f"The figure {name} could not be drawn: {reply['undrawn']}")
        return undrawn

    def _ask_for_script(self) -> None:
        self._script = self._script or _kept_script()
        if not self._script and not self._script_is_coming:
            with suppress(_Ended):  # whoever needs it asks again
                self._send({"script": "wanted"})
                self._script_is_coming = True

    def _take_script(self) -> None:
        if self._script_is_coming:
            self._script_is_coming = False
            try:
                self._script = self._receive()["script"]
                _keep_script(self._script)
            except _Ended as end:
                text = f"The scripts of the page could not be bundled: {end}"
                raise ResultsError(text) from None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None and self._closed:
            raise _Ended("the drawing process was told to end.")
        if self._process is None:
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed when it ended
            limits = [str(self.seconds), str(self.memory)]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "relsim.figures.render", *limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
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
        except OSError:
            raise _Ended(self._ended()) from None

    def _receive(self) -> dict[str, Any]:
        line = _pipe(self._running().stdout).readline()
        if not line:
            raise _Ended(self._ended())
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _ended(self) -> str:
        """Forgets the process; gives the reason why it ended."""
        process, complaints = self._process, self._complaints
        self._process = self._complaints = None
        if process is None or complaints is None:  # another thread was quicker
            return "the drawing process was told to end."
        with suppress(OSError):  # what it has not read is lost
            process.communicate()
        process.wait()
        with complaints:
            complaints.seek(0)
            return self._why(process.returncode, complaints.read().decode("utf-8", "replace"))

    def _why(self, code: int, complaints: str) -> str:
        if code == -getattr(signal, "SIGALRM", 0):
            return f"it took longer than {self.seconds:g} s."
        lines = [line.strip() for line in complaints.splitlines() if line.strip()]
        panics = [n for n, line in enumerate(lines) if "panicked at" in line]
        if panics or code >= 0:  # the line after the first panic says why, the last of a traceback
            reason = lines[panics[0] + 1 : panics[0] + 2] if panics else lines[-1:]
            return ": ".join(["the drawing process ended", *reason]) + "."
        needs = f"it needs more than {self.memory / 2**30:.2g} GiB of memory"
        sure = "out of memory" in complaints or "memory allocation" in complaints
        return f"{needs}." if sure else f"{needs}, or the drawing engine failed (signal {-code})."


def _script_file() -> Path | None:
    """Where bundled scripts are kept between processes, beside the compiled code of the package."""
    from relsim.model.compilation import cache_folder

    folder = cache_folder(Path(__file__).parent)
    return None if folder is None else folder / f"vega-{version('vl-convert-python')}.js"


def _kept_script() -> str:
    """The scripts that an earlier process has bundled; empty where there are none."""
    file = _script_file()
    with suppress(OSError):
        return "" if file is None else file.read_text(encoding="utf-8")
    return ""


def _keep_script(script: str) -> None:
    file = _script_file()
    if file is None:
        return
    with suppress(OSError):  # the next process bundles them again
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=file.parent, prefix=f".{file.name}", delete=False
        ) as aside:
            aside.write(script)
        Path(aside.name).replace(file)


class _Ended(Exception):  # noqa: N818  no error in itself
    """The drawing process ended over a request; the text says why."""


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # both were asked for
    return stream


@contextmanager
def unchecked() -> Iterator[None]:
    """Charts that are made meanwhile are not held to the schema, which the tests check."""
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        yield


def definition(chart: Any) -> dict[str, Any]:
    """A chart as plain Vega-Lite with its data inside, of whatever length. What is plain stays."""
    if isinstance(chart, dict):
        return chart
    import altair as alt  # slow to load

    alt.data_transformers.register("once", _values_once)
    with _ALTAIR, alt.data_transformers.enable("once", known={}):  # long horizons: no limit of rows
        # The tests check what relsim's charts say against the schema; a third of the time here.
        plain: dict[str, Any] = chart.to_dict(validate=False)
    return plain


def _values_once(data: Any, known: dict[int, Any]) -> Any:
    """The rows of a data frame, made once for all layers that share it."""
    import altair as alt

    if id(data) not in known:
        known[id(data)] = data, alt.to_values(data)  # with the frame, which keeps its id
    return dict(known[id(data)][1])


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
