"""The figures of an experiment, by what was found."""

from __future__ import annotations

from typing import Any

from relsim.experiments.advice import Advice
from relsim.experiments.attribution import Attribution
from relsim.experiments.discovery import Discovery
from relsim.experiments.methods import Findings
from relsim.experiments.sensitivity_findings import SensitivityFindings
from relsim.experiments.sweep_findings import SweepFindings
from relsim.experiments.tuning import Tuning
from relsim.figures.advice import advice_charts
from relsim.figures.attribution import attribution_charts
from relsim.figures.discovery import discovery_charts
from relsim.figures.sensitivity import sensitivity_charts
from relsim.figures.sweep import sweep_charts
from relsim.figures.tuning import tuning_charts


def experiment_charts(findings: Findings) -> dict[str, Any]:
    """The charts of a method's findings, by the names of their files.

    Raises:
        TypeError: no method finds such things.
    """
    match findings:
        case SweepFindings():
            return sweep_charts(findings)
        case SensitivityFindings():
            return sensitivity_charts(findings)
        case Attribution():
            return attribution_charts(findings)
        case Advice():
            return advice_charts(findings)
        case Discovery():
            return discovery_charts(findings)
        case Tuning():
            return tuning_charts(findings)
    raise TypeError(f"no figures of {type(findings).__name__}")
