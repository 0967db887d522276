"""Finds results that are there: by their folder, or by the folder of their scenario."""

from __future__ import annotations

from pathlib import Path

from relsim.errors import ResultsError
from relsim.results.folder import MANIFEST, is_finished


def finished_folders(out: Path) -> list[Path]:
    """The folders of all whole results under a folder of results, by scenario, newest first."""
    found = [path.parent for path in out.glob(f"*/*/{MANIFEST}")]
    return sorted(found, key=lambda folder: (folder.parent.name, -_written(folder), folder.name))


def result_folder(place: str | Path) -> Path:
    """The result at a place: the folder itself, or the newest result of a scenario's folder.

    Args:
        place: as in ``results/status-quo/3f2a91c04b7d`` or ``results/status-quo``.

    Raises:
        ResultsError: there is no whole result.
    """
    place = Path(place)
    if is_finished(place):
        return place
    inside = [path.parent for path in place.glob(f"*/{MANIFEST}")]
    if not inside:
        text = f"{place} holds no finished result: it has no {MANIFEST}, nor has a folder in it."
        raise ResultsError(f"{text} Simulate first: relsim run FILE.")
    return max(inside, key=lambda folder: (_written(folder), folder.name))


def _written(folder: Path) -> float:
    return (folder / MANIFEST).stat().st_mtime
