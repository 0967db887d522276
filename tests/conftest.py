"""Settings of the whole suite."""

from __future__ import annotations

import os

import pytest

# Terminal output is compared as text, so no colours and a width that breaks nothing.
os.environ.update({"NO_COLOR": "1", "COLUMNS": "140", "TERM": "dumb"})

from commands import Command, called


@pytest.fixture
def relsim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, in this process."""
    return called(monkeypatch, capsys)
