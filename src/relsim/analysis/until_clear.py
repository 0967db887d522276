"""Runs are doubled until claims or differences are settled, by bounds that allow for every look.

Nothing is kept of a run but what is judged of it, so that memory does not grow with runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Protocol, TypeAlias

import numpy as np

from relsim.analysis.claims import VerdictWord, holds, judged_values, obstacle, verdict_word
from relsim.analysis.compare import Comparison, compare
from relsim.analysis.effects import NEGLIGIBLE, paired_differences
from relsim.analysis.pairing import on_shared_runs
from relsim.analysis.sequences import difference_sequence, half_width, share_sequence
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.errors import ResultsError
from relsim.scenario.schema import Claim, Scenario
from relsim.scenario.titles import told_apart
from relsim.scenario.values import Month
from relsim.stats import FEW_DIFFERENT, Values, spread
from relsim.words import percent, rounded_up, signed

FIRST_LOOK = 250
MOST_RUNS = 16_000  # six doublings; a share is then known to 1.1 percentage points
SMALLEST_SHARE = 0.01  # claims ask for whole percentage points
RARE = 0.01  # of the runs: what differs in fewer is settled as "identical"
MOST_COUNTED = 10_000_000
_AT_ONCE = 1024  # runs that are in memory at once
Block: TypeAlias = Mapping[str, Ensemble]  # the same runs of every scenario, by key


@dataclass(frozen=True)
class Looking:
    """How often was looked, and what came of it.

    Attributes:
        looks: at how many runs.
        most: how many there could have been.
        followed: how many claims or differences were to be settled.
        what: which of these.
        on_the_line: a sentence on each claim that is settled because it holds in just as many runs
            as it asks for, to a percentage point.
        remaining: a sentence on each that was not settled.
        question: a digest of what was to be settled, where a result keeps this.
    """

    looks: tuple[int, ...]
    most: int
    followed: int
    what: Literal["claims", "differences"]
    on_the_line: tuple[str, ...]
    remaining: tuple[str, ...]
    question: str = ""

    @property
    def runs(self) -> int:
        """At the last look."""
        return self.looks[-1]

    def sentences(self) -> list[str]:
        """What was settled, and what was not; nothing where there was nothing to settle."""
        if not self.followed:
            return []
        *earlier, last = (f"{runs:,}" for runs in self.looks)
        looks = f"looks at {', '.join(earlier)} and {last}" if earlier else f"a look at {last}"
        settled = self.followed - len(self.remaining)
        verb = "is" if settled == 1 else "are"
        which = f"{settled} of {self.followed} {self.what} {verb} settled"
        if not self.remaining:
            which = f"All {self.what} are settled"
        return [
            f"{which}, after {looks} runs. The 95 % bounds of shares and mean differences allow "
            "for repeated looks.",
            *self.on_the_line,
            *self.remaining,
        ]


class Followed(Protocol):
    """A claim or a difference that more runs may settle."""

    @property
    def obstacle(self) -> str:
        """Why it cannot be judged, whatever the runs; empty where it can. Known after one block."""

    def add(self, block: Block) -> None:
        """Takes up some more runs."""

    @property
    def settled(self) -> bool:
        """Whether more runs would hardly change what is said."""

    def on_the_line(self) -> str:
        """That it is settled without a verdict, and why; empty where it has one."""

    def still_open(self) -> str:
        """What was found so far, and how many runs would settle it."""


@dataclass
class ClaimSoFar:
    """A claim, and in how many of the runs so far it holds.

    Attributes:
        scenario: key of the scenario that claims it.
        name, claim: the claim, and what it is called.
        against: key of the scenario that it compares with; empty where there is none.
    """

    scenario: str
    name: str
    claim: Claim
    against: str
    holding: int = 0
    runs: int = 0
    obstacle: str = ""

    def add(self, block: Block) -> None:
        """Takes up some more runs."""
        expect, ensemble = self.claim.expect, block[self.scenario]
        other = block[self.against] if self.against else None
        self.obstacle = obstacle(expect, ensemble, other)
        if self.obstacle:
            return
        if other is not None:
            ensemble, other = on_shared_runs(ensemble, other)
        values = judged_values(expect, ensemble, other)
        self.holding += int(holds(expect, values, ensemble.scenario.time).sum())
        self.runs += len(values)

    @property
    def settled(self) -> bool:
        """Whether the bounds of its share are clear of what it asks for, or as near to it as
        matters."""
        return self._verdict != "not distinguishable" or self._is_near

    @property
    def _bounds(self) -> tuple[float, float]:
        return share_sequence(self.holding, self.runs)

    @property
    def _verdict(self) -> VerdictWord:
        return verdict_word(*self._bounds, self.claim.probability)

    @property
    def _is_near(self) -> bool:
        """Whether all of its bounds are within a percentage point of what it asks for."""
        low, high = self._bounds
        return max(high - self.claim.probability, self.claim.probability - low) < SMALLEST_SHARE

    def on_the_line(self) -> str:
        """That it holds in just as many runs as it asks for; empty where that is not so."""
        if self._verdict != "not distinguishable" or not self._is_near:
            return ""
        return f"On the line, to a percentage point: {self._found}."

    def still_open(self) -> str:
        """What was found so far, and how many runs would settle it in the worst case."""
        runs = _first_number(partial(_share_is_known, *self._bounds), self.runs)
        return f"Not settled: {self._found}. {_enough(runs, 'in the worst case')}"

    @property
    def _found(self) -> str:
        low, high = self._bounds
        return (
            f"{self.name} holds in {percent(self.holding / self.runs, 1)} of {self.runs:,} runs "
            f"({100 * low:.1f} to {percent(high, 1)}), where {percent(self.claim.probability)} is "
            "asked"
        )


def _share_is_known(low: float, high: float, runs: int) -> bool:
    """Whether the bounds of any share from low to high then are narrower than what matters."""
    widest = min(max(low, 0.5), high)
    bounds = share_sequence(round(widest * runs), runs)
    return bounds[1] - bounds[0] < SMALLEST_SHARE


@dataclass
class DifferenceSoFar:
    """The paired difference of a pair at a month, in the runs so far.

    Attributes:
        base, other: keys of the two scenarios.
        pair, month, domain: what is compared.
    """

    base: str
    other: str
    pair: str
    month: Month
    domain: str | None
    differences: list[Values] = field(default_factory=list)
    obstacle: str = ""

    def add(self, block: Block) -> None:
        """Takes up some more runs."""
        comparison = compare(block[self.base], block[self.other], domain=self.domain)
        levels = comparison.levels_at(self.pair, self.month)
        self.differences.append(paired_differences(*levels))

    @property
    def settled(self) -> bool:
        """Whether its bounds are clear of 0, or so near to it that none is worth naming."""
        values = np.concatenate(self.differences)
        if not values.any():
            return _rarity_is_known(len(values))
        low, high = difference_sequence(values)
        return low > 0 or high < 0 or max(-low, high) < NEGLIGIBLE

    def on_the_line(self) -> str:
        """Nothing: a difference close to 0 is called negligible."""
        return ""

    def still_open(self) -> str:
        """What was found so far, and how many runs would settle it as far as these show."""
        values = np.concatenate(self.differences)
        differ, runs = int(np.count_nonzero(values)), len(values)
        known: Callable[[int], bool]
        if not differ:
            found, known = f"no run of {runs:,} differs", _rarity_is_known
        else:
            low, high = difference_sequence(values)
            between = f" ({signed(low, 4)} to {signed(high, 4)})" if math.isfinite(low) else ""
            found = f"{signed(float(values.mean()), 4)}{between} in {differ:,} of {runs:,} runs"
            known = partial(_difference_is_known, spread(values), differ / runs)
        enough = _enough(_first_number(known, runs), "as far as these show")
        return f"Not settled: {self.pair}, {self.other}: {found}. {enough}"


def _rarity_is_known(runs: int) -> bool:
    return share_sequence(0, runs)[1] < RARE


def _difference_is_known(deviation: float, share: float, runs: int) -> bool:
    """Whether the bounds then are narrow enough to be clear of 0, or to keep close to it."""
    enough = share * runs >= FEW_DIFFERENT
    return enough and 2 * half_width(runs) * deviation < NEGLIGIBLE


def _first_number(known: Callable[[int], bool], runs: int) -> int | None:
    """The least number of runs, to 5 %, at which something is known; None beyond 10 million."""
    while not known(runs):
        if runs > MOST_COUNTED:
            return None
        runs = math.ceil(runs * 1.05)
    return rounded_up(runs)


def _enough(runs: int | None, why: str) -> str:
    if runs is None:
        return "No number of runs worth asking for would be enough."
    return f"About {runs:,} runs would be enough, {why} (--runs {runs})."


def compare_until_clear(
    base: Scenario,
    other: Scenario,
    *,
    pairs: Sequence[str] | None = None,
    at: Month | str | None = None,
    domain: str | None = None,
    most: int = MOST_RUNS,
    seed: int | None = None,
    executor: Executor | None = None,
) -> tuple[Comparison, Looking]:
    """Compares two scenarios on as many runs as settle how they differ.

    Args:
        base: what is compared with.
        other: what is compared; of the same time span, step and domains.
        pairs: these; the watched ones where absent.
        at: the month; the end where absent.
        domain: cooperation in this domain; overall where absent.
        most: runs at most.
        seed: the base's where absent.
        executor: where runs are simulated; threads on all cores where absent.

    Returns:
        The comparison, whose bounds hold over all looks, and how often was looked.

    Raises:
        ResultsError: the two cannot be compared, or not so.
    """
    scenarios = told_apart([base, other])
    seed = base.ensemble.seed if seed is None else seed
    looking = look_at_differences(
        scenarios, pairs, at, domain=domain, seed=seed, most=most, executor=executor
    )
    ensembles = [
        replace(simulate(one, runs=looking.runs, seed=seed, executor=executor), until_clear=True)
        for one in scenarios
    ]
    return compare(*ensembles, domain=domain), looking


def look_at_differences(
    scenarios: Sequence[Scenario],
    pairs: Sequence[str] | None = None,
    at: Month | str | None = None,
    *,
    domain: str | None = None,
    seed: int,
    most: int = MOST_RUNS,
    executor: Executor | None = None,
    phase: Callable[[str], None] | None = None,
) -> Looking:
    """Looks until it is settled how scenarios differ from the first of them.

    Args:
        scenarios: the base, and what is compared with it; with slugs of their own.
        pairs, at, domain, seed, most, executor, phase: as for :func:`compare_until_clear` and
            :func:`look_until_clear`.
    """
    _refuse_no_runs(most)
    # A look's worth of runs, so that a few that fail do not matter.
    base, *others = (simulate(one, runs=min(most, FIRST_LOOK), seed=seed) for one in scenarios)
    followed = []
    for other in others:
        comparison = compare(base, other, domain=domain)
        month = comparison.month(at)
        followed += [
            DifferenceSoFar(base.scenario.slug, other.scenario.slug, pair, month, domain)
            for pair in (comparison.watched if pairs is None else pairs)
            if not comparison.act_alike
        ]
    by_key = {scenario.slug: (scenario, seed) for scenario in scenarios}
    record: RecordLevel = "overall" if domain is None else "domains"
    return look_until_clear(
        *(by_key, followed, "differences"),
        most=most,
        record=record,
        executor=executor,
        phase=phase,
    )


def look_until_clear(
    scenarios: Mapping[str, tuple[Scenario, int]],
    followed: Sequence[Followed],
    what: Literal["claims", "differences"],
    *,
    most: int = MOST_RUNS,
    record: RecordLevel = "domains",
    thin: int = 1,
    executor: Executor | None = None,
    phase: Callable[[str], None] | None = None,
) -> Looking:
    """Simulates 250 runs of scenarios, then twice as many, until all that is followed is settled.

    All scenarios have the same numbers of runs, paired run by run where their seeds are the same.
    Decisions at any look are wrong in 5 % of cases at most, for each thing that is followed.

    Args:
        scenarios: with their seeds, by key.
        followed: what is to be settled.
        what: which of these it is.
        most: runs of each scenario at most.
        record, thin: what to keep of a run until it is judged, as in the result.
        executor: where runs are simulated; threads on all cores where absent.
        phase: told at how many runs is looked next.

    Raises:
        ResultsError: nothing of what is followed can be judged, or there are no runs.
    """
    _refuse_no_runs(most)
    judged, waiting, looks = list(followed), len(followed), [0]
    while looks[-1] < most:
        goal = min(max(FIRST_LOOK, 2 * looks[-1]), most)
        if phase is not None:
            phase(f"Looking at {goal:,} runs; {waiting} of {len(judged)} are open")
        for first in range(looks[-1], goal, _AT_ONCE):
            runs = min(_AT_ONCE, goal - first)
            asked = partial(simulate, runs=runs, first=first, record=record, thin=thin)
            block = {
                key: asked(scenario, seed=seed, executor=executor)
                for key, (scenario, seed) in scenarios.items()
            }
            for one in judged:
                one.add(block)
            judged = _that_can_be_judged(judged)
        looks.append(goal)
        waiting = sum(not one.settled for one in judged)
        if not waiting:
            break
    remaining = tuple(one.still_open() for one in judged if not one.settled)
    near = tuple(sentence for one in judged if (sentence := one.on_the_line()))
    return Looking(tuple(looks[1:]), most, len(judged), what, near, remaining)


def _that_can_be_judged(followed: list[Followed]) -> list[Followed]:
    """Those without an obstacle.

    Raises:
        ResultsError: there is none.
    """
    judged = [one for one in followed if not one.obstacle]
    if followed and not judged:
        raise ResultsError(f"No claim can be judged. {followed[0].obstacle}")
    return judged


def _refuse_no_runs(most: int) -> None:
    if most < 1:
        raise ResultsError(f"There are no {most} runs; ask for at least 1.")
