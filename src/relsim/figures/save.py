"""Charts to files: SVG for papers, PNG for everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PIXELS_PER_POINT = 2  # sharp on dense screens


def save_chart(chart: Any, folder: Path, name: str) -> list[Path]:
    """Writes ``name.svg`` and ``name.png`` and returns their paths."""
    import vl_convert

    spec = chart.to_json()
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    svg.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    png.write_bytes(vl_convert.vegalite_to_png(spec, scale=PIXELS_PER_POINT))
    return [svg, png]
