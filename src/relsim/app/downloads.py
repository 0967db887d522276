"""A picture to be had as a file: its fans and differences as a table, or as a page of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from relsim.analysis.compare import compare, refusal
from relsim.analysis.summary import summarise, summary_table, write_table
from relsim.app.messages import Base, Download
from relsim.app.visitor import Shared
from relsim.ensemble.chunks import Stop
from relsim.ensemble.simulate import Ensemble
from relsim.results.folder import REPORT
from relsim.results.run import run
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario


def scenario_of(shared: Shared, asked: Download) -> Scenario:
    """The changed scenario of a picture.

    Raises:
        RelsimError: its file lies outside, or has problems.
    """
    return load(shared.folder.path(asked.scenario), asked.changes)


def table(shared: Shared, asked: Download, stop: Stop) -> tuple[str, str]:
    """The name and the text of a table: a row for each month and watched pair, of the scenario, of
    its base, and of the paired differences.

    Raises:
        RelsimError: there is no such scenario or base.
        Stopped: ``stop`` was set.
    """
    scenario = scenario_of(shared, asked)
    seed = scenario.ensemble.seed if asked.seed is None else asked.seed
    against = asked.base or Base(scenario=asked.scenario)
    base = load(shared.folder.path(against.scenario), against.changes)
    ensemble = shared.engine.growing(scenario, seed).grow(asked.runs, stop)
    other = shared.engine.base(base, seed).grow(asked.runs, stop)
    frames = [_fans(ensemble, "scenario"), _fans(other, "base")]
    if not refusal(other, ensemble):
        comparison = compare(other, ensemble)
        differences = comparison.to_frame(comparison.watched)
        frames.append(differences.assign(of="difference"))
    joined = pd.concat(frames, ignore_index=True)
    first = ["of", "month", "pair"]
    joined = joined[[*first, *(name for name in joined.columns if name not in first)]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        write_table(joined, file)
        return f"{scenario.slug}.csv", file.read_text(encoding="utf-8")


def _fans(ensemble: Ensemble, of: str) -> pd.DataFrame:
    watched = ensemble.scenario.pair_names(ensemble.scenario.watched_pairs)
    rows = summary_table(summarise(ensemble, watched), watched)
    rows = rows[(rows["domain"] == "overall") & rows["pair"].isin(watched)]
    return rows.drop(columns="domain").assign(of=of)


def page(shared: Shared, asked: Download) -> tuple[str, str]:
    """The name and the text of a page that shows the changed scenario to whoever it is sent to, as
    ``relsim run`` leaves it.

    Raises:
        RelsimError: there is no such scenario.
    """
    scenario = scenario_of(shared, asked)
    with tempfile.TemporaryDirectory() as folder:
        result = run(
            scenario, runs=asked.runs, seed=asked.seed, out=folder, figures="none", progress=False
        )
        text = (result.folder / REPORT).read_text(encoding="utf-8")
    return f"{scenario.slug}.html", text
