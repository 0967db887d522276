"""Where chunks of runs are computed: threads, processes of this machine, machines of a cluster.

Any executor of :mod:`concurrent.futures` will do, and the numbers are the same anywhere. These
three are ready to use::

    with processes(8) as executor:
        simulate(scenario, runs=100_000, executor=executor)
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from multiprocessing import get_context, parent_process, resource_tracker
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from relsim import __version__
from relsim.ensemble.agents import AgentProgram
from relsim.ensemble.chunks import available_cores
from relsim.errors import ResultsError
from relsim.model.plan import Program

if TYPE_CHECKING:
    from distributed import Client

WAIT = 10  # seconds for a cluster to answer, and for its first worker


@contextmanager
def threads(workers: int | None = None) -> Iterator[Executor]:
    """Threads of this process: the least to start and to send. The kernel lets them run at once.

    Args:
        workers: how many; as many as there are cores where absent.
    """
    with ThreadPoolExecutor(workers or available_cores()) as pool:
        yield pool


@contextmanager
def processes(workers: int | None = None) -> Iterator[Executor]:
    """Processes of this machine, started anew; those that die are replaced.

    A program of your own must start them under ``if __name__ == "__main__":``, since each imports
    it.

    Args:
        workers: how many; as many as there are cores where absent.
    """
    with _Processes(workers or available_cores()) as pool:
        yield pool


@contextmanager
def dask_cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster, which must have the same version of relsim.

    Its scheduler gives the chunks of a worker that dies to another.

    Args:
        address: of the scheduler, as in ``tcp://10.0.0.1:8786``.

    Raises:
        ResultsError: Dask is not installed here, nobody answers at the address, the workers
            cannot run relsim, or the cluster is lost on the way.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        hint = "Install it with: pip install 'relsim[cluster]'"
        raise ResultsError(f"A cluster needs Dask, which is not installed. {hint}") from error
    if "://" not in address:  # a client of such an address takes half a minute to give up
        text = f"{address} is not the address of a scheduler. Write it as tcp://HOST:PORT."
        raise ResultsError(text)
    try:
        client = Client(address, timeout=WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ResultsError(f"No Dask scheduler answers at {address}.") from error
    with client:
        _check_workers(client)
        try:
            yield _Cluster(client)
        except (KilledWorker, CancelledError) as error:
            raise ResultsError(f"The cluster gave up: {error}") from error


def chosen(workers: int | None = None, cluster: str | None = None) -> Any:
    """The executor asked for, as a context: a cluster, else processes, else threads."""
    if cluster is not None:
        return dask_cluster(cluster)
    return threads() if workers is None else processes(workers)


@contextmanager
def suited(executor: Executor | None, *programs: Program) -> Iterator[Executor | None]:
    """The executor that is given. Where none is, processes on all cores for agents, whose Python
    lets one thread run at a time; and None, which stands for threads, for the kernel."""
    if executor is None and any(isinstance(program, AgentProgram) for program in programs):
        with processes() as pool:
            yield pool
    else:
        yield executor


class _Processes(Executor):
    """A pool of processes that outlives them: a broken pool is replaced by a new one.

    What the broken pool had in hand is lost; :func:`relsim.ensemble.chunks.map_chunks` submits
    it again.
    """

    def __init__(self, workers: int) -> None:
        self.num_workers = workers
        self._lock = Lock()
        self._pool = self._new_pool()

    def submit(self, task: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """As of any executor."""
        with self._lock:
            try:
                return self._pool.submit(task, *args, **named)
            except BrokenExecutor:
                self._pool.shutdown(wait=False)
                self._pool = self._new_pool()
                return self._pool.submit(task, *args, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As of any executor."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def _new_pool(self) -> ProcessPoolExecutor:
        if sys.platform != "win32":
            # The process that clears semaphores away after us has to be deaf to a closed terminal:
            # by itself it ignores SIGINT and SIGTERM alone, and its death leaves tracebacks.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
            try:
                resource_tracker.ensure_running()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # Forked processes would share locks that threads of this one hold.
        return ProcessPoolExecutor(self.num_workers, get_context("spawn"), _start_worker)


def _start_worker() -> None:
    """A worker leaves Ctrl-C and a closed terminal to its parent, and ends when that does."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):  # Windows has one of them
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Cluster(Executor):
    """The executor of a Dask client, which tells how many workers it has."""

    def __init__(self, client: Client) -> None:
        self._client = client
        # Every chunk is asked for once, so Dask need not work out whether it knows the answer.
        self._executor: Executor = client.get_executor(pure=False)

    @property
    def num_workers(self) -> int:
        """Threads of all workers that are there now."""
        return sum(self._client.nthreads().values())

    def submit(self, task: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """As of any executor."""
        return self._executor.submit(task, *args, **named)


def _check_workers(client: Client) -> None:
    """Refuses a cluster without workers, or of another version."""
    try:
        client.wait_for_workers(1, timeout=WAIT)
        versions = set(client.run(_version).values())
    except TimeoutError as error:
        raise ResultsError("The cluster has no workers.") from error
    except ImportError as error:
        text = f"The workers of the cluster cannot import relsim: {error}."
        raise ResultsError(f"{text} Install relsim {__version__} there.") from error
    if versions != {__version__}:
        other = ", ".join(sorted(versions - {__version__}))
        raise ResultsError(f"Workers of the cluster have relsim {other}; here is {__version__}.")


def _version() -> str:
    return __version__
