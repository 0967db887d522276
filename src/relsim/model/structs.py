"""Structs of arrays, each described by one table: its class body, with a line for every field.

A compiled function receives a struct as one pointer and reads its fields by name (see
:mod:`relsim.model.compilation`), so that passing it on costs nothing, however many fields it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from relsim.scenario.values import Bounds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AnyStruct = TypeVar("AnyStruct", bound="Struct")


@dataclass(frozen=True)
class Field:
    """A line of the table.

    Attributes:
        dtype: of the array or the number.
        axes: names of the axes, as in ``("N", "N", "D")``; None for a single number.
        bounds: of a number of the model, where it has any.
    """

    dtype: type[np.generic]
    axes: tuple[str, ...] | None
    bounds: Bounds | None = None


def floats(axes: str, bounds: Bounds | None = None) -> Floats:
    """An array of float64 with the axes of that name, as in ``"N N D"``."""
    return cast(Floats, Field(np.float64, tuple(axes.split()), bounds))


def ints(axes: str) -> Ints:
    """An array of int64."""
    return cast(Ints, Field(np.int64, tuple(axes.split())))


def array_of(dtype: type[np.generic], axes: str) -> NDArray[Any]:
    """An array of another type."""
    return cast(NDArray[Any], Field(dtype, tuple(axes.split())))


def number(dtype: type[np.generic]) -> Any:
    """A single number."""
    return Field(dtype, None)


class Struct:
    """Named arrays and numbers, immutable as a whole; the arrays are filled in place.

    With ``lanes=True`` in the class statement, every array ends with one more axis than the table
    says: the runs that are simulated side by side.
    """

    fields: ClassVar[Mapping[str, Field]]
    lanes: ClassVar[bool]

    def __init_subclass__(cls, *, lanes: bool = False) -> None:
        cls.lanes = lanes
        cls.fields = {name: line for name, line in vars(cls).items() if isinstance(line, Field)}

    def __init__(self, **values: Any) -> None:
        if values.keys() != self.fields.keys():
            odd = ", ".join(sorted(values.keys() ^ self.fields.keys()))
            raise TypeError(f"{type(self).__name__} lacks a field or has one too many: {odd}")
        vars(self).update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be replaced; fill the array, or use replace()")

    def __getstate__(self) -> dict[str, Any]:
        return self.arrays()

    def __setstate__(self, values: dict[str, Any]) -> None:
        vars(self).update(values)

    @classmethod
    def shape(cls, name: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """The shape of an array, from the lengths of the axes. Where ``sizes`` has no ``L``, the
        axis of lanes is left out."""
        end = (sizes["L"],) if cls.lanes and "L" in sizes else ()
        return (*(sizes[axis] for axis in cls.fields[name].axes or ()), *end)

    @classmethod
    def zeros(cls: type[AnyStruct], sizes: Mapping[str, int], **given: Any) -> AnyStruct:
        """A struct of zeros, save for the fields that are given."""
        rest = {name: field for name, field in cls.fields.items() if name not in given}
        return cls(**{n: np.zeros(cls.shape(n, sizes), f.dtype) for n, f in rest.items()}, **given)

    def arrays(self) -> dict[str, Any]:
        """Every field by name."""
        return {name: getattr(self, name) for name in self.fields}

    def replace(self: AnyStruct, **changes: Any) -> AnyStruct:
        """The same with some fields replaced."""
        return type(self)(**(self.arrays() | changes))

    def lane(self: AnyStruct, index: int) -> AnyStruct:
        """One run, as views without the axis of lanes."""
        return type(self)(**{name: array[..., index] for name, array in self.arrays().items()})

    @property
    def address(self) -> int:
        """The address of the words that compiled functions read. An array has its address and its
        shape there, a number its bits."""
        words = vars(self).get("_words")
        if words is None:
            each = [self._field_words(name, field) for name, field in self.fields.items()]
            words = vars(self)["_words"] = np.concatenate(each)
        return int(words.ctypes.data)

    def _field_words(self, name: str, field: Field) -> Ints:
        value = getattr(self, name)
        if field.axes is None:
            return np.array([value], field.dtype).view(np.int64)
        axes = len(field.axes) + self.lanes
        if value.dtype != field.dtype or value.ndim != axes or not value.flags.c_contiguous:
            raise TypeError(f"{name} must be a contiguous {field.dtype.__name__} of {axes} axes")
        return np.array([value.ctypes.data, *value.shape], np.int64)
