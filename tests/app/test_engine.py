"""Ensembles that grow in stages: what they hold, what is kept, who waits for whom."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

import relsim
from relsim.analysis.claims import Verdicts, judge
from relsim.app import engine as module
from relsim.app.engine import Engine, Growing
from relsim.ensemble import simulate
from relsim.ensemble.chunks import Stopped, new_stop, simulate_chunk
from relsim.errors import ResultsError
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, FAMILY, scenario_of

SCENARIO = scenario_of(EVERYTHING)
STAGES = (5, 20, 60)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(STAGES, workers=2)
    yield made
    made.close()


def test_an_ensemble_grown_in_stages_is_that_of_one_go(engine: Engine) -> None:
    growing = engine.growing(SCENARIO, 3)
    for runs in (5, 12, 60):
        grown = growing.grow(runs, new_stop())
        whole = relsim.simulate(SCENARIO, runs=runs, seed=3, progress=False)
        assert grown.data.identical(whole.data)
        assert (grown.seed, grown.failed, grown.scenario) == (3, (), SCENARIO)
    fewer = growing.grow(5, new_stop())
    assert fewer.runs == 5


def failing(monkeypatch: pytest.MonkeyPatch, *failed: int) -> None:
    def chunk_of(program: Any, seed: int, kept: Any, chunk: Any, stop: Any = None) -> Any:
        if any(chunk.first <= run < chunk.first + chunk.runs for run in failed):
            raise ZeroDivisionError
        return simulate_chunk(program, seed, kept, chunk, stop)

    monkeypatch.setattr(simulate, "simulate_chunk", chunk_of)


def test_runs_that_fail_are_left_out_as_of_any_ensemble(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, 1, 7, 19)
    growing = engine.growing(SCENARIO, 3)
    for runs in (5, 20):
        grown = growing.grow(runs, new_stop())
        whole = relsim.simulate(SCENARIO, runs=runs, seed=3, progress=False)
        assert grown.failed == whole.failed != ()
        assert grown.asked == runs
        assert grown.data.identical(whole.data)


def test_a_scenario_of_which_every_run_fails_is_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, *range(60))
    with pytest.raises(ResultsError, match="failed"):
        engine.growing(SCENARIO, 3).grow(5, new_stop())


def simulated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the runs as they are simulated."""
    runs: list[int] = []

    def chunk_of(program: Any, seed: int, kept: Any, chunk: Any, stop: Any = None) -> Any:
        runs.extend(range(chunk.first, chunk.first + chunk.runs))
        return simulate_chunk(program, seed, kept, chunk, stop)

    monkeypatch.setattr(simulate, "simulate_chunk", chunk_of)
    return runs


def test_only_what_is_missing_is_simulated(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = simulated(monkeypatch)
    growing = engine.growing(SCENARIO, 3)
    for count in (5, 20, 5, 60, 20):
        growing.grow(count, new_stop())
    assert sorted(runs) == list(range(60))


def test_two_who_ask_for_one_base_simulate_it_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = simulated(monkeypatch)

    def ask(number: int) -> Any:
        named = SCENARIO.with_changes({"name": f"Visitor {number}"})
        return engine.base(named, 3).grow(60, new_stop())

    with ThreadPoolExecutor(6) as visitors:
        found = list(visitors.map(ask, range(6)))
    assert sorted(runs) == list(range(60))
    assert [each.scenario.name for each in found] == [f"Visitor {n}" for n in range(6)]
    assert all(each.data.identical(found[0].data) for each in found)
    assert engine.growing(SCENARIO, 3).grow(60, new_stop()).runs == 60
    assert len(runs) == 60  # what acts like a base has its runs
    engine.base(SCENARIO, 4).grow(5, new_stop())
    assert len(runs) == 65  # another seed is another base


def test_what_differs_in_what_is_recorded_is_another_base(engine: Engine) -> None:
    engine.base(SCENARIO, 3).grow(5, new_stop())
    watching = SCENARIO.with_changes({"watch": ["C-D"]})
    grown = engine.base(watching, 3).grow(5, new_stop())
    assert "C-D" in grown.data.indexes["watched"]


def test_the_least_recently_used_base_goes_first(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.base(SCENARIO, 0).grow(60, new_stop())
    one = engine.kept_bytes
    assert one > 0
    monkeypatch.setattr(module, "MOST_KEPT", 2.5 * one)
    runs = simulated(monkeypatch)
    for seed in (1, 0, 2):  # 0 is used again, so that 1 has to go
        engine.base(SCENARIO, seed).grow(60, new_stop())
    assert engine.kept_bytes == 2 * one
    runs.clear()
    engine.base(SCENARIO, 0).grow(60, new_stop())
    assert runs == []
    engine.base(SCENARIO, 1).grow(5, new_stop())
    assert runs != []


def test_a_stop_ends_the_work_and_what_is_there_is_kept(engine: Engine) -> None:
    growing = engine.growing(SCENARIO, 3)
    growing.grow(5, new_stop())
    stop = new_stop()
    stop[0] = 1
    with pytest.raises(Stopped):
        growing.grow(60, stop)
    grown = growing.grow(60, new_stop())
    assert grown.data.identical(relsim.simulate(SCENARIO, runs=60, seed=3, progress=False).data)


def test_who_waits_for_a_base_of_another_can_be_stopped(engine: Engine) -> None:
    growing = engine.base(SCENARIO, 3)
    stop = new_stop()
    stop[0] = 1
    with growing._rows.lock, pytest.raises(Stopped):
        growing.grow(5, stop)


def test_the_first_runs_of_one_come_before_the_last_of_another() -> None:
    engine = Engine(STAGES, workers=1)
    order: list[str] = []
    started, free = Event(), Event()

    def hold() -> None:
        started.set()
        free.wait()

    try:
        engine.turn(0, new_stop()).submit(hold)
        started.wait()
        done = [
            engine.turn(urgency, new_stop()).submit(order.append, name)
            for urgency, name in ((2, "last"), (3, "why"), (1, "second"), (0, "first"))
        ]
        free.set()
        for future in done:
            future.result()
    finally:
        engine.close()
    assert order == ["first", "second", "last", "why"]


def test_who_is_told_to_stop_while_waiting_gets_no_turn(engine: Engine) -> None:
    stop, called = new_stop(), list[int]()
    stop[0] = 1
    with pytest.raises(Stopped):
        engine.turn(0, stop).submit(called.append, 1).result()
    assert called == []


def test_a_closed_engine_stops_whoever_asks(engine: Engine) -> None:
    growing = engine.growing(SCENARIO, 3)
    engine.close()
    with pytest.raises(Stopped):
        growing.grow(5, new_stop())


def large(states: int) -> Scenario:
    codes = [f"S{n:03}" for n in range(states)]
    return scenario_of(
        {
            "time": {"start": "2020-01", "end": "2030-01"},
            "states": dict.fromkeys(codes),
            "ties": {"S000-S001": 0.3},
        }
    )


def test_a_large_world_has_fewer_runs_and_a_huge_one_its_watched_pairs_alone() -> None:
    engine = Engine((50, 200, 1000), workers=1)
    try:
        few = engine.growing(large(8), 0)
        assert (few.stages, few.record) == ((50, 200, 1000), "domains")
        many = engine.growing(large(40), 0)
        assert many.record == "domains"
        assert many.stages[:2] == (50, 200)
        assert 200 < many.stages[-1] < 1000
        huge = engine.growing(large(90), 0)
        assert (huge.stages, huge.record) == ((50, 200, 1000), "watched")
        for growing in (few, many, huge):
            each = sum(values[0].nbytes for values in growing._rows.arrays.values())
            assert each * growing.stages[-1] <= module.MOST_BYTES
    finally:
        engine.close()


def test_a_claim_against_a_file_is_judged_by_a_kept_base_of_it(engine: Engine) -> None:
    variant = relsim.load(FAMILY / "capacity-relief.yaml")
    files = {claim.expect.against for claim in variant.claims.values()} - {None}
    assert files
    ensemble = engine.growing(variant, 7).grow(5, new_stop())
    for _ in range(2):
        others = engine.compared_with(ensemble, new_stop())
        assert others.keys() == files
        for file, other in others.items():
            assert isinstance(other, relsim.Ensemble)
            expected = relsim.simulate(
                relsim.load(FAMILY / str(file)), runs=5, seed=7, progress=False
            )
            assert other.data.identical(expected.data)


SMALL = """
relsim: 1
name: Small
time: {start: 2020-01, end: 2021-01}
ensemble: {seed: 1}
states: {A: , B: }
"""


def test_a_file_that_claims_are_against_is_read_again_once_it_has_changed(
    engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "root.yml").write_text(SMALL + "ties: {A-B: 0.2}")
    other = tmp_path / "other.yml"
    other.write_text("relsim: 1\nname: Other\nextends: root.yml\n")
    claim = "claims: {c: {says: More., expect: {change: A-B, above: 0, against: other.yml}}}"
    (tmp_path / "own.yml").write_text(SMALL + claim)
    (tmp_path / "broken.yaml").symlink_to(tmp_path / "nowhere.yaml")
    ensemble = engine.growing(relsim.load(tmp_path / "own.yml"), 1).grow(5, new_stop())

    def compared() -> Scenario:
        (found,) = engine.compared_with(ensemble, new_stop()).values()
        assert isinstance(found, relsim.Ensemble)
        return found.scenario

    first = compared()
    assert compared() is first
    # Whenever it was written: a copy that is moved into place may be older.
    (tmp_path / "root.yml").write_text(SMALL + "ties: {A-B: -0.25}")
    os.utime(tmp_path / "root.yml", (1, 1))
    assert compared() == relsim.load(other) != first


def test_claims_are_judged_once_for_each_number_of_runs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[int] = []

    def noted(ensemble: relsim.Ensemble, others: Any) -> Verdicts:
        judged.append(ensemble.runs)
        return judge(ensemble, others)

    monkeypatch.setattr(module, "judge", noted)
    variant = relsim.load(FAMILY / "capacity-relief.yaml")
    growing = engine.base(variant, 7)
    for runs in (5, 5, 12, 5):
        verdicts = growing.verdicts(runs, new_stop())
        ensemble = growing.grow(runs, new_stop())
        assert verdicts == judge(ensemble, engine.compared_with(ensemble, new_stop()))
    assert judged == [5, 12]


def test_a_claim_against_no_file_says_so(engine: Engine) -> None:
    lost = scenario_of(
        {
            **EVERYTHING,
            "claims": {
                "more": {
                    "says": "There is more.",
                    "expect": {"level": "A-B", "above": 0, "against": "nowhere.yaml"},
                }
            },
        }
    )
    ensemble = engine.growing(lost, 7).grow(5, new_stop())
    (reason,) = engine.compared_with(ensemble, new_stop()).values()
    assert isinstance(reason, str)
    assert "nowhere.yaml" in reason


def test_chunks_are_even_keep_all_workers_busy_and_hold_no_more_runs_than_lie_side_by_side(
    engine: Engine,
) -> None:
    growing: Growing = engine.growing(SCENARIO, 0)
    for first, end in ((0, 50), (50, 200), (200, 1000), (0, 1)):
        chunks = module._even_chunks(growing._rows.compiled, first, end, 2)
        runs = [run for chunk in chunks for run in range(chunk.first, chunk.first + chunk.runs)]
        assert runs == list(range(first, end))
        sizes = [chunk.runs for chunk in chunks]
        assert max(sizes) <= 64
        assert np.ptp(sizes) <= 1
        assert len(chunks) % 2 == 0 or end - first == 1
