"""The network on the page of a result: its months by keyboard, its ties by a click."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import relsim
from benchmarks.browser import ABSENT, BROWSER, DRIVER, browsing
from report.browser import complaints, open_page
from scenarios_to_test import scenario_of

pytestmark = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason=ABSENT)

HOSTILE = "<script>window.pwned = 1</script>'\"&"
LINES = "[data-chart=network-chart] .layer_1_marks line"
VIEW = "views.get(document.querySelector('[data-chart=network-chart]'))"


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with browsing() as one:
        yield one


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    data = {
        "time": {"start": "2020-01", "end": "2021-01"},
        "states": {"A": {"name": HOSTILE}, "B": {}, "C": {}},
        "ties": {"A-B": 0.2, "A-C": -0.5},
        "events": {"e": {"at": "2020-06", "effects": [{"shift": "A-B", "size": 0.4}]}},
    }
    out = tmp_path_factory.mktemp("network")
    return relsim.run(scenario_of(data), runs=5, out=out, figures="none")


@pytest.fixture
def page(driver: Any, result: Any) -> Any:
    open_page(driver, result.folder / "report.html", 400)
    return driver


def strokes(driver: Any) -> list[tuple[str, float]]:
    """Colour and width of each tie, in the order of the pairs."""
    return [
        (line.get_attribute("stroke"), float(line.get_attribute("stroke-width")))
        for line in driver.find_elements("css selector", LINES)
    ]


def levels_shown(driver: Any) -> dict[str, float]:
    """The level of each tie in the month shown, as the chart has it."""
    rows = driver.execute_script(f"return {VIEW}.data('ties').map(t => [t.pair, t.levels])")
    month = driver.execute_script(f"return {VIEW}.signal('month')")
    return {pair: levels[month] for pair, levels in rows}


def run(driver: Any, script: str) -> Any:
    """What a script gives once the chart has settled."""
    return driver.execute_async_script(
        f"const done = arguments[0]; {VIEW}.runAsync().then(() => done({script}))"
    )


def test_the_end_is_shown_first_and_the_slider_moves_by_keyboard(page: Any, result: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    medians = result.summary()["overall"].sel(statistic="q0.5")
    end = {str(p): float(medians.sel(pair=p)[-1]) for p in medians["pair"].values}
    assert levels_shown(page) == pytest.approx(end, abs=6e-4)
    slider = page.find_element("css selector", "#network input[type=range]")
    before = strokes(page)
    assert len(before) == 3
    slider.send_keys(Keys.HOME)
    assert run(page, f"{VIEW}.signal('month')") == 0
    assert slider.get_attribute("aria-valuetext") == "2020-01"
    assert page.find_element("css selector", "#network output").text == "2020-01"
    at_opening = strokes(page)
    assert at_opening != before
    assert len({width for _, width in at_opening}) == 1  # nothing has changed yet
    slider.send_keys(Keys.ARROW_RIGHT)
    assert run(page, f"{VIEW}.signal('month')") == 1


def test_buttons_set_month_and_colours(page: Any) -> None:
    opening, end, change = page.find_elements("css selector", "#network button")
    opening.click()
    assert run(page, f"[{VIEW}.signal('month'), {VIEW}.signal('colours')]") == [0, "level"]
    change.click()
    assert run(page, f"[{VIEW}.signal('month'), {VIEW}.signal('colours')]") == [12, "change"]
    of_change = strokes(page)
    end.click()
    assert run(page, f"{VIEW}.signal('colours')") == "level"
    assert [colour for colour, _ in strokes(page)] != [colour for colour, _ in of_change]


def test_a_tie_or_a_state_stands_out(page: Any) -> None:
    from selenium.webdriver import ActionChains

    def pale() -> list[bool]:
        found = page.find_elements("css selector", LINES)
        return [float(line.get_attribute("opacity")) < 0.1 for line in found]

    assert pale() == [False] * 3
    page.execute_script("document.querySelector('#network .network').scrollIntoView()")
    nodes = page.find_elements("css selector", "[data-chart=network-chart] .layer_3_marks path")
    ActionChains(page).move_to_element(nodes[1]).click().perform()
    run(page, "0")
    pairs = page.execute_script(f"return {VIEW}.data('ties').map(tie => tie.pair)")
    assert pale() == ["B" not in pair for pair in pairs]
    chart = page.find_element("css selector", "[data-chart=network-chart] svg")
    ActionChains(page).move_to_element_with_offset(chart, -150, 150).click().perform()
    run(page, "0")
    assert pale() == [False] * 3  # a click beside them shows all
    page.execute_script(
        "const s = document.querySelector('[data-control=only]'); s.value = 'C';"
        "s.dispatchEvent(new Event('change'))"
    )
    run(page, "0")
    assert pale() == ["C" not in pair for pair in pairs]


@pytest.mark.parametrize("width", [400, 1280])
def test_names_are_texts_and_nothing_sticks_out(driver: Any, result: Any, width: int) -> None:
    from selenium.webdriver import ActionChains

    open_page(driver, result.folder / "report.html", width)
    node = driver.find_elements("css selector", "[data-chart=network-chart] .layer_3_marks path")[0]
    ActionChains(driver).move_to_element(node).pause(0.3).perform()
    assert HOSTILE in driver.find_element("css selector", "#vg-tooltip-element").text
    assert driver.execute_script("return window.pwned") is None
    assert complaints(driver) == []
    inner, full = driver.execute_script(
        "return [document.documentElement.clientWidth, document.documentElement.scrollWidth]"
    )
    assert full <= inner


def test_data_can_be_replaced_while_it_is_shown(page: Any, result: Path) -> None:
    changed = page.execute_async_script(
        f"const done = arguments[0], view = {VIEW};"
        "const rows = view.data('ties').map(t => ({pair: t.pair, first: t.first,"
        " second: t.second, watched: t.watched, levels: t.levels.map(() => -1)}));"
        "view.data('ties', rows).runAsync().then(() => done(1))"
    )
    assert changed == 1
    assert {colour for colour, _ in strokes(page)} == {"rgb(140, 81, 10)"}
