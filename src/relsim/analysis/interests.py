"""Interests are the ties and issues of states: how far they explain the opening and a difference.

For the opening, each pair is put where interests alone would hold it: at rest under third parties
and issues, without affinity, with all other pairs as they open. Pairs that open far above or below
are where history weighs most, and where change would go if it faded.

For a difference between two scenarios, a tie or a salience of one of the two states is set to 0 in
both scenarios, read so at the opening, and kept at 0 whatever events do; the opening stays as it
is. The part of the difference that is then gone, on the same draws, went by way of that interest.
Parts need not add up to the difference: interests work together, and most differences do not go by
way of interests at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.ensemble.accounts import OVERALL
from relsim.ensemble.agents import AgentProgram
from relsim.ensemble.chunks import Chunk, available_cores, simulate_chunk
from relsim.ensemble.record import Recorder, recorder
from relsim.model.compile import compile_scenario
from relsim.model.plan import NONE, Compiled, Numbers, Program
from relsim.model.stability import fading_factors, opening_postures
from relsim.scenario.schema import Scenario
from relsim.scenario.values import Month
from relsim.stats import Values, difference_estimate
from relsim.words import percent, possessive, signed, with_the

Floats = NDArray[np.float64]

MOST = 10.0  # times the gains in force: beyond, third parties and issues are all there is
BISECTIONS = 50  # halve an interval of 2 to less than a quadrillionth

RUNS = 64  # paired differences hardly differ between runs, so few show what carries them
# Postures to be moved, over all runs and steps: about two seconds of two cores.
MOST_STEPS = 300_000_000
AGENTS_SLOWER = 100  # times: 35 ms a run of 11 states and 120 months, which takes the kernel 0.4
FEWEST_RUNS = 5  # fewer have no interval to speak of
MOST_NAMED = 5
LEAST = 0.0005  # of cooperation; smaller sizes read 0.000

COLUMNS = ("interest", "effect", "without", "carried", "low", "high")


def state_name(code: str, scenarios: Sequence[Scenario]) -> str:
    """The name of a state, in the first of some scenarios that has the state."""
    state = next(scenario.states[code] for scenario in scenarios if code in scenario.states)
    return state.name or code


def interest_label(interest: str, *scenarios: Scenario) -> str:
    """An interest by the names of the scenarios, as in "Pakistan's tie to India".

    Args:
        interest: as in "PAK.ties.IND" or "PAK.issues.kashmir".
        scenarios: where it stands; the first that has a name gives it.
    """
    code, kind, name = interest.split(".")
    state = possessive(state_name(code, scenarios))
    if kind == "ties":
        return f"{state} tie to {with_the(state_name(name, scenarios))}"
    labels = (item.issues[name].label for item in scenarios if name in item.issues)
    return f"{state} interest in {next(labels, None) or name}"


# Of the opening


@dataclass(frozen=True)
class Explained:
    """How much of the opening levels interests explain, with uncertain numbers at their median.

    Attributes:
        share: of the variance of opening levels over pairs, explained at the gains in force; at
            most 1, and below 0 where the mean of all pairs explains more.
        best_factor: times the gains in force, interests explain most (0 to 10).
        best_share: the share explained then.
        pairs: a row for each: ``pair``, ``level`` at the opening, ``said`` by interests alone, and
            ``warmth``, the difference of the two minus its mean over all pairs.
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
        sentences = [self.share_sentence]
        for word, rows in (("Warmer", self.warmer()), ("Colder", self.colder())):
            pairs = ", ".join(
                f"{pair} ({signed(level)} where they say {signed(alone)})"
                for pair, level, alone in rows[["pair", "level", "said"]].itertuples(index=False)
            )
            if pairs:
                sentences.append(f"{word} than interests say: {pairs}.")
        return tuple(sentences)

    def _extremes(self, count: int, *, warm: bool) -> pd.DataFrame:
        rows = self.pairs[self.pairs["warmth"] > 0 if warm else self.pairs["warmth"] < 0]
        return rows.sort_values("warmth", ascending=not warm).head(count).reset_index(drop=True)


def opening_levels(scenario: Scenario) -> pd.DataFrame:
    """Cooperation of all pairs at the opening, with uncertain numbers at their median.

    Returns:
        ``pair``, ``domain`` (``overall`` or one of the scenario's) and ``level``, from -1 to 1.
    """
    compiled = compile_scenario(scenario)
    by_domain = _opening(compiled.numbers)
    overall = by_domain @ _domain_weights(compiled.numbers)
    rows, columns = np.triu_indices(len(overall), 1)
    levels = np.column_stack([overall[rows, columns], by_domain[rows, columns]])
    names = (OVERALL, *compiled.domains)
    index = pd.MultiIndex.from_product(
        [scenario.pair_names(compiled.pairs), names], names=["pair", "domain"]
    )
    return pd.DataFrame({"level": levels.ravel()}, index=index).reset_index()


def _opening(numbers: Numbers) -> Floats:
    """Cooperation at the opening, [N, N, D]."""
    posture = opening_postures(numbers)
    return _cooperation(numbers, posture, posture.swapaxes(0, 1))


def _domain_weights(numbers: Numbers) -> Floats:
    """The share of each domain in overall cooperation, [D]."""
    weights: Floats = numbers.domain_weight / numbers.domain_weight.sum()
    return weights


def explained(scenario: Scenario) -> Explained:
    """How much of the opening levels of a scenario its interests explain.

    The interests are those that the opening was read with.
    """
    compiled = compile_scenario(scenario)
    numbers = compiled.numbers
    numbers = numbers.replace(
        weight=numbers.reference_weight,
        stance=numbers.reference_stance,
        salience=numbers.reference_salience,
        capacity=numbers.reference_capacity,
    )
    levels = _opening(numbers) @ _domain_weights(numbers)
    np.fill_diagonal(levels, 0.0)

    def unexplained(factor: float) -> float:
        return -_share(levels, _levels_of_interests(compiled, numbers, levels, factor))

    from scipy.optimize import minimize_scalar  # slow to load

    best = minimize_scalar(unexplained, bounds=(0.0, MOST), options={"xatol": 0.005})
    alone = _levels_of_interests(compiled, numbers, levels, 1.0)
    rows, columns = np.triu_indices(len(levels), 1)
    gap = (levels - alone)[rows, columns]
    pairs = pd.DataFrame(
        {
            "pair": scenario.pair_names(compiled.pairs),
            "level": levels[rows, columns],
            "said": alone[rows, columns],
            "warmth": gap - gap.mean(),
        }
    )
    return Explained(_share(levels, alone), float(best.x), float(-best.fun), pairs)


def _cooperation(numbers: Numbers, forth: Floats, back: Floats) -> Floats:
    mutuality = float(numbers.mutuality)
    both: Floats = (1 - mutuality) * (forth + back) / 2 + mutuality * np.minimum(forth, back)
    return both


def _levels_of_interests(
    compiled: Compiled, numbers: Numbers, levels: Floats, factor: float
) -> Floats:
    """The level [N, N] at which interests alone would hold each pair, others as they open.

    A posture p is at rest where p = T(u - g·p): u is the pull of all that does not depend on the
    pair itself, g that of the alignment with others' relations, which draws away from its own.
    """
    weight = numbers.weight * fading_factors(compiled, numbers, reference=True)
    towards = factor * float(numbers.alignment_gain) * np.maximum(weight, 0.0)
    away = factor * float(numbers.rivalry_gain) * np.minimum(weight, 0.0)
    own = towards.sum(axis=1, keepdims=True) - towards
    attention = np.maximum(1.0, numbers.salience.sum(axis=1, keepdims=True))
    issues = (numbers.salience * numbers.stance / attention) @ numbers.stance.T
    pull = (towards + away) @ levels + factor * float(numbers.issue_gain) * issues
    low, high = np.full_like(pull, -1.0), np.full_like(pull, 1.0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        left_over = pull - own * middle
        above = left_over / np.sqrt(1 + left_over**2) > middle
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    alone = _cooperation(numbers, middle, middle.T)
    np.fill_diagonal(alone, 0.0)
    return alone


def _share(levels: Floats, alone: Floats) -> float:
    """Share of the variance of levels over pairs that is explained; a common offset is not held
    against it. 0 where all pairs open alike."""
    pairs = np.triu_indices(len(levels), 1)
    spread = levels[pairs].var()
    return float(1 - (levels - alone)[pairs].var() / spread) if spread > 0 else 0.0


# Of a difference


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
        return self.sentence_on(self.pair, str)

    def sentence_on(self, pair: str, name: Callable[[str], str]) -> str:
        """The same with a name for the pair, and one for each interest."""
        difference = (
            f"the difference of {pair} ({signed(self.effect, 4)} in {self.month}, mean of "
            f"{self.runs:,} paired runs)"
        )
        named = [
            f"{name(interest)} {signed(carried, 4)}"
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


def carriers(
    compiled: tuple[Compiled, Compiled],
    pair: str,
    month: Month,
    *,
    seed: int,
    runs: Sequence[int],
    domain: str | None = None,
    executor: Executor | None = None,
) -> Carriers:
    """Simulates runs of two scenarios again, with each tie and issue of two states held out.

    Args:
        compiled: the base, and what is compared with it.
        pair: the two states, as in "PAK-RUS".
        month: the month compared, the start of a step.
        seed: of both.
        runs: the numbers of the paired runs.
        domain: the domain of cooperation compared; overall where absent.
        executor: where runs are simulated; threads on all cores where absent.
    """
    scenarios = (compiled[0].scenario, compiled[1].scenario)
    time = scenarios[0].time
    step = (month.serial - time.start.serial) // time.months_per_step
    base, other = (_PairAtStep.of(item, pair, step, domain) for item in compiled)
    # Consecutive runs make a chunk; all runs make one, unless some failed.
    pieces = np.split(np.asarray(runs), np.flatnonzero(np.diff(runs) != 1) + 1)
    chunks = [Chunk(int(piece[0]), len(piece)) for piece in pieces if len(piece)]

    def effect_without(interest: str | None) -> Values:
        return other.levels(interest, seed, chunks) - base.levels(interest, seed, chunks)

    names = _interests(scenarios, pair)
    own = ThreadPoolExecutor(available_cores()) if executor is None else nullcontext(executor)
    with own as pool:
        whole, *parts = pool.map(effect_without, [None, *names])
    rows = [
        (name, whole.mean(), without.mean(), *difference_estimate(whole - without))
        for name, without in zip(names, parts, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table["carried"].abs().sort_values(ascending=False, kind="stable").index
    ordered = table.loc[order].reset_index(drop=True)
    return Carriers(pair, month, len(runs), float(whole.mean()), ordered)


def affordable_runs(compiled: tuple[Compiled, Compiled], pair: str) -> int:
    """How many runs can be simulated again within seconds; 0 where too few for an interval, or
    the two states have no interests."""
    cells = sum(
        len(item.states) ** 2
        * len(item.domains)
        * item.plan.steps
        * (AGENTS_SLOWER if isinstance(item, AgentProgram) else 1)
        for item in compiled
    )
    interests = len(_interests((compiled[0].scenario, compiled[1].scenario), pair))
    most = MOST_STEPS // (cells * (interests + 1))
    return min(most, RUNS) if interests and most >= FEWEST_RUNS else 0


def _interests(scenarios: tuple[Scenario, Scenario], pair: str) -> list[str]:
    """The ties and issues that the two states have in either scenario."""

    def of_scenario(scenario: Scenario) -> Iterator[str]:
        for code in pair.split("-"):
            for other in scenario.states[code].ties:
                if other not in pair.split("-"):  # a state is no third party to its own relation
                    yield f"{code}.ties.{other}"
            for issue in scenario.states[code].issues:
                yield f"{code}.issues.{issue}"

    return list(dict.fromkeys(name for item in scenarios for name in of_scenario(item)))


@dataclass(frozen=True)
class _PairAtStep:
    """A scenario that is simulated for the cooperation of one pair at one step."""

    compiled: Compiled
    recorder: Recorder
    domain: int | None  # None: overall

    @classmethod
    def of(cls, compiled: Compiled, pair: str, step: int, domain: str | None) -> _PairAtStep:
        kept = recorder(compiled, "domains")
        moments = np.full_like(kept.slots, NONE)
        moments[step] = 0
        first, second = pair.split("-")
        states = compiled.pair_states(((first, second),))
        kept = replace(kept, slots=moments, overall_pairs=states, domain_pairs=states)
        return cls(compiled, kept, None if domain is None else compiled.domains.index(domain))

    def levels(self, held_out: str | None, seed: int, chunks: Sequence[Chunk]) -> Values:
        """Cooperation of the pair in each run, [runs], without an interest if one is named."""
        program = self.compiled.program
        if held_out is not None:
            program = _without(program, self.compiled, held_out)
        records = [simulate_chunk(program, seed, self.recorder, chunk) for chunk in chunks]
        if self.domain is None:
            levels = [record["overall"][:, 0, 0] for record in records]
        else:
            levels = [record["cooperation"][:, 0, 0, self.domain] for record in records]
        return np.concatenate(levels).astype(np.float64)


def _without(program: Program, compiled: Compiled, interest: str) -> Program:
    """A program in which an interest is 0, was 0 at the opening, and stays 0."""
    code, kind, name = interest.split(".")
    numbers = Numbers.views(program.sizes, np.arange(program.vector.size))
    row = compiled.states.index(code)
    if kind == "ties":
        column = compiled.states.index(name)
        held = {int(numbers.weight[row, column]), int(numbers.reference_weight[row, column])}
    elif name not in compiled.issues:
        return program
    else:
        column = compiled.issues.index(name)
        held = {int(numbers.salience[row, column]), int(numbers.reference_salience[row, column])}
    vector, low, high = program.vector.copy(), program.plan.low.copy(), program.plan.high.copy()
    for values in (vector, low, high):
        values[list(held)] = 0.0
    draws = tuple(
        replace(draw, places=tuple(index for index in draw.places if index not in held))
        for draw in program.draws
    )
    return replace(
        program, vector=vector, draws=draws, plan=program.plan.replace(low=low, high=high)
    )
