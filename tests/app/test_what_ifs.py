"""The page in a real browser: what is moved, what is shown of it, and what is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import relsim
from app.running import SECONDS, STATUS_QUO, App, running
from report.browser import ABSENT, BROWSER, DRIVER, browsing, complaints

pytestmark = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=ABSENT)

RUNS = 1000  # of the last picture
TIE = "PAK.ties.USA.weight"
LEVER = "recognise_armenia"
HOSTILE = "<img src=x onerror='window.pwned=1'>&\""
VIEWS = ("futures", "network", "matrix", "events", "step")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running(tmp_path_factory.mktemp("app") / "shipped") as one:
        yield one


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browsing() as one:
        yield one


@pytest.fixture
def page(driver: Any, app: App) -> Any:
    """The page as it opens, with all runs of its first picture."""
    opened(driver, app.address)
    return driver


def opened(driver: Any, address: str, width: int = 1280, height: int = 900) -> None:
    driver.set_window_size(width, height)
    driver.get("about:blank")  # a fragment alone would load nothing
    driver.get(address)
    whole_picture(driver)


def wait(driver: Any, script: str, *arguments: Any) -> Any:
    """What a script gives as soon as it is true."""
    from selenium.webdriver.support.ui import WebDriverWait

    waiting = WebDriverWait(driver, SECONDS, poll_frequency=0.05)
    return waiting.until(lambda one: one.execute_script(script, *arguments))


def whole_picture(driver: Any, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The picture with all runs of these changes (of any where absent), once it is drawn."""
    script = """
        const {app, connection} = window.relsim ?? {};
        const {ready, number} = document.documentElement.dataset;
        if (!app?.picture || connection.pending !== null || connection.next !== null) return null;
        if (app.picture.number !== connection.number) return null;
        if (ready !== String(arguments[1]) || Number(number) !== app.picture.number) return null;
        const wanted = arguments[0], now = app.state.changes;
        const keys = Object.keys(now).sort();
        const same = wanted === null || JSON.stringify(keys.map(k => [k, now[k]])) === wanted;
        return same && app.picture.last && app.reasons === app.picture.number ? app.picture : null;
    """
    text = None
    if changes is not None:
        rows = [[path, changes[path]] for path in sorted(changes)]
        text = json.dumps(rows, separators=(",", ":"))
    found: dict[str, Any] = wait(driver, script, text, RUNS)
    return found


def slider(driver: Any, path: str = TIE) -> Any:
    return driver.find_element("css selector", f"#groups [data-path='{path}'] input[type=range]")


def drag(driver: Any, control: Any, *values: float) -> None:
    """Drags a slider over some values, and lets go."""
    for value in values:
        driver.execute_script(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
            control,
            value,
        )
    driver.execute_script(
        "arguments[0].dispatchEvent(new Event('change', {bubbles: true}))", control
    )


def effects(app: App, changes: dict[str, Any], pair: str = "PAK-RUS") -> Any:
    """What the Python API says of some changes."""
    base = relsim.load(app.folder / STATUS_QUO)
    scenarios = base, base.with_changes(changes)
    ensembles = [relsim.simulate(one, runs=RUNS, progress=False) for one in scenarios]
    return relsim.compare(*ensembles).effect(pair)


def text_of(driver: Any, selector: str) -> str:
    return str(driver.find_element("css selector", selector).text)


def described(driver: Any) -> str:
    """What the fan of the subject says to those who cannot see it."""
    fan = driver.find_element("css selector", "#subject .chart")
    return str(fan.get_attribute("aria-label"))


def test_it_opens_without_a_complaint_and_asks_nobody_else(page: Any, app: App) -> None:
    assert "1,000" in text_of(page, "#status")
    assert text_of(page, "h1") == relsim.load(app.folder / STATUS_QUO).name
    asked = page.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    assert asked
    assert [name for name in asked if not name.startswith(f"http://{app.place}/")] == []
    assert complaints(page) == []


def test_a_slider_moves_the_fan_and_the_difference(page: Any, app: App) -> None:
    before = described(page)
    drag(page, slider(page), -0.5, 0.1, 0.9)
    picture = whole_picture(page, {TIE: 0.9})
    expected = effects(app, {TIE: 0.9})
    shown = picture["pairs"]["PAK-RUS"]["effect"]
    assert shown["mean"] == expected.mean.value
    assert (shown["low"], shown["high"]) == (expected.mean.low, expected.mean.high)
    assert shown["word"] == expected.verdict
    assert described(page) != before
    median = re.search(r"median (\S+),", described(page))
    assert median is not None
    level = float(median[1].replace("−", "-").rstrip(",;"))
    assert level == pytest.approx(expected.other_median, abs=0.0051)
    assert expected.verdict in text_of(page, "#subject .badge")
    assert page.find_elements("css selector", "#why article")
    assert complaints(page) == []


def test_a_lever_is_switched_and_undone(page: Any, app: App) -> None:
    path = f"events.{LEVER}.off"
    switch = page.find_element("css selector", f"#groups [data-path='{path}'] input")
    switch.send_keys(" ")  # by keyboard
    picture = whole_picture(page, {path: False})
    expected = effects(app, {path: False})
    assert picture["pairs"]["PAK-RUS"]["effect"]["mean"] == expected.mean.value
    page.find_element("id", "undo").click()
    assert whole_picture(page, {})["same"]
    assert not switch.is_selected()
    page.find_element("id", "redo").click()
    again = whole_picture(page, {path: False})
    assert again["pairs"] == picture["pairs"]
    assert again["claims"] == picture["claims"]


def test_a_drag_is_one_entry_of_undo_and_keys_that_follow_each_other_too(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    own = slider(page).get_attribute("valueAsNumber")
    drag(page, slider(page), 0.1, 0.2, 0.3)
    whole_picture(page, {TIE: 0.3})
    slider(page).send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    slider(page).send_keys(Keys.TAB)
    wait(page, f"return window.relsim.app.state.changes['{TIE}'] > 0.305")
    body = page.find_element("tag name", "body")
    body.send_keys(Keys.CONTROL, "z")
    whole_picture(page, {TIE: 0.3})
    body.send_keys(Keys.CONTROL, "z")
    whole_picture(page, {})
    assert slider(page).get_attribute("valueAsNumber") == own


def test_what_is_kept_gives_the_numbers_of_the_picture(page: Any, app: App) -> None:
    path = f"events.{LEVER}.off"
    page.find_element("css selector", f"#groups [data-path='{path}'] input").send_keys(" ")
    drag(page, slider(page), 0.77)
    changes = {TIE: 0.77, path: False}
    picture = whole_picture(page, changes)
    keep_as(page, "kept.yaml")
    wait(page, "return !document.getElementById('keep-dialog').open")
    base = relsim.load(app.folder / STATUS_QUO)
    kept = relsim.load(app.folder / "kept.yaml")
    a, b = (relsim.simulate(one, runs=RUNS, progress=False) for one in (base, kept))
    for pair, shown in picture["pairs"].items():
        assert shown["effect"]["mean"] == relsim.compare(a, b).effect(pair).mean.value
        median = b.level(pair).median("run").values
        assert shown["fan"]["median"] == pytest.approx(median, abs=5.1e-5)
    written = (app.folder / "kept.yaml").read_bytes()
    # Not over a file without being told twice.
    drag(page, slider(page), 0.11)
    whole_picture(page, {TIE: 0.11, path: False})
    keep_as(page, "kept.yaml")
    wait(page, "return !document.getElementById('keep-replace').hidden")
    assert (app.folder / "kept.yaml").read_bytes() == written
    page.find_element("id", "keep-replace").click()
    wait(page, "return !document.getElementById('keep-dialog').open")
    replaced = relsim.load(app.folder / "kept.yaml")
    assert replaced.states["PAK"].ties["USA"].weight == 0.11


def keep_as(driver: Any, file: str) -> None:
    driver.find_element("id", "keep").click()
    driver.execute_script(
        "const file = document.getElementById('keep-file'); file.value = arguments[0];"
        "file.dispatchEvent(new Event('input'))",
        file,
    )
    driver.find_element("id", "keep-write").click()


def test_the_address_holds_the_whole_state(page: Any, app: App) -> None:
    drag(page, slider(page), -0.4)
    page.execute_script("window.relsim.app.set({pair: 'PAK-IND', month: '2025-07'})")
    picture = whole_picture(page, {TIE: -0.4})
    address = page.current_url
    assert "token" not in address
    opened(page, address)
    again = whole_picture(page, {TIE: -0.4})
    assert again["pairs"] == picture["pairs"]
    assert again["month"] == "2025-07"
    assert page.execute_script("return document.getElementById('pair').value") == "PAK-IND"
    assert slider(page).get_attribute("valueAsNumber") == "-0.4"


def test_two_visitors_do_not_mix(page: Any, app: App) -> None:
    first = page.current_window_handle
    drag(page, slider(page), 0.9)
    one = whole_picture(page, {TIE: 0.9})
    page.switch_to.new_window("tab")
    opened(page, app.address)
    drag(page, slider(page), -0.9)
    other = whole_picture(page, {TIE: -0.9})
    assert other["pairs"] != one["pairs"]
    page.close()
    page.switch_to.window(first)
    assert whole_picture(page)["pairs"] == one["pairs"]


def test_a_bad_value_is_refused_at_its_control_and_the_picture_stays(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    before = whole_picture(page)
    row = page.find_element("css selector", f"#groups [data-path='{TIE}']")
    typed = row.find_element("css selector", "input[type=number]")
    typed.send_keys(Keys.CONTROL, "a")
    typed.send_keys("5", Keys.TAB)
    problem = row.find_element("css selector", ".problem")
    wait(page, "return !arguments[0].hidden && arguments[0].textContent", problem)
    assert "between" in problem.text or "-1" in problem.text.replace("−", "-")
    assert typed.get_attribute("aria-invalid") == "true"
    assert page.execute_script("return window.relsim.app.picture.number") == before["number"]
    page.find_element("id", "undo").click()
    assert whole_picture(page, {})["same"]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_sticks_out(driver: Any, app: App, view: str, width: int) -> None:
    opened(driver, f"http://{app.place}/#view={view}", width, 860)
    wait(driver, f"return !document.getElementById('view-{view}').hidden")
    inner, full = driver.execute_script(
        "return [document.documentElement.clientWidth, document.documentElement.scrollWidth]"
    )
    assert full <= inner
    small = driver.execute_script("""
        const seen = [...document.querySelectorAll('button, select, input, summary')].filter(one => {
          const box = one.getBoundingClientRect();
          return box.width > 0 && box.height > 0 && getComputedStyle(one).visibility !== 'hidden';
        });
        const nameless = seen.filter(one => !(one.labels?.length || one.ariaLabel || one.title ||
          one.textContent.trim() || one.getAttribute('aria-labelledby')));
        return nameless.map(one => one.outerHTML);
    """)
    assert small == []
    assert complaints(driver) == []


def test_the_network_s_tie_is_the_subject_everywhere(page: Any) -> None:
    page.find_element("id", "tab-network").click()
    wait(page, "return window.relsim.app.picture?.network")
    page.execute_script("window.relsim.app.set({pair: 'PAK-ARM'})")
    wait(page, "return window.relsim.app.picture?.pairs['PAK-ARM']")
    page.find_element("id", "tab-futures").click()
    wait(page, "return document.getElementById('pair').value === 'PAK-ARM'")
    title = wait(page, "return document.querySelector('#subject h2').textContent")
    assert "Armenia" in title
    assert "Pakistan" in title


def test_texts_of_scenarios_are_texts(driver: Any, app: App) -> None:
    text = (app.folder / STATUS_QUO).read_text(encoding="utf-8")
    hostile = re.sub(r"(?m)^name: .*$", lambda _: f"name: {json.dumps(HOSTILE)}", text, count=1)
    (app.folder / "hostile.yaml").write_text(hostile, encoding="utf-8")
    opened(driver, f"http://{app.place}/#scenario=hostile.yaml")
    for view in VIEWS:
        driver.find_element("id", f"tab-{view}").click()
        wait(driver, f"return !document.getElementById('view-{view}').hidden")
    assert text_of(driver, "h1") == HOSTILE
    assert driver.execute_script("return window.pwned") is None
