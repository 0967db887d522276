"""Remakes what the README and the documents show: pictures, and the table of verdicts."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import relsim
from benchmarks.browser import BROWSER, DRIVER, browsing
from relsim.analysis.summary import event_table
from relsim.app.folder import start_on
from relsim.app.server import Serving
from relsim.figures.result import fan_chart
from relsim.figures.save import save_chart
from relsim.figures.why import why_chart
from relsim.results.family import run_family
from relsim.results.job import Execution
from relsim.results.question import Question
from relsim.words import measured, percent

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
FAMILY = ROOT / "scenarios" / "pakistan-russia"
FILES = sorted(FAMILY.glob("*.yaml"))
BASE = "status-quo"
EXAMPLE = "two-neighbours"  # the scenario that the README shows
PAGE_SIZE = 1200, 1000
# What the pictures of the app show changed: a tie that an article says can weaken, and some acts.
MOVED = {
    "PAK.ties.USA.weight": 0.0,
    "events.foreign_minister_level.off": False,
    "events.prime_minister_visit.off": False,
    "events.civil_nuclear.off": False,
}
SETTLED = """
const { app, connection } = window.relsim ?? {};
return app?.picture?.last && app.picture.number === connection.number && connection.next === null
  && app.reasons === app.picture.number && document.documentElement.dataset.ready === '1000';
"""

Judged = Sequence[tuple[str, Sequence[relsim.Verdict]]]  # scenarios and their claims


def main() -> None:
    """Runs the family aside, copies figures of it, draws others, and fills the table."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as aside:
        questions = [Question.of(relsim.load(file)) for file in FILES]
        family = run_family(questions, Execution(Path(aside)))
        photograph(family.report, IMAGES / "report.png")
        write_verdicts([(result.scenario.slug, result.claims) for result in family.results])
        armenia = relsim.run(FAMILY / "armenia-recognition.yaml", out=aside)
        picture = armenia.folder / "figures" / f"difference-{BASE}.png"
        shutil.copy(picture, IMAGES / "armenia-recognition.png")
        draw_example(Path(aside))
    photograph_app()
    programme = relsim.load(FAMILY / "article-programme.yaml")
    draw_fan(programme, ["PAK-RUS", "RUS-IND"], IMAGES / "article-programme.png")
    save_chart(
        why_chart(relsim.explain(programme, "PAK-RUS")), IMAGES / "why-article-programme.png"
    )
    print("docs/images and the table of verdicts in scenarios/README.md are up to date")


def draw_example(aside: Path) -> None:
    """The fans of the scenario that the README shows, from the very lines that stand there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    file = aside / f"{EXAMPLE}.yaml"
    file.write_text(example, encoding="utf-8")
    draw_fan(relsim.load(file), None, IMAGES / f"{EXAMPLE}.png")


def draw_fan(scenario: relsim.Scenario, pairs: list[str] | None, picture: Path) -> None:
    """Fans of some pairs of a scenario, or of those that it watches."""
    ensemble = relsim.simulate(scenario)
    summary, events = relsim.summarise(ensemble), event_table(ensemble)
    save_chart(fan_chart(scenario, summary, events, pairs), picture)


def photograph(page: Path, picture: Path) -> None:
    """The top of a page as a browser shows it; left as it was where there is no browser."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("No chromium here: docs/images/report.png is left as it was.")
        return
    width, height = PAGE_SIZE
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *(f"--window-size={width},{height}", "--virtual-time-budget=15000"),
            *(f"--screenshot={picture}", page.resolve().as_uri()),
        ],
        check=True,
        capture_output=True,
    )


def photograph_app() -> None:
    """The app with something changed: its futures, and its network in the dark; left as they were
    where there is no browser."""
    from selenium.webdriver.support.ui import WebDriverWait

    if BROWSER is None or DRIVER is None:
        print("No chromium with chromedriver here: the pictures of the app are left as they were.")
        return
    file = FAMILY / f"{BASE}.yaml"
    with Serving(start_on(file, FAMILY), here=FAMILY) as serving, browsing() as driver:
        serving.warmed.result()
        size = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        driver.get(serving.address)
        waiting = WebDriverWait(driver, 60)
        settled: Any = lambda one: one.execute_script(SETTLED)  # noqa: E731
        waiting.until(settled)
        driver.execute_script("window.relsim.app.set({ changes: arguments[0] })", MOVED)
        waiting.until(settled)
        driver.save_screenshot(str(IMAGES / "app.png"))
        driver.execute_script(
            "const theme = document.getElementById('theme'); theme.value = 'dark';"
            "theme.dispatchEvent(new Event('change'));"
            "window.relsim.app.set({ view: 'network' })"
        )
        waiting.until(settled)
        driver.save_screenshot(str(IMAGES / "app-network.png"))


def write_verdicts(judged: Judged) -> None:
    """Fills the table of verdicts, between the marks in scenarios/README.md."""
    page = ROOT / "scenarios" / "README.md"
    text = page.read_text(encoding="utf-8")
    filled, tables = re.subn(
        "(?<=<!-- claims -->\n).*(?=<!-- /claims -->)",
        lambda _: verdict_table(judged),
        text,
        flags=re.DOTALL,
    )
    if tables != 1:
        raise SystemExit(f"{page} has no place for the table of verdicts.")
    page.write_text(filled, encoding="utf-8")


def verdict_table(judged: Judged) -> str:
    """The verdicts of a family; a claim that a variant inherits unchanged is left out."""
    head = "| scenario | claim | holds in | asked | median effect | verdict |\n"
    base = {claim.name: claim.test for claim in dict(judged)[BASE]}
    rows = (
        verdict_row(slug, claim)
        for slug, claims in judged
        for claim in claims
        if slug == BASE or base.get(claim.name) != claim.test
    )
    return f"{head}| --- | --- | ---: | ---: | ---: | --- |\n{''.join(rows)}"


def verdict_row(slug: str, claim: relsim.Verdict) -> str:
    """A row of the table."""
    effect = measured(claim.effect, claim.unit) + (" months" if claim.unit == "months" else "")
    verdict = claim.verdict if claim.verdict == "supported" else f"**{claim.verdict}**"
    return (
        f"| {slug} | {claim.says} | {percent(claim.share, 1)} | "
        f"{percent(claim.required)} | {effect} | {verdict} |\n"
    )


if __name__ == "__main__":
    main()
