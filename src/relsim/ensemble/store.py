"""An ensemble on disk: a Zarr store that xarray opens, one shard per chunk of runs.

A shard is one file that holds the runs of a chunk; inside, pairs are compressed a few at a time,
so that reading one pair of a million runs does not read the others.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from zarr.codecs import BloscCodec

from relsim.ensemble.chunks import Chunk, runs_per_chunk
from relsim.ensemble.record import Axes, RecordLevel, Variable, axes, variables
from relsim.errors import ResultsError
from relsim.model.plan import Compiled

ALONE = {"pair", "watched", "direction", "side"}  # axes that are read a few labels at a time
# As small as Zarr's default on these numbers, in a third of its time; bytes are shuffled first.
COMPRESSION = BloscCodec(cname="lz4", clevel=3, shuffle="shuffle")
# Four pairs of 120 months in a shard of 256 runs: every chunk costs Zarr half a millisecond.
CHUNK_BYTES = 512 * 1024


def create_store(
    path: Path, compiled: Compiled, runs: int, seed: int, record: RecordLevel, thin: int = 1
) -> dict[str, Any]:
    """A new store with its labels, and its empty arrays by variable."""
    group = zarr.open_group(path, mode="w-", zarr_format=3, attributes={"seed": seed})
    wanted = variables(compiled, record, thin)
    used = {dim for variable in wanted.values() for dim in variable.dims}
    _write_labels(group, axes(compiled, record, thin), used - {"run"}, runs)
    size = runs_per_chunk(compiled, record, thin)
    return {name: _array(group, name, wanted[name], runs, size) for name in wanted}


def reopen_store(
    path: Path, compiled: Compiled, runs: int, record: RecordLevel, thin: int = 1
) -> dict[str, Any] | None:
    """The arrays of a store that is not finished; None where they are not those of the question."""
    for left in path.rglob("*.partial"):  # Zarr's own, of a write that was cut off
        left.unlink(missing_ok=True)
    size, found = runs_per_chunk(compiled, record, thin), {}
    try:
        group = zarr.open_group(path, mode="r+")
        for name, variable in variables(compiled, record, thin).items():
            array: Any = group[name]
            if (array.shape, array.dtype) != ((runs, *variable.shape), variable.dtype):
                return None
            if array.shards is None or array.shards[0] != size:
                return None
            found[name] = array
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found


def clear_chunk(path: Path, arrays: Mapping[str, Any], chunk: Chunk) -> None:
    """Removes what is stored of a chunk, whole or broken, so that it can be written afresh."""
    for name, array in arrays.items():
        number = chunk.first // array.shards[0]
        shutil.rmtree(path / name / "c" / str(number), ignore_errors=True)


def _write_labels(group: zarr.Group, labels: Axes, used: set[str], runs: int) -> None:
    for name in sorted(used):
        values = getattr(labels, name)
        attributes: dict[str, Any] = {}
        if isinstance(values, np.ndarray):
            days = values.astype("datetime64[D]").astype(np.int64)
            values, attributes = days, {"units": "days since 1970-01-01", "calendar": "standard"}
        else:
            values = np.array(values, dtype=np.dtypes.StringDType())
        group.create_array(name, data=values, dimension_names=(name,), attributes=attributes)
    group.create_array("run", data=np.arange(runs, dtype=np.int64), dimension_names=("run",))


def _array(group: zarr.Group, name: str, variable: Variable, runs: int, size: int) -> Any:
    """An empty array: shards of ``size`` runs, in them chunks of a few labels."""
    labels = _labels_per_chunk(variable, size)
    chunk, shard = [size], [size]
    for dim, length in zip(variable.dims[1:], variable.shape, strict=True):
        length = max(1, length)
        piece = min(labels, length) if dim in ALONE else length
        chunk.append(piece)
        shard.append(math.ceil(length / piece) * piece)
    return group.create_array(
        name,
        shape=(runs, *variable.shape),
        dtype=variable.dtype,
        chunks=tuple(chunk),
        shards=tuple(shard),
        compressors=COMPRESSION,
        dimension_names=variable.dims,
        attributes={"long_name": variable.about},
        fill_value=0,
    )


def _labels_per_chunk(variable: Variable, size: int) -> int:
    """How many labels share a chunk, so that chunks are neither many nor large."""
    axes_and_lengths = zip(variable.dims[1:], variable.shape, strict=True)
    labels = [length for dim, length in axes_and_lengths if dim in ALONE]
    per_label = size * variable.bytes_per_run // max(1, *labels, 1)
    return max(1, CHUNK_BYTES // max(1, per_label))


def open_store(path: Path) -> xr.Dataset:
    """The labelled arrays of a store, read when used.

    Raises:
        ResultsError: there is no store, it is not one of ours, or its labels cannot be read.
    """
    try:
        data: xr.Dataset = xr.open_zarr(path, consolidated=False, chunks=None)
    except Exception as error:  # decoders raise all sorts of errors on broken bytes
        damaged = ", ".join(_damaged_arrays(path))
        where = f" Damaged arrays: {damaged}." if damaged else ""
        said = f"{path} is not a readable ensemble: {error}.{where}"
        raise ResultsError(f"{said} relsim run --force makes it anew.") from error
    return data


def _damaged_arrays(path: Path) -> list[str]:
    """The labels that cannot be read, and whatever has no axes."""
    return sorted(place.name for place in path.glob("*/") if not _reads(path, place.name))


def _reads(path: Path, name: str) -> bool:
    try:
        array: Any = zarr.open_array(path / name, mode="r")
        has_axes = bool(array.metadata.dimension_names)
        return has_axes and (array.ndim != 1 or array[:] is not None)
    except Exception:  # as above
        return False
