"""The page of one result: words, claims, futures, why, inputs, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import xarray as xr

from relsim.analysis.claims import Verdict
from relsim.analysis.headline import claims_sentence, pair_sentences, pair_title
from relsim.analysis.numerals import signed
from relsim.ensemble.simulate import Ensemble
from relsim.figures.event_marks import certain_events, event_numbers, marks_of
from relsim.figures.explorer import pair_explorer
from relsim.figures.fan import fan_card
from relsim.figures.matrix import start_to_end_matrix
from relsim.model.plan import pair_names
from relsim.report.claims_rows import claim_rows
from relsim.report.inputs import Table, input_tables
from relsim.report.page import chart_data, render
from relsim.scenario.schema import Scenario

CAUTION = (
    "This is what follows from the scenario's assumptions. It is not a forecast of known skill: "
    "no hindcast of these parameters has been scored."
)
MOST_PAIRS = 120  # that can be picked: their bands take about 10 kB each
BANDS = ("q0.025", "q0.1", "q0.25", "q0.5", "q0.75", "q0.9", "q0.975")


def result_page(
    ensemble: Ensemble,
    summary: xr.Dataset,
    events: pd.DataFrame,
    claims: Sequence[Verdict],
    manifest: Mapping[str, Any],
    script: str,
) -> str:
    """The page as text.

    Args:
        ensemble: every run.
        summary: of :func:`relsim.analysis.summary.summarise`.
        events: of :func:`relsim.analysis.summary.event_table`.
        claims: the verdict on each claim.
        manifest: of :func:`relsim.results.manifest.manifest`.
        script: of :meth:`relsim.figures.save.Painter.script`.
    """
    scenario = ensemble.scenario
    watched = pair_names(scenario.watched_pairs)
    certain = certain_events(events)
    marks = {pair: marks_of(pair, certain, scenario.events) for pair in watched}
    numbers = event_numbers(marks)
    return render(
        "result.html",
        script,
        title=scenario.name,
        about=scenario.about,
        manifest=manifest,
        sections=_sections(bool(claims)),
        sentences=pair_sentences(scenario, summary),
        claims_sentence=claims_sentence(claims),
        caution=CAUTION,
        claims=claim_rows(claims),
        fans=[_fan(scenario, summary, pair, marks[pair], numbers) for pair in watched],
        event_names=[scenario.events[name].label or name for name in numbers],
        explorer=_explorer(scenario, summary),
        matrix=chart_data(start_to_end_matrix(scenario, summary)),
        inputs=input_tables(scenario),
    )


def _sections(has_claims: bool) -> list[tuple[str, str]]:
    claims = [("claims", "Claims")] if has_claims else []
    return [
        ("headline", "In words"),
        *claims,
        ("futures", "Futures"),
        ("pairs", "Any pair"),
        ("matrix", "All pairs"),
        ("inputs", "Inputs"),
        ("manifest", "How this was made"),
    ]


def _fan(
    scenario: Scenario,
    summary: xr.Dataset,
    pair: str,
    marks: pd.DataFrame,
    numbers: dict[str, int],
) -> dict[str, Any]:
    return {
        "id": f"fan-{pair}",
        "title": pair_title(scenario, pair),
        "definition": chart_data(fan_card(scenario, summary, pair, marks, numbers)),
        "table": levels_table(scenario, summary, pair),
    }


def levels_table(scenario: Scenario, summary: xr.Dataset, pair: str) -> Table:
    """Levels of a pair once a year, and at the end."""
    levels = summary["overall"].sel(pair=pair)
    steps = len(levels["time"])
    yearly = max(1, 12 // scenario.time.months_per_step)
    chosen = sorted({*range(0, steps, yearly), steps - 1})
    months = pd.DatetimeIndex(levels["time"].values).strftime("%Y-%m")
    rows = []
    for step in chosen:
        at = levels.isel(time=step)
        rows.append((months[step], *(signed(float(at.sel(statistic=name))) for name in BANDS)))
    head = ("month", "2.5 %", "10 %", "25 %", "median", "75 %", "90 %", "97.5 %")
    caption = f"{pair_title(scenario, pair)}: overall cooperation, quantiles over the runs"
    return Table("", caption, head, tuple(rows))


def _explorer(scenario: Scenario, summary: xr.Dataset) -> dict[str, Any]:
    """Every pair to pick from; where they are too many, those that move most."""
    pairs = [str(pair) for pair in summary["pair"].values]
    shown, left_out = pairs, ""
    if len(pairs) > MOST_PAIRS:
        watched = pair_names(scenario.watched_pairs)
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
