"""Bands that hold a share of the runs, around the median."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import xarray as xr

from relsim.figures.style import BANDS, LINE

EDGES = {"95 %": ("q0.025", "q0.975"), "80 %": ("q0.1", "q0.9"), "50 %": ("q0.25", "q0.75")}


def band_frame(levels: xr.DataArray) -> pd.DataFrame:
    """Bands and median of levels (statistic, time), long: time, band, low, median, high."""
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


def band_layers(frame: pd.DataFrame, x: Any, y: Any) -> list[Any]:
    """The bands as areas, the widest at the back."""
    color = alt.Color("band:N", scale=alt.Scale(domain=list(BANDS), range=list(BANDS.values())))
    return [
        alt.Chart(frame[frame["band"] == band])
        .mark_area()
        .encode(x=x, y=y, y2="high:Q", color=color)
        for band in BANDS
    ]


def median_layer(frame: pd.DataFrame, x: Any) -> Any:
    """The median as a line, over the axes of the bands."""
    one = frame[frame["band"] == "50 %"]
    return alt.Chart(one).mark_line(color=LINE, strokeWidth=2).encode(x=x, y="median:Q")


def widest_band(levels: xr.DataArray) -> tuple[float, float]:
    """The least and the greatest edge of the 95 % band of levels (statistic, time)."""
    low, high = (levels.sel(statistic=edge) for edge in EDGES["95 %"])
    return float(low.min()), float(high.max())


def time_span(levels: xr.DataArray) -> pd.Timedelta:
    """The time from the first to the last of some levels."""
    times = pd.DatetimeIndex(levels["time"].values)
    return times[-1] - times[0]
