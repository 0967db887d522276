"""How relsim's figures look: one palette, one font, told apart without colour."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import altair as alt

INK = "#1f2933"
MUTED = "#6b7785"
GRID = "#e4e8ec"
LINE = "#0b4f8a"
BANDS = {"95 %": "#d6e6f4", "80 %": "#a9cbe8", "50 %": "#6ba3d3"}
EVENT = "#b3541e"
CHANCE = "#5b3a8c"  # of events that happen by chance
# Verdicts are told apart by shape and word as well.
VERDICTS = {"supported": "#0b6e4f", "not distinguishable": "#8a6d00", "contradicted": "#a4262c"}
FONT = "DejaVu Sans, Verdana, sans-serif"
TINY, SMALL, TEXT, PANEL_TITLE = 9, 10, 11, 12  # sizes of letters
TITLE_LETTERS = 80  # of a line of a title
WIDTH = 560  # of a panel; with its axis a chart is legible at 600 px
HEIGHT = 170
NARROW = 260  # of a panel on the page of a phone
ROWS_WIDTH, ROW = 360, 32  # of rows with labels beside them
CELL = 46  # of a heat table
# Lines of several scenarios, told apart by colour and by dashes. Hues of Okabe and Ito (2008),
# darkened.
SERIES = {
    "#0b4f8a": [1, 0],
    "#c2571a": [6, 3],
    "#00795a": [2, 2],
    "#9c4f86": [8, 3, 2, 3],
    "#8a6d00": [4, 2, 1, 2, 1, 2],
    "#3a3a3a": [12, 4],
}
# Blue to orange through white: told apart in every common form of colour blindness.
DIVERGING = ["#8c510a", "#d8b365", "#f6e8c3", "#f7f7f7", "#c7e0f0", "#5aa4cf", "#0b4f8a"]
SEQUENTIAL = ["#ffffff", "#d6e6f4", "#6ba3d3", "#0b4f8a"]
PALE, BAR = 0.3, 14  # opacity and height of bars that intervals are read on
RAISES, LOWERS, WHOLE = LINE, DIVERGING[0], MUTED
# Areas side by side, dark and light in turn: the "muted" scheme of Tol (2021), made to be told
# apart in every common form of colour blindness, and its grey for what has no name. The others
# are shades of them, for pages whose figures name more parts.
PARTS = ["#332288", "#ddcc77", "#117733", "#88ccee", "#882255", "#44aa99", "#cc6677", "#999933"]
MORE_PARTS = ["#7a6fc0", "#f1e9bd", "#6fb083", "#4a8fb0", "#c27a9b", "#1f6a5f", "#8f3a49"]
ELSE = "#dddddd"

# Vega-Lite's configuration of every chart.
HOUSE: dict[str, Any] = {
    "background": "white",
    "font": FONT,
    "padding": 12,
    "view": {"stroke": None},
    "axis": {
        "domainColor": MUTED,
        "gridColor": GRID,
        "labelColor": INK,
        "labelFontSize": TEXT,
        "tickColor": MUTED,
        "titleColor": INK,
        "titleFontSize": TEXT,
        "titleFontWeight": "normal",
    },
    "axisY": {"labelLineHeight": 13},  # marks.ROW_LINE
    "title": {
        "anchor": "start",
        "color": INK,
        "fontSize": 15,
        "fontWeight": 600,
        "subtitleColor": MUTED,
        "subtitleFontSize": TEXT,
        "subtitlePadding": 6,
        "offset": 14,
    },
    "legend": {
        "labelColor": INK,
        "labelFontSize": TEXT,
        "orient": "bottom",
        "title": None,
        "titleColor": INK,
        "titleFontSize": TEXT,
        "titleFontWeight": "normal",
        "symbolType": "square",
        "symbolOpacity": 1,
    },
    "header": {
        "labelColor": INK,
        "labelFontSize": PANEL_TITLE,
        "labelFontWeight": 600,
        "labelAnchor": "start",
    },
}


def ink_on(colour: str) -> str:
    """White or ink, whichever is read better on a colour, by its luminance (WCAG 2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "white" if luminance < 0.22 else INK


def shade(value: float, domain: tuple[float, float], colours: list[str]) -> str:
    """The colour of a scale at a value, mixed from its two neighbours; white where there is none.

    Args:
        value: where.
        domain: values of the first and the last colour.
        colours: evenly spaced between them.
    """
    if not math.isfinite(value):
        return "#ffffff"
    share = min(max((value - domain[0]) / (domain[1] - domain[0]), 0.0), 1.0)
    below = min(int(share * (len(colours) - 1)), len(colours) - 2)
    mix = share * (len(colours) - 1) - below
    channels = [
        round(
            (1 - mix) * int(colours[below][at : at + 2], 16)
            + mix * int(colours[below + 1][at : at + 2], 16)
        )
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def panel_title(text: str | list[str]) -> dict[str, Any]:
    """The title of a panel, in line with its left edge."""
    return {"text": text, "fontSize": PANEL_TITLE, "offset": 6, "frame": "group"}


def level_labels(digits: str) -> str:
    """The expression that labels an axis of levels or differences: as ``digits``, 0 as 0."""
    return f"abs(datum.value) < 1e-9 ? '0' : format(datum.value, '{digits}')"


def configured(chart: Any) -> Any:
    """A chart in the house style."""
    return sized(chart, config=alt.Config(**HOUSE))


def sized(chart: Any, **properties: Any) -> Any:
    """A new chart itself, with properties. Altair's own methods make deep copies of all layers."""
    for name, value in properties.items():
        chart[name] = value
    return chart


def titled(chart: Any, title: str, *subtitle: str, **size: float) -> Any:
    """A chart in the house style under its title and the lines below; empty lines are left out."""
    lines = [line for line in subtitle if line]
    text = title if len(title) <= TITLE_LETTERS else textwrap.wrap(title, TITLE_LETTERS)
    return configured(sized(chart, title=alt.TitleParams(text, subtitle=lines), **size))
