"""Attribution: what each player brings to each measure, in tables and words: the whole, who brings
how much of it, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsim.experiments.paired import Means
from relsim.experiments.parameters import Values
from relsim.words import digits_for, percent, rounded_up, signed

WHOLE = "All together"  # what all players bring, beside their names
FEW_RUNS = 30  # below it Student's interval leans on runs being normal
MOST_NAMED, MOST_INTERACTIONS = 6, 2  # that get a sentence of their own
LEAST_SHARE = 0.02  # of the largest share; smaller ones are told together
MOST_LISTED = 4  # names in one sentence
PRECISE = 0.1  # half an interval, of the largest share: enough to tell the large from the small


@dataclass(frozen=True)
class MeasureAttribution:
    """What each of n players brings to one measure.

    Attributes:
        measure: its name.
        none, all: mean outcome without any player and with all of them.
        whole: all less none, one mean.
        shapley: Shapley values, [n]; they add up to the whole.
        leave_one_out: outcome with all less that with all but this one, [n].
        interactions: Shapley interaction index by pair of players, where computed exactly.
        pairs: which players these are of, [K, 2].
        run_error, order_error: standard errors of the Shapley values, [n]: from the runs, and
            from the orders of joining that were sampled; 0 where all coalitions were simulated.
        runs: that have an outcome in every coalition; only these count.
        left_out: runs that do not.
    """

    measure: str
    none: float
    all: float
    whole: Means
    shapley: Means
    leave_one_out: Means
    interactions: Means
    pairs: tuple[tuple[int, int], ...]
    run_error: Values
    order_error: Values
    runs: int
    left_out: int


@dataclass(frozen=True)
class Attribution:
    """What was found.

    Attributes:
        players: names.
        permutations: orders of joining that were sampled; 0 where all coalitions were simulated.
        measures: what was found of each.
    """

    players: tuple[str, ...]
    permutations: int
    measures: tuple[MeasureAttribution, ...]

    def tables(self) -> dict[str, pd.DataFrame]:
        """``attribution``: a row for each measure and player. ``whole``: a row for each measure.
        ``interactions``: a row for each measure and pair of players, where exact."""
        tables = {
            "attribution": pd.concat([_shares_table(self, one) for one in self.measures]),
            "whole": pd.DataFrame([_whole_row(self, one) for one in self.measures]),
        }
        if any(one.pairs for one in self.measures):
            found = [_interactions_table(self, one) for one in self.measures]
            tables["interactions"] = pd.concat(found)
        return {name: table.reset_index(drop=True) for name, table in tables.items()}

    def sentences(self) -> list[str]:
        """For each measure: the whole, who brings how much of it, who works together."""
        return [text for one in self.measures for text in _sentences(self, one)]

    def warnings(self) -> list[str]:
        """What so many runs and orders of joining do not support, and how many would."""
        return [text for one in self.measures for text in _warnings(self, one)]


# Tables
def _shares_table(attribution: Attribution, one: MeasureAttribution) -> pd.DataFrame:
    whole = one.whole.value[0] if one.whole.clear[0] else math.nan
    return pd.DataFrame(
        {
            "measure": one.measure,
            "player": attribution.players,
            **_columns("Shapley value", one.shapley),
            "of the whole (%)": 100 * one.shapley.value / whole,
            **_columns("leave-one-out", one.leave_one_out),
        }
    )


def _whole_row(attribution: Attribution, one: MeasureAttribution) -> dict[str, object]:
    whole = {name: values[0] for name, values in _columns("all less none", one.whole).items()}
    return {
        "measure": one.measure,
        "with none": one.none,
        "with all": one.all,
        **whole,
        "runs": one.runs,
        "runs left out": one.left_out,
        "permutations": attribution.permutations or "all",
    }


def _interactions_table(attribution: Attribution, one: MeasureAttribution) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": one.measure,
            "player": [attribution.players[first] for first, _ in one.pairs],
            "other player": [attribution.players[second] for _, second in one.pairs],
            **_columns("interaction", one.interactions),
        }
    )


def _columns(name: str, of: Means) -> dict[str, Values]:
    return {name: of.value, f"{name}, low (95 %)": of.low, f"{name}, high (95 %)": of.high}


# Sentences


def _sentences(attribution: Attribution, one: MeasureAttribution) -> list[str]:
    """The whole, who brings how much of it, who is missed most, who works together."""
    if not one.runs:
        return [f"{one.measure}: nothing can be said; no run has an outcome in every coalition."]
    digits = digits_for([*one.shapley.value, *one.whole.value])
    return [
        _whole_sentence(attribution, one, digits),
        *_named_sentences(attribution, one, digits),
        *_rest_sentence(attribution, one, digits),
        *_leave_one_out_sentence(attribution, one, digits),
        *_interaction_sentences(attribution, one, digits),
    ]


def _whole_sentence(attribution: Attribution, one: MeasureAttribution, digits: int) -> str:
    how = "" if not attribution.permutations else f", {attribution.permutations:,} permutations"
    return (
        f"{one.measure} ({one.runs:,} paired runs{how}): all {len(attribution.players)} together "
        f"take it from {signed(one.none, digits)} to {signed(one.all, digits)}, a change of "
        f"{_with_interval(one.whole, 0, digits)}."
    )


def _ranked(of: Means) -> list[int]:
    return [int(place) for place in np.argsort(-np.abs(of.value), kind="stable")]


def _named(one: MeasureAttribution) -> list[int]:
    """The players that get a sentence: the largest of those that are told from 0."""
    least = LEAST_SHARE * float(np.abs(one.shapley.value).max())
    told = one.shapley.clear & (np.abs(one.shapley.value) >= least)
    return [place for place in _ranked(one.shapley) if told[place]][:MOST_NAMED]


def _named_sentences(attribution: Attribution, one: MeasureAttribution, digits: int) -> list[str]:
    whole = one.whole.value[0]
    said = []
    for place in _named(one):
        name, share = attribution.players[place], one.shapley.value[place] / (whole or math.nan)
        part = f", {percent(share)} of the whole" if one.whole.clear[0] and share > 0 else ""
        said.append(f"“{name}” brings {_with_interval(one.shapley, place, digits)}{part}.")
    return said


def _rest_sentence(attribution: Attribution, one: MeasureAttribution, digits: int) -> list[str]:
    """What the others bring: little, not told from 0, or nothing at all."""
    rest = [place for place in _ranked(one.shapley) if place not in _named(one)]
    idle = [
        place for place in rest if one.shapley.value[place] == 0 == one.leave_one_out.value[place]
    ]
    said = []
    if others := [place for place in rest if place not in idle]:
        total = float(one.shapley.value[others].sum())
        told = "" if one.shapley.clear[others].any() else "; none of these is told from 0"
        names = _listed(attribution, others)
        said.append(
            f"{names} {'brings' if len(others) == 1 else 'together bring'} "
            f"{signed(total, digits)}{told}."
        )
    if idle:
        verb = "brings" if len(idle) == 1 else "bring"
        seen = " in any permutation" if attribution.permutations else ""
        said.append(f"{_listed(attribution, idle)} {verb} nothing{seen}.")
    return said


def _leave_one_out_sentence(
    attribution: Attribution, one: MeasureAttribution, digits: int
) -> list[str]:
    place = _ranked(one.leave_one_out)[0]
    if not one.leave_one_out.clear[place]:
        return []
    return [
        f"Of those left out alone, “{attribution.players[place]}” is missed most: with all others "
        f"present it brings {_with_interval(one.leave_one_out, place, digits)}."
    ]


def _interaction_sentences(
    attribution: Attribution, one: MeasureAttribution, digits: int
) -> list[str]:
    """The strongest interactions, where they are worth a word."""
    least = PRECISE * float(np.abs(one.shapley.value).max())
    strong = [
        place
        for place in _ranked(one.interactions)
        if one.interactions.clear[place] and abs(one.interactions.value[place]) > least
    ]
    said = []
    for place in strong[:MOST_INTERACTIONS]:
        first, second = (attribution.players[player] for player in one.pairs[place])
        size = _with_interval(one.interactions, place, digits)
        said.append(
            f"Together “{first}” and “{second}” bring {size} beside what each brings alone."
        )
    return said


def _with_interval(of: Means, place: int, digits: int) -> str:
    value = signed(float(of.value[place]), digits)
    if not math.isfinite(of.low[place]):
        return value
    low, high = (signed(float(end[place]), digits) for end in (of.low, of.high))
    return f"{value} (95 % interval {low} to {high})"


def _listed(attribution: Attribution, players: list[int]) -> str:
    names = [f"“{attribution.players[place]}”" for place in players]
    if len(names) > MOST_LISTED:
        names = [*names[: MOST_LISTED - 1], f"{len(names) - MOST_LISTED + 1} others"]
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


# Warnings
def _warnings(attribution: Attribution, one: MeasureAttribution) -> list[str]:
    """What so many runs and orders of joining do not support, and how many would."""
    said = []
    if one.left_out:
        said.append(
            f"{one.measure}: {one.left_out:,} of {one.runs + one.left_out:,} runs have no outcome "
            "in some coalition and are left out, so this is of runs that may differ from the "
            "others. A measure that every run has (a level, or whether it was reached) keeps all."
        )
    if one.runs < FEW_RUNS:
        said.append(
            f"{one.measure}: {one.runs} runs are few for an interval. Take at least {FEW_RUNS}."
        )
    if one.runs >= 2:
        said += _imprecise(attribution, one)
    return said


def _imprecise(attribution: Attribution, one: MeasureAttribution) -> list[str]:
    """Where an interval is wide beside the largest share: what would narrow it."""
    half = one.shapley.high - one.shapley.value
    aim = PRECISE * float(np.abs(one.shapley.value).max())
    wide = [place for place in _ranked(one.shapley) if half[place] > aim]
    if not wide or not aim:
        return []
    needs = [
        f"{_needed(number, float(errors[wide].max()), aim, both=bool(attribution.permutations)):,} "
        f"{what}"
        for number, errors, what in (
            (one.runs, one.run_error, "runs"),
            (attribution.permutations, one.order_error, "permutations"),
        )
        if number
    ]
    digits = digits_for([*one.shapley.value, *one.whole.value])
    return [
        f"{one.measure}: the interval of {_listed(attribution, wide)} is wider than ± "
        f"{aim:.{digits}f}, a tenth of the largest share. About {' and '.join(needs)} "
        "would narrow it to that."
    ]


def _needed(number: int, error: float, aim: float, *, both: bool) -> int:
    """How many runs or permutations would make half an interval so wide, to two digits and no
    fewer than there are. Where runs and permutations both add to it, each gets half the variance.
    """
    needed = number * (2 if both else 1) * (1.96 * error / aim) ** 2
    return max(number, rounded_up(needed))
