"""Claims as tests: in how many futures each holds, and whether that is as many as it says.

A claim is reduced to one number per run, the judged value, and a threshold. All else follows
from these numbers. A verdict is on what follows from the scenario, not on the world.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.analysis.blocks import run_blocks
from relsim.analysis.pairing import (
    lacking,
    lacking_steps,
    on_shared_runs,
    places_of,
    unpaired,
)
from relsim.analysis.sequences import share_sequence
from relsim.ensemble.simulate import Ensemble
from relsim.scenario.names import TieRef
from relsim.scenario.schema import Claim, Expectation, Time
from relsim.scenario.values import Month, central
from relsim.stats import Values, jeffreys_interval, median_interval

VerdictWord: TypeAlias = Literal["supported", "contradicted", "not distinguishable", "not judged"]
Unit: TypeAlias = Literal["cooperation", "months"]

BAND = (0.1, 0.9)  # of the runs


@dataclass(frozen=True)
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
            (:func:`relsim.analysis.sequences.share_sequence`).
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


def judge(
    ensemble: Ensemble, others: Mapping[str, Ensemble | str] | None = None
) -> tuple[Verdict, ...]:
    """A verdict on every claim of an ensemble's scenario, in the order of the scenario.

    Each is judged by itself, at 95 %: of many, some are wrong by chance.

    Args:
        ensemble: the futures; read in blocks of bounded size, only the ties that claims name. Where
            its number of runs was chosen by looking, verdicts hold over all looks.
        others: for each file that a claim is `against`, its ensemble on the same seed, or the
            reason why there is none.
    """
    claims = ensemble.scenario.claims.items()
    return tuple(_judge_claim(name, claim, ensemble, others or {}) for name, claim in claims)


def _judge_claim(
    name: str, claim: Claim, ensemble: Ensemble, others: Mapping[str, Ensemble | str]
) -> Verdict:
    expect = claim.expect
    against = expect.against or ""
    open_verdict = Verdict(
        name,
        claim.says,
        expectation_in_words(expect, ensemble.scenario.time),
        against,
        ensemble.runs,
        claim.probability,
        unit="cooperation" if expect.halfway is None else "months",
    )
    other = others.get(against, f"No futures of {against} were given.") if against else None
    reason = obstacle(expect, ensemble, other)
    if reason:
        return replace(open_verdict, reason=reason)
    paired = other if isinstance(other, Ensemble) else None
    if paired is not None:
        ensemble, paired = on_shared_runs(ensemble, paired)
    values = judged_values(expect, ensemble, paired)
    count = int(holds(expect, values, ensemble.scenario.time).sum())
    interval_of = share_sequence if ensemble.until_clear else jeffreys_interval
    low, high = interval_of(count, len(values))
    return replace(
        _with_effect(open_verdict, values[~np.isnan(values)]),
        runs=len(values),
        share=count / len(values),
        low=low,
        high=high,
        verdict=verdict_word(low, high, claim.probability),
    )


def _with_effect(verdict: Verdict, values: Values) -> Verdict:
    """With the size of what was judged, where there is any."""
    if len(values) == 0:
        return verdict
    middle = median_interval(values) if verdict.against else (None, None)
    effect, effect_low, effect_high = (float(value) for value in np.quantile(values, (0.5, *BAND)))
    return replace(
        verdict,
        effect=effect,
        effect_low=effect_low,
        effect_high=effect_high,
        median_low=middle[0],
        median_high=middle[1],
    )


def verdict_word(low: float, high: float, required: float) -> VerdictWord:
    """The verdict on a share whose interval is known."""
    if low >= required:
        return "supported"
    return "contradicted" if high < required else "not distinguishable"


# What is judged


def judged_values(expect: Expectation, ensemble: Ensemble, other: Ensemble | None = None) -> Values:
    """The number of each run that is compared with the bounds, [runs].

    `level`: cooperation; `change`: cooperation less that at the start, or `since`; `order`:
    either of the first tie less that of the second; with ``other``, that of ``ensemble`` less
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
        decided.append(_one_per_run(expect, quantity, time))
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
        return slice(_counted_from(expect, time) + 1, _step(expect.by or time.end, time) + 1)
    step = _step(expect.at or time.end, time)
    return slice(step, step + 1)


def _counted_from(expect: Expectation, time: Time) -> int:
    """The step that a change is counted from; 0 is the opening."""
    return 0 if expect.since is None else _step(expect.since, time)


def _step(month: Month, time: Time) -> int:
    return (month.serial - time.start.serial) // time.months_per_step


def _bounds(expect: Expectation, time: Time) -> tuple[float, float]:
    """What a judged value has to lie between; for `halfway` in months from the start."""
    start = 0 if expect.halfway is None else time.start.serial
    low, high = expect.bounds
    return low - start, high - start


def _quantity(expect: Expectation, ensemble: Ensemble, rows: slice) -> Values:
    """Level or change, or its difference between two ties, in some runs, [runs, months]."""
    months = judged_steps(expect, ensemble.scenario.time)
    first, *second = (_of_tie(expect, ensemble, tie, rows, months) for tie in expect.ties)
    return first - second[0] if second else first


def _of_tie(
    expect: Expectation, ensemble: Ensemble, tie: TieRef, rows: slice, months: slice
) -> Values:
    time = ensemble.scenario.time
    levels = _smoothed(expect, ensemble, tie, rows, months)
    if _is_of_change(expect):
        first = _counted_from(expect, time)
        return levels - _smoothed(expect, ensemble, tie, rows, slice(first, first + 1))
    return levels


def _smoothed(
    expect: Expectation, ensemble: Ensemble, tie: TieRef, rows: slice, steps: slice
) -> Values:
    """Cooperation of a tie at some steps, each the mean of the steps up to it that `smooth` asks
    for; near the opening of as many as there are. [runs, steps]"""
    time = ensemble.scenario.time
    read = _steps_read(expect, steps, time)
    levels = _levels(ensemble, tie, rows, read)
    window, skipped = _window(expect, time), steps.start - read.start
    if window == 1:
        return levels
    sums = np.cumsum(np.pad(levels, ((0, 0), (1, 0))), axis=1)
    last = np.arange(skipped, levels.shape[1]) + 1
    first = np.maximum(last - window, 0)
    means: Values = (sums[:, last] - sums[:, first]) / (last - first)
    return means


def _window(expect: Expectation, time: Time) -> int:
    """How many steps a level is the mean of."""
    return max(1, int(expect.smooth or 0) // time.months_per_step)


def _steps_read(expect: Expectation, steps: slice, time: Time) -> slice:
    """The steps that the levels at some steps rest on."""
    return slice(max(0, steps.start - _window(expect, time) + 1), steps.stop)


def _is_of_change(expect: Expectation) -> bool:
    return expect.change is not None or expect.halfway is not None or expect.of == "change"


def _levels(ensemble: Ensemble, tie: TieRef, rows: slice, times: slice) -> Values:
    """Cooperation of a tie at some steps, [runs, steps], read from the store here and nowhere
    else."""
    recorded = ensemble.level("-".join(tie.pair), tie.domain)
    places = places_of(ensemble, times)
    return np.asarray(recorded.isel(run=rows, time=places).values, dtype=np.float64)


def _one_per_run(expect: Expectation, quantity: Values, time: Time) -> Values:
    """What stands for a run, of all its judged months."""
    if expect.halfway is not None:
        return _months_to_half(quantity, time.months_per_step)
    low, high = _bounds(expect, time)
    if math.isfinite(low) and math.isfinite(high):
        return _farthest_month(quantity, low, high)
    always, above = expect.reach is None, math.isfinite(low)
    return quantity.min(axis=1) if always is above else quantity.max(axis=1)


def _farthest_month(quantity: Values, low: float, high: float) -> Values:
    """Each run in the month in which it lies farthest from the middle of two bounds.

    It lies between them there if and only if it does in every month. Chosen at the precision of
    the record, as it is judged.
    """
    middle = (float(np.float32(low)) + float(np.float32(high))) / 2
    distance = np.abs(quantity.astype(np.float32).astype(np.float64) - middle)
    return np.take_along_axis(quantity, distance.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]


def _months_to_half(change: Values, months_per_step: int) -> Values:
    """When each run first shows half of its change at the end, up or down, in months; else NaN.

    Args:
        change: since the start, at the end of every step, [runs, steps].
        months_per_step: length of a step.
    """
    end = change[:, -1:]
    half_there = change * np.sign(end) >= np.abs(end) / 2
    months = (half_there.argmax(axis=1) + 1.0) * months_per_step
    return np.where(end[:, 0] == 0, np.nan, months)


# What stands in the way


def obstacle(expect: Expectation, ensemble: Ensemble, other: Ensemble | str | None) -> str:
    """Why a claim cannot be judged; empty where it can."""
    if isinstance(other, str):
        return other
    for tie in expect.ties:
        pair = "-".join(tie.pair)
        if lacked := lacking(ensemble, pair, tie.domain):
            return f"This ensemble {lacked}."
        if other is not None and (lacked := lacking(other, pair, tie.domain)):
            return f"The ensemble of {expect.against} {lacked}."
    steps = judged_steps(expect, ensemble.scenario.time)
    first = _counted_from(expect, ensemble.scenario.time)
    time = ensemble.scenario.time
    for needed in (slice(first, first + 1), steps):
        if lacked := lacking_steps(ensemble, _steps_read(expect, needed, time)):
            return f"This ensemble {lacked}."
    if other is None:
        return ""
    difference = unpaired(ensemble, other) or _other_runs(ensemble, other)
    if difference:
        return f"{expect.against} {difference}, so its runs cannot be paired."
    lacked = lacking_steps(other, _steps_read(expect, steps, time))
    return f"The ensemble of {expect.against} {lacked}." if lacked else ""


def _other_runs(ensemble: Ensemble, other: Ensemble) -> str:
    """A share of all runs of an ensemble needs as many of the other."""
    return f"has {other.asked:,} runs" if ensemble.asked != other.asked else ""


# Words


def expectation_in_words(expect: Expectation, time: Time) -> str:
    """What has to hold in a run, with the months that are judged."""
    subject = _subject(expect, time)
    if expect.halfway is not None:
        return f"half of the {subject} is first there {_bounds_in_words(expect)}"
    when = _when(expect, time)
    if expect.order is not None:
        that = "that of " if _is_of_change(expect) else ""
        return f"{subject} is above {that}{expect.ties[1]} {when}"
    verb = "gets" if expect.reach is not None else "is"
    return f"{subject} {verb} {_bounds_in_words(expect)} {when}"


def _bounds_in_words(expect: Expectation) -> str:
    numbers = {"above": expect.above, "below": expect.below}
    words = [f"{key} {central(one):g}" for key, one in numbers.items() if one is not None]
    months = {"after": expect.after, "before": expect.before}
    words += [f"{key} {month}" for key, month in months.items() if month is not None]
    return " and ".join(words)


def _subject(expect: Expectation, time: Time) -> str:
    tie = f"{expect.ties[0]}{_smoothing(expect)}"
    less = f" less that of {expect.against}" if expect.against is not None else ""
    if expect.halfway is not None:
        return f"change of {tie} from {time.start} to {time.end}{less}"
    if _is_of_change(expect):
        return f"change of {tie} since {expect.since or time.start}{less}"
    return f"level of {tie}{less}" if expect.level is not None else f"{tie}"


def _smoothing(expect: Expectation) -> str:
    return f" (mean of {expect.smooth:g} months)" if expect.smooth is not None else ""


def _when(expect: Expectation, time: Time) -> str:
    steps = judged_steps(expect, time)
    last = time.start.plus((steps.stop - 1) * time.months_per_step)
    if expect.reach is not None:
        return f"by {last}"
    if expect.by is None:
        return f"at {last}"
    first = time.start.plus(steps.start * time.months_per_step)
    return f"in every {time.step} from {first} to {last}"


def claims_table(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """The verdicts as a table, one row per claim; what was not judged has empty cells."""
    columns = list(Verdict.__dataclass_fields__)
    rows = [[getattr(verdict, column) for column in columns] for verdict in verdicts]
    return pd.DataFrame(rows, columns=columns)
