"""One simulation in a process of its own, for its time and its peak memory.

``python -m benchmarks.child '{"states": 12, "runs": 1000, "repeats": 3, "cores": 1}'`` prints JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenario import make_scenario
from benchmarks.timing import Spread, seconds
from relsim.ensemble.simulate import fill
from relsim.model.compile import compile_scenario
from relsim.model.plan import pair_names

SEED = 7


class Watched:
    """Rows of overall cooperation, of which only the watched pairs are kept."""

    def __init__(self, kept: NDArray[np.float32], columns: list[int]) -> None:
        self.kept, self.columns = kept, columns

    def __setitem__(self, rows: Any, values: Any, /) -> None:
        self.kept[rows] = values[..., self.columns]


class Nowhere:
    """Rows that are not kept."""

    def __setitem__(self, rows: Any, values: Any, /) -> None:
        pass


def measure(question: dict[str, int]) -> dict[str, float]:
    """Seconds and peak memory of some runs, keeping the watched pairs overall.

    Args:
        question: ``runs``, ``repeats``, ``cores`` and sizes for :func:`make_scenario`.
    """
    runs, repeats, cores = (question.pop(name) for name in ("runs", "repeats", "cores"))
    scenario = make_scenario(**question)
    compiled = compile_scenario(scenario)
    names = pair_names(compiled.pairs)
    columns = [names.index(f"{a}-{b}") for a, b in scenario.watched_pairs]

    def simulate(runs: int) -> None:
        kept = np.empty((runs, scenario.time.steps + 1, len(columns)), dtype=np.float32)
        rows = {"overall": Watched(kept, columns), "fired": Nowhere(), "drawn": Nowhere()}
        with ThreadPoolExecutor(cores) as pool:
            fill(compiled, runs, SEED, "overall", rows, executor=pool)

    first = seconds(lambda: simulate(1))
    before = _peak()
    spread = Spread.of([seconds(lambda: simulate(runs)) for _ in range(repeats)])
    cells = len(compiled.pairs) * len(compiled.domains) * scenario.time.steps * runs
    return {
        "runs": runs,
        "first_call": first,
        "seconds": spread.median,
        "low": spread.low,
        "high": spread.high,
        "ns_per_cell": spread.median / cells * 1e9,
        "megabytes": _peak(),
        "megabytes_before": before,
    }


def ask(question: dict[str, int], environment: dict[str, str] | None = None) -> dict[str, float]:
    """:func:`measure` in a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", json.dumps(question)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def _peak() -> float:
    """Peak resident memory of this process so far, in megabytes; Linux counts kilobytes, macOS
    bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
