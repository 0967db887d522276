"""relsim experiment: what it prints, and what ships."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from commands import Command
from experiments.small import VARIED, written
from relsim.cli.application import app
from relsim.experiments.load import load_experiment

SHIPPED = sorted((Path(__file__).parents[1] / "scenarios" / "experiments").glob("*.yaml"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_experiments_are_sound_and_small(file: Path) -> None:
    study = load_experiment(file)
    assert (
        1_000 < study.method.size(study) * study.experiment.runs < 60_000
    )  # 20 s at 3,000 runs a second


def test_every_method_ships() -> None:
    methods = {load_experiment(file).experiment.method_name for file in SHIPPED}
    assert methods == {"sweep", "sensitivity", "tune", "attribute", "advise", "discover"}


def test_check_simulates_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, VARIED)
    said = CliRunner().invoke(app, ["experiment", "--check", str(file)])
    assert (said.exit_code, said.output) == (0, f"{file}: sound\n")
    assert {path.name for path in tmp_path.iterdir()} == {"three.yaml", "experiment.yaml"}


def test_it_prints_what_was_found_and_where(tmp_path: Path) -> None:
    file, out = written(tmp_path, VARIED), str(tmp_path / "out")
    said = CliRunner().invoke(app, ["experiment", str(file), "--out", out])
    assert said.exit_code == 0
    assert "What matters: 256 points, 5 runs at each; took" in said.output
    assert "• 1 interest is changed: the opening is read with" in said.output
    assert "report.html" in said.output
    again = CliRunner().invoke(app, ["experiment", str(file), "--out", out, "-q"])
    assert Path(again.output.strip()).is_dir()


def test_problems_are_located_and_exit_with_2(relsim: Command, tmp_path: Path) -> None:
    file = written(tmp_path, {**VARIED, "parameters": {"A.ties.Z": [0.1, 0.5]}})
    done = relsim("experiment", file)
    assert done.returncode == 2
    assert f"{file}:" in done.stderr
