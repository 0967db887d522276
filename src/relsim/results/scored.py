"""What a hindcast and a scenario beside a series leave alike: a folder, written once and whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from relsim.analysis.summary import write_table
from relsim.figures.save import Painter, definition
from relsim.report.scored_page import Words, measured_page
from relsim.results.contents import FIGURES, REPORT
from relsim.results.folder import MANIFEST, is_finished, written_once
from relsim.results.identity import digest
from relsim.results.manifest import (
    HindcastManifest,
    read_as,
    refuse_incomplete,
    write_manifest,
)
from relsim.results.watcher import Watcher

LIBRARIES = ("numpy", "pandas", "scipy")

Found = TypeVar("Found")


@dataclass(frozen=True)
class HindcastResult:
    """A finished hindcast.

    Attributes:
        folder: where it is.
        manifest: as in ``manifest.json``; with sentences and warnings.
        reused: it was there already.
    """

    folder: Path
    manifest: dict[str, Any]
    reused: bool = False

    @property
    def skill(self) -> pd.DataFrame:
        """Mean scores by horizon and forecaster."""
        return pd.read_csv(self.folder / "skill.csv")


@dataclass(frozen=True)
class Asked:
    """What is to be scored, and where.

    Attributes:
        folder: of what is found.
        file: the series.
        question: all that the numbers depend on.
        command: how it was asked for, for the manifest.
        force: repeat a finished one.
        words: what is shown beside the numbers, and changes none of them.
    """

    folder: Path
    file: Path
    question: dict[str, Any]
    command: str
    force: bool
    words: str = ""


def scored_once(
    asked: Asked,
    find: Callable[[], Found],
    write: Callable[[Found, dict[str, Any], Path], None],
    told: Watcher,
) -> HindcastResult:
    """Finds and writes what was asked, unless it is there.

    Args:
        asked: what, and where.
        find: does the work, which is timed.
        write: leaves what was found in a folder, given how it was made.
        told: of phases.

    Raises:
        ResultsError: the folder cannot be written.
    """

    def made(aside: Path) -> None:
        started = time.perf_counter()
        found = find()
        about = {
            "id": asked.folder.name,
            "file": asked.file.name,
            "words": digest([asked.file.name, asked.words]),
            "command": asked.command,
            "seconds": round(time.perf_counter() - started, 1),
        }
        told.phase("Drawing figures and the report")
        write(found, about | asked.question, aside)

    waiting = partial(told.phase, "Another process runs this; waiting")
    force = asked.force or _shows_other_words(asked)
    reused = written_once(asked.folder, made, force=force, waiting=waiting)
    return replace(open_hindcast(asked.folder), reused=reused)


def _shows_other_words(asked: Asked) -> bool:
    """Whether what is there has to be made again, as names in it have changed."""
    if not is_finished(asked.folder):
        return False
    words: str = open_hindcast(asked.folder).manifest["words"]
    return words != digest([asked.file.name, asked.words])


def write_scored(
    folder: Path,
    words: Words,
    tables: Mapping[str, pd.DataFrame],
    charts: Mapping[str, Any],
    manifest: dict[str, Any],
) -> None:
    """Tables, figures and the page, the manifest last.

    Args:
        folder: of the hindcast.
        words: of the page.
        tables: by name of the file.
        charts: Altair charts, by name of the file.
        manifest: how it was made.
    """
    for name, table in tables.items():
        write_table(table, folder / f"{name}.csv")
    definitions = {name: definition(one) for name, one in charts.items()}
    (folder / FIGURES).mkdir()
    with Painter() as painter:
        painter.draw_what_can_be(definitions, folder / FIGURES)
        page = measured_page(words, tables, definitions, manifest, painter.script())
    (folder / REPORT).write_text(page, encoding="utf-8")
    write_manifest(manifest, folder)


def open_hindcast(folder: str | Path) -> HindcastResult:
    """A finished hindcast, from its folder.

    Raises:
        DamagedError: its manifest cannot be read, or something of it is missing.
    """
    folder = Path(folder)
    content = read_as(HindcastManifest, folder / MANIFEST, "a hindcast")
    refuse_incomplete(folder, content)
    return HindcastResult(folder, content)
