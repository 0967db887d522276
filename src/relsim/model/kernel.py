"""A batch of runs. A single run is a batch of one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relsim.model.compilation import compiled
from relsim.model.plan import Floats, Ints, Numbers, Plan
from relsim.model.step import open_world, take_step
from relsim.model.world import World


class Recording(NamedTuple):
    """Where a batch writes what it records: R runs, T + 1 times. Empty axes record nothing."""

    overall_pairs: Ints  # [A, 2] state indices
    domain_pairs: Ints  # [B, 2]
    posture_pairs: Ints  # [C, 2] from, to
    overall: NDArray[np.float32]  # [R, T + 1, A]
    cooperation: NDArray[np.float32]  # [R, T + 1, B, D]
    posture: NDArray[np.float32]  # [R, T + 1, C, D]
    fired: NDArray[np.uint8]  # [R, T, E]


class Batch(NamedTuple):
    """Which runs, and their uncertain numbers."""

    seed: np.uint64
    first_run: np.uint64
    vector: Floats  # [K] numbers that are the same in all runs
    places: Ints  # [U] indices into the vector that differ by run
    drawn: Floats  # [R, U]


@compiled
def simulate_batch(
    plan: Plan, numbers: Numbers, world: World, batch: Batch, recording: Recording
) -> None:
    """Simulates the runs of a batch one after another.

    Args:
        plan: Plan.
        numbers: views into ``world.vector``.
        world: World, overwritten.
        batch: Batch.
        recording: Recording, filled.
    """
    for r in range(batch.drawn.shape[0]):
        open_run(plan, numbers, world, batch, r)
        run = batch.first_run + np.uint64(r)
        _record(r, 0, world, recording)
        for step in range(plan.steps):
            take_step(plan, numbers, world, batch.seed, run, np.uint64(step))
            _record(r, step + 1, world, recording)
            for event in range(world.fired.size):
                recording.fired[r, step, event] = world.fired[event]


@compiled
def open_run(plan: Plan, numbers: Numbers, world: World, batch: Batch, r: int) -> None:
    """The opening of run ``r`` of a batch, with the numbers that it drew."""
    for k in range(batch.vector.size):
        world.vector[k] = batch.vector[k]
    for u in range(batch.places.size):
        world.vector[batch.places[u]] = batch.drawn[r, u]
    open_world(plan, numbers, world)


@compiled
def _record(r: int, time: int, world: World, recording: Recording) -> None:
    """Writes the levels at one time of one run."""
    n_domains = world.posture.shape[2]
    for a in range(recording.overall_pairs.shape[0]):
        i, j = recording.overall_pairs[a, 0], recording.overall_pairs[a, 1]
        recording.overall[r, time, a] = world.overall[i, j]
    for b in range(recording.domain_pairs.shape[0]):
        i, j = recording.domain_pairs[b, 0], recording.domain_pairs[b, 1]
        for d in range(n_domains):
            recording.cooperation[r, time, b, d] = world.cooperation[i, j, d]
    for c in range(recording.posture_pairs.shape[0]):
        i, j = recording.posture_pairs[c, 0], recording.posture_pairs[c, 1]
        for d in range(n_domains):
            recording.posture[r, time, c, d] = world.posture[i, j, d]
