"""Accounts of many runs: what pulls two states towards each other, part by part.

Every run is accounted for on its own and reduced chunk by chunk to its mean and standard
deviation over the runs. Means are additive, as the parts are; quantiles would not be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from relsim.ensemble.chunks import (
    Chunk,
    Stop,
    batch_of,
    chunks,
    is_compiled,
    lanes,
    map_chunks,
    new_stop,
    runs_that_fit,
)
from relsim.ensemble.record import axes, part_names
from relsim.model.account import Accounts, empty_accounts, part_count, simulate_accounts
from relsim.model.plan import Compiled, Ints, Program, number_views
from relsim.model.world import new_world

Values: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = Mapping[str, tuple[str, ...]]

OVERALL = "overall"  # on the domain axis: the mean of the domains by their weights
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
        found = [_labels(side, self.pair) for side in self.sides]
        return {
            axis: tuple(dict.fromkeys(name for side in found for name in side[axis]))
            for axis in ("part", "event", "state")
        }


def account_runs(
    compared: Compared,
    seed: int,
    first: int,
    runs: int,
    *,
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
) -> xr.Dataset:
    """The accounts of some runs, reduced to their mean and standard deviation.

    Args:
        compared: what to account for.
        seed, first, runs: which runs.
        executor: where chunks run; threads on all cores where absent.
        progress: called with the number of runs that have just finished.

    Returns:
        Every variable of ``QUANTITIES`` with the axes (view, statistic, step, …). Views are
        ``level`` and ``change`` (since the opening of the same run, or from the other
        scenario's same run and step); statistics are ``mean`` and ``sd``. A step stands for its
        first month, and its account for what holds when states decide in it, after events.
    """
    stop = new_stop()
    task = partial(_chunk_moments, compared, seed, stop=stop)
    found: Moments | None = None
    todo = [
        Chunk(first + chunk.first, chunk.runs) for chunk in chunks(runs, _runs_per_chunk(compared))
    ]
    for chunk, moments in map_chunks(task, todo, executor, stop):
        found = moments if found is None else found.merged(moments)
        if progress is not None:
            progress(chunk.runs)
    assert found is not None
    return _dataset(compared, found)


def accounts_are_compiled() -> bool:
    """Whether an earlier process left the compiled kernel of accounts on disk."""
    return is_compiled(simulate_accounts)


def compile_accounts(compiled: Compiled) -> None:
    """Compiles the kernel, or reads it from the cache, by accounting for nothing."""
    first, second, *_ = compiled.states
    account_chunk(compiled, (first, second), 0, Chunk(0, 0))


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
        runs = self.runs + other.runs
        mean, squares = {}, {}
        for name in self.mean:
            gap = other.mean[name] - self.mean[name]
            mean[name] = self.mean[name] + gap * (other.runs / runs)
            within = self.squares[name] + other.squares[name]
            squares[name] = within + gap**2 * (self.runs * other.runs / runs)
        return Moments(runs, mean, squares)


def _runs_per_chunk(compared: Compared) -> int:
    compiled, labels = compared.compiled, compared.labels
    steps, domains = compiled.plan.steps + 1, len(compiled.domains) + 1
    per_run = 8 * steps * 2 * domains * len(labels["part"]) * COPIES * len(compared.sides)
    return runs_that_fit(per_run)


def _chunk_moments(
    compared: Compared, seed: int, chunk: Chunk, stop: Stop | None = None
) -> Moments:
    """The moments of a chunk of runs. Runs in any thread or process."""
    sides = [_quantities(compared, side, seed, chunk, stop) for side in compared.sides]
    mean, squares = {}, {}
    for name in QUANTITIES:
        level = sides[0][name][:, 1:]
        before = sides[0][name][:, :1] if len(sides) == 1 else sides[1][name][:, 1:]
        reduced = [_reduced(level), _reduced(level - before)]
        mean[name], squares[name] = (np.stack(found) for found in zip(*reduced, strict=True))
    return Moments(chunk.runs, mean, squares)


def _reduced(values: Values) -> tuple[Values, Values]:
    mean = values.mean(axis=0)
    return mean, np.square(values - mean).sum(axis=0)


def _quantities(
    compared: Compared, compiled: Compiled, seed: int, chunk: Chunk, stop: Stop | None
) -> dict[str, Values]:
    """Every quantity by run and moment, of which the first is the opening."""
    accounts = account_chunk(compiled, compared.pair, seed, chunk, stop)
    total = accounts.domain_weight.sum(axis=1, keepdims=True)
    weight = np.divide(
        accounts.domain_weight, total, out=np.zeros_like(accounts.domain_weight), where=total > 0
    )
    own = {"part": part_names(compiled), "event": compiled.events, "state": compiled.states}
    happened = np.cumsum(accounts.fired > 0, axis=1) > 0
    found = {
        "contribution": _with_overall(accounts.part, weight),
        "pull": _with_overall(accounts.pull, weight),
        "lasting": _with_overall(accounts.lasting, weight),
        "posture": _with_overall(accounts.posture, weight),
        "slope": _with_overall(accounts.slope, weight),
        "interest": accounts.interest,
        "tie": accounts.tie,
        "happened": np.concatenate([np.zeros_like(happened[:, :1]), happened], axis=1) * 1.0,
    }
    for name, (dims, _, _) in QUANTITIES.items():
        if dims[-1] in own:
            found[name] = _placed(found[name], own[dims[-1]], compared.labels[dims[-1]])
    return found


def account_chunk(
    compiled: Compiled, pair: tuple[str, str], seed: int, chunk: Chunk, stop: Stop | None = None
) -> Accounts:
    """The accounts of every run of a chunk; of no use once ``stop`` is set."""
    first, second = (compiled.states.index(code) for code in pair)
    return _accounts(compiled, (first, second), seed, chunk, stop)


def _accounts(
    program: Program, pair: tuple[int, int], seed: int, chunk: Chunk, stop: Stop | None
) -> Accounts:
    batch, _ = batch_of(program, seed, chunk, stop)
    world = new_world(program, lanes(program, chunk.runs))
    numbers = number_views(program.sizes, world.vector)
    accounts = empty_accounts(pair, program.sizes, program.plan.steps, chunk.runs)
    simulate_accounts(program.plan, numbers, world, batch, accounts)
    return accounts


def recorded_accounts(
    program: Program, pairs: Ints, seed: int, chunk: Chunk, stop: Stop | None = None
) -> NDArray[np.float32]:
    """The parts of the pulls between some pairs in every run of a chunk, [runs, steps, sides,
    domains, parts]: both ways of the first pair, then of the next.

    Args:
        program, seed, chunk, stop: as for an ensemble; each pair is a simulation of its own.
        pairs: state indices, [pairs, 2].
    """
    parts = [
        _accounts(program, (int(first), int(second)), seed, chunk, stop).part[:, 1:]
        for first, second in pairs
    ]
    return np.concatenate(parts, axis=2).astype(np.float32)


def recorded_shape(program: Program, pairs: int) -> tuple[int, int, int, int]:
    """Of :func:`recorded_accounts`, in one run."""
    sizes = program.sizes
    parts = part_count(sizes.states, sizes.issues, sizes.events)
    return program.plan.steps, 2 * pairs, sizes.domains, parts


def _with_overall(values: Values, weight: Values) -> Values:
    """[R, T, 2, D, ...] with the mean of the domains, by the weights of each run, in front."""
    spread = weight.reshape(len(weight), 1, 1, -1, *(1,) * (values.ndim - 4))
    mean = (values * spread).sum(axis=3, keepdims=True)
    return np.concatenate([mean, values], axis=3)


def _placed(values: Values, names: tuple[str, ...], wanted: tuple[str, ...]) -> Values:
    """The last axis by the names wanted; 0 for those that are not there."""
    if names == wanted:
        return values
    place = {name: column for column, name in enumerate(names)}
    there = [name in place for name in wanted]
    result = np.zeros((*values.shape[:-1], len(wanted)))
    result[..., there] = values[..., [place[name] for name in wanted if name in place]]
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
