"""The command line with chunks of 8 runs, and with what tests let happen to it.

Arguments: what happens, then those of ``relsim``. ``kill N`` ends the process without warning
once N chunks are noted, ``slow N`` makes every chunk last N tenths of a second. ``charts 0``,
``page 0`` and ``move 0`` end it while figures are drawn, before the page takes its place, and
when a result that is replaced has just been moved away. ``figure 0`` lets a figure take minutes.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from relsim.cli import main
from relsim.ensemble import chunks, simulate
from relsim.results import run as run_module

CHUNK = 8
SLOW = {
    "data": {"sequence": {"start": 0, "stop": 1e5, "as": "x"}},
    "transform": [{"window": [{"op": "median", "field": "x", "as": "y"}], "frame": [-2e4, 2e4]}],
    "mark": "point",
}


def kill_after(count: int) -> None:
    module: Any = run_module
    sound, left = module.note, iter(range(count - 1, -1, -1))

    def note(*arguments: Any) -> None:
        sound(*arguments)
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    module.note = note


def slow_down(tenths: int) -> None:
    module: Any = simulate
    sound = module.simulate_chunk

    def simulate_chunk(*arguments: Any) -> Any:
        time.sleep(tenths / 10)
        return sound(*arguments)

    module.simulate_chunk = simulate_chunk


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def drawing() -> Any:
    """What draws; slow to load, so only where it is needed."""
    from relsim.results import views

    return views


def die_among_charts(_: int) -> None:
    module = drawing()
    module.charts_of, module.result_page = lambda *_: [], die


def die_before_the_page(_: int) -> None:
    module = drawing()
    module.charts_of, module.result_page = lambda *_: [], lambda *_: "page"
    module._replace_file = half_a_page


def draw_for_minutes(_: int) -> None:
    import altair as alt

    module = drawing()
    sound = module.charts_of
    endless = "fan-endless", lambda: alt.Chart.from_dict(SLOW)
    module.charts_of = lambda *asked: [endless, *sound(*asked)]


def half_a_page(text: str, file: Path) -> None:
    file.with_name(f".{file.name}.part").write_text(text)
    die()


def die_between_moves(_: int) -> None:
    sound = Path.rename

    def rename(self: Path, target: Path) -> Path:
        moved = sound(self, target)
        if target.suffix == ".old":
            die()
        return moved

    Path.rename = rename  # type: ignore[method-assign, assignment]


HAPPENING = {
    **{"kill": kill_after, "slow": slow_down, "move": die_between_moves},
    **{"charts": die_among_charts, "page": die_before_the_page, "figure": draw_for_minutes},
}

if __name__ == "__main__":
    chunks.MAX_RUNS = CHUNK
    what, number, *arguments = sys.argv[1:]
    HAPPENING[what](int(number))
    sys.argv = ["relsim", *arguments]
    main()
