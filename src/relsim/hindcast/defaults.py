"""The fitted numbers as they are kept: with ranges, in the model's units, with provenance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from relsim.hindcast.evaluate import LEVELS, MODEL, SIMULATION, THEORY
from relsim.hindcast.findings import Hindcast
from relsim.hindcast.forecast import drift_of, monthly_speed, volatility_of
from relsim.hindcast.ranges import draws_of, range_of
from relsim.hindcast.state_space import Dynamics
from relsim.scenario.schema import DEFAULT_DOMAINS, Parameters

DIGITS = 6

# The model's numbers, of the fitted ones, with their units.
MODEL_NUMBERS: dict[str, tuple[Callable[[Dynamics], float], str]] = {
    "adaptability": (lambda dynamics: monthly_speed(dynamics.persistence), "per month"),
    "volatility": (
        lambda dynamics: domain_volatility(volatility_of(dynamics)),
        "stationary standard deviation of cooperation in a domain",
    ),
    "drift": (drift_of, "pull units per √year"),
}
_RATIOS = ("ratio", "ratio_low", "ratio_high", "to_plain", "to_plain_low", "to_plain_high")


def defaults_of(found: Hindcast, file: str) -> dict[str, Any]:
    """Everything that is worth keeping of a fit, ready for JSON.

    Args:
        found: the hindcast; its fit is to all years.
        file: name of the series.

    Returns:
        ``fitted``: the numbers of the linear model, by name. ``ranges``: 95 % range of each.
        ``model``: adaptability, volatility and drift in the model's own units, each with ``value``,
        ``low``, ``high`` and ``unit``. ``provenance``: file, pairs, years, origins, pairs held out,
        and ``scores``, a row for each horizon and for state space and simulation.
    """
    fitted, drawn = found.fitted.dynamics, draws_of(found.fitted)
    numbers = asdict(fitted)
    ranges = {name: range_of([getattr(one, name) for one in drawn]) for name in numbers}
    return {
        "fitted": {name: _rounded(value) for name, value in numbers.items()},
        "ranges": {name: [_rounded(end) for end in ends] for name, ends in ranges.items()},
        "model": {
            name: _number(of(fitted), [of(one) for one in drawn], unit)
            for name, (of, unit) in MODEL_NUMBERS.items()
        },
        "provenance": _provenance(found, file),
    }


def domain_volatility(cooperation: float) -> float:
    """The volatility in each domain by which overall cooperation fluctuates so.

    Of the default domains, weighted alike: their shocks have the default correlation ρ, so the
    variance of the mean of D of them is v²·(1 + (D - 1)·ρ)/D.

    Args:
        cooperation: stationary standard deviation of overall cooperation.
    """
    between = float(Parameters.model_fields["domain_correlation"].default)
    domains = len(DEFAULT_DOMAINS)
    return cooperation / float(np.sqrt((1 + (domains - 1) * between) / domains))


def _number(value: float, drawn: list[float], unit: str) -> dict[str, Any]:
    low, high = range_of(drawn)
    return {
        "value": _rounded(value),
        "low": _rounded(low),
        "high": _rounded(high),
        "unit": unit,
    }


def _provenance(found: Hindcast, file: str) -> dict[str, Any]:
    panel = found.panel
    return {
        "file": file,
        "pairs": len(panel.dyads),
        "years": [panel.years[0], panel.years[-1]],
        "origins": list(found.origins),
        "hold_out": found.hold_out,
        "scores": _scores(found),
    }


def _scores(found: Hindcast) -> list[dict[str, Any]]:
    """How the bands cover, and CRPS to the best baseline's, by horizon and forecaster."""
    table = found.skill
    named = {"horizon": int, "forecaster": str, "n": int}
    measured = ["crps", *_RATIOS, *(f"cover{level * 100:g}" for level in LEVELS)]
    rows = table[table["forecaster"].isin([MODEL, SIMULATION, THEORY])].to_dict("records")
    return [
        {name: kind(row[name]) for name, kind in named.items()}
        | {name: _rounded(row[name]) for name in measured}
        for row in rows
    ]


def _rounded(value: float) -> float:
    return round(float(value), DIGITS)
