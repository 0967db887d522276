"""Uncertain numbers: drawn once per run, from the named process of each."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from relsim.model.compilation import compiled
from relsim.model.noise import uniform
from relsim.model.plan import Draw
from relsim.model.streams import number_keys
from relsim.model.structs import Floats, Ints
from relsim.scenario.values import Distribution


def draw_numbers(draws: tuple[Draw, ...], seed: int, first_run: int, runs: int) -> Floats:
    """The uncertain numbers of some runs, [runs, len(draws)], in the unit of each number."""
    drawn = np.empty((runs, len(draws)))
    keys = number_keys(draw.process for draw in draws)
    for column, (draw, key) in enumerate(zip(draws, keys, strict=True)):
        shares = np.empty(runs)
        _fill_run_uniforms(key, np.uint64(seed), np.uint64(first_run), shares)
        drawn[:, column] = quantile(draw.distribution, shares)
    return drawn


def place_draws(draws: tuple[Draw, ...], drawn: Floats) -> tuple[Ints, Floats]:
    """Drawn numbers by place: indices into the vector [U] and their values [runs, U]."""
    columns = [column for column, draw in enumerate(draws) for _ in draw.places]
    places = [place for draw in draws for place in draw.places]
    return np.array(places, dtype=np.int64), np.ascontiguousarray(drawn[:, columns])


def quantile(distribution: Distribution, share: Floats) -> Floats:
    """The value below which ``share`` (in [0, 1)) of the distribution lies, clipped to the range
    of its field."""
    inner = np.clip(share, 2.0**-53, 1.0 - 2.0**-53)
    match distribution.kind, distribution.arguments:
        case "uniform", (low, high):
            value = low + (high - low) * share
        case "normal", (mean, deviation):
            value = mean + deviation * ndtri(inner)
        case "lognormal", (median, deviation):
            value = median * np.exp(deviation * ndtri(inner))
        case "triangular", (low, mode, high):
            value = _triangular_quantile(low, mode, high, share)
        case _:
            raise ValueError(f"no quantiles for {distribution.kind}")
    return np.clip(value, distribution.low, distribution.high)


def _triangular_quantile(low: float, mode: float, high: float, share: Floats) -> Floats:
    if low == high:
        return np.full_like(share, low)
    rising = share * (high - low) < mode - low
    left = low + np.sqrt(share * (high - low) * (mode - low))
    right = high - np.sqrt((1.0 - share) * (high - low) * (high - mode))
    return np.where(rising, left, right)


@compiled
def _fill_run_uniforms(key: np.uint64, seed: np.uint64, first_run: np.uint64, out: Floats) -> None:
    """One draw of a process for each of consecutive runs, at step 0."""
    for r in range(out.size):
        out[r] = uniform(key, seed, first_run + np.uint64(r), np.uint64(0))
