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
from relsim.analysis.effects import NEGLIGIBLE, SAME
from relsim.analysis.intervals import FEW_DIFFERENT, Values, spread
from relsim.analysis.numerals import percent, rounded_up, signed
from relsim.analysis.pairing import on_shared_runs
from relsim.analysis.sequences import difference_sequence, half_width, share_sequence
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.scenario.naming import told_apart
from relsim.scenario.schema import Claim, Scenario
from relsim.scenario.values import Month

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
    """

    looks: tuple[int, ...]
    most: int
    followed: int
    what: Literal["claims", "differences"]
    on_the_line: tuple[str, ...]
    remaining: tuple[str, ...]

    @property
    def runs(self) -> int:
        """At the last look."""
        return self.looks[-1]

    def sentences(self) -> list[str]:
        """What was settled, and what was not; nothing where there was nothing to settle."""
        if not self.followed:
            return []
        looks = ", ".join(f"{runs:,}" for runs in self.looks)
        settled = f"{self.followed - len(self.remaining)} of {self.followed} {self.what}"
        if not self.remaining:
            settled = f"all {self.what}" if self.followed > 1 else f"the {self.what[:-1]}"
        return [
            f"Runs were doubled until clear: looks at {looks} runs settle {settled}. "
            "Bounds of shares and mean differences hold over all looks (95 %).",
            *self.on_the_line,
            *self.remaining,
        ]


class Followed(Protocol):
    """Something that more runs may settle."""

    def add(self, block: Block) -> None:
        """Takes up some more runs."""

    @property
    def settled(self) -> bool:
        """Whether more runs would hardly change what is said."""

    def on_the_line(self) -> str:
        """That it is settled without a verdict, and why; empty where it has one."""

    def still_open(self) -> str:
        """What keeps it open, and how many runs settle it at most."""


@dataclass
class ClaimSoFar:
    """A claim, and in how many of the runs so far it holds.

    Attributes:
        scenario: key of the scenario that claims it.
        name, claim: the claim.
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
        return bool(self.obstacle) or self._verdict != "not distinguishable" or self._is_near

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
        if self.obstacle or self._verdict != "not distinguishable" or not self._is_near:
            return ""
        return f"On the line, to a percentage point: {self._found}."

    def still_open(self) -> str:
        """What keeps it open, and how many runs settle it at most."""
        return (
            f"Open: {self._found}; {_at_most(partial(_share_is_known, *self._bounds), self.runs)}."
        )

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

    def add(self, block: Block) -> None:
        """Takes up some more runs."""
        comparison = compare(block[self.base], block[self.other], domain=self.domain)
        base, other = comparison.levels_at(self.pair, self.month)
        self.differences.append(np.where(np.abs(other - base) > SAME, other - base, 0.0))

    @property
    def settled(self) -> bool:
        """Whether its bounds are clear of 0, or so near to it that none is worth naming."""
        values = np.concatenate(self.differences)
        if not values.any():
            return share_sequence(0, len(values))[1] < RARE
        low, high = difference_sequence(values)
        return low > 0 or high < 0 or max(-low, high) < NEGLIGIBLE

    def on_the_line(self) -> str:
        """Nothing: a difference close to 0 is called negligible."""
        return ""

    def still_open(self) -> str:
        """What keeps it open, and how many runs settle it at most."""
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
        return f"Open: {self.pair}, {self.other}: {found}; {_at_most(known, runs)}."


def _rarity_is_known(runs: int) -> bool:
    return share_sequence(0, runs)[1] < RARE


def _difference_is_known(deviation: float, share: float, runs: int) -> bool:
    """Whether the bounds then are narrow enough to be clear of 0, or to keep close to it."""
    enough = share * runs >= FEW_DIFFERENT
    return enough and 2 * half_width(runs) * deviation < NEGLIGIBLE


def _at_most(known: Callable[[int], bool], runs: int) -> str:
    """How many runs settle something at most, in words."""
    while not known(runs):
        if runs > MOST_COUNTED:
            return "no number of runs worth asking for settles it for sure"
        runs = math.ceil(runs * 1.05)
    return f"about {rounded_up(runs):,} runs settle it at most"


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
    base, *others = (simulate(scenario, runs=1, seed=seed) for scenario in scenarios)
    followed = []
    for other in others:
        comparison = compare(base, other, domain=domain)
        month = comparison.month(at)
        followed += [
            DifferenceSoFar(base.scenario.slug, other.scenario.slug, pair, month, domain)
            for pair in (comparison.watched if pairs is None else pairs)
            if not comparison.act_alike
        ]
    by_key = {scenario.slug: scenario for scenario in scenarios}
    record: RecordLevel = "overall" if domain is None else "domains"
    return look_until_clear(
        *(by_key, followed, "differences"),
        seed=seed,
        most=most,
        record=record,
        executor=executor,
        phase=phase,
    )


def look_until_clear(
    scenarios: Mapping[str, Scenario],
    followed: Sequence[Followed],
    what: Literal["claims", "differences"],
    *,
    seed: int,
    most: int = MOST_RUNS,
    record: RecordLevel = "domains",
    executor: Executor | None = None,
    phase: Callable[[str], None] | None = None,
) -> Looking:
    """Simulates 250 runs of scenarios, then twice as many, until all that is followed is settled.

    All scenarios have the same runs, paired run by run. Decisions at any look are wrong in 5 % of
    cases at most, for each thing that is followed.

    Args:
        scenarios: by key.
        followed: what is to be settled.
        what: which of these it is.
        seed: of all.
        most: runs of each scenario at most.
        record: what to keep of a run until it is judged.
        executor: where runs are simulated; threads on all cores where absent.
        phase: told at how many runs is looked next.
    """
    looks, waiting = [0], len(followed)
    while looks[-1] < most:
        goal = min(max(FIRST_LOOK, 2 * looks[-1]), most)
        if phase is not None:
            phase(f"Looking at {goal:,} runs; {waiting} of {len(followed)} are open")
        for first in range(looks[-1], goal, _AT_ONCE):
            runs = min(_AT_ONCE, goal - first)
            asked = partial(simulate, runs=runs, first=first, seed=seed, record=record)
            block = {key: asked(scenario, executor=executor) for key, scenario in scenarios.items()}
            for one in followed:
                one.add(block)
        looks.append(goal)
        remaining = tuple(one.still_open() for one in followed if not one.settled)
        waiting = len(remaining)
        if not waiting:
            break
    near = tuple(sentence for one in followed if (sentence := one.on_the_line()))
    return Looking(tuple(looks[1:]), most, len(followed), what, near, remaining)
