"""The model as a Mesa model: states are agents, a step is a month (or quarter, or year).

>>> import relsim
>>> model = relsim.RelationsModel(relsim.load("scenarios/pakistan-russia/status-quo.yaml"))
>>> model.step()
>>> model.datacollector.get_model_vars_dataframe()

Each agent decides with the same compiled rules that the ensemble kernel loops over, and all
noise is named, so run r of an ensemble and ``RelationsModel(scenario, run=r)`` agree bit for bit.
Mesa's own generator (``model.rng``, ``model.random``) is there for extensions and is seeded by the
seed and the run, but the model itself draws nothing from it.

How states decide is changed in a subclass of :class:`StateAgent`. One run of it is
``RelationsModel(scenario, agent_class=Stubborn)``; many are
``relsim.simulate(scenario, agent_class=Stubborn)``, paired run by run with those of the standard
rule:

>>> class Stubborn(relsim.StateAgent):
...     def decide(self):
...         return self.posture  # whatever draws it
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from relsim.errors import RelsimError, RelsimWarning
from relsim.model import step as phases
from relsim.model.compile import compile_scenario
from relsim.model.draws import draw_numbers, place_draws
from relsim.model.plan import Compiled, Numbers, World, pair_names
from relsim.model.rules import within_limit
from relsim.model.structs import Floats
from relsim.scenario.schema import Scenario
from relsim.scenario.values import Month
from relsim.words import signed

with warnings.catch_warnings():
    # Mesa loads a progress bar, which in a notebook asks for ipywidgets.
    warnings.filterwarnings("ignore", "IProgress not found")
    import mesa

ROUNDING = 1e-9  # by so much a posture may be beyond -1 or 1


class StateAgent(mesa.Agent):  # type: ignore[misc]
    """A state that answers the others every step.

    Its decision is a chain of three methods, each of which a subclass may override: :meth:`pull`
    (what draws it), :meth:`target` (where that leads) and :meth:`decide` (its next postures).
    All work on arrays [N, D]: the state faced, the domain. The row of the state itself means
    nothing.
    """

    model: RelationsModel

    def __init__(self, model: RelationsModel, code: str) -> None:
        super().__init__(model)
        self.code = code
        self.index = model.states.index(code)
        self.intention = np.zeros((len(model.states), len(model.domains)))

    def __repr__(self) -> str:
        standing = signed(self.standing)
        return (
            f"<{type(self).__name__} {self.code}, {self.name}, {self.model.month}, "
            f"standing {standing}>"
        )

    @property
    def name(self) -> str:
        """Its name in the scenario."""
        return self.model.compiled.scenario.states[self.code].name or self.code

    @property
    def posture(self) -> Floats:
        """What it extends to each state by domain now, [N, D]; a copy."""
        posture: Floats = self.model.world.posture[self.index].copy()
        return posture

    @property
    def month(self) -> str:
        """The month that it is at, as in ``2025-03``."""
        return str(self.model.month)

    @property
    def standing(self) -> float:
        """Its mean overall cooperation with all other states."""
        row = self.model.world.overall[self.index]
        return float(row.sum() / (row.size - 1))

    def pull(self) -> Floats:
        """What draws it to each state by causes, in pull units [N, D]."""
        pull = self._room()
        phases.fill_state_pull(self.index, *self.model.lanes, pull)
        return pull[..., 0]

    def target(self, pull: Floats) -> Floats:
        """The postures to which a pull leads, [N, D].

        Raises:
            RelsimError: the pull has another shape.
        """
        pull = np.asarray(pull, dtype=np.float64)
        self._refuse_other_shape(pull, "asks for the target of", "pulls")
        target, capacity = self._room(), self.model.lanes.numbers.capacity
        phases.fill_state_target(self.index, capacity, _one_lane(pull), target)
        return target[..., 0]

    def decide(self) -> Floats:
        """Its next postures [N, D]: a move towards the target of its pull."""
        posture = self._room()
        target = _one_lane(self.target(self.pull()))
        phases.fill_state_move(self.index, target, self.model.lanes.world, posture)
        return posture[..., 0]

    def _refuse_other_shape(self, values: Floats, does: str, what: str) -> None:
        if values.shape == self.intention.shape:
            return
        expected = " × ".join(map(str, self.intention.shape))
        found = " × ".join(map(str, values.shape)) or "a single number"
        text = f"{does} {found} where {what} are {expected}: state faced, domain."
        raise RelsimError(f"{self!r} {text}")

    def _room(self) -> Floats:
        return np.zeros((*self.intention.shape, 1))

    def deliberate(self) -> None:
        """First phase: decides, while everybody still shows the old postures.

        Raises:
            RelsimError: what :meth:`decide` of a subclass gives are no postures.
        """
        decided = np.array(self.decide(), dtype=np.float64)
        self._refuse_other_shape(decided, "decides on", "postures")
        decided[self.index] = 0.0
        if not np.abs(decided).max() <= 1.0 + ROUNDING:  # also where it is no number
            text = "decides on a posture that is not between -1 and 1."
            raise RelsimError(f"{self!r} {text}")
        self.intention = decided

    def act(self) -> None:
        """Second phase: takes the postures it decided on."""
        self.model.world.next_posture[self.index] = self.intention


def _one_lane(values: Floats) -> Floats:
    """An array as the compiled rules take it: with an axis of lanes, of which there is one."""
    return np.ascontiguousarray(values)[..., np.newaxis]


class Lanes(NamedTuple):
    """A run as the compiled rules see it: every array with an axis of lanes, one long."""

    numbers: Numbers
    world: World


class RelationsModel(mesa.Model):  # type: ignore[misc]
    """States that respond to each other and to events, one step at a time.

    Args:
        scenario: what to simulate, perhaps compiled.
        run: which run of the ensemble this is; fixes its noise and its uncertain numbers.
        seed: of the ensemble; the scenario's where absent.
        agent_class: a subclass of StateAgent, to change how states decide.
        drawn: the uncertain numbers of the run, in the order of ``compiled.draws``; drawn by their
            names where absent.

    Attributes:
        compiled: the arrays and labels of the scenario; ``compiled.scenario`` is the scenario
            (Mesa 3.5 keeps ``model.scenario`` for a class of its own).
        states, domains, pairs: labels, in the order of the arrays.
        world: the arrays of the run (see relsim.model.plan.World), without the axis of lanes.
        numbers: the numbers of the model as they stand (relsim.model.plan.Numbers), likewise;
            what is written into either takes effect.
        lanes: both as the compiled rules take them.
        step_number: steps taken.
        month: the month that the model is at.
        datacollector: by step, the month and overall cooperation of the watched pairs (model
            variables), and the month, code and standing of each state (agent variables).
    """

    def __init__(
        self,
        scenario: Scenario | Compiled,
        *,
        run: int = 0,
        seed: int | None = None,
        agent_class: type[StateAgent] = StateAgent,
        drawn: Floats | None = None,
    ) -> None:
        if not isinstance(scenario, Compiled):
            scenario = compile_scenario(scenario)
        self.compiled, scenario = scenario, scenario.scenario
        self.seed_of_ensemble = scenario.ensemble.seed if seed is None else seed
        mixed = np.random.SeedSequence([self.seed_of_ensemble, run])  # no two runs draw the same
        super().__init__(rng=int(mixed.generate_state(1)[0]))
        self.run = run
        self.plan = self.compiled.plan
        self.states = self.compiled.states
        self.domains = self.compiled.domains
        self.pairs = self.compiled.pairs
        world = World.empty(self.compiled)
        self.lanes = Lanes(Numbers.views(self.compiled.sizes, world.vector), world)
        self.world = world.lane(0)
        self.numbers = self.lanes.numbers.lane(0)
        self.step_number = 0
        self.running: bool = True
        self._place_uncertain_numbers(drawn)
        phases.open_world(self.plan, *self.lanes)
        for code in self.states:
            agent_class(self, code)
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "month": lambda model: str(model.month),
                **{f"{a}-{b}": [self.cooperation, [a, b]] for a, b in scenario.watched_pairs},
            },
            agent_reporters={"month": "month", "code": "code", "standing": "standing"},
        )
        self.datacollector.collect(self)

    def __repr__(self) -> str:
        step = f"step {self.step_number} of {self.plan.steps}"
        title = self.compiled.scenario.title
        return f"<{type(self).__name__} “{title}”, run {self.run}, {self.month}, {step}>"

    def _place_uncertain_numbers(self, drawn: Floats | None) -> None:
        draws = self.compiled.draws
        if drawn is None:
            drawn = draw_numbers(draws, self.seed_of_ensemble, self.run, 1)[0]
        places, values = place_draws(draws, drawn[np.newaxis])
        self.world.vector[places] = values[0]

    def step(self) -> None:
        """One step: events, then every state decides, then all act at once.

        Once the scenario is over and ``running`` is False, it warns and does nothing.
        """
        if not self.running:
            text = f"The scenario ended in {self.month}: this step does nothing. "
            text += "`while model.running: model.step()` stops in time."
            warnings.warn(text, RelsimWarning, stacklevel=3)  # Mesa wraps this method
            return
        self.begin_step()
        self.finish_step()

    def begin_step(self) -> None:
        """The first half of a step: events happen, and chance is drawn."""
        seed, step = np.uint64(self.seed_of_ensemble), np.uint64(self.step_number)
        runs = np.array([self.run], dtype=np.uint64)
        phases.work_out(self.plan, *self.lanes)  # an extension may have changed a number
        phases.begin_step(self.plan, *self.lanes, seed, runs, step)

    def finish_step(self) -> None:
        """The second half: every state decides, then all act at once, and the calendar moves."""
        for index in range(len(self.states)):  # chance answers to these, however agents decide
            phases.fill_state_pull(index, *self.lanes, self.lanes.world.pull[index])
        self.agents.do("deliberate")
        self.agents.do("act")
        phases.end_step(self.plan, *self.lanes, np.uint64(self.step_number))
        self.step_number += 1
        self.running = self.step_number < self.plan.steps
        self.datacollector.collect(self)

    @property
    def month(self) -> Month:
        """The month that the model is at."""
        time = self.compiled.scenario.time
        return time.start.plus(self.step_number * time.months_per_step)

    def cooperation(self, first: str, second: str, domain: str | None = None) -> float:
        """Cooperation between two states now, in one domain or overall."""
        i, j = self.states.index(first), self.states.index(second)
        if domain is None:
            return float(self.world.overall[i, j])
        d = self.domains.index(domain)
        return within_limit(float(self.world.caused[i, j, d] + self.world.chance[i, j, d]))

    def to_frame(self) -> pd.DataFrame:
        """Every pair as it stands: month, pair, domain (and ``overall``), cooperation."""
        rows: list[dict[str, Any]] = []
        for (a, b), pair in zip(self.pairs, pair_names(self.pairs), strict=True):
            for domain in (None, *self.domains):
                level = self.cooperation(a, b, domain)
                rows.append({"pair": pair, "domain": domain or "overall", "cooperation": level})
        frame = pd.DataFrame(rows)
        frame.insert(0, "month", str(self.month))
        return frame


def forget(model: RelationsModel) -> None:
    """Lets a model that is done with be freed: Mesa 3.3 keeps every model that it counted the
    agents of."""
    getattr(mesa.Agent, "_ids", {}).pop(model, None)
