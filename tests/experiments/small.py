"""A small scenario, and experiments on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from relsim.experiments.load import load_experiment
from relsim.experiments.study import Study
from scenarios_to_test import THREE_STATES

SCENARIO = (
    """\
relsim: 1
name: Three states
time: {start: 2020-01, end: 2022-01, step: month}
"""
    + THREE_STATES
    + """\
events:
  deal:
    at: 2020-06
    effects: [{pulse: A-B, size: 0.4, half_life: 9 months, lasting: 0.5}]
  quarrel:
    chance: 0.5 per year
    effects: [{pulse: A-C.defence, size: -0.3}]
  lever:
    off: true
    at: 2020-09
    effects: [{shift: B-C, size: 0.2}]
claims:
  warmer: {says: A and B get closer., expect: {change: A-B, above: 0}}
"""
)

VARIED: dict[str, Any] = {
    "relsim": 1,
    "name": "What matters",
    "scenario": "three.yaml",
    "runs": 5,
    "seed": 3,
    "parameters": {"A.ties.B": [0.1, 0.9], "half_life": ["2 months", "20 months"]},
    "measures": {
        "level": {"level": "A-B"},
        "early": {"change": "A-C.defence", "at": "2020-12"},
        "swing": {"volatility": "A-B"},
        "when": {"time_to": "A-B", "above": 0.25},
        "often": {"probability": {"level": "A-B", "above": 0.25}},
        "warmer": {"claim": "warmer"},
    },
    "sensitivity": {"samples": 64},
}
SWITCHED: dict[str, Any] = {
    **{key: value for key, value in VARIED.items() if key not in ("parameters", "sensitivity")},
    "attribute": {
        "players": {
            "deal": "events.deal",
            "lever": "events.lever",
            "weight": "A.ties.C",
        }
    },
}


def written(folder: Path, experiment: dict[str, Any], scenario: str = SCENARIO) -> Path:
    """The files of an experiment in a folder; gives that of the experiment."""
    (folder / "three.yaml").write_text(scenario, encoding="utf-8")
    file = folder / "experiment.yaml"
    file.write_text(yaml.safe_dump(experiment, sort_keys=False), encoding="utf-8")
    return file


def study_in(folder: Path, experiment: dict[str, Any], scenario: str = SCENARIO) -> Study:
    """The study of an experiment that is written into a folder."""
    return load_experiment(written(folder, experiment, scenario))
