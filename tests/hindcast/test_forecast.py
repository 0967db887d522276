"""The model itself, with what was fitted, says what its linear cousin says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from hindcast.made import made_panel
from relsim.ensemble.simulate import simulate
from relsim.hindcast.fitting import Fitted, fit
from relsim.hindcast.forecast import (
    SLOPE,
    Link,
    fitted_gain,
    held_back,
    interests_of,
    link_of,
    monthly_speed,
    scenario_of,
    simulated,
    yearly_share,
)

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
    scenario = scenario_of(fitted(), 2, 0.35)
    assert {str(tie) for tie in scenario.ties} == set(PAST.dyads)
    assert scenario.parameters.alignment_gain == 0.35
    assert str(scenario.time.start) == "2006-07"
    assert str(scenario.time.end) == "2008-12"


def test_the_gain_is_one_of_those_tried() -> None:
    assert fitted_gain(PAST, (0.0, 0.35), runs=30) in (0.0, 0.35)


def test_interests_are_shares_of_a_state_s_news() -> None:
    interests = interests_of(("A-B", "A-C", "B-C"), np.array([66.0, 34.0, 10.0]))
    assert interests["A"] == pytest.approx({"B": 1.0, "C": 0.34 / 0.44})
    assert interests["B"] == pytest.approx({"A": 1.0, "C": (10 / 76) / 0.44})
    assert interests["C"] == pytest.approx({"A": 1.0, "B": (10 / 44) / 0.44})


def test_alignment_leaves_a_pair_s_own_persistence_and_spread_as_fitted() -> None:
    spreads = []
    for gain in (0.0, 0.35):
        data = simulate(scenario_of(fitted(), 3, gain), runs=400, seed=2, record="overall").data
        spreads.append(data["overall"].isel(time=[6, 18, -1]).std("run").mean("pair").to_numpy())
    assert spreads[1] == pytest.approx(spreads[0], rel=0.06)  # not made up for: 0.89


def test_alignment_moves_pairs_towards_what_becomes_of_their_third_parties() -> None:
    interests = interests_of(PAST.dyads, fitted().counts.expected)
    quiet = {f"states.{state}.traits.volatility": 0.0 for state in interests}
    quiet["parameters.drift"] = 0.0
    means = []
    for gain in (0.0, 0.35):
        scenario = scenario_of(fitted(), 3, gain).with_changes(quiet)
        data = simulate(scenario, runs=20, seed=2, record="overall").data["overall"]
        means.append((data.isel(time=-1) - data.isel(time=0)).mean("run").to_series())
    names, alone = list(interests), means[0]

    def moved(first: str, second: str) -> float:
        return float(alone["-".join(sorted((first, second)))])

    pulled = []
    for dyad in PAST.dyads:
        i, j = dyad.split("-")
        others = [k for k in names if k not in (i, j)]
        sides = [sum(interests[a][k] * moved(k, b) for k in others) for a, b in ((i, j), (j, i))]
        pulled.append(sum(sides) / 2)
    further = (means[1] - alone).loc[list(PAST.dyads)].to_numpy()
    assert np.corrcoef(pulled, further)[0, 1] > 0.8
    answered = 0.35 * SLOPE / held_back(PAST.dyads, interests, 0.35).mean()
    assert np.polyfit(pulled, further, 1)[0] == pytest.approx(answered, rel=0.25)
