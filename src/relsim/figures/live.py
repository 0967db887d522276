"""Charts whose data a page replaces while somebody moves a number, and their colours in the dark.

They look as those of the report, and are plain Vega-Lite, made so that they are quick to draw anew:
axes whose ends are known need not be searched for in the data, rows are in order and complete, and
marks have no descriptions of their own, since the page describes each chart.

The page replaces named data sets, whose rows have the columns of pictures, and sets the signals
``low`` and ``high``, the ends of the axis of levels. The ``month`` of a row is its time in
milliseconds, at the first of the month by the local clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from relsim.figures import marks, style
from relsim.figures.compare import CARRIERS

Plain = dict[str, Any]

PADDING = {"left": 0, "right": 6, "top": 6, "bottom": 0}  # pixels
AXIS = 40  # pixels of labels beside an axis of levels, so that all charts share one axis of time
CARRIER_ROW, PART_ROW, THIN_BAR = 40, 44, 9  # pixels of rows, and of each of two bars in one
ABOVE, BELOW = -11, 7  # pixels from the middle of a row to its name, and to its bars
LEAST_GRASP = 4  # pixels at which the pointer meets a month
IN_ORDER = {"value": None}  # of rows that need no sorting
DIRECTIONS = list(style.SERIES)[:2]  # of the two sides of a pair

# The counterpart on a dark page of each colour of these charts and of the network. Texts have a
# contrast of 4.5 to 1 or more on #14181c; bands are darker than the median on them, as they are
# lighter on a light page; the ends of the scale of ties are its brightest.
PAPER = "#14181c"
DARK = {
    "white": PAPER,
    "#ffffff": PAPER,
    style.INK: "#e7ebef",
    style.MUTED: "#9aa7b4",
    style.GRID: "#2b333b",
    style.LINE: "#9fd0f5",
    style.BANDS["95 %"]: "#1c3549",
    style.BANDS["80 %"]: "#27506f",
    style.BANDS["50 %"]: "#336f99",
    style.EVENT: "#f0935a",
    style.DIVERGING[0]: "#e8a455",
    style.DIVERGING[1]: "#9c7440",
    "#cfd5db": "#5a646e",
    style.DIVERGING[5]: "#4a82ab",
    DIRECTIONS[1]: "#f4a06c",
}


@dataclass(frozen=True)
class Size:
    """How much a chart shows, and how high its panel is.

    Attributes:
        fan, difference: pixels of the panel of either chart.
        details: whether it has a legend, and says the levels under the pointer.
    """

    fan: int
    difference: int
    details: bool


LARGE, SMALL = Size(230, 110, True), Size(130, 70, False)


def fan_chart(months: Sequence[str], size: Size = LARGE) -> Plain:
    """The fan of a pair beside the ghost of its base.

    Data sets: ``fan`` (month, median, lower95 … upper50), ``ghost`` (month, median, lower80,
    upper80), ``events`` (month, sign, label, row: of its number above the panel, from 0),
    ``opening`` (median: the level at which a line is drawn), ``compared`` (month: at which a line
    is drawn).

    Args:
        months: that are shown, as in ``2025-06``.
        size: of the chart.
    """
    x, y = _time(months), _levels("cooperation", ".2f", 5)
    return _chart(
        ["fan", "ghost", "events", "opening", "compared"],
        size.fan,
        "Fan chart of overall cooperation by month: median, bands that hold 50, 80 and 95 % of the "
        "runs, and dashed the median of the base.",
        [
            *_bands("fan", x, y, legend=size.details),
            _opening(y),
            *_ghost(x, y),
            _line("fan", "median", x, y, {"color": style.LINE, "strokeWidth": 2}),
            *_events(x),
            _compared(x),
            *(_hover("fan", x, "cooperation", "+.2f") if size.details else ()),
        ],
    )


def difference_chart(months: Sequence[str], size: Size = LARGE) -> Plain:
    """The paired difference of a pair from its base.

    Data sets: ``difference``, as ``fan`` of :func:`fan_chart`, and ``compared``, as there.
    """
    x, y = _time(months), _levels("difference", "+.2f", 3)
    return _chart(
        ["difference", "compared"],
        size.difference,
        "Fan chart of the paired difference from the base by month.",
        [
            *_bands("difference", x, y, legend=False),
            {"mark": {"type": "rule", "color": style.INK}, "encoding": {"y": {"datum": 0.0}}},
            _line("difference", "median", x, y, {"color": style.LINE, "strokeWidth": 2}),
            _compared(x),
            *(_hover("difference", x, "difference", "+.3f") if size.details else ()),
        ],
    )


def carriers_chart() -> Plain:
    """The interests that carry a difference, a row each with its name above. Data set: ``carriers``
    (label, carried, low, high)."""
    kinds = ["raises", "lowers"]
    scale = {"domain": kinds, "range": [CARRIERS[kind][0] for kind in kinds]}
    shapes = {"domain": kinds, "range": [CARRIERS[kind][1] for kind in kinds]}
    colour = {"field": "kind", "type": "nominal", "scale": scale, "legend": None}
    value = _value_axis("carried", "part of the difference")
    tooltip = [
        {"field": "label", "title": "interest"},
        *(
            {"field": field, "type": "quantitative", "title": title, "format": "+.4f"}
            for field, title in (("carried", "carries"), ("low", "95 %, from"), ("high", "to"))
        ),
    ]
    ends = {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}}
    return {
        **_frame(["carriers"], "What of the difference is gone with each interest held at 0."),
        "height": {"step": CARRIER_ROW},
        "data": {"name": "carriers"},
        "transform": [{"calculate": "datum.carried >= 0 ? 'raises' : 'lowers'", "as": "kind"}],
        "encoding": {"y": _rows()},
        "layer": [
            {
                "mark": _moved("bar", BELOW, opacity=style.PALE, height=style.BAR),
                "encoding": {"x": value, "color": colour, "tooltip": tooltip},
            },
            _zero(),
            {
                "mark": _moved("rule", BELOW, strokeWidth=2),
                "encoding": {**ends, "color": colour},
            },
            {
                "mark": _moved("point", BELOW, filled=True, size=60, opacity=1),
                "encoding": {
                    "x": value,
                    "color": colour,
                    "shape": {"field": "kind", "type": "nominal", "scale": shapes, "legend": None},
                    "tooltip": tooltip,
                },
            },
            *_names(),
        ],
    }


def parts_chart() -> Plain:
    """The largest parts of a change of pull, both ways, a row each with its name above. Data set:
    ``parts`` (direction, side: 0 or 1, label, value)."""
    tooltip = [
        {"field": "label", "title": "part"},
        {"field": "direction"},
        {"field": "value", "type": "quantitative", "title": "pull units", "format": "+.3f"},
    ]
    legend = {"labelExpr": "replace(datum.label, '>', ' towards ')"}
    colour = {
        "field": "direction",
        "type": "nominal",
        "sort": None,
        "scale": {"range": DIRECTIONS},
        "legend": legend,
    }
    bars = [
        {
            "transform": [{"filter": f"datum.side == {side}"}],
            "mark": _moved("bar", BELOW + (side - 0.5) * THIN_BAR, height=THIN_BAR),
            "encoding": {
                "x": _value_axis("value", "pull units"),
                "color": colour,
                "tooltip": tooltip,
            },
        }
        for side in (0, 1)
    ]
    return {
        **_frame(["parts"], "The largest parts of the change of the pull, in either direction."),
        "height": {"step": PART_ROW},
        "data": {"name": "parts"},
        "encoding": {"y": _rows()},
        "layer": [*bars, _zero(), *_names()],
    }


def _frame(names: list[str], description: str) -> Plain:
    """What all charts have, with data sets that are empty until the page fills them."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": style.HOUSE,
        "description": description,
        "width": "container",
        "datasets": {name: [] for name in names},
    }


def _chart(names: list[str], height: int, description: str, layers: list[Plain]) -> Plain:
    """Layers over months, to the axis of levels that the signals say."""
    axis = {**style.HOUSE["axisY"], "minExtent": AXIS, "maxExtent": AXIS}
    return {
        **_frame(names, description),
        "config": {**style.HOUSE, "aria": False, "axisY": axis},
        "height": height,
        "padding": PADDING,
        "params": [{"name": "low", "value": -0.5}, {"name": "high", "value": 0.5}],
        "layer": layers,
    }


def _levels(title: str, digits: str, ticks: int) -> Plain:
    return {
        "type": "quantitative",
        "title": title,
        "scale": {"domain": {"expr": "[low, high]"}, "nice": False, "zero": False},
        "axis": {"tickCount": ticks, "labelExpr": style.level_labels(digits)},
    }


def _time(months: Sequence[str]) -> Plain:
    ends = [
        dict(zip(("year", "month"), map(int, months[n].split("-")), strict=True)) for n in (0, -1)
    ]
    axis = {"format": "%Y", "tickCount": "year", "labelSeparation": 8}
    scale = {"domain": ends}
    return {"field": "month", "type": "temporal", "title": None, "axis": axis, "scale": scale}


def _bands(data: str, x: Plain, y: Plain, *, legend: bool) -> list[Plain]:
    """Bands, the widest at the back, each in its shade."""
    shades = {"domain": list(style.BANDS), "range": list(style.BANDS.values())}
    colour = {"type": "nominal", "scale": shades, **({} if legend else {"legend": None})}
    return [
        {
            "data": {"name": data},
            "mark": {"type": "area", "invalid": None},
            "encoding": {
                "x": x,
                "y": {**y, "field": f"lower{band[:2]}"},
                "y2": {"field": f"upper{band[:2]}"},
                "color": {"datum": band, **colour},
                "order": IN_ORDER,
            },
        }
        for band in style.BANDS
    ]


def _line(data: str, field: str, x: Plain, y: Plain, look: Plain) -> Plain:
    return {
        "data": {"name": data},
        "mark": {"type": "line", "invalid": None, **look},
        "encoding": {"x": x, "y": {**y, "field": field}, "order": IN_ORDER},
    }


def _opening(y: Plain) -> Plain:
    """A dotted line at the level at which the median opens."""
    return {
        "data": {"name": "opening"},
        "mark": {"type": "rule", "color": style.INK, "strokeDash": [2, 3], "opacity": 0.6},
        "encoding": {"y": {**y, "field": "median"}},
    }


def _ghost(x: Plain, y: Plain) -> list[Plain]:
    """The median of the base dashed, and thin the edges of its band of 80 %."""
    edge = {"color": style.INK, "strokeWidth": 0.8, "opacity": 0.55}
    return [
        _line("ghost", "lower80", x, y, edge),
        _line("ghost", "upper80", x, y, edge),
        _line(
            "ghost", "median", x, y, {"color": style.INK, "strokeWidth": 1.5, "strokeDash": [5, 4]}
        ),
    ]


def _events(x: Plain) -> list[Plain]:
    """Lines at events, numbered above the panel."""
    top = f"-{marks.EVENT_HEIGHT} * (1 + datum.row)"
    text = {
        "type": "text",
        "align": "left",
        "baseline": "top",
        "dx": 3,
        "fontSize": style.SMALL,
        "fontWeight": "bold",
        "color": style.EVENT,
        "y": {"expr": top},
        "tooltip": {"expr": "datum.sign + '  ' + datum.label"},
    }
    rule = {
        "type": "rule",
        "color": style.EVENT,
        "opacity": 0.45,
        "strokeDash": [4, 3],
        "y": {"expr": top},
        "y2": "height",
    }
    source = {"data": {"name": "events"}}
    return [
        {**source, "mark": rule, "encoding": {"x": x}},
        {**source, "mark": text, "encoding": {"x": x, "text": {"field": "sign"}}},
    ]


def _compared(x: Plain) -> Plain:
    """A line at the month that is compared."""
    mark = {"type": "rule", "color": style.INK, "strokeWidth": 1.5}
    return {"data": {"name": "compared"}, "mark": mark, "encoding": {"x": x}}


def _hover(data: str, x: Plain, quantity: str, digits: str) -> list[Plain]:
    """A line at the month under the pointer, with the levels there.

    Each month has a stripe that the pointer meets, which costs less than a search for the nearest.
    """
    fields = {
        "median": f"median ({quantity})",
        "lower80": "80 % of runs, from",
        "upper80": "80 % of runs, to",
    }
    selection = {"type": "point", "fields": ["month"], "on": "pointerover", "clear": "pointerout"}
    grasp = f"max({LEAST_GRASP}, width / max(1, length(data('{data}')) - 1))"
    return [
        {
            "data": {"name": data},
            "transform": [{"filter": {"param": "here", "empty": False}}],
            "mark": {"type": "rule", "color": style.INK, "opacity": 0.5},
            "encoding": {"x": x},
        },
        {
            "data": {"name": data},
            "params": [{"name": "here", "select": selection}],
            "mark": {"type": "rule", "opacity": 0, "strokeWidth": {"expr": grasp}},
            "encoding": {
                "x": x,
                "tooltip": [
                    {"field": "month", "type": "temporal", "title": "month", "format": "%B %Y"},
                    *(
                        {"field": name, "type": "quantitative", "title": title, "format": digits}
                        for name, title in fields.items()
                    ),
                ],
            },
        },
    ]


def _rows() -> Plain:
    """A row for each label, in the order of the data; names stand in the rows."""
    return {"field": "label", "type": "nominal", "sort": None, "axis": None}


def _names() -> list[Plain]:
    """The name of each row above its bars, so that all of the width is for values, on a halo where
    the line at 0 runs through it."""
    halo = {"stroke": "white", "strokeWidth": 4}
    return [
        {
            "transform": [{"aggregate": [{"op": "count", "as": "times"}], "groupby": ["label"]}],
            "mark": _moved("text", ABOVE, align="left", baseline="middle", **look),
            "encoding": {"x": {"value": 2}, "text": {"field": "label"}},
        }
        for look in (
            {"fontSize": style.TEXT, "color": "white", **halo},
            {"fontSize": style.TEXT, "color": style.INK},
        )
    ]


def _zero() -> Plain:
    return {
        "mark": {"type": "rule", "color": style.INK},
        "encoding": {"x": {"datum": 0.0}, "y": None},
    }


def _moved(kind: str, down: float, **look: Any) -> Plain:
    """A mark so many pixels below the middle of its row."""
    ends = {"y2Offset": down} if kind == "rule" else {}
    return {"type": kind, "yOffset": down, **ends, **look}


def _value_axis(field: str, title: str) -> Plain:
    axis = {"tickCount": 5, "labelExpr": style.level_labels("+.3~f")}
    return {"field": field, "type": "quantitative", "title": title, "axis": axis}
