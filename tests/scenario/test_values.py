"""Single values and names: durations, rates, months, distributions, ties and numbers."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic_core import PydanticCustomError
from scipy import stats

from relsim.scenario.names import NumberRef, TieRef
from relsim.scenario.values import (
    Bounds,
    Distribution,
    DistributionKind,
    Month,
    central,
    read_duration,
    read_plain_number,
    read_rate,
    whole_number_hint,
)

DURATIONS = [
    ("9 months", 9), ("1 month", 1), ("2 years", 24), ("1 quarter", 3), ("0.5 years", 6),
    (" 1e1  months ", 10), ("-1 month", -1),
]  # fmt: skip
RATES = [("0.15 per year", 0.15), ("1 per month", 12), ("2 per quarter", 8)]


@pytest.mark.parametrize(("text", "months"), DURATIONS)
def test_durations_are_in_months(text: str, months: float) -> None:
    assert read_duration(text) == pytest.approx(months)


@pytest.mark.parametrize(("text", "per_year"), RATES)
def test_rates_are_per_year(text: str, per_year: float) -> None:
    assert read_rate(text) == pytest.approx(per_year)


@pytest.mark.parametrize("text", ["9", 9, "months", "9 weeks", "nine months", "1-1 months", None])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        read_duration(text)
    assert caught.value.type == "bad-duration"


@pytest.mark.parametrize("text", ["0.15", 0.15, "per year", "1 a year", "1e999 per year", "1 year"])
def test_what_is_no_rate(text: object) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        read_rate(text)
    assert caught.value.type == "bad-rate"


@pytest.mark.parametrize(
    "raw", [float("inf"), float("nan"), 10**400, -(10**400), True], ids=lambda raw: str(raw)[:4]
)
def test_what_is_no_finite_number(raw: object) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        read_plain_number(raw)
    assert caught.value.type == "not-a-number"
    assert not whole_number_hint(raw)


def test_months_are_counted() -> None:
    july = Month.read("2020-07")
    assert (july.plus(6), july.plus(-7), july.plus(0)) == (Month(2021, 1), Month(2019, 12), july)
    assert str(Month(987, 3)) == "0987-03"
    assert july.plus(6).serial - july.serial == 6


MEDIANS: list[tuple[DistributionKind, tuple[float, ...], float]] = [
    ("uniform", (1, 3), 2),
    ("normal", (0.4, 0.1), 0.4),
    ("lognormal", (0.4, 0.9), 0.4),
    ("triangular", (0, 1, 4), stats.triang(1 / 4, 0, 4).median()),
    ("triangular", (0, 3, 4), stats.triang(3 / 4, 0, 4).median()),
    ("triangular", (2, 2, 2), 2),
]


@pytest.mark.parametrize(("kind", "arguments", "median"), MEDIANS)
def test_medians(kind: DistributionKind, arguments: tuple[float, ...], median: float) -> None:
    assert central(Distribution(kind, arguments)) == pytest.approx(median)


def test_a_median_is_clipped_to_the_range_and_a_number_is_its_own() -> None:
    assert Distribution("normal", (3, 1), 0, 1).median == 1
    assert central(0.25) == 0.25


def test_distributions_of_durations_are_in_months() -> None:
    read = Bounds("a half-life", 0.01, form="duration").read
    assert read({"uniform": ["1 month", "1 year"]}) == Distribution("uniform", (1, 12), 0.01)
    assert read({"normal": ["1 year", "1 month"]}) == Distribution("normal", (12, 1), 0.01)
    assert read({"lognormal": ["1 year", 0.5]}) == Distribution("lognormal", (12, 0.5), 0.01)


def test_ranges_in_words() -> None:
    assert Bounds("x", -1, 1).range == "[-1, 1]"
    assert Bounds("x").range == "(-∞, ∞)"
    assert Bounds("x", 1, form="duration").range == "[1, ∞) months"


@pytest.mark.parametrize("text", ["PAK-RUS", "RUS>PAK", "PAK-RUS.defence", "a_1>B2.x"])
def test_ties_are_written_as_they_were(text: str) -> None:
    assert str(TieRef.read(text)) == text


def test_what_a_tie_stands_for() -> None:
    both, one = TieRef.read("RUS-PAK"), TieRef.read("RUS>PAK.defence")
    assert both.pair == one.pair == ("PAK", "RUS")
    assert both.directions == (("RUS", "PAK"), ("PAK", "RUS"))
    assert one.directions == (("RUS", "PAK"),)
    assert (one.domain, both.domain) == ("defence", None)


NUMBERS = [
    ("PAK.ties.USA", NumberRef("weight", "PAK", "USA"), (-1, 1)),
    ("states.PAK.ties.USA.weight", NumberRef("weight", "PAK", "USA"), (-1, 1)),
    ("PAK.issues.k.stance", NumberRef("stance", "PAK", "k"), (-1, 1)),
    ("PAK.issues.k.salience", NumberRef("salience", "PAK", "k"), (0, 1e6)),
    ("PAK.capacity", NumberRef("capacity", "PAK", None), (0, 1)),
    ("PAK.capacity.defence", NumberRef("capacity", "PAK", "defence"), (0, 1)),
    ("PAK.traits.volatility", NumberRef("trait", "PAK", "volatility"), (0, 1e6)),
    ("parameters.mutuality", NumberRef("parameter", None, "mutuality"), (0, 1)),
    ("context.z", NumberRef("context", None, "z"), (-1e6, 1e6)),
]


@pytest.mark.parametrize(("path", "number", "limits"), NUMBERS)
def test_numbers_an_event_can_change(
    path: str, number: NumberRef, limits: tuple[float, float]
) -> None:
    assert NumberRef.read(path) == number
    assert (number.bounds.low, number.bounds.high) == limits


@pytest.mark.parametrize(
    "path", ["PAK", "PAK.traits.drift", "parameters.half_life", "context", "PAK.issues.k", "", 1]
)
def test_numbers_it_cannot_change(path: object) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        NumberRef.read(path)
    assert caught.value.type == "bad-path"


def test_numbers_that_are_not_python_floats() -> None:
    assert Bounds("x").read(np.float64(0.5)) == 0.5
    with pytest.raises(PydanticCustomError):
        Bounds("x").read(True)
