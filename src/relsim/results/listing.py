"""What is in a folder of results: asked, judged, written, and how large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from relsim import __version__
from relsim.errors import ResultsError
from relsim.results.folder import MANIFEST
from relsim.results.lookup import finished_folders
from relsim.results.manifest import read_manifest


@dataclass(frozen=True)
class Listed:
    """One result in a folder of results.

    Attributes:
        folder: where it is.
        written: when it was finished, local time.
        size: bytes on disk.
        scenario: name of its scenario; of one that is unreadable, of the folder.
        runs, seed, end: what was asked; the last month.
        verdicts: how many claims have each verdict.
        current: simulated by this version of relsim.
        problem: why it cannot be read; then the fields from ``runs`` on say nothing.
    """

    folder: Path
    written: datetime
    size: int
    scenario: str
    runs: int = 0
    seed: int = 0
    end: str = ""
    verdicts: Mapping[str, int] = field(default_factory=dict)
    current: bool = False
    problem: str = ""


def list_results(out: str | Path = "results") -> tuple[Listed, ...]:
    """The whole results in a folder of results, by scenario, newest first.

    A result whose manifest cannot be read is listed with its problem.

    Args:
        out: the folder, as given to ``relsim run --out``.
    """
    return tuple(_listed(folder) for folder in finished_folders(Path(out)))


def _listed(folder: Path) -> Listed:
    written = datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime)
    try:
        told = _told(read_manifest(folder))
    except ResultsError as error:
        told = {"scenario": folder.parent.name, "problem": str(error)}
    except (KeyError, TypeError, AttributeError):
        problem = f"{folder / MANIFEST} is not that of a result."
        told = {"scenario": folder.parent.name, "problem": problem}
    return Listed(folder, written, _size(folder), **told)


def _told(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "scenario": str(manifest["scenario"]["name"]),
        "runs": int(manifest["runs"]),
        "seed": int(manifest["seed"]),
        "end": str(manifest["time"]["end"]),
        "verdicts": Counter(str(claim["verdict"]) for claim in manifest.get("claims", ())),
        "current": manifest["relsim"] == __version__,
    }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
