"""How long the command line takes to start, and the kernel to compile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.child import ask
from benchmarks.timing import Spread, seconds

ROOT = Path(__file__).resolve().parent.parent
STATUS_QUO = ROOT / "scenarios" / "pakistan-russia" / "status-quo.yaml"
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "relsim --help": ["-m", "relsim", "--help"],
    "relsim validate status-quo.yaml": ["-m", "relsim", "validate", str(STATUS_QUO)],
}
TIMES = 7


def commands() -> dict[str, Spread]:
    """Seconds of each command, taking turns."""
    found: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(TIMES):
        for name, arguments in COMMANDS.items():
            found[name].append(seconds(lambda arguments=arguments: _call(arguments)))  # type: ignore[misc]
    return {name: Spread.of(values) for name, values in found.items()}


def _call(arguments: list[str]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def compilation() -> dict[str, float]:
    """Seconds of the first run in a new process, with nothing and with all of it compiled."""
    question = {"runs": 1, "repeats": 1, "cores": 1}
    with TemporaryDirectory() as folder:
        environment = {"NUMBA_CACHE_DIR": folder}
        nothing = ask(question, environment)["first_call"]
        return {"compiled anew": nothing, "from cache": ask(question, environment)["first_call"]}
