"""Runs side by side with their mirror images: the same draws with every normal negated.

What chance adds is odd in its shocks, so that a run and its mirror image show without sampling
error what chance does to a median.
"""

from __future__ import annotations

import numpy as np

from relsim.model import step as phases
from relsim.model.compile import compile_scenario
from relsim.model.draws import draw_numbers, place_draws
from relsim.model.plan import Numbers, World
from relsim.scenario.schema import Scenario

U = np.uint64
SHOCKS = ("even_shock", "odd_shock", "drift_shock", "news")


class MirroredRuns:
    """Runs in lanes 0, 2, 4, … and the mirror image of each in the next.

    Attributes:
        world: as they stand, with two lanes for each run.
    """

    def __init__(self, scenario: Scenario, runs: int, *, seed: int = 1, first: int = 0) -> None:
        self.compiled = compile_scenario(scenario)
        self.plan, self.seed, self.steps_done = self.compiled.plan, U(seed), 0
        self.runs = np.repeat(np.arange(first, first + runs), 2).astype(U)
        self.world: World = World.empty(self.compiled, 2 * runs)
        self.numbers = Numbers.views(self.compiled.sizes, self.world.vector)
        places, values = place_draws(
            self.compiled.draws, draw_numbers(self.compiled.draws, seed, first, runs)
        )
        self.world.vector[places] = np.repeat(values, 2, axis=0).T
        phases.open_world(self.plan, self.numbers, self.world)

    def step(self) -> None:
        """One step of every run and its mirror image."""
        step = U(self.steps_done)
        phases.begin_step(self.plan, self.numbers, self.world, self.seed, self.runs, step)
        for name in SHOCKS:
            if self.steps_done % 2 == 0 or name in ("drift_shock", "news"):
                getattr(self.world, name)[:, 1::2] *= -1.0  # the odd shock is drawn a step before
        phases.respond(self.plan, self.numbers, self.world)
        phases.end_step(self.plan, self.numbers, self.world, step)
        self.steps_done += 1
