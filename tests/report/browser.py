"""Pages of charts in a browser, as tests open them and look at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# Boxes of the texts in each chart that touch each other, as pairs of texts.
OVERLAPS = """
const found = [];
for (const svg of document.querySelectorAll('.chart svg')) {
  const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim() &&
    t.getBoundingClientRect().width > 0 && getComputedStyle(t).opacity !== '0');
  const boxes = texts.map(t => t.getBoundingClientRect());
  for (let a = 0; a < boxes.length; a++) for (let b = a + 1; b < boxes.length; b++) {
    const wide = Math.min(boxes[a].right, boxes[b].right) - Math.max(boxes[a].left, boxes[b].left);
    const high = Math.min(boxes[a].bottom, boxes[b].bottom) - Math.max(boxes[a].top, boxes[b].top);
    const halo = texts[a].textContent === texts[b].textContent &&
      Math.abs(boxes[a].left - boxes[b].left) < 1 && Math.abs(boxes[a].top - boxes[b].top) < 1;
    if (wide > 1 && high > 3 && !halo) found.push([texts[a].textContent, texts[b].textContent]);
  }
}
return found;
"""


def open_page(driver: Any, page: Path, width: int = 1200, height: int = 900) -> None:
    """Opens a page of charts and waits until they are shown."""
    from selenium.webdriver.support.ui import WebDriverWait

    driver.set_window_size(width, height)
    driver.get(page.resolve().as_uri())
    state = "return document.documentElement.dataset.charts"
    WebDriverWait(driver, 60).until(lambda one: one.execute_script(state) is not None)
    assert driver.execute_script(state) == "shown", driver.find_element("id", "failure").text


def complaints(driver: Any) -> list[str]:
    """What the console of the page says at a level of error."""
    return [line["message"] for line in driver.get_log("browser") if line["level"] == "SEVERE"]
