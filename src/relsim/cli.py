"""The command line: each command is one call of the Python API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from relsim import __version__
from relsim.errors import Problem, RelsimError, ScenarioError

if TYPE_CHECKING:
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
    world: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=3, max=300, help="A made-up world of so many states instead."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="Which of the made-up worlds.")
    ] = None,
) -> None:
    """Write a scenario to start from: a commented starter, or a made-up world."""
    text = _new_text(world, seed)
    if file.exists():
        _fail(f"{file} exists already. Choose another name.", EXIT_RESULTS)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        _fail(f"{file} cannot be written: {error.strerror}.", EXIT_RESULTS)
    typer.echo(f"Wrote {file}. Edit it, then: relsim run {file}")


def _new_text(world: int | None, seed: int | None) -> str:
    """What `new` writes."""
    from relsim.scenario.starter import starter_text
    from relsim.scenario.world_text import world_text

    if world is not None:
        return world_text(world, seed or 0)
    if seed is not None:
        raise typer.BadParameter("only with --world", param_hint="--seed")
    return starter_text()


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
