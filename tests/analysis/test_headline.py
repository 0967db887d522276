"""Sentences on where pairs go: directions, anchors, counts of verdicts."""

from __future__ import annotations

from typing import Any

import pytest
import xarray as xr

from relsim.analysis.claims import Verdict, VerdictWord
from relsim.analysis.findings import anchor_words, claims_sentence, direction, pair_sentences
from relsim.words import percent, signed
from scenarios_to_test import scenario_of

SCENARIO: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2021-01"},
    "states": {"A": {"name": "Aland"}, "B": {}},
    "ties": {"A-B": 0.1},
}


def summary_of(start: float, end: dict[str, float]) -> xr.Dataset:
    """A pair that opens at a level and ends with these statistics."""
    names = list(end)
    values = [[[start], [end[name]]] for name in names]
    return xr.Dataset(
        {"overall": (("statistic", "time", "pair"), values)},
        coords={"statistic": names, "pair": ["A-B"]},
    )


def test_a_sentence_has_names_levels_band_and_share() -> None:
    end = {"q0.1": 0.12, "q0.5": 0.31, "q0.9": 0.4, "p_up": 0.97}
    (sentence,) = pair_sentences(scenario_of(SCENARIO), summary_of(0.1, end))
    assert sentence == (
        "Aland – B rises: from +0.10 to a median of +0.31 in 2021-01 (between normal "
        "and regular programmes). 80 % of runs end between +0.12 and +0.40; 97 % "
        "end higher than they began."
    )


@pytest.mark.parametrize(
    ("share", "verb"),
    [
        (1.0, "rises"),
        (0.9, "rises"),
        (0.7, "tends to rise"),
        (0.5, "shows no clear direction"),
        (0.3, "tends to fall"),
        (0.05, "falls"),
    ],
)
def test_a_direction_is_named_by_the_share_of_runs(share: float, verb: str) -> None:
    assert direction(share) == verb


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (-0.95, "below war"),
        (-0.59, "about rivalry"),
        (0.0, "about no relationship"),
        (0.3, "between normal and regular programmes"),
        (0.95, "above alliance"),
    ],
)
def test_levels_are_said_in_the_words_of_the_anchors(level: float, words: str) -> None:
    assert anchor_words(level) == words


def test_signs_are_true_minus_signs() -> None:
    assert (signed(-0.05), signed(0.5), signed(-0.004), signed(None)) == (
        "−0.05",
        "+0.50",
        "0.00",
        "–",
    )
    assert percent(0.283, 1) == "28.3 %"


def test_verdicts_are_counted_the_best_first() -> None:
    def claim(word: VerdictWord) -> Verdict:
        return Verdict("c", "So.", "so", "", 10, 0.5, verdict=word)

    words: list[VerdictWord] = ["contradicted", "supported", "supported"]
    assert claims_sentence([claim(word) for word in words]) == (
        "3 claims judged: 2 supported, 1 contradicted."
    )
    assert claims_sentence([]) == ""
