"""Options of several commands, and the scenarios that files name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relsim.cli.output import warn
from relsim.errors import ScenarioError

if TYPE_CHECKING:
    from relsim.scenario.schema import Scenario

MOST_RUNS = 2**32 - 1  # a run's number has 32 bits
MOST_SEED = 2**63 - 1

_WHOLE = re.compile(r"[-+]?[0-9]{1,30}")


def whole(low: int = 1, high: int = MOST_SEED) -> Callable[[str | int], int]:
    """A parser of whole numbers from ``low`` to ``high`` for an option.

    What typer itself accepts depends on its version: 1.0 as 1, 1_0 as 10, full-width digits.
    """

    def read(written: str | int) -> int:
        text = str(written).strip()
        if not _WHOLE.fullmatch(text):
            from relsim.scenario.text import scalar_value
            from relsim.scenario.values import whole_number_hint

            hint = whole_number_hint(scalar_value(text))
            raise typer.BadParameter(f"'{text}' is not a whole number. {hint}".rstrip())
        number = int(text)
        if number < low:
            raise typer.BadParameter(f"{number} is less than {low}.")
        if number > high:
            raise typer.BadParameter(f"{number} is more than {high}.")
        return number

    return read


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


def refuse(options: Mapping[str, object], why: str) -> None:
    """Refuses options that mean nothing here, if they are given.

    Args:
        options: values by option; None and False are not given.
        why: it cannot be, as in "not with --workers".
    """
    for option, value in options.items():
        if value is not None and value is not False:
            raise typer.BadParameter(why, param_hint=option)


def refuse_both(workers: int | None, cluster: str | None) -> None:
    """Refuses processes here together with the workers of a cluster."""
    if workers is not None:
        refuse({"--cluster": cluster}, "not with --workers")


def refuse_picture(file: Path | None) -> None:
    """Refuses a picture in a format that cannot be drawn."""
    if file is not None and file.suffix.lower() not in (".svg", ".png"):
        raise typer.BadParameter("Name a file that ends in .svg or .png.", param_hint="--figure")


def all_settings(
    settings: list[str] | None, on: list[str] | None, off: list[str] | None
) -> list[str]:
    """The settings of --set, --on and --off, as --set takes them."""
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
    problems = [problem for each in checked for problem in each.problems]
    if problems:
        raise ScenarioError(problems)
    scenarios = [each.require() for each in checked]
    if not quiet:
        for file, each, scenario in zip(files, checked, scenarios, strict=True):
            unstable = stability_warning(compile_scenario(scenario), str(file))
            for warning in (*each.warnings, *unstable):
                warn(warning)
    return scenarios
