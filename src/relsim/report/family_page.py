"""The page of a family of scenarios: all side by side, each against the base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr

from relsim.analysis.claims import Verdict
from relsim.analysis.compare import Comparison
from relsim.analysis.findings import claims_sentence, pair_title
from relsim.figures.explorer import SHOWN_FIRST, scenario_explorer, series_styles
from relsim.report.claims_rows import claim_rows
from relsim.report.inputs import Table, flow
from relsim.report.page import chart_data, render
from relsim.report.result_page import CAUTION
from relsim.scenario.difference import Difference
from relsim.scenario.schema import Scenario
from relsim.scenario.titles import titles
from relsim.words import signed

WORTH_NAMING = 0.01  # a difference in cooperation: what levels are read to
MOST_ROWS = 20_000  # of both charts on the page: about 2 MB
ARROWS = {"higher": "▲", "lower": "▼", "identical": "=", "not distinguishable": "≈"}


@dataclass(frozen=True)
class Entry:
    """One scenario of a family.

    Attributes:
        scenario: what was simulated.
        summary: of :func:`relsim.analysis.summary.summarise`.
        claims: the verdict on each claim.
        page: its own page, from the folder of results; empty where none is drawn.
        comparison: it less the base; a text says why there is none.
        differences: how its inputs differ from those of the base.
        notes: what to know of its claims.
    """

    scenario: Scenario
    summary: xr.Dataset
    claims: Sequence[Verdict]
    page: str
    comparison: Comparison | str
    differences: Sequence[Difference]
    notes: Sequence[str] = ()


def family_page(
    title: str,
    entries: Sequence[Entry],
    runs: int,
    seed: int,
    script: str,
    looking: Sequence[str] = (),
) -> str:
    """The page as text.

    Args:
        title: of the family.
        entries: its scenarios; the first is the base.
        runs, seed: of all of them.
        script: of :meth:`relsim.figures.save.Painter.script`.
        looking: how the number of runs was chosen by looking; empty where it was not.
    """
    base = entries[0]
    pairs = base.scenario.pair_names(base.scenario.watched_pairs)
    names = titles([entry.scenario for entry in entries], numbered=True)
    named = list(zip(names, entries, strict=True))
    claims = [row for name, entry in named for row in claim_rows(entry.claims, name)]
    verdicts = [claim for entry in entries for claim in entry.claims]
    return render(
        "family.html",
        script,
        title=title,
        runs=runs,
        seed=seed,
        base=base.scenario,
        base_name=names[0],
        sentences=[_pair_sentence(entries, names, pair) for pair in pairs],
        claims_sentence=claims_sentence(verdicts),
        caution=CAUTION,
        overview=_overview(entries, names, pairs),
        claims=claims,
        notes=[*looking, *(f"{name}: {note}" for name, entry in named for note in entry.notes)],
        pickable=[(pair, pair_title(base.scenario, pair)) for pair in _pickable(entries, pairs)],
        series=_series(names),
        **_explorers(entries, names, pairs),
        changes=[_changes(entry, name) for name, entry in named[1:]],
        unpaired=[
            f"{name}: {entry.comparison}"
            for name, entry in named[1:]
            if isinstance(entry.comparison, str)
        ],
    )


def _pair_sentence(entries: Sequence[Entry], names: Sequence[str], pair: str) -> str:
    """Where a pair ends in the base, and which of those paired with it lead highest and lowest."""
    base = entries[0]
    ends = {
        name: _end(entry.summary, pair)
        for name, entry in zip(names, entries, strict=True)
        if pair in entry.summary["pair"].values
        and (entry is base or not isinstance(entry.comparison, str))
    }
    own = ends[names[0]]
    highest, lowest = (best(ends, key=lambda name: ends[name]) for best in (max, min))
    moves = [
        f"{word} in “{name}” ({signed(ends[name])})"
        for word, name in (("highest", highest), ("lowest", lowest))
        if abs(ends[name] - own) >= WORTH_NAMING
    ]
    said = ", ".join(moves) or f"no scenario moves it by {WORTH_NAMING}"
    return (
        f"{pair_title(base.scenario, pair)} ends at a median of {signed(own)} in the base; {said}."
    )


def _end(summary: xr.Dataset, pair: str) -> float:
    return float(summary["overall"].sel(pair=pair, statistic="q0.5").isel(time=-1))


def _overview(entries: Sequence[Entry], names: Sequence[str], pairs: list[str]) -> dict[str, Any]:
    """A row for each scenario: the median end of each watched pair, and its move from the base."""
    rows = []
    for name, entry in zip(names, entries, strict=True):
        effects = _effects(entry, pairs)
        cells = [_cell(entry, pair, effects.get(pair)) for pair in pairs]
        rows.append({"name": name, "page": entry.page, "cells": cells})
    return {
        "pairs": [pair_title(entries[0].scenario, pair) for pair in pairs],
        "rows": rows,
        "paged": any(entry.page for entry in entries),
    }


def _effects(entry: Entry, pairs: list[str]) -> dict[str, Any]:
    """The effect on each pair that both record."""
    if isinstance(entry.comparison, str):
        return {}
    shared = [pair for pair in pairs if pair in entry.comparison.pairs]
    table = entry.comparison.effects(pairs=shared)
    return {str(row["pair"]): row for row in table.to_dict("records")}


def _cell(entry: Entry, pair: str, effect: dict[str, Any] | None) -> dict[str, str]:
    if pair not in entry.summary["pair"].values:
        return {"level": "–", "move": "", "kind": ""}
    level = signed(_end(entry.summary, pair))
    if effect is None:
        return {"level": level, "move": "", "kind": ""}
    verdict = str(effect["verdict"])
    mean = float(effect["mean"])
    size = signed(mean, 3) if abs(mean) >= 0.0005 else "under 0.0005"
    move = f"{ARROWS[verdict]} {size}"
    return {"level": level, "move": move, "kind": verdict.replace(" ", "-")}


def _pickable(entries: Sequence[Entry], watched: list[str]) -> list[str]:
    """The pairs of the explorers: watched ones, then those that scenarios move most."""
    base = entries[0].summary["overall"].sel(statistic="q0.5").isel(time=-1).to_series()
    moved = pd.Series(0.0, index=base.index)
    for entry in entries[1:]:
        end = entry.summary["overall"].sel(statistic="q0.5").isel(time=-1).to_series()
        moved = moved.combine((end - base).abs().reindex(moved.index).fillna(0.0), max)
    ranked = moved.sort_values(ascending=False, kind="stable").index
    months = len(entries[0].summary["time"])
    most = max(len(watched), MOST_ROWS // (2 * months * len(entries)))
    return list(dict.fromkeys([*watched, *map(str, ranked)]))[:most]


def _series(names: list[str]) -> list[dict[str, Any]]:
    """The switch of each scenario, with the look of its line."""
    styles = zip(names, *series_styles(len(names)), strict=True)
    return [
        {
            "control": f"show_{n}",
            "name": name,
            "colour": colour,
            "dash": " ".join(map(str, dash)),
            "on": n < SHOWN_FIRST,
        }
        for n, (name, colour, dash) in enumerate(styles)
    ]


def _explorers(entries: Sequence[Entry], names: list[str], watched: list[str]) -> dict[str, Any]:
    pairs = _pickable(entries, watched)
    levels = [(n, entry.summary["overall"]) for n, entry in enumerate(entries)]
    moves = [
        (n, entry.comparison.summary([pair for pair in pairs if pair in entry.comparison.pairs]))
        for n, entry in enumerate(entries)
        if not isinstance(entry.comparison, str)
    ]
    differences = [(n, moved["difference"]) for n, moved in moves]
    return {
        "levels": chart_data(
            scenario_explorer(band_frame(levels, pairs), names, watched[0], "cooperation")
        ),
        "differences": chart_data(
            scenario_explorer(
                band_frame(differences, pairs), names, watched[0], "difference in cooperation"
            )
        ),
    }


def band_frame(arrays: Sequence[tuple[int, xr.DataArray]], pairs: list[str]) -> pd.DataFrame:
    """Medians and 80 % bands of several scenarios: scenario, pair, time, median, low, high."""
    frames = []
    for scenario, values in arrays:
        shared = [pair for pair in pairs if pair in values["pair"].values]
        wide = values.sel(pair=shared, statistic=["q0.5", "q0.1", "q0.9"]).round(4).to_series()
        frame = wide.unstack("statistic").reset_index()
        frame = frame.rename(columns={"q0.5": "median", "q0.1": "low", "q0.9": "high"})
        frames.append(frame.assign(scenario=scenario))
    columns = ["pair", "time", "median", "low", "high", "scenario"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _changes(entry: Entry, name: str) -> dict[str, Any]:
    """How a scenario differs from the base, as a table."""
    rows = tuple(
        (change.path, flow(change.before), flow(change.after)) for change in entry.differences
    )
    table = Table(name, "Base, and this scenario.", ("path", "base", "here"), rows)
    return {"name": name, "about": entry.scenario.about, "table": table}
