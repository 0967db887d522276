"""Claims at a glance: in which share of runs each holds, beside the share it asks for."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from relsim.analysis.claims import Verdict
from relsim.figures.style import INK, MUTED, VERDICTS, configured
from relsim.scenario.schema import Scenario

WIDTH, ROW = 360, 34
LONGEST = 46  # letters of a sentence in a line of the axis


def verdict_chart(scenario: Scenario, claims: Sequence[Verdict]) -> Any:
    """A row for each judged claim: the share with its interval, and a tick where it is asked."""
    frame = verdict_frame(claims)
    order = list(frame["claim"])
    y = alt.Y(
        "claim:N",
        sort=order,
        title=None,
        axis=alt.Axis(labelLimit=320, labelExpr="split(datum.label, '\\n')", ticks=False),
    )
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", tickCount=5)
    share = alt.X("share:Q", title="share of runs in which it holds", scale=scale, axis=axis)
    words = list(VERDICTS)
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=words, range=list(VERDICTS.values())))
    shape = alt.Shape(
        "verdict:N", scale=alt.Scale(domain=words, range=["circle", "diamond", "square"])
    )
    base = alt.Chart(frame).encode(y=y)
    interval = base.mark_rule(strokeWidth=3).encode(x="low:Q", x2="high:Q", color=colour)
    dot = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=share, color=colour, shape=shape
    )
    asked = base.mark_tick(color=INK, thickness=2, size=18).encode(x="required:Q")
    subtitle = [
        "Dot: share of runs, with its 95 % interval. Black tick: the share that is asked for",
        "What follows from the scenario's assumptions",
    ]
    return configured(
        alt.layer(asked, interval, dot).properties(
            width=WIDTH,
            height=ROW * len(frame),
            title=alt.TitleParams(f"{scenario.title}: claims", subtitle=subtitle),
        )
    ).configure_axisY(grid=True, gridColor=MUTED, gridOpacity=0.2, labelLineHeight=13)


def verdict_frame(claims: Sequence[Verdict]) -> pd.DataFrame:
    """The judged claims: claim (its sentence in lines), share, low, high, required, verdict."""
    said = [claim.says for claim in claims]
    rows = [
        {
            "claim": in_lines(claim.says, LONGEST)
            if said.count(claim.says) == 1
            else f"{claim.name}: {in_lines(claim.says, LONGEST)}",
            "share": claim.share,
            "low": claim.low,
            "high": claim.high,
            "required": claim.required,
            "verdict": claim.verdict,
        }
        for claim in claims
        if claim.share is not None
    ]
    return pd.DataFrame(rows)


def in_lines(text: str, longest: int, most: int = 2) -> str:
    """A text in at most ``most`` lines of up to ``longest`` letters, cut with an ellipsis."""
    lines = textwrap.wrap(text, longest, max_lines=most, placeholder=" …")
    return "\n".join(lines)
