"""What an ensemble keeps of its runs: a value passed in, not code in the loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relsim.errors import RelsimError
from relsim.model.plan import NONE, Compiled, Program
from relsim.model.structs import Floats, Ints
from relsim.words import listed

if TYPE_CHECKING:
    from relsim.model.account import Accounts  # the kernel is loaded by what simulates alone
    from relsim.model.kernel import Levels

Arrays: TypeAlias = dict[str, NDArray[Any]]
RecordLevel: TypeAlias = Literal["watched", "overall", "domains", "postures", "accounts"]
RECORD_LEVELS: tuple[RecordLevel, ...] = ("watched", "overall", "domains", "postures", "accounts")
# What stands where nothing was written. An event happens at most once a month, so that a step of a
# year counts 12 at most.
MISSING_COUNT = 255


def check_settings(runs: int, record: str = "domains", thin: int = 1) -> None:
    """Refuses settings of an ensemble that make no sense.

    Raises:
        RelsimError: there are no runs, nothing is known of what to keep, or no step is kept.
    """
    if runs < 1:
        raise RelsimError(f"An ensemble has one run or more, not {runs:,}.")
    if record not in RECORD_LEVELS:
        raise RelsimError(f"`record` is {listed(RECORD_LEVELS, 'or')}, not {record!r}.")
    if thin < 1:
        raise RelsimError(f"`thin` is 1 (every step) or more, not {thin:,}.")


@dataclass(frozen=True)
class Variable:
    """One recorded array.

    Attributes:
        dims: its axes; the first is ``run``.
        shape: of one run, so without the first axis.
        dtype: cooperation and postures are kept to seven digits, drawn numbers in full.
        about: what it is, for the store's attributes.
    """

    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: type[np.generic]
    about: str

    @property
    def missing(self) -> float | int:
        """What a store reads where nothing was written: no value that is ever recorded."""
        return float("nan") if np.issubdtype(self.dtype, np.floating) else MISSING_COUNT

    @property
    def bytes_per_run(self) -> int:
        """Size of one run in memory."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Axes:
    """Labels of every axis but ``run``."""

    pair: tuple[str, ...]
    watched: tuple[str, ...]
    direction: tuple[str, ...]
    side: tuple[str, ...]
    part: tuple[str, ...]
    domain: tuple[str, ...]
    event: tuple[str, ...]
    number: tuple[str, ...]
    time: NDArray[np.datetime64]
    step: NDArray[np.datetime64]


def axes(compiled: Compiled, level: RecordLevel = "domains", thin: int = 1) -> Axes:
    """The labels of a scenario's results. Times are first days of months."""
    scenario, time = compiled.scenario, compiled.scenario.time
    months = [str(month) for month in time.months]
    stamps = np.array(months, dtype="datetime64[s]")  # in [ns] years end in 2262
    return Axes(
        pair=tuple(scenario.pair_names(overall_pairs(compiled, level))),
        watched=tuple(scenario.pair_names(scenario.pairs_by_domain)),
        direction=tuple(f"{a}>{b}" for a in compiled.states for b in compiled.states if a != b),
        side=tuple(f"{a}>{b}" for pair in scenario.watched_pairs for a, b in (pair, pair[::-1])),
        part=part_names(compiled),
        domain=compiled.domains,
        event=compiled.events,
        number=tuple(draw.name for draw in compiled.draws),
        time=stamps[recorded_steps(time.steps, thin)],
        step=stamps[:-1],
    )


def part_names(compiled: Compiled) -> tuple[str, ...]:
    """The parts of a pull by name, in the order of :mod:`relsim.model.account`."""
    return (
        "affinity",
        "chance",
        *(f"third_party.{code}" for code in compiled.states),
        *(f"issue.{name}" for name in compiled.issues),
        "reciprocity",
        *(f"event.{name}" for name in compiled.events),
    )


def overall_pairs(compiled: Compiled, level: RecordLevel) -> tuple[tuple[str, str], ...]:
    """The pairs whose overall cooperation is recorded."""
    return compiled.scenario.pairs_of_interest if level == "watched" else compiled.pairs


def recorded_steps(steps: int, thin: int) -> list[int]:
    """The times that are recorded, of 0 to ``steps``: every ``thin``-th, and the end."""
    return sorted({*range(0, steps, thin), steps})


def variables(compiled: Compiled, level: RecordLevel, thin: int = 1) -> dict[str, Variable]:
    """The arrays that an ensemble at this level records.

    ``watched`` keeps overall cooperation of the pairs that are watched or that claims judge,
    ``overall`` that of all pairs; ``domains`` (the default) adds cooperation by domain of the
    watched pairs and of those that claims judge in one domain. To these, ``postures`` adds every
    posture, and ``accounts`` every part of the pull between the watched pairs, both ways. Events
    and drawn numbers are always kept, and kept whole: ``thin`` leaves out times of levels alone,
    all but every ``thin``-th and the end.
    """
    scenario, steps = compiled.scenario, compiled.scenario.time.steps
    times, domains = len(recorded_steps(steps, thin)), len(compiled.domains)
    arrays = {
        "overall": Variable(
            ("run", "time", "pair"),
            (times, len(overall_pairs(compiled, level))),
            np.float32,
            "overall cooperation, -1 to 1",
        ),
        "fired": Variable(
            ("run", "step", "event"),
            (steps, len(compiled.events)),
            np.uint8,
            "how often an event happened in a step",
        ),
        "drawn": Variable(
            ("run", "number"), (len(compiled.draws),), np.float64, "uncertain numbers as drawn"
        ),
    }
    if level in ("domains", "postures", "accounts"):
        arrays["cooperation"] = Variable(
            ("run", "time", "watched", "domain"),
            (times, len(scenario.pairs_by_domain), domains),
            np.float32,
            "cooperation by domain of the watched and claimed pairs, -1 to 1",
        )
    if level == "postures":
        directions = len(compiled.states) * (len(compiled.states) - 1)
        arrays["posture"] = Variable(
            ("run", "time", "direction", "domain"),
            (times, directions, domains),
            np.float32,
            "posture of the first state towards the second, -1 to 1",
        )
    if level == "accounts":
        sides = 2 * len(scenario.watched_pairs)
        arrays["account"] = Variable(
            ("run", "step", "side", "domain", "part"),
            (steps, sides, domains, len(part_names(compiled))),
            np.float32,
            "parts of the pull of the second state on the first as states decide, pull units",
        )
    return arrays


def coordinates(
    compiled: Compiled, level: RecordLevel, runs: int, thin: int = 1
) -> dict[str, NDArray[Any]]:
    """The labels of every axis in use: numbers of runs, times, and names as objects."""
    labels, wanted = axes(compiled, level, thin), variables(compiled, level, thin)
    used = {dim for variable in wanted.values() for dim in variable.dims}
    by_axis: dict[str, NDArray[Any]] = {"run": np.arange(runs, dtype=np.int64)}
    for dim in sorted(used - {"run"}):
        values = getattr(labels, dim)
        is_time = isinstance(values, np.ndarray)
        by_axis[dim] = values if is_time else np.array(values, dtype=object)
    return by_axis


def bytes_per_run(compiled: Compiled, level: RecordLevel, thin: int = 1) -> int:
    """Size of all that is recorded of a run, in memory."""
    return sum(variable.bytes_per_run for variable in variables(compiled, level, thin).values())


@dataclass(frozen=True)
class Recorder:
    """What the kernel records, as indices: all that a worker needs to know of it.

    Attributes:
        names: of the variables.
        overall_pairs, domain_pairs: state indices, [pairs, 2].
        posture_pairs: from, to, [directions, 2].
        slots: index of each time among those recorded, or NONE, [T + 1].
        sides: whose pull is taken apart, and on whom, [sides, 2].
        accounts: what is kept of that: the parts of every run, or means over the runs; in a
            ``history`` also every moment of every run.
        before: what changes are measured from (see :class:`relsim.model.account.Accounts`); the
            opening of each run where absent.
    """

    names: tuple[str, ...]
    overall_pairs: Ints
    domain_pairs: Ints
    posture_pairs: Ints
    slots: Ints
    sides: Ints
    accounts: Literal["parts", "means", "history"] = "parts"
    before: Floats | None = None

    def empty(self, program: Program, runs: int, lanes: int = 1) -> tuple[Levels, Accounts | None]:
        """What the kernel fills for some runs, so many of them side by side."""
        from relsim.model.account import Accounts
        from relsim.model.kernel import Levels

        pairs = {
            "A": self.overall_pairs,
            "B": self.domain_pairs,
            "C": self.posture_pairs,
        }
        axes = program.sizes.axes | {name: len(rows) for name, rows in pairs.items()}
        axes |= {"R": runs, "T": program.plan.steps, "S": int(self.slots.max()) + 1}
        levels = Levels.zeros(
            axes,
            places=self.slots,
            overall_pairs=self.overall_pairs,
            domain_pairs=self.domain_pairs,
            posture_pairs=self.posture_pairs,
        )
        if not self.sides.size:
            return levels, None
        accounts = Accounts.empty(
            *(self.sides, program, runs, lanes),
            record=self.accounts == "parts",
            whole=self.accounts == "history",
            before=self.before,
        )
        return levels, accounts

    def arrays(self, levels: Levels, accounts: Accounts | None, drawn: Floats) -> Arrays:
        """The recorded variables by name, once filled."""
        arrays: Arrays = {**levels.arrays(), "drawn": drawn}
        if accounts is not None:
            arrays["account"] = accounts.recorded
        return {name: arrays[name] for name in self.names}


def recorder(compiled: Compiled, level: RecordLevel, thin: int = 1) -> Recorder:
    """What the kernel records of a scenario at this level."""
    wanted, scenario = variables(compiled, level, thin), compiled.scenario
    kept = recorded_steps(compiled.plan.steps, thin)
    slots = np.full(compiled.plan.steps + 1, NONE, dtype=np.int64)
    slots[kept] = np.arange(len(kept))
    directions = tuple((a, b) for a in compiled.states for b in compiled.states if a != b)
    return Recorder(
        names=tuple(wanted),
        overall_pairs=compiled.pair_states(overall_pairs(compiled, level)),
        domain_pairs=compiled.pair_states(
            scenario.pairs_by_domain if "cooperation" in wanted else ()
        ),
        posture_pairs=compiled.pair_states(directions if "posture" in wanted else ()),
        slots=slots,
        sides=both_ways(
            compiled.pair_states(scenario.watched_pairs if "account" in wanted else ())
        ),
    )


def both_ways(pairs: Ints) -> Ints:
    """The sides of some pairs of states: first on second, and back, [2 × pairs, 2]."""
    sides: Ints = np.stack([pairs, pairs[:, ::-1]], axis=1).reshape(-1, 2)
    return sides
