"""compare, diff and list on the command line: exit codes, no tracebacks, what is printed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from commands import Command
from relsim.analysis.compare import Comparison
from relsim.cli.run import closing_lines
from relsim.results.run import run
from scenarios_to_test import FAMILY, STATUS_QUO

ARMENIA = FAMILY / "armenia-recognition.yaml"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    run(ARMENIA, runs=60, out=folder, views=False)
    return folder  # of both, since a claim of the one is against the other


def test_results_are_compared_by_the_folder_of_their_scenario(
    relsim: Command, out: Path, tmp_path: Path
) -> None:
    csv, figure = tmp_path / "x" / "c.csv", tmp_path / "x" / "f.svg"
    more = ("--pair", "RUS-PAK", "--pair", "PAK-AZE", "--reach", "next", "--at", "2029-01")
    done = relsim(
        *("compare", out / "status-quo", out / "armenia-recognition", *more),
        *("--csv", csv, "--figure", figure),
    )
    assert done.returncode == 0, done.stderr
    for words in ("PAK-RUS", "PAK-AZE", "higher", "lower", "at 2029-01", "60 runs are paired"):
        assert words in done.stdout
    assert "RUS-IND" not in done.stdout
    table = pd.read_csv(csv)
    assert list(table["pair"]) == ["PAK-RUS", "PAK-AZE"]
    assert set(table["base"]) == {"Pakistan–Russia, status quo"}
    assert list(table["reach_threshold"]) == [0.2, 0.4]
    assert "Pakistan recognises Armenia" in figure.read_text(encoding="utf-8")


@pytest.fixture
def _no_carriers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which interests carry a difference takes most of the time, and has tests of its own."""
    monkeypatch.setattr(Comparison, "main_carriers", lambda *_: None)


@pytest.mark.usefixtures("_no_carriers")
def test_files_are_simulated_as_the_first_was(relsim: Command, out: Path) -> None:
    done = relsim("compare", out / "status-quo", ARMENIA, STATUS_QUO, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("60 runs are paired") == 2
    assert "identical" in done.stdout  # the status quo with itself
    assert len(list(out.glob("*/*"))) == 2  # nothing was asked anew


@pytest.mark.usefixtures("_no_carriers")
def test_all_pairs_in_one_domain(relsim: Command, out: Path) -> None:
    done = relsim("compare", out / "status-quo", out / "armenia-recognition", "--pair", "all")
    assert len(re.findall(r"│ (?:ARM-\w+|\w+-ARM) ", done.stdout)) == 10
    overall = relsim(
        *("compare", out / "status-quo", out / "armenia-recognition", "--pair", "all"),
        *("--domain", "overall"),
    )
    assert overall.stdout == done.stdout
    done = relsim(
        *("compare", out / "status-quo", out / "armenia-recognition"),
        *("--pair", "all", "--domain", "economic"),
    )
    assert "Economic cooperation" in done.stdout
    assert len(re.findall(r"│ (?:ARM-\w+|\w+-ARM) ", done.stdout)) == 1


@pytest.mark.usefixtures("_no_carriers")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["status-quo"], 2, "Name at least two"),
        (["status-quo", "no.yaml"], 2, "no.yaml  not-found"),
        (["status-quo", "armenia-recognition", "--pair", "PAK-RUSS"], 2, "Did you mean PAK-RUS?"),
        (["status-quo", "armenia-recognition", "--at", "2040-01"], 2, "is not simulated"),
        (["status-quo", "armenia-recognition", "--reach", "far"], 2, "between -1 and 1, or next"),
        (["status-quo", "armenia-recognition", "--reach", "nan"], 2, "between -1 and 1, or next"),
        (["status-quo", "armenia-recognition", "--figure", "x.pdf"], 2, ".svg or .png"),
        (["status-quo", "armenia-recognition", "--domain", "arts"], 3, "has no domain arts"),
        (["status-quo", "empty"], 3, "Simulate first: relsim run FILE."),
        (["status-quo", "armenia-recognition", "--csv", "empty"], 3, "cannot be written"),
        (["status-quo", str(ARMENIA), "--seed", "9", "--runs", "5"], 3, "is on seed 9"),
    ],
)
def test_what_cannot_be_compared_is_said(
    relsim: Command, out: Path, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("status-quo", "armenia-recognition"):
        (tmp_path / name).symlink_to(out / name)
    done = relsim("compare", *arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert not (tmp_path / "results").exists()  # nothing was simulated in vain


def test_diff_names_the_lever_and_the_claims(relsim: Command, out: Path) -> None:
    done = relsim("diff", STATUS_QUO, out / "armenia-recognition")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["~", "events.recognise_armenia.off", "true", "→", "false"]
    assert "Words, which move no number" in done.stdout
    assert done.stdout.index("Claims") < done.stdout.index("claims.armenia_matters")
    assert "2 added (+), 3 changed (~)." in done.stdout
    same = relsim("diff", out / "status-quo", STATUS_QUO)
    assert same.stdout == "The two ask the same: no input differs.\n"


def test_diff_lists_the_problems_of_both(relsim: Command, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("relsim: 1\nname: [x]\n")
    done = relsim("diff", "a.yaml", "b.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "a.yaml:2:" in done.stderr
    assert "b.yaml  not-found" in done.stderr


def test_list_shows_what_is_there(relsim: Command, out: Path, tmp_path: Path) -> None:
    broken = out / "broken" / "0a"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{")
    done = relsim("list", "--out", out)
    (broken / "manifest.json").unlink()
    assert done.returncode == 0, done.stderr
    for words in ("armenia-recognition", "status-quo", "20200701", "2030-07", "3 +", "MB"):
        assert words in done.stdout
    assert "unreadable" in done.stdout
    assert "cannot be read" in done.stdout
    empty = relsim("list", cwd=tmp_path)
    assert (empty.returncode, empty.stdout) == (
        0,
        "results holds no results yet. Simulate first: relsim run FILE.\n",
    )


LESS = FAMILY / "pakistan-without-washington.yaml"


def test_a_changed_interest_is_said_by_run_compare_and_diff(relsim: Command, out: Path) -> None:
    changed = "PAK.ties.USA from uniform(0.25, 0.45) to 0"
    words = "\n".join(closing_lines(run(LESS, runs=60, out=out, views=False)))
    assert "One interest has changed, so relations move from an opening" in words
    assert changed in words
    lines = closing_lines(run(STATUS_QUO, runs=60, out=out, views=False))
    assert not [line for line in lines if "interest" in line]
    done = relsim("compare", STATUS_QUO, LESS, "--runs", "60", "--out", out)
    assert f"Interests that changed, so that relations move: {changed}." in done.stdout
    carried = re.search(
        r"Interests that carry .* PAK-RUS \((.*) in 2030-07.*: (.*)\. That", done.stdout
    )
    assert carried is not None
    assert carried[2].startswith(f"PAK.ties.USA {carried[1]}")  # all of it
    done = relsim("diff", STATUS_QUO, LESS)
    (row,) = (line for line in done.stdout.splitlines() if "PAK.ties.USA" in line)
    assert row.split()[-1] == "(changed)"
    assert "reference" not in done.stdout


def test_a_recoded_interest_is_said_though_nothing_moves(
    relsim: Command, out: Path, tmp_path: Path
) -> None:
    text = "relsim: 1\nextends: status-quo.yaml\nname: x\nrecoded: all\n"
    for file in FAMILY.glob("status-quo.yaml"):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    variant = tmp_path / "x.yaml"
    variant.write_text(f"{text}states: {{PAK: {{ties: {{USA: 0}}}}}}\n", encoding="utf-8")
    base = tmp_path / "status-quo.yaml"
    done = relsim("compare", base, variant, "--runs", "10", "--out", out)
    assert "only read the opening differently" in done.stdout
    assert "Interests that changed" not in done.stdout
    assert "(recoded)" in relsim("diff", base, variant).stdout


@pytest.mark.parametrize(
    ("option", "value", "words"), [("--pair", "PAK-RSU", "RSU"), ("--at", "soon", "soon")]
)
def test_what_cannot_be_settled_is_wrong_use(
    relsim: Command, tmp_path: Path, option: str, value: str, words: str
) -> None:
    files = (STATUS_QUO, ARMENIA)
    done = relsim("compare", *files, "--until-clear", option, value, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("sized", "words"), [(0, ""), (1, "1 of 19 coded acts has a size of its")])
def test_only_acts_with_a_size_of_their_own_are_worth_a_line(
    out: Path, sized: int, words: str
) -> None:
    result = run(ARMENIA, runs=60, out=out, views=False)
    weights = [{"overridden": number < sized} for number in range(19)]
    lines = closing_lines(replace(result, manifest={**result.manifest, "event_weights": weights}))
    assert [line for line in lines if "coded act" in line] == [
        line for line in lines if words and line.startswith(words)
    ]
    assert bool(words) == any("Goldstein scale" in line for line in lines)
