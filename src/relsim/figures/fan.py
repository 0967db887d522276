"""Fan charts: where a pair may go, with the events that touch it marked."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import pandas as pd
import xarray as xr

from relsim.analysis.headline import pair_title
from relsim.figures.style import BANDS, EVENT, INK, LINE, MUTED, configured
from relsim.scenario.schema import Event, Pulse, Scenario, Shift

WIDTH, HEIGHT = 560, 170
LINE_HEIGHT = 15
EDGES = {"95 %": ("q0.025", "q0.975"), "80 %": ("q0.1", "q0.9"), "50 %": ("q0.25", "q0.75")}
LEAST_SPAN = 0.3  # of the cooperation axis, so that noise does not look like news


def fan_chart(
    scenario: Scenario, summary: xr.Dataset, events: pd.DataFrame, pairs: list[str] | None = None
) -> Any:
    """Fans of overall cooperation, one under the other, all to one scale.

    Args:
        scenario: for names and labels.
        summary: of :func:`relsim.analysis.summary.summarise`.
        events: of :func:`relsim.analysis.summary.event_table`; those that push a pair in every
            run are marked on its fan.
        pairs: which pairs; the watched ones where absent.
    """
    pairs = pairs or [f"{a}-{b}" for a, b in scenario.watched_pairs]
    marks = {pair: event_marks(scenario, events, pair) for pair in pairs}
    numbers = event_numbers(marks)
    span = max(_band_span(summary, pair) for pair in pairs)
    panels = [
        _panel(summary, pair, marks[pair], numbers, span, labelled=pair == pairs[-1]).properties(
            width=WIDTH, height=HEIGHT, title=_panel_title(scenario, pair)
        )
        for pair in pairs
    ]
    key = [_event_key(scenario, numbers)] if numbers else []
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


def fan_card(
    scenario: Scenario,
    summary: xr.Dataset,
    events: pd.DataFrame,
    pair: str,
    numbers: dict[str, int],
) -> Any:
    """The fan of one pair for a page: as wide as its place, with numbers shown on hovering.

    Args:
        scenario, summary, events: as for :func:`fan_chart`.
        pair: as in ``PAK-RUS``.
        numbers: of :func:`event_numbers`.
    """
    span = _band_span(summary, pair)
    panel = _panel(summary, pair, event_marks(scenario, events, pair), numbers, span, labelled=True)
    frame = fan_frame(summary, pair)
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
    places = base.mark_point(opacity=0).encode(y="median:Q").add_params(nearest)
    tooltip = [
        alt.Tooltip("time:T", title="month", format="%B %Y"),
        alt.Tooltip("median:Q", title="median (cooperation)", format="+.2f"),
        alt.Tooltip(f"{low}:Q", title="80 % of runs, from", format="+.2f"),
        alt.Tooltip(f"{high}:Q", title="80 % of runs, to", format="+.2f"),
    ]
    line = base.mark_rule(color=INK, opacity=0.5).encode(tooltip=tooltip)
    return [places, line.transform_filter(nearest)]


def event_marks(scenario: Scenario, events: pd.DataFrame, pair: str) -> pd.DataFrame:
    """The first time of each event that happens in every run and pushes the pair."""
    certain = events[events["share"] >= 1.0].sort_values("month").drop_duplicates("event")
    touching = [name for name in certain["event"] if _pushes(scenario.events[name], pair)]
    return certain[certain["event"].isin(touching)]


def _pushes(event: Event, pair: str) -> bool:
    ties = [effect.pulse for effect in event.effects if isinstance(effect, Pulse)]
    ties += [effect.shift for effect in event.effects if isinstance(effect, Shift)]
    return any("-".join(tie.pair) == pair for tie in ties)


def event_numbers(marks: dict[str, pd.DataFrame]) -> dict[str, int]:
    """A number for each marked event, in order of time."""
    found = pd.concat(list(marks.values()))
    names = found.sort_values(["month", "event"]).drop_duplicates("event")["event"]
    return {name: number for number, name in enumerate(names, start=1)}


def _panel_title(scenario: Scenario, pair: str) -> Any:
    return alt.TitleParams(pair_title(scenario, pair), fontSize=12, offset=6, frame="group")


def _panel(
    summary: xr.Dataset,
    pair: str,
    marks: pd.DataFrame,
    numbers: dict[str, int],
    span: float,
    *,
    labelled: bool,
) -> Any:
    frame = fan_frame(summary, pair)
    low, high = axis_range(summary, pair, span)
    axis = alt.Axis(format="%Y", labels=labelled, ticks=labelled, tickCount="year")
    x = alt.X("time:T", title=None, axis=axis)
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    y = alt.Y("low:Q", title="cooperation", scale=scale, axis=alt.Axis(tickCount=5, format=".2f"))
    color = alt.Color("band:N", scale=alt.Scale(domain=list(BANDS), range=list(BANDS.values())))
    bands = [
        alt.Chart(frame[frame["band"] == band])
        .mark_area()
        .encode(x=x, y=y, y2="high:Q", color=color)
        for band in BANDS
    ]
    middle = frame[frame["band"] == "50 %"]
    line = alt.Chart(middle).mark_line(color=LINE, strokeWidth=2).encode(x=x, y="median:Q")
    opening = pd.DataFrame({"y": [float(middle["median"].iloc[0])]})
    rule = (
        alt.Chart(opening)
        .mark_rule(color=INK, strokeDash=[2, 3], opacity=0.6)
        .encode(y=alt.Y("y:Q", scale=scale))
    )
    return alt.layer(*bands, rule, line, *_mark_layers(marks, numbers))


def _mark_layers(marks: pd.DataFrame, numbers: dict[str, int]) -> list[Any]:
    """Lines at the events of a pair, numbered; numbers that would touch take another row."""
    if marks.empty:
        return []
    frame = marks.assign(
        time=pd.to_datetime(marks["month"]), number=[numbers[name] for name in marks["event"]]
    )
    frame["row"] = _rows(frame["time"])
    base = alt.Chart(frame).encode(x="time:T")
    lines = [base.mark_rule(color=EVENT, opacity=0.45, strokeDash=[4, 3])]
    for row in sorted(set(frame["row"])):
        text = alt.Chart(frame[frame["row"] == row]).mark_text(
            color=EVENT, align="left", baseline="top", dx=3, fontSize=10, fontWeight="bold"
        )
        lines.append(text.encode(x="time:T", y=alt.value(2 + 12 * row), text="number:Q"))
    return lines


def _rows(times: pd.Series, months: int = 5) -> list[int]:
    """The first row in which each label stands clear of the one before it."""
    ends: list[pd.Timestamp] = []
    rows = []
    for time in times:
        free = [row for row, end in enumerate(ends) if end <= time]
        row = free[0] if free else len(ends)
        end = time + pd.DateOffset(months=months)
        ends[row : row + 1] = [end]
        rows.append(row)
    return rows


def _event_key(scenario: Scenario, numbers: dict[str, int]) -> Any:
    """What the event numbers mean, in two columns."""
    half = math.ceil(len(numbers) / 2)
    rows = [
        {
            "text": f"{number}  {_short(scenario.events[name].label or name)}",
            "x": 0 if number <= half else WIDTH / 2,
            "y": ((number - 1) % half) * LINE_HEIGHT,
        }
        for name, number in numbers.items()
    ]
    return (
        alt.Chart(pd.DataFrame(rows))
        .mark_text(align="left", baseline="top", fontSize=10, color=EVENT)
        .encode(
            x=alt.X("x:Q", scale=None, axis=None),
            y=alt.Y("y:Q", scale=None, axis=None),
            text="text:N",
        )
        .properties(
            width=WIDTH,
            height=half * LINE_HEIGHT,
            title=alt.TitleParams(
                "Events that happen in every run (first time)",
                fontSize=11,
                fontWeight="normal",
                color=MUTED,
                frame="group",
                offset=4,
            ),
        )
    )


def _short(text: str, length: int = 46) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def fan_frame(summary: xr.Dataset, pair: str) -> pd.DataFrame:
    """Bands and median of one pair, long: time, band, low, median, high."""
    levels = summary["overall"].sel(pair=pair)
    times = pd.DatetimeIndex(levels["time"].values)
    frames = [
        pd.DataFrame(
            {
                "time": times,
                "band": band,
                "low": levels.sel(statistic=low).values,
                "median": levels.sel(statistic="q0.5").values,
                "high": levels.sel(statistic=high).values,
            }
        )
        for band, (low, high) in EDGES.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _band_edges(summary: xr.Dataset, pair: str) -> tuple[float, float]:
    levels = summary["overall"].sel(pair=pair)
    low, high = levels.sel(statistic="q0.025"), levels.sel(statistic="q0.975")
    return float(low.min()), float(high.max())


def _band_span(summary: xr.Dataset, pair: str) -> float:
    low, high = _band_edges(summary, pair)
    return max(LEAST_SPAN, 1.1 * (high - low))


def axis_range(summary: xr.Dataset, pair: str, span: float) -> tuple[float, float]:
    """A range of the given span around the widest band, within -1 to 1."""
    low, high = _band_edges(summary, pair)
    span = min(span, 2.0)
    start = max(-1.0, min((low + high - span) / 2, 1.0 - span))
    return start, start + span
