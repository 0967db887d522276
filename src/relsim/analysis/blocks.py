"""Recorded values in blocks of bounded size, so that an ensemble of any size can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

# Of recorded values worked on at once; ranking them takes three times that.
BLOCK_BYTES = 12 * 1024 * 1024
# Of recorded values of one label read at once. A store keeps all times of some runs together, so
# every reading opens it whole: with a million runs, 121 times are read in two goes, not in 40.
READ_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Block:
    """All runs of some labels at some times.

    Attributes:
        labels, times: places on their axes.
        values: of each array that was read, [runs, times, labels, ...].
    """

    labels: slice
    times: slice
    values: tuple[np.ndarray, ...]


def label_and_time_blocks(*arrays: xr.DataArray) -> Iterator[Block]:
    """Arrays alike (run, time, label, ...) in blocks that hold all runs.

    The times of some labels come in order, before the next labels; one label at a time once the
    runs are many.
    """
    levels = arrays[0]
    runs, times, labels = levels.shape[:3]
    value = max(1, levels.dtype.itemsize * int(np.prod(levels.shape[3:])) * runs)
    for chosen in _slices(labels, BLOCK_BYTES // (value * times)):
        for span in _slices(times, READ_BYTES // (value * len(arrays))):
            read = [np.asarray(one[:, span, chosen].values) for one in arrays]
            for part in _slices(span.stop - span.start, BLOCK_BYTES // value):
                place = slice(span.start + part.start, span.start + part.stop)
                yield Block(chosen, place, tuple(whole[:, part] for whole in read))


def run_blocks(runs: int, times: int) -> Iterator[slice]:
    """Places on the run axis, for some times of one pair in double precision."""
    return _slices(runs, BLOCK_BYTES // (8 * times))


def _slices(length: int, size: int) -> Iterator[slice]:
    size = max(1, size)
    return (slice(first, min(first + size, length)) for first in range(0, length, size))
