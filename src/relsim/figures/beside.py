"""A scenario beside measured values: bands over dots, and changes said against changes measured."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.figures.skill import bands_over_dots
from relsim.figures.style import INK, LINE, MUTED, WIDTH, configured
from relsim.hindcast.beside import SCENARIO, Beside

SHOWN = 24  # pairs: the watched ones, then those with most events
ROW = 22


def beside_charts(found: Beside) -> dict[str, Any]:
    """The figures by the names of their files."""
    charts = {"bands": bands_chart(found)}
    if (found.pairs["years"] > 1).any():
        charts["changes"] = changes_chart(found)
    return charts


def bands_chart(found: Beside) -> Any:
    """What the scenario says of each pair and year, over what was measured."""
    shown = _shown(found)
    scores = found.scores
    rows = scores[(scores["forecaster"] == SCENARIO) & scores["dyad"].isin(shown)]
    pairs = len(found.panel.dyads)
    which = f"All {pairs} pairs" if len(shown) == pairs else f"{len(shown)} of {pairs} pairs"
    return bands_over_dots(rows, f"{found.scenario.title}, and what was measured", which)


def _shown(found: Beside) -> list[str]:
    events = pd.Series(np.nansum(found.panel.events, axis=1), index=found.panel.dyads)
    watched = found.scenario.pair_names(found.scenario.watched_pairs)
    first = [dyad for dyad in watched if dyad in events.index]
    rest = events.drop(first).sort_values(ascending=False).index
    return [*first, *rest][:SHOWN]


def changes_chart(found: Beside) -> Any:
    """Changes from the first year measured to the last, measured and said, a row for each pair."""
    moved = found.pairs[found.pairs["years"] > 1].set_index("dyad")
    rows = moved.loc[moved["measured_change"].abs().nlargest(SHOWN).index]
    order = list(rows["measured_change"].sort_values().index)
    names = {"measured_change": "measured", "said_change": "said (mean of the runs)"}
    long = rows[list(names)].rename(columns=names).reset_index()
    frame = long.melt(id_vars="dyad", var_name="which", value_name="change")
    x = alt.X("change:Q", title="change of measured cooperation", axis=alt.Axis(tickCount=6))
    axis = alt.Axis(ticks=False, grid=True)
    y = alt.Y("dyad:N", sort=order, title=None, axis=axis)
    scale = alt.Scale(domain=list(names.values()), range=[INK, LINE])
    shapes = alt.Scale(domain=list(names.values()), range=["circle", "triangle-up"])
    dots = (
        alt.Chart(frame)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            x=x,
            y=y,
            color=alt.Color("which:N", scale=scale),
            shape=alt.Shape("which:N", scale=shapes),
        )
    )
    zero = alt.Chart(frame).mark_rule(color=MUTED, strokeDash=[2, 3]).encode(x=alt.datum(0.0))
    title = alt.TitleParams(
        "Do changes go the measured way?",
        subtitle=[
            "From the first year measured to the last. On the same side of the dotted line: yes",
            "What is said is a mean of many futures, and moves less than one of them",
        ],
    )
    chart = alt.layer(zero, dots).properties(width=WIDTH - 100, height=ROW * len(order))
    return configured(chart.properties(title=title))
