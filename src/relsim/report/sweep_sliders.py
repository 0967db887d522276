"""The sliders of a sweep's page: what they move over, as data for ``sweep.js``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from relsim.experiments.load import own_values
from relsim.experiments.study import HELD_OUT, Parameter, Study, headings
from relsim.experiments.sweep import Sweep

MOST_PARAMETERS = 6  # at a point between those simulated, 2 to this power of them are mixed
MOST_NUMBERS = 60_000  # on the page, seven bytes each
KEYS = 40  # presses of an arrow key from end to end of a slider, at least
ENDS = ("mean", "low 95 %", "high 95 %")


def sweep_grid(study: Study, points: pd.DataFrame) -> dict[str, Any] | None:
    """What the sliders of a sweep move over; None where it is no grid, or too large for a page.

    Args:
        study: what was asked.
        points: the table ``points`` of :class:`relsim.experiments.sweep.SweepFindings`.

    Returns:
        ``parameters``, each with its name, unit, range and ``levels``, ``parts`` (steps
        of an arrow key from level to level), ``own`` (the scenario's own value, or None) and
        ``digits`` to write it with; and ``measures``, each with its name, unit
        and, at every point of the grid, ``mean``, ``low`` and ``high`` (its 95 % interval), the
        last parameter changing fastest. None stands for a mean that no run has.
    """
    gridded = isinstance(study.method, Sweep) and study.method.grid is not None
    small = len(study.parameters) <= MOST_PARAMETERS and len(ENDS) * len(points) <= MOST_NUMBERS
    if not (gridded and small):
        return None
    own = own_values(study)
    measures = []
    for key in study.outcomes:
        name = study.measure_name(key)
        unit = study.experiment.measures[key.removesuffix(HELD_OUT)].unit
        rows = points[points["measure"] == name]
        ends = zip(("mean", "low", "high"), ENDS, strict=True)
        values = {short: _plain(rows[column]) for short, column in ends}
        measures.append({"name": name, "unit": unit, **values})
    first = points[points["measure"] == measures[0]["name"]]
    parameters = [
        _parameter(parameter, np.unique(first[heading]).tolist(), own[parameter.path])
        for parameter, heading in zip(study.parameters, headings(study.parameters), strict=True)
    ]
    return {"parameters": parameters, "measures": measures}


def _parameter(parameter: Parameter, levels: list[float], own: float | None) -> dict[str, Any]:
    span = parameter.high - parameter.low
    return {
        "name": parameter.name,
        "unit": parameter.unit,
        "levels": levels,
        "parts": math.ceil(KEYS / (len(levels) - 1)),
        "range": f"{parameter.written(levels[0])} to {parameter.with_unit(levels[-1])}",
        "own": own,
        "digits": max(0, 3 - math.ceil(math.log10(span))),  # a thousandth of the range
    }


def _plain(column: pd.Series) -> list[float | None]:
    """Numbers to five digits; None where there is none."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in column.tolist()]
