"""The command line: each command is one call of the Python API."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from relsim import __version__
from relsim.errors import Problem, RelsimError, ResultsError, ScenarioError

if TYPE_CHECKING:
    from relsim.analysis.explain import Account
    from relsim.ensemble.simulate import Ensemble
    from relsim.results.run import Result
    from relsim.scenario.schema import Scenario

EXIT_CONTRADICTED = 1  # with --check, a claim is contradicted
EXIT_PROBLEMS = 2  # the input is wrong
EXIT_RESULTS = 3  # the results folder cannot be used

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Simulate how relations between states might evolve.",
)

Files = Annotated[list[Path], typer.Argument(help="Scenario files.", show_default=False)]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value, as in PAK.ties.USA=0.2."),
]
Anywhere = Annotated[
    bool, typer.Option("--extends-anywhere", help="Let `extends` leave the scenario's folder.")
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"relsim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Simulate how relations between states might evolve."""


@app.command()
def run(
    files: Files,
    runs: Annotated[int | None, typer.Option(min=1, max=2**32 - 1, help="Number of runs.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="Seed of the ensemble.")
    ] = None,
    settings: Settings = None,
    out: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("results"),
    record: Annotated[
        str, typer.Option(help="What to keep: overall, domains or postures.")
    ] = "domains",
    force: Annotated[bool, typer.Option(help="Repeat a finished result.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the folders.")] = False,
    extends_anywhere: Anywhere = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 where a claim is contradicted.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the verdicts as JUnit XML.")
    ] = None,
) -> None:
    """Simulate scenarios: an ensemble of futures with tables, figures and verdicts for each."""
    from relsim.ensemble.record import RECORD_LEVELS

    if record not in RECORD_LEVELS:
        raise typer.BadParameter(f"one of {', '.join(RECORD_LEVELS)}", param_hint="--record")
    scenarios = _checked(files, settings or [], extends_anywhere, quiet=quiet)

    from relsim.results.run import run as simulate_into_folder
    from relsim.terminal.progress import watching

    console = Console(quiet=quiet)
    results = []
    for file, scenario in zip(files, scenarios, strict=True):
        with watching(console, runs or scenario.ensemble.runs) as watcher:
            result = simulate_into_folder(
                scenario,
                runs=runs,
                seed=seed,
                record=record,
                out=out,
                force=force,
                command=_command(file, runs, seed, settings or [], record),
                watcher=watcher,
            )
        _report(result, console, quiet=quiet)
        results.append(result)
    if junit is not None:
        from relsim.results.junit import write_junit

        write_junit([(result.scenario.slug, result.claims) for result in results], junit)
    if check and any(claim.verdict == "contradicted" for one in results for claim in one.claims):
        raise typer.Exit(EXIT_CONTRADICTED)


@app.command()
def explain(
    place: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT",
            help="A result, the folder of a scenario's results (the newest), or a scenario file.",
            show_default=False,
        ),
    ],
    pair: Annotated[str, typer.Argument(metavar="PAIR", help="As in PAK-RUS.", show_default=False)],
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
        int | None, typer.Option("--run", min=0, metavar="N", help="Run N alone, from 0.")
    ] = None,
    runs: Annotated[int | None, typer.Option(min=1, help="The first so many runs.")] = None,
    levels: Annotated[bool, typer.Option("--levels", help="Draw levels, not changes.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the chart: FILE.svg or FILE.png.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every part of every step as CSV.")
    ] = None,
) -> None:
    """Explain what pulls two states: exactly, by interest, third party, issue and event."""
    from relsim.analysis import explain as accounts
    from relsim.terminal.account import explanation, told

    subject = _simulated(place)
    other = None if against is None else _simulated(against)
    scenario = accounts.scenario_of(subject)
    with _as_problems():
        directions = accounts.known_directions(pair, direction, scenario)
        accounts.known_domain(domain, scenario)
        accounts.step_of(scenario, at)
    if out is not None and out.suffix.lower() not in (".svg", ".png"):
        _fail(f"{out} ends neither in .svg nor in .png.", EXIT_PROBLEMS)
    account = _accounted(subject, pair, other, runs, run_number)
    console = Console(highlight=False)
    for way in directions:
        console.print(told(account, way, at, domain))
    console.print(explanation(account), soft_wrap=True)
    if out is not None:
        from relsim.figures.save import save_chart
        from relsim.figures.why import why_chart

        chart = why_chart(account, directions=directions, domain=domain, levels=levels)
        save_chart(chart, out)
        typer.echo(f"Chart: {out}")
    if csv is not None:
        account.write(csv)
        typer.echo(f"Table: {csv}")


def _simulated(place: Path) -> Ensemble | Scenario:
    """The ensemble of a result, or the scenario of a file."""
    if place.is_file() or place.suffix in (".yaml", ".yml"):
        return _checked([place], [], False)[0]
    from relsim.results.lookup import result_folder
    from relsim.results.run import open_result

    result = open_result(result_folder(place))
    made_by = result.manifest.get("relsim")
    if made_by != __version__:
        text = f"warning: {result.folder} was made by relsim {made_by}; numbers may differ."
        typer.secho(text, err=True, fg=typer.colors.YELLOW)
    return result.ensemble


def _accounted(
    subject: Ensemble | Scenario,
    pair: str,
    against: Ensemble | Scenario | None,
    runs: int | None,
    run_number: int | None,
) -> Account:
    """The account, with a progress bar on the error stream."""
    from relsim.analysis.explain import explain as account_for
    from relsim.analysis.explain import runs_and_seed, scenario_of
    from relsim.ensemble.accounts import accounts_are_compiled, compile_accounts
    from relsim.model.compile import compile_scenario
    from relsim.terminal.progress import watching

    sides = [subject] if against is None else [subject, against]
    count = min(runs_and_seed(side, runs, None)[0] for side in sides)
    count = count if run_number is None else 1
    with watching(Console(stderr=True), count) as watcher:
        if not accounts_are_compiled():
            watcher.phase("Compiling the account, once per installation (about half a minute)")
            compile_accounts(compile_scenario(scenario_of(subject)))
        watcher.phase(f"Accounting for {count:,} run{'' if count == 1 else 's'}")
        return account_for(
            subject, pair, against=against, runs=runs, run=run_number, progress=watcher.runs_done
        )


@contextmanager
def _as_problems() -> Iterator[None]:
    """What the user asked for wrongly ends with the exit code of wrong input."""
    try:
        yield
    except ResultsError as error:
        _fail(str(error), EXIT_PROBLEMS)


@app.command()
def validate(files: Files, settings: Settings = None, extends_anywhere: Anywhere = False) -> None:
    """Check scenarios: every problem with its line, column and a suggestion."""
    scenarios = _checked(files, settings or [], extends_anywhere)
    for file, scenario in zip(files, scenarios, strict=True):
        typer.echo(
            f"{file}: valid. {len(scenario.states)} states, {len(scenario.ties)} ties, "
            f"{len(scenario.events)} events, {scenario.time.steps} steps."
        )


@app.command()
def schema(
    write: Annotated[
        Path | None, typer.Option(help="Write to this file instead of the terminal.")
    ] = None,
) -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from relsim.scenario.json_schema import schema_text

    if write is None:
        typer.echo(schema_text(), nl=False)
    else:
        write.write_text(schema_text(), encoding="utf-8")


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="Where to write the scenario.")] = Path(
        "scenario.yaml"
    ),
) -> None:
    """Write a commented starter scenario."""
    from relsim.scenario.starter import starter_text

    if file.exists():
        _fail(f"{file} exists already. Choose another name.", EXIT_RESULTS)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(starter_text(), encoding="utf-8")
    except OSError as error:
        _fail(f"{file} cannot be written: {error.strerror}.", EXIT_RESULTS)
    typer.echo(f"Wrote {file}. Edit it, then: relsim run {file}")


def _checked(
    files: list[Path], settings: list[str], anywhere: bool, *, quiet: bool = False
) -> list[Scenario]:
    """The scenarios of all files; prints every problem and warning, and exits on a problem."""
    from relsim.model.compile import compile_scenario
    from relsim.model.stability import warning as stability_warning
    from relsim.scenario.load import check_file

    checked = [check_file(file, settings, extends_anywhere=anywhere) for file in files]
    problems = [problem for one in checked for problem in one.problems]
    if problems:
        raise ScenarioError(problems)
    scenarios = [one.require() for one in checked]
    if not quiet:
        for file, one, scenario in zip(files, checked, scenarios, strict=True):
            unstable = stability_warning(compile_scenario(scenario), str(file))
            _warn([*one.warnings, *unstable])
    return scenarios


def _warn(warnings: list[Problem]) -> None:
    for warning in warnings:
        typer.secho(f"warning: {warning}", err=True, fg=typer.colors.YELLOW)


def _command(
    file: Path, runs: int | None, seed: int | None, settings: list[str], record: str
) -> str:
    """The command that makes a result, without absolute paths."""
    name = file.name if file.is_absolute() else file.as_posix()
    parts: list[Any] = ["relsim", "run", name]
    parts += [] if runs is None else ["--runs", runs]
    parts += [] if seed is None else ["--seed", seed]
    parts += [] if record == "domains" else ["--record", record]
    parts += [part for setting in settings for part in ("--set", setting)]
    return " ".join(str(part) for part in parts)


def _report(result: Result, console: Console, *, quiet: bool) -> None:
    from relsim.terminal.closing import closing_lines, closing_table
    from relsim.terminal.verdicts import claims_table, unjudged_lines

    if quiet:
        typer.echo(str(result.folder))
        return
    console.print(closing_table(result))
    if result.claims:
        console.print(claims_table(result.claims))
        for line in unjudged_lines(result.claims):
            console.print(line, soft_wrap=True, highlight=False, markup=False)
    console.print(closing_lines(result), soft_wrap=True, highlight=False, markup=False)


def _fail(text: str, code: int) -> None:
    typer.secho(text, err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


def main() -> None:
    """Runs the command line; problems become lines and an exit code, never a traceback."""
    try:
        app()
    except ScenarioError as error:
        for problem in error.problems:
            typer.secho(str(problem), err=True)
        count = len(error.problems)
        typer.secho(f"{count} problem{'s' if count != 1 else ''}.", err=True, fg=typer.colors.RED)
        sys.exit(EXIT_PROBLEMS)
    except RelsimError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(EXIT_RESULTS)
