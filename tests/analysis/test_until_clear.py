"""Doubling runs until all is settled: when it stops, and what it says of what is left."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import relsim
from relsim.analysis.claims import judge
from relsim.analysis.until_clear import (
    ClaimSoFar,
    DifferenceSoFar,
    Looking,
    compare_until_clear,
    look_until_clear,
)
from relsim.ensemble.simulate import simulate
from relsim.errors import ResultsError
from relsim.scenario.schema import Scenario
from relsim.stats import share_sequence
from scenarios_to_test import scenario_of

STATES: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2020-07"},
    "states": {"A": {}, "B": {}, "C": {}, "D": {}},
    "watch": ["A-B", "C-D"],
}
ACT = {"at": "2020-02", "effects": [{"pulse": "A-B", "size": 0.3, "half_life": "12 months"}]}


def claiming(**claims: tuple[dict[str, Any], float]) -> Scenario:
    content = {
        name: {"says": "So.", "expect": expect, "probability": asked}
        for name, (expect, asked) in claims.items()
    }
    return scenario_of({**STATES, "claims": content})


def looked_at(scenario: Scenario, most: int = 2000, seed: int = 1) -> tuple[Looking, list[Any]]:
    followed = [ClaimSoFar("it", name, claim, "") for name, claim in scenario.claims.items()]
    return look_until_clear({"it": (scenario, seed)}, followed, "claims", most=most), followed


def test_runs_are_doubled_from_250_until_all_is_settled() -> None:
    scenario = claiming(clear=({"level": "A-B", "above": -0.5}, 0.9))
    assert looked_at(scenario)[0].looks == (250,)
    above = ({"order": ["A-B", "C-D"]}, 0.45)  # the true share is a half
    looking, _ = looked_at(claiming(close=above), most=16_000)
    assert looking.looks[0] == 250
    assert all(
        later == 2 * one for one, later in zip(looking.looks, looking.looks[1:], strict=False)
    )
    assert looking.remaining == ()
    assert len(looking.looks) > 1


def test_what_cannot_be_settled_is_open_and_says_how_many_runs_settle_it_at_most() -> None:
    looking, (claim,) = looked_at(claiming(even=({"order": ["A-B", "C-D"]}, 0.5)), most=700)
    assert looking.looks == (250, 500, 700)
    assert claim.runs == 700
    (sentence,) = looking.remaining
    assert sentence.startswith("Not settled: even holds in ")
    assert "of 700 runs" in sentence
    assert "where 50 % is asked" in sentence
    said = int(sentence.split("--runs ")[1].split(")")[0])
    low, high = share_sequence(said // 2, said)
    assert high - low < 0.01 < np.subtract(*share_sequence(said // 3, said * 2 // 3)[::-1])


def test_as_near_to_what_is_asked_as_matters_is_settled() -> None:
    claim = ClaimSoFar("it", "x", claiming(x=({"level": "A-B", "above": 0}, 0.5)).claims["x"], "")
    claim.holding, claim.runs = 50_000, 100_000
    assert claim.settled
    assert claim.on_the_line().startswith("On the line, to a percentage point: x holds in 50.0 %")
    claim.holding, claim.runs = 500, 1000
    assert not claim.settled
    claim.holding, claim.runs = 900, 1000
    assert claim.settled
    assert claim.on_the_line() == ""


def test_looked_at_in_parts_a_claim_holds_in_as_many_runs_as_in_an_ensemble() -> None:
    scenario = claiming(
        even=({"order": ["A-B", "C-D"]}, 0.5), rising=({"change": "A-B", "above": 0.02}, 0.5)
    )
    looking, followed = looked_at(scenario, most=1500, seed=4)
    verdicts = judge(simulate(scenario, runs=looking.runs, seed=4))
    assert [one.holding / one.runs for one in followed] == [one.share for one in verdicts]


def test_claims_that_cannot_be_judged_do_not_keep_others_waiting() -> None:
    scenario = claiming(
        lost=({"level": "A-C", "above": 0}, 0.5), clear=({"level": "A-B", "above": -0.5}, 0.9)
    )
    lost, clear = (ClaimSoFar("it", name, scenario.claims[name], "") for name in scenario.claims)
    narrow = {"it": (scenario_of(STATES), 1)}
    looking = look_until_clear(narrow, [lost, clear], "claims", most=2000, record="watched")
    assert "does not keep A-C" in lost.obstacle
    assert (looking.looks, looking.followed, looking.remaining) == ((250,), 1, ())
    with pytest.raises(ResultsError, match="No claim can be judged"):
        look_until_clear(narrow, [lost], "claims", most=2000, record="watched")


def test_there_has_to_be_a_run() -> None:
    scenario = scenario_of(STATES)
    for most in (0, -5):
        with pytest.raises(ResultsError, match="ask for at least 1"):
            compare_until_clear(scenario, scenario, most=most)


def test_two_of_one_file_are_told_apart() -> None:
    base = scenario_of({**STATES, "events": {"act": ACT}})
    other = base.with_changes({"events.act.off": True})
    assert base.slug == other.slug
    _, looking = compare_until_clear(base, other, pairs=["A-B"], most=250)
    assert looking.remaining == ()  # 250 runs are too few to tell that none differs


def test_two_scenarios_are_compared_until_clear() -> None:
    base = scenario_of(STATES)
    other = scenario_of({**STATES, "name": "other", "events": {"act": ACT}})
    comparison, looking = compare_until_clear(base, other, most=4000)
    assert looking.what == "differences"
    assert looking.remaining == ()
    assert comparison.runs == looking.runs
    effects = comparison.effects().set_index("pair")
    assert effects.loc["A-B", "verdict"] == "higher"
    assert comparison.until_clear
    once = relsim.compare(
        *(simulate(one, runs=looking.runs, seed=1) for one in (base, other))
    ).effects()
    assert effects["mean_low"].iloc[0] < once["mean_low"].iloc[0]


def test_a_pair_that_no_run_moves_takes_as_many_runs_as_show_it_to_be_rare() -> None:
    base = scenario_of(STATES)
    rare = {"chance": "0.001 per year", "effects": [{"shift": "C-D", "size": 0.5}]}
    other = scenario_of({**STATES, "name": "other", "events": {"act": ACT, "rare": rare}})
    comparison, looking = compare_until_clear(base, other, pairs=["C-D"], most=16_000)
    assert share_sequence(0, 250)[1] > 0.01 > share_sequence(0, 500)[1]
    assert looking.runs == 500
    assert comparison.effect("C-D").differ == 0


def test_scenarios_in_which_the_same_acts_are_settled_at_once() -> None:
    base = scenario_of(STATES)
    _, looking = compare_until_clear(base, scenario_of({**STATES, "about": "Else."}))
    assert (looking.looks, looking.followed) == ((250,), 0)


def test_a_difference_keeps_the_pairs_apart() -> None:
    other = scenario_of({**STATES, "events": {"act": ACT}})
    with pytest.raises(ResultsError, match="not a pair"):
        compare_until_clear(scenario_of(STATES), other, pairs=["A-X"])
    found = DifferenceSoFar("one", "two", "A-B", other.time.end, None)
    found.differences = [np.array([0.0, 0.1]), np.array([0.2])]
    assert "in 2 of 3 runs" in found.still_open()


def test_more_runs_of_an_ensemble_continue_it() -> None:
    scenario = scenario_of(STATES)
    whole = simulate(scenario, runs=40, seed=5)
    rest = simulate(scenario, runs=15, seed=5, first=25)
    assert rest.data.indexes["run"].tolist() == list(range(25, 40))
    assert np.array_equal(rest.data["overall"], whole.data["overall"].isel(run=slice(25, 40)))
