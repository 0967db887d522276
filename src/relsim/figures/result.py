"""Figures of one result: where pairs may go, all pairs at a glance, and its claims."""

from __future__ import annotations

import string
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import xarray as xr

from relsim.analysis.claims import Verdict
from relsim.analysis.findings import pair_title
from relsim.figures import marks, style
from relsim.scenario.schema import Event, Scenario, Time
from relsim.words import percent, signed

LEAST_SPAN = 0.3  # of the cooperation axis, so that noise does not look like news
PAIR = "pair"  # the signal that picks the pair of an explorer
MOST_STATES = 50  # of the matrix; more cells cannot be told apart
MOST_LABELLED = 30  # with the level written in each cell
COLUMNS, PANEL_WIDTH, PANEL_HEIGHT = 5, 96, 62  # small panels: five and an axis are 600 px
MOST_PANELS, MOST_TIMES = 60, 61
MOST_STRIPS, MOST_PARTS = 15, 40  # events by chance below a fan; parts of the time of each
CLAIM_LETTERS = 46
KEY_TITLE_LETTERS = 90  # of a line above a key, which is as wide as a panel
VERDICT_LOOKS = dict(
    zip(
        style.VERDICTS,
        zip(style.VERDICTS.values(), ("circle", "diamond", "square"), strict=True),
        strict=True,
    )
)


# Events


def certain_events(events: pd.DataFrame) -> pd.DataFrame:
    """Of an event table the first time of each event that happens in every run, in order."""
    certain = events[events["share"] >= 1.0]
    return certain.sort_values("month", kind="stable").drop_duplicates("event")


def events_on(pair: str, table: pd.DataFrame, events: Mapping[str, Event]) -> pd.DataFrame:
    """The rows of a table of events that act on a pair."""
    acting = {name: acts_on(events[name], pair) for name in table["event"].unique()}
    return table[[acting[name] for name in table["event"]]] if acting else table


def acts_on(event: Event, pair: str) -> bool:
    """Whether an event pushes a tie of the pair, or changes a number of its states or of all."""
    states = {None, *pair.split("-")}
    return any(
        any({*tie.pair} == states - {None} for tie in effect.ties)
        or any(number.state in states for number in effect.numbers)
        for effect in event.effects
    )


@dataclass(frozen=True)
class Marked:
    """The events that fans of some pairs show, and what stands for each.

    Attributes:
        certain: by pair, the first time of the events that happen in every run and act on it.
        numbers: of these.
        strips: by pair, how often events by chance that act on it happen, of
            :func:`chance_strips`; of the 15 that happen most often.
        letters: of these.
    """

    certain: Mapping[str, pd.DataFrame]
    numbers: Mapping[str, int]
    strips: Mapping[str, pd.DataFrame]
    letters: Mapping[str, str]

    @classmethod
    def on(cls, scenario: Scenario, events: pd.DataFrame, pairs: Sequence[str]) -> Marked:
        """The events of a table of :func:`relsim.analysis.summary.event_table` on some pairs."""
        certain, strips = certain_events(events), chance_strips(events, scenario.time)
        marked = {pair: events_on(pair, certain, scenario.events) for pair in pairs}
        below = {}
        for pair in pairs:
            acting = events_on(pair, strips, scenario.events)
            shown = list(dict.fromkeys(acting["event"]))[:MOST_STRIPS]
            below[pair] = acting[acting["event"].isin(shown)]
        names = [
            name
            for name in dict.fromkeys(strips["event"])
            if any(name in set(table["event"]) for table in below.values())
        ]
        lettered = dict(zip(names, letters(len(names)), strict=True))
        return cls(marked, event_numbers(marked), below, lettered)

    def darkest(self) -> float:
        """The largest share of the runs in which an event happens in a step, of all strips."""
        return max(float(table["share"].max()) for table in self.strips.values() if len(table))

    def chance_sentence(self, step: str) -> str:
        """How to read the strips; empty where there are none."""
        if not self.letters:
            return ""
        return (
            "Strips below a fan: events that happen by chance. Darker: in more of the runs; "
            f"darkest: in {percent(self.darkest(), 1)} of them in a {step}"
        )


def event_numbers(tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """A number for each event that is marked for any pair, in order of time."""
    rows = (zip(table["month"], table["event"], strict=True) for table in tables.values())
    names = dict.fromkeys(name for _, name in sorted(chain.from_iterable(rows)))
    return {name: number for number, name in enumerate(names, start=1)}


def event_key(
    title: str, signs: Mapping[str, Any], table: pd.DataFrame, ink: str = style.EVENT
) -> list[Any]:
    """What the numbers or letters of events mean, under a title; nothing where none is marked."""
    labels = dict(zip(table["event"], table["label"], strict=True))
    texts = [f"{sign}  {labels[name]}" for name, sign in signs.items()]
    look = {"fontSize": style.TEXT, "fontWeight": "normal", "color": style.MUTED}
    heading = style.panel_title(textwrap.wrap(title, KEY_TITLE_LETTERS)) | look
    return [marks.key(texts, title=heading, ink=ink)] if texts else []


def chance_events(events: pd.DataFrame) -> pd.DataFrame:
    """The rows of an event table of events that happen, but at no time in every run."""
    return events[~events["event"].isin(certain_events(events)["event"])]


def chance_strips(events: pd.DataFrame, time: Time) -> pd.DataFrame:
    """How often events that happen by chance do so in the parts of the time, up to 40 alike.

    Args:
        events: of :func:`relsim.analysis.summary.event_table`.
        time: of the scenario.

    Returns:
        event, label, start and end of the part; share, of the runs in which the event happens in a
        step, mean over the steps of the part; and darkness, the share relative to the largest.
        Events that happen most often come first.
    """
    table, long = chance_events(events), -(-time.steps // MOST_PARTS)
    start, month = np.datetime64(str(time.start), "M"), table["month"].to_numpy("datetime64[M]")
    part = (month - start).astype(int) // time.months_per_step // long
    frame = table["share"].groupby([table["event"], table["label"], part]).sum().reset_index()
    first = frame.pop("level_2").to_numpy() * long
    last = np.minimum(first + long, time.steps)
    frame["share"] /= last - first
    frame["darkness"] = frame["share"] / frame["share"].max()
    for name, step in (("start", first), ("end", last)):
        frame[name] = (start + step * time.months_per_step).astype("datetime64[s]")
    often = frame.groupby("event")["share"].transform("sum")
    return frame.iloc[np.lexsort([frame["start"], frame["event"], -often])]


def letters(count: int) -> list[str]:
    """So many letters in order: a to z, then aa, ab and so on."""
    alphabet = ["", *string.ascii_lowercase]
    return [first + second for first in alphabet for second in alphabet[1:]][:count]


# Fans


def fan_chart(
    scenario: Scenario,
    summary: xr.Dataset,
    events: pd.DataFrame,
    pairs: list[str] | None = None,
    quantity: str = "Overall cooperation",
) -> Any:
    """Fans of cooperation, one under the other, all to one scale.

    Args:
        scenario: for names and labels.
        summary: of :func:`relsim.analysis.summary.summarise`.
        events: of :func:`relsim.analysis.summary.event_table`; of those that act on a pair, those
            of every run are marked on its fan, and those by chance have strips below it.
        pairs: the watched ones where absent.
        quantity: what ``overall`` of the summary is, in words.
    """
    pairs = scenario.pair_names([pair.split("-") for pair in pairs or ()] or scenario.watched_pairs)
    marked, span = Marked.on(scenario, events, pairs), fan_span(summary, pairs)
    panels = []
    for pair in pairs:
        last, title = pair == pairs[-1], style.panel_title(pair_title(scenario, pair))
        panel = alt.layer(*_fan(summary, pair, span, marked, last=last))
        panels.append(style.sized(panel, width=style.WIDTH, height=style.HEIGHT, title=title))
    every = "Events that happen in every run (first time)"
    chance = marked.chance_sentence(scenario.time.step)
    names = [
        *event_key(every, marked.numbers, events),
        *event_key(chance, marked.letters, events, style.CHANCE),
    ]
    return style.titled(
        alt.vconcat(*panels, *names, spacing=12),
        scenario.title,
        f"{quantity}, −1 to 1: median, and bands that hold the stated share of runs. "
        "Dotted: the opening level",
    )


def fan_card(
    scenario: Scenario,
    summary: xr.Dataset,
    pair: str,
    span: float,
    marked: Marked,
) -> Any:
    """The fan of one pair for a page: as wide as there is room, with levels shown on hovering.

    ``span`` is of :func:`fan_span`.
    """
    layers = _fan(summary, pair, span, marked, width=style.NARROW)
    frame = marks.fan_frame(summary["overall"].sel(pair=pair))
    return _on_page(
        alt.layer(*layers, *_hover(alt.Chart(frame))),
        f"Fan chart of {pair_title(scenario, pair)}: overall cooperation by month.",
    )


def pair_explorer(summary: xr.Dataset, pairs: list[str], first: str) -> Any:
    """The fan of a pair that is picked by the signal ``pair``, at first of ``first``."""
    frame = explorer_frame(summary, pairs)
    picked = alt.Chart(frame).transform_filter(f"datum.pair == {PAIR}")
    base = picked.encode(x=marks.years())
    y = marks.axis(alt.Y, "median", "cooperation", digits=".2f")
    opening = picked.mark_rule(color=style.INK, strokeDash=[2, 3]).encode(y=alt.Y("mean(start):Q"))
    *bands, median = marks.fan(base, y)
    chart = alt.layer(*bands, opening, median, *_hover(base))
    return _on_page(
        chart.add_params(alt.param(name=PAIR, value=first)),
        "Fan chart of the pair picked above: overall cooperation by month.",
        1.6 * style.HEIGHT,
    )


def explorer_frame(summary: xr.Dataset, pairs: list[str]) -> pd.DataFrame:
    """Fans of some pairs to four digits, with the opening level: a row for each pair and month."""
    frames = []
    for pair in pairs:
        frame = marks.fan_frame(summary["overall"].sel(pair=pair).round(4))
        frames.append(frame.assign(pair=pair, start=frame["median"][0]))
    return pd.concat(frames)


def fan_span(summary: xr.Dataset, pairs: Sequence[str]) -> float:
    """The span of the axis of levels in which the fan of each of some pairs has room."""
    spans = np.diff([marks.widest_band(summary["overall"].sel(pair=pair)) for pair in pairs])
    return min(max(LEAST_SPAN, 1.1 * float(spans.max())), 2.0)


def axis_range(levels: xr.DataArray, span: float) -> tuple[float, float]:
    """A range of the given span around the widest band, within -1 to 1."""
    low, high = marks.widest_band(levels)
    start = max(-1.0, min((low + high - span) / 2, 1.0 - span))
    return start, start + span


def _fan(
    summary: xr.Dataset,
    pair: str,
    span: float,
    marked: Marked,
    *,
    last: bool = True,
    width: int = style.WIDTH,
) -> list[Any]:
    """The fan of a pair, its opening level and its events."""
    levels = summary["overall"].sel(pair=pair)
    frame = marks.fan_frame(levels)
    ends, strips = axis_range(levels, span), marked.strips[pair]
    here = {name: sign for name, sign in marked.letters.items() if name in set(strips["event"])}
    x = marks.years(labelled=last, offset=marks.strips_height(len(here)))
    y = marks.axis(alt.Y, "median", "cooperation", ends, ".2f")
    *bands, median = marks.fan(alt.Chart(frame).encode(x=x), y)
    opening = marks.level_rule(float(frame["median"][0]), y, strokeDash=[2, 3], opacity=0.6)
    certain = marked.certain[pair]
    events = marks.event_layers(certain, marked.numbers, marks.time_span(levels), width)
    chance = marks.strip_layers(strips, here, ends, style.HEIGHT, y)
    return [*bands, opening, median, *events, *chance]


def _hover(base: Any) -> list[Any]:
    """A line at the month nearest to the pointer, with the levels there."""
    nearest = alt.selection_point(
        nearest=True, on="pointerover", clear="pointerout", fields=["time"], empty=False
    )
    base = base.encode(x=alt.X("time:T"))
    points = base.mark_point(opacity=0).encode(y=alt.Y("median:Q"), tooltip=level_tooltip("+.2f"))
    line = base.mark_rule(color=style.INK, opacity=0.5).transform_filter(nearest)
    return [line, points.add_params(nearest)]


def level_tooltip(digits: str) -> list[Any]:
    """The month, the median and the band of 80 % at a point."""
    fields = {
        "median": "median (cooperation)",
        "lower80": "80 % of runs, from",
        "upper80": "80 % of runs, to",
    }
    levels = [
        alt.Tooltip(f"{name}:Q", title=title, format=digits) for name, title in fields.items()
    ]
    return [alt.Tooltip("time:T", title="month", format="%B %Y"), *levels]


def _on_page(chart: Any, description: str, height: float = style.HEIGHT) -> Any:
    return style.configured(
        style.sized(chart, width="container", height=height, description=description)
    )


# All pairs


def start_to_end_matrix(scenario: Scenario, summary: xr.Dataset) -> Any:
    """Below the diagonal the opening level, above it the median at the end, with its change.

    Where the states are too many to be told apart, those of the watched pairs and those with
    the strongest ties are shown.
    """
    opening = summary["overall"].sel(statistic="q0.5").isel(time=0)
    codes = shown_states(scenario, opening.to_series())
    written = len(codes) <= MOST_LABELLED
    return style.titled(
        _matrix(matrix_frame(summary, codes), codes),
        scenario.title,
        f"Overall cooperation, −1 to 1. Below the diagonal: {scenario.time.start}. Above it: "
        f"the median in {scenario.time.end}{', and its change since then' * written}",
        _some_states(codes, scenario),
    )


def opening_matrix(scenario: Scenario, opening: pd.Series, most: int = MOST_STATES) -> Any:
    """Overall cooperation at the opening, below the diagonal.

    Args:
        scenario: for names.
        opening: the levels, by pair.
        most: states to show.
    """
    codes = shown_states(scenario, opening, most)
    pairs = [sorted(str(pair).split("-")) for pair in opening.index]
    cells = [
        (first, second, float(level), [signed(level)])
        for (first, second), level in zip(pairs, opening, strict=True)
        if {first, second} <= {*codes}
    ]
    return style.titled(
        _matrix(pd.DataFrame(cells, columns=["x", "y", "shade", "text"]), codes),
        scenario.title,
        f"Overall cooperation at the opening in {scenario.time.start}, −1 to 1",
        _some_states(codes, scenario),
    )


def _matrix(frame: pd.DataFrame, codes: list[str]) -> Any:
    """Levels between states as a heat table; written in the cells where there is room."""
    legend = alt.Legend(
        title="cooperation",
        orient="right",
        type="gradient",
        gradientLength=220,
        labelExpr=style.level_labels("+.1f"),
    )
    x = alt.X("x:N", sort=codes, title=None, axis=alt.Axis(orient="top", labelAngle=0))
    return marks.heat(
        frame if len(codes) <= MOST_LABELLED else frame.drop(columns="text"),
        x,
        alt.Y("y:N", sort=codes, title=None),
        (-1.0, 1.0),
        style.DIVERGING,
        cell=min(style.CELL, 1400 // len(codes)),
        legend=legend,
    )


def _some_states(codes: list[str], scenario: Scenario) -> str:
    """Which states a matrix shows, where these are not all."""
    count = len(scenario.states)
    some = f"The {len(codes)} of {count} states that are watched or have the strongest ties"
    return some if len(codes) < count else ""


def shown_states(scenario: Scenario, opening: pd.Series, most: int = MOST_STATES) -> list[str]:
    """The states of a matrix in alphabetical order, by the opening levels of pairs."""
    strength = dict.fromkeys(scenario.states, 0.0)
    for pair, level in opening.items():
        for code in str(pair).split("-"):
            strength[code] += abs(float(level))
    watched = {code for pair in scenario.watched_pairs for code in pair}
    ranked = sorted(strength, key=lambda code: (code not in watched, -strength[code], code))
    return sorted(ranked[:most])


def matrix_frame(summary: xr.Dataset, codes: list[str]) -> pd.DataFrame:
    """Opening and closing medians of the pairs among some states, as cells: x, y, shade, text."""
    median = summary["overall"].sel(statistic="q0.5").isel(time=[0, -1])
    cells = []
    for pair, (start, end) in zip(median["pair"].values, median.values.T, strict=True):
        first, second = sorted(str(pair).split("-"))
        if {first, second} <= {*codes}:
            change = f"({signed(end - start)})"
            cells.append((first, second, float(start), [signed(start)]))
            cells.append((second, first, float(end), [signed(end), change]))
    return pd.DataFrame(cells, columns=["x", "y", "shade", "text"])


def level_multiples(scenario: Scenario, summary: xr.Dataset) -> Any:
    """Overall cooperation of all pairs, those that change the most first."""
    title = "Overall cooperation, −1 to 1: median and band of 80 % of runs"
    return multiples(summary["overall"], scenario.title, [title], ".1f")


def multiples(levels: xr.DataArray, title: str, subtitle: Sequence[str], digits: str) -> Any:
    """A small panel for each pair of levels (statistic, time, pair), all to one scale, those whose
    median changes most first."""
    changes = median_changes(levels)
    shown = changes.index[:MOST_PANELS]
    frame = multiples_frame(levels, changes[shown])
    ends = [min(0.0, frame["lower80"].min()), max(0.0, frame["upper80"].max())]
    y = marks.axis(alt.Y, "median", None, ends, digits, 3, labelFontSize=style.TINY)
    base = alt.Chart().encode(x=marks.years(format="’%y", tickCount=4, labelFontSize=style.TINY))
    band, median = marks.fan(base, y, ["80 %"])
    # One line a panel, and not one for each of its rows.
    zero = alt.Chart().transform_aggregate(rows="count()", groupby=["panel"])
    zero = zero.mark_rule(color=style.INK, strokeDash=[2, 3], opacity=0.6).encode(y=alt.YDatum(0.0))
    panel = alt.layer(band, zero, median, data=frame)
    header = alt.Header(title=None, labelFontSize=style.SMALL, labelPadding=3)
    facet = alt.Facet("panel:N", sort=list(dict.fromkeys(frame["panel"])), header=header)
    chart = style.sized(panel, width=PANEL_WIDTH, height=PANEL_HEIGHT)
    some = f"The {len(shown)} pairs that change the most, of {len(changes)}"
    return style.titled(
        chart.facet(facet=facet, columns=COLUMNS, spacing=8),
        title,
        *subtitle,
        "In each title: change of the median from start to end. Dotted: 0",
        some if len(shown) < len(changes) else "",
    )


def median_changes(levels: xr.DataArray) -> pd.Series:
    """By how much the median of each pair changes from start to end, the largest first."""
    median = levels.sel(statistic="q0.5")
    change = (median.isel(time=-1) - median.isel(time=0)).to_series()
    return change.sort_values(key=abs, ascending=False, kind="stable")


def multiples_frame(levels: xr.DataArray, changes: pd.Series) -> pd.DataFrame:
    """Band of 80 % and median of some pairs: panel, time, median, lower80, upper80.

    With no more times than a panel has room for, the first and the last among them.
    """
    steps = np.linspace(0, levels.sizes["time"] - 1, min(MOST_TIMES, levels.sizes["time"]))
    levels = levels.isel(time=steps.round().astype(int)).sel(statistic=["q0.5", "q0.1", "q0.9"])
    names = ["median", "lower80", "upper80"]
    frames = []
    for pair, change in changes.items():
        values = levels.sel(pair=pair).transpose("statistic", "time").values
        content = dict(zip(names, values, strict=True))
        panel = {"panel": f"{pair}  {signed(change)}", "time": levels["time"].values}
        frames.append(pd.DataFrame(panel | content))
    return pd.concat(frames, ignore_index=True)


# Claims


def verdict_chart(scenario: Scenario, claims: Sequence[Verdict]) -> Any:
    """A row for each judged claim: the share with its interval, and a tick where it is asked."""
    chart = marks.rows(
        verdict_frame(claims),
        "share of runs in which it holds",
        VERDICT_LOOKS,
        digits=".0%",
        rule=float("nan"),
        domain=(0, 1),
    )
    return style.titled(
        chart,
        f"{scenario.title}: claims",
        "Dot: share of runs, with its 95 % interval. Black tick: the share that is asked for",
        "What follows from the scenario's assumptions",
    )


def verdict_frame(claims: Sequence[Verdict]) -> pd.DataFrame:
    """The judged claims: name (the sentence in lines), value, low, high, tick, kind."""
    sentences = [claim.says for claim in claims]
    judged = [
        {
            "name": f"{claim.name}: " * (sentences.count(claim.says) > 1)
            + marks.in_lines(claim.says, CLAIM_LETTERS),
            "value": claim.share,
            "low": claim.low,
            "high": claim.high,
            "tick": claim.required,
            "kind": claim.verdict,
        }
        for claim in claims
        if claim.share is not None
    ]
    return pd.DataFrame(judged)
