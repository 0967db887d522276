"""Events in charts: numbered lines in the panels of the pairs they act on, and a key to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.figures.style import EVENT, MUTED, WIDTH
from relsim.scenario.schema import Event

LINE_HEIGHT = 15  # of the key
LABEL_WIDTH, ROW_HEIGHT = 22, 12  # of a number of two digits
LABEL: dict[str, Any] = {
    "align": "left",
    "baseline": "top",
    "dx": 3,
    "fontSize": 10,
    "fontWeight": "bold",
}
HALO: dict[str, Any] = {"color": "white", "stroke": "white", "strokeWidth": 3}  # over other lines


def certain_events(events: pd.DataFrame) -> pd.DataFrame:
    """The first time of each event that happens in every run, in order of time.

    Args:
        events: of :func:`relsim.analysis.summary.event_table`.
    """
    return events[events["share"] >= 1.0].sort_values("month").drop_duplicates("event")


def marks_of(pair: str, marks: pd.DataFrame, events: Mapping[str, Event]) -> pd.DataFrame:
    """Of some events those that act on a pair."""
    acting = [name for name in marks["event"] if acts_on(events[name], pair)]
    return marks[marks["event"].isin(acting)]


def acts_on(event: Event, pair: str) -> bool:
    """Whether an event pushes a tie of the pair, or changes a number of its states or of all."""
    states = {None, *pair.split("-")}
    return any(
        any({*tie.pair} == states - {None} for tie in effect.ties)
        or any(number.state in states for number in effect.numbers)
        for effect in event.effects
    )


def event_numbers(marks: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """A number for each event that is marked for any pair, in order of time."""
    found = pd.concat(list(marks.values()))
    names = found.sort_values(["month", "event"]).drop_duplicates("event")["event"]
    return {name: number for number, name in enumerate(names, start=1)}


def mark_layers(
    marks: pd.DataFrame, numbers: Mapping[str, int], span: pd.Timedelta, width: int = WIDTH
) -> list[Any]:
    """Lines at the events of a pair, numbered in a strip above the panel.

    Numbers that would touch take another row.

    Args:
        marks: the events of the pair (month, event).
        numbers: of each event.
        span: time between the edges of the panel.
        width: of the panel at its narrowest.
    """
    rows = label_rows(marks, span, width)
    frame = marks.assign(
        time=_times(marks),
        number=[numbers[name] for name in marks["event"]],
        row=rows,
    )
    layers = []
    for row in sorted(set(rows)):
        top = alt.value(-ROW_HEIGHT * (max(rows) + 1 - row))
        base = alt.Chart(frame[frame["row"] == row]).encode(x="time:T", y=top)
        rule = base.mark_rule(color=EVENT, opacity=0.45, strokeDash=[4, 3])
        layers.append(rule.encode(y2=alt.value("height")))
        halo, text = (base.mark_text(**LABEL, **more) for more in (HALO, {"color": EVENT}))
        layers += [halo.encode(text="number:Q"), text.encode(text="number:Q")]
    return layers


def label_rows(marks: pd.DataFrame, span: pd.Timedelta, width: int = WIDTH) -> list[int]:
    """The first row in which the number of each event stands clear of the one before it."""
    ends: list[pd.Timestamp] = []
    rows = []
    for time in _times(marks):
        free = [row for row, end in enumerate(ends) if end <= time]
        row = free[0] if free else len(ends)
        ends[row : row + 1] = [time + span * LABEL_WIDTH / width]
        rows.append(row)
    return rows


def _times(marks: pd.DataFrame) -> pd.DatetimeIndex:
    """When the events of marks happen, in any year."""
    return pd.DatetimeIndex(np.array(marks["month"].tolist(), dtype="datetime64[s]"))


def event_key(title: str, numbers: Mapping[str, int], labels: Mapping[str, str]) -> Any:
    """What the event numbers mean, in two columns."""
    half = math.ceil(len(numbers) / 2)
    rows = [
        {
            "text": f"{number}  {_short(labels[name])}",
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
                title, fontSize=11, fontWeight="normal", color=MUTED, frame="group", offset=4
            ),
        )
    )


def _short(text: str, length: int = 46) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
