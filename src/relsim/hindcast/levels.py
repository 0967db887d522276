"""Where the level of a pair is to be looked for, from the other pairs.

A mixed model of levels: a mean, how busy the pair is, an effect of each of its two states, and
the pair's own rest. States' effects are what a pair never seen is foretold by (the dyadic random
effects of Hoff 2005, without their product term).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

USUAL_LOG_EVENTS = 5.5  # about 250 events a year: where the effect of events is nothing
_WIDTHS = (1.0, 0.15)  # prior standard deviations of the mean, and per e-fold of events
_SPREAD_CENTRES = np.array([-1.2, -1.0])  # log of 0.3 and of 0.37, in pulls; weak (±1 in the log)
_REACH = 5.0  # of the search, in prior standard deviations: beyond, the matrices are singular


@dataclass(frozen=True)
class Levels:
    """What the other pairs say of each pair's level.

    Attributes:
        mean: of the level, in pulls, less the mean of all, [P].
        variance: of that, not counting the pair's own rest, [P].
        of_states: standard deviation of the effects of states, in pulls.
        of_pairs: standard deviation of the pair's own rest, in pulls.
        per_log_events: how much higher the level is where events are e times as many.
        effects: of the states, [S], in the order of :meth:`Panel.states`.
    """

    mean: Values
    variance: Values
    of_states: float
    of_pairs: float
    per_log_events: float
    effects: Values


def no_levels(pairs: int) -> Levels:
    """Before anything is known: the same for all."""
    nothing = np.zeros(pairs)
    return Levels(nothing, nothing, 0.0, 0.0, 0.0, np.zeros(0))


def fit_levels(found: Values, errors: Values, seen: Flags, events: Values, joins: Values) -> Levels:
    """Fit the mixed model, then foretell each pair by the others.

    Args:
        found: each pair's level by its own series, in pulls, less the mean of all, [P].
        errors: variances of that, [P].
        seen: which pairs have a series, [P].
        events: expected events a year, [P].
        joins: which states each pair joins, [P, S].
    """
    design = np.column_stack([np.ones(len(found)), np.log(events) - USUAL_LOG_EVENTS, joins])
    said = foretell(found, errors, seen, design, _WIDTHS, _SPREAD_CENTRES)
    per_log_events, effects = float(said.effects[1]), said.effects[2:]
    return Levels(said.mean, said.variance, said.of_states, said.of_pairs, per_log_events, effects)


@dataclass(frozen=True)
class Foretold:
    """What a mixed model says of each row by the others.

    Attributes:
        mean: [P].
        variance: of that, not counting the row's own rest, [P].
        effects: of the columns, [K].
        of_states: standard deviation of the effects of states.
        of_pairs: standard deviation of the rows' own rests.
    """

    mean: Values
    variance: Values
    effects: Values
    of_states: float
    of_pairs: float


def foretell(
    found: Values,
    errors: Values,
    seen: Flags,
    design: Values,
    widths: tuple[float, ...],
    centres: Values,
) -> Foretold:
    """Fit a mixed model, then foretell each row by the others.

    Args:
        found: what is to be explained, [P].
        errors: variances of that, [P].
        seen: which rows are known, [P].
        design: columns of fixed effects, then of states, [P, K].
        widths: prior standard deviations of the fixed effects.
        centres: of the priors (normal, ±1) of the log standard deviations of states' effects and
            of rests.
    """
    of_states, of_pairs = _spreads(found[seen], errors[seen], design[seen], widths, centres)
    prior = _prior(of_states, design.shape[1], widths)
    precision = np.where(seen, 1 / (errors + of_pairs**2), 0.0)
    covariance = np.linalg.inv(_information(prior, design, design * precision[:, np.newaxis]))
    effects = covariance @ (design.T @ (precision * np.where(seen, found, 0.0)))
    fitted = design @ effects
    spread = np.einsum("pk,kl,pl->p", design, covariance, design)
    # Taking a row's own value out again: division of normal densities.
    alone = spread / (1 - precision * spread)
    mean = alone * (fitted / spread - precision * np.where(seen, found, 0.0))
    return Foretold(mean, alone, effects, of_states, of_pairs)


def _prior(of_states: float, columns: int, widths: tuple[float, ...]) -> Values:
    """Prior variances of the effects, [K]."""
    fixed = np.square(np.array(widths))
    return np.concatenate([fixed, np.full(columns - len(widths), of_states**2)])


def _information(prior: Values, design: Values, weighted: Values) -> Values:
    """Posterior precision of the effects, of rows and the same by their precision, [K, K]."""
    information: Values = np.diag(1 / prior) + design.T @ weighted
    return information


def _spreads(
    found: Values, errors: Values, design: Values, widths: tuple[float, ...], centres: Values
) -> tuple[float, float]:
    """Standard deviations of states' effects and rows' rests, by marginal likelihood.

    The covariance of the rows is diagonal but for K effects, so its determinant and inverse come
    of a matrix [K, K] (matrix determinant lemma, Woodbury): many pairs cost no more than a sum.
    """

    def surprise(logs: Values) -> float:
        of_states, of_pairs = np.exp(logs)
        prior = _prior(of_states, design.shape[1], widths)
        variances = errors + of_pairs**2
        weighted = design / variances[:, np.newaxis]
        information = _information(prior, design, weighted)
        pulled = weighted.T @ found
        log_determinant = (
            np.linalg.slogdet(information)[1] + np.log(prior).sum() + np.log(variances).sum()
        )
        misfit = found @ (found / variances) - pulled @ np.linalg.solve(information, pulled)
        weak = np.sum((logs - centres) ** 2)
        return float((log_determinant + misfit + weak) / 2)

    if not len(found):
        of_states, of_pairs = np.exp(centres)
    else:
        bounds = [(centre - _REACH, centre + _REACH) for centre in centres]
        found_logs = minimize(surprise, centres, method="L-BFGS-B", bounds=bounds).x
        of_states, of_pairs = np.exp(found_logs)
    return float(of_states), float(of_pairs)
