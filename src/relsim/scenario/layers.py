"""What is laid over a scenario: variants that `extends` joins to their base, and single changes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from relsim.errors import Position, Problem, did_you_mean
from relsim.scenario.interests import refuse_recoded, with_reference
from relsim.scenario.schema import SECTIONS, Parameters
from relsim.scenario.text import (
    MAX_DEPTH,
    read_file,
    read_text,
    refused_character,
    why_no_file,
    yaml_files,
)
from relsim.scenario.tree import (
    Items,
    Mapping,
    Node,
    Scalar,
    TreePath,
    child,
    from_plain,
    from_python,
    is_null,
    is_single,
    merge,
    put,
    without,
)
from relsim.scenario.validation import keys_at
from relsim.words import with_a

MAX_CHAIN = 16
ReadTree: TypeAlias = "tuple[Node | None, list[Problem]]"  # with what is wrong with it


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

    def with_chains(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems, each with the files that inherit the one it is in, nearest first."""
        chains = {
            file: tuple(reversed(self.files[:index])) for index, file in enumerate(self.files)
        }
        return tuple(
            replace(problem, chain=chains.get(problem.position.file, ())) for problem in problems
        )

    def breaks_off(self, *problems: Problem) -> None:
        """Notes that a file of the chain could not be read, and why."""
        self.problems += problems
        self.complete = False


def read_lineage(path: Path, leaf: ReadTree | None = None, *, anywhere: bool = False) -> Lineage:
    """The file and its ancestors, merged.

    Args:
        path: the leaf.
        leaf: what the leaf holds where it is no file; its path then says what `extends` is
            relative to.
        anywhere: allow `extends` to leave the folder of the leaf.
    """
    lineage = Lineage()
    layers: list[Mapping] = []
    seen: set[Path] = set()
    root = None if anywhere else real_path(path).parent
    while True:
        lineage.files.append(str(path))
        seen.add(real_path(path))
        layer, parent = _layer(leaf or read_file(path, str(path)), lineage)
        leaf = None
        if layer is not None:
            layers.append(layer)
        if parent is None:
            break
        path = Path(os.path.normpath(path.parent / str(parent.value)))
        problem = _refusal(path, parent.position, root, seen)
        if problem is not None:
            lineage.breaks_off(problem)
            break
    if layers:
        tree, problems = refuse_recoded(layers.pop())
        lineage.problems += problems
        for layer in reversed(layers):
            idle = dict(idle_removals(tree, layer)) if lineage.complete else {}
            merged = merge(tree, without(layer, set(idle)))
            assert isinstance(merged, Mapping)
            tree, problems = with_reference(tree, merged)
            lineage.problems += [*idle.values(), *problems]
        lineage.tree = tree
    return lineage


def read_python(data: AnyMapping[str, Any]) -> ReadTree:
    """The tree of a scenario that is given as Python data, or what is wrong with it."""
    try:
        tree = from_python(data)
    except RecursionError:
        problem = Problem(Position.whole("scenario"), "too-deep", "The data hold themselves.")
        return None, [problem]
    refused = _refused_characters("", tree)
    return tree, [refused] if refused else []


def _layer(read: ReadTree, lineage: Lineage) -> tuple[Mapping | None, Scalar | None]:
    """One file without its `extends`, and that."""
    tree, problems = read
    lineage.problems += problems
    if tree is None:
        lineage.breaks_off()
        return None, None
    if not isinstance(tree, Mapping):
        text = "A scenario is a map of sections."
        lineage.breaks_off(Problem(tree.position, "wrong-type", text, "Try 'relsim new'."))
        return None, None
    entries = dict(tree.entries)
    parent = entries.pop("extends", None)
    layer = Mapping(entries, tree.position, tree.keys)
    if parent is None:
        return layer, None
    if not (isinstance(parent, Scalar) and isinstance(parent.value, str)):
        lineage.breaks_off(Problem(parent.position, "bad-extends", "`extends` names one file."))
        return layer, None
    if parent.position in [problem.position for problem in problems]:
        lineage.breaks_off()  # its name could not be read
        return layer, None
    return layer, parent


def _refusal(
    target: Path, position: Position, root: Path | None, seen: set[Path]
) -> Problem | None:
    """Why a file cannot be extended: from ``root`` it has to be inside, if that is given."""
    real = real_path(target)
    if real in seen:
        return Problem(position, "extends-cycle", f"{target} extends itself in the end.")
    if len(seen) >= MAX_CHAIN:
        return Problem(position, "extends-too-long", f"Over {MAX_CHAIN} files in a chain.")
    if root is not None and not real.is_relative_to(root):
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


def nothing_to_remove(tree: Mapping, path: TreePath, position: Position) -> Problem | None:
    """A problem where nothing stands at a path to be removed.

    A key of the format that is not written has its default, and may be removed as well.
    """
    owner: Node | None = tree
    steps: list[str | int] = []
    for step in path[:-1]:
        inside_a_list = isinstance(owner, Items) and str(step).isdecimal()
        steps.append(int(step) if inside_a_list else step)
        owner = child(owner, steps[-1])
    path = (*steps, path[-1])
    known = keys_at(path, tree)
    here = list(owner.entries) if isinstance(owner, Mapping) and not is_single(owner) else []
    if path[-1] in known or path[-1] in here or isinstance(owner, Items):
        return None
    hint = did_you_mean(str(path[-1]), [*here, *(key for key in known if key not in here)])
    if path[:-1] == ("states",):
        hint = f"{hint} A state of which nothing is said is {path[-1]}: {{}}.".strip()
    text = f"There is no {'.'.join(str(step) for step in path)} to remove."
    return Problem(position, "nothing-to-remove", text, hint)


def idle_removals(
    base: Mapping, over: Mapping, path: TreePath = ()
) -> Iterator[tuple[TreePath, Problem]]:
    """The nulls of a variant that remove nothing from its base, with their paths."""
    if path == ("states",) and not isinstance(base.entries.get("states"), Mapping):
        return  # the first states, of some of which nothing is said
    for key, value in over.entries.items():
        here = (*path, key)
        if isinstance(value, Mapping):
            yield from idle_removals(base, value, here)
        elif is_null(value):
            problem = nothing_to_remove(base, here, over.keys.get(key, value.position))
            if problem is not None:
                yield here, problem


_NAMED_SECTIONS = {"states": "state", "events": "event", "issues": "issue", "claims": "claim"}


def parse_settings(settings: tuple[str, ...]) -> tuple[list[tuple[str, Node]], list[Problem]]:
    """``path=value`` texts of the command line as changes; values are YAML."""
    changes: list[tuple[str, Node]] = []
    problems: list[Problem] = []
    for setting in settings:
        position = Position(f"--set {setting}")
        path, equals, value = setting.partition("=")
        if not equals or not path.strip():
            text = "A change is written path=value."
            problems.append(Problem(position, "bad-set", text, "As in PAK.ties.USA=0.2."))
            continue
        node, wrong = read_text(value, position.file)
        problems += wrong
        if node is not None and not wrong:
            is_empty = not value.strip()  # which removes, as null does
            changes.append((path.strip(), from_plain(None, position) if is_empty else node))
    return changes, problems


def plain_changes(changes: AnyMapping[str, Any]) -> list[tuple[str, Node]]:
    """Changes given from Python."""
    return [
        (path, from_plain(value, Position(f"change {path}"))) for path, value in changes.items()
    ]


def apply_changes(tree: Mapping, changes: list[tuple[str, Node]]) -> tuple[Mapping, list[Problem]]:
    """The tree with every change made, and the changes that could not be."""
    problems: list[Problem] = []
    for path, value in changes:
        steps = full_path(tree, path)
        problem = (
            _refused_characters(path, value)
            or _unknown_place(tree, path, steps, value)
            or _event_as_value(tree, steps, value)
            or (nothing_to_remove(tree, steps, value.position) if is_null(value) else None)
        )
        if problem is None:
            try:
                tree = put(tree, steps, value)
            except KeyError as error:
                text = f"{error.args[0]} has no part to change at '{path}'."
                problem = Problem(value.position, "bad-path", text)
        if problem is not None:
            problems.append(problem)
    return tree, problems


def full_path(tree: Mapping, path: str) -> tuple[str, ...]:
    """A dotted path from the top: states and parameters may be named without their section."""
    steps = tuple(path.split("."))
    if steps[0] in SECTIONS:
        return steps
    if len(steps) == 1 and steps[0] in Parameters.model_fields:
        return ("parameters", *steps)
    return ("states", *steps)


def _unknown_place(tree: Mapping, path: str, steps: tuple[str, ...], value: Node) -> Problem | None:
    """A change inside something that does not exist is a slip, not a wish to make it."""
    if len(steps) > MAX_DEPTH:
        return Problem(value.position, "bad-path", f"'{path[:40]}…' leads too deep.")
    section = steps[0]
    if section not in _NAMED_SECTIONS or len(steps) < 2:
        return None
    inside = len(steps) > 2 or is_single(value)
    if not inside or child(tree.entries.get(section, tree), steps[1]) is not None:
        return None
    if section == "states" and child(tree.entries.get("events", tree), steps[1]) is not None:
        text = f"'{steps[1]}' is not a state here but an event."
        hint = _switch_hint(steps[1], value) if len(steps) == 2 else f"Write events.{path}."
        return Problem(value.position, "unknown-state", text, hint)
    known = getattr(tree.entries.get(section), "entries", {})
    kind = _NAMED_SECTIONS[section]
    near = [*known, *(SECTIONS if "." in path and path.split(".")[0] not in SECTIONS else ())]
    text = f"'{steps[1]}' is not {with_a(kind)} here."
    return Problem(value.position, f"unknown-{kind}", text, did_you_mean(steps[1], near))


def _refused_characters(path: str, value: Node) -> Problem | None:
    """Texts that come from Python have not been read as a file's have."""
    match value:
        case Scalar():
            texts = [path, value.value if isinstance(value.value, str) else ""]
            text = next(filter(None, map(refused_character, texts)), "")
            return Problem(value.position, "yaml-syntax", text) if text else None
        case Mapping():
            parts = value.entries.items()
            return next(filter(None, (_refused_characters(*part) for part in parts)), None)
    return next(filter(None, (_refused_characters(path, item) for item in value.items)), None)


def _event_as_value(tree: Mapping, steps: tuple[str, ...], value: Node) -> Problem | None:
    """An event is a map; who sets it to a word wants to switch it on or off."""
    if len(steps) != 2 or steps[0] != "events" or not isinstance(value, Scalar):
        return None
    if value.value is None or child(tree.entries.get("events", tree), steps[1]) is None:
        return None
    text = f"{'.'.join(steps)} is an event, no value."
    return Problem(value.position, "wrong-type", text, _switch_hint(steps[1], value))


def _switch_hint(event: str, value: Node) -> str:
    """How to switch an event on, or off where the value says so."""
    off = isinstance(value, Scalar) and str(value.value).lower() in ("off", "false", "no", "0")
    return f"Write events.{event}.off={str(off).lower()}, or --{'off' if off else 'on'} {event}."
