"""relsim beside the same model in other hands: same scenario, same noise, same trajectories."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

import relsim
from benchmarks import bare, numpy_batch, with_mesa
from benchmarks.given import Floats, Given, give
from benchmarks.loops import LoopWorld
from benchmarks.timing import Contender, alternate

Levels: TypeAlias = Callable[[Given, int], NDArray[np.floating]]

SEED = 7
RELSIM = "relsim"
DOUBLE, SINGLE = 1e-9, 1e-7  # largest differences from relsim's states and from its records


def peers() -> dict[str, Levels]:
    """Each peer as a function of what it is given: overall cooperation [runs, T, P]."""
    found: dict[str, Levels] = {
        "Mesa, loops": partial(with_mesa.simulate, kind=LoopWorld),
        "Mesa": with_mesa.simulate,
        "NumPy batch": _numpy_levels,
        "bare kernel": _bare_levels,
    }
    if find_spec("agentpy") is not None:
        from benchmarks import with_agentpy

        found["AgentPy"] = with_agentpy.simulate
    return found


def _numpy_levels(given: Given, runs: int) -> NDArray[np.floating]:
    noise = numpy_batch.hand_over(given.noise)
    return numpy_batch.simulate(given, noise, runs, np.float64)


def _bare_levels(given: Given, runs: int) -> Floats:
    levels = np.empty((runs, given.steps, len(given.pairs[0])))
    bare.simulate(bare.hand_over(given), 0, runs, levels)
    return levels


def check(scenario: relsim.Scenario, given: Given, simulate: Levels) -> float:
    """The largest difference of a peer from relsim over all months and pairs.

    All runs are held against relsim's records, which have single precision, and the first two
    against its Mesa model, which shares its rules and keeps double precision.

    Raises:
        AssertionError: the peer does not do the same as relsim.
    """
    levels = simulate(given, given.runs)
    record = relsim.simulate(scenario, runs=given.runs, seed=SEED, record="overall")
    difference = np.abs(levels - record.data["overall"].to_numpy()[:, 1:]).max()
    assert difference <= SINGLE, f"differs from the records by {difference}"
    exact = 0.0
    for run in range(min(2, given.runs)):
        model = relsim.RelationsModel(scenario, run=run, seed=SEED)
        for step in range(given.steps):
            model.step()
            exact = max(exact, np.abs(levels[run, step] - model.world.overall[given.pairs]).max())
    assert exact <= DOUBLE, f"differs from the states by {exact}"
    return float(exact)


def check_all(scenario: relsim.Scenario, runs: int) -> dict[str, float]:
    """The largest difference of each peer from relsim."""
    given = give(scenario, runs, SEED)
    return {name: check(scenario, given, simulate) for name, simulate in peers().items()}


def measure(scenario: relsim.Scenario, repeats: int, cores: int) -> dict[str, list[float]]:
    """Seconds per run of relsim and of each peer, in each repeat."""
    batch = 4 * numpy_batch.BLOCK
    given = give(scenario, batch, SEED)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(cores) as all_cores:
        contenders = {
            RELSIM: Contender(512, _relsim(scenario, 512, one)),
            f"relsim, {cores} cores": Contender(1024, _relsim(scenario, 1024, all_cores)),
            **_agent_programs(given, 10),
            **_numpy(given, batch),
            **_bare(given, 16, 32),
        }
        return alternate(contenders, repeats)


def _relsim(scenario: relsim.Scenario, runs: int, pool: Executor) -> Callable[[], object]:
    return lambda: relsim.simulate(scenario, runs=runs, seed=SEED, record="overall", executor=pool)


def _agent_programs(given: Given, runs: int) -> dict[str, Contender]:
    counts = {"Mesa, loops": 2, "Mesa": runs, "AgentPy": runs}
    return {
        name: Contender(counts[name], partial(program, given, counts[name]))
        for name, program in peers().items()
        if name in counts
    }


def _numpy(given: Given, runs: int) -> dict[str, Contender]:
    noise = numpy_batch.hand_over(given.noise)
    blocks = runs // numpy_batch.BLOCK
    own = [numpy_batch.draw(given, seed) for seed in range(blocks)]
    return {
        "NumPy batch": Contender(runs, lambda: numpy_batch.simulate(given, noise, runs)),
        "NumPy batch, own noise": Contender(runs, lambda: numpy_batch.simulate(given, own, runs)),
    }


def _bare(given: Given, runs: int, rounds: int) -> dict[str, Contender]:
    """The same few runs again and again, so that their noise stays in the cache."""
    tables = bare.hand_over(given)

    def simulate() -> None:
        for _ in range(rounds):
            bare.simulate(tables, 0, runs)

    return {"bare kernel": Contender(runs * rounds, simulate)}
