"""Results whose number of runs is chosen by looking: kept, reused, shown and verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands import Command
from families import run_family
from relsim.errors import ResultsError
from relsim.results.compare import results_until_clear
from relsim.results.job import Execution
from relsim.results.result import open_result
from relsim.results.run import run
from relsim.results.verify import verify
from relsim.scenario.load import load
from relsim.stats import share_sequence

BASE: dict[str, Any] = {
    "relsim": 1,
    "name": "base",
    "time": {"start": "2020-01", "end": "2020-07"},
    "states": {"A": {}, "B": {}, "C": {}, "D": {}},
    "watch": ["A-B", "A-C", "C-D"],
}
CLAIMS = {
    "even": {"says": "So.", "expect": {"order": ["A-C", "C-D"]}, "probability": 0.5},
    "more": {
        "says": "So.",
        "expect": {"level": "A-B", "above": 0.05, "against": "base.yaml"},
        "probability": 0.9,
    },
}
ACT = {"at": "2020-02", "effects": [{"pulse": "A-B", "size": 0.3, "half_life": "12 months"}]}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    base, other = tmp_path / "base.yaml", tmp_path / "other.yaml"
    base.write_text(yaml.safe_dump(BASE))
    other.write_text(
        yaml.safe_dump({**BASE, "name": "other", "claims": CLAIMS, "events": {"act": ACT}})
    )
    return base, other


def test_claims_are_judged_by_bounds_that_hold_over_all_looks(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    result = run(files[1], runs=600, until_clear=True, out=tmp_path / "out", views=False)
    assert result.manifest["looking"]["looks"] in ([250], [250, 500], [250, 500, 600])
    for claim in result.claims:
        assert claim.share is not None
        count = round(claim.share * claim.runs)
        assert (claim.low, claim.high) == share_sequence(count, result.manifest["runs"])
    assert open_result(result.folder).ensemble.until_clear
    assert verify(result).difference is None
    again = run(files[1], runs=600, until_clear=True, out=tmp_path / "out", views=False)
    assert (again.folder, again.reused) == (result.folder, True)
    plain = run(files[1], runs=result.manifest["runs"], out=tmp_path / "out", views=False)
    assert plain.folder != result.folder
    assert not plain.ensemble.until_clear
    compared = result.manifest["comparisons"]["base.yaml"]
    assert open_result(tmp_path / "out" / "base" / compared).ensemble.runs == result.ensemble.runs


def test_a_damaged_result_beside_it_is_passed_over(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run(files[1], runs=250, until_clear=True, out=out, views=False)
    (result.folder / "manifest.json").write_text(json.dumps({"format": 2}))
    anew = run(files[1], runs=300, until_clear=True, out=out, views=False)
    assert anew.folder != result.folder


def test_a_family_has_the_same_runs(files: tuple[Path, Path], tmp_path: Path) -> None:
    family = run_family(list(files), runs=500, until_clear=True, out=tmp_path / "out")
    assert len({result.ensemble.runs for result in family.results}) == 1
    assert all(result.ensemble.until_clear for result in family.results)
    page = family.report.read_text(encoding="utf-8")
    assert "after looks at 250 and 500 runs" in page
    assert page.count("after looks at 250 and 500 runs") == 1
    again = run_family(list(files), runs=500, until_clear=True, out=tmp_path / "out")
    assert all(result.reused for result in again.results)


def test_without_claims_there_is_nothing_to_settle(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(ResultsError, match="no claim to settle"):
        run(files[0], until_clear=True, out=tmp_path / "out", views=False)


def test_on_the_command_line(files: tuple[Path, Path], tmp_path: Path, relsim: Command) -> None:
    out = ["--out", tmp_path / "out"]
    done = relsim("run", files[1], "--until-clear", "--runs", "250", "--no-page", *out)
    assert done.returncode == 0
    assert "Looking at 250 runs; 2 of 2 are open" in done.stdout
    assert "1 of 2 claims is settled, after a look at 250 runs." in done.stdout
    assert "Not settled: even holds in" in done.stdout
    assert "--until-clear adds runs" not in done.stdout
    done = relsim("compare", *files, "--until-clear", "--pair", "B-A", *out)
    assert done.returncode == 0
    assert "All differences are settled, after a look at 250 runs." in done.stdout
    assert "higher" in done.stdout
    folder = next((tmp_path / "out" / "base").iterdir())
    done = relsim("compare", folder, files[1], "--until-clear", *out)
    assert done.returncode == 2
    assert "a result has the runs it has" in done.stderr


def test_who_looks_once_is_told_of_until_clear(
    files: tuple[Path, Path], tmp_path: Path, relsim: Command
) -> None:
    done = relsim("run", files[1], "--runs", "50", "--no-page", "--out", tmp_path / "out")
    assert "1 claim is not decided by these runs. --until-clear adds runs" in done.stdout


def test_what_is_compared_with_is_looked_at_as_the_result_records_it(tmp_path: Path) -> None:
    """A pair that the base does not watch is judged all the same, so it is looked at too."""
    narrow = {**BASE, "watch": ["A-B"]}
    expect = {"change": "A-C", "above": 0, "against": "base.yaml"}
    claims = {"even": {"says": "So.", "expect": expect, "probability": 0.5}}
    act = {"at": "2020-02", "effects": [{"pulse": "A-C", "size": 0.3, "half_life": "12 months"}]}
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(narrow))
    (tmp_path / "other.yaml").write_text(
        yaml.safe_dump({**narrow, "claims": claims, "events": {"act": act}})
    )
    result = run(tmp_path / "other.yaml", until_clear=True, out=tmp_path / "out", views=False)
    assert result.manifest["looking"]["followed"] == 1
    assert result.claims[0].verdict == "supported"


def test_other_questions_have_other_results(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Of one base: what a comparison settles is not what claims, or another comparison, settle."""
    out, (base, other) = tmp_path / "out", files
    scenarios = [load(path) for path in files]
    asked: dict[str, Any] = {"at": None, "domain": None, "most": 300, "seed": None}
    found = [
        results_until_clear(scenarios, pairs=pairs, execution=Execution(out), **asked)[0]
        for pairs in (["A-B"], ["A-B", "A-C"], ["A-B"])
    ]
    assert found[0].folder == found[2].folder != found[1].folder
    assert found[1].manifest["looking"]["followed"] == 2
    claimed = run(other, runs=300, until_clear=True, out=out, views=False)
    assert claimed.manifest["looking"]["what"] == "claims"
    assert base.is_file()


def test_each_scenario_is_looked_at_on_its_own_seed(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    seeded = tmp_path / "seeded.yaml"
    content = {**yaml.safe_load(files[1].read_text()), "name": "seeded", "ensemble": {"seed": 9}}
    seeded.write_text(yaml.safe_dump({**content, "claims": {"even": CLAIMS["even"]}}))
    family = run_family([files[1], seeded], runs=300, until_clear=True, out=tmp_path / "out")
    (own,) = family.results[1].claims
    (sentence,) = (
        one for one in family.results[1].manifest["looking"]["remaining"] if "seeded" in one
    )
    assert own.share is not None
    assert f"holds in {100 * own.share:.1f} % of {own.runs:,} runs" in sentence
