"""Families as tests ask for them: of scenarios or their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from relsim.results import family
from relsim.results.family import Family
from relsim.results.job import Execution
from relsim.results.question import Question
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario


def run_family(
    scenarios: Sequence[Scenario | Path],
    *,
    out: Path,
    runs: int | None = None,
    until_clear: bool = False,
    force: bool = False,
) -> Family:
    loaded = [each if isinstance(each, Scenario) else load(each) for each in scenarios]
    questions = [Question.of(scenario, runs, until_clear=until_clear) for scenario in loaded]
    return family.run_family(questions, Execution(out, force=force))
