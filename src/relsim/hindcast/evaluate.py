"""Rolling origins: forecasts of each forecaster, scored by the values that followed.

Everything is fitted anew at each origin, on the years up to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from relsim.hindcast.baselines import BASELINES, PLAIN, last_value
from relsim.hindcast.fitting import Fit, fit, one_thread
from relsim.hindcast.forecast import fitted_gain, simulated
from relsim.hindcast.panel import Flags, HoldOut, Panel, Values, chosen_origins, folds
from relsim.hindcast.scores import (
    DRAWS,
    MIDDLES,
    MeanScores,
    Predictive,
    mean_scores_of,
    pit_histogram,
)

Forecasts: TypeAlias = dict[int, Predictive]
Forecaster: TypeAlias = Callable[[Panel, Sequence[int]], Forecasts]

MODEL = "state space"
LEVEL = "level alone"
SIMULATION, THEORY = "simulation", "with third parties"
HORIZONS = (1, 3, 5)
LEVELS = {"50": 0.5, "80": 0.8, "95": 0.95}  # of bands, by the ends of their columns
# Of cooperation, from the last value known: a tenth of the scale, and twice the error that the
# difference of two values has that rest on 250 events each, as usual ones do (√(2/250) = 0.09).
LARGE = 0.2


def forecasters(fit_of: Fit = fit) -> dict[str, Forecaster]:
    """The model, the model without its dynamics, and the baselines, by name.

    Without drift and lasting fluctuation, pooled levels and a spread about them are left: all there
    is to know where years are in no order (shuffled).
    """
    simple = {baseline.name: baseline.forecast for baseline in (*BASELINES, *PLAIN)}
    return {
        MODEL: lambda past, horizons: fit_of(past).forecast(horizons),
        LEVEL: lambda past, horizons: fit(past, moving=False).forecast(horizons),
        **simple,
    }


def simulations(fit_of: Fit = fit) -> dict[str, Forecaster]:
    """The simulation itself: without third parties, and with the best gain of the past."""
    return {
        SIMULATION: lambda past, horizons: simulated(fit_of(past), horizons),
        THEORY: lambda past, horizons: simulated(
            fit_of(past), horizons, fitted_gain(past, fit_of=fit_of)
        ),
    }


@one_thread
def evaluate(
    panel: Panel,
    chosen: Mapping[str, Forecaster] | None = None,
    origins: Sequence[int] | None = None,
    horizons: Sequence[int] = HORIZONS,
    hold_out: HoldOut | None = None,
) -> pd.DataFrame:
    """Scores of each forecaster for each pair, origin and horizon that was measured.

    Args:
        panel: the series.
        chosen: forecasters by name; by default all but the simulations.
        origins: last years of the pasts; by default all possible, at most 12, evenly spaced.
        horizons: in years.
        hold_out: forecast pairs as if never seen: a fifth of the pairs at a time, or all pairs
            of a fifth of the states. A pair left out with both states counts in each fold half.

    Returns:
        A row for each forecast: ``dyad, origin, horizon, forecaster, value, mean, crps,
        log_score, pit_below, pit_upto, crps_large, weight``, and for each level of a band
        ``lower80, upper80, in80`` and so on. ``crps_large`` is the CRPS with weight only where a
        value is more than ``LARGE`` from the last one known.

    Raises:
        RelsimError: there is nothing to score, or not from one of the origins.
    """
    chosen = forecasters() if chosen is None else chosen
    origins = chosen_origins(panel, origins, horizons, hold_out)
    rows = [
        _scored(panel, past, judged, horizon, name, predictive)
        for origin in origins
        for past, judged in folds(panel.until(origin), hold_out)
        for name, forecaster in chosen.items()
        for horizon, predictive in forecaster(past, horizons).items()
        if _came(panel, judged, origin + horizon).any()
    ]
    table = pd.concat(rows, ignore_index=True)
    key = ["dyad", "origin", "horizon", "forecaster"]
    table["weight"] = 1.0 / table.groupby(key)["value"].transform("size")
    return table


def _came(panel: Panel, judged: Flags, year: int) -> Flags:
    """Whether each pair is to be scored and has a value in a year, [P]."""
    return judged & panel.measured[:, np.isin(panel.years, [year])].any(axis=1)


def _scored(
    panel: Panel, past: Panel, judged: Flags, horizon: int, name: str, forecast: Predictive
) -> pd.DataFrame:
    origin = past.years[-1]
    rows, column = _came(panel, judged, origin + horizon), panel.years.index(origin + horizon)
    values, chosen = panel.values[rows, column], forecast.of(rows)
    about = {
        "dyad": np.array(panel.dyads)[rows],
        "origin": origin,
        "horizon": horizon,
        "forecaster": name,
    }
    large = {"crps_large": chosen.crps(values, beyond(known_levels(past)[rows]))}
    return pd.DataFrame(about | scored(chosen, values) | large)


def known_levels(past: Panel) -> Values:
    """The last value of each pair in a past, the mean of these for a pair without one, [P]."""
    newest = last_value(past)[:, -1]
    return np.where(np.isnan(newest), np.nanmean(newest), newest)


def beyond(levels: Values) -> Values:
    """Weights of the cells of the grid: 1 where more than ``LARGE`` from a level, [P, G - 1].

    They depend only on values known at the origin, so that the CRPS with them is proper (Gneiting
    and Ranjan 2011). Scores of cases picked by their outcome would not be (Lerch et al. 2017).
    """
    return (np.abs(MIDDLES - levels[:, np.newaxis]) > LARGE).astype(np.float64)


def scored(forecast: Predictive, values: Values) -> dict[str, Values | Flags]:
    """Columns of a table of scores: values, means, scores, PIT and bands, [N] each."""
    below, upto = forecast.pit(values)
    columns: dict[str, Values | Flags] = {
        "value": values,
        "mean": forecast.mean(),
        "crps": forecast.crps(values),
        "log_score": forecast.log_score(values),
        "pit_below": below,
        "pit_upto": upto,
    }
    for name, level in LEVELS.items():
        columns[f"lower{name}"], columns[f"upper{name}"] = forecast.band(level)
        columns[f"in{name}"] = forecast.covered(values, level)
    return columns


def skill(scores: pd.DataFrame, draws: int = DRAWS) -> pd.DataFrame:
    """Mean scores by horizon and forecaster, and ratios to the best baseline.

    The best baseline of a horizon is the one of ``BASELINES`` with the least mean CRPS there,
    known only afterwards, which favours the baselines. The level alone is not one of them: a ratio
    to it says what the dynamics are worth, a ratio to the best baseline what the whole model is.

    Args:
        scores: as :func:`evaluate` gives them, or some of its rows.
        draws: of the intervals.

    Returns:
        A row for each horizon and forecaster: ``n, crps, log_score, rmse``, for each level
        ``cover80, width80`` and so on, ``ratio`` of its CRPS to the best baseline's with
        ``ratio_low, ratio_high`` (95 %), the same to the level alone as ``to_level`` and so on,
        to the best baseline with a normal spread as ``to_plain`` and so on, to the simulation
        without third parties as ``to_simulation`` and so on, where it was run; ``crps_large``, and
        as ``large`` and so on the ratio of that to the best baseline's;
        ``log_gain`` (nats that its log score is better by than the best baseline's), ``best``
        (whether it is the best baseline), ``best_large``, ``best_plain``, and ``year_blocks`` that
        the intervals are over, 0 where they take the years as they were.
    """
    dated = scores.assign(year=scores["origin"] + scores["horizon"])
    tables = {years: _skill(rows, draws) for years, rows in dated.groupby("horizon")}
    return pd.concat(tables, names=["horizon"]).reset_index("horizon").reset_index(drop=True)


def _skill(rows: pd.DataFrame, draws: int) -> pd.DataFrame:
    """The skill at one horizon."""
    table = mean_scores(rows)
    names = [str(name) for name in table.index]
    span = int(rows["horizon"].iloc[0])
    whole, large = (mean_scores_of(rows, score, span, draws) for score in ("crps", "crps_large"))
    table["crps_large"] = large.means
    simple = [baseline.name for baseline in BASELINES if baseline.name in names] or names
    plain = [baseline.name for baseline in PLAIN if baseline.name in names] or simple
    bases: dict[str, tuple[MeanScores, list[str]]] = {
        "ratio": (whole, simple),
        "to_level": (whole, [LEVEL]),
        "to_plain": (whole, plain),
        "to_simulation": (whole, [SIMULATION]),
        "large": (large, simple),
    }
    for column, (means, base) in bases.items():
        if set(base) <= set(names):
            ends = [column, f"{column}_low", f"{column}_high"]
            table[ends] = [means.ratio(name, base) for name in names]
    best = str(whole.means[simple].idxmin())
    table["log_gain"] = table["log_score"][best] - table["log_score"]
    table["best"] = table.index == best
    table["best_large"] = table.index == large.means[simple].idxmin()
    table["best_plain"] = table.index == whole.means[plain].idxmin()
    table["year_blocks"] = whole.blocks
    return table.reset_index()


def mean_scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean scores by forecaster, weighted, with coverage and width of bands."""
    return pd.DataFrame(
        {name: _means(cases) for name, cases in rows.groupby("forecaster", sort=False)}
    ).T.rename_axis("forecaster")


def _means(rows: pd.DataFrame) -> dict[str, float]:
    weights = rows["weight"].to_numpy()

    def mean(column: pd.Series) -> float:
        return float(np.average(column, weights=weights))

    means = {
        "n": float(weights.sum()),
        "crps": mean(rows["crps"]),
        "log_score": mean(rows["log_score"]),
        "rmse": mean((rows["mean"] - rows["value"]) ** 2) ** 0.5,
    }
    for name in LEVELS:
        means[f"cover{name}"] = mean(rows[f"in{name}"])
        means[f"width{name}"] = mean(rows[f"upper{name}"] - rows[f"lower{name}"])
    return means


def pit_shares(
    scores: pd.DataFrame, bins: int = 10, keys: Sequence[str] = ("horizon", "forecaster")
) -> pd.DataFrame:
    """PIT histograms: a row for each horizon and forecaster, a column for each bin."""
    shares = {
        key: pit_histogram(rows["pit_below"].to_numpy(), rows["pit_upto"].to_numpy(), bins)
        for key, rows in scores.groupby(list(keys) if len(keys) > 1 else keys[0], sort=False)
    }
    return pd.DataFrame.from_dict(shares, orient="index").rename_axis(", ".join(keys))
