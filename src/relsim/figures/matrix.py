"""Start-to-end matrix: every pair at a glance."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import xarray as xr

from relsim.figures.style import DIVERGING, INK, configured
from relsim.scenario.schema import Scenario

CELL = 46


def start_to_end_matrix(scenario: Scenario, summary: xr.Dataset) -> Any:
    """Below the diagonal the opening level, above it the median at the end."""
    frame = matrix_frame(summary)
    codes = sorted({*frame["row"], *frame["column"]})
    side = min(CELL * len(codes), 1400)
    base = alt.Chart(frame).encode(
        x=alt.X("column:N", sort=codes, title=None, axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("row:N", sort=codes, title=None),
    )
    cells = base.mark_rect(stroke="white").encode(
        color=alt.Color(
            "level:Q",
            scale=alt.Scale(domain=[-1, 1], range=DIVERGING, interpolate="lab"),
            legend=alt.Legend(
                title="cooperation",
                orient="right",
                type="gradient",
                gradientLength=220,
                format="+.1f",
            ),
        )
    )
    text = base.mark_text(fontSize=10).encode(
        text=alt.Text("level:Q", format="+.2f"),
        color=alt.condition(
            "datum.level > 0.62 || datum.level < -0.8", alt.value("white"), alt.value(INK)
        ),
    )
    time = scenario.time
    layers = [cells, text] if len(codes) <= 30 else [cells]
    chart = alt.layer(*layers).properties(
        width=side,
        height=side,
        title=alt.TitleParams(
            scenario.name,
            subtitle=[
                f"Overall cooperation, −1 to 1. Below the diagonal {time.start}, "
                f"above it the median run at {time.end}",
            ],
        ),
    )
    return configured(chart)


def matrix_frame(summary: xr.Dataset) -> pd.DataFrame:
    """Opening and closing medians, long: row, column, level."""
    median = summary["overall"].sel(statistic="q0.5")
    rows = []
    for pair in median["pair"].values:
        first, second = str(pair).split("-")
        levels = median.sel(pair=pair)
        rows.append({"row": second, "column": first, "level": float(levels[0])})
        rows.append({"row": first, "column": second, "level": float(levels[-1])})
    return pd.DataFrame(rows)
