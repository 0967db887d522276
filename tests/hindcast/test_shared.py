"""What all pairs share, against the joint normal distribution written out."""

from __future__ import annotations

import numpy as np
import pytest

from relsim.hindcast.state_space import Shared, learn


def test_learning_from_all_pairs_is_that_of_the_joint_normal() -> None:
    pulls, spreads = np.array([0.3, -0.1, 0.5]), np.array([0.2, 0.1, 0.4])
    shared, passing = Shared(0.05, 0.03), 0.1
    found = learn(shared, passing, pulls / spreads, 1 / spreads)
    ones = np.ones((3, 1))
    joint = np.diag(spreads) + (shared.variance + passing**2) * ones @ ones.T
    gain = shared.variance * ones.T @ np.linalg.inv(joint)
    assert found.shared.mean == pytest.approx(0.05 + (gain @ pulls)[0])
    assert found.shared.variance == pytest.approx(0.03 - (gain @ ones)[0, 0] * 0.03)
    own = -np.sum((pulls - (found.offset - 0.05)) ** 2 / spreads + np.log(spreads)) / 2
    whole = -(pulls @ np.linalg.solve(joint, pulls) + np.linalg.slogdet(joint)[1]) / 2
    assert own + found.log_density == pytest.approx(whole)


def test_a_year_without_values_tells_nothing() -> None:
    found = learn(Shared(0.05, 0.03), 0.1, np.zeros(3), np.zeros(3))
    assert found.shared.mean == 0.05
    assert found.shared.variance == pytest.approx(0.03)
    assert found.log_density == pytest.approx(0)
