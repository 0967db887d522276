"""The same numbers whatever computes them, and whatever dies on the way."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relsim.ensemble import chunks, executors
from relsim.ensemble.chunks import Chunk, map_chunks
from relsim.ensemble.executors import dask_cluster, processes, threads
from relsim.ensemble.simulate import chunk_task, simulate
from relsim.errors import ResultsError
from relsim.model.compile import compile_scenario
from relsim.scenario.load import load
from scenarios_to_test import EVERYTHING, STATUS_QUO, scenario_of

RUNS = 200


def arrays(executor: Executor | None = None) -> dict[str, bytes]:
    data = simulate(scenario_of(EVERYTHING), runs=RUNS, seed=4, executor=executor).data
    return {str(name): data[name].values.tobytes() for name in data}


@contextmanager
def local_cluster() -> Iterator[Executor]:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        dask_cluster(cluster.scheduler_address) as executor,
    ):
        yield executor


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("most", [64, 1000])
def test_threads_and_chunks_change_nothing(
    workers: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = arrays()
    monkeypatch.setattr(chunks, "MAX_RUNS", most)
    with threads(workers) as pool:
        assert arrays(pool) == expected


def test_processes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = arrays()
    with processes(2) as pool:
        for most in (64, 1000):
            monkeypatch.setattr(chunks, "MAX_RUNS", most)
            assert arrays(pool) == expected


def die_once(mark: Path, victim: int, task: Any, chunk: Chunk) -> Any:
    """Simulates a chunk; the first to come to the victim kills its own process."""
    if chunk.first == victim and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task(chunk)


def killed_midway(executor: Executor, folder: Path) -> list[tuple[Chunk, Any]]:
    task = partial(die_once, folder / "killed", 60, own_task())
    found = list(map_chunks(task, chunks.chunks(RUNS, 20), executor))
    assert (folder / "killed").exists()
    return found


def own_task() -> Any:
    return chunk_task(compile_scenario(scenario_of(EVERYTHING)), 4, "domains")


def assert_undisturbed(found: list[tuple[Chunk, Any]]) -> None:
    expected = list(map_chunks(own_task(), chunks.chunks(RUNS, 20)))
    assert [chunk for chunk, _ in found] == [chunk for chunk, _ in expected]
    for (_, (one, _)), (_, (other, _)) in zip(found, expected, strict=True):
        assert {name: values.tobytes() for name, values in one.items()} == {
            name: values.tobytes() for name, values in other.items()
        }


def test_a_killed_process_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    with processes(2) as pool:
        assert_undisturbed(killed_midway(pool, tmp_path))


def test_a_killed_worker_of_a_cluster_loses_nothing(tmp_path: Path) -> None:
    with local_cluster() as pool:
        assert arrays(pool) == arrays()
        assert_undisturbed(killed_midway(pool, tmp_path))


def die(chunk: Chunk) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_chunk_that_kills_every_worker_is_given_up() -> None:
    with (
        processes(1) as pool,
        pytest.raises(ResultsError, match=r"died 4 times while they simulated runs 0 to 9\. "),
    ):
        list(map_chunks(die, chunks.chunks(20, 10), pool))


def test_an_executor_has_half_as_many_chunks_waiting_as_workers() -> None:
    with ThreadPoolExecutor(2) as pool:
        assert chunks.chunks_at_once(pool) == 3
    with processes(4) as pool_of_processes:
        assert chunks.chunks_at_once(pool_of_processes) == 6


def test_a_task_is_small_and_holds_no_scenario() -> None:
    compiled = compile_scenario(load(STATUS_QUO))
    sent = pickle.dumps(chunk_task(compiled, 1, "domains"))
    assert len(sent) < 100_000
    assert b"schema" not in sent
    again = pickle.loads(sent)(Chunk(0, 3))
    assert np.array_equal(
        again[0]["overall"], chunk_task(compiled, 1, "domains")(Chunk(0, 3))[0]["overall"]
    )


def test_a_cluster_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed")
    monkeypatch.setattr(executors, "WAIT", 1)
    with (
        pytest.raises(ResultsError, match="No Dask scheduler answers"),
        dask_cluster("tcp://127.0.0.1:9"),
    ):
        pass


def test_a_word_is_no_address_of_a_cluster() -> None:
    pytest.importorskip("distributed", reason="Dask is not installed")
    with pytest.raises(ResultsError, match="Write it as tcp://HOST:PORT"), dask_cluster("nonsense"):
        pass


def test_a_cluster_without_dask_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ResultsError, match=r"pip install 'relsim\[cluster\]'"),
        dask_cluster("tcp://127.0.0.1:9"),
    ):
        pass
