"""relsim explain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from relsim import __version__
from relsim.cli.application import EXIT_PROBLEMS, fail
from relsim.cli.inputs import (
    Cluster,
    Workers,
    checked_scenarios,
    refuse,
    refuse_both,
    refuse_picture,
    whole,
)
from relsim.cli.output import say, warn, watching
from relsim.errors import ResultsError
from relsim.words import counted, signed

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from relsim.analysis.account import Account
    from relsim.ensemble.simulate import Ensemble
    from relsim.scenario.schema import Scenario

RUNS_SHOWN = 8  # of those that failed


def explain(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT",
            help="A result, the folder of a scenario's results (the newest), or a scenario file.",
            show_default=False,
        ),
    ],
    states: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PAIR", help="As in PAK-RUS, or its two states.", show_default=False
        ),
    ] = None,
    spread: Annotated[
        bool,
        typer.Option("--spread", help="Where differences between runs come from, not the pull."),
    ] = False,
    at: Annotated[
        str | None, typer.Option(metavar="MONTH", help="When, as in 2025-01; the end by default.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="RESULT", help="Compare with this, run by run, not the opening."),
    ] = None,
    direction: Annotated[
        str | None, typer.Option(metavar="'A>B'", help="One direction; both by default.")
    ] = None,
    domain: Annotated[str, typer.Option(help="One domain, not the mean of all.")] = "overall",
    run_number: Annotated[
        int | None, typer.Option("--run", parser=whole(0), metavar="N", help="Run N alone, from 0.")
    ] = None,
    runs: Annotated[
        int | None, typer.Option(parser=whole(), metavar="N", help="The first so many runs.")
    ] = None,
    levels: Annotated[bool, typer.Option("--levels", help="Draw levels, not changes.")] = False,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the chart, .svg or .png.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every part of every step as CSV.")
    ] = None,
    workers: Workers = None,
    cluster: Cluster = None,
) -> None:
    """Explain what pulls two states: exactly, by interest, third party, issue and event."""
    from relsim.analysis import explain as accounts
    from relsim.analysis.recorded import step_of_month
    from relsim.ensemble.executors import chosen

    refuse_both(workers, cluster)
    refuse_picture(figure)
    if len(states or []) > 2 or not (states or spread):
        raise typer.BadParameter("Name one pair, as in PAK-RUS.", param_hint="PAIR")
    pair = "-".join(states or [])
    if spread:
        of_pull = {"--against": against, "--direction": direction, "--run": run_number}
        refuse({**of_pull, "--levels": levels}, "not with --spread")
        with chosen(workers, cluster) as executor:
            _explain_spread(_subject_at(path), pair, at, domain, runs, figure, csv, executor)
        return
    subject = _subject_at(path)
    other = None if against is None else _subject_at(against)
    scenario = accounts.subject_of(subject).scenario
    try:
        directions = accounts.known_directions(pair, direction, scenario)
        accounts.known_domain(domain, scenario)
        step_of_month(scenario.time, at)
    except ResultsError as error:
        fail(str(error), EXIT_PROBLEMS)
    with chosen(workers, cluster) as executor:
        account = _account(subject, pair, other, runs, run_number, executor)
    console = Console(highlight=False)
    for each in directions:
        console.print(story_and_parts(account, each, at, domain))
    say(console, explanation(account))
    if figure is not None:
        from relsim.figures.save import save_chart
        from relsim.figures.why import why_chart

        chart = why_chart(account, directions=directions, domain=domain, levels=levels)
        save_chart(chart, figure)
        typer.echo(f"Chart: {figure}")
    if csv is not None:
        account.write(csv)
        typer.echo(f"Table: {csv}")


def _explain_spread(
    subject: Ensemble | Scenario,
    pair: str,
    at: str | None,
    domain: str,
    runs: int | None,
    figure: Path | None,
    csv: Path | None,
    executor: Executor,
) -> None:
    """Where the spread of a pair comes from, or of all watched pairs where none is named."""
    from pandas import concat

    from relsim.analysis.explain import known_domain, known_pair
    from relsim.analysis.recorded import step_of_month
    from relsim.analysis.spread import spreads
    from relsim.analysis.summary import save_table
    from relsim.cli.spread import over_time, runs_of, sentence_and_shares
    from relsim.ensemble.accounts import OVERALL
    from relsim.ensemble.simulate import Ensemble

    scenario = subject.scenario if isinstance(subject, Ensemble) else subject
    try:
        step = step_of_month(scenario.time, at)
        within = None if known_domain(domain, scenario) == OVERALL else domain
        pairs = ["-".join(known_pair(pair, scenario))] if pair else []
        ensemble = runs_of(subject, runs, executor)
        found = spreads(
            ensemble, pairs or scenario.pair_names(scenario.watched_pairs), step, within
        )
    except ResultsError as error:
        fail(str(error), EXIT_PROBLEMS)
    console = Console(highlight=False)
    for one in found:
        console.print(sentence_and_shares(one))
    if pair:
        console.print(over_time(ensemble, pair, within))
    if figure is not None:
        from relsim.figures.save import save_chart
        from relsim.figures.spread import spread_chart

        save_chart(spread_chart(found), figure)
        typer.echo(f"Chart: {figure}")
    if csv is not None:
        tables = [one.table.assign(pair=one.pair, month=str(one.month)) for one in found]
        save_table(concat(tables), csv)
        typer.echo(f"Table: {csv}")


def _subject_at(path: Path) -> Ensemble | Scenario:
    """The ensemble of a result, or the scenario of a file."""
    if (path.exists() and not path.is_dir()) or path.suffix in (".yaml", ".yml"):
        return checked_scenarios([path], [], False)[0]
    from relsim.results.result import open_result

    result = open_result(path)
    made_by = result.manifest.get("relsim")
    if made_by != __version__:
        warn(f"{result.folder} was made by relsim {made_by}; numbers may differ.")
    return result.ensemble


def _account(
    subject: Ensemble | Scenario,
    pair: str,
    against: Ensemble | Scenario | None,
    runs: int | None,
    run_number: int | None,
    executor: Executor,
) -> Account:
    """The account, with a progress bar on the error stream."""
    from relsim.analysis.explain import explain as account_for
    from relsim.analysis.explain import subject_of
    from relsim.ensemble.accounts import compile_accounts
    from relsim.ensemble.chunks import kernel_is_compiled
    from relsim.model.compile import compile_scenario

    sides = [subject] if against is None else [subject, against]
    count = min(subject_of(side, runs).runs for side in sides) if run_number is None else 1
    with watching(Console(stderr=True), count) as watcher:
        if not kernel_is_compiled(accounts=True):
            watcher.phase("Compiling the account, once per installation (some ten seconds)")
            compile_accounts(compile_scenario(subject_of(subject).scenario))
        watcher.phase(f"Accounting for {counted(count, 'run')}")
        return account_for(
            subject,
            pair,
            against=against,
            runs=runs,
            run=run_number,
            executor=executor,
            progress=watcher.runs_done,
        )


def story_and_parts(account: Account, direction: str, month: str | None, domain: str) -> Group:
    """One direction at a month: the account in words, then its parts in a table."""
    from relsim.analysis.account import story

    words = story(account, direction, month, domain)
    changes = Table.grid(padding=(0, 1))
    for sentence in words.changes:
        changes.add_row("  ·", Text(sentence))
    return Group(
        *(Text(words.title, style="bold"), Text(words.lead), changes),
        *(Text(words.level), Text(words.note, style="dim")),
        *(parts_table(account, direction, month, domain), ""),
    )


def parts_table(account: Account, direction: str, month: str | None, domain: str) -> Table:
    """A row for each part at a month, largest change first: level and change, with their spread
    over runs. Parts that would read 0.000 throughout share a row; the sum is the pull."""
    from relsim.analysis.account import LEAST

    here = account.at(month).sel(direction=direction, domain=domain)
    views = [("level", "mean"), ("level", "sd"), ("change", "mean"), ("change", "sd")]
    columns = [here.sel(view=view, statistic=statistic) for view, statistic in views]
    pull = [float(column["pull"]) for column in columns]
    rows = {
        str(part): [float(column["contribution"].sel(part=part)) for column in columns]
        for part in here["part"].values
    }
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("part", overflow="fold")
    level = "pull" if account.against is None else "pull here"
    heads = [level, "change"] if account.runs == 1 else [level, "± runs", "change", "± runs"]
    for name in heads:
        table.add_column(name, justify="right", no_wrap=True)
    seen = {part: row for part, row in rows.items() if max(map(abs, row)) >= LEAST}
    for part in sorted(seen, key=lambda name: (-abs(seen[name][2]), -abs(seen[name][0]))):
        label = account.part_label(part, direction, account.step(month)).strip("“”")
        table.add_row(Text(label), *_cells(account, seen[part]))
    unseen = len(rows) - len(seen)
    if unseen:
        table.add_row(Text(f"{unseen} others, each below {LEAST}", style="dim"))
    table.add_section()
    table.add_row("sum: the pull", *_cells(account, pull))
    return table


def _cells(account: Account, row: list[float]) -> list[str]:
    level, level_sd, change, change_sd = row
    if account.runs == 1:
        return [signed(level, 3), signed(change, 3)]
    return [signed(level, 3), f"{level_sd:.3f}", signed(change, 3), f"{change_sd:.3f}"]


def explanation(account: Account) -> list[str]:
    """What the columns of the tables are, and which runs failed."""
    from relsim.scenario.interests import changed_interests, interests_in_words

    spread = "" if account.runs == 1 else ", and standard deviations over runs"
    lines = [f"Pull units. Change {account.baseline}{spread}."]
    if account.against is None and changed_interests(account.scenario):
        lines.append(
            f"{interests_in_words(account.scenario)} Their parts stand as changed at the opening "
            "already; --against the base shows the change."
        )
    if account.failed:
        count = len(account.failed)
        runs = ", ".join(f"{run:,}" for run in account.failed[:RUNS_SHOWN])
        more = ", …" if count > RUNS_SHOWN else ""
        every = account.runs + count
        lines.append(f"{count:,} of {every:,} runs failed and are left out: {runs}{more}.")
    for failure in account.failures[:1]:
        lines += [f"Run {failure.run}: {failure.error}", *(f"  {call}" for call in failure.trace)]
    return lines
