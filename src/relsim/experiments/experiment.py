"""The format of experiment files: a field for each method, and its JSON Schema for editors."""

from __future__ import annotations

import json

from pydantic import Field

from relsim.experiments.advise import Advise
from relsim.experiments.attribute import Attribute
from relsim.experiments.discover import Discover
from relsim.experiments.sensitivity import Sensitivity
from relsim.experiments.study import Setup
from relsim.experiments.sweep import Sweep
from relsim.experiments.tune import Tune


class Experiment(Setup):
    """A whole experiment. Load one with :func:`relsim.experiments.load.load_experiment`."""

    sweep: Sweep | None = Field(None, description="Outcomes all over the ranges.")
    sensitivity: Sensitivity | None = Field(None, description="Which parameters matter.")
    tune: Tune | None = Field(None, description="Which values fit.")
    attribute: Attribute | None = Field(None, description="What each player owes.")
    advise: Advise | None = Field(None, description="Which levers to pull.")
    discover: Discover | None = Field(None, description="When an outcome happens.")


def schema_text() -> str:
    """The JSON Schema of experiment files, as text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Experiment.model_json_schema(),
        "title": "relsim experiment",
    }
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
