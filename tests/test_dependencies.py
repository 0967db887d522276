"""Bounds of dependencies: up to the next major version of what is tested; numba, whose internals
are used, up to the next version at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.list_dependencies import name_of, requirements

ROOT = Path(__file__).parent.parent
YEARS = 2000  # a first number of this size is a year, and no promise


def pinned() -> dict[str, list[tuple[int, int]]]:
    """The first two numbers of the versions that are tested."""
    versions: dict[str, list[tuple[int, int]]] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([\w.-]+)==(\d+)(?:\.(\d+))?", line):
            version = int(match[2]), int(match[3] or 0)
            versions.setdefault(plain(match[1]), []).append(version)
    return versions


def plain(name: str) -> str:
    return name.lower().replace("_", "-")


@pytest.mark.parametrize("requirement", requirements(), ids=name_of)
def test_the_next_major_version_is_not_allowed(requirement: str) -> None:
    major, minor = max(pinned()[plain(name_of(requirement))])
    if major >= YEARS:
        return
    following = f"{major}.{minor + 1}" if name_of(requirement) == "numba" else f"{major + 1}"
    assert requirement.endswith(f",<{following}")
