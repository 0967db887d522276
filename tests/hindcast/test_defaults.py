"""What is kept of a fit: numbers with ranges, in the model's units, with their provenance."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
import pytest

from hindcast.made import TRUTH, made_panel
from relsim.ensemble.simulate import simulate
from relsim.hindcast.findings import MODEL_NUMBERS, Hindcast, defaults_of, hindcast
from relsim.hindcast.fitting import covariance_of, draws_of, fit
from relsim.hindcast.forecast import domain_volatility, scenario_of
from relsim.hindcast.state_space import NUMBERS
from relsim.scenario.load import check_text


@cache
def found() -> Hindcast:
    return hindcast(made_panel(years=9, seed=71, states=8), (2005,), (1, 3), simulate=False)


@cache
def kept() -> dict[str, Any]:
    return defaults_of(found(), "made.csv")


def test_ranges_hold_the_number_and_lie_apart() -> None:
    assert list(kept()["ranges"]) == list(kept()["fitted"]) == list(asdict(TRUTH))
    for name, (low, high) in kept()["ranges"].items():
        assert low < kept()["fitted"][name] < high
    for number in kept()["model"].values():
        assert number["low"] < number["value"] < number["high"]


@pytest.mark.slow
def test_ranges_hold_the_numbers_that_made_the_series() -> None:
    held = []
    own = set(NUMBERS) - {"level", "level_spread"}  # the effects of states are a part of these two
    for seed in (72, 73, 74):
        drawn = draws_of(fit(made_panel(years=10, seed=seed, states=9)), draws=400)
        for name in own:
            low, high = np.quantile([getattr(one, name) for one in drawn], (0.025, 0.975))
            held.append(low <= getattr(TRUTH, name) <= high)
    assert np.mean(held) >= 0.8  # of 24


@pytest.mark.slow
def test_more_years_make_numbers_surer_and_none_is_less_sure_than_its_prior() -> None:
    panel = made_panel(years=14, seed=75, states=8)
    short, long = (np.sqrt(np.diag(covariance_of(fit(panel.until(year))))) for year in (2003, 2013))
    place = list(NUMBERS).index("drift")
    assert long[place] < short[place]
    assert (long < 1.05 * np.array([width for _, width in NUMBERS.values()])).all()


def test_the_model_s_numbers_are_those_of_the_fitted_scenario() -> None:
    scenario = scenario_of(found().fitted, 1)
    speeds = {state.traits.adaptability for state in scenario.states.values()}
    assert set(kept()["model"]) == set(MODEL_NUMBERS)
    assert list(speeds) == [pytest.approx(kept()["model"]["adaptability"]["value"], 1e-4)]
    assert kept()["model"]["drift"]["value"] == pytest.approx(scenario.parameters.drift, 1e-4)


def test_the_provenance_says_what_was_scored_and_all_of_it_is_json() -> None:
    assert json.loads(json.dumps(kept())) == kept()
    about = kept()["provenance"]
    assert (about["file"], about["pairs"], about["years"]) == ("made.csv", 28, [2000, 2008])
    assert [row["horizon"] for row in about["scores"]] == [1, 3]
    row, table = about["scores"][0], found().skill
    own = table[(table["forecaster"] == row["forecaster"]) & (table["horizon"] == 1)].iloc[0]
    assert row["forecaster"] == "state space"
    assert row["cover80"] == pytest.approx(own["cover80"], abs=1e-6)
    assert row["ratio"] == pytest.approx(own["ratio"], abs=1e-6)


def test_domains_of_that_volatility_make_cooperation_fluctuate_as_measured() -> None:
    scenario = check_text(
        """
        relsim: 1
        name: One pair
        time: {start: 2000-01, end: 2010-01}
        states: {A: {}, B: {}}
        ties: {A-B: 0.2}
        parameters: {drift: 0, volatility: VOLATILITY}
        """.replace("VOLATILITY", str(domain_volatility(0.07))),
        "pair",
    ).require()
    levels = simulate(scenario, runs=4000, record="overall").data["overall"]
    found = float(levels.isel(time=-1).std())
    assert found == pytest.approx(0.07, rel=0.03)
