"""What an ensemble keeps of its runs: a value passed in, not code in the loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relsim.model.kernel import Recording
from relsim.model.plan import Compiled, pair_names

RecordLevel: TypeAlias = Literal["overall", "domains", "postures"]
RECORD_LEVELS: tuple[RecordLevel, ...] = ("overall", "domains", "postures")


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
    def bytes_per_run(self) -> int:
        """Size of one run in memory."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Axes:
    """Labels of every axis but ``run``."""

    pair: tuple[str, ...]
    watched: tuple[str, ...]
    direction: tuple[str, ...]
    domain: tuple[str, ...]
    event: tuple[str, ...]
    number: tuple[str, ...]
    time: NDArray[np.datetime64]
    step: NDArray[np.datetime64]


def axes(compiled: Compiled) -> Axes:
    """The labels of a scenario's results. Times are first days of months."""
    time = compiled.scenario.time
    months = [str(time.start.plus(n * time.months_per_step)) for n in range(time.steps + 1)]
    stamps = np.array(months, dtype="datetime64[ns]")
    return Axes(
        pair=tuple(pair_names(compiled.pairs)),
        watched=tuple(pair_names(compiled.scenario.pairs_by_domain)),
        direction=tuple(f"{a}>{b}" for a in compiled.states for b in compiled.states if a != b),
        domain=compiled.domains,
        event=compiled.events,
        number=tuple(draw.name for draw in compiled.draws),
        time=stamps,
        step=stamps[:-1],
    )


def variables(compiled: Compiled, level: RecordLevel) -> dict[str, Variable]:
    """The arrays that an ensemble at this level records.

    ``overall`` keeps overall cooperation of all pairs; ``domains`` (the default) adds
    cooperation by domain of the watched pairs and of those that claims judge in one domain;
    ``postures`` adds every posture. Events and drawn numbers are always kept.
    """
    labels = axes(compiled)
    times, domains = len(labels.time), len(labels.domain)
    found = {
        "overall": Variable(
            ("run", "time", "pair"),
            (times, len(labels.pair)),
            np.float32,
            "overall cooperation, -1 to 1",
        ),
        "fired": Variable(
            ("run", "step", "event"),
            (len(labels.step), len(labels.event)),
            np.uint8,
            "how often an event happened in a step",
        ),
        "drawn": Variable(
            ("run", "number"), (len(labels.number),), np.float64, "uncertain numbers as drawn"
        ),
    }
    if level in ("domains", "postures"):
        found["cooperation"] = Variable(
            ("run", "time", "watched", "domain"),
            (times, len(labels.watched), domains),
            np.float32,
            "cooperation by domain of the watched and claimed pairs, -1 to 1",
        )
    if level == "postures":
        found["posture"] = Variable(
            ("run", "time", "direction", "domain"),
            (times, len(labels.direction), domains),
            np.float32,
            "posture of the first state towards the second, -1 to 1",
        )
    return found


def recording(compiled: Compiled, level: RecordLevel, runs: int) -> Recording:
    """Empty arrays for the kernel to fill, for some runs."""
    wanted = variables(compiled, level)
    pairs = compiled.pair_states(compiled.pairs)
    watched = compiled.pair_states(compiled.scenario.pairs_by_domain)
    directed = tuple((a, b) for a in compiled.states for b in compiled.states if a != b)
    directions = compiled.pair_states(directed)
    times, domains = compiled.plan.steps + 1, len(compiled.domains)
    return Recording(
        overall_pairs=pairs,
        domain_pairs=watched if "cooperation" in wanted else watched[:0],
        posture_pairs=directions if "posture" in wanted else directions[:0],
        overall=np.zeros((runs, times, len(pairs)), dtype=np.float32),
        cooperation=np.zeros(
            (runs, times, len(watched) * ("cooperation" in wanted), domains), dtype=np.float32
        ),
        posture=np.zeros(
            (runs, times, len(directions) * ("posture" in wanted), domains), dtype=np.float32
        ),
        fired=np.zeros((runs, compiled.plan.steps, len(compiled.events)), dtype=np.uint8),
    )
