"""The pages in a real browser: shown, offline, safe, readable on a phone, usable by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import relsim
from benchmarks.browser import ABSENT, BROWSER, DRIVER, browsing
from experiments.small import SWITCHED, study_in
from families import run_family
from hindcast.beside_made import as_file, measured
from hindcast.beside_made import scenario as past
from hindcast.made import made_file
from relsim.figures.save import Painter
from relsim.results.hindcast import run_beside, run_hindcast
from relsim.scenario.load import check_text
from report.browser import OVERLAPS, complaints, open_page
from scenarios_to_test import FAMILY, scenario_of

pytestmark = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=ABSENT)

# What answers to a pointer or a key and has no name for screen readers.
NAMELESS = """
return [...document.querySelectorAll('select, input, [tabindex], summary, svg')]
  .filter(e => !(e.getAttribute('aria-label') || e.getAttribute('aria-hidden') ||
    (e.labels && e.labels.length) || e.textContent.trim()))
  .map(e => e.outerHTML.slice(0, 80));
"""
SAID = """
const all = selector => [...document.querySelectorAll(selector)];
return {
  sections: Object.fromEntries(all('section[id]').map(part => [part.id, part.innerText])),
  events: all('#futures > .scroll tbody tr').map(
    row => [...row.querySelectorAll('td')].map(cell => cell.innerText)),
  interests: all('#interests tbody tr').length,
  carried: document.querySelector('[data-chart=carriers-status-quo] svg').textContent,
  first: document.querySelector('#headline li').innerText,
  picked: document.querySelector('#pairs select').value,
};
"""
HOSTILE = '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 2">'


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browsing() as one:
        yield one


@pytest.fixture(scope="module", autouse=True)
def _only_pages() -> Iterator[None]:
    """No figure is drawn as a file, and fits end where they begin: the pages look alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Painter, "draw_what_can_be", lambda *_: None)
        patch.setattr("relsim.hindcast.fitting.lowest", lambda height, start, *_, **__: start)
        yield


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Any:
    files = [FAMILY / f"{name}.yaml" for name in ("status-quo", "armenia-recognition")]
    files.append(FAMILY / "article-programme.yaml")
    return run_family(files, runs=40, out=tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def pages(family: Any) -> dict[str, Path]:
    out = family.folder.parent.parent
    one = relsim.run(FAMILY / "article-programme.yaml", runs=40, out=out, figures="none")
    assert one.reused
    study = study_in(out.parent, SWITCHED)
    experiment = relsim.run_experiment(study, out=out)
    made = made_file(out.parent / "made.csv", years=6, states=4)
    scored = run_hindcast(made, origins=(2003,), horizons=(1, 2), simulate=False, out=out)
    return {
        "result": one.folder / "report.html",
        "family": family.report,
        "experiment": experiment.folder / "report.html",
        "hindcast": scored.folder / "report.html",
        "beside": run_beside(
            as_file(measured(past(), seed=1), out.parent / "news.csv"), past(), runs=60, out=out
        ).folder
        / "report.html",
    }


@pytest.mark.parametrize("name", ["result", "family", "experiment", "hindcast", "beside"])
def test_every_chart_is_shown_without_a_complaint_and_what_answers_has_a_name(
    driver: Any, pages: dict[str, Path], name: str
) -> None:
    open_page(driver, pages[name])
    places = driver.find_elements("css selector", "[data-chart]")
    assert len(places) >= (7 if name == "result" else 2)
    assert all(place.find_elements("css selector", "svg path") for place in places)
    assert complaints(driver) == []
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert driver.execute_script(NAMELESS) == []


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("name", ["result", "family", "experiment", "hindcast", "beside"])
def test_nothing_sticks_out_and_no_labels_overlap(
    driver: Any, pages: dict[str, Path], name: str, width: int
) -> None:
    open_page(driver, pages[name], width)
    inner, full = driver.execute_script(
        "return [document.documentElement.clientWidth, document.documentElement.scrollWidth]"
    )
    assert full <= inner
    assert driver.execute_script(OVERLAPS) == []


def test_a_picker_of_long_names_fits_a_phone(driver: Any, tmp_path: Path) -> None:
    states = {code: {"name": f"{code} of the long and winding name"} for code in "ABC"}
    scenario = scenario_of({"states": states})
    page = relsim.run(scenario, runs=4, out=tmp_path).folder / "report.html"
    open_page(driver, page, 400)
    edges = driver.execute_script(
        "return [...document.querySelectorAll('select')].map(e => e.getBoundingClientRect().right)"
    )
    assert len(edges) >= 1
    assert max(edges) <= 400
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 400


@pytest.fixture(scope="module")
def said(driver: Any, pages: dict[str, Path]) -> dict[str, Any]:
    """What the page of a result says when it is opened."""
    open_page(driver, pages["result"])
    found: dict[str, Any] = driver.execute_script(SAID)
    return found


def test_a_table_says_how_often_events_happen(said: dict[str, Any]) -> None:
    assert "Strips below a fan: events that happen by chance" in said["sections"]["futures"]
    (karabakh,) = [row for row in said["events"] if row[1] == "Fighting on the Karabakh line"]
    assert karabakh[0].isalpha()  # a letter: it happens by chance
    assert karabakh[2].startswith("by chance, ")
    (visit,) = [
        row for row in said["events"] if row[1] == "Prime minister of Pakistan visits Russia"
    ]
    assert visit[0].isdigit()
    assert visit[3].startswith("100")


def test_interests_are_explained_and_carry_the_difference(said: dict[str, Any]) -> None:
    text = said["sections"]["interests"]
    assert "All interests are those that the opening was read with." in text
    assert "of the spread of opening levels" in text
    assert said["interests"] == 10
    assert "the whole difference" in said["carried"]
    difference = said["sections"]["difference"]
    assert "Interests that carry the difference of Pakistan – Russia" in difference


def test_what_a_scenario_brings_is_said_first_and_a_watched_pair_is_shown_first(
    said: dict[str, Any],
) -> None:
    first = said["first"]
    assert first.startswith("Compared with “Pakistan–Russia, status quo”, run by run, Pakistan")
    assert "Pakistan – Russia ends higher by 0." in first
    assert said["picked"] == "PAK-RUS"


def test_the_page_says_where_the_spread_comes_from(said: dict[str, Any]) -> None:
    section = said["sections"]["spread"]
    assert "Where the spread comes from" in section
    told = "differs between runs by a standard deviation" in section
    assert told or "runs are too few to tell" in section


def test_a_scenario_has_a_row_of_its_own_in_a_picture_of_where_each_ends(
    driver: Any, pages: dict[str, Path]
) -> None:
    open_page(driver, pages["family"])
    boxes = driver.execute_script(
        "return [...document.querySelectorAll('[data-chart=ends] .mark-rule.role-mark line')]"
        ".map(e => e.getBoundingClientRect()).filter(b => b.height < b.width).map(b => b.top)"
    )
    assert len(boxes) == 3
    assert len({round(top) for top in boxes}) == 3
    names = driver.execute_script(
        "return [...document.querySelectorAll('[data-chart=ends] .mark-text.role-mark text')]"
        ".map(e => e.textContent)"
    )
    assert len(names) == len(set(names)) == 3


def test_a_claim_that_scenarios_share_is_shown_once(driver: Any, pages: dict[str, Path]) -> None:
    open_page(driver, pages["family"])
    tests = [one.text for one in driver.find_elements("css selector", "#claims td .test")]
    assert len(tests) == len(set(tests))
    (shared,) = driver.find_elements("css selector", "#claims td details summary")
    assert shared.text.startswith("The same in 1 other scenario: 1 ")
    shared.click()
    assert "Pakistan recognises Armenia" in shared.find_element("xpath", "..").text


def test_a_pair_is_picked_by_keyboard(driver: Any, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.keys import Keys

    open_page(driver, pages["result"])
    select = driver.find_element("css selector", "#pairs select")
    before = driver.find_element("css selector", "#pairs svg").get_attribute("outerHTML")
    select.send_keys(Keys.ARROW_DOWN)
    after = _settled(driver, "#pairs svg", before)
    assert after != before


def test_scenarios_are_switched_on_and_off(driver: Any, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.keys import Keys

    open_page(driver, pages["family"])
    box = driver.find_element("css selector", "[data-control=show_1]")
    lines = "#explorer svg .mark-line path"
    before = len(_drawn(driver, lines))
    box.send_keys(Keys.SPACE)
    _settled(driver, "#explorer svg", driver.find_element("css selector", "#explorer svg"))
    assert not box.is_selected()
    assert len(_drawn(driver, lines)) == before - 2  # in levels and in differences


def test_numbers_are_shown_on_hovering(driver: Any, pages: dict[str, Path]) -> None:
    from selenium.webdriver import ActionChains

    open_page(driver, pages["result"])
    chart = driver.find_element("css selector", "#futures svg")
    ActionChains(driver).move_to_element(chart).pause(0.5).perform()
    tip = driver.find_element("css selector", "#vg-tooltip-element").text
    assert "median (cooperation)" in tip
    assert "80 % of runs, from" in tip


def test_texts_of_users_are_shown_and_not_run(driver: Any, tmp_path: Path) -> None:
    text = yaml.safe_dump(
        {
            "relsim": 1,
            "name": HOSTILE,
            "about": HOSTILE,
            "sources": [HOSTILE],
            "time": {"start": "2020-01", "end": "2020-06"},
            "issues": {"x": {"minus": HOSTILE, "plus": HOSTILE, "label": HOSTILE}},
            "states": {"A": {"name": HOSTILE}, "B": {}, "C": {}},
            "ties": {"A-B": 0.2},
            "events": {
                "e": {
                    "label": HOSTILE,
                    "about": HOSTILE,
                    "at": "2020-02",
                    "effects": [{"pulse": "A-B", "size": 0.2}],
                }
            },
            "claims": {"c": {"says": HOSTILE, "expect": {"change": "A-B", "above": 0}}},
        }
    )
    scenario = check_text(text).require()
    result = relsim.run(scenario, runs=5, out=tmp_path)
    family = run_family([scenario, scenario.with_changes({"A.ties.C": 0.5})], runs=5, out=tmp_path)
    for page in (result.folder / "report.html", family.report):
        open_page(driver, page)
        assert driver.execute_script("return window.pwned") is None
        assert driver.find_element("css selector", "h1, h2 + ul").is_displayed()
        assert HOSTILE in driver.find_element("tag name", "body").text
        assert driver.find_elements("css selector", "img") == []


def _drawn(driver: Any, selector: str) -> list[Any]:
    return [
        path for path in driver.find_elements("css selector", selector) if path.get_attribute("d")
    ]


def _settled(driver: Any, selector: str, before: Any) -> str:
    """The markup of an element once it no longer is what it was, or after a second."""
    import time

    was = before if isinstance(before, str) else before.get_attribute("outerHTML")
    for _ in range(20):
        now = str(driver.find_element("css selector", selector).get_attribute("outerHTML"))
        if now != was:
            return now
        time.sleep(0.05)
    return now
