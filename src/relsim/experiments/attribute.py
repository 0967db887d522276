"""How much of an outcome each event, lever or interest brings.

Each is a player, present or absent; a point is a coalition of those that are present.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from relsim.errors import RelsimError
from relsim.experiments.coalitions import (
    MOST_MEMBERS,
    Means,
    binary_order,
    coalitions_on_the_way,
    complete_runs,
    every_subset,
    interactions,
    joining_orders,
    means,
    rows_by_coalition,
    rows_of,
    sampled_shapley_values,
    shapley_values,
)
from relsim.experiments.schema import Count, Name, Switch
from relsim.experiments.study import Method, Study
from relsim.stats import MOST_SUGGESTED, Estimate, Values, runs_needed, spread, welch_width
from relsim.words import digits_for, fixed, listed, percent, rounded_up, signed, with_interval

# With fewer, orders that matter may not come up, and an interval misses what it has not seen: at 8
# permutations it holds 52 to 90 % of Shapley values, at 16 76 to 95 %, at 50 92 to 95 %, by the
# game (docs/statistics.md). So many of 11 players take no more coalitions than all of 10.
LEAST_PERMUTATIONS = 50
MOST_ORDERS = 100_000  # gone through one by one; at least a hundred times the default
WHOLE = "All together"  # what all players bring, beside their names
FEW_RUNS = 30  # below it Student's interval leans on runs being normal
MOST_NAMED, MOST_INTERACTIONS = 6, 2  # that get a sentence of their own
LEAST_SHARE = 0.02  # of the largest share; smaller ones share a sentence
MOST_LISTED = 4  # names in one sentence
PRECISE = 0.1  # half an interval, of the largest share: enough to tell the large from the small


@dataclass(frozen=True)
class MeasureAttribution:
    """What each of n players brings to one measure.

    Attributes:
        measure: its name.
        players: their names.
        permutations: orders of joining that were sampled; 0 where all coalitions were simulated.
        none, all: mean outcome without any player and with all of them.
        whole: all minus none, one mean.
        shapley: Shapley values, [n]; they add up to the whole.
        leave_one_out: outcome with all minus that with all but this one, [n].
        interactions: Shapley interaction index by pair of players, where computed exactly.
        pairs: which players these are of, [K, 2].
        run_error, order_error: standard errors of the Shapley values, [n]: from the runs, and
            from the orders of joining that were sampled; 0 where all coalitions were simulated.
        runs: that have an outcome in every coalition; only these count.
        left_out: runs that do not.
    """

    measure: str
    players: tuple[str, ...]
    permutations: int
    none: float
    all: float
    whole: Means
    shapley: Means
    leave_one_out: Means
    interactions: Means
    pairs: tuple[tuple[int, int], ...]
    run_error: Values
    order_error: Values
    runs: int
    left_out: int

    @property
    def largest(self) -> float:
        """The size of the largest Shapley value."""
        return float(np.abs(self.shapley.value).max())

    def shares_table(self) -> pd.DataFrame:
        """A row for each player."""
        whole = self.whole.value[0] if self.whole.clear[0] else math.nan
        return pd.DataFrame(
            {
                "measure": self.measure,
                "player": self.players,
                **self.shapley.columns("Shapley value"),
                "of the whole (%)": 100 * self.shapley.value / whole,
                **self.leave_one_out.columns("leave-one-out"),
            }
        )

    def whole_table(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame(
            {
                "measure": self.measure,
                "with none": self.none,
                "with all": self.all,
                **self.whole.columns("all less none"),
                "runs": self.runs,
                "runs left out": self.left_out,
                "permutations": self.permutations or "all",
            }
        )

    def interactions_table(self) -> pd.DataFrame:
        """A row for each pair of players."""
        return pd.DataFrame(
            {
                "measure": self.measure,
                "player": [self.players[first] for first, _ in self.pairs],
                "other player": [self.players[second] for _, second in self.pairs],
                **self.interactions.columns("interaction"),
            }
        )

    def sentences(self) -> Iterator[str]:
        """The whole, who brings how much of it, who is missed most, who works together."""
        if not self.runs:
            yield f"{self.measure}: nothing can be said; no run has an outcome in every coalition."
            return
        orders = f", {self.permutations:,} permutations" if self.permutations else ""
        yield (
            f"{self.measure} ({self.runs:,} paired runs{orders}): all {len(self.players)} together "
            f"take it from {self._signed(self.none)} to {self._signed(self.all)}, a change of "
            f"{self._with_interval(self.whole[0])}. Brackets hold 95 % intervals."
        )
        clear = self.shapley.clear & (np.abs(self.shapley.value) >= LEAST_SHARE * self.largest)
        named = [player for player in _largest_first(self.shapley) if clear[player]][:MOST_NAMED]
        for player in named:
            share = self.shapley.value[player] / (self.whole.value[0] or math.nan)
            part = f", {percent(share)} of the whole" if self.whole.clear[0] and share > 0 else ""
            brought = self._with_interval(self.shapley[player])
            yield f"“{self.players[player]}” brings {brought}{part}."
        yield from self._rest([p for p in _largest_first(self.shapley) if p not in named])
        missed = _largest_first(self.leave_one_out)[0]
        if self.leave_one_out.clear[missed]:
            yield (
                f"Of those left out alone, “{self.players[missed]}” is missed most: with all "
                f"others present it brings {self._with_interval(self.leave_one_out[missed])}."
            )
        yield from self._strong_interactions()

    def _rest(self, rest: list[int]) -> Iterator[str]:
        """What players without a sentence of their own bring: little, not clear of 0, or nothing at
        all."""
        idle = [p for p in rest if self.shapley.value[p] == 0 == self.leave_one_out.value[p]]
        if others := [player for player in rest if player not in idle]:
            total = self._signed(float(self.shapley.value[others].sum()))
            verb = "brings" if len(others) == 1 else "together bring"
            unclear = "" if self.shapley.clear[others].any() else "; none differs detectably from 0"
            yield f"{self._listed(others)} {verb} {total}{unclear}."
        if idle:
            verb = "brings" if len(idle) == 1 else "bring"
            orders = " in any permutation" if self.permutations else ""
            yield f"{self._listed(idle)} {verb} nothing{orders}."

    def _strong_interactions(self) -> Iterator[str]:
        strong = self.interactions.clear & (
            np.abs(self.interactions.value) > PRECISE * self.largest
        )
        ranked = [pair for pair in _largest_first(self.interactions) if strong[pair]]
        for pair in ranked[:MOST_INTERACTIONS]:
            first, second = (self.players[player] for player in self.pairs[pair])
            size = self._with_interval(self.interactions[pair])
            yield f"Together “{first}” and “{second}” bring {size} beside what each brings alone."

    @property
    def _digits(self) -> int:
        return digits_for([*self.shapley.value, *self.whole.value])

    def _signed(self, value: float) -> str:
        return signed(value, self._digits)

    def _with_interval(self, estimate: Estimate) -> str:
        return with_interval(*estimate, self._signed)

    def _listed(self, players: list[int]) -> str:
        names = [f"“{self.players[player]}”" for player in players]
        if len(names) > MOST_LISTED:
            names[MOST_LISTED - 1 :] = [f"{len(names) - MOST_LISTED + 1} others"]
        return listed(names)

    def warnings(self) -> Iterator[str]:
        """What so many runs and orders of joining do not support, and how many would."""
        if self.left_out:
            yield (
                f"{self.measure}: {self.left_out:,} of {self.runs + self.left_out:,} runs have no "
                "outcome in some coalition and are left out, so this is of runs that may differ "
                "from the others. A measure that every run has (a level, or whether it was "
                "reached) keeps all."
            )
        if self.runs < FEW_RUNS:
            yield (
                f"{self.measure}: {self.runs} runs are few for an interval. "
                f"Take at least {FEW_RUNS}."
            )
        if self.runs >= 2:
            yield from self._imprecise()

    def _imprecise(self) -> Iterator[str]:
        """Where an interval is wide beside the largest share: what would show so small a share."""
        half, size = self.shapley.high - self.shapley.value, PRECISE * self.largest
        wide = [player for player in _largest_first(self.shapley) if half[player] > size]
        if not wide or not size:
            return
        sources = [(self.runs, self.run_error, "runs")]
        if self.permutations:
            sources.append((self.permutations, self.order_error, "permutations"))
        needs = []
        for count, errors, noun in sources:
            # Runs and permutations that both add to the variance get half of it each.
            deviation = float(errors[wide].max()) * math.sqrt(count * len(sources))
            needed = min(runs_needed(size, deviation), MOST_SUGGESTED)
            needs.append(f"{max(count, rounded_up(needed)):,} {noun}")
        yield (
            f"{self.measure}: the interval of {self._listed(wide)} is wider than ± "
            f"{fixed(size, self._digits)}, a tenth of the largest share. About "
            f"{listed(needs)} would show a share of that size."
        )


def _largest_first(of: Means) -> list[int]:
    return [int(row) for row in np.argsort(-np.abs(of.value), kind="stable")]


@dataclass(frozen=True)
class Attribution:
    """What each player brings to each of some measures."""

    measures: tuple[MeasureAttribution, ...]

    @property
    def players(self) -> tuple[str, ...]:
        """Their names."""
        return self.measures[0].players

    @property
    def permutations(self) -> int:
        """Orders of joining that were sampled; 0 where all coalitions were simulated."""
        return self.measures[0].permutations

    def tables(self) -> dict[str, pd.DataFrame]:
        """``attribution``: a row for each measure and player. ``whole``: a row for each measure.
        ``interactions``: a row for each measure and pair of players, where exact."""
        tables = {
            "attribution": [measure.shares_table() for measure in self.measures],
            "whole": [measure.whole_table() for measure in self.measures],
        }
        if any(measure.pairs for measure in self.measures):
            tables["interactions"] = [measure.interactions_table() for measure in self.measures]
        return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}

    def sentences(self) -> list[str]:
        """For each measure: the whole, who brings how much of it, who works together."""
        return [text for measure in self.measures for text in measure.sentences()]

    def warnings(self) -> list[str]:
        """What so many runs and orders of joining do not support, and how many would."""
        return [text for measure in self.measures for text in measure.warnings()]


def attribution_points(players: int, permutations: int, seed: int) -> Values:
    """The coalitions to simulate, [P, n]: 1 is present, 0 is absent.

    All of them up to 10 players. Beyond that the empty one, the full one, those that leave out
    one, and those that random orders of joining pass, without repeats; more permutations with
    the same seed add rows at the end.

    Args:
        players: how many, n.
        permutations: orders of joining, in antithetic pairs; only used beyond 10 players, where
            each adds at most n − 1 coalitions.
        seed: of the orders.

    Raises:
        RelsimError: there are too few permutations.
    """
    most_coalitions(players, permutations)
    if players <= MOST_MEMBERS:
        return every_subset(players)
    orders = joining_orders(players, permutations, seed).reshape(-1, players)
    ends = [np.zeros((1, players)), np.ones((1, players)), 1 - np.eye(players)]
    rows = np.vstack([*ends, *(coalitions_on_the_way(order) for order in orders)])
    _, first = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(first)]


def most_coalitions(players: int, permutations: int) -> int:
    """How many coalitions :func:`attribution_points` gives at most.

    Raises:
        RelsimError: there are too few permutations.
    """
    if players <= MOST_MEMBERS:
        return 2**players
    if permutations < LEAST_PERMUTATIONS:
        raise RelsimError(
            f"More than {MOST_MEMBERS} players are sampled: ask for at least "
            f"{LEAST_PERMUTATIONS} permutations."
        )
    sampled = 2 + players + (permutations + permutations % 2) * (players - 1)
    return int(min(2**players, sampled))


def attribute(
    players: tuple[str, ...],
    points: Values,
    outcomes: Mapping[str, Values],
    permutations: int,
    seed: int,
) -> Attribution:
    """Leave-one-out and Shapley values of every measure, on paired runs.

    Exact Shapley values are those of each run, with Student's interval of their mean. Sampled
    ones vary with runs and with orders of joining: Welch's interval, from the spread of the means
    by run and by antithetic pair of orders. What is due to a run in an order counts in both, which
    widens the interval; where few orders decide what a player brings it is a little too narrow.

    Args:
        players: names, n.
        points: as of :func:`attribution_points` with the same permutations and seed, [P, n].
        outcomes: by measure, [P, R]. A run without an outcome (NaN) in some coalition is left out.
        permutations, seed: as for the points.
    """
    exact = len(players) <= MOST_MEMBERS
    orders = None if exact else joining_orders(len(players), permutations, seed)
    return Attribution(
        tuple(
            _of_measure(measure, players, points, values, orders)
            for measure, values in outcomes.items()
        )
    )


def _of_measure(
    measure: str,
    players: tuple[str, ...],
    points: Values,
    outcomes: Values,
    orders: NDArray[np.int64] | None,
) -> MeasureAttribution:
    """From all coalitions, or from those that orders of joining [pairs, 2, n] pass."""
    complete = complete_runs([outcomes])
    values, count = outcomes[:, complete], len(players)
    together: Mapping[tuple[int, int], Values] = {}
    if orders is None:
        ordered = values[binary_order(points)]
        by_run, order_error = shapley_values(ordered), np.zeros(count)
        shapley, together = means(by_run), interactions(ordered)
    else:
        by_run, by_pair = sampled_shapley_values(points, values, orders)
        shapley, order_error = _sampled_means(by_run, by_pair), _errors(by_pair)
    rows = rows_by_coalition(points)
    none, full = values[rows_of(np.array([np.zeros(count), np.ones(count)]), rows)]
    ends = means(np.array([none, full]))
    return MeasureAttribution(
        measure=measure,
        players=players,
        permutations=0 if orders is None else 2 * len(orders),
        none=float(ends.value[0]),
        all=float(ends.value[1]),
        whole=means((full - none)[None]),
        shapley=shapley,
        leave_one_out=means(full - values[rows_of(1 - np.eye(count), rows)]),
        interactions=means(np.array([*together.values()]).reshape(len(together), values.shape[1])),
        pairs=tuple(together),
        run_error=_errors(by_run),
        order_error=order_error,
        runs=int(complete.sum()),
        left_out=int((~complete).sum()),
    )


def _sampled_means(by_run: Values, by_pair: Values) -> Means:
    if not by_run.shape[1]:
        return means(by_run)
    value = by_run.mean(axis=1)
    samples = zip(by_run, by_pair, strict=True)
    half = np.array([welch_width(runs, pairs) / 2 for runs, pairs in samples])
    return Means(value, value - half, value + half)


def _errors(values: Values) -> Values:
    return np.array([spread(row) for row in values]) / math.sqrt(max(values.shape[1], 1))


class Attribute(Method):
    """What each event, lever or interest owes."""

    switch_key: ClassVar = "players"
    reserved: ClassVar = (WHOLE,)

    players: dict[Name, Switch] = Field(min_length=1, description="What is there or not.")
    permutations: Count = Field(
        200,
        description="Beyond ten players: orders in which they come, in antithetic pairs; at least "
        "50.",
    )

    @property
    def size_key(self) -> str:
        """The key of the orders of joining."""
        return "permutations"

    def size(self, study: Study) -> int:
        """How many coalitions there are at most."""
        coalitions = most_coalitions(len(self.players), self.permutations)
        if len(self.players) > MOST_MEMBERS and self.permutations > MOST_ORDERS:
            raise RelsimError(f"At most {MOST_ORDERS:,} permutations are taken.")
        return coalitions

    def points(self, study: Study) -> Values:
        """The coalitions of players."""
        return attribution_points(len(self.players), self.permutations, study.experiment.seed)

    def analyse(self, study: Study, points: Values, outcomes: Mapping[str, Values]) -> Attribution:
        """What each player brings."""
        seed = study.experiment.seed
        return attribute(study.switch_names, points, outcomes, self.permutations, seed)
