"""Fan charts: where a pair may go, with the events that touch it marked."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import xarray as xr

from relsim.analysis.findings import pair_title
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
NARROW = 260  # of a panel on the page of a phone
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
    asked = [pair.split("-") for pair in pairs or ()]
    pairs = scenario.pair_names(asked or scenario.watched_pairs)
    certain = certain_events(events)
    marks = {pair: marks_of(pair, certain, scenario.events) for pair in pairs}
    numbers = event_numbers(marks)
    span = max(_band_span(summary, pair) for pair in pairs)
    panels = [
        _panel(summary, pair, marks[pair], numbers, span, labelled=pair == pairs[-1]).properties(
            width=WIDTH, height=HEIGHT, title=panel_title(pair_title(scenario, pair))
        )
        for pair in pairs
    ]
    labels = dict(zip(certain["event"], certain["label"], strict=True))
    title = "Events that happen in every run (first time)"
    key = [event_key(title, numbers, labels)] if numbers else []
    chart = alt.vconcat(*panels, *key, spacing=12).properties(
        title=alt.TitleParams(
            scenario.title,
            subtitle=[
                "Overall cooperation, −1 to 1: median, and bands that hold the stated share of "
                "runs. Dotted: the opening level",
            ],
        )
    )
    return configured(chart)


def fan_card(
    scenario: Scenario,
    summary: xr.Dataset,
    pair: str,
    marks: pd.DataFrame,
    numbers: dict[str, int],
) -> Any:
    """The fan of one pair for a page: as wide as its place, with numbers shown on hovering.

    Args:
        scenario, summary: as for :func:`fan_chart`.
        pair: as in ``PAK-RUS``.
        marks, numbers: the events marked, as of relsim.figures.event_marks.
    """
    span = _band_span(summary, pair)
    panel = _panel(summary, pair, marks, numbers, span, labelled=True, width=NARROW)
    frame = band_frame(summary["overall"].sel(pair=pair))
    hover = hover_layers(alt.Chart(frame[frame["band"] == "80 %"]), "low", "high")
    chart = alt.layer(panel, *hover)
    return configured(
        chart.properties(
            width="container",
            height=HEIGHT,
            description=f"Fan chart of {pair_title(scenario, pair)}: overall cooperation by month.",
        )
    )


def hover_layers(base: Any, low: str, high: str) -> list[Any]:
    """A line at the month nearest to the pointer, with what stands there.

    Args:
        base: a chart of rows with ``time``, ``median`` and the edges of the 80 % band.
        low, high: the columns of those edges.
    """
    nearest = alt.selection_point(
        nearest=True, on="pointerover", clear="pointerout", fields=["time"], empty=False
    )
    base = base.encode(x="time:T")
    tooltip = [
        alt.Tooltip("time:T", title="month", format="%B %Y"),
        alt.Tooltip("median:Q", title="median (cooperation)", format="+.2f"),
        alt.Tooltip(f"{low}:Q", title="80 % of runs, from", format="+.2f"),
        alt.Tooltip(f"{high}:Q", title="80 % of runs, to", format="+.2f"),
    ]
    places = base.mark_point(opacity=0).encode(y="median:Q", tooltip=tooltip)
    line = base.mark_rule(color=INK, opacity=0.5).transform_filter(nearest)
    return [line, places.add_params(nearest)]


def _panel(
    summary: xr.Dataset,
    pair: str,
    marks: pd.DataFrame,
    numbers: dict[str, int],
    reach: float,
    *,
    labelled: bool,
    width: int = WIDTH,
) -> Any:
    levels = summary["overall"].sel(pair=pair)
    frame = band_frame(levels)
    low, high = axis_range(summary, pair, reach)
    axis = alt.Axis(format="%Y", labels=labelled, ticks=labelled, tickCount="year")
    x = alt.X("time:T", title=None, axis=axis)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    y = alt.Y("low:Q", title="cooperation", scale=scale, axis=alt.Axis(tickCount=5, format=".2f"))
    opening = pd.DataFrame({"y": [float(levels.sel(statistic="q0.5")[0])]})
    rule = (
        alt.Chart(opening)
        .mark_rule(color=INK, strokeDash=[2, 3], opacity=0.6)
        .encode(y=alt.Y("y:Q", scale=scale))
    )
    marked = mark_layers(marks, numbers, time_span(levels), width)
    return alt.layer(*band_layers(frame, x, y), rule, median_layer(frame, x), *marked)


def _band_span(summary: xr.Dataset, pair: str) -> float:
    low, high = widest_band(summary["overall"].sel(pair=pair))
    return max(LEAST_SPAN, 1.1 * (high - low))


def axis_range(summary: xr.Dataset, pair: str, span: float) -> tuple[float, float]:
    """A range of the given span around the widest band, within -1 to 1."""
    low, high = widest_band(summary["overall"].sel(pair=pair))
    span = min(span, 2.0)
    start = max(-1.0, min((low + high - span) / 2, 1.0 - span))
    return start, start + span
