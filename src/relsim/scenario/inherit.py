"""Inheritance: a variant says what differs from the file it `extends`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from relsim.errors import Position, Problem, did_you_mean
from relsim.scenario.reader import read_file, yaml_files
from relsim.scenario.reference import refuse_recoded, with_reference
from relsim.scenario.removals import idle_removals
from relsim.scenario.text_files import why_no_file
from relsim.scenario.tree import Mapping, Scalar, merge, without

MAX_CHAIN = 16


@dataclass
class Lineage:
    """A file with all it inherits from laid under it.

    Attributes:
        tree: the merged tree, or None where no file could be read.
        files: the files as named in messages, the leaf first.
        problems: what is wrong with reading and joining them.
        complete: every file of the chain could be read; if not, checking the rest would
            report what only a missing file lacks.
    """

    tree: Mapping | None = None
    files: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True

    def chain_above(self, file: str) -> tuple[str, ...]:
        """The files that inherit ``file``, nearest first."""
        if file not in self.files:
            return ()
        return tuple(reversed(self.files[: self.files.index(file)]))


def read_lineage(path: Path, *, anywhere: bool = False) -> Lineage:
    """The file and its ancestors, merged.

    Args:
        path: the leaf.
        anywhere: allow `extends` to leave the folder of the leaf.
    """
    lineage = Lineage()
    layers: list[Mapping] = []
    seen: set[Path] = set()
    root = real_path(path).parent
    current: Path | None = path
    while current is not None:
        layer, parent = _read_layer(current, lineage, seen)
        if layer is not None:
            layers.append(layer)
        current = _next_file(current, parent, root, lineage, seen, anywhere=anywhere)
    if layers:
        tree, problems = refuse_recoded(layers.pop())
        lineage.problems += problems
        for layer in reversed(layers):
            tree, problems = with_reference(tree, _laid_over(tree, layer, lineage))
            lineage.problems += problems
        lineage.tree = tree
    return lineage


def _laid_over(base: Mapping, layer: Mapping, lineage: Lineage) -> Mapping:
    """A layer on what it extends; removals of what is not there are problems, and left out."""
    idle = dict(idle_removals(base, layer)) if lineage.complete else {}
    lineage.problems += idle.values()
    merged = merge(base, without(layer, set(idle)))
    assert isinstance(merged, Mapping)
    return merged


def _read_layer(
    path: Path, lineage: Lineage, seen: set[Path]
) -> tuple[Mapping | None, Scalar | None]:
    """One file less its `extends`, and that."""
    name = str(path)
    lineage.files.append(name)
    seen.add(real_path(path))
    tree, problems = read_file(path, name)
    lineage.problems += problems
    if tree is None:
        lineage.complete = False
        return None, None
    if not isinstance(tree, Mapping):
        text = "A scenario is a map of sections."
        lineage.problems.append(Problem(tree.position, "wrong-type", text, "Try 'relsim new'."))
        lineage.complete = False
        return None, None
    entries = dict(tree.entries)
    parent = entries.pop("extends", None)
    if parent is not None and not (isinstance(parent, Scalar) and isinstance(parent.value, str)):
        text = "`extends` names one file."
        lineage.problems.append(Problem(parent.position, "bad-extends", text))
        lineage.complete = False
        parent = None
    elif parent is not None and parent.position in [problem.position for problem in problems]:
        lineage.complete = False  # its name could not be read
        parent = None
    return Mapping(entries, tree.position, tree.keys), parent


def _next_file(
    path: Path,
    parent: Scalar | None,
    root: Path,
    lineage: Lineage,
    seen: set[Path],
    *,
    anywhere: bool,
) -> Path | None:
    """The file that ``path`` extends, if it may be read."""
    if parent is None:
        return None
    target = Path(os.path.normpath(path.parent / str(parent.value)))
    problem = _refusal(target, parent.position, root, len(lineage.files), seen, anywhere=anywhere)
    if problem is not None:
        lineage.problems.append(problem)
        lineage.complete = False
        return None
    return target


def _refusal(
    target: Path, position: Position, root: Path, length: int, seen: set[Path], *, anywhere: bool
) -> Problem | None:
    real = real_path(target)
    if real in seen:
        return Problem(position, "extends-cycle", f"{target} extends itself in the end.")
    if length >= MAX_CHAIN:
        return Problem(position, "extends-too-long", f"Over {MAX_CHAIN} files in a chain.")
    if not anywhere and not real.is_relative_to(root):
        text = f"{target} lies outside the folder of the scenario."
        return Problem(position, "extends-outside", text, "Allow it with --extends-anywhere.")
    if text := why_no_file(real, str(target)):
        hint = did_you_mean(real.name, yaml_files(real.parent))
        return Problem(position, "not-found", text, hint)
    return None


def real_path(path: Path) -> Path:
    """The path less symbolic links; as it is where links run in a circle or no file can be."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return path.absolute()
