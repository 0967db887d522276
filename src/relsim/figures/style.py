"""How relsim's figures look: one palette, one font, told apart without colour."""

from __future__ import annotations

from typing import Any

INK = "#1f2933"
MUTED = "#6b7785"
GRID = "#e4e8ec"
LINE = "#0b4f8a"
BANDS = {"95 %": "#d6e6f4", "80 %": "#a9cbe8", "50 %": "#6ba3d3"}
EVENT = "#b3541e"
# Verdicts are told apart by shape and word as well.
VERDICTS = {"supported": "#0b6e4f", "not distinguishable": "#8a6d00", "contradicted": "#a4262c"}
# Okabe and Ito (2008), less yellow, which is too light for lines: safe in colour blindness.
SERIES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1f2933"]
DASHES = [[1, 0], [6, 3], [2, 2]]  # tell series of one colour apart
FONT = "DejaVu Sans, Verdana, sans-serif"
# Blue to orange through white: told apart in every common form of colour blindness.
DIVERGING = ["#8c510a", "#d8b365", "#f6e8c3", "#f7f7f7", "#c7e0f0", "#5aa4cf", "#0b4f8a"]


def configured(chart: Any) -> Any:
    """A chart in the house style."""
    return (
        chart.configure(background="white", font=FONT, padding=12)
        .configure_view(stroke=None)
        .configure_axis(
            domainColor=MUTED,
            gridColor=GRID,
            labelColor=INK,
            labelFontSize=11,
            tickColor=MUTED,
            titleColor=INK,
            titleFontSize=11,
            titleFontWeight="normal",
        )
        .configure_title(
            anchor="start",
            color=INK,
            fontSize=15,
            fontWeight=600,
            subtitleColor=MUTED,
            subtitleFontSize=11,
            subtitlePadding=6,
            offset=14,
        )
        .configure_legend(
            labelColor=INK, labelFontSize=11, orient="bottom", title=None, symbolType="square"
        )
        .configure_header(
            labelColor=INK, labelFontSize=13, labelFontWeight=600, labelAnchor="start"
        )
    )
