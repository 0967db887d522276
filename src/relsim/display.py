"""What shows itself in a notebook, and the figures that ``plot`` gives.

Classes from all packages show themselves, and what draws them stands above them all, in
``notebook/``. So it is imported when something is to be shown: the one place where an import goes
up.
"""

from __future__ import annotations

import html
from base64 import b64encode
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 50  # characters of a title in a line


@dataclass(frozen=True)
class Figure:
    """A figure, which shows itself in a notebook and is saved with :meth:`save`.

    Attributes:
        svg: the drawing, which needs no network.
        title: what is read where it cannot be seen.
        chart: the Altair chart that it was drawn from, to change it; None if it was read from a
            result.
    """

    svg: str = field(repr=False)
    title: str
    chart: Any = field(default=None, repr=False, compare=False)

    def save(self, file: str | Path) -> None:
        """Writes the figure in the format that the ending names: .svg, .png, .pdf or .html.

        Raises:
            ResultsError: the ending is another, or the file cannot be written.
        """
        import_module("relsim.figures.inline").save_figure(self, Path(file))

    def _repr_html_(self) -> str:
        """The figure as an image: its names and styles then meet no others of the notebook."""
        content = b64encode(self.svg.encode()).decode("ascii")
        return (
            f'<img alt="{html.escape(self.title)}" style="max-width: 100%" '
            f'src="data:image/svg+xml;base64,{content}">'
        )


class Displayed:
    """Shows itself as a line, and in a notebook with a small table and its main figure."""

    def in_short(self) -> str:
        """What one wants to know of it first, in less than a line."""
        raise NotImplementedError

    def plot(self) -> Figure:
        """Its main figure."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.in_short()}>"

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        text: str = import_module("relsim.notebook.cards").card(self)
        return text


def plotted(subject: Displayed, **options: Any) -> Figure:
    """The figure of what shows itself (see :func:`relsim.notebook.plots.plot`)."""
    figure: Figure = import_module("relsim.notebook.plots").plot(subject, **options)
    return figure


def tabled(subject: Displayed, **options: Any) -> pd.DataFrame:
    """The table of what shows itself (see :func:`relsim.notebook.tables.table`)."""
    table: pd.DataFrame = import_module("relsim.notebook.tables").table(subject, **options)
    return table


def in_a_line(text: str, longest: int = LONGEST) -> str:
    """The text, of so many characters at most: start and end, for titles often differ there."""
    end = longest // 2
    return text if len(text) <= longest else f"{text[: longest - end - 1]}…{text[-end:]}"
