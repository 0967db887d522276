"""The page of what was scored by a measured series: in words, figures, tables, how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from relsim.report.inputs import Table, frame_table
from relsim.report.page import render

MOST_ROWS = 400  # of a table on the page; its file has them all


@dataclass(frozen=True)
class Words:
    """What a page says of its own accord.

    Attributes:
        title: of the page.
        about: what the scenario says of itself.
        meta: what was scored, in a line.
        caution: what it does not tell.
        shown: title and caption of each table that is shown, by its name.
    """

    title: str
    about: str
    meta: str
    caution: str
    shown: Mapping[str, tuple[str, str]]


def measured_page(
    words: Words,
    tables: Mapping[str, pd.DataFrame],
    charts: Mapping[str, Any],
    manifest: Mapping[str, Any],
    script: str,
) -> str:
    """The page as text.

    Args:
        words: what it says.
        tables: all tables, by name.
        charts: definitions of the figures, by name.
        manifest: with sentences and warnings.
        script: of :meth:`relsim.figures.save.Painter.script`.
    """
    return render(
        "measured.html",
        script,
        title=words.title,
        about=words.about,
        meta=words.meta,
        caution=words.caution,
        charts=charts,
        manifest=manifest,
        tables=[_table(name, *said, tables[name]) for name, said in words.shown.items()],
    )


def _table(name: str, title: str, caption: str, frame: pd.DataFrame) -> Table:
    more = f" ({name}.csv has all {len(frame):,})" if len(frame) > MOST_ROWS else ""
    return frame_table(title, caption + more, frame, MOST_ROWS)
