"""Downloads of a picture: its fans and differences as a table, or a page of scenario and base."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from relsim.analysis.compare import compare, refusal
from relsim.analysis.summary import summarise, summary_table, write_table
from relsim.app.folder import Folder
from relsim.app.messages import Download
from relsim.app.opening import load_with_base
from relsim.app.pictures import alike
from relsim.app.visitor import Shared
from relsim.ensemble.chunks import Stop
from relsim.ensemble.simulate import Ensemble
from relsim.errors import ResultsError
from relsim.results.family import run_family
from relsim.results.folder import REPORT
from relsim.results.job import Execution
from relsim.results.question import Question
from relsim.results.run import run_question
from relsim.scenario.schema import Scenario


def table(shared: Shared, download: Download, stop: Stop) -> tuple[str, str]:
    """The name and the text of a CSV table: a row for each month and watched pair of the scenario,
    of its base, and of the paired differences; the column ``of`` says which.

    Raises:
        RelsimError: a file lies outside of the folder, or the scenario or the base has problems.
        Stopped: ``stop`` was set.
    """
    scenario, base, seed = _loaded(shared.folder, download)
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


def page(shared: Shared, download: Download, stop: Stop) -> tuple[str, str]:
    """The name and the text of the page that ``relsim run`` makes of base and scenario, with their
    paired differences. Where both act alike, the page is of the scenario alone.

    Raises:
        RelsimError: a file lies outside of the folder, or the scenario or the base has problems.
        Stopped: ``stop`` was set.
    """
    scenario, base, seed = _loaded(shared.folder, download)
    alone = alike(scenario, base)
    question, of_base = (Question.of(each, download.runs, seed) for each in (scenario, base))
    with tempfile.TemporaryDirectory() as folder:
        execution = Execution(Path(folder), stop=stop)
        if alone:
            report = run_question(question, execution, figures="none").folder / REPORT
        else:
            report = run_family([of_base, question], execution, base=0).report
        return f"{scenario.slug}.html", report.read_text(encoding="utf-8")


def _loaded(folder: Folder, download: Download) -> tuple[Scenario, Scenario, int]:
    """The scenario with its changes, its base with those of its own, and the seed of both.

    Raises:
        ResultsError: a file was edited since the page opened it.
    """
    scenario, against, base = load_with_base(folder, download.scenario, download.base)
    for file, loaded, opened_hash in (
        (download.scenario, scenario, download.scenario_hash),
        (against.scenario, base, download.base_hash),
    ):
        if opened_hash and Question.of(loaded).scenario_hash != opened_hash:
            raise ResultsError(f"{file} has changed since it was opened; reload the page.")
    scenario = scenario.with_changes(download.changes)
    return scenario, base, scenario.ensemble.seed if download.seed is None else download.seed
