"""What the page shows of an ensemble beside its base, as plain data that JSON can hold.

Numbers are those of :func:`relsim.analysis.summary.summarise` and of
:meth:`relsim.analysis.compare.Comparison.effect`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from relsim.analysis.account import LEAST, Account, story
from relsim.analysis.claims import Verdict, expectation_in_words, judge
from relsim.analysis.compare import compare
from relsim.analysis.effects import Effect, effect
from relsim.analysis.explain import LEAST_RUNS, explain_pairs
from relsim.analysis.findings import pair_title
from relsim.analysis.interests import (
    Carriers,
    affordable_runs,
    interest_label,
    opening_levels,
)
from relsim.analysis.recorded import on_shared_runs, pairing_obstacle, step_of_month
from relsim.analysis.summary import how_often
from relsim.app.controls import controls_of, events_of
from relsim.ensemble.accounts import OVERALL
from relsim.ensemble.chunks import Stop
from relsim.ensemble.record import RecordLevel, overall_pairs
from relsim.ensemble.simulate import Ensemble
from relsim.errors import ResultsError
from relsim.figures.compare import LEAST_CARRIED, MOST_CARRIERS
from relsim.figures.compare import LEAST_SPAN as LEAST_DIFFERENCE
from relsim.figures.live import (
    DARK,
    SMALL,
    carriers_chart,
    difference_chart,
    fan_chart,
    parts_chart,
)
from relsim.figures.network import network_chart, network_tables
from relsim.figures.result import LEAST_SPAN, acts_on
from relsim.model.compile import compile_scenario
from relsim.model.plan import Compiled
from relsim.scenario.schema import Scenario
from relsim.stats import (
    QUANTILES,
    quantiles,
)
from relsim.words import capital, percent, signed

if TYPE_CHECKING:
    from relsim.app.engine import Engine

View: TypeAlias = Literal["futures", "network", "matrix", "events", "step"]
Levels: TypeAlias = NDArray[np.float32]  # [runs, times, pairs]
Plain: TypeAlias = dict[str, Any]

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
# Of two cores, half a second each: with more runs, others would wait. Parts and what carries a
# difference hardly differ between runs.
WHY_RUNS, CARRIER_RUNS = LEAST_RUNS, 32
MOST_PARTS = 8  # of a pull, for the chart
PULLS_RUNS, MOST_PULLS = 50, 4  # for parts of the pulls of all pairs, and of each pull
PAIRS_AT_ONCE = 8  # so that the parts of all moments, 1 MB a pair, do not pile up


@dataclass(frozen=True)
class Asked:
    """What a page looks at.

    Attributes:
        pair: the subject, as in "PAK-RUS".
        month: at which differences are told; the end where absent.
        view: what is shown besides fans and claims.
    """

    pair: str
    month: str | None = None
    view: View = "futures"


# A scenario that is opened


def opened(
    scenario: Scenario,
    base: Scenario,
    base_file: str,
    base_changes: Mapping[str, Any],
    file: str,
    seed: int,
    stages: Sequence[int],
    record: RecordLevel = "domains",
) -> Plain:
    """What a page needs to know of a scenario before the first picture.

    Args:
        scenario: as its file has it.
        base: what is compared with.
        base_file, base_changes: how the base is made.
        file: of the scenario, as the page calls it.
        seed: of all ensembles.
        stages: numbers of runs.
        record: what is kept of each run (see :attr:`relsim.app.engine.Growing.record`).
    """
    watched = scenario.pair_names(scenario.watched_pairs)
    compiled, months = compile_scenario(scenario), _months(scenario)
    recorded = scenario.pair_names(overall_pairs(compiled, record))
    # The page shows the first of them first.
    pairs = [*filter(recorded.__contains__, watched), *(p for p in recorded if p not in watched)]
    return {
        "type": "opened",
        "scenario": {
            "file": file,
            "name": scenario.name,
            "about": scenario.about,
            "start": str(scenario.time.start),
            "end": str(scenario.time.end),
            "step": scenario.time.step,
            "months": months,
            "seed": seed,
            "stages": list(stages),
            "states": [
                {"code": code, "name": state.name or code}
                for code, state in scenario.states.items()
            ],
            "pairs": [
                {"pair": pair, "title": pair_title(scenario, pair), "watched": pair in watched}
                for pair in pairs
            ],
            "domains": list(scenario.domains),
        },
        "base": {"scenario": base_file, "changes": dict(base_changes), "title": base.title},
        "controls": [asdict(control) for control in controls_of(scenario)],
        "events": [asdict(event) for event in events_of(scenario)],
        "claims": [
            {
                "name": name,
                "says": claim.says,
                "test": expectation_in_words(claim.expect, scenario.time),
                "against": claim.expect.against or "",
                "required": claim.probability,
            }
            for name, claim in scenario.claims.items()
        ],
        "charts": {
            "fan": fan_chart(months),
            "difference": difference_chart(months),
            "small_fan": fan_chart(months, SMALL),
            "small_difference": difference_chart(months, SMALL),
            "carriers": carriers_chart(),
            "parts": parts_chart(),
            "network": _opening_network(scenario),
        },
        "dark": DARK,
    }


def _months(scenario: Scenario) -> list[str]:
    time = scenario.time
    return [str(time.start.plus(n * time.months_per_step)) for n in range(time.steps + 1)]


def _opening_network(scenario: Scenario) -> Plain:
    """The network at rest, whose data are replaced by those of pictures."""
    levels = opening_levels(scenario).query("domain == @OVERALL", local_dict={"OVERALL": OVERALL})
    months = _months(scenario)
    ends = np.array([months[0], months[-1]], dtype="datetime64[s]")
    values = np.tile(levels["level"].to_numpy(), (2, 1))
    nodes, ties, times = network_tables(scenario, _medians(values, ends, list(levels["pair"])))
    return network_chart(nodes, ties, times, compared=True)


def _medians(values: Any, times: Any, pairs: list[str]) -> xr.Dataset:
    """Levels [times, pairs] as :func:`relsim.analysis.summary.summarise` has medians."""
    coordinates = {"statistic": ["q0.5"], "time": times, "pair": np.array(pairs, dtype=object)}
    array = xr.DataArray(values[np.newaxis], coordinates, ("statistic", "time", "pair"))
    return xr.Dataset({"overall": array})


# A picture


def picture(
    ensemble: Ensemble,
    base: Ensemble,
    asked: Asked,
    others: Mapping[str, Ensemble | str] | None = None,
) -> Plain:
    """What the futures are, beside those of the base.

    Args:
        ensemble: as changed.
        base: of as many runs, on the same draws.
        asked: what the page looks at.
        others: for each file that claims are `against`, its ensemble, or why there is none (see
            :meth:`relsim.app.engine.Engine.compared_with`).

    Returns:
        The message ``picture``, but for ``number``, ``last`` and ``seconds``.

    Raises:
        ResultsError: the two cannot be paired, or the pair or the month is not recorded.
    """
    if reason := pairing_obstacle(base, ensemble):
        raise ResultsError(reason)
    scenario = ensemble.scenario
    step = step_of_month(scenario.time, asked.month)
    shown = shown_pairs(ensemble, base, asked.pair)
    same = alike(compile_scenario(scenario), compile_scenario(base.scenario))
    times = _months(scenario)
    events = _events_on(ensemble, shown, times)
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
        "claims": _claims(ensemble, base, others or {}),
        "network": None,
        "matrix": None,
        "often": None,
    }
    match asked.view:
        case "network":
            content["network"] = _network(ensemble, base)
        case "matrix":
            content["matrix"] = _matrix(ensemble, base, step)
        case "events":
            content["often"] = _often(ensemble)
    return content


def alike(first: Compiled, second: Compiled) -> bool:
    """Whether two scenarios are the same to what simulates them, whatever they are called."""
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
        ResultsError: not both record the subject.
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
    other, first = _levels(ensemble, pairs), _levels(base, pairs)
    fans, ghosts = _columns(other), _columns(first)
    if ensemble.failed != base.failed:
        shared = on_shared_runs(base, ensemble)
        first, other = (_levels(each, pairs) for each in shared)
    differences = _columns(other - first)
    found = {}
    for place, pair in enumerate(pairs):
        fan, ghost, difference = (
            {name: levels[:, place] for name, levels in columns.items()}
            for columns in (fans, {name: ghosts[name] for name in GHOST}, differences)
        )
        ends = (levels[:, step, place].astype(np.float64) for levels in (first, other))
        found[pair] = {
            "fan": _plain_columns(fan, times),
            "ghost": _plain_columns(ghost, times),
            "difference": _plain_columns(difference, times),
            "range": axis_range([fan, ghost]),
            "difference_range": difference_range(difference),
            "effect": _effect(*ends),
        }
    return found


def _columns(levels: Levels) -> dict[str, Any]:
    """Quantiles over runs, [times, pairs] each."""
    found = dict(zip(QUANTILES, quantiles(levels), strict=True))
    return {name: found[share] for name, share in COLUMNS.items()}


def _plain_columns(columns: Mapping[str, Any], times: list[str]) -> Plain:
    rounded = {
        name: values.astype(np.float64).round(DIGITS).tolist() for name, values in columns.items()
    }
    return {"time": times, **rounded}


def axis_range(fans: Iterable[Mapping[str, Any]]) -> list[float]:
    """The axis of levels that holds some fans, outward to tenths so that it keeps still while they
    move a little; at least 0.3 long, and within -1 to 1."""
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
    """The axis of differences that holds a fan and some room on either side of 0, outward to steps
    of 0.05."""
    ends = (float(columns["lower95"].min()), float(columns["upper95"].max()))
    low, high = _outward(min(ends[0], 0.0), max(ends[1], 0.0), DIFFERENCE_STEP)
    low, high = min(low, -DIFFERENCE_STEP), max(high, DIFFERENCE_STEP)
    return [round(low, 6), round(high, 6)]


def _outward(low: float, high: float, step: float) -> tuple[float, float]:
    return math.floor(low / step + 1e-6) * step, math.ceil(high / step - 1e-6) * step


def _effect(base: Any, other: Any) -> Plain:
    """The paired difference of levels [runs] at a month."""
    found = effect(base, other, median_bounds=False)
    return {
        "base": found.base_median,
        "other": found.other_median,
        "mean": found.mean.value,
        "low": _known(found.mean.low),
        "high": _known(found.mean.high),
        "higher": found.p_higher.value,
        "lower": found.p_lower,
        "word": found.verdict,
        "negligible": found.negligible,
        "sentence": effect_sentence(found),
    }


def effect_sentence(found: Effect) -> str:
    """A paired difference in a sentence, with its verdict first."""
    mean, word, runs = found.mean, found.verdict, found.runs
    if word == "identical":
        return f"Identical in all {runs:,} runs."
    between = ""
    if math.isfinite(mean.low):
        between = f" (95 %: {signed(mean.low, 4)} to {signed(mean.high, 4)})"
    if word == "not distinguishable":
        return f"Not distinguishable at {runs:,} runs: {signed(mean.value, 4)}{between}."
    share = percent(found.p_higher.value if word == "higher" else found.p_lower)
    if max(-mean.low, mean.high) < SMALLEST:
        return f"{capital(word)} by less than {SMALLEST:g}, in {share} of {runs:,} runs."
    small = ", negligibly" if found.negligible else ""
    return (
        f"{capital(word)}{small}: {signed(mean.value, 4)}{between}, {word} in {share} of "
        f"{runs:,} runs."
    )


def _known(value: float | None) -> float | None:
    """A number, or None where there is none."""
    return None if value is None or not math.isfinite(value) else float(value)


def _events_on(ensemble: Ensemble, pairs: list[str], times: list[str]) -> dict[str, list[Plain]]:
    """For each pair, the first time of the events that happen in every run and act on it, numbered
    in order of time over all pairs."""
    fired = np.all(ensemble.data["fired"].values > 0, axis=0)
    known = ensemble.scenario.events
    firsts = sorted(
        (int(fired[:, place].argmax()), str(name))
        for place, name in enumerate(ensemble.data["event"].values)
        if fired[:, place].any() and any(acts_on(known[str(name)], pair) for pair in pairs)
    )
    numbered = [
        (name, {"time": times[step], "sign": str(number), "label": known[name].label or name})
        for number, (step, name) in enumerate(firsts, start=1)
    ]
    return {
        pair: [event for name, event in numbered if acts_on(known[name], pair)] for pair in pairs
    }


def _claims(
    ensemble: Ensemble, base: Ensemble, others: Mapping[str, Ensemble | str]
) -> list[Plain]:
    beside = base.scenario.folder == ensemble.scenario.folder
    of_base = {verdict.name: verdict for verdict in judge(base, others if beside else {})}
    return [
        {**_verdict(verdict), "base": _verdict_of_base(of_base.get(verdict.name))}
        for verdict in judge(ensemble, others)
    ]


def _verdict(verdict: Verdict) -> Plain:
    return {
        "name": verdict.name,
        "verdict": verdict.verdict,
        "share": _known(verdict.share),
        "low": _known(verdict.low),
        "high": _known(verdict.high),
        "required": verdict.required,
        "effect": _known(verdict.effect),
        "reason": verdict.reason,
    }


def _verdict_of_base(verdict: Verdict | None) -> Plain | None:
    if verdict is None:
        return None
    return {"verdict": verdict.verdict, "share": _known(verdict.share)}


# Other views


def _network(ensemble: Ensemble, base: Ensemble) -> Plain:
    """The network, where each tie has the levels of the base in the same months."""
    overall = ensemble.data["overall"]
    medians = np.median(overall.values, axis=0)
    pairs = [str(pair) for pair in overall["pair"].values]
    table = _medians(medians, overall["time"].values, pairs)
    nodes, ties, months = network_tables(ensemble.scenario, table)
    times = _months(ensemble.scenario)
    of_base = _medians_at(base, [times.index(month) for month in months])
    for tie in ties:
        levels = of_base.get(base.scenario.pair_name(tie["pair"]))
        tie["base"] = None if levels is None else [round(level, 3) for level in levels]
    return {"nodes": nodes, "ties": ties, "months": months}


def _matrix(ensemble: Ensemble, base: Ensemble, step: int) -> Plain:
    """All pairs at the opening and after so many steps, there beside the base."""
    levels, of_base = _medians_at(ensemble, [0, step]), _medians_at(base, [step])
    rows = []
    for pair, (opening, end) in levels.items():
        beside = of_base.get(base.scenario.pair_name(pair))
        rows.append(
            {
                "pair": pair,
                "opening": round(opening, DIGITS),
                "end": round(end, DIGITS),
                "base": None if beside is None else round(beside[0], DIGITS),
            }
        )
    return {"codes": sorted(ensemble.scenario.states), "pairs": rows}


def _medians_at(ensemble: Ensemble, steps: list[int]) -> dict[str, list[float]]:
    """The median levels of each pair after some numbers of steps."""
    overall = ensemble.data["overall"]
    medians = np.median(overall.values[:, steps], axis=0).T.tolist()
    return dict(zip(map(str, overall["pair"].values), medians, strict=True))


def _often(ensemble: Ensemble) -> list[Plain]:
    return [
        {
            "event": row["event"],
            "label": row["label"],
            "share": float(row["share"]),
            "low": _known(row["share_low"]),
            "high": _known(row["share_high"]),
            "mean_times": float(row["mean_times"]),
            "first25": row["first25"],
            "first75": row["first75"],
        }
        for row in how_often(ensemble).to_dict("records")
    ]


# Why


def why(
    engine: Engine,
    ensemble: Ensemble,
    base: Ensemble,
    pair: str,
    month: str | None,
    stop: Stop,
) -> Plain:
    """Why a pair is where it is: against the base where something differs, else since the opening.

    Args:
        engine: whose threads account for at most 100 runs, after all pictures.
        ensemble, base: as for :func:`picture`.
        pair, month: of whom and when; the end where absent.
        stop: ends the work from another thread.

    Returns:
        The message ``why``, but for ``number``.

    Raises:
        Stopped: ``stop`` was set.
        ResultsError: as of :func:`picture`.
    """
    scenario = ensemble.scenario
    name = scenario.pair_name(pair)
    same = alike(compile_scenario(scenario), compile_scenario(base.scenario))
    turn = engine.turn(len(engine.stages), stop)
    runs = min(WHY_RUNS, ensemble.asked)
    account = explain_pairs(
        ensemble,
        [name],
        against=None if same else base,
        runs=runs,
        executor=turn,
        progress=False,
        stop=stop,
    )[name]
    return {
        "type": "why",
        "pair": name,
        "month": _months(scenario)[step_of_month(scenario.time, month)],
        "runs": account.runs,
        "stories": [asdict(story(account, way, month)) for way in account.directions],
        "parts": [
            part
            for way in account.directions
            for part in _largest_parts(account, way, "change", month, MOST_PARTS)
        ],
        "carriers": None if same else _carriers(ensemble, base, name, month, turn),
    }


def _largest_parts(
    account: Account, direction: str, view: str, month: str | None, most: int
) -> list[Plain]:
    """The largest parts of a pull, or of its change, that do not read 0.000."""
    step = account.step(month)
    parts = account.data["contribution"].isel(step=step)
    chosen = parts.sel(view=view, statistic="mean", direction=direction, domain=OVERALL)
    names, sizes = [str(name) for name in chosen["part"].values], chosen.values
    ranked = [int(place) for place in np.argsort(-np.abs(sizes), kind="stable")[:most]]
    return [
        {
            "direction": direction,
            "side": account.directions.index(direction),
            "label": capital(account.part_label(names[place], direction, step).strip("“”")),
            "value": round(float(sizes[place]), DIGITS),
        }
        for place in ranked
        if abs(sizes[place]) >= LEAST
    ]


def _carriers(
    ensemble: Ensemble, base: Ensemble, pair: str, month: str | None, turn: Executor
) -> Plain | None:
    """Which interests carry the difference of a pair; None where it does not differ, or to simulate
    it again takes long."""
    comparison = compare(base, ensemble)
    name = comparison.named(pair)
    both = (compile_scenario(base.scenario), compile_scenario(ensemble.scenario))
    runs = min(CARRIER_RUNS, affordable_runs(both, name))
    if not runs or not comparison.effect(name, month).differs:
        return None
    found = comparison.carriers(name, month, runs=runs, executor=turn)
    title = pair_title(ensemble.scenario, pair)
    scenarios = comparison.scenarios
    return {
        "sentence": found.sentence_on(title, lambda interest: interest_label(interest, *scenarios)),
        "rows": _carrier_rows(found, scenarios),
    }


def _carrier_rows(found: Carriers, scenarios: tuple[Scenario, Scenario]) -> list[Plain]:
    table = found.table
    sizes = table["carried"].abs()
    seen = sizes >= LEAST_CARRIED * max(float(sizes.max()), abs(found.effect))
    return [
        {
            "label": interest_label(str(row["interest"]), *scenarios),
            "carried": round(float(row["carried"]), 5),
            "low": _known(row["low"]),
            "high": _known(row["high"]),
        }
        for row in table[seen].head(MOST_CARRIERS).to_dict("records")
    ]


def pulls(
    ensemble: Ensemble,
    month: str | None,
    *,
    executor: Executor | None = None,
    stop: Stop | None = None,
) -> Plain:
    """The largest parts of the pull on either side of every recorded pair at a month.

    Args:
        ensemble: whose first 50 runs are accounted for.
        month: when; the end where absent.
        executor: where, as of :meth:`relsim.app.engine.Engine.turn`; threads on all cores where
            absent.
        stop: ends the work from another thread.

    Returns:
        The message ``pulls``, but for ``number``.

    Raises:
        Stopped: ``stop`` was set.
    """
    pairs = [str(pair) for pair in ensemble.data["pair"].values]
    runs = min(PULLS_RUNS, ensemble.asked)
    found: dict[str, dict[str, list[Plain]]] = {}
    for first in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[first : first + PAIRS_AT_ONCE]
        accounts = explain_pairs(
            ensemble, some, runs=runs, executor=executor, progress=False, stop=stop
        )
        for pair, account in accounts.items():
            found[pair] = {
                way: [
                    {"label": part["label"], "value": part["value"]}
                    for part in _largest_parts(account, way, "level", month, MOST_PULLS)
                ]
                for way in account.directions
            }
    return {"type": "pulls", "runs": runs, "pairs": found}
