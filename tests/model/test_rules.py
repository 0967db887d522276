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
    cooperation, overall = np.zeros((2, 2, 2, 2)), np.zeros((2, 2, 2))
    rules.fill_cooperation(posture, lanes(3, 1), one(4.0), one(0.0), cooperation, overall)
    for run in range(2):
        assert overall[0, 1, run] == overall[1, 0, run] == pytest.approx((3 * 0.4 + 0.2) / 4)
    assert (overall[0, 0] == 0).all()


def test_the_friend_of_a_rival_repels_and_the_rival_of_a_rival_draws() -> None:
    overall = lanes([0, -0.7, 0.1, 0], [-0.7, 0, 0.6, -0.4], [0.1, 0.6, 0, 0], [0, -0.4, 0, 0])
    interest, lever, out = lanes(0, 0.8, 0, 0), np.zeros(2), np.zeros((4, 2))
    interest[1, 1] = 0.0  # nobody matters in the second run
    rules.fill_third_party_pull(interest, overall[0], overall, one(0.3), lever, out)
    assert out[2, 0] == pytest.approx(0.3 * 0.8 * -0.7 * 0.6)
    assert out[3, 0] == pytest.approx(0.3 * 0.8 * -0.7 * -0.4)
    assert (out[:, 1] == 0).all()


def test_issues_draw_those_of_one_mind() -> None:
    stance = lanes([0.9, 0.0], [-0.3, 1.0], [0.5, -1.0])
    salience = lanes([0.4, 1.0], [0.1, 0.2], [0.0, 0.0])
    out = np.zeros((3, 2))
    rules.fill_issue_pull(0, stance, salience, one(0.5), np.zeros(2), out)
    assert out[1] == pytest.approx(0.5 * 0.4 * 0.9 * -0.3)
    assert out[2] == pytest.approx(0.5 * 0.4 * 0.9 * 0.5)


def test_target_is_bounded_and_capped_only_where_positive() -> None:
    assert rules.target_posture(1.0, 0.5) == pytest.approx(0.5 / math.sqrt(2))
    assert rules.target_posture(-1.0, 0.5) == pytest.approx(-1 / math.sqrt(2))
    assert rules.target_posture(1e6, 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("posture", [-0.99, -0.3, 0.0, 0.1, 0.39])
def test_the_pull_at_rest_leads_back_to_the_posture(posture: float) -> None:
    assert rules.target_posture(rules.pull_at_rest(posture, 0.4), 0.4) == pytest.approx(
        posture, abs=1e-15
    )


def test_a_posture_moves_by_an_exact_ornstein_uhlenbeck_step() -> None:
    kept, spread = rules.share_kept(0.1, 3.0), rules.step_spread(0.06, 0.1, 3.0)
    assert kept == pytest.approx(math.exp(-0.3))
    assert spread**2 == pytest.approx(0.06**2 * (1 - math.exp(-0.6)))
    assert rules.moved_posture(0.2, 0.5, kept, spread, -1.0) == pytest.approx(
        0.5 - 0.3 * math.exp(-0.3) - spread
    )
    assert rules.moved_posture(0.9, 0.9, 0.5, 1.0, 99.0) == rules.POSTURE_LIMIT


def test_shocks_of_a_pair_have_the_correlation_asked_for() -> None:
    rng = np.random.default_rng(1)
    shared, own = rules.shock_shares(0.5)
    draws = [
        [rules.side_shock(shared * a, own * b, side) for side in (1.0, -1.0)]
        for a, b in rng.standard_normal((20_000, 2))
    ]
    moments = np.cov(np.array(draws).T)
    np.testing.assert_allclose(moments, [[1, 0.5], [0.5, 1]], atol=0.05)
    assert rules.shock_shares(1.0) == (1.0, 0.0)


def test_what_both_sides_share_has_the_correlation_asked_for_between_domains() -> None:
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
    assert rules.weight_in_force(0.5, 1.4) == 0
