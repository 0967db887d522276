"""A hindcast leaves a whole folder, once; on measured series it beats simple forecasts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import Command
from hindcast.made import made_file
from relsim.errors import RelsimError
from relsim.results.hindcast import run_hindcast, save_parameters


def test_a_hindcast_leaves_a_whole_folder_once(tmp_path: Path) -> None:
    file = made_file(tmp_path / "made.csv", years=6, states=4)
    result = run_hindcast(file, horizons=(1, 2), simulate=False, out=tmp_path / "out")
    names = {path.name for path in result.folder.iterdir()}
    tables = {f"{name}.csv" for name in ("skill", "pit", "forecast", "scores")}
    assert names >= {*tables, "figures", "manifest.json", "report.html", "parameters.json"}
    assert {path.stem for path in (result.folder / "figures").iterdir()} == {
        "skill",
        "bands",
        "pit",
    }
    assert set(result.skill["horizon"]) == {1, 2}
    assert result.manifest["forecast_from"] == [2003, 2004]
    assert "times that of the best baseline" in result.manifest["sentences"][0]
    assert str(tmp_path) not in json.dumps(result.manifest)
    assert run_hindcast(file, horizons=(1, 2), simulate=False, out=tmp_path / "out").reused
    save_parameters(result, tmp_path / "x" / "numbers.json")
    saved = json.loads((tmp_path / "x" / "numbers.json").read_text())
    assert 0 < saved["fitted"]["persistence"] < 1
    assert saved["provenance"]["file"] == "made.csv"


def test_a_series_that_is_too_short_says_so(tmp_path: Path) -> None:
    with pytest.raises(RelsimError, match="a hindcast over 3 years takes 5"):
        run_hindcast(made_file(tmp_path / "short.csv", years=3), horizons=(3,), out=tmp_path)


def test_the_command_prints_the_table(relsim: Command, tmp_path: Path) -> None:
    file = made_file(tmp_path / "made.csv", years=5, states=4)
    asked = ("--observed", file, "--horizons", "1", "--origins", "2003")
    done = relsim("hindcast", *asked, "--out", tmp_path / "out")
    assert done.returncode == 0
    printed = done.stdout
    for words in ("state space", "last value", "times best baseline", "80 % bands", "report.html"):
        assert words in printed
    assert "Run as the simulation, CRPS is that of the linear model times" in printed
    assert "Third parties, with a gain fitted on the past," in printed
