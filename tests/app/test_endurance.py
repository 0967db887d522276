"""Ten visitors who drag at once: none gets what is another's, and memory stays flat."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

import relsim
from scenarios_to_test import FAMILY
from visiting import Page

VISITORS, SECONDS = 10, 60
RUNS = 50  # of the first picture
TIE = "PAK.ties.USA.weight"
FLAT = 1.1  # times the memory after a third of the time


@contextmanager
def command_running(folder: Path) -> Iterator[Any]:
    """``relsim app`` in a process of its own, with its port and token."""
    command = [sys.executable, "-m", "relsim", "app", "status-quo.yaml", "--no-browser"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        host, _, token = address.partition("/?token=")
        yield SimpleNamespace(port=int(host.rpartition(":")[2]), token=token, process=process)
        process.terminate()


def drag(app: Any, which: int, found: dict[int, Any]) -> None:
    """Drags one slider for a minute; keeps the effect of each first picture by its value."""
    effects: dict[float, float] = {}
    slowest, step = 0.0, 0
    with Page(app) as page:
        page.open()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            value = round(-1 + 2 * ((which * 37 + step * 7) % 101) / 100, 2)
            sent = time.monotonic()
            number = page.change({TIE: value}, pair="PAK-RUS")
            picture = page.receive_until("picture", number=number)
            slowest = max(slowest, time.monotonic() - sent)
            assert picture["runs"] == RUNS
            effect = picture["pairs"]["PAK-RUS"]["effect"]["mean"]
            assert effects.setdefault(value, effect) == effect
            step += 1
    found[which] = effects, step, slowest


@pytest.mark.slow
def test_ten_visitors_do_not_mix_and_memory_is_flat(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FAMILY, tmp_path / "family"))
    found: dict[int, Any] = {}
    memory = []
    with command_running(folder) as app:
        process = psutil.Process(app.process.pid)
        threads = [
            threading.Thread(target=drag, args=(app, which, found)) for which in range(VISITORS)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            memory.append(process.memory_info().rss / 2**20)
            time.sleep(1)
        assert app.process.poll() is None
    assert sorted(found) == list(range(VISITORS))  # none failed
    settled = memory[len(memory) // 3 :]
    pictures = sum(step for _, step, _ in found.values())
    slowest = max(slow for _, _, slow in found.values())
    print(
        f"{pictures} first pictures for {VISITORS} visitors in {SECONDS} s, the slowest after "
        f"{slowest:.2f} s; memory {settled[0]:.0f} MiB after a third, {max(settled):.0f} at most, "
        f"{settled[-1]:.0f} at the end"
    )
    assert max(settled) <= FLAT * settled[0]
    # What each was shown is what the model says of its own value.
    base = relsim.load(folder / "status-quo.yaml")
    before = relsim.simulate(base, runs=RUNS, progress=False)
    values = sorted({value for effects, _, _ in found.values() for value in effects})
    for value in values[::10]:
        other = relsim.simulate(base.with_changes({TIE: value}), runs=RUNS, progress=False)
        expected = relsim.compare(before, other).effect("PAK-RUS").mean.value
        shown = [effects[value] for effects, _, _ in found.values() if value in effects]
        assert shown == [expected] * len(shown)
