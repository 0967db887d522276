"""Quantiles and events of an ensemble by month, as data and as tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from relsim.analysis.recorded import label_and_time_blocks
from relsim.ensemble.simulate import Ensemble
from relsim.errors import ResultsError
from relsim.stats import QUANTILE_NAMES, quantiles, share_estimate

STATISTICS = ("mean", "sd", "p_up", *QUANTILE_NAMES)
MOST_ROWS = 200_000  # a fifth of what spreadsheets open


def summarise(ensemble: Ensemble, pairs: Sequence[str] | None = None) -> xr.Dataset:
    """Quantiles and moments over the runs.

    Args:
        ensemble: what to summarise.
        pairs: overall cooperation of these pairs alone, as in ``["PAK-RUS"]``, in either order.

    Returns:
        ``overall`` (statistic, time, pair) and, where recorded, ``cooperation``
        (statistic, time, watched, domain). Statistics are ``mean``, ``sd``, ``p_up`` (share of
        runs above their own start) and the quantiles as ``q0.1`` and so on. Exact at any number
        of runs; read in blocks of bounded size.
    """
    data = ensemble.data
    if pairs is not None:
        names = ensemble.scenario.pair_names(pair.split("-") for pair in pairs)
        data = data[["overall"]].sel(pair=names)
    recorded = [name for name in ("overall", "cooperation") if name in data]
    return xr.Dataset({name: _summarise_variable(data[name]) for name in recorded})


def _summarise_variable(variable: xr.DataArray) -> xr.DataArray:
    result = np.empty((len(STATISTICS), *variable.shape[1:]), dtype=np.float32)
    start = np.empty(0)
    for block in label_and_time_blocks(variable):
        (values,) = block.values
        if block.times.start == 0:
            start = values[:, np.newaxis, 0].copy()
        mean = values.mean(axis=0, dtype=np.float64)
        spread = values.std(axis=0, dtype=np.float64)
        above = (values > start).mean(axis=0)
        result[:, block.times, block.labels] = [mean, spread, above, *quantiles(values)]
    return with_statistics(result, STATISTICS, variable)


def with_statistics(
    values: np.ndarray, names: Sequence[str], variable: xr.DataArray
) -> xr.DataArray:
    """Values [statistics, ...] labelled as the variable (run, ...) that they summarise."""
    coordinates = {name: variable.coords[name] for name in variable.dims[1:]}
    return xr.DataArray(
        values,
        dims=("statistic", *variable.dims[1:]),
        coords={"statistic": list(names), **coordinates},
    )


def summary_table(summary: xr.Dataset, watched: Collection[str]) -> pd.DataFrame:
    """The summary as a tidy table: a row for each month, pair and domain.

    Where that would be too many rows for a spreadsheet, pairs that are not watched have rows for
    the start and the end alone.
    """
    frames = []
    overall = summary["overall"]
    if overall[0].size > MOST_ROWS:
        ends = overall["time"].isin(overall["time"].values[[0, -1]])
        kept = overall["pair"].isin(list(watched)) | ends
        summary = summary.assign(overall=overall.where(kept))
    for name, label in (("overall", "pair"), ("cooperation", "watched")):
        if name not in summary:
            continue
        wide = summary[name].to_series().unstack("statistic").reset_index()
        wide = wide.rename(columns={label: "pair"})
        if name == "overall":
            wide["domain"] = "overall"
        frames.append(wide)
    table = pd.concat(frames, ignore_index=True).dropna()
    table["month"] = months_of(table["time"].to_numpy())
    return table[["month", "pair", "domain", *STATISTICS]]


def event_table(ensemble: Ensemble, block: int = 1024) -> pd.DataFrame:
    """How many runs each event happened in, by month; months without any are left out."""
    fired = ensemble.data["fired"]
    counts = np.zeros(fired.shape[1:], dtype=np.int64)
    for first in range(0, ensemble.runs, block):
        happened = fired[first : first + block].values > 0
        counts += happened.sum(axis=0, dtype=np.uint16)  # which holds a block, and is quick
    steps, events = np.nonzero(counts)
    months = months_of(fired["step"].values)
    names = [str(name) for name in fired["event"].values]
    labels = [ensemble.scenario.events[name].label or name for name in names]
    rows = {
        "month": months[steps],
        "event": [names[event] for event in events],
        "label": [labels[event] for event in events],
        "runs": counts[steps, events],
        "share": counts[steps, events] / ensemble.runs,
    }
    return pd.DataFrame(rows)


def how_often(ensemble: Ensemble, block: int = 1024) -> pd.DataFrame:
    """How often each event happens in a run, and when first: a row for each, in the file's order.

    Events that are off are left out.

    Returns:
        event, label, runs in which it happens, their share with its 95 % interval (share,
        share_low, share_high), mean_times (in how many steps it happens, mean over all runs), and
        the middle half of the months of its first time among the runs in which it happens
        (first25, first75; empty where it never does).
    """
    fired = ensemble.data["fired"]
    months = months_of(fired["step"].values)
    steps = np.zeros(fired.sizes["event"], dtype=np.int64)
    firsts = np.zeros((fired.sizes["step"], fired.sizes["event"]), dtype=np.int64)
    for start in range(0, ensemble.runs, block):
        happened = fired[start : start + block].values > 0
        steps += happened.sum(axis=(0, 1))
        runs, events = np.nonzero(happened.any(axis=1))
        np.add.at(firsts, (happened.argmax(axis=1)[runs, events], events), 1)
    rows = []
    for event, name in enumerate(map(str, fired["event"].values)):
        if ensemble.scenario.events[name].off:
            continue
        times, runs_with = firsts[:, event].cumsum(), int(firsts[:, event].sum())
        share = share_estimate(runs_with, ensemble.runs)
        middle = [months[np.searchsorted(times, part * runs_with)] for part in (0.25, 0.75)]
        rows.append(
            {
                "event": name,
                "label": ensemble.scenario.events[name].label or name,
                "runs": runs_with,
                **dict(zip(("share", "share_low", "share_high"), share, strict=True)),
                "mean_times": steps[event] / ensemble.runs,
                "first25": middle[0] if runs_with else "",
                "first75": middle[1] if runs_with else "",
            }
        )
    columns = ["event", "label", "runs", "share", "share_low", "share_high", "mean_times"]
    return pd.DataFrame(rows, columns=[*columns, "first25", "first75"])


def months_of(times: np.ndarray) -> np.ndarray:
    """Times as months, as in ``2020-07``; years have four digits whatever the platform."""
    return np.datetime_as_string(times, unit="M").astype(object)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Writes a table as CSV, numbers to six digits."""
    # Formatted here: pandas takes twice as long over its own float_format.
    written = {
        str(name): ["" if value != value else f"{value:.6g}" for value in column.tolist()]
        for name, column in table.items()
        if column.dtype.kind == "f"
    }
    table.assign(**written).to_csv(path, index=False, lineterminator="\n")


def save_table(table: pd.DataFrame, file: Path) -> None:
    """Writes a table as CSV to a file that a user names, in a new folder if need be.

    Raises:
        ResultsError: the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_table(table, file)
    except OSError as error:
        raise ResultsError(f"{file} cannot be written: {error.strerror}.") from error
