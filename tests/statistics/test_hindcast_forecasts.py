"""Forecasts of series: atoms, what is filtered, bands on series the model made itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, log_expit, logsumexp

from hindcast.beside_made import measured, scenario
from hindcast.made import TRUTH, made_panel, made_pulls
from relsim.ensemble.simulate import simulate
from relsim.hindcast.beside import MEAN, SCENARIO, beside
from relsim.hindcast.evaluate import LARGE, beyond
from relsim.hindcast.fitting import Fitted, fit
from relsim.hindcast.measurement import cell_weights, log_ways, predictive
from relsim.hindcast.panel import Panel, Values
from relsim.hindcast.pooling import counts_of, no_levels
from relsim.hindcast.scores import clipped_normal
from relsim.hindcast.state_space import Dynamics, filtered

Documented = Callable[[float], None]

CLUSTERING = 3.85
YEARS = 8
ALONE = replace(TRUTH, shared_drift=1e-6, shared_passing=1e-6)
PARTICLES = 20_000
SERIES = 12


@pytest.mark.parametrize("events", [120, 190, 400])
def test_atom(events: int, documented: Documented) -> None:
    mean, variance, draws = 1.8, 0.16, 200_000
    rng = np.random.default_rng(3)
    share = expit(2 * rng.normal(mean, variance**0.5, draws))
    precision = events / CLUSTERING - 1
    drawn = rng.beta(precision * share, precision * (1 - share))
    ones = float((np.round(drawn * events) == events).mean())
    cells = cell_weights(np.array([mean]), np.array([variance]))
    said = predictive([cells], np.array([[float(events)]]), np.ones(1), CLUSTERING)
    documented(float(said.at_one()[0]))
    assert said.at_one()[0] == pytest.approx(ones, abs=0.004)


def test_large_changes(documented: Documented) -> None:
    """Who says the truth scores better than who says twice its spread, which picking would hide."""
    values = np.random.default_rng(4).normal(0.5, 0.1, 20_000)
    levels = np.full(len(values), 0.5)
    truth, twice = (clipped_normal(levels, np.full(len(values), spread)) for spread in (0.1, 0.2))
    scores = [said.crps(values, beyond(levels)).mean() for said in (truth, twice)]
    picked = np.abs(values - levels) > LARGE
    by_outcome = [said.crps(values)[picked].mean() for said in (truth, twice)]
    assert by_outcome[0] > by_outcome[1]
    documented(float(scores[0] / scores[1]))
    assert scores[0] < scores[1]


@pytest.mark.parametrize("events", [10, 100, 1000])
def test_filtered_mean(events: int, documented: Documented) -> None:
    documented(float(np.mean([error for error, _, _ in errors(events)])))


@pytest.mark.parametrize("events", [10, 100, 1000])
def test_filtered_spread(events: int, documented: Documented) -> None:
    documented(float(np.mean([ratio for _, ratio, _ in errors(events)])))


@pytest.mark.parametrize("events", [10, 100, 1000])
def test_log_density(events: int, documented: Documented) -> None:
    documented(float(np.mean([off for _, _, off in errors(events)])))


def errors(events: int) -> list[tuple[float, float, float]]:
    """Filtered against particles, of ten series of a pair: the mean's error in standard deviations,
    the ratio of standard deviations, and the error of the log density."""
    rng, found = np.random.default_rng(events), []
    for _ in range(10):
        share = expit(2 * (ALONE.level + made_pulls(1, YEARS, ALONE, rng)[0]))
        precision = events / ALONE.clustering - 1
        drawn = rng.beta(precision * share, precision * (1 - share))
        values = 2 * np.round(drawn * events) / events - 1
        mean, deviation, density = particles(values, float(events), ALONE, rng)
        panel = Panel(
            ("A-B",), tuple(range(YEARS)), values[np.newaxis], np.full((1, YEARS), float(events))
        )
        said = filtered(panel, ALONE, no_levels(1))
        belief, weights = said.belief, said.weights
        centre = belief.level + belief.fluctuation
        spread = belief.level_variance + 2 * belief.covariance + belief.fluctuation_variance
        own = float((weights * centre).sum())
        variance = float((weights * (spread + (centre - own) ** 2)).sum())
        found.append(
            ((own - mean) / deviation, variance**0.5 / deviation, said.total - density),
        )
    return found


def particles(
    values: Values, events: float, truth: Dynamics, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Mean and standard deviation of level and fluctuation after the last year, and the log density
    of the values, by a bootstrap particle filter (Gordon, Salmond and Smith 1993)."""
    nodes, shares = np.polynomial.hermite_e.hermegauss(5)
    factor = np.exp(truth.unevenness * rng.choice(nodes, PARTICLES, p=shares / shares.sum()))
    level = truth.level + truth.level_spread * rng.standard_normal(PARTICLES)
    fluctuation = truth.volatility * factor * rng.standard_normal(PARTICLES)
    trials, total = events / truth.clustering, 0.0
    for year, value in enumerate(values):
        if year:
            level = level + truth.drift * rng.standard_normal(PARTICLES)
            fresh = truth.volatility * factor * np.sqrt(1 - truth.persistence**2)
            fluctuation = truth.persistence * fluctuation + fresh * rng.standard_normal(PARTICLES)
        pull = level + fluctuation + truth.passing * factor * rng.standard_normal(PARTICLES)
        share = (1 + value) / 2
        told = trials * (share * log_expit(2 * pull) + (1 - share) * log_expit(-2 * pull))
        ways = log_ways(np.array(value), np.array(events), truth.clustering)
        total += float(logsumexp(told) - np.log(PARTICLES) + ways)
        weights = np.exp(told - told.max())
        ladder = np.cumsum(weights) / weights.sum()
        places = np.searchsorted(ladder, (np.arange(PARTICLES) + rng.random()) / PARTICLES)
        places = np.minimum(places, PARTICLES - 1)
        level, fluctuation, factor = level[places], fluctuation[places], factor[places]
    both = level + fluctuation
    return float(both.mean()), float(both.std()), total


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("years", [1, 5])
def test_band_of_known_numbers(years: int, level: float, documented: Documented) -> None:
    covered = []
    for seed in range(100, 160):
        panel = made_panel(years=14, seed=seed, states=11)
        past = panel.until(2008)
        levels = no_levels(len(past.dyads))
        levels = replace(levels, variance=np.full(len(past.dyads), 2 * 0.3**2))  # two states'
        known = Fitted(past, TRUTH, counts_of(past), levels, filtered(past, TRUTH, levels))
        said = known.forecast((years,))[years]
        covered.append(said.covered(panel.values[:, 8 + years], level).mean())
    documented(float(np.mean(covered)))
    assert np.mean(covered) == pytest.approx(level, abs=2.5 * np.std(covered) / 60**0.5)


@pytest.mark.slow
@pytest.mark.parametrize("years", [1, 5])
def test_band_of_fitted_numbers(years: int, documented: Documented) -> None:
    covered = []
    for seed in range(100, 100 + SERIES):
        panel = made_panel(years=14, seed=seed, states=11)
        said = fit(panel.until(2008)).forecast((years,))[years]
        covered.append(said.covered(panel.values[:, 8 + years], 0.8).mean())
    documented(float(np.mean(covered)))


@pytest.mark.slow
def test_scenario_beside_its_own_futures(documented: Documented) -> None:
    one = scenario()
    ensemble = simulate(one, record="overall")
    skills = [beside(measured(one, seed), ensemble).skill for seed in range(200, 200 + SERIES)]
    documented(float(np.mean([held(skill) for skill in skills])))


@pytest.mark.slow
def test_scenario_beside_other_pairs(documented: Documented) -> None:
    """How often a scenario that tells nothing of pairs is called better than their mean."""
    one = scenario()
    ensemble, better = simulate(one, record="overall"), []
    for seed in range(200, 200 + SERIES):
        series = measured(one, seed)
        order = np.random.default_rng(seed).permutation(len(series.dyads))
        moved = replace(series, values=series.values[order], events=series.events[order])
        row = beside(moved, ensemble).skill.set_index("forecaster").loc[MEAN]
        better.append(row["ratio_high"] < 1)
    documented(float(np.mean(better)))


def held(skill: object) -> float:
    """Share of values in the scenario's 80 % band."""
    return float(skill.set_index("forecaster").loc[SCENARIO, "cover80"])  # type: ignore[attr-defined]
