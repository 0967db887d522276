"""A scenario beside a measured series, into a folder of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from relsim import __version__
from relsim.analysis.observed import read_observed
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.figures.hindcast import beside_charts
from relsim.hindcast.beside import Beside, beside, shared_part
from relsim.hindcast.panel import panel_of
from relsim.report.scored_page import beside_words
from relsim.results.contents import RESOLVED
from relsim.results.identity import Question, digest
from relsim.results.lookup import HINDCASTS
from relsim.results.manifest import FORMAT, versions
from relsim.results.run import resolved_yaml
from relsim.results.scored import (
    LIBRARIES,
    Asked,
    HindcastResult,
    scored_once,
    write_scored,
)
from relsim.results.watcher import Nobody, Watcher
from relsim.scenario.schema import Scenario
from relsim.scenario.titles import slug


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
    panel = panel_of(read_observed(file).named_as(scenario.states))
    shared = shared_part(panel, scenario)  # raises before a thousand runs
    runs = scenario.ensemble.runs if runs is None else runs
    seed = scenario.ensemble.seed if seed is None else seed
    question: dict[str, Any] = {
        "series": digest(file.read_text(encoding="utf-8-sig")),
        "scenario": Question(scenario, seed, runs, "overall").scenario_hash,
        "runs": runs,
        "seed": seed,
        "relsim": __version__,
    }
    name = f"{scenario.slug}-beside-{slug(file.stem)}"
    folder = Path(out) / HINDCASTS / name / digest(question)[:12]

    def find() -> Beside:
        told.phase("Simulating the scenario")
        ensemble = _of_pairs(scenario, shared.dyads, runs, seed, told)
        told.phase("Fitting the measurement, and scoring")
        return beside(panel, ensemble)

    words = digest(scenario.as_written)
    return scored_once(Asked(folder, file, question, command, force, words), find, _write, told)


def _of_pairs(
    scenario: Scenario, pairs: tuple[str, ...], runs: int, seed: int, told: Watcher
) -> Ensemble:
    """The ensemble with levels of some pairs alone: of a large world, all take gigabytes."""
    watching = scenario.with_changes({"watch": list(pairs)})
    kept = simulate(watching, runs=runs, seed=seed, record="watched", progress=told.runs_done)
    return replace(kept, scenario=scenario)


def _write(found: Beside, about: dict[str, Any], folder: Path) -> None:
    (folder / RESOLVED).write_text(resolved_yaml(found.scenario), encoding="utf-8")
    tables, manifest = found.tables(), _manifest(found, about)
    words, charts = beside_words(found, manifest), beside_charts(found)
    write_scored(folder, words, tables, charts, manifest)


def _manifest(found: Beside, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        **about,
        "name": found.scenario.name,
        "pairs": len(found.panel.dyads),
        "years": [found.panel.years[0], found.panel.years[-1]],
        "not_measured": list(found.unmeasured),
        "sentences": found.sentences(),
        "warnings": found.warnings(),
        "versions": versions((*LIBRARIES, "numba")),
    }
