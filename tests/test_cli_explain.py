"""`relsim explain` as it is used: from a result, a folder of results or a file."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from commands import Command
from relsim.results.run import run
from scenarios_to_test import FAMILY, ROOT

RECOGNITION, STATUS_QUO = FAMILY / "armenia-recognition.yaml", FAMILY / "status-quo.yaml"

MARKED = """\
relsim: 1
name: Marked [red]up[/red]
time: {start: 2020-01, end: 2021-01}
states: {A: {name: "A[b]"}, B: {}}
ties: {A-B: 0.2}
events: {deal: {label: "[bold]deal", at: 2020-03, effects: [{pulse: A-B, size: 0.2}]}}
"""


def said(text: str) -> str:
    """Printed text without its line breaks."""
    return " ".join(text.split())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results")
    run(RECOGNITION, runs=30, out=out, views=False)
    return out


def test_a_result_is_explained_in_words_and_a_table(relsim: Command, results: Path) -> None:
    (folder,) = (path.parent for path in results.glob("armenia-recognition/*/manifest.json"))
    done = relsim("explain", folder, "RUS-PAK")
    assert done.returncode == 0, done.stderr
    assert "Pakistan towards Russia, 2030-06 (all domains, mean of 30 runs)" in done.stdout
    assert "Agreement on Karabakh: from −0.0" in done.stdout
    assert "since 2022-01 (“Pakistan recognises Armenia”)" in said(done.stdout)
    assert "sum: the pull" in done.stdout
    assert "Change since the opening in 2020-07" in done.stdout
    assert "Accounting for 30 runs" in done.stderr
    again = relsim("explain", results / "armenia-recognition", "PAK-RUS")
    assert again.stdout == done.stdout
    file = relsim("explain", RECOGNITION, "PAK-RUS", "--runs", "30")
    assert file.stdout == done.stdout


def test_the_printed_table_adds_up(relsim: Command, results: Path) -> None:
    done = relsim(
        *("explain", results / "armenia-recognition", "PAK-AZE", "--at", "2025-01"),
        *("--direction", "AZE>PAK", "--domain", "economic"),
    )
    assert "Azerbaijan towards Pakistan, 2025-01 (economic, mean of 30 runs)" in done.stdout
    assert "Pakistan towards" not in done.stdout
    rows = [line.split("│") for line in done.stdout.splitlines() if line.count("│") == 4]
    cells = [[row[1], row[3]] for row in rows if row[1].strip()]
    numbers = [[float(cell.replace("−", "-")) for cell in some] for some in cells]
    *parts, total = numbers
    for column in range(2):
        said = sum(part[column] for part in parts)
        assert said == pytest.approx(total[column], abs=0.0005 * (len(parts) + 2))


def test_a_difference_of_two_results_names_both(
    relsim: Command, results: Path, tmp_path: Path
) -> None:
    done = relsim(
        *("explain", results / "armenia-recognition", "PAK-AZE", "--at", "2030-07"),
        *("--against", results / "status-quo"),
        *("--figure", tmp_path / "a.svg", "--csv", tmp_path / "a.csv"),
    )
    assert done.returncode == 0, done.stderr
    assert "against “Pakistan–Russia, status quo”" in done.stdout
    assert "Agreement on Karabakh: 0.000 instead of +0.1" in done.stdout
    assert "<svg" in (tmp_path / "a.svg").read_text("utf-8")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert len({row["month"] for row in rows}) == 120
    before = [row for row in rows if row["month"] < "2022-01"]
    assert {row["change"] for row in before} == {"0"}


def test_a_single_run_has_no_spread(relsim: Command, results: Path) -> None:
    done = relsim("explain", results / "status-quo", "PAK-RUS", "--run", "29")
    assert "(all domains, run 29)" in done.stdout
    assert "±" not in done.stdout
    wrong = relsim("explain", results / "status-quo", "PAK-RUS", "--run", "30")
    assert wrong.returncode == 3
    assert "There is no run 30: the runs are 0 to 29." in wrong.stderr


def test_processes_print_and_write_the_same(relsim: Command, results: Path, tmp_path: Path) -> None:
    written = []
    for number, options in enumerate(([], ["--workers", "2"])):
        file = tmp_path / f"{number}.csv"
        done = relsim("explain", results / "status-quo", "PAK-RUS", "--csv", file, *options)
        assert done.returncode == 0, done.stderr
        written.append((done.stdout.replace(str(file), "FILE"), file.read_bytes()))
    assert written[0] == written[1]
    both = ("--workers", "2", "--cluster", "tcp://127.0.0.1:9")
    assert relsim("explain", results / "status-quo", "PAK-RUS", *both).returncode == 2


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["PAK-RSU"], "'RSU' is not a state of Pakistan–Russia, status quo. Did you mean RUS?"),
        (["PAKRUS"], "'PAKRUS' is not a pair. Write two states, as in PAK-RUS."),
        (
            ["PAK-RUS", "--at", "2050-01"],
            "2050-01 is not simulated; the runs go from 2020-07",
        ),
        (["PAK-RUS", "--at", "soon"], "'soon' is not a month."),
        (["PAK-RUS", "--domain", "defense"], "Did you mean defence?"),
        (["PAK-RUS", "--direction", "PAK>USA"], "Known: 'PAK>RUS' and 'RUS>PAK'"),
        (["PAK-RUS", "--figure", "chart.pdf"], "Name a file that ends in .svg or .png."),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_computed(
    relsim: Command, asked: list[str], words: str
) -> None:
    done = relsim("explain", STATUS_QUO, *asked)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Accounting" not in done.stderr
    assert words in said(done.stderr)


def test_a_place_without_a_result_ends_in_a_line_and_code_3(
    relsim: Command, tmp_path: Path
) -> None:
    done = relsim("explain", "nowhere", "PAK-RUS", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("nowhere holds no finished result")


def test_seeds_that_differ_are_refused(relsim: Command, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(MARKED + "ensemble: {seed: 5}\n")
    (tmp_path / "marked.yaml").write_text(MARKED)
    done = relsim("explain", tmp_path / "marked.yaml", "A-B", "--against", tmp_path / "other.yaml")
    assert done.returncode == 3
    assert "is on seed 5. Runs are paired on the same seed" in said(done.stderr)


def test_labels_are_shown_as_written(relsim: Command, tmp_path: Path) -> None:
    (tmp_path / "marked.yaml").write_text(MARKED)
    done = relsim("explain", tmp_path / "marked.yaml", "A-B", "--runs", "5")
    assert done.returncode == 0, done.stderr
    assert "A[b] towards B" in done.stdout
    file = tmp_path / "marked.yaml"
    paired = relsim("explain", file, "A-B", "--runs", "5", "--against", file)
    assert "Change against “Marked [red]up[/red]”" in paired.stdout
    assert "“[bold]deal” adds" in done.stdout
    assert "│" in done.stdout
    table = [line for line in done.stdout.splitlines() if line.startswith("[bold]deal")]
    assert len(table) == 2


def test_the_documented_output_is_real(relsim: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "96")
    monkeypatch.chdir(ROOT)
    blocks = text.split("```\n$ ")[1:]
    assert len(blocks) == 3
    for block in blocks:
        typed, _, shown = block.split("\n```")[0].partition("\n")
        printed = relsim(*shlex.split(typed)[1:]).stdout.splitlines()
        assert [line.rstrip() for line in printed] == shown.splitlines()


def test_the_documented_python_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    exec(compile(text.split("```python\n")[1].split("```")[0], "explain.md", "exec"), names)
    assert str(names["largest"]["part"].values) == "issue.karabakh"


def test_a_result_of_another_version_is_warned_of(
    relsim: Command, results: Path, tmp_path: Path
) -> None:
    (folder,) = (path.parent for path in results.glob("status-quo/*/manifest.json"))
    shutil.copytree(folder, tmp_path / "old")
    manifest = json.loads((tmp_path / "old" / "manifest.json").read_text())
    (tmp_path / "old" / "manifest.json").write_text(json.dumps({**manifest, "relsim": "0.0.1"}))
    done = relsim("explain", tmp_path / "old", "PAK-RUS", "--run", "0")
    assert "was made by relsim 0.0.1; numbers may differ." in done.stderr


def test_the_spread_of_a_result_is_shared_out(
    relsim: Command, results: Path, tmp_path: Path
) -> None:
    table = tmp_path / "spread.csv"
    done = relsim(
        *("explain", "--spread", STATUS_QUO, "PAK-IND", "--at", "2022-07"),
        *("--runs", "400", "--csv", table),
    )
    assert done.returncode == 0, done.stderr
    assert "In 2022-07 Pakistan – India differs between runs by a standard" in done.stdout
    assert "“Crisis on the Line of Control”" in done.stdout
    assert "left over" in said(done.stdout)
    assert "2030-07 │" in done.stdout  # by year, after it
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    assert {row["kind"] for row in rows} == {"number", "event"}
    assert float(rows[0]["low"]) <= float(rows[0]["share"]) <= float(rows[0]["high"])


def test_a_spread_that_few_runs_do_not_tell_is_refused(relsim: Command, results: Path) -> None:
    done = relsim("explain", "--spread", results / "armenia-recognition")
    assert done.returncode == 2
    assert "30 runs are too few to tell what 24 inputs do" in said(done.stderr)
    for wrong in (("--run", "3"), ("--levels",), ("--direction", "PAK>RUS")):
        done = relsim("explain", "--spread", STATUS_QUO, "PAK-RUS", *wrong)
        assert done.returncode == 2
        assert "not with --spread" in said(done.stderr)
    assert relsim("explain", STATUS_QUO).returncode == 2
