"""Pairs are shown as the file spells them and found by either spelling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from relsim.analysis.claims import judge
from relsim.analysis.compare import compare
from relsim.analysis.explain import explain
from relsim.analysis.summary import summarise
from relsim.cli.run import closing_table
from relsim.ensemble.simulate import Ensemble, simulate, spelled_by
from relsim.errors import ResultsError
from relsim.results.result import open_result
from relsim.results.run import run
from relsim.scenario.schema import Scenario
from scenarios_to_test import scenario_of

CLAIM = {"says": "x", "expect": {"level": "B-C.low", "above": -1, "at": "2020-06"}}
SECTIONS = {
    "time": {"start": "2020-01", "end": "2020-06"},
    "domains": ["low", "high"],
    "states": {"A": {}, "B": {}, "C": {}, "D": {}},
    "ties": {"C-B": 0.3, "D>A": 0.1, "D-A": 0.2, "A-B": -0.2},
    "watch": ["C-A", "A-B"],
    "claims": {"it": CLAIM},
}


def spelled(**sections: object) -> Scenario:
    return scenario_of({**SECTIONS, **sections})


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return simulate(spelled(), runs=6, seed=1)


def test_names_are_those_of_watch_then_of_ties_then_alphabetical(ensemble: Ensemble) -> None:
    names = ["A-B", "C-A", "D-A", "C-B", "B-D", "C-D"]
    assert list(ensemble.data["pair"].values) == names
    assert list(ensemble.data["watched"].values) == ["C-A", "A-B", "C-B"]
    assert spelled().pair_name("A-C") == spelled().pair_name("C-A") == "C-A"
    assert spelled(watch=["A-C", "C-A"]).pair_name("C-A") == "A-C"


def test_the_spelling_moves_no_number(ensemble: Ensemble) -> None:
    turned = {"A-B": -0.2, "B-C": 0.3, "D>A": 0.1, "A-D": 0.2}
    other = simulate(spelled(ties=turned, watch=["A-C", "B-A"]), runs=6, seed=1)
    assert list(other.data["pair"].values) == ["B-A", "A-C", "A-D", "B-C", "B-D", "C-D"]
    assert other.data["overall"].values.tobytes() == ensemble.data["overall"].values.tobytes()


@pytest.mark.parametrize("pair", ["A-C", "C-A"])
def test_either_spelling_is_taken(ensemble: Ensemble, pair: str) -> None:
    level = ensemble.level(pair)
    assert level.equals(ensemble.data["overall"].sel(pair="C-A"))
    assert ensemble.level(pair, "low").dims == ("run", "time")
    assert list(summarise(ensemble, [pair])["pair"].values) == ["C-A"]
    comparison = compare(ensemble, ensemble)
    assert comparison.named(pair) == "C-A"
    assert comparison.change(pair).dims == ("run", "time")
    account = explain(ensemble, pair, runs=2)
    assert account.pair == "C-A"
    assert account.directions == ("C>A", "A>C")
    (verdict,) = judge(ensemble)
    assert verdict.verdict != "not judged"


def test_what_is_not_recorded_is_refused_with_what_is(ensemble: Ensemble) -> None:
    with pytest.raises(ResultsError, match=r"A-X is not recorded"):
        ensemble.level("A-X")
    with pytest.raises(ResultsError, match=r"lo is not recorded. Did you mean low"):
        ensemble.level("A-C", "lo")
    with pytest.raises(ResultsError, match=r"D-A is not recorded"):
        ensemble.level("D-A", "low")  # not kept by domain


def test_scenarios_of_different_spelling_are_compared(ensemble: Ensemble) -> None:
    turned = spelled(ties={"B-C": 0.4, "A-B": -0.2, "D>A": 0.1, "D-A": 0.2}, watch=["A-C", "B-A"])
    comparison = compare(ensemble, simulate(turned, runs=6, seed=1))
    assert comparison.pairs == ("A-B", "C-A", "D-A", "C-B", "B-D", "C-D")
    assert comparison.watched == ("C-A", "A-B")
    own, other = ensemble.level("B-C"), comparison.other.level("B-C")
    assert other.coords["pair"] == "B-C"
    np.testing.assert_array_equal(comparison.change("B-C").values, other.values - own.values)
    assert comparison.summary()["difference"].sizes["pair"] == 6


def test_labels_of_earlier_results_are_read_in_either_order() -> None:
    data = xr.DataArray(np.zeros((1, 2)), dims=("run", "pair"), coords={"pair": ["A-C", "B-C"]})
    assert list(spelled_by(spelled(), data)["pair"].values) == ["C-A", "C-B"]


def test_a_result_shows_the_spelling_of_the_file_everywhere(tmp_path: Path) -> None:
    result = open_result(run(spelled(), runs=4, out=tmp_path, figures="all").folder)
    assert list(result.ensemble.data["pair"].values)[:2] == ["A-B", "C-A"]
    assert list(closing_table(result).columns[0].cells) == ["C-A", "A-B"]
    for name in ("summary.csv", "report.html"):
        text = (result.folder / name).read_text(encoding="utf-8")
        assert "C-A" in text
        assert "A-C" not in text.split("<script>vega")[0]
    assert {path.name for path in (result.folder / "figures").glob("why-*.svg")} == {
        "why-A-B.svg",
        "why-C-A.svg",
    }
