"""Small multiples: every pair in a panel of its own, all to one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from relsim.analysis.compare import Comparison
from relsim.figures.style import BANDS, INK, LINE, configured, level_labels
from relsim.scenario.schema import Scenario
from relsim.words import signed

COLUMNS, PANEL_WIDTH, PANEL_HEIGHT = 5, 96, 62  # five panels and an axis are 600 px
MOST_PANELS, MOST_TIMES = 60, 61
VISIBLE = 0.005  # differences that are 0 to two digits are no news


def level_multiples(scenario: Scenario, summary: xr.Dataset) -> Any:
    """Overall cooperation of all pairs, those that change the most first.

    Args:
        scenario: for its name.
        summary: of :func:`relsim.analysis.summary.summarise`.
    """
    said = ["Overall cooperation, −1 to 1: median and band of 80 % of runs"]
    return _multiples(summary["overall"], scenario.title, said, ".1f")


def difference_multiples(comparison: Comparison, pairs: Sequence[str] | None = None) -> Any:
    """What a scenario brings against its base, the largest differences first.

    Args:
        comparison: of the two.
        pairs: these; all where absent. Those in which nothing is to be seen are left out.
    """
    base, other = comparison.titles
    said = [
        f"{comparison.quantity.capitalize()} less that of “{base}”: median and band of 80 % of "
        f"{comparison.runs:,} runs"
    ]
    difference = comparison.summary(pairs)["difference"]
    seen = difference.sel(pair=visible_pairs(difference))
    if few := difference.sizes["pair"] - seen.sizes["pair"]:
        said.append(f"Left out: {few} pairs with bands within ±{VISIBLE:g} throughout")
    return _multiples(seen, other, said, "+.2f")


def visible_pairs(difference: xr.DataArray) -> list[str]:
    """The pairs whose band of 80 % leaves ±0.005 at some time; all where there are none."""
    edges = abs(difference.sel(statistic=["q0.1", "q0.9"])).max(["statistic", "time"])
    pairs = [str(pair) for pair in difference["pair"].values[edges.values > VISIBLE]]
    return pairs or [str(pair) for pair in difference["pair"].values]


def _multiples(levels: xr.DataArray, title: str, said: list[str], digits: str) -> Any:
    changes = median_changes(levels)
    shown = changes.index[:MOST_PANELS]
    notes = [*said, "In each title: change of the median from start to end. Dotted: 0"]
    if len(shown) < len(changes):
        notes.append(f"The {len(shown)} pairs that change the most, of {len(changes)}")
    frame = multiples_frame(levels, changes[shown])
    order = list(dict.fromkeys(frame["panel"]))
    header = alt.Header(title=None, labelFontSize=10, labelPadding=3)
    panels = alt.Facet("panel:N", sort=order, header=header)
    chart = _panel(frame, digits).facet(facet=panels, columns=COLUMNS, spacing=8)
    return configured(chart.properties(title=alt.TitleParams(title, subtitle=notes)))


def _panel(frame: pd.DataFrame, digits: str) -> Any:
    low, high = min(0.0, frame["low"].min()), max(0.0, frame["high"].max())
    scale = alt.Scale(domain=[low, high], nice=True, zero=False)
    years = alt.Axis(format="’%y", tickCount=4, labelFontSize=9)
    x = alt.X("time:T", title=None, axis=years)
    levels = alt.Axis(labelExpr=level_labels(digits), tickCount=3, labelFontSize=9)
    y = alt.Y("low:Q", title=None, scale=scale, axis=levels)
    base = alt.Chart().encode(x=x)
    # One line a panel, and not one for each of its rows.
    zero = alt.Chart().transform_aggregate(rows="count()", groupby=["panel"])
    return alt.layer(
        base.mark_area(color=BANDS["80 %"]).encode(y=y, y2="high:Q"),
        zero.mark_rule(color=INK, strokeDash=[2, 3], opacity=0.6).encode(y=alt.datum(0.0)),
        base.mark_line(color=LINE, strokeWidth=1.5).encode(y="median:Q"),
        data=frame,
    ).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT)


def median_changes(levels: xr.DataArray) -> pd.Series:
    """By how much the median of each pair changes from start to end, the largest first."""
    median = levels.sel(statistic="q0.5")
    change = (median.isel(time=-1) - median.isel(time=0)).to_series()
    return change.sort_values(key=abs, ascending=False, kind="stable")


def multiples_frame(levels: xr.DataArray, changes: pd.Series) -> pd.DataFrame:
    """Band of 80 % and median of some pairs, long: panel, time, low, median, high.

    With no more times than a panel has room for, the first and the last among them.
    """
    places = np.linspace(0, levels.sizes["time"] - 1, min(MOST_TIMES, levels.sizes["time"]))
    levels = levels.isel(time=places.round().astype(int))
    times = pd.DatetimeIndex(levels["time"].values)
    frames = []
    for pair, change in changes.items():
        one = levels.sel(pair=pair)
        low, median, high = (one.sel(statistic=name).values for name in ("q0.1", "q0.5", "q0.9"))
        content = {"time": times, "low": low, "median": median, "high": high}
        frames.append(pd.DataFrame({"panel": f"{pair}  {signed(change)}", **content}))
    return pd.concat(frames, ignore_index=True)
