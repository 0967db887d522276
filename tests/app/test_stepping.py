"""Step mode: its runs are the ensemble's, and looking at an agent changes nothing."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from relsim import StateAgent, load, simulate
from relsim.app.messages import Step
from relsim.app.stepping import Stepping, agent_class_of
from relsim.errors import RelsimError
from relsim.model.structs import Floats
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, STATUS_QUO, quiet, scenario_of

SEED = 11


class Mindful(StateAgent):
    """Remembers how often it was asked what draws it, and tires of it."""

    def pull(self) -> Floats:
        self.asked = getattr(self, "asked", 0) + 1
        pull: Floats = super().pull() * 0.98**self.asked
        return pull


class Still(StateAgent):
    """Keeps its postures, whatever draws it."""

    def decide(self) -> Floats:
        return self.posture


class Broken(StateAgent):
    def decide(self) -> Floats:
        raise IndexError("no such state")


class Lost(StateAgent):
    def __init__(self, *arguments: Any) -> None:
        raise IndexError("no such state")


class Leaving(StateAgent):
    def decide(self) -> Floats:
        raise SystemExit(3)


class Unseen(StateAgent):
    @property
    def standing(self) -> float:
        raise IndexError("no such state")


def asked(
    do: Literal["reset", "step", "look"], run: int = 0, steps: int = 1, state: str | None = None
) -> Step:
    return Step(type="step", do=do, run=run, steps=steps, state=state)


def everything() -> Scenario:
    return scenario_of(EVERYTHING)


def stepped(stepping: Stepping, scenario: Scenario, run: int, look: str | None = None) -> list[Any]:
    """Every message from the opening to the end."""
    messages = [stepping.answer(scenario, SEED, asked("reset", run))]
    while messages[-1]["running"]:
        messages.append(stepping.answer(scenario, SEED, asked("step", state=look)))
        if look:
            stepping.answer(scenario, SEED, asked("look", state=look))
    return messages


@pytest.mark.parametrize("agent_class", [None, Mindful], ids=["standard rule", "own rule"])
def test_a_run_stepped_through_is_that_run_of_the_ensemble(
    agent_class: type[StateAgent] | None,
) -> None:
    """Also where the agents are looked at on the way, and remember what they are asked."""
    scenario = everything()
    ensemble = simulate(scenario, runs=3, seed=SEED, agent_class=agent_class, progress=False)
    levels = ensemble.levels()
    for run in range(3):
        messages = stepped(Stepping(agent_class), scenario, run, look="A")
        expected = levels.sel(run=run).transpose("time", "pair")
        pairs = [str(pair) for pair in expected["pair"].values]
        found = np.array([[one["levels"][pair] for pair in pairs] for one in messages])
        assert np.array_equal(found.astype(np.float32), expected.values)
        assert found[0].tolist() == [messages[-1]["openings"][pair] for pair in pairs]


def test_what_happened_is_what_fired_in_that_run() -> None:
    scenario = load(STATUS_QUO)
    fired = simulate(scenario, runs=2, seed=SEED, progress=False).data["fired"].sel(run=1)
    messages = stepped(Stepping(), scenario, run=1)
    labels = [scenario.events[str(name)].label for name in fired["event"].values]
    expected = [
        [label for label, times in zip(labels, row, strict=True) if times > 0]
        for row in fired.transpose("step", "event").values
    ]
    assert any(expected), "this seed shows nothing"
    assert [one["happened"] for one in messages] == [[], *expected]


def test_several_steps_at_once_lead_to_the_same_month_and_stop_at_the_end() -> None:
    scenario = everything()
    one_by_one = stepped(Stepping(), scenario, run=2)
    stepping = Stepping()
    stepping.answer(scenario, SEED, asked("reset", 2))
    year = stepping.answer(scenario, SEED, asked("step", steps=12))
    assert (year["step"], year["month"]) == (12, "2021-01")
    assert year["levels"] == one_by_one[12]["levels"]
    assert [row["month"] for row in year["path"]] == [one["month"] for one in one_by_one[1:13]]
    assert [row["happened"] for row in year["path"]] == [
        one["happened"] for one in one_by_one[1:13]
    ]
    assert [row["during"] for row in year["path"][:2]] == ["2020-01", "2020-02"]
    end = stepping.answer(scenario, SEED, asked("step", steps=10_000))
    assert (end["step"], end["running"], end["month"]) == (48, False, "2024-01")
    assert end["levels"] == one_by_one[-1]["levels"]
    again = stepping.answer(scenario, SEED, asked("step"))
    assert (again["step"], again["path"]) == (48, [])


def test_looking_moves_nothing_and_a_reset_takes_the_changes() -> None:
    scenario = everything()
    stepping = Stepping()
    first = stepping.answer(scenario, SEED, asked("step", run=1, steps=3))
    changed = scenario.with_changes({"ties.A-B": -0.9})
    looked = stepping.answer(changed, SEED + 1, asked("look", run=2, state="A"))
    assert (looked["step"], looked["run"], looked["path"]) == (3, 1, [])
    assert looked["levels"] == first["levels"]
    anew = stepping.answer(changed, SEED, asked("reset", run=2))
    assert (anew["step"], anew["run"], anew["happened"]) == (0, 2, [])
    assert anew["levels"] == anew["openings"]
    assert {node["state"] for node in anew["nodes"]} == {*scenario.states}
    assert anew["openings"]["A-B"] < -0.5 < first["openings"]["A-B"]


def test_the_numbers_of_a_state_are_those_of_its_last_decision() -> None:
    """Without chance and with one domain, a posture moves by its share of the way to the target."""
    data = quiet(
        {
            "domains": {"all": 1},
            "states": {"A": {"name": "Aland", "ties": {"C": 0.4}}, "B": {}, "C": {}},
            "ties": {"A>B": 0.1, "B>A": 0.3, "B-C": -0.5},
            "parameters": {"adaptability": 0.2, "reciprocity": 0.5},
            "events": {
                "push": {"at": "2020-01", "effects": [{"shift": "A>B", "size": 0.4}]},
            },
        }
    )
    scenario, stepping = scenario_of(data), Stepping()
    before = stepping.answer(scenario, SEED, asked("reset", state="A"))["state"]
    assert [row["towards"] for row in before["rows"]] == ["B", "C"]
    assert (before["rows"][0]["posture"], before["rows"][0]["from"]) == (0.1, 0.3)
    assert (before["rows"][0]["pull"], before["rows"][0]["target"]) == (None, None)
    after = stepping.answer(scenario, SEED, asked("step", state="A"))["state"]
    row = after["rows"][0]
    assert row["target"] == pytest.approx(row["pull"] / np.sqrt(1 + row["pull"] ** 2), abs=2e-4)
    share = 1 - np.exp(-0.2)
    assert row["posture"] == pytest.approx(0.1 + share * (row["target"] - 0.1), abs=2e-4)
    numbers = {one["label"]: one["value"] for one in after["numbers"]}
    assert numbers["adaptability"] == 0.2
    assert numbers["reciprocity"] == 0.5
    assert numbers["tie to C"] == 0.4
    assert "tie to B" not in numbers
    assert numbers["capacity, all"] == 1.0


def test_domains_count_by_their_weights() -> None:
    data = quiet(
        {
            "domains": {"much": 3, "little": 1},
            "states": {"A": {}, "B": {}},
            "ties": {"A-B": {"much": 0.4, "little": -0.4}},
        }
    )
    message = Stepping().answer(scenario_of(data), SEED, asked("reset", state="A"))
    (row,) = message["state"]["rows"]
    assert row["posture"] == pytest.approx((3 * 0.4 - 0.4) / 4)
    assert row["posture"] == pytest.approx(row["level"], abs=1e-4)


def test_a_rule_that_does_not_ask_what_draws_it_has_no_pull() -> None:
    stepping = Stepping(Still)
    message = stepping.answer(everything(), SEED, asked("step", steps=2, state="A"))
    assert message["agent"] == "Still"
    assert {row["pull"] for row in message["state"]["rows"]} == {None}


def test_a_state_that_is_not_there_has_no_numbers() -> None:
    message = Stepping().answer(everything(), SEED, asked("look", state="XYZ"))
    assert message["state"] is None
    json.dumps(message, allow_nan=False)


@pytest.mark.parametrize(
    ("agent_class", "words"),
    [
        (Broken, "Broken fails in the step from 2020-01: IndexError: no such state"),
        (Leaving, "Leaving fails in the step from 2020-01: SystemExit: 3"),
        (Lost, "Lost fails as the run begins: IndexError: no such state"),
        (Unseen, "Unseen fails as the run begins: IndexError: no such state"),
    ],
)
def test_a_rule_that_fails_is_said_in_one_sentence(
    agent_class: type[StateAgent], words: str
) -> None:
    with pytest.raises(RelsimError, match=words):
        Stepping(agent_class).answer(everything(), SEED, asked("step"))


def test_after_a_rule_that_failed_the_run_begins_anew() -> None:
    stepping = Stepping(Broken)
    with pytest.raises(RelsimError):
        stepping.answer(everything(), SEED, asked("step"))
    assert stepping.answer(everything(), SEED, asked("look"))["step"] == 0


def test_the_old_model_is_freed() -> None:
    scenario, stepping = everything(), Stepping()
    stepping.answer(scenario, SEED, asked("step"))
    assert stepping._model is not None
    model = weakref.ref(stepping._model)
    stepping.answer(scenario, SEED, asked("reset"))
    gc.collect()
    assert model() is None
    model = weakref.ref(stepping._model)
    stepping.close()
    gc.collect()
    assert model() is None


MODULE = """
import relsim

class Stubborn(relsim.StateAgent):
    def decide(self):
        return self.posture

class Other: pass
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes a module into the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))  # taken back at the end

    def write(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")

    return write


def test_a_class_is_found_in_the_current_folder(written: Callable[[str, str], None]) -> None:
    written("stepping_agents", MODULE)
    assert agent_class_of("stepping_agents:Stubborn").__name__ == "Stubborn"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("stepping_wrong", "written module:Class, as in my_agents:Stubborn"),
        ("no_such_module:Stubborn", "There is no module no_such_module"),
        ("stepping_wrong:Stuborn", "has no class Stuborn. Did you mean Stubborn?"),
        ("stepping_wrong:Other", "is no subclass of relsim.StateAgent. Known: Stubborn"),
        ("stepping_needs:Stubborn", "stepping_needs needs no_such_package, which is not there"),
        ("stepping_slip:Stubborn", "stepping_slip cannot be loaded: SyntaxError"),
    ],
)
def test_a_name_that_leads_to_no_class_gets_help(
    name: str, says: str, written: Callable[[str, str], None]
) -> None:
    written("stepping_wrong", MODULE)
    written("stepping_needs", "import no_such_package")
    written("stepping_slip", "class Stubborn(:")
    with pytest.raises(RelsimError) as caught:
        agent_class_of(name)
    assert says in str(caught.value)
