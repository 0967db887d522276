"""``python -m benchmarks``: measures, prints tables, writes results.json beside this file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import growth, live, peers, report, startup
from benchmarks.scenario import make_scenario
from relsim.ensemble.chunks import available_cores

RESULTS = Path(__file__).with_name("results.json")
CHECKED_RUNS = 8
REPEATS = 7


class Part(StrEnum):
    """What can be measured alone."""

    PEERS = "peers"
    GROWTH = "growth"
    STARTUP = "startup"
    LIVE = "live"


def main(
    only: Annotated[Part | None, typer.Option(help="Measure one part alone.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Up to a million runs.")] = False,
    out: Annotated[Path, typer.Option(help="Where the JSON goes.")] = RESULTS,
) -> None:
    """Measure how fast relsim is, beside the same model in other hands."""
    console = Console()
    results: dict[str, Any] = {"machine": report.machine()}
    console.print(" · ".join(f"{name} {value}" for name, value in results["machine"].items()))
    wanted = list(Part) if only is None else [only]
    if Part.PEERS in wanted:
        scenario = make_scenario()
        with console.status("peers: checking that they do the same"):
            differences = peers.check_all(scenario, CHECKED_RUNS)
        with console.status("peers: measuring"):
            times = peers.measure(scenario, REPEATS, available_cores())
        results["peers"] = report.show_peers(console, times, differences)
    if Part.GROWTH in wanted:
        with console.status("growth") as status:
            points = []
            for point in growth.measure(full=full):
                status.update(f"growth: {point.size:,} {point.along} done")
                points.append(point)
        results["growth"] = report.show_growth(console, points)
    if Part.STARTUP in wanted:
        with console.status("start-up and compilation"):
            commands, compilation = startup.commands(), startup.compilation()
        results["startup"] = report.show_startup(console, commands, compilation)
    if Part.LIVE in wanted:
        with console.status("live: the app, from a moved slider to what is seen"):
            results["live"] = live.measure(console)
    report.write(results, out)
    console.print(f"Written: {out}")


if __name__ == "__main__":
    typer.run(main)
