"""The level of a pair, and the events its coming values will rest on, judged by the other pairs.

Both are mixed models: fixed effects, an effect of each of the two states, and the pair's own rest.
States' effects predict a pair that was never seen (the dyadic random effects of Hoff 2005, without
their product term).

Counts of news rise and fall. A value that rests on few events errs more, so a forecast is a mixture
over the counts to come. The log of a count is taken as normal: about the pair's recent counts, with
a variance that grows by the year; of a pair never seen, about the mean and the effects of its two
states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize, nnls

from relsim.hindcast.panel import UNKNOWN_EVENTS, Flags, Panel, Values

USUAL_LOG_EVENTS = 5.5  # about 250 events a year: where the effect of events is nothing
_WIDTHS = (1.0, 0.15)  # prior standard deviations of the mean, and per e-fold of events
_SPREAD_CENTRES = np.array([-1.2, -1.0])  # log of 0.3 and of 0.37, in pulls; weak (±1 in the log)
_REACH = 5.0  # of the search, in prior standard deviations: beyond, the matrices are singular

_NODES, _SHARES = np.polynomial.hermite_e.hermegauss(3)
SHARES: Values = _SHARES / _SHARES.sum()  # probabilities of the counts of a mixture, [M]
_USUAL_CHANGE = (0.4, 0.1)  # variance of log counts at once and a year, where no past shows it
_USUAL_CASES = 20.0  # changes that these count for
_COUNT_WIDTHS = (2.0,)  # prior standard deviation of the mean log count
_COUNT_CENTRES = np.array([-0.2, 0.0])  # of log spreads of states and pairs; weak (±1 in the log)


@dataclass(frozen=True)
class Levels:
    """The level of each pair as the other pairs predict it.

    Attributes:
        mean: of the level, in pulls, minus the mean of all, [P].
        variance: of that, not counting the pair's own rest, [P].
        of_states: standard deviation of the effects of states, in pulls.
        per_log_events: how much higher the level is where events are e times as many.
    """

    mean: Values
    variance: Values
    of_states: float = 0.0
    per_log_events: float = 0.0


def no_levels(pairs: int) -> Levels:
    """The same for all, before anything is known."""
    return Levels(np.zeros(pairs), np.zeros(pairs))


def fit_levels(
    levels: Values, errors: Values, seen: Flags, events: Values, joins: Values
) -> Levels:
    """Fit the mixed model, then predict each pair by the others.

    Args:
        levels: each pair's level by its own series, in pulls, minus the mean of all, [P].
        errors: variances of that, [P].
        seen: whether a pair has a series, [P].
        events: expected events a year, [P].
        joins: the states of each pair, [P, S].
    """
    design = np.column_stack([np.ones(len(levels)), np.log(events) - USUAL_LOG_EVENTS, joins])
    pooled = _pooled(levels, errors, seen, design, _WIDTHS, _SPREAD_CENTRES)
    return Levels(pooled.mean, pooled.variance, pooled.of_states, float(pooled.effects[1]))


class _Pooled(NamedTuple):
    """Predictions of rows by the others, [P]; effects, [K]; spreads of states and of rests."""

    mean: Values
    variance: Values
    effects: Values
    of_states: float
    of_pairs: float


def _pooled(
    values: Values,
    errors: Values,
    seen: Flags,
    design: Values,
    widths: tuple[float, ...],
    centres: Values,
) -> _Pooled:
    """Fit a mixed model, then predict each row by the others.

    Args:
        values: to be explained, [P].
        errors: variances of that, [P].
        seen: whether a row is known, [P].
        design: columns of fixed effects, then of states, [P, K].
        widths: prior standard deviations of the fixed effects.
        centres: of the priors (normal, ±1) of the log standard deviations of states' effects and
            of rests.
    """
    of_states, of_pairs = _spreads(values[seen], errors[seen], design[seen], widths, centres)
    precision = np.where(seen, 1 / (errors + of_pairs**2), 0.0)
    weighted = precision * np.where(seen, values, 0.0)
    prior = _prior(of_states, design.shape[1], widths)
    covariance = np.linalg.inv(np.diag(1 / prior) + design.T @ (design * precision[:, np.newaxis]))
    effects = covariance @ (design.T @ weighted)
    spread = np.einsum("pk,kl,pl->p", design, covariance, design)
    # Taking a row's own value out again: division of normal densities.
    alone = spread / (1 - precision * spread)
    mean = alone * (design @ effects / spread - weighted)
    return _Pooled(mean, alone, effects, of_states, of_pairs)


def _prior(of_states: float, columns: int, widths: tuple[float, ...]) -> Values:
    """Prior variances of the effects, [K]."""
    fixed = np.square(np.array(widths))
    return np.concatenate([fixed, np.full(columns - len(widths), of_states**2)])


def _spreads(
    values: Values, errors: Values, design: Values, widths: tuple[float, ...], centres: Values
) -> tuple[float, float]:
    """Standard deviations of states' effects and rows' rests, by marginal likelihood.

    The covariance of the rows is diagonal but for K effects, so its determinant and inverse come
    from a matrix [K, K] (matrix determinant lemma, Woodbury): many pairs cost no more than a sum.
    """

    def surprise(logs: Values) -> float:
        of_states, of_pairs = np.exp(logs)
        prior = _prior(of_states, design.shape[1], widths)
        variances = errors + of_pairs**2
        weighted = design / variances[:, np.newaxis]
        information = np.diag(1 / prior) + design.T @ weighted
        pulled = weighted.T @ values
        log_determinant = (
            np.linalg.slogdet(information)[1] + np.log(prior).sum() + np.log(variances).sum()
        )
        misfit = values @ (values / variances) - pulled @ np.linalg.solve(information, pulled)
        weak = np.sum((logs - centres) ** 2)
        return float((log_determinant + misfit + weak) / 2)

    logs = centres
    if len(values):
        bounds = [(centre - _REACH, centre + _REACH) for centre in centres]
        logs = minimize(surprise, centres, method="L-BFGS-B", bounds=bounds).x
    of_states, of_pairs = np.exp(logs)
    return float(of_states), float(of_pairs)


@dataclass(frozen=True)
class Counts:
    """The expected counts of events to come.

    Attributes:
        logs: expected log counts, [P].
        variance: of them, not counting change with time, [P].
        at_once: variance of a year's log count about that.
        a_year: increase of that variance by year.
        least: the fewest events of any value: with fewer there is none.
    """

    logs: Values
    variance: Values
    at_once: float
    a_year: float
    least: float

    @property
    def expected(self) -> Values:
        """Median counts, [P]."""
        return np.asarray(np.exp(self.logs))

    def ahead(self, years: float) -> Values:
        """Counts some years on whose probabilities are ``SHARES``, [P, M]."""
        spread = np.sqrt(self.variance + (self.at_once + self.a_year * years))
        logs = self.logs[:, np.newaxis] + spread[:, np.newaxis] * _NODES
        return np.asarray(np.maximum(np.exp(logs), self.least))

    def lasting(self, years: float) -> tuple[Values, Values]:
        """The part of the log counts of :meth:`ahead` that lasts and is not known of a pair.

        Returns:
            For each count how far the pair's usual log count then is from the expected one,
            [P, M], and the variance about that, [P]. Both are 0 for a pair that is known.
        """
        share = self.variance / (self.variance + (self.at_once + self.a_year * years))
        gaps = np.log(self.ahead(years)) - self.logs[:, np.newaxis]
        return share[:, np.newaxis] * gaps, self.variance * (1 - share)


def counts_of(past: Panel) -> Counts:
    """The counts to expect from a past, for pairs seen and never seen."""
    seen, recent = past.seen, np.log(past.expected_events())
    at_once, a_year = _changes(past)
    least = float(np.nanmin(past.events)) if seen.any() else 1.0
    nothing = np.zeros(len(recent))
    if seen.all():
        return Counts(recent, nothing, at_once, a_year, least)
    usual = float(recent[seen].mean()) if seen.any() else float(np.log(UNKNOWN_EVENTS))
    design = np.column_stack([np.ones(len(recent)), past.states()[1]])
    pooled = _pooled(recent - usual, nothing, seen, design, _COUNT_WIDTHS, _COUNT_CENTRES)
    logs = np.where(seen, recent, usual + pooled.mean)
    variance = np.where(seen, 0.0, pooled.variance + pooled.of_pairs**2)
    return Counts(logs, variance, at_once, a_year, least)


def _changes(past: Panel) -> tuple[float, float]:
    """Variance of a log count about the expected one, at once and a year, by least squares."""
    gaps, squares = [np.zeros(0)], [np.zeros(0)]
    for known in range(len(past.years) - 1):
        until = past.until(past.years[known])
        expected = np.log(until.expected_events())
        for later in range(known + 1, len(past.years)):
            both = past.measured[:, later] & until.seen
            change = np.log(past.events[both, later]) - expected[both]
            gaps.append(np.full(len(change), float(later - known)))
            squares.append(change**2)
    years = np.concatenate(gaps)
    weak = np.sqrt(_USUAL_CASES)
    rows = np.vstack([np.column_stack([np.ones(len(years)), years]), weak * np.eye(2)])
    usual = weak * np.array(_USUAL_CHANGE)
    at_once, a_year = nnls(rows, np.concatenate([*squares, usual]))[0]
    return float(at_once), float(a_year)
