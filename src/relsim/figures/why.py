"""Why-charts: the parts of what pulls two states together and apart, stacked over time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from relsim.analysis.account import Account
from relsim.ensemble.accounts import OVERALL
from relsim.figures import marks, style
from relsim.words import capital

Values: TypeAlias = NDArray[np.float64]

HEIGHT = 200
NUMBER_HEIGHT, NUMBER_WIDTH = 12, 10  # pixels that the number of an area takes
LEAST_SHARE = 0.02  # of the largest stack; parts that never get so high are not named
LEAST_RANGE = 0.02  # pull units, so that rounding does not look like news


@dataclass(frozen=True)
class Stack:
    """The parts of one direction: those that are named, then all else, [parts, steps]."""

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
    colours: Mapping[str, str] | None = None,
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
        colours: of parts, from :func:`part_colours`, where several figures are to have the same.
    """
    chosen = list(directions or account.directions)
    parts = (account.parts if levels else account.change).sel(direction=chosen, domain=domain)
    names = largest_parts(parts)
    colours = colours or dict(zip(names, style.PARTS, strict=False))
    palette = [*(colours[name] for name in names), style.ELSE]
    stacks = [stack_of(account, parts.sel(direction=way), names) for way in chosen]
    ends = stack_range(stacks)
    panels = [_panel(stack, ends, palette, last=stack is stacks[-1]) for stack in stacks]
    labels = [capital(account.part_label(name).strip("“”")) for name in names]
    texts = [f"{number}  {label}" for number, label in enumerate(labels, start=1)]
    legend = marks.key(
        [*texts, "All else", "The pull, the sum of all parts"], [*palette, style.INK]
    )
    quantity = "Parts of the pull" if levels else f"Change of the pull {account.baseline}"
    return style.titled(
        alt.vconcat(*panels, legend, spacing=12),
        account.scenario.title,
        f"{quantity}: {account.domain_name(domain)}, {account.runs_in_words}",
        "Upwards: what pulls together. Downwards: what pulls apart",
    )


def largest_parts(parts: xr.DataArray) -> list[str]:
    """The parts that get a colour, largest first, by their root mean square over time and
    directions: between those that reach highest and those that last longest."""
    sizes = np.abs(parts.transpose("part", ...).values).reshape(parts.sizes["part"], -1)
    seen = sizes.max(axis=1) >= max(LEAST_SHARE * float(sizes.sum(axis=0).max()), 1e-12)
    ranked = np.argsort(-np.square(sizes).mean(axis=1), kind="stable")
    return [str(parts["part"].values[n]) for n in ranked if seen[n]][: len(style.PARTS)]


def part_colours(accounts: Iterable[Account]) -> dict[str, str]:
    """One colour for each part that the figures of some accounts name, the same in all of them.

    Parts of one figure differ; parts that no figure has together may share a colour.
    """
    figures = [largest_parts(account.change.sel(domain=OVERALL)) for account in accounts]
    colours: dict[str, str] = {}
    for names in sorted(figures, key=len, reverse=True):
        for name in names:
            beside = {
                colours.get(other) for figure in figures if name in figure for other in figure
            }
            uses = list(colours.values())
            free = [colour for colour in (*style.PARTS, *style.MORE_PARTS) if colour not in beside]
            colours.setdefault(name, min(free or style.PARTS, key=uses.count))
    return colours


def stack_of(account: Account, parts: xr.DataArray, names: list[str]) -> Stack:
    """The stack of one direction: the named parts in order, then the sum of the others."""
    named = parts.sel(part=names).transpose("part", "step").values
    rest = parts.sum("part").values - named.sum(axis=0)
    title = account.direction_title(str(parts["direction"].values))
    return Stack(title, pd.DatetimeIndex(parts["step"].values), np.vstack([named, rest]))


def stack_range(stacks: list[Stack]) -> list[float]:
    """The axis that holds some stacks, with a little room."""
    low = min(0.0, *(float(stack.ends[1][-1].min()) for stack in stacks))
    high = max(0.0, *(float(stack.ends[0][-1].max()) for stack in stacks))
    room = max(0.04 * (high - low), (LEAST_RANGE - (high - low)) / 2)
    return [low - room, high + room]


def _panel(stack: Stack, ends: list[float], palette: list[str], *, last: bool) -> Any:
    """The areas of a stack, the line of the pull, and a number in each area that has room."""
    x, y = marks.years(labelled=last), marks.axis(alt.Y, "start", "pull units", ends, "+.3~f", 6)
    fills = alt.Scale(domain=list(range(len(palette))), range=palette)
    colour = alt.Color("part:O", scale=fills, legend=None)
    areas = alt.Chart(stack_areas(stack)).mark_area()
    pull = alt.Chart(pd.DataFrame({"time": stack.times, "pull": stack.pull}))
    pull = pull.encode(x=x, y=marks.same_axis(y, "pull"))
    layers = [
        areas.encode(
            x=x,
            y=y,
            y2=alt.Y2("end:Q"),
            color=colour,
            detail=[alt.Detail("part:O"), alt.Detail("side:N")],
        ),
        marks.level_rule(0.0, y, strokeWidth=0.8),
        pull.mark_line(color="white", strokeWidth=4),
        pull.mark_line(color=style.INK, strokeWidth=2),
    ]
    frame = number_frame(stack, HEIGHT / (ends[1] - ends[0]))
    for part, numbers in frame.groupby("part"):
        ink = style.ink_on(palette[int(str(part))])
        text = alt.Chart(numbers).mark_text(
            fontSize=style.SMALL, fontWeight="bold", color=ink, baseline="middle"
        )
        layers.append(
            text.encode(x=alt.X("time:T"), y=marks.same_axis(y, "y"), text=alt.Text("text:N"))
        )
    title = style.panel_title(stack.title)
    return style.sized(alt.layer(*layers), width=style.WIDTH, height=HEIGHT, title=title)


def stack_areas(stack: Stack) -> pd.DataFrame:
    """The areas, long: time, part, side, start, end. A part that changes sign has two, each of
    no height while it is on the other side."""
    frames = [
        pd.DataFrame({"time": stack.times[:0], "start": [], "end": [], "part": [], "side": []})
    ]
    for side, ends in zip(("up", "down"), stack.ends, strict=True):
        starts = np.vstack([np.zeros(len(stack.times)), ends[:-1]])
        for part in range(len(ends)):
            if (ends[part] != starts[part]).any():
                area = {"time": stack.times, "start": starts[part], "end": ends[part]}
                frames.append(pd.DataFrame(area).assign(part=part, side=side))
    return pd.concat(frames[1:] or frames, ignore_index=True)


def number_frame(stack: Stack, pixels: float) -> pd.DataFrame:
    """The number of each named part where its area has most room, so that colour is not needed;
    a pull unit has so many pixels."""
    numbers = []
    for part in range(len(stack.sizes) - 1):
        for ends in stack.ends:
            if (spot := roomiest(stack, ends, part, pixels)) is not None:
                numbers.append((part, stack.times[spot[0]], spot[1], str(part + 1)))
    return pd.DataFrame(numbers, columns=["part", "time", "y", "text"])


def roomiest(stack: Stack, ends: Values, part: int, pixels: float) -> tuple[int, float] | None:
    """The step and height at which the number of an area stands clear of its borders and of
    the line, or None."""
    steps = len(stack.times)
    half = math.ceil(NUMBER_WIDTH / 2 * steps / style.WIDTH)
    start = ends[part - 1] if part > 0 else np.zeros(steps)
    lower, upper = np.minimum(start, ends[part]), np.maximum(start, ends[part])
    spots: list[tuple[float, int, float]] = []
    for step in range(half, steps - half):
        near = slice(step - half, step + half + 1)
        bottom, top = float(lower[near].max()), float(upper[near].min())
        middle, room = (bottom + top) / 2, (top - bottom) * pixels
        clear = float(np.abs(stack.pull[near] - middle).min()) * pixels
        if room >= NUMBER_HEIGHT and clear >= NUMBER_HEIGHT / 2 + 2:
            spots.append((min(room, 2 * NUMBER_HEIGHT), step, middle))
    most = max((room for room, _, _ in spots), default=0.0)
    best = [(step, middle) for room, step, middle in spots if room == most]
    return best[len(best) // 2] if best else None
