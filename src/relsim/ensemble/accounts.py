"""Accounts of many runs: what pulls two states towards each other, part by part.

Every run is accounted for on its own. The kernel reduces runs as it simulates them to means and
standard deviations, so that no part of a run is kept. Means are additive, as the parts are;
quantiles would not be. Runs that fail are left out, as of an ensemble.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from functools import partial, reduce
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from relsim.ensemble.chunks import (
    Chunk,
    Stop,
    chunks,
    map_chunks,
    new_stop,
    runs_that_fit,
    simulate_runs,
)
from relsim.ensemble.executors import suited
from relsim.ensemble.failures import Failure, in_pieces, refuse_all_failed
from relsim.ensemble.record import Recorder, axes, both_ways, check_settings, part_names
from relsim.errors import ResultsError
from relsim.model.plan import NONE, Compiled, Program
from relsim.model.structs import Ints

if TYPE_CHECKING:
    from relsim.model.account import Accounts  # the kernel is loaded by what simulates alone

Values: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = Mapping[str, tuple[str, ...]]
Pair: TypeAlias = tuple[str, str]

OVERALL = "overall"  # on the domain axis: the mean of the domains by their weights
COPIES = 2  # of the other scenario's runs that a chunk holds at once: as they are, and in order

# Each quantity with its axes after (run, moment) and what it is.
_PULL_UNITS = "pull units"
QUANTITIES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "contribution": (("direction", "domain", "part"), _PULL_UNITS, "part of the pull"),
    "pull": (("direction", "domain"), _PULL_UNITS, "pull as states decide"),
    "lasting": (("direction", "domain", "event"), _PULL_UNITS, "what of an event does not fade"),
    "posture": (("direction", "domain"), "-1 to 1", "posture when states decide"),
    "slope": (("direction", "domain"), "per pull unit", "how far the target moves with the pull"),
    "interest": (("direction", "state"), "1", "tie weight in force of the first state"),
    "tie": (("direction", "state"), "-1 to 1", "overall cooperation of the first state"),
    "happened": (("event",), "share of runs", "whether an event has happened by then"),
}


@dataclass(frozen=True)
class Compared:
    """A scenario to account for, and perhaps another on the same time, domains and draws.

    Attributes:
        pairs: each the codes of two states, in alphabetical order.
        compiled: whose pull it is.
        other: compared with, run by run; where absent, each run is compared with its opening.
    """

    pairs: tuple[Pair, ...]
    compiled: Compiled
    other: Compiled | None = None

    @property
    def sides(self) -> tuple[Compiled, ...]:
        """The scenarios to simulate."""
        return (self.compiled,) if self.other is None else (self.compiled, self.other)


@dataclass(frozen=True)
class Accounted:
    """The accounts of some runs.

    Attributes:
        data: by pair, every variable of ``QUANTITIES`` with the axes (view, statistic, step, …).
            Views are ``level`` and ``change`` (since the opening of the same run, or from the other
            scenario's same run and step); statistics are ``mean`` and ``sd``. A step stands for
            its first month, and its account for what holds when states decide in it, after events.
        runs: how many are in it.
        failures: the runs that failed, in either scenario; they are not in it.
    """

    data: Mapping[Pair, xr.Dataset]
    runs: int
    failures: tuple[Failure, ...]


def account_runs(
    compared: Compared,
    seed: int,
    first: int,
    runs: int,
    *,
    left_out: Collection[int] = (),
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
    stop: Stop | None = None,
) -> Accounted:
    """The accounts of some runs, reduced to their mean and standard deviation.

    Args:
        compared: what to account for.
        seed, first, runs: which runs.
        left_out: numbers of runs that do not count: those that failed in an ensemble.
        executor: where chunks run (see :mod:`relsim.ensemble.executors`); threads on all cores
            where absent. The numbers are the same anywhere.
        progress: called with the number of runs that have just finished.
        stop: ends the work from another thread.

    Raises:
        RelsimError: no runs are asked for.
        ResultsError: every run of the first chunk failed, or none is left.
        Stopped: ``stop`` was set.
    """
    check_settings(runs)
    stop = new_stop() if stop is None else stop
    task = account_task(compared, seed, left_out, stop)
    total, failures = list[Moments](), list[Failure]()
    todo = [
        Chunk(first + chunk.first, chunk.runs) for chunk in chunks(runs, _runs_per_chunk(compared))
    ]
    with (
        suited(executor, *compared.sides) as pool,
        closing(map_chunks(task, todo, pool, stop)) as done,
    ):
        for chunk, (moments, failed) in done:
            if chunk == todo[0]:
                refuse_all_failed(failed, chunk.runs, _all_of(chunk))
            failures += failed
            total = _added(total, moments)
            if progress is not None:
                progress(chunk.runs)
    if not total:
        raise ResultsError("All of the runs failed, so there is nothing to account for.")
    return Accounted(_datasets(compared, total), total[0].runs, tuple(failures))


def _all_of(chunk: Chunk) -> str:
    if chunk.runs == 1:
        return f"Run {chunk.first}"
    return f"All of runs {chunk.first:,} to {chunk.first + chunk.runs - 1:,}"


def compile_accounts(compiled: Compiled) -> None:
    """Compiles the kernel of accounts, or reads it from the cache, by accounting for nothing."""
    account_chunk(compiled.program, np.array([[0, 1]]), 0, Chunk(0, 0))


# One chunk


@dataclass
class Moments:
    """Mean, and sum of squared deviations from it, over some runs of a scenario.

    Attributes:
        runs: how many.
        mean, squares: [steps, views, sides, K], K numbers of a side as in
            :class:`relsim.model.account.Accounts`.
    """

    runs: int
    mean: Values
    squares: Values

    def add(self, other: Moments) -> None:
        """Makes these the moments of both sets of runs (Chan, Golub and LeVeque 1983)."""
        runs = self.runs + other.runs
        gap = other.mean - self.mean
        self.squares += other.squares
        self.squares += np.square(gap) * (self.runs * other.runs / runs)
        gap *= other.runs / runs
        self.mean += gap
        self.runs = runs


def _added(total: list[Moments], more: list[Moments]) -> list[Moments]:
    """The moments of each scenario with those of more runs; no runs have none."""
    for moments, others in zip(total, more, strict=False):
        moments.add(others)
    return total or more


@dataclass(frozen=True)
class _Side:
    """What a worker knows of a scenario: arrays alone.

    Attributes:
        program: what simulates it.
        sides: indices of the states of each direction, [S, 2].
    """

    program: Program
    sides: Ints


def account_task(
    compared: Compared, seed: int, left_out: Collection[int] = (), stop: Stop | None = None
) -> Callable[[Chunk], tuple[list[Moments], tuple[Failure, ...]]]:
    """What accounts for a chunk of runs, in any thread, process or machine: the moments of each
    scenario, or none where no run is left, and the runs that failed in either.

    It holds arrays, not the scenario.
    """
    sides = tuple(
        _Side(compiled.program, both_ways(compiled.pair_states(compared.pairs)))
        for compiled in compared.sides
    )
    there = {key: place for place, key in enumerate(_keys(compared.sides[-1]))}
    places = np.array([there.get(key, NONE) for key in _keys(compared.compiled)])
    return partial(_chunk_moments, sides, places, seed, frozenset(left_out), stop=stop)


def _keys(compiled: Compiled) -> Iterator[Hashable]:
    """What each number of a side is, in their order: a quantity with its labels."""
    names = {
        "domain": (OVERALL, *compiled.domains),
        "part": part_names(compiled),
        "event": compiled.events,
        "state": compiled.states,
    }
    for name, (dims, _, _) in QUANTITIES.items():
        for labels in product(*(names[dim] for dim in dims if dim != "direction")):
            yield name, *labels


def _runs_per_chunk(compared: Compared) -> int:
    """With another scenario, every moment of its runs is at hand."""
    per_run = 0
    if compared.other is not None:
        numbers = 2 * len(compared.pairs) * sum(1 for _ in _keys(compared.other))
        per_run = 8 * (compared.compiled.plan.steps + 1) * numbers * COPIES
    return min(runs_that_fit(side, per_run) for side in compared.sides)


def _chunk_moments(
    sides: tuple[_Side, ...],
    places: Ints,
    seed: int,
    left_out: frozenset[int],
    chunk: Chunk,
    stop: Stop | None = None,
) -> tuple[list[Moments], tuple[Failure, ...]]:
    """The moments of a chunk of runs, and those that failed in either scenario.

    Args:
        sides: the scenario, and perhaps another.
        places: where each number of the scenario stands in the other, if there is one, or NONE.
    """

    def simulated(some: Chunk) -> list[Moments]:
        runs = some.runs - len(left_out.intersection(range(some.first, some.first + some.runs)))
        here, *others = sides
        found, before = list[Moments](), None
        for there in others:
            asked = (there.program, there.sides, seed, some, stop)
            accounts = account_chunk(*asked, left_out=left_out, history=True)
            before = np.take(accounts.history, places, axis=2)
            before[:, :, places == NONE] = 0.0
            found.append(Moments(runs, accounts.mean, accounts.squares))
        asked = (here.program, here.sides, seed, some, stop)
        accounts = account_chunk(*asked, left_out=left_out, before=before)
        return [Moments(runs, accounts.mean, accounts.squares), *found] if runs else []

    pieces, failures = in_pieces(simulated, lambda _: [], chunk)
    return reduce(_added, pieces, []), failures


def account_chunk(
    program: Program,
    sides: Ints,
    seed: int,
    chunk: Chunk,
    stop: Stop | None = None,
    *,
    left_out: Collection[int] = (),
    history: bool = False,
    before: Values | None = None,
) -> Accounts:
    """Some sides [S, 2] accounted for, over the runs of a chunk.

    Args:
        program, seed, chunk: which runs.
        left_out: numbers of runs that are none.
        history: keep every moment of every run.
        before: what changes are measured from, [1 or T + 1, S, K, runs]; the opening of each run
            where absent.
    """
    from relsim.model.draws import draw_numbers

    runs = np.arange(chunk.first, chunk.first + chunk.runs, dtype=np.uint64)
    drawn = draw_numbers(program.draws, seed, chunk.first, chunk.runs)
    counts = [int(run) not in left_out for run in runs]
    none = np.zeros((0, 2), dtype=np.int64)
    nowhere = np.full(program.plan.steps + 1, NONE, dtype=np.int64)
    recorder = Recorder(
        *((), none, none, none, nowhere, sides),
        accounts="history" if history else "means",
        before=before,
    )
    _, accounts = simulate_runs(program, seed, runs[counts], drawn[counts], recorder, stop)
    assert accounts is not None
    return accounts


# Labels


def _datasets(compared: Compared, moments: list[Moments]) -> dict[Pair, xr.Dataset]:
    """The moments of each pair with their labels."""
    here, *others = moments
    keys = [key for compiled in compared.sides for key in _keys(compiled)]
    places = {key: place for place, key in reversed(list(enumerate(keys)))}  # here comes first
    blocks = [here, *(_absent(there) for there in others)]
    mean = np.concatenate([block.mean for block in blocks], axis=-1)
    spread = np.sqrt(np.concatenate([block.squares for block in blocks], axis=-1) / here.runs)
    values = np.stack([mean, spread], axis=1).swapaxes(0, 2)  # view, statistic, step, side, number
    return {
        pair: _dataset(compared, pair, places, values, 2 * place)
        for place, pair in enumerate(compared.pairs)
    }


def _absent(there: Moments) -> Moments:
    """The moments of what only the other scenario has: 0 here, and less by all of it."""
    mean, squares = np.zeros_like(there.mean), np.zeros_like(there.squares)
    mean[:, 1], squares[:, 1] = -there.mean[:, 0], there.squares[:, 0]
    return Moments(there.runs, mean, squares)


def _dataset(
    compared: Compared, pair: Pair, places: Mapping[Hashable, int], values: Values, side: int
) -> xr.Dataset:
    """The moments of a pair with their labels.

    Args:
        places: of the numbers of a side.
        values: [view, statistic, step, side, number].
        side: the first of the two of the pair.
    """
    compiled, (first, second) = compared.compiled, pair
    labels = _labels(compared, pair)
    content: dict[str, Any] = {}
    for name, (dims, unit, about) in QUANTITIES.items():
        inner = [dim for dim in dims if dim != "direction"]
        chosen = [places[name, *key] for key in product(*(labels[dim] for dim in inner))]
        shape = tuple(len(labels[dim]) for dim in inner)
        if "direction" in dims:
            found = values[..., side : side + 2, chosen]
        else:  # what has happened: the same of all sides, and worked out of the first
            found = values[..., 0, chosen]
        attributes = {"long_name": about, "units": unit}
        found = found.reshape(*values.shape[:3], *(2,) * ("direction" in dims), *shape)
        content[name] = (("view", "statistic", "step", *dims), found, attributes)
    coordinates: dict[str, Any] = {
        "view": ["level", "change"],
        "statistic": ["mean", "sd"],
        "step": axes(compiled).step,
        "direction": [f"{first}>{second}", f"{second}>{first}"],
        **{axis: np.array(names, dtype=object) for axis, names in labels.items()},
    }
    return xr.Dataset(content, coords=coordinates)


def _labels(compared: Compared, pair: Pair) -> Labels:
    """Names on the axes of a pair; those that only the other scenario has come after.

    The two states are no third parties to themselves: their part is always 0.
    """
    own = {f"third_party.{code}" for code in pair}

    def of_all(names: Callable[[Compiled], tuple[str, ...]]) -> tuple[str, ...]:
        every = dict.fromkeys(name for side in compared.sides for name in names(side))
        return tuple(name for name in every if name not in own)

    return {
        "domain": (OVERALL, *compared.compiled.domains),
        "part": of_all(part_names),
        "event": of_all(lambda compiled: compiled.events),
        "state": of_all(lambda compiled: compiled.states),
    }
