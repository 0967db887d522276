"""Figures of a sensitivity study: what matters, and what matters together."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.experiments.sensitivity_findings import Effects, SensitivityFindings
from relsim.figures import marks, style
from relsim.scenario.titles import file_names
from relsim.words import fixed

MOST_ROWS = 25  # parameters of a chart; those that matter most
MOST_CELLS = 12  # rows of the interaction chart that are legible at 600 px
CELL = 34
PLOT = (520, 300)  # of mu* and sigma
TOTAL, FIRST = "total: with interactions", "first-order: by itself"
SOBOL = {TOTAL: (style.MUTED, "circle"), FIRST: (style.LINE, "diamond")}
CHANGE = "change of the measure over the range, in its units"


def sensitivity_charts(findings: SensitivityFindings) -> dict[str, Any]:
    """Every chart of a study by the name of its file; none of measures without indices,
    or that are the same at every point."""
    makers = {
        "sobol": {"tornado": tornado_chart, "interactions": interaction_chart},
        "morris": {"sizes": sizes_chart, "effects": morris_chart},
        "pawn": {"distances": pawn_chart},
    }[findings.method]
    names = file_names([effects.measure for effects in findings.effects])
    return {
        f"{kind}-{names[effects.measure]}": make(findings, effects)
        for effects in findings.effects
        if effects.indices and not effects.constant
        for kind, make in makers.items()
        if kind != "interactions" or effects.second is not None
    }


def tornado_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """For each parameter its total index above its first-order one, with 95 % intervals."""
    frames = [
        index_frame(findings, effects, name).assign(kind=kind, start=0.0)
        for name, kind in (("total", TOTAL), ("first", FIRST))
    ]
    frame = pd.concat(frames, ignore_index=True)
    return _titled(
        marks.rows(frame.assign(end=frame["value"]), "share of the variance", SOBOL, digits=".0%"),
        findings,
        effects,
        "Share of the variance between points that each parameter makes, with its interactions",
        "and by itself. Lines: 95 % intervals",
    )


def sizes_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """How far each parameter moves the measure from end to end, up or down (mu), with its 95 %
    interval, beside the mean size of that (mu*)."""
    frame, chance = sizes_frame(findings, effects), bool(effects.chance.any())
    return _titled(
        marks.rows(frame, CHANGE, tick=style.EVENT),
        findings,
        effects,
        "How far each parameter moves it, from the low to the high end of its range.",
        "Dot: mean effect (mu), with its 95 % interval. Pale bar: mean size (mu*),",
        f"longer where the effect goes up in some places and down in others{'.' * chance}",
        "Orange: the mean size that chance alone makes of no effect" if chance else "",
    )


def sizes_frame(findings: SensitivityFindings, effects: Effects) -> pd.DataFrame:
    """Rows as drawn: mu with its interval; mu* as the end of the bar and, where chance makes any,
    the size it makes as a tick, both with the sign of mu."""
    frame, shown = index_frame(findings, effects, "mu"), findings.ranked(effects)[:MOST_ROWS]
    mu_star = np.copysign(effects.indices["mu_star"].value[shown], frame["value"])
    frame = frame.assign(start=0.0, end=mu_star)
    if effects.chance.any():
        frame["tick"] = np.copysign(effects.chance[shown], frame["value"])
    return frame


def pawn_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """For each parameter the median distance with its interval, and the range over slices."""
    shown = findings.ranked(effects)[:MOST_ROWS]
    frame = index_frame(findings, effects, "median").assign(
        start=effects.indices["least"].value[shown], end=effects.indices["most"].value[shown]
    )
    chance = float(effects.chance.mean())
    return _titled(
        marks.rows(frame, "KS distance, 0 to 1", digits=".3~f", rule=chance, dashed=True),
        findings,
        effects,
        "How far the distribution moves when a parameter is held in one of ten slices.",
        "Dot: median, with its 95 % interval. Pale bar: range over slices.",
        "Dashed: the median of a parameter without effect, by chance",
    )


def index_frame(findings: SensitivityFindings, effects: Effects, name: str) -> pd.DataFrame:
    """An index of the parameters that matter most: name, value, low, high."""
    shown, index = findings.ranked(effects)[:MOST_ROWS], effects.indices[name]
    values = {"value": index.value, "low": index.low, "high": index.high}
    parameters = [findings.parameters[k] for k in shown]
    labels = marks.row_labels(
        [parameter.name for parameter in parameters], [parameter.path for parameter in parameters]
    )
    return pd.DataFrame({"name": labels, **{end: part[shown] for end, part in values.items()}})


def _titled(
    chart: Any,
    findings: SensitivityFindings,
    effects: Effects,
    *subtitle: str,
    title: str = "What it depends on",
) -> Any:
    shown, every = min(MOST_ROWS, len(findings.parameters)), len(findings.parameters)
    some = f"The {shown} of {every} that matter most" if shown < every else ""
    return style.titled(chart, f"{title}: {effects.measure}", *subtitle, some)


# Interactions


def interaction_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """A cell for each pair of parameters: what they make together beyond what each makes alone.

    Those whose interval leaves out 0 are shaded and bold; of the others the sign is not known.
    Columns have the numbers of rows.
    """
    frame, names = interaction_frame(findings, effects), numbered_names(findings, effects)
    x = alt.X("x:O", title=None, axis=alt.Axis(orient="top", labelAngle=0))
    y = marks.row_axis(names, "y:N", scale=alt.Scale(domain=names))
    most = max(0.05, float(frame["shade"].max()))
    return style.titled(
        marks.heat(frame, x, y, (0.0, most), style.SEQUENTIAL, cell=CELL),
        f"What matters together: {effects.measure}",
        "Second-order indices in % of the variance: what two parameters make together beyond",
        "what each makes by itself. Shaded, bold: the 95 % interval leaves out 0",
        height=CELL * len(names),
    )


def interaction_frame(findings: SensitivityFindings, effects: Effects) -> pd.DataFrame:
    """The pairs among the parameters that matter most: y, x, value, shade (0 where the interval
    holds 0), text, bold."""
    assert effects.second is not None  # asked for
    shown, names = findings.ranked(effects)[:MOST_CELLS], numbered_names(findings, effects)
    cells = []
    for n, pair in enumerate(findings.pairs):
        if {*pair} <= {*shown}:
            column, row = sorted(shown.index(k) for k in pair)
            value = float(effects.second.value[n])
            seen = bool(effects.second.low[n] > 0 or effects.second.high[n] < 0)
            shade, text = max(value, 0.0) * seen, fixed(100 * value, 0)
            cells.append((names[row], column + 1, value, shade, text, seen))
    frame = pd.DataFrame(cells, columns=["y", "x", "value", "shade", "text", "bold"])
    return frame.sort_values("x", kind="stable", ignore_index=True)


def numbered_names(findings: SensitivityFindings, effects: Effects) -> list[str]:
    """The parameters that matter most, each with its number."""
    names = [findings.parameters[k].name for k in findings.ranked(effects)[:MOST_CELLS]]
    return [marks.in_lines(f"{number} {name}", 36) for number, name in enumerate(names, start=1)]


# Strength and spread of effects


def morris_chart(findings: SensitivityFindings, effects: Effects) -> Any:
    """mu* against sigma: the strength of a parameter, and how much it depends on the rest.

    Parameters are numbered by mu*, and the key below has their names.
    """
    frame = morris_frame(findings, effects)
    high = 1.05 * max(float(frame["high"].max()), 1e-12)
    top = 1.15 * max(float(frame["sigma_high"].max()), 0.5 * high)
    size = "mu*: mean size of the effect over the range, in units of the measure"
    x = marks.axis(alt.X, "mu_star", size, (0, high), ".3~f", 6)
    y = marks.axis(alt.Y, "sigma", "sigma: its spread, in the same units", (0, top), ".3~f", 6)
    base = alt.Chart(frame).encode(x=x, y=y)
    line = pd.DataFrame({"mu_star": [0.0, min(high, 2 * top)], "sigma": [0.0, min(high / 2, top)]})
    halves = alt.Chart(line).mark_line(color=style.MUTED, strokeDash=[4, 3], strokeWidth=1)
    filled = alt.condition("datum.above_chance", alt.value(style.LINE), alt.value("white"))
    interval = base.mark_rule(color=style.LINE, strokeWidth=1.5, opacity=0.6)
    plot = alt.layer(
        halves.encode(x=x, y=y),
        interval.encode(x="low:Q", x2="high:Q"),
        interval.encode(y="sigma_low:Q", y2="sigma_high:Q"),
        base.mark_point(size=70, color=style.LINE, opacity=1, strokeWidth=1.5).encode(fill=filled),
        *marks.numbers(frame, x, y, (PLOT[0] / high, PLOT[1] / top)),
    ).properties(width=PLOT[0], height=PLOT[1])
    names = [f"{row.number}  {row.name}" for row in frame.itertuples(index=False)]
    return _titled(
        alt.vconcat(plot, marks.key(names, width=PLOT[0]), spacing=12),
        findings,
        effects,
        "Right: matters more; numbered from there. Up: depends more on where it and others stand.",
        "Lines: 95 % intervals. Dashed: sigma is half of mu*; above it far from a straight line",
        "Chance of runs adds to mu* and to sigma. Hollow: no effect is seen"
        if effects.chance.any()
        else "",
        title="How much it depends on each, and how evenly",
    )


def morris_frame(findings: SensitivityFindings, effects: Effects) -> pd.DataFrame:
    """Parameters with number, name, mu_star, low, high, sigma, sigma_low, sigma_high,
    above_chance."""
    shown, sigma = findings.ranked(effects)[:MOST_ROWS], effects.indices["sigma"]
    frame = index_frame(findings, effects, "mu_star").rename(columns={"value": "mu_star"})
    return frame.assign(
        number=range(1, len(shown) + 1),
        sigma=sigma.value[shown],
        sigma_low=sigma.low[shown],
        sigma_high=sigma.high[shown],
        above_chance=findings.above_chance(effects)[shown],
    )
