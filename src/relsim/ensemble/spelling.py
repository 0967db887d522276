"""Names of pairs on the axes of results: as the scenario spells them."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import xarray as xr

from relsim.scenario.schema import Scenario

Data = TypeVar("Data", xr.Dataset, xr.DataArray)
AXES = ("pair", "watched")


def spelled_by(scenario: Scenario, data: Data) -> Data:
    """The same data, with each pair named as a scenario spells it (see `Scenario.pair_names`).

    Two scenarios may spell a pair each in its own way, and earlier results have all in
    alphabetical order.
    """
    found = {}
    for axis in AXES:
        if axis in data.indexes:
            names = data.indexes[axis].astype(str)
            spelled = scenario.pair_names(name.split("-") for name in names)
            if spelled != list(names):
                found[axis] = np.array(spelled, dtype=object)
    return data.assign_coords(found) if found else data
