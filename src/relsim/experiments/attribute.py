"""How much of an outcome each event, lever or interest brings.

Each is a player, present or absent; a point is a coalition of those that are present.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field

from relsim.errors import RelsimError
from relsim.experiments.attribution import WHOLE, Attribution, MeasureAttribution
from relsim.experiments.paired import Means, complete_runs, means
from relsim.experiments.parameters import Values
from relsim.experiments.schema import Count, Name, Switch
from relsim.experiments.shapley import (
    Sampled,
    interactions,
    joining_orders,
    key,
    place_of,
    places,
    sampled_shapley_values,
    shapley_values,
    visited,
)
from relsim.experiments.study import Method, Study
from relsim.experiments.subsets import MOST_MEMBERS, binary_order, every_subset
from relsim.stats import spread, welch_width

# With fewer, orders that matter may not come up, and an interval misses what it has not seen: at 8
# permutations it holds 52 to 90 % of Shapley values, at 16 76 to 95 %, at 50 92 to 95 %, by the
# game (docs/statistics.md). So many of 11 players take no more coalitions than all of 10.
LEAST_PERMUTATIONS = 50
MOST_ORDERS = 100_000  # gone through one by one; at least a hundred times the default


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
        RelsimError: there are no players, or too few permutations.
    """
    most_coalitions(players, permutations)
    if players <= MOST_MEMBERS:
        return every_subset(players)
    orders = joining_orders(players, permutations, seed).reshape(-1, players)
    ends = [np.zeros((1, players)), np.ones((1, players)), 1 - np.eye(players)]
    rows = np.vstack([*ends, *(visited(order) for order in orders)])
    return np.array(list({key(row): row for row in rows}.values()))


def most_coalitions(players: int, permutations: int) -> int:
    """How many coalitions :func:`attribution_points` gives at most.

    Raises:
        RelsimError: there are no players, or too few permutations.
    """
    if players < 1:
        raise RelsimError("There is nothing to attribute to: name at least one player.")
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

    Raises:
        RelsimError: a coalition that is needed is not among the points.
    """
    exact = len(players) <= MOST_MEMBERS
    found = [
        _exact(name, points, values)
        if exact
        else _sampled(name, points, values, permutations, seed)
        for name, values in outcomes.items()
    ]
    return Attribution(players, 0 if exact else permutations + permutations % 2, tuple(found))


def _exact(measure: str, points: Values, outcomes: Values) -> MeasureAttribution:
    complete = complete_runs([outcomes])
    ordered = outcomes[binary_order(points)][:, complete]
    by_run = shapley_values(ordered)
    pairs = interactions(ordered)
    together = np.array(list(pairs.values())).reshape(len(pairs), ordered.shape[1])
    return _found(
        measure,
        points,
        outcomes,
        shapley=means(by_run),
        interactions=means(together),
        pairs=tuple(pairs),
        run_error=_errors(by_run),
        order_error=np.zeros(len(by_run)),
    )


def _sampled(
    measure: str, points: Values, outcomes: Values, permutations: int, seed: int
) -> MeasureAttribution:
    complete = complete_runs([outcomes])
    orders = joining_orders(points.shape[1], permutations, seed)
    sampled = sampled_shapley_values(points, outcomes[:, complete], orders)
    nothing = np.empty(0)
    return _found(
        measure,
        points,
        outcomes,
        shapley=_sampled_means(sampled),
        interactions=Means(nothing, nothing, nothing),
        pairs=(),
        run_error=_errors(sampled.by_run),
        order_error=_errors(sampled.by_pair),
    )


def _sampled_means(sampled: Sampled) -> Means:
    if not sampled.by_run.shape[1]:
        return means(sampled.by_run)
    value = sampled.by_run.mean(axis=1)
    samples = zip(sampled.by_run, sampled.by_pair, strict=True)
    half = np.array([welch_width(runs, pairs) / 2 for runs, pairs in samples])
    return Means(value, value - half, value + half)


def _errors(values: Values) -> Values:
    return np.array([spread(row) for row in values]) / math.sqrt(max(values.shape[1], 1))


def _found(
    measure: str,
    points: Values,
    outcomes: Values,
    *,
    shapley: Means,
    interactions: Means,
    pairs: tuple[tuple[int, int], ...],
    run_error: Values,
    order_error: Values,
) -> MeasureAttribution:
    """With what needs no weights: the whole, and what is lost when one is left out."""
    complete = complete_runs([outcomes])
    players, rows = points.shape[1], places(points)
    none, full = (outcomes[place_of(np.full(players, end), rows)][complete] for end in (0.0, 1.0))
    without = [place_of(row, rows) for row in 1 - np.eye(players)]
    some = bool(complete.any())
    return MeasureAttribution(
        measure=measure,
        none=float(none.mean()) if some else math.nan,
        all=float(full.mean()) if some else math.nan,
        whole=means((full - none)[None]),
        shapley=shapley,
        leave_one_out=means(full - outcomes[without][:, complete]),
        interactions=interactions,
        pairs=pairs,
        run_error=run_error,
        order_error=order_error,
        runs=int(complete.sum()),
        left_out=int((~complete).sum()),
    )


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
