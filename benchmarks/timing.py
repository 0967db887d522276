"""Contenders side by side: every repeat times each of them, so that a busy moment hits all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True)
class Contender:
    """Something that simulates ``runs`` runs when called."""

    runs: int
    simulate: Callable[[], object]


@dataclass(frozen=True)
class Spread:
    """Median, least and most of some measurements."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """The spread of some values."""
        return cls(median(values), min(values), max(values))


def seconds(simulate: Callable[[], object]) -> float:
    """How long a call takes."""
    gc.collect()
    start = perf_counter()
    simulate()
    return perf_counter() - start


def alternate(contenders: Mapping[str, Contender], repeats: int) -> dict[str, list[float]]:
    """Seconds per run of each contender in each repeat, every other repeat in reverse order.

    Each is called once before, unmeasured: compiled code is then in memory and caches are warm.
    """
    for contender in contenders.values():
        contender.simulate()
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for repeat in range(repeats):
        names = list(contenders)
        for name in names if repeat % 2 == 0 else reversed(names):
            contender = contenders[name]
            found[name].append(seconds(contender.simulate) / contender.runs)
    return found


def ratios(times: Mapping[str, list[float]], base: str) -> dict[str, Spread]:
    """How many times as long as ``base`` each takes, repeat by repeat."""
    return {
        name: Spread.of([own / other for own, other in zip(values, times[base], strict=True)])
        for name, values in times.items()
    }
