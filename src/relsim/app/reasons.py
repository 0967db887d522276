"""Why pairs are where they are, as plain data: accounts of their pulls, and which interests carry
their difference from the base."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import asdict

import numpy as np

from relsim.analysis.account import LEAST, Account, story
from relsim.analysis.compare import compare
from relsim.analysis.explain import LEAST_RUNS, explain_pairs
from relsim.analysis.findings import pair_title
from relsim.analysis.interests import Carriers, affordable_runs, interest_label
from relsim.analysis.recorded import step_of_month
from relsim.app.engine import Engine
from relsim.app.messages import Plain, number_or_null
from relsim.app.pictures import alike
from relsim.ensemble.accounts import OVERALL
from relsim.ensemble.chunks import Stop
from relsim.ensemble.simulate import Ensemble
from relsim.figures.compare import LEAST_CARRIED, MOST_CARRIERS
from relsim.model.compile import compile_scenario
from relsim.scenario.schema import Scenario
from relsim.words import capital

# Of two cores, half a second each: with more runs, others would wait. Parts and what carries a
# difference hardly differ between runs.
WHY_RUNS, CARRIER_RUNS = LEAST_RUNS, 32
MOST_PARTS = 8  # of a pull, for the chart
PULLS_RUNS, MOST_PULLS = 50, 4  # for parts of the pulls of all pairs, and of each pull
PAIRS_AT_ONCE = 8  # so that the parts of all moments, 1 MB a pair, do not pile up
DIGITS = 4  # of parts


def why(
    engine: Engine,
    ensemble: Ensemble,
    base: Ensemble,
    pair: str,
    month: str | None,
    stop: Stop,
) -> Plain:
    """Why a pair is where it is: compared with the base, or with the opening where nothing differs.

    Args:
        engine: on whose threads at most 100 runs are accounted for, after all pictures.
        ensemble, base: as for :func:`relsim.app.pictures.picture`.
        pair: as in "PAK-RUS".
        month: at which; the end where absent.
        stop: ends the work from another thread.

    Returns:
        The message ``why``, but for ``number``. ``decided`` is the month of the pulls: before the
        end, which the last step leads to, else ``month`` itself.

    Raises:
        Stopped: ``stop`` was set.
        ResultsError: as of :func:`relsim.app.pictures.picture`.
    """
    scenario = ensemble.scenario
    name = scenario.pair_name(pair)
    same = alike(scenario, base.scenario)
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
        "month": str(scenario.time.months[step_of_month(scenario.time, month)]),
        "decided": str(account.month(account.step(month))),
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
    largest = np.argsort(-np.abs(sizes), kind="stable")[:most].tolist()
    return [
        {
            "direction": direction,
            "side": account.directions.index(direction),
            "label": capital(account.part_label(names[index], direction, step).strip("“”")),
            "value": round(float(sizes[index]), DIGITS),
        }
        for index in largest
        if abs(sizes[index]) >= LEAST
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
    carriers = comparison.carriers(name, month, runs=runs, executor=turn)
    title = pair_title(ensemble.scenario, pair)
    scenarios = comparison.scenarios
    return {
        "sentence": carriers.sentence_on(
            title, lambda interest: interest_label(interest, *scenarios)
        ),
        "rows": _carrier_rows(carriers, scenarios),
    }


def _carrier_rows(carriers: Carriers, scenarios: tuple[Scenario, Scenario]) -> list[Plain]:
    """The interests that carry most, in the order of their size."""
    table = carriers.table
    sizes = table["carried"].abs()
    seen = sizes >= LEAST_CARRIED * max(float(sizes.max()), abs(carriers.effect))
    return [
        {
            "label": interest_label(str(row["interest"]), *scenarios),
            "carried": round(float(row["carried"]), 5),
            "low": number_or_null(row["low"]),
            "high": number_or_null(row["high"]),
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
    parts_of: dict[str, dict[str, list[Plain]]] = {}
    for first in range(0, len(pairs), PAIRS_AT_ONCE):
        some = pairs[first : first + PAIRS_AT_ONCE]
        accounts = explain_pairs(
            ensemble, some, runs=runs, executor=executor, progress=False, stop=stop
        )
        for pair, account in accounts.items():
            parts_of[pair] = {
                way: [
                    {"label": part["label"], "value": part["value"]}
                    for part in _largest_parts(account, way, "level", month, MOST_PULLS)
                ]
                for way in account.directions
            }
    return {"type": "pulls", "runs": runs, "pairs": parts_of}
