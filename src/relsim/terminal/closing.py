"""What a finished run says: a table of the watched pairs, and where the result is."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from relsim.ensemble.simulate import spelled_by
from relsim.results.contents import FAILURES, REPORT
from relsim.results.family import Family
from relsim.results.manifest import looking_of
from relsim.results.result import Result
from relsim.scenario.interests import changed_interests, interests_in_words
from relsim.scenario.titles import titles
from relsim.words import signed


def closing_table(result: Result) -> Table:
    """Each watched pair: start, end median and 80 % band, P(up)."""
    scenario = result.scenario
    time = scenario.time
    table = Table(title=escape(scenario.title), title_justify="left", title_style="bold")
    table.add_column("pair", justify="left")
    for name in (str(time.start), str(time.end), "80 % of runs", "P(up)"):
        table.add_column(name, justify="right")
    pairs = scenario.pair_names(scenario.watched_pairs)
    summary = result.summary(pairs)["overall"]
    for pair in pairs:
        end = summary.sel(pair=pair).isel(time=-1)
        start = float(summary.sel(pair=pair, statistic="q0.5").isel(time=0))
        low, middle, high, up = (
            float(end.sel(statistic=name)) for name in ("q0.1", "q0.5", "q0.9", "p_up")
        )
        table.add_row(
            *(pair, signed(start), signed(middle)),
            *(f"{signed(low)} to {signed(high)}", f"{up:.2f}"),
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
    if changed_interests(result.scenario):
        lines.append(interests_in_words(result.scenario))
    if looking := looking_of(content):
        lines += looking.sentences()
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


def _changed_lines(results: Sequence[Result]) -> list[str]:
    """How interests were taken, of each scenario in which some have changed."""
    return [
        f"{result.scenario.slug}: {interests_in_words(result.scenario)}"
        for result in results
        if changed_interests(result.scenario)
    ]


def family_table(family: Family) -> Table:
    """Each scenario: the median end of each pair that the base watches."""
    base = family.results[family.base]
    own, time = base.scenario, base.scenario.time
    pairs = own.pair_names(own.watched_pairs)
    title = f"Median overall cooperation in {time.end}"
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("scenario", justify="left")
    for pair in pairs:
        table.add_column(pair, justify="right")
    names = titles([result.scenario for result in family.results], numbered=True)
    for result, name in zip(family.results, names, strict=True):
        recorded = spelled_by(own, result.ensemble.data[["overall"]]).indexes["pair"]
        shared = [pair for pair in pairs if pair in recorded]
        medians = result.summary(shared)["overall"].sel(statistic="q0.5")
        ends = spelled_by(own, medians).isel(time=-1)
        cells = [signed(float(ends.sel(pair=pair)), 3) if pair in shared else "–" for pair in pairs]
        table.add_row(escape(f"{name} (base)" if result is base else name), *cells)
    return table


def family_lines(family: Family) -> str:
    """Where the common page is."""
    content = family.results[family.base].manifest
    reused = sum(result.reused for result in family.results)
    again = f" {reused} were answered before; --force asks again." if reused else ""
    lines = [
        f"{len(family.results)} scenarios of {content['runs']:,} runs from seed "
        f"{content['seed']}.{again}",
        *(looking.sentences() if (looking := looking_of(content)) else []),
        *_changed_lines(family.results),
        *failure_lines(family.results),
        f"Report: {family.report}",
        f"Results: {family.folder}",
    ]
    return "\n".join(lines)
