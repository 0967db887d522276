"""The live page in a browser, as tests open it, wait for it and look at it."""

from __future__ import annotations

from typing import Any

from report.browser import complaints
from visiting import STAGES

WAIT = 90  # seconds, for a machine that is busy with other tests
READY = f"document.documentElement.dataset.ready === '{STAGES[-1]}'"
STATE = "return relsim.app.state"
# The last picture of the last change has come.
SETTLED = """(({ app, connection }) => !connection.held && connection.pending === null
  && connection.next === null && app.picture?.number === connection.number && app.picture.last
)(relsim)"""
# The charts show it; those of a view that is hidden are not drawn.
DRAWN = f"{READY} && document.documentElement.dataset.number === String(relsim.app.picture.number)"
# The state in which the page opens, whatever a test has done to it.
FIRST = """
relsim.app.set({ scenario: "status-quo.yaml", base: null, seed: null, changes: {},
  pair: "PAK-RUS", month: null, view: "futures" });
"""
# Elements that reach beyond the right edge of the window, by their ids or classes.
TOO_WIDE = """
const apart = ".scroll, .unseen, .vega-embed, .vega-actions";
return [...document.querySelectorAll("body *")].filter((one) => {
  const { right, width } = one.getBoundingClientRect();
  return width > 0 && right > innerWidth + 1 && !one.closest(apart);
}).map((one) => one.id || one.className || one.tagName);
"""
SMALL = """
const all = document.querySelectorAll("button, select, input, summary, [role=tab]");
return [...all].filter((one) => {
  const { width, height } = one.getBoundingClientRect();
  return width > 0 && (width < 24 || height < 24);
}).map((one) => one.id || one.className || one.tagName);
"""
# What cannot be told from its name, by a program that reads the page aloud.
NAMELESS = """
const all = document.querySelectorAll("button, select, input, textarea, summary, [role=tab]");
const name = (one) => one.getAttribute("aria-label") || one.textContent.trim() || one.title;
return [...all].filter((one) => !one.labels?.length && !name(one)).map((one) => one.outerHTML);
"""


def opened(driver: Any, address: str, width: int = 1280, height: int = 900) -> None:
    """Loads the page with an empty console, and waits until it shows all runs."""
    resize(driver, width, height)
    driver.get("about:blank")
    complaints(driver)  # those of another page, such as one whose server has ended
    driver.get(address)
    if "token=" in address:
        driver.served = address
    until(driver, READY)


def resize(driver: Any, width: int = 1280, height: int = 900) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def opened_or_reset(driver: Any, address: str) -> None:
    """The page as it opens: a page that is loaded is set back, which is quicker than to load it."""
    origin = address.partition("/?")[0]
    # Another server may have had the same port.
    same = getattr(driver, "served", None) == address
    if not same or not driver.current_url.startswith(f"{origin}/"):
        opened(driver, address)
        return
    resize(driver)
    driver.execute_script(FIRST)
    settled(driver)
    until(driver, DRAWN)


def settled(driver: Any) -> None:
    """Waits for all runs of the last change."""
    until(driver, SETTLED)


def until(driver: Any, condition: str) -> None:
    """Waits until a condition of JavaScript holds."""
    from selenium.webdriver.support.ui import WebDriverWait

    script = f"return Boolean({condition})"
    WebDriverWait(driver, WAIT, 0.05).until(lambda one: one.execute_script(script), condition)


def text(driver: Any, selector: str) -> str:
    found: str = driver.find_element("css selector", selector).text
    return found
