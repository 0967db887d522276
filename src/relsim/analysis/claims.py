"""Claims as tests: in how many futures each holds, and whether these are as many as it asks for.

A claim is reduced to one number per run, the judged value, and a threshold. Everything else follows
from these numbers. A verdict is on what follows from the scenario, not on the world.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.analysis.recorded import (
    lacking,
    lacking_steps,
    on_shared_runs,
    run_blocks,
    time_index,
    unpaired,
)
from relsim.display import Displayed, Figure, in_a_line, plotted
from relsim.ensemble.simulate import Ensemble
from relsim.scenario.names import TieRef
from relsim.scenario.schema import Claim, Expectation, Scenario, Time
from relsim.scenario.values import Month, central
from relsim.stats import Values, median_interval, share_estimate
from relsim.words import listed, percent

VerdictWord: TypeAlias = Literal["supported", "contradicted", "not distinguishable", "not judged"]
Unit: TypeAlias = Literal["cooperation", "months"]

BAND = (0.1, 0.9)  # of the runs


@dataclass(frozen=True, repr=False)
class Verdict:
    """What the futures say of a claim.

    Attributes:
        name: key of the claim.
        says: the sentence.
        test: what has to hold in a run, in words.
        against: the scenario file compared with; empty where there is none.
        runs: how many futures were judged.
        share: share of the runs in which it holds.
        low, high: Jeffreys 95 % interval of the share, which is for one look; where the number of
            runs was chosen by looking, bounds that hold over all looks
            (:func:`relsim.stats.share_sequence`).
        required: the share that the claim asks for.
        effect: median of the judged value: a level, a change, the difference of either, or the
            time to half of a change. Over months, each run counts with the month that decides it.
            Runs without a change have no time to half of it, and are left out of these five.
        effect_low, effect_high: 80 % of the runs lie between.
        median_low, median_high: with ``against``, bootstrap 95 % interval of the median.
        unit: of the effect: "cooperation", from -1 to 1, or "months" from the start.
        verdict: "supported" where the whole interval of the share reaches what is required,
            "contradicted" where all of it stays below, "not distinguishable" where the runs do
            not decide, "not judged" where there was nothing to judge by.
        reason: why it was not judged.
    """

    name: str
    says: str
    test: str
    against: str
    runs: int
    required: float
    share: float | None = None
    low: float | None = None
    high: float | None = None
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    median_low: float | None = None
    median_high: float | None = None
    unit: Unit = "cooperation"
    verdict: VerdictWord = "not judged"
    reason: str = ""

    def __repr__(self) -> str:
        holds = ""
        if self.share is not None:
            asked = percent(self.required)
            holds = f", holds in {percent(self.share)} of {self.runs:,} runs, {asked} asked"
        return f"<Verdict {in_a_line(self.name)}: {self.verdict}{holds}>"


class Verdicts(Displayed, tuple[Verdict, ...]):
    """The verdicts on the claims of a scenario: a tuple, which shows itself.

    Attributes:
        scenario: whose claims they are.
    """

    scenario: Scenario

    def __new__(cls, verdicts: Iterable[Verdict], scenario: Scenario) -> Self:
        """A tuple is filled as it is made."""
        self = super().__new__(cls, verdicts)
        self.scenario = scenario
        return self

    def in_short(self) -> str:
        """The scenario, and how many verdicts there are of each kind."""
        words = Counter(verdict.verdict for verdict in self)
        found = listed(f"{count} {word}" for word, count in words.most_common())
        title = in_a_line(self.scenario.title, 30)
        return f"of “{title}”: {found or 'no claims'}"

    def plot(self) -> Figure:
        """The share of runs in which each claim holds, with its interval and what is asked for.

        Raises:
            ResultsError: no claim was judged.
        """
        return plotted(self)

    def to_frame(self) -> pd.DataFrame:
        """A row for each claim; the columns are the fields of :class:`Verdict`."""
        return claims_table(self)


def judge(ensemble: Ensemble, others: Mapping[str, Ensemble | str] | None = None) -> Verdicts:
    """A verdict on every claim of an ensemble's scenario, in the order of the scenario.

    Each is judged by itself, at 95 %: of many, some are wrong by chance.

    Args:
        ensemble: the futures; read in blocks of bounded size, only the ties that claims name. Where
            its number of runs was chosen by looking, verdicts hold over all looks.
        others: for each file that a claim is `against`, its ensemble on the same seed, or the
            reason why there is none.
    """
    scenario = ensemble.scenario
    verdicts = (
        _judge_claim(name, claim, ensemble, others or {}) for name, claim in scenario.claims.items()
    )
    return Verdicts(verdicts, scenario)


def _judge_claim(
    name: str, claim: Claim, ensemble: Ensemble, others: Mapping[str, Ensemble | str]
) -> Verdict:
    expect, time = claim.expect, ensemble.scenario.time
    against = expect.against or ""
    verdict = Verdict(
        name,
        claim.says,
        expectation_in_words(expect, time),
        against,
        ensemble.runs,
        claim.probability,
        unit="cooperation" if expect.halfway is None else "months",
    )
    other = others.get(against, f"No futures of {against} were given.") if against else None
    reason = obstacle(expect, ensemble, other)
    if reason:
        return replace(verdict, reason=reason)
    paired = other if isinstance(other, Ensemble) else None
    if paired is not None:
        ensemble, paired = on_shared_runs(ensemble, paired)
    values = judged_values(expect, ensemble, paired)
    count, runs = int(holds(expect, values, time).sum()), len(values)
    share = share_estimate(count, runs, repeated=ensemble.until_clear)
    verdict = replace(
        verdict,
        runs=runs,
        share=share.value,
        low=share.low,
        high=share.high,
        verdict=verdict_word(share.low, share.high, claim.probability),
    )
    known = values[~np.isnan(values)]
    if not len(known):
        return verdict
    effect, low, high = (float(value) for value in np.quantile(known, (0.5, *BAND)))
    verdict = replace(verdict, effect=effect, effect_low=low, effect_high=high)
    if not against:
        return verdict
    median_low, median_high = median_interval(known)
    return replace(verdict, median_low=median_low, median_high=median_high)


def verdict_word(low: float, high: float, required: float) -> VerdictWord:
    """The verdict on a share whose interval is known."""
    if low >= required:
        return "supported"
    return "contradicted" if high < required else "not distinguishable"


def claims_table(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """The verdicts as a table, one row per claim; what was not judged has empty cells."""
    rows = [vars(verdict) for verdict in verdicts]
    return pd.DataFrame(rows, columns=list(Verdict.__dataclass_fields__))


# What is judged


def judged_values(expect: Expectation, ensemble: Ensemble, other: Ensemble | None = None) -> Values:
    """The number of each run that is compared with the bounds, [runs].

    `level`: cooperation; `change`: cooperation minus that at the start, or `since`; `order`:
    either of the first tie minus that of the second; with ``other``, that of ``ensemble`` minus
    that of ``other``, run by run. Over months: the month that decides. `halfway`: months from the
    start to half of such a change, NaN where there is none at the end.
    """
    time = ensemble.scenario.time
    months = judged_steps(expect, time)
    decided = []
    for rows in run_blocks(ensemble.runs, months.stop - months.start):
        quantity = _quantity(expect, ensemble, rows)
        if other is not None:
            quantity = quantity - _quantity(expect, other, rows)
        decided.append(_value_of_each_run(expect, quantity, time))
    return np.concatenate(decided)


def holds(expect: Expectation, values: Values, time: Time) -> NDArray[np.bool_]:
    """In which runs the claim holds, strictly; at the precision of the record.

    Levels are recorded in single precision, so a recorded 0.2 is not above a threshold of 0.2.
    """
    recorded = values.astype(np.float32)
    low, high = (np.float32(bound) for bound in _bounds(expect, time))
    return (recorded > low) & (recorded < high)


def judged_steps(expect: Expectation, time: Time) -> slice:
    """The steps that are judged, 0 being the opening; a month within a step counts as its
    start."""
    if expect.by is not None or expect.reach is not None or expect.halfway is not None:
        return slice(_first_step(expect, time) + 1, _step(expect.by or time.end, time) + 1)
    step = _step(expect.at or time.end, time)
    return slice(step, step + 1)


def _first_step(expect: Expectation, time: Time) -> int:
    """The step that a change is counted from; 0 is the opening."""
    return 0 if expect.since is None else _step(expect.since, time)


def _step(month: Month, time: Time) -> int:
    return (month.serial - time.start.serial) // time.months_per_step


def _bounds(expect: Expectation, time: Time) -> tuple[float, float]:
    """The bounds of a judged value; for `halfway` in months from the start."""
    start = 0 if expect.halfway is None else time.start.serial
    low, high = expect.bounds
    return low - start, high - start


def _is_of_change(expect: Expectation) -> bool:
    return expect.change is not None or expect.halfway is not None or expect.of == "change"


def _quantity(expect: Expectation, ensemble: Ensemble, rows: slice) -> Values:
    """Level or change, or its difference between two ties, in some runs, [runs, months]."""
    time = ensemble.scenario.time
    first = _first_step(expect, time)
    values = []
    for tie in expect.ties:
        levels = _smoothed(expect, ensemble, tie, rows, judged_steps(expect, time))
        if _is_of_change(expect):
            levels = levels - _smoothed(expect, ensemble, tie, rows, slice(first, first + 1))
        values.append(levels)
    return values[0] - values[1] if len(values) == 2 else values[0]


def _smoothed(
    expect: Expectation, ensemble: Ensemble, tie: TieRef, rows: slice, steps: slice
) -> Values:
    """Cooperation of a tie at some steps, each the mean of as many steps up to it as `smooth` asks
    for; near the opening of as many as there are. [runs, steps]"""
    time = ensemble.scenario.time
    read = _steps_read(expect, steps, time)
    recorded = ensemble.level("-".join(tie.pair), tie.domain).variable  # labels are not needed
    recorded = recorded.isel(run=rows, time=time_index(ensemble, read))
    levels = np.asarray(recorded.values, dtype=np.float64)
    window = _window(expect, time)
    if window == 1:
        return levels
    sums = np.cumsum(np.pad(levels, ((0, 0), (1, 0))), axis=1)
    last = np.arange(steps.start - read.start, levels.shape[1]) + 1
    first = np.maximum(last - window, 0)
    means: Values = (sums[:, last] - sums[:, first]) / (last - first)
    return means


def _window(expect: Expectation, time: Time) -> int:
    """How many steps a level is the mean of."""
    return max(1, int(expect.smooth or 0) // time.months_per_step)


def _steps_read(expect: Expectation, steps: slice, time: Time) -> slice:
    """The steps that the levels at some steps rest on."""
    return slice(max(0, steps.start - _window(expect, time) + 1), steps.stop)


def _value_of_each_run(expect: Expectation, quantity: Values, time: Time) -> Values:
    """The value that decides in each run, [runs], from those of all its judged months.

    With `halfway`, the months to half of the change at the end; NaN where there is none.
    """
    if expect.halfway is not None:
        # When a run first shows half of its change at the end, up or down.
        end = quantity[:, -1:]
        half_there = quantity * np.sign(end) >= np.abs(end) / 2
        months = (half_there.argmax(axis=1) + 1.0) * time.months_per_step
        return np.where(end[:, 0] == 0, np.nan, months)
    low, high = _bounds(expect, time)
    if math.isfinite(low) and math.isfinite(high):
        # The month in which a run is farthest from the middle, at the precision of the record:
        # it lies between the bounds there if and only if it does in every month.
        middle = (float(np.float32(low)) + float(np.float32(high))) / 2
        distance = np.abs(quantity.astype(np.float32).astype(np.float64) - middle)
        return np.take_along_axis(quantity, distance.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
    always, above = expect.reach is None, math.isfinite(low)
    return quantity.min(axis=1) if always is above else quantity.max(axis=1)


# Why a claim cannot be judged


def obstacle(expect: Expectation, ensemble: Ensemble, other: Ensemble | str | None) -> str:
    """Why a claim cannot be judged; empty where it can."""
    if isinstance(other, str):
        return other
    time = ensemble.scenario.time
    steps, first = judged_steps(expect, time), _first_step(expect, time)
    for tie in expect.ties:
        pair = "-".join(tie.pair)
        if lack := lacking(ensemble, pair, tie.domain):
            return f"This ensemble {lack}."
        if other is not None and (lack := lacking(other, pair, tie.domain)):
            return f"The ensemble of {expect.against} {lack}."
    for needed in (slice(first, first + 1), steps):
        if lack := lacking_steps(ensemble, _steps_read(expect, needed, time)):
            return f"This ensemble {lack}."
    if other is None:
        return ""
    difference = unpaired(ensemble, other)
    if not difference and ensemble.asked != other.asked:
        difference = f"has {other.asked:,} runs"
    if difference:
        return f"{expect.against} {difference}, so its runs cannot be paired."
    lack = lacking_steps(other, _steps_read(expect, steps, time))
    return f"The ensemble of {expect.against} {lack}." if lack else ""


# Words


def expectation_in_words(expect: Expectation, time: Time) -> str:
    """What has to hold in a run, with the months that are judged."""
    subject = _subject(expect, time)
    numbers = {"above": expect.above, "below": expect.below}
    limits = [f"{key} {central(bound):g}" for key, bound in numbers.items() if bound is not None]
    months = {"after": expect.after, "before": expect.before}
    limits += [f"{key} {month}" for key, month in months.items() if month is not None]
    bounds = " and ".join(limits)
    if expect.halfway is not None:
        return f"half of the {subject} is first there {bounds}"
    steps = judged_steps(expect, time)
    first = time.start.plus(steps.start * time.months_per_step)
    last = time.start.plus((steps.stop - 1) * time.months_per_step)
    if expect.reach is not None:
        when = f"by {last}"
    else:
        when = f"at {last}" if expect.by is None else f"in every {time.step} from {first} to {last}"
    if expect.order is not None:
        that = "that of " if _is_of_change(expect) else ""
        return f"{subject} is above {that}{expect.ties[1]} {when}"
    return f"{subject} {'gets' if expect.reach is not None else 'is'} {bounds} {when}"


def _subject(expect: Expectation, time: Time) -> str:
    tie = f"{expect.ties[0]}"
    if expect.smooth is not None:
        tie += f" (mean of {expect.smooth:g} months)"
    base = f" compared with that of {expect.against}" if expect.against is not None else ""
    if expect.halfway is not None:
        return f"change of {tie} from {time.start} to {time.end}{base}"
    if _is_of_change(expect):
        return f"change of {tie} since {expect.since or time.start}{base}"
    return f"level of {tie}{base}" if expect.level is not None else tie
