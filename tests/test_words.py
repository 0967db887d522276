"""How numbers are written: digits by size, and needed runs rounded up."""

from __future__ import annotations

import math
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from relsim.analysis.compare import compare
from relsim.analysis.explain import explain
from relsim.cli.compare import show_comparison
from relsim.cli.explain import story_and_parts
from relsim.cli.run import closing_lines, closing_table
from relsim.results.run import run
from relsim.words import (
    counted,
    digits_for,
    fixed,
    listed,
    number,
    rounded_up,
    signed,
    true_minus,
    with_interval,
)
from scenarios_to_test import scenario_of


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-0.2", "−0.2"),
        ("from -0.1 to -.5 (-3)", "from −0.1 to −.5 (−3)"),
        ("{low: -0.2, high: [-1, 2e-05]}", "{low: −0.2, high: [−1, 2e−05]}"),
        ("2020-07 of PAK-RUS, IND-2, in a-b-1", "2020-07 of PAK-RUS, IND-2, in a-b-1"),
    ],
)
def test_a_minus_is_one_before_a_number_alone(text: str, shown: str) -> None:
    assert true_minus(text) == shown


def test_numbers_on_a_screen_have_one_minus_sign_and_files_the_plain_one(tmp_path: Path) -> None:
    claim = {"says": "x", "expect": {"level": "A-B", "above": -0.5}}
    rival = {"states": {"A": {}, "B": {}}, "ties": {"A-B": -0.4}, "claims": {"it": claim}}
    base = scenario_of({**rival, "time": {"start": "2020-01", "end": "2020-06"}})
    worse = base.with_changes({"ties.A-B": -0.6})
    result, other = (run(one, runs=5, seed=1, out=tmp_path) for one in (base, worse))
    comparison = compare(result.ensemble, other.ensemble)
    effects = {"A-B": comparison.effect("A-B")}
    reached = [comparison.time_to("A-B", -0.5)]
    console = Console(width=100, record=True, file=StringIO())
    for one in (result, other):
        console.print(closing_table(one), *closing_lines(one)[:-2])
    show_comparison(console, comparison, effects, comparison.month(), reached)
    console.print(
        *(story_and_parts(explain(worse, "A-B", runs=2), way, None, "overall") for way in ("A>B",))
    )
    page = (other.folder / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"(?s)<(script|style|pre).*?</\1>", "", page)
    for text in (console.export_text(), re.sub(r"<[^>]*>", " ", page)):
        assert "−0.6" in text
        assert not re.findall(r".*(?<![\w.])-[.0-9].*", text)
    for name in ("summary.csv", "claims.csv", "manifest.json"):
        assert "−" not in (other.folder / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.126, "+0.13"), (-0.126, "−0.13"), (0.004, "0.00"), (-0.004, "0.00"), (None, "–")],
)
def test_a_level_has_its_sign_and_none_at_zero(value: float | None, shown: str) -> None:
    assert signed(value) == shown
    assert fixed(value) == shown.removeprefix("+")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"), (-0.0, "0"), (100.0, "100"), (1234.5, "1230"), (-0.01234, "−0.0123"),
        (1e-9, "0.000000001"), (2e6, "2000000"), (math.nan, "–"), (math.inf, "–"),
    ],
)  # fmt: skip
def test_a_number_has_significant_figures_and_no_exponent(value: float, shown: str) -> None:
    assert number(value) == shown


def test_lists_and_counts_read_as_sentences_do() -> None:
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip
    assert listed("abc", last="or") == "a, b or c"
    assert [counted(count, "run") for count in (0, 1, 1200)] == ["0 runs", "1 run", "1,200 runs"]
    assert with_interval(0.123, 0.1, 0.2) == "0.123 (0.1 to 0.2)"
    assert with_interval(0.123, math.nan, math.nan, signed) == "+0.12"
