"""Accounts of every run, as the kernel works them out and does not keep for an explanation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TypeAlias

import numpy as np

from relsim.ensemble.accounts import account_chunk
from relsim.ensemble.chunks import Chunk
from relsim.ensemble.record import both_ways
from relsim.model.account import by_quantity
from relsim.model.plan import Compiled

RunByRun: TypeAlias = SimpleNamespace


def run_by_run(compiled: Compiled, pair: tuple[str, str], seed: int, chunk: Chunk) -> RunByRun:
    """Every quantity of both ways of a pair, [runs, T + 1, 2, ...]; domains without their mean,
    which ``overall_pull`` has."""
    sides = both_ways(compiled.pair_states((pair,)))
    history = account_chunk(compiled.program, sides, seed, chunk, history=True).history
    views = by_quantity(compiled.sizes, np.moveaxis(history, -1, 0), -1)
    named = {
        name: values[:, :, :, 1:]
        if name in ("part", "pull", "lasting", "posture", "slope")
        else values
        for name, values in views.items()
    }
    return SimpleNamespace(**named, overall_pull=views["pull"][:, :, :, 0])
