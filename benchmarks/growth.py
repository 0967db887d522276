"""How time and memory grow with runs, states, steps and events. All cores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.child import ask

RUNS = (100, 1_000, 10_000, 100_000)
MANY_RUNS = 1_000_000
# Sizes and the runs simulated at each: enough to measure, few enough to wait for.
STATES = {4: 2000, 12: 1000, 25: 200, 50: 50, 100: 12, 200: 4}
MONTHS = {12: 4000, 60: 1000, 120: 500, 480: 200, 1200: 100}
EVENTS = {0: 1000, 20: 1000, 100: 200, 400: 50}


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
        yield Point("runs", runs, ask({"runs": runs, "repeats": 3 if runs <= 10_000 else 1}))
    for along, sizes in (("states", STATES), ("months", MONTHS), ("events", EVENTS)):
        for size, runs in sizes.items():
            yield Point(along, size, ask({along: size, "runs": runs, "repeats": 3}))


def exponent(points: list[Point], along: str) -> float:
    """b of time = a·size^b by least squares on logarithms: of all runs, or of one run."""
    chosen = [point for point in points if point.along == along and point.size > 0]
    sizes = np.array([point.size for point in chosen], dtype=float)
    times = np.array([point.answer["seconds"] for point in chosen])
    if along != "runs":
        times /= [point.answer["runs"] for point in chosen]
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
