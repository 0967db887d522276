"""Several rules by which states decide, in one table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from relsim.analysis.compare import compare
from relsim.analysis.rule_sets import RuleSets, simulate_rule_sets
from relsim.ensemble.executors import threads
from relsim.ensemble.simulate import simulate
from relsim.errors import RelsimError, ResultsError
from relsim.model.mesa_model import StateAgent
from relsim.model.structs import Floats
from relsim.stats import share_between
from scenarios_to_test import scenario_of

SCENARIO = scenario_of(
    {
        "states": {"A": {}, "B": {}, "C": {}},
        "ties": {"A-B": 0.2, "B-C": 0.1},
        "watch": ["A-B", "B-C"],
        "events": {"push": {"at": "2020-03", "effects": [{"shift": "A-B", "size": 0.5}]}},
    }
)


class Stubborn(StateAgent):
    """Never moves; fails in run 3."""

    def decide(self) -> Floats:
        if self.model.run == 3:
            raise ZeroDivisionError
        return self.posture


class Standard(StateAgent):
    """As usual."""


def sets() -> RuleSets:
    rules = {"usual": StateAgent, "alike": Standard, "never": Stubborn}
    with threads(1) as pool:
        return simulate_rule_sets(SCENARIO, rules, runs=20, seed=4, executor=pool)


def test_the_table_has_a_row_for_each_pair_and_rule_set() -> None:
    found = sets()
    table: Any = found.table("2021-06").set_index(["pair", "rules"])
    assert list(table.index) == [
        (pair, name) for pair in ("A-B", "B-C") for name in ("usual", "alike", "never")
    ]
    assert set(table["month"]) == {"2021-06"}
    assert set(table["runs"]) == {19}
    kept = [run for run in range(20) if run != 3]
    usual = simulate(SCENARIO, runs=20, seed=4).level("A-B").sel(time="2021-06")[kept, 0]
    row = table.loc[("A-B", "usual")]
    low, median, high = np.quantile(usual.values.astype(float), (0.1, 0.5, 0.9))
    assert list(row[["low", "median", "high"]]) == pytest.approx([low, median, high], abs=1e-6)
    assert np.isnan(row["difference"])
    assert row["verdict"] == ""
    assert table.loc[("A-B", "alike"), "verdict"] == "identical"
    never = table.loc[("A-B", "never")]
    effect = compare(found.ensembles["usual"], found.ensembles["never"]).effect("A-B", "2021-06")
    assert never["verdict"] == effect.verdict == "lower"
    assert tuple(never[["difference", "difference_low", "difference_high"]]) == effect.mean
    # The rules decide where the pushed pair is, and hardly anything of the other.
    assert table.loc[("A-B", "usual"), "between"] > 0.5 > table.loc[("B-C", "usual"), "between"]


def test_the_share_between_groups_is_that_of_the_law_of_total_variance() -> None:
    groups = np.array([[0.0, 2.0], [4.0, 6.0]])  # means 1 and 5, variances 1
    assert share_between(groups) == pytest.approx(4 / 5)
    assert share_between(groups) * groups.var() == pytest.approx(groups.mean(axis=1).var())
    assert share_between(np.array([[0.0, 1.0], [1.0, 0.0]])) == 0
    assert share_between(np.ones((3, 4))) == 0


def test_a_single_rule_set_and_an_unknown_one_are_refused() -> None:
    with pytest.raises(RelsimError, match="two or more"):
        simulate_rule_sets(SCENARIO, {"usual": StateAgent})
    ensemble = simulate(SCENARIO, runs=2)
    with pytest.raises(ResultsError, match="There is no rule set 'usul'"):
        RuleSets({"usual": ensemble, "same": ensemble}).comparison("usul")
