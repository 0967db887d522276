"""What is in a folder of results: asked, judged, written, and how large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from relsim import __version__
from relsim.errors import ResultsError
from relsim.results.folder import MANIFEST
from relsim.results.lookup import EXPERIMENTS, FAMILY, HINDCASTS, finished_folders
from relsim.results.manifest import (
    ExperimentManifest,
    FamilyManifest,
    HindcastManifest,
    read_as,
    read_manifest,
    refuse_incomplete,
    verdicts_of,
)
from relsim.scenario.schema import title_of


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

    A result that is not whole, or whose manifest cannot be read, is listed with its problem.

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
    for name, kind in _STUDIES.items():
        some = [_listed_study(name, kind, file) for file in Path(out).glob(kind.pattern)]
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


@dataclass(frozen=True)
class _Kind:
    """A kind of study: where its manifests are, what is in them, and what to say of one."""

    pattern: str
    model: type[BaseModel]
    named: str
    told: Callable[[Mapping[str, Any]], dict[str, Any]]


_STUDIES = {
    "family": _Kind(f"*/*/{FAMILY}", FamilyManifest, "a family", _family),
    "experiment": _Kind(
        f"{EXPERIMENTS}/*/*/{MANIFEST}", ExperimentManifest, "an experiment", _experiment
    ),
    "hindcast": _Kind(f"{HINDCASTS}/*/*/{MANIFEST}", HindcastManifest, "a hindcast", _hindcast),
}


def _listed_study(name: str, kind: _Kind, file: Path) -> ListedStudy:
    folder = file.parent
    try:
        content = read_as(kind.model, file, kind.named)
        refuse_incomplete(folder, content)
        said = kind.told(content)
    except ResultsError as error:
        said = {"problem": str(error)}
    return ListedStudy(name, folder, _written(file), _size(folder), **said)


def _listed(folder: Path) -> Listed:
    try:
        content = read_manifest(folder)
        refuse_incomplete(folder, content)
        told = _told(content)
    except ResultsError as error:
        told = {"scenario": folder.parent.name, "problem": str(error)}
    return Listed(folder, _written(folder / MANIFEST), _size(folder), **told)


def _told(manifest: Mapping[str, Any]) -> dict[str, Any]:
    asked = manifest["scenario"]
    return {
        "scenario": title_of(asked["name"], asked["changes"]),
        "runs": manifest["runs"],
        "seed": manifest["seed"],
        "end": manifest["time"]["end"],
        "verdicts": Counter(claim.verdict for claim in verdicts_of(manifest)),
        "current": manifest["relsim"] == __version__,
    }


def _written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
