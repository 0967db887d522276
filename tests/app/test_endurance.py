"""Ten visitors who drag at once: none gets what is another's, and memory stays flat."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

import relsim
from app.running import STATUS_QUO, Visitor, running

VISITORS = 10
SECONDS = 60  # of dragging
RUNS = 50  # of the first picture
FLAT = 1.1  # times the memory after the first third


def drag(app: Any, which: int, seconds: float, found: dict[int, Any]) -> None:
    """Drags one slider for a while; keeps the effect of each first picture by its value."""
    effects: dict[float, float] = {}
    slowest = 0.0
    with Visitor(app) as visitor:
        until, step = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            value = round(-1 + 2 * ((which * 37 + step * 7) % 101) / 100, 2)
            sent = time.monotonic()
            number = visitor.change({"PAK.ties.USA.weight": value}, month=None)
            picture = visitor.receive("picture", number=number)
            slowest = max(slowest, time.monotonic() - sent)
            assert picture["runs"] == RUNS
            effect = picture["pairs"]["PAK-RUS"]["effect"]["mean"]
            assert effects.setdefault(value, effect) == effect
            step += 1
    found[which] = effects, step, slowest


@pytest.mark.slow
def test_ten_visitors_do_not_mix_and_memory_is_flat(tmp_path: Path) -> None:
    with running(tmp_path / "shipped") as app:
        process = psutil.Process(app.process.pid)
        found: dict[int, Any] = {}
        threads = [
            threading.Thread(target=drag, args=(app, which, SECONDS, found))
            for which in range(VISITORS)
        ]
        for thread in threads:
            thread.start()
        memory = []
        while any(thread.is_alive() for thread in threads):
            memory.append(process.memory_info().rss / 2**20)
            time.sleep(1)
        for thread in threads:
            thread.join()
        assert app.process.poll() is None
    assert sorted(found) == list(range(VISITORS))  # none failed
    third = len(memory) // 3
    pictures = sum(step for _, step, _ in found.values())
    slowest = max(slow for _, _, slow in found.values())
    print(
        f"{pictures} pictures for {VISITORS} visitors in {SECONDS} s, the slowest after "
        f"{slowest:.2f} s; memory {memory[third]:.0f} MiB after a third, "
        f"{max(memory[third:]):.0f} at most, {memory[-1]:.0f} at the end"
    )
    assert max(memory[third:]) <= FLAT * memory[third]
    # What each was shown is what the model says of its own value.
    base = relsim.load(tmp_path / "shipped" / STATUS_QUO)
    before = relsim.simulate(base, runs=RUNS, progress=False)
    effects = {value: effect for each, _, _ in found.values() for value, effect in each.items()}
    for value in sorted(effects)[::10]:
        other = relsim.simulate(
            base.with_changes({"PAK.ties.USA.weight": value}), runs=RUNS, progress=False
        )
        expected = relsim.compare(before, other).effect("PAK-RUS").mean.value
        assert effects[value] == pytest.approx(expected, abs=1e-12)
    for each, _, _ in found.values():
        for value, effect in each.items():
            assert effect == effects[value]
