"""Single values changed from outside the file: ``--set PAK.ties.USA=0.2`` and experiments."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any

from relsim.errors import Position, Problem, did_you_mean, with_article
from relsim.scenario.characters import refused_character
from relsim.scenario.reader import MAX_DEPTH, read_text
from relsim.scenario.removals import nothing_to_remove
from relsim.scenario.schema import Parameters, Scenario
from relsim.scenario.tree import Mapping, Node, Scalar, child, from_plain, is_single, put

SECTIONS = tuple(field.alias or name for name, field in Scenario.model_fields.items())
_NAMED_SECTIONS = {"states": "state", "events": "event", "issues": "issue", "claims": "claim"}


def parse_settings(settings: tuple[str, ...]) -> tuple[list[tuple[str, Node]], list[Problem]]:
    """``path=value`` texts of the command line as changes; values are YAML."""
    changes: list[tuple[str, Node]] = []
    problems: list[Problem] = []
    for setting in settings:
        place = Position(f"--set {setting}")
        path, equals, value = setting.partition("=")
        if not equals or not path.strip():
            text = "A change is written path=value."
            problems.append(Problem(place, "bad-set", text, "As in PAK.ties.USA=0.2."))
            continue
        node, found = read_text(value, place.file)
        problems += found
        if node is not None and not found:
            changes.append((path.strip(), from_plain_node(node, value, place)))
    return changes, problems


def from_plain_node(node: Node, text: str, place: Position) -> Node:
    """The value of a setting; an empty one removes, as null does."""
    return from_plain(None, place) if not text.strip() else node


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
            or _nothing_to_remove(tree, steps, value)
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
    text = f"'{steps[1]}' is not {with_article(kind)} here."
    return Problem(value.position, f"unknown-{kind}", text, did_you_mean(steps[1], near))


def _refused_characters(path: str, value: Node) -> Problem | None:
    """Texts that come from Python have not been read as a file's have."""
    match value:
        case Scalar():
            texts = [path, value.value if isinstance(value.value, str) else ""]
            said = next(filter(None, map(refused_character, texts)), "")
            return Problem(value.position, "yaml-syntax", said) if said else None
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


def _nothing_to_remove(tree: Mapping, steps: tuple[str, ...], value: Node) -> Problem | None:
    if isinstance(value, Scalar) and value.value is None:
        return nothing_to_remove(tree, steps, value.position)
    return None
