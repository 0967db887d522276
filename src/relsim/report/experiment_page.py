"""The page of an experiment: what was found, figures, tables, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from relsim.experiments.study import Study
from relsim.report.inputs import Table, flow, frame_table
from relsim.report.page import render
from relsim.scenario.schema import title_of
from relsim.words import true_minus

CAUTION = (
    "All of this is said of the model and its inputs: what follows from the scenario's assumptions "
    "over the ranges given, not what is so in the world."
)
MOST_ROWS = 200  # of a table on the page; its file has them all


def experiment_page(
    study: Study,
    tables: Mapping[str, pd.DataFrame],
    charts: Mapping[str, Any],
    manifest: Mapping[str, Any],
    script: str,
) -> str:
    """The page as text.

    Args:
        study: what was asked.
        tables: what was found, by name.
        charts: definitions of the figures, by name.
        manifest: of the experiment, with what was found in words.
        script: of :meth:`relsim.figures.save.Painter.script`.
    """
    experiment = study.experiment
    return render(
        "experiment.html",
        script,
        title=experiment.name,
        about=experiment.about,
        method=experiment.method_name,
        scenario=title_of(study.scenario.name, experiment.set),
        manifest=manifest,
        sentences=manifest["sentences"],
        warnings=manifest["warnings"],
        caution=CAUTION,
        charts=charts,
        tables=[_table(name, table) for name, table in tables.items()],
        asked=[table for table in (_varied(study), _switches(study), _measures(study)) if table],
    )


def _table(name: str, frame: pd.DataFrame) -> Table:
    more = max(0, len(frame) - MOST_ROWS)
    caption = f"{name}.csv" + (f", {more:,} more rows there" if more else "")
    return frame_table(name.replace("_", " "), caption, frame, MOST_ROWS)


def _varied(study: Study) -> Table | None:
    rows = tuple(
        (one.path, one.label, true_minus(f"{one.low:g} to {one.high:g}"), one.unit, one.interest)
        for one in study.parameters
    )
    head = ("path", "name", "range", "unit", "interest")
    return Table("Parameters", "What was varied.", head, rows) if rows else None


def _switches(study: Study) -> Table | None:
    rows = []
    for name, switch in study.experiment.switches.items():
        off, on = (flow(switch.changes(on=setting)) for setting in (False, True))
        rows.append((name, switch.label, off or "as written", on or "as written"))
    head = ("switch", "name", "off", "on")
    return Table("Switches", "What was there or not.", head, tuple(rows)) if rows else None


def _measures(study: Study) -> Table:
    rows = []
    for name, measure in study.experiment.measures.items():
        asked = measure.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        asked.pop("label", None)
        rows.append((name, measure.label, flow(asked), measure.unit))
    head = ("measure", "name", "what", "unit")
    return Table("Measures", "What was looked at, in each run.", head, tuple(rows))
