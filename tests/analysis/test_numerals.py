"""How numbers are written: digits by size, and needed runs rounded up."""

from __future__ import annotations

import math

import pytest

from relsim.analysis.numerals import digits_for, rounded_up


@pytest.mark.parametrize(
    ("values", "digits"),
    [([0.123, -0.01], 3), ([-12.3, 0.1], 1), ([1234.0], 0), ([1e-9], 6), ([], 3), ([0.0], 3)],
)
def test_the_largest_value_decides_the_digits(values: list[float], digits: int) -> None:
    assert digits_for(values) == digits
    assert digits_for([*values, math.nan, math.inf]) == digits


@pytest.mark.parametrize(
    ("needed", "said"), [(0.3, 1), (7.2, 8), (43, 43), (431.2, 440), (4312, 4400), (4400, 4400)]
)
def test_what_is_needed_is_rounded_up_to_two_digits(needed: float, said: int) -> None:
    assert rounded_up(needed) == said
