"""Signals that end a command: which are heard, what is said, and with which code it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from relsim.cli.application import ONE_WISH, Stopping, stopped_by_signals
from scenarios_to_test import STATUS_QUO


def test_what_is_ignored_stays_ignored_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    heard = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with stopped_by_signals() as stopping:
            os.kill(os.getpid(), signal.SIGHUP)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, heard)
    assert stopping.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before


def test_one_wish_may_come_as_several_signals_and_a_second_one_ends_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    stopping = Stopping()
    with pytest.raises(KeyboardInterrupt):
        stopping.stop(signal.SIGHUP, None)
    stopping.stop(signal.SIGTERM, None)
    assert ended == []
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + ONE_WISH + 1)
    stopping.stop(signal.SIGINT, None)
    assert ended == [128 + signal.SIGHUP]


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (("explain", STATUS_QUO, "PAK-RUS", "--runs", "100000"), "Nothing is kept; the same comm"),
        # Also in tests/results/test_resume.py, of a smaller scenario.
        pytest.param(("run", STATUS_QUO, "--runs", "100000"), "", marks=pytest.mark.slow),
        (("compare", STATUS_QUO, STATUS_QUO, "--runs", "100000"), ""),
    ],
    ids=["explain", "run", "compare"],
)
def test_a_command_that_is_told_to_end_says_what_is_kept(
    tmp_path: Path, arguments: tuple[str | Path, ...], kept: str
) -> None:
    asked = [sys.executable, "-m", "relsim", *map(str, arguments)]
    with subprocess.Popen(
        asked, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith(("Simulating", "Accounting")):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 143
    assert said.splitlines()[-1].startswith(f"Stopped. {kept}")
    assert "the same command" in said
    assert "Traceback" not in said
