"""The live page in a real browser: it opens, follows a slider, undoes, keeps, and fits a phone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import relsim
from app.live_page import DRAWN, STATE, TOO_WIDE, opened, settled, text, until
from benchmarks.browser import ABSENT, BROWSER, DRIVER
from relsim.app.folder import start_on
from relsim.app.server import Serving
from visiting import STAGES, family_served

pytestmark = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=ABSENT)

TIE = "PAK.ties.USA.weight"
SMALL_SCENARIO = """
relsim: 1
name: {name}
time: {{start: 2020-01, end: 2021-01}}
ensemble: {{seed: 1}}
states: {{A: , B: }}
"""
THEME = """
const theme = document.querySelector("#theme");
theme.value = arguments[0];
theme.dispatchEvent(new Event("change"));
"""
# A slider that is moved as by a hand: `moves` times while it is held, and then let go.
DRAG = """
const slider = document.querySelector(`[data-path="${arguments[0]}"] input[type=range]`);
for (const value of arguments[1]) {
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}
if (arguments[2]) slider.dispatchEvent(new Event("change", { bubbles: true }));
"""


def drag(driver: Any, path: str, *values: float, let_go: bool = True) -> None:
    """Moves a slider, and waits for all runs of the picture."""
    driver.execute_script(DRAG, path, values, let_go)
    until(driver, f"relsim.app.picture.title.includes('{path}={values[-1]}')")
    settled(driver)
    until(driver, DRAWN)


def median_drawn(driver: Any) -> list[float]:
    """The medians that stand in the subject's chart, by month."""
    found: list[float] = driver.execute_script(
        "return relsim.charts.all.get(document.querySelector('#subject .chart'))"
        ".view.data('fan').map((row) => row.median)"
    )
    return found


def test_a_slider_moves_the_fan_and_the_difference_appears(page: Any, serving: Serving) -> None:
    assert text(page, "#title") == "Pakistan–Russia, status quo"
    assert text(page, "#subject h2") == "Pakistan – Russia"
    assert "same as the base" in text(page, "#subject .badge")
    before = median_drawn(page)
    drag(page, TIE, 0.6, 0.7, 0.8)
    after = median_drawn(page)
    assert after != before
    assert "lower" in text(page, "#subject .badge")
    # The chart shows the numbers that the same change gives on the command line.
    scenario = relsim.load(serving.shared.folder.root / "status-quo.yaml").with_changes({TIE: 0.8})
    ensemble = relsim.simulate(scenario, runs=STAGES[-1])
    levels = ensemble.data["overall"].sel(pair="PAK-RUS")
    assert after == pytest.approx(levels.median("run").values, abs=6e-5)
    timings = page.execute_script("return relsim.timings")
    assert all(one["sent"] <= one["received"] <= one["drawn"] for one in timings)
    assert {one["runs"] for one in timings} >= {STAGES[0], STAGES[-1]}


def test_rows_of_reasons_stand_by_their_size_whatever_was_there_before(page: Any) -> None:
    charts = "[...relsim.charts.all.values()].filter((one) => one.place.closest('#why'))"
    rows = (
        f"return {charts}.map(({{ name, view, data }}) =>"
        " [view.scale('y').domain(), data[name].map((one) => one.label)])"
    )
    for changes in ({TIE: 0.75}, {TIE: 0.75, "RUS.ties.IND": 0.9}, {"RUS.ties.IND": 0.9}):
        page.execute_script("relsim.app.set({ changes: arguments[0] })", changes)
        settled(page)
        until(page, "relsim.app.reasons === relsim.app.picture.number")
        # So that charts below the window are drawn as well.
        page.execute_script("document.querySelector('#why').scrollIntoView({ block: 'end' })")
        until(page, f"{charts}.every((one) => one.view && !one.fresh.data.size)")
        found = page.execute_script(rows)
        assert len(found) == 2
        for shown, sorted_by_size in found:
            assert shown == list(dict.fromkeys(sorted_by_size))


def test_a_drag_is_one_entry_of_undo(fresh_page: Any) -> None:
    page = fresh_page
    drag(page, TIE, 0.5, 0.6, 0.7)
    drag(page, TIE, 0.9)
    assert page.execute_script(STATE)["changes"] == {TIE: 0.9}
    page.find_element("id", "undo").click()
    assert page.execute_script(STATE)["changes"] == {TIE: 0.7}
    page.find_element("id", "undo").click()
    assert page.execute_script(STATE)["changes"] == {}
    assert not page.find_element("id", "undo").is_enabled()
    page.find_element("id", "redo").click()
    assert page.execute_script(STATE)["changes"] == {TIE: 0.7}
    assert "0.35 → 0.7" in text(page, "#changed")
    page.find_element("id", "reset").click()
    until(page, "relsim.app.picture.same")
    assert "Nothing yet" in text(page, "#changed")


def test_the_address_gives_the_same_picture_again(page: Any) -> None:
    drag(page, TIE, 0.7)
    page.find_element("id", "freeze").click()
    until(page, "document.querySelector('#base').value === 'frozen'")
    drag(page, TIE, 0.2)
    page.execute_script("relsim.app.set({ pair: 'PAK-USA', month: '2025-01' })")
    until(page, "relsim.app.picture.month === '2025-01' && relsim.app.picture.last")
    address, before = page.current_url, page.execute_script("return relsim.app.picture")
    state = page.execute_script(STATE)
    opened(page, address)
    assert page.execute_script(STATE) == state
    after = page.execute_script("return relsim.app.picture")
    assert after["pairs"] == before["pairs"]
    assert text(page, "#subject h2") == "Pakistan – United States"


def test_the_seed_of_a_result_stays_in_the_address_until_another_scenario_is_chosen(
    driver: Any, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        (tmp_path / f"{name}.yaml").write_text(SMALL_SCENARIO.format(name=name), encoding="utf-8")
    out = tmp_path / "results"
    seed = 2**53 + 1  # the first that no number of a browser is
    result = relsim.run(tmp_path / "first.yaml", runs=STAGES[-1], seed=seed, out=out, views=False)
    with Serving(start_on(result.folder, tmp_path), here=tmp_path, stages=STAGES) as serving:
        opened(driver, serving.address)
        assert driver.execute_script(STATE)["seed"] == str(seed)
        assert f"seed={seed}" in driver.current_url
        driver.find_element("id", "copy").click()
        until(driver, f"document.querySelector('#copy-command').value.endsWith(' {seed}')")
        before = driver.execute_script("return relsim.app.picture.pairs")
        opened(driver, driver.current_url)
        assert driver.execute_script("return relsim.app.picture.pairs") == before
        choose = "const one = document.querySelector('#scenario'); one.value = 'second.yaml';"
        driver.execute_script(f"{choose} one.dispatchEvent(new Event('change'))")
        until(driver, "relsim.app.opened.scenario.file === 'second.yaml'")
        settled(driver)
        assert driver.execute_script("return relsim.app.opened.scenario.seed") == "1"
        assert "seed" not in driver.current_url


# A page whose scenario has been asked for, and has not come.
NOT_YET = """
const Real = window.WebSocket;
window.WebSocket = class extends Real { send() {} };
"""


def test_before_a_scenario_is_open_nothing_can_be_done_with_it(page: Any, serving: Serving) -> None:
    page.get("about:blank")
    script = page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": NOT_YET})
    try:
        page.get(f'http://127.0.0.1:{serving.port}/#changes={{"{TIE}":0.5}}')
        until(page, "window.relsim?.app.scenarios.length")
        page.execute_script(
            "for (const id of arguments) document.getElementById(id).click()",
            *("undo", "redo", "reset", "keep", "copy", "table", "sheet", "freeze"),
        )
        assert page.execute_script("return document.querySelector('dialog[open]')") is None
        assert page.execute_script(STATE)["base"] is None
    finally:
        page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    opened(page, page.current_url)
    assert page.find_element("id", "keep").is_enabled()
    assert page.find_element("id", "copy").is_enabled()


def test_dialogs_say_that_the_connection_is_lost(fresh_page: Any) -> None:
    page = fresh_page
    drag(page, TIE, 0.6)
    page.execute_script("relsim.connection.connect = () => {}; relsim.connection.socket.close()")
    until(page, "document.querySelector('#status').textContent === 'Not connected'")
    page.find_element("id", "copy").click()
    assert "connection to relsim is lost" in text(page, "#copy-says")
    page.find_element("id", "copy-close").click()
    page.find_element("id", "keep").click()
    page.find_element("id", "keep-write").click()
    assert "connection to relsim is lost" in text(page, "#keep-says")
    page.get("about:blank")  # no other test has to do with a page that stays alone


def test_two_pages_in_one_browser_do_not_mix(page: Any, serving: Serving) -> None:
    drag(page, TIE, 0.7)
    first = page.current_window_handle
    before = page.execute_script("return relsim.app.picture.pairs")
    page.switch_to.new_window("tab")
    try:
        opened(page, serving.address)
        drag(page, TIE, 0.1)
        assert page.execute_script("return relsim.app.picture.pairs") != before
    finally:
        page.close()
        page.switch_to.window(first)
    assert page.execute_script("return relsim.app.picture.pairs") == before
    assert page.execute_script(STATE)["changes"] == {TIE: 0.7}


def test_nothing_is_asked_of_anybody_else(fresh_page: Any, serving: Serving) -> None:
    page = fresh_page
    for view in ("network", "matrix", "events", "step", "futures"):
        page.find_element("id", f"tab-{view}").click()
        settled(page)
    page.execute_script(THEME, "dark")
    page.execute_script(THEME, "auto")
    entries = "performance.getEntriesByType('resource').map((entry) => entry.name)"
    asked = page.execute_script(f"return {entries}")
    assert any(name.endswith("/static/vega.js") for name in asked)
    own = f"http://127.0.0.1:{serving.port}/"
    assert [name for name in asked if not name.startswith((own, "data:", "blob:"))] == []


@pytest.mark.parametrize(
    ("mangled", "words"),
    [
        (
            "scenario=nowhere.yaml&changes={%22broken&pair=XXX-YYY&view=nothing&month=never",
            "nowhere.yaml",
        ),
        ("base={%22scenario%22:3}", "base.scenario"),
        ("scenario=status-quo.yaml&base={%22changes%22:[]}", "base.scenario"),
        ("seed=9223372036854775808", "seed"),
    ],
)
def test_a_mangled_address_still_opens(
    page: Any, serving: Serving, mangled: str, words: str
) -> None:
    opened(page, f"http://127.0.0.1:{serving.port}/#{mangled}")
    assert text(page, "#title") == "Pakistan–Russia, status quo"
    assert words in text(page, "#problem")


def test_what_cannot_be_opened_leaves_the_page_where_it_was(page: Any, serving: Serving) -> None:
    drag(page, TIE, 0.6)
    drag(page, TIE, 0.7)
    state = page.execute_script(STATE)
    page.execute_script("window.location.hash = arguments[0]", "base={%22scenario%22:3}")
    until(page, "document.getElementById('problem').textContent.includes('base.scenario')")
    assert page.execute_script(STATE) == state
    drag(page, TIE, 0.8)
    # Undo leads to a file that is there no more.
    gone = serving.shared.folder.root / "gone.yaml"
    gone.write_text("relsim: 1\nname: Gone\nextends: status-quo.yaml\n", encoding="utf-8")
    choose = "relsim.app.set({ scenario: arguments[0], changes: {} })"
    for file in ("gone.yaml", "status-quo.yaml"):
        page.execute_script(choose, file)
        until(page, f"relsim.app.opened.scenario.file === '{file}'")
    drag(page, TIE, 0.3)
    gone.unlink()
    page.find_element("id", "undo").click()
    state = page.execute_script(STATE)
    page.find_element("id", "undo").click()
    until(page, "document.getElementById('problem').textContent.includes('gone.yaml')")
    assert page.execute_script(STATE) == state
    settled(page)


def test_a_file_with_problems_takes_no_change_from_a_page_that_connects_again(
    page: Any, serving: Serving
) -> None:
    file = serving.shared.folder.root / "edited.yaml"
    variant = "relsim: 1\nname: Edited\nextends: status-quo.yaml\n"
    file.write_text(variant, encoding="utf-8")
    page.execute_script("relsim.app.set({ scenario: 'edited.yaml' })")
    drag(page, TIE, 0.6)
    drag(page, TIE, 0.7)
    file.write_text(f"{variant}statse: {{}}\n", encoding="utf-8")
    page.execute_script("relsim.connection.socket.close()")
    until(page, "document.getElementById('problem').textContent.includes('statse')")
    assert page.execute_script(STATE)["changes"] == {TIE: 0.7}
    file.write_text(variant, encoding="utf-8")
    drag(page, TIE, 0.8)
    assert text(page, "#problem") == ""
    file.unlink()


def test_an_event_that_is_none_in_an_address_is_refused(page: Any, serving: Serving) -> None:
    page.get("about:blank")
    changes = '{"events.b":{"at":5,"effects":"x"}}'
    page.get(f"http://127.0.0.1:{serving.port}/#changes={changes}")
    until(page, "document.getElementById('problem').textContent.includes('5 is not a month')")


def test_changes_as_a_command_line_gives_them_are_shown_in_words(page: Any) -> None:
    page.execute_script(
        "relsim.app.set({ changes: arguments[0] })",
        {"events.floods.chance": "0.5 per year", TIE: {"uniform": [0.1, 0.4]}},
    )
    changed = text(page, "#changed-list")
    assert "0.1 → 0.5" in changed
    assert "0.35 → uniform(0.1, 0.4)" in changed
    page.find_element("id", "tab-events").click()
    slider = "document.querySelector('#view-events .when-box .size input')"
    until(page, f"{slider}?.value === '0.5'")
    until(page, "relsim.app.picture.last && !relsim.app.picture.same")


def test_numbers_without_a_slider_are_called_by_words(page: Any) -> None:
    changes = {
        "events.floods.effects.0.half_life": "4 months",
        "states.PAK.ties.USA.weight": 0.5,
        "parameters.history_half_life": "9 months",
        "events.prime_minister_visit.at": ["2023-05"],
        "PAK.name": "Islamabad",
    }
    page.execute_script("relsim.app.set({ changes: arguments[0] })", changes)
    settled(page)
    rows = page.execute_script(
        "return [...document.querySelectorAll('#changed-list li')].map((one) =>"
        " [one.querySelector('.label').textContent, one.querySelector('.number').textContent,"
        " one.querySelector('.label').title])"
    )
    effect = (
        "half-life of the effect on Russia towards Pakistan (diplomatic)"
        " of “Floods in Pakistan, Russian relief”"
    )
    assert {path: (label, what) for label, what, path in rows} == {
        "events.floods.effects.0.half_life": (effect, "4 months"),
        "states.PAK.ties.USA.weight": ("Pakistan: tie to the United States", "0.35 → 0.5"),
        "parameters.history_half_life": ("half-life of history", "9 months"),
        "events.prime_minister_visit.at": ("Prime minister of Pakistan visits Russia", "May 2023"),
        "PAK.name": ("Pakistan: name", "Islamabad"),
    }


def test_a_refused_value_keeps_the_last_good_picture(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    before = median_drawn(page)
    field = page.find_element("css selector", f'[data-path="{TIE}"] input[type=number]')
    field.send_keys(Keys.CONTROL + "a")
    field.send_keys("7" + Keys.ENTER)
    until(page, f"!document.querySelector('[data-path=\"{TIE}\"] .problem').hidden")
    assert "[-1, 1]" in text(page, f'[data-path="{TIE}"] .problem')
    assert field.get_attribute("aria-invalid") == "true"
    assert "refused" in text(page, "#status")
    assert median_drawn(page) == before
    drag(page, TIE, 0.4)
    assert not page.find_element("css selector", f'[data-path="{TIE}"] .problem').is_displayed()


def test_what_is_kept_is_written_and_never_over_a_file_unasked(page: Any, serving: Serving) -> None:
    drag(page, TIE, 0.8)
    page.find_element("id", "keep").click()
    name = page.find_element("id", "keep-name")
    name.clear()
    name.send_keys("What if <b>more</b>")
    assert page.find_element("id", "keep-file").get_property("value") == "what-if-b-more-b.yaml"
    page.find_element("id", "keep-write").click()
    until(page, "!document.querySelector('#keep-dialog').open")
    written = serving.shared.folder.root / "what-if-b-more-b.yaml"
    assert relsim.load(written).states["PAK"].ties["USA"].weight == 0.8
    first = written.read_text(encoding="utf-8")

    drag(page, TIE, 0.9)
    page.find_element("id", "keep").click()
    page.execute_script("document.querySelector('#keep-file').value = arguments[0]", written.name)
    page.find_element("id", "keep-write").click()
    until(page, "!document.querySelector('#keep-replace').hidden")
    assert "is there already" in text(page, "#keep-says")
    assert written.read_text(encoding="utf-8") == first
    page.find_element("id", "keep-replace").click()
    until(page, "!document.querySelector('#keep-dialog').open")
    assert yaml.safe_load(written.read_text(encoding="utf-8")) != yaml.safe_load(first)


def test_any_number_is_found_by_words(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    find = page.find_element("id", "find")
    find.send_keys("armenia tie russia")
    paths = page.execute_script(
        "return [...document.querySelectorAll('#found-list [data-path]')].map(o => o.dataset.path)"
    )
    assert "RUS.ties.ARM" in paths
    assert "ARM.ties.RUS" in paths
    assert len(paths) <= 30
    drag(page, "RUS.ties.ARM", 0.4)
    assert "Russia: tie to Armenia" in text(page, "#changed")
    find.send_keys(Keys.ESCAPE)
    assert not page.find_element("id", "found").is_displayed()


def test_a_lever_is_a_switch(page: Any) -> None:
    lever = page.find_element("css selector", ".lever")
    path = lever.get_attribute("data-path")
    lever.find_element("tag name", "input").click()
    assert page.execute_script(STATE)["changes"] == {path: False}
    until(page, "!relsim.app.picture.same && relsim.app.picture.last")
    assert "switched on" in text(page, "#changed")
    lever.find_element("tag name", "input").click()
    assert page.execute_script(STATE)["changes"] == {}


def test_tabs_are_moved_through_with_arrows(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    page.find_element("id", "tab-futures").send_keys(Keys.ARROW_LEFT)
    assert page.execute_script("return document.activeElement.id") == "tab-step"
    assert page.find_element("id", "view-step").is_displayed()
    assert not page.find_element("id", "view-futures").is_displayed()
    page.find_element("id", "tab-step").send_keys(Keys.HOME)
    assert page.find_element("id", "view-futures").is_displayed()


def test_nobody_waits_for_a_chart_of_a_view_that_is_left(page: Any) -> None:
    still_awaited = """
    const done = arguments[0], place = document.querySelector("#subject .chart");
    relsim.charts.asked = true; // as while others are drawn
    relsim.charts.all.get(place).update().then(() => done(false));
    relsim.app.set({ view: "events" });
    window.setTimeout(() => done(true), 5000);
    """
    assert not page.execute_async_script(still_awaited)
    page.execute_script("relsim.charts.asked = false")


def test_in_the_dark_charts_are_dark_and_keep_their_data(page: Any) -> None:
    drag(page, TIE, 0.7)
    before = median_drawn(page)
    page.execute_script(
        "relsim.was = relsim.charts.all.get(document.querySelector('#subject .chart')).view"
    )
    page.execute_script(THEME, "dark")
    try:
        chart = "relsim.charts.all.get(document.querySelector('#subject .chart'))"
        until(page, f"{chart}.view !== relsim.was")
        assert median_drawn(page) == before
        colour = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert max(json.loads(colour.replace("rgb(", "[").replace(")", "]"))) < 60
    finally:
        page.execute_script(THEME, "auto")


def test_nothing_moves_on_the_page_while_a_slider_is_held(page: Any) -> None:
    where = (
        "return ['#subject .chart', '#others-title', '#claims', '.control:nth-of-type(3)']"
        ".map(one => Math.round(document.querySelector(one).getBoundingClientRect().top))"
    )
    drag(page, TIE, 0.5, let_go=False)
    before = page.execute_script(where)
    drag(page, TIE, 0.9, let_go=False)
    assert page.execute_script(where) == before
    page.execute_script(DRAG, TIE, [0.9], True)


def test_a_lost_connection_is_said_and_taken_up_again(page: Any, serving: Serving) -> None:
    drag(page, TIE, 0.7)
    page.execute_script(
        "const bar = document.querySelector('#lost'); relsim.said = [];"
        "new MutationObserver(() => relsim.said.push(bar.textContent))"
        ".observe(bar, { attributes: true, childList: true });"
        "relsim.connection.socket.close()"
    )
    until(page, "relsim.said.length && relsim.connection.isOpen && relsim.app.picture.last")
    said = page.execute_script("return relsim.said")
    assert any("connection to relsim is lost" in one for one in said)
    assert not page.find_element("id", "lost").is_displayed()
    assert page.execute_script(STATE)["changes"] == {TIE: 0.7}
    drag(page, TIE, 0.8)


def test_texts_of_scenarios_are_text(driver: Any, tmp_path: Path) -> None:
    with family_served(tmp_path) as serving:
        file = serving.shared.folder.root / "hostile.yaml"
        bad = '<img src=x onerror="window.pwned = 1"><script>window.pwned = 2</script>'
        long = "Supercalifragilistic" * 4
        hostile = {
            **{"relsim": 1, "extends": "status-quo.yaml", "name": bad, "about": bad},
            "events": {"floods": {"label": long}},
            "states": {"PAK": {"name": long}},
        }
        file.write_text(yaml.safe_dump(hostile), encoding="utf-8")
        opened(driver, serving.address)
        driver.execute_script("relsim.app.set({ scenario: 'hostile.yaml', base: null })")
        until(driver, "relsim.app.opened.scenario.file === 'hostile.yaml'")
        assert text(driver, "#title") == bad
        assert driver.execute_script("return window.pwned") is None
        opened(driver, f"http://127.0.0.1:{serving.port}/#scenario=hostile.yaml", 400, 860)
        for view in ("futures", "events"):
            driver.find_element("id", f"tab-{view}").click()
            assert driver.execute_script(TOO_WIDE) == []
