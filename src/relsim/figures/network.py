"""The network of states: a node for each, a tie for each pair, warm ones side by side.

Charts are plain Vega-Lite: Altair would take longer over one than everything else here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from relsim.analysis.summary import months_of
from relsim.figures import style
from relsim.figures.result import shown_states
from relsim.scenario.schema import Scenario
from relsim.stats import Values

MOST_STATES = 40  # more nodes have no room on a phone
MOST_MONTHS = 61  # of the slider: every second month of ten years
MOST_LEVELS = 6000  # numbers on the page, seven bytes each
STEPS = 200  # of the layout, which moves by less than a pixel from then on
PUSHES = 2000  # at most, until nodes lie apart
UNRELATED = 0.0  # the level that stands for a pair that is not recorded
FARTHEST = 1.3  # distance of two states at level 0; allies at level 1 lie at less than a fourth
SIDE, MARGIN = 260, 24  # pixels of the square that nodes have on a small phone, and around it
HEIGHT, PANEL = 420, 380  # pixels of the chart on a page, and of a panel of the figure
RADIUS, SMALL_RADIUS, FEW_STATES = 16, 11, 16  # pixels of a node; of one among many
GAP = 4  # pixels between nodes
LETTERS = 4  # of a state's code inside its node
THIN, THICK, EDGE = 1.6, 9.0, 2.0  # pixels: a tie that has not changed, the most changed one; edges
REACH = 0.2  # of the scale of changes at least, so that noise does not look like news
PALE, UNPICKED = 0.45, 0.07  # opacity of a tie at level 0, and of those beside the picked ones
GRASP = 14  # pixels across a tie in which the pointer meets it
LEVEL, CHANGE, DIFFERENCE = "level", "change", "difference"  # what the signal `colours` may be
# Of lines, where the near-white middle of DIVERGING would not be seen.
TIES = [*style.DIVERGING[:2], "#cfd5db", *style.DIVERGING[-2:]]
# Whether ties stand out: those picked by a click or by `only`, or all. Where ties are compared, a
# click on one makes it the subject and hides no other.
SOME_NODE = "isValid(node.state) || only != ''"
OF_NODE = (
    "only == datum.first || only == datum.second"
    " || indexof(node.state || [], datum.first) >= 0"
    " || indexof(node.state || [], datum.second) >= 0"
)
ALL_OR_PICKED = (
    f"(!(isValid(tie.pair) || {SOME_NODE}) || indexof(tie.pair || [], datum.pair) >= 0"
    f" || {OF_NODE})"
)
ALL_OR_OF_NODE = f"(!({SOME_NODE}) || {OF_NODE})"
SUBJECT = "#b0629a"  # the edge of the subject: no colour of ties, and seen in the light and dark
SUBJECT_EDGE = 6.0  # pixels


# Where states stand


def layout(levels: Values, across: tuple[int, int], apart: float) -> Values:
    """Where states stand, [N, 2], within -1 to 1: the warmer two are, the closer.

    Distances are fitted to 1.3 less the level, all of the same weight, by majorisation of stress
    (de Leeuw, 1977; Gansner, Koren and North, 2004) from classical scaling (Torgerson, 1952). There
    is no chance in it, so that the same levels give the same places.

    Args:
        levels: overall cooperation [N, N], symmetric; NaN where it is not known counts as 0.
        across: the two states that stand side by side, the first at the left.
        apart: the least distance of two states; room for them all is needed, as for 40 at 0.2.
    """
    wanted = FARTHEST - np.where(np.isnan(levels), UNRELATED, levels)
    np.fill_diagonal(wanted, 0.0)
    places = _classical_scaling(wanted)
    for _ in range(STEPS):
        places = _majorised(places, wanted)
    return _pushed_apart(_oriented(places, across), apart)


def _classical_scaling(wanted: Values) -> Values:
    """Places whose inner products are nearest to those of the distances, [N, 2]."""
    centring = np.eye(len(wanted)) - 1 / len(wanted)
    values, vectors = np.linalg.eigh(-centring @ wanted**2 @ centring / 2)
    places: Values = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0.0))
    # On a circle of no visible size, so that no two states start at one place.
    angles = np.arange(len(wanted)) * math.tau / len(wanted)
    return places + 1e-3 * np.column_stack([np.cos(angles), np.sin(angles)])


def _majorised(places: Values, wanted: Values) -> Values:
    """Places of less stress: the Guttman transform."""
    distances = _distances(places)
    np.fill_diagonal(distances, 1.0)
    ratio = wanted / np.maximum(distances, 1e-9)
    moved: Values = (ratio.sum(axis=1)[:, np.newaxis] * places - ratio @ places) / len(places)
    return moved


def _distances(places: Values) -> Values:
    between = places[:, np.newaxis] - places[np.newaxis]
    distances: Values = np.sqrt((between**2).sum(axis=2))
    return distances


def _oriented(places: Values, across: tuple[int, int]) -> Values:
    """Turned so that two states stand side by side, mirrored so that most of the others stand
    below, and fitted into the square from -1 to 1."""
    first, second = across
    x, y = places[second] - places[first]
    turn = np.array([[x, -y], [y, x]]) / math.hypot(x, y)
    turned = (places - places[first]) @ turn
    turned[:, 1] *= -1 if turned[:, 1].sum() > 0 else 1
    low, high = turned.min(axis=0), turned.max(axis=0)
    fitted: Values = (turned - (low + high) / 2) * 2 / (high - low).max()
    return fitted


def _pushed_apart(places: Values, apart: float) -> Values:
    """The same places, but for those that are too near to each other."""
    for _ in range(PUSHES):
        distances = _distances(places)
        np.fill_diagonal(distances, np.inf)
        if distances.min() >= apart:
            break
        # Each of the two goes half of the way, and a little more, so that this comes to an end.
        short = np.maximum(1.05 * apart - distances, 0.0) / 2 / np.maximum(distances, 1e-9)
        away = places[:, np.newaxis] - places[np.newaxis]
        places = np.clip(places + (short[:, :, np.newaxis] * away).sum(axis=1), -1.0, 1.0)
    return places


# Tables


def network_tables(
    scenario: Scenario, summary: xr.Dataset, months: int = MOST_MONTHS
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """Nodes, ties and months, as :func:`network_chart` takes them.

    Levels are medians over the runs. Of more states than there is room for, those of the watched
    pairs and those with the strongest ties are shown; of a record of the watched pairs alone,
    their states and ties.

    Args:
        scenario: for names, and the watched pairs.
        summary: of :func:`relsim.analysis.summary.summarise`.
        months: at most so many, evenly spread, the first and the last among them.
    """
    overall = summary["overall"].sel(statistic="q0.5")
    room = shown_states(scenario, overall.isel(time=0).to_series(), MOST_STATES)
    recorded = [str(pair) for pair in overall["pair"].values]
    kept = [k for k, pair in enumerate(recorded) if {*pair.split("-")} <= {*room}]
    pairs = [recorded[k].split("-") for k in kept]
    codes = [code for code in room if any(code in pair for pair in pairs)]
    times = overall.sizes["time"]
    count = max(2, min(months, times, MOST_LEVELS // len(pairs)))
    steps = np.unique(np.linspace(0, times - 1, count).round().astype(int))
    levels = overall.transpose("pair", "time").values[kept]
    nodes = network_nodes(scenario, codes, pairs, levels[:, 0])
    watched = {frozenset(pair) for pair in scenario.watched_pairs}
    ties = [
        {
            "pair": recorded[k],
            "first": first,
            "second": second,
            "watched": frozenset((first, second)) in watched,
            "levels": [round(level, 3) for level in row[steps].tolist()],
        }
        for k, (first, second), row in zip(kept, pairs, levels, strict=True)
    ]
    return nodes, ties, [str(month) for month in months_of(overall["time"].values[steps])]


def network_nodes(
    scenario: Scenario, codes: list[str], pairs: list[list[str]], opening: Values
) -> list[dict[str, Any]]:
    """Nodes, as :func:`network_chart` takes them.

    Args:
        scenario: for names, and the watched pairs.
        codes: the states.
        pairs: two states each.
        opening: level of each pair at the opening, by which states stand.
    """
    places = _places(codes, pairs, opening, scenario)
    return [
        {
            "state": code,
            "name": scenario.states[code].name or code,
            "label": code if len(code) <= LETTERS else f"{code[: LETTERS - 1]}…",
            "x": round(float(x), 3),
            "y": round(float(y), 3),
            "watched": any(code in pair for pair in scenario.watched_pairs),
        }
        for code, (x, y) in zip(codes, places, strict=True)
    ]


def _places(
    codes: list[str], pairs: list[list[str]], opening: Values, scenario: Scenario
) -> Values:
    """Where states stand, by the opening levels of the pairs."""
    number = {code: n for n, code in enumerate(codes)}
    levels = np.full((len(codes), len(codes)), np.nan)
    for (first, second), level in zip(pairs, opening, strict=True):
        levels[number[first], number[second]] = levels[number[second], number[first]] = level
    first, second = scenario.watched_pairs[0]
    apart = 2 * (2 * radius(len(codes)) + GAP) / SIDE
    return layout(levels, (number[first], number[second]), apart)


def radius(states: int) -> int:
    """Pixels of a node among so many."""
    return RADIUS if states <= FEW_STATES else SMALL_RADIUS


# Charts


def network_chart(
    nodes: Sequence[dict[str, Any]],
    ties: Sequence[dict[str, Any]],
    months: Sequence[str],
    *,
    compared: bool = False,
) -> dict[str, Any]:
    """The network on a page, as wide as there is room.

    Its data can be replaced while it is shown, by the names of its data sets, and what it shows
    chosen by its signals.

    Args:
        nodes: data set ``nodes``, a row for each state: ``state``, ``name`` (on hovering),
            ``label`` (in the node), ``x`` and ``y`` (of :func:`layout`), ``watched``.
        ties: data set ``ties``, a row for each pair: ``pair``, its states ``first`` and
            ``second``, ``watched``, ``levels`` (of overall cooperation, one for each month).
        months: signal ``months``, as in ``2020-07``; the first is the opening.
        compared: whether each tie also has ``base``, the levels of another scenario, one for each
            month or a single one for the end. The page says beside the chart what a tie is, and
            which of them is the ``subject``, a signal: it has an edge of its own.

    Signals besides: ``month``, which of the months (0 is the first); ``colours``, ``level``,
    ``change`` (since the opening) or, where compared, ``difference`` (from the other scenario);
    ``only``, the state whose ties stand out (empty: all); ``reach``, the change or difference at
    which ties are thickest; ``ink`` and ``paper``, colours of texts and of nodes. A click sets the
    selections ``tie`` (field ``pair``) and ``node`` (``state``); one beside them ends it.
    """
    parameters = [
        {"name": "months", "value": list(months)},
        {"name": "month", "value": len(months) - 1},
        {"name": "colours", "value": LEVEL},
        {"name": "only", "value": ""},
        {"name": "reach", "value": _reach(ties)},
        {"name": "ink", "value": style.INK},
        {"name": "paper", "value": "#ffffff"},
    ]
    if compared:
        parameters.append({"name": "subject", "value": ""})
    return {
        **_frame(nodes, ties),
        "description": "Network of states: ties coloured by cooperation, wide where it changed.",
        "width": "container",
        "height": HEIGHT,
        "params": parameters,
        "layer": _layers("month", radius(len(nodes)), picking=True, compared=compared),
    }


def network_figure(scenario: Scenario, summary: xr.Dataset) -> dict[str, Any]:
    """The network at the opening and at the end, side by side."""
    nodes, ties, months = network_tables(scenario, summary, months=2)
    parameters = {"colours": LEVEL, "only": "", "reach": _reach(ties)}
    parameters |= {"ink": style.INK, "paper": "#ffffff", "months": months}
    panels = [
        {
            "title": style.panel_title(title),
            "width": PANEL,
            "height": PANEL,
            "layer": _layers(str(month), radius(len(nodes)), picking=False),
        }
        for month, title in enumerate((f"Opening, {months[0]}", f"End, {months[-1]}"))
    ]
    some = f"The {len(nodes)} of {len(scenario.states)} states that are watched or have the "
    lines = [
        "Colour: median of overall cooperation, −1 to 1. Width: its change since the opening",
        "Close at the opening: warm then. Edged: watched pairs",
        f"{some}strongest ties recorded" if len(nodes) < len(scenario.states) else "",
    ]
    return {
        **_frame(nodes, ties),
        "title": {"text": scenario.title, "subtitle": [line for line in lines if line]},
        "params": [{"name": name, "value": value} for name, value in parameters.items()],
        "hconcat": panels,
    }


def _frame(nodes: Sequence[dict[str, Any]], ties: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "config": style.HOUSE,
        "datasets": {"nodes": list(nodes), "ties": list(ties)},
    }


def _reach(ties: Sequence[dict[str, Any]]) -> float:
    """The largest change of a tie from the opening to any month, or more."""
    moved = [abs(level - tie["levels"][0]) for tie in ties for level in tie["levels"]]
    return max(REACH, math.ceil(10 * max(moved, default=0.0)) / 10)


def _layers(
    month: str, pixels: int, *, picking: bool, compared: bool = False
) -> list[dict[str, Any]]:
    """Edges of watched ties, ties, nodes and their labels, and what the pointer meets.

    Args:
        month: which of the months, as an expression.
        pixels: radius of a node.
        picking: whether ties and nodes answer the pointer, on a page.
        compared: whether ties are compared with those of another scenario.
    """
    shown = (ALL_OR_OF_NODE if compared else ALL_OR_PICKED) if picking else "true"
    edged, edge, edge_colour = "datum.watched", f"{EDGE}", "ink"
    if compared:
        subject = "datum.pair == subject"
        edged, edge = f"{edged} || {subject}", f"({subject} ? {SUBJECT_EDGE} : {EDGE})"
        edge_colour = f"{subject} ? '{SUBJECT}' : ink"
    x, y = (_axis(name, picking=picking) for name in ("x", "y"))
    ends: dict[str, Any] = {"x": x, "y": y, "x2": {"field": "x2"}, "y2": {"field": "y2"}}
    ties: dict[str, Any] = {"data": {"name": "ties"}, "transform": _tie_transforms(month, compared)}
    strength = f"(datum.watched ? 1 : {PALE} + {1 - PALE} * min(1, 2 * abs(datum.shade)))"
    look: dict[str, Any] = {"type": "rule", "strokeCap": "round"}
    edges: dict[str, Any] = {
        "data": ties["data"],
        "transform": [*ties["transform"], {"filter": edged}],
        "mark": {
            **look,
            "stroke": {"expr": edge_colour},
            "strokeWidth": {"expr": f"{THIN} + {edge} + {THICK - THIN} * datum.moved"},
            "opacity": {"expr": f"{shown} ? 1 : {UNPICKED}"},
        },
        "encoding": ends,
    }
    lines = {
        **ties,
        "mark": {**look, "opacity": {"expr": f"{shown} ? {strength} : {UNPICKED}"}},
        "encoding": {**ends, "color": _shades(), "strokeWidth": _widths(compared)},
    }
    state: dict[str, Any] = {"data": {"name": "nodes"}}
    circles: dict[str, Any] = {
        **state,
        "mark": {
            "type": "circle",
            "size": math.pi * pixels**2,
            "opacity": 1,
            "fill": {"expr": "paper"},
            "stroke": {"expr": "ink"},
            "strokeWidth": {"expr": "datum.watched ? 2 : 1"},
        },
        "encoding": {"x": x, "y": y},
    }
    labels: dict[str, Any] = {
        **state,
        "mark": {
            "type": "text",
            "baseline": "middle",
            "fontSize": style.SMALL if pixels == RADIUS else style.TINY - 1,
            "fontWeight": {"expr": "datum.watched ? 'bold' : 'normal'"},
            "fill": {"expr": "ink"},
        },
        "encoding": {"x": x, "y": y, "text": {"field": "label"}},
    }
    if not picking:
        return [edges, lines, circles, labels]
    grasp = {
        **ties,
        "params": [_picked_by("tie", "pair")],
        "mark": {**look, "strokeWidth": GRASP, "opacity": 0, "cursor": "pointer"},
        "encoding": {
            **ends,
            "tooltip": [
                {"field": "names", "title": "pair"},
                *(
                    {"field": field, "type": "quantitative", "title": title, "format": "+.2f"}
                    for field, title in (
                        ("opening", "at the opening"),
                        ("level", "in the month shown"),
                        ("change", "change"),
                    )
                ),
            ],
        },
    }
    if compared:
        del grasp["encoding"]["tooltip"]  # its selection stays: without one, no pointer meets it
    circles["params"] = [_picked_by("node", "state")]
    circles["mark"]["cursor"] = "pointer"
    circles["encoding"]["tooltip"] = {"field": "name"}
    labels["mark"]["interactive"] = False
    return [edges, lines, grasp, circles, labels]


def _axis(name: str, *, picking: bool) -> dict[str, Any]:
    """Where a node stands across or up: as far from the middle as the shorter side has room."""
    domain: dict[str, Any]
    if picking:
        size = "width" if name == "x" else "height"
        half: Any = f"{size} / (min(width, height) - {2 * MARGIN})"
        domain = {"domainMin": {"expr": f"-{half}"}, "domainMax": {"expr": half}}
    else:
        half = PANEL / (PANEL - 2 * MARGIN)
        domain = {"domain": [-half, half]}
    scale = {**domain, "nice": False, "zero": False}
    return {"field": name, "type": "quantitative", "axis": None, "scale": scale}


def _tie_transforms(month: str, compared: bool) -> list[dict[str, Any]]:
    """The ends of each tie, and its level, change, shade (-1 to 1) and share of the largest change
    in a month."""
    change, shade = "datum.level - datum.opening", f"colours == '{CHANGE}'"
    if compared:  # the base at the end alone is compared with in that month alone
        at_end = f"isValid(datum.base) && {month} == length(datum.levels) - 1 ? datum.base"
        base = f"isArray(datum.base) ? datum.base[{month}] : {at_end} : datum.level"
        different = f"colours == '{DIFFERENCE}'"
        change = f"datum.level - ({different} ? ({base}) : datum.opening)"
        shade = f"{shade} || {different}"
    calculated = {
        "opening": "datum.levels[0]",
        "level": f"datum.levels[{month}]",
        "change": change,
        "shade": f"{shade} ? datum.change / reach : datum.level",
        "moved": "min(1, abs(datum.change) / reach)",
        "names": "datum.first_name + ' – ' + datum.second_name",
    }
    return [
        _end("first", ["x", "y", "first_name"]),
        _end("second", ["x2", "y2", "second_name"]),
        *({"calculate": how, "as": name} for name, how in calculated.items()),
    ]


def _end(state: str, names: list[str]) -> dict[str, Any]:
    place = {"data": {"name": "nodes"}, "key": "state", "fields": ["x", "y", "name"]}
    return {"lookup": state, "from": place, "as": names}


def _shades() -> dict[str, Any]:
    """The colours of ties, labelled as levels or as changes."""
    steps = [-1.0, -0.5, 0.0, 0.5, 1.0]
    legend = {
        "type": "gradient",
        "gradientLength": 170,
        "gradientOpacity": 1,  # a canvas takes the opacity of the first tie for it
        "gradientThickness": 12,
        "title": "colour",
        "titleColor": style.INK,
        "values": steps,
        "labelExpr": "datum.value == 0 ? '0' : "
        f"format(datum.value * (colours == '{LEVEL}' ? 1 : reach), '+.2~f')",
    }
    scale = {"domain": steps, "range": TIES, "clamp": True, "interpolate": "rgb"}
    return {"field": "shade", "type": "quantitative", "scale": scale, "legend": legend}


def _widths(compared: bool) -> dict[str, Any]:
    """The widths of ties, labelled as changes."""
    legend = {
        "title": "width: change or difference" if compared else "width: change",
        "titleColor": style.INK,
        "symbolType": "stroke",
        **({"symbolSize": 200} if compared else {}),
        "values": [0, 0.5, 1],
        "labelExpr": "datum.value == 0 ? '0' : '±' + format(datum.value * reach, '.2~f')",
    }
    scale = {"domain": [0, 1], "range": [THIN, THICK], "clamp": True}
    return {"field": "moved", "type": "quantitative", "scale": scale, "legend": legend}


def _picked_by(name: str, field: str) -> dict[str, Any]:
    """A selection of one row by a click, which a click beside it ends."""
    return {"name": name, "select": {"type": "point", "fields": [field], "toggle": False}}
