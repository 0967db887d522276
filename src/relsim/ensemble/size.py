"""How large an ensemble will be, before it is simulated."""

from __future__ import annotations

from dataclasses import dataclass

from relsim.ensemble.chunks import available_cores, runs_per_chunk
from relsim.ensemble.record import RecordLevel, variables
from relsim.model.plan import Compiled

GIB = 2**30
# Of the bytes in memory, what is left on disk: levels are noise, which hardly compresses; most
# events happen in no step.
STORED, STORED_EVENTS = 0.85, 0.02
# Code and libraries, and the pieces in which an ensemble is read (see relsim.analysis.recorded): a
# million runs of 11 states took 810 MB at most.
ALWAYS = 750 * 2**20
COPIES = 4  # of a chunk: made by a worker, sent, compressed, written


@dataclass(frozen=True)
class Size:
    """Estimates in bytes.

    Attributes:
        disk: of the store.
        memory: the most that the process takes at any time, however many the runs.
    """

    disk: float
    memory: float


def size_of(
    compiled: Compiled, runs: int, level: RecordLevel, thin: int = 1, workers: int | None = None
) -> Size:
    """How large an ensemble in a store will be.

    Args:
        compiled: of the scenario.
        runs: how many.
        level, thin: what is kept (see :func:`relsim.ensemble.record.variables`).
        workers: how many simulate at once; as many as there are cores where absent.
    """
    wanted = variables(compiled, level, thin)
    each = sum(variable.bytes_per_run for variable in wanted.values())
    events = wanted["fired"].bytes_per_run
    stored = STORED * (each - events) + STORED_EVENTS * events
    chunk = each * min(runs, runs_per_chunk(compiled, level, thin))
    at_once = workers or available_cores()
    return Size(stored * runs, ALWAYS + COPIES * chunk * at_once)
