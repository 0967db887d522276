"""The model as an ordinary AgentPy program: an agent for each state, runs by ``Experiment``."""

from __future__ import annotations

import agentpy as ap
import numpy as np

from benchmarks.given import Floats, Given
from benchmarks.plain import World


class State(ap.Agent):  # type: ignore[misc]
    """A state, which decides on its next postures and then takes them."""

    def setup(self, world: World) -> None:
        """Its place in the world."""
        self.world, self.index = world, self.id - 1  # ids begin at 1

    def decide(self) -> None:
        """Decides while everybody still shows the old postures."""
        self.intention = self.world.decide(self.index)

    def act(self) -> None:
        """Takes the postures decided on."""
        self.world.next_posture[self.index] = self.intention


class Relations(ap.Model):  # type: ignore[misc]
    """One run. Overall cooperation is kept every month and reported at the end."""

    def setup(self, given: Given) -> None:
        """The opening."""
        self.world = World(given, self.p.run)
        self.states = ap.AgentList(self, len(self.world.posture), State, world=self.world)
        self.levels: list[Floats] = []

    def step(self) -> None:
        """One month."""
        self.world.happen()
        self.states.decide()
        self.states.act()
        self.world.end()
        self.levels.append(self.world.overall)

    def end(self) -> None:
        """Hands the levels over."""
        self.report("overall", np.array(self.levels))


def simulate(given: Given, runs: int) -> Floats:
    """Overall cooperation at the end of every step, [runs, T, P]."""
    sample = [{"run": run, "steps": given.steps} for run in range(runs)]
    results = ap.Experiment(Relations, sample, given=given).run(display=False)
    return np.array(list(results.reporters["overall"]))
