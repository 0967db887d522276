"""``python -m benchmarks.live``: the app, from a moved slider to what is seen of it.

The server's half: one tie of the shipped status quo takes 30 values; for each, the changed scenario
is simulated at each stage, and a picture of it is made, beside a base that is ready, and written as
text. The browser's half: a slider of the page in headless Chromium is moved to 30 values, and timed
from its event until all fans and differences in sight are drawn anew; then it is dragged without a
pause. Times add up from stage to stage.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import relsim
from benchmarks.browser import BROWSER, DRIVER, browsing
from benchmarks.timing import Spread
from relsim.app.engine import STAGES, Engine
from relsim.app.pictures import Selection, picture
from relsim.app.reasons import why
from relsim.ensemble.chunks import new_stop

SCENARIO = Path("scenarios/pakistan-russia/status-quo.yaml")
CONTROL, PAIR = "PAK.ties.USA.weight", "PAK-RUS"
VALUES = 30
LOADED, PUT_IN = "the change put in", "compiled"


def server_half() -> dict[str, list[float]]:
    """Milliseconds since the change at each point, a number for each value."""
    scenario = relsim.load(SCENARIO)
    seed, engine = scenario.ensemble.seed, Engine()
    engine.warm()
    base = engine.base(scenario, seed)
    selection = Selection(PAIR)
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
                stop = new_stop()
                verdicts = growing.verdicts(runs, stop), base.verdicts(runs, stop)
                content = picture(ensemble, base.grow(runs, stop), selection, *verdicts)
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


# In the browser

WINDOW = 1280, 900  # pixels
SECONDS = 10  # of dragging without a pause
EVERY = 16  # milliseconds between two moves of a drag, as of a screen
MOVE = """
const [path, value, done] = arguments;
const slider = document.querySelector(`#groups [data-path="${path}"] input[type=range]`);
const began = performance.now(), { app, timings, connection } = window.relsim;
slider.value = value;
slider.dispatchEvent(new Event("input", { bubbles: true }));
const number = connection.number;
const wait = () => {
  const mine = timings.filter((one) => one.number === number);
  if (!mine.some((one) => one.runs === 1000) || app.reasons !== number) return setTimeout(wait, 5);
  done(Object.fromEntries(mine.flatMap((one) => [
    [`${one.runs} received`, one.received - began], [`${one.runs} drawn`, one.drawn - began]])));
};
wait();
"""
DRAG = """
const [path, seconds, every, done] = arguments;
const slider = document.querySelector(`#groups [data-path="${path}"] input[type=range]`);
const { timings } = window.relsim, before = timings.length, began = performance.now();
let step = 0;
const move = () => {
  if (performance.now() - began > 1000 * seconds) return done(timings.slice(before).length);
  slider.value = 0.6 * Math.sin((step += 1) / 20);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(move, every);
};
move();
"""


def browser_half() -> tuple[dict[str, list[float]], float]:
    """Milliseconds from a slider's event, a number for each value; and how many pictures a second
    are drawn while it is dragged."""
    found: dict[str, list[float]] = {}
    with serving() as address, browsing() as driver:
        driver.set_script_timeout(60)
        driver.set_window_size(*WINDOW)
        driver.get(address)
        waiting = f"return document.documentElement.dataset.ready === '{STAGES[-1]}'"
        while not driver.execute_script(waiting):
            sleep(0.05)
        for place, value in enumerate(np.linspace(-0.6, 0.6, VALUES + 3).round(2).tolist()):
            times = driver.execute_async_script(MOVE, CONTROL, value)
            for name, time in times.items() if place > 1 else ():  # the first fill caches
                found.setdefault(name, []).append(time)
        pictures = driver.execute_async_script(DRAG, CONTROL, SECONDS, EVERY)
    return found, pictures / SECONDS


@contextmanager
def serving() -> Iterator[str]:
    """The app as a command; gives the address that it prints."""
    command = [sys.executable, "-m", "relsim", "app", str(SCENARIO), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)


# What is printed


def measure(console: Console) -> dict[str, Any]:
    """Measures both halves and prints them."""
    server = server_half()
    show(console, f"Server: {CONTROL} of {SCENARIO.stem}, since the change", server)
    if BROWSER is None or DRIVER is None:
        console.print("No chromium with chromedriver here, so the page is not measured.")
        return {"server": server}
    page, pictures = browser_half()
    title = f"Page in Chromium, {WINDOW[0]} × {WINDOW[1]}, since the slider's event"
    show(console, title, page)
    console.print(f"Dragged without a pause: {pictures:.1f} pictures a second.")
    return {"server": server, "page": page, "pictures_per_second": pictures}


def show(console: Console, title: str, measured: dict[str, list[float]]) -> None:
    """Prints a table of milliseconds."""
    table = Table("", title=title)
    for name in ("median ms", "least", "most"):
        table.add_column(name, justify="right")
    for name, times in measured.items():
        spread = Spread.of(times)
        table.add_row(name, *(f"{value:.0f}" for value in (spread.median, spread.low, spread.high)))
    console.print(table)


if __name__ == "__main__":
    measure(Console())
