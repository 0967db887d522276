"""The command line: exit codes, no tracebacks, and what it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from commands import Command, spawned
from families import small_family
from relsim.scenario.world import world_text
from scenarios_to_test import FAMILY, STATUS_QUO

BAD = """\
relsim: 1
name: Bad
time: {start: 2020-07, end: 2030-07}
states:
  PAK: {ties: {PKA: 0.5}}
  RUS:
ties:
  PAK-RUS: {defence: 1.4}
"""


@pytest.fixture
def unseen(relsim: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """relsim in a folder of the test, without figures and pages, which have tests of their own
    and take most of the time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("relsim.results.views.write_views", lambda *_: None)
    monkeypatch.setattr("relsim.figures.save.Painter.start", lambda _: None)
    monkeypatch.setattr("relsim.figures.save.Painter.script", lambda _: "")
    return relsim


def test_run_prints_a_table_and_leaves_a_result(tmp_path: Path) -> None:
    base, _ = small_family(tmp_path)
    done = spawned("run", base, "--runs", "20", "--seed", "3", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "A-B" in done.stdout
    assert "80 % of runs" in done.stdout
    assert "P(up)" in done.stdout
    folder = Path(done.stdout.rsplit("Results: ", 1)[1].strip())
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["command"] == "relsim run base.yaml --runs 20 --seed 3"


def test_numbers_come_without_a_page_where_none_is_wanted(relsim: Command, tmp_path: Path) -> None:
    done = relsim("run", STATUS_QUO, "--runs", "5", "--no-page", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Report:" not in done.stdout
    folder = Path(done.stdout.rsplit("Results: ", 1)[1].strip())
    assert (folder / "summary.csv").exists()
    assert not (folder / "report.html").exists()
    assert not (folder / "figures").exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--figures", "some"], "one of main, all, none"),
        (["--figures", "all", "--no-page"], "not with --no-page"),
        ([STATUS_QUO, "--no-page"], "not with several files"),
        ([STATUS_QUO, "--figures", "all"], "only with --reports"),
    ],
)
def test_figures_that_cannot_be_drawn_are_not_asked_for(
    relsim: Command, options: list[str | Path], text: str
) -> None:
    done = relsim("run", STATUS_QUO, *options)
    assert done.returncode == 2
    assert text in done.stderr


def test_a_family_runs_on_one_command_and_quietly(unseen: Command, tmp_path: Path) -> None:
    files = [FAMILY / name for name in ("status-quo.yaml", "india-alarm.yaml")]
    done = unseen("run", *files, "--runs", "10", "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    folders = [Path(line).parent.name for line in done.stdout.split()]
    assert folders == ["status-quo", "india-alarm", "family-pakistan-russia"]


def test_set_changes_the_question(unseen: Command) -> None:
    settings = ["--set", "PAK.ties.USA=0.2", "--set", "volatility=0"]
    base = unseen("run", STATUS_QUO, "--runs", "5", "-q").stdout.strip()
    done = unseen("run", STATUS_QUO, "--runs", "5", "-q", *settings)
    changed = Path(done.stdout.strip())
    assert changed.name != Path(base).name
    resolved = (changed / "scenario.resolved.yaml").read_text()
    assert "weight: 0.2" in resolved
    assert "volatility: 0" in resolved


@pytest.mark.parametrize("command", ["run", "validate"])
def test_problems_are_listed_with_exit_code_2_and_no_traceback(
    tmp_path: Path, relsim: Command, command: str
) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    done = relsim(command, "bad.yaml", "missing.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr + done.stdout
    lines = done.stderr.splitlines()
    assert lines[0].startswith("bad.yaml:5:16  unknown-state  'PKA' is not a state here.")
    assert lines[1].startswith("bad.yaml:8:22  out-of-range  ties.PAK-RUS.defence is 1.4;")
    assert lines[2].startswith("missing.yaml  not-found  There is no such file.")
    assert lines[3] == "3 problems."
    assert not (tmp_path / "results").exists()


def test_validate_says_so_and_warns(relsim: Command, tmp_path: Path) -> None:
    done = relsim("validate", STATUS_QUO)
    assert done.returncode == 0
    assert "valid. 11 states" in done.stdout
    assert done.stderr == ""
    done = relsim("validate", STATUS_QUO, "--set", "PAK.ties.CHN=1")
    assert done.returncode == 0
    assert "heavy-interest" in done.stderr


def test_validate_warns_of_a_status_quo_that_runs_away(relsim: Command) -> None:
    done = relsim("validate", STATUS_QUO, "--set", "reciprocity=20")
    assert "unstable-status-quo" in done.stderr
    assert ".traits.reciprocity" in done.stderr


def test_new_writes_a_starter_that_runs_and_is_not_overwritten(
    tmp_path: Path, unseen: Command
) -> None:
    assert unseen("new", "a/b.yaml").returncode == 0
    done = unseen("run", "a/b.yaml", "--runs", "5")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (tmp_path / "results" / "b").is_dir()
    again = unseen("new", "a/b.yaml")
    assert again.returncode != 0
    assert "exists already" in again.stderr


def test_new_writes_a_made_up_world(relsim: Command, tmp_path: Path) -> None:
    done = relsim("new", "--world", "12", "--seed", "3", "w.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "w.yaml").read_text(encoding="utf-8") == world_text(12, 3)
    assert "12 states" in relsim("validate", "w.yaml", cwd=tmp_path).stdout
    for wrong in (["--world", "2"], ["--world", "301"], ["--seed", "3"]):
        refused = relsim("new", *wrong, "no.yaml", cwd=tmp_path)
        assert refused.returncode == 2
    assert not (tmp_path / "no.yaml").exists()


def test_schema_is_json(relsim: Command) -> None:
    done = relsim("schema")
    assert json.loads(done.stdout)["title"] == "relsim scenario"


def test_wrong_use_is_explained(relsim: Command) -> None:
    assert relsim("run", STATUS_QUO, "--record", "all").returncode == 2
    assert "Usage" in relsim("run").stderr
    assert spawned("--version").stdout.startswith("relsim 0.")


@pytest.mark.parametrize("command", ["compare", "observe", "report", "run"])
def test_usage_says_once_that_an_argument_repeats(relsim: Command, command: str) -> None:
    usage = relsim(command, "--help").stdout.split("Arguments")[0]
    assert usage.count("...") == 1


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, relsim, relsim.cli;"
        "heavy = {'numba', 'xarray', 'pandas', 'mesa', 'altair', 'zarr', 'numpy', 'pydantic'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


CLAIMING = """\
relsim: 1
name: Claiming
time: {start: 2020-07, end: 2020-10}
states: {PAK: {}, RUS: {}}
ties: {PAK-RUS: 0.3}
claims:
  warm: {says: They are warm., expect: {level: PAK-RUS, above: 0}, probability: 0.8}
  hot: {says: They are "hot" & <bold>., expect: {level: PAK-RUS, above: 0.9}, probability: 0.8}
  lost: {says: No such file., expect: {change: PAK-RUS, above: 0, against: lost.yaml}}
"""


def test_run_prints_verdicts_in_words(tmp_path: Path, unseen: Command) -> None:
    (tmp_path / "c.yaml").write_text(CLAIMING)
    done = unseen("run", "c.yaml", "--runs", "50")
    assert done.returncode == 0, done.stderr
    for words in ("100.0%", "supported", "contradicted", "not judged", 'They are "hot" & <bold>.'):
        assert words in done.stdout
    assert "lost is not judged: There is no file lost.yaml beside the scenario." in done.stdout


@pytest.mark.parametrize(("removed", "code"), [(None, 1), ("hot", 0)])
def test_check_fails_where_a_claim_is_contradicted(
    tmp_path: Path, unseen: Command, removed: str | None, code: int
) -> None:
    (tmp_path / "c.yaml").write_text(CLAIMING)
    more = [] if removed is None else ["--set", f"claims.{removed}=null"]
    for _ in range(2):  # also where the result is there already
        done = unseen("run", "c.yaml", "--runs", "50", "-q", "--check", *more)
        assert done.returncode == code, done.stderr
        assert len(done.stdout.split()) == 1


def test_junit_is_written_for_all_files(tmp_path: Path, unseen: Command) -> None:
    for name in ("c", "d"):
        (tmp_path / f"{name}.yaml").write_text(CLAIMING)
    done = unseen(
        *("run", "c.yaml", "d.yaml", "--runs", "50", "-q", "--check", "--junit", "x/claims.xml")
    )
    assert done.returncode == 1
    root = ElementTree.parse(tmp_path / "x" / "claims.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("6", "2", "2")
    cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert cases == [(slug, name) for slug in "cd" for name in ("warm", "hot", "lost")]
    assert unseen("run", "c.yaml", "-q", "--junit", tmp_path).returncode == 3


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("{level: PAK>RUS.defence, above: 0}", "bad-tie  Claims judge cooperation, not a posture."),
        ("{order: [PAK-RUS, RUS>PAK]}", "Write RUS-PAK."),
        ("{reach: PAK-RUS, above: 0, at: 2020-08}", "bad-claim  `reach` is judged `by` a month"),
        (
            "{reach: PAK-RUS, above: 0, against: x.yaml}",
            "bad-claim  `level`, `change` and `halfway`",
        ),
        ("{level: PAK-RUS, above: 0.1, below: 0}", "Nothing lies between `above` and `below`"),
        ("{halfway: PAK-RUS}", "bad-claim  `after`, `before` or both are needed; here: none."),
        ("{level: PAK-RUS, above: 0, by: 2020-07}", "outside-time  No step ends by 2020-07"),
    ],
)
def test_claims_that_mean_nothing_are_problems(
    relsim: Command, tmp_path: Path, expect: str, said: str
) -> None:
    text = CLAIMING.split("claims:")[0] + f"claims: {{it: {{says: x, expect: {expect}}}}}\n"
    (tmp_path / "c.yaml").write_text(text)
    done = relsim("validate", "c.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.startswith("c.yaml:6:")
