"""Invariants 10 to 12 and 14: an interest that has changed moves relations by a known amount, one
that is read differently does not (docs/ODD.md)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oracle import Oracle
from relsim.ensemble.simulate import simulate
from relsim.model.compile import compile_scenario
from relsim.model.mesa_model import RelationsModel
from relsim.model.stability import spectral_radius
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, SHIPPED, quiet, scenario_of, settled

Array = np.ndarray

# No posture is 0 and no two sides of a pair are equal, where ceilings and the less willing side
# leave no derivative. It adapts within a few months, so that it is soon at its new rest.
NETWORK: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2050-01"},
    "domains": {"high": 2, "low": 1},
    "context": {"order": 0.2},
    "issues": {"border": {"minus": "a", "plus": "b"}, "creed": {"minus": "a", "plus": "b"}},
    "states": {
        "A": {
            "ties": {"B": 0.5, "C": {"weight": 0.4, "fades_with": "order"}, "D": -0.3},
            "issues": {
                "border": {"stance": 0.7, "salience": 0.6},
                "creed": {"stance": -0.4, "salience": 0.8},
            },
            "capacity": {"high": 0.6},
        },
        "B": {
            "ties": {"A": -0.6, "C": 0.2},
            "issues": {"border": {"stance": -0.5, "salience": 0.4}},
            "capacity": {"low": 0.8},
        },
        "C": {
            "ties": {"D": 0.7},
            "issues": {"creed": {"stance": 0.9, "salience": 0.5}},
            "traits": {"reciprocity": 0.3},
        },
        "D": {"issues": {"border": {"stance": 0.2, "salience": 0.1}}},
    },
    "ties": {
        "A>B": {"high": 0.3, "low": 0.2}, "B>A": {"high": 0.25, "low": 0.1},
        "A>C": -0.2, "C>A": {"high": -0.1, "low": 0.1},
        "A>D": 0.4, "D>A": 0.35, "B>C": 0.5, "C>B": 0.6,
        "B>D": -0.5, "D>B": -0.3, "C>D": 0.15, "D>C": {"high": 0.05, "low": -0.05},
    },
    "parameters": {"adaptability": 1, "alignment_gain": 0.3, "rivalry_gain": 0.2},
}  # fmt: skip


def network() -> Scenario:
    return scenario_of(quiet(NETWORK))


def at_rest_again(scenario: Scenario) -> Array:
    """Postures once they have stopped to move."""
    model = RelationsModel(scenario)
    for _ in range(scenario.time.steps):
        last = model.world.posture.copy()
        model.step()
    assert np.abs(model.world.posture - last).max() < 1e-14
    postures: Array = model.world.posture.copy()
    return postures


def response_at_rest(oracle: Oracle, pushed: Array, scaled: Array) -> Array:
    """How the rest p = k·f(ū(p)) moves to first order: dp = S·(J·dp + dū) + f·dk.

    Args:
        oracle: at its opening, which is at rest.
        pushed: dū, the change of the pull by the changed term alone [N, N, D].
        scaled: f·dk, the change of the target by that of the ceiling alone.
    """
    posture, pull = oracle.posture.copy(), oracle.pull()
    ceiling = np.minimum(oracle.capacity[:, None, :], oracle.capacity[None, :, :])
    slope = np.where(pull > 0, ceiling, 1.0) * (1 + pull**2) ** -1.5
    places = [(i, j, d) for i, j in oracle._pairs() for d in range(len(oracle.domains))]
    jacobian = np.zeros((len(places), len(places)))
    for column, place in enumerate(places):
        moved, size = posture.copy(), 1e-4  # the pull is linear in postures as far as this
        moved[place] += size
        oracle.go_on_from(moved, oracle.chance)
        change = (oracle.pull() - pull) / size
        jacobian[:, column] = [change[row] for row in places]
    oracle.go_on_from(posture, oracle.chance)
    slopes, pushes, scales = (
        np.array([block[place] for place in places]) for block in (slope, pushed, scaled)
    )
    solved = np.linalg.solve(
        np.eye(len(places)) - slopes[:, None] * jacobian, slopes * pushes + scales
    )
    result = np.zeros_like(posture)
    for place, value in zip(places, solved, strict=True):
        result[place] = value
    return result


Formula = Callable[[Oracle], tuple[Array, Array]]


def of_tie(i: str, k: str) -> Formula:
    """g·(c_kj - c_ij) for each j where the weight is positive, λ·c_kj where it is negative, less
    what has faded."""

    def formula(oracle: Oracle) -> tuple[Array, Array]:
        a, b = oracle.states.index(i), oracle.states.index(k)
        level, pushed = oracle.caused(), np.zeros_like(oracle.posture)
        weight = oracle.tie_weight[a, b]
        left = oracle.weight_in_force(a, b) / weight
        for j in range(len(oracle.states)):
            if j not in (a, b):
                if weight > 0:
                    pushed[a, j] = oracle.parameters["alignment_gain"] * (level[b, j] - level[a, j])
                else:
                    pushed[a, j] = oracle.parameters["rivalry_gain"] * level[b, j]
        return left * pushed, np.zeros_like(pushed)

    return formula


def of_stance(i: str, issue: str) -> Formula:
    """ι·s_im·x_jm on i and ι·s_jm·x_jm on every j, by their shares of attention."""

    def formula(oracle: Oracle) -> tuple[Array, Array]:
        a, m = oracle.states.index(i), oracle.issues.index(issue)
        pushed, gain = np.zeros_like(oracle.posture), oracle.parameters["issue_gain"]
        share = oracle.salience[:, m] / np.maximum(1, oracle.salience.sum(axis=1))
        for j in range(len(oracle.states)):
            if j != a:
                pushed[a, j] = gain * share[a] * oracle.stance[j, m]
                pushed[j, a] = gain * share[j] * oracle.stance[j, m]
        return pushed, np.zeros_like(pushed)

    return formula


def of_salience(i: str, issue: str) -> Formula:
    """ι·x_im·x_jm while attention is left; where there is none, what m gains others lose."""

    def formula(oracle: Oracle) -> tuple[Array, Array]:
        a, m = oracle.states.index(i), oracle.issues.index(issue)
        pushed, gain = np.zeros_like(oracle.posture), oracle.parameters["issue_gain"]
        total = oracle.salience[a].sum()
        for j in range(len(oracle.states)):
            if j != a:
                agreement = oracle.stance[a] * oracle.stance[j]
                mean = (oracle.salience[a] * agreement).sum() / total
                change = (agreement[m] - mean) / total if total > 1 else agreement[m]
                pushed[a, j] = gain * change
        return pushed, np.zeros_like(pushed)

    return formula


def of_capacity(i: str, domain: str) -> Formula:
    """The target is the ceiling's share of a positive pull, where i has the lower ceiling."""

    def formula(oracle: Oracle) -> tuple[Array, Array]:
        a, d = oracle.states.index(i), oracle.domains.index(domain)
        pull, scaled = oracle.pull(), np.zeros_like(oracle.posture)
        for j in range(len(oracle.states)):
            if j != a and oracle.capacity[a, d] < oracle.capacity[j, d]:
                for place in ((a, j, d), (j, a, d)):
                    scaled[place] = max(0.0, pull[place] / np.hypot(1, pull[place]))
        return np.zeros_like(scaled), scaled

    return formula


FORMULAS: dict[str, Formula] = {
    "A.ties.B": of_tie("A", "B"),
    "A.ties.C": of_tie("A", "C"),
    "A.ties.D": of_tie("A", "D"),
    "B.ties.A": of_tie("B", "A"),
    "C.ties.D": of_tie("C", "D"),
    "A.issues.border.stance": of_stance("A", "border"),
    "B.issues.border.stance": of_stance("B", "border"),
    "C.issues.creed.stance": of_stance("C", "creed"),
    "A.issues.border.salience": of_salience("A", "border"),
    "A.issues.creed.salience": of_salience("A", "creed"),
    "B.issues.border.salience": of_salience("B", "border"),
    "A.capacity.high": of_capacity("A", "high"),
    "B.capacity.low": of_capacity("B", "low"),
}


def value_at(scenario: Scenario, path: str) -> float:
    part: Any = scenario.as_written["states"]
    for step in path.split("."):
        part = part[step]
    return float(part["weight"] if isinstance(part, dict) else part)


@pytest.mark.parametrize("path", FORMULAS)
def test_a_changed_interest_moves_by_the_formula_and_a_recoded_one_not_at_all(path: str) -> None:
    scenario, size = network(), 1e-3
    oracle = Oracle(scenario)
    opening = oracle.posture.copy()
    expected = response_at_rest(oracle, *FORMULAS[path](oracle))
    value = value_at(scenario, path)
    up, down = ({path: value + change} for change in (size, -size))
    moved = at_rest_again(scenario.with_changes(up)) - at_rest_again(scenario.with_changes(down))
    np.testing.assert_allclose(moved / (2 * size), expected, rtol=0, atol=1e-6)
    assert np.abs(expected).max() > 0.01
    for change in (up, down):
        # Read so, the opening is the same: it has to be within what both can afford.
        np.testing.assert_allclose(
            at_rest_again(scenario.recoded(change)), opening, rtol=0, atol=1e-12
        )


# Signs as people expect them, from end to end.


@pytest.mark.parametrize(
    ("weight", "with_friend", "with_foe"), [(0.8, 1, -1), (-0.8, -1, 1)], ids=["cue", "rival"]
)
def test_a_tie_warms_to_its_friends_and_a_rivalry_to_its_foes(
    weight: float, with_friend: int, with_foe: int
) -> None:
    states: dict[str, Any] = {"A": {}, "K": {}, "FRIEND": {}, "FOE": {}}
    scenario = scenario_of(quiet({"states": states, "ties": {"FRIEND-K": 0.6, "FOE-K": -0.6}}))
    levels = simulate(scenario.with_changes({"A.ties.K": weight}), runs=1).data["overall"][0, -1]
    assert np.sign(levels.sel(pair="A-FRIEND")) == with_friend
    assert np.sign(levels.sel(pair="A-FOE")) == with_foe
    assert abs(float(levels.sel(pair="A-FRIEND"))) > 0.01
    assert float(levels.sel(pair="A-K")) == 0  # a tie says nothing of the relation itself


# 11. The reference against itself.


def test_a_variant_that_restates_its_reference_changes_nothing() -> None:
    base = scenario_of(settled(EVERYTHING))
    restated = base.with_changes({"states": base.as_written["states"]})
    for path in ("B.ties.D", "B.issues.border.salience", "A.ties.C", "B.capacity.high"):
        section, *steps = ("states", *path.split("."))
        value: Any = base.as_written[section]
        for step in steps:
            value = value[step]
        restated = restated.with_changes({path: value})
    one, other = (simulate(s, runs=30, seed=5, record="postures").data for s in (base, restated))
    assert "reference" not in restated.as_written
    for name in one:
        assert one[name].values.tobytes() == other[name].values.tobytes(), name


# 12. Alignment is a pull to a mean.

# Validation objects to sizes of ties that add up to more; at steps of a year they overshoot.
MOST_ATTENTION = 1.5


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_alignment_lets_no_shipped_scenario_run_away(path: Path) -> None:
    compiled = compile_scenario(load(path))
    weight = compiled.numbers.weight
    sizes = np.abs(weight).sum(axis=1, keepdims=True)
    attention = weight / np.maximum(1.0, sizes / MOST_ATTENTION)
    for gain in (0.0, 0.15, 0.35, 1.0):
        numbers = compiled.numbers.replace(alignment_gain=np.array(gain), weight=attention)
        assert spectral_radius(compiled, numbers) < 1


def test_alignment_lets_no_world_of_cues_run_away() -> None:
    rng = np.random.default_rng(3)
    codes = "ABCDE"
    for _ in range(20):
        states = {
            i: {"ties": {k: float(rng.uniform(0, 1)) for k in codes if k != i}} for i in codes
        }
        ties = {f"{i}-{k}": float(rng.uniform(-0.9, 0.9)) for i in codes for k in codes if i < k}
        parameters = {"alignment_gain": 1, "reciprocity": 0}
        scenario = scenario_of({"states": states, "ties": ties, "parameters": parameters})
        compiled = compile_scenario(scenario)
        assert spectral_radius(compiled, compiled.numbers) < 1


# 14. Changed mid-run equals changed at the start.

SETS = {
    "A.ties.C": -0.7,
    "A.ties.D": 0.9,
    "B.ties.C": 0.4,
    "C.issues.creed.stance": -0.9,
    "B.issues.creed.salience": 2,
    "B.capacity.high": 0.2,
}


@pytest.mark.parametrize("path", SETS)
def test_an_event_that_sets_an_interest_is_as_good_as_a_variant(path: str) -> None:
    data = settled(EVERYTHING)
    base = scenario_of({**data, "events": {}})

    def ends(at: str) -> tuple[Array, Array, float]:
        """What is caused by the variant, and by the event: postures at all times."""
        event = {"at": at, "effects": [{"set": path, "to": SETS[path]}]}
        by_event = scenario_of({**data, "events": {"turn": event}})
        models = RelationsModel(base.with_changes({path: SETS[path]})), RelationsModel(by_event)
        postures: tuple[list[Array], list[Array]] = ([], [])
        step = 0.0
        for _ in range(base.time.steps):
            before = models[0].world.posture.copy()
            for model, kept in zip(models, postures, strict=True):
                model.step()
                kept.append(model.world.posture + model.world.chance)
            step = max(step, float(np.abs(models[0].world.posture - before).max()))
        return np.array(postures[0]), np.array(postures[1]), step

    variant, event, _ = ends("2020-01")
    np.testing.assert_allclose(event, variant, rtol=0, atol=1e-12)
    variant, event, step = ends("2020-02")
    difference = np.abs(event - variant).max()
    assert 0 < difference <= 1.5 * step
