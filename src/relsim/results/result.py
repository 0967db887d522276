"""A finished result: what is in its folder, and opening it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from relsim.analysis.claims import Verdict
from relsim.analysis.summary import summarise
from relsim.ensemble.simulate import Ensemble, spelled_by, without_runs
from relsim.ensemble.store import Layout, open_store
from relsim.errors import DamagedError, ResultsError, ScenarioError
from relsim.model.compile import compile_scenario
from relsim.results.contents import FAILURES, RESOLVED, STORE, TABLES, WRITTEN_AGAIN
from relsim.results.folder import MANIFEST, is_finished
from relsim.results.manifest import read_manifest, refuse_incomplete, remedy_of, verdicts_of
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario


@dataclass(frozen=True)
class Result:
    """A finished result.

    Attributes:
        folder: where it is.
        manifest: as in ``manifest.json``.
        ensemble: every run, read from the store when used.
        reused: it was there already, so nothing was simulated.
        known_summary: its summary where that is at hand.
    """

    folder: Path
    manifest: dict[str, Any]
    ensemble: Ensemble
    reused: bool = False
    known_summary: xr.Dataset | None = field(default=None, repr=False, compare=False)

    @property
    def scenario(self) -> Scenario:
        """What was simulated."""
        return self.ensemble.scenario

    @property
    def claims(self) -> tuple[Verdict, ...]:
        """The verdict on each claim, as stored."""
        return verdicts_of(self.manifest)

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


def open_result(
    folder: str | Path,
    *,
    reused: bool = False,
    summary: xr.Dataset | None = None,
    scenario: Scenario | None = None,
) -> Result:
    """A finished result.

    Its tables may be missing, as they can be written again; nothing else may.

    Args:
        folder: as printed by ``relsim run``.
        reused, summary: noted in the result.
        scenario: what was simulated; as the folder has it where absent.

    Raises:
        ResultsError: there is no whole result there.
        DamagedError: something of it is missing or cannot be read. Also later, when values are
            read that are not as they were written.
    """
    folder = Path(folder)
    if not is_finished(folder):
        raise ResultsError(f"{folder} holds no finished result: it has no {MANIFEST}.")
    content = read_manifest(folder)
    remedy = remedy_of(content)
    replaced = TABLES if scenario is None else WRITTEN_AGAIN
    refuse_incomplete(folder, content, replaced)
    if scenario is None:
        known = content["scenario"]
        scenario = _scenario(folder, remedy).named(known["slug"], known["changes"])
    failed = _failed_runs(folder, content, remedy) if content["failures"] else ()
    layout = Layout.of(
        compile_scenario(scenario), content["runs"], content["record"], content["thin"]
    )
    stored = open_store(folder / STORE, layout, remedy)
    data = without_runs(spelled_by(scenario, stored), failed)
    until_clear = content["looking"] is not None
    ensemble = Ensemble(scenario, content["seed"], data, content["relsim"], failed, until_clear)
    return Result(folder, content, ensemble, reused, summary)


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
        failed = sorted({int(one["run"]) for one in json.loads(file.read_text(encoding="utf-8"))})
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedError(f"{file} cannot be read. {remedy}") from error
    if len(failed) != content["failures"] or not 0 <= failed[0] <= failed[-1] < content["runs"]:
        raise DamagedError(f"{file} does not name the runs that failed. {remedy}")
    return tuple(failed)


def compared_with(result: Result) -> dict[str, Ensemble | str]:
    """By file, the ensembles that the claims of a result were judged against; a text says why one
    is not there.

    Raises:
        DamagedError: what is there is not whole.
    """
    out, compared = result.folder.parent.parent, dict[str, Ensemble | str]()
    for file, number in result.manifest["comparisons"].items():
        if number is None:
            continue
        folders = [folder for folder in out.glob(f"*/{number}") if is_finished(folder)]
        compared[file] = (
            open_result(folders[0]).ensemble
            if folders
            else f"What this is compared with is not there: {file}, result {number}, which belongs "
            "into the same folder of results. So no difference is shown."
        )
    return compared
