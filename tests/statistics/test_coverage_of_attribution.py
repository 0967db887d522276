"""Attribution: how often intervals of Shapley values hold them, exact and sampled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from relsim.experiments.attribute import attribute, attribution_points
from relsim.experiments.coalitions import every_subset, shapley_values
from relsim.stats import Values

Documented = Callable[[float], None]
Game = Callable[[Values], Values]

# Each with how many players, of which so many bring something.
GAMES: dict[str, tuple[int, int, Game]] = {
    "three": (12, 3, lambda points: points[:, :3].prod(axis=1)),
    "six": (12, 6, lambda points: points[:, :6].prod(axis=1)),
    "all": (12, 12, lambda points: points.prod(axis=1)),
    "airport": (11, 11, lambda points: np.max(points * np.arange(1, 12), axis=1) / 11),
    "saturating": (12, 12, lambda points: np.tanh(points @ np.linspace(0.05, 0.6, 12))),
}


def truth(game: Game, players: int) -> Values:
    return shapley_values(game(every_subset(players))[:, None])[:, 0]


def names(players: int) -> tuple[str, ...]:
    return tuple(f"p{number}" for number in range(players))


def test_exact(documented: Documented) -> None:
    players, runs, replications, points = 4, 30, 500, every_subset(4)
    mean = points @ [0.2, 0.1, -0.05, 0.3] - 0.1 * points[:, 0] * points[:, 1]
    expected, rng, held = shapley_values(mean[:, None])[:, 0], np.random.default_rng(4), []
    for _ in range(replications):
        own = points @ rng.normal(scale=0.1, size=(players, runs))
        joint = points[:, [0]] * points[:, [2]] * rng.normal(scale=0.1, size=runs)
        found = attribute(names(players), points, {"it": mean[:, None] + own + joint}, 0, 0)
        shapley = found.measures[0].shapley
        held.append((shapley.low <= expected) & (expected <= shapley.high))
    measured = float(np.mean(held))
    assert abs(measured - 0.95) <= 3 * np.sqrt(0.05 * 0.95 / (players * replications))
    documented(measured)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("game", GAMES)
def test_sampled(game: str, noise: float, documented: Documented) -> None:
    """Of players that bring something, at the fewest permutations, with what each brings differing
    between 20 runs or not."""
    players, active, worth = GAMES[game]
    expected, rng, held = truth(worth, players), np.random.default_rng(5), []
    for seed in range(300):
        points = attribution_points(players, 50, seed)
        own = points @ rng.normal(scale=noise, size=(players, 20))
        data = {"it": worth(points)[:, None] + own}
        shapley = attribute(names(players), points, data, 50, seed).measures[0].shapley
        held.append((shapley.low <= expected) & (expected <= shapley.high))
    measured = float(np.mean(np.array(held)[:, :active]))
    assert 0.90 <= measured <= 0.99
    documented(measured)
