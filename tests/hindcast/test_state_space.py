"""The state space on series it made itself, and against a filter written out for one pair."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from hindcast.made import TRUTH, made_panel
from relsim.hindcast.fitting import Fitted, fit, fits_once
from relsim.hindcast.panel import Panel
from relsim.hindcast.pooling import no_levels
from relsim.hindcast.state_space import Dynamics, Shared, filtered, learn

PANEL = made_panel(years=16, seed=11)


@cache
def fitted() -> Fitted:
    return fit(PANEL)


def test_the_numbers_that_made_a_series_are_found() -> None:
    found = fitted().dynamics
    assert found.level == pytest.approx(TRUTH.level, abs=0.3)
    assert found.level_spread == pytest.approx(TRUTH.level_spread, rel=0.35)
    assert found.drift == pytest.approx(TRUTH.drift, rel=0.25)
    assert found.clustering == pytest.approx(TRUTH.clustering, rel=0.25)
    assert found.unevenness == pytest.approx(TRUTH.unevenness, abs=0.2)
    yearly = np.hypot(TRUTH.volatility, TRUTH.passing)  # told apart only by long series
    assert np.hypot(found.volatility, found.passing) == pytest.approx(yearly, rel=0.15)
    assert fitted().levels.of_states == pytest.approx(0.3, rel=0.5)


@pytest.mark.slow
def test_bands_cover_what_the_model_itself_makes() -> None:
    covered: dict[int, list[float]] = {1: [], 5: []}
    for seed in range(21, 27):  # what is shared moves all pairs of a seed together
        panel = made_panel(years=14, seed=seed, states=11)
        for years, said in fit(panel.until(2008)).forecast((1, 5)).items():
            covered[years].append(said.covered(panel.values[:, 8 + years], 0.8).mean())
    for shares in covered.values():
        assert np.mean(shares) == pytest.approx(0.8, abs=0.06)


def still(**numbers: float) -> Dynamics:
    """Without a shared part, as one pair cannot tell it from its own."""
    alone = replace(TRUTH, unevenness=1e-6, clustering=1.0, shared_drift=1e-6, shared_passing=1e-6)
    return replace(alone, **numbers)


def test_with_many_events_the_filter_is_the_textbook_one() -> None:
    dynamics = still(persistence=0.6)
    pulls = np.array([1.0, 1.3, np.nan, 0.6, 0.9])
    panel = Panel(("A-B",), tuple(range(5)), np.tanh(pulls)[np.newaxis], np.full((1, 5), 1e9))
    found = filtered(panel, dynamics, no_levels(1))
    mean, covariance = np.array([dynamics.level, 0.0]), np.diag([0.4**2, 0.2**2])
    step, fresh = np.diag([1.0, 0.6]), np.diag([0.12**2, 0.2**2 * (1 - 0.36)])
    for year, pull in enumerate(pulls):
        if year:
            mean, covariance = step @ mean, step @ covariance @ step + fresh
        if not np.isnan(pull):
            gain = covariance.sum(axis=1) / (covariance.sum() + 0.12**2)
            mean = mean + gain * (pull - mean.sum())
            covariance = covariance - np.outer(gain, covariance.sum(axis=0))
    assert found.belief.level[0] == pytest.approx(mean[0], abs=1e-3)
    assert found.belief.fluctuation[0] == pytest.approx(mean[1], abs=1e-3)
    assert found.belief.covariance[0] == pytest.approx(covariance[0, 1], abs=1e-4)


def test_uncertainty_grows_with_the_horizon_and_shrinks_with_what_is_known() -> None:
    _, near = fitted().pulls(1)
    _, far = fitted().pulls(10)
    assert (far > near).all()
    hidden = np.arange(len(PANEL.dyads)) < 3
    blind = PANEL.hiding(hidden)
    again = filtered(blind, fitted().dynamics, fitted().levels)
    unseen = replace(fitted(), past=blind, filtered=again)
    assert (unseen.pulls(1)[1][hidden] > near[hidden]).all()


def test_a_pair_never_seen_is_foretold_by_its_states() -> None:
    panel = made_panel(years=8, seed=12, of_states=0.8)
    hidden = np.arange(len(panel.dyads)) % 5 == 0
    found = fit(panel.hiding(hidden))
    truth = np.arctanh(np.clip(panel.values, -0.99, 0.99)).mean(axis=1)[hidden]
    assert np.corrcoef(found.pulls(1)[0][hidden].mean(axis=1), truth)[0, 1] > 0.7
    within = found.forecast((1,))[1].of(hidden).covered(panel.values[hidden, -1], 0.8).mean()
    assert within == pytest.approx(0.8, abs=0.2)  # of 19 pairs


def test_a_pair_s_own_series_is_not_in_what_the_others_say_of_it() -> None:
    changed = PANEL.values.copy()
    changed[0] = -0.9
    found = fit(replace(PANEL, values=changed))
    assert found.levels.mean[0] == pytest.approx(fitted().levels.mean[0], abs=0.1)


@pytest.mark.slow
def test_what_all_pairs_share_is_told_from_what_is_their_own() -> None:
    rng = np.random.default_rng(13)
    panel = made_panel(years=12, seed=13, states=11)
    steps = np.append(0.0, np.cumsum(0.15 * rng.standard_normal(11)))
    pulls = np.arctanh(np.clip(panel.values, -0.99, 0.99)) + steps
    moved, unmoved = fit(replace(panel, values=np.tanh(pulls))), fit(panel)
    assert moved.dynamics.shared_drift > 1.5 * unmoved.dynamics.shared_drift
    gained = moved.filtered.shared.mean - unmoved.filtered.shared.mean
    assert 0.6 < gained / steps[-1] < 1.2  # the rest is taken for drifts of pairs
    assert moved.dynamics.drift == pytest.approx(unmoved.dynamics.drift, rel=0.25)


def test_a_past_is_fitted_once_and_to_the_same_bits() -> None:
    fit_once, past = fits_once(), PANEL.until(2002)
    first = fit_once(past)
    assert fit_once(PANEL.until(2002)) is first
    assert first.dynamics == fit(past).dynamics
    assert fit_once(past.hiding(np.arange(len(past.dyads)) < 3)) is not first
    assert fit_once(PANEL.until(2003)) is not first


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
