"""Finds results that are there: by their folder, or by the folder of their scenario."""

from __future__ import annotations

import json
from pathlib import Path

from relsim.errors import ResultsError, near_path
from relsim.results.folder import MANIFEST, is_finished

FAMILY = "family.json"  # of a family in the place of a manifest; written last
EXPERIMENTS, HINDCASTS = "experiments", "hindcasts"  # apart from results of scenarios


def finished_folders(out: Path) -> list[Path]:
    """The folders of all whole results under a folder of results, by scenario, newest first."""
    found = [path.parent for path in out.glob(f"*/*/{MANIFEST}")]
    return sorted(found, key=lambda folder: (folder.parent.name, -_written(folder), folder.name))


def result_folder(place: str | Path) -> Path:
    """The result at a place: the folder itself, or the newest result of a scenario's folder.

    Args:
        place: as in ``results/status-quo/3f2a91c04b7d`` or ``results/status-quo``.

    Raises:
        ResultsError: there is no whole result, or there are results of different scenarios whose
            files have the same name.
    """
    place = Path(place)
    if is_finished(place):
        return place
    inside = [path.parent for path in place.glob(f"*/{MANIFEST}")]
    if not inside:
        text = f"{place} holds no finished result: it has no {MANIFEST}, nor has a folder in it."
        near = "" if place.exists() else near_path(place) or near_path("results" / place)
        raise ResultsError(f"{text} {near or 'Simulate first: relsim run FILE.'}")
    inside.sort(key=lambda folder: (_written(folder), folder.name))
    _refuse_different(place, inside)
    return inside[-1]


def _refuse_different(place: Path, folders: list[Path]) -> None:
    """Refuses results of more than one scenario, by name, oldest first."""
    newest = {_scenario_name(folder): folder for folder in folders}
    newest.pop("", None)
    if len(newest) > 1:
        listed = "".join(f"\n  {newest[name]}  {name}" for name in sorted(newest))
        said = f"{place} holds results of {len(newest)} scenarios. Name one; the newest of each:"
        raise ResultsError(said + listed)


def _scenario_name(folder: Path) -> str:
    """As its manifest has it; empty where that cannot be read."""
    try:
        return str(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["scenario"]["name"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _written(folder: Path) -> float:
    return (folder / MANIFEST).stat().st_mtime
