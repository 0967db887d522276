"""An experiment's file: what it means, and where what is wrong with it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiments.small import SCENARIO, SWITCHED, VARIED, study_in, written
from relsim.errors import Problem, RelsimError, ScenarioError
from relsim.experiments.load import load_experiment, load_experiments
from relsim.experiments.study import Parameter


def problems(file: Path) -> tuple[Problem, ...]:
    with pytest.raises(ScenarioError) as raised:
        load_experiment(file)
    return raised.value.problems


def test_ranges_are_read_in_the_unit_of_their_number(tmp_path: Path) -> None:
    study = study_in(tmp_path, VARIED)
    assert study.parameters == (
        Parameter("A.ties.B", 0.1, 0.9, interest="changed"),
        Parameter("half_life", 2.0, 20.0, "", "months"),
    )
    assert study.columns == ("A.ties.B", "half_life")
    assert study_in(tmp_path, SWITCHED).columns == ("deal", "lever", "weight")


def test_a_path_alone_is_a_switch(tmp_path: Path) -> None:
    switches = study_in(tmp_path, SWITCHED).experiment.switches
    assert switches["deal"].changes(on=False) == {"events.deal.off": True}
    assert switches["deal"].changes(on=True) == {"events.deal.off": False}
    assert switches["weight"].changes(on=False) == {"A.ties.C": 0}
    assert switches["weight"].changes(on=True) == {}


@pytest.mark.parametrize(
    ("part", "code", "said"),
    [
        ({"parameters": {"A.ties.B": [0.1, 2, 3]}}, "wrong-length", "too many"),
        ({"parameters": {"A.ties.B": [-2, 0.5]}}, "out-of-range", "a tie weight lies in [-1, 1]"),
        ({"parameters": {"A.ties.B": [0.5, 0.2]}}, "bad-distribution", "rising order"),
        ({"parameters": {"A.ties.B": [0.5, 0.5]}}, "bad-range", "no range"),
        ({"parameters": {"A.ties.Z": [0.1, 0.5]}}, "unknown-state", "'Z'"),
        ({"parameters": {"domains.trade": [0.1, 0.5]}}, "unknown-domain", ""),
        ({"parameters": {"half_live": [1, 2]}}, "unknown-state", "half_live"),
        ({"parameters": {}}, "bad-method", "needs `parameters`"),
        ({"measures": {"x": {"level": "A-Z"}}}, "unknown-state", "'Z'"),
        ({"measures": {"x": {"level": "A-B", "at": "2050-01"}}}, "outside", "2050-01"),
        ({"measures": {"x": {"level": "A-B", "change": "A-B"}}}, "bad-measure", "Exactly one"),
        ({"measures": {"x": {"time_to": "A-B"}}}, "bad-measure", "needs `above` or `below`"),
        ({"measures": {"x": {"claim": "warm"}}}, "unknown-claim", "Did you mean warmer?"),
        ({"measures": {"a.b": {"level": "A-B"}}}, "", ""),
        ({"measures": {}}, "wrong-length", "at least 1"),
        ({"scenario": "tree.yaml"}, "not-found", "Did you mean three.yaml?"),
        ({"set": {"events.none.off": True}}, "unknown-event", "'none'"),
        ({"sweep": {"sobol": 8}}, "bad-method", "Exactly one of"),
        ({"sensitivity": {"samples": 0}}, "out-of-range", "at least 1"),
        ({"sensitivity": {"method": "sobel"}}, "unknown-word", "Did you mean sobol?"),
        ({"sensitivty": {}}, "unknown-key", "Did you mean sensitivity?"),
        ({"runs": 1}, "out-of-range", "at least 2"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    tmp_path: Path, part: dict[str, Any], code: str, said: str
) -> None:
    file = written(tmp_path, {**VARIED, **part})
    found = problems(file)
    key = next(iter(part))
    line = file.read_text(encoding="utf-8").splitlines().index
    assert found
    assert code in found[0].code
    assert said in f"{found[0].text} {found[0].hint}"
    assert found[0].position.file == str(file)
    if key in ("parameters", "measures") and part[key]:
        assert found[0].position.line > line(f"{key}:")


def test_a_problem_of_the_scenario_names_its_file(tmp_path: Path) -> None:
    file = written(tmp_path, VARIED, "relsim: 1\nname: none\n")
    assert {one.position.file for one in problems(file)} == {str(tmp_path / "three.yaml")}


def test_several_problems_are_said_at_once(tmp_path: Path) -> None:
    measures = {"x": {"level": "A-Z"}, "y": {"level": "A-Q"}}
    assert len(problems(written(tmp_path, {**VARIED, "measures": measures}))) == 2


def test_a_switch_that_changes_nothing_known_is_refused(tmp_path: Path) -> None:
    players = {"deal": "events.none", "weight": "A.ties.Z"}
    found = problems(written(tmp_path, {**SWITCHED, "attribute": {"players": players}}))
    assert {one.code for one in found} == {"unknown-event", "unknown-state"}


@pytest.mark.parametrize(
    "method",
    [
        {"tune": {"goals": {"lvel": "highest"}}},
        {"discover": {"measure": "lvel", "above": 0.2}},
    ],
)
def test_a_method_names_measures_that_are_there(tmp_path: Path, method: dict[str, Any]) -> None:
    plain = {key: value for key, value in VARIED.items() if key != "sensitivity"}
    (found,) = problems(written(tmp_path, {**plain, **method}))
    assert (found.code, found.hint) == ("unknown-measure", "Did you mean level?")


def test_each_scenario_of_several_has_the_experiment_to_itself(tmp_path: Path) -> None:
    file = written(tmp_path, {**VARIED, "scenario": ["three.yaml", "other.yaml"]})
    (tmp_path / "other.yaml").write_text("extends: three.yaml\nstates: {A: {ties: {B: 0.7}}}\n")
    first, second = load_experiments(file)
    assert (first.slug, second.slug) == ("experiment-three", "experiment-other")
    assert (first.file, second.file) == ("three.yaml", "other.yaml")
    with pytest.raises(RelsimError, match="2 scenarios"):
        load_experiment(file)


def test_a_series_may_write_the_states_in_another_way(tmp_path: Path) -> None:
    (tmp_path / "news.csv").write_text("dyad,period,value\nb-a,2021,0.1\nC-a,2021,0.2\n")
    study = study_in(tmp_path, {**VARIED, "measures": {"far": {"misfit": "news.csv"}}})
    assert list(study.observed["far"].observations["dyad"]) == ["A-B", "A-C"]


SERIES = "dyad,period,value\nA-B,2020,0.3\n"
FIT = {"fit": {"misfit": "series.csv"}}


@pytest.mark.parametrize("place", ["..", "../beside", "absolute", "link"])
def test_files_do_not_lie_outside_the_folder_of_the_experiment(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    other = {"..": tmp_path, "../beside": tmp_path / "beside"}.get(place, tmp_path / "away")
    other.mkdir(exist_ok=True)
    (other / "three.yaml").write_text(SCENARIO, encoding="utf-8")
    (other / "series.csv").write_text(SERIES, encoding="utf-8")
    named = {"absolute": str(other), "link": "link"}.get(place, place)
    if place == "link":
        (folder / "link").symlink_to(other)
    inside = {**VARIED, "measures": FIT}
    for part, at in (
        ({"scenario": f"{named}/three.yaml"}, 1),
        ({"scenario": ["three.yaml", f"{named}/three.yaml"]}, 1),
        ({"measures": {"fit": {"misfit": f"{named}/series.csv"}}}, 1),
    ):
        file = written(folder, {**inside, **part})
        (folder / "series.csv").write_text(SERIES, encoding="utf-8")
        found = problems(file)
        assert [one.code for one in found] == ["file-outside"] * at
        assert found[0].position.line > 1
        assert load_experiments(file, anywhere=True)


def test_experiments_may_stand_beside_the_folders_of_their_scenarios(tmp_path: Path) -> None:
    folder = tmp_path / "experiments"
    folder.mkdir()
    (tmp_path / "three.yaml").write_text(SCENARIO, encoding="utf-8")
    assert load_experiment(written(folder, {**VARIED, "scenario": "../three.yaml"}))
    (found,) = problems(written(folder, {**VARIED, "scenario": "../../three.yaml"}))
    assert found.code == "file-outside"


def test_what_a_scenario_extends_stays_in_its_folder_too(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (tmp_path / "base.yaml").write_text(SCENARIO, encoding="utf-8")
    file = written(folder, VARIED, "extends: ../base.yaml\n")
    assert [one.code for one in problems(file)] == ["extends-outside"]
    assert load_experiment(file, anywhere=True)


@pytest.mark.parametrize(
    "text",
    [
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/sh\n",
        "password=geheim\n",
        "geheim,1,2\ngeheim,3\n",
        "value: geheim\n",
        "geheim;period;value\nA-B;2020;0.1\n",
    ],
)
def test_nothing_of_a_file_that_is_no_series_is_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "series.csv").write_text(text, encoding="utf-8")
    (found,) = problems(written(tmp_path, {**VARIED, "measures": FIT}))
    assert (found.code, found.position.file) == ("no-series", str(tmp_path / "series.csv"))
    assert "geheim" not in str(found)
    assert "root:" not in str(found)


def test_line_breaks_in_one_line_texts_are_spaces(tmp_path: Path) -> None:
    label = " a\n\nb\u2028c\u2029d\u0085e\tf\r\ng "
    ranges = {"A.ties.B": {"range": [0, 1], "label": label}}
    measures = {"m": {"level": "A-B", "label": label}}
    study = study_in(
        tmp_path, {**VARIED, "name": label, "parameters": ranges, "measures": measures}
    )
    players = {"d": {"events": ["deal"], "label": label}}
    switched = study_in(tmp_path, {**SWITCHED, "attribute": {"players": players}})
    names = (study.parameters[0].name, study.measure_name("m"), study.experiment.name)
    assert {*names, *switched.switch_names} == {"a b c d e f g"}
