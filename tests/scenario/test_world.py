"""Made-up worlds: valid, sparse, steady, in camps, and the same for a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from random import Random

import numpy as np
import pytest

from relsim.ensemble.simulate import simulate
from relsim.model.compile import compile_scenario
from relsim.model.stability import stability
from relsim.scenario.load import check_text
from relsim.scenario.schema import Scenario
from relsim.scenario.values import central
from relsim.scenario.world import FEWEST, MOST, draw_world, world_text


@cache
def world(states: int, seed: int = 0) -> Scenario:
    return check_text(world_text(states, seed)).require()


def overall(scenario: Scenario) -> dict[tuple[str, str], float]:
    return {tie.pair: central(levels["overall"]) for tie, levels in scenario.ties.items()}


@pytest.mark.parametrize("states", [FEWEST, 4, 5, 6, 7, 11, 13, 18, 24, 25, 60, 61, 120, MOST])
def test_a_world_of_any_size_is_valid_without_warnings(states: int) -> None:
    checked = check_text(world_text(states, seed=states))
    assert (checked.problems, checked.warnings) == ((), ())
    scenario = checked.require()
    assert len(scenario.states) == states
    assert scenario.watched_pairs


@pytest.mark.parametrize("states", [FEWEST - 1, MOST + 1])
def test_too_few_or_too_many_states_are_refused(states: int) -> None:
    with pytest.raises(ValueError, match="3 to 300 states"):
        world_text(states)


def test_a_seed_gives_one_world_and_another_seed_another() -> None:
    assert world_text(40, 5) == world_text(40, 5)
    assert world_text(40, 5).splitlines()[2:] != world_text(40, 6).splitlines()[2:]


def test_it_says_that_it_is_made_up_and_by_which_command() -> None:
    first, second = world_text(25, 9).splitlines()[:2]
    assert "made-up" in first
    assert "Nothing here is data" in first
    assert "relsim new --world 25 --seed 9 FILE" in second


@pytest.mark.parametrize("states", [20, 60, 200])
def test_its_status_quo_holds(states: int) -> None:
    assert stability(compile_scenario(world(states))).radius < 1


@pytest.mark.parametrize("states", [20, 60, 200])
def test_ties_and_interests_are_few_and_leave_nobody_alone(states: int) -> None:
    scenario = world(states)
    for code, state in scenario.states.items():
        assert all(
            (min(code, other), max(code, other)) in overall(scenario) for other in state.ties
        )
    ends = Counter(code for pair in overall(scenario) for code in pair)
    assert min(ends[code] for code in scenario.states) >= 1
    assert sum(ends.values()) / states <= 15
    interests = [len(state.ties) for state in scenario.states.values()]
    assert 1 <= sum(interests) / states <= 4


@pytest.mark.parametrize("seed", range(3))
def test_camps_are_balanced_and_the_world_more_than_by_chance(seed: int) -> None:
    levels = overall(world(60, seed))
    chance = np.random.default_rng(1).permutation(list(levels.values()))
    assert balanced(levels) > balanced(dict(zip(levels, chance, strict=True))) + 0.1
    sides = draw_world(60, Random(seed)).sides
    assert balanced({(a, b): x for (a, b), x in levels.items() if sides[a] and sides[b]}) > 0.98


def balanced(levels: Mapping[tuple[str, str], float]) -> float:
    """Share of the triangles of ties in which the friend of a friend is a friend."""
    codes = sorted({code for pair in levels for code in pair})
    triangles = (((a, b), (b, c), (a, c)) for a, b, c in combinations(codes, 3))
    signs = [np.prod([levels[p] for p in t]) > 0 for t in triangles if set(t) <= levels.keys()]
    assert len(signs) > 50
    return float(np.mean(signs))


def test_great_powers_are_the_largest_stand_in_two_camps_and_far_apart() -> None:
    drawn = draw_world(200, Random(3))
    powers = drawn.great_powers
    assert len(powers) == 5
    assert powers == tuple(sorted(drawn.states, key=lambda state: -state.size)[:5])
    assert len({power.region for power in powers}) == 5
    assert {drawn.sides[power.code] for power in powers} == {-1, 1}
    for code, leader in drawn.leaders.items():
        assert leader in powers
        assert drawn.sides[code] == drawn.sides[leader.code]


def test_rivals_are_neighbours_at_odds() -> None:
    drawn = draw_world(60, Random(4))
    levels = overall(world(60, 4))
    assert len(drawn.rivals) == 10  # a pair for every six states
    for one, other in drawn.rivals:
        assert one.region == other.region
        assert not drawn.share_a_camp(one, other)
        assert levels[one.code, other.code] <= -0.45


def test_a_year_of_thirty_states_runs_in_bounds() -> None:
    year = world(30).with_changes({"time.end": "2026-01", "events.detente": None})
    recorded = simulate(year, runs=8).data["overall"].values
    assert recorded.shape == (8, 13, 30 * 29 // 2)
    assert np.isfinite(recorded).all()
    assert np.abs(recorded).max() < 1
    assert np.abs(recorded[:, -1] - recorded[:, 0]).max() > 0.01
