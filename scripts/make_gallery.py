"""Remakes what the README and the documents show: pictures, and the table of claims."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import relsim
from relsim.analysis.numerals import measured, percent
from relsim.figures.save import save_chart
from relsim.figures.why import why_chart
from relsim.results.family import Family, run_family
from relsim.results.result import Result

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
FILES = sorted((ROOT / "scenarios" / "pakistan-russia").glob("*.yaml"))
PICTURES = {"article-programme": "fan", "armenia-recognition": "difference-status-quo"}
PAGE_SIZE = 1200, 1000


def main() -> None:
    """Runs the family aside, copies figures of it, draws others, and fills the table."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as aside:
        family = run_family(FILES, out=aside)
        for name, figure in PICTURES.items():
            result = relsim.run(ROOT / "scenarios" / "pakistan-russia" / f"{name}.yaml", out=aside)
            shutil.copy(result.folder / "figures" / f"{figure}.png", IMAGES / f"{name}.png")
        photograph(family.report, IMAGES / "report.png")
        write_claims(family)
    scenario = relsim.load(ROOT / "scenarios" / "pakistan-russia" / "article-programme.yaml")
    save_chart(why_chart(relsim.explain(scenario, "PAK-RUS")), IMAGES / "why-article-programme.png")
    print("docs/images and the table of claims in README.md are up to date")


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


def write_claims(family: Family) -> None:
    """The verdicts of the family, between the marks in the README."""
    head = "| scenario | claim | holds in | asked | median effect | verdict |\n"
    rows = "".join(claim_row(*row) for row in claims_of(family))
    table = (
        f"<!-- claims -->\n{head}| --- | --- | ---: | ---: | ---: | --- |\n{rows}<!-- /claims -->"
    )
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    filled = re.sub("<!-- claims -->.*<!-- /claims -->", lambda _: table, text, flags=re.DOTALL)
    readme.write_text(filled, encoding="utf-8")


def claims_of(family: Family) -> list[tuple[Result, relsim.Verdict]]:
    """Every claim with its result; one that a variant inherits unchanged is left out."""
    own = {claim.name: claim.test for claim in family.results[family.base].claims}
    return [
        (result, claim)
        for place, result in enumerate(family.results)
        for claim in result.claims
        if place == family.base or own.get(claim.name) != claim.test
    ]


def claim_row(result: Result, claim: relsim.Verdict) -> str:
    """A row of the table."""
    effect = measured(claim.effect, claim.unit) + (" months" if claim.unit == "months" else "")
    verdict = claim.verdict if claim.verdict == "supported" else f"**{claim.verdict}**"
    return (
        f"| {result.scenario.slug} | {claim.says} | {percent(claim.share, 1)} | "
        f"{percent(claim.required)} | {effect} | {verdict} |\n"
    )


if __name__ == "__main__":
    main()
