"""The page of one result: words, claims, futures, what differs, why, inputs, how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from relsim.analysis.account import Account, Story, story
from relsim.analysis.compare import Comparison
from relsim.analysis.findings import (
    ACCOUNT_RUNS,
    Findings,
    claims_sentence,
    coverage_sentence,
    pair_sentences,
    pair_title,
)
from relsim.analysis.interests import Carriers, interest_label
from relsim.analysis.summary import months_of
from relsim.figures.carriers import carriers_name
from relsim.figures.difference import difference_name
from relsim.figures.event_marks import certain_events, event_numbers, marks_of
from relsim.figures.explorer import pair_explorer
from relsim.figures.fan import fan_card
from relsim.report.claims_rows import claim_rows
from relsim.report.inputs import Table, input_tables
from relsim.report.page import chart_data, render
from relsim.scenario.reference import differing_interests_in_words, interests_in_words
from relsim.scenario.schema import Scenario
from relsim.words import percent, signed

MOST_PAIRS = 60  # that can be picked: their bands take about 20 kB each
CAUTION = "This is what follows from the scenario's assumptions."
MOST_OUT_OF_LINE = 5  # pairs that are warmer than interests say, and as many colder ones
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
    scenario, summary = findings.scenario, findings.summary
    return render(
        "result.html",
        script,
        title=scenario.title,
        about=scenario.about,
        manifest=manifest,
        looking=looking,
        sections=_sections(findings),
        sentences=pair_sentences(scenario, summary),
        claims_sentence=claims_sentence(findings.claims),
        caution=CAUTION,
        coverage=coverage_sentence(scenario),
        claims=claim_rows(findings.claims),
        comparisons=[
            _difference(file, comparison, findings.carriers.get(file))
            for file, comparison in findings.comparisons.items()
        ],
        interests=_interests(findings),
        accounts=[_why(account) for account in findings.accounts.values()],
        drawn=definitions,
        account_runs=min(findings.ensemble.asked, ACCOUNT_RUNS),
        explorer=_explorer(scenario, summary),
        inputs=input_tables(scenario),
        **_futures(findings),
    )


def _sections(findings: Findings) -> list[tuple[str, str]]:
    optional = {
        "claims": bool(findings.claims),
        "difference": bool(findings.comparisons),
        "why": bool(findings.accounts),
        "matrix": findings.all_pairs,
    }
    named = {
        "headline": "In words",
        "claims": "Claims",
        "futures": "Futures",
        "difference": "Difference",
        "why": "Why",
        "interests": "Interests",
        "pairs": "Any pair",
        "matrix": "All pairs",
        "inputs": "Inputs",
        "manifest": "How this was made",
    }
    return [(key, name) for key, name in named.items() if optional.get(key, True)]


def _futures(findings: Findings) -> dict[str, Any]:
    """A fan for each watched pair, and the names of the events marked on them."""
    scenario = findings.scenario
    watched, certain = scenario.pair_names(scenario.watched_pairs), certain_events(findings.events)
    marks = {pair: marks_of(pair, certain, scenario.events) for pair in watched}
    numbers = event_numbers(marks)
    fans = [
        {
            "id": f"fan-{pair}",
            "title": pair_title(scenario, pair),
            "definition": chart_data(
                fan_card(scenario, findings.summary, pair, marks[pair], numbers)
            ),
            "table": levels_table(scenario, findings.summary, pair),
        }
        for pair in watched
    ]
    return {"fans": fans, "event_names": [scenario.events[name].label or name for name in numbers]}


def levels_table(scenario: Scenario, summary: xr.Dataset, pair: str) -> Table:
    """Levels of a pair once a year, as far as recorded, and at the end."""
    levels = summary["overall"].sel(pair=pair)
    times = pd.DatetimeIndex(levels["time"].values)
    yearly = np.flatnonzero(times.month == times[0].month).tolist()
    chosen = sorted({*yearly, len(times) - 1})
    months = months_of(levels["time"].values)
    rows = []
    for step in chosen:
        at = levels.isel(time=step)
        rows.append((months[step], *(signed(float(at.sel(statistic=name))) for name in BANDS)))
    head = ("month", "2.5 %", "10 %", "25 %", "median", "75 %", "90 %", "97.5 %")
    caption = f"{pair_title(scenario, pair)}: overall cooperation, quantiles over the runs"
    return Table("", caption, head, tuple(rows))


def _difference(file: str, comparison: Comparison, carriers: Carriers | None) -> dict[str, Any]:
    """What the scenario brings against another, and which interests carry it, as charts and
    tables."""
    rows = [
        (
            pair_title(comparison.other.scenario, str(row["pair"])),
            signed(row["base_median"]),
            signed(row["other_median"]),
            f"{signed(row['mean'], 4)} ({signed(row['mean_low'], 4)} to "
            f"{signed(row['mean_high'], 4)})",
            percent(row["p_higher"]),
            str(row["verdict"]),
        )
        for row in comparison.effects().to_dict("records")
    ]
    head = ("pair", "there", "here", "mean difference (95 %)", "higher in", "verdict")
    caption = (
        f"Overall cooperation at the end: medians there and here, and the paired difference of "
        f"{comparison.runs:,} runs"
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
            f"{signed(row['carried'], 4)} ({signed(row['low'], 4)} to {signed(row['high'], 4)})",
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
        "sentence": carriers.sentence,
        "table": Table("", caption, head, tuple(rows)),
    }


def _interests(findings: Findings) -> dict[str, Any]:
    """How interests were taken, how much of the opening they explain, and what is out of line."""
    found, scenario = findings.explained, findings.scenario
    shown = pd.concat([found.warmer(MOST_OUT_OF_LINE), found.colder(MOST_OUT_OF_LINE).iloc[::-1]])
    rows = [
        (pair_title(scenario, pair), signed(level), signed(said), signed(warmth))
        for pair, level, said, warmth in shown[list(PAIR_COLUMNS)].itertuples(index=False)
    ]
    gap = float((found.pairs["level"] - found.pairs["said"]).mean())
    caption = (
        "The pairs most out of line, the warmest first. Interests say: where third parties and "
        "issues alone would hold the pair, all others as they open. Warmer: the difference of the "
        f"two, less that of all pairs on average, {signed(gap)}"
    )
    head = ("pair", "opens at", "interests say", "warmer (+) or colder (−)")
    return {
        "taken": interests_in_words(scenario),
        "explained": found.share_sentence,
        "table": Table("", caption, head, tuple(rows)),
    }


def _why(account: Account) -> dict[str, Any]:
    """What moved a pair, in words and as a chart."""
    stories: list[Story] = [story(account, direction) for direction in account.directions]
    return {
        "id": f"why-{account.pair}",
        "title": pair_title(account.scenario, account.pair),
        "stories": stories,
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
    first = named[0][1]
    return {
        "pairs": [(pair, name) for name, pair in named],
        "definition": chart_data(pair_explorer(summary, [pair for _, pair in named], first)),
        "left_out": left_out,
    }
