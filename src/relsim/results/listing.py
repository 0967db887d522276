"""The results in a folder of results: what was asked, how claims were judged, and how large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from relsim import __version__
from relsim.errors import ResultsError
from relsim.results.folder import EXPERIMENTS, FAMILY, HINDCASTS, MANIFEST, finished_folders
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
from relsim.words import counted, with_a


@dataclass(frozen=True)
class Listed:
    """One result in a folder of results.

    Attributes:
        folder: where it is.
        written: when it was finished, local time.
        size: bytes on disk.
        scenario: title of its scenario; of one that is unreadable, of the folder.
        runs, seed, end: of its ensemble; the last month.
        verdicts: how many claims have each verdict.
        until_clear: whether the number of runs was chosen by ``--until-clear``.
        current: simulated by this version of relsim.
        problem: why it cannot be read; then the fields from ``runs`` on are empty.
    """

    folder: Path
    written: datetime
    size: int
    scenario: str
    runs: int = 0
    seed: int = 0
    end: str = ""
    verdicts: Mapping[str, int] = field(default_factory=dict)
    until_clear: bool = False
    current: bool = False
    problem: str = ""


@dataclass(frozen=True)
class ListedStudy:
    """A family, an experiment or a hindcast in a folder of results.

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

    A result that lacks a file, or whose manifest cannot be read, is listed with its problem.

    Args:
        out: the folder, as given to ``relsim run --out``.
    """
    listed = [_listed(folder) for folder in finished_folders(Path(out))]
    return tuple(sorted(listed, key=lambda result: (result.folder.parent.name, result.scenario)))


def list_studies(out: str | Path = "results") -> tuple[ListedStudy, ...]:
    """The whole families, experiments and hindcasts in a folder of results, newest first of each.

    Args:
        out: the folder, as given to ``relsim run --out``.
    """
    studies: list[ListedStudy] = []
    for kind, (pattern, model, describe) in _KINDS.items():
        files = Path(out).glob(pattern)
        listed = [_listed_study(kind, model, describe, file) for file in files]
        listed.sort(key=lambda study: (study.folder.parent.name, -study.written.timestamp()))
        studies += listed
    return tuple(studies)


def _family(content: Mapping[str, Any]) -> str:
    slugs = [path.split("/")[0] for path in content["results"]]
    return f"{counted(len(slugs), 'scenario')}: {', '.join(slugs)}"


def _experiment(content: Mapping[str, Any]) -> str:
    experiment = content["experiment"]
    size = f"{content['points']:,} points of {content['runs']:,} runs"
    return f"{experiment['name']}: {experiment['method']}, {size}"


def _hindcast(content: Mapping[str, Any]) -> str:
    first, last = content["years"]
    return f"{content['file']}: {content['pairs']:,} pairs, {first} to {last}"


_Describe = Callable[[Mapping[str, Any]], str]
_KINDS: dict[str, tuple[str, type[BaseModel], _Describe]] = {
    "family": (f"*/*/{FAMILY}", FamilyManifest, _family),
    "experiment": (f"{EXPERIMENTS}/*/*/{MANIFEST}", ExperimentManifest, _experiment),
    "hindcast": (f"{HINDCASTS}/*/*/{MANIFEST}", HindcastManifest, _hindcast),
}


def _listed_study(
    kind: str, model: type[BaseModel], describe: _Describe, file: Path
) -> ListedStudy:
    folder = file.parent
    study = ListedStudy(kind, folder, *_written_and_size(file))
    try:
        content = read_as(model, file, with_a(kind))
        refuse_incomplete(folder, content)
    except ResultsError as error:
        return replace(study, problem=str(error))
    current = content.get("relsim", __version__) == __version__
    return replace(study, about=describe(content), current=current)


def _listed(folder: Path) -> Listed:
    listed = Listed(folder, *_written_and_size(folder / MANIFEST), folder.parent.name)
    try:
        content = read_manifest(folder)
        refuse_incomplete(folder, content)
        claims = verdicts_of(content)
    except ResultsError as error:
        return replace(listed, problem=str(error))
    return replace(
        listed,
        scenario=title_of(content["scenario"]["name"], content["scenario"]["changes"]),
        runs=content["runs"],
        seed=content["seed"],
        end=content["time"]["end"],
        verdicts=Counter(claim.verdict for claim in claims),
        until_clear=content["looking"] is not None,
        current=content["relsim"] == __version__,
    )


def _written_and_size(file: Path) -> tuple[datetime, int]:
    """When the last file of a result was written, and the bytes of all."""
    size = sum(path.stat().st_size for path in file.parent.rglob("*") if path.is_file())
    return datetime.fromtimestamp(file.stat().st_mtime), size
