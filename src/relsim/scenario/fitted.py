"""Numbers that were fitted to measured series, and how well forecasts made with them did.

``fitted.json`` is what `relsim hindcast --save-params` keeps of a fit; `make fitted` writes it
anew. Its numbers are the defaults of :class:`relsim.scenario.schema.Parameters`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

FORECASTER = "simulation"  # whose scores are kept: the model itself, without third parties
_DIGITS = 2  # of a default: ranges are a factor of 1.5 and more


@dataclass(frozen=True)
class FittedNumber:
    """A number of the model with its 95 % range, in the unit of the parameter of its name."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Coverage:
    """What bands held, some years ahead, in a hindcast.

    Attributes:
        years: ahead.
        values: how many were forecast.
        held: share of them in the 80 % band.
    """

    years: int
    values: int
    held: float


@dataclass(frozen=True)
class Fit:
    """A fit of the model's numbers.

    Attributes:
        numbers: adaptability, volatility and drift, by name.
        series: the measured series.
        pairs: of states in it.
        first_year, last_year: of it.
        coverage: by horizon; each forecast was fitted on the years before it.
    """

    numbers: dict[str, FittedNumber]
    series: str
    pairs: int
    first_year: int
    last_year: int
    coverage: tuple[Coverage, ...]


def read_fit() -> Fit:
    """The fit that ships with the package."""
    content = json.loads(files("relsim.scenario").joinpath("fitted.json").read_text("utf-8"))
    about = content["provenance"]
    return Fit(
        numbers={name: _number(number) for name, number in content["model"].items()},
        series=about["file"].removesuffix(".csv"),
        pairs=about["pairs"],
        first_year=about["years"][0],
        last_year=about["years"][1],
        coverage=tuple(
            Coverage(row["horizon"], row["n"], row["cover80"])
            for row in about["scores"]
            if row["forecaster"] == FORECASTER
        ),
    )


def _number(content: dict[str, Any]) -> FittedNumber:
    return FittedNumber(*(_rounded(content[key]) for key in ("value", "low", "high")))


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


FIT = read_fit()
