"""Typing a tree with pydantic, and what it complains of as located problems in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from relsim.errors import Problem, did_you_mean
from relsim.scenario import schema
from relsim.scenario.schema import Scenario
from relsim.scenario.shapes import WrittenPart, node_at, part_of, sound_part, walk
from relsim.scenario.shipped import goldstein_weights
from relsim.scenario.tree import Mapping, TreePath, child, locate, plain
from relsim.scenario.values import Part, Remark, whole_number_hint

_WRONG_TYPE = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
}
# Parameters of earlier versions, and what to write now.
_REPLACED = {
    "third_party_gain": "Write alignment_gain for positive ties, rivalry_gain for negative ones.",
    "shared_shocks": "Leave it out: chance moves a pair, never one side of it.",
}
_YAML_1_1_BOOLEANS = {"yes", "no", "on", "off", "y", "n"}


def validate(
    tree: Mapping, earlier: Scenario | None = None
) -> tuple[Scenario | None, list[Problem]]:
    """The typed scenario of a tree, or None and every problem of form.

    Args:
        tree: what is to be a scenario.
        earlier: the scenario that the tree was changed from. It lends the parts that are the same
            in both trees.
    """
    if earlier is not None:
        try:
            return Scenario.model_validate(_with_shared_parts(tree, earlier)), []
        except ValidationError:
            pass  # and all that is wrong is found in the tree alone
    try:
        return Scenario.model_validate(plain(tree)), []
    except ValidationError as error:
        items = error.errors(include_url=False)
    problems = []
    for item in items:
        path = item["loc"]
        if path[:1] == ("events",) and path[2:3] == ("effects",):
            path = path[:4] + path[5:]  # without the kind of the effect, which pydantic adds
        problems.append(problem_of(item, path, tree, part_of))
    for written in walk(tree):  # also parts that could not be typed because a key is broken
        if isinstance(written, WrittenPart):
            part = sound_part(written.model, written.node)
            for remark in part.mistakes() if part is not None else ():
                problems.append(_remark_problem(remark, written.path, tree))
    return None, problems


def _with_shared_parts(tree: Mapping, earlier: Scenario) -> dict[str, Any]:
    """The tree as plain data, with the typed parts of an earlier scenario where they are the same
    node in its tree: whole sections, and those of what is listed by name."""
    data: dict[str, Any] = {}
    for section, node in tree.entries.items():
        before = earlier._tree.entries.get(section)
        parts = getattr(earlier, section, None)
        if node is before and isinstance(parts, Part):
            data[section] = parts
        elif isinstance(node, Mapping) and isinstance(parts, dict):
            data[section] = {
                key: parts[key]
                if value is child(before, key) and isinstance(parts.get(key), Part)
                else plain(value)
                for key, value in node.entries.items()
            }
        else:
            data[section] = plain(node)
    return data


def _remark_problem(remark: Remark, path: TreePath, tree: Mapping) -> Problem:
    key, code, text, hint = remark
    path = (*path, key) if key else path
    if text.startswith("This is "):
        text = ".".join(str(step) for step in path) + text.removeprefix("This")
    return Problem(locate(tree, path), code, text, hint)


def keys_at(path: TreePath, tree: Mapping) -> list[str]:
    """The keys of the format that may stand where the last step of ``path`` is."""
    return _known_keys(part_of(path, tree)[0])


def _known_keys(model: type[BaseModel] | None) -> list[str]:
    if model is None:
        return []
    extra = ["extends"] if model is Scenario else []
    return extra + [field.alias or name for name, field in model.model_fields.items()]


# Keys that one may expect, for what is said otherwise.
_SAID_OTHERWISE: dict[tuple[type[BaseModel] | None, str], str] = {
    (Scenario, "set"): "Write what differs in its place, as in events: {talks: {off: false}}.",
    (Scenario, "scenario"): "A variant names what it changes as extends: FILE.",
    (schema.Event, "on"): "An event happens unless it is off: write off: false.",
}


def _misplaced(key: str, model: type[BaseModel] | None) -> str:
    """Where a key belongs that a part of the model has and the model has not."""
    if (model, key) in _SAID_OTHERWISE:
        return _SAID_OTHERWISE[model, key]
    for name, field in model.model_fields.items() if model is not None else ():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel) and key in _known_keys(part):
            return f"It belongs in `{field.alias or name}`."
    return ""


PartOf: TypeAlias = Callable[[TreePath, Mapping], tuple[type[BaseModel] | None, str]]


def problem_of(item: Any, path: TreePath, tree: Mapping, part_of: PartOf) -> Problem:
    """One complaint of pydantic as a problem.

    Args:
        item: the complaint.
        path: where in the tree it is.
        tree: what was typed.
        part_of: the model whose key the last step of a path is, and its name in words.
    """
    kind, context = item["type"], item.get("ctx") or {}
    if path[-1:] == ("[key]",) and node_at(path, tree) is None:  # pydantic's mark of a key
        position = locate(tree, path[:-1], key=True)
        if kind == "string_too_long":
            return Problem(position, "wrong-length", *_too_long("This name", item))
        return Problem(position, kind, context.get("text", item["msg"]), context.get("hint", ""))
    dotted = ".".join(str(step) for step in path)
    if "text" in context:
        remark = Remark(context["key"], kind, context["text"], context["hint"])
        return _remark_problem(remark, path, tree)
    if kind == "extra_forbidden":
        model, words = part_of(path, tree)
        key = str(path[-1])
        hint = _REPLACED.get(key) or _misplaced(key, model)
        hint = hint or did_you_mean(key, _known_keys(model))
        text = f"'{path[-1]}' is not a key of {words}."
        return Problem(locate(tree, path, key=True), "unknown-key", text, hint)
    if kind == "missing":
        _, words = part_of(path, tree)
        return Problem(
            locate(tree, path[:-1], key=True), "missing-key", f"{words} needs `{path[-1]}`."
        )
    code, text, hint = _standard(item, dotted)
    return Problem(locate(tree, path), code, text, hint)


def _standard(item: Any, dotted: str) -> tuple[str, str, str]:
    """Code, text and hint of pydantic's own kinds of error."""
    kind, value, context = item["type"], item["input"], item.get("ctx") or {}
    if kind == "bad-effect":
        return kind, item["msg"], ""
    if dotted == "relsim":
        return "format-version", f"{value!r} is not a version of the format.", "Write relsim: 1."
    if kind == "literal_error":
        expected = context.get("expected", "").replace("'", "").replace(" or ", ", ")
        return (
            "unknown-word",
            f"{dotted} is {value!r}.",
            did_you_mean(str(value), expected.split(", ")),
        )
    if kind in ("greater_than_equal", "less_than_equal"):
        limit = context.get("ge", context.get("le"))
        word = "at least" if "ge" in context else "at most"
        return "out-of-range", f"{dotted} is {value}; it is {word} {limit}.", ""
    if kind == "string_too_short":
        return "wrong-length", f"{dotted} is empty.", ""
    if kind == "string_too_long":
        return "wrong-length", *_too_long(dotted, item)
    if kind == "too_short":
        least = context["min_length"]
        return "wrong-length", f"{dotted} has too few entries.", f"It needs at least {least}."
    if kind == "too_long":
        most = context["max_length"]
        return "wrong-length", f"{dotted} has too many entries.", f"It takes at most {most:,}."
    if kind in _WRONG_TYPE:
        return "wrong-type", f"{dotted} should be {_WRONG_TYPE[kind]}.", _type_hint(item)
    return "invalid", f"{dotted}: {item['msg']}.", ""


def _too_long(subject: str, item: Any) -> tuple[str, str]:
    """Text and hint for a text that is too long."""
    most = item["ctx"]["max_length"]
    return f"{subject} has {len(item['input']):,} characters.", f"It takes at most {most:,}."


def _type_hint(item: Any) -> str:
    kind, value = item["type"], item["input"]
    if kind == "bool_type" and str(value).lower() in _YAML_1_1_BOOLEANS:
        truth = str(value).lower() in ("yes", "on", "y")
        return f"Write {str(truth).lower()}."
    if kind == "string_type" and isinstance(value, (bool, int, float)):
        written = str(value).lower() if isinstance(value, bool) else str(value)
        if item["loc"][-1] == "cameo" and f"0{written}" in goldstein_weights():
            written = f"0{written}"  # as a number it has lost its zero
        return f'Put it in quotes: "{written}".'
    if kind in ("int_type", "int_from_float"):
        return whole_number_hint(value)
    return ""
