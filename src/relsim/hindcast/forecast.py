"""From the fitted linear cousin to the model itself, and back to measured values.

The fit is in measured pulls η; the model is in its own pull units u. The two are tied by
η = offset + ``SCALE``·u. What is fitted turns into the model's numbers so:

- opening ties: the filtered level and fluctuation, with the level's uncertainty as a normal;
- fluctuation passes by a shift of affinity in the first month, which leaves posture where it is
  and puts its target at the level;
- ``adaptability`` and ``volatility``: such that yearly means of an Ornstein–Uhlenbeck process have
  the fitted persistence and spread;
- ``drift``: the fitted one, in pull units.

Tie interests are a partner's share of a state's news, over ``DOMINANT``, and at most 1.
Reciprocity, rivalry, issues and capacities are off: yearly values of a pair do not show them.
Alignment draws a pair both to the relations of third parties and back from its own moves. The
second is in the persistence and the spread that were fitted to the pair, so speed, volatility,
drift and the shift make up for it (:func:`held_back`), and only the first is scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import yaml
from scipy.optimize import brentq

from relsim.ensemble.simulate import simulate
from relsim.hindcast.fitting import Fit, Fitted, fit
from relsim.hindcast.measurement import cell_weights, predictive
from relsim.hindcast.panel import Flags, Panel, Values
from relsim.hindcast.scores import Predictive
from relsim.hindcast.state_space import Dynamics
from relsim.scenario.load import check_text
from relsim.scenario.schema import DEFAULT_DOMAINS, Parameters, Scenario

NORMAL = 0.2  # cooperation of a normal relationship, on the anchors of the codebook
# Measured pulls per pull unit. Levels of 28 pairs that were coded for 1991 and for 2020 (the two
# openings of scenarios/pakistan-russia) lie as far apart as a drift of 0.041 pull units per √year
# sets them, 0.037 with coding errors of 0.1 taken off, 0.045 without; pulls of ICEWS drift by 0.10.
SCALE = 2.5
SLOPE = (1 - NORMAL**2) ** 1.5  # of posture by pull there
RUNS = 400
SEED = 1
GAINS = (0.0, 0.15, 0.35)  # tried for alignment: none, the model's default, the end of its range
# The share of a state's news with a partner that makes this partner dominant, a tie interest of 1:
# the 97th percentile of dependence on the United States (ICEWS 2002-2004: news; COW: trade).
DOMINANT = 0.44
START_MONTH = 7  # a yearly value stands for the middle of its year
_MOST = 0.99  # opening cooperation: posture never reaches 1


@dataclass(frozen=True)
class Link:
    """η = offset + scale·u between measured pulls and the model's pull units."""

    offset: float
    scale: float = SCALE

    def units(self, pulls: Values) -> Values:
        """Pull units of measured pulls."""
        return (pulls - self.offset) / self.scale

    def pulls(self, cooperation: Values) -> Values:
        """Measured pulls of the model's cooperation."""
        return self.offset + self.scale * cooperation / np.sqrt(1 - cooperation**2)


def link_of(fitted: Fitted) -> Link:
    """The link that puts the mean level of all pairs at a normal relationship."""
    return link_at(fitted.dynamics.level + fitted.filtered.shared.mean)


def link_at(pull: float, scale: float = SCALE) -> Link:
    """The link of a scale that puts a measured pull at a normal relationship."""
    return Link(pull - scale * NORMAL / np.sqrt(1 - NORMAL**2), scale)


def monthly_speed(persistence: float) -> float:
    """The adaptability per month whose yearly means have this correlation from year to year.

    For an Ornstein–Uhlenbeck process with speed k a year it is (1 - e^-k)²/(2(k - 1 + e^-k)). Below
    the least that the range allows (about 0.05), the range's end.
    """

    def excess(speed: float) -> float:
        gone = 1 - np.exp(-speed)
        return float(gone**2 / (2 * (speed - gone)) - persistence)

    slow, fast = 1e-3, 12.0
    if excess(fast) > 0:
        return fast / 12
    return float(brentq(excess, slow, fast)) / 12 if excess(slow) > 0 else slow / 12


def yearly_share(adaptability: float) -> float:
    """Standard deviation of yearly means over that of the process itself."""
    speed = 12 * adaptability
    return float(np.sqrt(2 * (speed - 1 + np.exp(-speed))) / speed)


def drift_of(dynamics: Dynamics) -> float:
    """Drift of an affinity, in pull units per √year: the pair's own and the shared one."""
    return float(np.hypot(dynamics.drift, dynamics.shared_drift)) / SCALE


def volatility_of(dynamics: Dynamics) -> float:
    """Stationary standard deviation of cooperation at a normal relationship, of a usual pair."""
    share = yearly_share(monthly_speed(dynamics.persistence))
    return dynamics.volatility / SCALE * SLOPE / share


def domain_volatility(cooperation: float) -> float:
    """The volatility in each domain that gives overall cooperation its fluctuation.

    For the default domains, weighted alike: their shocks have the default correlation ρ, so the
    variance of the mean of D of them is v²·(1 + (D - 1)·ρ)/D.

    Args:
        cooperation: stationary standard deviation of overall cooperation.
    """
    between = float(Parameters.model_fields["domain_correlation"].default)
    domains = len(DEFAULT_DOMAINS)
    return cooperation / float(np.sqrt((1 + (domains - 1) * between) / domains))


def scenario_of(fitted: Fitted, years: int, gain: float = 0.0) -> Scenario:
    """The scenario of all pairs from the middle of the last year on.

    Args:
        fitted: the fit at the origin.
        years: the longest horizon.
        gain: on alignment; 0 switches third parties off.
    """
    last, dynamics = fitted.past.years[-1], fitted.dynamics
    interests = interests_of(fitted.past.dyads, fitted.counts.expected)
    held = held_back(fitted.past.dyads, interests, gain)
    ties, shifts = _openings(fitted, held)
    data = {
        "relsim": 1,
        "name": f"Fitted up to {last}",
        "time": {"start": f"{last:04d}-{START_MONTH:02d}", "end": f"{last + years:04d}-12"},
        "domains": {"relations": 1},
        "states": _states(fitted, interests, held),
        "ties": ties,
        "parameters": {
            "reciprocity": 0,
            "drift": drift_of(dynamics) * float(held.mean()),
            "mutuality": 0,
            "alignment_gain": gain,
            "issue_gain": 0,
        },
        "events": {
            "settle": {
                "label": "Fluctuations of the last year pass",
                "at": f"{last}-{START_MONTH + 1:02d}",
                "effects": shifts,
            }
        },
    }
    return check_text(yaml.safe_dump(data, sort_keys=False), "fitted").require()


def held_back(
    dyads: Sequence[str], interests: Mapping[str, Mapping[str, float]], gain: float
) -> Values:
    """How strongly alignment draws each pair back from its own moves, [P]; 1 where it does not.

    Third parties pull a side by gain·Σw less for each unit by which its cooperation has moved. So
    the pair moves by 1/(1 + slope·gain·Σw) of the move it would make, and so much faster.
    """
    weights = []
    for dyad in dyads:
        first, second = dyad.split("-")
        sides = (interests[first], second), (interests[second], first)
        weights.append(sum(sum(own.values()) - own[other] for own, other in sides) / 2)
    return 1 + gain * SLOPE * np.array(weights)


def _openings(fitted: Fitted, held: Values) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Uncertain opening ties, and the shifts that let fluctuations pass, by :func:`held_back`.

    The fitted level drifts at once, posture follows its affinity with a lag of 1/adaptability. So
    an ensemble that opens at rest lacks that much drift, and opens less sure by its variance.
    """
    dynamics = fitted.dynamics
    lag = 1 / (12 * monthly_speed(dynamics.persistence))  # years
    behind = (dynamics.drift**2 + dynamics.shared_drift**2) * lag
    link, belief, weights = link_of(fitted), fitted.filtered.belief, fitted.filtered.weights
    own = (weights * belief.level).sum(axis=1)
    fluctuation = (weights * belief.fluctuation).sum(axis=1)
    spread = (weights * (belief.level_variance + (belief.level - own[:, np.newaxis]) ** 2)).sum(
        axis=1
    )
    shared = fitted.filtered.shared
    spread = spread + shared.variance + behind
    units = link.units(own + shared.mean + fluctuation)
    opening = np.clip(units / np.sqrt(1 + units**2), -_MOST, _MOST)
    error = np.sqrt(spread) / SCALE * (1 + units**2) ** -1.5
    ties = {
        dyad: {"normal": [round(float(level), 6), round(float(deviation), 6)]}
        for dyad, level, deviation in zip(fitted.past.dyads, opening, error, strict=True)
    }
    shifts = [
        {"shift": dyad, "size": round(-float(pull) / SCALE, 6)}
        for dyad, pull in zip(fitted.past.dyads, fluctuation * held, strict=True)
    ]
    return ties, shifts


def _states(
    fitted: Fitted, interests: Mapping[str, Mapping[str, float]], held: Values
) -> dict[str, Any]:
    """States with tie interests by their news, and with their own speed and volatility."""
    names, joins = fitted.past.states()
    factors = fitted.filtered.weights @ fitted.filtered.factors
    volatility, speed = volatility_of(fitted.dynamics), monthly_speed(fitted.dynamics.persistence)
    states: dict[str, Any] = {}
    for column, name in enumerate(names):
        own = joins[:, column] > 0
        mean, slowed = float(factors[own].mean()), float(held[own].mean())
        states[name] = {
            "ties": {code: round(weight, 6) for code, weight in interests[name].items()},
            "traits": {
                "adaptability": speed / slowed,
                "volatility": volatility * mean * float(np.sqrt(slowed)),
            },
        }
    return states


def interests_of(dyads: Sequence[str], events: Values) -> dict[str, dict[str, float]]:
    """Tie interests in (0, 1] of each state in its partners, by their share of its news.

    Args:
        dyads: pairs, as in ``PAK-RUS``.
        events: of each pair, [P].
    """
    news: dict[str, dict[str, float]] = {}
    for dyad, count in zip(dyads, events, strict=True):
        first, second = dyad.split("-")
        news.setdefault(first, {})[second] = float(count)
        news.setdefault(second, {})[first] = float(count)
    return {
        state: {code: min(1.0, count / sum(own.values()) / DOMINANT) for code, count in own.items()}
        for state, own in news.items()
    }


def simulated(
    fitted: Fitted, horizons: Sequence[int], gain: float = 0.0, runs: int = RUNS, seed: int = SEED
) -> dict[int, Predictive]:
    """Distributions of measured values by an ensemble of the model, by horizon in years."""
    scenario = scenario_of(fitted, max(horizons), gain)
    data = simulate(scenario, runs=runs, seed=seed, record="overall", progress=False).data
    names = scenario.pair_names(dyad.split("-") for dyad in fitted.past.dyads)
    overall = data["overall"].sel(pair=names)
    link, passing = link_of(fitted), passing_variances(fitted)
    years = data["time"].dt.year.to_numpy()
    forecasts = {}
    for horizon in horizons:
        chosen = np.flatnonzero(years == fitted.past.years[-1] + horizon)
        yearly = overall.isel(time=chosen).mean("time").to_numpy().astype(np.float64)
        pulls = link.pulls(np.clip(yearly, -_MOST, _MOST))
        forecasts[horizon] = fitted.measured(horizon, partial(_cells, pulls, passing))
    return forecasts


def passing_variances(fitted: Fitted) -> Values:
    """Variance of the part of each pair's pull that is gone the next year, in pulls², [P]."""
    dynamics, filtered = fitted.dynamics, fitted.filtered
    own = dynamics.passing**2 * (filtered.weights @ filtered.factors**2)
    return np.asarray(own + dynamics.shared_passing**2)


def as_measured(
    cooperation: Values, link: Link, passing: Values, events: Values, clustering: float
) -> Predictive:
    """Distributions of measured values that rest on known counts of events, by runs of the model.

    Args:
        cooperation: yearly means of each run, [R, P].
        link: to the source.
        passing: variances as of :func:`passing_variances`, [P].
        events: that the values rest on, [P].
        clustering: events for each independent one.
    """
    pulls = link.pulls(np.clip(cooperation, -_MOST, _MOST))
    nothing = np.zeros(len(passing))
    cells = _cells(pulls, passing, np.ones(len(passing), dtype=bool), nothing, nothing)
    return predictive([cells], events[:, np.newaxis], np.ones(1), clustering)


def _cells(pulls: Values, variances: Values, pairs: Flags, shifts: Values, more: Values) -> Values:
    """Cells of ``PULLS`` for some pairs, averaged over runs, [N, Q].

    Pulls [R, P] have a normal error, [P]; of these pairs they are shifted, with more variance.
    """
    shifted, spreads = pulls[:, pairs] + shifts, variances[pairs] + more
    columns = [
        cell_weights(own, np.full(len(own), spread)).mean(axis=0)
        for own, spread in zip(shifted.T, spreads, strict=True)
    ]
    return np.array(columns)


def fitted_gain(
    past: Panel, gains: Sequence[float] = GAINS, runs: int = RUNS // 2, fit_of: Fit = fit
) -> float:
    """The gain on alignment whose forecasts of the last two years had the least CRPS.

    Each year is forecast by a fit to those before it; all gains have the same draws.
    """
    totals: Mapping[float, list[float]] = {gain: [] for gain in gains}
    for origin in past.years[-3:-1]:
        earlier = past.until(origin)
        if len(earlier.years) < 2:
            continue
        fitted, column = fit_of(earlier), past.years.index(origin + 1)
        known = past.measured[:, column] & earlier.seen
        for gain in gains:
            forecast = simulated(fitted, (1,), gain, runs)[1].of(known)
            totals[gain].append(float(forecast.crps(past.values[known, column]).sum()))
    return min(gains, key=lambda gain: sum(totals[gain]))
