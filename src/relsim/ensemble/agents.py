"""Runs in which states decide by a class of one's own: the Mesa model in place of the kernel.

They have the draws of the kernel's runs and are recorded by the same functions, so that ensembles
under different rules are paired run by run.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relsim.ensemble.record import Recorder
from relsim.errors import RelsimError, ResultsError
from relsim.model.compile import compile_scenario
from relsim.model.plan import Compiled, Program
from relsim.model.structs import Floats
from relsim.scenario.schema import Scenario
from relsim.scenario.titles import titles

if TYPE_CHECKING:
    from relsim.model.account import Accounts  # the kernel is loaded by what simulates alone
    from relsim.model.kernel import Levels
    from relsim.model.mesa_model import StateAgent  # and Mesa by what needs agents

STANDARD = "standard rule"
PLAIN = (bool, int, float, str, tuple)  # values of a class that are written the same anywhere


@dataclass(frozen=True, eq=False)
class AgentProgram(Compiled):
    """A scenario ready to run by the agents of a class.

    Attributes:
        agent_class: how states decide.
    """

    agent_class: type[StateAgent]

    @property
    def program(self) -> Program:
        """All of it, for agents know the scenario."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """The class itself where workers cannot import it, as from a notebook."""
        import cloudpickle

        return {**vars(self), "agent_class": cloudpickle.dumps(self.agent_class)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        import cloudpickle

        vars(self).update(state, agent_class=cloudpickle.loads(state["agent_class"]))


def compile_with(scenario: Scenario, agent_class: type[StateAgent] | None) -> Compiled:
    """A scenario ready to run: by the kernel, or by the agents of a class where one is given.

    Raises:
        RelsimError: it is no class of agents.
    """
    compiled = compile_scenario(scenario)
    if agent_class is None:
        return compiled
    from relsim.model.mesa_model import StateAgent

    if not (isinstance(agent_class, type) and issubclass(agent_class, StateAgent)):
        raise RelsimError(f"`agent_class` is a subclass of relsim.StateAgent, not {agent_class!r}.")
    content = {name: getattr(compiled, name) for name in Compiled.__dataclass_fields__}
    return AgentProgram(**content, agent_class=agent_class)


def rules_of(agent_class: type[StateAgent] | None) -> str:
    """What the rules are called by which states decide."""
    return STANDARD if agent_class is None else agent_class.__name__


def titles_with_rules(scenarios: Sequence[Scenario], rules: Sequence[str]) -> list[str]:
    """The title of each scenario (see :func:`relsim.scenario.titles.titles`), with the rules by
    which states decide where these are not the same for all."""
    names = titles(scenarios)
    if len(set(rules)) == 1:
        return names
    return [f"{title} ({rule})" for title, rule in zip(names, rules, strict=True)]


def simulate_agents(
    program: AgentProgram,
    seed: int,
    runs: NDArray[np.uint64],
    drawn: Floats,
    kept: Recorder,
    stop: NDArray[np.uint8],
) -> tuple[Levels, Accounts | None]:
    """Some runs of the Mesa model, with all that is recorded of them.

    Args:
        program, seed, kept: what to simulate and to record.
        runs: the number of each run, which decides its noise.
        drawn: its uncertain numbers, [runs, draws].
        stop: nothing is to be used once it is set.
    """
    from relsim.model.account import record_accounts
    from relsim.model.kernel import record_levels
    from relsim.model.mesa_model import RelationsModel, forget

    levels, accounts = kept.empty(program, runs.size)
    for row, run in enumerate(runs):
        model = RelationsModel(
            program, run=int(run), seed=seed, agent_class=program.agent_class, drawn=drawn[row]
        )
        numbers, world = model.lanes
        try:
            record_levels(row, 1, 0, world, levels)
            if accounts is not None:
                record_accounts(row, 1, 0, model.plan, numbers, world, accounts)
            for step in range(model.plan.steps):
                if stop[0]:
                    return levels, accounts
                model.begin_step()
                if accounts is not None:
                    record_accounts(row, 1, step + 1, model.plan, numbers, world, accounts)
                model.finish_step()
                record_levels(row, 1, step + 1, world, levels)
                levels.fired[row, step] = model.world.fired
        finally:
            forget(model)
    return levels, accounts


def as_written(agent_class: type[StateAgent]) -> list[tuple[str, str]]:
    """A class and its bases up to the standard agent: the name and the source of each.

    What the class reads from elsewhere, as a number of its module, is not in it.

    Raises:
        ResultsError: the source of one cannot be read.
    """
    from relsim.model.mesa_model import StateAgent

    own = [base for base in agent_class.__mro__ if base not in StateAgent.__mro__]
    return [(base.__qualname__, _source(base)) for base in own]


def _source(base: type) -> str:
    """The text of a class; where Python has only that of its functions, as of a class of a
    notebook, these and its plain values."""
    try:
        return inspect.getsource(base)
    except (OSError, TypeError):
        pass
    parts = []
    for name, value in vars(base).items():
        if isinstance(value, PLAIN) and not name.startswith("__"):
            parts.append(f"{name} = {value!r}")
        function = value.fget if isinstance(value, property) else inspect.unwrap(value)
        function = getattr(function, "__func__", function)
        if inspect.isfunction(function):
            try:
                parts.append(inspect.getsource(function))
            except (OSError, TypeError) as error:
                raise ResultsError(
                    f"The source of {base.__qualname__} cannot be read, so results of this rule "
                    "cannot be told from those of another. Write the class in a file or in a cell "
                    "of a notebook."
                ) from error
    return "\n".join(parts)
