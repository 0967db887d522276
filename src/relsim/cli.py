"""The command line: each command is one call of the Python API."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console

from relsim import __version__
from relsim.errors import Problem, RelsimError, ResultsError, ScenarioError

if TYPE_CHECKING:
    from pandas import DataFrame

    from relsim.analysis.compare import Comparison
    from relsim.analysis.reaching import Reaching
    from relsim.results.run import Result
    from relsim.scenario.schema import Scenario

T = TypeVar("T")

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
def compare(
    places: Annotated[
        list[Path],
        typer.Argument(
            help="The base, then what is compared with it: each a result, the folder of a "
            "scenario in results (its newest), or a scenario file.",
            show_default=False,
        ),
    ],
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--pair", metavar="PAIR", help="A pair, as in PAK-RUS, or all; else the watched ones."
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="MONTH", help="When, as in 2025-06; else at the end.")
    ] = None,
    reach: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="Also the time to a level; next: the next anchor."),
    ] = None,
    domain: Annotated[
        str | None, typer.Option(help="Cooperation in one domain; else overall.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the tables.")] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the differences, .svg or .png.")
    ] = None,
    runs: Annotated[
        int | None, typer.Option(min=1, max=2**32 - 1, help="Runs of files; else of the first.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**63 - 1, help="Seed of files; else of the first.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("results"),
) -> None:
    """Compare scenarios with the first: paired differences, run by run."""
    if len(places) < 2:
        raise typer.BadParameter("Name at least two: the base, and what is compared with it.")
    if figure is not None and figure.suffix.lower() not in (".svg", ".png"):
        raise typer.BadParameter("Name a file that ends in .svg or .png.", param_hint="--figure")
    level = _level(reach)
    console = Console()
    base, *others = _results(places, runs, seed, out, console)

    from relsim.analysis.compare import compare as compare_ensembles
    from relsim.terminal.comparison import comparison_rows, show_comparison

    comparisons = [compare_ensembles(base.ensemble, one.ensemble, domain=domain) for one in others]
    chosen = _pairs(pairs or [], comparisons)
    month = _asked("--at", lambda: comparisons[0].month(at))
    tables = []
    for one in comparisons:
        effects = {pair: one.effect(pair, month) for pair in chosen}
        reached = [_time_to(one, pair, level) for pair in chosen] if reach is not None else []
        show_comparison(console, one, effects, month, reached)
        tables.append(comparison_rows(one, effects, month, reached))
    if csv is not None:
        _write_tables(tables, csv)
    if figure is not None:
        _draw_comparisons(comparisons, chosen, figure)


@app.command()
def diff(
    first: Annotated[Path, typer.Argument(help="A scenario file or a result.")],
    second: Annotated[Path, typer.Argument(help="Another.")],
    extends_anywhere: Anywhere = False,
) -> None:
    """Show what differs in the inputs of two scenarios, inheritance applied."""
    from relsim.results.places import result_at, scenario_files

    places = [first, second]
    files = scenario_files(places)
    known = dict(zip(files, _checked(files, [], extends_anywhere, quiet=True), strict=True))
    before, after = (known.get(place) or result_at(place).scenario for place in places)

    from relsim.scenario.difference import diff as differences_of
    from relsim.scenario.difference import events_reordered
    from relsim.terminal.differences import closing_line, differences_table

    found = differences_of(before, after)
    console = Console()
    if found:
        console.print(differences_table(found))
    line = closing_line(found, reordered=events_reordered(before, after))
    console.print(line, soft_wrap=True, highlight=False, markup=False)


@app.command(name="list")
def list_(
    out: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("results"),
) -> None:
    """List the results that are there: what was asked, how claims were judged, their size."""
    from relsim.results.listing import list_results
    from relsim.terminal.listing import listing_lines, results_table

    results = list_results(out)
    console = Console()
    if results:
        console.print(results_table(results))
    for line in listing_lines(results, out):
        console.print(line, soft_wrap=True, highlight=False, markup=False)


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


def _results(
    places: list[Path], runs: int | None, seed: int | None, out: Path, console: Console
) -> list[Result]:
    """The result at each place; scenario files are simulated, by default as the first was."""
    from relsim.results.places import paired_results, scenario_files
    from relsim.terminal.progress import watching

    files = scenario_files(places)
    return paired_results(
        places,
        dict(zip(files, _checked(files, [], False), strict=True)),
        runs=runs,
        seed=seed,
        out=out,
        command=lambda file, runs, seed: _command(file, runs, seed, [], "domains"),
        watching=lambda runs: watching(console, runs),
    )


def _level(text: str | None) -> float | None:
    """The level of --reach; None for the next anchor."""
    if text is None or text == "next":
        return None
    try:
        level = float(text)
    except ValueError:
        level = 2.0
    if not -1 <= level <= 1:
        said = "Name a level of cooperation between -1 and 1, or next."
        raise typer.BadParameter(said, param_hint="--reach")
    return level


def _pairs(asked: list[str], comparisons: list[Comparison]) -> list[str]:
    """The pairs to compare: those asked for, all, or the watched ones, if every one has them."""
    if asked and asked != ["all"]:
        named = [
            [_asked("--pair", partial(one.named, pair)) for pair in asked] for one in comparisons
        ]
        return list(dict.fromkeys(named[0]))
    first = comparisons[0].pairs if asked else comparisons[0].watched
    found = [pair for pair in first if all(pair in one.pairs for one in comparisons)]
    if not found:
        raise ResultsError("No watched pair is in all scenarios. Name one with --pair.")
    return found


def _time_to(comparison: Comparison, pair: str, level: float | None) -> Reaching:
    return _asked("--reach", lambda: comparison.time_to(pair, level))


def _asked(option: str, question: Callable[[], T]) -> T:
    """The answer to what an option asks; what cannot be answered is wrong use."""
    try:
        return question()
    except RelsimError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def _write_tables(tables: list[DataFrame], file: Path) -> None:
    from pandas import concat

    from relsim.analysis.summary import write_table

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_table(concat(tables, ignore_index=True), file)
    except OSError as error:
        raise ResultsError(f"{file} cannot be written: {error.strerror}.") from error
    typer.echo(f"Wrote {file}.")


def _draw_comparisons(comparisons: list[Comparison], pairs: list[str], file: Path) -> None:
    """A panel per pair; many pairs of one comparison as small multiples."""
    from relsim.figures.difference import MOST_PANELS, difference_chart
    from relsim.figures.multiples import difference_multiples
    from relsim.figures.save import save_chart

    if len(comparisons) == 1 and len(pairs) > MOST_PANELS:
        save_chart(difference_multiples(comparisons[0], pairs), file)
    else:
        save_chart(difference_chart(comparisons, pairs), file)
    typer.echo(f"Wrote {file}.")


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
