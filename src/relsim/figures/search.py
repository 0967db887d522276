"""Figures of searches: tuning (values that fit) and discovery (conditions of an outcome)."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.experiments.discovery import Box, Discovery
from relsim.experiments.objectives import Objective
from relsim.experiments.study import Parameter
from relsim.experiments.tuning import SEARCH, Tuning
from relsim.figures import marks, style
from relsim.words import listed, number

HEIGHT, PROFILE_HEIGHT, FRONT_HEIGHT = 240, 110, 340
MOST_PANELS = 8  # more do not fit on a page
LETTERS = 90  # in a line under a panel's title
CUT = 0.9  # quantile of the losses: points that are worse are drawn at the edge of the chart
FRESH_NOTE = "Diamond: the best point in fresh runs, with its 95 % interval"
OTHER_LINE = list(style.SERIES)[1]
STAGES = {"search": (style.LINE, "circle"), "around the best": (OTHER_LINE, "triangle-up")}
FRONT = {
    "beaten by another": (style.MUTED, "circle", 20, 0.45),
    "on the front": (style.LINE, "square", 55, 1.0),
    "compromise": (OTHER_LINE, "diamond", 170, 1.0),
}
BAR_WIDTH, BAR_ROW, BAR_LETTERS, MOST_BARS = 250, 46, 28, 15
SIDE, MOST_POINTS = 380, 1500  # of square panels; more points are a blot
OUTCOME_LETTERS = 74
CASES = {  # colour, shape and filling of points
    "it happens": (style.LINE, "circle", style.LINE),
    "it does not": (style.MUTED, "cross", "white"),
}


# Tuning


def tuning_charts(tuning: Tuning) -> dict[str, Any]:
    """Every chart of a tuning, by the name of its file."""
    charts = {"tuning-history": history_chart(tuning)}
    if len(tuning.objectives) == 1:
        charts["tuning-profiles"] = profile_chart(tuning)
    if len(tuning.objectives) == 2:
        charts["tuning-front"] = front_chart(tuning)
    return charts


def history_chart(tuning: Tuning) -> Any:
    """Each objective by trial; of a single one the best so far as well."""
    single, panels = len(tuning.objectives) == 1, []
    for objective in tuning.objectives:
        frame = history_frame(tuning, objective)
        last = objective is tuning.objectives[-1]
        x = alt.X("trial:Q", title="trial" if last else None, scale=alt.Scale(nice=False))
        y = _objective_axis(alt.Y, "shown", tuning, objective)
        layers = [*_wanted(objective, y), _points(frame, x, y)]
        if single:
            line = alt.Chart(frame).mark_line(
                interpolate="step-after", color=style.INK, strokeWidth=1.6, clip=True
            )
            layers.append(line.encode(x=x, y="best so far:Q"))
            end = pd.DataFrame({"trial": [1.02 * len(frame)]})
            layers += _fresh(tuning, objective, end, x, y)
        height = HEIGHT if single else HEIGHT / 1.6
        panels.append(alt.layer(*layers).properties(width=style.WIDTH, height=height))
    return style.titled(
        alt.vconcat(*panels),
        "How the search went",
        f"Points: means over the runs of the search{'. Line: the best so far' * single}",
        FRESH_NOTE * single,
        _cut_note(tuning),
    )


def history_frame(tuning: Tuning, objective: Objective) -> pd.DataFrame:
    """By trial: value, shown (kept inside the chart), kind of stage, best so far."""
    values = tuning.means(objective.measure)
    losses = objective.losses(values)
    order = np.where(np.isfinite(losses), losses, np.inf)
    best = np.array([np.argmin(order[: n + 1]) for n in range(len(order))])
    return pd.DataFrame(
        {
            "trial": np.arange(len(values)),
            "value": values,
            "shown": np.clip(values, *limits(tuning, objective)),
            "kind": np.where([stage == SEARCH for stage in tuning.stages], *STAGES),
            "best so far": values[best],
        }
    )


def limits(tuning: Tuning, objective: Objective) -> tuple[float, float]:
    """The range of an axis: all values but those of the worst tenth, and the goal."""
    values = tuning.means(objective.measure)[tuning.sound]
    losses = objective.losses(values)
    kept = values[losses <= np.quantile(losses, CUT)]
    wanted = [] if isinstance(objective.goal, str) else [objective.goal]
    fresh = [end for n in tuning.reported for end in tuning.estimate(objective.measure, n)]
    shown = [*kept, *wanted, *(end for end in fresh if np.isfinite(end))]
    low, high = min(shown), max(shown)
    room = 0.04 * (high - low) or 0.04 * max(abs(high), 1e-6)
    return float(low - room), float(high + room)


def profile_chart(tuning: Tuning) -> Any:
    """The objective against each parameter, and the values that fit as well as the best."""
    (objective,) = tuning.objectives
    every = len(tuning.parameters)
    panels = [_profile(tuning, objective, k) for k in range(min(every, MOST_PANELS))]
    return style.titled(
        alt.vconcat(*panels, spacing=18),
        "Which values fit",
        "Points: means over the runs of the search. Line: the best value. Shaded: values that fit "
        "as well",
        FRESH_NOTE,
        _cut_note(tuning),
        f"{MOST_PANELS} of {every} parameters" if every > MOST_PANELS else "",
    )


def _profile(tuning: Tuning, objective: Objective, k: int) -> Any:
    """The objective against one parameter."""
    parameter, (low, high) = tuning.parameters[k], tuning.ranges[k]
    frame = history_frame(tuning, objective).assign(x=tuning.points[:, k])
    x = marks.axis(
        alt.X, "x", marks.unit_title("value", parameter.unit), (parameter.low, parameter.high)
    )
    y = _objective_axis(alt.Y, "shown", tuning, objective, letters=20)
    band = alt.Chart(pd.DataFrame({"x": [low], "end": [high]}))
    best = pd.DataFrame({"x": [tuning.points[tuning.best, k]]})
    layers = [
        band.mark_rect(color=style.BANDS["95 %"]).encode(x=x, x2="end:Q"),
        _points(frame, x, y),
        alt.Chart(best).mark_rule(color=style.MUTED, strokeWidth=1).encode(x=x),
        *_fresh(tuning, objective, best, x, y),
    ]
    state = tuning.pinned[k]
    if state == "only together" and tuning.identified is not None:
        others = [tuning.parameters[n].name for n in tuning.identified.partners[k]]
        state = f"not pinned down apart from {listed(others)}"
    subtitle = marks.in_lines(state, LETTERS).split("\n") if state else []
    title = style.panel_title(parameter.name) | {"subtitle": subtitle, "subtitlePadding": 3}
    return alt.layer(*layers).properties(width=style.WIDTH, height=PROFILE_HEIGHT, title=title)


def front_chart(tuning: Tuning) -> Any:
    """Two objectives against each other: all points, the Pareto front, the compromise."""
    axes = []
    kinds = np.where(tuning.as_well, "on the front", "beaten by another")
    frame = pd.DataFrame({"kind": kinds})
    frame.loc[tuning.best, "kind"] = "compromise"
    fresh = pd.DataFrame(index=range(len(tuning.reported)))
    for name, channel, objective in zip("xy", (alt.X, alt.Y), tuning.objectives, strict=True):
        axes.append(_objective_axis(channel, name, tuning, objective, goal=True))
        frame[name] = np.clip(tuning.means(objective.measure), *limits(tuning, objective))
        levels = [tuning.estimate(objective.measure, point) for point in tuning.reported]
        fresh[[name, f"{name} low", f"{name} high"]] = levels
    x, y = axes
    layers = []
    for kind, (_, _, size, opacity) in FRONT.items():
        dots = alt.Chart(frame[frame["kind"] == kind])
        dots = dots.mark_point(filled=True, size=size, opacity=opacity)
        layers.append(dots.encode(x=x, y=y, **marks.by_kind(FRONT)))
    cross = alt.Chart(fresh).mark_rule(color=style.INK, strokeWidth=1.6)
    return style.titled(
        alt.layer(
            *layers,
            cross.encode(x=marks.same_axis(x, "x low"), x2="x high:Q", y=y),
            cross.encode(x=x, y=marks.same_axis(y, "y low"), y2="y high:Q"),
        ),
        "What one objective costs the other",
        "Points: means over the runs of the search, which on average flatter the front they chose",
        "Crosses: the compromise and the best of each in fresh runs, with 95 % intervals",
        _cut_note(tuning),
        width=style.WIDTH,
        height=FRONT_HEIGHT,
    )


def _objective_axis(
    channel: Any,
    field: str,
    tuning: Tuning,
    objective: Objective,
    *,
    goal: bool = False,
    letters: int = 60,
) -> Any:
    """The axis of an objective, with its unit and, where it is to say so, the goal."""
    title = objective.name + (f" ({objective.unit})" if objective.unit else "")
    if goal:
        words = {"lowest": "lower is better", "highest": "higher is better"}
        wanted = objective.goal
        title += f", {words[wanted] if isinstance(wanted, str) else f'wanted {number(wanted, 6)}'}"
    lines = marks.in_lines(title, letters, most=3).split("\n")
    return marks.axis(channel, field, lines, limits(tuning, objective))


def _points(frame: pd.DataFrame, x: Any, y: Any) -> Any:
    """Points of the search and around the best, told apart by shape and colour."""
    looks = {stage: look for stage, look in STAGES.items() if stage in set(frame["kind"])}
    legend = alt.Undefined if len(looks) > 1 else None
    base = alt.Chart(frame).mark_point(filled=True, size=26, opacity=0.65)
    return base.encode(x=x, y=y, **marks.by_kind(looks, legend))


def _fresh(tuning: Tuning, objective: Objective, at: pd.DataFrame, x: Any, y: Any) -> list[Any]:
    """The best point in fresh runs with its 95 % interval, kept inside the chart."""
    levels = np.clip(tuning.estimate(objective.measure, tuning.best), *limits(tuning, objective))
    base = alt.Chart(at.assign(**dict(zip(("shown", "low", "high"), levels, strict=True))))
    dot = base.mark_point(filled=True, shape="diamond", size=70, opacity=1, color=style.INK)
    rule = base.mark_rule(color=style.INK, strokeWidth=1.6)
    return [rule.encode(x=x, y=marks.same_axis(y, "low"), y2="high:Q"), dot.encode(x=x, y=y)]


def _wanted(objective: Objective, y: Any) -> list[Any]:
    """A line at the value that is wanted."""
    if isinstance(objective.goal, str):
        return []
    word = alt.Chart(pd.DataFrame({"shown": [objective.goal], "text": ["wanted"]}))
    word = word.mark_text(align="right", dy=-6, color=style.MUTED, fontSize=style.SMALL)
    return [
        marks.level_rule(objective.goal, y, color=style.MUTED, strokeDash=[4, 3]),
        word.encode(x=alt.value(style.WIDTH - 24), y=y, text="text:N"),  # left of the fresh runs
    ]


def _cut_note(tuning: Tuning) -> str:
    outside = 0
    for objective in tuning.objectives:
        low, high = limits(tuning, objective)
        values = tuning.means(objective.measure)[tuning.sound]
        outside = max(outside, int(((values < low) | (values > high)).sum()))
    return f"{outside} of {len(tuning.points)} are worse and stand at the edge" if outside else ""


# Discovery


def discovery_charts(discovery: Discovery) -> dict[str, Any]:
    """All charts by the names of their files: the conditions of each box and its points, and the
    boxes from which the first was chosen. None where nothing was searched for."""
    charts: dict[str, Any] = {}
    for n, box in enumerate(discovery.boxes, start=1):
        suffix = "" if n == 1 else f"-{n}"
        charts[f"conditions{suffix}"] = conditions_chart(discovery, box)
        if len(discovery.parameters) > 1:
            charts[f"points{suffix}"] = points_chart(discovery, box)
    first = discovery.boxes[0] if discovery.boxes else discovery.rejected
    if first is not None:
        charts["trade-off"] = trade_off_chart(discovery, first)
    return charts


def _outcome(discovery: Discovery) -> list[str]:
    return marks.in_lines(discovery.outcome.says, OUTCOME_LETTERS, most=3).split("\n")


def conditions_chart(discovery: Discovery, box: Box) -> Any:
    """The limits of a box as bars on the range of each parameter, narrowest first, with where
    resamples put each limit."""
    frame = conditions_frame(discovery, box)
    left_out = len(discovery.parameters) - len(frame)

    def across(field: str) -> Any:
        return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=None)

    base = alt.Chart(frame).encode(y=marks.row_axis(frame["name"], labelLimit=230, labelPadding=38))
    limits = base.transform_filter("datum.restricted")
    layers = [
        base.mark_bar(size=12, color=style.GRID).encode(x=across("zero"), x2="whole:Q"),
        limits.mark_bar(size=12, color=style.LINE).encode(x=across("low"), x2="high:Q"),
    ]
    for side in ("lower", "upper"):
        spread = limits.transform_filter(f"isValid(datum.{side}_from)")
        spread = spread.mark_rule(color=style.EVENT, strokeWidth=4, yOffset=10)
        layers.append(spread.encode(x=across(f"{side}_from"), x2=f"{side}_to:Q"))
    outside: dict[str, Any] = {"fontSize": style.SMALL, "color": style.MUTED}
    above: dict[str, Any] = {"fontSize": style.TEXT, "color": style.INK, "dy": -13}
    texts: list[tuple[Any, ...]] = [  # of ends outside the range, of limits above the bar
        (base, "start", "zero", "right", {"dx": -6, **outside}),
        (base, "end", "whole", "left", {"dx": 6, **outside}),
        (limits, "lower", "low", "right", {"dx": 2, **above}),
        (limits, "upper", "high", "left", {"dx": -2, **above}),
    ]
    for chart, text, field, align, look in texts:
        layers.append(
            chart.mark_text(align=align, **look).encode(x=across(field), text=f"{text}:N")
        )
    some = f"Orange: where 80 % of {discovery.resamples} resamples put the limit"
    return style.titled(
        alt.layer(*layers),
        "Conditions",
        *_outcome(discovery),
        "Blue: the box, on the range of each parameter. Grey: outside it",
        some if discovery.resamples else "",
        f"{left_out} more parameters are not restricted" if left_out else "",
        width=BAR_WIDTH,
        height=BAR_ROW * len(frame),
    )


def conditions_frame(discovery: Discovery, box: Box) -> pd.DataFrame:
    """A row for each parameter, those restricted first: its box on its range from 0 to 1, where
    resamples put the limits, and the texts."""
    order = discovery.order(box)
    rest = [k for k in range(len(discovery.parameters)) if k not in order]
    shown = [*order, *rest][:MOST_BARS]
    return pd.DataFrame([_condition(discovery.parameters[k], box, k) for k in shown])


def _condition(parameter: Parameter, box: Box, k: int) -> dict[str, Any]:
    restricted, name = box.restricted[k], marks.in_lines(parameter.name, BAR_LETTERS)
    if restricted.any() and not np.isnan(box.reproduced[k]):
        name += f"\nin {100 * box.reproduced[k]:.0f} % of resamples"
    bounds = np.array([parameter.low, parameter.high])
    ends = np.concatenate([np.where(restricted, box.limits[k], bounds), box.spread[k].ravel()])
    fields = ("low", "high", "lower_from", "lower_to", "upper_from", "upper_to")
    shares = ((ends - parameter.low) / (parameter.high - parameter.low)).tolist()
    texts = [
        parameter.written(limit) if some else ""
        for limit, some in zip(box.limits[k], restricted, strict=True)
    ]
    return {
        "name": name,
        "restricted": bool(restricted.any()),
        "zero": 0.0,
        "whole": 1.0,
        "lower": texts[0],
        "upper": texts[1],
        "start": parameter.written(parameter.low),
        "end": parameter.with_unit(parameter.high),
        **dict(zip(fields, shares, strict=True)),
    }


def trade_off_chart(discovery: Discovery, box: Box) -> Any:
    """Coverage and density of each box on the way, the chosen one, and that on the half held
    out."""
    x = marks.axis(alt.X, "coverage", "coverage: share of all cases in the box", (0, 1), ".0%")
    y = marks.axis(alt.Y, "density", "density: share of the box that are cases", (0, 1), ".0%")
    most = int(box.trajectory["restricted"].max())
    shades = [style.shade(n + 1, (0, most + 1), style.SEQUENTIAL) for n in range(1, most + 1)]
    colours = alt.Color(
        "restricted:O",
        scale=alt.Scale(domain=list(range(most + 1)), range=[style.ELSE, *shades]),
        legend=alt.Legend(title="restricted parameters", symbolType="circle"),
    )
    way = alt.Chart(box.trajectory)
    dots = way.mark_circle(size=55, opacity=1, stroke="white", strokeWidth=0.5)
    halves = {"chosen, searched half": box.searched, "chosen, held-out half": box.held_out}
    chosen = [
        {"half": name, "coverage": fit.coverage, "density": fit.density}
        for name, fit in halves.items()
        if fit.inside
    ]
    share, rings = box.searched.cases / box.searched.points, alt.Chart(pd.DataFrame(chosen))
    rings = rings.mark_point(size=170, strokeWidth=2.5, color=style.EVENT, opacity=1)
    shape = alt.Shape(
        "half:N",
        scale=alt.Scale(domain=list(halves), range=["circle", "diamond"]),
        legend=alt.Legend(labelLimit=300),
    )
    layers = [
        marks.level_rule(share, y, color=style.MUTED, strokeDash=[3, 3]),
        dots.encode(x=x, y=y, color=colours),
        rings.encode(x=x, y=y, shape=shape),
    ]
    claimed = "" if discovery.boxes else ". None holds, and none is claimed"
    return style.titled(
        alt.layer(*layers),
        "Coverage and density",
        *_outcome(discovery),
        f"Dots: boxes on the way, on the half searched{claimed}",
        "Dashed: all points. Chosen: the highest F-score, without limits that may be chance",
        width=SIDE,
        height=SIDE,
    )


def points_chart(discovery: Discovery, box: Box) -> Any:
    """The points over the two parameters that a box restricts most, and its limits."""
    pair = narrowest_pair(discovery, box)
    shown = [discovery.parameters[k] for k in pair]
    x, y = (
        marks.axis(
            channel,
            field,
            marks.unit_title(parameter.name, parameter.unit),
            (parameter.low, parameter.high),
            grid=False,
        )
        for channel, field, parameter in zip((alt.X, alt.Y), "xy", shown, strict=True)
    )
    (left, right), (low, high) = (
        np.clip(box.limits[k], parameter.low, parameter.high).tolist()
        for k, parameter in zip(pair, shown, strict=True)
    )
    area = alt.Chart(pd.DataFrame({"x": [left], "x2": [right], "y": [low], "y2": [high]}))
    area = area.mark_rect(color=style.BANDS["95 %"], stroke=style.LINE, strokeWidth=1.5)
    dots = alt.Chart(points_frame(discovery, pair))
    dots = dots.mark_point(size=26, strokeWidth=1, opacity=0.85)
    others = len(discovery.order(box)) - 2
    hidden = "limit on another parameter is" if others == 1 else f"limits on {others} others are"
    points = len(discovery.points)
    return style.titled(
        alt.layer(
            area.encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
            dots.encode(
                x=x,
                y=y,
                stroke=alt.Stroke("kind:N", scale=marks.kind_scale(CASES, 0)),
                fill=alt.Fill("kind:N", scale=marks.kind_scale(CASES, 2)),
                shape=alt.Shape("kind:N", scale=marks.kind_scale(CASES, 1)),
            ),
        ),
        "Points in the box and around",
        *_outcome(discovery),
        "Shaded: the box",
        f"Its {hidden} not seen here, so points in it may be outside the box" * (others > 0),
        f"The first {MOST_POINTS:,} of {points:,} points" if points > MOST_POINTS else "",
        width=SIDE,
        height=SIDE,
    )


def narrowest_pair(discovery: Discovery, box: Box) -> tuple[int, int]:
    """The two parameters with the narrowest limits; where only one has any, the other is the one
    that resamples restrict most."""
    order = discovery.order(box)
    rest = [k for k in range(len(discovery.parameters)) if k not in order]
    rest.sort(key=lambda k: -np.nan_to_num(box.reproduced[k]))
    first, second = [*order, *rest][:2]
    return first, second


def points_frame(discovery: Discovery, pair: tuple[int, int]) -> pd.DataFrame:
    """The points over two parameters, long: x, y, kind."""
    known = np.flatnonzero(discovery.searched | discovery.held_out)[:MOST_POINTS]
    kinds = np.where(discovery.cases[known], *CASES)
    x, y = (discovery.points[known, k] for k in pair)
    return pd.DataFrame({"x": x, "y": y, "kind": kinds})
