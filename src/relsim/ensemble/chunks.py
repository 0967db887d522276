"""An ensemble in chunks of runs: the unit of work, of memory and of the store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from relsim.ensemble.record import RecordLevel, recording, variables
from relsim.model.draws import draw_numbers, place_draws
from relsim.model.kernel import Batch, simulate_batch
from relsim.model.plan import Compiled, number_views
from relsim.model.world import new_world

MAX_RUNS = 256  # 120 months of 11 states then take 9 MB, and 1,000 runs keep two cores busy
LANES = 16  # runs side by side: two registers of eight doubles, and a dozen states stay in cache
MAX_BYTES = 32 * 1024 * 1024  # so that memory stays bounded with many states


@dataclass(frozen=True)
class Chunk:
    """Consecutive runs of an ensemble."""

    first: int
    runs: int

    @property
    def rows(self) -> slice:
        """Where they stand on the run axis."""
        return slice(self.first, self.first + self.runs)


def runs_per_chunk(compiled: Compiled, level: RecordLevel) -> int:
    """How many runs make a chunk: a matter of the scenario alone, never of the machine."""
    per_run = sum(variable.bytes_per_run for variable in variables(compiled, level).values())
    return max(1, min(MAX_RUNS, MAX_BYTES // max(per_run, 1)))


def chunks(runs: int, size: int) -> list[Chunk]:
    """All chunks of an ensemble."""
    return [Chunk(first, min(size, runs - first)) for first in range(0, runs, size)]


def simulate_chunk(
    compiled: Compiled, seed: int, level: RecordLevel, chunk: Chunk
) -> dict[str, NDArray[np.generic]]:
    """The recorded arrays of one chunk, by variable. Runs in any thread or process."""
    drawn = draw_numbers(compiled.draws, seed, chunk.first, chunk.runs)
    places, values = place_draws(compiled.draws, drawn)
    world = new_world(compiled, min(LANES, max(1, chunk.runs)))
    batch = Batch(np.uint64(seed), np.uint64(chunk.first), compiled.vector, places, values)
    filled = recording(compiled, level, chunk.runs)
    simulate_batch(compiled.plan, number_views(compiled.sizes, world.vector), world, batch, filled)
    arrays: dict[str, NDArray[np.generic]] = {**filled._asdict(), "drawn": drawn}
    return {name: arrays[name] for name in variables(compiled, level)}


def kernel_is_compiled() -> bool:
    """Whether an earlier process left the compiled kernel on disk."""
    cache = cast(Any, simulate_batch).stats.cache_path
    return cache is not None and any(Path(cache).glob("kernel.simulate_batch-*.nbi"))


def compile_kernel(compiled: Compiled) -> None:
    """Compiles the kernel, or reads it from the cache, by simulating nothing."""
    simulate_chunk(compiled, 0, "overall", Chunk(0, 0))


def simulate_chunks(
    compiled: Compiled,
    seed: int,
    level: RecordLevel,
    todo: list[Chunk],
    executor: Executor,
    workers: int,
) -> Iterator[tuple[Chunk, dict[str, NDArray[np.generic]]]]:
    """Chunks as they finish, in any order, with few in memory at once.

    Args:
        executor: any executor of :mod:`concurrent.futures`.
        workers: how many chunks it works on at once; one more is handed to it.
    """
    waiting = iter(todo)
    running: dict[Future[dict[str, NDArray[np.generic]]], Chunk] = {}
    try:
        while True:
            for chunk in waiting:
                future = executor.submit(simulate_chunk, compiled, seed, level, chunk)
                running[future] = chunk
                if len(running) > workers:
                    break
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield running.pop(future), future.result()
    finally:
        for future in running:
            future.cancel()
