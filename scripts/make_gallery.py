"""Remakes the pictures that the README shows, from the shipped scenarios."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import relsim

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
PICTURES = {"article-programme": "fan", "armenia-recognition": "matrix"}


def main() -> None:
    """Runs each scenario aside and copies one figure of it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as aside:
        for name, figure in PICTURES.items():
            scenario = ROOT / "scenarios" / "pakistan-russia" / f"{name}.yaml"
            result = relsim.run(scenario, out=aside)
            shutil.copy(result.folder / "figures" / f"{figure}.png", IMAGES / f"{name}.png")
            print(f"docs/images/{name}.png")


if __name__ == "__main__":
    main()
