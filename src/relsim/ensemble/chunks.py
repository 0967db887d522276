"""An ensemble in chunks of runs: the unit of work, of memory and of the store."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from relsim.ensemble.agents import AgentProgram, simulate_agents
from relsim.ensemble.record import Arrays, Recorder, RecordLevel, bytes_per_run, recorder, variables
from relsim.errors import ResultsError
from relsim.model.plan import Compiled, Numbers, Program, World
from relsim.model.structs import Floats

if TYPE_CHECKING:
    from relsim.model.account import Accounts  # the kernel is loaded by what simulates alone
    from relsim.model.kernel import Levels

MAX_RUNS = 256  # 120 months of 11 states then take 9 MB, and 1,000 runs keep two cores busy
RUNS_OF_AGENTS = 8  # of the Mesa model, a third of a second; 100 runs then keep many cores busy
# Runs side by side: what is done once for all of them is shared, and loops over few lanes are not
# worth the processor's vector instructions to the compiler, which asks for 24 of the widest loop.
# As long as their postures stay in cache, more are better. Milliseconds of a core per run of 120
# months, with 8, 16, 32 and 64 lanes: 12 states 1.0, 0.76, 0.44, 0.40; 24 states 3.3, 2.6, 1.7,
# 1.8; 50 states 16, 15, 12, 13; 200 states 410, 270, 250, 250, where 32 lanes take 460 MB.
LANES, LANES_OF_FEW = 32, 64
FEW_CELLS = 1024  # postures, states² × domains: 16 states in four domains
# So that memory stays bounded with many states; of 200 states, 120 months and all pairs, eight
# runs fit.
MAX_BYTES = 80 * 1024 * 1024

GIB = 2**30
# Of the bytes in memory, what is left on disk: levels are noise, which hardly compresses; most
# events happen in no step.
STORED, STORED_EVENTS = 0.85, 0.02
# Code and libraries, and the pieces in which an ensemble is read (see relsim.analysis.recorded): a
# million runs of 11 states took 810 MB at most.
ALWAYS = 750 * 2**20
COPIES = 4  # of a chunk: made by a worker, sent, compressed, written
WORKERS_UNKNOWN = 16  # taken for the size of an executor that does not tell it
MOST_DEATHS = 3  # of workers over one chunk: as many as Dask allows a task

Answer = TypeVar("Answer")
Stop: TypeAlias = NDArray[np.uint8]  # [1] shared by threads; not 0: leave off


class Stopped(Exception):  # noqa: N818  it is no error
    """A chunk was left unfinished because it was told to."""


def new_stop() -> Stop:
    """A flag that is not set."""
    return np.zeros(1, dtype=np.uint8)


class SomeRuns(Protocol):
    """Work for one worker: some runs, counted from ``first``."""

    @property
    def first(self) -> int:
        """Number of the first."""

    @property
    def runs(self) -> int:
        """How many."""


Work = TypeVar("Work", bound=SomeRuns)


@dataclass(frozen=True)
class Chunk:
    """Consecutive runs of an ensemble."""

    first: int
    runs: int

    @property
    def rows(self) -> slice:
        """Where they stand on the run axis."""
        return slice(self.first, self.first + self.runs)


def runs_per_chunk(compiled: Compiled, level: RecordLevel, thin: int = 1) -> int:
    """How many runs make a chunk: a matter of the scenario alone, never of the machine."""
    return runs_that_fit(compiled, bytes_per_run(compiled, level, thin))


def runs_that_fit(program: Program, bytes_per_run: int) -> int:
    """How many runs of this size make a chunk."""
    return max(1, min(most_runs(program), MAX_BYTES // max(bytes_per_run, 1)))


def most_runs(program: Program) -> int:
    """How many runs a chunk has at most."""
    return RUNS_OF_AGENTS if isinstance(program, AgentProgram) else MAX_RUNS


def chunks(runs: int, size: int) -> list[Chunk]:
    """All chunks of an ensemble."""
    return [Chunk(first, min(size, runs - first)) for first in range(0, runs, size)]


def all_chunks(compiled: Compiled, runs: int, level: RecordLevel, thin: int = 1) -> list[Chunk]:
    """The chunks of an ensemble of a scenario."""
    return chunks(runs, runs_per_chunk(compiled, level, thin))


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


def lanes(program: Program, runs: int) -> int:
    """How many of some runs lie side by side. It decides no number."""
    cells = program.sizes.states**2 * program.sizes.domains
    return min(LANES_OF_FEW if cells <= FEW_CELLS else LANES, max(1, runs))


def simulate_chunk(
    program: Program, seed: int, kept: Recorder, chunk: Chunk, stop: Stop | None = None
) -> Arrays:
    """The recorded arrays of one chunk, by variable. Runs in any thread, process or machine.

    Raises:
        Stopped: ``stop`` was set in the meantime.
    """
    from relsim.model.draws import draw_numbers

    drawn = draw_numbers(program.draws, seed, chunk.first, chunk.runs)
    runs = np.arange(chunk.first, chunk.first + chunk.runs, dtype=np.uint64)
    return kept.arrays(*simulate_runs(program, seed, runs, drawn, kept, stop), drawn)


def simulate_runs(
    program: Program,
    seed: int,
    runs: NDArray[np.uint64],
    drawn: Floats,
    kept: Recorder,
    stop: Stop | None = None,
) -> tuple[Levels, Accounts | None]:
    """Some runs in one batch of the kernel, with all that is recorded of them; those of an
    `AgentProgram` one by one in the Mesa model.

    Args:
        program: what to simulate.
        seed: of the ensemble.
        runs: the number of each run, which decides its noise.
        drawn: its uncertain numbers, [runs, draws].
        kept: what to record.

    Raises:
        Stopped: ``stop`` was set in the meantime.
    """
    from relsim.model.draws import place_draws
    from relsim.model.kernel import Batch, simulate_batch

    stop = new_stop() if stop is None else stop
    if isinstance(program, AgentProgram):
        filled = simulate_agents(program, seed, runs, drawn, kept, stop)
        if stop[0]:
            raise Stopped
        return filled
    columns, values = place_draws(program.draws, drawn)
    batch = Batch(
        seed=seed, runs=runs, vector=program.vector, places=columns, drawn=values, stop=stop
    )
    side_by_side = lanes(program, runs.size)
    world = World.empty(program, side_by_side)
    numbers = Numbers.views(program.sizes, world.vector)
    levels, accounts = kept.empty(program, runs.size, side_by_side)
    simulate_batch(program.plan, numbers, world, batch, levels, accounts)
    if stop[0]:
        raise Stopped
    return levels, accounts


def blank_rows(program: Program, kept: Recorder, runs: int) -> Arrays:
    """Rows that hold nothing: NaN, or 0 where numbers are whole."""
    drawn = np.zeros((runs, len(program.draws)))
    rows = kept.arrays(*kept.empty(program, runs), drawn)
    for values in rows.values():
        if np.issubdtype(values.dtype, np.floating):
            values[...] = np.nan
    return rows


def kernel_is_compiled(*, accounts: bool = False) -> bool:
    """Whether an earlier process left the compiled kernel of ensembles on disk; with
    ``accounts``, that which takes pulls apart."""
    from relsim.model.account import Accounts
    from relsim.model.compilation import is_kept
    from relsim.model.kernel import Batch, Levels, simulate_batch
    from relsim.model.plan import Plan

    filled = Levels, Accounts if accounts else None
    return is_kept(simulate_batch, Plan, Numbers, World, Batch, *filled)


def compile_kernel(compiled: Compiled) -> None:
    """Compiles the kernel, or reads it from the cache, by simulating nothing."""
    simulate_chunk(compiled.program, 0, recorder(compiled, "overall"), Chunk(0, 0))


def map_chunks(
    task: Callable[[Work], Answer],
    todo: Iterable[Work],
    executor: Executor | None = None,
    stop: Stop | None = None,
) -> Generator[tuple[Work, Answer], None, None]:
    """What a task gives for each chunk, in order, with few answers in memory at once.

    Args:
        task: picklable where the executor needs it, as ``functools.partial`` of a function.
        todo: the chunks; taken as workers come free.
        executor: any executor of :mod:`concurrent.futures`; threads on all cores where absent.
        stop: set on Ctrl-C, so that the chunks in hand end too.

    Raises:
        ResultsError: workers died over the same chunk again and again.
    """
    own = ThreadPoolExecutor(available_cores()) if executor is None else nullcontext(executor)
    running: deque[_Sent[Work, Answer]] = deque()
    with own as pool:
        at_once = chunks_at_once(pool)
        try:
            for chunk in todo:
                running.append(_send(pool, task, chunk))
                if len(running) >= at_once:
                    yield _first(running, pool, task)
            while running:
                yield _first(running, pool, task)
        except KeyboardInterrupt:
            if stop is not None:
                stop[0] = 1
            raise
        finally:
            for sent in running:
                sent.future.cancel()


def chunks_at_once(executor: Executor) -> int:
    """How many chunks an executor has in hand: one for each worker, and half as many waiting."""
    known = (getattr(executor, name, None) for name in ("num_workers", "_max_workers"))
    workers = next((number for number in known if number), WORKERS_UNKNOWN)
    return int(workers) + max(1, int(workers) // 2)


@dataclass(frozen=True)
class _Sent(Generic[Work, Answer]):
    """A chunk in the hands of an executor, and how often a worker died over it."""

    chunk: Work
    future: Future[Answer]
    deaths: int = 0


def _send(
    pool: Executor, task: Callable[[Work], Answer], chunk: Work, deaths: int = 0
) -> _Sent[Work, Answer]:
    """Submits a chunk.

    Raises:
        ResultsError: the executor is broken, or workers died over the chunk too often.
    """
    last = chunk.first + chunk.runs - 1
    if deaths > MOST_DEATHS:
        raise ResultsError(
            f"Workers died {deaths} times while they simulated runs {chunk.first} to {last}. "
            "They may lack memory: use fewer, or keep less with --record watched or --thin. A "
            "Python program that starts processes does so under `if __name__ == '__main__':`."
        )
    try:
        return _Sent(chunk, pool.submit(task, chunk), deaths)
    except BrokenExecutor as error:
        raise ResultsError(f"The executor takes no more work: {error}") from error


def _first(
    running: deque[_Sent[Work, Answer]], pool: Executor, task: Callable[[Work], Answer]
) -> tuple[Work, Answer]:
    """The answer that is due. Where a worker died, what was lost is submitted again."""
    while True:
        sent = running[0]
        try:
            answer = sent.future.result()
        except BrokenExecutor:
            for index, waiting in enumerate(running):
                future = waiting.future
                if future.done() and isinstance(future.exception(), BrokenExecutor):
                    running[index] = _send(pool, task, waiting.chunk, waiting.deaths + 1)
        else:
            running.popleft()
            return sent.chunk, answer


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
