"""Step mode: one run of the ensemble on the Mesa model, month by month, its agents open to view."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from relsim.errors import RelsimError, did_you_mean
from relsim.figures.network import MOST_STATES, network_nodes
from relsim.figures.result import shown_states
from relsim.model.mesa_model import RelationsModel, StateAgent, forget
from relsim.model.structs import Floats
from relsim.scenario.schema import Scenario

if TYPE_CHECKING:
    from relsim.app.messages import Step

DIGITS = 4  # of numbers that the page shows; levels of pairs are exact
TRAITS = {"adaptability": "per month", "reciprocity": "", "volatility": ""}  # and their units


class Stepping:
    """The model that one visitor steps through: a run of a scenario, paired with the ensemble's.

    Changes to the scenario take effect when it is reset.

    Args:
        agent_class: by which states decide; the standard rule where absent.
    """

    def __init__(self, agent_class: type[StateAgent] | None = None) -> None:
        self._agent_class = agent_class or StateAgent
        self._model: RelationsModel | None = None
        self._openings: dict[str, float] = {}
        self._nodes: list[dict[str, Any]] = []
        self._decided: dict[str, dict[str, Floats]] = {}

    def answer(self, scenario: Scenario, seed: int, message: Step) -> dict[str, Any]:
        """The message ``stepped``: the model as it stands after a message was carried out.

        Args:
            scenario, seed: of a new model, on ``reset`` or where there is none yet.
            message: from the page. Where the model does not have its ``state``, the answer has
                None for that.

        Raises:
            RelsimError: an agent's rule fails, which ends the model: the next answer has a new one.
        """
        with self._failing_in_words():
            return self._answer(scenario, seed, message)

    def _answer(self, scenario: Scenario, seed: int, message: Step) -> dict[str, Any]:
        model = self._model
        path: list[dict[str, Any]] = []
        if model is None or message.do == "reset":
            model = self._reset(scenario, seed, message.run)
            path.append(_row(model, []))
        if message.do == "step":
            for _ in range(min(message.steps, model.plan.steps - model.step_number)):
                during = str(model.month)
                model.step()
                path.append({**_row(model, _happened(model)), "during": during})
        code = message.state or ""
        return {
            "type": "stepped",
            "run": model.run,
            "step": model.step_number,
            "steps": model.plan.steps,
            "month": str(model.month),
            "running": model.running,
            "agent": self._agent_class.__name__,
            "levels": _levels(model),
            "openings": self._openings,
            "happened": path[-1]["happened"] if path else _happened(model),
            "path": path,
            "nodes": self._nodes,
            "states": [
                {"code": agent.code, "name": agent.name, "standing": _short(agent.standing)}
                for agent in model.agents
            ],
            "state": self._numbers_of(model, code) if code in model.states else None,
        }

    def close(self) -> None:
        """Frees the model."""
        if self._model is not None:
            forget(self._model)
        self._model = None

    def _reset(self, scenario: Scenario, seed: int, run: int) -> RelationsModel:
        self.close()
        model = RelationsModel(scenario, run=run, seed=seed, agent_class=self._agent_class)
        self._model, self._openings = model, _levels(model)
        self._nodes = _nodes(scenario, self._openings)
        self._decided = {agent.code: _noting_decisions(agent) for agent in model.agents}
        return model

    @contextmanager
    def _failing_in_words(self) -> Iterator[None]:
        """Whatever the class of the agents does wrong ends the model and is said in a sentence."""
        try:
            yield
        except RelsimError:
            self.close()
            raise
        except (Exception, SystemExit) as error:  # the latter would end the server
            model, rule = self._model, self._agent_class.__name__
            when = f"in the step from {model.month}" if model else "as the run begins"
            self.close()
            raise RelsimError(f"{rule} fails {when}: {type(error).__name__}: {error}") from error

    def _numbers_of(self, model: RelationsModel, code: str) -> dict[str, Any]:
        """What a state shows each other state and the pull of its last decision; and its traits,
        interests and means as they are in force."""
        own = model.states.index(code)
        decided = {name: _overall(model, values) for name, values in self._decided[code].items()}
        extended = _overall(model, model.world.posture[own])
        received = _overall(model, model.world.posture[:, own])
        states = model.compiled.scenario.states
        rows = [
            {
                "towards": other,
                "name": states[other].name or other,
                "level": _short(model.world.overall[own, faced]),
                "posture": _short(extended[faced]),
                "from": _short(received[faced]),
                "pull": _short(decided["pull"][faced]) if "pull" in decided else None,
                "target": _short(decided["target"][faced]) if "target" in decided else None,
            }
            for faced, other in enumerate(model.states)
            if other != code
        ]
        return {
            "code": code,
            "name": states[code].name or code,
            "rows": rows,
            "numbers": _numbers(model, own),
        }


def _levels(model: RelationsModel) -> dict[str, float]:
    """Overall cooperation of all pairs now, named as results name them."""
    names = model.compiled.scenario.pair_names(model.pairs)
    pairs = model.compiled.pair_states(model.pairs)
    values = model.world.overall[pairs[:, 0], pairs[:, 1]].tolist()
    return dict(zip(names, values, strict=True))


def _row(model: RelationsModel, happened: list[str]) -> dict[str, Any]:
    """The month that the model is at, its levels and what happened; the page keeps these."""
    levels = {pair: _short(level) for pair, level in _levels(model).items()}
    return {"month": str(model.month), "levels": levels, "happened": happened}


def _nodes(scenario: Scenario, openings: dict[str, float]) -> list[dict[str, Any]]:
    """Where states stand in the network of this run."""
    room = shown_states(scenario, pd.Series(openings), MOST_STATES)
    shown = {pair: level for pair, level in openings.items() if {*pair.split("-")} <= {*room}}
    return network_nodes(
        scenario, room, [pair.split("-") for pair in shown], np.array([*shown.values()])
    )


def _happened(model: RelationsModel) -> list[str]:
    """The labels of the events of the last step."""
    events = model.compiled.scenario.events
    fired = zip(model.compiled.events, model.world.fired, strict=True)
    return [events[name].label or name for name, times in fired if times > 0]


def _noting_decisions(agent: StateAgent) -> dict[str, Floats]:
    """The pull and the target of the agent's last decision, which it notes here from now on.

    They are noted as they are worked out, because a rule of one's own may remember that it was
    asked. A rule that decides without them leaves none.
    """
    noted: dict[str, Floats] = {}
    pull_of_rule, target_of_rule = agent.pull, agent.target

    def noted_pull() -> Floats:
        noted["pull"] = pull_of_rule()
        return noted["pull"]

    def noted_target(pull: Floats) -> Floats:
        noted["target"] = target_of_rule(pull)
        return noted["target"]

    agent.pull, agent.target = noted_pull, noted_target  # type: ignore[method-assign]
    return noted


def _overall(model: RelationsModel, by_domain: Floats) -> Floats:
    """Means over the domains [N, D] by their weights, as cooperation is measured; 0 where no
    domain has weight."""
    weight = model.numbers.domain_weight
    total = float(weight.sum())
    mean: Floats = by_domain @ weight / total if total > 0 else by_domain[:, 0] * 0.0
    return mean


def _numbers(model: RelationsModel, own: int) -> list[dict[str, Any]]:
    """Traits, ties in force, stances with their saliences, and capacities of a state."""
    scenario, numbers = model.compiled.scenario, model.numbers
    rows = [(name, getattr(numbers, name)[own], unit) for name, unit in TRAITS.items()]
    for faced, other in enumerate(model.states):
        if weight := model.world.interest[own, faced]:
            rows.append((f"tie to {scenario.states[other].name or other}", weight, ""))
    for number, issue in enumerate(model.compiled.issues):
        if salience := numbers.salience[own, number]:
            label = scenario.issues[issue].label or issue
            rows.append((f"stance on {label}", numbers.stance[own, number], ""))
            rows.append((f"salience of {label}", salience, ""))
    for number, domain in enumerate(model.domains):
        label = scenario.domains[domain].label or domain
        rows.append((f"capacity, {label}", numbers.capacity[own, number], ""))
    return [{"label": label, "value": _short(value), "unit": unit} for label, value, unit in rows]


def _short(value: float) -> float:
    return round(float(value), DIGITS)


def agent_class_of(name: str) -> type[StateAgent]:
    """The class that ``module:Class`` names; the module may be in the current folder.

    Raises:
        RelsimError: there is no such module or class, or it is no class of agents.
    """
    module_name, colon, class_name = name.partition(":")
    if not (colon and module_name and class_name.isidentifier()):
        text = f"--agent is written module:Class, as in my_agents:Stubborn, not {name!r}."
        raise RelsimError(text)
    if (folder := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, folder)  # as where Python is started with -m
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise RelsimError(f"{module_name} needs {error.name}, which is not there.") from error
        where = "neither in the current folder nor installed"
        text = f"There is no module {error.name}: it is {where}. --agent is module:Class"
        raise RelsimError(f"{text}, without the ending .py.") from error
    except Exception as error:  # whatever the code of a user does as it is loaded
        raise RelsimError(
            f"{module_name} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    named = getattr(module, class_name, None)
    if isinstance(named, type) and issubclass(named, StateAgent):
        return named
    agents = [
        key
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, StateAgent) and value is not StateAgent
    ]
    if named is None:
        raise RelsimError(
            f"{module_name} has no class {class_name}. {did_you_mean(class_name, agents)}".rstrip()
        )
    raise RelsimError(
        f"{class_name} of {module_name} is no subclass of relsim.StateAgent. "
        f"{did_you_mean(class_name, agents)}".rstrip()
    )
