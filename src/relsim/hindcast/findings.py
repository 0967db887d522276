"""A hindcast: its tables, the fitted numbers to keep, and sentences about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from relsim.display import Displayed, Figure, plotted
from relsim.hindcast.evaluate import (
    LARGE,
    LEVEL,
    LEVELS,
    MODEL,
    SIMULATION,
    THEORY,
    evaluate,
    forecasters,
    pit_shares,
    simulations,
    skill,
)
from relsim.hindcast.fitting import Fitted, draws_of, fits_once
from relsim.hindcast.forecast import domain_volatility, drift_of, monthly_speed, volatility_of
from relsim.hindcast.panel import HoldOut, Panel, chosen_origins
from relsim.hindcast.scores import INTERVAL, LEAST_BLOCKS
from relsim.hindcast.state_space import Dynamics
from relsim.words import counted, listed, percent

FAR_OFF = 0.03  # of the coverage of 80 % bands from 0.8: a usual demand
WORTH = 0.005  # of CRPS: half a percent, well below the differences that pairs and years settle
DIGITS = 6  # of fitted numbers that are kept

# The model's numbers, from the fitted ones, with their units.
MODEL_NUMBERS: dict[str, tuple[Callable[[Dynamics], float], str]] = {
    "adaptability": (lambda dynamics: monthly_speed(dynamics.persistence), "per month"),
    "volatility": (
        lambda dynamics: domain_volatility(volatility_of(dynamics)),
        "stationary standard deviation of cooperation in a domain",
    ),
    "drift": (drift_of, "pull units per √year"),
}
_RATIOS = ("ratio", "ratio_low", "ratio_high", "to_plain", "to_plain_low", "to_plain_high")
_KEPT_SCORES = ("crps", *_RATIOS, *(f"cover{name}" for name in LEVELS))


@dataclass(frozen=True, repr=False)
class Hindcast(Displayed):
    """A scored hindcast, and the forecast it speaks for.

    Attributes:
        panel: the series.
        origins: last years of the pasts that were forecast from.
        horizons: in years.
        hold_out: whether pairs were forecast as if never seen.
        scores: as of :func:`relsim.hindcast.evaluate.evaluate`.
        fitted: the model fitted to all years.
    """

    panel: Panel
    origins: tuple[int, ...]
    horizons: tuple[int, ...]
    hold_out: HoldOut | None
    scores: pd.DataFrame
    fitted: Fitted

    def in_short(self) -> str:
        """The series, the years forecast from, and the horizons."""
        years, origins = self.panel.years, self.origins
        return (
            f"of {counted(len(self.panel.dyads), 'pair')}, {years[0]} to {years[-1]}: "
            f"{counted(len(origins), 'origin')}, {origins[0]} to {origins[-1]}, "
            f"up to {counted(max(self.horizons), 'year')} ahead"
        )

    def plot(self, name: str | None = None) -> Figure:
        """A figure by its name: ``skill`` where absent, ``bands`` or ``pit``.

        Raises:
            ResultsError: there is none of that name.
        """
        return plotted(self, name=name)

    def to_frame(self) -> pd.DataFrame:
        """Mean scores by horizon and forecaster, as :attr:`skill`."""
        return self.skill

    @cached_property
    def skill(self) -> pd.DataFrame:
        """Mean scores by horizon and forecaster."""
        return skill(self.scores)

    @property
    def model(self) -> pd.DataFrame:
        """The rows of the skill that are the model's, by horizon."""
        return self.skill[self.skill["forecaster"] == MODEL]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The numbers, by name."""
        numbers = asdict(self.fitted.dynamics)
        return {
            "skill": self.skill,
            "pit": pit_shares(self.scores).reset_index(),
            "forecast": self.forecast(),
            "parameters": pd.DataFrame({"parameter": numbers.keys(), "value": numbers.values()}),
            "scores": self.scores,
        }

    def forecast(self) -> pd.DataFrame:
        """The fitted model's forecast of the years to come, by pair and horizon."""
        frames = []
        for years, forecast in self.fitted.forecast(self.horizons).items():
            frame = pd.DataFrame({"dyad": self.panel.dyads, "year": self.panel.years[-1] + years})
            frame["mean"] = forecast.mean()
            for name, level in LEVELS.items():
                frame[f"lower{name}"], frame[f"upper{name}"] = forecast.band(level)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True).sort_values(["dyad", "year"])

    def sentences(self) -> list[str]:
        """Skill compared with baselines, by horizon; coverage of bands; skill at large changes."""
        model, forecasters = self.model, set(self.skill["forecaster"])
        covered = model.assign(text=[percent(share, 1) for share in model["cover80"]])
        best_large = "; ".join(self._best("best_large"))
        sentences = [
            *(_skill_sentence(rows) for _, rows in self.skill.groupby("horizon")),
            f"Against the best with a fitted normal spread ({'; '.join(self._best('best_plain'))}) "
            f"it is {_ratios(model, 'to_plain')}.",
            f"Of the values that followed, its 80 % bands hold {_by_horizon(covered, '{text}')}.",
        ]
        if LEVEL in forecasters:
            level = _ratios(model, "to_level")
            sentences.append(f"Against pooled levels that do not move, its CRPS is {level}.")
        if {SIMULATION, THEORY} <= forecasters:
            sentences += _theory_sentences(self.skill)
        sentences.append(
            f"Where only values more than {LARGE:g} from the last known one count (the CRPS of all "
            f"forecasts, weighted so), its score is that of the best baseline ({best_large}) "
            f"times {_ratios(model, 'large')}."
        )
        return sentences

    def _best(self, column: str) -> list[str]:
        """The baselines that are best at some horizon, by a column that marks them."""
        return list(dict.fromkeys(self.skill.loc[self.skill[column], "forecaster"]))

    def warnings(self) -> list[str]:
        """What the scores do not support."""
        model = self.model
        far = model[(model["cover80"] - 0.8).abs() > FAR_OFF]
        warnings = [
            f"At {in_years(row['horizon'])} 80 % bands hold {percent(row['cover80'], 1)} of the "
            "values."
            for _, row in far.iterrows()
        ]
        unscored = sorted(set(self.horizons) - set(model["horizon"]))
        if unscored:
            warnings.append(f"No value was measured {_years(unscored)} after an origin: no score.")
        unsure = model[(model["ratio_low"] < 1) & (model["ratio_high"] > 1)]
        if len(unsure):
            warnings.append(
                f"At {_years(unsure['horizon'])} the interval of the ratio to the best baseline "
                "contains 1: these pairs and years alone do not settle that the model is better."
            )
        fixed = model[model["year_blocks"] == 0]
        if len(fixed):
            warnings.append(
                f"At {_years(fixed['horizon'])} intervals take the years as they were: there are "
                f"fewer than {LEAST_BLOCKS} blocks of years whose forecasts do not overlap, too "
                "few to show how years differ. Other years may give ratios far outside."
            )
        return warnings


def hindcast(
    panel: Panel,
    origins: Sequence[int] | None = None,
    horizons: Sequence[int] = (1, 3, 5),
    hold_out: HoldOut | None = None,
    *,
    simulate: bool = True,
) -> Hindcast:
    """Scores of forecasts from each origin, everything fitted on the years up to it.

    Args:
        panel: the series.
        origins: last years of the pasts; by default all possible, at most 12, evenly spaced.
        horizons: in years.
        hold_out: forecast pairs, or all pairs of some states, as if never seen.
        simulate: score ensembles of the simulation too, without third parties and with them.

    Raises:
        RelsimError: the series is too short, or nothing can be scored from an origin.
    """
    horizons = tuple(sorted(set(horizons)))
    chosen = chosen_origins(panel, origins, horizons, hold_out)
    fit_of = fits_once()
    judged = forecasters(fit_of) | (simulations(fit_of) if simulate else {})
    scores = evaluate(panel, judged, chosen, horizons, hold_out)
    return Hindcast(panel, chosen, horizons, hold_out, scores, fit_of(panel))


def _skill_sentence(rows: pd.DataFrame) -> str:
    model = rows.set_index("forecaster").loc[MODEL]
    best = rows.loc[rows["best"], "forecaster"].iloc[0]
    return (
        f"At {in_years(model['horizon'])} the model's CRPS is {model['crps']:.4f}, "
        f"{model['ratio']:.3f} times that of the best baseline, {best} (95 % interval "
        f"{model['ratio_low']:.3f} to {model['ratio_high']:.3f}, {over(model['year_blocks'])}; "
        f"{model['n']:,.0f} forecasts)."
    )


def _by_horizon(rows: pd.DataFrame, text: str) -> str:
    """A text filled in by each row, with its horizon."""
    return ", ".join(
        f"{text.format_map(dict(row))} at {in_years(row['horizon'])}" for _, row in rows.iterrows()
    )


def _ratios(rows: pd.DataFrame, name: str, digits: int = 3) -> str:
    """A ratio of scores with its interval, at each horizon."""
    value, low, high = (f"{{{name}{end}:.{digits}f}}" for end in ("", "_low", "_high"))
    return _by_horizon(rows, f"{value} ({low} to {high})")


def _theory_sentences(table: pd.DataFrame) -> list[str]:
    """How the simulation scores compared with the linear model, and what third parties add."""
    by_name = table.pivot(index="horizon", columns="forecaster", values="crps")
    own = (by_name[SIMULATION] / by_name[MODEL]).rename("own").reset_index()
    theory = table[table["forecaster"] == THEORY]
    ratios = theory["to_simulation"]
    better, worse = (ratios <= 1 - WORTH).any(), (ratios >= 1 + WORTH).any()
    worth = "help" if better else "harm" if worse else "are worth nothing here"
    if better and worse:
        worth = "help at some horizons and harm at others"
    return [
        f"Run as the simulation, CRPS is that of the linear model times "
        f"{_by_horizon(own, '{own:.3f}')}.",
        f"Third parties, with a gain fitted on the past, {worth}: CRPS "
        f"with them over that without is {_ratios(theory, 'to_simulation', 4)}.",
    ]


def over(blocks: object) -> str:
    """What an interval is over: states, and blocks of years where there are enough."""
    count = int(np.asarray(blocks).item())
    return f"over states and {count} blocks of years" if count else "over states alone"


def in_years(horizon: object) -> str:
    """A horizon, as in ``3 years``."""
    return counted(int(np.asarray(horizon).item()), "year")


def _years(horizons: Sequence[int] | pd.Series) -> str:
    """Horizons as a list, as in ``1, 3 and 5 years``."""
    years = [int(horizon) for horizon in horizons]
    return f"{listed(map(str, years))} {'year' if years == [1] else 'years'}"


def defaults_of(hindcast: Hindcast, file: str) -> dict[str, Any]:
    """The results of a fit that are worth keeping, ready for JSON.

    Args:
        hindcast: its fit is to all years.
        file: name of the series.

    Returns:
        ``fitted``: the numbers of the linear model, by name. ``ranges``: 95 % range of each.
        ``model``: adaptability, volatility and drift in the model's own units, each with ``value``,
        ``low``, ``high`` and ``unit``. ``provenance``: file, pairs, years, origins, pairs held out,
        and ``scores``, a row for each horizon and for state space and simulation.
    """
    panel, numbers = hindcast.panel, asdict(hindcast.fitted.dynamics)
    drawn, skill = draws_of(hindcast.fitted), hindcast.skill
    scored = skill[skill["forecaster"].isin([MODEL, SIMULATION, THEORY])].to_dict("records")
    model = {}
    for name, (of, unit) in MODEL_NUMBERS.items():
        low, high = _range([of(dynamics) for dynamics in drawn])
        value = _rounded(of(hindcast.fitted.dynamics))
        model[name] = {"value": value, "low": low, "high": high, "unit": unit}
    return {
        "fitted": {name: _rounded(value) for name, value in numbers.items()},
        "ranges": {name: _range([getattr(row, name) for row in drawn]) for name in numbers},
        "model": model,
        "provenance": {
            "file": file,
            "pairs": len(panel.dyads),
            "years": [panel.years[0], panel.years[-1]],
            "origins": list(hindcast.origins),
            "hold_out": hindcast.hold_out,
            "scores": [
                {"horizon": row["horizon"], "forecaster": row["forecaster"], "n": int(row["n"])}
                | {name: _rounded(row[name]) for name in _KEPT_SCORES}
                for row in scored
            ],
        },
    }


def _range(drawn: list[float]) -> list[float]:
    """The 95 % range of draws."""
    return [_rounded(end) for end in np.quantile(drawn, INTERVAL)]


def _rounded(value: float) -> float:
    return round(float(value), DIGITS)
