"""Measurements as tables, and as JSON."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.growth import Point, exponent
from benchmarks.peers import RELSIM
from benchmarks.timing import Spread, ratios
from relsim.ensemble.chunks import available_cores

PACKAGES = ("relsim", "numpy", "numba", "Mesa", "agentpy")


def machine() -> dict[str, Any]:
    """What was measured on."""
    return {
        "cores": available_cores(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def show_peers(
    console: Console, times: dict[str, list[float]], differences: dict[str, float]
) -> dict[str, Any]:
    """Prints time per run and how many times as long as relsim each takes."""
    title = "12 states, 4 domains, 120 months, 20 events; one core each unless said"
    table = Table("", "ms per run", "times relsim", "lowest–highest", title=title)
    compared = ratios(times, RELSIM)
    for name, ratio in compared.items():
        milliseconds = Spread.of(times[name]).median * 1e3
        spread = f"{ratio.low:.2f}–{ratio.high:.2f}"
        table.add_row(name, f"{milliseconds:.2f}", f"{ratio.median:.2f}", spread)
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)
    worst = max(differences.values())
    console.print(f"All peers follow relsim's trajectories: largest difference {worst:.0e}.")
    return {
        "seconds_per_run": times,
        "ratios": {name: asdict(ratio) for name, ratio in compared.items()},
        "largest_difference": differences,
    }


def show_growth(console: Console, points: list[Point]) -> dict[str, Any]:
    """Prints time and memory by size."""
    columns = ("", "size", "runs", "seconds", "ms per run", "ns per pair, domain, step", "MB")
    table = Table(*columns, title="Growth: runs on all cores, the rest on one; watched pairs kept")
    for before, point in zip([None, *points], points, strict=False):
        if before is not None and before.along != point.along:
            table.add_section()
        answer = point.answer
        table.add_row(
            point.along,
            f"{point.size:,}",
            f"{answer['runs']:,}",
            f"{answer['seconds']:.2f}",
            f"{answer['seconds'] / answer['runs'] * 1e3:.2f}",
            f"{answer['ns_per_cell']:.0f}",
            f"{answer['megabytes']:.0f}",
        )
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)
    exponents = {along: exponent(points, along) for along in ("runs", "states", "months")}
    for along, power in exponents.items():
        console.print(f"Time grows with {along} to the power of {power:.2f}.")
    return {"points": [asdict(point) for point in points], "exponents": exponents}


def show_startup(
    console: Console, commands: dict[str, Spread], compilation: dict[str, float]
) -> dict[str, Any]:
    """Prints start-up and compile times."""
    table = Table("", "seconds", "lowest–highest", title="Start-up")
    for name, spread in commands.items():
        table.add_row(name, f"{spread.median:.2f}", f"{spread.low:.2f}–{spread.high:.2f}")
    for name, value in compilation.items():
        table.add_row(f"first run of a process, kernel {name}", f"{value:.2f}", "")
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)
    return {
        "commands": {name: asdict(spread) for name, spread in commands.items()},
        "first_run": compilation,
    }


def write(results: dict[str, Any], path: Path) -> None:
    """Everything measured, as JSON."""
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
