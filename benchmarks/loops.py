"""The world of :mod:`benchmarks.plain` with states that look at each other one by one.

So an agent program is first written: loops over the others and over the domains, Python numbers.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.given import LIMIT, Floats, Given
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
        self.seen = {
            name: getattr(self, name).tolist()
            for name in ("base", "interest", "issue", "overall", "posture", "ceiling")
        }
        self.news = self.shock[self.step].tolist()

    def decide(self, i: int) -> Floats:
        """The next postures of state i towards all by domain [N, D]."""
        moved = []
        third = self.third_parties(i)
        for j in range(len(third)):
            shared = third[j] + self.seen["issue"][i][j]
            moved.append([self.moved(i, j, d, shared) for d in range(len(self.news[i][j]))])
        moved[i] = [0.0] * len(moved[i])
        return np.array(moved)

    def third_parties(self, i: int) -> list[float]:
        """The pull of all on i by way of those it cares about."""
        interest, overall = self.seen["interest"][i], self.seen["overall"]
        total = [0.0] * len(overall)
        for k, weight in enumerate(interest):
            if weight != 0.0:
                lever = weight * overall[i][k]
                for j, level in enumerate(overall[k]):
                    total[j] += lever * level
        return total

    def moved(self, i: int, j: int, d: int, shared: float) -> float:
        """The next posture of i towards j in a domain."""
        posture = self.seen["posture"]
        own, received = posture[i][j][d], posture[j][i][d]
        answer = self.reciprocity[i] * (received - own)
        pull = self.seen["base"][i][j][d] + shared + answer
        target = pull / math.sqrt(1.0 + pull * pull)
        target = min(target, target * self.seen["ceiling"][i][j][d])
        moved = target + (own - target) * self.kept[i] + self.news[i][j][d]
        return min(max(moved, -LIMIT), LIMIT)
