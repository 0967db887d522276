"""A chart drawn in this process, for notebooks: no file is written and nothing is fetched."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from relsim.display import Figure
from relsim.errors import ResultsError
from relsim.figures.render import PIXELS_PER_POINT
from relsim.figures.save import definition

# Tenths of a pixel, at a print's 560 to a line; more digits are half of a drawing's size.
_FRACTION = re.compile(r"(\.\d)\d+")
_PATH = re.compile(r' d="[^"]*"')
PAGE = '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{}</title>\n{}\n</html>\n'


def drawn(chart: Any, title: str) -> Figure:
    """A chart as a figure.

    Raises:
        ResultsError: it could not be drawn.
    """
    import vl_convert  # its engine takes 0.1 GiB

    try:
        svg = vl_convert.vegalite_to_svg(definition(chart))
    except Exception as error:  # whatever the engine raises
        raise ResultsError(f"The figure could not be drawn: {error}.") from error
    short = _PATH.sub(lambda path: _FRACTION.sub(r"\1", path[0]), svg)
    return Figure(short, title, chart)


def save_figure(figure: Figure, file: Path) -> None:
    """Writes a figure (see :meth:`relsim.display.Figure.save`).

    Raises:
        ResultsError: the ending is of no format, or the file cannot be written.
    """
    import vl_convert

    match file.suffix.lower():
        case ".svg":
            content = figure.svg.encode()
        case ".html":
            content = PAGE.format(html.escape(figure.title), figure.svg).encode()
        case ".png":
            content = vl_convert.svg_to_png(figure.svg, scale=PIXELS_PER_POINT)
        case ".pdf":
            content = vl_convert.svg_to_pdf(figure.svg)
        case _:
            text = f"{file} cannot be drawn: name a file that ends in .svg, .png, .pdf or .html."
            raise ResultsError(text)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise ResultsError(f"{file} cannot be written: {error.strerror}.") from error
