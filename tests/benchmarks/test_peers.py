"""What relsim is measured against does the same: the benchmark compares like with like."""

from __future__ import annotations

import numpy as np
import pytest

import relsim
from benchmarks.draws import keys_of, normals, normals_in_turn, uniforms
from benchmarks.given import Given, give
from benchmarks.peers import DOUBLE, SEED, check, peers
from benchmarks.scenario import make_scenario
from draws_by_name import event_uniforms
from draws_by_name import normals as drawn_alone

RUNS = 12


@pytest.fixture(scope="module")
def scenario() -> relsim.Scenario:
    return make_scenario(states=5, months=48)


@pytest.fixture(scope="module")
def given(scenario: relsim.Scenario) -> Given:
    return give(scenario, RUNS, SEED)


# AgentPy 0.1.5 calls pandas in a way that pandas 3.1 deprecates. The bare kernel takes its time to
# compile, and every `make bench` checks it too.
@pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
@pytest.mark.parametrize(
    "name",
    [
        "Mesa, loops",
        "Mesa",
        "AgentPy",
        "NumPy batch",
        pytest.param("bare kernel", marks=pytest.mark.slow),
    ],
)
def test_a_peer_follows_the_same_trajectories(
    name: str, scenario: relsim.Scenario, given: Given
) -> None:
    if name not in peers():
        pytest.skip(f"{name} is not installed")
    assert check(scenario, given, peers()[name]) <= DOUBLE


def test_every_event_of_the_scenario_happens_in_some_run(scenario: relsim.Scenario) -> None:
    fired = relsim.simulate(scenario, runs=RUNS, seed=SEED).data["fired"]
    assert (fired > 0).any(["run", "step"]).all()


def test_every_state_takes_cues_and_has_a_rival(given: Given) -> None:
    weight = given.numbers.weight
    assert ((weight > 0).sum(axis=1) == 2).all()
    assert ((weight < 0).sum(axis=1) == 1).all()


def test_history_that_fades_is_refused_since_the_peers_do_not_know_it(
    scenario: relsim.Scenario,
) -> None:
    fading = scenario.with_changes({"parameters.history_half_life": "5 years"})
    with pytest.raises(ValueError, match="history that fades"):
        give(fading, 1, SEED)


def test_a_peer_that_does_less_is_found_out(scenario: relsim.Scenario, given: Given) -> None:
    def lazy(given: Given, runs: int) -> np.ndarray:
        levels = peers()["NumPy batch"](given, runs)
        levels[-1, -1, -1] += 1e-6
        return levels

    with pytest.raises(AssertionError, match="differs"):
        check(scenario, given, lazy)


def test_noise_is_the_draws_by_name(scenario: relsim.Scenario) -> None:
    first, second = normals(keys_of(["pair:S000-S001"]), SEED, 3, 5)
    alone = drawn_alone("pair:S000-S001", SEED, 3, 4)
    np.testing.assert_allclose((first[4, 0], second[4, 0]), alone, atol=1e-13)
    in_turn = normals_in_turn(keys_of(["posture:S000-S001.economic"]), SEED, 3, 5)
    even, odd = drawn_alone("posture:S000-S001.economic", SEED, 3, 1)
    np.testing.assert_allclose(in_turn[2:4, 0], (even, odd), atol=1e-13)
    assert in_turn.shape == (5, 1)
    draws = uniforms(keys_of(["event:event_2"]), SEED, 3, 5)
    assert draws[4, 0] == event_uniforms(scenario, SEED, 3, 4)["event_2"]
