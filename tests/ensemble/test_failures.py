"""Runs that fail: recorded, left out, and no other run goes with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relsim.analysis.claims import judge
from relsim.analysis.compare import compare
from relsim.ensemble import chunks, simulate
from relsim.ensemble.chunks import Chunk, Stopped
from relsim.errors import ResultsError
from relsim.model.compile import compile_scenario
from scenarios_to_test import EVERYTHING, scenario_of

SCENARIO = scenario_of(EVERYTHING)


def failing(monkeypatch: pytest.MonkeyPatch, *failed: int) -> None:
    """Makes these runs fail, alone or within a chunk."""
    sound = chunks.simulate_chunk

    def simulate_chunk(compiled: Any, seed: int, level: Any, chunk: Chunk, stop: Any = None) -> Any:
        for run in failed:
            if chunk.first <= run < chunk.first + chunk.runs:
                raise ZeroDivisionError(f"in run {run}")
        return sound(compiled, seed, level, chunk, stop)

    monkeypatch.setattr(chunks, "MAX_RUNS", 4)
    monkeypatch.setattr(simulate, "simulate_chunk", simulate_chunk)


def test_other_runs_are_the_same_bytes_as_without_the_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = simulate.simulate(SCENARIO, runs=10, seed=3)
    failing(monkeypatch, 2, 9)
    less = simulate.simulate(SCENARIO, runs=10, seed=3)
    assert less.failed == (2, 9)
    assert (less.runs, less.asked) == (8, 10)
    assert list(less.data["run"].values) == [0, 1, 3, 4, 5, 6, 7, 8]
    for name in whole.data:
        expected = np.delete(whole.data[name].values, [2, 9], axis=0)
        assert less.data[name].values.tobytes() == expected.tobytes()


def test_a_failure_says_what_happened_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, 5)
    compiled = compile_scenario(SCENARIO)
    arrays, (failure,) = simulate.chunk_task(compiled, 3, "domains")(Chunk(4, 4))
    assert (failure.run, failure.error) == (5, "ZeroDivisionError: in run 5")
    assert failure.trace[-1].startswith("test_failures.py:")
    assert not any("/" in call for call in failure.trace)
    assert np.isnan(arrays["overall"][1]).all()
    assert not np.isnan(arrays["overall"][[0, 2, 3]]).any()
    assert not arrays["fired"][1].any()


def test_where_all_runs_fail_from_the_start_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, *range(10))
    with pytest.raises(ResultsError, match=r"All of the first 4 runs failed\. ZeroDivisionError"):
        simulate.simulate(SCENARIO, runs=10, seed=3)


def test_stopping_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: Any) -> Any:
        raise Stopped

    monkeypatch.setattr(simulate, "simulate_chunk", stopped)
    with pytest.raises(Stopped):
        simulate.simulate(SCENARIO, runs=2)


def test_comparisons_pair_the_runs_that_both_have(monkeypatch: pytest.MonkeyPatch) -> None:
    base = simulate.simulate(SCENARIO, runs=10, seed=3)
    change = simulate.simulate(scenario_of({**EVERYTHING, "parameters": {}}), runs=12, seed=3)
    whole = compare(base, change).change("A-B")
    failing(monkeypatch, 2)
    less = simulate.simulate(change.scenario, runs=12, seed=3)
    for one, other, sign in ((base, less, 1), (less, base, -1)):
        found = compare(one, other).change("A-B")
        assert list(found["run"].values) == [0, 1, 3, 4, 5, 6, 7, 8, 9]
        np.testing.assert_array_equal(found, sign * whole.drop_sel(run=2))


def test_claims_are_judged_on_the_runs_that_both_have(monkeypatch: pytest.MonkeyPatch) -> None:
    expect = {"change": "A-B", "above": 0, "against": "base.yaml"}
    claims = {"c": {"says": "x", "expect": expect}}
    variant = scenario_of({**EVERYTHING, "parameters": {}, "claims": claims})
    base, sound = (simulate.simulate(one, runs=10, seed=3) for one in (SCENARIO, variant))
    ends = [one.data["overall"].sel(pair="A-B").astype(float) for one in (sound, base)]
    change = [levels.isel(time=-1) - levels.isel(time=0) for levels in ends]
    held = ((change[0] - change[1]) > 0).drop_sel(run=[1, 2])
    failing(monkeypatch, 2)
    less = simulate.simulate(variant, runs=10, seed=3)
    failing(monkeypatch, 1)
    (verdict,) = judge(less, {"base.yaml": simulate.simulate(SCENARIO, runs=10, seed=3)})
    assert verdict.runs == 8
    assert verdict.share == pytest.approx(float(held.mean()))
