"""The schema as a guide through trees: what may stand at each place, whatever else is wrong there.

pydantic types a tree as a whole or not at all. With the same annotations, this module finds the
parts, ties, numbers and names of a tree that it could not type.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, cast, get_args, get_origin

from pydantic import Tag
from pydantic_core import PydanticCustomError

from relsim.scenario import schema
from relsim.scenario.names import NameOf, NumberRef, TieRef
from relsim.scenario.tree import Items, Node, Scalar, TreePath, child, is_null, plain
from relsim.scenario.tree import Mapping as Map
from relsim.scenario.values import DISTRIBUTIONS, Bounds, Part
from relsim.words import with_a

AnyPart = TypeVar("AnyPart", bound=Part)


@dataclass(frozen=True)
class Shape:
    """What may stand at a place.

    Attributes:
        parts: the models of a map with fixed keys, by the key that tells them apart; by "" the
            model that needs no such key.
        keys, values: shapes of the keys and the values of a map from names.
        items: shape of the items of a list.
        read: gives the value of what is written; raises an error where it is not right.
        refers: whether the value refers to another part of the file, as a tie, a number or a name.
        name: of a name, what kind of thing it names.
    """

    parts: Mapping[str, type[Part]] = field(default_factory=dict)
    keys: Shape | None = None
    values: Shape | None = None
    items: Shape | None = None
    read: Callable[[Any], Any] | None = None
    refers: bool = False
    name: NameOf | None = None

    def part(self, node: Node | None) -> type[Part] | None:
        """The model of what is written there."""
        if "" in self.parts:
            return self.parts[""]
        written = node.entries if isinstance(node, Map) else {}
        parts = [part for key, part in self.parts.items() if key in written]
        return parts[0] if len(parts) == 1 else None

    def below(self, step: str | int, node: Node | None) -> Shape:
        """What may stand one step down."""
        part = self.part(node)
        inside = fields_of(part).get(str(step)) if part is not None else self.values or self.items
        return inside or Shape()

    def leads_on(self, node: Node) -> bool:
        """Whether there is anything to find at a node or below it."""
        return self.refers or not isinstance(node, Scalar)

    def sound(self, node: Node) -> Any:
        """The value of a node; None where it is broken, or not a single value."""
        try:
            return self.read(plain(node)) if self.read is not None else None
        except PydanticCustomError:
            return None

    def references(self, node: Node, path: TreePath, *, is_key: bool) -> Iterator[Reference]:
        """What a value or a key refers to, if it can be read."""
        value = self.sound(node)
        if isinstance(value, TieRef | NumberRef):
            yield Reference(value, path, is_key)
        elif self.name is not None and value not in (None, self.name.besides):
            yield Reference((self.name.kind, value), path, is_key)


class WrittenPart(NamedTuple):
    """A map in a tree, with the part that the schema has there; the map may be broken."""

    model: type[Part]
    node: Map
    path: TreePath


class Reference(NamedTuple):
    """Something that the value at a path refers to, or (with ``is_key``) the last key of the path.

    That is a tie, a number, or a name with the kind of what it names, as in ("state", "PAK").
    """

    value: TieRef | NumberRef | tuple[str, str]
    path: TreePath
    is_key: bool = False

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """The names in it, by kind."""
        return (self.value,) if isinstance(self.value, tuple) else self.value.names


@cache
def fields_of(part: type[Part]) -> dict[str, Shape]:
    """The shapes of the entries of a part, by key."""
    return {
        info.alias or name: _marked(_shape(info.annotation), info.metadata)
        for name, info in part.model_fields.items()
    }


def _shape(annotation: Any) -> Shape:
    arguments = get_args(annotation)
    match get_origin(annotation):
        case origin if origin is Annotated:
            return _marked(_shape(arguments[0]), arguments[1:])
        case origin if origin in (Union, types.UnionType):
            return _joined([_shape(argument) for argument in arguments])
        case origin if origin is dict:
            return Shape(keys=_shape(arguments[0]), values=_shape(arguments[1]))
        case origin if origin is list:
            return Shape(items=_shape(arguments[0]))
        case origin if origin is Literal:
            return Shape(read=lambda raw: raw if raw in arguments else None)
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return Shape(parts={"": annotation})
    if annotation in (str, int, float, bool):
        return Shape(read=lambda raw: raw if isinstance(raw, annotation) else None)
    is_reference = annotation in (TieRef, NumberRef)
    return Shape(read=getattr(annotation, "read", None), refers=is_reference)


def _joined(shapes: list[Shape]) -> Shape:
    """The shape of a place where any of several shapes may stand."""
    parts = {key: part for shape in shapes for key, part in shape.parts.items()}
    first = {
        name: next((getattr(s, name) for s in shapes if getattr(s, name) is not None), None)
        for name in ("keys", "values", "items", "read", "name")
    }
    return Shape(parts, refers=any(shape.refers for shape in shapes), **first)


def _marked(shape: Shape, marks: Any) -> Shape:
    """A shape with what the marks of an annotation say of it."""
    for mark in marks:
        match mark:
            case NameOf():
                shape = replace(shape, name=mark, refers=True)
            case Bounds():
                shape = replace(shape, read=mark.read)
            case Tag():
                shape = replace(shape, parts={mark.tag: shape.parts[""]})
    return shape


WHOLE = Shape(parts={"": schema.Scenario})


def shape_at(path: TreePath, tree: Node) -> Shape:
    """What may stand at a path."""
    shape = WHOLE
    for depth, step in enumerate(path):
        shape = shape.below(step, node_at(path[:depth], tree))
    return shape


def part_of(path: TreePath, tree: Node) -> tuple[type[Part] | None, str]:
    """The model that has the last step of a path as a key, and what messages call it."""
    shape, owner = shape_at(path[:-1], tree), node_at(path[:-1], tree)
    part = shape.part(owner)
    if part is None:
        return None, "this"
    kinds = [key for key, kind in shape.parts.items() if kind is part and key]
    words = kinds[0] if kinds else re.sub(r"(?<!^)([A-Z])", r" \1", part.__name__).lower()
    return part, _CALLED.get(part, with_a(words))


# What parts are called that are no "tie interest" or "event", as their classes are.
_CALLED: dict[type[Part], str] = {
    schema.Time: "time",
    schema.EnsembleSettings: "ensemble",
    schema.Interests: "a reference",
    schema.Traits: "traits",
    schema.Parameters: "parameters",
}


def node_at(path: TreePath, tree: Node) -> Node | None:
    """What is written at a path."""
    node: Node | None = tree
    for step in path:
        node = child(node, step)
    return node


def walk(
    node: Node, shape: Shape = WHOLE, path: TreePath = (), known: Node | None = None
) -> Iterator[WrittenPart | Reference]:
    """Every part of a tree, and everything in it that refers to other parts.

    Args:
        node: the tree, or what is at a path of it.
        shape: what may stand there.
        path: where it is.
        known: what is there in another tree, of which nothing is told again where both are the
            same.
    """
    part = shape.part(node)
    if known is not None:
        if node is known:
            return
        if shape.part(known) is not part or (isinstance(known, Map) and is_uncertain(known)):
            known = None  # the same entry may mean another thing
    if isinstance(node, Map) and part is not None:
        yield WrittenPart(part, node, path)
        inside = fields_of(part)
        for key, value in node.entries.items():
            if key in inside and inside[key].leads_on(value):
                yield from walk(value, inside[key], (*path, key), child(known, key))
    elif isinstance(node, Map) and shape.values and shape.keys and not is_uncertain(node):
        for key, value in node.entries.items():
            same = child(known, key)
            if shape.keys.refers and same is None:
                name = Scalar(key, value.position)
                yield from shape.keys.references(name, (*path, key), is_key=True)
            if shape.values.leads_on(value):
                yield from walk(value, shape.values, (*path, key), same)
    elif isinstance(node, Items) and shape.items is not None:
        for index, item in enumerate(node.items):
            yield from walk(item, shape.items, (*path, index), child(known, index))
    elif shape.refers and isinstance(node, Scalar):
        yield from shape.references(node, path, is_key=False)


def is_uncertain(node: Map) -> bool:
    """Whether a map is an uncertain number, sound or not, rather than a map of numbers."""
    return len(node.entries) == 1 and next(iter(node.entries)) in DISTRIBUTIONS


def sound_part(part: type[AnyPart], node: Map) -> AnyPart | None:
    """A part made of those single values that are sound; None if it needs one that is not."""
    shapes, values = fields_of(part), {}
    for name, info in part.model_fields.items():
        written = node.entries.get(info.alias or name)
        if written is not None and not is_null(written):
            values[name] = shapes[info.alias or name].sound(written)
        if info.is_required() and values.get(name) is None:
            return None
    return cast(AnyPart, part.model_construct(set(values), **values))
