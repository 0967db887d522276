"""A finished result: finding and opening it."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from relsim.analysis.claims import Verdicts
from relsim.analysis.summary import summarise, summary_table
from relsim.display import Displayed, Figure
from relsim.ensemble.simulate import Ensemble, spelled_by, without_runs
from relsim.errors import DamagedError, ResultsError, ScenarioError, near_path
from relsim.model.compile import compile_scenario
from relsim.results.folder import (
    FAILURES,
    MANIFEST,
    RESOLVED,
    STORE,
    SUMMARY,
    TABLES,
    WRITTEN_AGAIN,
    is_finished,
    written_at,
)
from relsim.results.manifest import read_manifest, refuse_incomplete, remedy_of, verdicts_of
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario


@dataclass(frozen=True, repr=False)
class Result(Displayed):
    """A finished result.

    Attributes:
        folder: where it is.
        manifest: as in ``manifest.json``.
        scenario: what was simulated.
        reused: whether it was there already, so that nothing was simulated.
        known_summary: its summary, if it is at hand.
    """

    folder: Path
    manifest: dict[str, Any]
    scenario: Scenario
    reused: bool = False
    known_summary: xr.Dataset | None = field(default=None, repr=False, compare=False)

    def in_short(self) -> str:
        """That of the ensemble, and the id."""
        return f"{self.folder.name} of {self.ensemble.in_short()}"

    def plot(
        self, pairs: str | Sequence[str] | None = None, *, domain: str | None = None
    ) -> Figure:
        """Fans of cooperation (see :meth:`relsim.Ensemble.plot`)."""
        return self.ensemble.plot(pairs, domain=domain)

    def to_frame(self) -> pd.DataFrame:
        """Quantiles and moments by month and pair (see :meth:`relsim.Ensemble.to_frame`)."""
        summary = self.summary()
        return summary_table(summary, summary["pair"].values).rename_axis(columns=None)

    def level(self, pair: str, domain: str | None = None) -> xr.DataArray:
        """Cooperation of a pair in every run, (run, time) (see :meth:`relsim.Ensemble.level`)."""
        return self.ensemble.level(pair, domain)

    @cached_property
    def ensemble(self) -> Ensemble:
        """Every run. Its store is opened when first asked for, and read when used.

        Raises:
            DamagedError: something of the store is missing or cannot be read. Also later, when
                values are read that are not as they were written.
        """
        from relsim.ensemble.store import Layout, open_store  # slow to load

        content, scenario, remedy = self.manifest, self.scenario, remedy_of(self.manifest)
        failed = _failed_runs(self.folder, content, remedy) if content["failures"] else ()
        layout = Layout.of(
            compile_scenario(scenario), content["runs"], content["record"], content["thin"]
        )
        stored = open_store(self.folder / STORE, layout, remedy)
        data = without_runs(spelled_by(scenario, stored), failed)
        until_clear = content["looking"] is not None
        return Ensemble(scenario, content["seed"], data, content["relsim"], failed, until_clear)

    @property
    def claims(self) -> Verdicts:
        """The verdict on each claim, as stored."""
        return Verdicts(verdicts_of(self.manifest), self.scenario)

    def summary(self, pairs: Sequence[str] | None = None) -> xr.Dataset:
        """Quantiles and moments over the runs (see relsim.summarise)."""
        if self.known_summary is None:
            return summarise(self.ensemble, pairs)
        known = self.known_summary
        if pairs is None:
            return known
        return known[["overall"]].sel(
            pair=self.scenario.pair_names(pair.split("-") for pair in pairs)
        )


def open_result(path: str | Path, *, scenario: Scenario | None = None) -> Result:
    """A finished result, with the store of its ensemble looked at.

    Its tables may be missing, as they can be written again; nothing else may.

    Args:
        path: its folder, as printed by ``relsim run``, or the folder of a scenario's results, as
            in ``results/status-quo``, whose newest is then opened.
        scenario: what was simulated, if it is at hand; else it is read from the folder.

    Raises:
        ResultsError: there is no whole result there, or there are results of different scenarios.
        DamagedError: something of it is missing or cannot be read. Also later, when values are
            read that are not as they were written.
    """
    result = finished_result(result_folder(path), scenario)
    _ = result.ensemble  # whoever opens it hears of damage now
    return result


def finished_result(folder: Path, scenario: Scenario | None = None) -> Result:
    """As :func:`open_result` of a result's own folder, with the ensemble left unopened until it is
    asked for.

    Raises:
        ResultsError: there is no whole result there.
        DamagedError: a file is missing or has another size than was noted.
    """
    if not is_finished(folder):
        raise ResultsError(f"{folder} holds no finished result: it has no {MANIFEST}.")
    content = read_manifest(folder)
    refuse_incomplete(folder, content, TABLES if scenario is None else WRITTEN_AGAIN)
    if scenario is None:
        known = content["scenario"]
        scenario = _scenario(folder, remedy_of(content)).named(known["slug"], known["changes"])
    return Result(folder, content, scenario)


def overall_at_ends(result: Result) -> dict[str, tuple[dict[str, float], dict[str, float]]]:
    """By watched pair, the statistics of overall cooperation at the start and at the end.

    They are read from ``summary.csv``, so that no run need be; in single precision, as they were
    worked out.
    """
    time = result.scenario.time
    rows: dict[tuple[str, str], dict[str, float]] = {}
    with (result.folder / SUMMARY).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            month, pair, domain = row.pop("month"), row.pop("pair"), row.pop("domain")
            if domain == "overall" and month in (str(time.start), str(time.end)):
                rows[pair, month] = {name: float(np.float32(value)) for name, value in row.items()}
    pairs = result.scenario.pair_names(result.scenario.watched_pairs)
    return {pair: (rows[pair, str(time.start)], rows[pair, str(time.end)]) for pair in pairs}


def _scenario(folder: Path, remedy: str) -> Scenario:
    try:
        return load(folder / RESOLVED)
    except ScenarioError as error:
        first = error.problems[0]
        raise DamagedError(f"{folder} is damaged: {first} {remedy}") from error


def _failed_runs(folder: Path, content: Mapping[str, Any], remedy: str) -> tuple[int, ...]:
    """The numbers of the runs that failed, as many as the manifest says."""
    file = folder / FAILURES
    try:
        failures = json.loads(file.read_text(encoding="utf-8"))
        failed = sorted({int(failure["run"]) for failure in failures})
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedError(f"{file} cannot be read. {remedy}") from error
    if len(failed) != content["failures"] or not 0 <= failed[0] <= failed[-1] < content["runs"]:
        raise DamagedError(f"{file} does not name the runs that failed. {remedy}")
    return tuple(failed)


def compared_with(
    result: Result, scenarios: Mapping[str, Scenario] | None = None
) -> dict[str, Ensemble | str]:
    """By file, the ensembles that the claims of a result were judged against; a text says why one
    is not there.

    Args:
        result: whose claims were judged.
        scenarios: those that are at hand, by file.

    Raises:
        DamagedError: what is there is not whole.
    """
    out, compared = result.folder.parent.parent, dict[str, Ensemble | str]()
    for file, number in result.manifest["comparisons"].items():
        if number is None:
            continue
        folders = [folder for folder in out.glob(f"*/{number}") if is_finished(folder)]
        compared[file] = (
            open_result(folders[0], scenario=(scenarios or {}).get(file)).ensemble
            if folders
            else f"What this is compared with is not there: {file}, result {number}, which belongs "
            "into the same folder of results. So no difference is shown."
        )
    return compared


def result_folder(path: str | Path) -> Path:
    """The result at a path: the folder itself, or the newest result of a scenario's folder.

    Args:
        path: as in ``results/status-quo/3f2a91c04b7d`` or ``results/status-quo``.

    Raises:
        ResultsError: there is no whole result, or there are results of different scenarios whose
            files have the same name.
    """
    path = Path(path)
    if is_finished(path):
        return path
    inside = [file.parent for file in path.glob(f"*/{MANIFEST}")]
    if not inside:
        text = f"{path} holds no finished result: it has no {MANIFEST}, nor has a folder in it."
        near = "" if path.exists() else near_path(path) or near_path("results" / path)
        raise ResultsError(f"{text} {near or 'Simulate first: relsim run FILE.'}")
    inside.sort(key=lambda folder: (written_at(folder), folder.name))
    _refuse_different(path, inside)
    return inside[-1]


def _refuse_different(path: Path, folders: list[Path]) -> None:
    """Refuses results of more than one scenario, by name, oldest first."""
    newest = {_scenario_name(folder): folder for folder in folders}
    newest.pop("", None)
    if len(newest) > 1:
        listed = "".join(f"\n  {newest[name]}  {name}" for name in sorted(newest))
        text = f"{path} holds results of {len(newest)} scenarios. Name one; the newest of each:"
        raise ResultsError(text + listed)


def _scenario_name(folder: Path) -> str:
    """As its manifest has it; empty where that cannot be read."""
    try:
        return str(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["scenario"]["name"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
