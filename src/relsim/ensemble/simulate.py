"""Many runs of one scenario: an ensemble, in memory or into a store."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import xarray as xr

from relsim import __version__
from relsim.ensemble.chunks import chunk_task, chunks, map_chunks, runs_per_chunk
from relsim.ensemble.record import RecordLevel, axes, variables
from relsim.model.compile import compile_scenario
from relsim.model.plan import Compiled
from relsim.scenario.schema import Scenario

Progress = Callable[[int], None]  # called with the number of runs that have just finished


class Rows(Protocol):
    """Anything that takes rows of runs: a NumPy array, a Zarr array."""

    def __setitem__(self, rows: Any, values: Any, /) -> None: ...


@dataclass(frozen=True)
class Ensemble:
    """Possible futures of one scenario.

    Attributes:
        scenario: what was simulated.
        seed: ensembles on one seed are paired run by run.
        data: ``overall`` (run, time, pair), ``cooperation`` (run, time, watched, domain),
            ``fired`` (run, step, event), ``drawn`` (run, number); perhaps lazy, from a store.
        version: the relsim that simulated it.
    """

    scenario: Scenario
    seed: int
    data: xr.Dataset
    version: str = __version__

    @property
    def runs(self) -> int:
        """Number of runs."""
        return int(self.data.sizes["run"])


def simulate(
    scenario: Scenario,
    *,
    runs: int | None = None,
    seed: int | None = None,
    record: RecordLevel = "domains",
    thin: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Ensemble:
    """Simulates an ensemble into memory.

    Args:
        scenario: what to simulate.
        runs: number of runs; the scenario's where absent.
        seed: the scenario's where absent.
        record: what to keep (see :func:`relsim.ensemble.record.variables`).
        thin: keep levels at every so many steps alone, and at the end.
        executor: where chunks run (see :mod:`relsim.ensemble.executors`); threads on all cores
            where absent. The numbers are the same anywhere.
        progress: called as runs finish.
    """
    runs = scenario.ensemble.runs if runs is None else runs
    seed = scenario.ensemble.seed if seed is None else seed
    compiled = compile_scenario(scenario)
    arrays = {
        name: np.zeros((runs, *variable.shape), dtype=variable.dtype)
        for name, variable in variables(compiled, record, thin).items()
    }
    fill(compiled, runs, seed, record, arrays, thin=thin, executor=executor, progress=progress)
    return Ensemble(scenario, seed, dataset(compiled, record, runs, arrays, thin))


def fill(
    compiled: Compiled,
    runs: int,
    seed: int,
    record: RecordLevel,
    arrays: dict[str, Any],
    *,
    thin: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> None:
    """Simulates an ensemble into arrays that take rows, chunk by chunk."""
    task = chunk_task(compiled, seed, record, thin)
    todo = chunks(runs, runs_per_chunk(compiled, record, thin))
    for chunk, recorded in map_chunks(task, todo, executor):
        for name, values in recorded.items():
            arrays[name][chunk.rows] = values
        if progress is not None:
            progress(chunk.runs)


def dataset(
    compiled: Compiled, record: RecordLevel, runs: int, arrays: dict[str, Any], thin: int = 1
) -> xr.Dataset:
    """Recorded arrays with their labels."""
    labels = axes(compiled, record, thin)
    wanted = variables(compiled, record, thin)
    used = {dim for variable in wanted.values() for dim in variable.dims}
    coordinates: dict[str, Any] = {"run": np.arange(runs, dtype=np.int64)}
    for dim in sorted(used - {"run"}):
        values = getattr(labels, dim)
        is_time = isinstance(values, np.ndarray)
        coordinates[dim] = values if is_time else np.array(values, dtype=object)
    content = {
        name: (variable.dims, arrays[name], {"long_name": variable.about})
        for name, variable in wanted.items()
    }
    return xr.Dataset(content, coords=coordinates)
