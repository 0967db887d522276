"""Downloads of a picture: its fans and differences as a table, or the report of its scenario."""

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


def table(shared: Shared, download: Download, stop: Stop) -> tuple[str, str]:
    """The name and the text of a CSV table: a row for each month and watched pair of the scenario,
    of its base, and of the paired differences; the column ``of`` says which.

    Raises:
        RelsimError: a file lies outside of the folder, or the scenario or the base has problems.
        Stopped: ``stop`` was set.
    """
    scenario = load(shared.folder.path(download.scenario), download.changes)
    seed = scenario.ensemble.seed if download.seed is None else download.seed
    against = download.base or Base(scenario=download.scenario)
    base = load(shared.folder.path(against.scenario), against.changes)
    ensemble = shared.engine.growing(scenario, seed).grow(download.runs, stop)
    base_ensemble = shared.engine.base(base, seed).grow(download.runs, stop)
    frames = [_fans(ensemble, "scenario"), _fans(base_ensemble, "base")]
    if not refusal(base_ensemble, ensemble):
        comparison = compare(base_ensemble, ensemble)
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


def page(shared: Shared, download: Download) -> tuple[str, str]:
    """The name and the text of the report page that ``relsim run`` makes of the changed scenario.

    Raises:
        RelsimError: the file lies outside of the folder, or the scenario has problems.
    """
    scenario = load(shared.folder.path(download.scenario), download.changes)
    with tempfile.TemporaryDirectory() as folder:
        result = run(
            scenario,
            runs=download.runs,
            seed=download.seed,
            out=folder,
            figures="none",
            progress=False,
        )
        text = (result.folder / REPORT).read_text(encoding="utf-8")
    return f"{scenario.slug}.html", text
