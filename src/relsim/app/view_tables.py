"""What the views Network, Matrix and Events show of an ensemble beside its base, as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from relsim.analysis.interests import opening_levels
from relsim.analysis.summary import how_often
from relsim.app.messages import Plain, number_or_null
from relsim.ensemble.accounts import OVERALL
from relsim.ensemble.simulate import Ensemble
from relsim.figures.network import network_chart, network_tables
from relsim.scenario.schema import Scenario

DIGITS = 4  # of levels in the matrix


def network(ensemble: Ensemble, base: Ensemble) -> Plain:
    """The network, where each tie has the levels of the base in the same months."""
    overall = ensemble.data["overall"]
    medians = np.median(overall.values, axis=0)
    pairs = [str(pair) for pair in overall["pair"].values]
    table = _medians(medians, overall["time"].values, pairs)
    nodes, ties, months = network_tables(ensemble.scenario, table)
    times = [str(month) for month in ensemble.scenario.time.months]
    of_base = _medians_at(base, [times.index(month) for month in months])
    for tie in ties:
        levels = of_base.get(base.scenario.pair_name(tie["pair"]))
        tie["base"] = None if levels is None else [round(level, 3) for level in levels]
    return {"nodes": nodes, "ties": ties, "months": months}


def opening_network(scenario: Scenario) -> Plain:
    """The network at rest, whose data are replaced by those of pictures."""
    levels = opening_levels(scenario).query("domain == @OVERALL", local_dict={"OVERALL": OVERALL})
    time = scenario.time
    ends = np.array([str(time.start), str(time.end)], dtype="datetime64[s]")
    values = np.tile(levels["level"].to_numpy(), (2, 1))
    nodes, ties, times = network_tables(scenario, _medians(values, ends, list(levels["pair"])))
    return network_chart(nodes, ties, times, compared=True)


def _medians(values: Any, times: Any, pairs: list[str]) -> xr.Dataset:
    """Levels [times, pairs] as :func:`relsim.analysis.summary.summarise` has medians."""
    coordinates = {"statistic": ["q0.5"], "time": times, "pair": np.array(pairs, dtype=object)}
    array = xr.DataArray(values[np.newaxis], coordinates, ("statistic", "time", "pair"))
    return xr.Dataset({"overall": array})


def matrix(ensemble: Ensemble, base: Ensemble, step: int) -> Plain:
    """All pairs at the opening and after so many steps, there beside the base."""
    levels, of_base = _medians_at(ensemble, [0, step]), _medians_at(base, [step])
    rows = []
    for pair, (opening, end) in levels.items():
        beside = of_base.get(base.scenario.pair_name(pair))
        rows.append(
            {
                "pair": pair,
                "opening": round(opening, DIGITS),
                "end": round(end, DIGITS),
                "base": None if beside is None else round(beside[0], DIGITS),
            }
        )
    return {"codes": sorted(ensemble.scenario.states), "pairs": rows}


def _medians_at(ensemble: Ensemble, steps: list[int]) -> dict[str, list[float]]:
    """The median levels of each pair after some numbers of steps."""
    overall = ensemble.data["overall"]
    medians = np.median(overall.values[:, steps], axis=0).T.tolist()
    return dict(zip(map(str, overall["pair"].values), medians, strict=True))


def event_frequencies(ensemble: Ensemble) -> list[Plain]:
    """How often each event happens, and when first."""
    return [
        {
            "event": row["event"],
            "label": row["label"],
            "share": float(row["share"]),
            "low": number_or_null(row["share_low"]),
            "high": number_or_null(row["share_high"]),
            "mean_times": float(row["mean_times"]),
            "first25": row["first25"],
            "first75": row["first75"],
        }
        for row in how_often(ensemble).to_dict("records")
    ]
