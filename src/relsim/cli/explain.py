"""relsim explain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from relsim.cli.application import EXIT_PROBLEMS, fail
from relsim.cli.inputs import PICTURES, Cluster, Workers, refuse_both, subject_at
from relsim.cli.whole_numbers import whole
from relsim.errors import ResultsError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from relsim.analysis.account import Account
    from relsim.ensemble.simulate import Ensemble
    from relsim.scenario.schema import Scenario


def explain(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT",
            help="A result, the folder of a scenario's results (the newest), or a scenario file.",
            show_default=False,
        ),
    ],
    states: Annotated[
        list[str],
        typer.Argument(
            metavar="PAIR", help="As in PAK-RUS, or its two states.", show_default=False
        ),
    ],
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
    from relsim.terminal.account import explanation, told

    refuse_both(workers, cluster)
    if len(states) > 2:
        raise typer.BadParameter("Name one pair, as in PAK-RUS.", param_hint="PAIR")
    pair = "-".join(states)
    subject = subject_at(place)
    other = None if against is None else subject_at(against)
    scenario = accounts.subject_of(subject).scenario
    with _as_problems():
        directions = accounts.known_directions(pair, direction, scenario)
        accounts.known_domain(domain, scenario)
        step_of_month(scenario.time, at)
    if figure is not None and figure.suffix.lower() not in PICTURES:
        fail(f"{figure} ends neither in .svg nor in .png.", EXIT_PROBLEMS)
    with chosen(workers, cluster) as executor:
        account = _accounted(subject, pair, other, runs, run_number, executor)
    console = Console(highlight=False)
    for way in directions:
        console.print(told(account, way, at, domain))
    console.print(explanation(account), soft_wrap=True, markup=False)
    if figure is not None:
        from relsim.figures.save import save_chart
        from relsim.figures.why import why_chart

        chart = why_chart(account, directions=directions, domain=domain, levels=levels)
        save_chart(chart, figure)
        typer.echo(f"Chart: {figure}")
    if csv is not None:
        account.write(csv)
        typer.echo(f"Table: {csv}")


def _accounted(
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
    from relsim.terminal.progress import watching

    sides = [subject] if against is None else [subject, against]
    count = min(subject_of(side, runs).runs for side in sides)
    count = count if run_number is None else 1
    with watching(Console(stderr=True), count) as watcher:
        if not kernel_is_compiled(accounts=True):
            watcher.phase("Compiling the account, once per installation (some ten seconds)")
            compile_accounts(compile_scenario(subject_of(subject).scenario))
        watcher.phase(f"Accounting for {count:,} run{'' if count == 1 else 's'}")
        return account_for(
            subject,
            pair,
            against=against,
            runs=runs,
            run=run_number,
            executor=executor,
            progress=watcher.runs_done,
        )


@contextmanager
def _as_problems() -> Iterator[None]:
    """What the user asked for wrongly ends with the exit code of wrong input."""
    try:
        yield
    except ResultsError as error:
        fail(str(error), EXIT_PROBLEMS)
