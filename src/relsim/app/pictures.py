"""What the page shows of an ensemble beside its base: fans, differences and verdicts on claims, as
plain data that JSON can hold.

Numbers are those of :func:`relsim.analysis.summary.summarise` and of
:meth:`relsim.analysis.compare.Comparison.effect`. Tables of other views are made in
:mod:`relsim.app.view_tables`, and what explains a picture in :mod:`relsim.app.reasons`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relsim.analysis.claims import Verdict
from relsim.analysis.effects import Effect, effect
from relsim.analysis.recorded import on_shared_runs, pairing_obstacle, step_of_month
from relsim.analysis.summary import event_table
from relsim.app.messages import Plain, number_or_null
from relsim.app.view_tables import event_frequencies, matrix, network
from relsim.ensemble.simulate import Ensemble
from relsim.errors import ResultsError
from relsim.figures.compare import LEAST_SPAN as LEAST_DIFFERENCE
from relsim.figures.result import LEAST_SPAN, certain_events, event_numbers, events_on
from relsim.model.compile import compile_scenario
from relsim.scenario.schema import Scenario
from relsim.stats import QUANTILES, quantiles
from relsim.words import capital, percent, signed

View: TypeAlias = Literal["futures", "network", "matrix", "events", "step"]
Levels: TypeAlias = NDArray[np.float32]  # [runs, times, pairs]

MOST_SHOWN = 12  # watched pairs with a fan of their own
SMALLEST = 0.0001  # difference that four digits show
DIGITS = 4  # of levels in columns: a hundredth of a pixel
RANGE_STEP = 0.1  # of the axis of levels, so that it keeps still while somebody drags
DIFFERENCE_STEP = LEAST_DIFFERENCE  # of that of differences, for the same reason
COLUMNS = {
    "median": 0.5,
    "lower95": 0.025,
    "upper95": 0.975,
    "lower80": 0.1,
    "upper80": 0.9,
    "lower50": 0.25,
    "upper50": 0.75,
}
GHOST = ("median", "lower80", "upper80")


@dataclass(frozen=True)
class Selection:
    """What is selected on a page.

    Attributes:
        pair: the subject, as in "PAK-RUS".
        month: in which scenario and base are compared; the end where absent.
        view: whose table a picture has, besides fans and claims.
    """

    pair: str
    month: str | None = None
    view: View = "futures"


def picture(
    ensemble: Ensemble,
    base: Ensemble,
    selection: Selection,
    verdicts: Sequence[Verdict] = (),
    verdicts_of_base: Sequence[Verdict] = (),
) -> Plain:
    """The futures of a changed scenario beside those of its base.

    Args:
        ensemble: of the changed scenario.
        base: that of the base, of as many runs on the same draws.
        selection: what is selected on the page.
        verdicts, verdicts_of_base: on the claims of each.

    Returns:
        The message ``picture``, but for ``number``, ``last`` and ``seconds``.

    Raises:
        ResultsError: the two cannot be paired, or the pair or the month is not recorded.
    """
    if reason := pairing_obstacle(base, ensemble):
        raise ResultsError(reason)
    scenario = ensemble.scenario
    step = step_of_month(scenario.time, selection.month)
    shown = shown_pairs(ensemble, base, selection.pair)
    same = alike(scenario, base.scenario)
    times = [str(month) for month in scenario.time.months]
    events = _events_on(ensemble, shown)
    fans = _fans(ensemble, base, shown, times, step)
    if same:
        for fan in fans.values():
            fan["effect"]["sentence"] = "The same as the base: nothing that acts differs."
    content = {
        "type": "picture",
        "runs": ensemble.asked,
        "title": scenario.title,
        "month": times[step],
        "same": same,
        "pairs": {pair: {**fan, "events": events[pair]} for pair, fan in fans.items()},
        "claims": _claims(verdicts, verdicts_of_base),
        "network": None,
        "matrix": None,
        "often": None,
    }
    match selection.view:
        case "network":
            content["network"] = network(ensemble, base)
        case "matrix":
            content["matrix"] = matrix(ensemble, base, step)
        case "events":
            content["often"] = event_frequencies(ensemble)
    return content


def alike(scenario: Scenario, base: Scenario) -> bool:
    """Whether nothing that acts differs between two scenarios, so that all their runs are equal."""
    first, second = compile_scenario(scenario), compile_scenario(base)
    names = ("states", "domains", "issues", "contexts", "events", "sizes", "draws")
    return (
        all(getattr(first, name) == getattr(second, name) for name in names)
        and np.array_equal(first.vector, second.vector)
        and all(
            np.array_equal(getattr(first.plan, name), getattr(second.plan, name))
            for name in first.plan.fields
        )
    )


def shown_pairs(ensemble: Ensemble, base: Ensemble, subject: str) -> list[str]:
    """The watched pairs and the subject, as the scenario names them, of those that both record.

    Raises:
        ResultsError: one of the two does not record the subject.
    """
    scenario = ensemble.scenario
    watched = scenario.pair_names(scenario.watched_pairs)[:MOST_SHOWN]
    pairs = [
        pair
        for pair in dict.fromkeys([*watched, scenario.pair_name(subject)])
        if pair in ensemble.data.indexes["pair"]
        and base.scenario.pair_name(pair) in base.data.indexes["pair"]
    ]
    if scenario.pair_name(subject) not in pairs:
        raise ResultsError(f"{subject} is not a pair that both scenarios record.")
    return pairs


def _levels(ensemble: Ensemble, pairs: Sequence[str]) -> Levels:
    """Overall cooperation of some pairs, [runs, times, pairs]."""
    overall = ensemble.data["overall"]
    names = ensemble.scenario.pair_names(pair.split("-") for pair in pairs)
    levels: Levels = overall.values[:, :, overall.indexes["pair"].get_indexer(names)]
    return levels


def _fans(
    ensemble: Ensemble, base: Ensemble, pairs: Sequence[str], times: list[str], step: int
) -> dict[str, Plain]:
    """For each pair its fan, the ghost of its base, and the paired difference between them."""
    changed, unchanged = _levels(ensemble, pairs), _levels(base, pairs)
    fans, ghosts = _columns(changed), _columns(unchanged)
    if ensemble.failed != base.failed:
        shared = on_shared_runs(base, ensemble)
        unchanged, changed = (_levels(each, pairs) for each in shared)
    differences = _columns(changed - unchanged)
    shown = {}
    for index, pair in enumerate(pairs):
        fan, ghost, difference = (
            {name: levels[:, index] for name, levels in columns.items()}
            for columns in (fans, {name: ghosts[name] for name in GHOST}, differences)
        )
        compared = (levels[:, step, index].astype(np.float64) for levels in (unchanged, changed))
        shown[pair] = {
            "fan": _plain_columns(fan, times),
            "ghost": _plain_columns(ghost, times),
            "difference": _plain_columns(difference, times),
            "range": axis_range([fan, ghost]),
            "difference_range": difference_range(difference),
            "effect": _plain_effect(effect(*compared, median_bounds=False)),
        }
    return shown


def _columns(levels: Levels) -> dict[str, Any]:
    """Quantiles over runs, [times, pairs] each."""
    values = dict(zip(QUANTILES, quantiles(levels), strict=True))
    return {name: values[share] for name, share in COLUMNS.items()}


def _plain_columns(columns: Mapping[str, Any], times: list[str]) -> Plain:
    rounded = {
        name: values.astype(np.float64).round(DIGITS).tolist() for name, values in columns.items()
    }
    return {"time": times, **rounded}


def axis_range(fans: Iterable[Mapping[str, Any]]) -> list[float]:
    """Both ends of an axis of levels for some fans, between -1 and 1 and at least 0.3 apart.

    They are rounded outward to tenths, so that the axis keeps still while the fans move a little.
    """
    values = np.concatenate([column for fan in fans for column in fan.values()])
    low, high = _outward(float(values.min()), float(values.max()), RANGE_STEP)
    steps, least = round((high - low) / RANGE_STEP), math.ceil(LEAST_SPAN / RANGE_STEP - 1e-9)
    short = max(0, least - steps)
    low, high = low - short // 2 * RANGE_STEP, high + (short - short // 2) * RANGE_STEP
    if high > 1:
        low, high = low - (high - 1), 1.0
    if low < -1:
        low, high = -1.0, high + (-1 - low)
    return [round(low, 6) + 0.0, round(high, 6) + 0.0]


def difference_range(columns: Mapping[str, Any]) -> list[float]:
    """Both ends of an axis of differences for a fan, rounded outward to steps of 0.05; at least one
    such step is on either side of 0."""
    ends = (float(columns["lower95"].min()), float(columns["upper95"].max()))
    low, high = _outward(min(ends[0], 0.0), max(ends[1], 0.0), DIFFERENCE_STEP)
    low, high = min(low, -DIFFERENCE_STEP), max(high, DIFFERENCE_STEP)
    return [round(low, 6), round(high, 6)]


def _outward(low: float, high: float, step: float) -> tuple[float, float]:
    return math.floor(low / step + 1e-6) * step, math.ceil(high / step - 1e-6) * step


def _plain_effect(difference: Effect) -> Plain:
    return {
        "base": difference.base_median,
        "other": difference.other_median,
        "mean": difference.mean.value,
        "low": number_or_null(difference.mean.low),
        "high": number_or_null(difference.mean.high),
        "higher": difference.p_higher.value,
        "lower": difference.p_lower,
        "word": difference.verdict,
        "negligible": difference.negligible,
        "sentence": effect_sentence(difference),
    }


def effect_sentence(difference: Effect) -> str:
    """A paired difference in a sentence, with its verdict first."""
    mean, word, runs = difference.mean, difference.verdict, difference.runs
    if word == "identical":
        return f"Identical in all {runs:,} runs."
    between = ""
    if math.isfinite(mean.low):
        between = f" (95 %: {signed(mean.low, 4)} to {signed(mean.high, 4)})"
    if word == "not distinguishable":
        return f"Not distinguishable at {runs:,} runs: {signed(mean.value, 4)}{between}."
    share = percent(difference.p_higher.value if word == "higher" else difference.p_lower)
    if max(-mean.low, mean.high) < SMALLEST:
        return f"{capital(word)} by less than {SMALLEST:g}, in {share} of {runs:,} runs."
    small = ", negligibly" if difference.negligible else ""
    return (
        f"{capital(word)}{small}: {signed(mean.value, 4)}{between}, {word} in {share} of "
        f"{runs:,} runs."
    )


def _events_on(ensemble: Ensemble, pairs: Sequence[str]) -> dict[str, list[Plain]]:
    """For each pair, the first time of the events that happen in every run and act on it, numbered
    in order of time over all pairs."""
    certain, events = certain_events(event_table(ensemble)), ensemble.scenario.events
    tables = {pair: events_on(pair, certain, events) for pair in pairs}
    numbers, columns = event_numbers(tables), ("month", "event", "label")
    return {
        pair: [
            {"time": month, "sign": str(numbers[name]), "label": label}
            for month, name, label in zip(*(table[key] for key in columns), strict=True)
        ]
        for pair, table in tables.items()
    }


def _claims(verdicts: Sequence[Verdict], verdicts_of_base: Sequence[Verdict]) -> list[Plain]:
    """Each verdict, and that of the base on the claim of the same name."""
    of_base = {
        verdict.name: {"verdict": verdict.verdict, "share": number_or_null(verdict.share)}
        for verdict in verdicts_of_base
    }
    return [
        {
            "name": verdict.name,
            "verdict": verdict.verdict,
            "share": number_or_null(verdict.share),
            "low": number_or_null(verdict.low),
            "high": number_or_null(verdict.high),
            "required": verdict.required,
            "effect": number_or_null(verdict.effect),
            "reason": verdict.reason,
            "base": of_base.get(verdict.name),
        }
        for verdict in verdicts
    ]
