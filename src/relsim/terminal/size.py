"""What a big run will take, said before it starts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from relsim.ensemble.chunks import GIB, size_of
from relsim.ensemble.record import RecordLevel
from relsim.model.compile import compile_scenario
from relsim.scenario.schema import Scenario

WORTH_SAYING = GIB


def size_line(
    scenarios: Sequence[Scenario],
    runs: int | None,
    record: RecordLevel,
    thin: int,
    workers: int | None = None,
) -> str:
    """Disk and memory that ensembles will take; empty where it is little.

    Args:
        scenarios: what is simulated.
        runs: of each; its own where absent.
        record, thin: what is kept.
        workers: how many simulate at once; as many as there are cores where absent.
    """
    disk, memory = _needed(scenarios, runs, record, thin, workers)
    if disk + memory < WORTH_SAYING:
        return ""
    return f"This will take about {_gib(disk)} on disk and {_gib(memory)} of memory."


def too_large(
    scenarios: Sequence[Scenario],
    runs: int | None,
    record: RecordLevel,
    thin: int,
    out: Path,
) -> str:
    """Why ensembles do not fit on the disk of a folder of results; empty where they do.

    Args:
        scenarios, runs, record, thin: as of :func:`size_line`.
        out: the folder, which need not be there yet.
    """
    disk, _ = _needed(scenarios, runs, record, thin)
    free = shutil.disk_usage(next(place for place in _upwards(out) if place.is_dir())).free
    if disk <= free:
        return ""
    return (
        f"This would take about {_gib(disk)} on disk, where {_gib(free)} are free. Ask for fewer "
        "runs, keep less with --record watched or --thin, choose another place with --out, or "
        "start all the same with --force-size."
    )


def _upwards(folder: Path) -> Iterator[Path]:
    """A folder and all that it is in."""
    whole = folder.absolute()
    yield whole
    yield from whole.parents


def _needed(
    scenarios: Sequence[Scenario],
    runs: int | None,
    record: RecordLevel,
    thin: int,
    workers: int | None = None,
) -> tuple[float, float]:
    """Bytes of disk, of all together, and of memory."""
    sizes = [
        size_of(compile_scenario(one), runs or one.ensemble.runs, record, thin, workers)
        for one in scenarios
    ]
    return sum(size.disk for size in sizes), max(size.memory for size in sizes)


def _gib(size: float) -> str:
    return f"{size / GIB:,.1f} GiB"
