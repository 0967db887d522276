"""The page of a family of scenarios: all side by side, each against the base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr

from relsim.analysis.claims import Verdict
from relsim.analysis.compare import Comparison
from relsim.analysis.findings import VERDICTS, claims_sentence, pair_title
from relsim.figures.compare import SHOWN_FIRST, end_rows, scenario_explorer
from relsim.figures.marks import line_styles
from relsim.report.inputs import flow
from relsim.report.page import Table, chart_data, claim_rows, render
from relsim.report.result_page import CAUTION
from relsim.scenario.diff import Difference
from relsim.scenario.schema import Scenario
from relsim.scenario.titles import titles
from relsim.words import counted, listed, signed

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
        comparison: it compared with the base; a text says why there is none.
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

    @property
    def paired(self) -> bool:
        """Whether it is compared with the base run by run; the base itself is."""
        return not isinstance(self.comparison, str)

    def has(self, pair: str) -> bool:
        """Whether its summary has a pair."""
        return pair in self.summary["pair"].values

    def end(self, pair: str) -> float:
        """The median level of a pair at the end."""
        return float(self.summary["overall"].sel(pair=pair, statistic="q0.5")[-1])


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
    base, names = entries[0], titles([entry.scenario for entry in entries], numbered=True)
    watched = base.scenario.pair_names(base.scenario.watched_pairs)
    pairs, named = _pickable(entries, watched), list(zip(names, entries, strict=True))
    looks = zip(names, *line_styles(len(names)), strict=True)
    return render(
        "family.html",
        script,
        title=title,
        runs=runs,
        seed=seed,
        base=base.scenario,
        base_name=names[0],
        sentences=[_pair_sentence(entries, names, pair) for pair in watched],
        claims_sentence=claims_sentence([claim for entry in entries for claim in entry.claims]),
        caution=CAUTION,
        overview={
            "pairs": [pair_title(base.scenario, pair) for pair in watched],
            "rows": [
                {"name": name, "page": entry.page, "cells": _cells(entry, watched)}
                for name, entry in named
            ],
            "paged": any(entry.page for entry in entries),
        },
        claims=_claims(named),
        notes=[*looking, *(f"{name}: {note}" for name, entry in named for note in entry.notes)],
        pickable=[(pair, pair_title(base.scenario, pair)) for pair in pairs],
        series=[
            {
                "control": f"show_{n}",
                "name": name,
                "colour": colour,
                "dash": " ".join(map(str, dash)),
                "on": n < SHOWN_FIRST,
            }
            for n, (name, colour, dash) in enumerate(looks)
        ],
        ends=chart_data(end_rows(ends_frame(named, pairs), pairs[0])),
        **_explorers(entries, names, pairs),
        changes=[_changes(entry, name) for name, entry in named[1:]],
        unpaired=[f"{name}: {entry.comparison}" for name, entry in named[1:] if not entry.paired],
    )


def _pair_sentence(entries: Sequence[Entry], names: Sequence[str], pair: str) -> str:
    """Where a pair ends in the base, and which of those paired with it lead highest and lowest."""
    ends = {
        name: entry.end(pair)
        for name, entry in zip(names, entries, strict=True)
        if entry.has(pair) and (entry is entries[0] or entry.paired)
    }
    own = ends[names[0]]
    moves = [
        f"{word} in “{name}” ({signed(ends[name])})"
        for word, name in (
            ("highest", max(ends, key=ends.__getitem__)),
            ("lowest", min(ends, key=ends.__getitem__)),
        )
        if abs(ends[name] - own) >= WORTH_NAMING
    ]
    moved = ", ".join(moves) or f"no scenario moves it by {WORTH_NAMING} or more"
    title = pair_title(entries[0].scenario, pair)
    return f"{title} ends at a median of {signed(own)} in the base; {moved}."


def _cells(entry: Entry, pairs: list[str]) -> list[dict[str, str]]:
    """For each pair the median level at the end, and its mean difference from the base."""
    effects: dict[str, Any] = {}
    if not isinstance(entry.comparison, str):
        shared = [pair for pair in pairs if pair in entry.comparison.pairs]
        table = entry.comparison.effects(pairs=shared)
        effects = {str(row["pair"]): row for row in table.to_dict("records")}
    cells = []
    for pair in pairs:
        cell = {
            "level": signed(entry.end(pair)) if entry.has(pair) else "–",
            "move": "",
            "kind": "",
        }
        if entry.has(pair) and pair in effects:
            verdict, mean = str(effects[pair]["verdict"]), float(effects[pair]["mean"])
            size = signed(mean, 3) if abs(mean) >= 0.0005 else "under 0.0005"
            cell |= {"move": f"{ARROWS[verdict]} {size}", "kind": verdict.replace(" ", "-")}
        cells.append(cell)
    return cells


def _claims(named: Sequence[tuple[str, Entry]]) -> list[dict[str, Any]]:
    """A row for each claim; one that several scenarios share is shown for the first of them, with
    the verdicts of the others in a list."""
    shared: dict[tuple[Any, ...], list[tuple[str, Verdict]]] = {}
    for name, entry in named:
        for claim in entry.claims:
            key = claim.name, claim.says, claim.test, claim.required
            shared.setdefault(key, []).append((name, claim))
    rows = []
    for (name, claim), *others in shared.values():
        (row,) = claim_rows([claim], name)
        if others:
            words = [other.verdict for _, other in others]
            counts = [f"{words.count(word)} {word}" for word in VERDICTS if word in words]
            summary = f"The same in {counted(len(others), 'other scenario')}: {listed(counts)}"
            lines = [
                f"{other}: {cells['share']} ({cells['interval']}), {cells['verdict']}"
                if cells["judged"]
                else f"{other}: {cells['verdict']}"
                for other, shared_claim in others
                for cells in claim_rows([shared_claim])
            ]
            row["others"] = {"summary": summary, "lines": lines}
        rows.append(row)
    return rows


def ends_frame(named: Sequence[tuple[str, Entry]], pairs: Sequence[str]) -> pd.DataFrame:
    """Where each scenario ends: name, pair, median, lower80, upper80 and kind, in each pair."""
    rows = []
    for place, (name, entry) in enumerate(named):
        end = entry.summary["overall"].isel(time=-1)
        paired = "paired with the base" if entry.paired else "not paired with the base"
        for pair in pairs:
            if entry.has(pair):
                values = end.sel(pair=pair, statistic=["q0.5", "q0.1", "q0.9"]).values.round(4)
                rows.append((name, pair, *values.tolist(), "base" if place == 0 else paired))
    columns = ["name", "pair", "median", "lower80", "upper80", "kind"]
    return pd.DataFrame(rows, columns=columns)


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


def _explorers(entries: Sequence[Entry], names: list[str], pairs: list[str]) -> dict[str, Any]:
    """The charts of levels and of differences from the base, of a pair that is picked."""
    levels = [(n, entry.summary["overall"]) for n, entry in enumerate(entries)]
    differences = []
    for n, entry in enumerate(entries):
        if not isinstance(entry.comparison, str):
            shared = [pair for pair in pairs if pair in entry.comparison.pairs]
            differences.append((n, entry.comparison.summary(shared)["difference"]))
    charts = {
        "levels": (levels, "cooperation"),
        "differences": (differences, "difference in cooperation"),
    }
    return {
        key: chart_data(scenario_explorer(lines_frame(arrays, pairs), names, pairs[0], quantity))
        for key, (arrays, quantity) in charts.items()
    }


def lines_frame(arrays: Sequence[tuple[int, xr.DataArray]], pairs: list[str]) -> pd.DataFrame:
    """Medians and bands of several scenarios: scenario, pair, time, median, lower80, upper80."""
    names = {"q0.5": "median", "q0.1": "lower80", "q0.9": "upper80"}
    frames = []
    for scenario, values in arrays:
        shared = [pair for pair in pairs if pair in values["pair"].values]
        wide = values.sel(pair=shared, statistic=list(names)).round(4).to_series()
        frame = wide.unstack("statistic").reset_index().rename(columns=names)
        frames.append(frame.assign(scenario=scenario))
    columns = ["pair", "time", *names.values(), "scenario"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _changes(entry: Entry, name: str) -> dict[str, Any]:
    """How a scenario differs from the base, as a table."""
    rows = tuple(
        (change.path, flow(change.before), flow(change.after)) for change in entry.differences
    )
    table = Table(name, "Base, and this scenario.", ("path", "base", "here"), rows)
    return {"name": name, "about": entry.scenario.about, "table": table}
