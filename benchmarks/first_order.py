"""The first-order formula: what an interest does to the cooperation of one pair, all else at rest.

The changed term of the pull on each side, times the slope of the response at the opening; with the
answer of the other side, with the pull of alignment back to where others stand, and with the less
willing side weighing more. It knows certain numbers only, and follows nobody outside the pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relsim.scenario.schema import Scenario, State
from relsim.scenario.values import central

Levels = NDArray[np.float64]  # [domains]

TURNS = 200  # of a fixed point that contracts to a third or less in each


@dataclass(frozen=True)
class FirstOrder:
    """A scenario at rest, before and after an interest changes.

    Attributes:
        scenario: the opening, with certain numbers.
        postures: at the opening, by direction as in ``PAK>RUS``.
    """

    scenario: Scenario
    postures: Mapping[str, Levels]

    def change(self, pair: tuple[str, str], after: Scenario) -> float:
        """The change of overall cooperation C of a pair where interests are those of ``after``."""
        sides = (pair, pair[::-1])
        start = [self.postures[f"{i}>{j}"] for i, j in sides]
        pushed = [self._pull(after, i, j) - self._pull(self.scenario, i, j) for i, j in sides]
        lifted = self._ceilings(after, pair) / self._ceilings(self.scenario, pair) - 1.0
        slope = [self._slope(i, j) for i, j in sides]
        answer = [self._reciprocity(i) for i, _ in sides]
        aligned = [self._alignment(after, i, j) for i, j in sides]
        moved = [np.zeros_like(posture) for posture in start]
        gained = np.zeros_like(start[0])
        for _ in range(TURNS):
            for own, other in ((0, 1), (1, 0)):
                pull = pushed[own] + answer[own] * (moved[other] - moved[own])
                pull = pull - aligned[own] * gained
                moved[own] = slope[own] * pull + lifted * np.maximum(start[own], 0.0)
            gained = self._cooperation(start[0] + moved[0], start[1] + moved[1])
            gained = gained - self._cooperation(*start)
        weights = [central(domain.weight) for domain in self.scenario.domains.values()]
        return float(np.average(gained, weights=weights))

    def _pull(self, scenario: Scenario, i: str, j: str) -> Levels:
        """What the interests of i make of j, in pull units."""
        own, theirs = scenario.states[i], scenario.states[j]
        pull = np.full(len(scenario.domains), self._agreement(scenario, own, theirs))
        for k in own.ties:
            if k == j:
                continue
            weight, level = _in_force(scenario, own, k), self._level(k, j)
            if weight > 0.0:
                gain = central(scenario.parameters.alignment_gain)
                pull += gain * weight * (level - self._level(i, j))
            else:
                pull += central(scenario.parameters.rivalry_gain) * weight * level
        return pull

    def _agreement(self, scenario: Scenario, own: State, theirs: State) -> float:
        attention = sum(central(stand.salience) for stand in own.issues.values())
        agreed = sum(
            central(stand.salience) * central(stand.stance) * central(theirs.issues[issue].stance)
            for issue, stand in own.issues.items()
            if issue in theirs.issues
        )
        return central(scenario.parameters.issue_gain) * agreed / max(1.0, attention)

    def _alignment(self, scenario: Scenario, i: str, j: str) -> float:
        """How strongly those whom i takes its cue from hold its relation with j."""
        state = scenario.states[i]
        weights = [_in_force(scenario, state, k) for k in state.ties if k != j]
        return central(scenario.parameters.alignment_gain) * sum(max(w, 0.0) for w in weights)

    def _slope(self, i: str, j: str) -> Levels:
        """T'(u) at the opening; above 0 the lower ceiling of the two scales the response."""
        posture = self.postures[f"{i}>{j}"]
        ceiling = np.where(posture > 0.0, self._ceilings(self.scenario, (i, j)), 1.0)
        slope: Levels = ceiling * (1.0 - (posture / ceiling) ** 2) ** 1.5
        return slope

    def _ceilings(self, scenario: Scenario, pair: tuple[str, str]) -> Levels:
        means = [scenario.states[code].capacity for code in pair]
        return np.array([min(central(own.get(d, 1.0)) for own in means) for d in scenario.domains])

    def _reciprocity(self, i: str) -> float:
        own = self.scenario.states[i].traits.reciprocity
        return central(self.scenario.parameters.reciprocity if own is None else own)

    def _level(self, i: str, j: str) -> Levels:
        return self._cooperation(self.postures[f"{i}>{j}"], self.postures[f"{j}>{i}"])

    def _cooperation(self, forth: Levels, back: Levels) -> Levels:
        mutuality = central(self.scenario.parameters.mutuality)
        level: Levels = (1.0 - mutuality) * (forth + back) / 2.0
        return level + mutuality * np.minimum(forth, back)


def _in_force(scenario: Scenario, state: State, other: str) -> float:
    tie = state.ties[other]
    fading = central(scenario.context[tie.fades_with].start) if tie.fades_with else 0.0
    return central(tie.weight) * max(0.0, 1.0 - fading)
