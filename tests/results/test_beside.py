"""A scenario beside a series leaves a whole folder, once, and the command says what it found."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from commands import Command
from hindcast.beside_made import as_file, measured, scenario
from relsim.errors import RelsimError
from relsim.results.hindcast import run_beside
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario

ONE = scenario()


def stop(scenario: Scenario, **_: object) -> None:
    raise RelsimError(f"The pairs are {', '.join(map(str, scenario.watch))}.")


@pytest.fixture
def series(tmp_path: Path) -> Path:
    return as_file(measured(ONE, seed=1), tmp_path / "news.csv")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "one.yaml"
    path.write_text(yaml.safe_dump(ONE.as_written, sort_keys=False), encoding="utf-8")
    return path


def test_it_leaves_a_whole_folder_once(
    tmp_path: Path, series: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_beside(series, load(file), runs=60, out=tmp_path / "out")
    names = {path.name for path in result.folder.iterdir()}
    tables = {"skill.csv", "pairs.csv", "pit.csv", "beside.csv"}
    assert names == {
        *tables,
        *("figures", "manifest.json", "report.html", "scenario.resolved.yaml"),
    }
    assert {path.stem for path in (result.folder / "figures").iterdir()} == {"bands", "changes"}
    assert result.folder.parent == tmp_path / "out" / "hindcasts" / "one-beside-news"
    rows = pd.read_csv(result.folder / "beside.csv")
    assert set(rows["forecaster"]) == {"scenario", "no change", "mean of all pairs"}
    assert {"dyad", "year", "value", "crps", "pit_below", "lower80", "upper95"} <= set(rows)
    told = result.manifest
    assert (told["runs"], told["seed"], told["years"]) == (60, 5, [2000, 2008])
    assert str(tmp_path) not in json.dumps(told)
    again = run_beside(series, load(file), runs=60, out=tmp_path / "out")
    assert again.reused
    assert not result.reused
    monkeypatch.setattr("relsim.results.hindcast.simulate_runs", stop)
    with pytest.raises(RelsimError, match="The pairs are"):  # another seed has another result
        run_beside(series, load(file), runs=60, seed=6, out=tmp_path / "out")


def test_the_command_says_what_it_found_and_what_is_not_measured(
    relsim: Command, tmp_path: Path, series: Path, file: Path
) -> None:
    text = series.read_text(encoding="utf-8").splitlines()
    rest = [line for line in text if not line.startswith(("A-B,", "C-D,"))]
    series.write_text("\n".join(rest) + "\n", encoding="utf-8")
    asked = ("--observed", series, "--scenario", file, "--runs", "60", "--out", tmp_path / "out")
    done = relsim("hindcast", *asked)
    assert done.returncode == 0
    printed = done.stdout
    for words in ("no change", "mean of all pairs", "Of 234 values of 26 pairs", "report.html"):
        assert words in printed
    assert "warning: None of the watched pairs is in the series (A-B, C-D)" in printed
    quiet = relsim("hindcast", *asked, "--quiet")
    assert quiet.returncode == 0
    folder = Path(quiet.stdout.strip())
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "None of the watched pairs is in the series (A-B, C-D)" in page
    assert "relsim hindcast --observed news.csv --scenario one.yaml --runs 60" in page


def test_nothing_in_common_ends_with_a_message_and_no_folder(
    relsim: Command, tmp_path: Path, file: Path
) -> None:
    series = tmp_path / "far.csv"
    series.write_text("dyad,period,value\nX-Y,2001,0.5\nX-Y,2002,0.5\n", encoding="utf-8")
    asked = ("--observed", series, "--scenario", file, "--runs", "5", "--out", tmp_path / "out")
    done = relsim("hindcast", *asked)
    assert done.returncode == 3
    assert "Simulating" not in done.stdout
    said = " ".join(done.stderr.split())
    assert "no pair and year in common" in said
    assert "the series has X, Y and 2001 to 2002" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--scenario", "FILE", "--origins", "2004"), "--origins"),
        (("--scenario", "FILE", "--linear"), "--linear"),
        (("--scenario", "FILE", "--hold-out", "states"), "--hold-out"),
        (("--runs", "10"), "--runs"),
        (("--seed", "0"), "--seed"),
    ],
)
def test_options_of_the_other_kind_are_refused(
    relsim: Command, options: tuple[str, ...], named: str, series: Path, file: Path
) -> None:
    given = [file if one == "FILE" else one for one in options]
    done = relsim("hindcast", "--observed", series, *given)
    assert done.returncode == 2
    assert named in done.stderr


def test_a_series_may_write_the_states_in_another_way(
    tmp_path: Path, series: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, *rows = series.read_text(encoding="utf-8").splitlines()
    series.write_text("\n".join([head, *map(str.lower, rows)]), encoding="utf-8")
    monkeypatch.setattr("relsim.results.hindcast.simulate_runs", stop)
    with pytest.raises(RelsimError, match="The pairs are A-B, A-C"):
        run_beside(series, load(file), runs=2, out=tmp_path / "out")
