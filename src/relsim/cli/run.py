"""relsim run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from relsim.cli.application import EXIT_CONTRADICTED, EXIT_PROBLEMS, fail
from relsim.cli.inputs import (
    Anywhere,
    Cluster,
    Files,
    Out,
    Settings,
    SwitchedOff,
    SwitchedOn,
    UntilClear,
    Workers,
    all_settings,
    checked_scenarios,
    command_of,
    refuse_both,
    warn_of_changes,
)
from relsim.cli.whole_numbers import MOST_RUNS, whole

if TYPE_CHECKING:
    from relsim.results.family import Family
    from relsim.results.result import Result
    from relsim.scenario.schema import Scenario


def run(
    files: Files,
    runs: Annotated[
        int | None,
        typer.Option(
            parser=whole(high=MOST_RUNS),
            metavar="N",
            help="Number of runs; with --until-clear, at most.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(parser=whole(0), metavar="N", help="Seed of the ensemble.")
    ] = None,
    settings: Settings = None,
    on: SwitchedOn = None,
    off: SwitchedOff = None,
    out: Out = Path("results"),
    record: Annotated[
        str,
        typer.Option(
            help="What to keep: watched (pairs alone), overall (of all pairs), domains, postures "
            "or accounts (parts of the pulls)."
        ),
    ] = "domains",
    thin: Annotated[
        int,
        typer.Option(
            parser=whole(), metavar="N", help="Keep levels at every Nth step and the end."
        ),
    ] = 1,
    until_clear: UntilClear = False,
    workers: Workers = None,
    cluster: Cluster = None,
    force: Annotated[bool, typer.Option(help="Repeat a finished result.")] = False,
    force_size: Annotated[
        bool, typer.Option("--force-size", help="Start even where the disk has too little room.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the folders.")] = False,
    extends_anywhere: Anywhere = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 where a claim is contradicted.")
    ] = False,
    reports: Annotated[
        bool, typer.Option("--reports", help="Of several files, draw figures and page for each.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the verdicts as JUnit XML.")
    ] = None,
) -> None:
    """Simulate scenarios: an ensemble of futures with tables, figures and verdicts for each."""
    from relsim.ensemble.record import RECORD_LEVELS

    if record not in RECORD_LEVELS:
        raise typer.BadParameter(f"one of {', '.join(RECORD_LEVELS)}", param_hint="--record")
    refuse_both(workers, cluster)
    settings = all_settings(settings, on, off)
    scenarios = checked_scenarios(files, settings, extends_anywhere, quiet=quiet)
    if not quiet:
        warn_of_changes(files, scenarios)

    commands = [command_of([file], runs, seed, settings, record, thin) for file in files]
    if until_clear:  # runs are settled for all files together
        commands = [command_of(files, runs, seed, settings, record, thin, until_clear=True)]
        commands *= len(files)

    from relsim.analysis.until_clear import MOST_RUNS as MOST_LOOKED_AT
    from relsim.ensemble.executors import chosen
    from relsim.terminal.size import size_line, too_large

    if until_clear and runs is None:
        runs = MOST_LOOKED_AT
    if not force_size and (refused := too_large(scenarios, runs, record, thin, out)):
        fail(refused, EXIT_PROBLEMS)
    console = Console(quiet=quiet)
    if not until_clear and (line := size_line(scenarios, runs, record, thin, workers)):
        console.print(line, highlight=False)
    asked: dict[str, Any] = {
        "runs": runs,
        "seed": seed,
        "record": record,
        "thin": thin,
        "until_clear": until_clear,
        "out": out,
        "force": force,
    }
    with chosen(workers, cluster) as executor:
        asked["executor"] = executor
        results, family = _simulate(scenarios, commands, asked, console, reports=reports)
    _report(results, family, console, quiet=quiet)
    if junit is not None:
        from relsim.results.junit import write_junit

        write_junit([(result.scenario.slug, result.claims) for result in results], junit)
    if check and any(claim.verdict == "contradicted" for one in results for claim in one.claims):
        raise typer.Exit(EXIT_CONTRADICTED)


def _simulate(
    scenarios: list[Scenario],
    commands: list[str],
    asked: dict[str, Any],
    console: Console,
    *,
    reports: bool,
) -> tuple[list[Result], Family | None]:
    from relsim.terminal.progress import watching

    total = sum(asked["runs"] or scenario.ensemble.runs for scenario in scenarios)
    with watching(console, total) as watcher:
        if len(scenarios) == 1:
            from relsim.results.run import run as simulate_into_folder

            one = simulate_into_folder(scenarios[0], command=commands[0], watcher=watcher, **asked)
            return [one], None
        from relsim.results.family import run_family

        family = run_family(scenarios, reports=reports, commands=commands, watcher=watcher, **asked)
        return list(family.results), family


def _report(results: list[Result], family: Family | None, console: Console, *, quiet: bool) -> None:
    from relsim.results.manifest import looking_of
    from relsim.terminal.closing import closing_lines, closing_table, family_lines, family_table
    from relsim.terminal.verdicts import claims_table, undecided_line, unjudged_lines

    if quiet:
        for folder in [
            *(result.folder for result in results),
            *([family.folder] if family else ()),
        ]:
            typer.echo(str(folder))
        return
    console.print(closing_table(results[0]) if family is None else family_table(family))
    claims = [(result.scenario.slug, claim) for result in results for claim in result.claims]
    if claims:
        console.print(claims_table(claims, scenarios=family is not None))
        judged = [claim for _, claim in claims]
        undecided = "" if looking_of(results[0].manifest) else undecided_line(judged)
        for line in filter(None, [*unjudged_lines(judged), undecided]):
            console.print(line, soft_wrap=True, highlight=False, markup=False)
    lines = closing_lines(results[0]) if family is None else family_lines(family)
    console.print(lines, soft_wrap=True, highlight=False, markup=False)
