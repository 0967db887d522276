"""Families as tests ask for them: of scenarios or their files, and a small one in files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from relsim.results import family
from relsim.results.family import Family
from relsim.results.job import Execution
from relsim.results.question import Question
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import THREE_STATES

BASE = (
    """\
relsim: 1
name: Three states
time: {start: 2020-01, end: 2022-01}
ensemble: {seed: 20200701}
"""
    + THREE_STATES
    + """\
events:
  quarrel: {chance: 0.5 per year, effects: [{pulse: A-C.defence, size: -0.3}]}
  pact:
    off: true
    at: 2020-06
    effects: [{shift: A-B, size: 0.3}, {set: A.issues.border.stance, to: -0.4}]
claims: {level: {says: A and B are close., expect: {level: A-B, above: 0.2}}}
watch: [A-B, A-C]
"""
)
VARIANT = """\
relsim: 1
extends: base.yaml
name: Three states with a pact
events: {pact: {off: false}}
claims: {closer: {says: A and B get closer., expect: {change: A-B, above: 0, against: base.yaml}}}
"""


def small_family(folder: Path) -> tuple[Path, Path]:
    """Files of three states and of a variant that is compared with them, both in a folder."""
    base, variant = folder / "base.yaml", folder / "variant.yaml"
    base.write_text(BASE, encoding="utf-8")
    variant.write_text(VARIANT, encoding="utf-8")
    return base, variant


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
