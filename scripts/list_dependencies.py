"""Prints the names of all dependencies, without bounds: for ``make test-newest``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def requirements() -> list[str]:
    """What relsim and its extras for users require, as ``pyproject.toml`` has it."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras["cluster"], *extras["experiments"]]


def name_of(requirement: str) -> str:
    """The name before the bounds."""
    found = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert found is not None
    return found[0]


if __name__ == "__main__":
    print(" ".join(map(name_of, requirements())))
