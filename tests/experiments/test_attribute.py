"""Attribution: games with known Shapley values, the axioms, and how often intervals cover."""

from __future__ import annotations

import math
from itertools import permutations as orders_of
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relsim.errors import RelsimError
from relsim.experiments.attribute import Attribution, attribute, attribution_points
from relsim.experiments.coalitions import every_subset, joining_orders
from relsim.stats import Values


def exactly(expected: Any) -> Any:
    """Within 1e-9, of whatever size."""
    return pytest.approx(expected, abs=1e-9, rel=0)


def names(players: int) -> tuple[str, ...]:
    return tuple(f"p{number}" for number in range(players))


def solved(outcomes: Values) -> Attribution:
    """The attribution of a game given by all its coalitions, [2^n] or [2^n, R]."""
    table = np.asarray(outcomes, dtype=float).reshape(len(outcomes), -1)
    players = int(math.log2(len(table)))
    return attribute(names(players), every_subset(players), {"it": table}, 0, 0)


def shapley(outcomes: Values) -> Values:
    return solved(outcomes).measures[0].shapley.value


def airport(points: Values, costs: Values) -> Values:
    """A runway must do for the largest aircraft present."""
    return np.max(points * costs, axis=1)


def airport_values(costs: Values) -> Values:
    """Littlechild and Owen (1973): each step of the runway is shared by all who need it."""
    order = np.argsort(costs)
    steps = np.diff(np.concatenate([[0.0], costs[order]]))
    users = np.arange(len(costs), 0, -1)
    values = np.empty(len(costs))
    values[order] = np.cumsum(steps / users)
    return values


# Known games


def test_the_glove_game_gives_the_only_left_glove_two_thirds() -> None:
    points = every_subset(3)  # one left glove, two right ones; a pair is worth 1
    pairs = np.minimum(points[:, 0], np.maximum(points[:, 1], points[:, 2]))
    assert shapley(pairs) == exactly([2 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("players", [1, 2, 5, 10])
def test_the_airport_game_shares_each_step_of_the_runway(players: int) -> None:
    costs = np.random.default_rng(players).uniform(1, 9, players)
    outcomes = airport(every_subset(players), costs)
    assert shapley(outcomes) == exactly(airport_values(costs))


def test_a_product_is_shared_equally_among_its_factors() -> None:
    points, own = every_subset(6), np.array([0.3, -0.2, 0.1, 0.0, 0.5, -0.7])
    outcomes, first = points @ own + 0.9 * points[:, :3].prod(axis=1), np.arange(6) < 3
    found = solved(outcomes).measures[0]
    assert found.shapley.value == exactly(own + 0.3 * first)
    assert found.leave_one_out.value == exactly(own + 0.9 * first)
    together = dict(zip(found.pairs, found.interactions.value, strict=True))
    # The index of a product of three: one of the pair brings it where the third is there.
    assert together[0, 1] == exactly(0.45)
    assert together[0, 3] == exactly(0)


def test_shapley_values_are_the_mean_over_all_orders_of_joining() -> None:
    outcomes = np.random.default_rng(5).normal(size=16)
    worth = {tuple(row): v for row, v in zip(every_subset(4), outcomes, strict=True)}
    brought = np.zeros(4)
    for order in orders_of(range(4)):
        present = np.zeros(4)
        for player in order:
            before = worth[tuple(present)]
            present[player] = 1
            brought[player] += (worth[tuple(present)] - before) / math.factorial(4)
    assert shapley(outcomes) == exactly(brought)


def test_points_may_come_in_any_order() -> None:
    costs = np.array([1.0, 4.0, 2.0, 7.0])
    points = np.random.default_rng(0).permutation(every_subset(4))
    found = attribute(names(4), points, {"it": airport(points, costs)[:, None]}, 0, 0)
    assert found.measures[0].shapley.value == exactly(airport_values(costs))


# Axioms


@st.composite
def games(draw: st.DrawFn) -> Values:
    """Outcomes of all coalitions of up to 6 players in up to 4 runs."""
    players, runs = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    seed = draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).normal(scale=3, size=(2**players, runs))


@given(games())
@settings(max_examples=60, deadline=None)
def test_shares_add_up_to_the_whole(game: Values) -> None:
    found = solved(game).measures[0]
    assert found.shapley.value.sum() == exactly(found.whole.value[0])
    assert found.whole.value[0] == exactly((game[-1] - game[0]).mean())


@given(games())
@settings(max_examples=60, deadline=None)
def test_players_that_can_be_swapped_have_the_same_share(game: Values) -> None:
    players = int(math.log2(len(game)))
    if players < 2:
        return
    cube = game.reshape(*[2] * players, -1)
    same = (cube + cube.swapaxes(0, 1)).reshape(game.shape)
    first, second = shapley(same)[:2]
    assert first == exactly(second)


@given(games())
@settings(max_examples=60, deadline=None)
def test_who_changes_nothing_has_exactly_nothing(game: Values) -> None:
    with_idle = np.repeat(game, 2, axis=0)  # the last player makes no difference
    found = solved(with_idle).measures[0]
    assert found.shapley.value[-1] == 0
    assert found.shapley.value[:-1] == exactly(shapley(game))
    assert "brings nothing" in " ".join(solved(with_idle).sentences())


# Sampled


@pytest.mark.parametrize("players", [11, 15])
def test_sampled_shares_add_up_to_the_whole(players: int) -> None:
    points = attribution_points(players, 50, 1)
    outcomes = np.random.default_rng(1).normal(size=(len(points), 5))
    found = attribute(names(players), points, {"it": outcomes}, 50, 1).measures[0]
    assert found.shapley.value.sum() == exactly(found.whole.value[0])
    lost = outcomes[1] - outcomes[2]
    assert found.leave_one_out.value[0] == exactly(lost.mean())


def test_antithetic_orders_are_exact_where_players_interact_in_pairs() -> None:
    rng, players = np.random.default_rng(2), 12
    own, joint = rng.normal(size=players), np.triu(rng.normal(size=(players, players)), 1)
    points = attribution_points(players, 50, 3)
    outcomes = points @ own + np.einsum("pi,ij,pj->p", points, joint, points)
    noisy = outcomes[:, None] * np.ones(3)
    found = attribute(names(players), points, {"it": noisy}, 50, 3).measures[0]
    expected = own + (joint.sum(axis=0) + joint.sum(axis=1)) / 2
    assert found.shapley.value == exactly(expected)
    assert found.order_error == exactly(np.zeros(players))


def test_intervals_of_sampled_shares_cover_runs_and_orders() -> None:
    players, runs, count, costs = 11, 8, 50, np.arange(1.0, 12.0)
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(100 + seed)
        points = attribution_points(players, count, seed)
        own = rng.normal(scale=0.4, size=(players, runs))  # what a player brings in one run
        outcomes = airport(points, costs)[:, None] + points @ own
        found = attribute(names(players), points, {"it": outcomes}, count, seed).measures[0]
        truth = airport_values(costs)
        covered.append((found.shapley.low <= truth) & (truth <= found.shapley.high))
    # Players share orders and runs, so the 660 are not independent: as if 3 of 11 were.
    assert abs(np.mean(covered) - 0.95) < 4 * math.sqrt(0.05 * 0.95 / 180)


def test_neither_runs_nor_orders_alone_make_the_interval() -> None:
    points, costs = attribution_points(11, 50, 0), np.arange(1.0, 12.0)
    one_game = airport(points, costs)[:, None] * np.ones(20)
    found = attribute(names(11), points, {"it": one_game}, 50, 0).measures[0]
    assert not found.run_error.any()
    assert found.order_error[-1] > 0
    assert found.shapley.high[-1] > found.shapley.low[-1]
    own = np.random.default_rng(0).normal(size=(11, 20))
    found = attribute(names(11), points, {"it": points @ own}, 50, 0).measures[0]
    assert found.order_error == exactly(np.zeros(11))
    assert found.run_error == exactly(own.std(axis=1, ddof=1) / math.sqrt(20))


# Points


def test_points_are_all_coalitions_as_long_as_these_are_few() -> None:
    assert attribution_points(10, 0, 0).shape == (1024, 10)
    points = attribution_points(11, 50, 0)
    assert len(np.unique(points, axis=0)) == len(points) <= 50 * 10 + 2 + 11
    assert points[0].sum() == 0
    assert points[1].sum() == 11
    assert points[2:13] == pytest.approx(1 - np.eye(11))


def test_more_permutations_add_points_at_the_end() -> None:
    few, more = attribution_points(12, 50, 7), attribution_points(12, 70, 7)
    assert np.array_equal(more[: len(few)], few)
    assert np.array_equal(joining_orders(12, 30, 7)[:5], joining_orders(12, 10, 7))
    assert not np.array_equal(attribution_points(12, 50, 8), few)


def test_what_cannot_be_attributed_is_refused() -> None:
    with pytest.raises(RelsimError, match="at least 50 permutations"):
        attribution_points(11, 49, 0)


# Findings


def noisy(runs: int, spread: float) -> Attribution:
    """Two that help and do part of the same work, one that harms, one idle."""
    points, rng = every_subset(4), np.random.default_rng(0)
    mean = points @ [0.2, 0.1, -0.05, 0] - 0.08 * points[:, 0] * points[:, 1]
    own = rng.normal(scale=spread, size=(3, runs))
    outcomes = 0.1 + mean[:, None] + points[:, :3] @ own
    players = ("Free trade", "Visits", "Embargo", "Nothing")
    return attribute(players, points, {"PAK-RUS": outcomes}, 0, 0)


def test_sentences_say_the_whole_then_who_brings_how_much() -> None:
    said = noisy(200, 0.01).sentences()
    assert said[0].startswith(
        "PAK-RUS (200 paired runs): all 4 together take it from +0.100 to +0.2"
    )
    assert said[1].startswith("“Free trade” brings +0.16")
    assert "of the whole" in said[1]
    assert said[3].startswith("“Embargo” brings −0.05")
    assert "of the whole" not in said[3]
    assert said[4] == "“Nothing” brings nothing."
    assert "Together “Free trade” and “Visits” bring −0.08" in said[6]


def test_what_is_small_beside_the_largest_is_told_together() -> None:
    outcomes = (every_subset(4) @ [1.0, 0.001, -0.002, 0.5])[:, None] * np.ones(40)
    said = solved(outcomes).sentences()
    assert [text.split(" brings")[0] for text in said[1:3]] == ["“p0”", "“p3”"]
    assert said[3] == "“p2” and “p1” together bring 0.00."


def test_tables_have_a_row_for_each_player_and_pair() -> None:
    tables = noisy(50, 0.01).tables()
    assert list(tables) == ["attribution", "whole", "interactions"]
    shares = tables["attribution"]
    assert list(shares["player"]) == ["Free trade", "Visits", "Embargo", "Nothing"]
    assert shares["of the whole (%)"].sum() == pytest.approx(100)
    assert len(tables["interactions"]) == 6
    assert tables["whole"]["runs"].tolist() == [50]


def test_wide_intervals_are_warned_of_with_the_runs_that_would_do() -> None:
    assert noisy(200, 0.01).warnings() == []
    (said,) = noisy(50, 0.2).warnings()
    assert "wider than" in said
    needed = int(said.split("About ")[1].split(" ")[0].replace(",", ""))
    assert not any("wider" in text for text in noisy(needed * 2, 0.2).warnings())
    assert any("few for an interval" in text for text in noisy(5, 0.01).warnings())


def test_runs_without_an_outcome_are_left_out_everywhere_and_said() -> None:
    outcomes = np.random.default_rng(3).normal(size=(8, 40))
    kept = outcomes[:, 5:]
    outcomes[2, :5] = np.nan
    found = solved(outcomes)
    assert found.measures[0].shapley.value == exactly(shapley(kept))
    assert "5 of 40 runs have no outcome" in found.warnings()[0]
    nothing = solved(np.full((8, 3), np.nan))
    assert "nothing can be said" in nothing.sentences()[0]
    assert np.isnan(nothing.tables()["attribution"]["Shapley value"]).all()
