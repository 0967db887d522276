"""Charts of a sensitivity study: what matters, and what matters together."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.experiments.replicates import Index
from relsim.experiments.sensitivity_findings import Effects, SensitivityFindings
from relsim.figures.claims import in_lines
from relsim.figures.style import EVENT, GRID, INK, LINE, MUTED, configured, ink_on
from relsim.scenario.titles import file_names

WIDTH, ROW = 360, 34
LONGEST = 36  # letters of a parameter in a line of the axis
MOST_ROWS = 25  # parameters of a chart; those that matter most
MOST_CELLS = 12  # rows of the interaction chart that are legible at 600 px
CELL = 34
PLOT = (520, 300)  # of mu* and sigma
PALE = "#a9cbe8"
SHADES = ["#ffffff", "#d6e6f4", "#6ba3d3", "#0b4f8a"]
TOTAL, FIRST = "total: with interactions", "first-order: by itself"


def sensitivity_charts(findings: SensitivityFindings) -> dict[str, Any]:
    """Every chart of a study by the name of its file; none of measures without indices,
    or that are the same at every point."""
    charts: dict[str, Any] = {}
    names = file_names([one.measure for one in findings.effects])
    for one in findings.effects:
        if not one.indices or one.constant:
            continue
        name = names[one.measure]
        if findings.method == "sobol":
            charts[f"tornado-{name}"] = tornado_chart(findings, one)
        if one.second is not None:
            charts[f"interactions-{name}"] = interaction_chart(findings, one)
        if findings.method == "morris":
            charts[f"sizes-{name}"] = sizes_chart(findings, one)
            charts[f"effects-{name}"] = morris_chart(findings, one)
        if findings.method == "pawn":
            charts[f"distances-{name}"] = pawn_chart(findings, one)
    return charts


# Sobol


def tornado_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """A row for each parameter: its total index over its first-order one, with 95 % intervals."""
    shown = findings.ranked(effects)[:MOST_ROWS]
    frames = [
        _frame(findings, effects.indices[name], shown).assign(kind=kind)
        for name, kind in (("total", TOTAL), ("first", FIRST))
    ]
    kinds = [TOTAL, FIRST]
    fill = alt.Scale(domain=kinds, range=[PALE, LINE])
    base = alt.Chart(pd.concat(frames, ignore_index=True)).encode(
        y=_rows(findings, shown), yOffset=alt.YOffset("kind:N", sort=kinds)
    )
    x = alt.X("value:Q", title="share of the variance", axis=alt.Axis(format="%", tickCount=6))
    bars = base.mark_bar(stroke=INK, strokeWidth=0.6).encode(
        x=x, color=alt.Color("kind:N", scale=fill, sort=kinds)
    )
    said = [
        "Share of the variance between points that each parameter makes.",
        "Pale bar: with interactions. Dark bar: by itself. Lines: 95 % intervals",
    ]
    layers = [_zero(), bars, *_intervals(base)]
    return _chart(findings, effects, layers, said, rows=len(shown))


def interaction_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """A cell for each pair of parameters: what they make together beyond what each makes alone.

    Those whose interval leaves out 0 are shaded and bold; of the others the sign is not known.
    Columns have the numbers of rows.
    """
    shown = findings.ranked(effects)[:MOST_CELLS]
    frame, labels = interaction_frame(findings, effects, shown), _numbered(findings, shown)
    most = max(0.05, float(frame["value"].max()))
    columns = [str(number) for number in range(1, len(shown))]
    base = alt.Chart(frame).encode(
        x=alt.X("column:O", sort=columns, title=None, axis=alt.Axis(orient="top", labelAngle=0)),
        y=alt.Y("row:N", scale=alt.Scale(domain=labels), title=None, axis=_labels()),
    )
    ends = [float(end) for end in np.linspace(0, most, len(SHADES))]
    shades = alt.Scale(domain=ends, range=SHADES, clamp=True, interpolate="rgb")
    cells = base.mark_rect(stroke=GRID).encode(
        color=alt.condition(
            "datum.seen", alt.Color("value:Q", scale=shades, legend=None), alt.value("white")
        )
    )
    numbers = base.encode(text="text:N", color=alt.Color("ink:N", scale=None))
    texts = [
        numbers.transform_filter("datum.seen").mark_text(fontSize=11, fontWeight="bold"),
        numbers.transform_filter("!datum.seen").mark_text(fontSize=10),
    ]
    said = [
        "Second-order indices in % of the variance: what two parameters make together beyond",
        "what each makes by itself. Shaded, bold: the 95 % interval leaves out 0",
    ]
    chart = alt.layer(cells, *texts).resolve_scale(color="independent")
    size = {"width": CELL * (len(shown) - 1), "height": CELL * len(shown)}
    return configured(chart.properties(**size, title=_title(effects, said)))


def interaction_frame(
    findings: SensitivityFindings, effects: Effects, shown: list[int]
) -> pd.DataFrame:
    """The pairs among some parameters: row, column, value, text, seen (leaves out 0), ink."""
    assert effects.second is not None  # asked for
    labels = _numbered(findings, shown)
    most = max(0.05, float(effects.second.value.max()))
    rows = []
    for place, pair in enumerate(findings.pairs):
        if not {*pair} <= {*shown}:
            continue
        column, row = sorted(shown.index(one) for one in pair)
        value = float(effects.second.value[place])
        seen = bool(effects.second.low[place] > 0 or effects.second.high[place] < 0)
        colour = SHADES[round(min(max(value / most, 0.0), 1.0) * (len(SHADES) - 1))]
        rows.append(
            {
                "row": labels[row],
                "column": str(column + 1),
                "value": value,
                "text": f"{100 * value:.0f}".replace("-0", "0").replace("-", "−"),
                "seen": seen,
                "ink": ink_on(colour) if seen else MUTED,
            }
        )
    return pd.DataFrame(rows)


def _numbered(findings: SensitivityFindings, shown: list[int]) -> list[str]:
    texts = [f"{number} {findings.parameters[place].name}" for number, place in enumerate(shown, 1)]
    return [in_lines(text, LONGEST) for text in texts]


# Morris


def sizes_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """A row for each parameter: how far it moves the measure from end to end, up or down (mu), with
    its 95 % interval, beside the mean size of that (mu*)."""
    shown = findings.ranked(effects)[:MOST_ROWS]
    frame = _frame(findings, effects.indices["mu"], shown)
    frame["size"] = np.copysign(effects.indices["mu_star"].value[shown], frame["value"])
    frame["chance"] = np.copysign(effects.chance[shown], frame["value"])
    base = alt.Chart(frame).encode(y=_rows(findings, shown))
    x = {
        name: alt.X(
            f"{name}:Q",
            title="change of the measure over the range, in its units",
            axis=alt.Axis(tickCount=6),
        )
        for name in ("size", "value", "chance")
    }
    span = base.mark_bar(color=PALE, stroke=INK, strokeWidth=0.6, height=20).encode(x=x["size"])
    bars = base.mark_bar(color=LINE, height=9).encode(x=x["value"])
    said = [
        "How far each parameter moves it, from the low to the high end of its range.",
        "Dark bar: mean effect (mu), with its 95 % interval. Pale bar: mean size (mu*),",
        "longer where the effect goes up in some places and down in others",
    ]
    layers = [span, bars, _zero(), *_intervals(base)]
    if effects.chance.any():
        layers.append(base.mark_tick(color=EVENT, thickness=2.5, height=26).encode(x=x["chance"]))
        said[-1] += "."
        said.append("Orange: the mean size that chance alone makes of no effect")
    return _chart(findings, effects, layers, said, rows=len(shown))


def morris_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """mu* against sigma: the strength of a parameter, and how much it depends on the rest.

    Parameters are numbered by mu*; where points lie close, numbers are set apart from them.
    """
    shown = findings.ranked(effects)[:MOST_ROWS]
    frame = morris_frame(findings, effects, shown)
    high = 1.05 * max(float(frame["high"].max()), 1e-12)
    top = 1.15 * max(float(frame["sigma_high"].max()), 0.5 * high)
    x, y = _morris_axes(high, top)
    base = alt.Chart(frame).encode(x=x, y=y)
    line = pd.DataFrame({"mu_star": [0.0, min(high, 2 * top)], "sigma": [0.0, min(high / 2, top)]})
    halves = (
        alt.Chart(line).mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1).encode(x=x, y=y)
    )
    filled = alt.condition("datum.above_chance", alt.value(LINE), alt.value("white"))
    layers = [
        halves,
        base.mark_rule(color=LINE, strokeWidth=1.5, opacity=0.6).encode(x="low:Q", x2="high:Q"),
        base.mark_rule(color=LINE, strokeWidth=1.5, opacity=0.6).encode(
            y="sigma_low:Q", y2="sigma_high:Q"
        ),
        base.mark_point(size=70, color=LINE, opacity=1, strokeWidth=1.5).encode(fill=filled),
        *_number_layers(frame, x, y, (high, top)),
    ]
    plot = alt.layer(*layers).properties(width=PLOT[0], height=PLOT[1])
    said = [
        "Right: matters more; numbered from there. Up: depends more on where it and others stand.",
        "Lines: 95 % intervals. Dashed: sigma is half of mu*; above it far from a straight line",
    ]
    if effects.chance.any():
        said[-1] += "."
        said.append("Chance of runs adds to mu* and to sigma. Hollow: no effect is seen")
    key = _key([f"{row.number} {row.parameter}" for row in frame.itertuples()])
    chart = alt.vconcat(plot, key, spacing=12).properties(title=_title(effects, said))
    return configured(chart)


def _morris_axes(high: float, top: float) -> tuple[Any, Any]:
    x = alt.X(
        "mu_star:Q",
        title="mu*: mean size of the effect over the range, in units of the measure",
        scale=alt.Scale(domain=[0, high], nice=False),
        axis=alt.Axis(tickCount=6),
    )
    y = alt.Y(
        "sigma:Q",
        title="sigma: its spread, in the same units",
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(tickCount=6),
    )
    return x, y


def morris_frame(findings: SensitivityFindings, effects: Effects, shown: list[int]) -> pd.DataFrame:
    """Parameters with number, mu_star, low, high, sigma, sigma_low, sigma_high, above_chance."""
    frame = _frame(findings, effects.indices["mu_star"], shown)
    sigma = _frame(findings, effects.indices["sigma"], shown)
    return pd.DataFrame(
        {
            "number": range(1, len(shown) + 1),
            "parameter": [findings.parameters[place].name for place in shown],
            "mu_star": frame["value"],
            "low": frame["low"],
            "high": frame["high"],
            "sigma": sigma["value"],
            "sigma_low": sigma["low"],
            "sigma_high": sigma["high"],
            "above_chance": findings.above_chance(effects)[shown],
        }
    )


def _number_layers(frame: pd.DataFrame, x: Any, y: Any, ends: tuple[float, float]) -> list[Any]:
    """Each number up and right of its point, or stacked above others that are there already."""
    width, height = PLOT[0] / ends[0], PLOT[1] / ends[1]
    points = frame[["number", "mu_star", "sigma"]].to_numpy(dtype=np.float64)
    taken: list[tuple[float, float]] = []
    layers = []
    for number, mu_star, sigma in points:
        left, up = mu_star * width, sigma * height + 9
        while any(abs(left - one) < 18 and abs(up - other) < 12 for one, other in taken):
            up += 12
        taken.append((left, up))
        text = alt.Chart(frame[frame["number"] == number]).mark_text(
            align="left", dx=5, dy=sigma * height - up, fontSize=11, fontWeight="bold", color=INK
        )
        layers.append(text.encode(x=x, y=y, text="number:N"))
    return layers


def _key(texts: list[str]) -> Any:
    """What numbers mean, in two columns."""
    half = (len(texts) + 1) // 2
    frame = pd.DataFrame(
        {
            "text": [in_lines(text, 40, most=1) for text in texts],
            "x": [place // half * PLOT[0] / 2 for place in range(len(texts))],
            "y": [place % half * 16 for place in range(len(texts))],
        }
    )
    x, y = alt.X("x:Q", scale=None, axis=None), alt.Y("y:Q", scale=None, axis=None)
    words = alt.Chart(frame).mark_text(align="left", fontSize=11, color=INK)
    return words.encode(x=x, y=y, text="text:N").properties(width=PLOT[0], height=16 * half)


# PAWN


def pawn_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """A row for each parameter: median distance with its interval, and range over slices."""
    shown = findings.ranked(effects)[:MOST_ROWS]
    frame = _frame(findings, effects.indices["median"], shown)
    frame["least"] = effects.indices["least"].value[shown]
    frame["most"] = effects.indices["most"].value[shown]
    base = alt.Chart(frame).encode(y=_rows(findings, shown))
    x = alt.X("value:Q", title="KS distance, 0 to 1", axis=alt.Axis(tickCount=6))
    span = base.mark_bar(color="#eef3f7", stroke=MUTED, strokeWidth=0.8, height=20).encode(
        x=alt.X("least:Q"), x2="most:Q"
    )
    bars = base.mark_bar(color=LINE, height=9).encode(x=x)
    chance = alt.Chart(pd.DataFrame({"value": [float(effects.chance.mean())]}))
    rules = [
        chance.mark_rule(**look).encode(x="value:Q")
        for look in ({"color": "white", "strokeWidth": 3}, {"color": INK, "strokeDash": [4, 3]})
    ]
    said = [
        "How far the distribution moves when a parameter is held in one of ten slices.",
        "Dark bar: median, with its 95 % interval. Pale box: range over slices.",
        "Dashed: the median of a parameter without effect, by chance",
    ]
    return _chart(findings, effects, [span, bars, *rules, *_intervals(base)], said, rows=len(shown))


# Parts of all


def _frame(findings: SensitivityFindings, found: Index, shown: list[int]) -> pd.DataFrame:
    """An index of some parameters, long: parameter, value, low, high."""
    labels = _row_labels(findings, shown)
    values = {"value": found.value, "low": found.low, "high": found.high}
    return pd.DataFrame({"parameter": labels, **{k: v[shown] for k, v in values.items()}})


def _row_labels(findings: SensitivityFindings, shown: list[int]) -> list[str]:
    """Names in lines; with their paths where two would read alike."""
    names = [in_lines(findings.parameters[place].name, LONGEST) for place in shown]
    paths = [findings.parameters[place].path for place in shown]
    return [
        name if names.count(name) == 1 else in_lines(path, LONGEST)
        for name, path in zip(names, paths, strict=True)
    ]


def _rows(findings: SensitivityFindings, shown: list[int]) -> Any:
    labels = _row_labels(findings, shown)
    return alt.Y("parameter:N", sort=labels, title=None, axis=_labels())


def _labels() -> Any:
    return alt.Axis(labelLimit=320, labelExpr="split(datum.label, '\\n')", ticks=False)


def _intervals(base: Any) -> list[Any]:
    """A line with a white edge, so that it is seen on dark bars too."""
    halo = base.mark_rule(color="white", strokeWidth=3.5)
    line = base.mark_rule(color=INK, strokeWidth=1.5)
    return [one.encode(x="low:Q", x2="high:Q") for one in (halo, line)]


def _zero() -> Any:
    return alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color=INK).encode(x="value:Q")


def _chart(
    findings: SensitivityFindings,
    effects: Effects,
    layers: list[Any],
    said: list[str],
    *,
    rows: int,
) -> Any:
    left_out = len(findings.parameters) - rows
    notes = [f"The {rows} of {len(findings.parameters)} that matter most"] if left_out else []
    chart = alt.layer(*layers).properties(
        width=WIDTH, height=ROW * rows, title=_title(effects, [*said, *notes])
    )
    return configured(chart).configure_axisY(labelLineHeight=13)


def _title(effects: Effects, said: list[str]) -> alt.TitleParams:
    return alt.TitleParams(f"What {effects.measure} depends on", subtitle=said)
