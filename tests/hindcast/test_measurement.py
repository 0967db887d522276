"""The measurement model against integrals over the pull, by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from relsim.hindcast.measurement import PULLS, absorb, cell_weights, predictive

FINE = np.linspace(-6, 8, 20_001)


@pytest.mark.parametrize(("value", "events"), [(0.8, 40), (1.0, 20), (-0.2, 300), (0.97, 2000)])
def test_a_value_changes_a_belief_as_bayes_says(value: float, events: int) -> None:
    mean, spread = 1.2, 0.4
    successes = round(events * (1 + value) / 2)
    value = 2 * successes / events - 1
    joint = norm.pdf(FINE, mean, spread) * binom.pmf(successes, events, 1 / (1 + np.exp(-2 * FINE)))
    total = np.trapezoid(joint, FINE)
    expected = np.trapezoid(joint * FINE, FINE) / total
    deviation = np.sqrt(np.trapezoid(joint * (FINE - expected) ** 2, FINE) / total)
    before = np.array([mean]), np.array([spread**2])
    found = absorb(*before, np.array([value]), np.array([float(events)]), 1.0)
    assert found[0] == pytest.approx(expected, abs=0.05)
    assert np.sqrt(found[1]) == pytest.approx(deviation, rel=0.06)
    assert found[2] == pytest.approx(np.log(total), abs=0.05)


def test_a_value_on_clustered_events_tells_as_much_as_on_fewer_independent_ones() -> None:
    belief = np.array([1.0]), np.array([0.2]), np.array([0.6])
    clustered = absorb(*belief, np.array([120.0]), 4.0)
    fewer = absorb(*belief, np.array([30.0]), 1.0)
    assert clustered[0] == pytest.approx(fewer[0], abs=1e-12)
    assert clustered[1] == pytest.approx(fewer[1], abs=1e-12)


def test_cells_hold_all_of_a_normal_and_its_moments() -> None:
    weights = cell_weights(np.array([1.3]), np.array([0.25]))
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ PULLS == pytest.approx(1.3, abs=1e-3)
    assert weights @ (PULLS - 1.3) ** 2 == pytest.approx(0.25, abs=2e-3)


@pytest.mark.parametrize("events", [15, 60, 800])
def test_a_foretold_value_is_spread_as_binomial_counts_are(events: int) -> None:
    rng = np.random.default_rng(events)
    pulls = rng.normal(1.4, 0.4, 40_000)
    drawn = 2 * rng.binomial(events, 1 / (1 + np.exp(-2 * pulls))) / events - 1
    weights = cell_weights(np.array([1.4]), np.array([0.16]))
    said = predictive([weights], np.array([[float(events)]]), np.ones(1), 1.0)
    assert said.mean() == pytest.approx(drawn.mean(), abs=0.01)
    for share in (0.05, 0.25, 0.5, 0.75):
        assert said.quantiles(share) == pytest.approx(
            np.quantile(drawn, share), abs=1.2 / events + 0.01
        )
    at_one = 1 - said.pit(np.ones(1))[0]
    assert at_one == pytest.approx((drawn == 1).mean(), abs=0.05)


@pytest.mark.parametrize("events", [2.0, 15.0, 800.0])
def test_rivals_are_foretold_as_friends_are_with_the_signs_turned(events: float) -> None:
    friends, rivals = (
        predictive(
            [cell_weights(np.array([pull]), np.array([0.3]))],
            np.array([[events]]),
            np.ones(1),
            1.0,
        )
        for pull in (1.6, -1.6)
    )
    for value in (1.0, 0.6, -0.3):
        there, here = friends.crps(np.array([value])), rivals.crps(np.array([-value]))
        assert here == pytest.approx(there, abs=2e-3)
    below, upto = rivals.pit(-np.ones(1))
    assert upto - below == pytest.approx(1 - friends.pit(np.ones(1))[0], abs=5e-3)
    for level in (0.5, 0.8, 0.95):
        lower, upper = friends.band(level)
        assert rivals.band(level)[0] == pytest.approx(-upper, abs=0.011)
        assert rivals.band(level)[1] == pytest.approx(-lower, abs=0.011)
