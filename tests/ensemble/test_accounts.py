"""Accounts of many runs: means that add up, spreads, pairing, in memory that does not grow."""

from __future__ import annotations

import pickle
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import xarray as xr

from relsim.analysis.explain import explain
from relsim.ensemble import accounts, chunks
from relsim.ensemble.accounts import Compared, account_chunk, account_task
from relsim.ensemble.chunks import Chunk, map_chunks
from relsim.ensemble.executors import processes, threads
from relsim.ensemble.simulate import simulate
from relsim.model.account import Accounts
from relsim.model.compile import compile_scenario
from relsim.model.plan import Compiled
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, FAMILY, STATUS_QUO, quiet, scenario_of

SEED = 7


def compared(*scenarios: Scenario, pair: tuple[str, str] = ("A", "B")) -> Compared:
    return Compared(pair, *(compile_scenario(scenario) for scenario in scenarios))


def account_runs(*asked: Any, **options: Any) -> xr.Dataset:
    return accounts.account_runs(*asked, **options).data


def everything(**changes: Any) -> Scenario:
    return scenario_of({**EVERYTHING, **changes})


def accounts_of(compiled: Compiled, pair: tuple[str, str], chunk: Chunk) -> Accounts:
    (states,) = compiled.pair_states((pair,))
    return account_chunk(compiled.program, states, SEED, chunk)[1]


def test_means_add_up_and_spreads_are_those_of_the_runs() -> None:
    asked = compared(everything())
    data = account_runs(asked, SEED, 0, 30)
    mean = data.sel(statistic="mean")
    gap = np.abs(mean["contribution"].sum("part") - mean["pull"])
    assert float(gap.max()) < 1e-12
    runs = accounts_of(asked.compiled, asked.pair, Chunk(0, 30))
    by_domain = data["pull"].sel(view="level", domain=["high", "low"])
    np.testing.assert_allclose(
        by_domain.sel(statistic="mean"), runs.pull[:, 1:].mean(0), rtol=1e-12
    )
    np.testing.assert_allclose(
        by_domain.sel(statistic="sd"), runs.pull[:, 1:].std(0), rtol=1e-9, atol=1e-15
    )
    changed = runs.pull[:, 1:] - runs.pull[:, :1]
    np.testing.assert_allclose(
        data["pull"].sel(view="change", statistic="sd", domain=["high", "low"]),
        changed.std(0),
        rtol=1e-9,
        atol=1e-15,
    )


def test_the_overall_account_weighs_domains_inside_each_run() -> None:
    asked = compared(everything())
    runs = accounts_of(asked.compiled, asked.pair, Chunk(0, 20))
    weight = runs.domain_weight / runs.domain_weight.sum(axis=1, keepdims=True)
    assert len(set(weight[:, 0])) == 20
    expected = np.einsum("rd,rtxd->rtx", weight, runs.pull)[:, 1:].mean(axis=0)
    data = account_runs(asked, SEED, 0, 20)
    found = data["pull"].sel(view="level", statistic="mean", domain="overall")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_a_single_run_is_a_batch_of_one() -> None:
    asked = compared(everything())
    data = account_runs(asked, SEED, 4, 1)
    run = accounts_of(asked.compiled, asked.pair, Chunk(4, 1))
    found = data["pull"].sel(view="level", domain=["high", "low"])
    assert np.array_equal(found.sel(statistic="mean"), run.pull[0, 1:])
    assert (found.sel(statistic="sd") == 0).all()


def test_chunks_and_executors_change_nothing_but_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = compared(everything())
    whole = account_runs(asked, SEED, 0, 20)
    monkeypatch.setattr(chunks, "MAX_RUNS", 3)
    done: list[int] = []
    parts = account_runs(asked, SEED, 0, 20, progress=done.append)
    assert done == [3, 3, 3, 3, 3, 3, 2]
    xr.testing.assert_allclose(whole, parts, rtol=1e-9, atol=1e-14)
    with ThreadPoolExecutor(3) as pool:
        assert account_runs(asked, SEED, 0, 20, executor=pool).identical(parts)


def test_a_chunk_is_a_task_that_a_process_can_be_sent() -> None:
    task = account_task(compared(everything()), SEED)
    packed = pickle.dumps(task)
    assert b"schema" not in packed  # arrays and names alone
    (sent, _), (here, _) = (one(Chunk(0, 2)) for one in (pickle.loads(packed), task))
    assert np.array_equal(sent.mean["pull"], here.mean["pull"])


def test_threads_and_processes_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "MAX_RUNS", 8)
    here, there = everything(), everything(parameters={})
    for asked in (compared(here), compared(here, there)):
        expected = account_runs(asked, SEED, 0, 50)
        for pool in (threads(1), threads(2), processes(1), processes(2)):
            with pool as executor:
                found = account_runs(asked, SEED, 0, 50, executor=executor)
            assert found.identical(expected)
            for name in expected:
                assert found[name].values.tobytes() == expected[name].values.tobytes()


class Counting(Executor):
    """Runs nothing before its answer is wanted, and counts what waits."""

    num_workers = 4

    def __init__(self) -> None:
        self.submitted = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted += 1
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_few_answers_are_in_memory_at_once_and_they_come_in_order() -> None:
    pool = Counting()
    todo = chunks.chunks(100, 4)
    for taken, (chunk, answer) in enumerate(map_chunks(lambda c: c.first, todo, pool)):
        assert (chunk, answer) == (todo[taken], 4 * taken)
        assert pool.submitted - taken <= 6


def test_chunks_of_accounts_fit_in_memory() -> None:
    status_quo = load(STATUS_QUO)
    alone = compared(status_quo, pair=("PAK", "RUS"))
    paired = compared(status_quo, status_quo, pair=("PAK", "RUS"))
    parts = accounts_of(alone.compiled, alone.pair, Chunk(0, 1)).part.nbytes
    for asked in (alone, paired):
        runs = accounts._runs_per_chunk(asked)
        assert 1 <= runs * parts * accounts.COPIES * len(asked.sides) <= 1.05 * chunks.MAX_BYTES
    assert accounts._runs_per_chunk(paired) <= accounts._runs_per_chunk(alone) // 2 + 1


# Zero is nothing.


def test_an_interest_of_no_weight_has_a_part_of_zero_and_moves_no_other() -> None:
    base = everything()
    idle = base.with_changes(
        {
            "states.D.ties.A": 0,
            "issues.faith": {"minus": "x", "plus": "y"},
            "states.D.issues.faith": {"stance": 1, "salience": 0},
            "states.B.issues.faith": {"stance": 1, "salience": 0},
            "events.idle": {"at": "2020-02", "effects": [{"pulse": "A-B", "size": 0}]},
        }
    )
    pair = ("B", "D")
    found, plain = (account_runs(compared(one, pair=pair), SEED, 0, 6) for one in (idle, base))
    parts = found["contribution"].sel(direction="D>B")
    for name in ("third_party.A", "issue.faith", "event.idle"):
        assert (parts.sel(part=name) == 0).all()
    shared = found["contribution"].sel(part=plain["part"])
    assert shared.values.tobytes() == plain["contribution"].values.tobytes()


# Closed forms.


@pytest.mark.parametrize(
    ("weight", "expected"),
    [(0.5, 0.25 * 0.5 * (-0.4 - 0.1)), (-0.5, -0.2 * 0.5 * -0.4)],
    ids=["alignment", "rivalry"],
)
def test_one_third_party_pulls_by_gain_weight_and_its_relation(
    weight: float, expected: float
) -> None:
    scenario = scenario_of(
        quiet(
            {
                "domains": ["all"],
                "states": {"A": {"ties": {"K": weight}}, "B": {}, "K": {}},
                "ties": {"A-K": 0.6, "B-K": -0.4, "A-B": 0.1},
                "parameters": {"alignment_gain": 0.25, "rivalry_gain": 0.2},
            }
        )
    )
    level = account_runs(compared(scenario), SEED, 0, 1)["contribution"].sel(
        view="level", statistic="mean", domain="all"
    )
    by_way_of_k = level.sel(part="third_party.K")
    there = by_way_of_k.sel(direction="A>B")
    np.testing.assert_allclose(there, expected, rtol=1e-12)
    assert (by_way_of_k.sel(direction="B>A") == 0).all()
    rest = level.drop_sel(part=["third_party.K", "affinity"])
    assert float(np.abs(rest).max()) < 1e-15


def test_a_pulse_fades_by_its_half_life_and_leaves_its_lasting_share() -> None:
    push = {"pulse": "A>B", "size": 0.2, "half_life": "6 months", "lasting": 0.25}
    scenario = scenario_of(
        quiet(
            {
                "states": {"A": {}, "B": {}},
                "ties": {"A-B": 0.1},
                "events": {"deal": {"at": "2020-03", "effects": [push]}},
            }
        )
    )
    data = account_runs(compared(scenario), SEED, 0, 1).sel(view="level", statistic="mean")
    there = data["contribution"].sel(direction="A>B", domain="overall", part="event.deal")
    months = np.arange(24) - 2
    expected = np.where(months < 0, 0.0, 0.05 + 0.15 * 2.0 ** (-months / 6))
    np.testing.assert_allclose(there, expected, rtol=1e-12)
    lasting = data["lasting"].sel(direction="A>B", domain="overall", event="deal")
    np.testing.assert_allclose(lasting, np.where(months < 0, 0.0, 0.05), rtol=1e-12)
    assert (data["contribution"].sel(direction="B>A", part="event.deal") == 0).all()
    assert np.array_equal(data["happened"].sel(event="deal"), months >= 0)


def test_what_happens_in_the_first_step_counts_as_change() -> None:
    shift = {"at": "2020-01", "effects": [{"shift": "A-B", "size": 0.1}]}
    data = {"states": {"A": {}, "B": {}}, "events": {"deal": shift}}
    found = account_runs(compared(scenario_of(quiet(data))), SEED, 0, 1)
    first = (
        found["contribution"].sel(view="change", statistic="mean", domain="overall").isel(step=0)
    )
    assert first.sel(part="event.deal").values == pytest.approx([0.1, 0.1])


# Pairs of scenarios.


def test_the_difference_to_itself_is_exactly_zero() -> None:
    scenario = everything()
    data = account_runs(compared(scenario, scenario), SEED, 0, 10)
    for name in accounts.QUANTITIES:
        assert (data[name].sel(view="change") == 0).all()
    alone = account_runs(compared(scenario), SEED, 0, 10)
    xr.testing.assert_allclose(data.sel(view="level"), alone.sel(view="level"), rtol=1e-12)


def test_domains_are_matched_by_name_too() -> None:
    here = everything()
    turned = everything(domains=dict(reversed(EVERYTHING["domains"].items())))
    assert list(turned.domains) == list(here.domains)[::-1]
    data = account_runs(compared(here, turned), SEED, 0, 10).sel(view="change")
    for name in accounts.QUANTITIES:
        np.testing.assert_allclose(data[name], 0, rtol=0, atol=1e-12)


def test_a_difference_is_run_by_run_with_parts_matched_by_name() -> None:
    here = everything()
    other = here.with_changes(
        {
            "events.lever.off": False,
            "events.extra": {"at": "2020-05", "effects": [{"shift": "A-D", "size": 0.3}]},
            "states.E": {"ties": {"A": 0.4}},
            "issues.faith": {"minus": "x", "plus": "y"},
        }
    )
    pair = ("A", "D")
    data = account_runs(compared(here, other, pair=pair), SEED, 0, 8)
    sides = [accounts_of(compile_scenario(one), pair, Chunk(0, 8)) for one in (here, other)]
    change = sides[0].pull[:, 1:] - sides[1].pull[:, 1:]
    found = data["pull"].sel(view="change", domain=["high", "low"])
    np.testing.assert_allclose(found.sel(statistic="mean"), change.mean(0), rtol=0, atol=1e-14)
    np.testing.assert_allclose(found.sel(statistic="sd"), change.std(0), rtol=0, atol=1e-14)
    parts = data["contribution"].sel(view="change", statistic="mean")
    gap = parts.sum("part") - data["pull"].sel(view="change", statistic="mean")
    assert float(np.abs(gap).max()) < 1e-12
    last = parts.isel(step=-1).sel(domain="overall")
    assert last.sel(part="event.extra").values == pytest.approx([-0.3, -0.3])
    assert last.sel(part="event.lever").values == pytest.approx([-0.3, -0.3])
    assert {"third_party.E", "issue.faith"} <= {str(name) for name in data["part"].values}
    assert (data["contribution"].sel(view="level", part="third_party.E") == 0).all()


def test_recognition_shows_in_the_paired_account_and_nowhere_before() -> None:
    pair = ("PAK", "RUS")
    here, base = (load(FAMILY / f"{name}.yaml") for name in ("armenia-recognition", "status-quo"))
    data = account_runs(compared(here, base, pair=pair), 20200701, 0, 50)
    change = data["contribution"].sel(view="change", statistic="mean", domain="overall")
    before = change.sel(step=slice(None, "2021-12"))
    assert (before == 0).all()
    karabakh = change.sel(part="issue.karabakh", direction="PAK>RUS").isel(step=-1)
    assert 0.005 < float(karabakh) < 0.03


def test_recorded_accounts_are_those_of_an_explanation() -> None:
    scenario = scenario_of(EVERYTHING)
    recorded = simulate(scenario, runs=12, seed=SEED, record="accounts").data["account"]
    for first, second in scenario.watched_pairs[:2]:
        account = explain(scenario, f"{first}-{second}", runs=12, seed=SEED)
        for side in (f"{first}>{second}", f"{second}>{first}"):
            own = account.parts.sel(direction=side).drop_sel(domain="overall")
            mean = recorded.sel(side=side).astype(np.float64).mean("run").sel(part=own["part"])
            np.testing.assert_allclose(mean, own.transpose(*mean.dims), atol=1e-6)
