"""Shares of the variance of an outcome between runs, by least squares on the inputs of the runs.

An input is a group of terms, such as a number and its squared rank. The numbers of a scenario are
drawn independently, so the variance of the part that each explains is its share, and shares add up:
first-order Sobol indices, estimated from given data (Sudret 2008; Plischke, Borgonovo and Smith
2013). What may hang together, as events do, is taken one after the other, each beyond all before
it (sequential sums of squares).

Chance alone makes every term explain something. The expected amount, the residual variance for
each term, is taken off, as in adjusted R² and omega squared, so that shares of inputs that do
nothing lie around 0, a little below as often as above.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, chndtr, chndtrinc, stdtrit

from relsim.stats import CONFIDENCE, Estimate, Values

TAIL = (1 - CONFIDENCE) / 2
ROUNDING = 1e-6  # of the largest spread of an input's terms: a direction below it is rounding
LEAST_FREE = 1e-9  # 1 - leverage of a run that a term is fitted to alone, whose residual is 0


class Share(NamedTuple):
    """The share of the variance that an input explains.

    Attributes:
        value, low, high: the share, which chance may put below 0, and its 95 % interval.
        by_chance: how probable it is that an input that does nothing explains as much.
    """

    value: float
    low: float
    high: float
    by_chance: float


def orthonormal(terms: Values, scale: float = 0.0) -> Values:
    """The directions of some terms, centred, uncorrelated and of variance 1; none twice.

    Args:
        terms: of one input, [runs, terms].
        scale: the spread below which a direction is rounding; by default a millionth of the
            largest one.

    Returns:
        [runs, directions], without columns where the terms do not vary.
    """
    centred = terms - terms.mean(axis=0)
    directions, spreads, _ = np.linalg.svd(centred, full_matrices=False)
    least = scale or ROUNDING * float(spreads.max(initial=0.0))
    kept: Values = directions[:, spreads > least] * np.sqrt(len(terms))
    return kept


def variance_shares(
    outcome: Values, independent: Sequence[Values], in_turn: Sequence[Values]
) -> tuple[list[Share], Estimate]:
    """The share of the variance that each input explains, and what is left over.

    All shares and what is left over add up to 1: to the variance that the inputs and the residual
    have together if the independent ones are independent, whatever they happen to do in these runs.

    Args:
        outcome: of the runs, [runs]; they differ.
        independent: terms of inputs that are drawn independently, as of :func:`orthonormal`.
        in_turn: terms of inputs that may hang together with those and with each other. Each
            explains what none before it does.

    Returns:
        The shares, in the order given, with intervals as :func:`_judged` has them; and the rest,
        with Student's interval by the jackknife's standard error.
    """
    runs = len(outcome)
    residual, leverage = outcome - outcome.mean(), np.full(runs, 1 / runs)
    freedom, before = runs - 1, np.empty((runs, 0))
    raw, variance, influence, sizes = np.empty(0), np.empty(0), np.empty((runs, 0)), np.empty(0)
    for groups in [independent] * bool(independent) + [[one] for one in in_turn]:
        groups = [_beyond(before, group) for group in groups]
        terms = np.concatenate(groups, axis=1)
        count = np.array([group.shape[1] for group in groups])
        own = np.repeat(np.eye(len(groups)), count, axis=0)  # whose a term is, [terms, groups]
        products = terms.T @ terms / runs
        solved = terms @ np.linalg.inv(products)
        slopes = solved.T @ residual / runs
        fitted = (terms * slopes) @ own  # what each input adds to each run, [runs, groups]
        residual = residual - fitted.sum(axis=1)
        leverage = leverage + (solved * terms).sum(axis=1) / runs
        noise = residual @ residual / (freedom - len(slopes))
        explained = (fitted**2).mean(axis=0)
        # How much each run moves what is explained: by its place among the inputs, and by its
        # residual through the slopes (Efron 1982, the infinitesimal jackknife).
        moved = (solved * (products * (own @ own.T) @ slopes)) @ own
        deleted = residual / np.maximum(1 - leverage, LEAST_FREE)
        pull = (2 * deleted[:, None] * moved + fitted**2 - explained) * runs / freedom
        raw, sizes = np.append(raw, explained), np.append(sizes, count)
        variance = np.append(variance, (runs * explained - count * noise) / freedom)
        influence = np.concatenate([influence, pull], axis=1)
        before = np.concatenate([before, np.linalg.qr(terms)[0]], axis=1)
        freedom -= len(slopes)
    noise = residual @ residual / freedom
    total = variance.sum() + noise
    by_noise = residual**2 / np.maximum(1 - leverage, LEAST_FREE)
    by_total = influence.sum(axis=1) + by_noise - by_noise.mean()
    shares = variance / total
    influence = (influence - shares * by_total[:, None]) / total
    errors = np.sqrt((influence**2).sum(axis=0)) / runs
    left = float(noise / total)
    error_left = float(np.sqrt((influence.sum(axis=1) ** 2).sum())) / runs
    half = float(stdtrit(freedom, 1 - TAIL)) * error_left
    rest = Estimate(left, max(left - half, 0.0), min(left + half, 1.0))
    return _judged(shares, raw / total, errors, sizes), rest


def _beyond(before: Values, terms: Values) -> Values:
    """What of some terms of variance 1 other terms, orthonormal columns, do not hold."""
    if not before.size:
        return terms
    return orthonormal(terms - before @ (before.T @ terms), ROUNDING * np.sqrt(len(terms)))


def _judged(shares: Values, raw: Values, errors: Values, sizes: Values) -> list[Share]:
    """Shares with their 95 % intervals.

    Where its k terms do nothing, a raw share is a sum of k squares of noise, far from normal. It is
    taken as τ²/n times a noncentral chi-square of k degrees of freedom, whose noncentrality n·θ/τ²
    gives the share θ. τ² is such that the interval of a large share is that of the jackknife's
    standard error, 2·√(θ·τ²/n); in a linear model whose inputs are fixed it is the residual
    variance, as in Steiger (2004). Of an input that does nothing the lower end is 0 in 97.5 %.

    Args:
        shares: noise taken off, [inputs].
        raw: before that.
        errors: standard errors by the jackknife.
        sizes: the number of terms k of each; shares of inputs without any are 0.
    """
    judged = []
    for share, seen, error, size in zip(shares, raw, errors, sizes, strict=True):
        if not (seen > 0 and error > 0):
            judged.append(Share(float(share), 0.0, 0.0, 1.0))
            continue
        scale = error**2 / (4 * seen)  # τ²/n
        low, high = (
            scale * float(chndtrinc(seen / scale, size, tail))
            if chndtr(seen / scale, size, 0.0) > tail
            else 0.0
            for tail in (1 - TAIL, TAIL)
        )
        by_chance = float(chdtrc(size, seen / scale))
        judged.append(Share(float(share), low, min(high, 1.0), by_chance))
    return judged
