"""What is said of bands is what was measured, and only of bands made that way."""

from __future__ import annotations

import html
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from relsim.analysis.findings import coverage_sentence, own_numbers
from relsim.cli.run import closing_lines
from relsim.hindcast.findings import MODEL_NUMBERS
from relsim.results.run import run
from relsim.scenario.schema import Parameters
from relsim.scenario.shipped import FIT, Coverage, Fit, FittedNumber
from scenarios_to_test import scenario_of

SCENARIO: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2021-01"},
    "states": {"A": {}, "B": {}},
    "ties": {"A-B": 0.1},
}
NUMBERS = {"drift": FittedNumber(0.04, 0.03, 0.06)}
MADE = Fit(NUMBERS, "made", 7, 2001, 2009, (Coverage(1, 40, 0.825), Coverage(3, 1200, 0.7)))


def test_the_coverage_is_that_of_the_hindcast_and_not_of_the_scenario() -> None:
    said = coverage_sentence(scenario_of(SCENARIO), MADE)
    assert said.startswith("How often the bands of this scenario hold what comes has not been m")
    assert "hindcast of yearly news of 7 pairs of states" in said
    assert "pairs of states (series made, 2001 to 2009; 1,240 forecasts)" in said
    assert "80 % bands held 82 % and 70 % of the values measured 1 and 3 years ahead" in said
    assert said.endswith("are from a later fit, to all years, and were not scored.")


def test_what_was_measured_elsewhere_stands_once_and_under_no_picture(tmp_path: Path) -> None:
    result = run(scenario_of(SCENARIO), runs=5, out=tmp_path, figures="all")
    page = html.unescape((result.folder / "report.html").read_text(encoding="utf-8"))
    page = page.replace("\u00a0%", " %")  # no line breaks there
    assert page.count(coverage_sentence(result.scenario)) == 1
    assert page.count("hindcast") == 1
    assert page.index("hindcast") > page.index("How this was made</h2>")
    for figure in (result.folder / "figures").glob("*.svg"):
        assert "hindcast" not in figure.read_text(encoding="utf-8"), figure.name
    assert "hindcast" not in "\n".join(closing_lines(result))


@pytest.mark.parametrize("number", ["drift", "domain_correlation"])
def test_numbers_of_a_scenario_s_own_are_named(number: str) -> None:
    scenario = scenario_of({**SCENARIO, "parameters": {number: 0.02, "goldstein_unit": 0.01}})
    assert own_numbers(scenario) == [number]
    said = coverage_sentence(scenario, MADE)
    assert said.endswith(f"This scenario has its own {number}, which are not fitted at all.")


def test_the_defaults_are_the_fitted_numbers() -> None:
    parameters = Parameters()
    assert set(FIT.numbers) == set(MODEL_NUMBERS)
    content = json.loads(files("relsim.scenario").joinpath("fitted.json").read_text("utf-8"))
    for name, number in FIT.numbers.items():
        assert getattr(parameters, name) == number.value
        assert number.value == pytest.approx(content["model"][name]["value"], rel=0.05)
        assert number.low < number.value < number.high
    assert [row.years for row in FIT.coverage] == [1, 3, 5]
