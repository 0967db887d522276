"""An ensemble in chunks of runs: the unit of work, of memory and of the store."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

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

Answer = TypeVar("Answer")
Stop: TypeAlias = NDArray[np.uint8]  # [1] shared by threads; not 0: leave off


class Stopped(Exception):  # noqa: N818  it is no error
    """A chunk was left unfinished because it was told to."""


def new_stop() -> Stop:
    """A flag that is not set."""
    return np.zeros(1, dtype=np.uint8)


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
    return runs_that_fit(
        sum(variable.bytes_per_run for variable in variables(compiled, level).values())
    )


def runs_that_fit(bytes_per_run: int) -> int:
    """How many runs of this size make a chunk."""
    return max(1, min(MAX_RUNS, MAX_BYTES // max(bytes_per_run, 1)))


def chunks(runs: int, size: int) -> list[Chunk]:
    """All chunks of an ensemble."""
    return [Chunk(first, min(size, runs - first)) for first in range(0, runs, size)]


def all_chunks(compiled: Compiled, runs: int, level: RecordLevel) -> list[Chunk]:
    """The chunks of an ensemble of a scenario."""
    return chunks(runs, runs_per_chunk(compiled, level))


def lanes(chunk: Chunk) -> int:
    """How many runs of a chunk lie side by side."""
    return min(LANES, max(1, chunk.runs))


def batch_of(
    compiled: Compiled, seed: int, chunk: Chunk, stop: Stop | None = None
) -> tuple[Batch, NDArray[np.float64]]:
    """The batch of a chunk for a kernel, and its uncertain numbers by draw."""
    stop = new_stop() if stop is None else stop
    drawn = draw_numbers(compiled.draws, seed, chunk.first, chunk.runs)
    places, values = place_draws(compiled.draws, drawn)
    batch = Batch(np.uint64(seed), np.uint64(chunk.first), compiled.vector, places, values, stop)
    return batch, drawn


def simulate_chunk(
    compiled: Compiled, seed: int, level: RecordLevel, chunk: Chunk, stop: Stop | None = None
) -> dict[str, NDArray[np.generic]]:
    """The recorded arrays of one chunk, by variable. Runs in any thread or process.

    Raises:
        Stopped: ``stop`` was set in the meantime.
    """
    batch, drawn = batch_of(compiled, seed, chunk, stop)
    world = new_world(compiled, lanes(chunk))
    filled = recording(compiled, level, chunk.runs)
    simulate_batch(compiled.plan, number_views(compiled.sizes, world.vector), world, batch, filled)
    if batch.stop[0]:
        raise Stopped
    arrays: dict[str, NDArray[np.generic]] = {**filled._asdict(), "drawn": drawn}
    return {name: arrays[name] for name in variables(compiled, level)}


def is_compiled(kernel: Callable[..., object]) -> bool:
    """Whether an earlier process left a compiled kernel on disk."""
    function = cast(Any, kernel)
    cache, file = function.stats.cache_path, Path(function.py_func.__code__.co_filename)
    pattern = f"{file.stem}.{kernel.__name__}-*.nbi"
    return cache is not None and any(Path(cache).glob(pattern))


def kernel_is_compiled() -> bool:
    """Whether an earlier process left the compiled kernel of ensembles on disk."""
    return is_compiled(simulate_batch)


def compile_kernel(compiled: Compiled) -> None:
    """Compiles the kernel, or reads it from the cache, by simulating nothing."""
    simulate_chunk(compiled, 0, "overall", Chunk(0, 0))


def map_chunks(
    task: Callable[[Chunk], Answer],
    todo: Sequence[Chunk],
    executor: Executor | None = None,
    stop: Stop | None = None,
) -> Generator[tuple[Chunk, Answer], None, None]:
    """What a task gives for each chunk, in order, with few answers in memory at once.

    Args:
        task: a function that a process can be sent, as ``functools.partial`` of one.
        todo: the chunks.
        executor: any executor of :mod:`concurrent.futures`; threads on all cores where absent.
        stop: set on Ctrl-C, so that the chunks in hand end too.
    """
    workers = available_cores()
    own = ThreadPoolExecutor(workers) if executor is None else nullcontext(executor)
    running: deque[tuple[Chunk, Future[Answer]]] = deque()
    with own as pool:
        try:
            for chunk in todo:
                running.append((chunk, pool.submit(task, chunk)))
                if len(running) > workers:
                    yield _first(running)
            while running:
                yield _first(running)
        except KeyboardInterrupt:
            if stop is not None:
                stop[0] = 1
            raise
        finally:
            for _, future in running:
                future.cancel()


def _first(running: deque[tuple[Chunk, Future[Answer]]]) -> tuple[Chunk, Answer]:
    chunk, future = running.popleft()
    return chunk, future.result()


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
