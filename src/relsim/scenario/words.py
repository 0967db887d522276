"""The words of a scenario's tree, with white space as it is read."""

from __future__ import annotations

from relsim.scenario.characters import one_line, paragraphs
from relsim.scenario.tree import Items, Mapping, Node, Scalar

_TITLES = frozenset({"name", "label", "says", "minus", "plus", "sources"})


def with_read_words(tree: Mapping) -> Mapping:
    """The tree with its texts for readers as the typed scenario has them.

    So what is written out, compared and shown of the tree is what the figures say.
    """
    entries = {key: _read(key, value) for key, value in tree.entries.items()}
    return Mapping(entries, tree.position, tree.keys)


def _read(key: str, node: Node) -> Node:
    match node:
        case Mapping():
            return with_read_words(node)
        case Items():
            return Items(tuple(_read(key, item) for item in node.items), node.position)
        case Scalar(str(text)) if key in _TITLES:
            return Scalar(one_line(text), node.position)
        case Scalar(str(text)) if key == "about":
            return Scalar(paragraphs(text), node.position)
    return node
