"""relsim compare."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from relsim.cli.application import wrong_use
from relsim.cli.inputs import (
    MOST_RUNS,
    Out,
    UntilClear,
    checked_scenarios,
    refuse_picture,
    whole,
)
from relsim.cli.output import say, watching
from relsim.errors import ResultsError
from relsim.words import percent, signed, true_minus, with_interval

if TYPE_CHECKING:
    from pandas import DataFrame

    from relsim.analysis.compare import Comparison
    from relsim.analysis.effects import Effect, EffectWord, Reaching
    from relsim.results.result import Result
    from relsim.scenario.values import Month
    from relsim.stats import Estimate

COLOURS: dict[EffectWord, str] = {
    "higher": "blue",
    "lower": "dark_orange3",
    "identical": "dim",
    "not distinguishable": "yellow",
}
PATHS_SHOWN = 3  # of inputs that differ
MOST_NARROWING = 1000  # shown; more means nothing more


def compare(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PLACES",
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
    if len(paths) < 2:
        raise typer.BadParameter("Name at least two: the base, and what is compared with it.")
    refuse_picture(figure)
    level = _level(reach)
    console = Console()
    named = None if pairs == ["all"] else pairs
    if until_clear:
        if pairs == ["all"]:
            raise typer.BadParameter("Name the pairs that are to be settled.", param_hint="--pair")
        results = _results_settled(paths, named, at, domain, runs, seed, out, console)
    else:
        results = _results(paths, runs, seed, out, console)

    from relsim.analysis.compare import compare as compare_ensembles
    from relsim.results.manifest import looking_of
    from relsim.scenario.titles import titles

    base, *others = results
    base_name, *names = titles([result.scenario for result in results], numbered=True)
    comparisons = [
        compare_ensembles(base.ensemble, other.ensemble, domain=domain) for other in others
    ]
    chosen = _pairs(pairs or [], comparisons)
    with wrong_use("--at"):
        month = comparisons[0].month(at)
    tables = []
    for comparison, name in zip(comparisons, names, strict=True):
        effects = {pair: comparison.effect(pair, month) for pair in chosen}
        reached = []
        if reach is not None:
            with wrong_use("--reach"):
                reached = [comparison.time_to(pair, level) for pair in chosen]
        show_comparison(console, comparison, effects, month, reached, (base_name, name))
        tables.append(comparison_rows(comparison, effects, month, reached, (base_name, name)))
    looks = [looking for result in results if (looking := looking_of(result.manifest))]
    say(console, looks[0].sentences() if looks else [])
    if csv is not None:
        from pandas import concat

        from relsim.analysis.summary import save_table

        save_table(concat(tables, ignore_index=True), csv)
        typer.echo(f"Wrote {csv}.")
    if figure is not None:
        _draw_comparisons(comparisons, chosen, figure)


def _results(
    paths: list[Path], runs: int | None, seed: int | None, out: Path, console: Console
) -> list[Result]:
    """The result at each path; scenario files are simulated, by default as the first was."""
    from relsim.results.compare import paired_results

    files = list(dict.fromkeys(path for path in paths if not path.is_dir()))
    scenarios = dict(zip(files, checked_scenarios(files, [], False), strict=True))
    watch = partial(watching, console)
    return paired_results(paths, scenarios, runs=runs, seed=seed, out=out, watching=watch)


def _results_settled(
    paths: list[Path],
    pairs: list[str] | None,
    at: str | None,
    domain: str | None,
    most: int | None,
    seed: int | None,
    out: Path,
    console: Console,
) -> list[Result]:
    """The result of each file, with as many runs as settle how they differ from the first."""
    from relsim.analysis.explain import known_pair
    from relsim.analysis.recorded import step_of_month
    from relsim.analysis.until_clear import MOST_RUNS
    from relsim.results.compare import results_until_clear
    from relsim.results.job import Execution
    from relsim.results.manifest import command_text

    if any(path.is_dir() for path in paths):
        text = "takes files, since a result has the runs it has"
        raise typer.BadParameter(text, param_hint="--until-clear")
    files = list(dict.fromkeys(paths))
    scenarios = checked_scenarios(files, [], False)
    with wrong_use("--pair"):
        for pair in pairs or []:
            known_pair(pair, *scenarios)
    with wrong_use("--at"):
        step_of_month(scenarios[0].time, at)
    options = {"pair": pairs, "at": at, "domain": domain, "runs": most, "seed": seed}
    command = command_text("compare", *files, until_clear=True, **options)
    with watching(console, most or MOST_RUNS) as watcher:
        results = results_until_clear(
            scenarios,
            pairs=pairs,
            at=at,
            domain=domain,
            most=most or MOST_RUNS,
            seed=seed,
            execution=Execution(out, command=command, watcher=watcher),
        )
    by_file = dict(zip(files, results, strict=True))
    return [by_file[path] for path in paths]


def _level(text: str | None) -> float | None:
    """The level of --reach; None for the next anchor."""
    if text is None or text == "next":
        return None
    try:
        level = float(text)
    except ValueError:
        level = 2.0
    if not -1 <= level <= 1:
        text = "Name a level of cooperation between -1 and 1, or next."
        raise typer.BadParameter(text, param_hint="--reach")
    return level


def _pairs(pairs: list[str], comparisons: list[Comparison]) -> list[str]:
    """The pairs to compare: those named, all, or the watched ones, if all comparisons have them."""
    if pairs and pairs != ["all"]:
        with wrong_use("--pair"):
            names = [[comparison.named(pair) for pair in pairs] for comparison in comparisons]
        return list(dict.fromkeys(names[0]))
    candidates = comparisons[0].pairs if pairs else comparisons[0].watched
    shared = [pair for pair in candidates if all(pair in each.pairs for each in comparisons)]
    if not shared:
        raise ResultsError("No watched pair is in all scenarios. Name one with --pair.")
    return shared


def _draw_comparisons(comparisons: list[Comparison], pairs: list[str], file: Path) -> None:
    """A panel per pair; many pairs of one comparison as small multiples."""
    from relsim.figures.compare import MOST_PANELS, difference_chart, difference_multiples
    from relsim.figures.save import save_chart

    if len(comparisons) == 1 and len(pairs) > MOST_PANELS:
        save_chart(difference_multiples(comparisons[0], pairs), file)
    else:
        save_chart(difference_chart(comparisons, pairs), file)
    typer.echo(f"Wrote {file}.")


def show_comparison(
    console: Console,
    comparison: Comparison,
    effects: Mapping[str, Effect],
    month: Month,
    reached: Sequence[Reaching],
    names: tuple[str, str] | None = None,
) -> None:
    """Prints the tables of a comparison and how to read them.

    Args:
        console: where to.
        comparison, effects, month, reached: what to show.
        names: of base and other; their titles by default.
    """
    names = names or comparison.titles
    console.print(comparison_table(names, effects))
    say(console, comparison_lines(comparison, effects, month))
    say(console, interest_lines(comparison, effects, month))
    if reached:
        console.print(reaching_table(names[1], reached))
        say(console, [reaching_line(reached)])


def comparison_rows(
    comparison: Comparison,
    effects: Mapping[str, Effect],
    month: Month,
    reached: Sequence[Reaching],
    names: tuple[str, str] | None = None,
) -> DataFrame:
    """What is shown, as one table for a spreadsheet, a row per pair."""
    import pandas as pd

    from relsim.analysis.effects import effects_table
    from relsim.stats import as_row

    table = effects_table(effects, month)
    base, other = names or comparison.titles
    table.insert(0, "base", base)
    table.insert(1, "other", other)
    table.insert(2, "cooperation", comparison.domain or "overall")
    if not reached:
        return table
    times = pd.DataFrame([as_row(reaching) for reaching in reached]).drop(columns="runs")
    return table.merge(
        times.rename(columns=lambda name: f"reach_{name}"),
        how="left",
        left_on="pair",
        right_on="reach_pair",
    ).drop(columns="reach_pair")


def comparison_table(names: tuple[str, str], effects: Mapping[str, Effect]) -> Table:
    """A row for each pair: its median in both, the paired difference, the share of runs in which it
    is higher."""
    base, other = names
    table = Table(
        title=Text(f"{other}\ncompared with {base}"), title_justify="left", title_style="bold"
    )
    table.add_column("pair", justify="left")
    for name in ("base", "other", "difference", "P(higher)"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", justify="left")
    for pair, effect in effects.items():
        table.add_row(
            pair,
            signed(effect.base_median),
            signed(effect.other_median),
            _with_interval(effect.mean, 4),
            f"{effect.p_higher.value:.2f}",
            _verdict(effect),
        )
    return table


def _with_interval(estimate: Estimate, digits: int) -> str:
    """A mean with its interval, if it has one: half its width if symmetric, else its ends."""
    mean, low, high = estimate
    if math.isclose(high - mean, mean - low, rel_tol=1e-6, abs_tol=1e-12):
        return f"{signed(mean, digits)} ± {high - mean:.{digits}f}"
    return with_interval(mean, low, high, partial(signed, digits=digits))


def _verdict(effect: Effect) -> Text:
    if effect.negligible:
        return Text(f"{effect.verdict}, negligible", style="dim")
    return Text(effect.verdict, style=COLOURS[effect.verdict])


def comparison_lines(
    comparison: Comparison, effects: Mapping[str, Effect], month: Month
) -> list[str]:
    """What the table shows, what was paired, and what more runs would settle."""
    from relsim.analysis.effects import NEGLIGIBLE

    lines = [
        f"{comparison.quantity.capitalize()}, −1 to 1, at {month}: medians, mean paired "
        f"difference ± 95 %, share of runs above the base. {_paired(comparison)}",
        *narrowing_line(effects),
    ]
    if any(effect.negligible for effect in effects.values()):
        size = f"{NEGLIGIBLE:g}, a tenth of the steps in which opening ties are coded"
        lines.append(f"Negligible: the whole interval lies nearer to 0 than {size}.")
    if line := no_difference_line(comparison, effects, month):
        return [*lines, line]
    if any(effect.verdict == "identical" for effect in effects.values()):
        lines.append(f"Identical: {unseen_in_words(comparison.runs)}.")
    for pair, effect in effects.items():
        if effect.few_differ:
            lines.append(f"{pair}: {few_differ_in_words(effect)}.")
        elif effect.verdict == "not distinguishable" and not effect.negligible:
            lines.append(f"{pair}: {runs_needed_in_words(effect)}.")
    return lines


def interest_lines(
    comparison: Comparison, effects: Mapping[str, Effect], month: Month
) -> list[str]:
    """Which interests differ and how they were taken, and which carry the first difference."""
    from relsim.scenario.interests import differing_interests_in_words

    carriers = comparison.main_carriers(effects, month)
    differing = differing_interests_in_words(*comparison.scenarios)
    return [line for line in (differing, carriers.sentence if carriers else "") if line]


def no_difference_line(comparison: Comparison, effects: Mapping[str, Effect], month: Month) -> str:
    """Why there is no difference; empty if there may be one."""
    from relsim.scenario.diff import acting_differences, diff, events_reordered

    scenarios = comparison.scenarios
    acting = acting_differences(*scenarios)
    identical = all(effect.verdict == "identical" for effect in effects.values())
    if not acting and not events_reordered(*scenarios):
        only = (
            "differ only in words, claims or what is shown" if diff(*scenarios) else "are the same"
        )
        return f"No difference can arise: the inputs {only}."
    if comparison.act_alike:
        return (
            "No difference can arise: the same acts, named or written in another way. Draws go by "
            "name, so single runs may differ; the futures as a whole do not."
        )
    if not identical:
        return ""
    paths = [difference.path for difference in acting] or ["the order of events"]
    more = f" and {len(paths) - PATHS_SHOWN} more" if len(paths) > PATHS_SHOWN else ""
    inputs = f"What differs in the inputs ({', '.join(paths[:PATHS_SHOWN])}{more})"
    return f"{inputs} moves none of these pairs by {month}: {unseen_in_words(comparison.runs)}."


def _paired(comparison: Comparison) -> str:
    runs, most = comparison.runs, max(comparison.base.runs, comparison.other.runs)
    if runs == most:
        return f"{runs:,} runs are paired."
    return f"The first {runs:,} runs of both are paired, of {most:,} of the larger."


def narrowing_line(effects: Mapping[str, Effect]) -> list[str]:
    """How much narrower pairing makes the intervals; nothing if that is not known."""
    known = {
        pair: effect.narrowing
        for pair, effect in effects.items()
        if math.isfinite(effect.narrowing) and not effect.few_differ
    }
    if not known:
        return []
    least = min(known, key=lambda pair: known[pair])
    narrowing = known[least]
    much = f"{narrowing:.1f}" if narrowing < MOST_NARROWING else f"{MOST_NARROWING:,}"
    times = f"at least {much} times ({least})"
    return [f"Pairing run by run narrows the 95 % intervals {times} against unpaired runs."]


def unseen_in_words(runs: int) -> str:
    """What it means that no run differs."""
    from relsim.stats import most_share_unseen

    digits = 2 if runs > 300 else 1
    share = math.ceil(most_share_unseen(runs) * 10 ** (digits + 2)) / 10 ** (digits + 2)
    return f"no run of {runs:,} differs, so fewer than {percent(share, digits)} of runs do (95 %)"


def few_differ_in_words(effect: Effect) -> str:
    """How the interval is made where few runs differ."""
    few = f"only {effect.differ} of {effect.runs:,} runs differ{'s' if effect.differ == 1 else ''}"
    if not math.isfinite(effect.mean.low):
        return f"{few}, too few for an interval; ask for more runs"
    return (
        f"{few}, so the interval is wide: it combines the uncertainty of that share with that of "
        "the mean of these runs"
    )


def runs_needed_in_words(effect: Effect) -> str:
    """How many runs would show a difference worth naming in a pair where these show none."""
    from relsim.analysis.effects import NEGLIGIBLE

    if math.isnan(effect.runs_needed):
        return "one run shows no spread; ask for more with --runs"
    size = f"a difference of {NEGLIGIBLE:g}, the smallest worth naming"
    if math.isinf(effect.runs_needed):
        return f"no number of runs worth asking for would show {size}"
    if effect.runs_needed <= effect.runs:
        return f"{effect.runs:,} runs show {size}, four times in five, so there is hardly one"
    return f"about {effect.runs_needed:,.0f} runs would show {size}, four times in five"


def reaching_table(scenario: str, reached: Sequence[Reaching]) -> Table:
    """A row for each pair: the share of runs that get past a level, by when, and how much later."""
    table = Table(
        title=Text(f"Time to a level, {scenario}"), title_justify="left", title_style="bold"
    )
    table.add_column("pair", justify="left")
    for name in ("past", "base", "half by", "other", "half by", "months later", "both"):
        table.add_column(name, justify="right")
    for reaching in reached:
        table.add_row(
            reaching.pair,
            true_minus(f"{'>' if reaching.side == 'above' else '<'} {reaching.threshold:g}"),
            f"{reaching.base_share:.1%}",
            reaching.base_month or "–",
            f"{reaching.other_share:.1%}",
            reaching.other_month or "–",
            _with_interval(reaching.months, 1) if reaching.both else "–",
            f"{reaching.both:,}",
        )
    return table


def reaching_line(reached: Sequence[Reaching]) -> str:
    """What the columns mean, and the levels in words."""
    from relsim.scenario.shipped import ANCHORS

    levels = sorted({reaching.threshold for reaching in reached} & ANCHORS.keys())
    words = true_minus(", ".join(f"{level:g} {ANCHORS[level]}" for level in levels))
    return (
        "Share of runs that get past the level, by when half of those have, and in runs where "
        f"both do, how much later, ± 95 %.{f' On the scale: {words}.' if words else ''}"
    )
