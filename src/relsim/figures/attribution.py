"""Attribution at a glance: what each player brings, largest first, and the whole they add up to."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.experiments.attribute import WHOLE, Attribution, MeasureAttribution
from relsim.figures.claims import in_lines
from relsim.figures.style import DIVERGING, ELSE, INK, configured, level_labels
from relsim.scenario.characters import one_line
from relsim.scenario.naming import file_names

WIDTH, ROW = 380, 34
LONGEST = 34  # letters of a name in a line of the axis
MOST_ROWS = 25  # more do not fit on a page
# Light, so that intervals and ticks are read on them.
KINDS = {"raises": DIVERGING[-2], "lowers": DIVERGING[1], "all together": ELSE}


def attribution_charts(attribution: Attribution) -> dict[str, Any]:
    """A chart for each measure, by the name of its file."""
    names = file_names([one.measure for one in attribution.measures])
    return {
        f"attribution-{names[one.measure]}": attribution_chart(attribution, one)
        for one in attribution.measures
        if one.runs
    }


def attribution_chart(attribution: Attribution, one: MeasureAttribution) -> Any:
    """A bar for each Shapley value with its interval, a tick for leave-one-out, the whole last."""
    frame = attribution_frame(attribution, one)
    base = alt.Chart(frame).encode(y=_names(frame))
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values())),
        legend=alt.Legend(values=[kind for kind in KINDS if kind in set(frame["kind"])]),
    )
    axis = alt.Axis(labelExpr=level_labels("+.3~f"), tickCount=6)
    measure = one_line(one.measure)  # Vega cannot read a line break in the title of an axis
    value = alt.X("value:Q", title=f"change of {measure}", axis=axis)
    bars = base.mark_bar(height=16).encode(x=value, color=colour)
    intervals = base.mark_rule(color=INK, strokeWidth=1.5).encode(x="low:Q", x2="high:Q")
    ticks = base.mark_tick(color=INK, thickness=3, size=24, opacity=1).encode(x="alone:Q")
    zero = alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color=INK, strokeWidth=1)
    layers = [bars, zero.encode(x="value:Q"), intervals, ticks]
    title = alt.TitleParams(f"What each brings to {measure}", subtitle=_said(attribution, one))
    chart = alt.layer(*layers).properties(width=WIDTH, height=ROW * len(frame), title=title)
    return configured(chart).configure_axisY(labelLineHeight=13)


def attribution_frame(attribution: Attribution, one: MeasureAttribution) -> pd.DataFrame:
    """Rows as drawn: name (in lines), value, low, high, alone (leave-one-out), kind."""
    ranked = np.argsort(-np.abs(one.shapley.value), kind="stable")[:MOST_ROWS]
    players = pd.DataFrame(
        {
            "name": [_name(attribution, int(place)) for place in ranked],
            "value": one.shapley.value[ranked],
            "low": one.shapley.low[ranked],
            "high": one.shapley.high[ranked],
            "alone": one.leave_one_out.value[ranked],
        }
    )
    whole = {"name": WHOLE, "value": one.whole.value[0], "alone": np.nan}
    ends = {"low": one.whole.low[0], "high": one.whole.high[0]}
    frame = pd.concat([players, pd.DataFrame([{**whole, **ends}])], ignore_index=True)
    kinds = np.where(frame["value"] < 0, "lowers", "raises")
    return frame.assign(kind=[*kinds[:-1], "all together"])


def _name(attribution: Attribution, place: int) -> str:
    """A name in lines; numbered where two players have the same."""
    names = [in_lines(one_line(player), LONGEST) for player in attribution.players]
    name, same = names[place], names.count(names[place]) > 1
    return f"{place + 1}: {name}" if same else name


def _names(frame: pd.DataFrame) -> Any:
    axis = alt.Axis(
        labelLimit=260, labelExpr="split(datum.label, '\\n')", ticks=False, domain=False
    )
    return alt.Y("name:N", sort=list(frame["name"]), title=None, axis=axis)


def _said(attribution: Attribution, one: MeasureAttribution) -> list[str]:
    orders = attribution.permutations
    how = "all coalitions" if not orders else f"{orders:,} permutations"
    shown = min(MOST_ROWS, len(attribution.players))
    left_out = len(attribution.players) - shown
    return [
        f"Bars: Shapley values with 95 % intervals, {one.runs:,} paired runs, {how}",
        "Black ticks: what is lost when this one alone is left out",
        *([f"The {shown} largest of {shown + left_out}"] if left_out else []),
    ]
