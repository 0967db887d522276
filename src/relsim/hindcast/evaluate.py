"""Rolling origins: what each forecaster would have said, scored by what came.

Everything is fitted anew at each origin, on the years up to it. How sure ratios of scores are is in
:mod:`relsim.hindcast.clustered`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.hindcast.baselines import BASELINES, PLAIN, last_value
from relsim.hindcast.clustered import DRAWS, mean_scores_of
from relsim.hindcast.forecast import with_theory, without_theory
from relsim.hindcast.one_thread import one_thread
from relsim.hindcast.origins import HoldOut, chosen_origins, folds
from relsim.hindcast.panel import Panel
from relsim.hindcast.scores import MIDDLES, Predictive, pit_histogram
from relsim.hindcast.state_space import Fit, fit

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Forecasts: TypeAlias = dict[int, Predictive]
Forecaster: TypeAlias = Callable[[Panel, Sequence[int]], Forecasts]

MODEL = "state space"
LEVEL = "level alone"
SIMULATION, THEORY = "simulation", "with third parties"
HORIZONS = (1, 3, 5)
LEVELS = (0.5, 0.8, 0.95)
# Of cooperation, from the last value known: a tenth of the scale, and twice the error that the
# difference of two values has that rest on 250 events each, as usual ones do (√(2/250) = 0.09).
LARGE = 0.2


def state_space(past: Panel, horizons: Sequence[int], fit_of: Fit = fit) -> Forecasts:
    """The linear cousin of the model, fitted and run forward."""
    return fit_of(past).forecast(horizons)


def level_alone(past: Panel, horizons: Sequence[int]) -> Forecasts:
    """The same without drift and lasting fluctuation: pooled levels, and a spread about them.

    Where years are in no order (shuffled), there is nothing to know but this.
    """
    return fit(past, moving=False).forecast(horizons)


def forecasters(fit_of: Fit = fit) -> dict[str, Forecaster]:
    """The model, the model without its dynamics, and the baselines, by name."""
    simple = {baseline.name: baseline.forecast for baseline in (*BASELINES, *PLAIN)}
    return {MODEL: partial(state_space, fit_of=fit_of), LEVEL: level_alone, **simple}


def simulations(fit_of: Fit = fit) -> dict[str, Forecaster]:
    """The simulation itself, without third parties and with them."""
    return {
        SIMULATION: partial(without_theory, fit_of=fit_of),
        THEORY: partial(with_theory, fit_of=fit_of),
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
        chosen: forecasters by name; all, where not said.
        origins: last years of the pasts; all possible, or 12 spread over them, where not said.
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
    """Which of the pairs to score have a value in a year, [P]."""
    return judged & panel.measured[:, np.isin(panel.years, [year])].any(axis=1)


def _scored(
    panel: Panel, past: Panel, judged: Flags, horizon: int, name: str, said: Predictive
) -> pd.DataFrame:
    origin = past.years[-1]
    rows, column = _came(panel, judged, origin + horizon), panel.years.index(origin + horizon)
    values, chosen = panel.values[rows, column], said.of(rows)
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

    They are fixed by what is known at the origin, so that the CRPS with them is proper (Gneiting
    and Ranjan 2011). Scores of cases picked by what came would not be (Lerch et al. 2017).
    """
    weights: Values = (np.abs(MIDDLES - levels[:, np.newaxis]) > LARGE).astype(np.float64)
    return weights


def scored(said: Predictive, values: Values) -> dict[str, Values | Flags]:
    """Columns of a table of scores: values, means, scores, PIT and bands, [N] each."""
    below, upto = said.pit(values)
    columns: dict[str, Values | Flags] = {
        "value": values,
        "mean": said.mean(),
        "crps": said.crps(values),
        "log_score": said.log_score(values),
        "pit_below": below,
        "pit_upto": upto,
    }
    for level in LEVELS:
        percent = f"{level * 100:g}"
        columns[f"lower{percent}"], columns[f"upper{percent}"] = said.band(level)
        columns[f"in{percent}"] = said.covered(values, level)
    return columns


def skill(scores: pd.DataFrame, draws: int = DRAWS, seed: int = 1) -> pd.DataFrame:
    """Mean scores by horizon and forecaster, and ratios to the best baseline.

    The best baseline of a horizon is the one of ``BASELINES`` with the least mean CRPS there,
    known only afterwards: that favours the baselines. The level alone is none of them: a ratio
    to it says what the dynamics are worth, a ratio to the best baseline what the whole model is.

    Args:
        scores: as :func:`evaluate` gives them, or some of its rows.
        draws: behind the intervals.
        seed: of the draws.

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
    tables = {years: _skill(rows, draws, seed) for years, rows in dated.groupby("horizon")}
    return pd.concat(tables, names=["horizon"]).reset_index("horizon").reset_index(drop=True)


def _skill(rows: pd.DataFrame, draws: int, seed: int) -> pd.DataFrame:
    """The same for one horizon."""
    table = pd.DataFrame(
        [
            {"forecaster": name, **mean_scores(one)}
            for name, one in rows.groupby("forecaster", sort=False)
        ]
    ).set_index("forecaster")
    names = [str(name) for name in table.index]
    span = int(rows["horizon"].iloc[0])
    whole, large = (
        mean_scores_of(rows, score, span, draws, seed) for score in ("crps", "crps_large")
    )
    table["crps_large"] = large.means
    simple = [one.name for one in BASELINES if one.name in names] or names
    plain = [one.name for one in PLAIN if one.name in names] or simple
    bases = {
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


def mean_scores(rows: pd.DataFrame) -> dict[str, float]:
    """Mean scores of one forecaster, with coverage and width of its bands."""
    weights = rows["weight"].to_numpy()

    def mean(column: Values | pd.Series) -> float:
        return float(np.average(column, weights=weights))

    found = {"n": float(weights.sum()), "crps": mean(rows["crps"])}
    found |= {"log_score": mean(rows["log_score"])}
    found |= {"rmse": mean((rows["mean"] - rows["value"]) ** 2) ** 0.5}
    for level in LEVELS:
        percent = f"{level * 100:g}"
        found[f"cover{percent}"] = mean(rows[f"in{percent}"])
        found[f"width{percent}"] = mean(rows[f"upper{percent}"] - rows[f"lower{percent}"])
    return found


def pit_shares(scores: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """PIT histograms: a row for each horizon and forecaster, a column for each bin."""
    found = {
        key: pit_histogram(rows["pit_below"].to_numpy(), rows["pit_upto"].to_numpy(), bins)
        for key, rows in scores.groupby(["horizon", "forecaster"], sort=False)
    }
    return pd.DataFrame.from_dict(found, orient="index").rename_axis("horizon, forecaster")
