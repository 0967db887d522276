"""A finished result: what is in its folder, and opening it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from relsim.analysis.claims import Verdict
from relsim.analysis.summary import summarise
from relsim.ensemble.simulate import Ensemble, without_runs
from relsim.ensemble.spelling import spelled_by
from relsim.ensemble.store import open_store
from relsim.errors import ResultsError
from relsim.results.folder import MANIFEST, is_finished
from relsim.results.manifest import read_manifest
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario

STORE, RESOLVED, REPORT = "ensemble.zarr", "scenario.resolved.yaml", "report.html"
FAILURES = "failures.json"  # only where runs failed
SUMMARY, EVENTS, CLAIMS, FIGURES = "summary.csv", "events.csv", "claims.csv", "figures"


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
        return tuple(Verdict(**verdict) for verdict in self.manifest.get("claims", ()))

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
    folder: str | Path, *, reused: bool = False, summary: xr.Dataset | None = None
) -> Result:
    """A finished result.

    Args:
        folder: as printed by ``relsim run``.
        reused, summary: noted in the result.

    Raises:
        ResultsError: there is no whole result there.
    """
    folder = Path(folder)
    if not is_finished(folder):
        raise ResultsError(f"{folder} holds no finished result: it has no {MANIFEST}.")
    content = read_manifest(folder)
    known = content["scenario"]
    scenario = load(folder / RESOLVED).named(known["slug"], known.get("changes") or {})
    failed = _failed_runs(folder) if content.get("failures") else ()
    data = without_runs(spelled_by(scenario, open_store(folder / STORE)), failed)
    ensemble = Ensemble(scenario, content["seed"], data, content["relsim"], failed)
    return Result(folder, content, ensemble, reused, summary)


def _failed_runs(folder: Path) -> tuple[int, ...]:
    file = folder / FAILURES
    try:
        return tuple(int(one["run"]) for one in json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{file} cannot be read: {error}.") from error
