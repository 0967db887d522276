"""A hindcast into a folder of its own: scores, tables, figures, a page and a manifest."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from relsim import __version__
from relsim.analysis.observed import read_observed
from relsim.analysis.summary import write_table
from relsim.figures.save import Painter, definition
from relsim.figures.skill import hindcast_charts
from relsim.hindcast.defaults import defaults_of
from relsim.hindcast.evaluate import HORIZONS
from relsim.hindcast.findings import Hindcast, hindcast
from relsim.hindcast.origins import HoldOut
from relsim.hindcast.panel import panel_of
from relsim.report.hindcast_page import hindcast_page
from relsim.results.folder import MANIFEST, unwritable, written_once
from relsim.results.identity import digest
from relsim.results.lookup import HINDCASTS
from relsim.results.manifest import versions, write_manifest
from relsim.results.result import FIGURES, REPORT
from relsim.results.watcher import Nobody, Watcher
from relsim.scenario.load import slug

FORMAT = 1
LIBRARIES = ("numpy", "pandas", "scipy")
PARAMETERS = "parameters.json"


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


def run_hindcast(
    observed: str | Path,
    *,
    origins: Sequence[int] | None = None,
    horizons: Sequence[int] = HORIZONS,
    hold_out: HoldOut | None = None,
    simulate: bool = True,
    out: str | Path = "results",
    force: bool = False,
    command: str = "",
    watcher: Watcher | None = None,
) -> HindcastResult:
    """Scores forecasts of a measured series, and leaves a folder with tables, figures and a page.

    Args:
        observed: CSV of observations (``dyad,period,value[,events]``).
        origins: years to forecast from; all with enough past, or 12 spread over them, where not
            said.
        horizons: in years.
        hold_out: forecast pairs, or all pairs of some states, as if never seen.
        simulate: score the simulation too, which takes most of the time.
        out: folder of all results.
        force: repeat a finished hindcast.
        command: how it was asked for, for the manifest.
        watcher: told how far it is.

    Raises:
        ScenarioError: the file has problems.
        RelsimError: the series is too short.
        ResultsError: the folder cannot be written.
    """
    file, told = Path(observed), watcher or Nobody()
    panel = panel_of(read_observed(file))
    asked = {
        "series": digest(file.read_text(encoding="utf-8-sig")),
        "origins": None if origins is None else list(origins),
        "horizons": list(horizons),
        "hold_out": hold_out,
        "simulate": simulate,
        "relsim": __version__,
    }
    folder = Path(out) / HINDCASTS / slug(file.stem) / digest(asked)[:12]

    def write(aside: Path) -> None:
        started = time.perf_counter()
        told.phase("Fitting each past, and scoring what came")
        found = hindcast(panel, origins, horizons, hold_out, simulate=simulate)
        seconds = round(time.perf_counter() - started, 1)
        about = {"id": folder.name, "file": file.name, "command": command, "seconds": seconds}
        told.phase("Drawing figures and the report")
        _write(found, about | asked, aside)

    waiting = partial(told.phase, "Another process runs this hindcast; waiting")
    reused = written_once(folder, write, force=force, waiting=waiting)
    return replace(open_hindcast(folder), reused=reused)


def _write(found: Hindcast, about: dict[str, Any], folder: Path) -> None:
    """Everything of a hindcast, the manifest last."""
    tables = found.tables()
    for name, table in tables.items():
        write_table(table, folder / f"{name}.csv")
    fitted = json.dumps(defaults_of(found, about["file"]), indent=2, ensure_ascii=False) + "\n"
    (folder / PARAMETERS).write_text(fitted, encoding="utf-8")
    content = _manifest(found, about)
    charts = {name: definition(one) for name, one in hindcast_charts(found).items()}
    (folder / FIGURES).mkdir()
    with Painter() as painter:
        painter.draw(charts, folder / FIGURES)
        page = hindcast_page(found, tables, charts, content, painter.script())
    (folder / REPORT).write_text(page, encoding="utf-8")
    write_manifest(content, folder)


def _manifest(found: Hindcast, about: dict[str, Any]) -> dict[str, Any]:
    panel = found.panel
    return {
        "format": FORMAT,
        **about,
        "pairs": len(panel.dyads),
        "years": [panel.years[0], panel.years[-1]],
        "forecast_from": list(found.origins),
        "sentences": found.sentences(),
        "warnings": found.warnings(),
        "versions": versions(LIBRARIES),
    }


def open_hindcast(folder: str | Path) -> HindcastResult:
    """A finished hindcast, from its folder."""
    folder = Path(folder)
    return HindcastResult(folder, json.loads((folder / MANIFEST).read_text(encoding="utf-8")))


def save_parameters(result: HindcastResult, file: Path) -> None:
    """Copies the fitted numbers of a hindcast.

    Raises:
        ResultsError: the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(result.folder / PARAMETERS, file)
    except OSError as error:
        raise unwritable(error, file) from error
