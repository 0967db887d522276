"""Coalitions: all subsets of a few players or levers on paired runs, and what each player brings.

The Shapley value of a player is what it brings to a coalition, on average over all orders of
joining. Source: Shapley (1953). A game is the outcome of every coalition; each run is a game.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from relsim.stats import Estimate, Values, difference_interval

Flags: TypeAlias = NDArray[np.bool_]

MOST_MEMBERS = 10  # 1,024 subsets; each member more doubles what is simulated


def every_subset(members: int) -> Values:
    """All subsets in binary order, [2^members, members]: 1 is in, 0 is out.

    The first row is empty, the last is full; the first column is the highest bit.
    """
    bits = np.arange(members - 1, -1, -1)
    rows: Values = ((np.arange(2**members)[:, None] >> bits) & 1).astype(np.float64)
    return rows


def binary_order(points: Values) -> NDArray[np.int64]:
    """The row of each subset of :func:`every_subset` among these subsets in any order, [P]."""
    return np.argsort(points @ 2.0 ** np.arange(points.shape[1] - 1, -1, -1), kind="stable")


def toggled(members: int) -> NDArray[np.int64]:
    """For each subset in binary order, the one that differs in one member, [2^members, members]."""
    return np.arange(2**members)[:, None] ^ (1 << np.arange(members - 1, -1, -1))


# Paired runs
@dataclass(frozen=True)
class Means:
    """Some means over runs, [K] each, with their 95 % intervals; NaN where there is none."""

    value: Values
    low: Values
    high: Values

    @property
    def clear(self) -> Flags:
        """Which intervals are clear of 0, [K]."""
        off_zero: Flags = (self.low > 0) | (self.high < 0)
        return off_zero

    def __getitem__(self, row: int) -> Estimate:
        """One of them."""
        return Estimate(float(self.value[row]), float(self.low[row]), float(self.high[row]))

    def columns(self, name: str, times: float = 1) -> dict[str, Values]:
        """Columns of a table: the means, and the ends of their intervals."""
        names = (name, f"{name}, low (95 %)", f"{name}, high (95 %)")
        ends = (self.value, self.low, self.high)
        return {name: times * values for name, values in zip(names, ends, strict=True)}


def means(values: Values) -> Means:
    """Means over runs [K, R] with their 95 % intervals; all NaN where there is no run."""
    if not values.shape[1]:
        nothing = np.full(len(values), np.nan)
        return Means(nothing, nothing, nothing)
    low, high = np.array([difference_interval(row) for row in values]).reshape(-1, 2).T
    return Means(values.mean(axis=1), low, high)


def complete_runs(outcomes: Iterable[Values]) -> Flags:
    """Which runs have an outcome at every point, of each of some measures [P, R], [R].

    Only these can be compared across points without comparing different runs.
    """
    whole: Flags = np.logical_and.reduce([np.isfinite(values).all(axis=0) for values in outcomes])
    return whole


# Exact values
def shapley_values(outcomes: Values) -> Values:
    """The Shapley value of each player in each game, exactly.

    φᵢ = Σ_S |S|!(n − |S| − 1)!/n! · (v(S + i) − v(S)), over coalitions S without i.

    Args:
        outcomes: v by coalition and game, [2^n, R], in the order of :func:`every_subset`.

    Returns:
        [n, R]; over the players they add up to the outcome of all minus that of none.
    """
    players = (len(outcomes) - 1).bit_length()
    weights = _coalition_weights(players - 1)
    return np.array([weights @ _changes(outcomes, (player,)) for player in range(players)])


def interactions(outcomes: Values) -> dict[tuple[int, int], Values]:
    """The Shapley interaction index of each pair of players in each game, [R].

    How much more one brings where the other is present than where it is not, on average:
    Σ_S |S|!(n − |S| − 2)!/(n − 1)! · (v(S + i + j) − v(S + i) − v(S + j) + v(S)).
    Source: Grabisch and Roubens (1999).

    Args:
        outcomes: as in :func:`shapley_values`.
    """
    players = (len(outcomes) - 1).bit_length()
    if players < 2:
        return {}
    weights = _coalition_weights(players - 2)
    pairs = combinations(range(players), 2)
    return {pair: weights @ _changes(outcomes, pair) for pair in pairs}


def _coalition_weights(others: int) -> Values:
    """The weight of each coalition of so many others, [2^others]: every size of coalition weighs
    the same, and within a size every coalition does."""
    sizes = every_subset(others).sum(axis=1).astype(int)
    return np.array([1 / ((others + 1) * comb(others, size)) for size in sizes])


def _changes(outcomes: Values, joining: tuple[int, ...]) -> Values:
    """What some players change when they join each coalition of the others (for two: beyond what
    each of them changes alone), [2^(n − joining), R]."""
    players, games = (len(outcomes) - 1).bit_length(), outcomes.shape[1]
    changed: Values = outcomes.reshape(*[2] * players, games)  # an axis for each player
    for axis in joining:
        changed = np.diff(changed, axis=axis)
    return changed.reshape(2 ** (players - len(joining)), games)


# Sampled values
def joining_orders(players: int, permutations: int, seed: int) -> NDArray[np.int64]:
    """Random orders of players, each followed by its reverse, [pairs, 2, n].

    An odd number of permutations is rounded up. More of them begin with those of fewer.
    """
    generator = np.random.default_rng(seed)
    drawn = [generator.permutation(players) for _ in range((permutations + 1) // 2)]
    return np.array([[order, order[::-1]] for order in drawn])


def coalitions_on_the_way(order: NDArray[np.int64]) -> Values:
    """The coalitions that an order of joining passes, from empty to full, [n + 1, n]."""
    joined_at = np.argsort(order)
    rows: Values = (joined_at < np.arange(len(order) + 1)[:, None]).astype(np.float64)
    return rows


def rows_by_coalition(points: Values) -> dict[bytes, int]:
    """The row of each coalition among points [P, n]."""
    return {row.astype(bool).tobytes(): number for number, row in enumerate(points)}


def rows_of(coalitions: Values, rows: Mapping[bytes, int]) -> list[int]:
    """The row of each of some coalitions [K, n]."""
    return [rows[coalition.astype(bool).tobytes()] for coalition in coalitions]


def sampled_shapley_values(
    points: Values, outcomes: Values, orders: NDArray[np.int64]
) -> tuple[Values, Values]:
    """Shapley values as the mean of what players bring along sampled orders of joining.

    In every order the parts add up to the outcome of all minus that of none. An order and its
    reverse together are exact for games in which players interact at most in pairs.
    Source: Castro, Gómez and Tejada (2009); antithetic pairs: Mitchell et al. (2022).

    Args:
        points: coalitions, all that the orders pass among them, [P, n].
        outcomes: by coalition and run, [P, R].
        orders: as of :func:`joining_orders`, [pairs, 2, n].

    Returns:
        The mean over orders for each run, [n, R], and over runs for each pair of orders,
        [n, pairs].
    """
    rows = rows_by_coalition(points)
    by_run = np.zeros((points.shape[1], outcomes.shape[1]))
    by_pair = np.empty((points.shape[1], len(orders)))
    for number, pair in enumerate(orders):
        brought = np.zeros_like(by_run)
        for order in pair:
            path = rows_of(coalitions_on_the_way(order), rows)
            brought[order] += np.diff(outcomes[path], axis=0) / 2
        by_run += brought / len(orders)
        by_pair[:, number] = np.mean(brought, axis=1)
    return by_run, by_pair
