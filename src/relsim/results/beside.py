"""A scenario beside a measured series, into a folder of its own."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from relsim import __version__
from relsim.analysis.observed import read_observed
from relsim.analysis.summary import write_table
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.figures.beside import beside_charts
from relsim.figures.save import Painter, definition
from relsim.hindcast.beside import Beside, beside, shared_part
from relsim.hindcast.beside_findings import sentences, warnings
from relsim.hindcast.panel import panel_of
from relsim.report.beside_page import beside_page
from relsim.results.folder import written_once
from relsim.results.hindcast import FORMAT, LIBRARIES, HindcastResult, open_hindcast
from relsim.results.identity import Question, digest
from relsim.results.lookup import HINDCASTS
from relsim.results.manifest import versions, write_manifest
from relsim.results.result import FIGURES, REPORT, RESOLVED
from relsim.results.run import resolved_yaml
from relsim.results.watcher import Nobody, Watcher
from relsim.scenario.load import slug
from relsim.scenario.schema import Scenario


def run_beside(
    observed: str | Path,
    scenario: Scenario,
    *,
    runs: int | None = None,
    seed: int | None = None,
    out: str | Path = "results",
    force: bool = False,
    command: str = "",
    watcher: Watcher | None = None,
) -> HindcastResult:
    """Lays a scenario beside a measured series; leaves a folder with tables, figures and a page.

    Args:
        observed: CSV of observations (``dyad,period,value[,events]``).
        scenario: what to simulate.
        runs, seed: of its ensemble; its own where absent.
        out: folder of all results.
        force: repeat a finished one.
        command: how it was asked for, for the manifest.
        watcher: told how far it is.

    Raises:
        ScenarioError: the file has problems.
        RelsimError: the two have no pair and year in common.
        ResultsError: the folder cannot be written.
    """
    file, told = Path(observed), watcher or Nobody()
    panel = panel_of(read_observed(file))
    shared = shared_part(panel, scenario)  # raises before a thousand runs
    runs = scenario.ensemble.runs if runs is None else runs
    seed = scenario.ensemble.seed if seed is None else seed
    asked: dict[str, Any] = {
        "series": digest(file.read_text(encoding="utf-8-sig")),
        "scenario": Question(scenario, seed, runs, "overall").scenario_hash,
        "runs": runs,
        "seed": seed,
        "relsim": __version__,
    }
    name = f"{scenario.slug}-beside-{slug(file.stem)}"
    folder = Path(out) / HINDCASTS / name / digest(asked)[:12]

    def write(aside: Path) -> None:
        started = time.perf_counter()
        told.phase("Simulating the scenario")
        ensemble = _of_pairs(scenario, shared.dyads, runs, seed, told)
        told.phase("Fitting the measurement, and scoring")
        found = beside(panel, ensemble)
        seconds = round(time.perf_counter() - started, 1)
        about = {"id": folder.name, "file": file.name, "command": command, "seconds": seconds}
        told.phase("Drawing figures and the report")
        _write(found, about | asked, aside)

    waiting = partial(told.phase, "Another process runs this; waiting")
    reused = written_once(folder, write, force=force, waiting=waiting)
    return replace(open_hindcast(folder), reused=reused)


def _of_pairs(
    scenario: Scenario, pairs: tuple[str, ...], runs: int, seed: int, told: Watcher
) -> Ensemble:
    """The ensemble with levels of some pairs alone: of a large world, all take gigabytes."""
    watching = scenario.with_changes({"watch": list(pairs)})
    kept = simulate(watching, runs=runs, seed=seed, record="watched", progress=told.runs_done)
    return replace(kept, scenario=scenario)


def _write(found: Beside, about: dict[str, Any], folder: Path) -> None:
    """Everything, the manifest last."""
    tables = found.tables()
    for name, table in tables.items():
        write_table(table, folder / f"{name}.csv")
    (folder / RESOLVED).write_text(resolved_yaml(found.scenario), encoding="utf-8")
    content = {
        "format": FORMAT,
        **about,
        "name": found.scenario.name,
        "pairs": len(found.panel.dyads),
        "years": [found.panel.years[0], found.panel.years[-1]],
        "not_measured": list(found.unmeasured),
        "sentences": sentences(found),
        "warnings": warnings(found),
        "versions": versions((*LIBRARIES, "numba")),
    }
    charts = {name: definition(one) for name, one in beside_charts(found).items()}
    (folder / FIGURES).mkdir()
    with Painter() as painter:
        painter.draw(charts, folder / FIGURES)
        page = beside_page(found, tables, charts, content, painter.script())
    (folder / REPORT).write_text(page, encoding="utf-8")
    write_manifest(content, folder)
