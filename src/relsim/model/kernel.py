"""A batch of runs, several at a time side by side. A single run is a batch of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relsim.model import rules
from relsim.model.compilation import compiled
from relsim.model.plan import NONE, Numbers, Plan, World
from relsim.model.step import open_world, take_step
from relsim.model.structs import Struct, array_of, floats, ints, number


class Recording(Struct):
    """Where a batch writes what it records: R runs, T steps, S recorded times. Empty axes record
    nothing."""

    places = ints("T+1")  # where each time stands among those recorded, or NONE
    overall_pairs = ints("A 2")  # state indices
    domain_pairs = ints("B 2")
    posture_pairs = ints("C 2")  # from, to
    overall = array_of(np.float32, "R S A")
    cooperation = array_of(np.float32, "R S B D")
    posture = array_of(np.float32, "R S C D")
    fired = array_of(np.uint8, "R T E")


class Batch(Struct):
    """Which runs, and the numbers that differ among them."""

    seed = number(np.uint64)
    runs = array_of(np.uint64, "R")  # number of each run, which fixes its noise
    vector = floats("K")  # numbers that are the same in all runs
    places = ints("U")  # indices into the vector that differ by run
    drawn = floats("R U")
    stop = array_of(np.uint8, "1")  # once another thread sets it, the batch ends unfinished


@compiled
def simulate_batch(
    plan: Plan, numbers: Numbers, world: World, batch: Batch, recording: Recording
) -> None:
    """Simulates the runs of a batch, as many at a time as the world has lanes.

    Args:
        plan: Plan.
        numbers: views into ``world.vector``.
        world: World, overwritten.
        batch: Batch.
        recording: Recording, filled; not to be used once ``batch.stop`` is set.
    """
    lanes = world.domain_total.size
    runs = np.empty(lanes, dtype=np.uint64)
    for first in range(0, batch.drawn.shape[0], lanes):
        used = open_runs(plan, numbers, world, batch, first, runs)
        _record(first, used, 0, world, recording)
        for step in range(plan.steps):
            if batch.stop[0]:
                return
            take_step(plan, numbers, world, batch.seed, runs, np.uint64(step))
            _record(first, used, step + 1, world, recording)
            for event in range(world.fired.shape[0]):
                for lane in range(used):
                    recording.fired[first + lane, step, event] = world.fired[event, lane]


@compiled
def open_runs(
    plan: Plan,
    numbers: Numbers,
    world: World,
    batch: Batch,
    first: int,
    runs: NDArray[np.uint64],
) -> int:
    """The opening of the next runs of a batch, one in each lane, with the numbers they drew.

    Args:
        first: place in the batch of the run in the first lane.
        runs: uint64 [L], filled with the number of the run in each lane.

    Returns:
        How many lanes are used; those left over repeat the last run.
    """
    used = min(runs.size, batch.drawn.shape[0] - first)
    for lane in range(runs.size):
        r = first + min(lane, used - 1)
        runs[lane] = batch.runs[r]
        for k in range(batch.vector.size):
            world.vector[k, lane] = batch.vector[k]
        for u in range(batch.places.size):
            world.vector[batch.places[u], lane] = batch.drawn[r, u]
    open_world(plan, numbers, world)
    return used


@compiled
def _record(first: int, used: int, time: int, world: World, recording: Recording) -> None:
    """Writes the levels at one time, where it is recorded, of the runs in the first ``used``
    lanes."""
    place = recording.places[time]
    if place == NONE:
        return
    n_domains = world.posture.shape[2]
    for lane in range(used):
        r = first + lane
        for a in range(recording.overall_pairs.shape[0]):
            i, j = recording.overall_pairs[a, 0], recording.overall_pairs[a, 1]
            recording.overall[r, place, a] = world.overall[i, j, lane]
        for b in range(recording.domain_pairs.shape[0]):
            i, j = recording.domain_pairs[b, 0], recording.domain_pairs[b, 1]
            for d in range(n_domains):
                level = world.caused[i, j, d, lane] + world.chance[i, j, d, lane]
                recording.cooperation[r, place, b, d] = rules.within_limit(level)
        for c in range(recording.posture_pairs.shape[0]):
            i, j = recording.posture_pairs[c, 0], recording.posture_pairs[c, 1]
            for d in range(n_domains):
                shown = world.posture[i, j, d, lane] + world.chance[i, j, d, lane]
                recording.posture[r, place, c, d] = rules.within_limit(shown)
