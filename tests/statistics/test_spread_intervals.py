"""How often the intervals of shares of the spread between runs hold the true shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from relsim.analysis.spread import HALF_LIVES
from relsim.analysis.variance_shares import orthonormal, variance_shares
from relsim.stats import Values

Documented = Callable[[float], None]
REPLICATIONS = 300
MONTHS = 24
AGES = np.arange(MONTHS)[::-1] + 0.5
WEIGHTS = np.stack([np.ones(MONTHS), *(0.5 ** (AGES / half) for half in HALF_LIVES)], axis=1)
LEFT = 0.5 ** (AGES / 12)  # what an event still does, by its age in months
SIZES = np.array([1.0, 0.5, 0.2])  # of the first numbers; all others do nothing


@dataclass(frozen=True)
class Case:
    """Made-up runs: uniform numbers, events with a chance, and noise of standard deviation 0.35."""

    runs: int
    numbers: int = 12
    chances: tuple[float, ...] = (0.5, 0.5)  # per year; the last event does nothing
    effect: float = 0.4
    noise: str = "normal"


CASES = {
    "1,000 runs": Case(1000),
    "300 runs": Case(300),
    "3 runs a term": Case(100, numbers=13),
    "much noise": Case(1000, noise="much"),
    "hardly any noise": Case(300, noise="hardly any"),
    "noise that grows": Case(300, noise="grows"),
    "noise of heavy tails": Case(300, noise="heavy tails"),
    "in 4 % of runs": Case(1000, chances=(0.02, 0.02), effect=1.5),
    "in 2 % of runs": Case(1000, chances=(0.01, 0.01), effect=1.5),
}


def made(case: Case, generator: np.random.Generator) -> tuple[list[Values], list[Values], Values]:
    """Terms of numbers and of events, and the outcome, [runs]."""
    numbers = generator.random((case.numbers, case.runs))
    outcome = SIZES @ numbers[: len(SIZES)]
    events = []
    for n, chance in enumerate(case.chances):
        fired = (generator.random((case.runs, MONTHS)) < chance / 12).astype(np.float64)
        outcome = outcome + (case.effect * (n == 0)) * (fired @ LEFT)
        events.append(orthonormal(fired @ WEIGHTS))
    noise = 0.35 * generator.standard_normal(case.runs)
    if case.noise == "heavy tails":
        noise = 0.25 * generator.standard_t(4, case.runs)
    elif case.noise == "grows":
        noise = noise * (0.3 + 1.4 * numbers[0])
    noise = noise * {"much": 8.0, "hardly any": 0.1}.get(case.noise, 1.0)
    terms = [orthonormal(np.stack([one, (2 * one - 1) ** 2], axis=1)) for one in numbers]
    return terms, events, outcome + noise


def true_shares(case: Case) -> Values:
    """Of the numbers, the events and the noise: by theory."""
    of_numbers = np.zeros(case.numbers)
    of_numbers[: len(SIZES)] = SIZES**2 / 12
    happens = case.chances[0] / 12
    of_event = case.effect**2 * happens * (1 - happens) * (LEFT**2).sum()
    noise = {"heavy tails": 0.25**2 * 2, "grows": 0.35**2 * (1 + 1.4**2 / 12)}
    noise |= {"much": 0.35**2 * 64, "hardly any": 0.35**2 / 100}
    parts = np.array([*of_numbers, of_event, 0.0, noise.get(case.noise, 0.35**2)])
    return parts / parts.sum()


@cache
def held(name: str) -> Values:
    """Whether each interval holds the true share, [replications, inputs and the rest]."""
    case, true, rows = CASES[name], true_shares(CASES[name]), []
    for seed in range(REPLICATIONS):
        terms, events, outcome = made(case, np.random.default_rng(seed))
        found, left = variance_shares(outcome, terms, events)
        low, high = np.array([*(share[1:3] for share in found), left[1:]]).T
        rows.append((low <= true) & (true <= high))
    return np.array(rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_share_of_a_number(name: str, documented: Documented) -> None:
    documented(float(held(name)[:, : len(SIZES)].mean()))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_share_of_an_event(name: str, documented: Documented) -> None:
    documented(float(held(name)[:, -3].mean()))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_share_of_an_input_that_does_nothing(name: str, documented: Documented) -> None:
    documented(float(held(name)[:, [*range(len(SIZES), CASES[name].numbers), -2]].mean()))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_what_is_left(name: str, documented: Documented) -> None:
    documented(float(held(name)[:, -1].mean()))


def test_a_table_without_effects_names_an_input(documented: Documented) -> None:
    named = 0
    for seed in range(REPLICATIONS):
        terms, events, _ = made(CASES["300 runs"], np.random.default_rng(seed))
        outcome = np.random.default_rng(10_000 + seed).standard_normal(300)
        found, _ = variance_shares(outcome, terms, events)
        named += min(share.by_chance for share in found) < 0.05 / len(found)
    documented(named / REPLICATIONS)
