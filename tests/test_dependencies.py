"""Bounds of dependencies: up to the next major version of what is tested."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.list_dependencies import name_of, requirements

ROOT = Path(__file__).parent.parent
YEARS = 2000  # a first number of this size is a year, and no promise


def pinned() -> dict[str, list[int]]:
    """The first numbers of the versions that are tested."""
    found: dict[str, list[int]] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"([\w.-]+)==(\d+)", line):
            found.setdefault(plain(match[1]), []).append(int(match[2]))
    return found


def plain(name: str) -> str:
    return name.lower().replace("_", "-")


@pytest.mark.parametrize("requirement", requirements(), ids=name_of)
def test_the_next_major_version_is_not_allowed(requirement: str) -> None:
    tested = max(pinned()[plain(name_of(requirement))])
    if tested >= YEARS:
        return
    assert f",<{tested + 1}" in requirement
