"""Ensembles: in memory and in a store, and what they say of the shipped scenarios."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import relsim
from relsim.analysis.summary import event_table, summarise, summary_table
from relsim.ensemble import chunks
from relsim.ensemble.record import RECORD_LEVELS, RecordLevel, bytes_per_run, variables
from relsim.ensemble.simulate import Ensemble, dataset, fill, simulate
from relsim.ensemble.store import create_store, open_store
from relsim.errors import RelsimError, ResultsError
from relsim.model.compile import compile_scenario
from relsim.scenario.load import check_text, load
from relsim.scenario.schema import Scenario
from relsim.scenario.shipped import FIT
from relsim.scenario.world import world_text
from scenarios_to_test import EVERYTHING, FAMILY, STATUS_QUO, scenario_of


@pytest.mark.parametrize("record", RECORD_LEVELS)
def test_store_and_memory_hold_the_same(
    tmp_path: Path, record: RecordLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "MAX_RUNS", 8)
    scenario = scenario_of(EVERYTHING)
    compiled = compile_scenario(scenario)
    arrays = create_store(tmp_path / "e.zarr", compiled, 20, 5, record)
    fill(compiled, 20, 5, record, arrays)
    stored = open_store(tmp_path / "e.zarr")
    memory = simulate(scenario, runs=20, seed=5, record=record).data
    assert set(stored) == set(memory) == set(variables(compiled, record))
    for name in memory:
        assert stored[name].values.tobytes() == memory[name].values.tobytes()
        assert stored[name].dims == memory[name].dims
    for name in memory.coords:
        assert [str(v) for v in stored[name].values] == [str(v) for v in memory[name].values]


def test_a_store_has_few_files(tmp_path: Path) -> None:
    compiled = compile_scenario(load(STATUS_QUO))
    fill(compiled, 1000, 1, "domains", create_store(tmp_path / "e", compiled, 1000, 1, "domains"))
    files = [path for path in (tmp_path / "e").rglob("*") if path.is_file()]
    assert len(files) < 50


def test_a_broken_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="not a readable ensemble"):
        open_store(tmp_path / "nothing.zarr")


def test_chunks_cover_the_runs_once_and_fit_in_memory() -> None:
    found = chunks.chunks(1000, 256)
    assert [chunk.runs for chunk in found] == [256, 256, 256, 232]
    assert [chunk.first for chunk in found] == [0, 256, 512, 768]
    world = check_text(world_text(60, 0).replace("step: quarter", "step: month")).require()
    compiled = compile_scenario(world)
    size = chunks.runs_per_chunk(compiled, "postures")
    assert 1 <= size < chunks.MAX_RUNS
    assert size * bytes_per_run(compiled, "postures") <= chunks.MAX_BYTES


PAIRS = ("PAK-RUS", "RUS-IND", "PAK-USA", "RUS-ARM", "PAK-AZE")


def band_widths(scenario: Scenario, pair: str) -> list[float]:
    """Of the 80 % band after 1, 3, 6 and 10 years."""
    fan = summarise(simulate(scenario, runs=1000))["overall"].sel(pair=pair)
    width = fan.sel(statistic="q0.9") - fan.sel(statistic="q0.1")
    return [float(width[12 * year]) for year in (1, 3, 6, 10)]


@pytest.mark.parametrize("pair", PAIRS)
def test_status_quo_bands_widen_with_the_horizon(pair: str) -> None:
    years = band_widths(load(STATUS_QUO), pair)
    # Where unrest is at its rest, the width of a band of 1,000 runs still varies by 3 %.
    assert all(later > 0.94 * earlier for earlier, later in pairwise(years))


@pytest.mark.parametrize("pair", PAIRS)
def test_without_volatility_bands_widen_as_a_random_walk_does(pair: str) -> None:
    quiet = {"parameters.volatility": 0, "AFG.traits.volatility": 0}
    events = {f"events.{name}.off": True for name in load(STATUS_QUO).events}
    years = band_widths(load(STATUS_QUO).with_changes(quiet | events), pair)
    # Variance of a posture that follows a random walk from rest, at speed η, in units of the walk.
    speed, months = FIT.numbers["adaptability"].value, 12 * np.array([1, 3, 6, 10])
    followed = (1 - np.exp(-speed * months)) / speed
    behind = (1 - np.exp(-2 * speed * months)) / (2 * speed)
    expected = np.sqrt(months - 2 * followed + behind)
    # Beside its own walk, that of other pairs reaches a pair by way of third parties.
    assert np.array(years) / years[2] == pytest.approx(expected / expected[2], rel=0.15)


def test_recognising_armenia_moves_both_ties_in_the_paired_median() -> None:
    ends = {
        name: simulate(load(FAMILY / f"{name}.yaml"), runs=1000).data["overall"].isel(time=-1)
        for name in ("status-quo", "armenia-recognition")
    }
    paired = ends["armenia-recognition"] - ends["status-quo"]
    assert float(paired.sel(pair="PAK-AZE").median()) < -0.05
    assert float(paired.sel(pair="PAK-RUS").median()) > 0.005


def test_summary_is_exact_however_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = simulate(scenario_of(EVERYTHING), runs=101, seed=2)
    whole = summarise(ensemble)
    monkeypatch.setattr("relsim.analysis.recorded.BLOCK_BYTES", 1500)
    xr.testing.assert_allclose(whole, summarise(ensemble), rtol=1e-12)
    levels = ensemble.data["overall"].sel(pair="A-B")
    found = whole["overall"].sel(pair="A-B")
    expected = np.quantile(levels.values, 0.9, axis=0)
    np.testing.assert_allclose(found.sel(statistic="q0.9"), expected, rtol=1e-6)
    up = (levels > levels[:, 0]).mean("run")
    np.testing.assert_allclose(found.sel(statistic="p_up"), up, rtol=1e-6)
    by_domain = ensemble.data["cooperation"].sel(watched="C-A", domain="low")
    np.testing.assert_allclose(
        whole["cooperation"].sel(watched="C-A", domain="low", statistic="mean"),
        by_domain.astype(float).mean("run"),
        rtol=1e-5,
    )


def test_summary_table_is_tidy() -> None:
    table = summary_table(summarise(simulate(scenario_of(EVERYTHING), runs=10)), [])
    assert not table.duplicated(["month", "pair", "domain"]).any()
    assert set(table["domain"]) == {"overall", "high", "low"}
    assert not table.isna().any().any()


def test_a_summary_too_long_for_a_spreadsheet_keeps_the_watched_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("relsim.analysis.summary.MOST_ROWS", 100)
    table = summary_table(summarise(simulate(scenario_of(EVERYTHING), runs=10)), ["A-B"])
    rows = table[table["domain"] == "overall"]["pair"].value_counts()
    assert rows.to_dict() == {"A-B": 49, "C-A": 2, "A-D": 2, "B-C": 2, "D-B": 2, "C-D": 2}


def test_events_are_counted_by_month() -> None:
    ensemble = simulate(scenario_of(EVERYTHING), runs=50, seed=2)
    table = event_table(ensemble)
    visits = table[table["event"] == "visit"]
    assert list(visits["month"]) == ["2020-03", "2022-05"]
    assert (visits["share"] == 1).all()
    floods = table[table["event"] == "flood"]
    rate = floods["runs"].sum() / 50 / 4
    assert abs(rate - 12 * (1 - np.exp(-1.5 / 12))) < 4.5 * np.sqrt(1.5 / 200)
    assert "lever" not in set(table["event"])


def test_conditions_and_limits_hold_in_every_run() -> None:
    data = simulate(scenario_of(EVERYTHING), runs=200, seed=2).data
    times = (data["fired"] > 0).sum("step")
    assert int(times.sel(event="crisis").max()) <= 3
    assert int(times.sel(event="alarm").max()) <= 1
    assert int(times.sel(event="echo").max()) <= 2
    twice = data["fired"].sel(event="visit", step="2022-05-01")
    assert (twice == 2).all()
    crisis = data["fired"].sel(event="crisis").values > 0
    level = data["cooperation"].sel(watched="A-B", domain="high")
    assert level.sizes["time"] == crisis.shape[1] + 1


def test_labels_name_the_axes() -> None:
    scenario = scenario_of(EVERYTHING)
    compiled = compile_scenario(scenario)
    ensemble = simulate(scenario, runs=3)
    assert isinstance(ensemble, Ensemble)
    assert isinstance(ensemble.data, xr.Dataset)
    assert ensemble.runs == 3
    assert ensemble.data["overall"].dims == ("run", "time", "pair")
    assert list(ensemble.data["pair"].values) == scenario.pair_names(compiled.pairs)
    assert str(ensemble.data["time"].values[-1])[:7] == "2024-01"
    arrays = {str(name): ensemble.data[name].values for name in ensemble.data}
    assert dataset(compiled, "domains", 3, arrays).equals(ensemble.data)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"runs": 0}, "one run or more, not 0"),
        ({"runs": -1}, "one run or more, not -1"),
        ({"runs": 5, "record": "everything"}, "watched, overall, domains, postures or accounts"),
        ({"runs": 5, "thin": 0}, "1 \\(every step\\) or more, not 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    settings: dict[str, Any], text: str, tmp_path: Path
) -> None:
    scenario = load(STATUS_QUO)
    with pytest.raises(RelsimError, match=text):
        simulate(scenario, **settings)
    with pytest.raises(RelsimError, match=text):
        relsim.run(scenario, out=tmp_path, **settings)
    if "record" not in settings and "thin" not in settings:
        with pytest.raises(RelsimError, match=text):
            relsim.explain(scenario, "PAK-RUS", **settings)
    assert not list(tmp_path.iterdir())
