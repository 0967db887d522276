"""Bars show where somebody waits, and nowhere else."""

from __future__ import annotations

import sys

import pytest

from relsim import progress
from relsim.ensemble.simulate import simulate
from relsim.results.run import run
from scenarios_to_test import scenario_of

SCENARIO = scenario_of({"states": {"A": {}, "B": {}}})


def test_a_script_prints_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.0)
    simulate(SCENARIO, runs=10)
    assert capsys.readouterr() == ("", "")


def test_a_prompt_shows_a_bar_unless_it_is_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    simulate(SCENARIO, runs=10)
    assert "of 10 runs" in capsys.readouterr().out
    told: list[int] = []
    simulate(SCENARIO, runs=10, progress=told.append)
    simulate(SCENARIO, runs=10, progress=False)
    assert sum(told) == 10
    assert capsys.readouterr() == ("", "")
    run(SCENARIO, runs=10, out=str(tmp_path), views=False)
    assert "of 10 runs" in capsys.readouterr().out
    run(SCENARIO, runs=10, out=str(tmp_path), views=False, force=True, progress=False)
    assert capsys.readouterr() == ("", "")


def test_what_is_done_within_a_second_has_no_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    monkeypatch.setattr(progress, "DELAY", 1e6)
    simulate(SCENARIO, runs=10)
    assert capsys.readouterr() == ("", "")
