"""What a results folder holds beside the runs: tables, figures, the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relsim.analysis.claims import claims_table
from relsim.analysis.findings import Findings
from relsim.analysis.summary import summary_table, write_table
from relsim.figures.claims import verdict_chart
from relsim.figures.difference import difference_chart
from relsim.figures.fan import fan_chart
from relsim.figures.matrix import start_to_end_matrix
from relsim.figures.multiples import level_multiples
from relsim.figures.save import Painter
from relsim.figures.why import why_chart
from relsim.model.plan import pair_names
from relsim.report.result_page import result_page
from relsim.results.result import CLAIMS, EVENTS, FIGURES, REPORT, SUMMARY
from relsim.scenario.load import slug


def write_tables(findings: Findings, folder: Path) -> None:
    """``summary.csv``, ``events.csv`` and ``claims.csv``."""
    watched = pair_names(findings.scenario.watched_pairs)
    write_table(summary_table(findings.summary, watched), folder / SUMMARY)
    write_table(findings.events, folder / EVENTS)
    write_table(claims_table(findings.claims), folder / CLAIMS)


def write_figures(findings: Findings, painter: Painter, folder: Path) -> None:
    """Every figure as SVG and PNG."""
    figures = folder / FIGURES
    figures.mkdir()
    painter.draw(charts_of(findings), figures)


def charts_of(findings: Findings) -> dict[str, Any]:
    """The figures by the names of their files."""
    scenario, summary = findings.scenario, findings.summary
    charts = {
        "fan": fan_chart(scenario, summary, findings.events),
        "matrix": start_to_end_matrix(scenario, summary),
        "multiples": level_multiples(scenario, summary),
    }
    for pair, account in findings.accounts.items():
        charts[f"why-{pair}"] = why_chart(account)
    for file, comparison in findings.comparisons.items():
        charts[f"difference-{slug(Path(file).stem)}"] = difference_chart(comparison)
    if any(claim.share is not None for claim in findings.claims):
        charts["claims"] = verdict_chart(scenario, findings.claims)
    return charts


def write_report(
    findings: Findings, manifest: Mapping[str, Any], painter: Painter, folder: Path
) -> None:
    """``report.html``: one page that works offline."""
    page = result_page(findings, manifest, painter.script())
    (folder / REPORT).write_text(page, encoding="utf-8")
