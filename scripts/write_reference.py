"""Writes the reference of the formats: of scenarios into scenarios/README.md, of experiments into
docs/experiments.md.

The tables come from the typed models, so that they cannot differ from what is read. Run it after
a change of a format; a test compares.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from relsim.experiments.experiment import Experiment
from relsim.scenario import names
from relsim.scenario.json_schema import EXTENDS
from relsim.scenario.names import PARAMETER_BOUNDS, TRAITS, NumberRef, TieRef
from relsim.scenario.schema import Scenario
from relsim.scenario.values import LARGE, Bounds, Distribution, Month

ROOT = Path(__file__).parents[1]
README = ROOT / "scenarios" / "README.md"
DOCUMENTS: dict[type[BaseModel], Path] = {
    Scenario: README,
    Experiment: ROOT / "docs" / "experiments.md",
}
START, END = "<!-- reference:start -->", "<!-- reference:end -->"
NONE = "–"

# The unit of each kind of number, by what its bounds call it. A new kind must be added here.
UNITS = {
    "a domain weight": NONE,
    "a context variable": "its own",
    "a tie weight": NONE,
    "a stance": NONE,
    "a salience": NONE,
    "a capacity": "posture",
    "cooperation": "cooperation",
    "adaptability": "per month",
    "reciprocity": "pull units per unit of posture",
    "volatility": "posture",
    "drift": "pull units per √year",
    "a correlation": NONE,
    "a correlation between domains": NONE,
    "mutuality": NONE,
    "a gain": "pull units",
    "goldstein_unit": "pull units per Goldstein point",
    "a half-life": "months",
    "a period": "months",
    "a chance": "per year",
    "a size in pull units": "pull units",
    "a share": NONE,
    "a value": "of the number",
    "a probability": NONE,
}
NAMES: dict[Any, str] = {
    Any: "as the path takes it",
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    Month: "month",
    TieRef: "tie",
    NumberRef: "dotted path",
}
FORMS = {"number": "number", "duration": "duration", "rate": "rate"}

COLUMNS = (
    "| key | type | unit | range | default | meaning |",
    "| --- | --- | --- | --- | --- | --- |",
)

# Numbers that events may change, besides traits and parameters.
CHANGEABLE = {
    "STATE.ties.OTHER": names.WEIGHT,
    "STATE.issues.ISSUE.stance": names.STANCE,
    "STATE.issues.ISSUE.salience": names.SALIENCE,
    "STATE.capacity.DOMAIN, or STATE.capacity for all domains": names.CAPACITY,
    "context.VARIABLE": names.CONTEXT,
}


class Kind(NamedTuple):
    """What a field takes: its type in words, its unit and its range."""

    words: str
    unit: str = NONE
    range: str = NONE


def reference_text(root: type[BaseModel] = Scenario) -> str:
    """The reference of a format, from the first heading to the last row."""
    parts = [_part(model, paths, root) for model, paths in _models(root).items()]
    return "\n\n".join([*parts, *([_changeable()] if root is Scenario else [])])


def _models(root: type[BaseModel] = Scenario) -> dict[type[BaseModel], list[str]]:
    """Every part of a format with the places where it stands, in the order of the format; parts
    of the other one are explained there."""
    found: dict[type[BaseModel], list[str]] = {}
    _visit(root, "", found)
    return {model: paths for model, paths in found.items() if _home(model) is root}


def _home(model: type[BaseModel]) -> type[BaseModel]:
    """The format that a part belongs to."""
    return Experiment if model.__module__.startswith("relsim.experiments.") else Scenario


def _visit(model: type[BaseModel], path: str, found: dict[type[BaseModel], list[str]]) -> None:
    found.setdefault(model, []).append(path)
    for name, field in model.model_fields.items():
        for part, suffix in _parts_within(field.annotation):
            _visit(part, f"{path}.{field.alias or name}{suffix}".lstrip("."), found)


def _parts_within(annotation: Any, suffix: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """Models inside an annotation, with what stands between the field and them in a path."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, suffix
        return
    step = {dict: ".NAME", list: ".NUMBER"}.get(get_origin(annotation), "")
    arguments = get_args(annotation)
    inner = arguments[:1] if get_origin(annotation) is Annotated else arguments
    for argument in inner:
        yield from _parts_within(argument, suffix + step)


def _part(model: type[BaseModel], paths: list[str], root: type[BaseModel]) -> str:
    """Heading, place and table of one part."""
    about = " ".join((model.__doc__ or "").split())
    about = re.sub(r" Load one with .*$", "", about)
    where = ", ".join(f"`{path}`" for path in dict.fromkeys(paths) if path)
    rows = [_row(field.alias or name, field, root) for name, field in model.model_fields.items()]
    if model is Scenario:
        extends = "| `extends` | text | – | – | – | " + str(EXTENDS["description"]) + " |"
        rows.insert(1, extends)
    head = f"### {_title(model)}"
    place = f"At {where}. {about}" if where else about
    return "\n\n".join([head, place, "\n".join([*COLUMNS, *rows])])


def _title(model: type[BaseModel]) -> str:
    words = re.sub(r"(?<!^)([A-Z])", r" \1", model.__name__)
    return words[0] + words[1:].lower()


def _row(key: str, field: FieldInfo, root: type[BaseModel]) -> str:
    kind = _kind(field.annotation, field.metadata, root)
    cells = [f"`{key}`", kind.words, kind.unit, kind.range, _default(field)]
    return "| " + " | ".join([*cells, (field.description or "").replace("|", "\\|")]) + " |"


def _kind(annotation: Any, metadata: list[Any], root: type[BaseModel]) -> Kind:
    """What an annotation takes, with the metadata that goes with it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    metadata = [part for mark in metadata for part in getattr(mark, "metadata", [mark])]
    if origin is Annotated:
        return _kind(arguments[0], [*arguments[1:], *metadata], root)
    bounds = next((mark for mark in metadata if isinstance(mark, Bounds)), None)
    if bounds is not None:
        return _number(bounds, uncertain=Distribution in arguments)
    if origin in (Union, types.UnionType):
        kept = [one for one in arguments if one is not type(None)]
        kinds = [_kind(one, metadata, root) for one in kept]
        return kinds[0]._replace(words=" or ".join(kind.words for kind in kinds))
    if origin is dict:
        inner = _kind(arguments[1], [], root)
        from_what = "map from ties to" if arguments[0] is TieRef else "map to"
        entries = _size_range(metadata, "entries")
        return inner._replace(
            words=f"{from_what} {inner.words}", range=inner.range if entries == NONE else entries
        )
    if origin is list:
        inner = _kind(arguments[0], [], root)
        return inner._replace(
            words=f"list of {inner.words}", range=_size_range(metadata, "entries")
        )
    if origin is Literal:
        return Kind(", ".join(f"`{word}`" for word in arguments))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        title = _title(annotation)
        page = "" if _home(annotation) is root else "../scenarios/README.md"
        return Kind(f"[{title.lower()}]({page}#{title.lower().replace(' ', '-')})")
    return Kind(NAMES[annotation], range=_size_range(metadata, "characters"))


def _number(bounds: Bounds, *, uncertain: bool) -> Kind:
    words = FORMS[bounds.form] + (" ~" if uncertain else "")
    return Kind(words, UNITS[bounds.subject], _range(bounds))


def _range(bounds: Bounds) -> str:
    """The range, without the limits that only keep numbers finite."""
    has_low, has_high = bounds.low > -LARGE, bounds.high < LARGE
    if has_low and has_high:
        return f"{bounds.low:g} to {bounds.high:g}"
    if has_low:
        return f"≥ {bounds.low:g}"
    return f"≤ {bounds.high:g}" if has_high else "any"


def _size_range(metadata: list[Any], of: str) -> str:
    """The range of a whole number, or how many characters or entries there may be."""
    low = next((mark.ge for mark in metadata if isinstance(mark, Ge)), None)
    high = next((mark.le for mark in metadata if isinstance(mark, Le)), None)
    if low is not None:
        return f"≥ {low}" if high is None else f"{low} to {high}"
    least = next((mark.min_length for mark in metadata if isinstance(mark, MinLen)), None)
    most = next((mark.max_length for mark in metadata if isinstance(mark, MaxLen)), None)
    if least is None:
        return NONE if most is None else f"at most {most:,} {of}"
    if most is None:
        return f"at least {least}"
    return f"exactly {least}" if least == most else f"{least} to {most:,} {of}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    assert value is not PydanticUndefined
    if isinstance(value, dict) and value:
        return ", ".join(f"`{name}`" for name in value)
    if value is None or value in ("", [], {}) or isinstance(value, BaseModel):
        return NONE
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    duration = any(isinstance(mark, Bounds) and mark.form == "duration" for mark in field.metadata)
    return f"`{value:g} months`" if duration else f"`{value}`"


def _changeable() -> str:
    """The table of the numbers that a set or an add may name."""
    rows = dict(CHANGEABLE)
    rows |= {f"STATE.traits.{name}": PARAMETER_BOUNDS[name] for name in TRAITS}
    rows |= {f"parameters.{name}": bounds for name, bounds in PARAMETER_BOUNDS.items()}
    lines = [
        f"| {_path_cell(path)} | {UNITS[bounds.subject]} | {_range(bounds)} |"
        for path, bounds in rows.items()
    ]
    header = "| path | unit | range |\n| --- | --- | --- |"
    return "\n\n".join(
        [
            "### Numbers that events may change",
            "For `set` and `add`. A value beyond the range is kept at its end.",
            "\n".join([header, *lines]),
        ]
    )


def _path_cell(path: str) -> str:
    first, comma, rest = path.partition(", or ")
    second, _, words = rest.partition(" ")
    return f"`{first}`" + (f"{comma}`{second}` {words}" if rest else "")


def updated(text: str, root: type[BaseModel] = Scenario) -> str:
    """A page with the reference between its marks renewed; raises ValueError without marks."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"{DOCUMENTS[root].name} lacks {START} or {END}.")
    return f"{before}{START}\n\n{reference_text(root)}\n\n{END}{after}"


def main() -> None:
    """Renews the committed copies."""
    for root, page in DOCUMENTS.items():
        page.write_text(updated(page.read_text(encoding="utf-8"), root), encoding="utf-8")


if __name__ == "__main__":
    main()
