"""Ensembles that grow while somebody looks: few runs first, then more, paired with a frozen base.

All visitors share one set of threads. Work waits in the order of its urgency, so that the first
runs of one visitor never stand behind the last ones of another, and it comes in small chunks.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from mmap import mmap
from pathlib import Path
from queue import PriorityQueue
from threading import Lock, Thread
from typing import Any, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.indexes import Index, PandasIndex

from relsim.analysis.claims import Verdicts, judge
from relsim.ensemble.accounts import compile_accounts
from relsim.ensemble.chunks import (
    Chunk,
    Stop,
    Stopped,
    available_cores,
    compile_kernel,
    lanes,
)
from relsim.ensemble.failures import Failure
from relsim.ensemble.record import (
    Arrays,
    RecordLevel,
    Variable,
    bytes_per_run,
    coordinates,
    variables,
)
from relsim.ensemble.simulate import Ensemble, dataset, fill, without_runs
from relsim.errors import ResultsError
from relsim.model.compile import compile_scenario
from relsim.model.plan import Compiled
from relsim.results.question import Question, comparisons
from relsim.scenario.layers import read_lineage
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from relsim.scenario.shipped import starter_text

STAGES = (50, 200, 1000)
# Bytes of one ensemble at its largest; 1,000 runs of the shipped 11 states take 41 MB.
MOST_BYTES = 150 * 2**20
# Bytes of the bases that are kept for those who come back: some ten of the shipped scenarios.
MOST_KEPT = 400 * 2**20
# Seconds that one chunk may keep a worker from another visitor, and what a posture takes in a step
# (10 ns with 200 states, less with few; docs/performance.md).
LONGEST_CHUNK, PER_POSTURE = 0.3, 10e-9
PATIENCE = 0.02  # seconds between two looks at a stop while another thread simulates the same

T = TypeVar("T")


class Engine:
    """What simulates for all visitors of an app, and keeps the bases they compare with.

    Its methods may be called from any thread.

    Args:
        stages: numbers of runs, rising.
        workers: how many threads simulate; as many as there are cores where absent.
    """

    def __init__(self, stages: Sequence[int] = STAGES, workers: int | None = None) -> None:
        self.stages = tuple(stages)
        self._workers = _Workers(workers or available_cores())
        self._kept: OrderedDict[tuple[str, int], _Rows] = OrderedDict()
        self._files: dict[Path, tuple[dict[Path, tuple[int, int]], Scenario]] = {}
        self._lock = Lock()

    def warm(self) -> None:
        """Compiles the kernels of ensembles and accounts, or reads them from the cache, so that the
        first drag is quick."""
        compiled = compile_scenario(load(starter_text()))
        compile_kernel(compiled)
        compile_accounts(compiled)

    def close(self) -> None:
        """Ends the threads. Chunks in hand are finished, and whoever still waits is stopped."""
        self._workers.close()

    def base(self, scenario: Scenario, seed: int) -> Growing:
        """An ensemble that others are compared with. Its runs are kept for the next who needs it,
        until memory is over its bound and all other bases were used more recently."""
        rows = self._rows(scenario, seed)
        with self._lock:
            rows = self._kept.setdefault(rows.key, rows)
            self._kept.move_to_end(rows.key)
        return Growing(self, scenario, seed, rows)

    def growing(self, scenario: Scenario, seed: int) -> Growing:
        """An ensemble that is forgotten with its last user. It shares the runs of a base that is
        the same but for its words."""
        return Growing(self, scenario, seed, self._rows(scenario, seed))

    def compared_with(self, ensemble: Ensemble, stop: Stop) -> dict[str, Ensemble | str]:
        """For each file that claims are `against`, the same runs of it, or why there are none.

        Raises:
            Stopped: ``stop`` was set.
        """
        question = Question(ensemble.scenario, ensemble.seed, ensemble.asked)
        others: dict[str, Ensemble | str] = {}
        for file, other in comparisons(question, self._read).items():
            if isinstance(other, str):
                others[file] = other
                continue
            try:
                others[file] = self.base(other.scenario, other.seed).grow(other.runs, stop)
            except ResultsError as error:
                others[file] = f"{file}: {error}"
        return others

    def turn(self, urgency: int, stop: Stop) -> _Turn:
        """An executor for one request, whose chunks wait among those of all others.

        Args:
            urgency: whose chunks come first: 0 before 1.
            stop: once it is set, a call that still waits raises :class:`Stopped`.
        """
        return _Turn(self._workers, urgency, stop)

    @property
    def kept_bytes(self) -> int:
        """What the runs of all bases take."""
        with self._lock:
            return sum(rows.bytes for rows in self._kept.values())

    def forget_the_oldest(self) -> None:
        """Lets go of bases until the rest is within bounds; the latest is always kept."""
        with self._lock:
            total = sum(rows.bytes for rows in self._kept.values())
            while total > MOST_KEPT and len(self._kept) > 1:
                _, rows = self._kept.popitem(last=False)
                total -= rows.bytes

    def _rows(self, scenario: Scenario, seed: int) -> _Rows:
        key = (Question(scenario, seed, 1).scenario_hash, seed)
        with self._lock:
            kept = self._kept.get(key)
            bases = list(self._kept.values())
        return kept or _Rows.of(scenario, key, self.stages, bases)

    def _read(self, path: Path) -> Scenario:
        """The scenario of a file, read again where it or a file that it extends has changed."""
        with self._lock:
            known = self._files.get(path)
        if known is None or known[0] != _stamps(known[0]):
            known = (_stamps(map(Path, read_lineage(path).files)), load(path))
            with self._lock:
                self._files[path] = known
        return known[1]


def _stamps(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """When each file was written and how large it is, of those that are there."""
    status = {file: file.stat() for file in files if file.exists()}
    return {file: (each.st_mtime_ns, each.st_size) for file, each in status.items()}


class Growing:
    """An ensemble that grows. Run r is the same draw in an ensemble of any size, so that it equals
    what :func:`relsim.simulate` gives of as many runs.

    Attributes:
        scenario, seed: what is simulated.
    """

    def __init__(self, engine: Engine, scenario: Scenario, seed: int, rows: _Rows) -> None:
        self.scenario, self.seed = scenario, seed
        self._engine, self._rows = engine, rows
        self._verdicts: dict[int, Verdicts] = {}

    @property
    def stages(self) -> tuple[int, ...]:
        """Numbers of runs, rising: the engine's, or fewer where the world is so large that those
        would take more than 150 MB."""
        return self._rows.stages

    @property
    def scenario_hash(self) -> str:
        """SHA-256 of the scenario without its words, as that of a question."""
        return self._rows.key[0]

    @property
    def record(self) -> RecordLevel:
        """What is kept of each run: ``domains``, or ``watched`` where not even the second stage of
        all pairs had room."""
        return self._rows.record

    def grow(self, runs: int, stop: Stop) -> Ensemble:
        """The first so many runs, of which only those are simulated that are missing.

        Args:
            runs: at most those of the last stage.
            stop: ends the work from another thread; what is finished by then is kept.

        Raises:
            Stopped: ``stop`` was set, or the engine closed.
            ResultsError: every run of the first chunk failed.
        """
        rows, runs = self._rows, min(runs, self.stages[-1])
        while rows.done < runs:
            with _held(rows.lock, stop):
                if rows.done < runs:
                    following = (stage for stage in self.stages if stage > rows.done)
                    self._simulate(min(runs, next(following)), stop)
        self._engine.forget_the_oldest()
        return rows.ensemble(self.scenario, runs)

    def verdicts(self, runs: int, stop: Stop) -> Verdicts:
        """The verdicts on the claims of so many runs, which are judged the first time alone. What
        they are `against` is simulated if need be.

        Raises:
            Stopped: ``stop`` was set, or the engine closed.
            ResultsError: every run of the first chunk failed.
        """
        ensemble = self.grow(runs, stop)
        known = self._verdicts.get(ensemble.asked)
        if known is None:
            known = judge(ensemble, self._engine.compared_with(ensemble, stop))
            self._verdicts[ensemble.asked] = known
        return known

    def _simulate(self, runs: int, stop: Stop) -> None:
        """The next runs, up to so many, which all belong to one stage."""
        rows = self._rows
        urgency = sum(stage < runs for stage in self.stages)
        turn = self._engine.turn(urgency, stop)
        todo = _even_chunks(rows.compiled, rows.done, runs, turn.num_workers)
        fill(
            *(rows.compiled, runs, self.seed, rows.record, rows.arrays),
            todo=todo,
            executor=turn,
            stored=rows.stored,
            stop=stop,
        )


@dataclass
class _Rows:
    """The runs so far of scenarios that are the same but for their words.

    Attributes:
        key: a digest of such a scenario, and the seed.
        compiled: what is simulated.
        record: what is kept.
        stages: numbers of runs.
        arrays: with room for the last stage, by variable. Room that is not filled takes no memory.
        data: the same with labels.
        done: how many rows are filled.
        failures: the runs that failed.
        lock: whoever fills rows holds it.
    """

    key: tuple[str, int]
    compiled: Compiled
    record: RecordLevel
    stages: tuple[int, ...]
    arrays: Arrays
    data: xr.Dataset
    done: int = 0
    failures: list[Failure] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        key: tuple[str, int],
        stages: tuple[int, ...],
        bases: Sequence[_Rows] = (),
    ) -> _Rows:
        """No runs yet. Where a base has the same labels along an axis, their index is shared, since
        it takes long to make."""
        compiled = compile_scenario(scenario)
        record, stages = _affordable(compiled, stages)
        arrays: Arrays = {
            name: _room(stages[-1], variable)
            for name, variable in variables(compiled, record).items()
        }
        labels = _indexed(coordinates(compiled, record, stages[-1]), [base.data for base in bases])
        data = dataset(compiled, record, stages[-1], arrays, coords=labels)
        return cls(key, compiled, record, stages, arrays, data)

    @property
    def bytes(self) -> int:
        """Memory of the rows that are filled."""
        return self.done * bytes_per_run(self.compiled, self.record)

    def stored(self, chunk: Chunk, _: Arrays, failed: tuple[Failure, ...]) -> None:
        """Notes that a chunk is there; chunks come in order."""
        self.failures += failed
        self.done = chunk.first + chunk.runs

    def ensemble(self, scenario: Scenario, runs: int) -> Ensemble:
        """The first so many runs, with the words of a scenario."""
        failed = tuple(failure.run for failure in self.failures if failure.run < runs)
        data = without_runs(self.data.isel(run=slice(runs)), failed)
        return Ensemble(scenario, self.key[1], data, failed=failed)


def _indexed(labels: Mapping[str, NDArray[Any]], others: Sequence[xr.Dataset]) -> xr.Coordinates:
    """Labels by axis with their indexes, those of other data where they are the same."""
    indexes: dict[str, Index] = {}
    variables: dict[str, xr.Variable] = {}
    for axis, values in labels.items():
        same = (
            data.xindexes[axis]
            for data in others
            if axis in data.indexes and np.array_equal(data.indexes[axis].values, values)
        )
        indexes[axis] = index = next(same, None) or PandasIndex(values, axis)
        variables |= index.create_variables()
    return xr.Coordinates(variables, indexes)


def _room(runs: int, variable: Variable) -> NDArray[Any]:
    """Zeros for so many runs, which take memory as they are filled and give it back to the system
    when they are let go: of 1,000 runs, most changes see 50.

    Memory of ``numpy.zeros`` comes from a heap that a C library may keep, and fill with zeros.
    """
    shape = (runs, *variable.shape)
    size = math.prod(shape) * np.dtype(variable.dtype).itemsize
    if not size:
        return np.zeros(shape, dtype=variable.dtype)
    pages = mmap(-1, size)
    return np.frombuffer(pages, dtype=variable.dtype).reshape(shape)


def _affordable(compiled: Compiled, stages: tuple[int, ...]) -> tuple[RecordLevel, tuple[int, ...]]:
    """What is kept of a scenario, and how many runs: all pairs of all stages, or of fewer runs, or
    else the watched pairs alone."""
    level: RecordLevel = "domains"
    if MOST_BYTES // bytes_per_run(compiled, level) < stages[min(1, len(stages) - 1)]:
        level = "watched"
    room = max(1, MOST_BYTES // bytes_per_run(compiled, level))
    fitting = tuple(stage for stage in stages if stage <= room)
    return level, fitting if fitting == stages else tuple(sorted({*fitting, room}))


def _even_chunks(compiled: Compiled, first: int, end: int, workers: int) -> list[Chunk]:
    """Runs ``first`` to ``end`` - 1 in chunks of one size, but for 1, that keep all workers busy;
    none has more runs than lie side by side, or than are simulated in a moment."""
    runs, sizes = end - first, compiled.sizes
    per_run = PER_POSTURE * sizes.states**2 * sizes.domains * compiled.plan.steps
    most = max(1, min(lanes(compiled.program, runs), int(LONGEST_CHUNK / per_run)))
    pieces = min(runs, workers * math.ceil(runs / (workers * most)))
    ends = [first + runs * piece // pieces for piece in range(pieces + 1)]
    return [Chunk(low, high - low) for low, high in pairwise(ends)]


@contextmanager
def _held(lock: Lock, stop: Stop) -> Iterator[None]:
    """Holds a lock; raises Stopped where ``stop`` is set before it is free."""
    while not lock.acquire(timeout=PATIENCE):
        if stop[0]:
            raise Stopped
    try:
        yield
    finally:
        lock.release()


# Threads


@dataclass(order=True)
class _Task:
    """A call that waits for a thread: by urgency, then by when it came."""

    urgency: int
    number: int
    call: Callable[[], Any] | None = field(compare=False)
    future: Future[Any] = field(compare=False, default_factory=Future)
    stop: Stop | None = field(compare=False, default=None)


class _Workers:
    """Threads that take the most urgent task first."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._tasks: PriorityQueue[_Task] = PriorityQueue()
        self._numbers = count()
        self._closed = False
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def put(self, urgency: int, call: Callable[[], T], stop: Stop) -> Future[T]:
        """Adds a call to those that wait."""
        task = _Task(urgency, next(self._numbers), call, stop=stop)
        if self._closed:
            raise Stopped
        self._tasks.put(task)
        return task.future

    def close(self) -> None:
        """Ends the threads, after the tasks in hand."""
        self._closed = True
        for _ in self._threads:
            self._tasks.put(_Task(-1, next(self._numbers), None))
        for thread in self._threads:
            thread.join()
        while not self._tasks.empty():
            task = self._tasks.get_nowait()
            if task.future.set_running_or_notify_cancel():
                task.future.set_exception(Stopped())

    def _work(self) -> None:
        while (task := self._tasks.get()).call is not None:
            if not task.future.set_running_or_notify_cancel():
                continue
            try:
                if task.stop is not None and task.stop[0]:
                    raise Stopped
                answer = task.call()
            except BaseException as error:  # whoever waits for it is told
                task.future.set_exception(error)
            else:
                task.future.set_result(answer)
            del task  # so that a thread that waits holds no results


class _Turn(Executor):
    """The place of one request among all: an executor as those of :mod:`concurrent.futures`."""

    def __init__(self, workers: _Workers, urgency: int, stop: Stop) -> None:
        self.num_workers = workers.size  # which decides how many chunks are in hand
        self._workers, self._urgency, self._stop = workers, urgency, stop

    def submit(self, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Adds a call to those that wait for the shared threads."""
        return self._workers.put(self._urgency, lambda: call(*args, **kwargs), self._stop)
