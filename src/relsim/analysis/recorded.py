"""Reading ensembles: runs that two of them share, recorded steps, and blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from relsim.ensemble.simulate import Ensemble
from relsim.errors import ResultsError, plain_hint
from relsim.scenario.schema import Scenario, Time
from relsim.scenario.titles import titles
from relsim.scenario.values import Month

# Recorded values that are worked on at once; ranking them takes three times that.
BLOCK_BYTES = 12 * 1024 * 1024
# Recorded values of one label that are read at once. A store keeps all times of some runs together,
# so every reading opens it whole: with a million runs, 121 times are read in two goes, not in 40.
READ_BYTES = 256 * 1024 * 1024


# Runs that two ensembles share


class Draws(Protocol):
    """What decides the draws: an ensemble, or a question that will be simulated."""

    @property
    def scenario(self) -> Scenario:
        """What is simulated."""

    @property
    def seed(self) -> int:
        """The seed of all draws."""

    @property
    def version(self) -> str:
        """The version of relsim that simulates it."""


def unpaired(ensemble: Draws, other: Draws) -> str:
    """What makes the draws of ``other`` differ from those of ``ensemble``; empty if nothing.

    A draw is named by seed, process, run and step. Processes are named by states, domains,
    events and numbers; other states or events leave those that are shared alone, other domains
    are other shocks to every pair. The number of runs does not matter: run r is the same draw
    in all.
    """
    if ensemble.scenario.time != other.scenario.time:
        time = other.scenario.time
        return f"runs from {time.start} to {time.end} by the {time.step}"
    if ensemble.seed != other.seed:
        return f"is on seed {other.seed}"
    if set(ensemble.scenario.domains) != set(other.scenario.domains):
        return f"has the domains {', '.join(other.scenario.domains)}"
    return f"is of relsim {other.version}" if ensemble.version != other.version else ""


def pairing_obstacle(base: Draws, other: Draws) -> str:
    """Why the runs of two cannot be paired, and what would be right; empty if they can."""
    difference = unpaired(base, other)
    if not difference:
        return ""
    first, second = titles([base.scenario, other.scenario])
    hint = "Runs are paired on the same seed, time span, domains and version of relsim."
    return f"{first} {unpaired(other, base)}; {second} {difference}. {hint}"


def on_shared_runs(first: Ensemble, second: Ensemble) -> tuple[Ensemble, Ensemble]:
    """Both ensembles with only the runs that both have: runs may have failed in one of them."""
    shared = first.data.indexes["run"].intersection(second.data.indexes["run"])

    def restricted(ensemble: Ensemble) -> Ensemble:
        own = ensemble.data.indexes["run"]
        if own.equals(shared):
            return ensemble
        if own[: len(shared)].equals(shared):  # a slice is read faster than a list of runs
            return replace(ensemble, data=ensemble.data.isel(run=slice(len(shared))))
        return replace(ensemble, data=ensemble.data.sel(run=shared))

    return restricted(first), restricted(second)


# Pairs, domains and steps that are recorded; what an ensemble lacks continues "This ensemble ..."


def lacking(ensemble: Ensemble, pair: str, domain: str | None) -> str:
    """What an ensemble lacks for the cooperation of a pair (in a domain); empty if nothing."""
    pair = ensemble.scenario.pair_name(pair)
    if pair not in ensemble.data.indexes["pair"]:
        states = ensemble.scenario.states
        if all(code in states for code in pair.split("-")):
            return f"does not keep {pair}; add it to `watch` there, or keep all pairs"
        return f"has no pair {pair}"
    if domain is None:
        return ""
    if lack := lacking_domain(ensemble, domain):
        return lack
    if pair not in ensemble.data.indexes["watched"]:
        return f"does not keep {pair} by domain; add it to `watch` there"
    return ""


def lacking_domain(ensemble: Ensemble, domain: str) -> str:
    """What an ensemble lacks for any cooperation in a domain; empty if nothing."""
    if "cooperation" not in ensemble.data:
        return "keeps no domains (--record domains does)"
    return "" if domain in ensemble.data.indexes["domain"] else f"has no domain {domain}"


def lacking_steps(ensemble: Ensemble, steps: slice) -> str:
    """Which of some steps an ensemble does not record; empty if it records all."""
    time, wanted = ensemble.scenario.time, steps.stop - steps.start
    missing = sorted({*range(steps.start, steps.stop)} - {*recorded_steps(ensemble).tolist()})
    if not missing:
        return ""
    if wanted == 1:
        return f"does not record {time.start.plus(missing[0] * time.months_per_step)} (--thin)"
    return f"records only {wanted - len(missing)} of the {wanted} {time.step}s judged (--thin)"


def recorded_steps(ensemble: Ensemble) -> NDArray[np.int64]:
    """The step that each recorded time is the end of; 0 is the opening."""
    months = ensemble.data["time"].values.astype("datetime64[M]").astype(np.int64)
    return (months - months[0]) // ensemble.scenario.time.months_per_step


def time_index(ensemble: Ensemble, steps: int | slice | NDArray[np.int64]) -> Any:
    """The index on the time axis of steps that are recorded; a slice where possible."""
    recorded = recorded_steps(ensemble)
    if isinstance(steps, slice):
        first = int(np.searchsorted(recorded, steps.start))
        return slice(first, first + steps.stop - steps.start)
    return slice(None) if np.array_equal(steps, recorded) else np.searchsorted(recorded, steps)


def step_of_month(time: Time, month: Month | str | None) -> int:
    """The step that a month lies in, counted from 0 at the opening; that of the end if absent.

    Raises:
        ResultsError: it is no month, or not simulated.
    """
    try:
        known = time.end if month is None else Month.read(month)
    except ValueError as error:
        hint = plain_hint(str(month)) or "Write it as 2025-06."
        raise ResultsError(f"'{month}' is not a month. {hint}") from error
    if not time.start <= known <= time.end:
        text = f"{known} is not simulated; the runs go from {time.start} to {time.end}."
        raise ResultsError(text)
    return (known.serial - time.start.serial) // time.months_per_step


# Blocks of bounded size, so that an ensemble of any size can be read


@dataclass(frozen=True)
class Block:
    """All runs of some labels at some times.

    Attributes:
        labels, times: slices of their axes.
        values: of each array that was read, [runs, times, labels, ...].
    """

    labels: slice
    times: slice
    values: tuple[np.ndarray, ...]


def label_and_time_blocks(*arrays: xr.DataArray) -> Iterator[Block]:
    """Blocks of arrays of the same shape (run, time, label, ...) that hold all runs.

    The times of some labels come in order, before the next labels; one label at a time once the
    runs are many.
    """
    levels = arrays[0]
    runs, times, labels = levels.shape[:3]
    size = max(1, levels.dtype.itemsize * int(np.prod(levels.shape[3:])) * runs)
    for chosen in _slices(labels, BLOCK_BYTES // (size * times)):
        for span in _slices(times, READ_BYTES // (size * len(arrays))):
            read = [np.asarray(array[:, span, chosen].values) for array in arrays]
            for part in _slices(span.stop - span.start, BLOCK_BYTES // size):
                block_times = slice(span.start + part.start, span.start + part.stop)
                yield Block(chosen, block_times, tuple(values[:, part] for values in read))


def run_blocks(runs: int, times: int) -> Iterator[slice]:
    """Slices of the run axis, for some times of one pair in double precision."""
    return _slices(runs, BLOCK_BYTES // (8 * times))


def _slices(length: int, size: int) -> Iterator[slice]:
    size = max(1, size)
    return (slice(first, min(first + size, length)) for first in range(0, length, size))
