"""``python -m benchmarks.daily --against REVISION``: the daily loop, before and now.

What a modeller waits for many times a day: a run, the same again, an import. An earlier revision
and this one take turns, each command in a process of its own, with an empty cache of compiled code
for the first run ever and a filled one after.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.timing import Spread

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = Path("scenarios/pakistan-russia/status-quo.yaml")
RUNS = 1000
FIRST, PAGE, TABLES, AGAIN = "first run ever", "warm run", "without page", "the same again"
NOW = "now"
LOOK = 0.05  # seconds between two looks at the memory of the processes


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds of processor and clock, and megabytes (2²⁰ bytes) at the most,
    all with the processes that it started."""

    processor: float
    clock: float
    megabytes: float


@dataclass(frozen=True)
class Checkout:
    """A revision of relsim with a cache and results of its own.

    Attributes:
        folder: its files.
        own: folder for its cache and results.
        costs: what each command took, each time.
    """

    folder: Path
    own: Path
    costs: dict[str, list[Cost]] = field(default_factory=dict)

    def time(self, name: str, arguments: list[str]) -> None:
        """Calls Python with some arguments and keeps what it took."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder / "src"),
            "NUMBA_CACHE_DIR": str(self.own / "cache"),
        }
        cost = call([sys.executable, *arguments], self.folder, environment)
        self.costs.setdefault(name, []).append(cost)

    def run(self, name: str, out: str, *options: str) -> None:
        """Times ``relsim run`` into a folder of its own."""
        asked = ["run", str(SCENARIO), "--runs", str(RUNS), "--out", str(self.own / out)]
        self.time(name, ["-m", "relsim", *asked, *options])


def call(command: list[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """What a command takes.

    Raises:
        subprocess.CalledProcessError: it fails.
    """
    started, most, ended = monotonic(), 0.0, 0
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=complaints
        )
        while not ended:
            most = max(most, _megabytes(process.pid))
            sleep(LOOK)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
        clock = monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaints.seek(0)
            text = complaints.read().decode("utf-8", "replace")
            raise subprocess.CalledProcessError(process.returncode, command, stderr=text)
    peak = used.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
    return Cost(used.ru_utime + used.ru_stime, clock, max(most, peak))


def _megabytes(process: int) -> float:
    """Resident memory of a process and of those that it started, now; 0 where it cannot be read
    (Linux alone tells it). What they share counts for each."""
    folder = Path("/proc") / str(process)
    try:
        pages = int((folder / "statm").read_text().split()[1])
        threads = (folder / "task").iterdir()
        started = " ".join((thread / "children").read_text() for thread in threads).split()
    except OSError:  # it has just ended, or the system has no such files
        return 0.0
    own = pages * os.sysconf("SC_PAGE_SIZE") / 1024**2
    return own + sum(_megabytes(int(child)) for child in started)


@contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[Path]:
    """The files of a revision, in a worktree that is removed afterwards."""
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), revision], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def measure(checkouts: list[Checkout], repeats: int, *, first: bool) -> None:
    """Times every command of the daily loop, the checkouts in turn, every other time reversed."""
    for checkout in checkouts:
        # Unmeasured where the first run is not asked for: it fills the cache.
        checkout.run(FIRST, "first")
    if not first:
        for checkout in checkouts:
            del checkout.costs[FIRST]
    options = {"": checkouts, "--no-page": [each for each in checkouts if has_no_page(each)]}
    for repeat in range(repeats):
        turn = 1 if repeat % 2 == 0 else -1
        for checkout in checkouts[::turn]:
            checkout.run(PAGE, f"page-{repeat}")
        for checkout in options["--no-page"][::turn]:
            checkout.run(TABLES, f"tables-{repeat}", "--no-page")
        for checkout in checkouts[::turn]:
            checkout.run(AGAIN, f"page-{repeat}")
        for checkout in checkouts[::turn]:
            checkout.time("import relsim", ["-c", "import relsim"])
        for checkout in checkouts[::turn]:
            checkout.time("relsim --help", ["-m", "relsim", "--help"])


def has_no_page(checkout: Checkout) -> bool:
    """Whether a revision has the option ``--no-page``."""
    return '"--no-page"' in (checkout.folder / "src/relsim/cli/run.py").read_text(encoding="utf-8")


def show(console: Console, before: Checkout | None, now: Checkout, named: str) -> None:
    """Prints medians of processor time, clock and memory, and how many times as much it was."""
    columns = ["", "", "processor s", "lowest–highest", "clock s", "MB"]
    table = Table(*columns, title=f"The daily loop: {SCENARIO.name}, {RUNS:,} runs")
    for name, costs in now.costs.items():
        earlier = before.costs.get(name, []) if before else []
        for label, found in ((named, earlier), (NOW, costs)):
            if found:
                spread = Spread.of([cost.processor for cost in found])
                clock = Spread.of([cost.clock for cost in found]).median
                memory = Spread.of([cost.megabytes for cost in found]).median
                numbers = f"{spread.median:.2f}", f"{spread.low:.2f}–{spread.high:.2f}"
                table.add_row(name, label, *numbers, f"{clock:.2f}", f"{memory:.0f}")
        if earlier:
            pairs = list(zip(earlier, costs, strict=True))
            processor = Spread.of([then.processor / cost.processor for then, cost in pairs])
            clock = Spread.of([then.clock / cost.clock for then, cost in pairs]).median
            ends = f"{processor.low:.2f}–{processor.high:.2f}"
            table.add_row("", "times", f"{processor.median:.2f}", ends, f"{clock:.2f}")
        table.add_section()
    for column in table.columns[2:]:
        column.justify = "right"
    console.print(table)


def main(
    against: Annotated[
        str | None, typer.Option(metavar="REVISION", help="An earlier revision, to compare with.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often each command is called.")] = 7,
    first: Annotated[bool, typer.Option(help="Show the first run ever, which compiles.")] = True,
) -> None:
    """Measure what a modeller waits for, before and now."""
    with tempfile.TemporaryDirectory() as name:
        aside = Path(name)
        now = Checkout(ROOT, aside / NOW)
        if against is None:
            measure([now], repeats, first=first)
            show(Console(), None, now, "")
            return
        with checked_out(against, aside / "files") as folder:
            before = Checkout(folder, aside / "before")
            measure([before, now], repeats, first=first)
        show(Console(), before, now, against)


if __name__ == "__main__":
    typer.run(main)
