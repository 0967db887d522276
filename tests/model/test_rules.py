"""Each rule against its equation in numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from relsim.model import rules


def lanes(*values: object) -> np.ndarray:
    """The same numbers in two runs side by side."""
    return np.stack([np.array(values, dtype=float)] * 2, axis=-1)


def one(value: float) -> np.ndarray:
    return np.array([value, value])


def test_cooperation_takes_two() -> None:
    assert rules.pair_cooperation(0.6, 0.2, 0.5) == pytest.approx(0.5 * 0.4 + 0.5 * 0.2)
    assert rules.pair_cooperation(0.6, 0.2, 0.0) == pytest.approx(0.4)
    assert rules.pair_cooperation(0.6, -0.2, 1.0) == -0.2


def test_overall_cooperation_is_the_weighted_mean() -> None:
    posture = lanes([[0, 0], [0.4, 0.1]], [[0.4, 0.3], [0, 0]])
    chance = lanes([[0, 0], [0.1, 0.9]], [[0.1, 0.9], [0, 0]])
    caused, overall = np.zeros((2, 2, 2, 2)), np.zeros((2, 2, 2))
    rules.fill_cooperation(posture, chance, lanes(3, 1), one(4.0), one(0.0), caused, overall)
    for run in range(2):
        assert caused[0, 1, :, run] == pytest.approx([0.4, 0.2])
        assert overall[0, 1, run] == overall[1, 0, run] == pytest.approx((3 * 0.5 + 0.999) / 4)
    assert (overall[0, 0] == 0).all()


def third_party_pull(interest: list[float], alignment: float, rivalry: float) -> np.ndarray:
    """The pull on state 0 of four, [j, domain], in the first of two runs; nobody matters in the
    second."""
    domain = [[0, -0.7, 0.1, 0], [-0.7, 0, 0.6, -0.4], [0.1, 0.6, 0, 0.2], [0, -0.4, 0.2, 0]]
    cooperation = np.stack([lanes(*domain), -0.5 * lanes(*domain)], axis=2)
    weights, room, out = lanes(*interest), np.zeros((8, 2)), np.full((4, 2, 2), 9.0)
    weights[:, 1] = 0.0
    rules.fill_third_party_pull(0, weights, one(alignment), one(rivalry), cooperation, room, out)
    assert (out[1:, :, 1] == 0).all()
    return out[..., 0]


def test_a_positive_tie_draws_to_the_relations_of_the_other_by_domain() -> None:
    out = third_party_pull([0, 0.8, 0, 0], 0.3, 9.0)
    assert out[2] == pytest.approx([0.3 * 0.8 * (0.6 - 0.1), -0.5 * 0.3 * 0.8 * (0.6 - 0.1)])
    assert out[3, 0] == pytest.approx(0.3 * 0.8 * (-0.4 - 0.0))
    assert out[1] == pytest.approx([0, 0])  # nobody is a third party to the own relation


def test_a_negative_tie_repels_from_whom_the_rival_befriends_by_domain() -> None:
    out = third_party_pull([0, -0.8, 0, 0], 9.0, 0.3)
    assert out[2] == pytest.approx([-0.3 * 0.8 * 0.6, 0.5 * 0.3 * 0.8 * 0.6])
    assert out[3, 0] == pytest.approx(-0.3 * 0.8 * -0.4)
    assert out[1] == pytest.approx([0, 0])


def test_third_parties_add_up() -> None:
    both = third_party_pull([0, 0.8, -0.5, 0.1], 0.3, 0.2)
    alone = [
        third_party_pull(weights, 0.3, 0.2)
        for weights in ([0, 0.8, 0, 0], [0, 0, -0.5, 0], [0, 0, 0, 0.1])
    ]
    np.testing.assert_allclose(both[1:], np.sum(alone, axis=0)[1:], rtol=0, atol=1e-15)


@pytest.mark.parametrize("salience", [0.2, 0.8])
def test_issues_draw_those_of_one_mind_by_their_share_of_attention(salience: float) -> None:
    stance = lanes([0.9, 0.0], [-0.3, 1.0], [0.5, -1.0])
    saliences = lanes([salience, 0.7], [0.1, 0.2], [0.0, 0.0])
    share = salience / max(1.0, salience + 0.7)
    out = np.zeros((3, 2))
    rules.fill_issue_pull(0, stance, saliences, one(0.5), np.zeros((2, 2)), out)
    assert out[1] == pytest.approx(0.5 * share * 0.9 * -0.3)
    assert out[2] == pytest.approx(0.5 * share * 0.9 * 0.5)


def test_target_is_bounded_and_capped_only_where_positive() -> None:
    assert rules.target_posture(1.0, 0.5) == pytest.approx(0.5 / math.sqrt(2))
    assert rules.target_posture(-1.0, 0.5) == pytest.approx(-1 / math.sqrt(2))
    assert rules.target_posture(1e6, 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("posture", [-0.99, -0.3, 0.0, 0.1, 0.39])
def test_the_pull_at_rest_leads_back_to_the_posture(posture: float) -> None:
    assert rules.target_posture(rules.pull_at_rest(posture, 0.4), 0.4) == pytest.approx(
        posture, abs=1e-15
    )


def test_chance_moves_by_an_exact_ornstein_uhlenbeck_step() -> None:
    kept, spread = rules.share_kept(0.1, 3.0), rules.step_spread(0.06, 0.1, 3.0)
    assert kept == pytest.approx(math.exp(-0.3))
    assert spread**2 == pytest.approx(0.06**2 * (1 - math.exp(-0.6)))
    assert rules.moved_posture(0.2, 0.5, kept) == pytest.approx(0.5 - 0.3 * math.exp(-0.3))
    assert rules.moved_chance(0.2, 0.5, kept, spread, -1.0) == pytest.approx(
        0.5 - 0.3 * math.exp(-0.3) - spread
    )


def test_where_chance_leads_is_odd_in_its_pull() -> None:
    for pull in (-2.0, -0.1, 0.0, 0.4):
        up, down = (rules.chance_target(pull, b) for b in (0.3, -0.3))
        assert up == -down > 0
        above, below = (rules.target_posture(pull + b, 1.0) for b in (0.3, -0.3))
        assert up == pytest.approx((above - below) / 2)
    assert rules.chance_target(0.4, 0.0) == 0


def test_shocks_have_the_correlation_asked_for_between_domains() -> None:
    all_domains, one_domain = rules.factor_shares(0.3)
    assert all_domains**2 == pytest.approx(0.3)
    assert all_domains**2 + one_domain**2 == pytest.approx(1)
    assert rules.factor_shares(0.0) == (0.0, 1.0)


def test_rates_are_per_year_and_half_lives_in_months() -> None:
    assert rules.decay_factor(9.0, 9.0) == 0.5
    assert rules.decay_factor(9.0, 1.0) ** 18 == pytest.approx(0.25)
    assert rules.firing_probability(0.15, 12.0) == pytest.approx(1 - math.exp(-0.15))
    assert rules.drift_step(0.04, 3.0, 2.0) == pytest.approx(0.04)
    assert rules.weight_in_force(0.5, 0.3) == pytest.approx(0.35)
    assert rules.weight_in_force(-0.5, 0.3) == pytest.approx(-0.35)
    assert rules.weight_in_force(0.5, 1.4) == 0
    assert rules.weight_in_force(-0.5, 1.4) == 0
