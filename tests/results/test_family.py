"""Scenarios of one family, however alike their names, have folders, rows and lines of their own."""

from __future__ import annotations

import html
import json
import re

import pandas as pd
import pytest

from families import run_family
from relsim.cli.run import closing_table, family_table
from relsim.results.family import Family
from relsim.results.listing import list_results
from relsim.results.result import open_result
from relsim.scenario.load import load

BASE = """\
relsim: 1
name: Two neighbours
time: {start: 2025-01, end: 2025-07}
ensemble: {runs: 10, seed: 1}
states: {A: {}, B: {}}
ties: {A-B: 0.2}
claims: {warm: {says: Warm., expect: {level: A-B, above: 0.4}}}
"""
LEVELS = {"variant": 0.5, "北": -0.3, "南": -0.4, "far/base": 0.6}


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Family:
    folder = tmp_path_factory.mktemp("family")
    (folder / "base.yaml").write_text(BASE)
    for name, level in LEVELS.items():
        file = folder / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        extends = "relsim: 1\nextends: base.yaml\n"
        text = extends if file.parent == folder else BASE.replace("ties: {A-B: 0.2}\n", "")
        file.write_text(f"{text}ties: {{A-B: {level}}}\n", encoding="utf-8")
    scenarios = [load(folder / f"{name}.yaml") for name in ("base", *LEVELS)]
    scenarios.append(scenarios[0].with_changes({"ties.A-B": 0.7}))
    return run_family(scenarios, out=folder / "results")


def page_of(family: Family) -> str:
    return html.unescape(family.report.read_text(encoding="utf-8"))


def test_each_has_a_folder_and_its_claims_have_rows(family: Family) -> None:
    places = {(one.folder.parent.name, one.folder.name) for one in family.results}
    claims = pd.read_csv(family.folder / "claims.csv")
    assert len(places) == len(family.results) == 6
    assert {*zip(claims["scenario"], claims["result"], strict=True)} == places
    by_place = claims.set_index(["scenario", "result"])["verdict"]
    supported = sum(verdict == "supported" for verdict in by_place)
    assert supported == 3  # 0.5, 0.6 and 0.7; none stands for another


def test_the_page_says_of_each_what_is_its_own(family: Family) -> None:
    page = page_of(family)
    (sentence,) = re.findall(r"<li>(A – B ends.*?)</li>", page)
    base = family.results[family.base].summary(["A-B"])["overall"]
    end = float(base.sel(statistic="q0.5").isel(time=-1).item())
    assert f"a median of {end:+.2f} in the base" in sentence
    assert "highest in “Two neighbours, with ties.A-B=0.7” (+0." in sentence
    assert "lowest in “Two neighbours (南)” (−0.4" in sentence
    switches = re.findall(r'data-control="show_\d".*?</svg>(.*?)</label>', page)
    assert len(set(switches)) == 6
    definition = json.loads(re.findall(r'id="levels">(.*?)</script>', page)[0])
    (data,) = definition["datasets"].values()
    ends = {row["name"]: row["median"] for row in data}
    assert set(ends) == set(switches)
    assert len(set(ends.values())) == 6


def test_the_terminal_has_a_row_for_each(family: Family) -> None:
    table = family_table(family)
    names = list(table.columns[0].cells)
    assert len(set(names)) == 6
    assert any("(variant)" in str(name) for name in names)


def test_the_page_can_be_sent_alone(family: Family) -> None:
    shown = re.sub(r"<script.*?</script>", "", page_of(family), flags=re.DOTALL)
    assert not re.findall(r'(?:href|src)="(?!#|data:)[^"]*"', shown)


def test_a_changed_scenario_says_so_wherever_it_is_named(family: Family) -> None:
    title = "Two neighbours, with ties.A-B=0.7"
    (changed,) = (one for one in family.results if one.scenario.changes)
    again = open_result(changed.folder)
    assert again.scenario.title == title
    assert str(closing_table(again).title) == title
    listed = {one.folder: one.scenario for one in list_results(family.folder.parent.parent)}
    assert listed[changed.folder] == title


def test_a_claim_that_all_make_has_one_row_with_the_verdicts_of_the_others(family: Family) -> None:
    (claims,) = re.findall(r'<section id="claims">.*?</section>', page_of(family), re.DOTALL)
    assert claims.count("Warm.") == 1
    assert "The same in 5 other scenarios: 3 supported and 2 contradicted" in claims
    assert claims.count("<li>Two neighbours") == 5


def test_each_scenario_ends_in_a_row_of_its_own(family: Family) -> None:
    definition = json.loads(re.findall(r'id="ends">(.*?)</script>', page_of(family))[0])
    (rows,) = definition["datasets"].values()
    assert len({row["name"] for row in rows}) == len(rows) == 6
    ends = sorted(
        result.summary(["A-B"])["overall"].sel(statistic="q0.5").isel(time=-1).item()
        for result in family.results
    )
    assert sorted(row["median"] for row in rows) == pytest.approx(ends, abs=1e-4)
    assert [row["kind"] for row in rows].count("base") == 1


def test_a_page_that_is_gone_is_drawn_again(family: Family) -> None:
    page = family.report.read_bytes()
    family.report.unlink()
    scenarios = [result.scenario for result in family.results]
    run_family(scenarios, out=family.folder.parent.parent)
    assert family.report.read_bytes() == page
