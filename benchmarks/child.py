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
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scenario import make_scenario
from benchmarks.timing import Spread, seconds
from relsim.ensemble.simulate import fill
from relsim.model.compile import compile_scenario

SEED = 7


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
    shape = scenario.time.steps + 1, len(scenario.watched_pairs)

    def simulate(runs: int) -> None:
        kept = np.empty((runs, *shape), dtype=np.float32)
        rows = {"overall": kept, "fired": Nowhere(), "drawn": Nowhere()}
        with ThreadPoolExecutor(cores) as pool:
            fill(compiled, runs, SEED, "watched", rows, executor=pool)

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
    """Peak resident memory of this process so far, in megabytes.

    Linux hands the peak that getrusage tells on from parent to child; the status of a process is
    its own. macOS counts bytes, and hands nothing on.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (one for one in status.read_text().splitlines() if one.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    print(json.dumps(measure(json.loads(sys.argv[1]))))
