"""Advice at a glance: the goal against the bounds, and which levers the best portfolios pull.

The first chart shows the choice, and so the runs that choose; the second the runs that measure.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.experiments.advice import Advice
from relsim.figures.claims import in_lines
from relsim.figures.style import (
    EVENT,
    GRID,
    INK,
    LINE,
    MUTED,
    configured,
    level_labels,
    panel_title,
)
from relsim.words import percent

WIDTH, HEIGHT = 500, 300
COLUMN, ROW, GAINS = 20, 26, 110  # pixels: of a portfolio, of a lever, of the panel of gains
LONGEST = 34  # letters of a name in a line of the axis
MOST_COLUMNS = 20  # portfolios of the front that fit beside each other
MARGIN = 0.06  # of the axis, left and right of the outermost marks
BESIDE, LABEL = 9, (16, 12)  # pixels: of a number from its mark, and its width and height
KINDS = {"surely keeps every bound": LINE, "is not sure to": EVENT}
SHAPES = ["circle", "triangle-down"]
LEVELS = level_labels("+.3~f")


def advice_charts(advice: Advice) -> dict[str, Any]:
    """The charts by the names of their files; without bounds there is nothing to set against."""
    charts = {"advice-portfolios": portfolio_chart(advice)}
    return {"advice-front": front_chart(advice), **charts} if advice.bounds else charts


def front_chart(advice: Advice) -> Any:
    """The goal of each portfolio against the share of runs that are surely within its tightest
    bound, on the runs that choose."""
    frame = front_frame(advice)
    share = frame["share"]
    room = MARGIN * max(float(share.max() - share.min()), 0.1)
    ends = [float(share.min()) - room, float(share.max()) + room]
    x_scale = alt.Scale(domain=ends, nice=False, zero=False)
    percents = alt.Axis(format="+.0%" if _asked(advice) is None else ".0%", tickCount=6)
    x = alt.X("share:Q", title=_share_title(advice), scale=x_scale, axis=percents)
    goal = f"mean of {advice.goal.measure}"
    levels = alt.Axis(labelExpr=LEVELS, tickCount=6)
    y = alt.Y("level:Q", title=goal, scale=alt.Scale(zero=False, padding=8), axis=levels)
    rule = pd.DataFrame({"share": [_asked(advice) or 0.0]})
    layers = [
        alt.Chart(rule).mark_rule(color=INK, strokeDash=[4, 3]).encode(x=x),
        alt.Chart(frame[~frame["front"]])
        .mark_point(size=14, color=MUTED, opacity=0.5)
        .encode(x=x, y=y),
        alt.Chart(frame[frame["front"]])
        .mark_point(filled=True, opacity=0.8)
        .encode(x=x, y=y, color=_colour(), shape=_shape(), size=_size(len(advice.levers))),
        alt.Chart(frame[frame["label"] != ""])
        .mark_text(fontSize=11, color=INK, align="left", dx=BESIDE)
        .encode(x=x, y=y, text="label:N"),
    ]
    title = alt.TitleParams(
        f"{advice.goal.measure} against its bounds", subtitle=_front_said(advice)
    )
    return configured(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title))


def front_frame(advice: Advice) -> pd.DataFrame:
    """All portfolios on the runs that choose: level, share (the low end of its interval, within the
    tightest bound, or beyond what is asked where bounds ask differently), levers, kind, front,
    label (its number where there is room)."""
    slack = advice.slack.min(axis=0)
    frame = pd.DataFrame(
        {
            "level": advice.choosing.level.value,
            "share": slack + (_asked(advice) or 0.0),
            "levers": advice.sizes.astype(int),
            "kind": np.where(advice.admissible, *KINDS),
            "front": advice.front,
            "label": "",
        }
    )
    for number, place in _labelled(frame, shown_portfolios(advice)):
        frame.loc[place, "label"] = str(number)
    return frame


def _labelled(frame: pd.DataFrame, shown: list[int]) -> list[tuple[int, int]]:
    """Numbers of portfolios, with where they stand, that have room beside their marks: clear of
    every other mark of the front and of numbers before them."""
    spans = (frame["share"], WIDTH * (1 - 2 * MARGIN)), (frame["level"], HEIGHT)
    x, y = (one.to_numpy() * size / max(float(np.ptp(one)), 1e-12) for one, size in spans)
    (width, height), marks = LABEL, np.flatnonzero(frame["front"])
    taken: list[tuple[int, int]] = []
    for number, place in enumerate(shown, start=1):
        beside, level = x[place] + BESIDE + width / 2, y[place]
        near = (np.abs(x[marks] - beside) < width) & (np.abs(y[marks] - level) < height)
        numbers = [other for _, other in taken]
        over = (np.abs(x[numbers] - x[place]) < width) & (np.abs(y[numbers] - level) < height)
        if not near.any() and not over.any():
            taken.append((number, place))
    return taken


def portfolio_chart(advice: Advice) -> Any:
    """The portfolios of the front side by side: what each gains on the runs that measure, and
    which levers it pulls.

    Source of the form: Lex et al. (2014), UpSet.
    """
    shown = shown_portfolios(advice)
    matrix = alt.layer(*_matrix_layers(advice, shown))
    matrix = matrix.properties(width=COLUMN * len(shown), height=ROW * len(advice.levers))
    chart = alt.vconcat(_gains(advice, shown), matrix, spacing=8)
    title = f"What to pull for {advice.goal.measure}"
    subtitle = _portfolios_said(advice, len(shown))
    return configured(chart.properties(title=alt.TitleParams(title, subtitle=subtitle)))


def shown_portfolios(advice: Advice) -> list[int]:
    """The portfolios of the front in order, best first. Where there are too many: the best of
    each number of levers, then the best of all."""
    front = advice.ranked(advice.front)
    first_of_size = {advice.sizes[place]: place for place in reversed(front)}
    wanted = dict.fromkeys([*(p for p in front if p in first_of_size.values()), *front])
    kept = set(list(wanted)[:MOST_COLUMNS])
    return [place for place in front if place in kept]


def _gains(advice: Advice, shown: list[int]) -> Any:
    """What each portfolio gains, with its interval, in the unit and direction of the goal."""
    sign, measured = advice.goal.sign, advice.measuring
    frame = pd.DataFrame(
        {
            "portfolio": np.arange(1, len(shown) + 1),
            "value": sign * measured.gain.value[shown],
            "low": sign * measured.gain.low[shown],
            "high": sign * measured.gain.high[shown],
            "kind": np.where(measured.sure[shown], *KINDS),
        }
    )
    axis = alt.Axis(labelExpr=LEVELS, tickCount=5)
    y = alt.Y("value:Q", title="difference", axis=axis)
    base = alt.Chart(frame).encode(x=_columns(labels=False))
    zero = alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color=INK).encode(y=y)
    intervals = base.mark_rule(strokeWidth=2).encode(y="low:Q", y2="high:Q", color=_colour())
    dots = base.mark_point(filled=True, size=70, opacity=1)
    dots = dots.encode(y=y, color=_colour(), shape=_shape())
    title = panel_title(f"{advice.goal.measure}, less that of no lever")
    chart = alt.layer(zero, intervals, dots)
    return chart.properties(width=COLUMN * len(shown), height=GAINS, title=title)


def _matrix_layers(advice: Advice, shown: list[int]) -> list[Any]:
    names = [in_lines(name, LONGEST, most=1) for name in advice.levers]
    if len(set(names)) < len(names):
        names = [f"{number}: {name}" for number, name in enumerate(names, start=1)]
    order = [
        names[place]
        for place in np.argsort(-advice.choosing.by_lever_on_front.value, kind="stable")
    ]
    cells = pd.DataFrame(
        [
            {"portfolio": number, "lever": name, "pulled": bool(pulled)}
            for number, place in enumerate(shown, start=1)
            for name, pulled in zip(names, advice.points[place], strict=True)
        ]
    )
    y = alt.Y("lever:N", sort=order, title=None, axis=alt.Axis(labelLimit=260, ticks=False))
    pulled = cells[cells["pulled"]]
    lines = alt.Chart(pulled).mark_line(color=INK, strokeWidth=2)
    dots = alt.Chart(cells[~cells["pulled"]]).mark_point(filled=True, size=60, color=GRID)
    full = alt.Chart(pulled).mark_point(filled=True, size=80, color=INK, opacity=1)
    x = _columns(labels=True)
    return [
        dots.encode(x=x, y=y),
        lines.encode(x=x, y=y, detail="portfolio:O"),
        full.encode(x=x, y=y),
    ]


def _columns(*, labels: bool) -> Any:
    axis = alt.Axis(labels=labels, ticks=labels, labelAngle=0, domain=labels)
    return alt.X("portfolio:O", title="portfolio" if labels else None, axis=axis)


def _colour() -> Any:
    return alt.Color("kind:N", scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values())))


def _shape() -> Any:
    return alt.Shape("kind:N", scale=alt.Scale(domain=list(KINDS), range=SHAPES))


def _size(levers: int) -> Any:
    return alt.Size(
        "levers:Q",
        scale=alt.Scale(domain=[0, levers], range=[40, 260]),
        legend=alt.Legend(
            title="levers",
            titleFontSize=11,
            titleFontWeight="normal",
            symbolType="circle",
            symbolFillColor=MUTED,
            values=sorted({0, levers // 2, levers}),
        ),
    )


def _asked(advice: Advice) -> float | None:
    """The share that all bounds ask; None where they ask differently."""
    asked = {bound.share for bound in advice.bounds}
    return asked.pop() if len(asked) == 1 else None


def _share_title(advice: Advice) -> str:
    within = "runs surely within the bound"
    if len(advice.bounds) > 1:
        within = "runs surely within the tightest bound of the portfolio"
    return within if _asked(advice) is not None else f"{within}, beyond the share it asks"


def _front_said(advice: Advice) -> list[str]:
    asked = _asked(advice)
    return [
        f"{len(advice.points):,} portfolios of levers, on the {advice.choosing.runs:,} runs that "
        "choose: the best look better than they are",
        "Across: the low end of the 95 % interval of the share of runs",
        "Small rings: another is as good in every respect. Numbers: as in the other chart",
        f"Dashed: the share of runs that is asked{'' if asked is None else f', {percent(asked)}'}",
    ]


def _portfolios_said(advice: Advice, shown: int) -> list[str]:
    front = int(advice.front.sum())
    some = "" if shown == front else f", {shown} of them shown"
    return [
        f"{front} portfolios of {len(advice.points):,} that no other beats in every respect{some}",
        f"In the order of the {advice.choosing.runs:,} runs that choose; means, 95 % intervals "
        "and whether bounds",
        f"are surely kept are of the other {advice.measuring.runs:,}, which measure",
    ]
