"""Explaining a pair: what may be asked, and what an account says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import relsim
from relsim.analysis.account import Account
from relsim.analysis.explain import (
    LEAST_RUNS,
    explain,
    explain_pairs,
    known_directions,
    known_domain,
    runs_to_explain,
)
from relsim.ensemble.simulate import simulate
from relsim.errors import ResultsError
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, SHIPPED, STATUS_QUO, scenario_of

SCENARIO = scenario_of(EVERYTHING)


def test_it_is_part_of_the_public_surface() -> None:
    account = relsim.explain(SCENARIO, "B-A", runs=3, seed=2)
    assert isinstance(account, relsim.Account)
    assert (account.pair, account.runs, account.seed, account.run) == ("A-B", 3, 2, None)
    assert account.directions == ("A>B", "B>A")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_mean_accounts_sum_to_the_mean_pull(path: Path) -> None:
    scenario = load(path)
    first, second = scenario.watched_pairs[0]
    account = explain(scenario, f"{first}-{second}", runs=20)
    gap = account.parts.sum("part") - account.pull
    assert gap.sizes == {
        "step": scenario.time.steps,
        "direction": 2,
        "domain": len(scenario.domains) + 1,
    }
    assert float(np.abs(gap).max()) < 1e-12


def test_an_ensemble_is_explained_by_its_own_runs_and_seed() -> None:
    ensemble = simulate(SCENARIO, runs=5, seed=9)
    account = explain(ensemble, "A-B")
    assert (account.runs, account.seed) == (5, 9)
    assert account.data.identical(explain(SCENARIO, "A-B", runs=5, seed=9).data)
    single = explain(ensemble, "A-B", run=4)
    assert (single.runs, single.run) == (1, 4)
    assert float(np.abs(single.pull - account.pull).max()) > 0.01


def test_pairs_are_explained_together_as_each_alone() -> None:
    other = SCENARIO.with_changes({"states.A.ties.C": 0.1})
    for against in (None, other):
        accounts = explain_pairs(SCENARIO, ["B-A", "C-D"], runs=6, against=against)
        assert list(accounts) == ["B-A", "C-D"]
        for pair, account in accounts.items():
            alone = explain(SCENARIO, pair, runs=6, against=against)
            assert account.pair == alone.pair
            assert account.data.identical(alone.data)
    assert explain_pairs(SCENARIO, []) == {}


def test_a_page_explains_all_runs_of_few_states_and_fewer_of_many() -> None:
    def to_explain(scenario: Scenario, asked: int, **also: Any) -> int:
        ensemble = replace(simulate(scenario, runs=2), failed=tuple(range(2, asked)), **also)
        assert ensemble.asked == asked
        return runs_to_explain(ensemble, 6)

    status_quo = load(STATUS_QUO)
    assert to_explain(status_quo, 1000) == 1000
    assert 1000 < to_explain(status_quo, 100_000) < 10_000
    assert to_explain(status_quo, 1000, agent_class=relsim.StateAgent) == LEAST_RUNS
    codes = [f"S{number}" for number in range(40)]
    large = scenario_of({"states": {code: {} for code in codes}, "time": EVERYTHING["time"]})
    assert LEAST_RUNS < to_explain(large, 100_000) < to_explain(status_quo, 100_000)
    assert to_explain(SCENARIO, 7) == 7


def test_months_stand_for_the_step_they_lie_in() -> None:
    scenario = SCENARIO.with_changes({"time.step": "quarter"})
    account = explain(scenario, "A-B", runs=2)
    assert [account.step(month) for month in ("2020-01", "2020-03", "2020-04")] == [0, 0, 1]
    assert account.step("2024-01") == account.step() == scenario.time.steps - 1
    at = account.at("2021-02")
    assert str(at["step"].values)[:7] == str(account.month(4)) == "2021-01"
    for month, said in (("2019-12", "runs go from 2020-01 to 2024-01"), ("2021", "not a month")):
        with pytest.raises(ResultsError, match=said):
            account.at(month)


def test_what_does_not_exist_is_named_with_a_suggestion() -> None:
    for pair, said in (
        ("A-BB", "'BB' is not a state of test. Did you mean B?"),
        ("A", "'A' is not a pair. Write two states, as in PAK-RUS."),
        ("A-A", "'A-A' is not a pair."),
    ):
        with pytest.raises(ResultsError, match=said.replace("?", r"\?")):
            explain(SCENARIO, pair)
    with pytest.raises(ResultsError, match="'A>C' is not a direction of B-A"):
        known_directions("B-A", "A>C", SCENARIO)
    assert known_directions("B-A", "B>A", SCENARIO) == ("B>A",)
    with pytest.raises(ResultsError, match=r"'hihg' is not a domain here\. Did you mean high\?"):
        known_domain("hihg", SCENARIO)
    with pytest.raises(ResultsError, match="There is no run 5: the runs are 0 to 4"):
        explain(SCENARIO, "A-B", runs=5, run=5)


def test_what_cannot_be_paired_is_refused() -> None:
    later = SCENARIO.with_changes({"time.end": "2025-01"})
    other = scenario_of({"states": {"A": {}, "B": {}}, "time": EVERYTHING["time"]})
    for against, said in (
        (later, "runs from 2020-01 to 2025-01 by the month. Runs are paired on the same seed"),
        (other, "has the domains diplomatic, economic, defence, societal"),
        (simulate(SCENARIO, runs=2, seed=8), "test is on seed 0; test is on seed 8"),
    ):
        with pytest.raises(ResultsError, match=said):
            explain(SCENARIO, "A-B", runs=2, against=against)
    assert explain(SCENARIO, "A-B", seed=8, against=simulate(SCENARIO, runs=2, seed=8)).runs == 2


def test_the_difference_to_itself_is_nothing() -> None:
    account = explain(SCENARIO, "A-C", runs=10, against=SCENARIO)
    assert (account.change == 0).all()
    assert float(np.abs(account.parts.sum("part") - account.pull).max()) < 1e-12


def test_the_table_has_a_row_for_every_part_and_its_sum(tmp_path: Path) -> None:
    account = explain(SCENARIO, "A-B", runs=4)
    table = account.table()
    key = ["month", "direction", "domain", "part"]
    assert not table.duplicated(key).any()
    query = "month == '2021-05' and direction == 'B>A' and domain == 'high'"
    (chosen,) = table.query(f"{query} and part == 'third_party.C'").to_dict("records")
    data = account.at("2021-05").sel(direction="B>A", domain="high")["contribution"]
    data = data.sel(part="third_party.C")
    for column, view, statistic in (
        ("level", "level", "mean"),
        ("level_sd", "level", "sd"),
        ("change", "change", "mean"),
        ("change_sd", "change", "sd"),
    ):
        assert chosen[column] == float(data.sel(view=view, statistic=statistic))
    parts = table[table["part"] != "pull"].groupby(key[:3])["change"].sum()
    pull = table[table["part"] == "pull"].set_index(key[:3])["change"]
    assert float((parts - pull).abs().max()) < 1e-12
    account.write(tmp_path / "new" / "account.csv")
    assert len(pd.read_csv(tmp_path / "new" / "account.csv")) == len(table)
    with pytest.raises(ResultsError, match="cannot be written"):
        account.write(tmp_path)


def test_words_of_both_directions() -> None:
    account: Account = explain(SCENARIO, "A-B", runs=4)
    assert account.words("2021-01").count("The pull is") == 2
    assert "2021-01 (high, mean of 4 runs)" in account.words("2021-01", "high")
