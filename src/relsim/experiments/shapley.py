"""Shapley values: what each player brings to a coalition, on average over all orders of joining.

Source: Shapley (1953). A game is the outcome of every coalition, here one game for each run.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from relsim.errors import RelsimError
from relsim.experiments.subsets import every_subset
from relsim.stats import Values


def shapley_values(outcomes: Values) -> Values:
    """The Shapley value of each player in each game, exactly.

    φᵢ = Σ_S |S|!(n − |S| − 1)!/n! · (v(S + i) − v(S)), over coalitions S without i.

    Args:
        outcomes: v by coalition and game, [2^n, R], in the order of
            :func:`relsim.experiments.subsets.every_subset`.

    Returns:
        [n, R]; over the players they add up to the outcome of all less that of none.
    """
    players = (len(outcomes) - 1).bit_length()
    weights = _coalition_weights(players - 1)
    return np.array([weights @ _joining(outcomes, players, (one,)) for one in range(players)])


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
    return {pair: weights @ _joining(outcomes, players, pair) for pair in pairs}


def _coalition_weights(others: int) -> Values:
    """The weight of each coalition of so many others, [2^others]: every size of coalition weighs
    the same, and within a size every coalition does."""
    sizes = every_subset(others).sum(axis=1).astype(int)
    return np.array([1 / ((others + 1) * comb(others, size)) for size in sizes])


def _joining(outcomes: Values, players: int, joined: tuple[int, ...]) -> Values:
    """What some players change when they join each coalition of the others (for two: beyond what
    each of them changes alone), [2^(n − joined), R]."""
    games = outcomes.shape[1]
    changed: Values = outcomes.reshape(*[2] * players, games)  # an axis for each player
    for axis in joined:
        changed = np.diff(changed, axis=axis)
    return changed.reshape(2 ** (players - len(joined)), games)


@dataclass(frozen=True)
class Sampled:
    """Shapley values from some orders of joining, which come in antithetic pairs.

    Attributes:
        by_run: mean over orders, for each run, [n, R].
        by_pair: mean over runs, for each pair of orders, [n, pairs].
    """

    by_run: Values
    by_pair: Values


def sampled_shapley_values(points: Values, outcomes: Values, orders: NDArray[np.int64]) -> Sampled:
    """Shapley values as the mean of what players bring along sampled orders of joining.

    In every order the parts add up to the outcome of all less that of none. An order and its
    reverse together are exact for games in which players interact at most in pairs.
    Source: Castro, Gómez and Tejada (2009); antithetic pairs: Mitchell et al. (2022).

    Args:
        points: coalitions, [P, n].
        outcomes: by coalition and run, [P, R].
        orders: as of :func:`joining_orders`, [pairs, 2, n].

    Raises:
        RelsimError: a coalition that the orders visit is not among the points.
    """
    rows = places(points)
    by_run = np.zeros((points.shape[1], outcomes.shape[1]))
    by_pair = np.empty((points.shape[1], len(orders)))
    for number, pair in enumerate(orders):
        brought = sum(_brought(order, rows, outcomes) for order in pair) / 2
        by_run += brought / len(orders)
        by_pair[:, number] = np.mean(brought, axis=1)
    return Sampled(by_run, by_pair)


def joining_orders(players: int, permutations: int, seed: int) -> NDArray[np.int64]:
    """Random orders of players, each followed by its reverse, [pairs, 2, n].

    An odd number of permutations is rounded up. More of them begin with those of fewer.
    """
    generator = np.random.default_rng(seed)
    drawn = [generator.permutation(players) for _ in range((permutations + 1) // 2)]
    return np.array([[order, order[::-1]] for order in drawn])


def visited(order: NDArray[np.int64]) -> Values:
    """The coalitions that an order of joining passes, from empty to full, [n + 1, n]."""
    joined_at = np.argsort(order)
    rows: Values = (joined_at < np.arange(len(order) + 1)[:, None]).astype(np.float64)
    return rows


def places(points: Values) -> dict[bytes, int]:
    """Where each coalition stands among the points, by :func:`key`."""
    return {key(row): place for place, row in enumerate(points)}


def key(row: Values) -> bytes:
    """A coalition as something to look up."""
    return row.astype(bool).tobytes()


def place_of(row: Values, rows: dict[bytes, int]) -> int:
    """Where a coalition stands.

    Raises:
        RelsimError: it is not among the points.
    """
    if key(row) not in rows:
        raise RelsimError(
            "A coalition that is needed was not simulated. Take the points of "
            "attribution_points with the same players, permutations and seed."
        )
    return rows[key(row)]


def _brought(order: NDArray[np.int64], rows: dict[bytes, int], outcomes: Values) -> Values:
    """What each player brings when it joins in this order, [n, R]."""
    path = [place_of(row, rows) for row in visited(order)]
    brought = np.empty((len(order), outcomes.shape[1]))
    brought[order] = np.diff(outcomes[path], axis=0)
    return brought
