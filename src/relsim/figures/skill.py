"""Measured skill: scores against the best baseline, bands over what came, PIT histograms."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.figures.style import BANDS, INK, LINE, MUTED, SERIES, WIDTH, configured
from relsim.hindcast.evaluate import MODEL, pit_shares
from relsim.hindcast.findings import Hindcast, in_years

ROW = 26
SHOWN = 12  # pairs: those with most events, which say most
COLUMNS = 3
PANEL = 150
BINS = 10
BAR = 14  # widest, in pixels


def hindcast_charts(found: Hindcast) -> dict[str, Any]:
    """The figures by the names of their files."""
    first = int(found.scores["horizon"].min())
    return {
        "skill": skill_chart(found),
        "bands": bands_chart(found, first),
        "pit": pit_chart(found),
    }


def skill_chart(found: Hindcast) -> Any:
    """CRPS of each forecaster as a ratio to the best baseline's, by horizon, with intervals."""
    table = found.skill
    table["panel"] = [in_years(horizon) for horizon in table["horizon"]]
    names = list(dict.fromkeys(table["forecaster"]))
    colours = [LINE if name == MODEL else MUTED for name in names]
    colour = alt.Color("forecaster:N", scale=alt.Scale(domain=names, range=colours), legend=None)
    y = alt.Y("forecaster:N", sort=names, title=None, axis=alt.Axis(ticks=False, labelLimit=200))
    base = alt.Chart(table).encode(y=y, color=colour)
    interval = base.mark_rule(strokeWidth=2).encode(x="ratio_low:Q", x2="ratio_high:Q")
    x = alt.X("ratio:Q", title="CRPS, times the best baseline's", scale=alt.Scale(zero=False))
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x=x)
    one = alt.Chart(table).mark_rule(color=INK, strokeDash=[2, 3]).encode(x=alt.datum(1.0))
    chart = alt.layer(one, interval, dots).properties(width=WIDTH - 180, height=ROW * len(names))
    title = alt.TitleParams(
        "Skill of forecasts",
        subtitle=[
            "Left of the dotted line: better than the best baseline. Lines: 95 % intervals; "
            "what they are over is in the table"
        ],
    )
    panels = sorted(table["panel"].unique(), key=lambda text: int(text.split()[0]))
    facet = alt.Facet("panel:N", title=None, sort=panels)
    return configured(chart.facet(facet, columns=1).properties(title=title))


def bands_chart(found: Hindcast, horizon: int) -> Any:
    """What was said of each year a horizon before, over what came, for the pairs most in the
    news."""
    rows = _said(found, horizon)
    shown, pairs = rows["dyad"].nunique(), len(found.panel.dyads)
    which = f"The {shown} pairs with most coded events" if pairs > SHOWN else ""
    return bands_over_dots(rows, f"Said {in_years(horizon)} before, and what came", which)


def bands_over_dots(rows: pd.DataFrame, title: str, which: str) -> Any:
    """Bands of forecasts and the values that came, a panel for each pair.

    Args:
        rows: ``dyad, year, value`` and the ends of bands, ``lower80, upper80`` and so on.
        title: of the chart.
        which: pairs these are, in words; empty where they are all.
    """
    x = alt.X("year:Q", title=None, axis=alt.Axis(format="d", tickMinStep=1, tickCount=4))
    scale = alt.Scale(domain=_reach(rows), nice=False)
    y = alt.Y("lower:Q", title="cooperation", scale=scale, axis=alt.Axis(tickCount=5))
    base = alt.Chart(rows).encode(x=x)
    wide = min(BAR, 0.8 * PANEL / (np.ptp(rows["year"]) + 2))
    layers = [
        base.transform_calculate(lower=f"datum.lower{name[:2]}")
        .mark_bar(size=wide, color=colour)
        .encode(y=y, y2=f"upper{name[:2]}:Q")
        for name, colour in BANDS.items()
    ]
    dots = base.mark_point(filled=True, color=INK, size=34, opacity=1).encode(y="value:Q")
    chart = alt.layer(*layers, dots).properties(width=PANEL, height=PANEL * 0.7)
    subtitle = "Bars: bands that were to hold 95, 80 and 50 % of values. Dots: what was measured"
    facet = alt.Facet("dyad:N", title=None)
    return configured(
        chart.facet(facet, columns=COLUMNS).properties(
            title=alt.TitleParams(title, subtitle=[subtitle, which] if which else [subtitle])
        )
    )


def _reach(rows: pd.DataFrame) -> list[float]:
    """From the lowest to the highest of bands and values; to 1 where most are above 0."""
    low = float(rows[["lower95", "value"]].to_numpy().min())
    high = float(rows[["upper95", "value"]].to_numpy().max())
    return [low, 1.0] if rows["value"].median() > 0 else [-1.0, high]


def pit_chart(found: Hindcast) -> Any:
    """Where what came stood in the forecasts: flat where bands are as wide as they should be."""
    shares = pit_shares(found.scores, BINS)
    wide = shares.reset_index()
    key = wide.columns[0]
    wide[["horizon", "forecaster"]] = pd.DataFrame(wide[key].tolist(), index=wide.index)
    own = wide[wide["forecaster"] == MODEL].drop(columns=[key, "forecaster"])
    frame = own.melt(id_vars="horizon", var_name="bin", value_name="share")
    frame["place"] = (frame["bin"].astype(int) + 0.5) / BINS
    frame["panel"] = [in_years(horizon) for horizon in frame["horizon"]]
    x = alt.X("place:Q", title="place in the forecast (PIT)", axis=alt.Axis(format="%"))
    y = alt.Y("share:Q", title="share of values", axis=alt.Axis(format="%"))
    bars = alt.Chart(frame).mark_bar(color=next(iter(SERIES)), size=PANEL / BINS - 2)
    flat = alt.Chart(frame).mark_rule(color=INK, strokeDash=[2, 3]).encode(y=alt.datum(1 / BINS))
    chart = alt.layer(bars.encode(x=x, y=y), flat).properties(width=PANEL, height=PANEL * 0.7)
    title = alt.TitleParams(
        "Are the bands as wide as they should be?",
        subtitle=["Flat: yes. A hump: too wide. High at both ends: too narrow. Dotted: flat"],
    )
    panels = sorted(frame["panel"].unique(), key=lambda text: int(text.split()[0]))
    facet = alt.Facet("panel:N", title=None, sort=panels)
    return configured(chart.facet(facet, columns=COLUMNS).properties(title=title))


def _said(found: Hindcast, horizon: int) -> pd.DataFrame:
    """The model's forecasts at a horizon for the pairs with most events, with the year meant."""
    events = pd.Series(found.panel.events.sum(axis=1), index=found.panel.dyads)
    pairs = events.fillna(0).nlargest(SHOWN).index
    scores = found.scores
    own = scores[(scores["forecaster"] == MODEL) & (scores["horizon"] == horizon)]
    shown = own[own["dyad"].isin(pairs)]
    return shown.assign(year=shown["origin"] + horizon)
