"""How time and memory grow with runs (on all cores), and with states, steps and events (on one,
since few runs are one chunk)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.child import ask
from relsim.ensemble.chunks import available_cores

RUNS = (100, 1_000, 10_000, 100_000)
MANY_RUNS = 1_000_000
FILL_CORES = 1_000
# Sizes and the runs simulated at each: enough to measure, few enough to wait for.
STATES = {4: 1000, 12: 500, 25: 200, 50: 50, 100: 12, 200: 4}
MONTHS = {12: 4000, 60: 1000, 120: 500, 480: 100, 1200: 50}
EVENTS = {0: 500, 20: 500, 100: 200, 400: 50}


@dataclass(frozen=True)
class Point:
    """What one size took."""

    along: str
    size: int
    answer: dict[str, float]


def measure(*, full: bool) -> Iterator[Point]:
    """All points, as they are measured. The scenario is 12 states, 120 months and 20 events but
    for what grows."""
    for runs in (*RUNS, MANY_RUNS) if full else RUNS:
        repeats = 3 if runs <= 10_000 else 1
        question = {"runs": runs, "repeats": repeats, "cores": available_cores()}
        yield Point("runs", runs, ask(question))
    for along, sizes in (("states", STATES), ("months", MONTHS), ("events", EVENTS)):
        for size, runs in sizes.items():
            yield Point(along, size, ask({along: size, "runs": runs, "repeats": 3, "cores": 1}))


def exponent(points: list[Point], along: str) -> float:
    """b of time = a·size^b by least squares on logarithms: of all runs, or of one run.

    Runs count from 1,000 on: 100 are one chunk, which cannot use two cores.
    """
    least = FILL_CORES if along == "runs" else 1
    chosen = [point for point in points if point.along == along and point.size >= least]
    sizes = np.array([point.size for point in chosen], dtype=float)
    times = np.array([point.answer["seconds"] for point in chosen])
    if along != "runs":
        times /= [point.answer["runs"] for point in chosen]
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
