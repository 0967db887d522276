"""Settings of the whole suite."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

# Terminal output is compared as text, so no colours and a width that breaks nothing.
os.environ.update({"NO_COLOR": "1", "COLUMNS": "140", "TERM": "dumb"})

from commands import Command, called
from documented import NEARLY, documented_figures


@pytest.fixture
def relsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, in this process."""
    return called(monkeypatch, capsys)


@pytest.fixture
def documented(request: pytest.FixtureRequest) -> Callable[[float], None]:
    """Fails where a figure is not the one that docs/statistics.md gives for the test that asks."""
    test = f"{request.node.path.name}::{request.node.name}"

    def check(measured: float) -> None:
        print(f"{test}: {measured:.3f}")
        figures = documented_figures()
        assert test in figures, f"docs/statistics.md has no row of {test}, which is {measured:.3f}."
        assert measured == pytest.approx(figures[test], abs=NEARLY)

    return check
