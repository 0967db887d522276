"""A scenario beside a measured series: its ensemble scored by each value that was measured.

Nothing of the scenario is fitted; its levels, acts and chances are as written. What ties pull units
to measured pulls is fitted on the whole series: the offset of the source, the spread that is gone
the next year, and how much an event tells (:mod:`relsim.hindcast.state_space`). How far apart the
source sets levels (the scale), and by how much it has each pair of states too high or too low (the
spread), maximise the likelihood of the scenario's output, which favours it. Yearly means of overall
cooperation go through that, run by run.

Two plain references have the same measurement. ``NO_CHANGE`` is the scenario's own opening, held,
with the scale and spread that suit it. ``MEAN`` knows the mean of the series over all pairs and
years and its spread, and no pair from another; it is fitted on the very values that it is scored
on, which favours it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import spearmanr

from relsim.display import Displayed, Figure, in_a_line, plotted
from relsim.ensemble.simulate import Ensemble
from relsim.errors import RelsimError
from relsim.hindcast.evaluate import LEVELS, mean_scores, pit_shares, scored
from relsim.hindcast.findings import over
from relsim.hindcast.fitting import Fitted, fit, one_thread
from relsim.hindcast.forecast import Link, as_measured, link_at, passing_variances
from relsim.hindcast.measurement import absorb, cell_weights, predictive
from relsim.hindcast.panel import Panel, Values
from relsim.hindcast.scores import Predictive, mean_scores_of
from relsim.scenario.schema import Scenario, Time
from relsim.words import counted, fixed, listed, percent, signed

SCENARIO = "scenario"
NO_CHANGE = "no change"
MEAN = "mean of all pairs"
_USUAL = np.log([1.0, 0.3])  # scale and spread of a source; weak normal priors, ±1 in the log
_REACH = 4.0  # of the search for them
_POOLED_START = np.array([1.0, -1.0])  # mean of all pulls, and log variance
_POOLED_BOUNDS = [(-5.0, 5.0), (-10.0, 3.0)]  # reached where all values are the same
NAMED = 12  # states and pairs that an error or a sentence lists
RIGHT = 0.8  # share of a pair's years in the 80 % band, as it should be
WRONG = 0.5
FAR_OFF = 0.1  # of coverage from its level; values of a pair are no independent ones
LEAST_PAIRS = 4  # for a rank correlation


@dataclass(frozen=True)
class Source:
    """The link from levels to the values of a series.

    Attributes:
        link: puts the mean of the series at a normal relationship.
        spread: standard deviation over pairs of how much too high the source has one, in pulls.
    """

    link: Link
    spread: float


@dataclass(frozen=True, repr=False)
class Beside(Displayed):
    """A scenario scored by a measured series.

    Attributes:
        scenario: the one that was simulated.
        panel: the pairs and years that both have, pairs as the scenario spells them.
        fitted: the measurement, by the whole series.
        sources: the link of the scenario, and of no change, to the series.
        scores: a row for each forecaster, pair and year measured: ``dyad, year, forecaster,
            events`` and the columns of :func:`relsim.hindcast.evaluate.scored`.
    """

    scenario: Scenario
    panel: Panel
    fitted: Fitted
    sources: dict[str, Source]
    scores: pd.DataFrame

    def in_short(self) -> str:
        """The scenario, and the pairs and years of the series."""
        years = self.panel.years
        return (
            f"of “{in_a_line(self.scenario.title)}”: {counted(len(self.panel.dyads), 'pair')} "
            f"measured, {years[0]} to {years[-1]}"
        )

    def plot(self, name: str | None = None) -> Figure:
        """A figure by its name: ``bands`` where absent, or ``changes``.

        Raises:
            ResultsError: there is none of that name.
        """
        return plotted(self, name=name)

    def to_frame(self) -> pd.DataFrame:
        """Mean scores by forecaster, as :attr:`skill`."""
        return self.skill

    @cached_property
    def skill(self) -> pd.DataFrame:
        """Mean scores by forecaster; ``ratio`` of the scenario's CRPS to theirs, with its 95 %
        interval over states and years, and ``year_blocks``, 0 where it is over states alone."""
        rows = self.scores.assign(weight=1.0)
        table, means = mean_scores(rows), mean_scores_of(rows)
        ends = ["ratio", "ratio_low", "ratio_high"]
        table[ends] = [means.ratio(SCENARIO, [str(name)]) for name in table.index]
        table["year_blocks"] = means.blocks
        return table.reset_index()

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """A row for each pair: number of years, measured and said means, CRPS of each forecaster,
        share of years in the 80 % band, and changes from the first year measured to the last."""
        own = self.scores[self.scores["forecaster"] == SCENARIO]
        crps = self.scores.pivot_table(index="dyad", columns="forecaster", values="crps")
        rows = [
            {
                "dyad": dyad,
                "years": len(years),
                "measured": years["value"].mean(),
                "said": years["mean"].mean(),
                "in80": years["in80"].mean(),
                "measured_change": years["value"].iloc[-1] - years["value"].iloc[0],
                "said_change": years["mean"].iloc[-1] - years["mean"].iloc[0],
            }
            for dyad, years in own.sort_values("year").groupby("dyad")
        ]
        return pd.DataFrame(rows).merge(crps.reset_index(), on="dyad")

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The watched pairs that the series does not have in these years."""
        watched = self.scenario.pair_names(self.scenario.watched_pairs)
        return tuple(pair for pair in watched if pair not in self.panel.dyads)

    def pit(self, bins: int = 10) -> pd.DataFrame:
        """PIT histograms: a row for each forecaster, a column for each bin."""
        return pit_shares(self.scores, bins, ["forecaster"])

    def tables(self) -> dict[str, pd.DataFrame]:
        """The numbers, by name."""
        return {
            "skill": self.skill,
            "pairs": self.pairs,
            "pit": self.pit().reset_index(),
            "beside": self.scores,
        }

    def sentences(self) -> list[str]:
        """Scores against the references, which pairs are right, levels, changes, and the fit."""
        source, dynamics = self.sources[SCENARIO], self.fitted.dynamics
        (own,) = self.skill[self.skill["forecaster"] == SCENARIO].to_dict("records")
        off = own["cover80"] - 0.8
        fault = "" if abs(off) <= FAR_OFF else ": too narrow" if off < 0 else ": too wide"
        held = listed(percent(own[f"cover{name}"]) for name in LEVELS)
        right, wrong = self.pairs["in80"] >= RIGHT, self.pairs["in80"] < WRONG
        return [
            _score_sentence(self),
            *_worst_sentence(self.pairs),
            f"Its {listed(LEVELS)} % bands hold {held} of the values{fault}.",
            "Right, with four fifths of the years or more in the 80 % band: "
            f"{_named(self.pairs[right])}.",
            f"Not right, with fewer than half: {_named(self.pairs[wrong])}.",
            f"Between: {_named(self.pairs[~right & ~wrong])}.",
            _rank_sentence(self.pairs, "Levels", "measured", "said"),
            _change_sentence(self.pairs),
            f"Fitted on the series: the link, measured pull = {fixed(source.link.offset)} + "
            f"{source.link.scale:.2f}·pull units, {source.spread:.2f} of spread over pairs and "
            f"{dynamics.passing:.2f} that passes in a year, and {dynamics.clustering:.1f} events "
            "for each independent one. Scale and spread suit the scenario best. Nothing of the "
            "scenario is fitted.",
        ]

    def warnings(self) -> list[str]:
        """What the series does not judge."""
        missing = ", ".join(self.unmeasured)
        if not missing:
            return []
        if len(self.unmeasured) == len(self.scenario.watched_pairs):
            return [
                f"None of the watched pairs is in the series ({missing}): nothing here judges what "
                "the scenario is about, only the world around it."
            ]
        return [
            f"Watched, but not in the series: {missing}. Nothing here judges what is said of them."
        ]


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
    clustering = fitted.dynamics.clustering
    mean, variance = _pooled(panel, clustering)
    names = ensemble.scenario.pair_names(dyad.split("-") for dyad in panel.dyads)
    passing = passing_variances(fitted)[np.isin(names, shared.dyads)]
    sources, forecasts = {}, {}
    for name, levels in _levels(shared, ensemble).items():
        source = _source(shared, levels, mean, passing, clustering)
        around = passing + source.spread**2
        sources[name] = source
        forecasts[name] = {
            year: as_measured(level, source.link, around, _events(shared, year), clustering)
            for year, level in levels.items()
        }
    pairs = np.ones(len(shared.dyads))
    cells = cell_weights(mean * pairs, variance * pairs)
    forecasts[MEAN] = {
        year: predictive([cells], _events(shared, year)[:, np.newaxis], np.ones(1), clustering)
        for year in shared.years
    }
    rows = [
        _rows(shared, year, name, forecast)
        for name, by_year in forecasts.items()
        for year, forecast in by_year.items()
    ]
    scores = pd.concat(rows, ignore_index=True)
    return Beside(ensemble.scenario, shared, fitted, sources, scores)


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
    """The pairs and years of a series that a scenario has too, without those never measured.

    Raises:
        RelsimError: there are none.
    """
    states, years = set(scenario.states), whole_years(scenario.time)
    pairs = [dyad.split("-") for dyad in panel.dyads]
    rows = np.array([states.issuperset(pair) for pair in pairs])
    columns = np.isin(panel.years, years)
    measured = panel.measured[np.ix_(rows, columns)]
    if not measured.any():
        whole = f"the whole years {years[0]} to {years[-1]}" if years else "no whole year"
        raise RelsimError(
            "The scenario and the series have no pair and year in common. The scenario has "
            f"{_some(tuple(scenario.states))} and {whole}; the series has "
            f"{_some(panel.states()[0])} and {panel.years[0]} to {panel.years[-1]}. Take a series "
            "of these years, with the codes that the scenario gives its states."
        )
    rows[rows], columns[columns] = measured.any(axis=1), measured.any(axis=0)
    cells = np.ix_(rows, columns)
    return replace(
        panel,
        dyads=tuple(scenario.pair_names(pairs[row] for row in np.flatnonzero(rows))),
        years=tuple(np.array(panel.years)[columns].tolist()),
        values=panel.values[cells],
        events=panel.events[cells],
    )


def _some(names: Sequence[str]) -> str:
    """The first of some names."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _levels(shared: Panel, ensemble: Ensemble) -> dict[str, dict[int, Values]]:
    """Yearly means of cooperation of the shared pairs, [R, P], by forecaster and year."""
    columns = ensemble.data.indexes["pair"].get_indexer(pd.Index(shared.dyads))
    yearly = yearly_means(ensemble)
    opening = ensemble.data["overall"].isel(time=0).to_numpy()[:, columns].astype(np.float64)
    return {
        SCENARIO: {year: yearly[year][:, columns].astype(np.float64) for year in shared.years},
        NO_CHANGE: dict.fromkeys(shared.years, opening),
    }


def _source(
    shared: Panel, levels: dict[int, Values], mean: float, passing: Values, clustering: float
) -> Source:
    """Scale and spread of highest likelihood, with weak priors; runs are taken for normal."""
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
    return Source(link_at(mean, float(scale)), float(spread))


def _events(shared: Panel, year: int) -> Values:
    """The events that the values of a year rest on, [P]; 1 where there is no value."""
    column = shared.years.index(year)
    return np.where(shared.measured[:, column], shared.events[:, column], 1.0)


def _pooled(panel: Panel, clustering: float) -> tuple[float, float]:
    """Mean and variance of η over all pairs and years, by maximum likelihood."""
    values, events = panel.values[panel.measured], panel.events[panel.measured]

    def surprise(numbers: Values) -> float:
        mean, variance = np.full_like(values, numbers[0]), np.full_like(values, np.exp(numbers[1]))
        return -float(absorb(mean, variance, values, events, clustering)[2].sum())

    numbers = minimize(surprise, _POOLED_START, method="L-BFGS-B", bounds=_POOLED_BOUNDS).x
    return float(numbers[0]), float(np.exp(numbers[1]))


def _rows(shared: Panel, year: int, name: str, forecast: Predictive) -> pd.DataFrame:
    column = shared.years.index(year)
    known = shared.measured[:, column]
    about = {
        "dyad": np.array(shared.dyads)[known],
        "year": year,
        "forecaster": name,
        "events": shared.events[known, column],
    }
    return pd.DataFrame(about | scored(forecast.of(known), shared.values[known, column]))


def _score_sentence(beside: Beside) -> str:
    table, panel = beside.skill.set_index("forecaster"), beside.panel
    own = table.loc[SCENARIO]
    against = "; ".join(_ratio(row, str(name)) for name, row in table.drop(SCENARIO).iterrows())
    return (
        f"Of {own['n']:,.0f} values of {counted(len(panel.dyads), 'pair')}, {panel.years[0]} to "
        f"{panel.years[-1]}, the scenario's CRPS is {own['crps']:.4f}: {against}. The 95 % "
        f"intervals are {over(own['year_blocks'])}."
    )


def _ratio(row: pd.Series, name: str) -> str:
    reference = {NO_CHANGE: "its own opening, held", MEAN: "the mean of all pairs of the series"}
    word = "better than" if row["ratio_high"] < 1 else "worse than" if row["ratio_low"] > 1 else ""
    return (
        f"{row['ratio']:.3f} times that of {reference[name]} ({row['ratio_low']:.3f} to "
        f"{row['ratio_high']:.3f}; {word or 'not detectably different from'} it)"
    )


def _worst_sentence(pairs: pd.DataFrame) -> list[str]:
    """The scores without the pair that is missed by most, which may decide a mean alone."""
    if len(pairs) < LEAST_PAIRS:
        return []
    worst = int(np.argmax(pairs[SCENARIO] * pairs["years"]))
    rest = pairs.drop(index=pairs.index[worst])
    crps = {
        name: float((rest[name] * rest["years"]).sum() / rest["years"].sum())
        for name in (SCENARIO, NO_CHANGE, MEAN)
    }
    return [
        f"Without {pairs['dyad'].iloc[worst]}, which it misses by most (chosen afterwards, in its "
        f"favour), its CRPS is {crps[SCENARIO]:.4f}: {crps[SCENARIO] / crps[NO_CHANGE]:.3f} times "
        f"that of its opening, {crps[SCENARIO] / crps[MEAN]:.3f} times that of the mean."
    ]


def _named(pairs: pd.DataFrame) -> str:
    names = [
        f"{row['dyad']} (measured {signed(row['measured'])}, scenario {signed(row['said'])})"
        for row in pairs.to_dict("records")
    ]
    return _some(names) or "none"


def _change_sentence(pairs: pd.DataFrame) -> str:
    moved = pairs[pairs["years"] > 1]
    same = (moved["measured_change"] * moved["said_change"] > 0).sum()
    title = "Changes from the first year to the last"
    text = _rank_sentence(moved, title, "measured_change", "said_change")
    return f"{text} {same} of {len(moved)} have the measured sign."


def _rank_sentence(pairs: pd.DataFrame, title: str, measured: str, simulated: str) -> str:
    """Whether pairs are in the same order, and how often chance does as well."""
    count = len(pairs)
    if count < LEAST_PAIRS or pairs[measured].nunique() == 1 or pairs[simulated].nunique() == 1:
        return f"{title}: too few pairs ({count}) to compare their order."
    ranks = spearmanr(pairs[measured], pairs[simulated])
    return (
        f"{title}: rank correlation of scenario and measured {signed(ranks.statistic)} over "
        f"{count} pairs; pairs in random order are as far from 0 in {percent(ranks.pvalue)} of "
        "cases."
    )
