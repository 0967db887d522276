"""What is in a folder of results: asked, judged, written, and how large."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from relsim import __version__
from relsim.errors import ResultsError
from relsim.results.folder import MANIFEST
from relsim.results.lookup import EXPERIMENTS, FAMILY, HINDCASTS, finished_folders
from relsim.results.manifest import read_manifest
from relsim.scenario.naming import title_of


@dataclass(frozen=True)
class Listed:
    """One result in a folder of results.

    Attributes:
        folder: where it is.
        written: when it was finished, local time.
        size: bytes on disk.
        scenario: title of its scenario; of one that is unreadable, of the folder.
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


@dataclass(frozen=True)
class ListedStudy:
    """What is made of many runs or none, in a folder of results.

    Attributes:
        kind: "family", "experiment" or "hindcast".
        folder, written, size: as of :class:`Listed`.
        about: what it is, in words.
        current: of this version of relsim.
        problem: why it cannot be read.
    """

    kind: str
    folder: Path
    written: datetime
    size: int
    about: str = ""
    current: bool = True
    problem: str = ""


def list_results(out: str | Path = "results") -> tuple[Listed, ...]:
    """The whole results in a folder of results, by scenario, newest first.

    A result whose manifest cannot be read is listed with its problem.

    Args:
        out: the folder, as given to ``relsim run --out``.
    """
    found = [_listed(folder) for folder in finished_folders(Path(out))]
    return tuple(sorted(found, key=lambda one: (one.folder.parent.name, one.scenario)))


def list_studies(out: str | Path = "results") -> tuple[ListedStudy, ...]:
    """The whole families, experiments and hindcasts in a folder of results, newest first of each.

    Args:
        out: the folder, as given to ``relsim run --out``.
    """
    found = []
    for kind, (pattern, told) in _STUDIES.items():
        files = Path(out).glob(pattern)
        some = [_listed_study(kind, file, told) for file in files]
        some.sort(key=lambda one: (one.folder.parent.name, -one.written.timestamp()))
        found += some
    return tuple(found)


def _family(content: Mapping[str, Any]) -> dict[str, Any]:
    slugs = [str(place).split("/")[0] for place in content["results"]]
    return {"about": f"{len(slugs)} scenarios: {', '.join(slugs)}"}


def _experiment(content: Mapping[str, Any]) -> dict[str, Any]:
    asked = content["experiment"]
    size = f"{content['points']:,} points of {content['runs']:,} runs"
    about = f"{asked['name']}: {asked['method']}, {size}"
    return {"about": about, "current": content["relsim"] == __version__}


def _hindcast(content: Mapping[str, Any]) -> dict[str, Any]:
    first, last = content["years"]
    about = f"{content['file']}: {content['pairs']:,} pairs, {first} to {last}"
    return {"about": about, "current": content["relsim"] == __version__}


_STUDIES: dict[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "family": (f"*/*/{FAMILY}", _family),
    "experiment": (f"{EXPERIMENTS}/*/*/{MANIFEST}", _experiment),
    "hindcast": (f"{HINDCASTS}/*/*/{MANIFEST}", _hindcast),
}


def _listed_study(
    kind: str, file: Path, told: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> ListedStudy:
    written, folder = datetime.fromtimestamp(file.stat().st_mtime), file.parent
    try:
        said = told(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        an = "an" if kind == "experiment" else "a"
        said = {"problem": f"{file} is not that of {an} {kind}."}
    return ListedStudy(kind, folder, written, _size(folder), **said)


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
    asked = manifest["scenario"]
    return {
        "scenario": title_of(str(asked["name"]), asked.get("changes") or {}),
        "runs": int(manifest["runs"]),
        "seed": int(manifest["seed"]),
        "end": str(manifest["time"]["end"]),
        "verdicts": Counter(str(claim["verdict"]) for claim in manifest.get("claims", ())),
        "current": manifest["relsim"] == __version__,
    }


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
