"""Carriers at a glance: how much of the difference of a pair goes by way of each interest."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import altair as alt
import pandas as pd

from relsim.analysis.compare import Comparison
from relsim.analysis.findings import pair_title
from relsim.analysis.interests import Carriers, interest_label
from relsim.figures.claims import in_lines
from relsim.figures.style import DIVERGING, ELSE, INK, configured, level_labels
from relsim.scenario.characters import one_line
from relsim.scenario.naming import slug

WIDTH, ROW = 340, 32
LONGEST = 34  # letters of a name in a line of the axis
MOST_ROWS = 8  # interests; the ranking falls off quickly
LEAST_SHARE = 0.02  # of the largest bar; less cannot be seen
WHOLE = "the whole difference"
# Light, so that intervals are read on them.
KINDS = {"raises": DIVERGING[-2], "lowers": DIVERGING[1], "whole": ELSE}


def carriers_name(file: str) -> str:
    """What the figure of the carriers of a difference from a scenario file is called."""
    return f"carriers-{slug(PurePath(file).with_suffix('').as_posix())}"


def carriers_chart(comparison: Comparison, found: Carriers) -> Any:
    """A bar for each of the largest interests with its interval, and the whole difference first."""
    frame = carriers_frame(comparison, found)
    axis = alt.Axis(
        labelLimit=260, labelExpr="split(datum.label, '\\n')", ticks=False, domain=False
    )
    base = alt.Chart(frame).encode(
        y=alt.Y("name:N", sort=list(frame["name"]), title=None, axis=axis)
    )
    colour = alt.Color(
        "kind:N", scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values())), legend=None
    )
    labels = alt.Axis(labelExpr=level_labels("+.3~f"), tickCount=5)
    value = alt.X("value:Q", title=f"difference in {comparison.quantity}", axis=labels)
    bars = base.mark_bar(height=16).encode(x=value, color=colour)
    intervals = base.mark_rule(color=INK, strokeWidth=1.5).encode(x="low:Q", x2="high:Q")
    zero = alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color=INK, strokeWidth=1)
    pair = one_line(pair_title(comparison.base.scenario, found.pair))
    subtitle = [
        f"What of the difference in {found.month} is gone with the interest held at 0,",
        f"mean of {found.runs:,} paired runs with 95 % intervals; parts need not add up",
    ]
    title = alt.TitleParams(f"Interests that carry it: {pair}", subtitle=subtitle)
    layers = alt.layer(bars, zero.encode(x="value:Q"), intervals)
    chart = layers.properties(width=WIDTH, height=ROW * len(frame), title=title)
    return configured(chart).configure_axisY(labelLineHeight=13)


def carriers_frame(comparison: Comparison, found: Carriers) -> pd.DataFrame:
    """Rows as drawn: name (in lines), value, low, high, kind."""
    sizes = found.table["carried"].abs()
    seen = sizes >= LEAST_SHARE * max(sizes.max(), abs(found.effect))
    shown = found.table[seen].head(MOST_ROWS)
    labels = [
        in_lines(one_line(interest_label(name, *comparison.scenarios)), LONGEST)
        for name in shown["interest"]
    ]
    told_apart = [
        label if labels.count(label) == 1 else name
        for label, name in zip(labels, shown["interest"], strict=True)
    ]
    interests = pd.DataFrame(
        {
            "name": told_apart,
            "value": shown["carried"],
            "low": shown["low"],
            "high": shown["high"],
        }
    )
    kinds = ["raises" if value >= 0 else "lowers" for value in shown["carried"]]
    whole = pd.DataFrame([{"name": WHOLE, "value": found.effect, "kind": "whole"}])
    return pd.concat([whole, interests.assign(kind=kinds)], ignore_index=True)
