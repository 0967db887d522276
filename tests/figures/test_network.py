"""The network of states: where nodes stand, and the numbers that ties show."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import relsim
from figures.pictures import svg_of
from relsim.analysis.summary import summarise
from relsim.ensemble.simulate import simulate
from relsim.figures.network import (
    GAP,
    MOST_STATES,
    SIDE,
    layout,
    network_chart,
    network_figure,
    network_tables,
    radius,
)
from scenarios_to_test import FAMILY, scenario_of


def levels_of(states: int, seed: int) -> Any:
    upper = np.triu(np.random.default_rng(seed).uniform(-1, 1, (states, states)), 1)
    return upper + upper.T


@pytest.mark.parametrize("states", [2, 3, 11, 16, MOST_STATES])
@pytest.mark.parametrize("seed", range(4))
def test_nodes_lie_apart_inside_the_square(states: int, seed: int) -> None:
    apart = 2 * (2 * radius(states) + GAP) / SIDE
    places = layout(levels_of(states, seed), (0, 1), apart)
    distances = np.hypot(*(places[:, np.newaxis] - places[np.newaxis]).T)
    assert distances[~np.eye(states, dtype=bool)].min() >= apart
    assert abs(places).max() <= 1.0


def test_states_without_any_difference_lie_apart() -> None:
    places = layout(np.zeros((6, 6)), (0, 1), 0.27)
    assert min(np.linalg.norm(a - b) for a, b in combinations(places, 2)) >= 0.27


def test_distances_that_a_plane_can_show_are_shown() -> None:
    """Levels that are distances in a plane come back as such, but for scale, turn and mirror."""
    true = np.random.default_rng(3).uniform(-0.5, 0.5, (8, 2))
    distances = np.hypot(*(true[:, np.newaxis] - true[np.newaxis]).T)
    places = layout(1.3 - distances, (0, 1), 0.0)
    found = np.hypot(*(places[:, np.newaxis] - places[np.newaxis]).T)
    above = np.triu_indices(8, 1)
    assert np.ptp(found[above] / distances[above]) < 1e-6


def test_the_first_watched_pair_stands_side_by_side_and_nothing_is_left_to_chance() -> None:
    levels = levels_of(11, 7)
    one, other = layout(levels, (3, 8), 0.0), layout(levels.copy(), (3, 8), 0.0)
    assert np.array_equal(one, other)
    assert one[3, 1] == pytest.approx(one[8, 1])
    assert one[3, 0] < one[8, 0]


def test_a_pair_that_is_not_recorded_counts_as_unrelated() -> None:
    levels = levels_of(5, 1)
    levels[0, 4] = levels[4, 0] = 0.0
    unknown = levels.copy()
    unknown[0, 4] = unknown[4, 0] = np.nan
    assert np.array_equal(layout(levels, (1, 2), 0.2), layout(unknown, (1, 2), 0.2))


def test_ties_hold_the_medians_from_the_opening_to_the_end() -> None:
    scenario = relsim.load(FAMILY / "article-programme.yaml")
    summary = summarise(simulate(scenario, runs=5))
    nodes, ties, months = network_tables(scenario, summary)
    assert {node["state"] for node in nodes} == {*scenario.states}
    assert len(ties) == len(nodes) * (len(nodes) - 1) / 2
    assert (months[0], months[-1]) == (str(scenario.time.start), str(scenario.time.end))
    medians = summary["overall"].sel(statistic="q0.5")
    for tie in ties:
        assert len(tie["levels"]) == len(months)
        for place in (0, 30, -1):
            month = np.datetime64(months[place])
            median = float(medians.sel(pair=tie["pair"]).sel(time=month))
            assert tie["levels"][place] == pytest.approx(median, abs=6e-4)
    # A page has 4.4 MB, most of them scripts; this is little beside it.
    assert len(json.dumps(network_chart(nodes, ties, months))) < 60_000
    watched = {tie["pair"] for tie in ties if tie["watched"]}
    assert watched == {*scenario.pair_names(scenario.watched_pairs)}


def test_scenarios_of_one_opening_share_their_places() -> None:
    def nodes_of(name: str) -> list[dict[str, Any]]:
        scenario = relsim.load(FAMILY / f"{name}.yaml")
        return network_tables(scenario, summarise(simulate(scenario, runs=3)))[0]

    assert nodes_of("status-quo") == nodes_of("article-programme")


def test_a_record_of_the_watched_pairs_shows_these() -> None:
    scenario = relsim.load(FAMILY / "status-quo.yaml")
    summary = summarise(simulate(scenario, runs=3, record="watched"))
    nodes, ties, _ = network_tables(scenario, summary)
    watched = scenario.watched_pairs
    assert {tie["pair"] for tie in ties} == {*scenario.pair_names(watched)}
    assert {node["state"] for node in nodes} == {code for pair in watched for code in pair}


def test_of_too_many_states_the_watched_and_the_most_tied_are_shown() -> None:
    codes = [f"State{number}" for number in range(MOST_STATES + 5)]
    ties = {f"{codes[n]}-{codes[n + 1]}": 0.9 for n in range(0, MOST_STATES - 2, 2)}
    data = {"states": {code: {} for code in codes}, "ties": ties, "watch": ["-".join(codes[-2:])]}
    scenario = scenario_of(data)
    summary = summarise(simulate(scenario, runs=2))
    nodes, shown, months = network_tables(scenario, summary)
    assert len(nodes) == MOST_STATES
    assert {*codes[-2:]} <= {node["state"] for node in nodes}
    assert len(shown) * len(months) < 8000
    assert {node["label"] for node in nodes} == {"Sta…"}
    figure = network_figure(scenario, summary)
    assert f"The {MOST_STATES} of {len(codes)} states" in figure["title"]["subtitle"][-1]
    drawn = svg_of({**network_chart(nodes, shown, months), "width": 330})
    assert drawn.count(">Sta…<") == MOST_STATES


def test_only_a_compared_network_has_colours_of_differences() -> None:
    """The chart of a report knows nothing of a base; that of the app has it beside the opening."""
    nodes = [
        {"state": state, "name": state, "label": state, "x": x, "y": 0.0, "watched": True}
        for state, x in (("A", -1.0), ("B", 1.0))
    ]
    tie = {"pair": "A-B", "first": "A", "second": "B", "watched": True, "levels": [0.1, 0.2]}
    months = ["2020-01", "2020-02"]
    assert "datum.base" not in json.dumps(network_chart(nodes, [tie], months))
    ties = [{**tie, "base": [0.1, 0.15]}]
    layers = network_chart(nodes, ties, months, compared=True)["layer"]
    changes = [
        part["calculate"]
        for layer in layers
        for part in layer.get("transform", [])
        if part.get("as") == "change"
    ]
    assert len(changes) == 3
    assert all("datum.base[month]" in change for change in changes)
    assert "tooltip" not in layers[2]["encoding"], "the app says beside the chart what a tie is"


def test_a_network_may_start_empty() -> None:
    """The app shows it before there is a picture."""
    assert network_chart([], [], ["2020-01"], compared=True)["datasets"] == {
        "nodes": [],
        "ties": [],
    }
