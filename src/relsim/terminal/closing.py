"""What a finished run says: a table of the watched pairs, and where the result is."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from relsim.analysis.coverage import coverage_line
from relsim.model.plan import pair_names
from relsim.results.contents import FAILURES, REPORT
from relsim.results.family import Family
from relsim.results.result import Result


def closing_table(result: Result) -> Table:
    """Each watched pair: start, end median and 80 % band, P(up)."""
    scenario = result.scenario
    time = scenario.time
    table = Table(title=escape(scenario.name), title_justify="left", title_style="bold")
    table.add_column("pair", justify="left")
    for name in (str(time.start), str(time.end), "80 % of runs", "P(up)"):
        table.add_column(name, justify="right")
    pairs = pair_names(scenario.watched_pairs)
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


def closing_lines(result: Result) -> str:
    """Where the result is, and what to know about it."""
    content = result.manifest
    weights = content["event_weights"]
    overridden = sum(weight["overridden"] for weight in weights)
    lines = [
        f"Overall cooperation, −1 to 1, median of {content['runs']:,} runs from seed "
        f"{content['seed']}. {overridden} of {len(weights)} event weights override the scale."
    ]
    lines.append(f"{coverage_line(result.scenario)}.")
    lines += failure_lines([result])
    if result.reused:
        lines.append("This question was answered before; --force asks it again.")
    else:
        seconds = content["seconds"]
        lines.append(f"Simulated in {seconds['simulate']:.2f} s.")
    lines.append(f"Report: {result.folder / REPORT}")
    lines.append(f"Results: {result.folder}")
    return "\n".join(lines)


def failure_lines(results: Sequence[Result]) -> list[str]:
    """How many runs failed, and where it says why; nothing where none did."""
    return [
        f"{result.manifest['failures']:,} of {result.manifest['runs']:,} runs failed and are left "
        f"out; see {result.folder / FAILURES}"
        for result in results
        if result.manifest.get("failures")
    ]


def family_table(family: Family) -> Table:
    """Each scenario: the median end of each pair that the base watches."""
    base = family.results[family.base]
    pairs, time = pair_names(base.scenario.watched_pairs), base.scenario.time
    title = f"Median overall cooperation in {time.end}"
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("scenario", justify="left")
    for pair in pairs:
        table.add_column(pair, justify="right")
    for result in family.results:
        shared = [pair for pair in pairs if pair in result.ensemble.data.indexes["pair"]]
        ends = result.summary(shared)["overall"].sel(statistic="q0.5").isel(time=-1)
        cells = [f"{float(ends.sel(pair=pair)):+.3f}" if pair in shared else "–" for pair in pairs]
        name = f"{result.scenario.name} (base)" if result is base else result.scenario.name
        table.add_row(escape(name), *cells)
    return table


def family_lines(family: Family) -> str:
    """Where the common page is."""
    content = family.results[family.base].manifest
    reused = sum(result.reused for result in family.results)
    again = f" {reused} were answered before; --force asks again." if reused else ""
    lines = [
        f"{len(family.results)} scenarios of {content['runs']:,} runs from seed "
        f"{content['seed']}.{again}",
        *failure_lines(family.results),
        f"Report: {family.report}",
        f"Results: {family.folder}",
    ]
    return "\n".join(lines)
