"""What an experiment varies, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float64]
# Outcomes at points [P, K], by measure [P, R]: a column for each parameter, R runs at each point.
# Run r has the same draws at every point (common random numbers).
Evaluate: TypeAlias = Callable[[Values], Mapping[str, Values]]
# Dimensions and variables of what is kept, which no measure can be called.
KEPT = frozenset({"run", "point", "parameter", "parameters"})
# Columns of tables that have a column for each parameter too, which no parameter can be called.
COLUMNS = frozenset(
    {
        *("run", "point", "measure", "runs", "mean", "low 95 %", "high 95 %"),
        *("10 % of runs", "median of runs", "90 % of runs"),
        *("share of runs", "case", "half", "box"),
    }
)


@dataclass(frozen=True)
class Parameter:
    """A number that an experiment varies.

    Attributes:
        path: where it stands in the scenario, as with ``--set``: ``PAK.ties.USA``.
        low, high: its range, in the unit of the field: months for durations, per year for rates.
        label: in words, for figures and sentences.
        unit: in words; empty for numbers without one.
        interest: how an interest is taken. ``changed``: the opening is read with the scenario's own
            value. ``reading``: it is read with the value of the point. Empty for other numbers.
    """

    path: str
    low: float
    high: float
    label: str = ""
    unit: str = ""
    interest: Literal["", "changed", "reading"] = ""

    @property
    def name(self) -> str:
        """Its label, or its path where it has none."""
        return self.label or self.path


def unit_points(parameters: tuple[Parameter, ...], points: Values) -> Values:
    """Values [P, K] as points of the unit cube."""
    low = np.array([one.low for one in parameters])
    high = np.array([one.high for one in parameters])
    unit: Values = (points - low) / (high - low)
    return unit


def scaled(parameters: tuple[Parameter, ...], unit_points: Values) -> Values:
    """Points of the unit cube [P, K] as values of the parameters."""
    low = np.array([one.low for one in parameters])
    high = np.array([one.high for one in parameters])
    scaled_points: Values = low + (high - low) * unit_points
    return scaled_points
