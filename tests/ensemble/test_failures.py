"""Runs that fail: recorded, left out, and no other run goes with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relsim.analysis.account import Account
from relsim.analysis.claims import judge
from relsim.analysis.compare import compare
from relsim.analysis.explain import explain
from relsim.cli.explain import explanation
from relsim.ensemble import accounts, chunks, simulate
from relsim.ensemble.chunks import Chunk, Stopped
from relsim.errors import ResultsError
from relsim.model.compile import compile_scenario
from run_by_run import run_by_run
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


def failing_accounts(monkeypatch: pytest.MonkeyPatch, *failed: int, states: int = 0) -> None:
    """Makes accounts of these runs fail; with ``states``, only in scenarios of so many."""
    sound = accounts.account_chunk

    def account(
        program: Any, sides: Any, seed: int, chunk: Chunk, stop: Any, **options: Any
    ) -> Any:
        hit = states in (0, program.sizes.states)
        for run in failed:
            if hit and chunk.first <= run < chunk.first + chunk.runs:
                raise ZeroDivisionError(f"in run {run}")
        return sound(program, sides, seed, chunk, stop, **options)

    monkeypatch.setattr(chunks, "MAX_RUNS", 4)
    monkeypatch.setattr(accounts, "account_chunk", account)


def moments_of(some: list[int], *others: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of the change of the pull over some runs, in plain NumPy."""
    pulls = []
    for scenario in (SCENARIO, *others):
        compiled = compile_scenario(scenario)
        each = [run_by_run(compiled, ("A", "B"), 3, Chunk(run, 1)).pull for run in some]
        pulls.append(np.concatenate(each))
    before = pulls[1][:, 1:] if others else pulls[0][:, :1]
    change = pulls[0][:, 1:] - before
    return change.mean(axis=0), change.std(axis=0)


def assert_of_runs(account: Account, some: list[int], *others: Any) -> None:
    assert account.runs == len(some)
    found = account.data["pull"].sel(view="change", domain=list(SCENARIO.domains))
    for statistic, expected in zip(("mean", "sd"), moments_of(some, *others), strict=True):
        got = found.sel(statistic=statistic)
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-14)


def test_accounts_leave_failed_runs_out_and_say_where_they_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = [0, 1, 3, *range(8, 10)]
    with monkeypatch.context() as patch:
        failing_accounts(patch, 2, 4, 5, 6, 7)  # one of a chunk, and a whole one
        account = explain(SCENARIO, "A-B", runs=10, seed=3)
    assert account.failed == (2, 4, 5, 6, 7)
    assert [failure.run for failure in account.failures] == [2, 4, 5, 6, 7]
    first = account.failures[0]
    assert first.error == "ZeroDivisionError: in run 2"
    assert first.trace[-1].startswith("test_failures.py:")
    assert_of_runs(account, left)
    said = explanation(account)
    failed = said.index("5 of 10 runs failed and are left out: 2, 4, 5, 6, 7.")
    assert said[failed + 1] == "Run 2: ZeroDivisionError: in run 2"


def test_a_run_that_fails_in_either_scenario_is_left_out_of_a_paired_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = SCENARIO.with_changes({"states.E": {"ties": {"A": 0.4}}})
    with monkeypatch.context() as patch:
        failing_accounts(patch, 3, states=len(other.states))
        found = explain(SCENARIO, "A-B", runs=6, seed=3, against=other)
    assert found.failed == (3,)
    assert_of_runs(found, [0, 1, 2, 4, 5], other)


def test_accounts_of_an_ensemble_are_of_the_runs_that_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        failing(patch, 2)
        ensemble = simulate.simulate(SCENARIO, runs=6, seed=3)
    account = explain(ensemble, "A-B")
    assert (account.failed, account.failures) == ((2,), ())
    assert_of_runs(account, [0, 1, 3, 4, 5])
    assert_of_runs(explain(SCENARIO, "A-B", seed=3, against=ensemble), [0, 1, 3, 4, 5], SCENARIO)
    with pytest.raises(ResultsError, match="Run 2 failed in the ensemble"):
        explain(ensemble, "A-B", run=2)


def test_accounts_that_all_fail_are_said_with_the_first_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing_accounts(monkeypatch, *range(10))
    with pytest.raises(ResultsError, match=r"All of runs 0 to 3 failed\. ZeroDivisionError: in"):
        explain(SCENARIO, "A-B", runs=10, seed=3)
    with pytest.raises(ResultsError, match=r"^Run 7 failed\. ZeroDivisionError: in run 7"):
        explain(SCENARIO, "A-B", runs=10, seed=3, run=7)
