"""Recorded values in blocks of bounded size, so that an ensemble of any size can be read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

# Of recorded values read at once; ranking them takes three times that.
BLOCK_BYTES = 12 * 1024 * 1024


def label_and_time_blocks(levels: xr.DataArray) -> Iterator[tuple[slice, slice]]:
    """Places on the label and time axes of levels (run, time, label, ...) that hold all runs.

    The times of some labels come in order, before the next labels; one label at a time once the
    runs are many.
    """
    runs, times, labels = levels.shape[:3]
    value = levels.dtype.itemsize * int(np.prod(levels.shape[3:]))
    for chosen in _slices(labels, BLOCK_BYTES // max(1, value * runs * times)):
        for span in _slices(times, BLOCK_BYTES // max(1, value * runs)):
            yield chosen, span


def run_blocks(runs: int, times: int) -> Iterator[slice]:
    """Places on the run axis, for some times of one pair in double precision."""
    return _slices(runs, BLOCK_BYTES // (8 * times))


def _slices(length: int, size: int) -> Iterator[slice]:
    size = max(1, size)
    return (slice(first, min(first + size, length)) for first in range(0, length, size))
