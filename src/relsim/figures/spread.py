"""Where the spread between runs comes from: shares of the variance, with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from relsim.analysis.findings import pair_title
from relsim.analysis.spread import Spread
from relsim.figures import marks, style
from relsim.scenario.values import one_line

MOST_ROWS, LEAST_ROWS = 6, 3  # of inputs in a panel
KINDS = {
    "uncertain number": (style.LINE, "circle"),
    "chance event": (style.EVENT, "diamond"),
    "left over": (style.MUTED, "square"),
}
AXIS = "share of the variance between runs"


def spread_chart(spreads: Sequence[Spread]) -> Any:
    """A panel for each pair: the inputs that explain most, then what is left over."""
    first = spreads[0]
    panels = [
        style.sized(spread_panel(one), title=style.panel_title(one_line(_title(one))))
        for one in spreads
    ]
    return style.titled(
        alt.vconcat(*panels, spacing=20),
        first.scenario.title,
        f"What differences between {first.runs:,} runs in {first.month} go with, 95 % intervals",
        "Left over: month-by-month chance, and what inputs do only together",
    )


def spread_panel(spread: Spread) -> Any:
    """A row for each of the inputs that explain most, and one for what is left over."""
    frame = spread_frame(spread)
    return marks.rows(frame, AXIS, KINDS, digits=".0%", domain=(0, 1))


def spread_frame(spread: Spread) -> pd.DataFrame:
    """Rows as drawn: name (in lines), value, low, high, start, end, kind."""
    known = spread.table.dropna(subset="share")
    count = min(max(int((known["low"] > 0).sum()), LEAST_ROWS), MOST_ROWS)
    shown = known.head(count)
    kinds = {"number": "uncertain number", "event": "chance event"}
    names = [one_line(str(name)) for name in shown["name"]]
    inputs = pd.DataFrame(
        {
            "name": marks.row_labels(names, list(shown["input"])),
            "value": shown["share"].clip(lower=0),
            "low": shown["low"],
            "high": shown["high"],
            "kind": shown["kind"].map(kinds),
        }
    )
    value, low, high = spread.left
    left = {"name": "left over", "value": min(value, 1.0), "low": low, "high": high}
    frame = pd.concat([inputs, pd.DataFrame([left | {"kind": "left over"}])], ignore_index=True)
    return frame.assign(start=0.0, end=frame["value"])


def _title(spread: Spread) -> str:
    level = pair_title(spread.scenario, spread.pair)
    return level if spread.domain is None else f"{level}: {spread.domain}"
