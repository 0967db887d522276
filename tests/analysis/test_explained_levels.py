"""How much of the opening interests explain."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from scipy.optimize import brentq

from relsim.analysis.interests import Explained, explained
from relsim.scenario.load import load
from scenarios_to_test import SHIPPED, scenario_of

CUES: dict[str, Any] = {
    "states": {"A": {"ties": {"K": 1.0}}, "B": {"ties": {"K": -0.5}}, "K": {}},
    "ties": {"B-K": 0.6, "A-K": 0.3, "A-B": -0.1},
    "parameters": {"mutuality": 0.5},
}


def squashed(pull: float) -> float:
    return pull / math.sqrt(1 + pull * pull)


def test_what_interests_say_is_the_level_at_rest_without_affinity() -> None:
    # A is drawn towards K's relation with B and away from its own; B, away from K's friend A.
    forth = brentq(lambda level: squashed(0.15 * (0.6 - level)) - level, -1, 1)
    back = squashed(-0.10 * 0.5 * 0.3)
    found = explained(scenario_of(CUES)).pairs.set_index("pair")
    assert found.loc["A-B", "said"] == pytest.approx(0.25 * (forth + back) + 0.5 * min(forth, back))
    assert found.loc["A-K", "said"] == pytest.approx(0)  # K cares for nobody
    assert found["level"].to_dict() == pytest.approx({"A-B": -0.1, "A-K": 0.3, "B-K": 0.6})


def test_levels_that_interests_made_are_explained_in_full() -> None:
    data = {
        "states": {
            code: {"issues": {"order": {"stance": stance, "salience": 1}}}
            for code, stance in {"A": 0.9, "B": 0.5, "C": -0.7}.items()
        },
        "issues": {"order": {"minus": "no", "plus": "yes"}},
        "ties": {
            "A-B": squashed(0.25 * 0.45),
            "A-C": squashed(-0.25 * 0.63),
            "B-C": squashed(-0.25 * 0.35),
        },
    }
    found = explained(scenario_of(data))
    assert found.share == pytest.approx(1)
    assert found.best_factor == pytest.approx(1, abs=0.02)
    assert found.pairs["warmth"].abs().max() < 1e-12
    twice = scenario_of({**data, "parameters": {"issue_gain": 0.125}})
    assert explained(twice).best_factor == pytest.approx(2, abs=0.02)


def test_pairs_out_of_line_come_by_size() -> None:
    found = explained(scenario_of(CUES))
    assert found.warmer(1)["pair"].tolist() == ["B-K"]
    assert found.colder(1)["pair"].tolist() == ["A-B"]
    assert found.pairs["warmth"].sum() == pytest.approx(0)


def test_a_changed_interest_does_not_change_what_is_said_of_the_opening() -> None:
    base = scenario_of(CUES)
    changed, recoded = base.with_changes({"A.ties.K": 0}), base.recoded({"A.ties.K": 0})
    assert explained(changed).share == explained(base).share
    assert explained(recoded).share != explained(base).share


@pytest.mark.parametrize("file", [file for file in SHIPPED if file.name == "status-quo.yaml"])
def test_interests_say_something_of_the_shipped_openings(file: Path) -> None:
    found: Explained = explained(load(file))
    assert found.share <= found.best_share <= 1
    assert found.best_share > 0


def test_nothing_is_said_of_pairs_that_open_alike() -> None:
    alike = explained(scenario_of({"states": {"A": {}, "B": {}}, "ties": {"A-B": 0.3}}))
    assert (alike.share, alike.sentences) == (0.0, ())
    first, *_ = explained(scenario_of(CUES)).sentences
    assert first.startswith("Interests explain ")
