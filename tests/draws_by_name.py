"""The draws of one step by the names of their processes, for the oracle."""

from __future__ import annotations

import numpy as np

from relsim.model.compile import compile_scenario
from relsim.model.draws import draw_numbers
from relsim.model.noise import fill_normals, uniform
from relsim.model.streams import process_key
from relsim.scenario.schema import Scenario

Pair = tuple[str, str]


def normals(name: str, seed: int, run: int, step: int) -> tuple[float, float]:
    """The two normals of a process, drawn alone."""
    first, second, scratch = (np.zeros((1, 1)) for _ in range(3))
    keys = np.array([process_key(name)], dtype=np.uint64)
    runs = np.array([run], dtype=np.uint64)
    fill_normals(keys, np.uint64(seed), runs, np.uint64(step), first, second, scratch)
    return float(first[0, 0]), float(second[0, 0])


def event_uniforms(scenario: Scenario, seed: int, run: int, step: int) -> dict[str, float]:
    """One uniform for each event."""
    return {
        name: float(
            uniform(
                np.uint64(process_key(f"event:{name}")),
                np.uint64(seed),
                np.uint64(run),
                np.uint64(step),
            )
        )
        for name in scenario.events
    }


def posture_shocks(
    scenario: Scenario, seed: int, run: int, step: int
) -> dict[tuple[str, str, str], float]:
    """A normal for each pair and domain: a block of the generator gives the two of an even step and
    the odd one after it."""
    return {
        (a, b, domain): normals(f"posture:{a}-{b}.{domain}", seed, run, step // 2)[step % 2]
        for a, b in _pairs(scenario)
        for domain in scenario.domains
    }


def pair_draws(
    scenario: Scenario, seed: int, run: int, step: int
) -> dict[Pair, tuple[float, float]]:
    """Two normals for each pair: of its drift, and of the news to all its domains."""
    return {(a, b): normals(f"pair:{a}-{b}", seed, run, step) for a, b in _pairs(scenario)}


def drawn_numbers(scenario: Scenario, seed: int, run: int) -> dict[str, float]:
    """The uncertain numbers of a run by path."""
    draws = compile_scenario(scenario).draws
    values = draw_numbers(draws, seed, run, 1)[0]
    return {draw.name: float(value) for draw, value in zip(draws, values, strict=True)}


def _pairs(scenario: Scenario) -> list[Pair]:
    codes = sorted(scenario.states)
    return [(a, b) for a in codes for b in codes if a < b]
