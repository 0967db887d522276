"""What a results folder holds beside the runs: tables, figures, the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from relsim.analysis.claims import Verdict, claims_table, judge
from relsim.analysis.summary import event_table, summarise, summary_table, write_table
from relsim.ensemble.simulate import Ensemble
from relsim.figures.claims import verdict_chart
from relsim.figures.fan import fan_chart
from relsim.figures.matrix import start_to_end_matrix
from relsim.figures.multiples import level_multiples
from relsim.figures.save import Painter
from relsim.model.plan import pair_names
from relsim.report.result_page import result_page
from relsim.results.result import CLAIMS, EVENTS, FIGURES, REPORT, SUMMARY
from relsim.scenario.schema import Scenario


@dataclass(frozen=True)
class Contents:
    """What the tables, the figures and the report of one ensemble are made of.

    Attributes:
        ensemble: every run.
        others: by file, what its claims compare with, or why there is nothing.
        summary: of :func:`relsim.analysis.summary.summarise`.
        events: of :func:`relsim.analysis.summary.event_table`.
        claims: the verdict on each claim.
    """

    ensemble: Ensemble
    others: Mapping[str, Ensemble | str]
    summary: xr.Dataset
    events: pd.DataFrame
    claims: tuple[Verdict, ...]

    @classmethod
    def of(cls, ensemble: Ensemble, others: Mapping[str, Ensemble | str]) -> Contents:
        """Summarises and judges an ensemble."""
        summary, events = summarise(ensemble), event_table(ensemble)
        return cls(ensemble, others, summary, events, judge(ensemble, others))

    @property
    def scenario(self) -> Scenario:
        """What was simulated."""
        return self.ensemble.scenario


def write_tables(contents: Contents, folder: Path) -> None:
    """``summary.csv``, ``events.csv`` and ``claims.csv``."""
    watched = pair_names(contents.scenario.watched_pairs)
    write_table(summary_table(contents.summary, watched), folder / SUMMARY)
    write_table(contents.events, folder / EVENTS)
    write_table(claims_table(contents.claims), folder / CLAIMS)


def write_figures(contents: Contents, painter: Painter, folder: Path) -> None:
    """Every figure as SVG and PNG."""
    scenario, summary = contents.scenario, contents.summary
    charts = {
        "fan": fan_chart(scenario, summary, contents.events),
        "matrix": start_to_end_matrix(scenario, summary),
        "multiples": level_multiples(scenario, summary),
    }
    if any(claim.share is not None for claim in contents.claims):
        charts["claims"] = verdict_chart(scenario, contents.claims)
    figures = folder / FIGURES
    figures.mkdir()
    painter.draw(charts, figures)


def write_report(
    contents: Contents, manifest: Mapping[str, Any], painter: Painter, folder: Path
) -> None:
    """``report.html``: one page that works offline."""
    page = result_page(
        contents.ensemble,
        contents.summary,
        contents.events,
        contents.claims,
        manifest,
        painter.script(),
    )
    (folder / REPORT).write_text(page, encoding="utf-8")
