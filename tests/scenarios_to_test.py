"""Scenarios that several tests use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from relsim.scenario.load import check_text
from relsim.scenario.schema import Scenario

ROOT = Path(__file__).resolve().parent.parent
FAMILY = ROOT / "scenarios" / "pakistan-russia"
SHIPPED = sorted(
    path for path in (ROOT / "scenarios").glob("*/*.yaml") if path.parent.name != "experiments"
)
STATUS_QUO = FAMILY / "status-quo.yaml"
# Issues, states and ties of a small scenario in a file.
THREE_STATES = """\
issues: {border: {minus: open, plus: shut}}
states:
  A:
    ties: {B: 0.5, C: {uniform: [0.2, 0.6]}}
    issues: {border: {stance: 0.5, salience: 0.4}}
  B:
    ties: {A: 0.3}
    issues: {border: {stance: -0.5, salience: 0.4}}
  C: {ties: {A: 0.6}}
ties: {A-B: 0.2, A-C: -0.3, B-C: 0.1}
"""


def scenario_of(data: dict[str, Any]) -> Scenario:
    """A scenario from plain data; its time is 2020-01 to 2022-01 unless given."""
    whole = {
        "relsim": 1,
        "name": "test",
        "time": {"start": "2020-01", "end": "2022-01"},
        **data,
    }
    return check_text(yaml.safe_dump(whole, sort_keys=False)).require()


def quiet(data: dict[str, Any]) -> dict[str, Any]:
    """The same without noise."""
    parameters = {**data.get("parameters", {}), "volatility": 0, "drift": 0}
    return {**data, "parameters": parameters}


def settled(data: dict[str, Any]) -> dict[str, Any]:
    """The same with the opening read with the interests as they are, and history that lasts."""
    parameters = {**data.get("parameters", {})}
    parameters.pop("history_half_life", None)
    return {
        **{key: part for key, part in data.items() if key != "reference"},
        "parameters": parameters,
    }


def without_events(scenario: Scenario) -> Scenario:
    """The scenario with every event switched off."""
    return scenario.with_changes({f"events.{name}.off": True for name in scenario.events})


def without_noise(scenario: Scenario) -> Scenario:
    """The scenario with no volatility and no drift, own traits included."""
    changes: dict[str, Any] = {"parameters.volatility": 0, "parameters.drift": 0}
    for code, state in scenario.states.items():
        if state.traits.volatility is not None:
            changes[f"states.{code}.traits.volatility"] = 0
    return scenario.with_changes(changes)


# Every kind of event, effect and condition, uncertain numbers, one-sided ties, context paths, ties
# of either sign, saliences above 1 in sum, interests that have changed, history that fades.
EVERYTHING: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2024-01"},
    "domains": {"high": 2, "low": {"weight": {"uniform": [0.5, 1.5]}}},
    "context": {"order": {"start": 0.2, "end": 0.7}, "war": 0.0},
    "issues": {"border": {"minus": "old", "plus": "new"}, "creed": {"minus": "a", "plus": "b"}},
    "states": {
        "B": {
            "ties": {
                "A": {"weight": 0.5, "fades_with": "order"},
                "C": {"weight": -0.6, "fades_with": "war"},
                "D": {"normal": [-0.4, 0.1]},
            },
            "issues": {
                "border": {"stance": 0.8, "salience": {"uniform": [0.6, 0.9]}},
                "creed": {"stance": -0.2, "salience": 0.5},
            },
            "capacity": {"high": 0.7},
        },
        "A": {
            "ties": {"C": 0.6, "D": -0.3},
            "issues": {"border": {"stance": -0.5, "salience": 0.3}},
            "traits": {"adaptability": 0.2, "volatility": {"lognormal": [0.05, 0.3]}},
        },
        "C": {
            "ties": {"A": 0.3, "B": {"uniform": [-0.3, 0.3]}, "D": {"normal": [0.3, 0.1]}},
            "issues": {"creed": {"stance": 0.4, "salience": 0.6}},
            "traits": {"reciprocity": 0.4},
        },
        "D": {"capacity": {"low": 0.9}, "issues": {"creed": {"stance": -0.9, "salience": 0.2}}},
    },
    "ties": {
        "A-B": {"overall": 0.3, "low": {"triangular": [0.0, 0.1, 0.2]}},
        "C>A": -0.4,
        "A-C": 0.2,
        "B-C": {"high": {"uniform": [0.2, 0.6]}},
        "D>B": {"high": 0.1, "low": -0.3},
    },
    # The opening was read with other interests than these: each kind of them has changed.
    "reference": {
        "A": {"ties": {"B": -0.2, "C": {"weight": 0.4, "fades_with": "order"}}},
        "B": {"ties": {"D": {"uniform": [-0.5, -0.1]}}, "capacity": {"high": 0.8}},
        "C": {
            "ties": {"D": {"normal": [0.5, 0.2]}},
            "issues": {"creed": {"stance": 0.1, "salience": {"uniform": [0.5, 0.8]}}},
        },
        "D": {"issues": {"border": {"stance": 0.3, "salience": 0.4}}},
    },
    "parameters": {
        "half_life": "6 months",
        "history_half_life": "5 years",
        "alignment_gain": {"uniform": [0.0, 0.35]},
        "rivalry_gain": 0.2,
        "goldstein_unit": {"uniform": [0.02, 0.04]},
    },
    "events": {
        "visit": {
            "at": ["2020-03", "2022-05", "2022-05"],
            "effects": [{"pulse": "A-B.high", "cameo": "042", "lasting": 0.2}],
        },
        "talks": {
            "every": "5 months",
            "from": "2020-06",
            "until": "2023-01",
            "effects": [
                {"pulse": "A>C", "size": {"normal": [0.1, 0.02]}, "half_life": "3 months"},
                {"add": "B.ties.A", "by": -0.05},
            ],
        },
        "flood": {
            "chance": "1.5 per year",
            "effects": [
                {"pulse": "A>B", "cameo": "073", "only_if": {"tie": "A-B", "above": 0.25}},
                {"pulse": "D>B.low", "size": 0.2, "only_if": {"event": "visit"}},
            ],
        },
        "crisis": {
            "chance": {"uniform": ["0.5 per year", "3 per year"]},
            "when": {"tie": "B-C.high", "below": 0.45},
            "at_most": 3,
            "effects": [
                {"shift": "B-C", "size": -0.05},
                {"set": "context.war", "to": 0.4},
                {"add": "context.order", "by": 0.1},
                {"pulse": "C>B", "size": -0.1, "only_if": {"context": "order", "above": 0.6}},
            ],
        },
        "alarm": {
            "when": {"tie": "A>B", "above": 0.2},
            "from": "2021-01",
            "effects": [
                {"set": "D.issues.creed.stance", "to": 0.1},
                {"set": "B.capacity", "to": 0.9},
                {"add": "parameters.volatility", "by": 0.02},
                {"set": "parameters.mutuality", "to": 0.8},
                {"set": "parameters.history_half_life", "to": 30},
                {"set": "A.ties.D", "to": 0.2},
                {"add": "C.issues.creed.salience", "by": -2},
            ],
        },
        "lever": {"off": True, "at": "2020-02", "effects": [{"shift": "A-D", "size": 0.3}]},
        "echo": {
            "when": {"context": "war", "above": 0.1},
            "at_most": 2,
            "effects": [{"pulse": "A-D", "size": 0.1, "only_if": {"event": "lever"}}],
        },
    },
    "watch": ["A-B", "C-A"],
}
