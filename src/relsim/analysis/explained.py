"""How much of a scenario's opening levels interests explain, and which pairs are out of line.

Of each pair it is asked where interests alone would hold it: at rest under third parties and
issues, without affinity, with all other pairs as they open. Pairs that open far above or below
are where history weighs most, and where change would go if it faded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from relsim.model.compile import compile_scenario
from relsim.model.plan import PARAMETERS, Compiled, Numbers
from relsim.model.stability import fading_factors, opening_postures
from relsim.scenario.schema import Scenario
from relsim.words import percent, signed

Floats = NDArray[np.float64]

MOST = 10.0  # times the gains in force: beyond, third parties and issues are all there is
BISECTIONS = 50  # halve an interval of 2 to less than a quadrillionth


@dataclass(frozen=True)
class Explained:
    """What interests say of the opening, with uncertain numbers at their median.

    Attributes:
        share: of the variance of opening levels over pairs, explained at the gains in force; at
            most 1, and below 0 where interests say less than the mean of all pairs does.
        best_factor: times the gains in force, interests explain most (0 to 10).
        best_share: the share explained then.
        pairs: a row for each: ``pair``, ``level`` at the opening, ``said`` by interests alone, and
            ``warmth``, the level less what is said, less the mean of that over all pairs.
    """

    share: float
    best_factor: float
    best_share: float
    pairs: pd.DataFrame

    def warmer(self, count: int = 3) -> pd.DataFrame:
        """The pairs that open most above what interests say, the warmest first."""
        return self._extremes(count, warm=True)

    def colder(self, count: int = 3) -> pd.DataFrame:
        """The pairs that open most below what interests say, the coldest first."""
        return self._extremes(count, warm=False)

    @property
    def share_sentence(self) -> str:
        """The shares in words."""
        at_best = f"at {self.best_factor:.1f} times these gains, {percent(self.best_share)}"
        best = f"; at best, {at_best}" if self.best_share > max(self.share, 0) + 0.01 else ""
        return (
            f"Interests explain {percent(max(self.share, 0.0))} of the spread of opening levels "
            f"at the gains in force{best}. The rest is history."
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """The shares in words, and the pairs that are most out of line; nothing where all pairs
        open alike."""
        if self.pairs["level"].nunique() < 2:
            return ()
        said = [self.share_sentence]
        for word, rows in (("Warmer", self.warmer()), ("Colder", self.colder())):
            pairs = [
                f"{pair} ({signed(level)} where they say {signed(alone)})"
                for pair, level, alone in zip(
                    rows["pair"], rows["level"], rows["said"], strict=True
                )
            ]
            if pairs:
                said.append(f"{word} than interests say: {', '.join(pairs)}.")
        return tuple(said)

    def _extremes(self, count: int, *, warm: bool) -> pd.DataFrame:
        rows = self.pairs[self.pairs["warmth"] > 0 if warm else self.pairs["warmth"] < 0]
        return rows.sort_values("warmth", ascending=not warm).head(count).reset_index(drop=True)


def explained(scenario: Scenario) -> Explained:
    """How much of the opening levels of a scenario its interests explain.

    The interests are those that the opening was read with.
    """
    compiled = compile_scenario(scenario)
    numbers = _as_read(compiled.numbers)
    levels = _levels(numbers)

    def unexplained(factor: float) -> float:
        return -_share(levels, _said(compiled, numbers, levels, factor))

    best = minimize_scalar(unexplained, bounds=(0.0, MOST), options={"xatol": 0.005})
    said = _said(compiled, numbers, levels, 1.0)
    rows, columns = np.triu_indices(len(levels), 1)
    gap = (levels - said)[rows, columns]
    pairs = pd.DataFrame(
        {
            "pair": scenario.pair_names(compiled.pairs),
            "level": levels[rows, columns],
            "said": said[rows, columns],
            "warmth": gap - gap.mean(),
        }
    )
    return Explained(_share(levels, said), float(best.x), float(-best.fun), pairs)


def _as_read(numbers: Numbers) -> Numbers:
    """The numbers with the interests of the reference in force."""
    return numbers._replace(
        weight=numbers.reference_weight,
        stance=numbers.reference_stance,
        salience=numbers.reference_salience,
        capacity=numbers.reference_capacity,
    )


def _levels(numbers: Numbers) -> Floats:
    """Overall cooperation at the opening [N, N]."""
    weights = numbers.domain_weight / numbers.domain_weight.sum()
    posture = opening_postures(numbers)
    levels: Floats = _cooperation(posture, posture.swapaxes(0, 1), _parameter(numbers, "mutuality"))
    levels = levels @ weights
    np.fill_diagonal(levels, 0.0)
    return levels


def _cooperation(forth: Floats, back: Floats, mutuality: float) -> Floats:
    both: Floats = (1 - mutuality) * (forth + back) / 2 + mutuality * np.minimum(forth, back)
    return both


def _parameter(numbers: Numbers, name: str) -> float:
    return float(numbers.parameter[PARAMETERS.index(name)])


def _said(compiled: Compiled, numbers: Numbers, levels: Floats, factor: float) -> Floats:
    """The level [N, N] at which interests alone would hold each pair, others as they open.

    A posture p is at rest where p = T(u - g·p): u is the pull of all that does not depend on the
    pair itself, g that of the alignment with others' relations, which draws away from its own.
    """
    weight = numbers.weight * fading_factors(compiled, numbers, reference=True)
    towards = factor * _parameter(numbers, "alignment_gain") * np.maximum(weight, 0.0)
    away = factor * _parameter(numbers, "rivalry_gain") * np.minimum(weight, 0.0)
    own = towards.sum(axis=1, keepdims=True) - towards
    attention = np.maximum(1.0, numbers.salience.sum(axis=1, keepdims=True))
    issues = (numbers.salience * numbers.stance / attention) @ numbers.stance.T
    pull = (towards + away) @ levels + factor * _parameter(numbers, "issue_gain") * issues
    low, high = np.full_like(pull, -1.0), np.full_like(pull, 1.0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        left_over = pull - own * middle
        above = left_over / np.sqrt(1 + left_over**2) > middle
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    said = _cooperation(middle, middle.T, _parameter(numbers, "mutuality"))
    np.fill_diagonal(said, 0.0)
    return said


def _share(levels: Floats, said: Floats) -> float:
    """Share of the variance of levels over pairs that is explained; a common offset is not held
    against it. 0 where all pairs open alike."""
    pairs = np.triu_indices(len(levels), 1)
    spread = levels[pairs].var()
    return float(1 - (levels - said)[pairs].var() / spread) if spread > 0 else 0.0
