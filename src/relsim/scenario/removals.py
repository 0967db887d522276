"""Removals of what is not there: slips, where null (or an empty --set) names nothing."""

from __future__ import annotations

from collections.abc import Iterator

from relsim.errors import Position, Problem, did_you_mean
from relsim.scenario.tree import Items, Mapping, Node, Path, Scalar, child, is_single
from relsim.scenario.validation import keys_at


def nothing_to_remove(tree: Mapping, path: Path, position: Position) -> Problem | None:
    """A problem where nothing stands at a path to be removed.

    A key of the format that is not written has its default, and may be removed as well.
    """
    path, owner = _followed(tree, path)
    known = keys_at(path, tree)
    here = list(owner.entries) if isinstance(owner, Mapping) and not is_single(owner) else []
    if path[-1] in known or path[-1] in here or isinstance(owner, Items):
        return None
    hint = did_you_mean(str(path[-1]), [*here, *(key for key in known if key not in here)])
    if path[:-1] == ("states",):
        hint = f"{hint} A state of which nothing is said is {path[-1]}: {{}}.".strip()
    text = f"There is no {'.'.join(str(step) for step in path)} to remove."
    return Problem(position, "nothing-to-remove", text, hint)


def _followed(tree: Mapping, path: Path) -> tuple[Path, Node | None]:
    """A path with places in lists as numbers, and the node that its last step is a part of."""
    node: Node | None = tree
    steps: list[str | int] = []
    for step in path[:-1]:
        inside_a_list = isinstance(node, Items) and str(step).isdecimal()
        steps.append(int(step) if inside_a_list else step)
        node = child(node, steps[-1]) if node is not None else None
    return (*steps, path[-1]), node


def idle_removals(base: Mapping, over: Mapping, path: Path = ()) -> Iterator[tuple[Path, Problem]]:
    """The nulls of a variant that remove nothing from its base, with their paths."""
    if path == ("states",) and not isinstance(base.entries.get("states"), Mapping):
        return  # the first states, of some of which nothing is said
    for key, value in over.entries.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            yield from idle_removals(base, value, here)
        elif isinstance(value, Scalar) and value.value is None:
            problem = nothing_to_remove(base, here, over.keys.get(key, value.position))
            if problem is not None:
                yield here, problem
