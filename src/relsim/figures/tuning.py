"""Charts of tuning: how the search went, what fits as well, what one objective costs another."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from relsim.experiments.objectives import Objective
from relsim.experiments.tuning import SEARCH, Tuning
from relsim.figures.claims import in_lines
from relsim.figures.style import BANDS, INK, LINE, MUTED, SERIES, WIDTH, configured, panel_title
from relsim.words import true_minus

HEIGHT, PROFILE_HEIGHT, FRONT_HEIGHT = 240, 110, 340
MOST_PANELS = 8  # more do not fit on a page
LONGEST = 90  # letters in a line under a panel's title
CUT = 0.9  # quantile of the losses: what is worse is drawn at the edge of the chart
FRESH_NOTE = "Diamond: the best point in fresh runs, with its 95 % interval"
AROUND = list(SERIES)[1]  # the colour of points around the best


def tuning_charts(tuning: Tuning) -> dict[str, Any]:
    """Every chart of a tuning, by the name of its file."""
    charts = {"tuning-history": history_chart(tuning)}
    if len(tuning.objectives) == 1:
        charts["tuning-profiles"] = profile_chart(tuning)
    if len(tuning.objectives) == 2:
        charts["tuning-front"] = front_chart(tuning)
    return charts


def history_chart(tuning: Tuning) -> Any:
    """Each objective by trial; of a single one the best so far as well."""
    panels = [_history(tuning, one, last=one is tuning.objectives[-1]) for one in tuning.objectives]
    said = ["Points: means over the runs of the search", *_cut_notes(tuning)]
    if len(tuning.objectives) == 1:
        said[0] += ". Line: the best so far"
        said.insert(1, FRESH_NOTE)
    title = alt.TitleParams("How the search went", subtitle=said)
    return configured(alt.vconcat(*panels, title=title))


def _history(tuning: Tuning, objective: Objective, *, last: bool) -> Any:
    frame = history_frame(tuning, objective)
    x = alt.X("trial:Q", title="trial" if last else None, scale=alt.Scale(nice=False))
    y = alt.Y("shown:Q", title=measured(objective), scale=_scale(tuning, objective))
    layers = [*_wanted(objective), *_points(frame, x, y)]
    if len(tuning.objectives) == 1:
        line = alt.Chart(frame).mark_line(
            interpolate="step-after", color=INK, strokeWidth=1.6, clip=True
        )
        layers.append(line.encode(x=x, y="best so far:Q"))
        layers += _fresh(tuning, objective, pd.DataFrame({"trial": [1.02 * len(frame)]}), x, y)
    height = HEIGHT if len(tuning.objectives) == 1 else HEIGHT / 1.6
    return alt.layer(*layers).properties(width=WIDTH, height=height)


def history_frame(tuning: Tuning, objective: Objective) -> pd.DataFrame:
    """By trial: value, shown (kept inside the chart), stage, best so far."""
    values = tuning.means(objective.measure)
    losses = objective.losses(values)
    order = np.where(np.isfinite(losses), losses, np.inf)
    best = np.array([np.argmin(order[: place + 1]) for place in range(len(order))])
    low, high = limits(tuning, objective)
    return pd.DataFrame(
        {
            "trial": np.arange(len(values)),
            "value": values,
            "shown": np.clip(values, low, high),
            "stage": _stages(tuning),
            "best so far": values[best],
        }
    )


def _points(frame: pd.DataFrame, x: Any, y: Any) -> list[Any]:
    """Points of the search and around the best, told apart by shape and colour."""
    stages = [one for one in ("search", "around the best") if one in set(frame["stage"])]
    colours = {"search": LINE, "around the best": AROUND}
    shapes = {"search": "circle", "around the best": "triangle-up"}
    legend = alt.Legend() if len(stages) > 1 else None
    colour = alt.Color(
        "stage:N",
        scale=alt.Scale(domain=stages, range=[colours[one] for one in stages]),
        legend=legend,
    )
    shape = alt.Shape(
        "stage:N",
        scale=alt.Scale(domain=stages, range=[shapes[one] for one in stages]),
        legend=legend,
    )
    base = alt.Chart(frame).mark_point(filled=True, size=26, opacity=0.65)
    return [base.encode(x=x, y=y, color=colour, shape=shape)]


def _fresh(tuning: Tuning, objective: Objective, where: pd.DataFrame, x: Any, y: Any) -> list[Any]:
    """The best point in fresh runs with its 95 % interval, kept inside the chart."""
    low, high = limits(tuning, objective)
    estimate = np.clip(tuning.estimate(objective.measure, tuning.best), low, high)
    frame = where.assign(shown=estimate[0], low=estimate[1], high=estimate[2])
    base = alt.Chart(frame)
    bar = base.mark_rule(color=INK, strokeWidth=1.6)
    return [
        bar.encode(x=x, y=alt.Y("low:Q", title=y["title"], scale=y["scale"]), y2="high:Q"),
        base.mark_point(filled=True, shape="diamond", size=70, opacity=1, color=INK).encode(
            x=x, y=y
        ),
    ]


def _stages(tuning: Tuning) -> list[str]:
    return ["search" if one == SEARCH else "around the best" for one in tuning.stages]


def _wanted(objective: Objective) -> list[Any]:
    """A line at the value that is wanted."""
    if isinstance(objective.goal, str):
        return []
    frame = pd.DataFrame({"shown": [objective.goal], "text": ["wanted"]})
    base = alt.Chart(frame).encode(y="shown:Q")
    words = base.mark_text(align="right", dy=-6, color=MUTED, fontSize=10)
    return [
        base.mark_rule(color=MUTED, strokeDash=[4, 3]),
        words.encode(x=alt.value(WIDTH - 24), text="text:N"),  # left of the fresh runs
    ]


def limits(tuning: Tuning, objective: Objective) -> tuple[float, float]:
    """The range of an axis: all values but those of the worst tenth, and what is wanted."""
    values = tuning.means(objective.measure)[tuning.sound]
    losses = objective.losses(values)
    kept = values[losses <= np.quantile(losses, CUT)]
    wanted = [] if isinstance(objective.goal, str) else [objective.goal]
    fresh = [end for one in tuning.reported for end in tuning.estimate(objective.measure, one)]
    shown = [*kept, *wanted, *(one for one in fresh if np.isfinite(one))]
    low, high = min(shown), max(shown)
    room = 0.04 * (high - low) or 0.04 * max(abs(high), 1e-6)
    return float(low - room), float(high + room)


def _scale(tuning: Tuning, objective: Objective) -> alt.Scale:
    return alt.Scale(domain=list(limits(tuning, objective)), nice=False, zero=False)


def _cut_notes(tuning: Tuning) -> list[str]:
    outside = 0
    for objective in tuning.objectives:
        low, high = limits(tuning, objective)
        values = tuning.means(objective.measure)[tuning.sound]
        outside = max(outside, int(((values < low) | (values > high)).sum()))
    return [f"{outside} of {len(tuning.points)} are worse and stand at the edge"] if outside else []


def measured(objective: Objective) -> str:
    """An objective as the title of an axis."""
    unit = f" ({objective.unit})" if objective.unit else ""
    return f"{objective.name}{unit}"


def profile_chart(tuning: Tuning) -> Any:
    """The objective against each parameter, and the values that fit as well as the best."""
    (objective,) = tuning.objectives
    shown = range(min(len(tuning.parameters), MOST_PANELS))
    panels = [_profile(tuning, objective, which) for which in shown]
    said = [
        "Points: means over the runs of the search. Line: the best value. Shaded: values that fit "
        "as well",
        FRESH_NOTE,
        *_cut_notes(tuning),
    ]
    if len(tuning.parameters) > MOST_PANELS:
        said.append(f"{MOST_PANELS} of {len(tuning.parameters)} parameters")
    title = alt.TitleParams("Which values fit", subtitle=said)
    return configured(alt.vconcat(*panels, title=title, spacing=18))


def _profile(tuning: Tuning, objective: Objective, which: int) -> Any:
    parameter = tuning.parameters[which]
    frame = history_frame(tuning, objective)
    frame["x"] = tuning.points[:, which]
    low, high = tuning.ranges[which]
    unit = f" ({parameter.unit})" if parameter.unit else ""
    x = alt.X(
        "x:Q",
        title=f"value{unit}",
        scale=alt.Scale(domain=[parameter.low, parameter.high], nice=False, zero=False),
    )
    y = alt.Y(
        "shown:Q",
        title=measured(objective),
        scale=_scale(tuning, objective),
        axis=alt.Axis(tickCount=4),
    )
    band = pd.DataFrame({"x": [low], "end": [high]})
    best = pd.DataFrame({"x": [tuning.points[tuning.best, which]]})
    layers = [
        alt.Chart(band).mark_rect(color=BANDS["95 %"]).encode(x=x, x2="end:Q"),
        *_points(frame, x, y),
        alt.Chart(best).mark_rule(color=MUTED, strokeWidth=1).encode(x=x),
        *_fresh(tuning, objective, best, x, y),
    ]
    title = panel_title(parameter.name) | {"subtitle": _state(tuning, which), "subtitlePadding": 3}
    return alt.layer(*layers).properties(width=WIDTH, height=PROFILE_HEIGHT, title=title)


def _state(tuning: Tuning, which: int) -> list[str]:
    """Whether a parameter is pinned down, in lines."""
    state = tuning.pinned[which]
    if state == "only together" and tuning.identified is not None:
        others = [tuning.parameters[one].name for one in tuning.identified.partners[which]]
        state = f"not pinned down apart from {', '.join(others)}"
    return in_lines(state, LONGEST).split("\n") if state else []


def front_chart(tuning: Tuning) -> Any:
    """Two objectives against each other: all points, the Pareto front, the compromise."""
    first, second = tuning.objectives
    frame = pd.DataFrame(
        {
            "x": np.clip(tuning.means(first.measure), *limits(tuning, first)),
            "y": np.clip(tuning.means(second.measure), *limits(tuning, second)),
            "point": np.where(tuning.as_well, "on the front", "beaten by another"),
        }
    )
    frame.loc[tuning.best, "point"] = "compromise"
    x = alt.X("x:Q", title=_with_goal(first), scale=_scale(tuning, first))
    y = alt.Y("y:Q", title=_with_goal(second), scale=_scale(tuning, second))
    kinds = ["beaten by another", "on the front", "compromise"]
    colour = alt.Color("point:N", scale=alt.Scale(domain=kinds, range=[MUTED, LINE, AROUND]))
    shape = alt.Shape(
        "point:N", scale=alt.Scale(domain=kinds, range=["circle", "square", "diamond"])
    )
    layers = []
    for kind, size, opacity in zip(kinds, (20, 55, 170), (0.45, 1, 1), strict=True):
        base = alt.Chart(frame[frame["point"] == kind])
        dots = base.mark_point(filled=True, size=size, opacity=opacity)
        layers.append(dots.encode(x=x, y=y, color=colour, shape=shape))
    layers += _fresh_front(tuning, x, y)
    said = [
        "Points: means over the runs of the search, which on average flatter the front they chose",
        "Crosses: the compromise and the best of each in fresh runs, with 95 % intervals",
        *_cut_notes(tuning),
    ]
    title = alt.TitleParams("What one objective costs the other", subtitle=said)
    chart = alt.layer(*layers).properties(width=WIDTH, height=FRONT_HEIGHT, title=title)
    return configured(chart)


def _fresh_front(tuning: Tuning, x: Any, y: Any) -> list[Any]:
    """The reported points in fresh runs, with the 95 % intervals of both objectives."""
    first, second = tuning.objectives
    rows = []
    for point in tuning.reported:
        across, up = tuning.estimate(first.measure, point), tuning.estimate(second.measure, point)
        rows.append(
            {
                **{"x": across.value, "x low": across.low, "x high": across.high},
                **{"y": up.value, "y low": up.low, "y high": up.high},
            }
        )
    base = alt.Chart(pd.DataFrame(rows)).mark_rule(color=INK, strokeWidth=1.6)
    return [
        base.encode(x=alt.X("x low:Q", title=x["title"], scale=x["scale"]), x2="x high:Q", y=y),
        base.encode(x=x, y=alt.Y("y low:Q", title=y["title"], scale=y["scale"]), y2="y high:Q"),
    ]


def _with_goal(objective: Objective) -> str:
    if isinstance(objective.goal, str):
        better = "lower" if objective.goal == "lowest" else "higher"
        return f"{measured(objective)}, {better} is better"
    return f"{measured(objective)}, wanted {true_minus(f'{objective.goal:g}')}"
