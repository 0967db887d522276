"""Draws charts in a process of its own: ``python -m relsim.figures.render SECONDS BYTES``.

Reads one request a line from standard input, answers each with a line on standard output, both
JSON; the next request comes after the answer. The engine that draws (V8) takes 100 MiB and a
second to start; here it starts once, beside the simulation, and its memory is given back with the
process.

A request that takes longer than SECONDS ends the process, as does one that needs more than BYTES
of memory, and the end of whoever asks. The engine holds the interpreter lock while it draws, so
that no thread could do it: the system does, by signals that nothing here catches.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import vl_convert

if sys.platform != "win32":  # which has neither signals nor limits of this kind
    import fcntl
    import resource
    import select
    import signal

PIXELS_PER_POINT = 2  # sharp on dense screens


def draw(definition: dict[str, object], folder: Path, name: str) -> None:
    """One chart as ``name.svg`` and ``name.png``: both, or neither."""
    picture = vl_convert.vegalite_to_svg(definition)
    pixels = vl_convert.svg_to_png(picture, scale=PIXELS_PER_POINT)
    (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
    (folder / f"{name}.png").write_bytes(pixels)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Does what a request asks: draw a chart into a folder, or bundle the scripts of pages.

    What cannot be drawn is answered as ``undrawn``, what cannot be written as ``unwritten``.
    """
    try:
        if "chart" in request:
            draw(request["chart"], Path(request["folder"]), request["name"])
            return {}
        return {"script": vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")}
    except OSError as error:
        return {"unwritten": error.strerror or str(error)}
    except Exception as error:  # whatever it is, the reply says so
        lines = str(error).splitlines() or [type(error).__name__]
        own = [line for line in lines if not line.lstrip().startswith("at ")]  # the engine's stack
        return {"undrawn": " ".join(own)}


def limit_memory(size: int) -> None:
    """The system refuses this process more memory than so many bytes.

    Of the address space, V8 reserves 64 GiB that it never uses, so what counts is data. Linux
    keeps to that limit; macOS takes it and does not.
    """
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        least = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (least, hard))


@contextmanager
def ending_in_time(seconds: float) -> Iterator[None]:
    """Work during which this process ends when it takes too long or its parent is gone."""
    if sys.platform == "win32":
        yield
        return
    requests = sys.stdin.fileno()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    flags = fcntl.fcntl(requests, fcntl.F_GETFL)
    fcntl.fcntl(requests, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(requests, fcntl.F_SETFL, flags | os.O_ASYNC)  # the end of the pipe is a SIGIO
    if select.select([requests], [], [], 0)[0]:  # it had ended before
        os._exit(0)
    yield
    fcntl.fcntl(requests, fcntl.F_SETFL, flags)
    signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """Answers requests until there are no more."""
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    limit_memory(memory)
    for line in sys.stdin:
        with ending_in_time(seconds):
            reply = answer(json.loads(line))
        try:
            print(json.dumps(reply), flush=True)
        except OSError:  # nobody listens any more
            os._exit(0)


if __name__ == "__main__":
    main()
