"""The views beside the futures in a real browser: network, matrix, events, step mode."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import relsim
from app.live_page import NAMELESS, SMALL, STATE, TOO_WIDE, opened, settled, text, until
from benchmarks.browser import ABSENT, BROWSER, DRIVER
from relsim.app.server import Serving
from relsim.figures.network import GRASP
from relsim.words import signed
from report.browser import complaints
from visiting import family_served

pytestmark = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=ABSENT)

# What shows that a view is there, as it is opened.
THERE = {
    "futures": "document.querySelectorAll('#cards .card').length > 1",
    "network": "document.querySelectorAll('#view-network tbody tr').length > 50",
    "matrix": "document.querySelectorAll('#view-matrix .cell').length === 110",
    "events": "document.querySelector('#view-events .often').textContent.includes('of runs')",
    "step": "document.querySelectorAll('#view-step .standings tbody tr').length === 11",
}
CHART = "relsim.charts.all.get(document.querySelector('#view-network .chart')).view"
LEVER = "events.independent_ties.off"


def look(driver: Any, view: str) -> None:
    driver.execute_script("relsim.app.set({ view: arguments[0] })", view)
    until(driver, THERE[view])


def change(driver: Any, changes: dict[str, Any]) -> None:
    """Makes changes, and waits for all runs of the picture."""
    driver.execute_script("relsim.app.set({ changes: arguments[0] })", changes)
    settled(driver)


def keys(driver: Any, selector: str, *names: str) -> None:
    from selenium.webdriver.common.keys import Keys

    element = driver.find_element("css selector", selector)
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", element)
    element.send_keys(*(getattr(Keys, name) for name in names))


def press(driver: Any, selector: str) -> None:
    driver.execute_script("document.querySelector(arguments[0]).click()", selector)


def shown(driver: Any, selector: str) -> str:
    """The text at a place that may be drawn anew at any time."""
    script = "return document.querySelector(arguments[0]).textContent"
    found: str = driver.execute_script(script, selector)
    return found


def pair(driver: Any) -> str:
    found: str = driver.execute_script(STATE)["pair"]
    return found


@pytest.mark.parametrize("width", [1280, 400])
def test_every_view_fits_and_can_be_hit_and_named(
    driver: Any, serving: Serving, width: int
) -> None:
    opened(driver, serving.address, width, 860)
    if width == 400:
        driver.find_element("id", "drawer").click()
    for view in THERE:
        look(driver, view)
        if view == "step":
            press(driver, "#view-step button.pair")
            until(driver, "document.querySelector('#view-step .inspector tbody tr')")
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width, view
        assert driver.execute_script(TOO_WIDE) == [], view
        assert driver.execute_script(SMALL) == [], view
        assert driver.execute_script(NAMELESS) == [], view
    assert complaints(driver) == []


def test_the_network_scrubs_through_months_by_keyboard(page: Any) -> None:
    look(page, "network")
    keys(page, "#network-month", "HOME")
    slider = page.find_element("id", "network-month")
    assert slider.get_attribute("aria-valuetext") == "July 2020"
    until(page, f"{CHART}.signal('month') === 0")
    assert page.execute_script(STATE)["month"] is None, "nothing is compared at the opening"
    keys(page, "#network-month", "ARROW_RIGHT", "ARROW_RIGHT")
    assert slider.get_attribute("aria-valuetext") == "November 2020"
    assert page.execute_script(STATE)["month"] == "2020-11"
    settled(page)
    assert slider.get_attribute("aria-valuetext") == "November 2020"


def test_a_click_on_a_tie_makes_it_the_subject_everywhere(page: Any) -> None:
    look(page, "network")
    until(page, f"{CHART} && {CHART}.data('nodes').length === 11")
    places, box = page.execute_script(
        f"const view = {CHART}, {{ left, top }} = view.padding();"
        "const box = document.querySelector('#view-network canvas').getBoundingClientRect();"
        "const x = view.scale('x'), y = view.scale('y');"
        "return [Object.fromEntries(view.data('nodes').map((one) => [one.state,"
        " [box.left + left + x(one.x), box.top + top + y(one.y)]])), box.width]"
    )
    assert box > 0
    (x1, y1), (x2, y2) = places["AZE"], places["ARM"]
    at = {"x": 0.3 * x1 + 0.7 * x2, "y": 0.3 * y1 + 0.7 * y2}
    page.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", **at})
    for kind in ("mousePressed", "mouseReleased"):
        page.execute_cdp_cmd(
            "Input.dispatchMouseEvent", {"type": kind, "button": "left", "clickCount": 1, **at}
        )
    until(page, "relsim.app.state.pair !== 'PAK-RUS'")
    (ax, ay), (bx, by) = (places[code] for code in pair(page).split("-"))
    across = abs((bx - ax) * (ay - at["y"]) - (ax - at["x"]) * (by - ay)) / math.dist(
        (ax, ay), (bx, by)
    )
    assert across <= GRASP / 2, "the tie picked is one that passes where the click was"
    title = page.execute_script("return relsim.app.title(relsim.app.state.pair)")
    assert shown(page, "#view-network .subject-line strong") == title
    assert shown(page, "#view-network .panel h3") == title
    until(page, f"{CHART}.signal('subject') === relsim.app.state.pair")


def test_a_row_of_the_list_does_the_same_and_tells_the_parts_of_the_pull(page: Any) -> None:
    look(page, "network")
    until(page, "document.querySelector('#view-network .parts li')")
    rows = "document.querySelectorAll('#view-network button.pair')"
    assert page.execute_script(f"return {rows}.length") == 55
    page.execute_script(f"{rows}[3].click()")
    wanted = page.execute_script(f"return {rows}[3].textContent")
    assert shown(page, "#view-network .subject-line strong") == wanted
    assert shown(page, "#view-network .panel h3") == wanted
    heads = "return document.querySelectorAll('#view-network .panel h4').length"
    assert page.execute_script(heads) == 2


def test_ties_are_coloured_by_their_difference_from_the_base(page: Any) -> None:
    look(page, "network")
    change(page, {LEVER: False})
    page.execute_script(
        "const select = document.querySelectorAll('#view-network .tools select')[0];"
        "select.value = 'difference'; select.dispatchEvent(new Event('change'))"
    )
    until(page, f"{CHART}.signal('colours') === 'difference'")
    levels, base = page.execute_script(
        f"const tie = {CHART}.data('ties').find((one) => one.pair === 'PAK-RUS');"
        "return [tie.levels, tie.base]"
    )
    assert len(levels) == len(base)
    assert levels[0] == base[0]
    assert levels[-1] != base[-1]


def test_the_matrix_shows_medians_beside_those_of_the_base(page: Any, serving: Serving) -> None:
    look(page, "matrix")
    change(page, {LEVER: False, "events.karabakh_war.off": False})
    file = serving.shared.folder.root / "status-quo.yaml"
    base = relsim.load(file)
    changed = base.with_changes({LEVER: False, "events.karabakh_war.off": False})
    runs = page.execute_script("return relsim.app.picture.runs")
    before, after = (
        relsim.simulate(one, runs=runs, progress=False).levels().median("run")
        for one in (base, changed)
    )
    differences = (after - before).isel(time=-1)
    most = {"pair": str(abs(differences).idxmax("pair").item())}
    one, other = most["pair"].split("-")
    codes = [*base.states]
    if codes.index(one) > codes.index(other):
        one, other = other, one
    assert abs(differences.sel(most)) > 0.005
    assert text(page, f"[data-cell='{one} {other}'] .level") == signed(float(after.sel(most)[-1]))
    difference = signed(float(differences.sel(most)))
    assert text(page, f"[data-cell='{one} {other}'] .beside-level") == difference
    assert text(page, f"[data-cell='{other} {one}'] .level") == signed(float(after.sel(most)[0]))
    assert text(page, f"[data-cell='{other} {one}'] .beside-level") == ""


def test_the_matrix_is_moved_through_with_arrows_and_keeps_the_focus(page: Any) -> None:
    look(page, "matrix")
    focus = "return document.activeElement.dataset.cell"
    keys(page, "[data-cell='PAK CHN']", "ENTER")
    assert pair(page) == "PAK-CHN"
    keys(page, "[data-cell='PAK CHN']", "ARROW_DOWN")
    here = page.execute_script(focus)
    assert here.endswith(" CHN")
    assert here != "PAK CHN"
    change(page, {LEVER: False})
    assert page.execute_script(focus) == here


def test_an_event_is_moved_on_the_time_line_and_switched(page: Any) -> None:
    look(page, "events")
    handle = "input[aria-label='Date of Prime minister of Pakistan visits Russia']"
    keys(page, handle, "ARROW_RIGHT", "ARROW_RIGHT")
    path = "events.prime_minister_visit.at"
    assert page.execute_script(STATE)["changes"] == {path: ["2022-05"]}
    shown = page.find_element("css selector", handle)
    assert shown.get_attribute("aria-valuetext") == "May 2022"
    keys(page, handle, "ARROW_LEFT", "ARROW_LEFT")
    assert page.execute_script(STATE)["changes"] == {}, "where it was is no change"
    row = "[...document.querySelectorAll('#view-events .event')].find((one) => one.contains("
    row += f'document.querySelector("{handle}")))'
    page.execute_script(f"{row}.querySelector('[role=switch]').click()")
    assert page.execute_script(STATE)["changes"] == {"events.prime_minister_visit.off": False}
    until(page, f"{row}.querySelector('.often').textContent.startsWith('100')")


def test_an_event_of_ones_own_is_added_moved_and_removed(page: Any) -> None:
    look(page, "events")
    page.execute_script("document.querySelector('.adding').open = true")
    name = page.find_element("css selector", ".add-event input[type=text]")
    name.send_keys("Überraschung <b>1</b>")
    press(page, ".add-event button[type=submit]")
    key = "events.uberraschung_b_1_b"
    event = page.execute_script(STATE)["changes"][key]
    assert event["label"] == "Überraschung <b>1</b>"
    assert event["effects"][0]["pulse"] == "PAK-RUS"
    settled(page)
    assert "Überraschung <b>1</b>" in shown(page, "#view-events .events li label")
    what = "Pushes Pakistan – Russia by +0.15 pull units, half of it gone after 9 months"
    assert what in shown(page, "#view-events .events li details")
    assert "100" in shown(page, "#view-events .events li .often")
    effect = page.execute_script("return relsim.app.picture.pairs['PAK-RUS'].effect")
    assert effect["higher"] > 0.9
    keys(page, "#view-events .events li input[type=range]", "ARROW_LEFT")
    assert page.execute_script(STATE)["changes"][key]["at"] < event["at"]
    press(page, "#view-events .events li .remove")
    assert page.execute_script(STATE)["changes"] == {}
    assert page.execute_script("return document.activeElement.type") == "text"


def test_an_event_that_would_never_happen_is_said_to_before_and_after_it_is_added(
    page: Any,
) -> None:
    look(page, "events")
    page.execute_script("document.querySelector('.adding').open = true")
    date = (
        "const field = document.querySelector('.add-event input[type=month]');"
        "field.value = arguments[0]; field.dispatchEvent(new Event('input'))"
    )
    said = {}
    for month in ("2020-06", "2020-07", "2030-06", "2030-07", "2031-02"):
        page.execute_script(date, month)
        said[month] = shown(page, ".add-event .never")
    assert [bool(words) for words in said.values()] == [True, False, False, True, True]
    assert "begins in July 2020" in said["2020-06"]
    assert said["2031-02"] == (
        "It will not happen in February 2031: the scenario ends in July 2030."
    )
    page.find_element("css selector", ".add-event input[type=text]").send_keys("Too late")
    press(page, ".add-event button[type=submit]")
    settled(page)
    assert page.execute_script(STATE)["changes"]["events.too_late"]["at"] == ["2031-02"]
    assert shown(page, "#view-events .events li .never") == said["2031-02"]
    assert shown(page, "#view-events .events li .often").startswith("0\u00a0%")


def test_on_a_phone_an_event_is_one_row_that_opens_by_keyboard(
    driver: Any, serving: Serving
) -> None:
    opened(driver, serving.address, 400, 860)
    look(driver, "events")
    height = driver.execute_script("return document.querySelector('#view-events').offsetHeight")
    assert height < 2600
    sliders = (
        "return [...document.querySelectorAll('#view-events .events input[type=range]')]"
        ".filter((one) => one.checkVisibility()).length"
    )
    assert driver.execute_script(sliders) == 0
    row = "#view-events .events li:has([aria-label^='Date of Prime minister'])"
    keys(driver, f"{row} summary", "ENTER")
    assert driver.execute_script(sliders) > 0
    keys(driver, f"{row} .event-track input", "ARROW_RIGHT")
    assert driver.execute_script(STATE)["changes"] == {
        "events.prime_minister_visit.at": ["2022-04"]
    }
    assert shown(driver, f"{row} .when") == "April 2022"


def test_what_is_refused_of_an_event_is_said_at_its_row(page: Any) -> None:
    look(page, "events")
    path = "events.prime_minister_visit.at"
    page.execute_script("relsim.app.set({ changes: arguments[0] })", {path: ["someday"]})
    until(page, "document.querySelector('#view-events .problem:not([hidden])')")
    assert "someday" in shown(page, "#view-events .problem:not([hidden])")
    page.execute_script("relsim.app.set({ changes: {} })")
    until(page, "!document.querySelector('#view-events .problem:not([hidden])')")


def test_step_mode_steps_through_a_run_of_the_ensemble(fresh_page: Any, serving: Serving) -> None:
    page = fresh_page
    look(page, "step")
    run = page.find_element("css selector", "#view-step input[type=number]")
    page.execute_script(
        "arguments[0].value = 3; arguments[0].dispatchEvent(new Event('change'))", run
    )
    until(page, "document.querySelector('#view-step .clock').textContent.includes('run 3')")
    press(page, "#view-step .tools button:nth-of-type(3)")
    until(page, "document.querySelector('#view-step .clock').textContent.includes('July 2021')")
    press(page, "#view-step .standings button.pair")
    until(page, "document.querySelector('#view-step .inspector tbody tr')")
    model = relsim.RelationsModel(
        relsim.load(serving.shared.folder.root / "status-quo.yaml"), run=3
    )
    for _ in range(12):
        model.step()
    agent = min(model.agents, key=lambda one: one.code)
    assert shown(page, "#view-step .standings tbody td.number") == signed(agent.standing)
    assert shown(page, "#view-step .inspector h3") == f"{agent.name} in July 2021"
    other = model.states[1]
    level = shown(page, "#view-step .inspector tbody td.number")
    assert level == signed(model.cooperation(agent.code, other))
    page.execute_script("relsim.app.set({ changes: arguments[0] })", {LEVER: False})
    assert "Press Reset" in shown(page, "#view-step .banner")


def test_step_mode_plays_until_it_is_paused(fresh_page: Any) -> None:
    page = fresh_page
    look(page, "step")
    press(page, "#view-step .play")
    until(page, "document.querySelector('#view-step progress').value >= 2")
    press(page, "#view-step .play")
    assert "Play" in shown(page, "#view-step .play")
    press(page, "#tab-futures")
    assert page.execute_script("return relsim.app.state.view") == "futures"


class Lost(relsim.StateAgent):
    """A state that cannot decide."""

    def decide(self) -> Any:
        raise ValueError("no idea")


def test_a_step_that_fails_is_said_to_have_failed(driver: Any, tmp_path: Path) -> None:
    with family_served(tmp_path, agent_class=Lost) as serving:
        opened(driver, serving.address)
        look(driver, "step")
        press(driver, "#view-step .tools button:nth-of-type(3)")
        until(driver, "!document.querySelector('#problem').hidden")
        assert shown(driver, "#problem").startswith("This step could not be taken: Lost fails")
        assert shown(driver, "#status") == "This step could not be taken."
        assert "This step could not be taken" in shown(driver, "#view-step .banner")
