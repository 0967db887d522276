"""An ensemble on disk: a Zarr store that xarray opens, one shard per chunk of runs.

A shard is one file that holds the runs of a chunk; inside, pairs are compressed a few at a time,
so that reading one pair of a million runs does not read the others. Every shard is written,
whatever is in it, and each part of it has a checksum: what is missing or broken is never read as
numbers.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing
from zarr.codecs import BloscCodec, Crc32cCodec

from relsim.ensemble.chunks import Chunk, runs_per_chunk
from relsim.ensemble.record import (
    RecordLevel,
    Variable,
    axes,
    coordinates,
    variables,
)
from relsim.errors import DamagedError
from relsim.model.plan import Compiled

ALONE = {"pair", "watched", "direction", "side"}  # axes that are read a few labels at a time
# As small as Zarr's default on these numbers, in a third of its time; bytes are shuffled first.
COMPRESSION = (BloscCodec(cname="lz4", clevel=3, shuffle="shuffle"), Crc32cCodec())
WRITES_ALL = {"array.write_empty_chunks": True}  # also what holds nothing but fill values
DAYS = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
MAKES_ANEW = "relsim run FILE --force makes it anew."
# Four pairs of 120 months in a shard of 256 runs: every chunk costs Zarr half a millisecond.
CHUNK_BYTES = 512 * 1024


def create_store(
    path: Path, compiled: Compiled, runs: int, seed: int, record: RecordLevel, thin: int = 1
) -> dict[str, Any]:
    """A new store with its labels, and its empty arrays by variable."""
    group = zarr.open_group(path, mode="w-", zarr_format=3, attributes={"seed": seed})
    wanted = variables(compiled, record, thin)
    used = {dim for variable in wanted.values() for dim in variable.dims}
    size = runs_per_chunk(compiled, record, thin)
    with zarr.config.set(WRITES_ALL):
        labels = axes(compiled, record, thin)
        for name in sorted(used - {"run"}):
            values = getattr(labels, name)
            attributes: dict[str, Any] = {}
            if isinstance(values, np.ndarray):
                values, attributes = values.astype("datetime64[D]").astype(np.int64), DAYS
            else:
                values = np.array(values, dtype=np.dtypes.StringDType())
            group.create_array(name, data=values, dimension_names=(name,), attributes=attributes)
        numbers = np.arange(runs, dtype=np.int64)
        group.create_array("run", data=numbers, dimension_names=("run",))
        return {name: _array(group, name, wanted[name], runs, size) for name in wanted}


def reopen_store(
    path: Path, compiled: Compiled, runs: int, record: RecordLevel, thin: int = 1
) -> dict[str, Any] | None:
    """The arrays of a store that is not finished; None where they are not those of the question."""
    for left in path.rglob("*.partial"):  # Zarr's own, of a write that was cut off
        left.unlink(missing_ok=True)
    size, arrays = runs_per_chunk(compiled, record, thin), {}
    try:
        for name, variable in variables(compiled, record, thin).items():
            with zarr.config.set(WRITES_ALL):
                array: Any = zarr.open_array(path / name, mode="r+")
            if (array.shape, array.dtype) != ((runs, *variable.shape), variable.dtype):
                return None
            if array.shards is None or array.shards[0] != size:
                return None
            if not np.array_equal(array.fill_value, variable.missing, equal_nan=True):
                return None
            arrays[name] = array
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return arrays


def clear_chunk(path: Path, arrays: Mapping[str, Any], chunk: Chunk) -> None:
    """Removes what is stored of a chunk, whole or broken, so that it can be written afresh."""
    for name, array in arrays.items():
        number = chunk.first // array.shards[0]
        shutil.rmtree(path / name / "c" / str(number), ignore_errors=True)


def _array(group: zarr.Group, name: str, variable: Variable, runs: int, size: int) -> Any:
    """An empty array: shards of ``size`` runs, in them chunks of a few labels."""
    axes_and_lengths = list(zip(variable.dims[1:], variable.shape, strict=True))
    # So many labels share a chunk that chunks are neither many nor large.
    most = max([1, *(length for dim, length in axes_and_lengths if dim in ALONE)])
    labels = max(1, CHUNK_BYTES // max(1, size * variable.bytes_per_run // most))
    chunk, shard = [size], [size]
    for dim, length in axes_and_lengths:
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
        fill_value=variable.missing,
    )


@dataclass(frozen=True)
class Layout:
    """What a store of an ensemble has to hold.

    Attributes:
        arrays: recorded, by name.
        labels: of every axis.
    """

    arrays: Mapping[str, Variable]
    labels: Mapping[str, NDArray[Any]]

    @classmethod
    def of(cls, compiled: Compiled, runs: int, record: RecordLevel, thin: int = 1) -> Layout:
        """That of an ensemble of a scenario."""
        arrays = variables(compiled, record, thin)
        return cls(arrays, coordinates(compiled, record, runs, thin))


def open_store(path: Path, layout: Layout | None = None, remedy: str = MAKES_ANEW) -> xr.Dataset:
    """The labelled arrays of a store, read when used.

    Args:
        path: the store.
        layout: what it has to hold; not looked at where absent.
        remedy: a sentence on how it is made anew, for errors.

    Raises:
        DamagedError: there is no store, something of it is missing, or it holds something else.
            Also later, when values are read that are not as they were written.
    """
    if not path.is_dir():
        raise DamagedError(f"{path} is not a readable ensemble: it is not there. {remedy}")
    data: xr.Dataset = xr.open_dataset(path, engine=_Reader, remedy=remedy)
    if layout is not None and (unlike := _unlike(data, layout)):
        raise DamagedError(f"{path} is damaged: {unlike} {remedy}")
    return data


class _Reader(BackendEntrypoint):
    """Opens stores of ensembles for xarray: months of any year, and nothing that is missing."""

    def open_dataset(
        self, filename_or_obj: Any, *, drop_variables: Any = None, remedy: str = MAKES_ANEW
    ) -> xr.Dataset:
        """Every array of a store, labels read and all else unread."""
        path = Path(filename_or_obj)
        names = sorted(entry.name for entry in os.scandir(path) if entry.is_dir())
        try:
            attributes = zarr.open_group(path, mode="r").attrs.asdict()
        except Exception as error:  # zarr raises all sorts of errors on broken metadata
            raise DamagedError(f"{path} is damaged: zarr.json cannot be read. {remedy}") from error
        content = {name: _opened(path, name, remedy) for name in names}
        labels = {name: array for name, array in content.items() if array.dims == (name,)}
        return xr.Dataset(
            {name: content[name] for name in names if name not in labels}, labels, attributes
        )


def _opened(path: Path, name: str, remedy: str) -> xr.Variable:
    """One array of a store.

    Raises:
        DamagedError: it cannot be read, or a file of it is missing.
    """
    try:
        array: Any = zarr.open_array(path / name, mode="r")
        dims = tuple(array.metadata.dimension_names)
        files = list(_files(array))
    except Exception as error:  # zarr raises all sorts of errors on broken metadata
        raise DamagedError(f"{path} is damaged: {name} cannot be read. {remedy}") from error
    absent = [file for file in files if not (path / name / file).is_file()]
    if absent:
        count = "a file" if len(absent) == 1 else f"{len(absent):,} files"
        missing = (
            f"{count} of {name} {'is' if len(absent) == 1 else 'are'} missing ({name}/{absent[0]})."
        )
        raise DamagedError(f"{path} is damaged: {missing} {remedy}")
    stored = _Stored(array, f"{path} is damaged: {name} cannot be read. {remedy}")
    if dims != (name,):
        return xr.Variable(dims, indexing.LazilyIndexedArray(stored), array.attrs.asdict())
    values = stored.read((slice(None),))
    if array.attrs.asdict() == DAYS:
        values = values.astype("datetime64[D]").astype("datetime64[s]")
    return xr.Variable(dims, values.astype(object) if values.dtype.kind == "T" else values)


def _files(array: Any) -> Iterator[str]:
    """Where the parts of an array lie, in its folder."""
    parts = array.shards or array.chunks
    counts = [math.ceil(length / part) for length, part in zip(array.shape, parts, strict=True)]
    for index in product(*(range(count) for count in counts)):
        yield "/".join(["c", *map(str, index)])


class _Stored(BackendArray):
    """An array that xarray reads when it is used; broken bytes are said to be damage."""

    def __init__(self, array: Any, damage: str) -> None:
        self.shape, self.dtype = array.shape, array.dtype
        self._array, self._damage = array, damage

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        support = indexing.IndexingSupport.OUTER
        return indexing.explicit_indexing_adapter(key, self.shape, support, self.read)

    def read(self, key: tuple[Any, ...]) -> Any:
        """Some of the values.

        Raises:
            DamagedError: they are not as they were written.
        """
        try:
            return np.asarray(self._array.oindex[key])
        except Exception as error:  # decoders raise all sorts of errors on broken bytes
            raise DamagedError(self._damage) from error


def _unlike(data: xr.Dataset, layout: Layout) -> str:
    """The first array that is missing, too many, of another form or, of labels, with other
    values; empty where all is as it has to be."""
    runs, expected = len(layout.labels["run"]), layout.arrays.keys() | layout.labels.keys()
    for name in sorted(expected | set(map(str, data.variables))):
        if name not in expected:
            return f"{name} was not written by relsim."
        if name not in data.variables:
            return f"{name} is missing."
        if name in layout.labels:
            pairs = zip_longest(data[name].values, layout.labels[name], fillvalue="")
            for index, pair in enumerate(pairs):
                label, wanted = map(label_text, pair)
                if label != wanted:
                    return f"Number {index} on {name} is {label!r}, should be {wanted!r}."
            continue
        stored, variable = data.variables[name], layout.arrays[name]
        if stored.dims != variable.dims:
            return f"{name} is not on the axes that it was written on."
        if (stored.shape, stored.dtype) != ((runs, *variable.shape), variable.dtype):
            return f"{name} does not have the size and type that it was written with."
    return ""


def label_text(value: Any) -> str:
    """A label in words; a time as its month where it is the first day of one."""
    if isinstance(value, np.datetime64):
        return str(np.datetime_as_string(value, unit="D")).removesuffix("-01")
    return str(value)
