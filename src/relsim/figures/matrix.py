"""Start-to-end matrix: every pair at a glance."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import xarray as xr

from relsim.figures.style import DIVERGING, INK, configured
from relsim.scenario.schema import Scenario

CELL = 46
MOST_STATES = 50  # more cells cannot be told apart
MOST_LABELLED = 30  # with the level written in each cell


def start_to_end_matrix(scenario: Scenario, summary: xr.Dataset) -> Any:
    """Below the diagonal the opening level, above it the median at the end.

    Where the states are too many to be told apart, those of the watched pairs and those with
    the strongest ties are shown.
    """
    codes = shown_states(scenario, summary)
    frame = matrix_frame(summary, codes)
    side = min(CELL * len(codes), 1400)
    base = alt.Chart(frame).encode(
        x=alt.X("column:N", sort=codes, title=None, axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("row:N", sort=codes, title=None),
    )
    cells = base.mark_rect(stroke="white").encode(
        color=alt.Color(
            "level:Q",
            scale=alt.Scale(domain=[-1, 1], range=DIVERGING, interpolate="lab"),
            legend=alt.Legend(
                title="cooperation",
                orient="right",
                type="gradient",
                gradientLength=220,
                format="+.1f",
            ),
        )
    )
    text = base.mark_text(fontSize=10).encode(
        text=alt.Text("level:Q", format="+.2f"),
        color=alt.condition(
            "datum.level > 0.62 || datum.level < -0.8", alt.value("white"), alt.value(INK)
        ),
    )
    time = scenario.time
    layers = [cells, text] if len(codes) <= MOST_LABELLED else [cells]
    chart = alt.layer(*layers).properties(
        width=side,
        height=side,
        title=alt.TitleParams(
            scenario.title,
            subtitle=[
                f"Overall cooperation, −1 to 1. Below the diagonal {time.start}, "
                f"above it the median run at {time.end}",
                *_left_out(len(codes), len(scenario.states)),
            ],
        ),
    )
    return configured(chart)


def _left_out(shown: int, all_states: int) -> list[str]:
    if shown == all_states:
        return []
    return [f"The {shown} of {all_states} states that are watched or have the strongest ties"]


def shown_states(scenario: Scenario, summary: xr.Dataset) -> list[str]:
    """The states of the matrix in alphabetical order."""
    if len(scenario.states) <= MOST_STATES:
        return sorted(scenario.states)
    opening = summary["overall"].sel(statistic="q0.5").isel(time=0)
    strength = dict.fromkeys(scenario.states, 0.0)
    for pair, level in zip(opening["pair"].values, opening.values, strict=True):
        for code in str(pair).split("-"):
            strength[code] += abs(float(level))
    watched = {code for pair in scenario.watched_pairs for code in pair}
    ranked = sorted(strength, key=lambda code: (code not in watched, -strength[code], code))
    return sorted(ranked[:MOST_STATES])


def matrix_frame(summary: xr.Dataset, codes: list[str]) -> pd.DataFrame:
    """Opening and closing medians of the pairs among some states, long: row, column, level."""
    median = summary["overall"].sel(statistic="q0.5").isel(time=[0, -1])
    chosen, rows = set(codes), []
    for pair, (start, end) in zip(median["pair"].values, median.values.T, strict=True):
        first, second = str(pair).split("-")
        if {first, second} <= chosen:
            rows.append({"row": second, "column": first, "level": float(start)})
            rows.append({"row": first, "column": second, "level": float(end)})
    return pd.DataFrame(rows)
