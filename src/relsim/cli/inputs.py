"""What is named on the command line, as scenarios and results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from relsim import __version__
from relsim.cli.whole_numbers import whole
from relsim.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from relsim.ensemble.simulate import Ensemble
    from relsim.results.result import Result
    from relsim.scenario.schema import Scenario

Files = Annotated[list[Path], typer.Argument(help="Scenario files.", show_default=False)]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value, as in PAK.ties.USA=0.2."),
]
SwitchedOn = Annotated[
    list[str] | None,
    typer.Option(
        "--on", metavar="EVENT", help="Let an event happen: --set events.EVENT.off=false."
    ),
]
SwitchedOff = Annotated[
    list[str] | None,
    typer.Option("--off", metavar="EVENT", help="Leave one out: --set events.EVENT.off=true."),
]
Anywhere = Annotated[
    bool, typer.Option("--extends-anywhere", help="Let `extends` leave the scenario's folder.")
]
Out = Annotated[Path, typer.Option(help="Folder of all results.")]
Workers = Annotated[
    int | None,
    typer.Option(
        parser=whole(), metavar="N", help="Use N processes, instead of threads on all cores."
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(metavar="tcp://HOST:PORT", help="Use the workers of this Dask scheduler."),
]
UntilClear = Annotated[
    bool,
    typer.Option(
        "--until-clear",
        help="Start with 250 runs and double them until all is settled; stop at 16,000 or --runs.",
    ),
]
PICTURES = (".svg", ".png")


def refuse_both(workers: int | None, cluster: str | None) -> None:
    """Processes here or the workers of a cluster, not both."""
    if workers is not None and cluster is not None:
        raise typer.BadParameter("not with --workers", param_hint="--cluster")


def all_settings(
    settings: list[str] | None, on: list[str] | None, off: list[str] | None
) -> list[str]:
    """What --set, --on and --off ask for, as --set takes it."""
    for event in on or []:
        if event in (off or []):
            raise typer.BadParameter(f"{event} is with --off as well", param_hint="--on")
    switched = [f"events.{event}.off=false" for event in on or []]
    switched += [f"events.{event}.off=true" for event in off or []]
    return [*(settings or []), *switched]


def checked_scenarios(
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


def warn_of_changes(files: list[Path], scenarios: list[Scenario]) -> None:
    """Says what is changed in scenarios and not in those that their claims compare with."""
    from relsim.results.comparisons import note_on_changes

    for file, scenario in zip(files, scenarios, strict=True):
        if note := note_on_changes(scenario):
            typer.secho(f"warning: {file}: {note}", err=True, fg=typer.colors.YELLOW)


def _warn(warnings: list[Problem]) -> None:
    for warning in warnings:
        typer.secho(f"warning: {warning}", err=True, fg=typer.colors.YELLOW)


def results_at(
    places: list[Path], runs: int | None, seed: int | None, out: Path, console: Console
) -> list[Result]:
    """The result at each place; scenario files are simulated, by default as the first was."""
    from relsim.results.places import paired_results, scenario_files
    from relsim.terminal.progress import watching

    files = scenario_files(places)
    return paired_results(
        places,
        dict(zip(files, checked_scenarios(files, [], False), strict=True)),
        runs=runs,
        seed=seed,
        out=out,
        command=lambda file, runs, seed: command_of([file], runs, seed, []),
        watching=lambda runs: watching(console, runs),
    )


def results_settled(
    places: list[Path],
    pairs: list[str] | None,
    at: str | None,
    domain: str | None,
    most: int | None,
    seed: int | None,
    out: Path,
    console: Console,
) -> list[Result]:
    """The result of each file, with as many runs as settle how they differ from the first."""
    from relsim.analysis.until_clear import MOST_RUNS
    from relsim.results.command import command_line, without_folders
    from relsim.results.places import results_until_clear
    from relsim.terminal.progress import watching

    if any(place.is_dir() for place in places):
        said = "takes files, since a result has the runs it has"
        raise typer.BadParameter(said, param_hint="--until-clear")
    options: list[object] = [part for pair in pairs or [] for part in ("--pair", pair)]
    options += [] if at is None else ["--at", at]
    options += [] if domain is None else ["--domain", domain]
    options += [] if most is None else ["--runs", most]
    options += [] if seed is None else ["--seed", seed]
    files = list(dict.fromkeys(places))
    results = results_until_clear(
        dict(zip(files, checked_scenarios(files, [], False), strict=True)),
        pairs=pairs,
        at=at,
        domain=domain,
        most=most or MOST_RUNS,
        seed=seed,
        out=out,
        command=command_line(*("compare", *map(without_folders, files), "--until-clear", *options)),
        watching=lambda runs: watching(console, runs),
    )
    found = dict(zip(files, results, strict=True))
    return [found[place] for place in places]


def subject_at(place: Path) -> Ensemble | Scenario:
    """The ensemble of a result, or the scenario of a file."""
    if (place.exists() and not place.is_dir()) or place.suffix in (".yaml", ".yml"):
        return checked_scenarios([place], [], False)[0]
    from relsim.results.places import result_at

    result = result_at(place)
    made_by = result.manifest.get("relsim")
    if made_by != __version__:
        text = f"warning: {result.folder} was made by relsim {made_by}; numbers may differ."
        typer.secho(text, err=True, fg=typer.colors.YELLOW)
    return result.ensemble


def command_of(
    files: Sequence[Path],
    runs: int | None,
    seed: int | None,
    settings: list[str],
    record: str = "domains",
    thin: int = 1,
    *,
    until_clear: bool = False,
) -> str:
    """The command that makes a result, without absolute paths and whatever computes it."""
    from relsim.results.command import command_line, without_folders

    parts: list[object] = ["run", *map(without_folders, files)]
    parts += [] if runs is None else ["--runs", runs]
    parts += [] if seed is None else ["--seed", seed]
    parts += [] if record == "domains" else ["--record", record]
    parts += [] if thin == 1 else ["--thin", thin]
    parts += ["--until-clear"] if until_clear else []
    parts += [part for setting in settings for part in ("--set", setting)]
    return command_line(*parts)
