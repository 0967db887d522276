"""Simple forecasts that a model must beat, each with an honest spread of its own.

Each takes one number from a pair's past. They express uncertainty by the same means as the model:
the link and its error by events (:mod:`relsim.hindcast.measurement`), a spread that grows with the
horizon, a drawing-in of values that rest on few events, and numbers fitted on the past alone. (A
normal spread, clipped at the ends of the scale, is the plainer choice. It would make them easier
to beat.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from relsim.hindcast.fitting import lowest
from relsim.hindcast.measurement import absorb, cell_weights, predictive, shrunk_pull
from relsim.hindcast.panel import Panel, Values
from relsim.hindcast.pooling import SHARES, counts_of
from relsim.hindcast.scores import Predictive, clipped_normal

EWMA_WEIGHT = 0.3  # of the newest value
MEAN_YEARS = 5
LEAST_CASES = 40  # forecasts of one horizon, for a spread of two numbers


@dataclass(frozen=True)
class Cases:
    """Forecasts that can be made, with the known features and the horizon of each.

    Attributes:
        features: the value of each feature for each case, [F, N]; NaN where never measured.
        events: expected, [N].
        horizons: in years, [N].
    """

    features: Values
    events: Values
    horizons: Values


# (vector of numbers, cases, mean of all values) -> expected pulls, [N].
Centre: TypeAlias = Callable[[Values, Cases, float], Values]


@dataclass(frozen=True)
class Baseline:
    """A forecaster.

    Attributes:
        name: as shown.
        features: functions of a panel that give [P, T], column t from the years up to t.
        centre: from features to the expected pull.
        start: the numbers of the search, as transformed: log variance at once, log variance a
            year, log clustering, log weight of the mean of all (in events), then those of
            ``centre`` alone. The centres of their normal priors too.
        widths: standard deviations of the priors.
    """

    name: str
    features: tuple[Callable[[Panel], Values], ...]
    centre: Centre
    start: tuple[float, ...] = (-3.0, -4.0, 1.0, 1.0)
    widths: tuple[float, ...] = (1.5, 1.5, 1.5, 1.5)

    def forecast(self, past: Panel, horizons: Sequence[int]) -> dict[int, Predictive]:
        """Distributions of the values of all pairs, by horizon in years."""
        mean = float(past.values[past.measured].mean())
        numbers = self._fit(past, mean)
        now = np.array([feature(past)[:, -1] for feature in self.features])
        counts = counts_of(past)
        forecasts = {}
        for years in horizons:
            cases = Cases(now, counts.expected, np.full(len(counts.logs), float(years)))
            pulls, variances = (
                self.centre(numbers, cases, mean),
                _variances(numbers, cases.horizons),
            )
            seen = ~np.isnan(pulls)
            if not seen.all():  # pairs never seen are spread like the others
                variances = variances + np.where(seen, 0.0, pulls[seen].var())
                pulls = np.where(seen, pulls, pulls[seen].mean())
            events = counts.ahead(years)
            cells = [cell_weights(pulls, variances)] * len(SHARES)
            forecasts[years] = predictive(cells, events, SHARES, float(np.exp(numbers[2])))
        return forecasts

    def _fit(self, past: Panel, mean: float) -> Values:
        """The numbers of the highest posterior density, over all forecasts in the past."""
        cases, values, events = past_cases(past, self.features)
        start, widths = np.array(self.start), np.array(self.widths)

        def surprise(numbers: Values) -> float:
            pulls = self.centre(numbers, cases, mean)
            variances = _variances(numbers, cases.horizons)
            density = absorb(pulls, variances, values, events, float(np.exp(numbers[2])))[2]
            return float(np.sum(((numbers - start) / widths) ** 2) / 2 - density.sum())

        return lowest(surprise, start, start, widths)


def past_cases(
    past: Panel, features: Sequence[Callable[[Panel], Values]]
) -> tuple[Cases, Values, Values]:
    """Every forecast that could have been made and judged within a past.

    Returns:
        The cases, their outcomes, and the events that these rest on, [N] each.
    """
    made = np.array([feature(past) for feature in features])
    rows: list[Values] = []
    for known in range(len(past.years) - 1):
        expected = past.until(past.years[known]).expected_events()
        for later in range(known + 1, len(past.years)):
            horizon = np.full(len(expected), float(later - known))
            came = np.array([past.values[:, later], past.events[:, later], expected, horizon])
            both = past.measured[:, later] & ~np.isnan(made[0, :, known])
            rows.append(np.vstack([came, made[:, :, known]])[:, both])
    table = np.hstack(rows)
    return Cases(table[4:], table[2], table[3]), table[0], table[1]


def _variances(numbers: Values, horizons: Values) -> Values:
    return np.asarray(np.exp(numbers[0]) + np.exp(numbers[1]) * horizons)


def last_value(past: Panel) -> Values:
    """The newest value, [P, T]."""
    return pd.DataFrame(past.values).ffill(axis=1).to_numpy()


def mean_of_five(past: Panel) -> Values:
    """The mean of the values of the last five years, or else the newest, [P, T]."""
    known = past.measured
    totals = _window(np.where(known, past.values, 0.0), MEAN_YEARS)
    counts = _window(known.astype(np.float64), MEAN_YEARS)
    return np.where(counts > 0, totals / np.maximum(counts, 1), last_value(past))


def _window(rows: Values, years: int) -> Values:
    """Sums over the last years, [P, T]."""
    summed = np.cumsum(rows, axis=1)
    summed[:, years:] = summed[:, years:] - summed[:, :-years]
    return summed


def long_mean(past: Panel) -> Values:
    """The mean of all values so far, [P, T]."""
    known = past.measured
    counts = np.cumsum(known, axis=1)
    totals = np.cumsum(np.where(known, past.values, 0.0), axis=1)
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def weighted_mean(past: Panel) -> Values:
    """The exponentially weighted mean, α = 0.3, from the first value on, [P, T]."""
    means = past.values.copy()
    for year in range(1, len(past.years)):
        before, values = means[:, year - 1], past.values[:, year]
        moved = before + EWMA_WEIGHT * (values - before)
        newest = np.where(np.isnan(before), values, moved)
        means[:, year] = np.where(np.isnan(values), before, newest)
    return means


def _one_feature(numbers: Values, cases: Cases, mean: float) -> Values:
    return shrunk_pull(cases.features[0], cases.events, mean, float(np.exp(numbers[3])))


def _regression(numbers: Values, cases: Cases, mean: float) -> Values:
    """Last value, five years and all years, weighted, drawn back to a mean year by year."""
    weight = float(np.exp(numbers[3]))
    pulls = shrunk_pull(cases.features, cases.events, mean, weight)
    shares = np.exp(np.array([0.0, numbers[4], numbers[5]]))
    blend = shares @ pulls / shares.sum()
    kept = expit(numbers[6]) ** cases.horizons
    return np.asarray(numbers[7] + kept * (blend - numbers[7]))


# The regression's own numbers: log weights against the last value, log odds of the share kept
# each year (4: 0.98), the mean drawn back to. The last two have narrower priors: few horizons
# determine them early on, and wide ones cost it 10 % at five years.
BASELINES = (
    Baseline("last value", (last_value,), _one_feature),
    Baseline("mean of five years", (mean_of_five,), _one_feature),
    Baseline("weighted mean", (weighted_mean,), _one_feature),
    Baseline(
        "autoregression",
        (last_value, mean_of_five, long_mean),
        _regression,
        (-3.0, -4.0, 1.0, 1.0, 0.0, 0.0, 4.0, 1.4),
        (1.5, 1.5, 1.5, 1.5, 1.0, 1.0, 0.7, 0.5),
    ),
)


@dataclass(frozen=True)
class PlainBaseline:
    """A forecaster with a normal spread, as such baselines are mostly given.

    Its variance is a² + b²/events, fitted by maximum likelihood to the errors of past forecasts
    over as many years; over fewer years where there are too few of them; to the distances of
    values from their mean where no pair has two.
    """

    name: str
    feature: Callable[[Panel], Values]

    def forecast(self, past: Panel, horizons: Sequence[int]) -> dict[int, Predictive]:
        """Distributions of the values of all pairs, by horizon in years."""
        cases, values, events = past_cases(past, [self.feature])
        now, expected = self.feature(past)[:, -1], past.expected_events()
        seen = ~np.isnan(now)
        unseen = 0.0 if seen.all() else float(now[seen].var())
        means = np.where(seen, now, now[seen].mean())
        forecasts = {}
        for years in horizons:
            if len(values):
                counts = dict(zip(*np.unique(cases.horizons, return_counts=True), strict=True))
                enough = [ahead for ahead, count in counts.items() if count >= LEAST_CASES]
                scored = cases.horizons == min(years, max(enough, default=min(counts)))
                errors, known = (values - cases.features[0])[scored], events[scored]
            else:
                errors, known = past.values[past.measured], past.events[past.measured]
                errors = errors - errors.mean()
            always, by_event = _fit_spread(errors, known)
            variances = always + by_event / expected + np.where(seen, 0.0, unseen)
            forecasts[years] = clipped_normal(means, np.sqrt(variances))
        return forecasts


def _fit_spread(errors: Values, events: Values) -> tuple[float, float]:
    """a² and b² of normal errors with variance a² + b²/events, by maximum likelihood."""

    def surprise(logs: Values) -> float:
        variances = np.exp(logs[0]) + np.exp(logs[1]) / events
        return float(np.sum(np.log(variances) + errors**2 / variances))

    start = np.log([max(errors.var() / 2, 1e-4), max(errors.var() * np.median(events) / 2, 1e-2)])
    bounds = [(-14.0, 2.0), (-14.0, 10.0)]
    logs = minimize(surprise, start, method="L-BFGS-B", bounds=bounds).x
    return float(np.exp(logs[0])), float(np.exp(logs[1]))


PLAIN = (
    PlainBaseline("last value, normal", last_value),
    PlainBaseline("mean of five years, normal", mean_of_five),
    PlainBaseline("weighted mean, normal", weighted_mean),
)
