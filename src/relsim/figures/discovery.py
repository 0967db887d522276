"""Discovery charts: the limits of a box, what it was chosen from, and the points in and around."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.experiments.discovery import Box, Discovery
from relsim.experiments.study import Parameter
from relsim.figures.claims import in_lines
from relsim.figures.style import BANDS, ELSE, EVENT, GRID, INK, LINE, MUTED, configured

BAR_WIDTH, ROW = 250, 46
LONGEST = 28  # letters of a line of a row's name
MOST_ROWS = 15
SIDE = 380  # of square panels
MOST_POINTS = 1500  # more are a blot
SUBTITLE = 74  # letters of a line
CASE, OTHER = "it happens", "it does not"
RESTRICTED = ["#a9cbe8", "#6ba3d3", "#2f7ab5", "#0b4f8a", "#06305a"]


def discovery_charts(findings: Discovery) -> dict[str, Any]:
    """All charts by the names of their files: the conditions of each box and its points, and the
    boxes from which the first was chosen. None where nothing was searched for."""
    charts: dict[str, Any] = {}
    for place, box in enumerate(findings.boxes, start=1):
        number = "" if place == 1 else f"-{place}"
        charts[f"conditions{number}"] = conditions_chart(findings, box)
        if len(findings.parameters) > 1:
            charts[f"points{number}"] = points_chart(findings, box)
    first = findings.boxes[0] if findings.boxes else findings.rejected
    if first is not None:
        charts["trade-off"] = trade_off_chart(findings, first)
    return charts


# Conditions


def conditions_chart(findings: Discovery, box: Box) -> Any:
    """The limits of a box as bars on the range of each parameter, narrowest first, with where
    resamples put each limit."""
    frame = conditions_frame(findings, box)
    left_out = len(findings.parameters) - len(frame)
    order = list(frame["row"])
    axis = alt.Axis(
        labelExpr="split(datum.label, '\\n')",
        labelLimit=230,
        labelPadding=38,
        ticks=False,
        domain=False,
    )
    y = alt.Y("row:N", sort=order, title=None, axis=axis)
    across = alt.Scale(domain=[0, 1], nice=False)
    base = alt.Chart(frame).encode(y=y)
    x = alt.X("low:Q", scale=across, axis=None)
    whole = base.transform_calculate(zero="0", one="1").mark_bar(size=12, color=GRID)
    limits = base.transform_filter("datum.restricted")
    layers = [
        whole.encode(x=alt.X("zero:Q", scale=across, axis=None), x2="one:Q"),
        limits.mark_bar(size=12, color=LINE).encode(x=x, x2="high:Q"),
        *_whiskers(limits, across),
        *_ends(base, across),
        *_limit_texts(limits, across),
    ]
    return configured(
        alt.layer(*layers).properties(
            width=BAR_WIDTH,
            height=ROW * len(frame),
            title=alt.TitleParams("Conditions", subtitle=_conditions_said(findings, left_out)),
        )
    ).configure_axisY(labelLineHeight=13)


def conditions_frame(findings: Discovery, box: Box) -> pd.DataFrame:
    """A row for each parameter, those restricted first: its box on its range from 0 to 1, where
    resamples put the limits, and the texts."""
    order = findings.order(box)
    rest = [k for k in range(len(findings.parameters)) if k not in order]
    rows = [_row(findings.parameters[k], box, k) for k in [*order, *rest][:MOST_ROWS]]
    return pd.DataFrame(rows)


def _row(parameter: Parameter, box: Box, k: int) -> dict[str, Any]:
    is_set = box.restricted[k]
    bounds = np.array([parameter.low, parameter.high])
    low, high = _places(parameter, np.where(is_set, box.limits[k], bounds))
    texts = [
        parameter.written(limit) if some else ""
        for limit, some in zip(box.limits[k], is_set, strict=True)
    ]
    spread = _places(parameter, box.spread[k].ravel())
    names = ("lower_from", "lower_to", "upper_from", "upper_to")
    return {
        "row": _row_name(parameter, box, k),
        "restricted": bool(is_set.any()),
        "low": low,
        "high": high,
        "lower": texts[0],
        "upper": texts[1],
        "start": parameter.written(parameter.low),
        "end": parameter.with_unit(parameter.high),
        **dict(zip(names, spread, strict=True)),
    }


def _places(parameter: Parameter, values: Any) -> list[float]:
    return [float(one) for one in (values - parameter.low) / (parameter.high - parameter.low)]


def _row_name(parameter: Parameter, box: Box, k: int) -> str:
    name = in_lines(parameter.name, LONGEST)
    if not box.restricted[k].any() or np.isnan(box.reproduced[k]):
        return name
    return f"{name}\nin {100 * box.reproduced[k]:.0f} % of resamples"


def _whiskers(limits: Any, across: alt.Scale) -> list[Any]:
    """Where resamples put each limit, as lines below the bar."""
    return [
        limits.transform_filter(f"isValid(datum.{side}_from)")
        .mark_rule(color=EVENT, strokeWidth=4, yOffset=10)
        .encode(x=alt.X(f"{side}_from:Q", scale=across, axis=None), x2=f"{side}_to:Q")
        for side in ("lower", "upper")
    ]


def _ends(base: Any, across: alt.Scale) -> list[Any]:
    """The ends of the range, outside it."""
    sides = [("start", 0, "right", -6), ("end", 1, "left", 6)]
    return [
        base.mark_text(fontSize=10, color=MUTED, align=align, dx=dx).encode(
            x=alt.X(datum=place, type="quantitative", scale=across, axis=None), text=f"{name}:N"
        )
        for name, place, align, dx in sides
    ]


def _limit_texts(limits: Any, across: alt.Scale) -> list[Any]:
    """The limits, above the bar and outside the box."""
    sides = [("lower", "low", "right", 2), ("upper", "high", "left", -2)]
    return [
        limits.mark_text(fontSize=11, color=INK, align=align, dx=dx, dy=-13).encode(
            x=alt.X(f"{place}:Q", scale=across, axis=None), text=f"{name}:N"
        )
        for name, place, align, dx in sides
    ]


def _conditions_said(findings: Discovery, left_out: int) -> list[str]:
    said = _wrapped(findings.outcome.says)
    said.append("Blue: the box, on the range of each parameter. Grey: outside it")
    if findings.resamples:
        said.append(f"Orange: where 80 % of {findings.resamples} resamples put the limit")
    if left_out > 0:
        said.append(f"{left_out} more parameters are not restricted")
    return said


def _wrapped(text: str) -> list[str]:
    return in_lines(text, SUBTITLE, most=3).split("\n")


# Trade-off


def trade_off_chart(findings: Discovery, box: Box) -> Any:
    """Coverage and density of each box on the way, the chosen one, and that on the half held
    out."""
    way = box.trajectory
    most = int(way["restricted"].max())
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", tickCount=5)
    x = alt.X("coverage:Q", scale=scale, axis=axis, title="coverage: share of all cases in the box")
    y = alt.Y("density:Q", scale=scale, axis=axis, title="density: share of the box that are cases")
    colours = alt.Color(
        "restricted:O",
        scale=alt.Scale(domain=list(range(most + 1)), range=_shades(most + 1)),
        legend=alt.Legend(title="restricted parameters", orient="bottom", symbolType="circle"),
    )
    dots = alt.Chart(way).mark_circle(size=55, opacity=1, stroke="white", strokeWidth=0.5)
    base = pd.DataFrame({"density": [box.searched.cases / box.searched.points]})
    rule = alt.Chart(base).mark_rule(color=MUTED, strokeDash=[3, 3]).encode(y=y)
    layers = [rule, dots.encode(x=x, y=y, color=colours), *_marks(box, x, y)]
    claimed = "" if findings.boxes else ". None holds, and none is claimed"
    said = [
        *_wrapped(findings.outcome.says),
        f"Dots: boxes on the way, on the half searched{claimed}",
        "Dashed: all points. Chosen: the highest F-score, less limits that may be chance",
    ]
    return configured(
        alt.layer(*layers).properties(
            width=SIDE, height=SIDE, title=alt.TitleParams("Coverage and density", subtitle=said)
        )
    )


def _shades(count: int) -> list[str]:
    """From grey for no restriction to dark for most; the darkest where there are too many."""
    return [ELSE, *(RESTRICTED[min(place, len(RESTRICTED) - 1)] for place in range(count - 1))]


def _marks(box: Box, x: Any, y: Any) -> list[Any]:
    """The chosen box on either half, told apart by shape and word."""
    halves = {"chosen, searched half": box.searched, "chosen, held-out half": box.held_out}
    frame = pd.DataFrame(
        [
            {"half": name, "coverage": held.coverage, "density": held.density}
            for name, held in halves.items()
            if held.inside
        ]
    )
    shape = alt.Shape(
        "half:N",
        scale=alt.Scale(domain=list(halves), range=["circle", "diamond"]),
        legend=alt.Legend(title=None, orient="bottom", labelLimit=300),
    )
    points = alt.Chart(frame).mark_point(size=170, strokeWidth=2.5, color=EVENT, opacity=1)
    return [points.encode(x=x, y=y, shape=shape)]


# Points


def points_chart(findings: Discovery, box: Box) -> Any:
    """The points over the two parameters that a box restricts most, and its limits."""
    pair = _axes_of(findings, box)
    across, up = (findings.parameters[k] for k in pair)
    frame = points_frame(findings, pair)
    x, y = _scaled_axis("x", across), _scaled_axis("y", up)
    names = [CASE, OTHER]
    stroke = alt.Stroke("case:N", scale=alt.Scale(domain=names, range=[LINE, MUTED]))
    fill = alt.Fill("case:N", scale=alt.Scale(domain=names, range=[LINE, "white"]))
    shape = alt.Shape("case:N", scale=alt.Scale(domain=names, range=["circle", "cross"]))
    dots = alt.Chart(frame).mark_point(size=26, strokeWidth=1, opacity=0.85)
    layers = [
        _rectangle(box, pair, (across, up), x, y),
        dots.encode(x=x, y=y, stroke=stroke, shape=shape, fill=fill),
    ]
    said = [*_wrapped(findings.outcome.says), "Shaded: the box", *_said_of_points(findings, box)]
    title = alt.TitleParams("Points in the box and around", subtitle=said)
    return configured(alt.layer(*layers).properties(width=SIDE, height=SIDE, title=title))


def _said_of_points(findings: Discovery, box: Box) -> list[str]:
    said = []
    others = len(findings.order(box)) - 2
    if others > 0:
        word = "limit on another parameter is" if others == 1 else f"limits on {others} others are"
        said.append(f"Its {word} not seen here, so points in it may be outside the box")
    if len(findings.points) > MOST_POINTS:
        said.append(f"The first {MOST_POINTS:,} of {len(findings.points):,} points")
    return said


def _axes_of(findings: Discovery, box: Box) -> tuple[int, int]:
    """The two parameters with the narrowest limits; where only one has any, the other is the one
    that resamples restrict most."""
    order = findings.order(box)
    rest = [k for k in range(len(findings.parameters)) if k not in order]
    rest.sort(key=lambda k: -np.nan_to_num(box.reproduced[k]))
    first, second = [*order, *rest][:2]
    return first, second


def points_frame(findings: Discovery, pair: tuple[int, int]) -> pd.DataFrame:
    """The points over two parameters, long: x, y, case."""
    known = np.flatnonzero(findings.searched | findings.held_out)[:MOST_POINTS]
    case = np.where(findings.cases[known], CASE, OTHER)
    x, y = (findings.points[known, k] for k in pair)
    return pd.DataFrame({"x": x, "y": y, "case": case})


def _scaled_axis(channel: str, parameter: Parameter) -> Any:
    text = parameter.name + (f" ({parameter.unit})" if parameter.unit else "")
    options: dict[str, Any] = {
        "title": in_lines(text, 52).split("\n"),
        "scale": alt.Scale(domain=[parameter.low, parameter.high], nice=False),
        "axis": alt.Axis(grid=False, tickCount=5),
    }
    return alt.X("x:Q", **options) if channel == "x" else alt.Y("y:Q", **options)


def _rectangle(
    box: Box, pair: tuple[int, int], parameters: tuple[Parameter, Parameter], x: Any, y: Any
) -> Any:
    sides = [
        np.clip(box.limits[k], one.low, one.high) for k, one in zip(pair, parameters, strict=True)
    ]
    frame = pd.DataFrame(
        {"x": [sides[0][0]], "x2": [sides[0][1]], "y": [sides[1][0]], "y2": [sides[1][1]]}
    )
    area = alt.Chart(frame).mark_rect(color=BANDS["95 %"], stroke=LINE, strokeWidth=1.5)
    return area.encode(x=x, x2="x2:Q", y=y, y2="y2:Q")
