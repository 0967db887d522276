"""Remakes the pictures that the README and the documents show, from the shipped scenarios."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import relsim
from relsim.figures.save import save_chart
from relsim.figures.why import why_chart

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
PICTURES = {"article-programme": "fan", "armenia-recognition": "matrix"}


def main() -> None:
    """Runs each scenario aside and copies one figure of it; draws the chart of explain.md."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as aside:
        for name, figure in PICTURES.items():
            scenario = ROOT / "scenarios" / "pakistan-russia" / f"{name}.yaml"
            result = relsim.run(scenario, out=aside)
            shutil.copy(result.folder / "figures" / f"{figure}.png", IMAGES / f"{name}.png")
            print(f"docs/images/{name}.png")
    scenario = relsim.load(ROOT / "scenarios" / "pakistan-russia" / "article-programme.yaml")
    save_chart(why_chart(relsim.explain(scenario, "PAK-RUS")), IMAGES / "why-article-programme.png")
    print("docs/images/why-article-programme.png")


if __name__ == "__main__":
    main()
