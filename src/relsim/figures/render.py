"""Draws charts in a process of its own: ``python -m relsim.figures.render``.

Reads one request a line from standard input, answers each with a line on standard output, both
JSON. The engine that draws (V8) takes 100 MiB and a second to start; here it starts once, beside
the simulation, and its memory is given back with the process.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import vl_convert

PIXELS_PER_POINT = 2  # sharp on dense screens


def draw(definition: dict[str, object], folder: Path, name: str) -> None:
    """One chart as ``name.svg`` and ``name.png``."""
    picture = vl_convert.vegalite_to_svg(definition)
    (folder / f"{name}.svg").write_text(picture, encoding="utf-8")
    (folder / f"{name}.png").write_bytes(vl_convert.svg_to_png(picture, scale=PIXELS_PER_POINT))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Does what a request asks: draw charts into a folder, or bundle the scripts of pages."""
    if "charts" in request:
        for name, definition in request["charts"].items():
            draw(definition, Path(request["folder"]), name)
        return {}
    return {"script": vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")}


def main() -> None:
    """Answers requests until there are no more."""
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as error:  # whatever it is, the one who asked is told
            said = {"error": str(error) or type(error).__name__}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
