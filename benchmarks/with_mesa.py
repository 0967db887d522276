"""The model as an ordinary Mesa program: an agent for each state, runs by ``batch_run``."""

from __future__ import annotations

import mesa
import numpy as np

from benchmarks.given import Floats, Given
from benchmarks.plain import World


class State(mesa.Agent):  # type: ignore[misc]
    """A state, which decides on its next postures and then takes them."""

    def __init__(self, model: Relations, index: int) -> None:
        super().__init__(model)
        self.world, self.index = model.world, index

    def decide(self) -> None:
        """Decides while everybody still shows the old postures."""
        self.intention = self.world.decide(self.index)

    def act(self) -> None:
        """Takes the postures decided on."""
        self.world.next_posture[self.index] = self.intention


class Relations(mesa.Model):  # type: ignore[misc]
    """One run. Overall cooperation is collected every month. Mesa 3.5 hands over ``rng``."""

    def __init__(
        self, given: Given, run: int, kind: type[World] = World, rng: int | None = None
    ) -> None:
        super().__init__(rng=rng)
        self.world = kind(given, run)
        states = len(self.world.posture)
        State.create_agents(self, states, list(range(states)))
        self.datacollector = mesa.DataCollector({"overall": lambda model: model.world.overall})

    def step(self) -> None:
        """One month."""
        self.world.happen()
        self.agents.do("decide")
        self.agents.do("act")
        self.world.end()
        self.datacollector.collect(self)
        # `batch_run` of Mesa 3.3 goes one step too far unless the model stops by itself.
        self.running = self.world.step < self.world.given.steps


def simulate(given: Given, runs: int, kind: type[World] = World) -> Floats:
    """Overall cooperation at the end of every step, [runs, T, P]."""
    rows = mesa.batch_run(
        Relations,
        {"given": [given], "run": range(runs), "kind": [kind]},
        number_processes=1,
        max_steps=given.steps,
        data_collection_period=1,
        display_progress=False,
    )
    return np.array([row["overall"] for row in rows]).reshape(runs, given.steps, -1)
