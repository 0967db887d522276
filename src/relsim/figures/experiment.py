"""Figures of experiments: of each method's findings, and those of sweeps and of switches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.experiments.advice import Advice
from relsim.experiments.attribute import WHOLE as WHOLE_NAME
from relsim.experiments.attribute import Attribution, MeasureAttribution
from relsim.experiments.discovery import Discovery
from relsim.experiments.response import Response
from relsim.experiments.sensitivity_findings import SensitivityFindings
from relsim.experiments.study import Findings, Parameter
from relsim.experiments.sweep import SweepFindings
from relsim.experiments.tuning import Tuning
from relsim.figures import marks, style
from relsim.figures.search import discovery_charts, tuning_charts
from relsim.figures.sensitivity import sensitivity_charts
from relsim.scenario.titles import file_names
from relsim.scenario.values import one_line
from relsim.words import fixed, percent

COLUMNS, PANEL_WIDTH, PANEL_HEIGHT = 3, 200, 140
MOST_PANELS = 12  # more do not fit on a page
PANEL_LETTERS = 30  # of a line of a panel's title
WIDEST, WIDEST_CELL = 620, 72  # pixels of a heat table and of its cells
MOST_ROWS = 25  # players; more do not fit on a page
SHARES = {
    "raises": (style.RAISES, "circle"),
    "lowers": (style.LOWERS, "square"),
    "all together": (style.WHOLE, "diamond"),
}
FRONT_WIDTH, FRONT_HEIGHT, MARGIN = 500, 300, 0.06
COLUMN, LEVER_ROW, GAINS = 20, 26, 110  # pixels: of a portfolio, of a lever, of the panel of gains
MOST_COLUMNS = 20  # portfolios of the front that fit beside each other
BOUNDS = {
    "surely keeps every bound": (style.LINE, "circle"),
    "may not keep them all": (style.EVENT, "triangle-down"),
}
DIGITS = "+.3~f"
PLACE = "place"  # the signal that says where the sliders of a page are


def experiment_charts(findings: Findings) -> dict[str, Any]:
    """The charts of a method's findings, by the names of their files; none where the findings have
    no entry in the table."""
    charts = CHARTS.get(type(findings))
    return charts(findings) if charts else {}


# Sweeps


def sweep_charts(sweep: SweepFindings) -> dict[str, Any]:
    """All charts of a sweep by the names of their files: responses of each measure, and for
    grids of two parameters or more a heat map of the two that explain most of it."""
    charts: dict[str, Any] = {}
    for measure, name in file_names(list(sweep.outcomes)).items():
        charts[f"response-{name}"] = response_chart(sweep, measure)
        if sweep.design == "grid" and len(sweep.parameters) > 1:
            charts[f"heat-{name}"] = heat_map(sweep, measure)
    return charts


def response_chart(sweep: SweepFindings, measure: str) -> Any:
    """A panel for each parameter, those that explain most first, all to one scale: the mean over
    the other parameters, its 95 % interval and the band of 80 % of the runs."""
    every = sweep.of(measure)
    shown = every[:MOST_PANELS]
    ends = np.concatenate(
        [np.r_[response.least, response.most, response.low, response.high] for response in shown]
    )
    ends = ends[np.isfinite(ends)]
    low, high = (float(ends.min()), float(ends.max())) if ends.size else (0.0, 1.0)
    room = 0.05 * (high - low) or max(0.05, 0.05 * abs(high))
    y = marks.axis(alt.Y, "low", None, (low - room, high + room))
    grid = sweep.design == "grid"
    panels = [
        _response(
            response,
            y,
            sweep.parameters.index(response.parameter),
            first=n % COLUMNS == 0,
            fill=style.LINE if grid else "white",
        )
        for n, response in enumerate(shown)
    ]
    means = (
        "Mean over the other parameters" if grid else "Means of bins with equal numbers of points"
    )
    panels_together = alt.concat(*panels, columns=COLUMNS, spacing={"row": 18, "column": 14})
    return style.titled(
        style.sized(panels_together, params=[_place()]),
        measure,
        f"{means}. Bars: 95 % interval. Shaded: 80 % of {sweep.runs:,} runs",
        "In each title: the share of the variance between points that the parameter explains",
        f"The {len(shown)} parameters that explain most, of {len(every)}"
        if len(shown) < len(every)
        else "",
    )


def _place() -> Any:
    """The signal with which a page shows where its sliders are: for each parameter ``at``, the
    value, and the levels ``from`` and ``to`` around it. Empty, so that nothing is marked."""
    return alt.VariableParameter(name=PLACE, value=[])


def _response(response: Response, y: Any, number: int, *, first: bool, fill: str) -> Any:
    """The response to one parameter, and where the sliders of a page are.

    Args:
        response, y: to show, and the axis of levels, which the first of a line of panels has.
        number: of the parameter, among those of the sweep.
        first, fill: whether it is the first, and the colour of points.
    """
    parameter, at = response.parameter, response.at
    x = marks.axis(
        alt.X,
        "at",
        parameter.unit or "value",
        (at[0], at[-1]),
        ticks=4,
        labelOverlap=True,
        labelSeparation=8,
    )
    x["scale"].padding = 6
    y = y.copy()
    y.title = marks.in_lines(response.measure, PANEL_LETTERS).split("\n") if first else None
    y["axis"].labels = y["axis"].ticks = first
    base = alt.Chart(response_frame(response)).encode(x=x)
    rule = base.mark_rule(color=style.INK, strokeWidth=1.2)
    place = alt.Chart(alt.InlineData(values=[{}]))
    place = place.transform_filter(f"length({PLACE}) > {number}")
    place = place.transform_calculate(at=f"{PLACE}[{number}].at")
    layers = [
        *marks.fan(base, y, ["80 %"], middle="mean"),
        place.mark_rule(color=style.EVENT, strokeWidth=2).encode(x=x),
        rule.encode(y=y, y2="high:Q"),
        base.mark_point(stroke=style.LINE, fill=fill, size=24, opacity=1).encode(y="mean:Q"),
    ]
    share = response.share.value
    explained = percent(None if np.isnan(share) else max(0.0, share))
    name = marks.in_lines(parameter.name, PANEL_LETTERS, most=4).split("\n")
    heading = style.panel_title([*name, explained]) | {"fontSize": style.TEXT}
    return alt.layer(*layers).properties(width=PANEL_WIDTH, height=PANEL_HEIGHT, title=heading)


def response_frame(response: Response) -> pd.DataFrame:
    """A response, long: at, mean, low, high, and the band of 80 % of runs."""
    fields = {"lower80": "least", "upper80": "most"}
    names = ("at", "mean", "low", "high", *fields)
    return pd.DataFrame({name: getattr(response, fields.get(name, name)) for name in names})


def heat_map(sweep: SweepFindings, measure: str) -> Any:
    """The mean of a measure over the levels of the two parameters of a grid that explain most of
    it, and over runs and all other parameters. White is 0, where the scale holds it."""
    across, up = (response.parameter for response in sweep.of(measure)[:2])
    frame = surface(sweep, measure, across, up)
    sizes = [frame[name].nunique() for name in ("x", "y")]
    cell = min(WIDEST_CELL, WIDEST // max(sizes))
    domain, colours = colours_around_zero(frame["shade"])
    labels = alt.Axis(labelAngle=0, format=".3~g", labelOverlap=True, ticks=False, domain=False)
    names = [
        marks.unit_title(parameter.name, parameter.unit, max(PANEL_LETTERS, cell * size // 6))
        for parameter, size in zip((across, up), sizes, strict=True)
    ]
    x = alt.X("x:O", title=names[0], axis=labels)
    y = alt.Y("y:O", title=names[1], axis=labels, sort="descending")
    legend = alt.Legend(
        title="mean",
        orient="right",
        gradientLength=min(220, cell * sizes[1]),
        values=np.linspace(*domain, 5).tolist(),
        labelExpr=style.level_labels(".3~f"),
    )
    if max(len(text) for text in frame["text"]) * marks.LETTER_WIDTH > cell:
        frame = frame.drop(columns="text")
    heat = marks.heat(frame, x, y, domain, colours, cell=cell, legend=legend)
    around = " && ".join(
        f"(datum.{name} == {PLACE}[{number}].from || datum.{name} == {PLACE}[{number}].to)"
        for name, number in (
            ("x", sweep.parameters.index(across)),
            ("y", sweep.parameters.index(up)),
        )
    )
    edges = alt.Chart(frame[["x", "y"]]).transform_filter(f"length({PLACE}) && {around}")
    edges = edges.mark_rect(fill=None, stroke=style.EVENT, strokeWidth=3).encode(x=x, y=y)
    return style.titled(
        style.sized(heat, layer=[*heat.layer, edges], params=[_place()]),
        measure,
        "Mean over runs"
        + " and the other parameters" * (len(sweep.parameters) > 2)
        + ". White: 0" * (domain[0] <= 0 <= domain[1]),
    )


def surface(sweep: SweepFindings, measure: str, across: Parameter, up: Parameter) -> pd.DataFrame:
    """The mean at the levels of two parameters of a grid: x, y, shade (the mean) and its text, to
    a hundredth of the range or better."""
    data = sweep.dataset()[measure]
    others = [name for name in data.dims if name not in (across.path, up.path)]
    means = data.mean(others).transpose(across.path, up.path)
    x, y = np.meshgrid(means[across.path].values, means[up.path].values, indexing="ij")
    frame = pd.DataFrame({"x": x.ravel(), "y": y.ravel(), "shade": means.values.ravel()})
    span = float(frame["shade"].max() - frame["shade"].min())
    digits = max(0, 2 - math.ceil(math.log10(span))) if span > 0 else 2
    return frame.assign(text=[fixed(value, digits) for value in frame["shade"]])


def colours_around_zero(values: pd.Series) -> tuple[tuple[float, float], list[str]]:
    """The domain and colours of a scale that is white at 0, with one hue on either side.

    Where all values lie far from 0 on one side, the scale begins at the nearest, to show how they
    differ.
    """
    low, high = float(values.min()), float(values.max())
    reach, middle = max(-low, high), len(style.DIVERGING) // 2
    if math.isnan(reach):  # no mean anywhere
        return (-1.0, 1.0), style.DIVERGING
    if low < 0 < high or not reach:
        return (-(reach or 1.0), reach or 1.0), style.DIVERGING
    if high > 0:
        return (low if high / 2 < low < high else 0.0, high), style.DIVERGING[middle:]
    return (low, high if low < high < low / 2 else 0.0), style.DIVERGING[: middle + 1]


# Attribution


def attribution_charts(attribution: Attribution) -> dict[str, Any]:
    """A chart for each measure, by the name of its file."""
    names = file_names([measure.measure for measure in attribution.measures])
    return {
        f"attribution-{names[measure.measure]}": attribution_chart(attribution, measure)
        for measure in attribution.measures
        if measure.runs
    }


def attribution_chart(attribution: Attribution, measure: MeasureAttribution) -> Any:
    """A row for each Shapley value with its interval, a tick for leave-one-out, the whole last."""
    name = one_line(measure.measure)  # Vega cannot read a line break in the title of an axis
    orders, players = attribution.permutations, len(attribution.players)
    how = f"{orders:,} permutations" if orders else "all coalitions"
    return style.titled(
        marks.rows(attribution_frame(attribution, measure), f"change of “{name}”", SHARES),
        f"What each brings: {name}",
        f"Bars: Shapley values with 95 % intervals, {measure.runs:,} paired runs, {how}",
        "Black ticks: what is lost when this one alone is left out",
        f"The {MOST_ROWS} largest of {players}" if players > MOST_ROWS else "",
    )


def attribution_frame(attribution: Attribution, measure: MeasureAttribution) -> pd.DataFrame:
    """Rows as drawn: name (in lines), value, low, high, tick (leave-one-out), start, end, kind."""
    shapley, whole = measure.shapley, measure.whole
    ranked = np.argsort(-np.abs(shapley.value), kind="stable")[:MOST_ROWS]
    labels = marks.row_labels([one_line(player) for player in attribution.players])
    values = np.append(shapley.value[ranked], whole.value[0])
    kinds = np.where(values[:-1] < 0, "lowers", "raises")
    return pd.DataFrame(
        {
            "name": [*(labels[k] for k in ranked), WHOLE_NAME],
            "value": values,
            "low": np.append(shapley.low[ranked], whole.low[0]),
            "high": np.append(shapley.high[ranked], whole.high[0]),
            "tick": np.append(measure.leave_one_out.value[ranked], np.nan),
            "start": 0.0,
            "end": values,
            "kind": [*kinds, "all together"],
        }
    )


# Advice


def advice_charts(advice: Advice) -> dict[str, Any]:
    """The charts by the names of their files; without bounds there is nothing to set against.

    The first shows the choice, and so the runs that choose; the second the runs that measure.
    """
    charts = {"advice-portfolios": portfolio_chart(advice)}
    return {"advice-front": front_chart(advice), **charts} if advice.bounds else charts


def front_chart(advice: Advice) -> Any:
    """The goal of each portfolio against the share of runs that are surely within its tightest
    bound, on the runs that choose."""
    frame, required = front_frame(advice), _required(advice)
    shown, levers = frame[frame["number"] > 0], len(advice.levers)
    shares, levels = [*frame["share"], required or 0.0], frame["level"]
    room = MARGIN * max(float(np.ptp(frame["share"])), 0.1), 0.1 * max(float(np.ptp(levels)), 1e-12)
    ends = (
        (min(shares) - room[0], max(shares) + room[0]),
        (levels.min() - room[1], levels.max() + room[1]),
    )
    within = "runs surely within the " + (
        "tightest bound of the portfolio" if len(advice.bounds) > 1 else "bound"
    )
    beyond = ", beyond the share it asks" if required is None else ""
    digits = "+.0%" if required is None else ".0%"
    x = marks.axis(alt.X, "share", f"{within}{beyond}", ends[0], digits, 6)
    y = marks.axis(alt.Y, "level", f"mean of “{advice.goal.measure}”", ends[1], DIGITS, 6)
    rule = alt.Chart(pd.DataFrame({"share": [required or 0.0]}))
    rings = alt.Chart(frame[~frame["front"]]).mark_point(size=14, color=style.MUTED, opacity=0.5)
    dots = alt.Chart(frame[frame["front"]]).mark_point(filled=True, opacity=0.8)
    dots = dots.encode(
        **marks.by_kind(BOUNDS),
        size=alt.Size(
            "levers:Q",
            scale=alt.Scale(domain=[0, levers], range=[40, 260]),
            legend=alt.Legend(
                title="levers",
                symbolType="circle",
                symbolFillColor=style.MUTED,
                values=sorted({0, levers // 2, levers}),
            ),
        ),
    )
    pixels = FRONT_WIDTH / np.ptp(ends[0]), FRONT_HEIGHT / np.ptp(ends[1])
    share = "" if required is None else f", {percent(required)}"
    return style.titled(
        alt.layer(
            rule.mark_rule(color=style.INK, strokeDash=[4, 3]).encode(x=x),
            rings.encode(x=x, y=y),
            dots.encode(x=x, y=y),
            *marks.numbers(shown.sort_values("number"), x, y, pixels),
        ),
        f"{advice.goal.measure} against its bounds",
        f"{len(advice.points):,} portfolios of levers, on the {advice.choosing.runs:,} runs that "
        "choose: the best look better than they are",
        "Across: the low end of the 95 % interval of the share of runs",
        "Small rings: another is as good in every respect. Numbers: as in the other chart",
        f"Dashed: the share of runs that is asked{share}",
        width=FRONT_WIDTH,
        height=FRONT_HEIGHT,
    )


def front_frame(advice: Advice) -> pd.DataFrame:
    """All portfolios on the runs that choose: level, share (the low end of its interval, within the
    tightest bound, or beyond what is asked where bounds ask differently), levers, kind, front,
    number (0 where the other chart does not show it)."""
    shown = shown_portfolios(advice)
    return pd.DataFrame(
        {
            "level": advice.choosing.level.value,
            "share": advice.slack.min(axis=0) + (_required(advice) or 0.0),
            "levers": advice.sizes.astype(int),
            "kind": np.where(advice.admissible, *BOUNDS),
            "front": advice.front,
            "number": [shown.index(k) + 1 if k in shown else 0 for k in range(len(advice.points))],
        }
    )


def portfolio_chart(advice: Advice) -> Any:
    """The portfolios of the front side by side: what each gains on the runs that measure, and
    which levers it pulls.

    Source of the form: Lex et al. (2014), UpSet.
    """
    shown, front = shown_portfolios(advice), int(advice.front.sum())
    width = COLUMN * len(shown)
    matrix = alt.layer(*_pulled(advice, shown))
    matrix = matrix.properties(width=width, height=LEVER_ROW * len(advice.levers))
    gains = alt.layer(*_gains(advice, shown)).properties(
        width=width,
        height=GAINS,
        title=style.panel_title(f"{advice.goal.measure}, compared with no lever"),
    )
    some = f", {len(shown)} of them shown" if len(shown) < front else ""
    return style.titled(
        alt.vconcat(gains, matrix, spacing=8),
        f"What to pull: {advice.goal.measure}",
        f"{front} portfolios of {len(advice.points):,} that no other beats in every respect{some}",
        f"In the order of the {advice.choosing.runs:,} runs that choose; means, 95 % intervals "
        "and whether bounds",
        f"are surely kept are of the other {advice.measuring.runs:,}, which measure",
    )


def shown_portfolios(advice: Advice) -> list[int]:
    """The portfolios of the front in order, best first. Where there are too many: the best of
    each number of levers, then the best of all."""
    front = advice.ranked(advice.front)
    first_of_size = {advice.sizes[k]: k for k in reversed(front)}
    wanted = dict.fromkeys([*(k for k in front if k in first_of_size.values()), *front])
    kept = set(list(wanted)[:MOST_COLUMNS])
    return [k for k in front if k in kept]


def _gains(advice: Advice, shown: list[int]) -> list[Any]:
    """What each portfolio gains, with its interval, in the unit and direction of the goal."""
    sign, measuring = advice.goal.sign, advice.measuring
    ends = {name: sign * getattr(measuring.gain, name)[shown] for name in ("value", "low", "high")}
    sure = np.where(measuring.sure[shown], *BOUNDS)
    frame = pd.DataFrame({"portfolio": np.arange(1, len(shown) + 1), **ends, "kind": sure})
    kinds = marks.by_kind(BOUNDS)
    base = alt.Chart(frame).encode(x=_portfolios(labels=False), color=kinds["color"])
    y = marks.axis(alt.Y, "value", "difference", None, DIGITS)
    dots = base.mark_point(filled=True, size=70, opacity=1)
    return [
        marks.level_rule(0.0, y),
        base.mark_rule(strokeWidth=2).encode(y="low:Q", y2="high:Q"),
        dots.encode(y=y, shape=kinds["shape"]),
    ]


def _pulled(advice: Advice, shown: list[int]) -> list[Any]:
    """A dot for each lever of each portfolio, dark where it is pulled; the best levers on top."""
    names = marks.row_labels([marks.in_lines(name, 34, most=1) for name in advice.levers])
    cells = pd.DataFrame(
        [
            {"portfolio": n, "name": name, "pulled": bool(pulled)}
            for n, k in enumerate(shown, start=1)
            for name, pulled in zip(names, advice.points[k], strict=True)
        ]
    )
    order = np.argsort(-advice.choosing.by_lever_on_front.value, kind="stable")
    y = marks.row_axis([names[k] for k in order], domain=True)
    empty, full = (
        alt.Chart(part).encode(x=_portfolios(labels=True), y=y)
        for part in (cells[~cells["pulled"]], cells[cells["pulled"]])
    )
    return [
        empty.mark_point(filled=True, size=60, color=style.GRID),
        full.mark_line(color=style.INK, strokeWidth=2).encode(detail="portfolio:O"),
        full.mark_point(filled=True, size=80, color=style.INK, opacity=1),
    ]


def _portfolios(*, labels: bool) -> Any:
    look = alt.Axis(labels=labels, ticks=labels, labelAngle=0, domain=labels)
    return alt.X("portfolio:O", title="portfolio" if labels else None, axis=look)


def _required(advice: Advice) -> float | None:
    """The share that all bounds ask; None where they ask differently."""
    shares = {bound.share for bound in advice.bounds}
    return shares.pop() if len(shares) == 1 else None


CHARTS: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    SweepFindings: sweep_charts,
    SensitivityFindings: sensitivity_charts,
    Tuning: tuning_charts,
    Attribution: attribution_charts,
    Advice: advice_charts,
    Discovery: discovery_charts,
}
