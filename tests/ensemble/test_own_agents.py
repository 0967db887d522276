"""Ensembles of states that decide by a class of one's own."""

from __future__ import annotations

import gc
import pickle
from typing import Any

import numpy as np
import pytest

from relsim.analysis.claims import judge
from relsim.analysis.compare import compare
from relsim.analysis.explain import explain
from relsim.ensemble import chunks
from relsim.ensemble.agents import as_written, compile_with
from relsim.ensemble.executors import processes, threads
from relsim.ensemble.record import RECORD_LEVELS, RecordLevel
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.errors import RelsimError, ResultsError
from relsim.model.mesa_model import RelationsModel, StateAgent
from relsim.model.structs import Floats
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, STATUS_QUO, scenario_of

SCENARIO = scenario_of(EVERYTHING)


class Stubborn(StateAgent):
    """Never moves."""

    def decide(self) -> Floats:
        return self.posture


class Slow(StateAgent):
    """Goes half of the way."""

    share = 0.5

    def decide(self) -> Floats:
        return self.posture + self.share * (super().decide() - self.posture)


def here(scenario: Scenario, agent_class: type[StateAgent], **more: Any) -> Ensemble:
    """Simulated in this process."""
    with threads(1) as pool:
        return simulate(scenario, agent_class=agent_class, executor=pool, **more)


def assert_same(one: Ensemble, other: Ensemble) -> None:
    assert set(one.data.variables) == set(other.data.variables)
    for name in one.data.variables:
        assert one.data[name].dtype == other.data[name].dtype
        if one.data[name].dtype == object:
            assert list(one.data[name].values) == list(other.data[name].values)
        else:
            assert one.data[name].values.tobytes() == other.data[name].values.tobytes(), name


@pytest.mark.parametrize("record", RECORD_LEVELS)
def test_the_standard_class_equals_the_kernel_bit_for_bit(record: RecordLevel) -> None:
    asked: dict[str, Any] = {"runs": 10, "seed": 5, "record": record, "thin": 5, "first": 3}
    own = here(SCENARIO, StateAgent, **asked)
    assert_same(simulate(SCENARIO, **asked), own)
    assert own.rules == "StateAgent"


def test_processes_give_the_shipped_case_bit_for_bit() -> None:
    scenario = load(STATUS_QUO)
    own = simulate(scenario, runs=3, agent_class=StateAgent)
    assert_same(simulate(scenario, runs=3), own)


def test_sizes_of_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = here(SCENARIO, Slow, runs=7, seed=2)
    monkeypatch.setattr(chunks, "RUNS_OF_AGENTS", 3)
    assert_same(whole, here(SCENARIO, Slow, runs=7, seed=2))


def pushed(**more: object) -> Scenario:
    """A and B, whom an event draws together for good."""
    push = {"at": "2020-03", "effects": [{"shift": "A-B", "size": 0.5}]}
    states = {"states": {"A": {}, "B": {}}, "ties": {"A-B": 0.2}, "events": {"push": push}}
    return scenario_of({**states, "watch": ["A-B"], **more})


def test_states_that_never_move_stay_below_the_standard_rule() -> None:
    claims = {
        "up": {"says": "They get closer.", "expect": {"level": "A-B", "above": 0.3}},
    }
    still = pushed(claims=claims, parameters={"volatility": 0, "drift": 0})
    standard, stubborn = simulate(still, runs=20), here(still, Stubborn, runs=20)
    comparison = compare(standard, stubborn)
    effect = comparison.effect("A-B")
    assert effect.verdict == "lower"
    # Without noise a stubborn pair stays exactly where it opened.
    assert effect.other_median == pytest.approx(0.2, abs=1e-7)
    expected = 0.2 - float(standard.level("A-B")[0, -1])
    assert effect.mean.value == pytest.approx(expected, abs=1e-6)
    assert [judge(one)[0].verdict for one in (standard, stubborn)] == ["supported", "contradicted"]
    assert comparison.titles == ("test (standard rule)", "test (Stubborn)")
    assert not comparison.act_alike


def test_a_paired_difference_has_an_interval_narrower_than_without_pairs() -> None:
    scenario = pushed()
    effect = compare(simulate(scenario, runs=40), here(scenario, Stubborn, runs=40)).effect("A-B")
    assert effect.verdict == "lower"
    assert effect.narrowing > 2


def test_an_ensemble_is_explained_by_its_own_rules() -> None:
    asked: dict[str, Any] = {"runs": 6, "seed": 2}
    recorded = here(SCENARIO, Slow, record="postures", **asked)
    with threads(1) as pool:
        account = explain(recorded, "A-B", executor=pool)
    posture = account.data["posture"].sel(view="level", statistic="mean", direction="A>B")
    for domain in SCENARIO.domains:
        levels = recorded.data["posture"].sel(direction="A>B", domain=domain).mean("run")
        # States decide before they move: the account of a step sees where the last one led.
        np.testing.assert_allclose(posture.sel(domain=domain), levels[:-1], atol=1e-6)
    assert "States decided by Slow" in account.words()
    assert "States decided by" not in explain(simulate(SCENARIO, **asked), "A-B").words()


def test_carriers_are_found_under_the_rules_of_either_side() -> None:
    scenario, asked = pushed(), {"runs": 5, "seed": 2}
    comparison = compare(simulate(scenario, **asked), here(scenario, Stubborn, **asked))  # type: ignore[arg-type]
    carried = comparison.carriers("A-B", runs=5)
    assert carried.effect == pytest.approx(comparison.effect("A-B").mean.value, abs=1e-6)


NOTEBOOK = """
class Halfway(relsim.StateAgent):
    share = 0.5
    def decide(self):
        return self.posture + self.share * (super().decide() - self.posture)
"""


def test_a_class_of_a_notebook_is_sent_to_processes() -> None:
    import relsim

    names: dict[str, Any] = {"__name__": "__main__", "relsim": relsim}
    exec(NOTEBOOK, names)
    with processes(1) as pool:
        sent = simulate(SCENARIO, runs=3, seed=2, agent_class=names["Halfway"], executor=pool)
    assert_same(here(SCENARIO, Slow, runs=3, seed=2), sent)


class Brittle(StateAgent):
    """Fails in run 2."""

    def decide(self) -> Floats:
        if self.model.run == 2:
            raise ZeroDivisionError("no answer")
        return super().decide()


class Hopeless(StateAgent):
    """Decides on nothing."""

    def decide(self) -> Floats:
        return super().decide() * np.nan


class Misshapen(StateAgent):
    """Decides on a single number."""

    def decide(self) -> Any:
        return 0.3


class Narrow(StateAgent):
    """Asks for the target of a pull for each state, without domains."""

    def decide(self) -> Floats:
        return self.target(self.pull().mean(axis=1))


def test_a_run_in_which_a_class_raises_is_left_out() -> None:
    less = here(SCENARIO, Brittle, runs=5, seed=3)
    assert less.failed == (2,)
    whole = simulate(SCENARIO, runs=5, seed=3)
    for name in whole.data:
        expected = np.delete(whole.data[name].values, 2, axis=0)
        assert less.data[name].values.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("agent_class", "text"),
    [
        (Hopeless, r"<Hopeless A, A, 2020-01, .* decides on a posture that is not between -1 and"),
        (Misshapen, r"decides on a single number where postures are 4 × 2: state faced, domain"),
        (Narrow, r"asks for the target of 4 where pulls are 4 × 2: state faced, domain"),
    ],
)
def test_what_is_no_posture_is_named(agent_class: type[StateAgent], text: str) -> None:
    with pytest.raises(ResultsError, match=f"All of the first 2 runs failed.*{text}"):
        here(SCENARIO, agent_class, runs=2)


def test_another_class_than_of_agents_is_refused() -> None:
    with pytest.raises(RelsimError, match=r"a subclass of relsim\.StateAgent, not <class 'int'>"):
        simulate(SCENARIO, runs=2, agent_class=int)  # type: ignore[arg-type]


class Moody(StateAgent):
    """Draws from the generator that Mesa has for it."""

    def decide(self) -> Floats:
        return super().decide() * self.random.random()


def test_draws_of_a_class_differ_between_runs_and_repeat() -> None:
    scenario = pushed(parameters={"volatility": 0, "drift": 0})
    levels = here(scenario, Moody, runs=4).level("A-B")[:, -1].values
    assert len(set(levels)) == 4
    again = here(scenario, Moody, runs=2, first=2).level("A-B")[:, -1].values
    assert list(again) == list(levels[2:])


def test_models_that_are_done_with_are_freed() -> None:
    def models() -> int:
        gc.collect()
        return sum(isinstance(thing, RelationsModel) for thing in gc.get_objects())

    before = models()
    here(pushed(), Slow, runs=5)
    assert models() == before


def test_a_program_of_agents_is_sent_whole() -> None:
    program = compile_with(SCENARIO, Slow)
    again = pickle.loads(pickle.dumps(program))
    assert again.agent_class is Slow
    assert again.states == program.states


def test_the_source_of_a_class_and_its_bases_tells_rules_apart() -> None:
    class Slower(Slow):
        share = 0.25

    (own, text), (base, _) = as_written(Slower)
    assert own.endswith("Slower")
    assert base == "Slow"
    assert "share = 0.25" in text
    names: dict[str, Any] = {"__name__": "__main__", "relsim": __import__("relsim")}
    exec(NOTEBOOK, names)
    with pytest.raises(ResultsError, match="The source of Halfway cannot be read"):
        as_written(names["Halfway"])
