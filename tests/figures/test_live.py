"""Charts whose data a page replaces: they draw, and each colour has a dark counterpart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from figures.pictures import svg_of
from relsim.figures import style
from relsim.figures.live import (
    DARK,
    LARGE,
    PAPER,
    SMALL,
    carriers_chart,
    difference_chart,
    fan_chart,
    parts_chart,
)
from relsim.figures.network import network_chart

MONTHS = [f"{2020 + n // 12}-{n % 12 + 1:02}" for n in range(37)]
NODES = [
    {"state": code, "name": code, "label": code, "x": x, "y": 0.0, "watched": True}
    for code, x in (("A", -0.5), ("B", 0.5))
]
TIES = [{"pair": "A-B", "first": "A", "second": "B", "watched": True, "levels": [0.1, 0.4]}]
SPECS = {
    "fan": fan_chart(MONTHS),
    "difference": difference_chart(MONTHS),
    "small_fan": fan_chart(MONTHS, SMALL),
    "small_difference": difference_chart(MONTHS, SMALL),
    "carriers": carriers_chart(),
    "parts": parts_chart(),
    "network": network_chart(NODES, TIES, ["2020-01", "2023-01"]),
}
COLOUR = re.compile(r"#[0-9a-fA-F]{6}|white|black")


def local(month: str) -> float:
    """Milliseconds at the first of a month by the local clock, as the page has them."""
    return 1000 * datetime.strptime(month, "%Y-%m").timestamp()


def rows(centre: float) -> list[dict[str, Any]]:
    edges = {"95": 0.2, "80": 0.13, "50": 0.07}
    found = []
    for n, month in enumerate(MONTHS):
        median = centre + 0.1 * np.sin(n / 6)
        row: dict[str, Any] = {"month": local(month), "median": median}
        for band, half in edges.items():
            row |= {f"lower{band}": median - half, f"upper{band}": median + half}
        found.append(row)
    return found


DATA: dict[str, dict[str, Any]] = {
    "fan": {
        "fan": rows(0.2),
        "ghost": rows(0.1),
        "events": [{"month": local("2021-05"), "sign": "1", "label": "A visit", "row": 0}],
        "opening": [{"median": 0.2}],
        "compared": [{"month": local("2022-05")}],
    },
    "difference": {"difference": rows(0.05), "compared": []},
    "carriers": {
        "carriers": [
            {"label": "Pakistan's tie to India", "carried": 0.02, "low": 0.01, "high": 0.03},
            {"label": "Russia's tie to India", "carried": -0.01, "low": -0.02, "high": -0.005},
        ]
    },
    "parts": {
        "parts": [
            {"side": 0, "way": "A towards B", "label": "Affinity", "value": 0.02},
            {"side": 1, "way": "B towards A", "label": "Affinity", "value": -0.01},
            {"side": 1, "way": "B towards A", "label": "Agreement", "value": 0.01},
        ]
    },
    "network": {"nodes": NODES, "ties": TIES},
}
DATA |= {f"small_{name}": DATA[name] for name in ("fan", "difference")}


def filled(name: str) -> dict[str, Any]:
    """A chart with its data, of a width that is known."""
    chart: dict[str, Any] = json.loads(json.dumps(SPECS[name]))
    assert set(chart["datasets"]) == set(DATA[name])
    return {**chart, "datasets": DATA[name], "width": 400}


def texts(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)
    elif isinstance(part, str):
        yield part


def darkened(part: Any) -> Any:
    """As the page does it."""
    if isinstance(part, dict):
        return {key: darkened(value) for key, value in part.items()}
    if isinstance(part, list):
        return [darkened(value) for value in part]
    return DARK.get(part, part) if isinstance(part, str) else part


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", SPECS)
def test_every_colour_has_its_counterpart_in_the_dark(name: str) -> None:
    used = {text for text in texts(SPECS[name]) if COLOUR.fullmatch(text)}
    assert style.INK in used
    assert used <= DARK.keys()
    # None is hidden in an expression, where the page would not find it.
    assert not [text for text in texts(SPECS[name]) if text not in used and "#" in text]


def test_charts_draw_light_and_dark_and_all_marks_follow() -> None:
    for name in SPECS:
        light, dark = svg_of(filled(name)), svg_of(darkened(filled(name)))
        assert light != dark
        pictured = {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}\b", dark)}
        assert PAPER in pictured
        assert not pictured & (set(DARK) - set(DARK.values()))
        assert 'fill="#000"' not in dark  # Vega's own colour of texts, unseen there
        assert 'fill="black"' not in dark


def test_the_fan_shows_its_bands_its_ghost_and_its_events() -> None:
    drawn = svg_of(filled("fan"))
    for colour in style.BANDS.values():
        assert drawn.count(f'fill="{colour}"') >= 1
    assert drawn.count('stroke-dasharray="5,4"') == 1
    assert ">1</text>" in drawn
    assert ">2021</text>" in drawn


def test_the_axis_is_that_of_the_signals() -> None:
    chart = filled("fan")
    chart["params"] = [{"name": "low", "value": 0.0}, {"name": "high", "value": 0.8}]
    drawn = svg_of(chart)
    assert ">0.80</text>" in drawn
    assert ">−0.20</text>" not in drawn


def test_the_axis_of_time_is_that_of_the_months_whatever_the_data() -> None:
    chart = filled("fan")
    chart["datasets"] = {**chart["datasets"], "fan": rows(0.2)[:7], "ghost": []}
    years = [re.findall(r">(20\d\d)</text>", svg_of(one)) for one in (chart, filled("fan"))]
    assert years[0] == years[1] == ["2020", "2021", "2022", "2023"]


def test_a_line_stands_at_the_month_that_is_compared() -> None:
    without = filled("fan")
    without["datasets"] = {**without["datasets"], "compared": []}
    lines = [svg_of(chart).count('stroke-width="1.5"') for chart in (filled("fan"), without)]
    assert lines[0] == lines[1] + 1


def test_small_charts_are_lower_and_have_no_legend_and_no_levels_under_the_pointer() -> None:
    large, small = svg_of(filled("fan")), svg_of(filled("small_fan"))
    assert ">95 %</text>" in large
    assert ">95 %</text>" not in small
    for name, size in (("fan", LARGE), ("small_fan", SMALL)):
        assert SPECS[name]["height"] == size.fan
        selections = [layer for layer in SPECS[name]["layer"] if "params" in layer]
        assert len(selections) == size.details


def test_fans_and_differences_share_one_axis_of_time() -> None:
    charts = {name: filled(name) for name in ("fan", "difference")}
    charts["fan"]["params"] = [{"name": "low", "value": -1.0}, {"name": "high", "value": 1.0}]
    charts["difference"]["params"] = [{"name": "low", "value": 0}, {"name": "high", "value": 0.001}]
    left = {
        name: re.findall(r"translate\((\d+),", svg_of(chart))[0] for name, chart in charts.items()
    }
    assert left["fan"] == left["difference"]


@pytest.mark.parametrize("size", [2e-5, 0.003, 0.4])
def test_ticks_of_values_are_told_apart_however_small(size: float) -> None:
    carriers = [{"label": "A tie", "carried": size, "low": -size, "high": 2 * size}]
    parts = [{"side": 0, "way": "A towards B", "label": "Affinity", "value": -size}]
    charts = (
        {**filled("carriers"), "datasets": {"carriers": carriers}},
        {**filled("parts"), "datasets": {"parts": parts}},
    )
    for chart in charts:
        ticks = re.findall(r">([+−]?\d[\d.]*)</text>", svg_of(chart))
        assert "0" in ticks
        assert len(set(ticks)) == len(ticks) > 2
        assert {float(tick.replace("−", "-")) for tick in ticks if tick != "0"}.isdisjoint({0.0})


def test_parts_say_which_way_is_which_and_stand_in_the_order_of_their_rows() -> None:
    chart = filled("parts")
    chart["datasets"] = {
        "parts": [
            {"side": 1, "way": "B towards A", "label": "Agreement", "value": 0.03},
            {"side": 0, "way": "A towards B", "label": "Affinity", "value": 0.02},
            {"side": 1, "way": "B towards A", "label": "Affinity", "value": -0.01},
        ]
    }
    chart["params"] = [{"name": "first", "value": "A to B"}, {"name": "second", "value": "B to A"}]
    drawn = svg_of(chart)
    assert ">A to B</text>" in drawn
    assert ">B to A</text>" in drawn
    heights = [
        float(re.findall(rf"translate\([\d.]+,([\d.]+)\)[^>]*>{label}</text>", drawn)[0])
        for label in ("Agreement", "Affinity")
    ]
    assert heights == sorted(heights)


def test_texts_are_read_on_dark_paper_and_bands_lie_behind_the_median() -> None:
    for colour in (style.INK, style.MUTED, style.EVENT):
        assert contrast(DARK[colour], PAPER) >= 4.5
    bands = [luminance(DARK[colour]) for colour in style.BANDS.values()]
    assert luminance(PAPER) < bands[0] < bands[1] < bands[2] < luminance(DARK[style.LINE])
    assert contrast(DARK[style.LINE], DARK[style.BANDS["50 %"]]) >= 3
    assert contrast(DARK[style.INK], DARK[style.BANDS["50 %"]]) >= 3
