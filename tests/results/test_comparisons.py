"""Claims in results: judged on every run, against scenarios found beside the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from relsim import cli
from relsim.analysis.claims import Verdict
from relsim.cli.application import app
from relsim.cli.junit import junit_xml, write_junit
from relsim.errors import ResultsError
from relsim.results.question import note_on_changes
from relsim.results.result import Result, open_result
from relsim.results.run import run
from relsim.scenario.load import check_file, check_text, load
from relsim.scenario.schema import Scenario
from scenarios_to_test import FAMILY

assert cli  # its commands are registered when it is imported


def write(path: Path, against: str | None = None, level: float = 0.2, **more: Any) -> Path:
    """A scenario of two states, perhaps with a claim against another file."""
    data: dict[str, Any] = {
        "relsim": 1,
        "name": path.stem,
        "time": {"start": "2020-01", "end": "2020-07"},
        "states": {"A": {}, "B": {}},
        "ties": {"A-B": level},
        **more,
    }
    if against is not None:
        expect = {"level": "A-B", "above": 0, "against": against}
        data["claims"] = {"higher": {"says": "It is higher.", "expect": expect}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


def answer(asked: Path | Scenario, **more: Any) -> Result:
    out = asked.parent / "out" if isinstance(asked, Path) else None
    return run(asked, **{"runs": 20, "out": out, "views": False, **more})


def only(result: Result) -> Verdict:
    (verdict,) = result.claims
    return verdict


@pytest.fixture(scope="module")
def recognition(tmp_path_factory: pytest.TempPathFactory) -> Result:
    out = tmp_path_factory.mktemp("results")
    return run(FAMILY / "armenia-recognition.yaml", runs=60, out=out, views=False)


def test_verdicts_are_stored_and_read_back(recognition: Result) -> None:
    names = ["not_repelling_india", "armenia_matters", "armenia_price"]
    assert [verdict.name for verdict in recognition.claims] == names
    assert recognition.claims[-1].verdict == "supported"
    assert open_result(recognition.folder).claims == recognition.claims
    table = pd.read_csv(recognition.folder / "claims.csv").set_index("name")
    assert list(table.index) == names
    assert table.loc["armenia_price", "share"] == recognition.claims[-1].share
    assert table.loc["not_repelling_india"].isna()[["against", "median_low", "reason"]].all()


def test_the_scenario_compared_with_has_a_result_of_its_own(recognition: Result) -> None:
    out = recognition.folder.parent.parent
    compared = recognition.manifest["comparisons"]
    base = run(FAMILY / "status-quo.yaml", runs=60, out=out, views=False)
    assert base.reused
    assert compared == {"status-quo.yaml": base.folder.name}
    assert base.manifest["command"] == "relsim run status-quo.yaml --runs 60 --seed 20200701"
    assert len(base.claims) == 1


def test_a_finished_result_shows_its_verdicts(recognition: Result) -> None:
    out = recognition.folder.parent.parent
    again = run(FAMILY / "armenia-recognition.yaml", runs=60, out=out, views=False)
    assert again.reused
    assert again.claims == recognition.claims


def test_changes_keep_the_place_of_the_file(tmp_path: Path) -> None:
    write(tmp_path / "base.yaml")
    scenario = load(write(tmp_path / "a.yaml", "base.yaml", level=0.1))
    changed = scenario.with_changes({"ties.A-B": 0.5}).named("other")
    assert changed.folder == tmp_path
    verdict = only(run(changed, runs=20, out=tmp_path / "out", views=False))
    assert verdict.effect == pytest.approx(0.3, abs=0.1)


def test_scenarios_whose_claims_cite_each_other_are_both_judged(tmp_path: Path) -> None:
    first = write(tmp_path / "a.yaml", "b.yaml", level=0.5)
    second = write(tmp_path / "b.yaml", "c.yaml", level=0.3)
    third = write(tmp_path / "c.yaml", "a.yaml", level=0.1)
    assert only(answer(first)).share == 1
    found = [answer(path) for path in (second, third)]
    assert [result.reused for result in found] == [True, True]
    assert [only(result).share for result in found] == [1, 0]


def test_a_scenario_compared_with_itself_has_no_effect(tmp_path: Path) -> None:
    verdict = only(answer(write(tmp_path / "a.yaml", "a.yaml")))
    numbers = (verdict.share, verdict.effect, verdict.effect_low, verdict.median_high)
    assert numbers == (0, 0, 0, 0)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_a_result_is_judged_anew_where_the_other_scenario_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", "base.yaml", level=0.3)
    assert "There is no file base.yaml" in only(answer(path)).reason
    write(tmp_path / "base.yaml", level=0.1)
    assert only(answer(path)).share == 1
    assert answer(path).reused
    write(tmp_path / "base.yaml", level=0.5)
    changed = answer(path)
    assert not changed.reused
    assert only(changed).share == 0
    (tmp_path / "base.yaml").unlink()
    assert only(answer(path)).share == 0  # what was judged stays


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"time": {"start": "2020-01", "end": "2020-08"}}, "runs from 2020-01 to 2020-08"),
        ({"states": {"A": {}, "C": {}}, "ties": {"A-C": 0.1}}, "has no pair A-B"),
        ({"ties": {"A-B": 3}}, "base.yaml has problems. "),
    ],
)
def test_what_cannot_be_compared_is_not_judged(
    tmp_path: Path, other: dict[str, Any], reason: str
) -> None:
    write(tmp_path / "base.yaml", **other)
    result = answer(write(tmp_path / "a.yaml", "base.yaml"))
    assert only(result).verdict == "not judged"
    assert reason in only(result).reason
    assert str(tmp_path) not in json.dumps(result.manifest)


def test_comparisons_stay_inside_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "base.yaml")
    result = answer(write(tmp_path / "inner" / "a.yaml", "../base.yaml"))
    assert "lies outside the folder" in only(result).reason


def test_a_text_has_no_files_beside_it(tmp_path: Path) -> None:
    text = write(tmp_path / "a.yaml", "base.yaml").read_text()
    result = run(check_text(text).require(), runs=5, out=tmp_path / "out", views=False)
    assert "has no file" in only(result).reason


def test_a_scenario_without_claims_has_an_empty_table(tmp_path: Path) -> None:
    result = answer(write(tmp_path / "a.yaml"))
    assert result.claims == ()
    assert len(pd.read_csv(result.folder / "claims.csv")) == 0


# JUnit


def verdict(word: Any, says: str = "It is so.") -> Verdict:
    judged: dict[str, Any] = {} if word == "not judged" else {"share": 0.4, "low": 0.3, "high": 0.5}
    return Verdict("it", says, "a < b & c", "", 10, 0.8, verdict=word, reason="None.", **judged)


def test_junit_counts_and_escapes(tmp_path: Path) -> None:
    words = ("supported", "contradicted", "not distinguishable", "not judged")
    says = '<b>&"\x07\ud800'
    path = tmp_path / "deep" / "claims.xml"
    write_junit([("one", [verdict(word, says) for word in words]), ("two", [])], path)
    root = ElementTree.parse(path).getroot()
    counts = {name: root.get(name) for name in ("tests", "failures", "skipped", "errors")}
    assert counts == {"tests": "4", "failures": "1", "skipped": "1", "errors": "0"}
    assert [suite.get("name") for suite in root] == ["one", "two"]
    cases = root.findall("testsuite/testcase")
    assert {case.get("classname") for case in cases} == {"one"}
    assert [child.tag for case in cases for child in case] == [
        "system-out",
        "failure",
        "system-out",
        "skipped",
    ]
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == '<b>&"\ufffd\ufffd'
    assert "40.0% of 10 runs" in str(failure.text)


def test_junit_of_nothing_is_whole() -> None:
    assert junit_xml([]).get("tests") == "0"


def test_junit_names_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="cannot be written"):
        write_junit([], tmp_path)


SAID = (
    "Changed here, not in what claims compare with (base.yaml): parameters.volatility, ties.A-B. "
    "Their differences are of these changes too."
)
SET = ["parameters.volatility=0.2", "ties.A-B=0.25"]


def test_changes_that_the_base_lacks_are_noted(tmp_path: Path) -> None:
    write(tmp_path / "base.yaml")
    file = write(tmp_path / "variant.yaml", against="base.yaml")
    assert answer(file).manifest["notes"] == []
    changed = check_file(file, SET).require()
    result = answer(changed, out=tmp_path / "out")
    assert result.manifest["notes"] == [SAID]
    base = open_result(next((tmp_path / "out" / "base").iterdir())).scenario
    assert (base.changed, base.parameters.volatility != 0.2) == ((), True)
    step_by_step = load(file).with_changes({"parameters.volatility": 0.2})
    assert note_on_changes(step_by_step.with_changes({"ties.A-B": 0.25})) == SAID


@pytest.mark.parametrize("path", ["name", "ensemble.runs", "claims.higher.probability", "about"])
def test_changes_that_move_no_number_are_not(tmp_path: Path, path: str) -> None:
    write(tmp_path / "base.yaml")
    file = write(tmp_path / "variant.yaml", against="base.yaml")
    value = {"ensemble.runs": "30", "claims.higher.probability": "0.6"}.get(path, "x")
    changed = check_file(file, [f"{path}={value}"]).require()
    assert changed.changed == (path,)
    assert note_on_changes(changed) == ""
    assert note_on_changes(check_file(tmp_path / "base.yaml", SET).require()) == ""


def test_the_command_and_the_pages_say_what_the_base_lacks(tmp_path: Path) -> None:
    base = write(tmp_path / "base.yaml")
    file = write(tmp_path / "variant.yaml", against="base.yaml")
    options = ["--runs", "20", "--out", str(tmp_path / "out"), "--reports", "--figures", "none"]
    settings = [part for setting in SET for part in ("--set", setting)]
    done = CliRunner().invoke(app, ["run", str(base), str(file), *options, *settings])
    assert done.exit_code == 0, done.output
    assert f"warning: {file}: {SAID}" in done.stderr
    assert done.stderr.count("Changed here") == 1  # nothing is compared by claims of the base
    pages = {page.parent.parent.name: page for page in tmp_path.glob("out/*/*/report.html")}
    (family,) = (name for name in pages if name.startswith("family"))
    for name in ("variant", family):
        assert SAID in pages[name].read_text(encoding="utf-8")
