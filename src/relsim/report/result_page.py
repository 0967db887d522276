"""The page of one result: words, claims, futures, what differs, why, inputs, how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from relsim.analysis.account import story
from relsim.analysis.compare import Comparison
from relsim.analysis.findings import (
    Findings,
    claims_sentence,
    coverage_sentence,
    pair_sentences,
    pair_title,
)
from relsim.analysis.interests import Carriers, interest_label
from relsim.analysis.spread import Spread, share_in_words, spreads
from relsim.analysis.summary import how_often, months_of
from relsim.errors import ResultsError
from relsim.figures.compare import carriers_name, difference_name
from relsim.figures.network import network_chart, network_tables
from relsim.figures.result import (
    Marked,
    fan_card,
    fan_span,
    pair_explorer,
)
from relsim.figures.spread import spread_panel
from relsim.figures.style import configured
from relsim.report.inputs import input_tables
from relsim.report.page import Table, chart_data, claim_rows, render
from relsim.scenario.interests import differing_interests_in_words, interests_in_words
from relsim.scenario.schema import Scenario
from relsim.scenario.timing import timing_words
from relsim.words import fixed, listed, percent, signed, with_interval

MOST_PAIRS = 60  # that can be picked: their bands take about 20 kB each
CAUTION = "This is what follows from the scenario's assumptions."
WORTH_NAMING = 0.005  # a difference in cooperation, in a sentence
MOST_OUT_OF_LINE = 5  # pairs that are warmer than interests say, and as many colder ones
FOUR_DIGITS = partial(signed, digits=4)
PAIR_COLUMNS = ("pair", "level", "said", "warmth")
BANDS = ("q0.025", "q0.1", "q0.25", "q0.5", "q0.75", "q0.9", "q0.975")


def result_page(
    findings: Findings,
    definitions: Mapping[str, Any],
    manifest: Mapping[str, Any],
    script: str,
    looking: Sequence[str] = (),
) -> str:
    """The page as text.

    Args:
        findings: what to show.
        definitions: of the charts that are figures too, by name.
        manifest: of :func:`relsim.results.manifest.manifest`.
        script: of :meth:`relsim.figures.save.Painter.script`.
        looking: how the number of runs was chosen by looking; empty where it was not.
    """
    scenario, summary, spread = findings.scenario, findings.summary, _spread(findings)
    return render(
        "result.html",
        script,
        title=scenario.title,
        about=scenario.about,
        manifest=manifest,
        looking=looking,
        sections=_sections(findings),
        spread=spread,
        sentences=[
            *(_difference_sentence(comparison) for comparison in findings.comparisons.values()),
            *pair_sentences(scenario, summary),
        ],
        claims_sentence=claims_sentence(findings.claims),
        caution=CAUTION,
        coverage=coverage_sentence(scenario),
        claims=claim_rows(findings.claims),
        comparisons=[
            _difference(file, comparison, findings.carriers.get(file))
            for file, comparison in findings.comparisons.items()
        ],
        interests=_interests(findings),
        accounts=[
            {
                "id": f"why-{account.pair}",
                "title": pair_title(scenario, account.pair),
                "stories": [story(account, direction) for direction in account.directions],
            }
            for account in findings.accounts.values()
        ],
        drawn=definitions,
        account_runs=_account_runs(findings),
        explorer=_explorer(scenario, summary),
        network=_network(scenario, summary),
        inputs=input_tables(scenario),
        **_futures(findings),
    )


def _sections(findings: Findings) -> list[tuple[str, str]]:
    """The id and name of each section that the page has."""
    sections = [
        ("headline", "In words", True),
        ("claims", "Claims", bool(findings.claims)),
        ("futures", "Futures", True),
        ("spread", "Spread", True),
        ("difference", "Difference", bool(findings.comparisons)),
        ("network", "Network", True),
        ("why", "Why", bool(findings.accounts)),
        ("interests", "Interests", True),
        ("pairs", "Any pair", True),
        ("matrix", "All pairs", findings.all_pairs),
        ("inputs", "Inputs", True),
        ("manifest", "How this was made", True),
    ]
    return [(key, name) for key, name, present in sections if present]


def _account_runs(findings: Findings) -> str:
    """Which runs the accounts are means of, in a sentence; empty where there is no account."""
    for account in findings.accounts.values():
        if account.runs < findings.ensemble.runs:
            first, every = account.runs + len(account.failed), findings.ensemble.asked
            return f"Means of the first {first:,} of {every:,} runs, since all would take long."
        return "Means of all runs."
    return ""


def _futures(findings: Findings) -> dict[str, Any]:
    """A fan for each watched pair, and how often events happen."""
    scenario = findings.scenario
    watched = scenario.pair_names(scenario.watched_pairs)
    marked = Marked.on(scenario, findings.events, watched)
    span = fan_span(findings.summary, watched)
    fans = [
        {
            "id": f"fan-{pair}",
            "title": pair_title(scenario, pair),
            "definition": chart_data(fan_card(scenario, findings.summary, pair, span, marked)),
            "table": levels_table(scenario, findings.summary, pair),
        }
        for pair in watched
    ]
    signs = {**marked.numbers, **marked.letters}
    table = events_table(scenario, how_often(findings.ensemble), signs)
    return {
        "fans": fans,
        "marked": bool(marked.numbers),
        "strips": marked.chance_sentence(scenario.time.step),
        "events": table,
    }


def events_table(scenario: Scenario, often: pd.DataFrame, signs: Mapping[str, Any]) -> Table:
    """How often each event happens in a run, and when first.

    Args:
        scenario: for when they happen.
        often: of :func:`relsim.analysis.summary.how_often`.
        signs: what stands for an event in the figures; those without have an empty cell.
    """
    # Marked events in the order of their numbers and letters, then the others.
    order = {name: place for place, name in enumerate(signs)}
    rows = [
        (
            str(signs.get(row["event"], "")),
            row["label"],
            timing_words(scenario.events[row["event"]], scenario.events),
            f"{percent(row['share'], 1)} ({100 * row['share_low']:.1f} to "
            f"{percent(row['share_high'], 1)})",
            fixed(row["mean_times"], 2),
            " to ".join(dict.fromkeys([row["first25"], row["first75"]])) or "–",
        )
        for row in sorted(
            often.to_dict("records"), key=lambda row: order.get(row["event"], len(order))
        )
    ]
    caption = (
        "The share of the runs in which each happens at least once, with its 95 % interval; in how "
        "many steps it happens, mean of all runs; and the month of its first time, the middle half "
        "of the runs in which it happens"
    )
    head = ("mark", "event", "when", "happens in (95 %)", "times", "first time")
    return Table("", caption, head, tuple(rows))


def _spread(findings: Findings) -> dict[str, Any]:
    """Where the differences between runs come from: for each watched pair a sentence, a chart where
    an input is named, and a table; or why that cannot be told."""
    scenario = findings.scenario
    watched = scenario.pair_names(scenario.watched_pairs)
    try:
        found = spreads(findings.ensemble, watched, scenario.time.steps)
    except ResultsError as error:
        return {"pairs": [], "refusal": str(error)}
    pairs = [
        {
            "id": f"spread-{one.pair}",
            "sentence": one.sentence,
            "definition": None if one.named.empty else chart_data(configured(spread_panel(one))),
            "table": _spread_table(one),
        }
        for one in found
    ]
    return {"pairs": pairs, "refusal": ""}


def _spread_table(spread: Spread) -> Table:
    """The share of every input, and what is left over."""
    rows = [
        (
            str(row["name"]),
            str(row["kind"]),
            share_in_words(row["share"], row["low"], row["high"]),
            signed(row["difference"], 3),
        )
        for row in spread.table.to_dict("records")
    ]
    rows.append(("left over", "", share_in_words(*spread.left), ""))
    caption = (
        f"{pair_title(spread.scenario, spread.pair)} in {spread.month}: shares of the variance "
        f"between {spread.runs:,} runs, and by how much runs with more of it than the median are "
        "higher on average, compared with the others"
    )
    head = ("goes with", "kind", "share (95 %)", "level with more")
    return Table("", caption, head, tuple(rows))


def levels_table(scenario: Scenario, summary: xr.Dataset, pair: str) -> Table:
    """Levels of a pair once a year, as far as recorded, and at the end."""
    levels = summary["overall"].sel(pair=pair)
    times = pd.DatetimeIndex(levels["time"].values)
    yearly = np.flatnonzero(times.month == times[0].month).tolist()
    months = months_of(levels["time"].values)
    table = levels.sel(statistic=list(BANDS)).transpose("time", "statistic").values
    steps = sorted({*yearly, len(times) - 1})
    rows = [(months[step], *(signed(float(level)) for level in table[step])) for step in steps]
    head = ("month", "2.5 %", "10 %", "25 %", "median", "75 %", "90 %", "97.5 %")
    caption = f"{pair_title(scenario, pair)}: overall cooperation, quantiles over the runs"
    return Table("", caption, head, tuple(rows))


def _difference_sentence(comparison: Comparison) -> str:
    """By how much the watched pairs end higher or lower than in another scenario."""
    effects = comparison.effects().sort_values("mean", key=abs, ascending=False, kind="stable")
    moves = [
        f"{pair_title(comparison.other.scenario, str(row['pair']))} ends {row['verdict']} "
        f"by {fixed(abs(row['mean']), 3)}"
        for row in effects.to_dict("records")
        if row["verdict"] in ("higher", "lower") and abs(row["mean"]) >= WORTH_NAMING
    ]
    moved = listed(moves) or f"no watched pair clearly ends higher or lower by {WORTH_NAMING}"
    return f"Compared with “{comparison.titles[0]}”, run by run, {moved} (mean over the runs)."


def _difference(file: str, comparison: Comparison, carriers: Carriers | None) -> dict[str, Any]:
    """What the scenario brings against another, and which interests carry it, as charts and
    tables."""
    effects = comparison.effects().sort_values("mean", key=abs, ascending=False, kind="stable")
    rows = [
        (
            pair_title(comparison.other.scenario, str(row["pair"])),
            signed(row["base_median"]),
            signed(row["other_median"]),
            "under 0.0001"
            if 0 < abs(row["mean"]) < 0.00005
            else with_interval(row["mean"], row["mean_low"], row["mean_high"], FOUR_DIGITS),
            percent(row["p_higher"]),
            str(row["verdict"]),
        )
        for row in effects.to_dict("records")
    ]
    head = ("pair", "base", "this one", "mean difference (95 %)", "runs in which higher", "verdict")
    caption = (
        f"Overall cooperation at the end: medians of the base, “{comparison.titles[0]}”, and of "
        f"this scenario, and the difference between them in {comparison.runs:,} paired runs"
    )
    return {
        "id": difference_name(file),
        "file": file,
        "name": comparison.titles[0],
        "table": Table("", caption, head, tuple(rows)),
        "interests": differing_interests_in_words(*comparison.scenarios),
        "carriers": None if carriers is None else _carriers(file, comparison, carriers),
    }


def _carriers(file: str, comparison: Comparison, carriers: Carriers) -> dict[str, Any]:
    """Which interests carry a difference: a sentence, a chart and a table."""
    rows = [
        (
            interest_label(str(row["interest"]), *comparison.scenarios),
            str(row["interest"]),
            signed(row["without"], 4),
            with_interval(row["carried"], row["low"], row["high"], FOUR_DIGITS),
        )
        for row in carriers.table.to_dict("records")
    ]
    pair = pair_title(comparison.base.scenario, carriers.pair)
    caption = (
        f"{pair} in {carriers.month}: the difference of {signed(carriers.effect, 4)}, mean of "
        f"{carriers.runs:,} paired runs, with each interest held at 0 in both scenarios"
    )
    head = ("interest", "path", "difference without it", "carried by it (95 %)")
    return {
        "id": carriers_name(file),
        "pair": pair,
        "sentence": carriers.sentence_on(
            pair, lambda interest: interest_label(interest, *comparison.scenarios)
        ),
        "table": Table("", caption, head, tuple(rows)),
    }


def _interests(findings: Findings) -> dict[str, Any]:
    """How interests were taken, how much of the opening they explain, and what is out of line."""
    explained, scenario = findings.explained, findings.scenario
    shown = [explained.warmer(MOST_OUT_OF_LINE), explained.colder(MOST_OUT_OF_LINE).iloc[::-1]]
    rows = [
        (pair_title(scenario, pair), signed(level), signed(said), signed(warmth))
        for pair, level, said, warmth in pd.concat(shown)[list(PAIR_COLUMNS)].to_numpy()
    ]
    gap = float((explained.pairs["level"] - explained.pairs["said"]).mean())
    caption = (
        "The pairs most out of line, the warmest first. Interests say: where third parties and "
        "issues alone would hold the pair, with all others as they open. Warmer or colder: opening "
        f"minus that, compared with the mean of all pairs, {signed(gap)}"
    )
    head = ("pair", "opens at", "interests say", "warmer (+) or colder (−)")
    return {
        "taken": interests_in_words(scenario),
        "explained": explained.share_sentence,
        "table": Table("", caption, head, tuple(rows)),
    }


def _network(scenario: Scenario, summary: xr.Dataset) -> dict[str, Any]:
    """The network of states, the months of its slider, and the states whose ties can stand out."""
    nodes, ties, months = network_tables(scenario, summary)
    some = (
        f"{len(nodes)} of {len(scenario.states)} states: those of the watched pairs, and those "
        "with the strongest ties recorded."
    )
    return {
        "definition": network_chart(nodes, ties, months),
        "months": months,
        "states": sorted((node["name"], node["state"]) for node in nodes),
        "left_out": some if len(nodes) < len(scenario.states) else "",
    }


def _explorer(scenario: Scenario, summary: xr.Dataset) -> dict[str, Any]:
    """Every pair to pick from; where they are too many, those that move most."""
    pairs = [str(pair) for pair in summary["pair"].values]
    shown, left_out = pairs, ""
    if len(pairs) > MOST_PAIRS:
        watched = scenario.pair_names(scenario.watched_pairs)
        middle = summary["overall"].sel(statistic="q0.5")
        moved = abs(middle.isel(time=-1) - middle.isel(time=0)).to_series()
        ranked = moved.sort_values(ascending=False, kind="stable").index
        shown = list(dict.fromkeys([*watched, *map(str, ranked)]))[:MOST_PAIRS]
        left_out = (
            f"The watched pairs and those that move most: {MOST_PAIRS} of {len(pairs)}. "
            "summary.csv has the others."
        )
    named = sorted((pair_title(scenario, pair), pair) for pair in shown)
    first = scenario.pair_names(scenario.watched_pairs)[0]
    return {
        "first": first,
        "pairs": [(pair, name) for name, pair in named],
        "definition": chart_data(pair_explorer(summary, [pair for _, pair in named], first)),
        "left_out": left_out,
    }
