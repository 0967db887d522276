"""Fan charts: where a pair may go, with the events that touch it marked."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import xarray as xr

from relsim.figures.bands import band_frame, band_layers, median_layer, time_span, widest_band
from relsim.figures.event_marks import (
    certain_events,
    event_key,
    event_numbers,
    mark_layers,
    marks_of,
)
from relsim.figures.style import INK, WIDTH, configured, panel_title
from relsim.scenario.schema import Scenario

HEIGHT = 170
LEAST_SPAN = 0.3  # of the cooperation axis, so that noise does not look like news


def fan_chart(
    scenario: Scenario, summary: xr.Dataset, events: pd.DataFrame, pairs: list[str] | None = None
) -> Any:
    """Fans of overall cooperation, one under the other, all to one scale.

    Args:
        scenario: for names and labels.
        summary: of :func:`relsim.analysis.summary.summarise`.
        events: of :func:`relsim.analysis.summary.event_table`; those that act on a pair in
            every run are marked on its fan.
        pairs: which pairs; the watched ones where absent.
    """
    pairs = pairs or [f"{a}-{b}" for a, b in scenario.watched_pairs]
    certain = certain_events(events)
    marks = {pair: marks_of(pair, certain, scenario.events) for pair in pairs}
    numbers = event_numbers(marks)
    span = max(_band_span(summary, pair) for pair in pairs)
    panels = [
        _panel(scenario, summary, pair, marks[pair], numbers, span, last=pair == pairs[-1])
        for pair in pairs
    ]
    labels = dict(zip(certain["event"], certain["label"], strict=True))
    title = "Events that happen in every run (first time)"
    key = [event_key(title, numbers, labels)] if numbers else []
    chart = alt.vconcat(*panels, *key, spacing=12).properties(
        title=alt.TitleParams(
            scenario.name,
            subtitle=[
                "Overall cooperation, −1 to 1: median, and bands that hold the stated share of "
                "runs. Dotted: the opening level"
            ],
        )
    )
    return configured(chart)


def _panel(
    scenario: Scenario,
    summary: xr.Dataset,
    pair: str,
    marks: pd.DataFrame,
    numbers: dict[str, int],
    reach: float,
    *,
    last: bool,
) -> Any:
    levels = summary["overall"].sel(pair=pair)
    frame = band_frame(levels)
    low, high = axis_range(summary, pair, reach)
    axis = alt.Axis(format="%Y", labels=last, ticks=last, tickCount="year")
    x = alt.X("time:T", title=None, axis=axis)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    y = alt.Y("low:Q", title="cooperation", scale=scale, axis=alt.Axis(tickCount=5, format=".2f"))
    opening = pd.DataFrame({"y": [float(levels.sel(statistic="q0.5")[0])]})
    rule = (
        alt.Chart(opening)
        .mark_rule(color=INK, strokeDash=[2, 3], opacity=0.6)
        .encode(y=alt.Y("y:Q", scale=scale))
    )
    marked = mark_layers(marks, numbers, time_span(levels))
    layers = alt.layer(*band_layers(frame, x, y), rule, median_layer(frame, x), *marked)
    title = panel_title(pair_title(scenario, pair))
    return layers.properties(width=WIDTH, height=HEIGHT, title=title)


def _band_span(summary: xr.Dataset, pair: str) -> float:
    low, high = widest_band(summary["overall"].sel(pair=pair))
    return max(LEAST_SPAN, 1.1 * (high - low))


def axis_range(summary: xr.Dataset, pair: str, span: float) -> tuple[float, float]:
    """A range of the given span around the widest band, within -1 to 1."""
    low, high = widest_band(summary["overall"].sel(pair=pair))
    span = min(span, 2.0)
    start = max(-1.0, min((low + high - span) / 2, 1.0 - span))
    return start, start + span


def pair_title(scenario: Scenario, pair: str) -> str:
    """A pair by the names of its states."""
    names = [scenario.states[code].name or code for code in pair.split("-")]
    return " – ".join(names)
