"""Accounts of many runs: what pulls two states towards each other, part by part.

Every run is accounted for on its own and reduced chunk by chunk to its mean and standard
deviation over the runs. Means are additive, as the parts are; quantiles would not be. Runs that
fail are left out, as of an ensemble.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
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
from relsim.ensemble.failures import Failure, refuse_all_failed, with_failures
from relsim.ensemble.record import Arrays, Recorder, axes, both_ways, check_settings, part_names
from relsim.errors import ResultsError
from relsim.model.plan import NONE, Compiled, Program
from relsim.model.structs import Ints

if TYPE_CHECKING:
    from relsim.model.account import Accounts  # the kernel is loaded by what simulates alone
    from relsim.model.kernel import Levels

Values: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = Mapping[str, tuple[str, ...]]
Filled: TypeAlias = "tuple[Levels, Accounts]"

OVERALL = "overall"  # on the domain axis: the mean of the domains by their weights
NAMED = ("part", "event", "state")  # last axes, on which two scenarios may have other names
COPIES = 4  # of the parts that a chunk holds at once: recorded, with the mean, changed, squared

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
        pair: codes of the two states, in alphabetical order.
        compiled: whose pull it is.
        other: compared with, run by run; where absent, each run is compared with its opening.
    """

    pair: tuple[str, str]
    compiled: Compiled
    other: Compiled | None = None

    @property
    def sides(self) -> tuple[Compiled, ...]:
        """The scenarios to simulate."""
        return (self.compiled,) if self.other is None else (self.compiled, self.other)

    @property
    def labels(self) -> Labels:
        """Names on the axes of parts, events and states; those of the other come after."""
        names = [_labels(side, self.pair) for side in self.sides]
        return {
            axis: tuple(dict.fromkeys(name for side in names for name in side[axis]))
            for axis in NAMED
        }


@dataclass(frozen=True)
class Accounted:
    """The accounts of some runs.

    Attributes:
        data: every variable of ``QUANTITIES`` with the axes (view, statistic, step, …). Views are
            ``level`` and ``change`` (since the opening of the same run, or from the other
            scenario's same run and step); statistics are ``mean`` and ``sd``. A step stands for
            its first month, and its account for what holds when states decide in it, after events.
        runs: how many are in it.
        failures: the runs that failed, in either scenario; they are not in it.
    """

    data: xr.Dataset
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
) -> Accounted:
    """The accounts of some runs, reduced to their mean and standard deviation.

    Args:
        compared: what to account for.
        seed, first, runs: which runs.
        left_out: numbers of runs that do not count: those that failed in an ensemble.
        executor: where chunks run (see :mod:`relsim.ensemble.executors`); threads on all cores
            where absent. The numbers are the same anywhere.
        progress: called with the number of runs that have just finished.

    Raises:
        RelsimError: no runs are asked for.
        ResultsError: every run of the first chunk failed, or none is left.
    """
    check_settings(runs)
    stop = new_stop()
    task = account_task(compared, seed, left_out, stop)
    total, failures = NO_RUNS, list[Failure]()
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
            total = total.merged(moments)
            if progress is not None:
                progress(chunk.runs)
    if not total.runs:
        raise ResultsError("All of the runs failed, so there is nothing to account for.")
    return Accounted(_dataset(compared, total), total.runs, tuple(failures))


def _all_of(chunk: Chunk) -> str:
    if chunk.runs == 1:
        return f"Run {chunk.first}"
    return f"All of runs {chunk.first:,} to {chunk.first + chunk.runs - 1:,}"


def compile_accounts(compiled: Compiled) -> None:
    """Compiles the kernel of accounts, or reads it from the cache, by accounting for nothing."""
    account_chunk(compiled.program, np.array([0, 1]), 0, Chunk(0, 0))


def _labels(compiled: Compiled, pair: tuple[str, str]) -> Labels:
    """Without the two states as third parties to themselves, whose part is always 0."""
    own = {f"third_party.{code}" for code in pair}
    parts = tuple(name for name in part_names(compiled) if name not in own)
    return {"part": parts, "event": compiled.events, "state": compiled.states}


# One chunk


@dataclass(frozen=True)
class Moments:
    """Mean, and sum of squared deviations from it, over some runs; by quantity, [view, ...]."""

    runs: int
    mean: dict[str, Values]
    squares: dict[str, Values]

    def merged(self, other: Moments) -> Moments:
        """The moments of both sets of runs (Chan, Golub and LeVeque 1983)."""
        if not (self.runs and other.runs):
            return self if self.runs else other
        runs = self.runs + other.runs
        mean, squares = {}, {}
        for name in self.mean:
            gap = other.mean[name] - self.mean[name]
            mean[name] = self.mean[name] + gap * (other.runs / runs)
            within = self.squares[name] + other.squares[name]
            squares[name] = within + gap**2 * (self.runs * other.runs / runs)
        return Moments(runs, mean, squares)


NO_RUNS = Moments(0, {}, {})


@dataclass(frozen=True)
class _Side:
    """What a worker knows of a scenario: arrays and the names on their axes.

    Attributes:
        program: what simulates it.
        pair: indices of the two states, [2].
        names: of its parts, events, states and domains.
    """

    program: Program
    pair: Ints
    names: Labels


def account_task(
    compared: Compared, seed: int, left_out: Collection[int] = (), stop: Stop | None = None
) -> Callable[[Chunk], tuple[Moments, tuple[Failure, ...]]]:
    """What accounts for a chunk of runs, in any thread, process or machine.

    It holds arrays and names, not the scenario.
    """
    sides = []
    for compiled in compared.sides:
        names = {
            "part": part_names(compiled),
            "event": compiled.events,
            "state": compiled.states,
            "domain": compiled.domains,
        }
        pair = compiled.pair_states((compared.pair,))[0]
        sides.append(_Side(compiled.program, pair, names))
    labels = {**compared.labels, "domain": compared.compiled.domains}
    return partial(_chunk_moments, tuple(sides), labels, seed, frozenset(left_out), stop=stop)


def _runs_per_chunk(compared: Compared) -> int:
    compiled, labels = compared.compiled, compared.labels
    steps, domains = compiled.plan.steps + 1, len(compiled.domains) + 1
    per_run = 8 * steps * 2 * domains * len(labels["part"]) * COPIES * len(compared.sides)
    return min(runs_that_fit(side, per_run) for side in compared.sides)


def _chunk_moments(
    sides: tuple[_Side, ...],
    labels: Labels,
    seed: int,
    left_out: frozenset[int],
    chunk: Chunk,
    stop: Stop | None = None,
) -> tuple[Moments, tuple[Failure, ...]]:
    """The moments of a chunk of runs, and those that failed in either scenario."""

    def simulated(some: Chunk) -> Arrays:
        filled = [account_chunk(side.program, side.pair, seed, some, stop) for side in sides]
        return _quantities(sides, labels, filled)

    def blank(some: Chunk) -> Arrays:
        return _quantities(sides, labels, [_blank(side, some.runs) for side in sides])

    arrays, failures = with_failures(simulated, blank, chunk)
    lost = left_out | {failure.run for failure in failures}
    rows = [run - chunk.first for run in lost if run - chunk.first in range(chunk.runs)]
    if rows:
        arrays = {name: np.delete(values, rows, axis=0) for name, values in arrays.items()}
    return _moments(arrays, chunk.runs - len(rows), paired=len(sides) == 2), failures


def _moments(arrays: Mapping[str, NDArray[Any]], runs: int, *, paired: bool) -> Moments:
    """The moments of levels and changes, over the rows of ``_quantities``."""
    if not runs:
        return NO_RUNS
    mean, squares = {}, {}
    for name in QUANTITIES:
        level = arrays[f"here {name}"][:, 1:]
        before = arrays[f"there {name}"][:, 1:] if paired else arrays[f"here {name}"][:, :1]
        reduced = [_reduced(level)]
        level -= before  # in place, as parts of the pull are large
        reduced.append(_reduced(level))
        mean[name], squares[name] = (np.stack(views) for views in zip(*reduced, strict=True))
    return Moments(runs, mean, squares)


def _reduced(values: Values) -> tuple[Values, Values]:
    mean = values.mean(axis=0)
    gaps = values - mean
    return mean, np.square(gaps, out=gaps).sum(axis=0)


def _quantities(sides: tuple[_Side, ...], labels: Labels, filled: list[Filled]) -> Arrays:
    """Every quantity of either scenario by run and moment, of which the first is the opening."""
    return {
        f"{scenario} {name}": _aligned(values, QUANTITIES[name][0], side.names, labels)
        for scenario, side, rows in zip(("here", "there"), sides, filled, strict=False)
        for name, values in _by_run(*rows).items()
    }


def _by_run(levels: Levels, accounts: Accounts) -> dict[str, Values]:
    """Every quantity of a scenario, on its own axes."""
    total = accounts.domain_weight.sum(axis=1, keepdims=True)
    weight = np.divide(
        accounts.domain_weight, total, out=np.zeros_like(accounts.domain_weight), where=total > 0
    )
    happened = np.cumsum(levels.fired > 0, axis=1) > 0
    return {
        "contribution": _with_overall(accounts.part, weight),
        "pull": _with_overall(accounts.pull, weight),
        "lasting": _with_overall(accounts.lasting, weight),
        "posture": _with_overall(accounts.posture, weight),
        "slope": _with_overall(accounts.slope, weight),
        "interest": accounts.interest,
        "tie": accounts.tie,
        "happened": np.concatenate([np.zeros_like(happened[:, :1]), happened], axis=1) * 1.0,
    }


def _aligned(values: Values, dims: tuple[str, ...], names: Labels, wanted: Labels) -> Values:
    """A quantity [R, T, *dims] on the axes of both scenarios; 0 for names that it lacks."""
    if "domain" in dims and names["domain"] != wanted["domain"]:
        order = [0, *(1 + names["domain"].index(name) for name in wanted["domain"])]
        values = values.take(order, axis=2 + dims.index("domain"))
    last = dims[-1]
    if last not in NAMED or names[last] == wanted[last]:
        return values
    columns = {name: column for column, name in enumerate(names[last])}
    present = [name in columns for name in wanted[last]]
    if all(present):
        return values.take([columns[name] for name in wanted[last]], axis=-1)
    result = np.zeros((*values.shape[:-1], len(present)))
    result[..., present] = values[..., [columns[name] for name in wanted[last] if name in columns]]
    return result


def account_chunk(
    program: Program, pair: Ints, seed: int, chunk: Chunk, stop: Stop | None = None
) -> tuple[Levels, Accounts]:
    """Both ways of a pair [2] accounted for, in every run of a chunk, and the events in them."""
    from relsim.model.draws import draw_numbers

    drawn = draw_numbers(program.draws, seed, chunk.first, chunk.runs)
    runs = np.arange(chunk.first, chunk.first + chunk.runs, dtype=np.uint64)
    levels, accounts = simulate_runs(program, seed, runs, drawn, _recorder(program, pair), stop)
    assert accounts is not None
    return levels, accounts


def _recorder(program: Program, pair: Ints) -> Recorder:
    """Records an account and events, but no level."""
    none = np.zeros((0, 2), dtype=np.int64)
    nowhere = np.full(program.plan.steps + 1, NONE, dtype=np.int64)
    return Recorder((), none, none, none, nowhere, both_ways(pair[np.newaxis]))


def _blank(side: _Side, runs: int) -> Filled:
    levels, accounts = _recorder(side.program, side.pair).empty(side.program, runs)
    assert accounts is not None
    return levels, accounts


def _with_overall(values: Values, weight: Values) -> Values:
    """[R, T, 2, D, ...] with the mean of the domains, by the weights of each run, in front."""
    spread = weight.reshape(len(weight), 1, 1, -1, *(1,) * (values.ndim - 4))
    result = np.empty((*values.shape[:3], values.shape[3] + 1, *values.shape[4:]))
    result[:, :, :, 1:] = values
    mean = result[:, :, :, 0]
    np.multiply(values[:, :, :, 0], spread[:, :, :, 0], out=mean)
    for domain in range(1, values.shape[3]):  # one at a time, as parts of the pull are large
        mean += values[:, :, :, domain] * spread[:, :, :, domain]
    return result


def _dataset(compared: Compared, moments: Moments) -> xr.Dataset:
    """Moments with their labels."""
    compiled, (first, second) = compared.compiled, compared.pair
    content: dict[str, Any] = {}
    for name, (dims, unit, about) in QUANTITIES.items():
        spread = np.sqrt(moments.squares[name] / moments.runs)
        values = np.stack([moments.mean[name], spread], axis=1)
        attributes = {"long_name": about, "units": unit}
        content[name] = (("view", "statistic", "step", *dims), values, attributes)
    coordinates: dict[str, Any] = {
        "view": ["level", "change"],
        "statistic": ["mean", "sd"],
        "step": axes(compiled).step,
        "direction": [f"{first}>{second}", f"{second}>{first}"],
        "domain": [OVERALL, *compiled.domains],
        **{axis: np.array(names, dtype=object) for axis, names in compared.labels.items()},
    }
    return xr.Dataset(content, coords=coordinates)
