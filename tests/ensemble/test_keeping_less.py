"""Recording less: fewer pairs, fewer months. What is kept is what would have been kept anyway."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commands import Command
from relsim.analysis.claims import judge
from relsim.analysis.compare import compare
from relsim.analysis.summary import event_table, summarise, summary_table
from relsim.cli.run import size_line, too_large
from relsim.ensemble.chunks import size_of
from relsim.ensemble.record import RECORD_LEVELS, RecordLevel, recorded_steps, variables
from relsim.ensemble.simulate import fill, simulate
from relsim.ensemble.store import create_store, open_store
from relsim.errors import ResultsError
from relsim.model.compile import compile_scenario
from relsim.results.question import Question
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, STATUS_QUO, scenario_of


def claiming(**expect: object) -> Scenario:
    claim = {"says": "So it is.", "expect": expect}
    return scenario_of({**EVERYTHING, "claims": {"it": claim}})


def test_watched_keeps_the_watched_and_the_claimed_pairs_alone() -> None:
    scenario = claiming(order=["B-D", "A-B"])
    whole = simulate(scenario, runs=8).data
    kept = simulate(scenario, runs=8, record="watched").data
    assert [str(pair) for pair in kept["pair"].values] == ["A-B", "C-A", "D-B"]
    assert set(kept) == {"overall", "fired", "drawn"}
    assert kept["overall"].equals(whole["overall"].sel(pair=kept["pair"]))


@pytest.mark.parametrize("record", RECORD_LEVELS)
@pytest.mark.parametrize("thin", [5, 12, 100])
def test_thin_leaves_out_months_of_levels_and_nothing_else(record: RecordLevel, thin: int) -> None:
    scenario = scenario_of(EVERYTHING)
    whole = simulate(scenario, runs=8, record=record).data
    kept = simulate(scenario, runs=8, record=record, thin=thin).data
    steps = recorded_steps(scenario.time.steps, thin)
    assert steps[0] == 0
    assert steps[-1] == scenario.time.steps
    assert kept.equals(whole.isel(time=steps))


def test_a_thinned_store_holds_what_memory_holds(tmp_path: Path) -> None:
    scenario = scenario_of(EVERYTHING)
    compiled = compile_scenario(scenario)
    arrays = create_store(tmp_path / "e", compiled, 8, 5, "watched", 12)
    fill(compiled, 8, 5, "watched", arrays, thin=12)
    memory = simulate(scenario, runs=8, seed=5, record="watched", thin=12).data
    stored = open_store(tmp_path / "e")
    for name in variables(compiled, "watched", 12):
        assert stored[name].values.tobytes() == memory[name].values.tobytes()
    assert np.array_equal(stored["time"].values, memory["time"].values)


def test_summary_and_events_follow_what_is_recorded() -> None:
    scenario = scenario_of(EVERYTHING)
    whole, kept = simulate(scenario, runs=20), simulate(scenario, runs=20, thin=12)
    assert summarise(kept).equals(summarise(whole).sel(time=kept.data["time"]))
    assert event_table(kept).equals(event_table(whole))
    months = summary_table(summarise(kept), [])["month"].unique()
    assert list(months) == ["2020-01", "2021-01", "2022-01", "2023-01", "2024-01"]


def test_a_claim_at_a_recorded_month_is_judged_alike_and_others_say_why_not() -> None:
    at = claiming(level="A-B", above=0.3, at="2022-01")
    whole, kept = (judge(simulate(at, runs=20, thin=thin)) for thin in (1, 12))
    assert kept == whole
    assert kept[0].verdict != "not judged"
    (between,) = judge(simulate(claiming(level="A-B", above=0.3, at="2022-02"), runs=20, thin=12))
    assert between.verdict == "not judged"
    assert between.reason == "This ensemble does not record 2022-02 (--thin)."
    (since,) = judge(
        simulate(claiming(change="A-B", above=0, since="2020-06", at="2022-01"), runs=20, thin=12)
    )
    assert since.reason == "This ensemble does not record 2020-06 (--thin)."
    (over,) = judge(simulate(claiming(reach="A-B", above=0.3, by="2022-01"), runs=20, thin=12))
    assert over.reason == "This ensemble records only 2 of the 24 months judged (--thin)."


def test_a_claim_on_a_pair_not_kept_says_so() -> None:
    other = simulate(scenario_of(EVERYTHING), runs=8, record="watched")
    scenario = claiming(change="C-D", above=0, against="other.yaml")
    (verdict,) = judge(simulate(scenario, runs=8, record="watched"), {"other.yaml": other})
    assert "does not keep C-D" in verdict.reason


def test_comparisons_are_at_the_months_that_both_record() -> None:
    scenario = scenario_of(EVERYTHING)
    other = scenario.with_changes({"events.lever.off": False})
    whole = compare(simulate(scenario, runs=20), simulate(other, runs=20))
    kept = compare(
        simulate(scenario, runs=20, thin=12), simulate(other, runs=20, thin=8, record="watched")
    )
    assert kept.pairs == ("A-B", "C-A")
    assert kept.effect("A-B") == whole.effect("A-B")
    summary = kept.summary()["difference"]
    assert [str(month)[:7] for month in summary["time"].values] == ["2020-01", "2022-01", "2024-01"]
    assert summary.equals(whole.summary(["A-B", "A-C"])["difference"].sel(time=summary["time"]))
    with pytest.raises(ResultsError, match="does not record 2021-01"):
        kept.effect("A-B", "2021-01")
    with pytest.raises(ResultsError, match="records only 4 of the 48 months"):
        kept.time_to("A-B", 0.3)


def test_what_is_kept_is_part_of_the_question() -> None:
    scenario = scenario_of(EVERYTHING)
    ids = {Question(scenario, 1, 9, "domains", thin).id for thin in (1, 2)}
    ids.add(Question(scenario, 1, 9, "watched").id)
    assert len(ids) == 3


def test_a_big_run_says_what_it_takes() -> None:
    scenario = load(STATUS_QUO)
    assert size_line([Question.of(scenario, 1000)]) == ""
    said = size_line([Question.of(scenario, 1_000_000)], workers=2)
    assert said == "This will take about 29.0 GiB on disk and 0.8 GiB of memory."
    compiled = compile_scenario(scenario)
    one, ten = (size_of(compiled, runs, "watched") for runs in (1_000_000, 10_000_000))
    assert ten.disk == pytest.approx(10 * one.disk)
    assert ten.memory == one.memory


def test_what_does_not_fit_on_the_disk_is_refused_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relsim: Command
) -> None:
    asked = [Question.of(load(STATUS_QUO), 1_000_000)], tmp_path / "not" / "yet"
    room = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room._replace(free=30 * 2**30))
    assert too_large(*asked) == ""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room._replace(free=20 * 2**30))
    said = too_large(*asked)
    assert "about 29.0 GiB on disk, where 20.0 GiB are free" in said
    arguments = ("run", STATUS_QUO, "--runs", 1_000_000, "--out", tmp_path / "out")
    done = relsim(*arguments)
    assert done.returncode == 2
    assert "--force-size" in done.stderr
    assert not (tmp_path / "out").exists()

    def stop(*_: Any, **__: Any) -> None:
        raise ResultsError("far enough")

    monkeypatch.setattr("relsim.results.run.run_question", stop)
    assert "far enough" in relsim(*arguments, "--force-size").stderr
