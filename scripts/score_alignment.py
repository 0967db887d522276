"""Is alignment worth its weight? Two ways to ask a measured series; docs/hindcast.md has answers.

    python scripts/score_alignment.py simulation SERIES.csv [--gains 0.15 0.35] [--runs 400]
    python scripts/score_alignment.py regression SERIES.csv [--foresight]

``simulation``: CRPS of the model's ensembles at fixed gains on alignment over that at none.
``regression``: CRPS of a pooled regression with the term Σ_k w_ik·(C_kj - C_ij), the mean of both
sides, over that without. Third parties there are the 20 states that weigh most for others, and
only pairs of the other states are forecast: a pair is never a part of the term of another. With
``--foresight`` the term has third parties' relations of the year to come, as if they were known:
no forecast, but what following them at once would be worth.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

from relsim.analysis.observed import read_observed
from relsim.errors import RelsimError
from relsim.hindcast.baselines import last_value, long_mean, mean_of_five
from relsim.hindcast.evaluate import evaluate, scored
from relsim.hindcast.fitting import Fit, fits_once
from relsim.hindcast.forecast import RUNS, interests_of, simulated
from relsim.hindcast.panel import Panel, panel_of
from relsim.hindcast.scores import Predictive, clipped_normal, mean_scores_of

Values = NDArray[np.float64]

WITHOUT, WITH, PLACEBO = "without", "with alignment", "with everyone's mean weights"
POWERS = 20  # states that are third parties and are not forecast
WEIGHT_YEARS = 3  # first years, from which weights come
USUAL = 0.85  # the usual value of coded news, here a normal relationship
NORMAL = 0.2
HORIZONS = (1, 3)
RELIABLE = 100.0  # events at which a value's own error is as large as what moves relations


def main() -> None:
    """Prints ratios of CRPS with their intervals."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("way", choices=["simulation", "regression"])
    parser.add_argument("series", type=Path)
    parser.add_argument("--gains", type=float, nargs="+", default=[0.15, 0.35])
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--foresight", action="store_true")
    asked = parser.parse_args()
    panel = panel_of(read_observed(asked.series))
    if asked.way == "simulation":
        print(ratios(score_simulation(panel, asked.gains, asked.runs)).to_string(index=False))
    else:
        scores, slopes = score_regression(panel, foresight=asked.foresight)
        print(ratios(scores).to_string(index=False), slopes.to_string(index=False), sep="\n\n")


def ratios(scores: pd.DataFrame) -> pd.DataFrame:
    """CRPS over that of ``WITHOUT``, by horizon and forecaster, with its 95 % interval."""
    rows = []
    for horizon, cases in scores.assign(year=scores["origin"] + scores["horizon"]).groupby(
        "horizon"
    ):
        means = mean_scores_of(cases, span=int(horizon))
        inside = cases.groupby("forecaster", sort=False)["in80"].mean()
        for name, held in inside.items():
            ratio = means.ratio(str(name), [WITHOUT])
            count = int((cases["forecaster"] == name).sum())
            rows.append((horizon, name, count, means.means[name], *ratio, held, means.blocks))
    columns = ["horizon", "forecaster", "n", "crps", "ratio", "low", "high", "in 80 %", "blocks"]
    return pd.DataFrame(rows, columns=columns).round(4)


def score_simulation(panel: Panel, gains: Sequence[float], runs: int) -> pd.DataFrame:
    """Scores of ensembles at fixed gains, from every origin that serves, on the same draws."""
    fit_of = fits_once()
    named = {WITHOUT: 0.0} | {f"gain {gain:g}": gain for gain in gains}
    return evaluate(
        panel, {name: partial(_at_gain, fit_of, gain, runs) for name, gain in named.items()}
    )


def _at_gain(
    fit_of: Fit, gain: float, runs: int, past: Panel, horizons: Sequence[int]
) -> dict[int, Predictive]:
    return simulated(fit_of(past), horizons, gain, runs)


def score_regression(panel: Panel, *, foresight: bool = False) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores of values as mapped by :func:`_tones`, and the slope on the term by origin.

    Raises:
        RelsimError: there are too few states for any to be forecast.
    """
    tones = Panel(panel.dyads, panel.years, _tones(panel.values), panel.events)
    names, _ = panel.states()
    weights = _weights(panel, names)
    powers = np.argsort(weights.mean(axis=0))[-POWERS:]
    of_powers = np.zeros_like(weights)
    of_powers[:, powers] = weights[:, powers]
    everyone = np.tile(of_powers.mean(axis=0), (len(names), 1))
    places = np.array([[names.index(code) for code in dyad.split("-")] for dyad in panel.dyads])
    forecast = ~np.isin(places, powers).any(axis=1)
    if not forecast.any():
        raise RelsimError(f"A regression takes pairs of more than {POWERS + 1} states.")
    terms = {WITH: of_powers, PLACEBO: everyone}
    table = pd.concat(
        [
            _cases(tones, places, terms, year, ahead, foresight)[forecast]
            for ahead in HORIZONS
            for year in range(WEIGHT_YEARS - 1, len(panel.years) - ahead)
        ]
    ).dropna()
    scores, slopes = [], []
    for (ahead, origin), came in table.groupby(["horizon", "origin"]):
        told = table.query("horizon == @ahead and origin + horizon <= @origin")
        if len(told) == 0:
            continue
        for name in (WITHOUT, WITH, PLACEBO):
            judged, slope = _forecast(told, came, name)
            scores.append(judged)
            slopes.append((ahead, origin, name, round(slope, 3)))
    columns = ["horizon", "origin", "forecaster", "slope"]
    return pd.concat(scores), pd.DataFrame(slopes, columns=columns).query("forecaster != @WITHOUT")


def _tones(values: Values) -> Values:
    """Values with the news' usual level at a normal relationship, and pulls half as far apart."""
    pulls = np.arctanh(np.clip(values, -0.999, 0.999))
    tones: Values = np.tanh(np.arctanh(NORMAL) + (pulls - np.arctanh(USUAL)) / 2)
    return tones


def _weights(panel: Panel, names: Sequence[str]) -> Values:
    """Tie interests of each state in every other by the news of the first years, [S, S]."""
    first = np.nansum(panel.events[:, :WEIGHT_YEARS], axis=1)
    known = first > 0
    dyads = tuple(np.array(panel.dyads)[known])
    weights = np.zeros((len(names), len(names)))
    for state, partners in interests_of(dyads, first[known]).items():
        for partner, weight in partners.items():
            weights[names.index(state), names.index(partner)] = weight
    return weights


def _cases(
    tones: Panel,
    places: NDArray[np.int_],
    terms: dict[str, Values],
    year: int,
    ahead: int,
    foresight: bool,
) -> pd.DataFrame:
    """What is known of each pair in a year and what came some years later; NaN where unknown."""
    past, (i, j) = tones.until(tones.years[year]), places.T
    size = len(next(iter(terms.values())))
    now = past.values[:, -1]
    relation = _by_states(now, places, size)
    measured = ~np.isnan(relation)
    of_state = np.nansum(relation, axis=1) / np.maximum(measured.sum(axis=1), 1)
    cues = _by_states(tones.values[:, year + ahead], places, size) if foresight else relation
    told = ~np.isnan(cues)
    table = {
        "dyad": tones.dyads,
        "origin": tones.years[year],
        "horizon": ahead,
        "value": tones.values[:, year + ahead],
        "events": tones.events[:, year + ahead],
        "last": last_value(past)[:, -1],
        "five years": mean_of_five(past)[:, -1],
        "all years": long_mean(past)[:, -1],
        "both states": of_state[i] + of_state[j],
    }
    for name, weights in terms.items():
        pull = weights @ np.nan_to_num(cues) - (weights @ told) * relation
        table[name] = (pull[i, j] + pull[j, i]) / 2
    return pd.DataFrame(table)


def _by_states(values: Values, places: NDArray[np.int_], size: int) -> Values:
    """Values [P] as a table of states [S, S]; NaN where there is none."""
    table = np.full((size, size), np.nan)
    table[tuple(places.T)] = table[tuple(places.T[::-1])] = values
    return table


def _forecast(told: pd.DataFrame, came: pd.DataFrame, name: str) -> tuple[pd.DataFrame, float]:
    """Scores of a regression fitted on what is told, and its slope on the term."""
    features = ["last", "five years", "all years", "both states"]
    features += [] if name == WITHOUT else [name]
    events = told["events"].to_numpy()
    root = np.sqrt(events / (events + RELIABLE))[:, np.newaxis]
    design, target = _design(told, features), told["value"].to_numpy()
    slopes = np.linalg.lstsq(design * root, target * root[:, 0], rcond=None)[0]
    errors = target - design @ slopes
    always, by_event = nnls(np.column_stack([np.ones(len(told)), 1 / events]), errors**2)[0]
    spread = np.sqrt(always + by_event / came["events"].to_numpy())
    said = clipped_normal(_design(came, features) @ slopes, spread)
    about = came[["dyad", "origin", "horizon"]].reset_index(drop=True)
    judged = pd.DataFrame(scored(said, came["value"].to_numpy()))
    return about.assign(forecaster=name, weight=1.0).join(judged), float(slopes[-1])


def _design(cases: pd.DataFrame, features: list[str]) -> Values:
    return np.column_stack([np.ones(len(cases)), cases[features].to_numpy()])


if __name__ == "__main__":
    main()
