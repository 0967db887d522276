"""What a big run will take, said before it starts."""

from __future__ import annotations

from collections.abc import Sequence

from relsim.ensemble.record import RecordLevel
from relsim.ensemble.size import GIB, size_of
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
    sizes = [
        size_of(compile_scenario(one), runs or one.ensemble.runs, record, thin, workers)
        for one in scenarios
    ]
    disk, memory = sum(size.disk for size in sizes), max(size.memory for size in sizes)
    if disk + memory < WORTH_SAYING:
        return ""
    return f"This will take about {_gib(disk)} on disk and {_gib(memory)} of memory."


def _gib(size: float) -> str:
    return f"{size / GIB:,.1f} GiB"
