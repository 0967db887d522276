"""Advice: which portfolio of levers raises one measure while others stay within bounds.

Every other run chooses: which portfolios surely keep their bounds, which of them is best, which has
the least regret. The runs between measure what was chosen. Reported on the runs that chose it, the
best of many would look better than it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from relsim.errors import RelsimError
from relsim.experiments.advice import NOTHING, Advice, Half
from relsim.experiments.paired import Flags, Means, complete_runs, means
from relsim.experiments.parameters import Values
from relsim.experiments.portfolios import (
    Bound,
    Goal,
    best_of,
    chosen_shares,
    pareto_front,
    regrets,
    shares_within,
    surely_within,
    toggled,
    upper_regret,
)
from relsim.experiments.schema import SHARE, THRESHOLD, Name, Switch
from relsim.experiments.study import Method, Study
from relsim.experiments.subsets import MOST_MEMBERS, binary_order, every_subset
from relsim.scenario.parts import Part
from relsim.scenario.tree import Path as TreePath
from relsim.scenario.values import fail
from relsim.stats import runs_needed, spread

LEAST_RUNS = 4  # two that choose and two that measure: the fewest with a spread


def advice_points(levers: int) -> Values:
    """All portfolios, [2^n, n]: 1 is pulled, 0 is not. The first is none of them.

    Raises:
        RelsimError: there are no levers, or more than 10.
    """
    portfolio_count(levers)
    return every_subset(levers)


def portfolio_count(levers: int) -> int:
    """How many portfolios :func:`advice_points` gives.

    Raises:
        RelsimError: as there.
    """
    if levers < 1:
        raise RelsimError("There is nothing to choose from: name at least one lever.")
    if levers > MOST_MEMBERS:
        raise RelsimError(
            f"{levers} levers make {2**levers:,} portfolios. Advice compares every one, so it "
            f"takes at most {MOST_MEMBERS} levers ({2**MOST_MEMBERS:,} portfolios). Leave out "
            "those that an attribution finds to bring little, or let one lever stand for several."
        )
    return int(2**levers)


def advise(
    levers: tuple[str, ...],
    points: Values,
    outcomes: Mapping[str, Values],
    goal: Goal,
    bounds: Sequence[Bound],
    seed: int = 0,
) -> Advice:
    """Chooses a portfolio on every other run, from the first on, and measures it on the rest.

    All portfolios are compared on paired runs, of which each may have drawn uncertain numbers.

    Args:
        levers: names, n.
        points: as of :func:`advice_points`, [2^n, n], in any order.
        outcomes: by measure, [2^n, R]. A run that lacks one (NaN) anywhere is left out.
        goal: what to raise or lower.
        bounds: what to keep.
        seed: of the resamples of runs.

    Raises:
        RelsimError: the goal or a bound is of no measure that was simulated, a portfolio is
            missing, or fewer than 4 runs are whole.
    """
    order = binary_order(points)
    asked = [goal.measure, *(bound.measure for bound in bounds)]
    chosen = [_measured(outcomes, name)[order] for name in asked]
    complete = complete_runs(chosen)
    runs = int(complete.sum())
    if runs < LEAST_RUNS:
        raise RelsimError(
            f"{'No run has' if not runs else f'Only {runs} of {len(complete)} runs have'} "
            f"{', '.join(dict.fromkeys(asked))} in every portfolio, so portfolios cannot be "
            f"compared: at least {LEAST_RUNS} are needed. Take more runs, or measures that every "
            "run has, such as levels."
        )
    whole = [one[:, complete] for one in chosen]
    within = tuple(bound.within(one) for bound, one in zip(bounds, whole[1:], strict=True))
    return _advice(levers, goal, tuple(bounds), whole[0], within, seed, len(complete) - runs)


def _measured(outcomes: Mapping[str, Values], measure: str) -> Values:
    if measure not in outcomes:
        raise RelsimError(f"'{measure}' is not among the measures. Known: {', '.join(outcomes)}.")
    return outcomes[measure]


def _advice(
    levers: tuple[str, ...],
    goal: Goal,
    bounds: tuple[Bound, ...],
    level: Values,
    within: tuple[Flags, ...],
    seed: int,
    left_out: int,
) -> Advice:
    """From the goal [P, R] and whether each bound holds [P, R], portfolios in binary order."""
    points, asked = every_subset(len(levers)), [bound.share for bound in bounds]
    sizes = points.sum(axis=1)
    choosing, measuring = (_Runs.every_other(level, within, goal, first) for first in (0, 1))
    admissible = choosing.sure(asked)
    mean, kept = choosing.worth.mean(axis=1), [one.mean(axis=1) for one in choosing.within]
    front = pareto_front(np.column_stack([mean, *kept, -sizes]))
    chosen = chosen_shares(choosing.worth, choosing.within, asked, sizes, seed)
    best = best_of(mean, sizes, admissible)
    rival = _rival(chosen, best)
    least = -upper_regret(regrets(choosing.worth, admissible)).value
    halves = [one.half(asked, admissible, front, best) for one in (choosing, measuring)]
    return Advice(
        levers=levers,
        goal=goal,
        bounds=bounds,
        points=points,
        choosing=halves[0],
        measuring=halves[1],
        front=front,
        chosen=chosen,
        best=best,
        steadiest=best_of(least, sizes, admissible),
        unsettled=_not_worse_than(measuring.worth, best, admissible & halves[1].sure & front),
        rival=rival,
        runs_to_tell=2 * _runs_to_tell(measuring.worth, best, rival),
        left_out=left_out,
    )


@dataclass(frozen=True)
class _Runs:
    """Outcomes of one half of the runs: the goal, what it is worth (higher is better), and for
    each bound whether it is kept; [P, R] each."""

    level: Values
    worth: Values
    within: tuple[Flags, ...]

    @classmethod
    def every_other(cls, level: Values, within: tuple[Flags, ...], goal: Goal, first: int) -> _Runs:
        half = level[:, first::2]
        return cls(half, goal.sign * half, tuple(one[:, first::2] for one in within))

    def sure(self, asked: Sequence[float]) -> Flags:
        return surely_within(self.within, asked, len(self.worth))

    def half(
        self, asked: Sequence[float], admissible: Flags, front: Flags, best: int | None
    ) -> Half:
        """What these runs show of portfolios that were chosen."""
        worth, shown = self.worth, front & admissible
        together = np.logical_and.reduce([np.ones_like(worth, dtype=bool), *self.within])
        return Half(
            runs=worth.shape[1],
            level=means(self.level),
            gain=means(worth - worth[0]),
            shares=tuple(shares_within(one) for one in self.within),
            together=together.mean(axis=1),
            sure=self.sure(asked),
            regret=upper_regret(regrets(worth, admissible)),
            by_lever=_brought(worth, np.array([] if best is None else [best], dtype=np.int64)),
            by_lever_on_front=_brought(worth, np.flatnonzero(shown if shown.any() else front)),
        )


def _brought(worth: Values, portfolios: NDArray[np.int64]) -> Means:
    """What each lever brings to some portfolios, with it less without it, mean over them."""
    levers = (len(worth) - 1).bit_length()
    if not len(portfolios):
        return means(np.empty((levers, 0)))
    other = toggled(levers)[portfolios]  # [portfolios, levers]
    has = other < portfolios[:, None]  # the one with the lever comes later
    change = worth[portfolios][:, None] - worth[other]
    return means(np.where(has[..., None], change, -change).mean(axis=0))


def _not_worse_than(worth: Values, best: int | None, among: Flags) -> Flags:
    found = np.zeros(len(worth), dtype=bool)
    if best is not None:
        found = among & ~(means(worth[best] - worth).low > 0)
        found[best] = False
    return found


def _rival(chosen: Values, best: int | None) -> int | None:
    if best is None:
        return None
    return int(np.argmax(np.where(np.arange(len(chosen)) == best, -1, chosen)))


def _runs_to_tell(worth: Values, best: int | None, rival: int | None) -> float:
    if best is None or rival is None:
        return math.nan
    difference = worth[best] - worth[rival]
    return runs_needed(float(difference.mean()), spread(difference))


class BoundOn(Part):
    """What a portfolio has to keep."""

    above: Annotated[float, THRESHOLD] | None = Field(None, description="Stays above this value.")
    below: Annotated[float, THRESHOLD] | None = Field(None, description="Stays below this value.")
    share: Annotated[float, SHARE] = Field(0.8, description="In at least this share of the runs.")

    @model_validator(mode="after")
    def _bounds_something(self) -> BoundOn:
        if self.above is None and self.below is None:
            raise fail("bad-bound", "`above`, `below` or both are needed.")
        if self.above is not None and self.below is not None and self.above >= self.below:
            text = f"No value is above {self.above:g} and below {self.below:g}."
            raise fail("bad-bound", text, "`above` has to be the lower of the two.")
        if self.share == 0:
            raise fail("bad-bound", "A share of 0 keeps nothing.", "Leave the bound out.")
        return self


class Advise(Method):
    """Which levers to pull."""

    switch_key: ClassVar = "levers"
    reserved: ClassVar = (NOTHING,)

    levers: dict[Name, Switch] = Field(min_length=1, description="What can be done or left.")
    raise_: str | None = Field(None, alias="raise", description="The measure to raise.")
    lower: str | None = Field(None, description="The measure to lower, instead.")
    bounds: dict[str, BoundOn] = Field(
        default_factory=dict, description="By measure, what has to be kept."
    )

    @model_validator(mode="after")
    def _one_goal(self) -> Advise:
        if (self.raise_ is None) is (self.lower is None):
            raise fail("bad-goal", "One of `raise` and `lower` is needed.")
        return self

    @property
    def goal(self) -> str:
        """The measure to raise or lower."""
        return self.raise_ or self.lower or ""

    @property
    def size_key(self) -> str:
        """The key of the levers, of which every portfolio is simulated."""
        return "levers"

    def measures_named(self) -> dict[TreePath, str]:
        """Those of the goal and of the bounds."""
        goal = ("raise" if self.raise_ is not None else "lower",)
        return {goal: self.goal} | {("bounds", name): name for name in self.bounds}

    def problems(self, study: Study) -> Iterator[tuple[TreePath, str]]:
        """Too few runs to choose and to measure."""
        if study.experiment.runs < LEAST_RUNS:
            yield (
                ("runs",),
                f"Advice takes at least {LEAST_RUNS} runs, of which half choose and half measure.",
            )

    def size(self, study: Study) -> int:
        """How many portfolios there are."""
        return portfolio_count(len(self.levers))

    def points(self, study: Study) -> Values:
        """All portfolios."""
        return advice_points(len(self.levers))

    def analyse(self, study: Study, points: Values, outcomes: Mapping[str, Values]) -> Advice:
        """Which portfolio is best within the bounds."""
        goal = Goal(study.measure_name(self.goal), maximise=self.raise_ is not None)
        bounds = [
            Bound(
                study.measure_name(name),
                -math.inf if bound.above is None else bound.above,
                math.inf if bound.below is None else bound.below,
                bound.share,
            )
            for name, bound in self.bounds.items()
        ]
        return advise(study.switch_names, points, outcomes, goal, bounds, study.experiment.seed)
