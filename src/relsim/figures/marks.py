"""The marks that figures share: fans, rows with an interval, heat tables, numbers beside points.

Each takes a data frame with fixed column names and gives layers or a chart without a title.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from relsim.figures import style

EDGES = {"95": ("q0.025", "q0.975"), "80": ("q0.1", "q0.9"), "50": ("q0.25", "q0.75")}
LETTERS = 36  # of a label beside a row, in each of its lines
ROW_LINE = 13  # pixels from line to line of such a label
LETTER_WIDTH = 6.5  # at the size of small texts
KEY_LINE, KEY_GAP, KEY_LETTERS = 13, 4, 44  # pixels; letters of a line in a column
NUMBER_WIDTH, NUMBER_HEIGHT, NUMBER_GAP = 16, 12, 8  # pixels of a number beside a point
EVENT_WIDTH, EVENT_HEIGHT = 22, 12  # pixels of a number of two digits above a panel
STRIP, STRIP_GAP = 11, 5  # pixels of a row below a panel, and above the first of them
FAINTEST = 0.08  # opacity of a part of a strip in which hardly any run has the event

Looks = Mapping[str, tuple[Any, ...]]  # colour and shape of each kind, and more


# Texts and axes


def in_lines(text: str, longest: int, most: int = 2) -> str:
    """A text in at most ``most`` lines of up to ``longest`` letters, cut with an ellipsis."""
    return "\n".join(textwrap.wrap(text, longest, max_lines=most, placeholder=" …"))


def row_labels(
    names: Sequence[str], paths: Sequence[str] = (), longest: int = LETTERS
) -> list[str]:
    """Names in lines. Where two read alike, their paths instead; without paths, numbered."""
    labels = [in_lines(name, longest) for name in names]
    alike = (
        [in_lines(path, longest) for path in paths]
        if paths
        else [f"{number}: {label}" for number, label in enumerate(labels, start=1)]
    )
    return [
        label if labels.count(label) == 1 else other
        for label, other in zip(labels, alike, strict=True)
    ]


def row_axis(
    labels: Iterable[str], field: str = "name:N", scale: Any = alt.Undefined, **options: Any
) -> Any:
    """The axis of rows in the order of their labels, which may have several lines."""
    look = {"labelLimit": 320, "ticks": False, "domain": False, **options}
    lines = "split(datum.value, '\\n')"
    # The middle of all lines beside the row; Vega puts the middle of the first line there.
    up = {"test": "true", "expr": f"-{ROW_LINE / 2} * (length({lines}) - 1)"}
    axis = alt.Axis(labelExpr=lines, labelOffset={"condition": up, "value": 0}, **look)
    return alt.Y(field, sort=list(dict.fromkeys(labels)), title=None, axis=axis, scale=scale)


def years(*, labelled: bool = True, **look: Any) -> Any:
    """The axis of time; only the lowest of panels under each other is labelled.

    ``look`` is of the axis: ``offset`` moves it down, as by :func:`strips_height`.
    """
    look = {"format": "%Y", "tickCount": "year", "labelSeparation": 8, **look}
    return alt.X("time:T", title=None, axis=alt.Axis(labels=labelled, ticks=labelled, **look))


def axis(
    channel: Any,
    field: str,
    title: Any = None,
    domain: Sequence[float] | None = None,
    digits: str | None = None,
    ticks: int = 5,
    **look: Any,
) -> Any:
    """An axis of numbers, written as ``digits`` says. Without a domain, it need not reach 0."""
    scale = alt.Scale(zero=False)
    if domain is not None:
        scale = alt.Scale(domain=[float(end) for end in domain], nice=False, zero=False)
    if digits is not None:
        look["format" if "%" in digits else "labelExpr"] = (
            digits if "%" in digits else style.level_labels(digits)
        )
    return channel(f"{field}:Q", title=title, scale=scale, axis=alt.Axis(tickCount=ticks, **look))


def same_axis(axis: Any, field: str) -> Any:
    """An axis for another field."""
    other = axis.copy(deep=False)
    other.shorthand = f"{field}:Q"
    return other


def by_kind(looks: Looks, legend: Any = alt.Undefined) -> dict[str, Any]:
    """The encodings of kinds of marks by colour and shape."""
    channels = {"color": alt.Color, "shape": alt.Shape}
    return {
        name: channel("kind:N", scale=kind_scale(looks, aspect), legend=legend)
        for aspect, (name, channel) in enumerate(channels.items())
    }


def kind_scale(looks: Looks, aspect: int) -> Any:
    """The scale of the colours (aspect 0) or shapes (1) of kinds."""
    return alt.Scale(domain=list(looks), range=[look[aspect] for look in looks.values()])


def level_rule(value: float, y: Any, **look: Any) -> Any:
    """A line across a panel at a level of its axis."""
    rule = alt.Chart(pd.DataFrame({"level": [value]})).mark_rule(**{"color": style.INK, **look})
    return rule.encode(y=same_axis(y, "level"))


# Fans


def fan_frame(levels: xr.DataArray) -> pd.DataFrame:
    """Median and ends of bands of levels (statistic, time), by month: time, median, lower95, …"""
    statistics = {"median": "q0.5"}
    for band, ends in EDGES.items():
        statistics |= {f"lower{band}": ends[0], f"upper{band}": ends[1]}
    rows = levels.sel(statistic=list(statistics.values())).values
    time = pd.DatetimeIndex(levels["time"].values)
    return pd.DataFrame({"time": time, **dict(zip(statistics, rows, strict=True))})


def fan(
    base: Any,
    y: Any,
    bands: Sequence[str] = tuple(style.BANDS),
    width: float | None = None,
    middle: str = "median",
) -> list[Any]:
    """Bands of a frame as of :func:`fan_frame`, the widest at the back, and its middle as a line.

    With a width, there are bars of so many pixels in place of the areas, and no line.
    """
    shades = alt.Scale(domain=list(style.BANDS), range=list(style.BANDS.values()))
    legend = alt.Undefined if len(bands) > 1 else None
    colour = alt.Color("band:N", scale=shades, legend=legend)
    layers = []
    for band in bands:
        named = base.transform_calculate(band=f"'{band}'")
        mark = named.mark_area() if width is None else named.mark_bar(size=width)
        low, high = same_axis(y, f"lower{band[:2]}"), alt.Y2(f"upper{band[:2]}:Q")
        layers.append(mark.encode(y=low, y2=high, color=colour))
    if width is None:
        layers.append(
            base.mark_line(color=style.LINE, strokeWidth=2).encode(y=alt.Y(f"{middle}:Q"))
        )
    return layers


def widest_band(levels: xr.DataArray) -> tuple[float, float]:
    """The least and the greatest end of the 95 % band of levels (statistic, time)."""
    low, high = (levels.sel(statistic=end) for end in EDGES["95"])
    return float(low.min()), float(high.max())


def time_span(levels: xr.DataArray) -> pd.Timedelta:
    """The time from the first to the last of some levels."""
    times = pd.DatetimeIndex(levels["time"].values)
    return times[-1] - times[0]


def line_styles(count: int) -> tuple[list[str], list[list[int]]]:
    """A colour and a dash for each of several lines: no two alike, up to 36."""
    colours, dashes, size = list(style.SERIES), list(style.SERIES.values()), len(style.SERIES)
    return (
        [colours[n % size] for n in range(count)],
        [dashes[(n + n // size) % size] for n in range(count)],
    )


def lines(base: Any, names: Sequence[str], y: Any, legend: Any = None, **line: Any) -> list[Any]:
    """For each scenario its band of 80 % and its median, told apart by colour and dashes.

    The frame of the base has name, median, lower80 and upper80; ``line`` has further encodings.
    """
    colours, dashes = (
        alt.Scale(domain=list(names), range=look) for look in line_styles(len(names))
    )
    colour = alt.Color("name:N", scale=colours, legend=legend)
    bands = base.mark_area(opacity=0.13).encode(
        y=same_axis(y, "lower80"), y2=alt.Y2("upper80:Q"), color=colour
    )
    dash = alt.StrokeDash("name:N", scale=dashes, legend=legend)
    medians = base.mark_line(strokeWidth=2)
    return [bands, medians.encode(y=alt.Y("median:Q"), color=colour, strokeDash=dash, **line)]


# Events above a fan


def event_layers(
    events: pd.DataFrame, numbers: Mapping[str, int], span: pd.Timedelta, width: int = style.WIDTH
) -> list[Any]:
    """Lines at events (month, event), numbered above the panel, in rows so that none touch.

    ``span`` is the time between the edges of the panel, ``width`` the panel's at its narrowest.
    """
    rows = event_rows(events, span, width)
    frame = events.assign(
        time=event_times(events), number=[numbers[name] for name in events["event"]], row=rows
    )
    text: dict[str, Any] = {"align": "left", "baseline": "top", "dx": 3, "fontWeight": "bold"}
    halo: dict[str, Any] = {"color": "white", "stroke": "white", "strokeWidth": 3}
    layers = []
    for row in sorted(set(rows)):
        top = alt.value(-EVENT_HEIGHT * (max(rows) + 1 - row))
        base = alt.Chart(frame[frame["row"] == row]).encode(x=alt.X("time:T"), y=top)
        rule = base.mark_rule(color=style.EVENT, opacity=0.45, strokeDash=[4, 3])
        layers.append(rule.encode(y2=alt.value("height")))
        for look in (halo, {"color": style.EVENT}):
            number = base.mark_text(fontSize=style.SMALL, **text, **look)
            layers.append(number.encode(text=alt.Text("number:Q")))
    return layers


def strips_height(count: int) -> int:
    """Pixels that so many strips take between a panel and its axis of time."""
    return count * STRIP + STRIP_GAP if count else 0


def strip_layers(
    strips: pd.DataFrame,
    letters: Mapping[str, str],
    domain: tuple[float, float],
    height: int,
    y: Any,
) -> list[Any]:
    """A strip below a panel for each event that happens by chance, with its letter at the right.

    Args:
        strips: event, label, start, end, share and darkness (0 to 1) of each part of its time.
        letters: of each event; a strip for each, from the top, those without a part among them.
        domain, y: the ends and the axis of the levels of the panel.
        height: pixels of the panel.
    """
    if not letters:
        return []
    low, pixel = domain[0], (domain[1] - domain[0]) / height
    tops = {name: low - (STRIP_GAP + STRIP * row) * pixel for row, name in enumerate(letters)}
    top = strips["event"].map(tops)
    parts = alt.Chart(strips.assign(top=top, bottom=top - (STRIP - 2) * pixel))
    opacity = alt.Opacity(
        "darkness:Q", scale=alt.Scale(domain=[0, 1], range=[FAINTEST, 1]), legend=None
    )
    share = alt.Tooltip("share:Q", title="runs in which it happens, a step", format=".1%")
    times = [
        alt.Tooltip(f"{end}:T", title=title, format="%B %Y")
        for end, title in (("start", "from"), ("end", "to"))
    ]
    bars = parts.mark_rect(color=style.CHANCE).encode(
        x=alt.X("start:T"),
        x2=alt.X2("end:T"),
        y=same_axis(y, "top"),
        y2=alt.Y2("bottom:Q"),
        opacity=opacity,
        tooltip=[alt.Tooltip("label:N", title="by chance"), *times, share],
    )
    frame = pd.DataFrame({"letter": list(letters.values()), "top": list(tops.values())})
    names = alt.Chart(frame).mark_text(
        align="left", baseline="top", dx=4, fontSize=style.SMALL, color=style.CHANCE
    )
    names = names.encode(x=alt.value("width"), y=same_axis(y, "top"), text=alt.Text("letter:N"))
    return [bars, names]


def event_rows(events: pd.DataFrame, span: pd.Timedelta, width: int = style.WIDTH) -> list[int]:
    """The first row in which the number of each event stands clear of the one before it."""
    ends: list[pd.Timestamp] = []
    rows = []
    for time in event_times(events):
        free = [row for row, end in enumerate(ends) if end <= time]
        row = free[0] if free else len(ends)
        ends[row : row + 1] = [time + span * EVENT_WIDTH / width]
        rows.append(row)
    return rows


def event_times(events: pd.DataFrame) -> pd.DatetimeIndex:
    """The months of events as times, of years before 1678 and after 2261 too."""
    return pd.DatetimeIndex(np.array(events["month"].tolist(), dtype="datetime64[s]"))


def key(
    texts: Sequence[str],
    colours: Sequence[str] = (),
    title: Any = None,
    ink: str = style.INK,
    width: int = style.WIDTH,
) -> Any:
    """Texts in two columns: what numbers in a figure mean. Where there are colours, each text has a
    square, and the last a line."""
    wrapped = [in_lines(text, KEY_LETTERS).split("\n") for text in texts]
    half = math.ceil(len(texts) / 2)
    heights = [KEY_LINE * len(entry) + KEY_GAP for entry in wrapped]
    tops = [sum(heights[n // half * half : n]) for n in range(len(texts))]
    frame = pd.DataFrame(
        {"text": wrapped, "x": [n // half * width / 2 for n in range(len(texts))], "y": tops}
    )
    x, y = alt.X("x:Q", scale=None, axis=None), alt.Y("y:Q", scale=None, axis=None)
    base = alt.Chart(frame).encode(x=x, y=y)
    words = base.mark_text(
        align="left",
        baseline="middle",
        dx=12 if colours else 0,
        fontSize=style.TEXT,
        color=ink,
        lineHeight=KEY_LINE,
    )
    layers = [words.encode(text=alt.Text("text:N"))]
    if colours:
        frame["colour"] = colours
        frame["shape"] = ["square"] * (len(texts) - 1) + ["stroke"]
        marks = base.mark_point(size=110, opacity=1, strokeWidth=2)
        layers.append(
            marks.encode(
                shape=alt.Shape("shape:N", scale=None),
                fill=alt.Fill("colour:N", scale=None),
                stroke=alt.Stroke("colour:N", scale=None),
            )
        )
    height = max(top + height for top, height in zip(tops, heights, strict=True))
    heading = {} if title is None else {"title": title}
    return style.sized(alt.layer(*layers), width=width, height=height, **heading)


# Rows with an interval


def rows(
    frame: pd.DataFrame,
    title: str,
    looks: Looks | None = None,
    *,
    digits: str = "+.3~f",
    rule: float = 0.0,
    dashed: bool = False,
    legend: bool = True,
    width: int = style.ROWS_WIDTH,
    row: int = style.ROW,
    domain: Sequence[float] | None = None,
    tick: str = style.INK,
) -> Any:
    """A row for each name: a dot at its value, and a line over its interval.

    Args:
        frame: name, value; low and high of the interval, start and end of a pale bar, tick (a mark
            across the row) and kind, each where it has them. Intervals of one name lie beside each
            other.
        title, digits, domain: of the axis of values.
        looks: colour and shape of each kind.
        rule: where a line stands for "nothing"; NaN for none.
        width, row: pixels of the panel, and of a row.
        tick: colour of the ticks.
    """
    looks = looks or {"": (style.LINE, "circle")}
    frame = frame if "kind" in frame else frame.assign(kind="")
    several = "low" in frame and bool(frame["name"].duplicated().any())
    present = [kind for kind in looks if kind in set(frame["kind"])]
    entries = alt.Legend(values=present) if legend and present != [""] else None
    kinds = by_kind(looks, entries)
    base = alt.Chart().encode(y=row_axis(frame["name"], grid=True))
    if several:
        base = base.encode(yOffset=alt.YOffset("kind:N", sort=list(looks)))
    value = axis(alt.X, "value", title, domain, digits, width // 70)
    layers = []
    if "start" in frame:
        bars = base.mark_bar(opacity=style.PALE, height=style.BAR / (1 + several))
        layers.append(bars.encode(x=alt.X("start:Q"), x2=alt.X2("end:Q"), color=kinds["color"]))
    if not math.isnan(rule):
        dash = [4, 3] if dashed else [1, 0]
        layers.append(
            alt.Chart().mark_rule(color=style.INK, strokeDash=dash).encode(x=alt.XDatum(rule))
        )
    if "low" in frame:
        halo = base.mark_rule(color="white", strokeWidth=4)
        layers.append(halo.encode(x=alt.X("low:Q"), x2=alt.X2("high:Q")))
        layers.append(
            base.mark_rule(strokeWidth=2).encode(
                x=alt.X("low:Q"), x2=alt.X2("high:Q"), color=kinds["color"]
            )
        )
    dots = base.mark_point(filled=True, size=70, opacity=1)
    layers.append(dots.encode(x=value, **kinds))
    if "tick" in frame:
        ticks = base.mark_tick(color=tick, thickness=2.5, size=style.BAR + 6, opacity=1)
        layers.append(ticks.encode(x=alt.X("tick:Q")))
    size = {"width": width, "height": row * frame["name"].nunique()}
    return style.sized(alt.layer(*layers, data=frame), **size)


# Heat tables


def heat(
    frame: pd.DataFrame,
    x: Any,
    y: Any,
    domain: tuple[float, float],
    colours: list[str],
    *,
    cell: int = style.CELL,
    legend: Any = None,
) -> Any:
    """A cell for each row of a frame, in the colour of its shade, with its text.

    Args:
        frame: x, y, shade (a number), and where it has them text (a line or several) and bold.
        domain, colours: ends of the scale of shades, and colours at equal steps between them.
    """
    inks = [style.ink_on(style.shade(value, domain, colours)) for value in frame["shade"]]
    if "bold" in frame:
        inks = [ink if bold else style.MUTED for ink, bold in zip(inks, frame["bold"], strict=True)]
    frame = frame.assign(ink=inks, bold=frame.get("bold", False))
    base = alt.Chart(frame).encode(x=x, y=y)
    steps = [float(value) for value in np.linspace(*domain, len(colours))]
    scale = alt.Scale(domain=steps, range=colours, clamp=True, interpolate="rgb")
    layers = [
        base.mark_rect(stroke=style.GRID).encode(
            color=alt.Color("shade:Q", scale=scale, legend=legend)
        )
    ]
    if "text" in frame:
        for (ink, bold), cells in frame.groupby(["ink", "bold"]):
            text = alt.Chart(cells).mark_text(
                fontSize=style.SMALL,
                fontWeight="bold" if bold else "normal",
                color=str(ink),
                baseline="middle",
                lineHeight=12,
            )
            layers.append(text.encode(x=x, y=y, text=alt.Text("text:N")))
    size = {"width": cell * frame["x"].nunique(), "height": cell * frame["y"].nunique()}
    return style.sized(alt.layer(*layers), **size)


# Numbers beside points


def number_heights(x: Sequence[float], y: Sequence[float]) -> list[float]:
    """How many pixels above each point its number stands, so that no two numbers touch.

    Points are given in pixels, y upwards.
    """
    tops = np.array(y, dtype=np.float64) + NUMBER_GAP
    taken: list[int] = []
    for n in np.argsort(y, kind="stable").tolist():
        while any(
            abs(x[n] - x[other]) < NUMBER_WIDTH and abs(tops[n] - tops[other]) < NUMBER_HEIGHT
            for other in taken
        ):
            tops[n] += NUMBER_HEIGHT
        taken.append(n)
    heights: list[float] = (tops - y).tolist()
    return heights


def numbers(frame: pd.DataFrame, x: Any, y: Any, pixels: tuple[float, float]) -> list[Any]:
    """The number of each point beside it, clear of the others; pixels of a unit on either axis."""
    fields = [axis["shorthand"].split(":")[0] for axis in (x, y)]
    across, up = (frame[field] * size for field, size in zip(fields, pixels, strict=True))
    heights = number_heights(across.tolist(), up.tolist())
    layers = []
    for height in sorted(set(heights)):
        text = alt.Chart(frame[[other == height for other in heights]]).mark_text(
            align="left", dx=5, dy=-height, fontSize=style.TEXT, fontWeight="bold", color=style.INK
        )
        layers.append(text.encode(x=x, y=y, text=alt.Text("number:N")))
    return layers


def unit_title(name: str, unit: str, longest: int = 52) -> list[str]:
    """A quantity with its unit as the title of an axis, in at most two lines."""
    return in_lines(name + (f" ({unit})" if unit else ""), longest).split("\n")
