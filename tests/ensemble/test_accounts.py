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
from relsim.ensemble.record import both_ways
from relsim.ensemble.simulate import simulate
from relsim.model.account import Accounts, add_to_means
from relsim.model.compile import compile_scenario
from relsim.model.draws import draw_numbers, place_draws
from relsim.model.plan import Compiled, Numbers
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from run_by_run import RunByRun, run_by_run
from scenarios_to_test import EVERYTHING, FAMILY, STATUS_QUO, quiet, scenario_of

SEED = 7


def compared(*scenarios: Scenario, pair: tuple[str, str] = ("A", "B")) -> Compared:
    return Compared((pair,), *(compile_scenario(scenario) for scenario in scenarios))


def account_runs(*asked: Any, **options: Any) -> xr.Dataset:
    (data,) = accounts.account_runs(*asked, **options).data.values()
    return data


def drawn_vectors(compiled: Compiled, runs: int) -> list[Numbers]:
    """The numbers of each run."""
    places, values = place_draws(compiled.draws, draw_numbers(compiled.draws, SEED, 0, runs))
    vectors = np.repeat(compiled.vector[np.newaxis], runs, axis=0)
    vectors[:, places] = values
    return [Numbers.views(compiled.sizes, vector) for vector in vectors]


def everything(**changes: Any) -> Scenario:
    return scenario_of({**EVERYTHING, **changes})


def accounts_of(compiled: Compiled, pair: tuple[str, str], chunk: Chunk) -> RunByRun:
    return run_by_run(compiled, pair, SEED, chunk)


def test_means_add_up_and_spreads_are_those_of_the_runs() -> None:
    asked = compared(everything())
    data = account_runs(asked, SEED, 0, 30)
    mean = data.sel(statistic="mean")
    gap = np.abs(mean["contribution"].sum("part") - mean["pull"])
    assert float(gap.max()) < 1e-12
    runs = accounts_of(asked.compiled, asked.pairs[0], Chunk(0, 30))
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
    runs = accounts_of(asked.compiled, asked.pairs[0], Chunk(0, 20))
    vectors = drawn_vectors(asked.compiled, 20)
    weight = np.stack([numbers.domain_weight for numbers in vectors])
    weight /= weight.sum(axis=1, keepdims=True)
    assert len(set(weight[:, 0])) == 20
    expected = np.einsum("rd,rtxd->rtx", weight, runs.pull)[:, 1:].mean(axis=0)
    data = account_runs(asked, SEED, 0, 20)
    found = data["pull"].sel(view="level", statistic="mean", domain="overall")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_a_single_run_is_a_batch_of_one() -> None:
    asked = compared(everything())
    data = account_runs(asked, SEED, 4, 1)
    run = accounts_of(asked.compiled, asked.pairs[0], Chunk(4, 1))
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
    ((sent,), _), ((here,), _) = (one(Chunk(0, 2)) for one in (pickle.loads(packed), task))
    assert np.array_equal(sent.mean, here.mean)
    assert sent.runs == here.runs == 2


def test_threads_and_processes_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "MAX_RUNS", 8)
    here, there = everything(), everything(parameters={})
    for pool in (threads(1), threads(2), processes(2)):
        with pool as executor:
            for asked in (compared(here), compared(here, there)):
                expected = account_runs(asked, SEED, 0, 50)
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
    """With another scenario, every moment of its runs is at hand; alone, an opening of each."""
    status_quo = load(STATUS_QUO)
    paired = compared(status_quo, status_quo, pair=("PAK", "RUS"))
    program = paired.compiled.program
    sides = both_ways(paired.compiled.pair_states(paired.pairs))
    history = account_chunk(program, sides, SEED, Chunk(0, 1), history=True).history
    runs = accounts._runs_per_chunk(paired)
    assert 1 < runs * history.nbytes * accounts.COPIES <= chunks.MAX_BYTES
    alone = account_chunk(program, sides, SEED, Chunk(0, 1))
    assert 256 * alone.history.nbytes < 3e6
    assert alone.recorded.size == 0


def test_pairs_accounted_for_together_are_as_each_alone() -> None:
    compiled = compile_scenario(everything())
    pairs = (("A", "B"), ("C", "D"), ("B", "D"), ("A", "D"))
    together = accounts.account_runs(Compared(pairs, compiled), SEED, 0, 70).data
    assert tuple(together) == pairs
    for pair in pairs:
        alone = accounts.account_runs(Compared((pair,), compiled), SEED, 0, 70).data[pair]
        assert together[pair].identical(alone)


def test_spreads_of_numbers_that_hardly_vary_keep_their_digits() -> None:
    """A pull of a thousand with a spread of a millionth: squares alone would lose every digit."""
    compiled = compile_scenario(everything())
    program, sides = compiled.program, both_ways(compiled.pair_states((("A", "B"),)))
    filled = Accounts.empty(sides, program, 100, 16)
    numbers = np.random.default_rng(1).normal(1000.0, 1e-6, (filled.now.shape[0], 100))
    numbers[0], numbers[1] = 1234.5678, np.arange(100) == 0
    filled.idle[:] = 0
    for first in range(0, 100, 16):
        used = min(16, 100 - first)
        filled.now[:, :used] = numbers[:, first : first + used]
        add_to_means(first, used, 1, 0, filled)
    mean, squares = filled.mean[0, 0, 0], filled.squares[0, 0, 0]
    np.testing.assert_allclose(mean, numbers.mean(axis=1), rtol=1e-14)
    exact = (numbers.astype(np.longdouble) - numbers.astype(np.longdouble).mean(1)[:, None]) ** 2
    np.testing.assert_allclose(squares[1:], exact.sum(1).astype(float)[1:], rtol=1e-6)
    assert squares[0] == 0.0
    assert (squares >= 0.0).all()


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
