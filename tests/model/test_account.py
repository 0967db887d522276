"""The account of a pull in one batch: exact, by the rules of the step, of the same runs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from draws_by_name import drawn_numbers, event_uniforms, pair_draws, posture_shocks
from oracle import Oracle
from relsim.ensemble.chunks import Chunk
from relsim.ensemble.record import part_names
from relsim.ensemble.simulate import simulate
from relsim.model import step as phases
from relsim.model.compile import compile_scenario
from relsim.model.mesa_model import RelationsModel
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from run_by_run import RunByRun, run_by_run
from scenarios_to_test import EVERYTHING, SHIPPED, STATUS_QUO, scenario_of, settled

U = np.uint64
SEED = 12345
PAIRS = list(combinations("ABCD", 2))


def accounts_of(
    scenario: Scenario, pair: tuple[str, str], runs: int = 1, first: int = 0
) -> RunByRun:
    compiled = compile_scenario(scenario)
    return run_by_run(compiled, pair, SEED, Chunk(first, runs))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_parts_sum_to_the_pull_in_every_shipped_scenario(path) -> None:  # type: ignore[no-untyped-def]
    scenario = load(path)
    for pair in scenario.watched_pairs:
        accounts = accounts_of(scenario, pair, runs=2)
        gap = np.abs(accounts.part.sum(axis=-1) - accounts.pull)
        assert gap.shape == (2, scenario.time.steps + 1, 2, len(scenario.domains))
        assert gap.max() < 1e-12


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_every_part_is_that_of_the_oracle(pair: tuple[str, str]) -> None:
    scenario = scenario_of(EVERYTHING)
    names = part_names(compile_scenario(scenario))
    for run in range(2):
        accounts = accounts_of(scenario, pair, first=run)
        oracle = Oracle(scenario, drawn_numbers(scenario, SEED, run))
        for moment in range(scenario.time.steps + 1):
            if moment > 0:
                oracle.apply_events(event_uniforms(scenario, SEED, run, moment - 1))
            for direction, (i, j) in enumerate((pair, pair[::-1])):
                for d in range(len(oracle.domains)):
                    here = (oracle.states.index(i), oracle.states.index(j), d)
                    expected = oracle.account(*here)
                    found = dict(zip(names, accounts.part[0, moment, direction, d], strict=True))
                    for code in pair:
                        assert found.pop(f"third_party.{code}") == 0
                    assert found == pytest.approx(expected, rel=0, abs=1e-12)
            if moment > 0:
                step = moment - 1
                oracle.respond(
                    posture_shocks(scenario, SEED, run, step),
                    pair_draws(scenario, SEED, run, step),
                )


@pytest.mark.parametrize("source", ["everything", "status-quo"])
def test_the_runs_are_those_of_the_ensemble_bit_for_bit(source: str) -> None:
    scenario = scenario_of(EVERYTHING) if source == "everything" else load(STATUS_QUO)
    first, second = scenario.watched_pairs[0]
    accounts = accounts_of(scenario, (first, second), runs=5)
    recorded = simulate(scenario, runs=5, seed=SEED, record="postures").data
    for direction, name in enumerate((f"{first}>{second}", f"{second}>{first}")):
        posture = recorded["posture"].sel(direction=name).values
        before_each_step = accounts.posture[:, 1:, direction].astype(np.float32)
        assert np.array_equal(before_each_step, posture[:, :-1])
    happened = np.cumsum(recorded["fired"].values > 0, axis=1) > 0
    assert np.array_equal(accounts.happened[:, 1:, 0], happened)
    for k, code in enumerate(sorted(scenario.states)):
        if code != first:
            pair = scenario.pair_name(f"{first}-{code}")
            overall = recorded["overall"].sel(pair=pair).values
            assert np.array_equal(accounts.tie[:, 1:, 0, k].astype(np.float32), overall[:, :-1])


def test_the_pull_is_the_one_that_states_decide_on() -> None:
    scenario = scenario_of(EVERYTHING)
    accounts = accounts_of(scenario, ("A", "B"), first=3)
    model = RelationsModel(scenario, run=3, seed=SEED)
    agents = {agent.code: agent for agent in model.agents}
    for step in range(scenario.time.steps):
        phases.begin_step(model.plan, *model.lanes, U(SEED), np.array([3], U), U(step))
        phases.fill_chance_pull(model.plan, *model.lanes)
        chance = model.world.chance_pull[agents["A"].index, agents["B"].index].copy()
        there = agents["A"].pull()[agents["B"].index]
        back = agents["B"].pull()[agents["A"].index]
        assert np.array_equal(accounts.pull[0, step + 1], np.stack([there, back]) + chance)
        phases.respond(model.plan, *model.lanes)
        phases.end_step(model.plan, *model.lanes, U(step))


def test_the_opening_is_at_rest_with_nothing_but_interests_and_affinity() -> None:
    scenario = scenario_of(EVERYTHING)
    names = part_names(compile_scenario(scenario))
    opening = accounts_of(scenario, ("A", "C"), runs=4).part[:, 0]
    zero = [n for n, name in enumerate(names) if name.startswith(("event.", "chance"))]
    assert (opening[..., zero] == 0).all()
    assert (opening[..., names.index("reciprocity")] != 0).any()


def test_a_changed_interest_appears_under_its_own_name() -> None:
    """At the opening nothing else differs, and there by its formula."""
    base = scenario_of(settled(EVERYTHING))
    changes: dict[str, tuple[object, str]] = {
        "A.ties.C": (0.2, "third_party.C"),
        "A.ties.D": (-0.8, "third_party.D"),
        "B.ties.C.weight": (0.3, "third_party.C"),
        "A.issues.border.stance": (0.3, "issue.border"),
        "A.issues.border.salience": (0.9, "issue.border"),
    }
    names = part_names(compile_scenario(base))
    before = accounts_of(base, ("A", "B"), runs=3)
    for path, (value, name) in changes.items():
        after = accounts_of(base.with_changes({path: value}), ("A", "B"), runs=3)
        moved = np.abs(after.part - before.part)[:, 0].max(axis=(0, 1, 2))
        assert {names[n] for n in np.flatnonzero(moved)} == {name}, path
        gap = np.abs(after.part.sum(axis=-1) - after.pull)
        assert gap.max() < 1e-12


def test_the_slope_is_the_derivative_of_the_target() -> None:
    from relsim.model.rules import target_posture, target_slope

    for pull in (-1.3, -0.2, 0.1, 0.9):
        nudged = [target_posture(pull + nudge, 0.6) for nudge in (1e-6, -1e-6)]
        assert target_slope(pull, 0.6) == pytest.approx((nudged[0] - nudged[1]) / 2e-6, abs=1e-9)
