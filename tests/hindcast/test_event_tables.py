"""Event tables as spreadsheets, pandas and other collections write them."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path

import pytest

from hindcast.event_lines import write
from relsim.analysis.observed import MAX_EVENTS, read_observed
from relsim.errors import ResultsError, ScenarioError
from relsim.hindcast.event_values import DamagedLineError
from relsim.hindcast.observe import Choices, Observation, observe
from relsim.hindcast.tally import Tally


def made(folder: Path, lines: list[str], **choices: object) -> Observation:
    file = write(folder / "events.csv", lines)
    return observe([file], folder / "out.csv", Choices(least=1, **choices), force=True)  # type: ignore[arg-type]


def values(series: Observation) -> dict[tuple[str, str], tuple[float, float]]:
    data = read_observed(series.file).data
    keys = zip(data["dyad"], data["period"], strict=True)
    return dict(zip(keys, zip(data["value"], data["events"], strict=True), strict=True))


def damage(series: Observation) -> list[tuple[int, int, str]]:
    return [(one.position.line, one.position.column, one.code) for one in series.damaged]


@pytest.mark.parametrize(
    ("flag", "root"),
    [(flag, True) for flag in ("1", "1.0", "1.", "true", "True", "TRUE", "yes", "T", " 1 ")]
    + [(flag, False) for flag in ("0", "0.0", "false", "False", "no", "N")],
)
def test_a_root_flag_however_it_is_written(tmp_path: Path, flag: str, root: bool) -> None:
    lines = ["date,source,target,quad,IsRootEvent", "2015,PAK,IND,4,1", f"2015,PAK,IND,1,{flag}"]
    series = made(tmp_path, lines, root_only=True)
    assert values(series)["IND-PAK", "2015"] == ((0, 2) if root else (-1, 1))
    assert series.record["lines"]["left_out"] == ({} if root else {"not-root": 1})
    assert series.damaged == ()


@pytest.mark.parametrize("flag", ["", "nan", "2", "-1", "1.5", "maybe", "１.0"])
def test_a_root_flag_that_says_nothing_is_a_damaged_line(tmp_path: Path, flag: str) -> None:
    lines = ["date,source,target,quad,IsRootEvent", "2015,PAK,IND,4,1", f"2015,PAK,IND,1,{flag}"]
    series = made(tmp_path, lines, root_only=True, damaged=0.5)
    assert damage(series) == [(3, 16, "bad-root")]
    assert values(series) == {("IND-PAK", "2015"): (-1, 1)}
    assert made(tmp_path, lines).record["lines"]["used"] == 2  # where it is not asked for


def test_whole_numbers_that_pandas_wrote_as_floats(tmp_path: Path) -> None:
    lines = [
        "date,source,target,quad,count",
        "20150301.0,PAK,IND,1.0,3.0",
        "2015.0,PAK,IND,4.0,1.",
        "2015,PAK,IND,1.5,1",
        "2015,PAK,IND,1,1.5",
        "2015.5,PAK,IND,1,1",
        "2015,PAK,IND,1," + "9" * 5000,
    ]
    series = made(tmp_path, lines, damaged=0.9)
    assert values(series) == {("IND-PAK", "2015"): (0.5, 4)}
    assert damage(series) == [
        (4, 14, "bad-quad"),
        (5, 16, "bad-count"),
        (6, 1, "bad-date"),
        (7, 16, "bad-count"),
    ]


@pytest.mark.parametrize(
    ("codes", "taken", "refused"),
    [
        # by an event code of which one reading is in the code book
        (["42", "36", "57", "190", "211", "1831"], (4 - 2) / 6, []),
        (["42.0", "190.0"], 0, []),
        # 10 to 20 may be 010 to 020, and there the sign differs
        (["42", "10"], 1, [3]),
        (["42.0", "20.0", "14.0"], 1, [3, 4]),
        (["190", "14"], -1, [3]),  # nothing says that 14 has all its digits
        (["42", "042", "10"], 1, [4]),  # written in both ways
        # codes that have their zeros
        (["042", "10", "20"], -1 / 3, []),
        # root codes as integers
        (["3", "4", "10", "20"], 0, []),
        (["3", "42", "20"], 1, [4]),
        (["03", "4", "14"], 1 / 3, []),
    ],
)
def test_codes_that_lost_their_zero(
    tmp_path: Path, codes: list[str], taken: float, refused: list[int]
) -> None:
    lines = ["date,source,target,EventCode", *(f"2015,PAK,IND,{code}" for code in codes)]
    series = made(tmp_path, lines, damaged=0.9)
    value, events = values(series)["IND-PAK", "2015"]
    assert value == pytest.approx(taken, abs=1e-6)
    assert events == len(codes) - len(refused)
    assert damage(series) == [(line, 14, "ambiguous-code") for line in refused]
    lost = any(not code.startswith("0") and len(code.split(".")[0]) < 3 for code in codes)
    if lost and "042" not in codes and "14" not in codes:
        assert series.record["files"][0]["codes"] == "leading zeros put back"


@pytest.mark.parametrize("code", ["0", "00", "99", "299", "042x", "4 2", "-42", "42.5", "1e2"])
def test_a_code_that_is_in_no_code_book(tmp_path: Path, code: str) -> None:
    lines = ["date,source,target,EventCode", "2015,PAK,IND,042", f"2015,PAK,IND,{code}"]
    assert damage(made(tmp_path, lines, damaged=0.5)) == [(3, 14, "unknown-code")]


@pytest.mark.parametrize(
    ("dates", "order", "periods"),
    [
        (["1/5/2017", "1/13/2017"], None, {"2017-01"}),
        (["1/5/2017", "13/1/2017"], None, {"2017-05", "2017-01"}),
        (["13.01.2017", "05.01.2017"], None, {"2017-01"}),
        (["1-13-2017 12:00:00", "1-5-2017"], None, {"2017-01"}),
        (["1/5/2017", "2/5/2017"], "day-first", {"2017-05"}),
        (["1/5/2017", "2/5/2017"], "month-first", {"2017-01", "2017-02"}),
        (["3/3/2017"], None, {"2017-03"}),  # the same either way
        (["2017/1/5", "2017-01-05T10:00", "20170105"], None, {"2017-01"}),
    ],
)
def test_dates_of_spreadsheets(
    tmp_path: Path, dates: list[str], order: str | None, periods: set[str]
) -> None:
    lines = ["date,source,target,quad", *(f"{date},PAK,IND,1" for date in dates)]
    series = made(tmp_path, lines, by="month", dates=order)
    assert {period for _, period in values(series)} == periods
    assert series.damaged == ()


def test_dates_that_do_not_show_their_month_are_refused_with_the_option(tmp_path: Path) -> None:
    lines = ["date,source,target,quad", "1/5/2017,PAK,IND,1", "2/5/2017,PAK,IND,1"]
    with pytest.raises(ScenarioError, match="--dates month-first or --dates day-first"):
        made(tmp_path, lines, by="month")
    assert values(made(tmp_path, lines)) == {("IND-PAK", "2017"): (1, 2)}  # a year needs no month
    wrong = made(tmp_path, [*lines, "1/13/2017,PAK,IND,1"], dates="day-first", damaged=0.5)
    assert damage(wrong) == [(4, 1, "bad-date")]


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("1/5/17", "four digits"),
        ("9999-01-01", "has not come yet"),
        ("0000-01-01", "is no day"),
        ("5 January 2017", "Write 2008, 2008-03 or 2008-03-31."),
        ("13/13/2017", "is no day"),
        ("", "is no date here"),
    ],
)
def test_a_date_that_cannot_be(tmp_path: Path, date: str, said: str) -> None:
    lines = ["source,target,quad,date", "PAK,IND,1,2017-01-01", f"PAK,IND,1,{date}"]
    (problem,) = made(tmp_path, lines, damaged=0.5).damaged
    assert (problem.position.line, problem.position.column, problem.code) == (3, 11, "bad-date")
    assert said in str(problem)


def test_a_year_that_stands_for_no_date_makes_no_series(tmp_path: Path) -> None:
    lines = ["source,target,quad,date", "PAK,IND,1,2017-01-01", "PAK,IND,1,0001-01-01"]
    with pytest.raises(ScenarioError, match=r"year 2017 lies|year 0001 lies"):
        made(tmp_path, lines)


@pytest.mark.parametrize(
    ("header", "line", "period"),
    [
        ("story_date,year,month,day", "3/5/1989,1989,3,5", "1989-03-05"),
        ("year,month,day", "1989,3,5", "1989-03-05"),
        ("year,month,day", "1989.0,3.0,5.0", "1989-03-05"),
        ("Date,Year,Month,Day", "19890305,1989,3,5", "1989-03-05"),
        ("Day,MonthYear,Year", "19890305,198903,1989", "1989-03-05"),  # GDELT's
    ],
)
def test_a_date_in_columns_of_its_parts(
    tmp_path: Path, header: str, line: str, period: str
) -> None:
    lines = [f"{header},source_root,target_root,quad_class", f"{line},PAK,IND,1"]
    series = made(tmp_path, lines, by="month", dates="month-first")
    assert values(series) == {("IND-PAK", period[:7]): (1, 1)}
    yearly = ["year,source,target,quad", "1989,PAK,IND,1"]
    assert values(made(tmp_path, yearly)) == {("IND-PAK", "1989"): (1, 1)}


POLECAT = "Event Date\tIntensity\tQuad Code\tActor Country\tRecipient Country\tSource\tCountry"


@pytest.mark.parametrize(
    ("actor", "recipient", "dyads", "reason"),
    [
        ("PAK", "USA; IND", {"PAK-USA", "IND-PAK"}, ""),
        ("PAK;USA", "USA;PAK", {"PAK-USA"}, ""),  # an event counts once for a pair
        ("PAK; None", "IND; IND", {"IND-PAK"}, ""),
        ("PAK", "PAK; IND", {"IND-PAK"}, ""),
        ("PAK", "QQQ; IND", {"IND-PAK"}, ""),
        ("None", "IND", set(), "no-state"),
        ("PAK", "None; N/A", set(), "no-state"),
        ("PAK", "QQQ; RRR", set(), "unknown-state"),
        ("PAK", "PAK; PAK", set(), "domestic"),
    ],
)
def test_several_states_in_a_cell_and_none(
    tmp_path: Path, actor: str, recipient: str, dyads: set[str], reason: str
) -> None:
    lines = [
        POLECAT,
        "2018-03-01\t1.0\tVerbal Cooperation\tIRN\tIRQ\tReuters\tPAK",
        f"2018-03-01\t1.0\tVerbal Cooperation\t{actor}\t{recipient}\tReuters\tPAK",
    ]
    series = made(tmp_path, lines)
    assert values(series) == {(dyad, "2018"): (1, 1) for dyad in dyads | {"IRN-IRQ"}}
    assert series.record["lines"]["left_out"] == ({reason: 1} if reason else {})
    unknown = set(re.findall("QQQ|RRR", recipient))
    assert set(series.record["unknown_states"]) == unknown


@pytest.mark.parametrize(
    "header", ["date,source,target,quad,date", "date,source,target,quad,Source"]
)
def test_two_columns_of_one_name_are_refused(tmp_path: Path, header: str) -> None:
    lines = [header, "2008,PAK,IND,1,RUS"]
    with pytest.raises(ScenarioError, match="duplicate-column"):
        made(tmp_path, lines)
    named = {"date": "date", "source": "source"}  # by its very letters, the second header is plain
    if "Source" in header:
        assert values(made(tmp_path, lines, columns=named)) == {("IND-PAK", "2008"): (1, 1)}
    unused = ["date,source,target,quad,text,text", "2008,PAK,IND,1,a,b"]
    assert values(made(tmp_path, unused)) == {("IND-PAK", "2008"): (1, 1)}


LINES = ["date\tsource\ttarget\tquad", "2008\tCôte d'Ivoire\tMali\t1"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("compressed", [False, True])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, end: str, compressed: bool) -> None:
    text = "".join(f"{line}{end}" for line in LINES)
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    content = (mark + text).encode(encoding)
    file = tmp_path / "events.tsv"
    file.write_bytes(gzip.compress(content) if compressed else content)
    series = observe([file], tmp_path / "out.csv", Choices(least=1))
    assert values(series) == {("CIV-MLI", "2008"): (1, 1)}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n\n",
        b"date,source,target,quad\n",
        b"\xff\xfe",
        b"\x1f\x8b",
        b"\x1f\x8b" + b"x" * 100,
        gzip.compress(b"date,source,target,quad\n2008,PAK,IND,1\n", mtime=0)[:-4],
        gzip.compress(b"date,source,target,quad\n2008,PAK,IND,1\n", mtime=0) + b"rest",
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"\x00" * 1000,
        b'"date,source,target,quad\n2008,PAK,IND,1\n',
        b"date,source,target,quad," + b'"' + b"x" * 200_000 + b'"\n2008,PAK,IND,1,2\n',
        "date,source,target,quad\n2008,PAK,IND,1\n".encode("utf-16-le"),
        b'date,source,target,quad,text\n2008,PAK,IND,1,"two\nlines"\n',
        b"date,source,target,quad\n2008,PAK,IND,1" + b"\n" + b",".join([b""] * 300_000) + b"\n",
    ],
)
def test_a_file_that_is_damaged_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "events.csv"
    file.write_bytes(content)
    with pytest.raises(ScenarioError):
        observe([file], tmp_path / "out.csv", Choices(least=1))
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "content", [b"", b"name,code\n" + b"x" * 200_000 + b",PAK\n", b"name,code\nX,SUN\nx,PAK\n"]
)
def test_a_list_of_codes_that_is_damaged_is_refused(tmp_path: Path, content: bytes) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_bytes(content)
    with pytest.raises(ScenarioError):
        made(tmp_path, ["date,source,target,quad", "2008,PAK,IND,1"], codes=codes)
    with pytest.raises(ScenarioError, match=r"is a device|is a pipe"):
        made(tmp_path, ["date,source,target,quad"], codes=Path("/dev/zero"))


@pytest.mark.parametrize(("measure", "amount"), [("net", 1), ("days", 10_000_000)])
def test_more_events_than_there_can_be(measure: str, amount: int) -> None:
    tally = Tally(measure, "year")  # type: ignore[arg-type]
    tally.add("A-B", "2008", 0, amount, MAX_EVENTS)
    with pytest.raises(DamagedLineError, match="over 1,000,000,000 events"):
        tally.add("A-B", "2008", 0, amount, 1)
    assert list(tally.rows()) == [("A-B", "2008", 1.0, MAX_EVENTS if measure == "net" else 1)]


def test_places_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for place, said in {
        Path("/dev/zero"): "is a device|is a pipe",
        tmp_path / "pipe.csv": "is a device|is a pipe",
        Path("x" * 300): "not-found|not-readable",
        tmp_path: "no file of events",
    }.items():
        with pytest.raises(ScenarioError, match=said):
            observe([place], tmp_path / "out.csv")
    file = write(tmp_path / "events.csv", ["date,source,target,quad", "2008,PAK,IND,1"])
    (tmp_path / "link.csv").symlink_to("/dev/null")
    for out in (tmp_path / "link.csv", tmp_path / "pipe.csv", tmp_path, Path("x" * 300)):
        with pytest.raises(ResultsError):
            observe([file], out, Choices(least=1), force=True)
    assert (tmp_path / "link.csv").is_symlink()
