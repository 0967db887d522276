"""`relsim observe` as a person uses it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commands import Command
from hindcast.event_lines import ICEWS_HEADER, gdelt, icews, write
from relsim.analysis.observed import read_observed
from relsim.cli.application import app
from scenarios_to_test import ROOT


def test_observe_says_what_it_used_and_what_it_left_out(relsim: Command, tmp_path: Path) -> None:
    lines = [gdelt("20190105", "PAK", "RUS")] * 12 + [gdelt("20190105", "XYZ", "RUS"), "broken"]
    write(tmp_path / "20190105.export.CSV.zip", lines)
    done = relsim("observe", "20190105.export.CSV.zip", "--damaged", "0.1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-5:] == [
        "12 of 14 lines used.",
        "  left out: 1 (a state that is not known)",
        "  left out: 1 (damaged)",
        "  not known: XYZ. Give codes by --codes FILE.",
        "Wrote observed.csv: 1 value of 1 dyad, 2019 to 2019.",
    ]
    assert "20190105.export.CSV.zip/20190105.export.CSV:14:1  wrong-length" in done.stderr
    assert list(read_observed(tmp_path / "observed.csv").data["events"]) == [12]

    again = relsim("observe", "20190105.export.CSV.zip", cwd=tmp_path)
    assert again.returncode == 3
    assert "--force" in again.stderr
    quiet = relsim(
        *("observe", "*.zip", "--damaged", "0.1", "--as", "days", "--by", "month"),
        *("--least", "1", "--force", "-q", "--only", "PAK,RUS"),
        cwd=tmp_path,
    )
    assert quiet.stdout == "observed.csv\n"
    assert list(read_observed(tmp_path / "observed.csv").data["period"]) == ["2019-01"]


def test_observe_says_how_it_read_dates_and_codes(relsim: Command, tmp_path: Path) -> None:
    lines = [f"1/{day}/2017,PAK,IND,42" for day in range(1, 20)]
    for name in ("a.csv", "b.csv"):
        write(tmp_path / name, ["date,source,target,EventCode", *lines, f"1/20/2017,PAK,{name},42"])
    done = relsim("observe", "a.csv", "b.csv", "--by", "month", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Dates such as 1/5/2017 are read month-first, as their column shows (2 files)." in (
        done.stdout
    )
    assert "CAMEO codes that lost a leading zero are read with it, 42 as 042 (2 files)." in (
        done.stdout
    )
    few = ["date,source,target,quad", *["1/5/2017,PAK,IND,1"] * 12]
    write(tmp_path / "c.csv", few)
    refused = relsim("observe", "c.csv", "--by", "month", "--force", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[0] == (
        "c.csv:2:1  ambiguous-date  '1/5/2017' may be in month 1 or 5: no day over 12 shows which. "
        "Choose by --dates month-first or --dates day-first."
    )
    told = relsim(
        *("observe", "c.csv", "--by", "month", "--dates", "day-first", "--force", "-q"),
        cwd=tmp_path,
    )
    assert told.returncode == 0, told.stderr
    assert list(read_observed(tmp_path / "observed.csv").data["period"]) == ["2017-05"]


def test_problems_have_exit_code_2_and_no_traceback(relsim: Command, tmp_path: Path) -> None:
    done = relsim("observe", "nothing.csv", "--out", "out.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "nothing.csv  not-found  There is no such file.",
        "1 problem.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_commands_of_the_guide_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "observations.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gdelt").mkdir()
    days = [gdelt(f"201901{day:02d}", "PAK", "RUS") for day in range(1, 13)]
    write(tmp_path / "gdelt" / "20190131000000.export.CSV.zip", days)
    for year in (2008, 2009):
        lines = [icews(f"{year}-01-01", "Russian Federation", "Pakistan", "042", 1.9)] * 12
        write(tmp_path / f"events.{year}.tab", [ICEWS_HEADER, *lines])
    table = ["origin,recipient,day,class,n", "PAK,RUS,2008-01-01,1,12"]
    write(tmp_path / "daily.csv.gz", table)
    commands = block.splitlines()
    for command in commands:
        words = shlex.split(command)
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, (command, done.output, done.exception)
        series = read_observed(words[words.index("--out") + 1]).data
        assert set(series["dyad"]) == {"PAK-RUS"}
        assert set(series["events"]) == {12}
    assert len(commands) == 4
