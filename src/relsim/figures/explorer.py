"""Charts whose pair, or scenarios, are picked on a page."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from relsim.figures.bands import EDGES
from relsim.figures.fan import HEIGHT, hover_layers
from relsim.figures.style import BANDS, INK, LINE, SERIES, configured

PAIR = "pair"  # the signal that picks
SHOWN_FIRST = 4  # scenarios; more lines cannot be told apart at a glance


def pair_explorer(summary: xr.Dataset, pairs: list[str], first: str) -> Any:
    """The fan of a pair that is picked by the signal ``pair``.

    Args:
        summary: of :func:`relsim.analysis.summary.summarise`.
        pairs: which may be picked.
        first: the one shown at first.
    """
    picked = alt.param(name=PAIR, value=first)
    frame = explorer_frame(summary, pairs)
    base = alt.Chart(frame).transform_filter(f"datum.pair == {PAIR}")
    x = alt.X("time:T", title=None, axis=alt.Axis(format="%Y", tickCount="year"))
    layers: list[Any] = [base.mark_rule(color=INK, strokeDash=[2, 3]).encode(y="mean(start):Q")]
    for band in BANDS:
        low, high = (column(name) for name in EDGES[band])
        y = alt.Y(
            f"{low}:Q",
            title="cooperation",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(format=".2f"),
        )
        area = base.mark_area(color=BANDS[band]).encode(x=x, y=y, y2=f"{high}:Q")
        layers.insert(len(layers) - 1, area)
    line = base.mark_line(color=LINE, strokeWidth=2).encode(x=x, y="median:Q")
    hover = hover_layers(base, *(column(edge) for edge in EDGES["80 %"]))
    chart = alt.layer(*layers, line, *hover).add_params(picked)
    return configured(
        chart.properties(
            width="container",
            height=1.6 * HEIGHT,
            description="Fan chart of the pair picked above: overall cooperation by month.",
        )
    )


def explorer_frame(summary: xr.Dataset, pairs: list[str]) -> pd.DataFrame:
    """Medians and band edges of some pairs, a row for each pair and month, to four digits."""
    levels = summary["overall"].sel(pair=pairs)
    names = ["q0.5", *(edge for edges in EDGES.values() for edge in edges)]
    columns = {
        column(name): levels.sel(statistic=name).transpose("pair", "time").values.ravel().round(4)
        for name in names
    }
    times = levels["time"].values
    frame = pd.DataFrame(
        {
            "pair": [pair for pair in pairs for _ in times],
            "time": np.tile(times, len(pairs)),
            **columns,
        }
    )
    frame["start"] = frame.groupby("pair")["median"].transform("first")
    return frame


def column(statistic: str) -> str:
    """A statistic as a name that chart expressions take: ``q0.1`` is ``q10``."""
    if statistic == "q0.5":
        return "median"
    return f"q{1000 * float(statistic[1:]):g}"


def scenario_explorer(frame: pd.DataFrame, names: list[str], pair: str, quantity: str) -> Any:
    """Medians and 80 % bands of several scenarios for a picked pair.

    The signal ``pair`` picks the pair, the signals ``show_0``, ``show_1`` … show scenarios.

    Args:
        frame: scenario (place in ``names``), pair, time, median, low, high.
        names: of the scenarios, in order.
        pair: the one shown at first.
        quantity: what is shown, with its unit, for the axis.
    """
    shown = [alt.param(name=f"show_{n}", value=n < SHOWN_FIRST) for n in range(len(names))]
    switches = ", ".join(f"show_{n}" for n in range(len(names)))
    named = frame.assign(name=[names[n] for n in frame["scenario"]])
    base = alt.Chart(named).transform_filter(
        f"datum.pair == {PAIR} && [{switches}][datum.scenario]"
    )
    x = alt.X("time:T", title=None, axis=alt.Axis(format="%Y", tickCount="year"))
    y = alt.Y("low:Q", title=quantity, scale=alt.Scale(zero=False), axis=alt.Axis(format="+.2f"))
    colours, dashes = series_styles(len(names))
    colour = alt.Color("name:N", legend=None, scale=alt.Scale(domain=names, range=colours))
    dash = alt.StrokeDash("name:N", legend=None, scale=alt.Scale(domain=names, range=dashes))
    band = base.mark_area(opacity=0.12).encode(x=x, y=y, y2="high:Q", color=colour)
    line = base.mark_line(strokeWidth=2).encode(
        x=x, y="median:Q", color=colour, strokeDash=dash, tooltip=_scenario_tooltip()
    )
    dots = base.mark_point(size=60, opacity=0).encode(
        x=x, y="median:Q", tooltip=_scenario_tooltip()
    )
    chart = alt.layer(band, line, dots).add_params(alt.param(name=PAIR, value=pair), *shown)
    return configured(
        chart.properties(
            width="container",
            height=1.8 * HEIGHT,
            description=f"{quantity} of the pair picked above, by scenario and month.",
        )
    )


def series_styles(count: int) -> tuple[list[str], list[list[int]]]:
    """A colour and a dash for each of several series: no two alike, up to 36."""
    colours, dashes = list(SERIES), list(SERIES.values())
    size = len(SERIES)
    return (
        [colours[n % size] for n in range(count)],
        [dashes[(n + n // size) % size] for n in range(count)],
    )


def _scenario_tooltip() -> list[Any]:
    return [
        alt.Tooltip("name:N", title="scenario"),
        alt.Tooltip("time:T", title="month", format="%B %Y"),
        alt.Tooltip("median:Q", title="median (cooperation)", format="+.3f"),
        alt.Tooltip("low:Q", title="80 % of runs, from", format="+.3f"),
        alt.Tooltip("high:Q", title="80 % of runs, to", format="+.3f"),
    ]
