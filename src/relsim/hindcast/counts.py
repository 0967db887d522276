"""How many events a coming value will rest on: expected, and how unsure that is.

Counts of news rise and fall, and of a pair never seen they are known only by its states. A value
that rests on few events errs more, so a forecast is a mixture over the counts to come. The log of
a count is taken as normal: about the pair's recent counts, with a variance that grows by the year;
of a pair never seen, about a mean and effects of its two states.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from relsim.hindcast.levels import foretell
from relsim.hindcast.panel import UNKNOWN_EVENTS, Panel

Values = NDArray[np.float64]

_NODES, _SHARES = np.polynomial.hermite_e.hermegauss(3)
SHARES: Values = _SHARES / _SHARES.sum()  # probabilities of the counts of a mixture, [M]
_USUAL = (0.4, 0.1)  # variance of log counts at once and a year, where a past shows no change
_USUAL_CHANGES = 20.0  # changes that these count for
_MEAN_WIDTH = 2.0  # prior standard deviation of the mean log count
_LOG_SPREADS = np.array([-0.2, 0.0])  # of states' effects and of pairs' rests; weak (±1)


@dataclass(frozen=True)
class Counts:
    """What is known of the counts to come.

    Attributes:
        logs: expected log counts, [P].
        variance: of them, not counting what changes with time, [P].
        at_once: variance of a year's log count about that.
        a_year: what is added to that a year.
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
        spread = np.sqrt(self.variance + self._changes(years))
        logs = self.logs[:, np.newaxis] + spread[:, np.newaxis] * _NODES
        return np.asarray(np.maximum(np.exp(logs), self.least))

    def lasting(self, years: float) -> tuple[Values, Values]:
        """Of the log counts of :meth:`ahead`, what lasts and is not known of a pair.

        Returns:
            For each count how far the pair's usual log count then is from the expected one,
            [P, M], and the variance about that, [P]. Both are 0 for a pair that is known.
        """
        share = self.variance / (self.variance + self._changes(years))
        gaps = np.log(self.ahead(years)) - self.logs[:, np.newaxis]
        return share[:, np.newaxis] * gaps, self.variance * (1 - share)

    def _changes(self, years: float) -> float:
        return self.at_once + self.a_year * years


def counts_of(past: Panel) -> Counts:
    """What a past says of the counts to come, for pairs seen and never seen."""
    seen, recent = past.seen, np.log(past.expected_events())
    at_once, a_year = _changes(past)
    least = float(np.nanmin(past.events)) if seen.any() else 1.0
    if seen.all():
        return Counts(recent, np.zeros(len(recent)), at_once, a_year, least)
    _, joins = past.states()
    usual = float(recent[seen].mean()) if seen.any() else float(np.log(UNKNOWN_EVENTS))
    design = np.column_stack([np.ones(len(recent)), joins])
    said = foretell(
        recent - usual, np.zeros(len(recent)), seen, design, (_MEAN_WIDTH,), _LOG_SPREADS
    )
    logs = np.where(seen, recent, usual + said.mean)
    variance = np.where(seen, 0.0, said.variance + said.of_pairs**2)
    return Counts(logs, variance, at_once, a_year, least)


def _changes(past: Panel) -> tuple[float, float]:
    """Variance of a log count about what was expected, at once and a year, by least squares."""
    gaps, squares = [np.zeros(0)], [np.zeros(0)]
    for known in range(len(past.years) - 1):
        until = past.until(past.years[known])
        expected = np.log(until.expected_events())
        for later in range(known + 1, len(past.years)):
            both = past.measured[:, later] & until.seen
            gone = np.log(past.events[both, later]) - expected[both]
            gaps.append(np.full(len(gone), float(later - known)))
            squares.append(gone**2)
    years, found = np.concatenate(gaps), np.concatenate(squares)
    rows = np.column_stack([np.ones(len(years)), years])
    weak = np.sqrt(_USUAL_CHANGES)
    rows = np.vstack([rows, weak * np.eye(2)])
    at_once, a_year = nnls(rows, np.concatenate([found, weak * np.array(_USUAL)]))[0]
    return float(at_once), float(a_year)
