"""What is said of bands is what was measured, and only of bands made that way."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from relsim.analysis.coverage import coverage_line, coverage_sentence, own_numbers
from relsim.hindcast.defaults import MODEL_NUMBERS
from relsim.scenario.fitted import FIT, Coverage, Fit, FittedNumber
from relsim.scenario.schema import Parameters
from scenarios_to_test import scenario_of

SCENARIO: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2021-01"},
    "states": {"A": {}, "B": {}},
    "ties": {"A-B": 0.1},
}
NUMBERS = {"drift": FittedNumber(0.04, 0.03, 0.06)}
MADE = Fit(NUMBERS, "made", 7, 2001, 2009, (Coverage(1, 40, 0.825), Coverage(3, 1200, 0.7)))


def test_the_coverage_is_that_of_the_hindcast() -> None:
    scenario = scenario_of(SCENARIO)
    assert coverage_line(scenario, MADE) == (
        "In a hindcast such 80 % bands held 82 % and 70 % of the values 1 and 3 years ahead"
    )
    assert "1,240 forecasts of 7 pairs of states (series made, 2001 to 2009)" in coverage_sentence(
        scenario, MADE
    )


@pytest.mark.parametrize("number", ["drift", "mutuality"])
def test_bands_of_other_numbers_were_not_measured(number: str) -> None:
    scenario = scenario_of({**SCENARIO, "parameters": {number: 0.02, "goldstein_unit": 0.01}})
    assert own_numbers(scenario) == [number]
    for said in (coverage_line(scenario, MADE), coverage_sentence(scenario, MADE)):
        assert said.rstrip(".").endswith(f"the scenario sets its own {number}")


def test_the_defaults_are_the_fitted_numbers() -> None:
    parameters = Parameters()
    assert set(FIT.numbers) == set(MODEL_NUMBERS)
    content = json.loads(files("relsim.scenario").joinpath("fitted.json").read_text("utf-8"))
    for name, number in FIT.numbers.items():
        assert getattr(parameters, name) == number.value
        assert number.value == pytest.approx(content["model"][name]["value"], rel=0.05)
        assert number.low < number.value < number.high
    assert [row.years for row in FIT.coverage] == [1, 3, 5]
