"""Which interests carry the difference between two scenarios: the effect with each held out.

A tie or a salience of one of the two states is set to 0 in both scenarios, read so at the opening,
and kept at 0 whatever events do; the opening stays as it is. What of the effect is then gone, on
the same draws, went by way of that interest. Parts need not add up to the effect: interests work
together, and most effects do not go by way of interests at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from relsim.ensemble.chunks import Chunk, available_cores, simulate_chunk
from relsim.ensemble.record import Recorder, recorder
from relsim.model.compile import compile_scenario
from relsim.model.plan import NONE, Compiled, Program, number_views
from relsim.scenario.schema import Scenario
from relsim.scenario.values import Month
from relsim.stats import Values, difference_interval
from relsim.words import signed

RUNS = 64  # paired differences hardly differ between runs, so few show what carries them
# Postures to be moved, over all runs and steps: about two seconds of two cores.
MOST_STEPS = 300_000_000
FEWEST_RUNS = 5  # fewer have no interval to speak of
MOST_NAMED = 5
LEAST = 0.0005  # of cooperation; less reads 0.000

COLUMNS = ("interest", "effect", "without", "carried", "low", "high")


@dataclass(frozen=True)
class Carriers:
    """Which ties and issues of two states carry the difference between two scenarios.

    Attributes:
        pair: the two states.
        month: the month compared.
        runs: how many paired runs it rests on.
        effect: the mean difference in cooperation over these runs.
        table: a row for each interest, the largest part first: ``interest``, as in
            "PAK.ties.USA"; the mean ``effect``; the effect ``without`` the interest; what it has
            ``carried``, the difference of the two, with its 95 % interval ``low`` to ``high``.
    """

    pair: str
    month: Month
    runs: int
    effect: float
    table: pd.DataFrame

    @property
    def largest(self) -> pd.DataFrame:
        """The rows of the interests worth naming: those clear of 0 that do not read 0.000."""
        clear = (self.table["low"] > 0) | (self.table["high"] < 0)
        return self.table[clear & (self.table["carried"].abs() >= LEAST)].head(MOST_NAMED)

    @property
    def sentence(self) -> str:
        """The largest with their sizes, or that none clearly carries anything."""
        difference = (
            f"the difference of {self.pair} ({signed(self.effect, 4)} in {self.month}, mean of "
            f"{self.runs:,} paired runs)"
        )
        named = [
            f"{interest} {signed(carried, 4)}"
            for interest, carried in self.largest[["interest", "carried"]].itertuples(index=False)
        ]
        if not named:
            return (
                f"No tie or issue of the two carries a part of {difference} that is clear of 0: "
                "it does not go by way of interests, or is too small for so few runs."
            )
        return (
            f"Interests that carry {difference}: {', '.join(named)}. That much is gone with the "
            "interest held at 0; parts need not add up."
        )


@dataclass(frozen=True)
class _Side:
    """One of the two scenarios."""

    compiled: Compiled
    kept: Recorder
    domain: int | None  # None: overall

    @classmethod
    def of(cls, scenario: Scenario, pair: str, step: int, domain: str | None) -> _Side:
        """A scenario of which one pair is recorded at one step."""
        compiled = compile_scenario(scenario)
        kept = recorder(compiled, "domains")
        moments = np.full_like(kept.places, NONE)
        moments[step] = 0
        first, second = pair.split("-")
        states = compiled.pair_states(((first, second),))
        kept = replace(kept, places=moments, overall_pairs=states, domain_pairs=states)
        return cls(compiled, kept, None if domain is None else compiled.domains.index(domain))

    def levels(self, held_out: str | None, seed: int, chunks: Sequence[Chunk]) -> Values:
        """Cooperation of the pair in each run, without an interest where one is named."""
        program = self.compiled.program
        if held_out is not None:
            program = _without(program, self.compiled, held_out)
        found = [simulate_chunk(program, seed, self.kept, chunk) for chunk in chunks]
        if self.domain is None:
            return np.concatenate([one["overall"][:, 0, 0] for one in found]).astype(np.float64)
        rows = [one["cooperation"][:, 0, 0, self.domain] for one in found]
        return np.concatenate(rows).astype(np.float64)


def carriers(
    scenarios: tuple[Scenario, Scenario],
    pair: str,
    month: Month,
    *,
    seed: int,
    runs: Sequence[int],
    domain: str | None = None,
) -> Carriers:
    """Simulates runs of two scenarios again, with each tie and issue of two states held out.

    Args:
        scenarios: the base, and what is compared with it.
        pair: the two states, as in "PAK-RUS".
        month: the month compared, the start of a step.
        seed: of both.
        runs: the numbers of the paired runs.
        domain: the domain of cooperation compared; overall where absent.
    """
    time = scenarios[0].time
    step = (month.serial - time.start.serial) // time.months_per_step
    base, other = (_Side.of(scenario, pair, step, domain) for scenario in scenarios)
    chunks = _chunks(runs)

    def effect_without(held_out: str | None) -> Values:
        return other.levels(held_out, seed, chunks) - base.levels(held_out, seed, chunks)

    names = _interests_of(scenarios, pair)
    with ThreadPoolExecutor(available_cores()) as pool:
        whole, *parts = pool.map(effect_without, [None, *names])
    rows = []
    for name, without in zip(names, parts, strict=True):
        carried = whole - without
        low, high = difference_interval(carried)
        rows.append((name, whole.mean(), without.mean(), carried.mean(), low, high))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table["carried"].abs().sort_values(ascending=False, kind="stable").index
    ordered = table.loc[order].reset_index(drop=True)
    return Carriers(pair, month, len(runs), float(whole.mean()), ordered)


def affordable_runs(scenarios: tuple[Scenario, Scenario], pair: str) -> int:
    """How many runs can be simulated again within seconds; 0 where too few for an interval, or
    the two states have no interests."""
    cells = sum(len(one.states) ** 2 * len(one.domains) * one.time.steps for one in scenarios)
    interests = len(_interests_of(scenarios, pair))
    most = MOST_STEPS // (cells * (interests + 1))
    return min(most, RUNS) if interests and most >= FEWEST_RUNS else 0


def _chunks(runs: Sequence[int]) -> list[Chunk]:
    """Runs in chunks of consecutive ones; all in one, unless some failed."""
    numbers = np.asarray(runs)
    pieces = np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1)
    return [Chunk(int(piece[0]), len(piece)) for piece in pieces if len(piece)]


def _interests_of(scenarios: tuple[Scenario, Scenario], pair: str) -> list[str]:
    return list(dict.fromkeys(name for one in scenarios for name in _interests(one, pair)))


def _interests(scenario: Scenario, pair: str) -> Iterator[str]:
    """The ties and issues that the two states have."""
    for code in pair.split("-"):
        for other in scenario.states[code].ties:
            if other not in pair.split("-"):  # a state is no third party to its own relation
                yield f"{code}.ties.{other}"
        for issue in scenario.states[code].issues:
            yield f"{code}.issues.{issue}"


def _without(program: Program, compiled: Compiled, interest: str) -> Program:
    """A program in which an interest is 0, was 0 at the opening, and stays 0."""
    code, kind, name = interest.split(".")
    places = number_views(program.sizes, np.arange(program.vector.size))
    row = compiled.states.index(code)
    if kind == "ties":
        column = compiled.states.index(name)
        held = {int(places.weight[row, column]), int(places.reference_weight[row, column])}
    elif name not in compiled.issues:
        return program
    else:
        column = compiled.issues.index(name)
        held = {int(places.salience[row, column]), int(places.reference_salience[row, column])}
    vector, low, high = program.vector.copy(), program.plan.low.copy(), program.plan.high.copy()
    for numbers in (vector, low, high):
        numbers[list(held)] = 0.0
    draws = tuple(
        replace(draw, places=tuple(place for place in draw.places if place not in held))
        for draw in program.draws
    )
    plan = program.plan._replace(low=low, high=high)
    return replace(program, vector=vector, draws=draws, plan=plan)
