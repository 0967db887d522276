"""Many runs of one scenario: an ensemble, in memory or into a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from relsim import __version__
from relsim.display import Displayed, Figure, in_a_line, plotted, tabled
from relsim.ensemble.agents import compile_with, rules_of
from relsim.ensemble.chunks import (
    Chunk,
    Stop,
    all_chunks,
    blank_rows,
    map_chunks,
    new_stop,
    simulate_chunk,
)
from relsim.ensemble.executors import suited
from relsim.ensemble.failures import Failure, refuse_all_failed, with_failures
from relsim.ensemble.record import (
    Arrays,
    Recorder,
    RecordLevel,
    check_settings,
    coordinates,
    recorder,
    variables,
)
from relsim.errors import ResultsError, did_you_mean
from relsim.model.plan import Compiled, Program
from relsim.progress import Progress, told
from relsim.scenario.schema import Scenario
from relsim.words import counted

if TYPE_CHECKING:
    from relsim.model.mesa_model import StateAgent  # Mesa is loaded by what needs agents

Data = TypeVar("Data", xr.Dataset, xr.DataArray)
PAIR_AXES = ("pair", "watched")
Stored = Callable[[Chunk, Arrays, tuple[Failure, ...]], None]  # called with what has been stored


class Rows(Protocol):
    """Anything that takes rows of runs: a NumPy array, a Zarr array."""

    def __setitem__(self, rows: Any, values: Any, /) -> None: ...


@dataclass(frozen=True, repr=False)
class Ensemble(Displayed):
    """Possible futures of one scenario.

    Attributes:
        scenario: what was simulated.
        seed: ensembles on one seed are paired run by run.
        data: ``overall`` (run, time, pair), ``cooperation`` (run, time, watched, domain),
            ``fired`` (run, step, event), ``drawn`` (run, number); perhaps lazy, from a store.
            Runs that failed are not in it.
        version: the relsim that simulated it.
        failed: numbers of the runs that failed.
        until_clear: whether the number of runs was chosen by looking at what they show, so that
            bounds of shares and differences have to hold over all looks.
        agent_class: the class by which states decided; None for the standard rule in the compiled
            kernel.
    """

    scenario: Scenario
    seed: int
    data: xr.Dataset
    version: str = __version__
    failed: tuple[int, ...] = ()
    until_clear: bool = False
    agent_class: type[StateAgent] | None = None

    @property
    def rules(self) -> str:
        """The rules by which states decided: the name of a class, or "standard rule"."""
        return rules_of(self.agent_class)

    def in_short(self) -> str:
        """The scenario, runs, seed, recorded pairs and months."""
        time, failed = self.scenario.time, f", {len(self.failed):,} failed" if self.failed else ""
        return (
            f"“{in_a_line(self.scenario.title, 40)}”: {counted(self.runs, 'run')}{failed}, "
            f"seed {self.seed}, {counted(self.data.sizes['pair'], 'pair')}, "
            f"{time.start} to {time.end}"
        )

    def plot(
        self, pairs: str | Sequence[str] | None = None, *, domain: str | None = None
    ) -> Figure:
        """Fans of cooperation: the median, and bands of 50, 80 and 95 % of the runs.

        Args:
            pairs: one, as in "PAK-RUS" and in either order, or several; the watched ones where
                absent.
            domain: cooperation in this domain; overall cooperation where absent.

        Raises:
            ResultsError: one is not recorded.
        """
        return plotted(self, pairs=pairs, domain=domain)

    def to_frame(self) -> pd.DataFrame:
        """Quantiles and moments over the runs, a row for each month, pair and domain.

        Columns: ``month``, as in 2025-06; ``pair``; ``domain``, ``overall`` or, of watched pairs,
        one of the scenario's; ``mean`` and ``sd``; ``p_up``, the share of runs above their own
        start; and quantiles, as ``q0.1``. Levels run from -1 to 1. The runs themselves are
        ``ensemble.level(pair).to_pandas()``, or all of ``ensemble.data``.
        """
        return tabled(self)

    @property
    def runs(self) -> int:
        """Number of runs in ``data``."""
        return int(self.data.sizes["run"])

    @property
    def asked(self) -> int:
        """Number of runs that were asked for."""
        return self.runs + len(self.failed)

    def level(self, pair: str, domain: str | None = None) -> xr.DataArray:
        """Cooperation of a pair in every run, (run, time), from -1 to 1.

        Args:
            pair: as in "PAK-RUS", in either order; ``data`` has it as the scenario spells it.
            domain: cooperation in this domain, of pairs that are kept by domain; overall
                cooperation where absent.

        Raises:
            ResultsError: it is not recorded.
        """
        levels = self.levels(domain)
        name, known = self.scenario.pair_name(pair), levels.indexes["pair"]
        if name not in known:
            raise ResultsError(f"{pair} is not recorded. {did_you_mean(name, known)}".rstrip())
        return levels.isel(pair=known.get_loc(name))  # which takes half as long as sel

    def levels(self, domain: str | None = None) -> xr.DataArray:
        """Cooperation of all recorded pairs, (run, time, pair), yet unread.

        Args:
            domain: as for :meth:`level`.

        Raises:
            ResultsError: the domain is not recorded.
        """
        if domain is None:
            return self.data["overall"]
        if "cooperation" not in self.data or domain not in self.data.indexes["domain"]:
            known = self.scenario.domains if "cooperation" in self.data else ()
            raise ResultsError(f"{domain} is not recorded. {did_you_mean(domain, known)}".rstrip())
        return self.data["cooperation"].sel(domain=domain, drop=True).rename(watched="pair")


def simulate(
    scenario: Scenario,
    *,
    runs: int | None = None,
    seed: int | None = None,
    record: RecordLevel = "domains",
    thin: int = 1,
    first: int = 0,
    agent_class: type[StateAgent] | None = None,
    executor: Executor | None = None,
    progress: Progress | bool = True,
) -> Ensemble:
    """Simulates an ensemble into memory.

    Args:
        scenario: what to simulate.
        runs: how many runs; the scenario's number where absent.
        seed: the scenario's where absent.
        record: what to keep (see :func:`relsim.ensemble.record.variables`).
        thin: keep levels at every so many steps alone, and at the end.
        first: the number of the first run, which decides its draws: more runs of an ensemble of 100
            begin with run 100.
        agent_class: a subclass of :class:`relsim.StateAgent` by which all states decide, in place
            of the standard rule. Run r has the draws that it has under the standard rule. It is the
            Mesa model that runs, some hundred times slower than the kernel.
        executor: where chunks run (see :mod:`relsim.ensemble.executors`); where absent, threads on
            all cores, and for a class of agents processes, which a program of your own starts
            under ``if __name__ == "__main__":``. The numbers are the same anywhere.
        progress: called as runs finish. Where it is none, a bar is shown at a prompt and in a
            notebook, unless it is False.

    Raises:
        RelsimError: ``runs``, ``record``, ``thin`` or ``agent_class`` make no sense.
        ResultsError: every run of the first chunk failed.
    """
    runs = scenario.ensemble.runs if runs is None else runs
    seed = scenario.ensemble.seed if seed is None else seed
    check_settings(runs, record, thin)
    compiled = compile_with(scenario, agent_class)
    arrays = {
        name: np.zeros((runs, *variable.shape), dtype=variable.dtype)
        for name, variable in variables(compiled, record, thin).items()
    }
    todo = [
        Chunk(first + chunk.first, chunk.runs) for chunk in all_chunks(compiled, runs, record, thin)
    ]
    with suited(executor, compiled) as pool, told(progress, runs) as told_of_runs:
        failures = fill(
            *(compiled, runs, seed, record, arrays),
            thin=thin,
            todo=todo,
            first=first,
            executor=pool,
            progress=told_of_runs,
        )
    failed = tuple(failure.run for failure in failures)
    data = dataset(compiled, record, runs, arrays, thin)
    data = data.assign_coords(run=data["run"] + first)
    kept = without_runs(data, failed)
    return Ensemble(scenario, seed, kept, failed=failed, agent_class=agent_class)


def fill(
    compiled: Compiled,
    runs: int,
    seed: int,
    record: RecordLevel,
    arrays: dict[str, Any],
    *,
    thin: int = 1,
    todo: Sequence[Chunk] | None = None,
    first: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
    stored: Stored | None = None,
    stop: Stop | None = None,
) -> list[Failure]:
    """Simulates an ensemble into arrays that take rows, chunk by chunk.

    Args:
        compiled, runs, seed, record, thin: what to simulate, and what to keep.
        arrays: by variable.
        todo: the chunks that are missing; all where absent.
        first: the number of the run in the first row.
        executor: where chunks run; threads on all cores where absent.
        progress, stored: called after each chunk.
        stop: ends the work from another thread.

    Returns:
        The runs that failed. Their rows are NaN, or 0 where numbers are whole.

    Raises:
        ResultsError: every run of the first chunk failed.
        Stopped: ``stop`` was set.
    """
    todo = all_chunks(compiled, runs, record, thin) if todo is None else todo
    stop = new_stop() if stop is None else stop
    task = chunk_task(compiled, seed, record, thin, stop)
    failures: list[Failure] = []
    with closing(map_chunks(task, todo, executor, stop)) as done:
        for chunk, (recorded, failed) in done:
            if chunk == todo[0]:
                refuse_all_failed(failed, chunk.runs, f"All of the first {chunk.runs:,} runs")
            failures += failed
            for name, values in recorded.items():
                arrays[name][chunk.first - first : chunk.first - first + chunk.runs] = values
            if stored is not None:
                stored(chunk, recorded, failed)
            if progress is not None:
                progress(chunk.runs)
    return failures


def chunk_task(
    compiled: Compiled, seed: int, record: RecordLevel, thin: int = 1, stop: Stop | None = None
) -> Callable[[Chunk], tuple[Arrays, tuple[Failure, ...]]]:
    """What simulates a chunk of an ensemble, in any thread, process or machine.

    It holds arrays alone, not the scenario, unless agents need it: 80 kB for 11 states.
    """
    kept = recorder(compiled, record, thin)
    return partial(recorded_rows, compiled.program, seed, kept, stop=stop)


def recorded_rows(
    program: Program, seed: int, kept: Recorder, chunk: Chunk, stop: Stop | None = None
) -> tuple[Arrays, tuple[Failure, ...]]:
    """The recorded arrays of one chunk, and which runs failed."""
    return with_failures(
        lambda part: simulate_chunk(program, seed, kept, part, stop),
        lambda part: blank_rows(program, kept, part.runs),
        chunk,
    )


def without_runs(data: xr.Dataset, failed: Sequence[int]) -> xr.Dataset:
    """A dataset of all runs less some, by number."""
    return data.drop_sel(run=list(failed)) if failed else data


def dataset(
    compiled: Compiled,
    record: RecordLevel,
    runs: int,
    arrays: dict[str, Any],
    thin: int = 1,
    coords: xr.Coordinates | None = None,
) -> xr.Dataset:
    """Recorded arrays with their labels, which may be at hand as ``coords``."""
    content = {
        name: (variable.dims, arrays[name], {"long_name": variable.about})
        for name, variable in variables(compiled, record, thin).items()
    }
    labels = coordinates(compiled, record, runs, thin) if coords is None else coords
    return xr.Dataset(content, coords=labels)


def spelled_by(scenario: Scenario, data: Data) -> Data:
    """The same data, with each pair named as a scenario spells it (see `Scenario.pair_names`).

    Two scenarios may spell a pair each in its own way, and earlier results have all in
    alphabetical order.
    """
    renamed = {}
    for axis in PAIR_AXES:
        if axis in data.indexes:
            names = data.indexes[axis].astype(str)
            spelled = scenario.pair_names(name.split("-") for name in names)
            if spelled != list(names):
                renamed[axis] = np.array(spelled, dtype=object)
    return data.assign_coords(renamed) if renamed else data
