"""Sweep charts: the response of a measure to each parameter, and to two of them at once."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.experiments.response import Response
from relsim.experiments.study import Parameter
from relsim.experiments.sweep import SweepFindings
from relsim.figures.claims import in_lines
from relsim.figures.style import BANDS, DIVERGING, INK, LINE, WIDTH, configured, ink_on
from relsim.scenario.naming import file_names

COLUMNS, PANEL_WIDTH, PANEL_HEIGHT = 3, 150, 120
MOST_PANELS = 12  # more do not fit on a page
LONGEST = 26  # letters of a line of a panel's title
MOST_WRITTEN = 9  # levels of an axis; with more the cells have no room for numbers
CELL = 46
LETTER_WIDTH = 6.5  # at 10 px, as figures are set
SEQUENTIAL = ["#f3f8fc", "#a9cbe8", "#6ba3d3", "#0b4f8a"]


def sweep_charts(findings: SweepFindings) -> dict[str, Any]:
    """All charts of a sweep by the names of their files: responses of each measure, and for
    grids of two parameters or more a heat map of the two that explain most of it."""
    charts: dict[str, Any] = {}
    for measure, name in file_names(list(findings.outcomes)).items():
        charts[f"response-{name}"] = response_chart(findings, measure)
        if findings.design == "grid" and len(findings.parameters) > 1:
            charts[f"heat-{name}"] = heat_map(findings, measure)
    return charts


def response_chart(findings: SweepFindings, measure: str) -> Any:
    """A panel for each parameter, those that explain most first, all to one scale: the mean over
    the other parameters, its 95 % interval and the band of 80 % of the runs."""
    every = findings.of(measure)
    shown = every[:MOST_PANELS]
    scale = alt.Scale(domain=_range(shown), nice=True, zero=False)
    panels = [
        _panel(one, scale, first=place % COLUMNS == 0, dots=findings.design != "grid")
        for place, one in enumerate(shown)
    ]
    grid = alt.concat(*panels, columns=COLUMNS, spacing={"row": 18, "column": 14})
    others = "Mean over the other parameters"
    if findings.design != "grid":
        others = "Means of bins with equal numbers of points"
    said = [
        f"{others}. Bars: 95 % interval. Shaded: 80 % of {findings.runs:,} runs",
        "In each title: the share of the variance between points that the parameter explains",
    ]
    if len(shown) < len(every):
        said.append(f"The {len(shown)} parameters that explain most, of {len(every)}")
    return configured(grid.properties(title=alt.TitleParams(measure, subtitle=said)))


def _range(shown: list[Response]) -> list[float]:
    edges = np.concatenate([np.r_[one.least, one.most, one.low, one.high] for one in shown])
    edges = edges[np.isfinite(edges)]
    low, high = (float(edges.min()), float(edges.max())) if edges.size else (0.0, 1.0)
    room = 0.05 * (high - low) or max(0.05, 0.05 * abs(high))
    return [low - room, high + room]


def response_frame(one: Response) -> pd.DataFrame:
    """A response, long: at, mean, low, high, least, most."""
    names = ("at", "mean", "low", "high", "least", "most")
    return pd.DataFrame({name: getattr(one, name) for name in names})


def _panel(one: Response, scale: alt.Scale, *, first: bool, dots: bool) -> Any:
    parameter = one.parameter
    across = alt.Axis(
        title=parameter.unit or None, tickCount=4, labelOverlap=True, labelSeparation=8
    )
    domain = alt.Scale(domain=[float(one.at[0]), float(one.at[-1])], nice=False, padding=6)
    up = alt.Axis(labels=first, ticks=first, tickCount=5, title=None)
    y = alt.Y("mean:Q", scale=scale, axis=up)
    base = alt.Chart(response_frame(one)).encode(x=alt.X("at:Q", axis=across, scale=domain))
    fill = "white" if dots else LINE
    layers = [
        base.mark_area(color=BANDS["80 %"], opacity=0.7).encode(
            y=alt.Y("least:Q", scale=scale, axis=up), y2="most:Q"
        ),
        base.mark_line(color=LINE, strokeWidth=2).encode(y=y),
        base.mark_rule(color=INK, strokeWidth=1.2).encode(
            y=alt.Y("low:Q", scale=scale, axis=up), y2="high:Q"
        ),
        base.mark_point(stroke=LINE, fill=fill, size=24, opacity=1).encode(y=y),
    ]
    title = {"text": _title(one), "fontSize": 11, "offset": 6, "frame": "group"}
    return alt.layer(*layers).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT, title=title)


def _title(one: Response) -> list[str]:
    """The parameter in at most two lines, and its share on the line after."""
    share = one.share.value
    explained = "–" if np.isnan(share) else f"{100 * max(0.0, share):.0f} %"
    return [*in_lines(one.parameter.name, LONGEST).split("\n"), explained]


def heat_map(findings: SweepFindings, measure: str, pair: tuple[str, str] | None = None) -> Any:
    """The mean of a measure over the levels of two parameters of a grid, and over runs and all
    other parameters.

    Args:
        findings: of a grid.
        measure: which one.
        pair: the paths of the parameters; the two that explain most where absent.
    """
    across, up = _pair(findings, measure, pair)
    frame = surface(findings, measure, across, up)
    sizes = [frame[name].nunique() for name in ("x", "y")]
    domain, colours = _colours(frame["mean"])
    side = min(CELL, WIDTH // max(sizes))
    x = alt.X(
        "x:O",
        title=_axis_title(across, side * sizes[0]),
        axis=_labels(),
        scale=alt.Scale(padding=0),
    )
    y = alt.Y("y:O", title=_axis_title(up, side * sizes[1]), axis=_labels(), sort="descending")
    legend = alt.Legend(title=None, orient="right", gradientLength=min(220, side * sizes[1]))
    fill = alt.Color(
        "mean:Q",
        scale=alt.Scale(domain=domain, range=colours, interpolate="lab"),
        legend=legend,
    )
    base = alt.Chart(frame).encode(x=x, y=y)
    layers = [base.mark_rect(stroke="white").encode(color=fill)]
    letters = max(len(text) for text in frame["text"])
    if max(sizes) <= MOST_WRITTEN and letters * LETTER_WIDTH <= side:
        layers += _numbers(base, frame)
    said = ["Mean over runs" + (" and the other parameters" * (len(findings.parameters) > 2))]
    chart = alt.layer(*layers).properties(
        width=side * sizes[0],
        height=side * sizes[1],
        title=alt.TitleParams(measure, subtitle=said),
    )
    return configured(chart)


def _pair(
    findings: SweepFindings, measure: str, pair: tuple[str, str] | None
) -> tuple[Parameter, Parameter]:
    if pair is None:
        first, second = (one.parameter for one in findings.of(measure)[:2])
    else:
        known = {one.path: one for one in findings.parameters}
        first, second = (known[path] for path in pair)
    return first, second


def surface(
    findings: SweepFindings, measure: str, across: Parameter, up: Parameter
) -> pd.DataFrame:
    """The mean at the levels of two parameters of a grid, long: x, y, mean, text, ink."""
    data = findings.dataset()[measure]
    others = [name for name in data.dims if name not in (across.path, up.path)]
    means = data.mean(others).transpose(across.path, up.path)
    x, y = np.meshgrid(means[across.path].values, means[up.path].values, indexing="ij")
    frame = pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "mean": means.values.ravel()})
    frame["text"] = _texts(frame["mean"])
    domain, colours = _colours(frame["mean"])
    frame["ink"] = [ink_on(_colour(value, domain, colours)) for value in frame["mean"]]
    return frame


def _texts(values: pd.Series) -> list[str]:
    """Values to a hundredth of their range or better."""
    span = float(values.max() - values.min())
    digits = max(0, 2 - math.ceil(math.log10(span))) if span > 0 else 2
    texts = [f"{value:.{digits}f}" if np.isfinite(value) else "–" for value in values]
    return [text.replace("-", "−") for text in texts]


def _numbers(base: Any, frame: pd.DataFrame) -> list[Any]:
    text = base.mark_text(fontSize=10).encode(text="text:N")
    return [
        text.transform_filter(f"datum.ink === '{ink}'").mark_text(fontSize=10, color=ink)
        for ink in sorted({*frame["ink"]})
    ]


def _colours(values: pd.Series) -> tuple[list[float], list[str]]:
    """Either side of 0 where values are on both, from pale to dark where they are not."""
    low, high = float(values.min()), float(values.max())
    if low < 0 < high:
        reach = max(-low, high)
        return [-reach, reach], DIVERGING
    return [low, high if high > low else low + 1], SEQUENTIAL


def _colour(value: float, domain: list[float], colours: list[str]) -> str:
    """The colour of the scale at a value, between its two neighbours."""
    if not np.isfinite(value):
        return "#ffffff"
    place = (value - domain[0]) / (domain[1] - domain[0]) * (len(colours) - 1)
    below = min(int(place), len(colours) - 2)
    mix = (
        round((1 - place + below) * int(colours[below][at : at + 2], 16))
        + round((place - below) * int(colours[below + 1][at : at + 2], 16))
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{min(255, channel):02x}" for channel in mix)


def _axis_title(parameter: Parameter, length: int) -> list[str]:
    """A parameter with its unit, in at most two lines of so many pixels."""
    text = parameter.name + (f" ({parameter.unit})" if parameter.unit else "")
    return in_lines(text, max(LONGEST, length // 6)).split("\n")


def _labels() -> alt.Axis:
    return alt.Axis(labelAngle=0, format=".3~g", labelOverlap=True, ticks=False, domain=False)
