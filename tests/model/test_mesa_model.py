"""RelationsModel as a Mesa user meets it. Runs on every Mesa that relsim supports."""

from __future__ import annotations

import mesa
import numpy as np
import pytest
from numpy.typing import NDArray

from relsim import RelationsModel, StateAgent, load
from relsim.errors import RelsimError, RelsimWarning
from relsim.model.structs import Floats
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, STATUS_QUO, scenario_of


def pair(**more: object) -> Scenario:
    return scenario_of({"states": {"A": {}, "B": {}}, "ties": {"A-B": 0.2}, **more})


def test_it_is_an_ordinary_mesa_model() -> None:
    model = RelationsModel(load(STATUS_QUO))
    assert isinstance(model, mesa.Model)
    assert len(model.agents) == 11
    assert {type(agent) for agent in model.agents} == {StateAgent}
    names = {agent.code: agent.name for agent in model.agents}
    assert names["PAK"] == "Pakistan"


def test_steps_move_the_calendar_and_stop_at_the_end() -> None:
    model = RelationsModel(pair(time={"start": "2020-11", "end": "2021-05", "step": "quarter"}))
    assert str(model.month) == "2020-11"
    model.step()
    assert (str(model.month), model.running) == ("2021-02", True)
    model.step()
    assert (str(model.month), model.running) == ("2021-05", False)


def test_the_data_collector_gives_tidy_frames() -> None:
    model = RelationsModel(load(STATUS_QUO), run=2)
    for _ in range(6):
        model.step()
    levels = model.datacollector.get_model_vars_dataframe()
    pairs = ["PAK-RUS", "IND-RUS", "PAK-USA", "ARM-RUS", "AZE-PAK"]
    assert list(levels.columns) == ["month", *pairs]
    start = model.compiled.scenario.time.start
    months = [str(start.plus(step)) for step in range(7)]
    assert list(levels["month"]) == months
    assert len(levels) == 7
    assert levels["PAK-RUS"].iloc[-1] == model.cooperation("RUS", "PAK")
    standing = model.datacollector.get_agent_vars_dataframe().reset_index()
    assert set(standing["code"]) == set(model.states)
    assert list(standing["month"].unique()) == months
    assert (standing.groupby("month")["code"].nunique() == 11).all()
    assert standing["standing"].between(-1, 1).all()
    frame = model.to_frame()
    assert list(frame.columns) == ["month", "pair", "domain", "cooperation"]
    assert len(frame) == 55 * 5


def test_collecting_draws_no_random_number() -> None:
    quiet, nosy = RelationsModel(pair()), RelationsModel(pair())
    for _ in range(5):
        quiet.step()
        nosy.step()
        nosy.datacollector.collect(nosy)
    assert np.array_equal(quiet.world.posture, nosy.world.posture)


class Hermit(StateAgent):
    """Answers nobody: wants no relationship with anyone."""

    def target(self, pull: Floats) -> Floats:
        return np.zeros_like(pull)


class Stubborn(StateAgent):
    """B never moves; the others decide as usual."""

    def decide(self) -> Floats:
        if self.code == "B":
            return self.posture
        return super().decide()


class Suspicious(StateAgent):
    """Feels every pull a little less."""

    def pull(self) -> Floats:
        pull: NDArray[np.float64] = super().pull() - 0.3
        return pull


@pytest.mark.parametrize("seed", [0, 2**62])
def test_a_subclass_that_overrides_its_target_works(seed: int) -> None:
    model = RelationsModel(
        pair(parameters={"volatility": 0, "drift": 0, "adaptability": 0.1}),
        seed=seed,
        agent_class=Hermit,
    )
    for _ in range(24):
        model.step()
    # Towards 0 at 10 % a month: 0.2·e^(-2.4).
    assert model.cooperation("A", "B") == pytest.approx(0.2 * np.exp(-2.4), abs=1e-12)


def test_a_subclass_that_overrides_its_decision_works() -> None:
    push = {"at": "2020-01", "effects": [{"shift": "A-B", "size": 0.2}]}
    model = RelationsModel(pair(events={"push": push}), agent_class=Stubborn)
    for _ in range(12):
        model.step()
    a, b = (model.states.index(code) for code in "AB")
    assert (model.world.posture[b, a] == 0.2).all()
    assert (model.world.posture[a, b] != 0.2).all()


def test_a_subclass_that_overrides_its_pull_works() -> None:
    usual, wary = (RelationsModel(pair(), agent_class=kind) for kind in (StateAgent, Suspicious))
    for _ in range(24):
        usual.step()
        wary.step()
    assert wary.cooperation("A", "B") < usual.cooperation("A", "B") - 0.1


def test_runs_differ_and_repeat() -> None:
    ends = []
    for run in (0, 1, 0):
        model = RelationsModel(pair(), run=run, seed=9)
        for _ in range(6):
            model.step()
        ends.append(model.cooperation("A", "B"))
    assert ends[0] == ends[2] != ends[1]


def test_known_numbers_on_every_mesa() -> None:
    """The same bits on every interpreter and Mesa: golden, to 1e-9 across processors."""
    model = RelationsModel(scenario_of(EVERYTHING), run=7, seed=42)
    for _ in range(24):
        model.step()
    found = [model.cooperation(*codes) for codes in (("A", "B"), ("B", "C"))]
    assert found == pytest.approx(GOLDEN, abs=1e-9)


GOLDEN = [0.28416349052879397, 0.1612760762833097]


def test_a_step_after_the_end_says_so_and_does_nothing() -> None:
    model = RelationsModel(load(STATUS_QUO).with_changes({"time.end": "2020-09"}))
    model.run_model()
    end = model.world.posture.copy()
    with pytest.warns(RelsimWarning, match=r"The scenario ended in 2020-09"):
        model.step()
    assert (model.running, model.step_number, str(model.month)) == (False, 2, "2020-09")
    assert np.array_equal(model.world.posture, end)


def test_agents_and_model_say_who_and_when() -> None:
    model = RelationsModel(load(STATUS_QUO), run=4)
    model.step()
    pakistan = next(agent for agent in model.agents if agent.code == "PAK")
    standing = f"{pakistan.standing:+.2f}".replace("-", "−")
    assert repr(pakistan) == f"<StateAgent PAK, Pakistan, 2020-08, standing {standing}>"
    title = "<RelationsModel “Pakistan–Russia, status quo”, run 4, 2020-08, step 1 of 120>"
    assert repr(model) == title


def test_the_row_of_the_state_itself_means_nothing() -> None:
    class Boastful(StateAgent):
        def decide(self) -> Floats:
            decided = super().decide()
            decided[self.index] = 9.0
            return decided

    usual, boastful = (RelationsModel(pair(), agent_class=kind) for kind in (StateAgent, Boastful))
    for model in (usual, boastful):
        model.step()
    assert np.array_equal(usual.world.posture, boastful.world.posture)


def test_postures_beyond_their_range_are_refused() -> None:
    class Wild(StateAgent):
        def decide(self) -> Floats:
            return super().decide() + 2.0

    with pytest.raises(RelsimError, match=r"<Wild A, .*not between -1 and 1"):
        RelationsModel(pair(), agent_class=Wild).step()


def test_other_runs_have_another_generator() -> None:
    first, second, again = (RelationsModel(pair(), run=run) for run in (0, 1, 0))
    assert first.random.random() == again.random.random() != second.random.random()
