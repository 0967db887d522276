"""The command line with chunks of 8 runs, without figures, and with what tests let happen to it.

Arguments: what happens, then those of ``relsim``. ``kill N`` ends the process without warning
once N chunks are noted, ``slow N`` makes every chunk last N tenths of a second.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from relsim.cli import main
from relsim.ensemble import chunks, simulate
from relsim.results import resume
from relsim.results import run as run_module

CHUNK = 8


def kill_after(count: int) -> None:
    module: Any = resume
    sound, left = module.note, iter(range(count - 1, -1, -1))

    def note(*arguments: Any) -> None:
        sound(*arguments)
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    module.note = note


def draw_nothing() -> None:
    module: Any = run_module
    module.write_views = lambda *_: None


def slow_down(tenths: int) -> None:
    module: Any = simulate
    sound = module.simulate_chunk

    def simulate_chunk(*arguments: Any) -> Any:
        time.sleep(tenths / 10)
        return sound(*arguments)

    module.simulate_chunk = simulate_chunk


if __name__ == "__main__":
    chunks.MAX_RUNS = CHUNK
    draw_nothing()
    what, number, *arguments = sys.argv[1:]
    {"kill": kill_after, "slow": slow_down}[what](int(number))
    sys.argv = ["relsim", *arguments]
    main()
