"""Figures of scenarios compared run by run: differences over time, and what carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from relsim.analysis.compare import Comparison
from relsim.analysis.findings import pair_title
from relsim.analysis.interests import Carriers, interest_label
from relsim.analysis.summary import event_table
from relsim.ensemble.agents import titles_with_rules
from relsim.errors import ResultsError
from relsim.figures import marks, style
from relsim.figures.result import (
    PAIR,
    certain_events,
    event_key,
    event_numbers,
    events_on,
    level_tooltip,
    multiples,
)
from relsim.scenario.titles import numbered_titles, slug
from relsim.scenario.values import one_line

LEAST_SPAN = 0.05  # of the axis, a step of the scale by which ties are coded
TALLEST, FLAT = 150, 46  # pixels of the panels with the largest and with the least difference
MOST_SCENARIOS = len(style.SERIES)
MOST_PANELS = 8  # more do not fit on a page
VISIBLE = 0.005  # differences that are 0 to two digits are no news
SHOWN_FIRST = 2  # scenarios; more bands cover each other
END_ROW = 30  # pixels of a row with its name above the interval
ENDS = {  # kinds of scenarios in a family: colour and shape
    "base": (style.EVENT, "diamond"),
    "paired with the base": (style.LINE, "circle"),
    "not paired with the base": (style.WHOLE, "square"),
}
MOST_CARRIERS, LEAST_CARRIED = 8, 0.02  # rows; share of the largest that can be seen
WHOLE_NAME = "the whole difference"
CARRIERS = {
    "raises": (style.RAISES, "circle"),
    "lowers": (style.LOWERS, "square"),
    "whole": (style.WHOLE, "diamond"),
}


def difference_name(file: str) -> str:
    """The name of the figure of a result compared with that of a scenario file."""
    return f"difference-{slug(PurePath(file).with_suffix('').as_posix())}"


def difference_chart(
    comparisons: Sequence[Comparison] | Comparison, pairs: Sequence[str] | None = None
) -> Any:
    """What one or more scenarios bring against a base: a panel for each pair (the watched ones
    where absent), the largest difference first, all to one scale, so that flat ones are low.

    One scenario has bands of 50, 80 and 95 % of the runs and marks at the events that happen in
    only one of the two. Of several, each has its median as a line and a band of 80 %.

    Raises:
        ResultsError: there are more comparisons than can be told apart.
    """
    several = [comparisons] if isinstance(comparisons, Comparison) else list(comparisons)
    if len(several) > MOST_SCENARIOS:
        text = f"{len(several)} scenarios cannot be told apart in one chart."
        raise ResultsError(f"{text} Compare at most {MOST_SCENARIOS} with the base.")
    first, single = several[0], len(several) == 1
    every = list(first.watched if pairs is None else [first.named(pair) for pair in pairs])
    others = [comparison.other for comparison in several]
    names = titles_with_rules([other.scenario for other in others], [o.rules for o in others])
    names = numbered_titles(names)
    differences = {
        name: comparison.summary(every)["difference"]
        for name, comparison in zip(names, several, strict=True)
    }
    shown = by_size(list(differences.values()), every)[:MOST_PANELS]
    sizes = panel_sizes(list(differences.values()), shown)
    events = distinguishing_events(first)[: None if single else 0]
    known = {**first.base.scenario.events, **first.other.scenario.events}
    marked = {pair: events_on(pair, events, known) for pair in shown}
    numbers = event_numbers(marked)
    panels = []
    for pair in shown:
        low, high, height = sizes[pair]
        title = "difference" if height > 1.2 * FLAT else None
        y = marks.axis(alt.Y, "median", title, (low, high), "+.2f", max(2, height // 28))
        fans = {name: array.sel(pair=pair) for name, array in differences.items()}
        layers = _difference_layers(fans, y, labelled=pair == shown[-1])
        layers += marks.event_layers(marked[pair], numbers, marks.time_span(fans[names[0]]))
        heading = style.panel_title(pair_title(first.base.scenario, pair))
        size = {"width": style.WIDTH, "height": height, "title": heading}
        panels.append(style.sized(alt.layer(*layers), **size))
    panels += event_key("Events that happen in only one of the two", numbers, events)
    bands = "Median, and bands that hold the stated share of runs"
    return style.titled(
        alt.vconcat(*panels, spacing=12),
        first.titles[1] if single else "What each scenario brings",
        _compared(first),
        bands if single else "Lines: medians. Shaded: 80 % of runs",
        f"{len(shown)} of {len(every)} pairs" if len(shown) < len(every) else "",
    )


def _difference_layers(fans: Mapping[str, xr.DataArray], y: Any, *, labelled: bool) -> list[Any]:
    """The fan of a single scenario, or the lines of several, on a line at 0."""
    frames = [marks.fan_frame(array).assign(name=name) for name, array in fans.items()]
    base = alt.Chart(pd.concat(frames)).encode(x=marks.years(labelled=labelled))
    zero = marks.level_rule(0.0, y)
    if len(fans) > 1:
        legend = alt.Legend(columns=1, labelLimit=style.WIDTH, symbolType="stroke", symbolSize=600)
        return [zero, *marks.lines(base, list(fans), y, legend)]
    *bands, median = marks.fan(base, y)
    return [*bands, zero, median]


def _compared(comparison: Comparison) -> str:
    quantity, base = comparison.quantity.capitalize(), comparison.titles[0]
    return f"{quantity} compared with “{base}”, {comparison.runs:,} paired runs"


def by_size(differences: Sequence[xr.DataArray], pairs: Sequence[str]) -> list[str]:
    """Pairs by the largest median difference of any scenario at any time."""
    medians = [abs(array.sel(statistic="q0.5")).max("time") for array in differences]
    size = {pair: max(float(median.sel(pair=pair)) for median in medians) for pair in pairs}
    return sorted(pairs, key=lambda pair: -size[pair])


def panel_sizes(
    differences: Sequence[xr.DataArray], pairs: Sequence[str]
) -> dict[str, tuple[float, float, int]]:
    """Both ends of the axis of each pair's panel, and its height, so that units are as long in all.

    An axis holds every band and 0, with a little room.
    """
    ends = {
        pair: [0.0, *np.ravel([marks.widest_band(array.sel(pair=pair)) for array in differences])]
        for pair in pairs
    }
    widest = 1.1 * max([LEAST_SPAN, *(float(np.ptp(values)) for values in ends.values())])
    sizes = {}
    for pair, values in ends.items():
        span = max(1.1 * float(np.ptp(values)), widest * FLAT / TALLEST)
        start = (min(values) + max(values) - span) / 2
        sizes[pair] = start, start + span, round(TALLEST * span / widest)
    return sizes


def distinguishing_events(comparison: Comparison) -> pd.DataFrame:
    """Events that happen in every run of one of the two and in no run of the other.

    The first time of each (month, event, label), in order of time.
    """
    base, other = event_table(comparison.base), event_table(comparison.other)
    added, gone = certain_events(other), certain_events(base)
    added = added[~added["event"].isin(base["event"])]
    gone = gone[~gone["event"].isin(other["event"])]
    gone = gone.assign(label="not here: " + gone["label"].astype(str))
    return pd.concat([added, gone]).sort_values(["month", "event"])


def difference_multiples(comparison: Comparison, pairs: Sequence[str] | None = None) -> Any:
    """What a scenario brings against its base in many pairs (all where absent), the largest
    differences first. Pairs in which nothing is to be seen are left out."""
    difference = comparison.summary(pairs)["difference"]
    seen = difference.sel(pair=visible_pairs(difference))
    few = difference.sizes["pair"] - seen.sizes["pair"]
    subtitle = [_compared(comparison), "Median and band of 80 % of the runs"]
    if few:
        subtitle.append(f"Left out: {few} pairs with bands within ±{VISIBLE:g} throughout")
    return multiples(seen, comparison.titles[1], subtitle, "+.2f")


def visible_pairs(difference: xr.DataArray) -> list[str]:
    """The pairs whose band of 80 % leaves ±0.005 at some time; all where there are none."""
    ends = abs(difference.sel(statistic=["q0.1", "q0.9"])).max(["statistic", "time"])
    pairs = [str(pair) for pair in difference["pair"].values[ends.values > VISIBLE]]
    return pairs or [str(pair) for pair in difference["pair"].values]


def scenario_explorer(frame: pd.DataFrame, names: list[str], pair: str, quantity: str) -> Any:
    """Medians and 80 % bands of several scenarios for a picked pair.

    The signal ``pair`` picks the pair, the signals ``show_0``, ``show_1`` … show scenarios. The
    frame has scenario (an index of ``names``), pair, time, median, lower80 and upper80.
    """
    shown = [alt.param(name=f"show_{n}", value=n < SHOWN_FIRST) for n in range(len(names))]
    switches = ", ".join(f"show_{n}" for n in range(len(names)))
    named = frame.assign(name=[names[n] for n in frame["scenario"]])
    base = alt.Chart(named).encode(x=marks.years())
    base = base.transform_filter(f"datum.pair == {PAIR} && [{switches}][datum.scenario]")
    y = marks.axis(alt.Y, "median", quantity, digits="+.3~f")
    tooltip = [alt.Tooltip("name:N", title="scenario"), *level_tooltip("+.3f")]
    dots = base.mark_point(size=60, opacity=0).encode(y=alt.Y("median:Q"), tooltip=tooltip)
    chart = alt.layer(*marks.lines(base, names, y, tooltip=tooltip), dots)
    return style.configured(
        chart.add_params(alt.param(name=PAIR, value=pair), *shown).properties(
            width="container",
            height=1.8 * style.HEIGHT,
            description=f"{quantity} of the pair picked above, by scenario and month.",
        )
    )


def end_rows(frame: pd.DataFrame, pair: str) -> Any:
    """Where each scenario ends: a row for each, the highest level first, of a picked pair.

    The signal ``pair`` picks the pair. The frame has name, pair, median, lower80, upper80 and kind
    (of ``ENDS``), a row for each scenario and pair. Names stand above the intervals, so that all
    of the width is for levels.
    """
    base = alt.Chart().encode(
        y=alt.Y("name:N", sort=alt.EncodingSortField("median", order="descending"), axis=None)
    )
    kinds = marks.by_kind(ENDS, alt.Legend(values=[k for k in ENDS if k in set(frame["kind"])]))
    x = marks.axis(alt.X, "median", "cooperation at the end", digits="+.2f")
    low, middle = marks.same_axis(x, "lower80"), END_ROW / 6  # pixels below the middle of a row
    tooltip = [
        alt.Tooltip("name:N", title="scenario"),
        *level_tooltip("+.3f")[1:],
    ]
    opening = alt.Chart().transform_filter("datum.kind == 'base'")
    layers = [
        opening.mark_rule(color=style.EVENT, opacity=0.5).encode(x=alt.X("median:Q")),
        base.mark_rule(strokeWidth=2, yOffset=middle, y2Offset=middle).encode(
            x=low, x2=alt.X2("upper80:Q"), color=kinds["color"], tooltip=tooltip
        ),
        base.mark_point(filled=True, size=60, opacity=1, yOffset=middle).encode(
            x=x, tooltip=tooltip, **kinds
        ),
        base.mark_text(align="left", dy=-END_ROW / 6, fontSize=style.TEXT, color=style.INK).encode(
            x=alt.value(0), text=alt.Text("name:N")
        ),
    ]
    chart = alt.layer(*layers, data=frame).transform_filter(f"datum.pair == {PAIR}")
    return style.configured(
        chart.add_params(alt.param(name=PAIR, value=pair)).properties(
            width="container",
            height=alt.Step(END_ROW),
            description="Median level at the end of the pair picked above and the band of 80 % of "
            "runs, a row for each scenario, the highest first. The table above has the medians.",
        )
    )


def carriers_name(file: str) -> str:
    """The name of the figure of the carriers of a difference from a scenario file."""
    return f"carriers-{slug(PurePath(file).with_suffix('').as_posix())}"


def carriers_chart(comparison: Comparison, carriers: Carriers) -> Any:
    """A row for each of the largest interests with its interval, the whole difference first."""
    title = f"difference in {comparison.quantity}"
    pair = one_line(pair_title(comparison.base.scenario, carriers.pair))
    rows = carriers_frame(comparison, carriers)
    return style.titled(
        marks.rows(rows, title, CARRIERS, digits="+.2~g", legend=False),
        f"Interests that carry it: {pair}",
        f"What of the difference in {carriers.month} is gone with the interest held at 0,",
        f"mean of {carriers.runs:,} paired runs with 95 % intervals; parts need not add up",
    )


def carriers_frame(comparison: Comparison, carriers: Carriers) -> pd.DataFrame:
    """Rows as drawn: name (in lines), value, low, high, start, end, kind."""
    sizes = carriers.table["carried"].abs()
    seen = sizes >= LEAST_CARRIED * max(sizes.max(), abs(carriers.effect))
    shown = carriers.table[seen].head(MOST_CARRIERS)
    names = [one_line(interest_label(name, *comparison.scenarios)) for name in shown["interest"]]
    interests: Mapping[str, Any] = {
        "name": marks.row_labels(names, list(shown["interest"])),
        "value": shown["carried"],
        "low": shown["low"],
        "high": shown["high"],
        "kind": np.where(shown["carried"] >= 0, "raises", "lowers"),
    }
    whole = pd.DataFrame([{"name": WHOLE_NAME, "value": carriers.effect, "kind": "whole"}])
    frame = pd.concat([whole, pd.DataFrame(interests)], ignore_index=True)
    return frame.assign(start=0.0, end=frame["value"])
