"""relsim experiment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from relsim.cli.inputs import Cluster, Out, Workers, refuse_both
from relsim.cli.output import say, watching

if TYPE_CHECKING:
    from relsim.results.experiment import ExperimentResult


def experiment(
    files: Annotated[list[Path], typer.Argument(help="Experiment files.", show_default=False)],
    out: Out = Path("results"),
    workers: Workers = None,
    cluster: Cluster = None,
    force: Annotated[bool, typer.Option(help="Repeat a finished experiment.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Check the file alone; simulate nothing.")
    ] = False,
    extends_anywhere: Annotated[
        bool,
        typer.Option(
            "--extends-anywhere",
            help="Let scenarios and series, and what scenarios extend, lie outside the folder.",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the folders.")] = False,
) -> None:
    """Tune parameters, and learn which of them matter: sweep, sensitivity, tune, attribute, advise,
    discover."""
    refuse_both(workers, cluster)
    from relsim.experiments.load import load_experiments

    studies = [
        (file, study)
        for file in files
        for study in load_experiments(file, anywhere=extends_anywhere)
    ]
    if check:
        for file in files:
            typer.echo(f"{file}: sound")
        return
    from relsim.ensemble.executors import chosen
    from relsim.results.experiment import run_experiment
    from relsim.results.manifest import command_text

    console = Console(quiet=quiet)
    with chosen(workers, cluster) as executor:
        for file, study in studies:
            with watching(console, study.method.size(study) * study.experiment.runs) as watcher:
                result = run_experiment(
                    study,
                    executor=executor,
                    out=out,
                    force=force,
                    command=command_text("experiment", file),
                    watcher=watcher,
                )
            if quiet:
                typer.echo(str(result.folder))
            else:
                say(console, _lines(result))


def _lines(result: ExperimentResult) -> list[str]:
    """The findings in words, and where the page is."""
    manifest = result.manifest
    done = "was there already" if result.reused else f"took {manifest['seconds']:g} s"
    return [
        f"{manifest['experiment']['name']}: {manifest['points']:,} points, "
        f"{manifest['runs']:,} runs at each; {done}.",
        *(f"• {sentence}" for sentence in result.sentences),
        *(f"warning: {warning}" for warning in result.warnings),
        f"Report: {result.folder / 'report.html'}",
    ]
