"""Why-charts: what pulls two states, part by part, over time."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import Any, TypeAlias

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from relsim.analysis.account import Account
from relsim.ensemble.accounts import OVERALL
from relsim.figures.style import ELSE, INK, PARTS, configured, ink_on
from relsim.words import capital

Values: TypeAlias = NDArray[np.float64]

WIDTH, HEIGHT = 560, 200
LEGEND_LINE, LEGEND_GAP, LEGEND_LETTERS = 13, 4, 44  # pixels; letters of a line in a column
NUMBER_HEIGHT, NUMBER_WIDTH = 12, 10  # pixels that the number of an area takes
LEAST_SHARE = 0.02  # of the largest stack; parts that never get so high are not named
LEAST_RANGE = 0.02  # pull units, so that rounding does not look like news
PULL = "datum.value === 0 ? '0' : format(datum.value, '+.2f')"


@dataclass(frozen=True)
class _Panel:
    """One direction: its parts as named in the legend, then all else, [parts, steps]."""

    title: str
    times: pd.DatetimeIndex
    sizes: Values

    @property
    def ends(self) -> tuple[Values, Values]:
        """Where positive areas end upwards and negative ones downwards."""
        up, down = np.maximum(self.sizes, 0.0), np.minimum(self.sizes, 0.0)
        return np.cumsum(up, axis=0), np.cumsum(down, axis=0)

    @property
    def pull(self) -> Values:
        """The sum of all parts, [steps]."""
        total: Values = self.sizes.sum(axis=0)
        return total


def why_chart(
    account: Account,
    *,
    directions: tuple[str, ...] | None = None,
    domain: str = OVERALL,
    levels: bool = False,
) -> Any:
    """Stacked parts of the pull over time, a panel for each direction, all to one scale.

    What pulls together is stacked upwards, what pulls apart downwards, the largest part next to
    zero. The line is the pull, their sum. The largest parts are named, the rest is "all else".

    Args:
        account: what to draw.
        directions: as in ``("PAK>RUS",)``; both where absent.
        domain: or ``overall``, the mean of the domains.
        levels: draw the parts as they stand, not their change since the opening (or from the
            scenario compared with).
    """
    chosen = list(directions or account.directions)
    whole = (account.parts if levels else account.change).sel(direction=chosen, domain=domain)
    names = largest_parts(whole)
    panels = [_panel(account, whole.sel(direction=way), names) for way in whole["direction"].values]
    scale = alt.Scale(domain=_range(panels), nice=False)
    drawn = [_drawn(panel, scale, last=panel is panels[-1]) for panel in panels]
    legend = _legend([account.part_label(name).strip("“”") for name in names])
    chart = alt.vconcat(*drawn, legend, spacing=12)
    return configured(chart.properties(title=_title(account, domain, levels=levels)))


def largest_parts(parts: xr.DataArray) -> list[str]:
    """The parts that get a colour, largest first, by their root mean square over time and
    directions: between those that reach highest and those that last longest."""
    sizes = np.abs(parts.transpose("part", ...).values).reshape(parts.sizes["part"], -1)
    seen = sizes.max(axis=1) >= max(LEAST_SHARE * float(sizes.sum(axis=0).max()), 1e-12)
    ranked = np.argsort(-np.square(sizes).mean(axis=1), kind="stable")
    return [str(parts["part"].values[place]) for place in ranked if seen[place]][: len(PARTS)]


def _panel(account: Account, parts: xr.DataArray, names: list[str]) -> _Panel:
    named = parts.sel(part=names).transpose("part", "step").values
    rest = parts.sum("part").values - named.sum(axis=0)
    title = account.direction_title(str(parts["direction"].values))
    return _Panel(title, pd.DatetimeIndex(parts["step"].values), np.vstack([named, rest]))


def _range(panels: list[_Panel]) -> list[float]:
    low = min(0.0, *(float(panel.ends[1][-1].min()) for panel in panels))
    high = max(0.0, *(float(panel.ends[0][-1].max()) for panel in panels))
    room = max(0.04 * (high - low), (LEAST_RANGE - (high - low)) / 2)
    return [low - room, high + room]


def _drawn(panel: _Panel, scale: alt.Scale, *, last: bool) -> Any:
    """The areas of a panel, the line of the pull, and a number in each area that has room."""
    axis = alt.Axis(format="%Y", labels=last, ticks=last, tickCount="year")
    x = alt.X("time:T", title=None, axis=axis)
    y = alt.Y(
        "start:Q", title="pull units", scale=scale, axis=alt.Axis(tickCount=6, labelExpr=PULL)
    )
    colours = [*PARTS[: len(panel.sizes) - 1], ELSE]
    colour = alt.Color(
        "part:O",
        scale=alt.Scale(domain=list(range(len(colours))), range=colours),
        legend=None,
    )
    areas = (
        alt.Chart(_areas(panel))
        .mark_area()
        .encode(x=x, y=y, y2="end:Q", color=colour, detail=["part:O", "side:N"])
    )
    zero = alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(color=INK, strokeWidth=0.8)
    pull = pd.DataFrame({"time": panel.times, "pull": panel.pull})
    line = alt.Chart(pull).encode(x=x, y=alt.Y("pull:Q", scale=scale))
    layers = [
        areas,
        zero.encode(y=alt.Y("y:Q", scale=scale)),
        line.mark_line(color="white", strokeWidth=4),
        line.mark_line(color=INK, strokeWidth=2),
        *_numbers(panel, scale, colours),
    ]
    title = alt.TitleParams(panel.title, fontSize=12, offset=6, frame="group")
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title)


def _areas(panel: _Panel) -> pd.DataFrame:
    """The areas, long: time, part, side, start, end. A part that changes sign has two, each of
    no height while it is on the other side."""
    frames = []
    for side, ends in zip(("up", "down"), panel.ends, strict=True):
        starts = np.vstack([np.zeros(len(panel.times)), ends[:-1]])
        for part in range(len(ends)):
            if (ends[part] != starts[part]).any():
                content = {"time": panel.times, "start": starts[part], "end": ends[part]}
                frames.append(pd.DataFrame(content).assign(part=part, side=side))
    empty = pd.DataFrame({"time": panel.times[:0], "start": [], "end": [], "part": [], "side": []})
    return pd.concat(frames, ignore_index=True) if frames else empty


def _numbers(panel: _Panel, scale: alt.Scale, colours: list[str]) -> list[Any]:
    """The number of each named part where its area is highest, so that colour is not needed."""
    low, high = scale.domain
    pixels = HEIGHT / (high - low)
    rows = []
    for part in range(len(colours) - 1):
        places = [_place(panel, ends, part, pixels) for ends in panel.ends]
        for step, middle in (place for place in places if place is not None):
            ink = ink_on(colours[part])
            rows.append({"time": panel.times[step], "y": middle, "text": str(part + 1), "ink": ink})
    frame = pd.DataFrame(rows, columns=["time", "y", "text", "ink"])
    return [
        alt.Chart(frame[frame["ink"] == ink])
        .mark_text(fontSize=10, fontWeight="bold", color=ink, baseline="middle")
        .encode(x="time:T", y=alt.Y("y:Q", scale=scale), text="text:N")
        for ink in sorted(set(frame["ink"]))
    ]


def _place(panel: _Panel, ends: Values, part: int, pixels: float) -> tuple[int, float] | None:
    """The step and height at which the number of an area stands clear of its borders and of
    the line, or None."""
    steps = len(panel.times)
    half = math.ceil(NUMBER_WIDTH / 2 * steps / WIDTH)
    start = ends[part - 1] if part > 0 else np.zeros(steps)
    lower, upper = np.minimum(start, ends[part]), np.maximum(start, ends[part])
    found: list[tuple[float, int, float]] = []
    for step in range(half, steps - half):
        near = slice(step - half, step + half + 1)
        bottom, top = float(lower[near].max()), float(upper[near].min())
        middle = (bottom + top) / 2
        room = (top - bottom) * pixels
        clear = float(np.abs(panel.pull[near] - middle).min()) * pixels
        if room >= NUMBER_HEIGHT and clear >= NUMBER_HEIGHT / 2 + 2:
            found.append((min(room, 2 * NUMBER_HEIGHT), step, middle))
    roomiest = [place for place in found if place[0] == max(room for room, _, _ in found)]
    return roomiest[len(roomiest) // 2][1:] if roomiest else None


def _legend(labels: list[str]) -> Any:
    """What numbers and colours mean, in two columns in order of size, then the line."""
    numbered = [f"{number}  {capital(label)}" for number, label in enumerate(labels, start=1)]
    texts = [_lines(text) for text in (*numbered, "All else", "The pull, the sum of all parts")]
    half = math.ceil(len(texts) / 2)
    tops = [_tops(texts[:half]), _tops(texts[half:])]
    frame = pd.DataFrame(
        {
            "text": texts,
            "colour": [*PARTS[: len(labels)], ELSE, INK],
            "line": [False] * (len(labels) + 1) + [True],
            "x": [place // half * WIDTH / 2 for place in range(len(texts))],
            "y": [*tops[0][:-1], *tops[1][:-1]],
        }
    )
    x, y = alt.X("x:Q", scale=None, axis=None), alt.Y("y:Q", scale=None, axis=None)
    base = alt.Chart(frame).encode(x=x, y=y)
    fill = alt.Color("colour:N", scale=None)
    squares = base.transform_filter("!datum.line").mark_square(size=110, opacity=1)
    strokes = base.transform_filter("datum.line").mark_tick(
        orient="horizontal", thickness=2, size=13
    )
    words = base.mark_text(
        align="left", baseline="middle", dx=12, fontSize=11, color=INK, lineHeight=LEGEND_LINE
    )
    return alt.layer(
        squares.encode(color=fill), strokes.encode(color=fill), words.encode(text="text:N")
    ).properties(width=WIDTH, height=max(tops[0][-1], tops[1][-1]))


def _lines(text: str) -> list[str]:
    """A label in at most two lines that fit a column of the legend."""
    return textwrap.wrap(
        text, LEGEND_LETTERS, max_lines=2, placeholder=" …", subsequent_indent="    "
    )


def _tops(texts: list[list[str]]) -> list[int]:
    """Where each label of a column begins, and where the column ends, in pixels."""
    heights = [LEGEND_LINE * len(lines) + LEGEND_GAP for lines in texts]
    return [sum(heights[:place]) for place in range(len(heights) + 1)]


def _title(account: Account, domain: str, *, levels: bool) -> alt.TitleParams:
    what = "Parts of the pull" if levels else f"Change of the pull {account.baseline}"
    return alt.TitleParams(
        account.scenario.title,
        subtitle=[
            f"{what}: {account.domain_name(domain)}, {account.runs_in_words}",
            "Upwards: what pulls together. Downwards: what pulls apart",
        ],
    )
