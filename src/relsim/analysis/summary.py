"""What an ensemble says in few numbers: quantiles by month, from a store of any size."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from relsim.ensemble.simulate import Ensemble

QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
STATISTICS = ("mean", "sd", "p_up")
MOST_ROWS = 200_000  # a fifth of what spreadsheets open
BLOCK_BYTES = (
    12 * 1024 * 1024
)  # of recorded values read at once; ranking them takes three times that


def summarise(ensemble: Ensemble, pairs: Sequence[str] | None = None) -> xr.Dataset:
    """Quantiles and moments over the runs.

    Args:
        ensemble: what to summarise.
        pairs: overall cooperation of these pairs alone, as in ``["PAK-RUS"]``.

    Returns:
        ``overall`` (statistic, time, pair) and, where recorded, ``cooperation``
        (statistic, time, watched, domain). Statistics are ``mean``, ``sd``, ``p_up`` (share of
        runs above their own start) and the quantiles as ``q0.1`` and so on. Exact at any number
        of runs; read in blocks of bounded size.
    """
    data = ensemble.data
    if pairs is not None:
        data = data[["overall"]].sel(pair=list(pairs))
    recorded = [name for name in ("overall", "cooperation") if name in data]
    return xr.Dataset({name: _summarise_variable(data[name]) for name in recorded})


def statistic_names() -> list[str]:
    """The labels of the statistic axis."""
    return [*STATISTICS, *(f"q{share:g}" for share in QUANTILES)]


def _summarise_variable(variable: xr.DataArray) -> xr.DataArray:
    label = variable.dims[2]
    names = statistic_names()
    result = np.empty((len(names), *variable.shape[1:]), dtype=np.float32)
    for labels in _label_blocks(variable):
        start = None
        for times in _time_blocks(variable):
            block = np.asarray(variable[:, times, labels].values)
            start = block[:, 0].copy() if start is None else start
            result[:, times, labels] = _statistics(block, start)
    coordinates = {name: variable.coords[name] for name in variable.dims[1:]}
    return xr.DataArray(
        result,
        dims=("statistic", "time", label, *variable.dims[3:]),
        coords={"statistic": names, **coordinates},
    )


def _statistics(block: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Statistics [S, times, labels, ...] of a block [runs, times, labels, ...]."""
    above = (block > start[:, np.newaxis]).mean(axis=0)
    mean = block.mean(axis=0, dtype=np.float64)
    spread = block.std(axis=0, dtype=np.float64)
    ranked = np.ascontiguousarray(np.moveaxis(block, 0, -1))
    ranked.sort(axis=-1)
    return np.stack([mean, spread, above, *(_ranked_quantile(ranked, q) for q in QUANTILES)])


def _ranked_quantile(ranked: np.ndarray, share: float) -> np.ndarray:
    """A quantile of values sorted along the last axis, linear between neighbours."""
    place = share * (ranked.shape[-1] - 1)
    below = int(place)
    low, high = ranked[..., below], ranked[..., min(below + 1, ranked.shape[-1] - 1)]
    result: np.ndarray = low + (high - low) * (place - below)
    return result


def _label_blocks(variable: xr.DataArray) -> Iterator[slice]:
    """Slices of the label axis; one label at a time once the runs are many."""
    per_label = variable.dtype.itemsize * int(np.prod(variable.shape)) // max(1, variable.shape[2])
    return _slices(variable.shape[2], BLOCK_BYTES // max(1, per_label))


def _time_blocks(variable: xr.DataArray) -> Iterator[slice]:
    """Slices of the time axis of one label."""
    tail = int(np.prod(variable.shape[3:])) if len(variable.shape) > 3 else 1
    per_time = variable.dtype.itemsize * variable.shape[0] * tail
    return _slices(variable.shape[1], BLOCK_BYTES // max(1, per_time))


def _slices(length: int, size: int) -> Iterator[slice]:
    size = max(1, size)
    return (slice(first, min(first + size, length)) for first in range(0, length, size))


def summary_table(summary: xr.Dataset, watched: Collection[str]) -> pd.DataFrame:
    """The summary as a tidy table: a row for each month, pair and domain.

    Where that would be too many rows for a spreadsheet, pairs that are not watched have rows for
    the start and the end alone.
    """
    frames = []
    if summary["overall"][0].size > MOST_ROWS:
        summary = _thinned(summary, watched)
    for name, label in (("overall", "pair"), ("cooperation", "watched")):
        if name not in summary:
            continue
        wide = summary[name].to_series().unstack("statistic").reset_index()
        wide = wide.rename(columns={label: "pair"})
        if name == "overall":
            wide["domain"] = "overall"
        frames.append(wide)
    table = pd.concat(frames, ignore_index=True).dropna()
    table["month"] = table["time"].dt.strftime("%Y-%m")
    return table[["month", "pair", "domain", *statistic_names()]]


def _thinned(summary: xr.Dataset, watched: Collection[str]) -> xr.Dataset:
    """The summary with blanks between start and end for pairs that are not watched."""
    overall = summary["overall"]
    ends = overall["time"].isin(overall["time"].values[[0, -1]])
    return summary.assign(overall=overall.where(overall["pair"].isin(list(watched)) | ends))


def event_table(ensemble: Ensemble, block: int = 1024) -> pd.DataFrame:
    """How many runs each event happened in, by month; months without any are left out."""
    fired = ensemble.data["fired"]
    counts = np.zeros(fired.shape[1:], dtype=np.int64)
    for first in range(0, ensemble.runs, block):
        counts += (fired[first : first + block].values > 0).sum(axis=0)
    steps, events = np.nonzero(counts)
    months = pd.DatetimeIndex(fired["step"].values).strftime("%Y-%m")
    names = [str(name) for name in fired["event"].values]
    rows = {
        "month": months[steps],
        "event": [names[event] for event in events],
        "label": [ensemble.scenario.events[names[event]].label or names[event] for event in events],
        "runs": counts[steps, events],
        "share": counts[steps, events] / ensemble.runs,
    }
    return pd.DataFrame(rows)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """A table as CSV, numbers to six digits."""
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
