"""From pydantic's complaints to located problems in the words of the format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from relsim.errors import Problem, did_you_mean, with_article
from relsim.scenario import schema
from relsim.scenario.effects import KINDS, Condition
from relsim.scenario.schema import Scenario
from relsim.scenario.shipped import goldstein_weights
from relsim.scenario.tree import (
    Mapping,
    Node,
    Scalar,
    TreePath,
    child,
    from_plain,
    locate,
    plain,
    put,
    without,
)
from relsim.scenario.values import whole_number_hint

# Where each part of the format stands ('*': any name or index), and what to call it.
_PARTS: tuple[tuple[tuple[str, ...], type[BaseModel], str], ...] = (
    ((), schema.Scenario, "a scenario"),
    (("time",), schema.Time, "time"),
    (("ensemble",), schema.EnsembleSettings, "ensemble"),
    (("domains", "*"), schema.Domain, "a domain"),
    (("context", "*"), schema.ContextVariable, "a context variable"),
    (("issues", "*"), schema.Issue, "an issue"),
    (("states", "*"), schema.State, "a state"),
    (("states", "*", "ties", "*"), schema.TieInterest, "a tie interest"),
    (("states", "*", "issues", "*"), schema.IssueInterest, "an issue interest"),
    (("states", "*", "traits"), schema.Traits, "traits"),
    (("reference", "*"), schema.Interests, "a reference"),
    (("reference", "*", "ties", "*"), schema.TieInterest, "a tie interest"),
    (("reference", "*", "issues", "*"), schema.IssueInterest, "an issue interest"),
    (("parameters",), schema.Parameters, "parameters"),
    (("events", "*"), schema.Event, "an event"),
    (("events", "*", "when"), Condition, "a condition"),
    (("events", "*", "effects", "*", "only_if"), Condition, "a condition"),
    (("claims", "*"), schema.Claim, "a claim"),
    (("claims", "*", "expect"), schema.Expectation, "an expectation"),
)
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


# What stands in for a required section that is broken, so that the rest can be typed.
_STAND_INS: dict[str, Any] = {
    "relsim": schema.FORMAT_VERSION,
    "name": "?",
    "time": {"start": "2000-01", "end": "2001-01"},
}
_EFFECT_STAND_IN = {"add": "parameters.drift", "by": 0.0}  # left out, it would renumber the rest
_TWO_STATES: dict[str, Any] = {"?": {}, "??": {}}
# What stands in for a required key that is missing, wherever it is.
_KEY_STAND_INS: dict[str, Any] = {
    **dict.fromkeys(("weight", "stance", "salience", "start"), 0.0),
    **{
        name: 0.0
        for key, kind in KINDS.items()
        for name, field in kind.model_fields.items()
        if field.is_required() and name != key
    },
    **dict.fromkeys(("minus", "plus", "says"), "?"),
}
_TIMINGS = ("at", "every", "chance", "when", "from", "until")


@dataclass(frozen=True)
class Typed:
    """What typing a tree gave.

    Attributes:
        scenario: typed from what was sound; None where too little was.
        tree: what was typed: the tree less its broken parts.
        problems: every problem of form.
        stand_ins: required sections that were broken and are not the user's here.
    """

    scenario: Scenario | None
    tree: Mapping
    problems: list[Problem]
    stand_ins: frozenset[str]


def validate(tree: Mapping) -> Typed:
    """The typed scenario of a tree, and every problem of form.

    Where parts are wrong they are reported and left out, and the rest is typed, so that its
    own problems can be found in the same pass.
    """
    problems: dict[Problem, None] = {}
    mended: set[TreePath] = set()
    stand_ins: set[str] = set()
    while True:
        try:
            scenario = Scenario.model_validate(plain(tree))
            return Typed(scenario, tree, list(problems), frozenset(stand_ins))
        except ValidationError as error:
            found = error.errors(include_url=False)
        mends: dict[TreePath, Any] = {}
        for item in found:
            path = _path(item["loc"])
            if path not in mended:
                problems[problem_of(item, path, tree, _part_of)] = None
            mends |= _mend(item, path, tree)
        sections = {str(path[0]) for path in mends if len(path) == 1 and path[0] in _STAND_INS}
        if () in mends or mends.keys() <= mended:
            return Typed(None, tree, list(problems), frozenset(stand_ins))
        mended |= mends.keys()
        stand_ins |= sections
        tree = _mended(tree, mends)


def _mended(tree: Mapping, mends: dict[TreePath, Any]) -> Mapping:
    """The tree with each broken part replaced by its stand-in, or left out where it is None."""
    for path, value in mends.items():
        inside_another = any(path[:length] in mends for length in range(len(path)))
        if value is not None and not inside_another:
            place, steps = locate(tree, path), tuple(str(step) for step in path)
            emptied = put(tree, steps, Scalar(None, place))
            tree = put(emptied, steps, from_plain(value, place))
    pruned = without(tree, {path for path, value in mends.items() if value is None})
    assert isinstance(pruned, Mapping)
    return pruned


def _mend(item: Any, path: TreePath, tree: Mapping) -> dict[TreePath, Any]:
    """What to put in place of a broken part so that the rest can be typed; None leaves it out."""
    if path and path[0] in _STAND_INS:
        return {path[:1]: _STAND_INS[str(path[0])]}
    if path == ("states",):
        return _part_mend(path, tree)
    if item["type"] == "string_too_long" and _is_key(path, tree):
        return {path[:-1]: None}
    context = item.get("ctx") or {}
    stand_in = context.get("stand_in")
    if item["type"] == "missing" and path[-1] in _KEY_STAND_INS:
        return {path: _KEY_STAND_INS[str(path[-1])]}
    if context.get("key"):
        return {(*path, context["key"]): stand_in}
    if _is_optional_month(path):
        return {path: None}
    if stand_in is not None and not _is_key(path, tree):
        return {_existing(path, tree): stand_in}
    return _part_mend(_removable(path, item["type"], tree), tree)


def _part_mend(part: TreePath, tree: Mapping) -> dict[TreePath, Any]:
    """What to put in place of a part that is broken as a whole."""
    written = isinstance(_node_at(part, tree), Mapping)
    match part:
        case ("states",):
            return {(*part, code): {} for code in _TWO_STATES} if written else {part: _TWO_STATES}
        case ("states", _):
            return {part: {}}
        case ("domains", _):
            return {part: 1.0}
        case ("events", _) if written:  # its timing contradicts itself
            return {**{(*part, key): None for key in _TIMINGS}, (*part, "at"): "2000-01"}
        case ("events", name, "when"):
            return {part: {"event": name}}
        case ("events", _, "effects", _):
            return {part: _EFFECT_STAND_IN}
    return {part: None}


def _path(loc: tuple[str | int, ...]) -> TreePath:
    """Where in the tree pydantic's location is: without the kind of effect and key marks."""
    path = list(loc)
    if path[:1] == ["events"] and path[2:3] == ["effects"] and len(path) > 4:
        del path[4]
    return tuple(path)


def _is_key(path: TreePath, tree: Mapping) -> bool:
    """Whether pydantic means the key before its mark, which no tree has."""
    return path[-1:] == ("[key]",) and _existing(path, tree) != path


def _is_optional_month(path: TreePath) -> bool:
    """Left out rather than replaced, for any month would be compared with others."""
    if path[:1] == ("events",):
        return len(path) == 3 and path[2] in ("from", "until")
    return path[:1] == ("claims",) and len(path) == 4 and path[3] in ("at", "by", "after", "before")


def _is_effect(path: TreePath) -> bool:
    return len(path) == 4 and path[0] == "events" and path[2] == "effects"


def _removable(path: TreePath, kind: str, tree: Mapping) -> TreePath:
    """The smallest part to leave out so that the rest can be typed."""
    if _is_key(path, tree):
        return path[:-1]
    if kind == "extra_forbidden":
        return path
    if kind == "missing":
        path = path[:-1]
    return _whole_part(_existing(path, tree))


def _existing(path: TreePath, tree: Mapping) -> TreePath:
    """As much of ``path`` as was written: shorthand is typed deeper than it is written."""
    while _node_at(path, tree) is None:
        path = path[:-1]
    return path


def _node_at(path: TreePath, tree: Mapping) -> Node | None:
    node: Node | None = tree
    for step in path:
        node = child(node, step) if node is not None else None
    return node


def _whole_part(path: TreePath) -> TreePath:
    """A required key cannot be left out alone: take the part it belongs to."""
    match path:
        case ("events", _, "effects", _, "only_if", *_):
            return path[:5]
        case ("events", _, "effects", _, _, *_):
            return path[:4]
        case ("events", _, "when", *_):
            return path[:3]
        case ("events", _, "at" | "every" | "chance", *_):
            return path[:2]
        case ("claims" | "issues", _, _, *_):
            return path[:2]
    return path


def _part_of(path: TreePath, tree: Mapping) -> tuple[type[BaseModel] | None, str]:
    """The model whose key the last step of ``path`` is."""
    owner = path[:-1]
    if _is_effect(owner):
        effect = _node_at(owner, tree)
        for key, kind in KINDS.items():
            if isinstance(effect, Mapping) and key in effect.entries:
                return kind, with_article(key)
    for pattern, model, words in _PARTS:
        if len(pattern) == len(owner) and all(
            p in ("*", str(s)) for p, s in zip(pattern, owner, strict=True)
        ):
            return model, words
    return None, "this"


def keys_at(path: TreePath, tree: Mapping) -> list[str]:
    """The keys of the format that may stand where the last step of ``path`` is."""
    model, _ = _part_of(path, tree)
    return _known_keys(model)


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
    if _is_key(path, tree):
        place = locate(tree, path[:-1], key=True)
        if kind == "string_too_long":
            return Problem(place, "wrong-length", *_too_long("This name", item))
        return Problem(place, kind, context.get("text", item["msg"]), context.get("hint", ""))
    dotted = ".".join(str(step) for step in path)
    if "text" in context:
        text = context["text"]
        if text.startswith("This is "):
            text = dotted + text.removeprefix("This")
        return Problem(locate(tree, path), kind, text, context.get("hint", ""))
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


def _too_long(what: str, item: Any) -> tuple[str, str]:
    """Text and hint for a text that is too long."""
    most = item["ctx"]["max_length"]
    return f"{what} has {len(item['input']):,} characters.", f"It takes at most {most:,}."


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
