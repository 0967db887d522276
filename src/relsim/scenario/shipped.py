"""Data that ships with relsim: event weights, fitted numbers, anchors of levels, the starter."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from relsim.errors import plain_form


@cache
def goldstein_weights() -> MappingProxyType[str, float]:
    """Goldstein weight (-10 to +10, no unit) by CAMEO code."""
    text = files("relsim.scenario").joinpath("goldstein.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["cameo"]: float(row["goldstein"]) for row in rows})


def near_code(written: str) -> str:
    """A hint for what is no code: with its leading zero, or less what comes after a code.

    Codes that only look alike are none: 136 for 36 would turn help into a threat.
    """
    known = goldstein_weights()
    plain = plain_form(written)
    wider = [plain, f"0{plain}", *(plain[:length] for length in range(len(plain) - 1, 1, -1))]
    near = next((code for code in wider if code in known), "")
    return f"Did you mean {near}?" if near else "The codes are listed in goldstein.csv."


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


ANCHORS: dict[float, str] = {
    -0.9: "war",
    -0.6: "rivalry",
    -0.3: "sanctions, recalled envoys",
    0.0: "no relationship",
    0.2: "normal",
    0.4: "regular programmes",
    0.6: "strategic partnership",
    0.8: "alliance",
}


def next_anchor(level: float) -> float | None:
    """The first anchor above a level; None above the last."""
    return next((anchor for anchor in ANCHORS if anchor > level), None)


def starter_text() -> str:
    """A small commented scenario that runs as it is."""
    return files("relsim.scenario").joinpath("starter.yaml").read_text(encoding="utf-8")
