"""The invariants of the model, each against theory where there is one (docs/ODD.md)."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from draws_by_name import drawn_numbers, event_uniforms, pair_draws, posture_shocks
from oracle import Oracle
from relsim.ensemble import chunks
from relsim.ensemble.simulate import simulate
from relsim.model import step as phases
from relsim.model.compile import compile_scenario
from relsim.model.mesa_model import RelationsModel
from relsim.model.plan import Numbers, Plan, World
from relsim.model.rules import LIMIT
from relsim.model.stability import spectral_radius, stability, step_derivative, warning
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import (
    EVERYTHING,
    SHIPPED,
    STATUS_QUO,
    quiet,
    scenario_of,
    settled,
    without_events,
    without_noise,
)

U = np.uint64


def constant_context(scenario: Scenario) -> Scenario:
    return scenario.with_changes({f"context.{name}.end": None for name in scenario.context})


# 1. Status quo is at rest.


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_nothing_moves_without_events_and_noise(path: Path) -> None:
    scenario = constant_context(without_noise(without_events(load(path))))
    model = RelationsModel(scenario.with_changes({"recoded": "all"}), run=3)
    opening = model.world.posture.copy()
    while model.running:
        model.step()
    np.testing.assert_allclose(model.world.posture, opening, rtol=0, atol=1e-12)
    assert np.abs(opening).max() > 0.3  # the test would pass on a world of strangers


def test_the_shipped_status_quo_needs_no_help_to_be_at_rest() -> None:
    scenario = without_noise(without_events(load(STATUS_QUO)))
    levels = simulate(scenario, runs=4).data["overall"]
    assert float(np.abs(levels - levels.isel(time=0)).max()) == 0.0


def test_rest_holds_with_every_mechanism_and_drawn_numbers() -> None:
    scenario = constant_context(without_noise(without_events(scenario_of(settled(EVERYTHING)))))
    for run in range(10):
        model = RelationsModel(scenario, run=run)
        opening = model.world.posture.copy()
        for _ in range(24):
            model.step()
        np.testing.assert_allclose(model.world.posture, opening, rtol=0, atol=1e-12)


def test_an_opening_above_what_can_be_afforded_starts_at_the_ceiling_and_rests() -> None:
    states = {"A": {"capacity": {"economic": {"uniform": [0.2, 0.8]}}}, "B": {}}
    scenario = without_noise(scenario_of({"states": states, "ties": {"A-B": 0.5}}))
    opened = set()
    for run in range(20):
        model = RelationsModel(scenario, run=run)
        opening = model.world.posture.copy()
        opened.add(round(model.cooperation("A", "B", "economic"), 6))
        for _ in range(12):
            model.step()
        np.testing.assert_allclose(model.world.posture, opening, rtol=0, atol=1e-12)
    assert max(opened) == 0.5
    assert min(opened) < 0.4


# 2. Step length.

ETA, VOLATILITY = 0.1, 1e-4  # so small that the squashing is linear to 1e-8


def linear_pair(step: str, **parameters: float) -> Scenario:
    data: dict[str, Any] = {
        "time": {"start": "2020-01", "end": "2024-01", "step": step},
        "domains": ["only"],
        "states": {"A": {}, "B": {}},
        "parameters": {
            "adaptability": ETA,
            "volatility": VOLATILITY,
            "drift": 0,
            "mutuality": 0,
            **parameters,
        },
        "events": {"push": {"at": "2020-01", "effects": [{"shift": "A>B", "size": 1e-4}]}},
    }
    return scenario_of(data)


def postures(scenario: Scenario, runs: int) -> np.ndarray:
    """Postures [runs, times, direction] of the two states."""
    recorded = simulate(scenario, runs=runs, seed=3, record="postures").data["posture"]
    return np.asarray(recorded[..., 0].values, dtype=np.float64)


@pytest.mark.parametrize(("step", "months"), [("month", 1), ("quarter", 3), ("year", 12)])
def test_mean_and_variance_of_a_linear_pair_are_on_their_closed_form(
    step: str, months: int
) -> None:
    runs = 20_000
    levels = postures(linear_pair(step, reciprocity=0), runs)
    times = np.arange(levels.shape[1]) * months
    mean = np.stack([1e-4 * (1 - np.exp(-ETA * times)), 0 * times], axis=1)
    variance = VOLATILITY**2 * (1 - np.exp(-2 * ETA * times))
    error = VOLATILITY / np.sqrt(runs)
    np.testing.assert_allclose(levels.mean(axis=0), mean, rtol=0, atol=4.5 * error)
    np.testing.assert_allclose(
        levels[:, 1:].var(axis=0).T, [variance[1:]] * 2, rtol=4.5 * np.sqrt(2 / runs)
    )
    # Chance is the pair's: what the two sides show differs by causes, the same in every run.
    gaps = levels[..., 0] - levels[..., 1]
    assert float(np.ptp(gaps, axis=0).max()) < 1e-9


def test_without_noise_the_linear_mean_is_exact_at_any_step_length() -> None:
    for step, months in (("month", 1), ("quarter", 3), ("year", 12)):
        levels = postures(linear_pair(step, reciprocity=0, volatility=0), 1)[0]
        times = np.arange(len(levels)) * months
        expected = 1e-4 * (1 - np.exp(-ETA * times))
        np.testing.assert_allclose(levels[:, 0], expected, rtol=2e-7)  # float32 in the record


def test_a_reciprocal_pair_is_on_the_closed_form_of_its_step() -> None:
    """p⁺ = k·p + (1-k)·(a + r·(q - p)): the difference is an AR(1) with factor k - 2r(1-k) that
    chance does not touch; the sum has the variance of what chance adds, twice."""
    runs, r, months = 20_000, 0.2, 3
    levels = postures(linear_pair("quarter", reciprocity=r), runs)
    kept = np.exp(-ETA * months)
    factor = kept - 2 * r * (1 - kept)
    steps = np.arange(levels.shape[1])
    total = 4 * VOLATILITY**2 * (1 - kept ** (2 * steps))
    sums, gaps = levels.sum(axis=2), levels[..., 0] - levels[..., 1]
    tolerance = 4.5 * np.sqrt(2 / runs)
    np.testing.assert_allclose(sums[:, 1:].var(axis=0), total[1:], rtol=tolerance)
    mean = 1e-4 * (1 - kept) * (1 - factor**steps) / (1 - factor)
    np.testing.assert_allclose(gaps, np.tile(mean, (runs, 1)), rtol=0, atol=1e-9)


def test_reciprocity_converges_to_continuous_time_at_first_order() -> None:
    """The relaxation of a difference is e^(-η(1+2r)t) in continuous time."""
    r, end = 0.5, 12
    errors = []
    for step, months in (("year", 12), ("quarter", 3), ("month", 1)):
        levels = postures(linear_pair(step, reciprocity=r, volatility=0), 1)[0]
        gap = levels[end // months, 0] - levels[end // months, 1]
        rate = ETA * (1 + 2 * r)
        exact = 1e-4 / (1 + 2 * r) * (1 - np.exp(-rate * end))
        errors.append(abs(gap - exact) / exact)
    orders = np.log(np.array(errors[:-1]) / errors[1:]) / np.log([4, 3])
    assert errors[-1] < 0.03
    assert (orders > 0.8).all()


def test_drift_grows_with_the_root_of_time_at_any_step_length() -> None:
    for step in ("month", "quarter", "year"):
        scenario = linear_pair(step, volatility=0, drift=1e-4, adaptability=50, reciprocity=0)
        runs = 20_000
        final = postures(scenario, runs)[:, -1].mean(axis=1)
        steps = scenario.time.steps
        years = 4 - (4 / steps)  # the walk of the last step has not been answered yet
        assert abs(final.var() / (1e-8 * years) - 1) < 4.5 * np.sqrt(2 / runs)


def test_shipped_status_quo_hardly_depends_on_the_step() -> None:
    base = load(STATUS_QUO)
    ends = []
    for step in ("month", "quarter"):
        levels = simulate(base.with_changes({"time.step": step}), runs=2000).data["overall"]
        ends.append(levels.isel(time=-1).quantile([0.1, 0.5, 0.9], dim="run"))
    assert float(np.abs(ends[0] - ends[1]).max()) < 0.03


# 3. One rule.


@pytest.mark.parametrize("source", ["everything", "status-quo"])
def test_member_of_an_ensemble_equals_the_mesa_model_bit_for_bit(source: str) -> None:
    scenario = scenario_of(EVERYTHING) if source == "everything" else load(STATUS_QUO)
    data = simulate(scenario, runs=5, seed=11, record="postures").data
    for run in (0, 4):
        model = RelationsModel(scenario, run=run, seed=11)
        for time in range(scenario.time.steps + 1):
            shown = np.clip(model.world.posture + model.world.chance, -LIMIT, LIMIT)
            flat = [
                shown[i, j]
                for i in range(len(model.states))
                for j in range(len(model.states))
                if i != j
            ]
            recorded = data["posture"][run, time].values
            assert np.array_equal(np.array(flat, dtype=np.float32), recorded)
            if time < scenario.time.steps:
                model.step()
                assert np.array_equal(model.world.fired, data["fired"][run, time].values)


def take_step(plan: Plan, numbers: Numbers, world: World, seed: np.uint64, step: np.uint64) -> None:
    """One whole step of all states at once, of run 0."""
    phases.begin_step(plan, numbers, world, seed, np.zeros(1, U), step)
    phases.respond(plan, numbers, world)
    phases.end_step(plan, numbers, world, step)


def test_the_last_world_of_the_kernel_is_that_of_the_mesa_model_in_full_precision() -> None:
    scenario = scenario_of(EVERYTHING)
    compiled = compile_scenario(scenario)
    model = RelationsModel(scenario, run=0, seed=11)
    world = World.empty(compiled)
    numbers = Numbers.views(compiled.sizes, world.vector)
    world.vector[:] = model.lanes.world.vector
    phases.open_world(compiled.plan, numbers, world)
    for step in range(scenario.time.steps):
        model.step()
        take_step(compiled.plan, numbers, world, U(11), U(step))
    names = ("posture", "chance", "drift", "affinity", "history_left", "overall", "vector")
    for name in (*names, "fading", "lasting", "times_fired"):
        assert np.array_equal(getattr(model.world, name), getattr(world.lane(0), name)), name


# 4. Named randomness.


def recorded(scenario: Scenario, **options: Any) -> dict[str, np.ndarray]:
    data = simulate(scenario, seed=5, record="postures", **options).data
    return {str(name): data[name].values for name in data}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_chunking_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = scenario_of(EVERYTHING)
    base = recorded(scenario, runs=40)
    for size in (1, 7, 64):
        monkeypatch.setattr(chunks, "MAX_RUNS", size)
        assert same(base, recorded(scenario, runs=40))


def test_how_many_runs_lie_side_by_side_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = scenario_of(EVERYTHING)
    base = recorded(scenario, runs=21)
    for lanes in (1, 2, 5, 32):
        monkeypatch.setattr(chunks, "LANES", lanes)
        monkeypatch.setattr(chunks, "LANES_OF_FEW", lanes)
        assert same(base, recorded(scenario, runs=21))


def test_more_runs_keep_the_first_ones() -> None:
    scenario = scenario_of(EVERYTHING)
    few, many = recorded(scenario, runs=5), recorded(scenario, runs=300)
    assert same(few, {name: values[:5] for name, values in many.items()})


def test_threads_and_processes_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "MAX_RUNS", 4)
    scenario = scenario_of(EVERYTHING)
    base = recorded(scenario, runs=12)
    with ThreadPoolExecutor(3) as threads:
        assert same(base, recorded(scenario, runs=12, executor=threads))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert same(base, recorded(scenario, runs=12, executor=processes))


def test_a_bystander_moves_nobody() -> None:
    data = {**EVERYTHING, "states": {**EVERYTHING["states"], "AA": {}}}
    base = simulate(scenario_of(EVERYTHING), runs=20, seed=5).data
    more = simulate(scenario_of(data), runs=20, seed=5).data
    shared = more["overall"].sel(pair=base["pair"])
    assert shared.values.tobytes() == base["overall"].values.tobytes()


def test_an_event_elsewhere_moves_no_draw() -> None:
    event = {"chance": "2 per year", "effects": [{"set": "context.unused", "to": 1}]}
    data = {
        **EVERYTHING,
        "context": {**EVERYTHING["context"], "unused": 0.0},
        "events": {"first": event, **EVERYTHING["events"]},
    }
    base = simulate(scenario_of(EVERYTHING), runs=20, seed=5).data
    more = simulate(scenario_of(data), runs=20, seed=5).data
    assert more["overall"].values.tobytes() == base["overall"].values.tobytes()
    assert int(more["fired"].sel(event="first").sum()) > 0


def test_scenarios_on_one_seed_are_paired() -> None:
    base = load(STATUS_QUO)
    variant = base.with_changes({"events.prime_minister_visit.off": False})
    ends = [simulate(s, runs=400).data["overall"].isel(time=-1) for s in (base, variant)]
    for pair in ("PAK-RUS", "RUS-IND"):
        together = np.corrcoef(ends[0].sel(pair=pair), ends[1].sel(pair=pair))[0, 1]
        assert together > 0.95


# 5. Relabelling.


def reordered(data: dict[str, Any]) -> dict[str, Any]:
    turned = {key: dict(reversed(list(data[key].items()))) for key in ("states", "ties", "issues")}
    return {**data, **turned}


def test_the_order_in_the_file_changes_nothing() -> None:
    base = simulate(scenario_of(EVERYTHING), runs=20, seed=5).data["overall"]
    turned = simulate(scenario_of(reordered(EVERYTHING)), runs=20, seed=5).data["overall"]
    assert turned.sel(pair=base["pair"]).values.tobytes() == base.values.tobytes()


def test_other_names_permute_the_results() -> None:
    data = quiet({key: EVERYTHING[key] for key in ("states", "ties", "issues", "context")})
    data["domains"] = ["high", "low"]
    own = {**EVERYTHING["states"]["A"], "traits": {"adaptability": 0.2}}
    data["states"] = {**EVERYTHING["states"], "A": own}
    data["events"] = {"visit": EVERYTHING["events"]["visit"]}
    names = {"A": "Z", "B": "Y", "C": "X", "D": "W"}

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {renamed(key): renamed(value) for key, value in part.items()}
        if isinstance(part, list):
            return [renamed(item) for item in part]
        if not isinstance(part, str):
            return part
        for code, name in names.items():
            if part == code:
                return name
        if len(part) >= 3 and part[1] in "->" and part[0] in names and part[2] in names:
            return names[part[0]] + part[1] + names[part[2]] + part[3:]
        return part

    interests = {
        "B.ties.D": -0.4,
        "C.ties.B": -0.2,
        "C.ties.D": 0.3,
        "B.issues.border.salience": 0.7,
    }
    certain = scenario_of(data).with_changes({"ties.A-B.low": 0.1, "ties.B-C.high": 0.3})
    certain = certain.recoded(interests).with_changes({"A.ties.D": -0.9, "B.capacity.high": 0.5})
    base = simulate(certain, runs=1).data["overall"].isel(run=0)
    other = simulate(scenario_of(renamed(certain.as_written)), runs=1)
    assert float(np.abs(base - base.isel(time=0)).max()) > 0.001
    for pair in base["pair"].values:
        first, second = (names[code] for code in str(pair).split("-"))
        level = other.level(f"{first}-{second}").isel(run=0)
        np.testing.assert_allclose(level, base.sel(pair=pair), rtol=0, atol=1e-7)


def test_cooperation_is_symmetric() -> None:
    model = RelationsModel(scenario_of(EVERYTHING))
    for _ in range(20):
        model.step()
    assert np.array_equal(model.world.overall, model.world.overall.T)
    assert np.array_equal(model.world.chance, model.world.chance.swapaxes(0, 1))
    assert np.array_equal(model.world.caused, model.world.caused.swapaxes(0, 1))


# 6. Bounded: also tests/fuzz.


def test_extremes_stay_in_range() -> None:
    data = {
        "states": {
            "A": {"ties": {"B": -1, "C": 1}},
            "B": {"ties": {"A": 1, "C": -1}, "traits": {"reciprocity": 1e6, "adaptability": 1e6}},
            "C": {"capacity": {"economic": 0}},
        },
        "ties": {"A-B": 1, "A-C": -1, "B>C": {"diplomatic": 0.99}},
        "parameters": {
            "volatility": 1e6,
            "drift": 1e6,
            "alignment_gain": 1e6,
            "rivalry_gain": 1e6,
            "history_half_life": "0.01 months",
        },
        "events": {"e": {"every": "1 month", "effects": [{"shift": "A-B", "size": 1e6}]}},
    }
    levels = simulate(scenario_of(data), runs=20, record="postures").data
    for name in ("overall", "posture"):
        assert np.isfinite(levels[name].values).all()
        assert float(np.abs(levels[name]).max()) <= 1.0


def test_a_posture_without_any_domain_that_counts_is_0_to_a_condition() -> None:
    data = {
        "domains": {"relations": {"normal": [1, 10]}},  # below 0, and so 0, in many runs
        "states": {"A": {}, "B": {}},
        "ties": {"A-B": 0.3},
        "events": {
            name: {"when": {"tie": "A>B", "above": level}, "effects": []}
            for name, level in {"always": -0.5, "where_it_counts": 0.1}.items()
        },
    }
    drawn = simulate(scenario_of(data), runs=30).data
    fired = drawn["fired"].sum("step")
    counts = drawn["drawn"].isel(number=0) > 0
    assert 0 < int(counts.sum()) < 30
    assert (fired.sel(event="always") == 1).all()
    assert (fired.sel(event="where_it_counts") == counts).all()


# 7. Zero is nothing.


@pytest.mark.parametrize(
    "nothing",
    [
        {"at": "2020-02", "effects": [{"pulse": "A-B", "size": 0, "lasting": 0.5}]},
        {"at": "2020-02", "effects": [{"shift": "A-D", "size": 0}]},
        {"every": "1 month", "effects": [{"add": "A.ties.B", "by": 0}]},
        {"chance": "0 per year", "effects": [{"pulse": "A-B", "size": 1}]},
        {"when": {"tie": "A-B", "above": 1}, "effects": [{"pulse": "A-B", "size": 1}]},
        {"off": True, "at": "2020-02", "effects": [{"pulse": "A-B", "size": 1}]},
        {"at": "2030-01", "effects": [{"pulse": "A-B", "size": 1}]},
    ],
)
def test_nothing_changes_nothing(nothing: dict[str, Any]) -> None:
    base = simulate(scenario_of(EVERYTHING), runs=30, seed=5).data
    data = {**EVERYTHING, "events": {**EVERYTHING["events"], "nothing": nothing}}
    more = simulate(scenario_of(data), runs=30, seed=5).data
    assert more["overall"].values.tobytes() == base["overall"].values.tobytes()


def test_an_interest_of_no_weight_changes_nothing() -> None:
    base = scenario_of(EVERYTHING)
    more = base.with_changes({"D.ties.A": 0, "D.issues.border": {"stance": 0.7, "salience": 0}})
    less = more.with_changes({"D.issues.border.stance": 0})
    one, other = (simulate(s, runs=30, seed=5).data["overall"] for s in (base, less))
    assert one.values.tobytes() == other.values.tobytes()


# 8. Additive account.


@pytest.mark.parametrize("run", range(2))
def test_contributions_sum_to_the_pull_of_every_agent(run: int) -> None:
    scenario, seed = scenario_of(EVERYTHING), 4
    model = RelationsModel(scenario, run=run, seed=seed)
    oracle = Oracle(scenario, drawn_numbers(scenario, seed, run))
    agents = sorted(model.agents, key=lambda agent: agent.index)
    for step in range(scenario.time.steps):
        phases.begin_step(model.plan, *model.lanes, U(seed), np.array([run], U), U(step))
        oracle.apply_events(event_uniforms(scenario, seed, run, step))
        phases.fill_chance_pull(model.plan, *model.lanes)
        chance = model.world.chance_pull.copy()
        for agent in agents:
            pull = agent.pull() + chance[agent.index]
            for j in range(len(model.states)):
                for d in range(len(model.domains)):
                    if j != agent.index:
                        account = oracle.account(agent.index, j, d)
                        assert abs(sum(account.values()) - pull[j, d]) < 1e-12
        phases.respond(model.plan, *model.lanes)
        phases.end_step(model.plan, *model.lanes, U(step))
        oracle.respond(
            posture_shocks(scenario, seed, run, step), pair_draws(scenario, seed, run, step)
        )


# 9. Runaway is announced.


def triangle(gain: float) -> Scenario:
    """Three states that mistrust each other's friends."""
    others = {"A": ("B", "C"), "B": ("A", "C"), "C": ("A", "B")}
    data = {
        "time": {"start": "2020-01", "end": "2060-01"},
        "states": {code: {"ties": {a: -1, b: -0.8}} for code, (a, b) in others.items()},
        "ties": {"A-B": 0.3, "A-C": 0.3, "B-C": 0.3},
        "parameters": {"rivalry_gain": gain},
        "events": {"nudge": {"at": "2020-01", "effects": [{"pulse": "A-B", "size": 0.02}]}},
    }
    return scenario_of(quiet(data))


def test_the_derivative_is_that_of_the_compiled_step() -> None:
    # With every posture away from 0, where ceilings set in and there is no derivative.
    ties = {"ties.B>D": 0.05, "ties.C-D": -0.1, "ties.A-D": 0.1, "ties.B-C.low": 0.1}
    certain = scenario_of(settled(EVERYTHING)).with_changes(ties)
    scenario = constant_context(without_noise(without_events(certain)))
    compiled = compile_scenario(scenario)
    world = World.empty(compiled)
    numbers = Numbers.views(compiled.sizes, world.vector)
    phases.open_world(compiled.plan, numbers, world)
    opening = world.posture[..., 0].copy()
    derivative = step_derivative(compiled, compiled.numbers)

    def stepped(posture: np.ndarray) -> np.ndarray:
        phases.open_world(compiled.plan, numbers, world)
        world.posture[..., 0] = posture
        phases.measure(numbers, world)
        take_step(compiled.plan, numbers, world, U(0), U(0))
        return world.posture[..., 0].copy()

    rng = np.random.default_rng(0)
    off_diagonal = ~np.eye(len(compiled.states), dtype=bool)[:, :, None]
    for _ in range(20):
        change = rng.standard_normal(opening.shape) * off_diagonal
        size = 1e-6
        numeric = (stepped(opening + size * change) - stepped(opening - size * change)) / (2 * size)
        np.testing.assert_allclose(derivative(change), numeric, rtol=0, atol=1e-7)


def test_large_and_small_worlds_get_the_same_radius(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compile_scenario(load(STATUS_QUO))
    leading = spectral_radius(compiled, compiled.numbers)
    monkeypatch.setattr("relsim.model.stability.DENSE", 1000)
    assert spectral_radius(compiled, compiled.numbers) == pytest.approx(leading, abs=1e-9)


@pytest.mark.parametrize(("gain", "stable"), [(1.0, True), (8.0, False)])
def test_the_radius_tells_whether_a_nudge_fades(gain: float, stable: bool) -> None:
    scenario = triangle(gain)
    found = stability(compile_scenario(scenario))
    assert found.stable is stable
    levels = simulate(scenario, runs=1).data["overall"].isel(run=0).sel(pair="A-B")
    returned = abs(float(levels[-1] - levels[0])) < 1e-3
    assert returned is stable


def test_a_runaway_is_warned_of_with_its_causes() -> None:
    warnings = warning(compile_scenario(triangle(8.0)), "x.yaml")
    assert [problem.code for problem in warnings] == ["unstable-status-quo"]
    assert ".ties." in warnings[0].hint
    assert warning(compile_scenario(triangle(1.0)), "x.yaml") == []
