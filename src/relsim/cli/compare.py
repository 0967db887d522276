"""relsim compare."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console

from relsim.cli.inputs import PICTURES, Out, UntilClear, results_at, results_settled
from relsim.cli.whole_numbers import MOST_RUNS, whole
from relsim.errors import RelsimError, ResultsError

if TYPE_CHECKING:
    from relsim.analysis.compare import Comparison
    from relsim.analysis.effects import Reaching

T = TypeVar("T")


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
        int | None,
        typer.Option(
            parser=whole(high=MOST_RUNS),
            metavar="N",
            help="Runs of files; else of the first. With --until-clear, at most.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(parser=whole(0), metavar="N", help="Seed of files; else of the first."),
    ] = None,
    until_clear: UntilClear = False,
    out: Out = Path("results"),
) -> None:
    """Compare scenarios with the first: paired differences, run by run."""
    if len(places) < 2:
        raise typer.BadParameter("Name at least two: the base, and what is compared with it.")
    if figure is not None and figure.suffix.lower() not in PICTURES:
        raise typer.BadParameter("Name a file that ends in .svg or .png.", param_hint="--figure")
    level = _level(reach)
    console = Console()
    asked_pairs = None if pairs == ["all"] else pairs
    if until_clear and pairs == ["all"]:
        raise typer.BadParameter("Name the pairs that are to be settled.", param_hint="--pair")
    base, *others = (
        results_settled(places, asked_pairs, at, domain, runs, seed, out, console)
        if until_clear
        else results_at(places, runs, seed, out, console)
    )

    from relsim.analysis.compare import compare as compare_ensembles
    from relsim.results.manifest import looking_of
    from relsim.scenario.titles import titles
    from relsim.terminal.comparison import comparison_rows, show_comparison

    base_name, *names = titles([one.scenario for one in (base, *others)], numbered=True)
    comparisons = [compare_ensembles(base.ensemble, one.ensemble, domain=domain) for one in others]
    chosen = _pairs(pairs or [], comparisons)
    month = _asked("--at", lambda: comparisons[0].month(at))
    tables = []
    for one, name in zip(comparisons, names, strict=True):
        effects = {pair: one.effect(pair, month) for pair in chosen}
        reached = [_time_to(one, pair, level) for pair in chosen] if reach is not None else []
        show_comparison(console, one, effects, month, reached, (base_name, name))
        tables.append(comparison_rows(one, effects, month, reached, (base_name, name)))
    looks = [looking for one in (base, *others) if (looking := looking_of(one.manifest))]
    for line in looks[0].sentences() if looks else []:
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    if csv is not None:
        from pandas import concat

        from relsim.analysis.summary import save_table

        save_table(concat(tables, ignore_index=True), csv)
        typer.echo(f"Wrote {csv}.")
    if figure is not None:
        _draw_comparisons(comparisons, chosen, figure)


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
