"""Event files to a series: every value counted by hand, nothing half-written."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hindcast.event_lines import ICEWS_HEADER, gdelt, icews, write
from relsim.analysis.observed import read_observed
from relsim.errors import ResultsError, ScenarioError
from relsim.hindcast import observe as observing
from relsim.hindcast import tally
from relsim.hindcast.event_tables import Measure
from relsim.hindcast.event_values import By
from relsim.hindcast.observe import Choices, observe
from relsim.scenario.goldstein import goldstein_weights

YEAR = [
    gdelt("20190105", "PAK", "RUS", 1, 3.4),
    gdelt("20190105", "RUS", "PAK", 2, 7.0),
    gdelt("20190106", "RUS", "PAK", 4, -10.0),
    gdelt("20190401", "PAK", "RUS", 1, 1.0, root=0),
    gdelt("20190401", "PAK", "IND", 3, -2.0),
    gdelt("20200101", "IND", "PAK", 3, -2.0),
]
QUIET = [
    gdelt("20190105", "PAK", "PAK", 4, -9.0),  # within a state
    gdelt("20190105", "PAK", "", 4, -9.0),  # one side alone
    gdelt("20190105", "EUR", "RUS", 4, -9.0),  # a region
    gdelt("20190105", "QQQ", "RUS", 4, -9.0),
]


def series(file: Path) -> dict[tuple[str, str], tuple[float, float]]:
    data = read_observed(file).data
    keys = zip(data["dyad"], data["period"], strict=True)
    return dict(zip(keys, zip(data["value"], data["events"], strict=True), strict=True))


def made(
    folder: Path, lines: list[str], choices: Choices, name: str = "a.export.CSV"
) -> dict[tuple[str, str], tuple[float, float]]:
    return series(observe([write(folder / name, lines)], folder / "out.csv", choices).file)


def problems(folder: Path, lines: list[str], choices: Choices) -> list[str]:
    file = write(folder / "events.csv", lines)
    with pytest.raises(ScenarioError) as caught:
        observe([file], folder / "out.csv", choices)
    assert not (folder / "out.csv").exists()
    return [str(problem).replace(str(folder), "") for problem in caught.value.problems]


@pytest.mark.parametrize("name", ["a.export.CSV", "a.export.CSV.gz", "a.export.CSV.zip"])
@pytest.mark.parametrize("width", [61, 58, 57])
def test_net_counts_both_directions_and_leaves_out_what_is_between_no_two_states(
    tmp_path: Path, name: str, width: int
) -> None:
    lines = ["\t".join(line.split("\t")[:width]) for line in YEAR + QUIET]
    assert made(tmp_path, lines, Choices(least=1), name) == {
        ("PAK-RUS", "2019"): (0.5, 4),  # (3 - 1) / 4
        ("IND-PAK", "2019"): (-1, 1),
        ("IND-PAK", "2020"): (-1, 1),
    }


def test_days_are_counted_by_the_sign_of_their_net_weight(tmp_path: Path) -> None:
    lines = [
        gdelt("20190105", "PAK", "RUS", 1, 3.4),
        gdelt("20190105", "RUS", "PAK", 4, -3.5),  # with it, -0.1: not positive
        gdelt("20190106", "RUS", "PAK", 1, 0.1),
        gdelt("20190106", "RUS", "PAK", 1, 0.2),
        gdelt("20190106", "RUS", "PAK", 4, -0.3),  # in floating point, 0.1 + 0.2 - 0.3 > 0
        gdelt("20190201", "RUS", "PAK", 1, 0.1),
        gdelt("20191231", "RUS", "PAK", 1, 0.1),
        gdelt("20201231", "RUS", "PAK", 1, 0.1),  # the 366th day
    ]
    assert made(tmp_path, lines, Choices("days", least=1)) == {
        ("PAK-RUS", "2019"): (0, 4),
        ("PAK-RUS", "2020"): (1, 1),
    }
    monthly = Choices("days", "month", least=1)
    found = series(observe([tmp_path / "a.export.CSV"], tmp_path / "m.csv", monthly).file)
    assert found["PAK-RUS", "2019-01"] == (-1, 2)
    assert found["PAK-RUS", "2019-12"] == (1, 1)
    assert len(found) == 4


def test_root_events_some_states_and_a_least_number_of_events(tmp_path: Path) -> None:
    roots = made(tmp_path, YEAR, Choices(least=1, root_only=True))
    assert roots["PAK-RUS", "2019"] == (0.333333, 3)
    only = Choices(least=1, only=("Russia", "PAK"))
    assert set(series(observe([tmp_path / "a.export.CSV"], tmp_path / "b.csv", only).file)) == {
        ("PAK-RUS", "2019")
    }
    least = observe([tmp_path / "a.export.CSV"], tmp_path / "c.csv", Choices(least=2))
    assert set(series(least.file)) == {("PAK-RUS", "2019")}
    assert least.record["values"]["below_least"] == 2


ICEWS = [
    icews("2008-03-01", "Russian Federation", "Pakistan", "042", 1.9),
    icews("2008-03-02", "Pakistan", "Russian Federation", "112", -2.0),
    icews("2008-03-02", "Pakistan", "Russian Federation", "073", 7.4),
    icews("2009-03-02", "Cote d'Ivoire", "South Korea", "190", -10.0),
    icews("2009-03-02", "Russian Federation", "Russian Federation", "190", -10.0),
]


def test_an_icews_export_is_read_by_its_header(tmp_path: Path) -> None:
    lines = [ICEWS_HEADER, *ICEWS]
    assert made(tmp_path, lines, Choices(least=1), "events.2008.tab") == {
        ("PAK-RUS", "2008"): (0.333333, 3),
        ("CIV-KOR", "2009"): (-1, 1),
    }
    days = observe([tmp_path / "events.2008.tab"], tmp_path / "d.csv", Choices("days", least=1))
    assert series(days.file)["PAK-RUS", "2008"] == (1, 2)  # 1.9 on one day, 5.4 on the other


def test_a_table_of_quad_classes_with_counts_quotes_and_names_of_its_own(tmp_path: Path) -> None:
    lines = [
        "wer;wem;wann;klasse;zahl",
        '"Iran, Islamic Republic of";Türkiye;2008;1;12',
        "IRN;TUR;2008;4;3",
        "IRN;TUR;2008;0;1",
        "IRN;TUR;2008;2;0",
        "IRN;TUR;2008;;5",
        "IRN;the Gambia;2008-05-01;VERBAL_CONFLICT;1",
    ]
    names = {"source": "wer", "target": "wem", "date": "wann", "quad": "klasse", "count": "zahl"}
    made_of = observe(
        [write(tmp_path / "events.csv", lines)],
        tmp_path / "out.csv",
        Choices(least=1, columns=names),
    )
    assert series(made_of.file) == {
        ("IRN-TUR", "2008"): (0.5625, 16),  # (12 - 3) / 16
        ("GMB-IRN", "2008"): (-1, 1),
    }
    assert made_of.record["lines"]["left_out"] == {"no-events": 1, "not-coded": 1}


def test_the_named_coding_is_taken_else_the_class_before_the_code(tmp_path: Path) -> None:
    lines = ["source,target,date,quad,cameo,goldstein", "PAK,RUS,2008,1,190,0.0"]
    assert made(tmp_path, lines, Choices(least=1), "a.csv")["PAK-RUS", "2008"][0] == 1
    for column, value in {"quad": 1, "cameo": -1, "goldstein": 0}.items():
        named = Choices(least=1, columns={column: column})
        out = tmp_path / f"{column}.csv"
        assert series(observe([tmp_path / "a.csv"], out, named).file)["PAK-RUS", "2008"][0] == value


def test_every_code_of_the_scale_has_a_side_by_its_root(tmp_path: Path) -> None:
    roots = {code: 1 if int(code[:2]) <= 8 else -1 for code in goldstein_weights()}
    lines = ["source,target,date,cameo", *(f"PAK,RUS,2008-01-01,{code}" for code in roots)]
    value, events = made(tmp_path, lines, Choices(least=1), "a.csv")["PAK-RUS", "2008"]
    assert events == len(roots)
    assert value == pytest.approx(sum(roots.values()) / len(roots), abs=1e-6)


EVENTS = st.lists(
    st.builds(
        gdelt,
        st.sampled_from(["20190105", "20190106", "20190201", "20200229"]),
        st.sampled_from(["PAK", "RUS", "IND", "EUR", ""]),
        st.sampled_from(["PAK", "RUS", "IND"]),
        st.integers(1, 4),
        st.integers(-100, 100).map(lambda tenths: tenths / 10),
        root=st.integers(0, 1),
    ),
    min_size=1,
    max_size=30,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.data(), st.sampled_from(["net", "days"]), st.sampled_from(["year", "month"]))
def test_splitting_and_reordering_files_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[str],
    data: st.DataObject,
    measure: Measure,
    by: By,
) -> None:
    folder = tmp_path_factory.mktemp("split")
    lines = [*lines, gdelt("20190105", "USA", "CHN")]  # so that a value is left
    choices = Choices(measure, by, least=1)
    write(folder / "whole.export.CSV", lines)
    whole = observe([folder / "whole.export.CSV"], folder / "whole.csv", choices).file
    random.Random(data.draw(st.integers(0, 99))).shuffle(lines)
    at = data.draw(st.integers(0, len(lines)))
    write(folder / "one.export.CSV.zip", lines[:at])
    write(folder / "two.export.CSV.gz", lines[at:])
    parts = [folder / "two.export.CSV.gz", folder / "one.export.CSV.zip"]
    assert observe(parts, folder / "parts.csv", choices).file.read_bytes() == whole.read_bytes()


def test_damaged_lines_are_counted_and_described_at_their_place(tmp_path: Path) -> None:
    lines = [
        "date,source,target,cameo,count",
        "2008-01-01,PAK,RUS,040,1",
        "2008-01-01,PAK,RUS",
        "2008-02-30,PAK,RUS,040,1",
        "31/13/2008,PAK,RUS,040,1",
        "2008-01-01,PAK,RUS,36x,1",
        "2008-01-01,PAK,RUS,040,1.5",
        '2008-01-01,PAK,RUS,040,"1',
        "",
    ]
    made_of = observe(
        [write(tmp_path / "e.csv", lines)], tmp_path / "out.csv", Choices(least=1, damaged=0.9)
    )
    assert [(p.position.line, p.position.column, p.code) for p in made_of.damaged] == [
        (3, 1, "wrong-length"),
        (4, 1, "bad-date"),
        (5, 1, "bad-date"),
        (6, 20, "unknown-code"),
        (7, 24, "bad-count"),
        (8, 1, "csv-syntax"),
    ]
    assert made_of.record["lines"] == {"read": 7, "used": 1, "damaged": 6, "left_out": {}}
    assert series(made_of.file) == {("PAK-RUS", "2008"): (1, 1)}


def test_too_many_damaged_lines_end_it_with_what_to_check(tmp_path: Path) -> None:
    lines = ["date,source,target,cameo", *["2008,PAK,RUS,040"] * 300, *["2008,PAK,RUS"] * 3]
    assert len(observe([write(tmp_path / "a.csv", lines)], tmp_path / "o.csv").damaged) == 3
    said = problems(tmp_path, [*lines, "2008,PAK"], Choices())
    assert [line.split("  ")[1] for line in said] == ["wrong-length"] * 4 + ["too-many-damaged"]
    assert said[0].startswith("/events.csv:302:1  ")
    assert "4 of 304 lines" in said[-1]
    assert said[-1].startswith("/events.csv:305:9  ")  # at the end of the last of them
    many = problems(tmp_path, [lines[0], *["2008,PAK"] * 100_000], Choices())
    assert "100 of 100 lines" in many[-1]  # the rest was not read
    assert len(many) == tally.SHOWN + 1


@pytest.mark.parametrize(
    ("header", "choices", "said"),
    [
        ("who,whom,date,cameo", Choices(), "No column is known as the source of events. Name it"),
        ("source,target,date,tone", Choices(), "No column says what was done, for --as net."),
        ("source,target,date,quad", Choices("days"), "Name one by --goldstein or --cameo."),
        ("source,target,date,quad", Choices(root_only=True), "which events are root events"),
        (
            "source,target,date,quad",
            Choices(columns={"count": "quat"}),
            "There is no column 'quat'. Did you mean quad?",
        ),
        ("source,target,date,quad", Choices(only=("PAQ",)), "'PAQ' is no state. Did you mean PA"),
        ("source,target,date,quad", Choices(), "No value is left of 0 lines."),
    ],
)
def test_what_cannot_be_read_says_what_would_help(
    tmp_path: Path, header: str, choices: Choices, said: str
) -> None:
    assert said in "\n".join(problems(tmp_path, [header], choices))


def test_nothing_left_says_why(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, [*YEAR, *QUIET], Choices())
    assert "No value is left of 10 lines (2 no-state, 1 domestic, 1 unknown-state)." in said
    assert "3 values rest on fewer than 10: --least." in said


def test_files_of_a_folder_and_of_a_pattern_without_the_other_tables_of_gdelt(
    tmp_path: Path,
) -> None:
    (tmp_path / "deeper").mkdir()
    write(tmp_path / "1.export.CSV", YEAR[:3])
    write(tmp_path / "deeper" / "2.export.CSV.zip", YEAR[3:])
    for other in ("1.mentions.CSV", "1.gkg.csv", ".hidden.csv", "notes.md"):
        write(tmp_path / other, ["nothing of this kind"])
    for places in ([tmp_path], [tmp_path, tmp_path / "1.export.CSV"]):
        out = tmp_path / "out.csv"
        record = observe(places, out, Choices(least=1), force=True).record
        assert [file["lines"] for file in record["files"]] == [3, 3]
        assert series(out)["PAK-RUS", "2019"] == (0.5, 4)
    record = observe([tmp_path / "*.export.CSV"], tmp_path / "p.csv", Choices(least=1)).record
    assert [file["lines"] for file in record["files"]] == [3]


def test_the_same_file_twice_is_refused_for_its_events_would_count_twice(tmp_path: Path) -> None:
    write(tmp_path / "a.export.CSV", YEAR)
    write(tmp_path / "b.export.CSV", YEAR)
    with pytest.raises(ScenarioError, match="duplicate-file"):
        observe([tmp_path], tmp_path / "out.csv", Choices(least=1))


@pytest.mark.parametrize("name", ["a.export.CSV.gz", "a.export.CSV.zip"])
def test_a_file_cut_short_ends_it(tmp_path: Path, name: str) -> None:
    lines = [gdelt("20190105", "PAK", "RUS", 1, i % 10) for i in range(2000)]
    whole = write(tmp_path / name, lines).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ScenarioError, match="damaged-file"):
        observe([tmp_path / name], tmp_path / "out.csv", Choices(least=1))
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_line_without_end_is_not_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("source,target,date,quad\n" + "x" * 2_000_000)
    with pytest.raises(ScenarioError, match=r"a\.csv:2:1  too-large"):
        observe([tmp_path / "a.csv"], tmp_path / "out.csv")


def test_bytes_that_are_no_text_do_no_harm_outside_the_columns_used(tmp_path: Path) -> None:
    line = gdelt("20190105", "PAK", "RUS").replace("SOMEBODY", "J\udce9r\udcf4me")
    (tmp_path / "a.export.CSV").write_bytes(line.encode("utf-8", "surrogateescape") + b"\r\n")
    observe([tmp_path / "a.export.CSV"], tmp_path / "out.csv", Choices(least=1))
    assert series(tmp_path / "out.csv") == {("PAK-RUS", "2019"): (1, 1)}


def test_the_record_says_what_the_series_was_made_of(tmp_path: Path) -> None:
    codes = write(tmp_path / "codes.list", ["name,code", "QQQ,SUN", "Europe,"])
    file = write(tmp_path / "a.export.CSV.zip", YEAR + QUIET)
    made_of = observe([file], tmp_path / "out.csv", Choices(least=1, codes=codes))
    record = json.loads((tmp_path / "out.sources.json").read_text(encoding="utf-8"))
    assert record == json.loads(json.dumps(made_of.record))
    assert record["files"] == [
        {
            "name": "a.export.CSV.zip",
            "sha256": sha256(file.read_bytes()).hexdigest(),
            "format": "GDELT events",
            "lines": 10,
            "used": 7,
        }
    ]
    assert record["codes"]["sha256"] == sha256(codes.read_bytes()).hexdigest()
    assert record["lines"]["left_out"] == {"no-state": 2, "domestic": 1}
    assert record["values"] == {
        "written": 4,
        "below_least": 0,
        "dyads": 3,
        "first": "2019",
        "last": "2020",
    }
    assert ("RUS-SUN", "2019") in series(tmp_path / "out.csv")
    assert str(tmp_path) not in json.dumps(record)


def test_a_list_of_codes_with_mistakes_names_them(tmp_path: Path) -> None:
    codes = write(tmp_path / "codes.csv", ["name,code", "Soviet Union,USSR", ",SUN", "x,SUN"])
    with pytest.raises(ScenarioError) as caught:
        observe([write(tmp_path / "a.csv", YEAR)], tmp_path / "out.csv", Choices(codes=codes))
    assert [problem.position.line for problem in caught.value.problems] == [2, 3]


def test_nothing_is_overwritten_unasked_and_nothing_is_left_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = write(tmp_path / "a.export.CSV", YEAR), tmp_path / "out.csv"
    first = observe([file], out, Choices(least=1))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ResultsError, match="--force"):
        observe([file], out, Choices(least=2))

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(json, "dump", stop)
        with pytest.raises(KeyboardInterrupt, match="Nothing was written"):
            observe([file], out, Choices(least=2), force=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert observe([file], out, Choices(least=2), force=True).record != first.record


def test_a_series_too_large_to_be_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "MAX_BYTES", 60)
    file = write(tmp_path / "a.export.CSV", YEAR)
    with pytest.raises(ResultsError, match="--by year"):
        observe([file], tmp_path / "out.csv", Choices(least=1))
    assert list(tmp_path.iterdir()) == [file]


def test_progress_goes_from_no_byte_to_all(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.export.CSV", YEAR[:3]), write(tmp_path / "b.export.CSV", YEAR[3:])]
    calls: list[tuple[int, int]] = []
    observe(
        files,
        tmp_path / "out.csv",
        Choices(least=1),
        progress=lambda done, total: calls.append((done, total)),
    )
    first, second = (file.stat().st_size for file in files)
    assert calls == [(done, first + second) for done in (0, first, first + second)]
