"""The table from the article to the files is whole and says what the runs say."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import pytest

from relsim.analysis.claims import judge
from relsim.ensemble.simulate import Ensemble, simulate
from relsim.scenario.interests import changed_interests
from relsim.scenario.load import load
from relsim.scenario.text import read_text
from relsim.scenario.tree import plain
from relsim.scenario.values import central
from scenarios_to_test import FAMILY, ROOT, SHIPPED
from scripts.make_gallery import verdict_table

README = (ROOT / "scenarios" / "README.md").read_text(encoding="utf-8")
FILES = {path.name: path for path in sorted(FAMILY.glob("*.yaml"))}
SECOND_REGION = ROOT / "scenarios" / "nile-red-sea"
BASES = ("status-quo.yaml", "hindcast-1991-2020.yaml")
# The claims of the article; every one is in the files under its name.
ARTICLE = (
    *("closer", "gradual", "not_repelling_india", "us_stable", "armenia_matters", "armenia_price"),
    *("sanctions_bind", "capacity_binds", "disasters_open_doors", "institutions_help"),
    *("people_help", "not_simple"),
)


class Row(NamedTuple):
    claim: str
    file: str
    verdict: str


def section(title: str) -> str:
    found = re.search(rf"^#+ {title}$(.*?)(?=^##)", README, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def rows() -> list[Row]:
    pattern = r"^\|[^|]*\| `(\w+)` \| `([\w.-]+)` \|[^|]*\|[^|]*\| ([a-z ]+) \|"
    text = section("What it claims, and what became of it")
    return [Row(*found) for found in re.findall(pattern, text, re.MULTILINE)]


def generated_table() -> str:
    """The table of verdicts that `make gallery` writes."""
    found = re.search("<!-- claims -->\n(.*)<!-- /claims -->", README, re.DOTALL)
    assert found is not None
    return found[1]


def second_region_verdicts() -> dict[str, set[str]]:
    """The verdicts of its codebook, of all the files that judge a claim."""
    text = (SECOND_REGION / "CODEBOOK.md").read_text(encoding="utf-8")
    verdicts = "supported|contradicted|not distinguishable"
    cells = re.findall(rf"^\| (\w+) \|[^|]*\| ((?:{verdicts})[^|]*)\|", text, re.MULTILINE)
    return {claim: set(re.findall(verdicts, cell)) for claim, cell in cells}


@cache
def written(name: str) -> dict[str, Any]:
    tree, problems = read_text(FILES[name].read_text(encoding="utf-8"), name)
    assert problems == []
    assert tree is not None
    data: dict[str, Any] = plain(tree)
    return data


def test_every_claim_that_a_file_writes_has_its_row() -> None:
    claims = {
        (claim, name)
        for name in FILES
        for claim, said in written(name).get("claims", {}).items()
        if said is not None
    }
    found = [(row.claim, row.file) for row in rows()]
    assert len(found) == len(set(found))
    assert set(found) == claims


def test_the_generated_table_has_the_same_verdicts() -> None:
    cells = [line.strip("| ").split(" | ") for line in generated_table().splitlines()[2:]]
    generated = {(f"{row[0]}.yaml", row[1]): row[5].strip("*") for row in cells}
    assert len(generated) == len(cells)
    for row in rows():
        says = load(FILES[row.file]).claims[row.claim].says
        assert generated[row.file, says] == row.verdict


def test_every_claim_of_the_article_is_there() -> None:
    assert set(ARTICLE) <= {row.claim for row in rows()}


def test_every_file_is_named_where_it_is_shipped() -> None:
    shipped = section("What is shipped")
    for folder in (FAMILY, ROOT / "scenarios" / "nile-red-sea"):
        assert f"`{folder.name}/`" in shipped
        for path in folder.glob("*.yaml"):
            assert f"`{path.name}`" in shipped


def test_every_event_and_interest_has_a_place_in_the_article_and_every_name_exists() -> None:
    text = section("What it describes")
    named = set(re.findall(r"`([\w.-]+)`", text))
    scenarios = [load(FILES[name]) for name in BASES]
    events = {name for scenario in scenarios for name in scenario.events}
    issues = {name for scenario in scenarios for name in scenario.issues}
    states = {code for scenario in scenarios for code in scenario.states}
    levers = {name for name, event in scenarios[0].events.items() if event.off}
    assert levers | {"floods", "earthquake", "covid_recovery"} <= named
    assert {"karabakh", "kashmir", "order", "kabul"} == issues <= named
    paths = {f"{code}.{part}" for code in states for part in ("ties", "issues", "capacity")}
    ties = {str(tie) for scenario in scenarios for tie in scenario.ties}
    claims = {row.claim for row in rows()}
    known = events | issues | states | paths | ties | claims | set(FILES)
    known |= {"capacity", "pakistan-russia", "context.multipolarity", "PAK.ties.USA"}
    known |= {"PAK.ties.EU", "RUS.ties.IND"}
    assert named <= known


def test_an_interest_that_changes_without_a_date_is_changed_and_not_set_on_the_first_day() -> None:
    changed: dict[str, set[str]] = {}
    for path in SHIPPED:
        scenario = load(path)
        own = {one.path for one in changed_interests(scenario)}
        if own:
            changed[path.stem] = own
        for name, event in scenario.events.items():
            sets = any(effect.numbers for effect in event.effects)
            dates = event.at or ([event.from_ or scenario.time.start] if event.every else [])
            assert not sets or scenario.time.start not in dates, f"{path.name}: {name}"
    assert changed == {
        "pakistan-without-washington": {"PAK.ties.USA"},
        "russia-minds-delhi-less": {"RUS.ties.IND"},
        "karabakh-weighs-more": {"RUS.issues.karabakh.salience"},
        "coast-weighs-more": {"ETH.issues.coast.salience"},
    }


def test_sizes_of_ties_and_saliences_of_a_state_are_shares_of_attention() -> None:
    for path in SHIPPED:
        if changed_interests(load(path)):  # more of one issue may scale the others
            continue
        for code, state in load(path).states.items():
            ties = sum(abs(central(tie.weight)) for tie in state.ties.values())
            saliences = sum(central(stand.salience) for stand in state.issues.values())
            assert (0.4 <= ties <= 1.25, saliences <= 1.0) == (True, True), f"{path.name}: {code}"


def test_what_was_said_in_2010_is_the_hindcast_until_then_and_has_no_date_after() -> None:
    history, said = (load(FILES[name]) for name in ("hindcast-1991-2020.yaml", "said-in-2010.yaml"))
    dates = [month for one in said.events.values() if not one.off for month in one.at or ()]
    assert str(max(dates)) <= "2010-07"
    assert max(month for one in history.events.values() for month in one.at or ()) > max(dates)
    one, other = (simulate(which, runs=4).data["overall"] for which in (history, said))
    until = {"time": slice(None, "2010-07")}
    assert one.sel(until).equals(other.sel(until))
    after = {"time": "2016-12-01", "pair": "PAK-RUS"}
    assert (one.sel(after) > other.sel(after)).all()


def test_every_claim_of_the_second_region_has_its_row() -> None:
    claims = {claim for path in SECOND_REGION.glob("*.yaml") for claim in load(path).claims}
    assert claims == set(second_region_verdicts())


@pytest.mark.slow
def test_the_verdicts_of_the_second_region_are_those_of_a_thousand_runs() -> None:
    files = {path.name: path for path in SECOND_REGION.glob("*.yaml")}
    ensembles = {name: simulate(load(path), runs=1000) for name, path in files.items()}
    found: dict[str, set[str]] = {}
    for ensemble in ensembles.values():
        for verdict in judge(ensemble, ensembles):
            found.setdefault(verdict.name, set()).add(verdict.verdict)
    assert found == second_region_verdicts()


@pytest.mark.slow
def test_the_verdicts_are_those_of_a_thousand_runs() -> None:
    ensembles: dict[str, Ensemble] = {
        name: simulate(load(FILES[name]), runs=1000) for name in FILES
    }
    judged = {name: judge(ensemble, ensembles) for name, ensemble in ensembles.items()}
    found = {
        (verdict.name, name): verdict.verdict
        for name, verdicts in judged.items()
        for verdict in verdicts
    }
    assert {(row.claim, row.file): row.verdict for row in rows()} == {
        (row.claim, row.file): found[row.claim, row.file] for row in rows()
    }
    assert generated_table() == verdict_table(
        [(FILES[name].stem, verdicts) for name, verdicts in judged.items()]
    )
