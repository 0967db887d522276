"""A scenario beside a measured series: what its ensemble says of each value that was measured.

Nothing of the scenario is fitted; its levels, acts and chances are as written. Fitted on the whole
series is what ties pull units to measured pulls: the offset of the source, the spread that is gone
the next year, and how much an event tells (:mod:`relsim.hindcast.state_space`). How far apart the
source sets levels (the scale), and by how much it has each pair of states too high or too low (the
spread), are of most likelihood given what the scenario says, which favours it. Yearly means of
overall cooperation go through that, run by run.

Two plain references have the same measurement. ``NO_CHANGE`` is the scenario's own opening, held,
with the scale and spread that suit it.
``MEAN`` knows the mean of the series over all pairs and years and its spread, and no pair from
another; it is fitted on the very values that it is scored on, which favours it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from relsim.ensemble.simulate import Ensemble
from relsim.errors import RelsimError
from relsim.hindcast.clustered import mean_scores_of
from relsim.hindcast.evaluate import mean_scores, scored
from relsim.hindcast.forecast import Link, as_measured, link_at, passing_variances
from relsim.hindcast.measurement import absorb, cell_weights, predictive
from relsim.hindcast.one_thread import one_thread
from relsim.hindcast.panel import Panel
from relsim.hindcast.scores import Predictive, pit_histogram
from relsim.hindcast.state_space import Fitted, fit
from relsim.scenario.schema import Scenario, Time

Values = NDArray[np.float64]

SCENARIO = "scenario"
NO_CHANGE = "no change"
MEAN = "mean of all pairs"
_USUAL = np.log([1.0, 0.3])  # scale and spread of a source; weak normal priors, ±1 in the log
_REACH = 4.0  # of the search for them
_POOLED_START = np.array([1.0, -1.0])  # mean of all pulls, and log variance
_POOLED_BOUNDS = [(-5.0, 5.0), (-10.0, 3.0)]  # reached where all values are the same
NAMED = 12  # states and pairs that an error lists


@dataclass(frozen=True)
class Source:
    """What ties levels to the values of a series.

    Attributes:
        link: puts the mean of the series at a normal relationship.
        spread: standard deviation over pairs of how much too high the source has one, in pulls.
        clustering: coded events for each independent one.
    """

    link: Link
    spread: float
    clustering: float


@dataclass(frozen=True)
class Beside:
    """A scenario scored by a measured series.

    Attributes:
        scenario: what was simulated.
        runs: how many futures.
        panel: the pairs and years that both have, pairs as the scenario spells them.
        fitted: the measurement, by the whole series.
        sources: what ties the scenario, and no change, to the series.
        scores: a row for each forecaster, pair and year measured: ``dyad, year, forecaster,
            events`` and the columns of :func:`relsim.hindcast.evaluate.scored`.
    """

    scenario: Scenario
    runs: int
    panel: Panel
    fitted: Fitted
    sources: dict[str, Source]
    scores: pd.DataFrame

    @cached_property
    def skill(self) -> pd.DataFrame:
        """Mean scores by forecaster; ``ratio`` of the scenario's CRPS to theirs, with its 95 %
        interval over states and years, and ``year_blocks``, 0 where it is over states alone."""
        rows = self.scores.assign(weight=1.0)
        table = pd.DataFrame(
            {name: mean_scores(one) for name, one in rows.groupby("forecaster", sort=False)}
        ).T.rename_axis("forecaster")
        means = mean_scores_of(rows)
        ends = ["ratio", "ratio_low", "ratio_high"]
        table[ends] = [means.ratio(SCENARIO, [str(name)]) for name in table.index]
        table["year_blocks"] = means.blocks
        return table.reset_index()

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """A row for each pair: how many years, measured and said means, CRPS of each forecaster,
        share of years in the 80 % band, and changes from the first year measured to the last."""
        own = self.scores[self.scores["forecaster"] == SCENARIO]
        crps = self.scores.pivot_table(index="dyad", columns="forecaster", values="crps")
        rows = [
            {
                "dyad": dyad,
                "years": len(one),
                "measured": one["value"].mean(),
                "said": one["mean"].mean(),
                "in80": one["in80"].mean(),
                "measured_change": one["value"].iloc[-1] - one["value"].iloc[0],
                "said_change": one["mean"].iloc[-1] - one["mean"].iloc[0],
            }
            for dyad, one in own.sort_values("year").groupby("dyad")
        ]
        return pd.DataFrame(rows).merge(crps.reset_index(), on="dyad")

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The watched pairs that the series does not have in these years."""
        watched = self.scenario.pair_names(self.scenario.watched_pairs)
        return tuple(pair for pair in watched if pair not in self.panel.dyads)

    def pit(self, bins: int = 10) -> pd.DataFrame:
        """PIT histograms: a row for each forecaster, a column for each bin."""
        shares = {
            name: pit_histogram(one["pit_below"].to_numpy(), one["pit_upto"].to_numpy(), bins)
            for name, one in self.scores.groupby("forecaster", sort=False)
        }
        return pd.DataFrame.from_dict(shares, orient="index").rename_axis("forecaster")

    def tables(self) -> dict[str, pd.DataFrame]:
        """The numbers, by name."""
        return {
            "skill": self.skill,
            "pairs": self.pairs,
            "pit": self.pit().reset_index(),
            "beside": self.scores,
        }


@one_thread
def beside(panel: Panel, ensemble: Ensemble) -> Beside:
    """Scores a scenario's ensemble, and two plain references, by a measured series.

    Args:
        panel: the whole series.
        ensemble: with overall cooperation of all pairs that the series has too.

    Raises:
        RelsimError: the two have no pair and year in common.
    """
    shared = shared_part(panel, ensemble.scenario)
    fitted = fit(panel)
    pooled = _pooled(panel, fitted.dynamics.clustering)
    names = ensemble.scenario.pair_names(dyad.split("-") for dyad in panel.dyads)
    passing = passing_variances(fitted)[np.isin(names, shared.dyads)]
    sources, said = {}, {}
    for name, levels in _levels(shared, ensemble).items():
        source = _source(shared, levels, pooled[0], passing, fitted.dynamics.clustering)
        sources[name], said[name] = source, _through(source, shared, levels, passing)
    said[MEAN] = _pooled_forecasts(shared, pooled, fitted.dynamics.clustering)
    rows = [
        _rows(shared, year, name, one)
        for name, by_year in said.items()
        for year, one in by_year.items()
    ]
    scores = pd.concat(rows, ignore_index=True)
    return Beside(ensemble.scenario, ensemble.runs, shared, fitted, sources, scores)


def whole_years(time: Time) -> tuple[int, ...]:
    """The years in which every step is recorded, the opening included."""
    months = range(time.start.serial, time.end.serial + 1, time.months_per_step)
    steps = Counter(month // 12 for month in months)
    return tuple(year for year, count in steps.items() if count == 12 // time.months_per_step)


def yearly_means(ensemble: Ensemble) -> dict[int, Values]:
    """Means of overall cooperation over each whole year, by year, [R, P of the ensemble]."""
    levels, years = ensemble.data["overall"], ensemble.data["time"].dt.year.to_numpy()
    return {
        year: levels.isel(time=np.flatnonzero(years == year)).mean("time").to_numpy()
        for year in whole_years(ensemble.scenario.time)
    }


def shared_part(panel: Panel, scenario: Scenario) -> Panel:
    """The pairs and years of a series that a scenario speaks of, without those never measured.

    Raises:
        RelsimError: there are none.
    """
    states, years = set(scenario.states), whole_years(scenario.time)
    pairs = [dyad.split("-") for dyad in panel.dyads]
    rows = np.array([states.issuperset(pair) for pair in pairs])
    columns = np.isin(panel.years, years)
    measured = panel.measured[np.ix_(rows, columns)]
    if not measured.any():
        raise RelsimError(_nothing_shared(panel, scenario, years))
    rows[rows], columns[columns] = measured.any(axis=1), measured.any(axis=0)
    cells = np.ix_(rows, columns)
    return replace(
        panel,
        dyads=tuple(scenario.pair_names(pairs[row] for row in np.flatnonzero(rows))),
        years=tuple(np.array(panel.years)[columns].tolist()),
        values=panel.values[cells],
        events=panel.events[cells],
    )


def _nothing_shared(panel: Panel, scenario: Scenario, years: Sequence[int]) -> str:
    names, _ = panel.states()
    whole = f"the whole years {years[0]} to {years[-1]}" if years else "no whole year"
    return (
        f"The scenario and the series have no pair and year in common. The scenario has "
        f"{_some(tuple(scenario.states))} and {whole}; the series has {_some(names)} and "
        f"{panel.years[0]} to {panel.years[-1]}. Take a series of these years, with the codes "
        "that the scenario gives its states."
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _levels(shared: Panel, ensemble: Ensemble) -> dict[str, dict[int, Values]]:
    """Yearly means of cooperation of the shared pairs, [R, P], by forecaster and year."""
    places = ensemble.data.indexes["pair"].get_indexer(pd.Index(shared.dyads))
    yearly = yearly_means(ensemble)
    opening = ensemble.data["overall"].isel(time=0).to_numpy()[:, places].astype(np.float64)
    return {
        SCENARIO: {year: yearly[year][:, places].astype(np.float64) for year in shared.years},
        NO_CHANGE: dict.fromkeys(shared.years, opening),
    }


def _source(
    shared: Panel, levels: dict[int, Values], mean: float, passing: Values, clustering: float
) -> Source:
    """Scale and spread of most likelihood, with weak priors; runs are taken for normal."""
    units = {year: level / np.sqrt(1 - level**2) for year, level in levels.items()}
    centres = np.array([units[year].mean(axis=0) for year in shared.years]).T
    variances = np.array([units[year].var(axis=0) for year in shared.years]).T
    known = shared.measured

    def surprise(logs: Values) -> float:
        scale, spread = np.exp(logs)
        pulls = link_at(mean, scale).offset + scale * centres
        around = scale**2 * variances + (passing + spread**2)[:, np.newaxis]
        values, events = shared.values[known], shared.events[known]
        density = absorb(pulls[known], around[known], values, events, clustering)[2]
        return float(np.sum((logs - _USUAL) ** 2) / 2 - density.sum())

    bounds = [(usual - _REACH, usual + _REACH) for usual in _USUAL]
    scale, spread = np.exp(minimize(surprise, _USUAL, method="L-BFGS-B", bounds=bounds).x)
    return Source(link_at(mean, float(scale)), float(spread), clustering)


def _through(
    source: Source, shared: Panel, levels: dict[int, Values], passing: Values
) -> dict[int, Predictive]:
    """Distributions of measured values of the shared pairs, by year."""
    around = passing + source.spread**2
    return {
        year: as_measured(level, source.link, around, _events(shared, year), source.clustering)
        for year, level in levels.items()
    }


def _pooled_forecasts(
    shared: Panel, pooled: tuple[float, float], clustering: float
) -> dict[int, Predictive]:
    """What a level says that knows only the mean of the series and its spread."""
    mean, variance = (np.full(len(shared.dyads), number) for number in pooled)
    cells, all_of_it = cell_weights(mean, variance), np.ones(1)
    return {
        year: predictive([cells], _events(shared, year)[:, np.newaxis], all_of_it, clustering)
        for year in shared.years
    }


def _events(shared: Panel, year: int) -> Values:
    """That the values of a year rest on, [P]; 1 where there is none."""
    column = shared.years.index(year)
    found: Values = np.where(shared.measured[:, column], shared.events[:, column], 1.0)
    return found


def _pooled(panel: Panel, clustering: float) -> tuple[float, float]:
    """Mean and variance of η over all pairs and years, of most likelihood."""
    values, events = panel.values[panel.measured], panel.events[panel.measured]

    def surprise(numbers: Values) -> float:
        mean, variance = np.full_like(values, numbers[0]), np.full_like(values, np.exp(numbers[1]))
        return -float(absorb(mean, variance, values, events, clustering)[2].sum())

    found = minimize(surprise, _POOLED_START, method="L-BFGS-B", bounds=_POOLED_BOUNDS).x
    return float(found[0]), float(np.exp(found[1]))


def _rows(shared: Panel, year: int, name: str, said: Predictive) -> pd.DataFrame:
    column = shared.years.index(year)
    known = shared.measured[:, column]
    about = {
        "dyad": np.array(shared.dyads)[known],
        "year": year,
        "forecaster": name,
        "events": shared.events[known, column],
    }
    return pd.DataFrame(about | scored(said.of(known), shared.values[known, column]))
