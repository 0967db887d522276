"""Simple forecasts that a model must beat, each with an honest spread of its own.

Each makes one number of a pair's past. What the model has to say how sure it is, they have too:
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
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from relsim.hindcast.counts import SHARES, counts_of
from relsim.hindcast.measurement import absorb, cell_weights, predictive, shrunk_pull
from relsim.hindcast.panel import Panel
from relsim.hindcast.scores import Predictive, clipped_normal
from relsim.hindcast.search import lowest

Values = NDArray[np.float64]

EWMA_WEIGHT = 0.3  # of the newest value
MEAN_YEARS = 5
LEAST_CASES = 40  # forecasts of one horizon, for a spread of two numbers


@dataclass(frozen=True)
class Cases:
    """Forecasts that can be made: of each, what is known and how far ahead it looks.

    Attributes:
        features: of each feature, its value for each case, [F, N]; NaN where never measured.
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
        features: what it makes of a panel: for each feature, [P, T], column t from the years
            up to t.
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
        said = {}
        for years in horizons:
            cases = Cases(now, counts.expected, np.full(len(counts.logs), float(years)))
            pulls, variances = self._pulls(numbers, cases, mean)
            events = counts.ahead(years)
            cells = [cell_weights(pulls, variances)] * len(SHARES)
            said[years] = predictive(cells, events, SHARES, float(np.exp(numbers[2])))
        return said

    def _pulls(self, numbers: Values, cases: Cases, mean: float) -> tuple[Values, Values]:
        """Expected pulls and their variances; pairs never seen are spread like the others."""
        pulls = self.centre(numbers, cases, mean)
        variances = _variances(numbers, cases.horizons)
        seen = ~np.isnan(pulls)
        if not seen.all():
            variances = variances + np.where(seen, 0.0, pulls[seen].var())
            pulls = np.where(seen, pulls, pulls[seen].mean())
        return pulls, variances

    def _fit(self, past: Panel, mean: float) -> Values:
        """The numbers of the highest posterior density, over all forecasts in the past."""
        cases, values, events = past_cases(past, self.features)
        start, widths = np.array(self.start), np.array(self.widths)

        def surprise(numbers: Values) -> float:
            pulls = self.centre(numbers, cases, mean)
            variances = _variances(numbers, cases.horizons)
            told = absorb(pulls, variances, values, events, float(np.exp(numbers[2])))[2]
            return float(np.sum(((numbers - start) / widths) ** 2) / 2 - told.sum())

        return lowest(surprise, start, start, widths)


def past_cases(
    past: Panel, features: Sequence[Callable[[Panel], Values]]
) -> tuple[Cases, Values, Values]:
    """Every forecast that could have been made and judged within a past.

    Returns:
        The cases, the values that came, and the events those rest on, [N] each.
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
    variances: Values = np.exp(numbers[0]) + np.exp(numbers[1]) * horizons
    return variances


def last_value(past: Panel) -> Values:
    """The newest value, [P, T]."""
    found = np.full_like(past.values, np.nan)
    newest = np.full(len(past.dyads), np.nan)
    for year, values in enumerate(past.values.T):
        newest = np.where(np.isnan(values), newest, values)
        found[:, year] = newest
    return found


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
    found = np.full_like(past.values, np.nan)
    mean = np.full(len(past.dyads), np.nan)
    for year, values in enumerate(past.values.T):
        moved = mean + EWMA_WEIGHT * (values - mean)
        mean = np.where(np.isnan(values), mean, np.where(np.isnan(mean), values, moved))
        found[:, year] = mean
    return found


def _one_feature(numbers: Values, cases: Cases, mean: float) -> Values:
    return shrunk_pull(cases.features[0], cases.events, mean, float(np.exp(numbers[3])))


def _regression(numbers: Values, cases: Cases, mean: float) -> Values:
    """Last value, five years and all years, weighted, drawn back to a mean year by year."""
    weight = float(np.exp(numbers[3]))
    pulls = shrunk_pull(cases.features, cases.events, mean, weight)
    shares = np.exp(np.array([0.0, numbers[4], numbers[5]]))
    blend = shares @ pulls / shares.sum()
    kept = expit(numbers[6]) ** cases.horizons
    drawn: Values = numbers[7] + kept * (blend - numbers[7])
    return drawn


# The regression's own numbers: log weights against the last value, log odds of what is kept a
# year (4: 0.98), the mean drawn back to. Narrower priors for the last two: few horizons tell of
# them early on, and wide ones cost it 10 % at five years.
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

    Its variance is a² + b²/events, fitted by maximum likelihood on the forecasts over as many
    years that could have been judged in the past; over fewer years where there are too few; on
    how far values are from their mean where no pair has two.
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
        said = {}
        for years in horizons:
            errors, known = values - cases.features[0], events
            if len(errors):
                judged = cases.horizons == min(years, _longest(cases.horizons))
                errors, known = errors[judged], events[judged]
            else:
                errors, known = _about_the_mean(past)
            always, by_event = _fit_spread(errors, known)
            variances = always + by_event / expected + np.where(seen, 0.0, unseen)
            said[years] = clipped_normal(means, np.sqrt(variances))
        return said


def _about_the_mean(past: Panel) -> tuple[Values, Values]:
    """How far the values of a past are from their mean, and their events, [N] each."""
    values = past.values[past.measured]
    return values - values.mean(), past.events[past.measured]


def _longest(horizons: Values) -> float:
    """The longest horizon with enough forecasts to fit a spread to."""
    counts = {years: int((horizons == years).sum()) for years in np.unique(horizons)}
    enough = [years for years, count in counts.items() if count >= LEAST_CASES]
    return float(max(enough, default=min(counts)))


def _fit_spread(errors: Values, events: Values) -> tuple[float, float]:
    """a² and b² of normal errors whose variance is a² + b²/events, of most likelihood."""

    def surprise(logs: Values) -> float:
        variances = np.exp(logs[0]) + np.exp(logs[1]) / events
        return float(np.sum(np.log(variances) + errors**2 / variances))

    start = np.log([max(errors.var() / 2, 1e-4), max(errors.var() * np.median(events) / 2, 1e-2)])
    bounds = [(-14.0, 2.0), (-14.0, 10.0)]
    found = minimize(surprise, start, method="L-BFGS-B", bounds=bounds).x
    return float(np.exp(found[0])), float(np.exp(found[1]))


PLAIN = (
    PlainBaseline("last value, normal", last_value),
    PlainBaseline("mean of five years, normal", mean_of_five),
    PlainBaseline("weighted mean, normal", weighted_mean),
)
