"""Leaving off: chunks in hand end within a step, not at their end."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from relsim.ensemble.chunks import Chunk, Stopped, new_stop, simulate_chunk
from relsim.ensemble.record import recorder
from relsim.model.compile import compile_scenario
from relsim.scenario.load import check_text
from relsim.scenario.world import world_text


def test_a_chunk_in_hand_ends_soon_after_it_is_told_to() -> None:
    compiled = compile_scenario(check_text(world_text(30, 1)).require())
    asked = compiled.program, 1, recorder(compiled, "overall")
    simulate_chunk(*asked, Chunk(0, 1))
    stop = new_stop()
    with ThreadPoolExecutor(1) as pool:
        began = time.perf_counter()
        future = pool.submit(simulate_chunk, *asked, Chunk(0, 100_000), stop)
        time.sleep(0.5)
        assert not future.done()
        stop[0] = 1
        with pytest.raises(Stopped):
            future.result()
    assert time.perf_counter() - began < 3


def test_a_chunk_that_is_told_before_it_begins_gives_nothing() -> None:
    compiled = compile_scenario(check_text(world_text(5, 1)).require())
    stop = new_stop()
    stop[0] = 1
    with pytest.raises(Stopped):
        simulate_chunk(compiled.program, 1, recorder(compiled, "overall"), Chunk(0, 3), stop)
