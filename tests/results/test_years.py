"""Months of any year come out as they went in: stored, in tables, in charts and where asked for."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import Command
from figures.pictures import svg_of
from hindcast.beside_made import measured
from relsim.analysis.compare import compare
from relsim.analysis.explain import explain
from relsim.analysis.findings import find
from relsim.analysis.summary import months_of
from relsim.ensemble.record import axes
from relsim.ensemble.simulate import simulate
from relsim.figures.marks import event_rows
from relsim.figures.result import pair_explorer
from relsim.figures.save import definition
from relsim.hindcast.beside import beside, yearly_means
from relsim.model.compile import compile_scenario
from relsim.results.result import Result, open_result
from relsim.results.run import run
from relsim.results.views import charts_of
from relsim.scenario.schema import Scenario
from relsim.scenario.values import Month
from scenarios_to_test import scenario_of

# The first year; fewer than three digits; a century that JavaScript would take for another; before
# the Gregorian calendar, and at its beginning; the ends of nanoseconds since 1970; the last year.
STARTS = ("0001-01", "0099-06", "0100-01", "1500-01", "1582-01", "1677-01", "2261-06", "9997-12")


def scenario(start: str) -> Scenario:
    first = Month.read(start)
    event = {"at": str(first.plus(7)), "effects": [{"shift": "A-B", "size": 0.4}]}
    claim = {"says": "x", "expect": {"level": "A-B", "above": 0.1, "at": str(first.plus(9))}}
    return scenario_of(
        {
            "time": {"start": start, "end": str(first.plus(24))},
            "states": {"A": {}, "B": {}, "C": {}},
            "ties": {"A-B": 0.2},
            "events": {"pact": event},
            "claims": {"early": claim},
            "watch": ["A-B"],
        }
    )


def months(start: str, count: int = 25) -> list[str]:
    return [str(Month.read(start).plus(n)) for n in range(count)]


@pytest.fixture(scope="module", params=STARTS)
def result(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Result:
    out = tmp_path_factory.mktemp("results")
    made = run(scenario(request.param).named("old"), runs=6, out=out, views=False)
    return open_result(made.folder)


def start_of(result: Result) -> str:
    return str(result.scenario.time.start)


def test_months_are_stored_as_they_are(result: Result) -> None:
    data = result.ensemble.data
    assert months_of(data["time"].values).tolist() == months(start_of(result))
    assert months_of(data["step"].values).tolist() == months(start_of(result), 24)
    decode = xr.coders.CFDatetimeCoder(time_unit="s")
    path = result.folder / "ensemble.zarr"
    with xr.open_zarr(path, consolidated=False, chunks=None, decode_times=decode) as plain:
        assert (plain["time"].values == data["time"].values).all()


def test_tables_have_the_months(result: Result) -> None:
    with (result.folder / "summary.csv").open() as file:
        rows = [row["month"] for row in csv.DictReader(file)]
    assert sorted(set(rows)) == months(start_of(result))
    with (result.folder / "events.csv").open() as file:
        assert [row["month"] for row in csv.DictReader(file)] == [months(start_of(result))[7]]


def test_dated_claims_are_judged_at_their_month(result: Result) -> None:
    (claim,) = result.claims
    assert months(start_of(result))[9] in claim.test
    levels = result.ensemble.data["overall"].sel(pair="A-B").isel(time=9)
    assert claim.effect == pytest.approx(float(levels.median()), abs=1e-6)


def test_months_can_be_asked_for(result: Result, relsim: Command) -> None:
    month = months(start_of(result))[9]
    folder = result.folder
    for asked in (("compare", folder, folder), ("explain", folder, "A-B")):
        done = relsim(*asked, "--at", month)
        assert done.returncode == 0
        assert month in done.stdout
    compared = compare(result.ensemble, result.ensemble)
    assert str(compared.month(month)) == month
    accounted = explain(result.ensemble, "A-B").table()["month"]
    assert set(accounted) == set(months(start_of(result), 24))


def times_in(definition: Any) -> Iterator[str]:
    """Every time in the data of a chart."""
    for rows in definition.get("datasets", {}).values():
        for row in rows:
            if "time" in row:
                yield row["time"]


def test_charts_have_the_months(result: Result) -> None:
    ensemble, summary = result.ensemble, result.summary()
    findings = find(ensemble, summary, result.claims, {"same.yaml": ensemble})
    charts = {name: chart() for name, chart in charts_of(findings)}
    charts |= {"explorer": pair_explorer(summary, ["A-B"], "A-B")}
    known = set(months(start_of(result)))
    for name in ("fan", "multiples", "why-A-B", "difference-same", "explorer"):
        times = list(times_in(definition(charts[name])))
        assert times, name
        found = {datetime.fromisoformat(time).strftime("%Y-%m").rjust(7, "0") for time in times}
        assert found <= known, name


@pytest.mark.parametrize("start", ["0099-06", "9997-12"])
def test_drawn_years_are_those_of_the_scenario(tmp_path: Path, start: str) -> None:
    made = run(scenario(start), runs=6, out=tmp_path, views=False)
    findings = find(made.ensemble, made.summary(), made.claims, {})
    drawn = svg_of(dict(charts_of(findings))["fan"]())
    shown = {month[:4] for month in months(start) if month.endswith("-01")}
    assert all(f">{year}</text>" in drawn for year in shown)
    assert ">19" not in drawn


def test_a_series_can_be_of_any_century() -> None:
    first = scenario_of(
        {
            "time": {"start": "0098-12", "end": "0104-12"},
            "states": {code: {} for code in "ABCD"},
            "ties": {"A-B": 0.3, "C-D": -0.2},
            "watch": ["A-B"],
            "ensemble": {"runs": 20, "seed": 5},
        }
    )
    years = list(range(99, 105))
    panel, futures = measured(first, 1), simulate(first, runs=20, seed=5)
    assert list(panel.years) == list(yearly_means(futures)) == years
    tables = beside(panel, futures).tables()
    of_years = [table["year"] for table in tables.values() if "year" in table]
    assert of_years
    assert all(set(column) <= set(years) for column in of_years)


@settings(max_examples=60, deadline=None)
@given(st.integers(12, 9999 * 12 + 8))
def test_every_month_that_is_read_is_recorded(serial: int) -> None:
    start = str(Month(serial // 12, serial % 12 + 1))
    end = str(Month.read(start).plus(3))
    compiled = compile_scenario(
        scenario_of({"time": {"start": start, "end": end}, "states": {"A": {}, "B": {}}})
    )
    assert months_of(axes(compiled).time).tolist() == months(start, 4)


def test_there_is_no_year_0() -> None:
    with pytest.raises(ValueError, match="not a month") as raised:
        Month.read("0000-05")
    assert "There is no year 0" in str(raised.value.context)  # type: ignore[attr-defined]


def test_labels_of_events_stand_clear_in_any_year() -> None:
    marks = pd.DataFrame({"month": ["0099-01", "0099-02", "0110-01"]})
    assert event_rows(marks, pd.Timedelta(days=3653)) == [0, 1, 0]
