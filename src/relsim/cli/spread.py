"""What `relsim explain --spread` prints: where the spread between runs comes from."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from relsim.cli.output import watching
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.words import counted, fixed, percent, signed

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from relsim.analysis.spread import Spread
    from relsim.scenario.schema import Scenario

LEAST_SHOWN = 5  # rows of a table, however little they explain


def runs_of(subject: Ensemble | Scenario, runs: int | None, executor: Executor) -> Ensemble:
    """The first runs of a result, or as many of a scenario, simulated with a progress bar."""
    if isinstance(subject, Ensemble):
        return replace(subject, data=subject.data.isel(run=slice(0, runs)))
    count = subject.ensemble.runs if runs is None else runs
    with watching(Console(stderr=True), count) as watcher:
        watcher.phase(f"Simulating {counted(count, 'run')}")
        return simulate(subject, runs=count, executor=executor, progress=watcher.runs_done)


def sentence_and_shares(spread: Spread) -> Group:
    """A pair at a month: the sentence, then a row for each input that explains most, and the
    rest."""
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("goes with", overflow="fold")
    for head in ("share", "95 %", "level with more"):
        table.add_column(head, justify="right", no_wrap=True)
    rows = spread.table.to_dict("records")
    clear = [row for row in rows if row["low"] > 0]
    shown = rows[: max(LEAST_SHOWN, len(clear))]
    for row in shown:
        interval = (row["share"], row["low"], row["high"])
        table.add_row(Text(str(row["name"])), *_cells(*interval), signed(row["difference"], 3))
    others = rows[len(shown) :]
    if others:
        most = max((row["high"] for row in others if not math.isnan(row["high"])), default=math.nan)
        note = f"{counted(len(others), 'other')}, at most {percent(most, 1)} each"
        table.add_row(Text(note, style="dim"))
    table.add_section()
    table.add_row("all inputs, added up", *_cells(*spread.explained))
    table.add_row("left over", *_cells(*spread.left))
    return Group(Text(spread.sentence), *([table] if rows else []), "")


def _cells(share: float, low: float, high: float) -> tuple[str, str]:
    if math.isnan(share):
        return percent(None), "too few runs"
    return percent(share, 1), f"{fixed(100 * low, 1)} to {fixed(100 * high, 1)}"


def over_time(ensemble: Ensemble, pair: str, domain: str | None) -> Table:
    """The standard deviation between runs and what it goes with, by year."""
    from relsim.analysis.spread import spread_by_year

    table = Table(show_edge=False, pad_edge=False)
    table.add_column("month", no_wrap=True)
    for head in ("± runs", "numbers", "events", "left"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in spread_by_year(ensemble, pair, domain).to_dict("records"):
        shares = (percent(row[name]) for name in ("numbers", "events", "left"))
        table.add_row(str(row["month"]), fixed(row["deviation"], 3), *shares)
    return table
