"""What is named on the command line, as scenarios and results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from relsim import __version__
from relsim.errors import Problem, ResultsError, ScenarioError

if TYPE_CHECKING:
    from relsim.ensemble.simulate import Ensemble
    from relsim.results.result import Result
    from relsim.scenario.schema import Scenario

Files = Annotated[list[Path], typer.Argument(help="Scenario files.", show_default=False)]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value, as in PAK.ties.USA=0.2."),
]
Anywhere = Annotated[
    bool, typer.Option("--extends-anywhere", help="Let `extends` leave the scenario's folder.")
]
Out = Annotated[Path, typer.Option(help="Folder of all results.")]
PICTURES = (".svg", ".png")


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


def _warn(warnings: list[Problem]) -> None:
    for warning in warnings:
        typer.secho(f"warning: {warning}", err=True, fg=typer.colors.YELLOW)


def results_at(
    places: list[Path], runs: int | None, seed: int | None, out: Path, console: Console
) -> list[Result]:
    """The result at each place; scenario files are simulated, by default as the first was."""
    from relsim.analysis.pairing import refusal
    from relsim.results.identity import Question
    from relsim.results.lookup import result_folder
    from relsim.results.result import open_result
    from relsim.results.run import run as simulate_into_folder
    from relsim.terminal.progress import watching

    files = files_of(places)
    scenarios = dict(zip(files, checked_scenarios(files, [], False), strict=True))
    found = {place: open_result(result_folder(place)) for place in places if place.is_dir()}
    first = found[places[0]].ensemble if places[0] in found else scenarios[places[0]].ensemble
    runs, seed = runs or first.runs, first.seed if seed is None else seed
    questions = {file: Question(one, seed, runs, "domains") for file, one in scenarios.items()}
    base, *others = (questions.get(place) or found[place].ensemble for place in places)
    for other in others:  # before anything is simulated in vain
        if refused := refusal(base, other):
            raise ResultsError(refused)
    for file, question in questions.items():
        command = command_of(file, runs, seed, [], "domains")
        with watching(console, runs) as watcher:
            found[file] = simulate_into_folder(
                question.scenario, runs=runs, seed=seed, out=out, command=command, watcher=watcher
            )
    return [found[place] for place in places]


def files_of(places: list[Path]) -> list[Path]:
    """The places that are not folders, so scenario files, each once."""
    return list(dict.fromkeys(place for place in places if not place.is_dir()))


def scenario_of_result(folder: Path) -> Scenario:
    """The scenario of the result at a folder."""
    from relsim.results.lookup import result_folder
    from relsim.results.result import open_result

    return open_result(result_folder(folder)).scenario


def subject_at(place: Path) -> Ensemble | Scenario:
    """The ensemble of a result, or the scenario of a file."""
    if place.is_file() or place.suffix in (".yaml", ".yml"):
        return checked_scenarios([place], [], False)[0]
    from relsim.results.lookup import result_folder
    from relsim.results.result import open_result

    result = open_result(result_folder(place))
    made_by = result.manifest.get("relsim")
    if made_by != __version__:
        text = f"warning: {result.folder} was made by relsim {made_by}; numbers may differ."
        typer.secho(text, err=True, fg=typer.colors.YELLOW)
    return result.ensemble


def command_of(
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
