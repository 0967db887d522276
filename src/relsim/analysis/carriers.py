"""Which interests carry the difference between two scenarios: the effect with each held out.

A tie or a salience of one of the two states is set to 0 in both scenarios, read so at the opening,
and kept at 0 whatever events do; the opening stays as it is. What of the effect is then gone, on
the same draws, went by way of that interest. Parts need not add up to the effect: interests work
together, and most effects do not go by way of interests at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from relsim.analysis.compare import Comparison
from relsim.analysis.intervals import Values, mean_interval
from relsim.ensemble.chunks import Chunk, available_cores, simulate_chunk
from relsim.ensemble.record import Recorder, recorder
from relsim.model.compile import compile_scenario
from relsim.model.plan import NONE, Compiled, Program, number_views
from relsim.scenario.values import Month

RUNS = 100  # paired differences hardly differ between runs, so few show what carries them

COLUMNS = ("interest", "effect", "without", "carried", "low", "high")


@dataclass(frozen=True)
class _Side:
    """One of the two scenarios."""

    compiled: Compiled
    kept: Recorder
    pair: int  # among the pairs recorded

    @classmethod
    def of(cls, comparison_side: Compiled, pair: str, step: int) -> _Side:
        """A scenario of which one pair is recorded at one step."""
        kept = recorder(comparison_side, "overall")
        moments = np.full_like(kept.places, NONE)
        moments[step] = 0
        first, second = pair.split("-")
        index = comparison_side.pair_index(first, second)
        return cls(comparison_side, replace(kept, places=moments), index)

    def levels(self, held_out: str | None, seed: int, runs: int) -> Values:
        """Overall cooperation of the pair in each run, without an interest where one is named."""
        program = self.compiled.program
        if held_out is not None:
            program = _without(program, self.compiled, held_out)
        arrays = simulate_chunk(program, seed, self.kept, Chunk(0, runs))
        return np.asarray(arrays["overall"][:, 0, self.pair], dtype=np.float64)


def carriers(
    comparison: Comparison, pair: str, at: Month | str | None = None, *, runs: int = RUNS
) -> pd.DataFrame:
    """Which ties and issues of two states carry the difference between two scenarios.

    Args:
        comparison: of two scenarios on the same draws.
        pair: the two states, as in "PAK-RUS".
        at: the month compared; the end where absent.
        runs: how many of the paired runs are simulated again, without each interest.

    Returns:
        A row for each interest, the largest part first: ``interest``, as in "PAK.ties.USA"; the
        mean ``effect`` on overall cooperation; the effect ``without`` the interest; what it has
        ``carried``, the difference of the two, with its Student's 95 % interval ``low`` to
        ``high``.

    Raises:
        ResultsError: not both scenarios have the pair, or the month is not simulated.
    """
    pair, month = comparison.named(pair), comparison.month(at)
    time = comparison.base.scenario.time
    step = (month.serial - time.start.serial) // time.months_per_step
    base, other = (
        _Side.of(compile_scenario(one.scenario), pair, step)
        for one in (comparison.base, comparison.other)
    )
    runs, seed = min(runs, comparison.runs), comparison.base.seed

    def effect_without(held_out: str | None) -> Values:
        return other.levels(held_out, seed, runs) - base.levels(held_out, seed, runs)

    names = list(dict.fromkeys(n for side in (base, other) for n in _interests(side, pair)))
    with ThreadPoolExecutor(available_cores()) as pool:
        whole, *parts = pool.map(effect_without, [None, *names])
    rows = []
    for name, without in zip(names, parts, strict=True):
        carried = whole - without
        low, high = mean_interval(carried)
        rows.append((name, whole.mean(), without.mean(), carried.mean(), low, high))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = table["carried"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _interests(side: _Side, pair: str) -> Iterator[str]:
    """The ties and issues that the two states have, or may come to have by an event."""
    scenario = side.compiled.scenario
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
