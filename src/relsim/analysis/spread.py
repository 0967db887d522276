"""Where the spread between runs comes from: uncertain numbers, chance events, and the rest.

It is read off the runs of an ensemble, without new ones: each run keeps the numbers that it drew
and the events that happened in it. What chance adds month by month is not kept and is part of the
rest, as is what numbers and events do only in combination.

Numbers come first: the share of a number is what knowing it beforehand would tell, by whatever
way, the events that it makes likelier included. The share of an event is what knowing how often
and when it happened would tell beyond that. Events whose timing is no chance of their own pass on
what numbers and chance did before, and have no share.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from relsim.analysis.findings import pair_title
from relsim.analysis.number_names import event_name, number_name
from relsim.analysis.recorded import (
    lacking,
    lacking_steps,
    recorded_steps,
    step_of_month,
)
from relsim.analysis.variance_shares import Share, orthonormal, variance_shares
from relsim.ensemble.simulate import Ensemble
from relsim.errors import ResultsError
from relsim.scenario.schema import Scenario
from relsim.scenario.values import Month
from relsim.stats import CONFIDENCE, SAME, Estimate, Values
from relsim.words import NO_NUMBER, counted, fixed, listed, percent

# Half-lives of what an event leaves, in months. With these two and the plain count, least squares
# finds 96 to 100 % of the variance that twelve counts by age find in the shipped scenarios.
HALF_LIVES = (6, 18)
FEWEST_WITH = 20  # runs with an event, and without: with 10, intervals hold the share in 83 %
RUNS_PER_TERM = 3  # with which intervals were measured (docs/statistics.md)
FEWEST_RUNS = 100
MOST_RUNS = 10_000  # of which shares are known to half a per cent; more would only take time
WORTH_NAMING = 0.01
MOST_NAMED = 4
MOST = 0.95  # of the variance: without the rest, a band is narrower by 2.5 %
CHANCE = "month-by-month chance, which no input tells in advance"
COLUMNS = ("input", "kind", "name", "share", "low", "high", "by_chance", "difference")
KINDS = {"number": "uncertain number", "event": "chance event"}
UNKNOWN = Share(*4 * [math.nan])


@dataclass(frozen=True)
class Spread:
    """How much of the variance of a level between runs goes with what.

    Attributes:
        scenario: what was simulated.
        pair: whose cooperation, as the scenario spells it.
        domain: in this domain; None: overall.
        month: at which month.
        runs: how many runs it is read off, the first ones.
        deviation: the standard deviation of the level between these runs.
        table: a row for each input that varies, the largest share first: ``input`` (the path of a
            number, the key of an event), ``kind`` (number or event), ``name`` in words; ``share``
            of the variance, with the ends ``low`` and ``high`` of its 95 % interval, and the
            probability ``by_chance`` that an input that does nothing shows as much; ``difference``,
            by how much runs with more of it than the median are higher on average, compared with
            the others. Shares are NaN of events that too few runs tell apart; they may lie below 0
            by chance.
        left: the share that is left over: month-by-month chance, and what the terms miss. It and
            the shares add up to 1.
    """

    scenario: Scenario
    pair: str
    domain: str | None
    month: Month
    runs: int
    deviation: float
    table: pd.DataFrame
    left: Estimate

    @property
    def explained(self) -> Estimate:
        """The share that all inputs together account for."""
        return Estimate(1 - self.left.value, 1 - self.left.high, 1 - self.left.low)

    @property
    def named(self) -> pd.DataFrame:
        """The rows worth a sentence: shares of 1 % or more that chance does not explain.

        One in twenty tables without any effect would have such a row (Bonferroni's correction).
        """
        rows = self.table
        sure = rows["by_chance"] < (1 - CONFIDENCE) / max(len(rows), 1)
        return rows[sure & (rows["share"] >= WORTH_NAMING)]

    @property
    def sentence(self) -> str:
        """How far the level differs between runs, and what that goes with, in words."""
        level = pair_title(self.scenario, self.pair)
        level += "" if self.domain is None else f" ({self.domain})"
        if self.deviation <= SAME:
            return f"In {self.month} {level} is the same in all {counted(self.runs, 'run')}."
        start = (
            f"In {self.month} {level} differs between runs by a standard deviation of "
            f"{fixed(self.deviation, 3)}."
        )
        if self.table.empty:
            return f"{start} No uncertain number and no chance event varies: it is {CHANCE}."
        named = self.named.head(MOST_NAMED).to_dict("records")
        if not named:
            least = self.left.low
            known = " To know these better would hardly narrow the futures." * (least >= MOST)
            return (
                f"{start} At least {percent(least)} of that variance is {CHANCE}, or what inputs "
                f"do only together; none of the {self._inputs} clearly accounts for "
                f"{percent(WORTH_NAMING)} of it.{known}"
            )
        parts = [
            f"{share_in_words(row['share'], row['low'], row['high'])} "
            f"{'with' if n else 'of that variance goes with'} {_subject(row)}"
            for n, row in enumerate(named)
        ]
        others = max(1 - sum(row["share"] for row in named), 0.0)
        return (
            f"{start} {listed(parts)}. The other {percent(others)} is {CHANCE}, and what inputs do "
            "too faintly to be named or only together."
        )

    @property
    def _inputs(self) -> str:
        kinds = self.table["kind"].value_counts()
        return listed(counted(kinds[kind], word) for kind, word in KINDS.items() if kind in kinds)


def _subject(row: Mapping[Any, Any]) -> str:
    """An input as what a part of the variance goes with, and in which direction."""
    name, difference = str(row["name"]), float(row["difference"])
    higher = "higher" if difference > 0 else "lower"
    if row["kind"] == "number":
        return f"{name} (the level is {higher} where this is higher)"
    often = f"when and how often {name} happened"
    return often if math.isnan(difference) else f"{often} (the more, the {higher} the level)"


def share_in_words(value: float, low: float, high: float) -> str:
    """A share with its interval, within 0 to 100 %, as in "41 % (36 to 46 %)"; a dash for none."""
    if math.isnan(value):
        return NO_NUMBER
    share, *ends = (fixed(100 * min(max(end, 0.0), 1.0), 0) for end in (value, low, high))
    return f"{share} % ({ends[0]} to {ends[1]} %)"


def spread(
    ensemble: Ensemble, pair: str, *, at: str | Month | None = None, domain: str | None = None
) -> Spread:
    """Where the differences of a level between the runs of an ensemble come from.

    Args:
        ensemble: runs of one scenario; of more than 10,000, the first 10,000 are used.
        pair: as in "PAK-RUS", in either order.
        at: the month, as in "2025-01"; the end where absent.
        domain: cooperation in this domain; overall where absent.

    Raises:
        ResultsError: the level is not recorded, or there are too few runs for so many inputs.
    """
    step = step_of_month(ensemble.scenario.time, at)
    return spreads(ensemble, [pair], step, domain)[0]


def spreads(
    ensemble: Ensemble, pairs: Sequence[str], step: int, domain: str | None = None
) -> list[Spread]:
    """As :func:`spread`, for some pairs at one step; their inputs are read once."""
    for lack in (
        *(lacking(ensemble, pair, domain) for pair in pairs),
        lacking_steps(ensemble, slice(step, step + 1)),
    ):
        if lack:
            raise ResultsError(f"This ensemble {lack}.")
    scenario = ensemble.scenario
    inputs = list(_inputs(ensemble, step))
    _check_runs(ensemble.runs, inputs)
    first = slice(0, MOST_RUNS)
    at = int(np.searchsorted(recorded_steps(ensemble), step))
    month = scenario.time.start.plus(step * scenario.time.months_per_step)
    names = scenario.pair_names(pair.split("-") for pair in pairs)
    levels = ensemble.levels(domain)[first, at].sel(pair=names).values.astype(np.float64)
    with threadpool_limits(limits=1, user_api="blas"):  # threads wait longer than they work
        return [
            _split(scenario, name, domain, month, levels[:, n], inputs)
            for n, name in enumerate(names)
        ]


def spread_by_year(ensemble: Ensemble, pair: str, domain: str | None = None) -> pd.DataFrame:
    """How the shares change over time, at each recorded anniversary of the start and at the end.

    Returns:
        A row for each month: ``month``, ``deviation``, ``numbers``, ``events`` and ``left``, which
        add up to 1, and the share of every input under its path or key, NaN before it varies.

    Raises:
        ResultsError: as of :func:`spread`.
    """
    time = ensemble.scenario.time
    a_year = 12 // time.months_per_step
    steps = recorded_steps(ensemble)[1:]
    rows = []
    for step in steps[(steps % a_year == 0) | (steps == time.steps)].tolist():
        (one,) = spreads(ensemble, [pair], step, domain)
        shares = one.table.set_index("input")["share"]
        by_kind = one.table.groupby("kind")["share"].sum()
        row = {"month": str(one.month), "deviation": one.deviation}
        row |= {f"{kind}s": by_kind.get(kind, 0.0) for kind in KINDS} | {"left": one.left.value}
        rows.append(row | shares.to_dict())
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Input:
    """Something that differs between runs.

    Attributes:
        key: the path of a number, the key of an event.
        kind: number or event.
        amount: the number, or how often the event has happened, [runs].
        terms: what least squares sees of it, [runs, terms]; none of an event that too few runs
            tell apart.
    """

    key: str
    kind: str
    amount: Values
    terms: Values

    @cached_property
    def more(self) -> np.ndarray:
        """In which runs there is more of it than the median over the runs, [runs]."""
        return self.amount > np.median(self.amount)


def _inputs(ensemble: Ensemble, step: int) -> Iterator[_Input]:
    """The numbers and chance events that vary up to a step, and can have had an effect by then."""
    data, scenario = ensemble.data.isel(run=slice(0, MOST_RUNS)), ensemble.scenario
    # An event counts at the end of the step that it happened in.
    fired = data["fired"][:, :step].values
    happened = {str(name): fired[..., n] for n, name in enumerate(data["event"].values)}
    happened = {name: times for name, times in happened.items() if times.any()}
    drawn = data["drawn"].values
    for n, path in enumerate(map(str, data["number"].values)):
        kind, name, *_ = path.split(".")
        terms = _number_terms(drawn[:, n])
        if terms.size and (kind != "events" or name in happened):
            yield _Input(path, "number", drawn[:, n], terms)
    ages = (np.arange(step)[::-1] + 0.5) * scenario.time.months_per_step
    weights = np.stack([np.ones(step), *(0.5 ** (ages / half) for half in HALF_LIVES)], axis=1)
    for name, times in happened.items():
        if scenario.events[name].chance is None:
            continue
        sums = times @ weights
        alike = int(np.unique(sums, axis=0, return_counts=True)[1].max())
        terms = orthonormal(sums)
        if alike < len(sums):
            told_apart = len(sums) - alike >= FEWEST_WITH
            yield _Input(name, "event", sums[:, 0], terms if told_apart else terms[:, :0])


def _number_terms(values: Values) -> Values:
    """A number and the square of its centred rank: a slope, and a bend that no outlier rules."""
    ranked = np.sort(values)
    rank = np.searchsorted(ranked, values, "left") + np.searchsorted(ranked, values, "right")
    return orthonormal(np.stack([values, (rank / len(values) - 1) ** 2], axis=1))


def _check_runs(runs: int, inputs: Sequence[_Input]) -> None:
    terms = sum(one.terms.shape[1] for one in inputs)
    needed = max(FEWEST_RUNS, RUNS_PER_TERM * terms)
    if runs < needed:
        raise ResultsError(
            f"{counted(runs, 'run')} are too few to tell what {counted(len(inputs), 'input')} do: "
            f"{needed:,} are needed, {RUNS_PER_TERM} for each of {terms} terms and "
            f"{FEWEST_RUNS} at least (--runs)."
        )


def _split(
    scenario: Scenario,
    pair: str,
    domain: str | None,
    month: Month,
    levels: Values,
    inputs: Sequence[_Input],
) -> Spread:
    deviation, seen = float(levels.std(ddof=1)), [one for one in inputs if one.terms.size]
    shares, left = [UNKNOWN] * len(seen), Estimate(math.nan)
    if deviation > SAME:
        by_kind = ([one.terms for one in seen if one.kind == kind] for kind in KINDS)
        shares, left = variance_shares(levels, *by_kind)
    known = {one.key: share for one, share in zip(seen, shares, strict=True)}
    rows = []
    for one in inputs:
        name = (event_name if one.kind == "event" else number_name)(scenario, one.key)
        more, others = levels[one.more], levels[~one.more]
        difference = float(more.mean() - others.mean()) if len(more) else math.nan
        rows.append((one.key, one.kind, name, *known.get(one.key, UNKNOWN), difference))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
    return Spread(scenario, pair, domain, month, len(levels), deviation, table, left)
