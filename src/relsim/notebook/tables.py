"""The whole table of each thing that shows itself, and the short one that its card shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any

import pandas as pd

from relsim.analysis.account import Account
from relsim.analysis.claims import Verdicts
from relsim.analysis.compare import Comparison
from relsim.analysis.interests import opening_levels
from relsim.analysis.summary import summarise, summary_table
from relsim.ensemble.accounts import OVERALL
from relsim.ensemble.simulate import Ensemble
from relsim.figures.why import largest_parts
from relsim.hindcast.beside import Beside
from relsim.hindcast.findings import Hindcast
from relsim.results.experiment import ExperimentResult
from relsim.results.hindcast import HindcastResult
from relsim.results.result import Result
from relsim.scenario.schema import Scenario
from relsim.words import capital, counted, fixed, percent, signed

MOST_ROWS = MOST_COLUMNS = 8  # of a short table

Rows = Sequence[Mapping[str, str]]


@singledispatch
def table(subject: Any) -> pd.DataFrame:
    """The table of a subject, by its class, where the class stands below what makes it."""
    raise TypeError(f"There is no table of {type(subject).__name__}.")


@table.register
def _(scenario: Scenario) -> pd.DataFrame:
    return opening_levels(scenario)


@table.register
def _(ensemble: Ensemble) -> pd.DataFrame:
    summary = summarise(ensemble)
    return summary_table(summary, summary["pair"].values).rename_axis(columns=None)


# Short tables


@singledispatch
def short_table(subject: Any) -> Rows:
    """What the card of a subject shows of its numbers: rows by column, written out."""
    raise TypeError(f"There is no short table of {type(subject).__name__}.")


@short_table.register
def _(scenario: Scenario) -> Rows:
    time, watched = scenario.time, scenario.pair_names(scenario.watched_pairs)
    levers = sum(event.off for event in scenario.events.values())
    facts = {
        "time": f"{time.start} to {time.end}, in steps of a {time.step}",
        "states": names_of(list(scenario.states)),
        "domains": names_of(list(scenario.domains)),
        "events": f"{len(scenario.events)}, of which {levers} switched off",
        "claims": names_of(list(scenario.claims)),
        "watched pairs": names_of(watched),
        "ensemble": f"{counted(scenario.ensemble.runs, 'run')}, seed {scenario.ensemble.seed}",
    }
    return [{"": name, " ": text} for name, text in facts.items()]


@short_table.register
def _(ensemble: Ensemble) -> Rows:
    scenario = ensemble.scenario
    pairs = scenario.pair_names(scenario.watched_pairs)[:MOST_ROWS]
    levels = summarise(ensemble, pairs)["overall"]
    rows = []
    for pair in pairs:
        known = levels.sel(pair=pair)
        opening = float(known.sel(statistic="q0.5").isel(time=0))
        end = known.isel(time=-1).to_series()
        rows.append(
            {
                "pair": pair,
                f"{scenario.time.start}": signed(opening),
                f"{scenario.time.end}": signed(end["q0.5"]),
                "80 % of runs": f"{signed(end['q0.1'])} to {signed(end['q0.9'])}",
                "P(up)": fixed(end["p_up"]),
            }
        )
    return rows


@short_table.register
def _(result: Result) -> Rows:
    return short_table(result.ensemble)


@short_table.register
def _(comparison: Comparison) -> Rows:
    rows = []
    for pair in comparison.watched[:MOST_ROWS]:
        effect = comparison.effect(pair)
        rows.append(
            {
                "pair": pair,
                "base": signed(effect.base_median),
                "other": signed(effect.other_median),
                "mean difference": signed(effect.mean.value, 4),
                "95 % interval": f"{signed(effect.mean.low, 4)} to {signed(effect.mean.high, 4)}",
                "P(higher)": fixed(effect.p_higher.value),
                "verdict": f"{effect.verdict}, negligible" if effect.negligible else effect.verdict,
            }
        )
    return rows


@short_table.register
def _(account: Account) -> Rows:
    end = account.change.sel(domain=OVERALL).isel(step=-1)
    parts = largest_parts(account.change.sel(domain=OVERALL))[:MOST_ROWS]
    changes = {capital(account.part_label(part)): end.sel(part=part) for part in parts}
    changes["The pull, the sum of all parts"] = end.sum("part")
    month = account.month(account.step())
    return [
        {f"change {account.baseline}, in {month}": label}
        | {way: signed(float(change.sel(direction=way)), 3) for way in account.directions}
        for label, change in changes.items()
    ]


@short_table.register
def _(verdicts: Verdicts) -> Rows:
    return [
        {
            "claim": verdict.name,
            "says": verdict.says,
            "holds in": percent(verdict.share),
            "asked": percent(verdict.required),
            "verdict": verdict.verdict,
        }
        for verdict in verdicts[:MOST_ROWS]
    ]


@short_table.register
def _(hindcast: Hindcast) -> Rows:
    return written(hindcast.to_frame())


@short_table.register
def _(beside: Beside) -> Rows:
    return written(beside.to_frame())


@short_table.register
def _(experiment: ExperimentResult) -> Rows:
    return written(experiment.to_frame())


@short_table.register
def _(result: HindcastResult) -> Rows:
    return written(result.to_frame())


def names_of(names: list[str]) -> str:
    """How many, and the first of them by name."""
    shown = ", ".join(names[:MOST_ROWS])
    more = ", …" if len(names) > MOST_ROWS else ""
    return f"{len(names)}: {shown}{more}" if names else "none"


def written(frame: pd.DataFrame) -> Rows:
    """The first rows and columns of a table, numbers to three digits."""
    return [
        {str(name): _cell(value) for name, value in row.items()}
        for row in frame.iloc[:MOST_ROWS, :MOST_COLUMNS].to_dict("records")
    ]


def _cell(value: object) -> str:
    return fixed(value, 3) if isinstance(value, float) else str(value)
