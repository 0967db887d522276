"""Invariant 13 and what it rests on: chance stirs relations around what causes make of them, and
never shifts them (docs/ODD.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antithetic import MirroredRuns
from relsim.ensemble.simulate import simulate
from relsim.model.mesa_model import RelationsModel
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import (
    EVERYTHING,
    ROOT,
    SHIPPED,
    quiet,
    scenario_of,
    settled,
    without_events,
)

REGIONS = [
    ROOT / "scenarios" / name / "status-quo.yaml" for name in ("pakistan-russia", "nile-red-sea")
]
SLIDE = 0.003


def undisturbed(path: Path) -> Scenario:
    """A shipped scenario without anything that moves its relations by a cause."""
    scenario = without_events(load(path))
    changes: dict[str, Any] = {f"context.{name}.end": None for name in scenario.context}
    return scenario.with_changes({**changes, "history_half_life": None, "recoded": "all"})


def largest_departures(scenario: Scenario, runs: int, at_once: int) -> np.ndarray:
    """How far the median of any pair is from its opening at each time, in so many runs with their
    mirror images [T]."""
    batches = [
        MirroredRuns(scenario, min(at_once, runs - first), first=first)
        for first in range(0, runs, at_once)
    ]
    opening = np.concatenate([batch.world.overall for batch in batches], axis=-1)
    departures = []
    for _ in range(scenario.time.steps):
        for batch in batches:
            batch.step()
        levels = np.concatenate([batch.world.overall for batch in batches], axis=-1)
        moved = np.median(levels, axis=-1) - np.median(opening, axis=-1)
        departures.append(np.abs(moved).max())
    return np.array(departures)


# 13. No slide.


@pytest.mark.parametrize("path", REGIONS, ids=lambda path: path.parent.name)
def test_without_events_no_median_slides(path: Path) -> None:
    departures = largest_departures(undisturbed(path), runs=320, at_once=16)
    assert departures.max() < SLIDE


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_without_events_no_median_of_any_shipped_scenario_slides(path: Path) -> None:
    departures = largest_departures(undisturbed(path), runs=2000, at_once=16)
    assert departures.max() < SLIDE


def test_no_median_slides_where_levels_ceilings_and_gaps_would_have_it() -> None:
    """High levels, low ceilings, one-sided openings, strong third parties; not so much unrest
    that levels are cut off at 1."""
    states: dict[str, Any] = {
        "A": {"ties": {"B": 1, "C": -1}, "capacity": {"economic": 0.4}},
        "B": {"ties": {"C": 1, "D": -0.5}, "traits": {"volatility": 0.12}},
        "C": {"ties": {"A": -1, "D": 0.5}, "traits": {"reciprocity": 0.5}},
        "D": {"ties": {"A": 1}, "traits": {"adaptability": 0.3}},
    }
    ties = {
        "A-B": {"economic": 0.35, "overall": 0.6},
        "A>C": {"diplomatic": 0.6, "economic": 0.2},
        "C>A": -0.2,
        "B-D": -0.7,
    }
    parameters = {"alignment_gain": 0.35, "rivalry_gain": 0.3, "drift": 0.08}
    scenario = scenario_of({"states": states, "ties": ties, "parameters": parameters})
    assert largest_departures(scenario, runs=100, at_once=50).max() < 1e-9


# What it rests on.


def test_a_run_and_its_mirror_image_differ_by_the_sign_of_chance() -> None:
    runs = MirroredRuns(without_events(scenario_of(EVERYTHING)), runs=5)
    for _ in range(48):
        runs.step()
        world = runs.world
        assert np.array_equal(world.chance[..., ::2], -world.chance[..., 1::2])
        assert np.array_equal(world.drift[..., ::2], -world.drift[..., 1::2])
        assert np.array_equal(world.posture[..., ::2], world.posture[..., 1::2])
    assert np.abs(world.chance).max() > 0.1
    assert np.array_equal(world.chance, world.chance.swapaxes(0, 1))


def test_chance_opens_no_gap_between_the_sides_of_a_pair() -> None:
    """Postures are those of causes alone, in every run."""
    data = settled(EVERYTHING)
    certain = scenario_of({**data, "events": {}}).recoded(
        {"B.ties.D": -0.4, "C.ties.B": 0.1, "C.ties.D": 0.3, "B.issues.border.salience": 0.7}
    )
    certain = certain.with_changes(
        {
            "parameters.alignment_gain": 0.3,
            "ties.A-B.low": 0.1,
            "ties.B-C.high": 0.4,
            "A.capacity.high": 0.2,
        }
    )
    runs = MirroredRuns(certain, runs=4)
    still = RelationsModel(scenario_of(quiet(certain.as_written)))
    for _ in range(24):
        runs.step()
        still.step()
    for lane in range(8):
        np.testing.assert_allclose(
            runs.world.posture[..., lane], still.world.posture, rtol=0, atol=1e-15
        )


VOLATILITY, OTHER_VOLATILITY, ETA, OTHER_ETA, DRIFT = 1e-4, 3e-4, 0.05, 0.15, 2e-4


def variances(months: int, times: int) -> np.ndarray:
    """Of what chance adds to a pair that is linear, at the end of each step: x⁺ = k·x + (1-k)·B +
    s·ξ and B⁺ = B + q·ζ, with the means of the two states' traits."""
    volatility, eta = (VOLATILITY + OTHER_VOLATILITY) / 2, (ETA + OTHER_ETA) / 2
    kept = np.exp(-eta * months)
    step = np.array([[kept, 1 - kept], [0, 1]])
    shocks = np.diag([volatility**2 * (1 - kept**2), DRIFT**2 * months / 12])
    moments, found = np.zeros((2, 2)), [0.0]
    for _ in range(times):
        moments = step @ moments @ step.T + shocks
        found.append(moments[0, 0])
    return np.array(found)


def in_continuous_time(months: np.ndarray) -> np.ndarray:
    volatility, eta = (VOLATILITY + OTHER_VOLATILITY) / 2, (ETA + OTHER_ETA) / 2
    once, twice = -np.expm1(-eta * months) / eta, -np.expm1(-2 * eta * months) / (2 * eta)
    walked: np.ndarray = DRIFT**2 / 12 * (months - 2 * once + twice)
    return volatility**2 * -np.expm1(-2 * eta * months) + walked


@pytest.mark.parametrize(("step", "months"), [("month", 1), ("quarter", 3), ("year", 12)])
def test_the_spread_of_a_pair_is_on_its_closed_form_at_any_step_length(
    step: str, months: int
) -> None:
    runs, traits = 20_000, {"volatility": OTHER_VOLATILITY, "adaptability": OTHER_ETA}
    data = {
        "time": {"start": "2020-01", "end": "2028-01", "step": step},
        "domains": ["only"],
        "states": {"A": {}, "B": {"traits": traits}},
        "parameters": {"adaptability": ETA, "volatility": VOLATILITY, "drift": DRIFT},
    }
    levels = simulate(scenario_of(data), runs=runs, seed=3).data["overall"].values[..., 0]
    expected = variances(months, levels.shape[1] - 1)
    tolerance = 4.5 * np.sqrt(2 / runs)
    np.testing.assert_allclose(levels[:, 1:].var(axis=0, dtype=float), expected[1:], rtol=tolerance)
    error = np.sqrt(expected.max() / runs)
    assert np.abs(levels.mean(axis=0, dtype=float)).max() < 4.5 * error


def test_the_closed_forms_meet_that_of_continuous_time_at_first_order() -> None:
    end, errors = 96, []
    exact = float(in_continuous_time(np.array([float(end)]))[0])
    for months in (12, 3, 1):
        errors.append(abs(variances(months, end // months)[-1] / exact - 1))
    orders = np.log(np.array(errors[:-1]) / errors[1:]) / np.log([4, 3])
    assert errors[-1] < 0.02
    assert (orders > 0.8).all()


# History that fades.


@pytest.mark.parametrize(("step", "months"), [("month", 1), ("quarter", 3), ("year", 12)])
def test_history_fades_by_half_in_its_half_life(step: str, months: int) -> None:
    """A pair with nothing but its past, which follows its pull at once: p = T(a·2^(-t/H))."""
    level, half_life = 0.6, 30.0
    data = {
        "time": {"start": "2020-01", "end": "2026-01", "step": step},
        "states": {"A": {}, "B": {}},
        "ties": {"A-B": level},
        "parameters": {"adaptability": 1e3, "history_half_life": f"{half_life:g} months"},
    }
    model = RelationsModel(scenario_of(quiet(data)))
    affinity = level / np.sqrt(1 - level**2)
    for step_number in range(72 // months):
        model.step()
        pull = affinity * 2 ** (-step_number * months / half_life)
        assert model.cooperation("A", "B") == pytest.approx(pull / np.hypot(1, pull), abs=1e-12)
        left = 2 ** (-(step_number + 1) * months / half_life)
        assert float(model.world.history_left) == pytest.approx(left, rel=1e-12)


def test_history_that_fades_leaves_what_interests_say() -> None:
    """At the new rest, pull = issues alone."""
    stand = {"issues": {"creed": {"stance": 1, "salience": 0.8}}}
    data = {
        "time": {"start": "2020-01", "end": "2050-01"},
        "issues": {"creed": {"minus": "a", "plus": "b"}},
        "states": {"A": stand, "B": stand},
        "ties": {"A-B": -0.5},
        "parameters": {"history_half_life": "1 year", "adaptability": 0.5, "issue_gain": 0.3},
    }
    end = simulate(scenario_of(quiet(data)), runs=1).data["overall"].values[0, -1, 0]
    assert end == pytest.approx(0.24 / np.hypot(1, 0.24), abs=1e-6)


def test_history_without_a_half_life_lasts_for_ever_to_the_bit() -> None:
    absent = scenario_of(EVERYTHING).with_changes(
        {"history_half_life": None, "events.alarm.off": True}
    )
    fading = absent.with_changes({"history_half_life": "5 years"})
    models = RelationsModel(absent, run=2), RelationsModel(fading, run=2)
    models[1].numbers.history_half_life[...] = np.inf
    for _ in range(absent.time.steps):
        for model in models:
            model.step()
    assert float(models[0].world.history_left) == 1.0
    for name in ("posture", "chance", "overall", "affinity"):
        assert np.array_equal(getattr(models[0].world, name), getattr(models[1].world, name))
