"""Runs at points of a space of numbers: the same runs at each, with some numbers set.

A number that is varied stands in the scenario as an uncertain one. Here it takes the value of the
point instead of a draw. Run r of every point has the same noise, the same chances and the same
draws of all other uncertain numbers (common random numbers).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relsim.ensemble.chunks import Chunk, Stop, blank_rows, most_runs, simulate_runs
from relsim.ensemble.failures import Failure, with_failures
from relsim.ensemble.record import Arrays, Recorder
from relsim.model.draws import draw_numbers
from relsim.model.plan import Program
from relsim.model.structs import Floats, Ints


@dataclass(frozen=True)
class PointChunk:
    """Some whole points of a design: rows for the runs of the first, then of the next.

    Attributes:
        indices: [P] of the points in the design.
        program: what simulates a run.
        kept: what to record.
        seed: of all points.
        first_run: F, the number of the first run of each point.
        replications: R, the runs of a point, F to F + R - 1.
        columns: [K] which of the program's draws each number of a point stands for.
        values: [P, K] the points.
    """

    indices: Ints
    program: Program
    kept: Recorder
    seed: int
    first_run: int
    replications: int
    columns: Ints
    values: Floats

    @property
    def first(self) -> int:
        """Number of the first row, over all points of the design."""
        return int(self.indices[0]) * self.replications

    @property
    def runs(self) -> int:
        """How many rows."""
        return len(self.values) * self.replications


def points_per_chunk(program: Program, replications: int) -> int:
    """How many whole points make a chunk, which has as many rows as a chunk of an ensemble."""
    return max(1, most_runs(program) // replications)


def simulate_points(
    chunk: PointChunk, stop: Stop | None = None
) -> tuple[Arrays, tuple[Failure, ...]]:
    """The recorded arrays of a chunk by variable, [rows, ...], and the rows that failed.

    Rows that failed are NaN, or 0 where numbers are whole.

    Raises:
        Stopped: ``stop`` was set in the meantime.
    """
    program, kept = chunk.program, chunk.kept

    def simulated(some: Chunk) -> Arrays:
        row = np.arange(some.rows.start, some.rows.stop)
        point, run = row // chunk.replications, row % chunk.replications
        drawn = draw_numbers(program.draws, chunk.seed, chunk.first_run, chunk.replications)[run]
        drawn[:, chunk.columns] = chunk.values[point]
        runs = (chunk.first_run + run).astype(np.uint64)
        return kept.arrays(*simulate_runs(program, chunk.seed, runs, drawn, kept, stop), drawn)

    return with_failures(
        simulated, lambda some: blank_rows(program, kept, some.runs), Chunk(0, chunk.runs)
    )
