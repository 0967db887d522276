"""The JSON Schema of experiment files, generated from the typed models, for editors."""

from __future__ import annotations

import json
from typing import Any

from relsim.experiments.experiment import Experiment


def json_schema() -> dict[str, Any]:
    """A schema that takes experiments."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Experiment.model_json_schema(),
        "title": "relsim experiment",
    }


def schema_text() -> str:
    """The schema as text."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"
