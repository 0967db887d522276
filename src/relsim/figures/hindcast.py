"""Figures of measured series: skill of forecasts, bands over what was measured, PIT histograms."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.figures import marks, style
from relsim.hindcast.beside import SCENARIO, Beside
from relsim.hindcast.evaluate import MODEL, pit_shares
from relsim.hindcast.findings import Hindcast, in_years

MOST_FORECAST = 12  # pairs: those with most events, which say most
MOST_BESIDE = 24  # pairs: the watched ones, then those with most events
COLUMNS, PANEL, BAR = 3, 150, 14  # pixels of a panel, and of the widest bar
LOW_ROW = 22
BINS = 10
CHANGES = {
    "measured": (style.INK, "circle"),
    "scenario (mean of the runs)": (style.LINE, "triangle-up"),
}


def hindcast_charts(hindcast: Hindcast) -> dict[str, Any]:
    """The figures of a hindcast by the names of their files."""
    horizon = int(hindcast.scores["horizon"].min())
    events = pd.Series(hindcast.panel.events.sum(axis=1), index=hindcast.panel.dyads)
    scores = hindcast.scores
    forecasts = scores[(scores["forecaster"] == MODEL) & (scores["horizon"] == horizon)]
    shown = forecasts[forecasts["dyad"].isin(events.fillna(0).nlargest(MOST_FORECAST).index)]
    some = f"The {shown['dyad'].nunique()} pairs with most coded events"
    return {
        "skill": skill_chart(hindcast),
        "bands": bands_over_dots(
            shown.assign(year=shown["origin"] + horizon),
            f"Forecasts {in_years(horizon)} ahead, and what was measured",
            some if len(hindcast.panel.dyads) > MOST_FORECAST else "",
        ),
        "pit": pit_chart(hindcast),
    }


def beside_charts(beside: Beside) -> dict[str, Any]:
    """The figures of a scenario beside a series, by the names of their files."""
    events = pd.Series(np.nansum(beside.panel.events, axis=1), index=beside.panel.dyads)
    watched = beside.scenario.pair_names(beside.scenario.watched_pairs)
    first = [pair for pair in watched if pair in events.index]
    rest = events.drop(first).sort_values(ascending=False).index
    shown, pairs = [*first, *rest][:MOST_BESIDE], len(beside.panel.dyads)
    own = beside.scores[beside.scores["forecaster"] == SCENARIO]
    charts = {
        "bands": bands_over_dots(
            own[own["dyad"].isin(shown)],
            f"{beside.scenario.title}, and what was measured",
            f"All {pairs} pairs" if len(shown) == pairs else f"{len(shown)} of {pairs} pairs",
        )
    }
    if (beside.pairs["years"] > 1).any():
        charts["changes"] = changes_chart(beside)
    return charts


def changes_chart(beside: Beside) -> Any:
    """Changes from the first year measured to the last, measured and in the scenario."""
    moved = beside.pairs[beside.pairs["years"] > 1].set_index("dyad")
    largest = moved.loc[moved["measured_change"].abs().nlargest(MOST_BESIDE).index]
    largest = largest.sort_values("measured_change")
    columns = zip(CHANGES, ("measured_change", "said_change"), strict=True)
    frame = pd.concat(
        [
            pd.DataFrame({"name": largest.index, "value": largest[column], "kind": kind})
            for kind, column in columns
        ]
    )
    title = "change of measured cooperation"
    return style.titled(
        marks.rows(frame, title, CHANGES, dashed=True, row=LOW_ROW, width=style.WIDTH - 100),
        "Do changes go the measured way?",
        "From the first year measured to the last. On the same side of the dashed line: yes",
        "What the scenario has is a mean of many runs, and moves less than one of them",
    )


def skill_chart(hindcast: Hindcast) -> Any:
    """CRPS of each forecaster as a ratio to the best baseline's, by horizon, with intervals."""
    table = hindcast.skill.sort_values("horizon", kind="stable")
    kinds = np.where(table["forecaster"] == MODEL, MODEL, "baseline")
    columns = {"forecaster": "name", "ratio": "value", "ratio_low": "low", "ratio_high": "high"}
    frame = table.rename(columns=columns).assign(
        kind=kinds, panel=[in_years(horizon) for horizon in table["horizon"]]
    )
    looks = {MODEL: (style.LINE, "circle"), "baseline": (style.MUTED, "diamond")}
    panels = []
    for horizon, part in frame.groupby("panel", sort=False):
        chart = marks.rows(
            part[["name", "value", "low", "high", "kind"]],
            "CRPS, as a multiple of the best baseline's",
            looks,
            digits=".2~f",
            rule=1.0,
            dashed=True,
            legend=False,
            row=26,
            width=style.WIDTH - 180,
        )
        panels.append(chart.properties(title=style.panel_title(str(horizon))))
    return style.titled(
        alt.vconcat(*panels).resolve_scale(x="shared"),
        "Skill of forecasts",
        "Left of the dashed line: better than the best baseline. Lines: 95 % intervals",
    )


def bands_over_dots(forecasts: pd.DataFrame, title: str, pairs: str) -> Any:
    """Bands of forecasts and the measured values, a panel for each pair.

    Args:
        forecasts: ``dyad, year, value`` and the ends of bands, ``lower80, upper80`` and so on.
        title: of the chart.
        pairs: how many these are, in words; empty where they are all.
    """
    low = float(forecasts[["lower95", "value"]].to_numpy().min())
    high = float(forecasts[["upper95", "value"]].to_numpy().max())
    reach = [low, 1.0] if forecasts["value"].median() > 0 else [-1.0, high]
    x = marks.axis(alt.X, "year", None, ticks=4, format="d", tickMinStep=1)
    y = marks.axis(alt.Y, "value", "cooperation", reach)
    wide = min(BAR, 0.8 * PANEL / (float(np.ptp(forecasts["year"])) + 2))
    base = alt.Chart().encode(x=x)
    dots = base.mark_point(filled=True, color=style.INK, size=34, opacity=1).encode(y="value:Q")
    chart = alt.layer(*marks.fan(base, y, width=wide), dots, data=forecasts)
    return style.titled(
        chart.properties(width=PANEL, height=PANEL * 0.7).facet(
            alt.Facet("dyad:N", title=None), columns=COLUMNS
        ),
        title,
        "Bars: bands that were to hold 95, 80 and 50 % of values. Dots: what was measured",
        pairs,
    )


def pit_chart(hindcast: Hindcast) -> Any:
    """Where measured values lie in forecasts: flat where bands are as wide as they should be."""
    shares = pit_shares(hindcast.scores, BINS)
    frames = []
    for horizon, forecaster in shares.index:
        if forecaster == MODEL:
            row = shares.loc[[(horizon, forecaster)]].to_numpy()[0]
            middle = (np.arange(BINS) + 0.5) / BINS
            panel = {"panel": in_years(horizon), "quantile": middle, "share": row}
            frames.append(pd.DataFrame(panel))
    frame = pd.concat(frames)
    x = marks.axis(alt.X, "quantile", "place in the forecast (PIT)", (0, 1), ".0%", 3)
    y = marks.axis(alt.Y, "share", "share of values", (0, 1.05 * frame["share"].max()), ".0%")
    bars = alt.Chart().mark_bar(color=style.LINE, size=PANEL / BINS - 2).encode(x=x, y=y)
    flat = alt.Chart().mark_rule(color=style.INK, strokeDash=[2, 3]).encode(y=alt.datum(1 / BINS))
    facet = alt.Facet("panel:N", title=None, sort=list(dict.fromkeys(frame["panel"])))
    chart = alt.layer(bars, flat, data=frame).properties(width=PANEL, height=PANEL * 0.7)
    return style.titled(
        chart.facet(facet, columns=COLUMNS),
        "Are the bands as wide as they should be?",
        "Flat: yes. A hump: too wide. High at both ends: too narrow. Dotted: flat",
    )
