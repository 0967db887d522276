"""Quantiles over the runs: which, what they are called, and how they are found."""

from __future__ import annotations

import numpy as np

QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
QUANTILE_NAMES = tuple(f"q{share:g}" for share in QUANTILES)


def quantiles(block: np.ndarray) -> list[np.ndarray]:
    """Every quantile of a block [runs, ...] over its runs, [...] each."""
    ranked = np.ascontiguousarray(np.moveaxis(block, 0, -1))
    ranked.sort(axis=-1)
    return [_ranked_quantile(ranked, share) for share in QUANTILES]


def _ranked_quantile(ranked: np.ndarray, share: float) -> np.ndarray:
    """A quantile of values sorted along the last axis, linear between neighbours."""
    place = share * (ranked.shape[-1] - 1)
    below = int(place)
    low, high = ranked[..., below], ranked[..., min(below + 1, ranked.shape[-1] - 1)]
    result: np.ndarray = low + (high - low) * (place - below)
    return result
