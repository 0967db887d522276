"""What a person sees on the terminal: progress while a run goes on, a table at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from relsim.analysis.claims import Verdict, VerdictWord
from relsim.results.run import Result

COLOURS: dict[VerdictWord, str] = {
    "supported": "green",
    "contradicted": "red",
    "not distinguishable": "yellow",
    "not judged": "dim",
}


class ProgressBar:
    """A watcher that shows phases and a bar of runs."""

    def __init__(self, progress: Progress, runs: int) -> None:
        self.progress = progress
        self.task: TaskID = progress.add_task("", total=runs, visible=False)

    def phase(self, text: str) -> None:
        """Names the phase; the bar shows from the first one on, or a line where there is none."""
        self.progress.update(self.task, description=text, visible=True)
        if not self.progress.console.is_terminal:
            self.progress.console.print(f"{text} …", highlight=False)

    def runs_done(self, runs: int) -> None:
        """Moves the bar."""
        self.progress.advance(self.task, runs)


@contextmanager
def watching(console: Console, runs: int) -> Iterator[ProgressBar]:
    """A progress bar that goes away when done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield ProgressBar(progress, runs)


def closing_table(result: Result) -> Table:
    """Each watched pair: start, end median and 80 % band, P(up)."""
    scenario = result.scenario
    time = scenario.time
    table = Table(title=escape(scenario.name), title_justify="left", title_style="bold")
    table.add_column("pair", justify="left")
    for name in (str(time.start), str(time.end), "80 % of runs", "P(up)"):
        table.add_column(name, justify="right")
    pairs = [f"{first}-{second}" for first, second in scenario.watched_pairs]
    summary = result.summary(pairs)["overall"]
    for pair in pairs:
        end = summary.sel(pair=pair).isel(time=-1)
        start = float(summary.sel(pair=pair, statistic="q0.5").isel(time=0))
        low, middle, high, up = (
            float(end.sel(statistic=name)) for name in ("q0.1", "q0.5", "q0.9", "p_up")
        )
        table.add_row(
            pair, f"{start:+.2f}", f"{middle:+.2f}", f"{low:+.2f} to {high:+.2f}", f"{up:.2f}"
        )
    return table


def claims_table(claims: Sequence[Verdict]) -> Table:
    """Each claim: in how many runs it holds, what it asks for, how large the effect is."""
    table = Table(title="Claims, under the scenario's assumptions", title_justify="left")
    table.add_column("claim", justify="left", overflow="fold", min_width=20)
    for name in ("holds (95 %)", "asked", "median (80 %)"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", justify="left")
    for claim in claims:
        said = Text.assemble((claim.name, "bold"), f"\n{claim.says}")
        word = Text(claim.verdict, style=COLOURS[claim.verdict])
        table.add_row(said, _share(claim), f"{claim.required:.0%}", _effect(claim), word)
    return table


def _share(claim: Verdict) -> str:
    if claim.share is None or claim.low is None:
        return "–"
    return f"{claim.share:.1%}\n{100 * claim.low:.1f} to {claim.high:.1%}"


def _effect(claim: Verdict) -> str:
    if claim.effect is None:
        return "–"
    return f"{claim.effect:+.3f}\n{claim.effect_low:+.3f} to {claim.effect_high:+.3f}"


def unjudged_lines(claims: Sequence[Verdict]) -> list[str]:
    """Why some claims were not judged."""
    return [f"{claim.name} is not judged: {claim.reason}" for claim in claims if claim.reason]


def closing_lines(result: Result) -> str:
    """Where the result is, and what to know about it."""
    content = result.manifest
    weights = content["event_weights"]
    overridden = sum(weight["overridden"] for weight in weights)
    lines = [
        f"Overall cooperation, −1 to 1, median of {content['runs']:,} runs from seed "
        f"{content['seed']}. {overridden} of {len(weights)} event weights override the scale."
    ]
    if result.reused:
        lines.append("This question was answered before; --force asks it again.")
    else:
        seconds = content["seconds"]
        lines.append(f"Simulated in {seconds['simulate']:.2f} s.")
    lines.append(f"Results: {result.folder}")
    return "\n".join(lines)
