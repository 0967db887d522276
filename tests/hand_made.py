"""Ensembles of known levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from relsim import __version__
from relsim.ensemble.simulate import Ensemble
from relsim.scenario.schema import Scenario


def ensemble_of(
    scenario: Scenario,
    levels: Any,
    *,
    seed: int = 0,
    domains: bool = True,
    third: float = 0.0,
    version: str = __version__,
) -> Ensemble:
    """An ensemble with these levels of A-B, [runs, times], and a constant A-C.

    By domain, A-B is 1 lower in `low` and 1 higher in `high`.
    """
    one = np.asarray(levels, dtype=np.float32)
    overall = np.stack([one, np.full_like(one, third)], axis=-1)
    time = scenario.time
    months = [str(time.start.plus(n * time.months_per_step)) for n in range(one.shape[1])]
    data = xr.Dataset(
        {"overall": (("run", "time", "pair"), overall)},
        coords={
            "run": np.arange(len(one)),
            "time": np.array(months, "datetime64[s]"),
            "pair": ["A-B", "A-C"],
        },
    )
    if domains:
        by_domain = np.stack([one - 1, one + 1], axis=-1)[:, :, np.newaxis]
        data["cooperation"] = (("run", "time", "watched", "domain"), by_domain)
        data = data.assign_coords(watched=["A-B"], domain=["low", "high"])
    return Ensemble(scenario, seed, data, version)
