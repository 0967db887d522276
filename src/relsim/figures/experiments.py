"""The figures of an experiment, by what its method found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from relsim.experiments.advice import Advice
from relsim.experiments.attribute import Attribution
from relsim.experiments.discovery import Discovery
from relsim.experiments.sensitivity_findings import SensitivityFindings
from relsim.experiments.study import Findings
from relsim.experiments.sweep import SweepFindings
from relsim.experiments.tuning import Tuning
from relsim.figures.advice import advice_charts
from relsim.figures.attribution import attribution_charts
from relsim.figures.discovery import discovery_charts
from relsim.figures.sensitivity import sensitivity_charts
from relsim.figures.sweep import sweep_charts
from relsim.figures.tuning import tuning_charts

CHARTS: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
    SweepFindings: sweep_charts,
    SensitivityFindings: sensitivity_charts,
    Tuning: tuning_charts,
    Attribution: attribution_charts,
    Advice: advice_charts,
    Discovery: discovery_charts,
}


def experiment_charts(findings: Findings) -> dict[str, Any]:
    """The charts of a method's findings, by the names of their files; none where the findings have
    no entry in the table."""
    charts = CHARTS.get(type(findings))
    return charts(findings) if charts else {}
