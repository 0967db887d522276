"""Series of measured cooperation: read as written, every problem at its place."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relsim.analysis.observed import MANY_PROBLEMS, MAX_BYTES, Observed, read_observed
from relsim.errors import Problem, ScenarioError


def read(text: str, folder: Path) -> Observed:
    file = folder / "series.csv"
    file.write_text(text, encoding="utf-8")
    return read_observed(file)


def problems(text: str, folder: Path) -> list[tuple[int, int, str]]:
    with pytest.raises(ScenarioError) as caught:
        read(text, folder)
    assert all(str(folder / "series.csv") == p.position.file for p in caught.value.problems)
    return [(p.position.line, p.position.column, p.code) for p in caught.value.problems]


def test_years_in_any_order_of_dyads_rows_and_columns(tmp_path: Path) -> None:
    observed = read(
        "value,period,dyad,events\n0.2,2009,RUS-PAK,\n-.5,2008,IND-PAK,3\n0,2008,PAK-RUS,12.0\n",
        tmp_path,
    )
    data = observed.data
    assert list(data.columns) == ["dyad", "period", "start", "months", "value", "events"]
    assert list(data["dyad"]) == ["IND-PAK", "PAK-RUS", "PAK-RUS"]
    assert list(data["period"]) == ["2008", "2008", "2009"]
    assert list(data["start"]) == [2008 * 12, 2008 * 12, 2009 * 12]
    assert set(data["months"]) == {12}
    np.testing.assert_array_equal(data["value"], [-0.5, 0.0, 0.2])
    np.testing.assert_array_equal(data["events"], [3, 12, np.nan])
    assert observed.dyads == ("IND-PAK", "PAK-RUS")
    assert observed.of(("PAK-RUS", "PAK-USA")).dyads == ("PAK-RUS",)


def test_months_quotes_and_windows_line_ends(tmp_path: Path) -> None:
    data = read('\ufeffdyad,period,value\r\n"RUS-PAK", 2008-03 ,"1e-1"\r\n\r\n', tmp_path).data
    assert list(data["start"]) == [2008 * 12 + 2]
    assert list(data["months"]) == [1]
    assert list(data["value"]) == [0.1]
    assert data["events"].isna().all()


def test_every_problem_of_a_file_at_once_each_at_its_place(tmp_path: Path) -> None:
    text = """\
dyad,period,value,event
PAK-RUS,2008,0.1,2
PAK>RUS,2008,"1,5",2
PAK-PAK,08,1.5,2
RUS-PAK,2008,0.2,2
PAK-USA,2008,,2
PAK-USA,2009,0.1
"""
    assert problems(text, tmp_path) == [
        (1, 19, "unknown-column"),
        (3, 1, "bad-tie"),
        (3, 14, "not-a-number"),
        (4, 1, "self-tie"),
        (4, 9, "bad-date"),
        (4, 12, "out-of-range"),
        (5, 1, "duplicate-row"),
        (6, 14, "missing-value"),
        (7, 1, "wrong-length"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, 1, "no-rows")]),
        ("dyad,period,value\n", [(1, 1, "no-rows")]),
        ("dyad,value\nA-B,0\n", [(1, 1, "missing-column")]),
        ("dyad,period,value,value\nA-B,2000,0,0\n", [(1, 19, "duplicate-column")]),
        ("dyad,period,value\nA-B,2000,0\nA-B,2001-01,0\n", [(3, 1, "mixed-periods")]),
        ("dyad,period,value\nA-B,2000,nan\n", [(2, 10, "not-a-number")]),
        ("dyad,period,value,events\nA-B,2000,0,0\n", [(2, 12, "bad-count")]),
        ("dyad,period,value,events\nA-B,2000,0,1.5\n", [(2, 12, "bad-count")]),
        ('dyad,period,value\n"A-B,2000,0\n', [(2, 1, "csv-syntax")]),
    ],
)
def test_what_is_no_series(text: str, expected: list[tuple[int, int, str]], tmp_path: Path) -> None:
    assert problems(text, tmp_path) == expected


def test_hints_name_the_mending(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"Did you mean period\?"):
        read("dyad,perod,value\nA-B,2000,0\n", tmp_path)
    with pytest.raises(ScenarioError, match="Separate columns by commas"):
        read("dyad;period;value\nA-B;2000;0\n", tmp_path)
    with pytest.raises(ScenarioError, match="There is no such file"):
        read_observed(tmp_path / "none.csv")
    with pytest.raises(ScenarioError, match="This is a folder"):
        read_observed(tmp_path)


SOUND = "dyad,period,value,events\nPAK-RUS,2008,0.1,3\nPAK-USA,2008,-0.2,\nRUS-PAK,2009,0.1,1\n"
_PIECES = st.sampled_from(
    [",", '"', "\n", "-", "2008-13", "1e999", "PAK-RUS", "\x00", "é", "", ";"]
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = SOUND
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 6)))
        text = text[:start] + draw(_PIECES | st.text(max_size=4)) + text[end:]
    return text


@settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=200,
    suppress_health_check=list(HealthCheck),
)
@given(damaged() | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")))
def test_any_damage_is_a_series_or_problems_in_the_text(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "series.csv"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        found: tuple[Problem, ...] = ()
        try:
            data = read_observed(file).data
        except ScenarioError as error:
            found = error.problems
    for problem in found:
        assert re.fullmatch("[a-z-]+", problem.code)
        assert 1 <= problem.position.line <= text.count("\n") + text.count("\r") + 1
        assert problem.position.column >= 1
        assert problem.text
    if not found:
        assert data["value"].between(-1, 1).all()
        assert not data.duplicated(["dyad", "period"]).any()
        assert data["months"].nunique() == 1


@pytest.mark.parametrize(
    ("written", "dyad"),
    [
        ("arm-aze", "ARM-AZE"),
        ("Azerbaijan-Armenia", "ARM-AZE"),
        ("armenia – AZE", "ARM-AZE"),
        ("AM-AZ", "ARM-AZE"),
        ("Guinea-Bissau-Mali", "GNB-MLI"),
        ("Mali-Guinea-Bissau", "GNB-MLI"),
        ("Guinea-Guinea-Bissau", "GIN-GNB"),
        ("Côte d'Ivoire-South Korea", "CIV-KOR"),
        ('"Iran, Islamic Republic of-Iraq"', "IRN-IRQ"),
        ("Atlantis-Lemuria", "Atlantis-Lemuria"),  # of an invented world
        ("b-A", "A-b"),
        ("SUN-usa", "SUN-USA"),  # no longer in ISO 3166
    ],
)
def test_a_state_has_one_name_however_it_is_written(
    tmp_path: Path, written: str, dyad: str
) -> None:
    assert read(f"dyad,period,value\n{written},2008,0\n", tmp_path).dyads == (dyad,)


def test_two_spellings_of_one_pair_are_one_pair(tmp_path: Path) -> None:
    text = "dyad,period,value\nARM-AZE,2008,0.1\nazerbaijan-arm,2008,0.1\naze-arm,2009,0.1\n"
    assert problems(text, tmp_path) == [(3, 1, "duplicate-row")]
    invented = "dyad,period,value\nAtlantis-b,2008,0.1\nB-ATLANTIS,2009,0.1\n"
    assert read(invented, tmp_path).dyads == ("Atlantis-b",)
    assert problems(invented.replace("2009", "2008"), tmp_path) == [(3, 1, "duplicate-row")]
    assert problems("dyad,period,value\nRussia-RUS,2008,0\n", tmp_path) == [(2, 1, "self-tie")]


def test_a_series_takes_the_names_that_a_scenario_gives_its_states(tmp_path: Path) -> None:
    text = "dyad,period,value\nRUS-ATLANTIS,2008,0.1\nPAK-RUS,2008,0.2\n"
    named = read(text, tmp_path).named_as(("Russia", "Atlantis", "PAK"))
    assert named.dyads == ("Atlantis-Russia", "PAK-Russia")
    assert list(named.data["value"]) == [0.1, 0.2]
    assert read(text, tmp_path).named_as(("RUS", "Russia")).dyads == ("ATLANTIS-RUS", "PAK-RUS")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["0000", "2008"], [(2, 5, "bad-date")]),
        (["2008", "2009", "9999"], [(4, 1, "bad-date")]),
        (["1008", "2008", "2009"], [(2, 1, "bad-date")]),
        (["2008-01", "3008-02", "2008-03"], [(3, 1, "bad-date")]),
        (["0000-01"], [(2, 5, "bad-date")]),
        (["1500", "1599"], []),
        (["2008.0", "2009.0"], []),  # as pandas writes a column of years with a gap
        (["2008.5"], [(2, 5, "bad-date")]),
    ],
)
def test_years_that_are_slips(
    tmp_path: Path, rows: list[str], expected: list[tuple[int, int, str]]
) -> None:
    text = "dyad,period,value\n" + "".join(f"A-B,{period},0\n" for period in rows)
    if expected:
        assert problems(text, tmp_path) == expected
    else:
        assert len(read(text, tmp_path).data) == len(rows)


@pytest.mark.parametrize(
    "count", ["1e300", "1000000001", "inf", ".inf", "nan", ".nan", "-3", "9" * 5000]
)
def test_a_count_that_no_collection_has(tmp_path: Path, count: str) -> None:
    text = f"dyad,period,value,events\nA-B,2000,0,{count}\n"
    assert problems(text, tmp_path) == [(2, 12, "bad-count")]


@pytest.mark.parametrize("value", ["inf", "-inf", ".inf", "nan", ".nan", "1e999", "NA", "true"])
def test_a_value_that_is_no_finite_number(tmp_path: Path, value: str) -> None:
    assert problems(f"dyad,period,value\nA-B,2000,{value}\n", tmp_path)[0][:2] == (2, 10)


def test_devices_and_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to("/dev/zero")
    for file in (tmp_path / "pipe.csv", tmp_path / "link.csv", Path("/dev/zero")):
        with pytest.raises(ScenarioError, match=r"is a device|is a pipe"):
            read_observed(file)
    big = tmp_path / "big.csv"
    big.touch()
    os.truncate(big, MAX_BYTES + 1)
    with pytest.raises(ScenarioError, match="too-large"):
        read_observed(big)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "latin-1", "cp932"])
def test_text_that_is_not_utf_8_is_refused(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "series.csv"
    file.write_bytes("dyad,period,value\nCôte d'Ivoire-Mali,2008,0\n".encode(encoding, "replace"))
    with pytest.raises(ScenarioError):
        read_observed(file)


def test_a_file_that_is_no_series_is_not_read_to_its_end(tmp_path: Path) -> None:
    assert problems("," * 1_000_000, tmp_path) == [(1, 1, "too-large")]
    assert problems("dyad,period,value\n" + "," * 1_000_000, tmp_path) == [(2, 1, "too-large")]
    rows = "A-B,2000,0\n" * 3 * MANY_PROBLEMS
    assert len(problems(f"dyad,period,value\n{rows}", tmp_path)) == MANY_PROBLEMS
    assert len(problems(f"dyad,period,values\n{rows}", tmp_path)) <= MANY_PROBLEMS + 3
    lines = "a line of prose\n" * 3 * MANY_PROBLEMS
    assert len(problems(f"dyad,period,value\n{lines}", tmp_path)) == MANY_PROBLEMS
