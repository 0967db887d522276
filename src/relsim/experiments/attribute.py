"""Attribution: how much of an outcome each event, lever or interest brings.

Each is a player, present or absent; a point is a coalition of those that are present.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relsim.analysis.intervals import spread, welch_width
from relsim.analysis.numerals import digits_for, percent, signed
from relsim.errors import RelsimError
from relsim.experiments.paired import Means, complete_runs, means
from relsim.experiments.parameters import Values
from relsim.experiments.shapley import (
    Sampled,
    interactions,
    joining_orders,
    key,
    place_of,
    places,
    sampled_shapley_values,
    shapley_values,
    visited,
)
from relsim.experiments.subsets import MOST_MEMBERS, binary_order, every_subset

LEAST_PERMUTATIONS = 4  # two antithetic pairs, the fewest that have a spread
FEW_RUNS = 30  # below it Student's interval leans on runs being normal
MOST_NAMED, MOST_INTERACTIONS = 6, 2  # that get a sentence of their own
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
        return [said for one in self.measures for said in _sentences(self, one)]

    def warnings(self) -> list[str]:
        """What so many runs and orders of joining do not support, and how many would."""
        return [said for one in self.measures for said in _warnings(self, one)]


def attribution_points(players: int, permutations: int, seed: int) -> Values:
    """The coalitions to simulate, [P, n]: 1 is present, 0 is absent.

    All of them up to 10 players. Beyond that the empty one, the full one, those that leave out
    one, and those that random orders of joining pass, without repeats; more permutations with
    the same seed add rows at the end.

    Args:
        players: how many, n.
        permutations: orders of joining, in antithetic pairs; only used beyond 10 players, where
            each adds at most n − 1 coalitions.
        seed: of the orders.

    Raises:
        RelsimError: there are no players, or too few permutations.
    """
    if players < 1:
        raise RelsimError("There is nothing to attribute to: name at least one player.")
    if players <= MOST_MEMBERS:
        return every_subset(players)
    if permutations < LEAST_PERMUTATIONS:
        raise RelsimError(
            f"More than {MOST_MEMBERS} players are sampled: ask for at least "
            f"{LEAST_PERMUTATIONS} permutations, better 100."
        )
    orders = joining_orders(players, permutations, seed).reshape(-1, players)
    ends = [np.zeros((1, players)), np.ones((1, players)), 1 - np.eye(players)]
    rows = np.vstack([*ends, *(visited(order) for order in orders)])
    return np.array(list({key(row): row for row in rows}.values()))


def attribute(
    players: tuple[str, ...],
    points: Values,
    outcomes: Mapping[str, Values],
    permutations: int,
    seed: int,
) -> Attribution:
    """Leave-one-out and Shapley values of every measure, on paired runs.

    Exact Shapley values are those of each run, with Student's interval of their mean. Sampled
    ones vary with runs and with orders of joining: Welch's interval, from the spread of the means
    by run and by antithetic pair of orders. What is due to a run in an order counts in both, so
    that the interval is rather too wide.

    Args:
        players: names, n.
        points: as of :func:`attribution_points` with the same permutations and seed, [P, n].
        outcomes: by measure, [P, R]. A run without an outcome (NaN) in some coalition is left out.
        permutations, seed: as for the points.

    Raises:
        RelsimError: a coalition that is needed is not among the points.
    """
    exact = len(players) <= MOST_MEMBERS
    found = [
        _exact(name, points, values)
        if exact
        else _sampled(name, points, values, permutations, seed)
        for name, values in outcomes.items()
    ]
    return Attribution(players, 0 if exact else permutations + permutations % 2, tuple(found))


def _exact(measure: str, points: Values, outcomes: Values) -> MeasureAttribution:
    complete = complete_runs([outcomes])
    ordered = outcomes[binary_order(points)][:, complete]
    by_run = shapley_values(ordered)
    pairs = interactions(ordered)
    together = np.array(list(pairs.values())).reshape(len(pairs), ordered.shape[1])
    return _found(
        measure,
        points,
        outcomes,
        shapley=means(by_run),
        interactions=means(together),
        pairs=tuple(pairs),
        run_error=_errors(by_run),
        order_error=np.zeros(len(by_run)),
    )


def _sampled(
    measure: str, points: Values, outcomes: Values, permutations: int, seed: int
) -> MeasureAttribution:
    complete = complete_runs([outcomes])
    orders = joining_orders(points.shape[1], permutations, seed)
    sampled = sampled_shapley_values(points, outcomes[:, complete], orders)
    nothing = np.empty(0)
    return _found(
        measure,
        points,
        outcomes,
        shapley=_sampled_means(sampled),
        interactions=Means(nothing, nothing, nothing),
        pairs=(),
        run_error=_errors(sampled.by_run),
        order_error=_errors(sampled.by_pair),
    )


def _sampled_means(sampled: Sampled) -> Means:
    if not sampled.by_run.shape[1]:
        return means(sampled.by_run)
    value = sampled.by_run.mean(axis=1)
    samples = zip(sampled.by_run, sampled.by_pair, strict=True)
    half = np.array([welch_width(runs, pairs) / 2 for runs, pairs in samples])
    return Means(value, value - half, value + half)


def _errors(values: Values) -> Values:
    return np.array([spread(row) for row in values]) / math.sqrt(max(values.shape[1], 1))


def _found(
    measure: str,
    points: Values,
    outcomes: Values,
    *,
    shapley: Means,
    interactions: Means,
    pairs: tuple[tuple[int, int], ...],
    run_error: Values,
    order_error: Values,
) -> MeasureAttribution:
    """With what needs no weights: the whole, and what is lost when one is left out."""
    complete = complete_runs([outcomes])
    players, rows = points.shape[1], places(points)
    none, full = (outcomes[place_of(np.full(players, end), rows)][complete] for end in (0.0, 1.0))
    without = [place_of(row, rows) for row in 1 - np.eye(players)]
    some = bool(complete.any())
    return MeasureAttribution(
        measure=measure,
        none=float(none.mean()) if some else math.nan,
        all=float(full.mean()) if some else math.nan,
        whole=means((full - none)[None]),
        shapley=shapley,
        leave_one_out=means(full - outcomes[without][:, complete]),
        interactions=interactions,
        pairs=pairs,
        run_error=run_error,
        order_error=order_error,
        runs=int(complete.sum()),
        left_out=int((~complete).sum()),
    )


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


# Words


def _sentences(attribution: Attribution, one: MeasureAttribution) -> list[str]:
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
    return [place for place in _ranked(one.shapley) if one.shapley.clear[place]][:MOST_NAMED]


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
        said.append(f"{_listed(attribution, idle)} {verb} nothing.")
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
    step = 10 ** max(math.floor(math.log10(max(needed, 1))) - 1, 0)
    return max(number, math.ceil(needed / step) * step)
