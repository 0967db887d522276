"""``python -m benchmarks.live``: the server's half of the app, from a moved slider to JSON text.

Each of 30 values of one tie of the shipped status quo is put in, simulated at each stage beside a
base that is there, and told as the text that is sent. Times add up from stage to stage. The time
of a browser to draw is not in them.
"""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

import relsim
from benchmarks.timing import Spread
from relsim.app.engine import STAGES, Engine
from relsim.app.pictures import Asked, picture, why
from relsim.ensemble.chunks import new_stop

SCENARIO = Path("scenarios/pakistan-russia/status-quo.yaml")
CONTROL, PAIR = "PAK.ties.USA.weight", "PAK-RUS"
VALUES = 30
LOADED, PUT_IN = "the change put in", "compiled"


def measure() -> dict[str, list[float]]:
    """Milliseconds since the change at each point, a number for each value."""
    scenario = relsim.load(SCENARIO)
    seed, engine = scenario.ensemble.seed, Engine()
    engine.warm()
    base = engine.base(scenario, seed)
    asked = Asked(PAIR)
    found: dict[str, list[float]] = {}
    try:
        for runs in STAGES:
            base.grow(runs, new_stop())
        for place, value in enumerate(np.linspace(-0.6, 0.6, VALUES + 1).round(3).tolist()):
            start = perf_counter()
            times = {}
            changed = scenario.with_changes({CONTROL: value})
            times[LOADED] = perf_counter() - start
            growing = engine.growing(changed, seed)
            times[PUT_IN] = perf_counter() - start
            for runs in STAGES:
                ensemble = growing.grow(runs, new_stop())
                times[f"{runs:,} runs simulated"] = perf_counter() - start
                content = picture(ensemble, base.grow(runs, new_stop()), asked)
                times[f"{runs:,} runs as a picture"] = perf_counter() - start
                json.dumps(content, allow_nan=False)
                times[f"{runs:,} runs as text"] = perf_counter() - start
            why(engine, ensemble, base.grow(runs, new_stop()), PAIR, None, new_stop())
            times["why"] = perf_counter() - start
            for name, time in times.items() if place else ():  # the first fills caches
                found.setdefault(name, []).append(1000 * time)
    finally:
        engine.close()
    return found


def main() -> None:
    """Prints the table."""
    table = Table("since the change", title=f"{SCENARIO.stem}, {CONTROL}, {VALUES} values")
    for name in ("median ms", "least", "most"):
        table.add_column(name, justify="right")
    for name, times in measure().items():
        spread = Spread.of(times)
        table.add_row(name, *(f"{value:.0f}" for value in (spread.median, spread.low, spread.high)))
    Console().print(table)


if __name__ == "__main__":
    main()
