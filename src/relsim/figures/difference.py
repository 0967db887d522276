"""Difference charts: what scenarios bring against a base, over time, run by run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import altair as alt
import pandas as pd
import xarray as xr

from relsim.analysis.compare import Comparison
from relsim.analysis.findings import pair_title
from relsim.analysis.summary import event_table
from relsim.errors import ResultsError
from relsim.figures.bands import band_frame, band_layers, median_layer, time_span, widest_band
from relsim.figures.event_marks import (
    certain_events,
    event_key,
    event_numbers,
    mark_layers,
    marks_of,
)
from relsim.figures.style import INK, SERIES, WIDTH, configured, level_labels, panel_title
from relsim.scenario.naming import slug
from relsim.scenario.titles import titles

HEIGHT = 120
LEAST_SPAN = 0.05  # of the axis, a step of the scale by which ties are coded
MOST_SCENARIOS = len(SERIES)
MOST_PANELS = 8  # more do not fit on a page


def difference_chart(
    comparisons: Sequence[Comparison] | Comparison, pairs: Sequence[str] | None = None
) -> Any:
    """What one or more scenarios bring against a base, a panel per pair, all to one scale.

    One scenario has bands of 50, 80 and 95 % of the runs and marks at the events that happen in
    only one of the two. Of several, each has its median as a line and a band of 80 %.

    Args:
        comparisons: with one base, at most six.
        pairs: at most eight; the watched ones where absent. What is left out is said.

    Raises:
        ResultsError: there are more comparisons than can be told apart.
    """
    several = [comparisons] if isinstance(comparisons, Comparison) else list(comparisons)
    if len(several) > MOST_SCENARIOS:
        text = f"{len(several)} scenarios cannot be told apart in one chart."
        raise ResultsError(f"{text} Compare at most {MOST_SCENARIOS} with the base.")
    asked = several[0].watched if pairs is None else [several[0].named(pair) for pair in pairs]
    shown = list(asked)[:MOST_PANELS]
    left_out = [] if len(shown) == len(asked) else [f"{len(shown)} of {len(asked)} pairs"]
    labels = titles([one.other.scenario for one in several], numbered=True)
    differences = {
        label: one.summary(shown)["difference"] for label, one in zip(labels, several, strict=True)
    }
    if len(several) == 1:
        return _one_scenario(several[0], shown, next(iter(differences.values())), left_out)
    return _several_scenarios(several[0], shown, differences, left_out)


def _one_scenario(
    comparison: Comparison, pairs: list[str], difference: xr.DataArray, notes: list[str]
) -> Any:
    events = distinguishing_events(comparison)
    known = {**comparison.base.scenario.events, **comparison.other.scenario.events}
    marks = {pair: marks_of(pair, events, known) for pair in pairs}
    numbers, span = event_numbers(marks), time_span(difference)
    domain = difference_range([difference])
    panels = []
    for pair in pairs:
        frame = band_frame(difference.sel(pair=pair))
        x, y = _axes(domain, last=pair == pairs[-1])
        layers = [*band_layers(frame, x, y), _zero(y), median_layer(frame, x)]
        layers += mark_layers(marks[pair], numbers, span)
        panels.append(_panel(comparison, pair, layers))
    labels = dict(zip(events["event"], events["label"], strict=True))
    key = [event_key("Events that happen in only one of the two", numbers, labels)]
    said = [_quantity(comparison), "Median, and bands that hold the stated share of runs", *notes]
    return _chart(comparison.titles[1], [*panels, *(key if numbers else [])], said)


def difference_name(file: str) -> str:
    """What the figure of a result less that of a scenario file is called."""
    return f"difference-{slug(PurePath(file).with_suffix('').as_posix())}"


def distinguishing_events(comparison: Comparison) -> pd.DataFrame:
    """Events that happen in every run of one of the two and in no run of the other.

    The first time of each (month, event, label), in order of time.
    """
    base, other = (event_table(one) for one in (comparison.base, comparison.other))
    added, gone = certain_events(other), certain_events(base)
    added = added[~added["event"].isin(base["event"])]
    gone = gone[~gone["event"].isin(other["event"])]
    gone = gone.assign(label="not here: " + gone["label"].astype(str))
    return pd.concat([added, gone]).sort_values(["month", "event"])


def _several_scenarios(
    one: Comparison,
    pairs: list[str],
    differences: Mapping[str, xr.DataArray],
    notes: list[str],
) -> Any:
    domain = difference_range(list(differences.values()))
    panels = []
    for pair in pairs:
        levels = {label: difference.sel(pair=pair) for label, difference in differences.items()}
        x, y = _axes(domain, last=pair == pairs[-1])
        panels.append(_panel(one, pair, [_zero(y), *_series_layers(levels, x, y)]))
    said = [_quantity(one), "Lines: medians. Shaded: 80 % of runs", *notes]
    return _chart("What each scenario brings", panels, said)


def _series_layers(levels: Mapping[str, xr.DataArray], x: Any, y: Any) -> list[Any]:
    """For each scenario a band of 80 % and its median, told apart by colour and dashes."""
    areas, frames = [], []
    for color, (label, one) in zip(SERIES, levels.items(), strict=False):
        frame = band_frame(one)
        frame = frame[frame["band"] == "80 %"].assign(scenario=label)
        area = alt.Chart(frame).mark_area(opacity=0.14, color=color)
        areas.append(area.encode(x=x, y=y, y2="high:Q"))
        frames.append(frame)
    names = list(levels)
    legend = alt.Legend(columns=1, labelLimit=WIDTH, symbolType="stroke", symbolSize=600)
    colors = alt.Scale(domain=names, range=list(SERIES)[: len(names)])
    dashes = alt.Scale(domain=names, range=list(SERIES.values())[: len(names)])
    lines = alt.Chart(pd.concat(frames, ignore_index=True)).mark_line(strokeWidth=2)
    lines = lines.encode(
        x=x,
        y="median:Q",
        color=alt.Color("scenario:N", scale=colors, legend=legend),
        strokeDash=alt.StrokeDash("scenario:N", scale=dashes, legend=legend),
    )
    return [*areas, lines]


# Parts of both


def _panel(comparison: Comparison, pair: str, layers: list[Any]) -> Any:
    title = panel_title(pair_title(comparison.base.scenario, pair))
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)


def _axes(domain: tuple[float, float], *, last: bool) -> tuple[Any, Any]:
    years = alt.Axis(format="%Y", labels=last, ticks=last, tickCount="year")
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    levels = alt.Axis(tickCount=5, labelExpr=level_labels("+.2f"))
    x = alt.X("time:T", title=None, axis=years)
    return x, alt.Y("low:Q", title="difference", scale=scale, axis=levels)


def _zero(y: Any) -> Any:
    line = alt.Chart(pd.DataFrame({"low": [0.0]})).mark_rule(color=INK, strokeWidth=1)
    return line.encode(y=y)


def difference_range(differences: list[xr.DataArray]) -> tuple[float, float]:
    """The axis of all panels, which holds every band and 0."""
    edges = [edge for one in differences for edge in widest_band(one)]
    low, high = min(0.0, *edges), max(0.0, *edges)
    span = 1.1 * max(LEAST_SPAN, high - low)
    start = (low + high - span) / 2
    return start, start + span


def _quantity(comparison: Comparison) -> str:
    quantity, base = comparison.quantity.capitalize(), comparison.titles[0]
    return f"{quantity} less that of “{base}”, {comparison.runs:,} paired runs"


def _chart(title: str, parts: list[Any], said: list[str]) -> Any:
    chart = alt.vconcat(*parts, spacing=12).properties(title=alt.TitleParams(title, subtitle=said))
    return configured(chart)
