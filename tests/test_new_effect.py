"""The kind of effect that CONTRIBUTING.md adds works with the three files that it changes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios_to_test import ROOT

DIFF = re.compile(r"```diff\n--- (?P<file>\S+)\n@@\n(?P<hunks>.*?)```", re.DOTALL)

PROGRAM = """
from relsim.ensemble.simulate import simulate
from relsim.figures.result import acts_on
from relsim.scenario.load import check_text

def checked(effect):
    return check_text(f'''
relsim: 1
name: test
time: {{start: 2020-01, end: 2020-07}}
context: {{order: 0.5}}
states: {{A: {{ties: {{C: 0.6}}}}, B: {{}}, C: {{}}}}
ties: {{A-B: 0.3, B-C: -0.4, A-C: 0.2}}
events: {{e: {{at: [2020-02, 2020-02, 2020-04], effects: [{effect}]}}}}
''')

def problems(effect):
    return [f"{one.code}: {one.text} {one.hint}".strip() for one in checked(effect).problems]

def levels(effect):
    return simulate(checked(effect).require(), runs=2, seed=1).level("A-B")

scaled, same = levels("{scale: A.ties.C, by: -0.5}"), levels("{scale: A.ties.C, by: 1}")
assert (scaled != same).any()
assert (scaled[:, :2] == levels("{set: A.ties.C, to: 0.15}")[:, :2]).all()  # -0.5 twice over
assert acts_on(checked("{scale: A.ties.C, by: 1}").require().events["e"], "A-B")
print(*problems("{}"), sep="\\n")
print(*problems("{scale: A.ties.D, by: 1}"), sep="\\n")
print(*problems("{scale: A.ties.C, bye: 1}"), sep="\\n")
print(*problems("{scale: context.order, by: 2}"), sep="\\n")
"""
SAID = """\
bad-effect: An effect is a map with exactly one of pulse, shift, set, add, scale.
unknown-state: 'D' is not a state here. Known: A, B, C.
missing-key: a scale needs `by`.
unknown-key: 'bye' is not a key of a scale. Did you mean by?
bad-path: A context variable cannot be scaled. Set it.
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package with the kind of effect that CONTRIBUTING.md adds."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src" / "relsim", tmp_path / "src" / "relsim", ignore=ignored)
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    diffs = list(DIFF.finditer(text))
    assert len({diff["file"] for diff in diffs}) == len(diffs) == 3
    for diff in diffs:
        file = tmp_path / diff["file"]
        source = file.read_text(encoding="utf-8")
        for hunk in diff["hunks"].split("@@\n"):
            before, after = (
                "".join(line[1:] or "\n" for line in hunk.splitlines(True) if line[0] != sign)
                for sign in "+-"
            )
            assert source.count(before) == 1, before
            source = source.replace(before, after)
        file.write_text(source, encoding="utf-8")
    return tmp_path / "src"


def test_a_kind_of_effect_is_added_in_three_files(package: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(package), "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False
    )
    assert (done.stdout, done.stderr) == (SAID, "")
