"""What an ensemble says, in sentences: where each watched pair goes, and how its claims fare."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from relsim.analysis.claims import Verdict
from relsim.scenario.schema import Scenario
from relsim.scenario.shipped import ANCHORS
from relsim.words import percent, signed

NEAR = 0.03  # of an anchor: a sixth of the usual distance between two
# Share of runs above the start from which a direction is named: odds of 9 to 1, and of 2 to 1.
CLEAR, LIKELY = 0.9, 2 / 3


def pair_sentences(scenario: Scenario, summary: xr.Dataset) -> list[str]:
    """A sentence on each watched pair: direction, levels and band of overall cooperation."""
    pairs = scenario.pair_names(scenario.watched_pairs)
    return [_pair_sentence(scenario, summary, pair) for pair in pairs]


def _pair_sentence(scenario: Scenario, summary: xr.Dataset, pair: str) -> str:
    levels = summary["overall"].sel(pair=pair)
    start = float(levels.sel(statistic="q0.5").isel(time=0))
    low, middle, high, up = (
        float(levels.sel(statistic=name).isel(time=-1)) for name in ("q0.1", "q0.5", "q0.9", "p_up")
    )
    return (
        f"{pair_title(scenario, pair)} {direction(up)}: from {signed(start)} to a median of "
        f"{signed(middle)} in {scenario.time.end} ({anchor_words(middle)}). "
        f"80 % of runs end between {signed(low)} and {signed(high)}; {percent(up)} end "
        "higher than they began."
    )


def pair_title(scenario: Scenario, pair: str) -> str:
    """A pair by the names of its states, in the order in which the scenario spells it."""
    codes = scenario.pair_name(pair).split("-")
    names = [scenario.states[code].name or code for code in codes]
    return " – ".join(names)


def direction(p_up: float) -> str:
    """A verb for the share of runs that end above their start."""
    if p_up >= CLEAR:
        return "rises"
    if p_up >= LIKELY:
        return "tends to rise"
    if p_up <= 1 - CLEAR:
        return "falls"
    return "tends to fall" if p_up <= 1 - LIKELY else "shows no clear direction"


def anchor_words(level: float) -> str:
    """A level of cooperation in the words of the anchors for coding."""
    for anchor, words in ANCHORS.items():
        if abs(level - anchor) <= NEAR:
            return f"about {words}"
    below = [words for anchor, words in ANCHORS.items() if anchor < level]
    above = [words for anchor, words in ANCHORS.items() if anchor > level]
    if not below:
        return f"below {above[0]}"
    return f"between {below[-1]} and {above[0]}" if above else f"above {below[-1]}"


def claims_sentence(claims: Sequence[Verdict]) -> str:
    """How many claims have which verdict; empty where there are none."""
    if not claims:
        return ""
    words = [claim.verdict for claim in claims]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(sorted(words, key=_rank))]
    noun = "claim" if len(claims) == 1 else "claims"
    return f"{len(claims)} {noun} judged: {', '.join(counts)}."


def _rank(word: str) -> int:
    return ("supported", "not distinguishable", "contradicted", "not judged").index(word)
