"""Runs are doubled until claims or differences are settled, by bounds that allow for every look.

Only what is judged is kept of a run, so that memory does not grow with runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, TypeAlias

import numpy as np

from relsim.analysis.claims import holds, judged_values, obstacle, verdict_word
from relsim.analysis.compare import Comparison, compare
from relsim.analysis.effects import NEGLIGIBLE
from relsim.analysis.recorded import on_shared_runs
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.errors import ResultsError
from relsim.progress import bar
from relsim.scenario.schema import Claim, Scenario
from relsim.scenario.titles import told_apart
from relsim.scenario.values import Month
from relsim.stats import (
    FEW_DIFFERENT,
    MOST_SUGGESTED,
    Estimate,
    Values,
    difference_estimate,
    half_width,
    paired_differences,
    share_estimate,
    share_sequence,
    spread,
)
from relsim.words import listed, percent, rounded_up, signed, with_interval

FIRST_LOOK = 250
MOST_RUNS = 16_000  # six doublings; a share is then known to 1.1 percentage points
SMALLEST_SHARE = 0.01  # claims ask for whole percentage points
RARE = 0.01  # of the runs: what differs in fewer is settled as "identical"
_AT_ONCE = 1024  # runs that are in memory at once
Kind: TypeAlias = Literal["claims", "differences"]
Block: TypeAlias = Mapping[str, Ensemble]  # the same runs of every scenario, by key


@dataclass(frozen=True)
class Looking:
    """At how many runs it was looked, and what was settled.

    Attributes:
        looks: the numbers of runs.
        most: how many runs there could have been.
        followed: how many claims or differences were to be settled.
        what: "claims" or "differences".
        on_the_line: a sentence on each claim that is settled because it holds in just as many runs
            as it asks for, to a percentage point.
        remaining: a sentence on each that was not settled.
        question: a digest of what was to be settled, where a result keeps this.
    """

    looks: tuple[int, ...]
    most: int
    followed: int
    what: Kind
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
        settled = self.followed - len(self.remaining)
        verb = "is" if settled == 1 else "are"
        start = f"{settled} of {self.followed} {self.what} {verb} settled"
        if not self.remaining:
            start = f"All {self.what} are settled"
        looks = "looks" if len(self.looks) > 1 else "a look"
        numbers = listed(f"{runs:,}" for runs in self.looks)
        return [
            f"{start}, after {looks} at {numbers} runs. The 95 % bounds of shares and mean "
            "differences allow for repeated looks.",
            *self.on_the_line,
            *self.remaining,
        ]


@dataclass
class ClaimSoFar:
    """A claim, and in how many of the runs so far it holds.

    Attributes:
        scenario: key of the scenario that claims it.
        name, claim: the claim, and its name in sentences.
        against: key of the scenario that it compares with; empty where there is none.
        obstacle: why no number of runs can judge it, known after one block; empty otherwise.
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
    def share(self) -> Estimate:
        """The share of runs in which it holds, with bounds over all looks."""
        return share_estimate(self.holding, self.runs, repeated=True)

    @property
    def settled(self) -> bool:
        """Whether the bounds of its share leave out what it asks for, or are within a percentage
        point of it."""
        return self._has_verdict or self._is_near

    @property
    def _has_verdict(self) -> bool:
        _, low, high = self.share
        return verdict_word(low, high, self.claim.probability) != "not distinguishable"

    @property
    def _is_near(self) -> bool:
        """Whether all of its bounds are within a percentage point of what it asks for."""
        _, low, high = self.share
        return max(high - self.claim.probability, self.claim.probability - low) < SMALLEST_SHARE

    def on_the_line(self) -> str:
        """That it holds in just as many runs as it asks for; empty where that is not so."""
        if self._has_verdict or not self._is_near:
            return ""
        return f"On the line, to a percentage point: {self._so_far}."

    def still_open(self) -> str:
        """What was found so far, and how many runs would settle it in the worst case."""
        _, low, high = self.share

        def known(runs: int) -> bool:
            """Whether the bounds of any share from low to high are narrower than what matters."""
            widest = min(max(low, 0.5), high)
            bounds = share_sequence(round(widest * runs), runs)
            return bounds[1] - bounds[0] < SMALLEST_SHARE

        return f"Not settled: {self._so_far}. {_enough(known, self.runs, 'in the worst case')}"

    @property
    def _so_far(self) -> str:
        share, low, high = self.share
        return (
            f"{self.name} holds in {percent(share, 1)} of {self.runs:,} runs "
            f"({100 * low:.1f} to {percent(high, 1)}), where {percent(self.claim.probability)} is "
            "asked"
        )


@dataclass
class DifferenceSoFar:
    """The paired difference of a pair at a month, in the runs so far.

    Attributes:
        base, other: keys of the two scenarios.
        pair, month, domain: what is compared.
        obstacle: empty; as for a claim.
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
        mean = difference_estimate(values, repeated=True)
        return mean.clear or max(-mean.low, mean.high) < NEGLIGIBLE

    def on_the_line(self) -> str:
        """Nothing: a difference close to 0 is called negligible."""
        return ""

    def still_open(self) -> str:
        """What was found so far, and how many runs would settle it as far as these show."""
        values = np.concatenate(self.differences)
        differ, runs = int(np.count_nonzero(values)), len(values)
        deviation = spread(values)

        def known(runs_then: int) -> bool:
            """Whether the bounds then are narrow enough to leave 0 out or to keep close to it."""
            enough = differ / runs * runs_then >= FEW_DIFFERENT
            return enough and 2 * half_width(runs_then) * deviation < NEGLIGIBLE

        mean = with_interval(*difference_estimate(values, repeated=True), partial(signed, digits=4))
        so_far = (
            f"{mean} in {differ:,} of {runs:,} runs" if differ else f"no run of {runs:,} differs"
        )
        enough = _enough(known if differ else _rarity_is_known, runs, "as far as these show")
        return f"Not settled: {self.pair}, {self.other}: {so_far}. {enough}"


Followed: TypeAlias = ClaimSoFar | DifferenceSoFar


def _rarity_is_known(runs: int) -> bool:
    return share_sequence(0, runs)[1] < RARE


def _enough(known: Callable[[int], bool], runs: int, why: str) -> str:
    """How many runs are enough, to 5 %, for something to be known; at most 10 million."""
    while not known(runs):
        if runs > MOST_SUGGESTED:
            return "No number of runs worth asking for would be enough."
        runs = math.ceil(runs * 1.05)
    runs = rounded_up(runs)
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
    progress: bool = True,
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
        progress: say at a prompt and in a notebook how far it is.

    Returns:
        The comparison, whose bounds hold over all looks, and at how many runs it was looked.

    Raises:
        ResultsError: the two cannot be compared, or not so.
    """
    if base.slug == other.slug:  # two of one file, by which a look could not tell them apart
        other = other.named(f"{other.slug}-changed")
    scenarios = told_apart([base, other])
    seed = base.ensemble.seed if seed is None else seed
    with bar() if progress else nullcontext() as shown:
        looking = look_at_differences(
            *(scenarios, pairs, at),
            domain=domain,
            seed=seed,
            most=most,
            executor=executor,
            phase=shown.phase if shown else None,
        )
    simulated = partial(
        simulate, runs=looking.runs, seed=seed, executor=executor, progress=progress
    )
    ensembles = [replace(simulated(item), until_clear=True) for item in scenarios]
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
    base, *others = (
        simulate(item, runs=min(most, FIRST_LOOK), seed=seed, progress=False) for item in scenarios
    )
    followed = []
    for other in others:
        comparison = compare(base, other, domain=domain)
        month = comparison.month(at)
        followed += [
            DifferenceSoFar(base.scenario.slug, other.scenario.slug, pair, month, domain)
            for pair in (comparison.watched if pairs is None else pairs)
            if not comparison.act_alike
        ]
    return look_until_clear(
        {scenario.slug: (scenario, seed) for scenario in scenarios},
        followed,
        "differences",
        most=most,
        record="overall" if domain is None else "domains",
        executor=executor,
        phase=phase,
    )


def look_until_clear(
    scenarios: Mapping[str, tuple[Scenario, int]],
    followed: Sequence[Followed],
    kind: Kind,
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
        kind: which of the two they are.
        most: runs of each scenario at most.
        record, thin: what to keep of a run until it is judged, as in the result.
        executor: where runs are simulated; threads on all cores where absent.
        phase: called with a sentence before every look.

    Raises:
        ResultsError: none of them can be judged, or there are no runs.
    """
    _refuse_no_runs(most)
    judged, waiting, looks = list(followed), len(followed), [0]
    while looks[-1] < most:
        goal = min(max(FIRST_LOOK, 2 * looks[-1]), most)
        if phase is not None:
            phase(f"Looking at {goal:,} runs; {waiting} of {len(judged)} are open")
        for first in range(looks[-1], goal, _AT_ONCE):
            runs = min(_AT_ONCE, goal - first)
            simulated = partial(
                simulate,
                runs=runs,
                first=first,
                record=record,
                thin=thin,
                executor=executor,
                progress=False,
            )
            block = {
                key: simulated(scenario, seed=seed) for key, (scenario, seed) in scenarios.items()
            }
            for item in judged:
                item.add(block)
            judged = [item for item in judged if not item.obstacle]
            if followed and not judged:
                raise ResultsError(f"No claim can be judged. {followed[0].obstacle}")
        looks.append(goal)
        waiting = sum(not item.settled for item in judged)
        if not waiting:
            break
    remaining = tuple(item.still_open() for item in judged if not item.settled)
    near = tuple(sentence for item in judged if (sentence := item.on_the_line()))
    return Looking(tuple(looks[1:]), most, len(judged), kind, near, remaining)


def _refuse_no_runs(most: int) -> None:
    if most < 1:
        raise ResultsError(f"There are no {most} runs; ask for at least 1.")
