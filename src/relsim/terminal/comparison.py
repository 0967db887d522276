"""What a scenario brings against a base: a table, and what to make of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from relsim.analysis.compare import Comparison
from relsim.analysis.effects import NEGLIGIBLE, Effect, EffectWord, Reaching, effects_table
from relsim.scenario.diff import acting_differences, diff, events_reordered
from relsim.scenario.interests import differing_interests_in_words
from relsim.scenario.shipped import ANCHORS
from relsim.scenario.values import Month
from relsim.stats import Estimate, as_row, most_share_unseen
from relsim.words import percent, signed, true_minus

COLOURS: dict[EffectWord, str] = {
    "higher": "blue",
    "lower": "dark_orange3",
    "identical": "dim",
    "not distinguishable": "yellow",
}
PATHS_SHOWN = 3  # of inputs that differ
MOST_NARROWING = 1000  # told; more says nothing more


def show_comparison(
    console: Console,
    comparison: Comparison,
    effects: Mapping[str, Effect],
    month: Month,
    reached: Sequence[Reaching],
    names: tuple[str, str] | None = None,
) -> None:
    """Prints the tables of a comparison and what to make of them.

    Args:
        console: where to.
        comparison, effects, month, reached: what to show.
        names: of base and other; their titles where absent.
    """
    names = names or comparison.titles
    console.print(comparison_table(names, effects))
    lines = comparison_lines(comparison, effects, month)
    for line in (*lines, *interest_lines(comparison, effects, month)):
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    if reached:
        console.print(reaching_table(names[1], reached))
        console.print(reaching_line(reached), soft_wrap=True, highlight=False, markup=False)


def comparison_rows(
    comparison: Comparison,
    effects: Mapping[str, Effect],
    month: Month,
    reached: Sequence[Reaching],
    names: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """What is shown as one table for a spreadsheet, a row per pair; ``names`` as shown."""
    table = effects_table(effects, month)
    base, other = names or comparison.titles
    table.insert(0, "base", base)
    table.insert(1, "other", other)
    table.insert(2, "cooperation", comparison.domain or "overall")
    if not reached:
        return table
    times = pd.DataFrame([as_row(one) for one in reached]).drop(columns="runs")
    return table.merge(
        times.rename(columns=lambda name: f"reach_{name}"),
        how="left",
        left_on="pair",
        right_on="reach_pair",
    ).drop(columns="reach_pair")


def comparison_table(names: tuple[str, str], effects: Mapping[str, Effect]) -> Table:
    """Each pair: its median in both, the paired difference, in how many runs it is higher."""
    base, other = names
    table = Table(title=Text(f"{other}\nless {base}"), title_justify="left", title_style="bold")
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
    """A mean with its interval, if it has one: half its width where symmetric, else its ends."""
    mean, low, high = estimate
    said = signed(mean, digits)
    if not (math.isfinite(low) and math.isfinite(high)):
        return said
    if math.isclose(high - mean, mean - low, rel_tol=1e-6, abs_tol=1e-12):
        return f"{said} ± {high - mean:.{digits}f}"
    return f"{said} ({signed(low, digits)} to {signed(high, digits)})"


def _verdict(effect: Effect) -> Text:
    if effect.negligible:
        return Text(f"{effect.verdict}, negligible", style="dim")
    return Text(effect.verdict, style=COLOURS[effect.verdict])


def comparison_lines(
    comparison: Comparison, effects: Mapping[str, Effect], month: Month
) -> list[str]:
    """What was paired, what pairing gained, and what more runs would settle."""
    lines = [
        f"{comparison.quantity.capitalize()}, −1 to 1, at {month}: medians, mean paired "
        f"difference ± 95 %, share of runs above the base. {_paired(comparison)}",
        *narrowing_line(effects),
    ]
    if any(effect.negligible for effect in effects.values()):
        size = f"{NEGLIGIBLE:g}, a tenth of the steps in which opening ties are coded"
        lines.append(f"Negligible: the whole interval lies nearer to 0 than {size}.")
    if said := no_difference_line(comparison, effects, month):
        return [*lines, said]
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
    found = comparison.main_carriers(effects, month)
    said = (differing_interests_in_words(*comparison.scenarios), found.sentence if found else "")
    return [sentence for sentence in said if sentence]


def no_difference_line(comparison: Comparison, effects: Mapping[str, Effect], month: Month) -> str:
    """Why there is no difference; empty where there may be one."""
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
    paths = [one.path for one in acting] or ["the order of events"]
    more = f" and {len(paths) - PATHS_SHOWN} more" if len(paths) > PATHS_SHOWN else ""
    which = f"What differs in the inputs ({', '.join(paths[:PATHS_SHOWN])}{more})"
    return f"{which} moves none of these pairs by {month}: {unseen_in_words(comparison.runs)}."


def _paired(comparison: Comparison) -> str:
    runs, most = comparison.runs, max(comparison.base.runs, comparison.other.runs)
    return (
        f"{runs:,} runs are paired."
        if runs == most
        else (f"The first {runs:,} runs of both are paired, of {most:,} of the larger.")
    )


def narrowing_line(effects: Mapping[str, Effect]) -> list[str]:
    """How much narrower pairing makes the intervals; nothing where that cannot be said."""
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
    digits = 2 if runs > 300 else 1
    share = math.ceil(most_share_unseen(runs) * 10 ** (digits + 2)) / 10 ** (digits + 2)
    return f"no run of {runs:,} differs, so fewer than {percent(share, digits)} of runs do (95 %)"


def few_differ_in_words(effect: Effect) -> str:
    """How the interval is made where few runs differ."""
    which = (
        f"only {effect.differ} of {effect.runs:,} runs differ{'s' if effect.differ == 1 else ''}"
    )
    if not math.isfinite(effect.mean.low):
        return f"{which}, too few for an interval; ask for more runs"
    return (
        f"{which}, so the interval is wide: it combines the uncertainty of that share with that of "
        "the mean of these runs"
    )


def runs_needed_in_words(effect: Effect) -> str:
    """How many runs would show a difference worth naming in a pair where these show none."""
    if math.isnan(effect.runs_needed):
        return "one run shows no spread; ask for more with --runs"
    size = f"a difference of {NEGLIGIBLE:g}, the smallest worth naming"
    if math.isinf(effect.runs_needed):
        return f"no number of runs worth asking for would show {size}"
    if effect.runs_needed <= effect.runs:
        return f"{effect.runs:,} runs show {size}, four times in five, so there is hardly one"
    return f"about {effect.runs_needed:,.0f} runs would show {size}, four times in five"


def reaching_table(scenario: str, found: Sequence[Reaching]) -> Table:
    """Each pair: in how many runs it gets past a level, by when, and how much later."""
    table = Table(
        title=Text(f"Time to a level, {scenario}"), title_justify="left", title_style="bold"
    )
    table.add_column("pair", justify="left")
    for name in ("past", "base", "half by", "other", "half by", "months later", "both"):
        table.add_column(name, justify="right")
    for one in found:
        table.add_row(
            one.pair,
            true_minus(f"{'>' if one.side == 'above' else '<'} {one.threshold:g}"),
            f"{one.base_share:.1%}",
            one.base_month or "–",
            f"{one.other_share:.1%}",
            one.other_month or "–",
            _with_interval(one.months, 1) if one.both else "–",
            f"{one.both:,}",
        )
    return table


def reaching_line(found: Sequence[Reaching]) -> str:
    """What the columns mean, and the levels in words."""
    levels = sorted({one.threshold for one in found} & ANCHORS.keys())
    words = true_minus(", ".join(f"{level:g} {ANCHORS[level]}" for level in levels))
    return (
        "Share of runs that get past the level, by when half of those have, and in runs where "
        f"both do, how much later, ± 95 %.{f' On the scale: {words}.' if words else ''}"
    )
