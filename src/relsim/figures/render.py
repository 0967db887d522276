"""Draws charts in a process of its own: ``python -m relsim.figures.render FOLDER``.

Reads chart definitions by name as JSON from standard input. The engine that draws (V8) takes
100 MiB; here they are given back when it is done, and the process that simulates stays small.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import vl_convert

PIXELS_PER_POINT = 2  # sharp on dense screens


def draw(definition: dict[str, object], folder: Path, name: str) -> None:
    """One chart as ``name.svg`` and ``name.png``."""
    picture = vl_convert.vegalite_to_svg(definition)
    (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
    (folder / f"{name}.png").write_bytes(vl_convert.svg_to_png(picture, scale=PIXELS_PER_POINT))


def main() -> None:
    """Draws everything on standard input."""
    folder = Path(sys.argv[1])
    for name, definition in json.loads(sys.stdin.buffer.read()).items():
        draw(definition, folder, name)


if __name__ == "__main__":
    main()
