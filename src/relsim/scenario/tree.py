"""A YAML document as a tree that remembers where each part was written.

Inheritance and ``--set`` edit this tree, so that a problem found much later can still point
at the line a person has to change.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from relsim.errors import Position
from relsim.scenario.values import DISTRIBUTIONS

TreePath: TypeAlias = "tuple[str | int, ...]"


@dataclass(frozen=True)
class Scalar:
    """A single value."""

    value: str | int | float | bool | None
    position: Position


@dataclass(frozen=True)
class Items:
    """A YAML list."""

    items: tuple[Node, ...]
    position: Position


@dataclass(frozen=True)
class Mapping:
    """A YAML map; ``keys`` holds where each key was written."""

    entries: dict[str, Node]
    position: Position
    keys: dict[str, Position] = field(default_factory=dict)


Node: TypeAlias = "Scalar | Items | Mapping"

# A number standing where a map may stand means the map with this one key (scenario.md).
_SHORTHAND: tuple[tuple[tuple[str, ...], str], ...] = (
    (("ties", "*"), "overall"),
    (("states", "*", "ties", "*"), "weight"),
    (("reference", "*", "ties", "*"), "weight"),
    (("context", "*"), "start"),
    (("domains", "*"), "weight"),
)


def plain(node: Node) -> Any:
    """The tree as ordinary Python data."""
    match node:
        case Mapping():
            return {key: plain(value) for key, value in node.entries.items()}
        case Items():
            return [plain(item) for item in node.items]
        case Scalar():
            return node.value


def from_plain(data: Any, position: Position) -> Node:
    """Ordinary Python data as a tree whose every part is at ``position``."""
    if isinstance(data, dict):
        entries = {str(key): from_plain(value, position) for key, value in data.items()}
        return Mapping(entries, position, dict.fromkeys(entries, position))
    if isinstance(data, (list, tuple)):
        return Items(tuple(from_plain(item, position) for item in data), position)
    return Scalar(data, position)


def from_python(data: Any, path: TreePath = ()) -> Node:
    """Ordinary Python data as a tree; each part is named by its path, as in ``ties.PAK-RUS``.

    Raises:
        RecursionError: the data hold themselves.
    """
    position = Position.whole(".".join(map(str, path)) or "scenario")
    if isinstance(data, AnyMapping):
        named = {_key(key): part for key, part in data.items()}
        entries = {key: from_python(part, (*path, key)) for key, part in named.items()}
        return Mapping(entries, position, {key: part.position for key, part in entries.items()})
    if isinstance(data, (list, tuple)):
        parts = (from_python(part, (*path, index)) for index, part in enumerate(data))
        return Items(tuple(parts), position)
    return Scalar(data.item() if hasattr(data, "item") else data, position)  # a NumPy number


def _key(key: object) -> str:
    """A key as written; PyYAML reads the key `off` as False."""
    return "off" if key is False else str(key)


def child(node: Node | None, step: str | int) -> Node | None:
    """The part of ``node`` one step down, or None."""
    if isinstance(node, Mapping) and isinstance(step, str):
        return node.entries.get(step)
    if isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def entries_of(node: Node | None) -> dict[str, Node]:
    """The entries of a map; none of anything else."""
    return node.entries if isinstance(node, Mapping) else {}


def locate(root: Node, path: Sequence[str | int], *, key: bool = False) -> Position:
    """Where ``path`` stands, or the deepest part of it that exists.

    With ``key`` the position of the last key rather than of its value.
    """
    node, position = root, root.position
    for depth, step in enumerate(path):
        below = child(node, step)
        if below is None:
            break
        if isinstance(node, Mapping) and (key or not isinstance(below, Scalar)):
            last = depth == len(path) - 1
            position = node.keys.get(str(step), below.position) if last else below.position
        else:
            position = below.position
        node = below
    return position


def is_null(node: Node) -> bool:
    """Whether there is nothing behind a key."""
    return isinstance(node, Scalar) and node.value is None


def is_single(node: Node) -> bool:
    """Whether the node is one value: a scalar, or a distribution such as {uniform: [0, 1]}."""
    if isinstance(node, Mapping):
        kind, arguments = next(iter(node.entries.items()), ("", None))
        lone = len(node.entries) == 1 and isinstance(arguments, Items)
        return lone and kind in DISTRIBUTIONS
    return isinstance(node, Scalar) and node.value is not None


def open_shorthand(path: Sequence[str], node: Node) -> Node:
    """A number at a place where a map may stand, written out as that map."""
    if not is_single(node):
        return node
    key = _shorthand_key(path)
    return Mapping({key: node}, node.position, {key: node.position}) if key else node


def _shorthand_key(path: Sequence[str]) -> str:
    """The key that a lone number stands for at a place, or nothing."""
    for pattern, key in _SHORTHAND:
        if len(pattern) == len(path) and all(
            p in ("*", s) for p, s in zip(pattern, path, strict=True)
        ):
            return key
    return ""


def merge(base: Node, over: Node, path: tuple[str, ...] = ()) -> Node:
    """``over`` laid on ``base``: maps merge key by key, all else replaces, null removes."""
    if is_single(over):
        return _laid_on(base, over, path)
    base = open_shorthand(path, base)
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)) or is_single(base):
        return over
    entries, keys = dict(base.entries), dict(base.keys)
    for name, value in over.entries.items():
        inherited = entries.get(name)
        if inherited is not None and is_null(value):
            del entries[name], keys[name]
            continue
        entries[name] = value if inherited is None else merge(inherited, value, (*path, name))
        keys[name] = over.keys.get(name, value.position)
    return Mapping(entries, base.position, keys)


def _laid_on(base: Node, over: Node, path: Sequence[str]) -> Node:
    """A single value in place of ``base``; a lone weight keeps what else the map says of it."""
    key = _shorthand_key(path)
    if key == "weight" and is_single(over) and isinstance(base, Mapping) and not is_single(base):
        keys = {**base.keys, key: over.position}
        return Mapping({**base.entries, key: over}, base.position, keys)
    return over


def put(root: Mapping, path: Sequence[str], value: Node) -> Mapping:
    """``root`` with ``value`` at ``path``; maps on the way are made, null removes.

    Raises:
        KeyError: a step leads through a value that has no parts; carries the path so far.
    """
    edited = _put(root, tuple(path), value, ())
    assert isinstance(edited, Mapping)
    return edited


def _put(node: Node | None, path: tuple[str, ...], value: Node, done: tuple[str, ...]) -> Node:
    if not path:
        return value if node is None else _laid_on(node, value, done)
    step, rest = path[0], path[1:]
    if node is None or is_null(node):  # a state of which nothing is said has no parts yet
        node = Mapping({}, value.position)
    if is_single(node) and step in DISTRIBUTIONS:
        node = Mapping({}, value.position)
    node = open_shorthand(done, node)
    if isinstance(node, Items):
        if not step.isdecimal() or int(step) >= len(node.items):
            raise KeyError(".".join(done))
        items = list(node.items)
        items[int(step)] = _put(items[int(step)], rest, value, (*done, step))
        return Items(tuple(items), node.position)
    if not isinstance(node, Mapping):
        raise KeyError(".".join(done))
    entries, keys = dict(node.entries), dict(node.keys)
    if not rest and is_null(value):
        entries.pop(step, None)
        keys.pop(step, None)
    else:
        entries[step] = _put(entries.get(step), rest, value, (*done, step))
        keys.setdefault(step, value.position)
    return Mapping(entries, node.position, keys)


def without(node: Node, paths: set[TreePath], path: TreePath = ()) -> Node:
    """The tree less the parts at ``paths``."""
    if isinstance(node, Mapping):
        entries = {
            key: without(value, paths, (*path, key))
            for key, value in node.entries.items()
            if (*path, key) not in paths
        }
        return Mapping(entries, node.position, node.keys)
    if isinstance(node, Items):
        kept = tuple(
            without(item, paths, (*path, index))
            for index, item in enumerate(node.items)
            if (*path, index) not in paths
        )
        return Items(kept, node.position)
    return node
