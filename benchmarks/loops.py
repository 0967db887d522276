"""The world of :mod:`benchmarks.plain` with states that look at each other one by one.

So an agent program is first written: loops over the others and over the domains, Python numbers.
What the world does for all pairs at once it does in NumPy, as there.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.given import Floats, Given
from benchmarks.plain import World


class LoopWorld(World):
    """The same world, state by state and domain by domain."""

    def __init__(self, given: Given, run: int) -> None:
        super().__init__(given, run)
        reciprocity, kept = given.numbers.reciprocity, given.numbers.kept
        self.reciprocity = np.broadcast_to(reciprocity.ravel(), len(self.posture)).tolist()
        self.kept = np.broadcast_to(kept.ravel(), len(self.posture)).tolist()

    def gather(self) -> None:
        """What states see this month, as lists."""
        super().gather()
        self.snapshot = {
            name: getattr(self, name).tolist()
            for name in ("base", "lever", "cue", "issue", "caused", "posture", "ceiling")
        }

    def decide(self, i: int) -> Floats:
        """The next postures of state i towards all by domain [N, D]."""
        pull, moved = [], []
        for j, third_party in enumerate(self.third_parties(i)):
            pull.append([self.drawn(i, j, d, third) for d, third in enumerate(third_party)])
            moved.append([self.moved(i, j, d, drawn) for d, drawn in enumerate(pull[j])])
        self.pull[i] = pull
        moved[i] = [0.0] * len(moved[i])
        return np.array(moved)

    def third_parties(self, i: int) -> list[list[float]]:
        """The pull of all on i by domain, by way of those i takes a cue from or mistrusts."""
        levers, cues, caused = (
            self.snapshot["lever"][i],
            self.snapshot["cue"][i],
            self.snapshot["caused"],
        )
        total = [[-cue * level for level in own] for cue, own in zip(cues, caused[i], strict=True)]
        for lever, others in zip(levers, caused, strict=True):
            if lever != 0.0:
                for towards_j, levels in zip(total, others, strict=True):
                    for d, level in enumerate(levels):
                        towards_j[d] += lever * level
        return total

    def drawn(self, i: int, j: int, d: int, third_party: float) -> float:
        """The pull of j on i in a domain."""
        posture = self.snapshot["posture"]
        answer = self.reciprocity[i] * (posture[j][i][d] - posture[i][j][d])
        pull: float = self.snapshot["base"][i][j][d] + (third_party + self.snapshot["issue"][i][j])
        return pull + answer

    def moved(self, i: int, j: int, d: int, pull: float) -> float:
        """The next posture of i towards j in a domain."""
        own: float = self.snapshot["posture"][i][j][d]
        target = pull / math.sqrt(1.0 + pull * pull)
        target = min(target, target * self.snapshot["ceiling"][i][j][d])
        return target + (own - target) * self.kept[i]
