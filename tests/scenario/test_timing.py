"""When events happen, in the words that the report and the app show."""

from __future__ import annotations

from typing import Any

import pytest

import relsim
from relsim.scenario.timing import timing_words
from scenarios_to_test import STATUS_QUO, scenario_of

STATES: dict[str, Any] = {"A": {}, "B": {}}


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        ({"at": "2022-03"}, "in 2022-03"),
        ({"at": ["2022-03", "2023-01", "2023-05"]}, "in 2022-03, 2023-01 and 2023-05"),
        ({"every": "12 months", "from": "2020-12"}, "every 12 months, from 2020-12"),
        ({"every": "1 month", "until": "2021-06"}, "every 1 month, until 2021-06"),
        ({"chance": "0.15 per year"}, "by chance, 0.15 per year"),
        ({"chance": "0.15 per year", "at_most": 1}, "by chance, 0.15 per year, at most once"),
        ({"chance": "0.15 per year", "at_most": 2}, "by chance, 0.15 per year, at most twice"),
        ({"chance": "0.15 per year", "at_most": 3}, "by chance, 0.15 per year, at most 3 times"),
        (
            {"chance": {"uniform": ["0.1 per year", "0.4 per year"]}},
            "by chance, 0.25 per year (uniform, 0.1 to 0.4)",
        ),
        (
            {"chance": {"lognormal": ["0.2 per year", 0.5]}, "from": "2021-01"},
            "by chance, 0.2 per year (lognormal, median 0.2, standard deviation of the logarithm "
            "0.5), from 2021-01",
        ),
        (
            {"chance": "0.5 per year", "when": {"tie": "A-B", "below": -0.25}},
            "by chance, 0.5 per year, while A-B is below −0.25",
        ),
        ({"when": {"context": "oil", "above": 0.7}}, "when oil is above 0.7, at most once"),
        (
            {"when": {"tie": "A>B", "above": {"normal": [0.3, 0.02]}}, "at_most": 4},
            "when A>B is above 0.3 (normal, 0.3 ± 0.02), at most 4 times",
        ),
        ({"when": {"event": "visit"}}, "when “The visit” has happened, at most once"),
        ({"when": {"event": "plain"}}, "when “plain” has happened, at most once"),
    ],
)
def test_when_an_event_happens_is_said_in_words(timing: dict[str, Any], words: str) -> None:
    scenario = scenario_of(
        {
            "states": STATES,
            "context": {"oil": 0.5},
            "events": {
                "visit": {"label": "The visit", "at": "2021-01"},
                "plain": {"at": "2021-01"},
                "it": timing,
            },
        }
    )
    assert timing_words(scenario.events["it"], scenario.events) == words


def test_every_event_of_the_shipped_case_has_its_words() -> None:
    scenario = relsim.load(STATUS_QUO)
    words = [timing_words(event, scenario.events) for event in scenario.events.values()]
    assert all(words)
    assert not [text for text in words if "None" in text or "{" in text]
