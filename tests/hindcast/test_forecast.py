"""The model itself, with what was fitted, says what its linear cousin says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from hindcast.made import made_panel
from relsim.hindcast.forecast import (
    Link,
    fitted_gain,
    link_of,
    monthly_speed,
    scenario_of,
    simulated,
    yearly_share,
)
from relsim.hindcast.state_space import Fitted, fit

PAST = made_panel(years=8, seed=51, states=7).until(2006)


@cache
def fitted() -> Fitted:
    return fit(PAST)


def test_yearly_means_of_the_monthly_process_have_the_fitted_persistence_and_spread() -> None:
    speed = monthly_speed(0.5)
    rng = np.random.default_rng(5)
    kept = np.exp(-speed)
    shocks = rng.standard_normal(12 * 40_000) * np.sqrt(1 - kept**2)
    level, levels = 0.0, np.empty_like(shocks)
    for month, shock in enumerate(shocks):
        level = kept * level + shock
        levels[month] = level
    yearly = levels.reshape(-1, 12).mean(axis=1)
    assert np.corrcoef(yearly[1:], yearly[:-1])[0, 1] == pytest.approx(0.5, abs=0.02)
    assert yearly.std() == pytest.approx(yearly_share(speed), rel=0.02)


def test_the_link_goes_both_ways() -> None:
    link = Link(1.0)
    units = link.units(np.array([-0.5, 1.0, 2.5]))
    assert link.pulls(units / np.sqrt(1 + units**2)) == pytest.approx([-0.5, 1.0, 2.5])
    level = fitted().dynamics.level + fitted().filtered.shared.mean
    assert link_of(fitted()).pulls(np.array([0.2])) == pytest.approx(level)


def test_an_ensemble_without_third_parties_agrees_with_the_linear_forecast() -> None:
    linear, ensemble = fitted().forecast((1, 3)), simulated(fitted(), (1, 3), runs=200)
    for horizon in (1, 3):
        gap = ensemble[horizon].mean() - linear[horizon].mean()
        assert np.abs(gap).mean() < 0.02
        widths = [np.subtract(*said[horizon].band(0.8)[::-1]) for said in (linear, ensemble)]
        assert widths[1].mean() == pytest.approx(widths[0].mean(), rel=0.15)


def test_the_scenario_has_all_pairs_and_is_at_rest_but_for_what_is_fitted() -> None:
    scenario = scenario_of(fitted(), 2, 0.3)
    assert {str(tie) for tie in scenario.ties} == set(PAST.dyads)
    assert scenario.parameters.third_party_gain == 0.3
    assert str(scenario.time.start) == "2006-07"
    assert str(scenario.time.end) == "2008-12"


def test_the_gain_is_one_of_those_tried() -> None:
    assert fitted_gain(PAST, (0.0, 0.3), runs=30) in (0.0, 0.3)
