"""The JSON Schema of scenario files, generated from the typed models, for editors."""

from __future__ import annotations

import json
from typing import Any

from relsim.scenario.schema import Scenario

EXTENDS = {
    "type": "string",
    "description": "A file in this folder (or below) that this scenario changes. Maps merge key "
    "by key, lists replace, null removes.",
}

_LEAST = ("required", "minProperties")  # of what a variant inherits it may say less


def json_schema() -> dict[str, Any]:
    """A schema that takes whole scenarios and variants.

    A variant (with `extends`) may leave out what it inherits and remove with null, so for it
    nothing is required.
    """
    whole = Scenario.model_json_schema()
    definitions = whole.pop("$defs")
    whole["properties"]["ties"]["additionalProperties"] = False  # than keys of the pattern
    variant = _loosened(whole)
    variant["properties"] = {"extends": EXTENDS, **variant["properties"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "relsim scenario",
        "if": {"required": ["extends"]},
        "then": variant,
        "else": whole,
        "$defs": {
            **definitions,
            **{f"Changed{name}": _loosened(part) for name, part in definitions.items()},
        },
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


def _loosened(schema: Any) -> Any:
    """A schema in which nothing is required and null removes."""
    if isinstance(schema, list):
        return [_loosened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {key: _loosened(value) for key, value in schema.items() if key not in _LEAST}
    if isinstance(loose.get("$ref"), str):
        loose["$ref"] = loose["$ref"].replace("#/$defs/", "#/$defs/Changed")
    for key in ("properties", "patternProperties"):
        if isinstance(loose.get(key), dict):
            loose[key] = {name: _or_null(part) for name, part in loose[key].items()}
    if isinstance(loose.get("additionalProperties"), dict):
        loose["additionalProperties"] = _or_null(loose["additionalProperties"])
    return loose


def _or_null(schema: Any) -> Any:
    return {"anyOf": [schema, {"type": "null"}]}
