"""Charts whose data a page replaces while somebody moves a number, and their colours in the dark.

They look as those of the report. Charts are plain Vega-Lite: the page replaces named data sets,
whose rows have the columns of pictures, and sets the signals ``low`` and ``high``, the ends of the
axis of levels. Months are texts, as in ``2025-06``.
"""

from __future__ import annotations

from typing import Any

from relsim.figures import marks, style
from relsim.figures.compare import CARRIERS

Plain = dict[str, Any]

FAN_HEIGHT, DIFFERENCE_HEIGHT = style.HEIGHT, 90
CARRIER_ROW, PART_ROW, THIN_BAR = 40, 44, 9  # pixels of rows, and of each of two bars in one
ABOVE, BELOW = -11, 7  # pixels from the middle of a row to its name, and to its bars
LEAST_GRASP = 4  # pixels at which the pointer meets a month
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

_MONTH = {"calculate": "toDate(datum.time + '-01T00:00:00')", "as": "month"}  # of the local clock


def fan_chart() -> Plain:
    """The fan of a pair beside the ghost of its base.

    Data sets: ``fan`` (time, median, lower95 … upper50), ``ghost`` (time, median, lower80,
    upper80), ``events`` (time, sign, label, row: of its number above the panel, from 0).
    """
    y = _levels("cooperation", ".2f", 5)
    return _chart(
        ["fan", "ghost", "events"],
        FAN_HEIGHT,
        "Fan chart of overall cooperation by month: median, bands that hold 50, 80 and 95 % of the "
        "runs, and dashed the median of the base.",
        [
            *_bands("fan", y),
            _opening(),
            *_ghost(),
            _line("fan", "median", {"color": style.LINE, "strokeWidth": 2}),
            *_events(),
            *_hover("fan", "cooperation", "+.2f"),
        ],
    )


def difference_chart() -> Plain:
    """The paired difference of a pair from its base. Data set: ``difference``, as ``fan``."""
    y = _levels("difference", "+.2f", 3)
    return _chart(
        ["difference"],
        DIFFERENCE_HEIGHT,
        "Fan chart of the paired difference from the base by month.",
        [
            *_bands("difference", y, legend=False),
            {"mark": {"type": "rule", "color": style.INK}, "encoding": {"y": {"datum": 0.0}}},
            _line("difference", "median", {"color": style.LINE, "strokeWidth": 2}),
            *_hover("difference", "difference", "+.3f"),
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
    return {
        **_frame(names, description),
        "height": height,
        "params": [{"name": "low", "value": -0.5}, {"name": "high", "value": 0.5}],
        "layer": layers,
    }


def _levels(title: str, digits: str, ticks: int) -> Plain:
    ends = {"domainMin": {"expr": "low"}, "domainMax": {"expr": "high"}}
    return {
        "type": "quantitative",
        "title": title,
        "scale": {**ends, "nice": False, "zero": False},
        "axis": {"tickCount": ticks, "labelExpr": style.level_labels(digits)},
    }


def _time() -> Plain:
    axis = {"format": "%Y", "tickCount": "year", "labelSeparation": 8}
    return {"field": "month", "type": "temporal", "title": None, "axis": axis}


def _bands(data: str, y: Plain, *, legend: bool = True) -> list[Plain]:
    """Bands, the widest at the back, each in its shade."""
    shades = {"domain": list(style.BANDS), "range": list(style.BANDS.values())}
    return [
        {
            "data": {"name": data},
            "transform": [_MONTH],
            "mark": {"type": "area"},
            "encoding": {
                "x": _time(),
                "y": {**y, "field": f"lower{band[:2]}"},
                "y2": {"field": f"upper{band[:2]}"},
                "color": {
                    "datum": band,
                    "type": "nominal",
                    "scale": shades,
                    **({} if legend else {"legend": None}),
                },
            },
        }
        for band in style.BANDS
    ]


def _line(data: str, field: str, look: Plain) -> Plain:
    return {
        "data": {"name": data},
        "transform": [_MONTH],
        "mark": {"type": "line", **look},
        "encoding": {"x": _time(), "y": {"field": field, "type": "quantitative"}},
    }


def _opening() -> Plain:
    """A dotted line at the level at which the median opens."""
    first = [{"window": [{"op": "row_number", "as": "place"}]}, {"filter": "datum.place == 1"}]
    return {
        "data": {"name": "fan"},
        "transform": first,
        "mark": {"type": "rule", "color": style.INK, "strokeDash": [2, 3], "opacity": 0.6},
        "encoding": {"y": {"field": "median", "type": "quantitative"}},
    }


def _ghost() -> list[Plain]:
    """The median of the base dashed, and thin the edges of its band of 80 %."""
    edge = {"color": style.INK, "strokeWidth": 0.8, "opacity": 0.55}
    return [
        _line("ghost", "lower80", edge),
        _line("ghost", "upper80", edge),
        _line("ghost", "median", {"color": style.INK, "strokeWidth": 1.5, "strokeDash": [5, 4]}),
    ]


def _events() -> list[Plain]:
    """Lines at events, numbered above the panel."""
    top = f"-{marks.EVENT_HEIGHT} * (1 + datum.row)"
    source: Plain = {"data": {"name": "events"}, "transform": [_MONTH]}
    x = {"x": _time()}
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
    return [
        {**source, "mark": rule, "encoding": x},
        {**source, "mark": text, "encoding": {**x, "text": {"field": "sign"}}},
    ]


def _hover(data: str, quantity: str, digits: str) -> list[Plain]:
    """A line at the month under the pointer, with the levels there.

    Each month has a stripe that the pointer meets, which costs less than a search for the nearest.
    """
    fields = {
        "median": f"median ({quantity})",
        "lower80": "80 % of runs, from",
        "upper80": "80 % of runs, to",
    }
    source: Plain = {"data": {"name": data}, "transform": [_MONTH]}
    selection = {"type": "point", "fields": ["time"], "on": "pointerover", "clear": "pointerout"}
    grasp = f"max({LEAST_GRASP}, width / max(1, length(data('{data}')) - 1))"
    return [
        {
            **source,
            "transform": [_MONTH, {"filter": {"param": "here", "empty": False}}],
            "mark": {"type": "rule", "color": style.INK, "opacity": 0.5},
            "encoding": {"x": _time()},
        },
        {
            **source,
            "params": [{"name": "here", "select": selection}],
            "mark": {"type": "rule", "opacity": 0, "strokeWidth": {"expr": grasp}},
            "encoding": {
                "x": _time(),
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
