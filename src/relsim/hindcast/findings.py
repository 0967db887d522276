"""What a hindcast found: tables, and what they say in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from relsim.hindcast.clustered import LEAST_BLOCKS
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
from relsim.hindcast.origins import HoldOut, chosen_origins
from relsim.hindcast.panel import Panel
from relsim.hindcast.state_space import Fitted, fits_once
from relsim.words import percent

FAR_OFF = 0.03  # of coverage from its level, of 80 % bands: the range that is asked for
WORTH = 0.005  # of CRPS: half a percent, well below what pairs and years settle


@dataclass(frozen=True)
class Hindcast:
    """A scored hindcast, and the forecast it speaks for.

    Attributes:
        panel: the series.
        origins: last years of the pasts that were forecast from.
        horizons: in years.
        hold_out: whether pairs were forecast as if never seen.
        scores: as of :func:`relsim.hindcast.evaluate.evaluate`.
        fitted: the model fitted on all years.
    """

    panel: Panel
    origins: tuple[int, ...]
    horizons: tuple[int, ...]
    hold_out: HoldOut | None
    scores: pd.DataFrame
    fitted: Fitted

    @cached_property
    def skill(self) -> pd.DataFrame:
        """Mean scores by horizon and forecaster."""
        return skill(self.scores)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The numbers, by name."""
        return {
            "skill": self.skill,
            "pit": pit_shares(self.scores).reset_index(),
            "forecast": self.forecast(),
            "parameters": self.parameters(),
            "scores": self.scores,
        }

    def forecast(self) -> pd.DataFrame:
        """What the fitted model says of the years to come, by pair and horizon."""
        frames = []
        for years, said in self.fitted.forecast(self.horizons).items():
            frame = pd.DataFrame({"dyad": self.panel.dyads, "year": self.panel.years[-1] + years})
            frame["mean"] = said.mean()
            for level in LEVELS:
                percent = f"{level * 100:g}"
                frame[f"lower{percent}"], frame[f"upper{percent}"] = said.band(level)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True).sort_values(["dyad", "year"])

    def parameters(self) -> pd.DataFrame:
        """The fitted numbers, on all years."""
        found = asdict(self.fitted.dynamics)
        return pd.DataFrame({"parameter": list(found), "value": list(found.values())})

    def sentences(self) -> list[str]:
        """How good it is, against what, by horizon; then its bands and large changes."""
        table = self.skill
        said = [_skill_sentence(rows) for _, rows in table.groupby("horizon")]
        return [
            *said,
            _plain_sentence(table),
            _band_sentence(table),
            *_dynamics_sentence(table),
            *_theory_sentences(table),
            _large_sentence(table),
        ]

    def warnings(self) -> list[str]:
        """What the scores do not support."""
        table = self.skill.query("forecaster == @MODEL")
        far = table[(table["cover80"] - 0.8).abs() > FAR_OFF]
        said = [
            f"At {in_years(row['horizon'])} 80 % bands hold {percent(row['cover80'], 1)} of the "
            "values."
            for _, row in far.iterrows()
        ]
        unscored = sorted(set(self.horizons) - set(table["horizon"]))
        if unscored:
            said.append(f"No value was measured {_listed(unscored)} after an origin: no score.")
        unsure = table[(table["ratio_low"] < 1) & (table["ratio_high"] > 1)]
        if len(unsure):
            horizons = _listed([int(value) for value in unsure["horizon"]])
            said.append(
                f"At {horizons} the interval of the ratio to the best baseline contains 1: these "
                "pairs and years alone do not settle that the model is better."
            )
        fixed = table[table["year_blocks"] == 0]
        if len(fixed):
            horizons = _listed([int(value) for value in fixed["horizon"]])
            said.append(
                f"At {horizons} intervals take the years as they were: there are fewer than "
                f"{LEAST_BLOCKS} blocks of years whose forecasts do not overlap, which is too few "
                "to tell how years differ. Other years may give ratios far outside."
            )
        return said


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
        origins: last years of the pasts; all possible, or 12 spread over them, where not said.
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


def _plain_sentence(table: pd.DataFrame) -> str:
    """The same against baselines with a normal spread, which is the plainer choice."""
    model = table[table["forecaster"] == MODEL]
    names = list(dict.fromkeys(table.loc[table["best_plain"], "forecaster"]))
    ratios = _ratios_in_words(model, "to_plain")
    return f"Against the best with a fitted normal spread ({'; '.join(names)}) it is {ratios}."


def _ratios_in_words(model: pd.DataFrame, name: str) -> str:
    """A ratio of scores with its interval at each horizon."""
    return ", ".join(
        f"{row[name]:.3f} ({row[f'{name}_low']:.3f} to {row[f'{name}_high']:.3f}) at "
        f"{in_years(row['horizon'])}"
        for _, row in model.iterrows()
    )


def _band_sentence(table: pd.DataFrame) -> str:
    model = table[table["forecaster"] == MODEL]
    shares = ", ".join(
        f"{percent(row['cover80'], 1)} at {in_years(row['horizon'])}" for _, row in model.iterrows()
    )
    return f"Its 80 % bands hold {shares} of what came."


def _dynamics_sentence(table: pd.DataFrame) -> list[str]:
    """What drift and fluctuation are worth beside pooled levels."""
    model = table[table["forecaster"] == MODEL]
    if LEVEL not in set(table["forecaster"]):
        return []
    ratios = ", ".join(
        f"{row['to_level']:.3f} ({row['to_level_low']:.3f} to {row['to_level_high']:.3f}) at "
        f"{in_years(row['horizon'])}"
        for _, row in model.iterrows()
    )
    return [f"Against pooled levels that do not move, its CRPS is {ratios}."]


def _theory_sentences(table: pd.DataFrame) -> list[str]:
    """What the simulation says of the linear model, and what third parties add to it."""
    by_name = table.pivot(index="horizon", columns="forecaster", values="crps")
    if not {SIMULATION, THEORY} <= set(by_name):
        return []
    own = ", ".join(
        f"{by_name.loc[years, SIMULATION] / by_name.loc[years, MODEL]:.3f} at {in_years(years)}"
        for years in by_name.index
    )
    theory = table[table["forecaster"] == THEORY]
    added = ", ".join(
        f"{row['to_simulation']:.4f} ({row['to_simulation_low']:.4f} to "
        f"{row['to_simulation_high']:.4f}) at {in_years(row['horizon'])}"
        for _, row in theory.iterrows()
    )
    return [
        f"Run as the simulation, CRPS is that of the linear model times {own}.",
        f"Third parties, with a gain fitted on the past, {_worth(theory['to_simulation'])}: CRPS "
        f"with them over that without is {added}.",
    ]


def _worth(ratios: pd.Series) -> str:
    """What ratios of CRPS come to, by horizon."""
    better, worse = (ratios <= 1 - WORTH).any(), (ratios >= 1 + WORTH).any()
    if better and worse:
        return "help at some horizons and harm at others"
    return "help" if better else "harm" if worse else "are worth nothing here"


def _large_sentence(table: pd.DataFrame) -> str:
    """How well large changes are foretold: scores of all cases, of the far part of the scale."""
    model = table[table["forecaster"] == MODEL]
    names = list(dict.fromkeys(table.loc[table["best_large"], "forecaster"]))
    ratios = _ratios_in_words(model, "large")
    return (
        f"Where only values more than {LARGE:g} from the last one known count (the CRPS of all "
        f"forecasts, weighted so), its score is that of the best baseline ({'; '.join(names)}) "
        f"times {ratios}."
    )


def over(blocks: object) -> str:
    """What an interval is over: states, and blocks of years where there are enough."""
    count = int(np.asarray(blocks).item())
    return f"over states and {count} blocks of years" if count else "over states alone"


def in_years(horizon: object) -> str:
    """A horizon, as in ``3 years``."""
    years = int(np.asarray(horizon).item())
    return f"{years} year" + ("s" if years != 1 else "")


def _listed(values: list[int]) -> str:
    words = [str(value) for value in values]
    text = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"{text} years" if values != [1] else "1 year"
