"""A hindcast into a folder of its own: scores, tables, figures, a page and a manifest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relsim import __version__
from relsim.analysis.observed import read_observed
from relsim.figures.hindcast import hindcast_charts
from relsim.hindcast.evaluate import HORIZONS
from relsim.hindcast.findings import Hindcast, defaults_of, hindcast
from relsim.hindcast.panel import HoldOut, panel_of
from relsim.report.scored_page import hindcast_words
from relsim.results.folder import unwritable
from relsim.results.identity import digest
from relsim.results.lookup import HINDCASTS
from relsim.results.manifest import FORMAT, versions
from relsim.results.scored import (
    LIBRARIES,
    Asked,
    HindcastResult,
    scored_once,
    write_scored,
)
from relsim.results.watcher import Nobody, Watcher
from relsim.scenario.titles import slug

PARAMETERS = "parameters.json"


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
        origins: years to forecast from; by default every year with enough past, at most 12,
            evenly spaced.
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
    question = {
        "series": digest(file.read_text(encoding="utf-8-sig")),
        "origins": None if origins is None else list(origins),
        "horizons": list(horizons),
        "hold_out": hold_out,
        "simulate": simulate,
        "relsim": __version__,
    }
    folder = Path(out) / HINDCASTS / slug(file.stem) / digest(question)[:12]

    def find() -> Hindcast:
        told.phase("Fitting each past, and scoring the forecasts")
        return hindcast(panel, origins, horizons, hold_out, simulate=simulate)

    return scored_once(Asked(folder, file, question, command, force), find, _write, told)


def _write(found: Hindcast, about: dict[str, Any], folder: Path) -> None:
    fitted = json.dumps(defaults_of(found, about["file"]), indent=2, ensure_ascii=False) + "\n"
    (folder / PARAMETERS).write_text(fitted, encoding="utf-8")
    tables, manifest = found.tables(), _manifest(found, about)
    words, charts = hindcast_words(found, manifest), hindcast_charts(found)
    write_scored(folder, words, tables, charts, manifest)


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
