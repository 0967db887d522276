"""The command line as tests call it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from relsim.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


def spawned(*arguments: str | Path, cwd: Path | None = None) -> Done:
    """relsim in a process of its own, as a user starts it."""
    command = [sys.executable, "-m", "relsim", *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """relsim in this process, which has imported it already. An exception fails the test."""

    def command(*arguments: str | Path, cwd: Path | None = None) -> Done:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["relsim", *(str(argument) for argument in arguments)])
            patch.chdir(cwd or Path.cwd())
            with pytest.raises(SystemExit) as ended:
                main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return command
