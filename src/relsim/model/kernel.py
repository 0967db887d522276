"""A batch of runs, several at a time side by side. A single run is a batch of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relsim.model import rules
from relsim.model.account import Accounts, record_accounts
from relsim.model.compilation import compiled
from relsim.model.plan import NONE, Numbers, Plan, World
from relsim.model.step import begin_step, end_step, open_world, respond
from relsim.model.structs import Struct, array_of, floats, ints, number


class Batch(Struct):
    """Which runs, and the numbers that differ among them.

    R runs; K numbers of the vector, U of which differ by run.
    """

    seed = number(np.uint64)
    runs = array_of(np.uint64, "R")  # number of each run, which fixes its noise
    vector = floats("K")  # numbers that are the same in all runs
    places = ints("U")  # indices into the vector that differ by run
    drawn = floats("R U")
    stop = array_of(np.uint8, "1")  # once another thread sets it, the batch ends unfinished


class Levels(Struct):
    """Where a batch writes levels and events: R runs, T steps, S recorded times. Empty axes record
    nothing."""

    places = ints("T+1")  # where each time stands among those recorded, or NONE
    overall_pairs = ints("A 2")  # state indices
    domain_pairs = ints("B 2")
    posture_pairs = ints("C 2")  # from, to
    overall = array_of(np.float32, "R S A")
    cooperation = array_of(np.float32, "R S B D")
    posture = array_of(np.float32, "R S C D")
    fired = array_of(np.uint8, "R T E")  # how often each event happened


@compiled
def simulate_batch(
    plan: Plan,
    numbers: Numbers,
    world: World,
    batch: Batch,
    levels: Levels,
    accounts: Accounts | None,
) -> None:
    """Simulates the runs of a batch, as many at a time as the world has lanes.

    Args:
        plan: Plan.
        numbers: views into ``world.vector``.
        world: World, overwritten.
        batch: Batch; nothing is to be used once its ``stop`` is set.
        levels: filled, with levels at the end of steps.
        accounts: filled, as states decide. Where it is None, its part of the loop is not even
            compiled.
    """
    runs = np.empty(world.domain_total.size, dtype=np.uint64)
    for first in range(0, batch.runs.size, runs.size):
        used = open_runs(plan, numbers, world, batch, first, runs)
        record_levels(first, used, 0, world, levels)
        if accounts is not None:
            record_accounts(first, used, 0, plan, numbers, world, accounts)
        for step in range(plan.steps):
            if batch.stop[0]:
                return
            begin_step(plan, numbers, world, batch.seed, runs, np.uint64(step))
            if accounts is not None:
                record_accounts(first, used, step + 1, plan, numbers, world, accounts)
            respond(plan, numbers, world)
            end_step(plan, numbers, world, np.uint64(step))
            record_levels(first, used, step + 1, world, levels)
            for event in range(world.fired.shape[0]):
                for lane in range(used):
                    levels.fired[first + lane, step, event] = world.fired[event, lane]


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
    used = min(runs.size, batch.runs.size - first)
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
def record_levels(first: int, used: int, time: int, world: World, levels: Levels) -> None:
    """Writes the levels at one time, where it is recorded, of the runs in the first ``used``
    lanes."""
    place = levels.places[time]
    if place == NONE:
        return
    n_domains = world.posture.shape[2]
    for lane in range(used):
        r = first + lane
        for a in range(levels.overall_pairs.shape[0]):
            i, j = levels.overall_pairs[a, 0], levels.overall_pairs[a, 1]
            levels.overall[r, place, a] = world.overall[i, j, lane]
        for b in range(levels.domain_pairs.shape[0]):
            i, j = levels.domain_pairs[b, 0], levels.domain_pairs[b, 1]
            for d in range(n_domains):
                level = world.caused[i, j, d, lane] + world.chance[i, j, d, lane]
                levels.cooperation[r, place, b, d] = rules.within_limit(level)
        for c in range(levels.posture_pairs.shape[0]):
            i, j = levels.posture_pairs[c, 0], levels.posture_pairs[c, 1]
            for d in range(n_domains):
                shown = world.posture[i, j, d, lane] + world.chance[i, j, d, lane]
                levels.posture[r, place, c, d] = rules.within_limit(shown)
