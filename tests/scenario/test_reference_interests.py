"""Which interests differ from those that the opening was read with, and what is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from relsim.errors import ScenarioError
from relsim.model.compile import compile_scenario
from relsim.model.mesa_model import RelationsModel
from relsim.scenario.diff import diff
from relsim.scenario.interests import changed_interests
from relsim.scenario.load import check_file, check_text, load
from relsim.scenario.schema import Scenario
from scenario.minimal import places
from scenario.test_difference import changes_between
from scenarios_to_test import SHIPPED

ROOT = """\
relsim: 1
name: root
time: {start: 2020-01, end: 2022-01}
context: {order: 0.2}
issues: {karabakh: {minus: a, plus: b}, kashmir: {minus: a, plus: b}}
states:
  PAK:
    ties: {RUS: 0.5, USA: {weight: -0.3, fades_with: order}}
    issues: {karabakh: {stance: 0.5, salience: 0.4}}
    capacity: {economic: 0.8}
  RUS: {issues: {karabakh: {stance: -0.6, salience: 0.3}}}
  USA: {ties: {PAK: {uniform: [0, 1]}}}
ties: {PAK-RUS: 0.3, RUS-USA: -0.2, PAK-USA: 0.1}
parameters: {volatility: 0, drift: 0}
"""


def chain(folder: Path, *layers: str) -> Path:
    """A file that extends the root by way of the layers."""
    (folder / "0.yaml").write_text(ROOT, encoding="utf-8")
    for n, layer in enumerate(layers, 1):
        text = f"extends: {n - 1}.yaml\nname: layer {n}\n{layer}\n"
        (folder / f"{n}.yaml").write_text(text, encoding="utf-8")
    return folder / f"{len(layers)}.yaml"


def root() -> Scenario:
    return check_text(ROOT).require()


def changes(scenario: Scenario) -> dict[str, tuple[Any, Any]]:
    return {one.path: (one.before, one.after) for one in changed_interests(scenario)}


def moves(scenario: Scenario) -> bool:
    model = RelationsModel(scenario)
    opening = model.world.posture.copy()
    for _ in range(12):
        model.step()
    return bool(np.abs(model.world.posture - opening).max() > 1e-12)


def is_kept_by_a_resolved_file(scenario: Scenario) -> bool:
    again = check_text(yaml.safe_dump(scenario.as_written, sort_keys=False)).require()
    same = again.as_written == scenario.as_written and changes(again) == changes(scenario)
    ours, theirs = compile_scenario(scenario), compile_scenario(again)
    return same and np.array_equal(ours.vector, theirs.vector) and ours.draws == theirs.draws


KINDS = [
    ("PAK.ties.RUS", 0.2, {"PAK.ties.RUS": (0.5, 0.2)}),
    ("PAK.ties.RUS", -0.4, {"PAK.ties.RUS": (0.5, -0.4)}),
    ("PAK.ties.RUS", None, {"PAK.ties.RUS": (0.5, 0.0)}),
    ("PAK.ties.RUS.weight", 0.2, {"PAK.ties.RUS": (0.5, 0.2)}),
    ("PAK.ties.USA", -0.1, {"PAK.ties.USA": (-0.3, -0.1)}),
    ("PAK.ties.USA.fades_with", None, {"PAK.ties.USA.fades_with": ("order", None)}),
    ("PAK.ties.RUS.fades_with", "order", {"PAK.ties.RUS.fades_with": (None, "order")}),
    ("RUS.ties.PAK", 0.3, {"RUS.ties.PAK": (0.0, 0.3)}),
    ("USA.ties.PAK", 0.9, {"USA.ties.PAK": ("distribution", 0.9)}),
    ("PAK.ties.RUS", {"uniform": [0.6, 0.9]}, {"PAK.ties.RUS": (0.5, "distribution")}),
    ("PAK.issues.karabakh.stance", 0.9, {"PAK.issues.karabakh.stance": (0.5, 0.9)}),
    ("PAK.issues.karabakh.salience", 1, {"PAK.issues.karabakh.salience": (0.4, 1.0)}),
    (
        "PAK.issues.karabakh",
        None,
        {
            "PAK.issues.karabakh.stance": (0.5, 0.0),
            "PAK.issues.karabakh.salience": (0.4, 0.0),
        },
    ),
    ("PAK.capacity.economic", 0.4, {"PAK.capacity.economic": (0.8, 0.4)}),
    ("PAK.capacity.economic", None, {"PAK.capacity.economic": (0.8, 1.0)}),
    ("RUS.capacity.economic", 0.1, {"RUS.capacity.economic": (1.0, 0.1)}),
]
IDS = [f"{path}={value}" for path, value, _ in KINDS]


def told(found: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """Distributions by that word."""

    def word(value: Any) -> Any:
        return value if value is None or isinstance(value, (int, float, str)) else "distribution"

    return {path: (word(before), word(after)) for path, (before, after) in found.items()}


def variant(folder: Path, path: str, value: Any, **more: Any) -> Scenario:
    """The root changed at a path by a file that extends it."""
    data: Any = value
    for step in reversed(("states", *path.split("."))):
        data = {step: data}
    return load(chain(folder, yaml.safe_dump({**data, **more})))


@pytest.mark.parametrize(("path", "value", "expected"), KINDS, ids=IDS)
def test_an_interest_that_differs_has_changed(
    tmp_path: Path, path: str, value: Any, expected: dict[str, tuple[Any, Any]]
) -> None:
    by_file, by_change = variant(tmp_path, path, value), root().with_changes({path: value})
    for scenario in (by_file, by_change, load(tmp_path / "0.yaml", {path: value})):
        assert told(changes(scenario)) == expected
        assert is_kept_by_a_resolved_file(scenario)
    assert moves(by_file)
    assert moves(by_change)


@pytest.mark.parametrize(("path", "value", "_"), KINDS, ids=IDS)
def test_an_interest_that_is_recoded_has_not(tmp_path: Path, path: str, value: Any, _: Any) -> None:
    if path == "RUS.capacity.economic":  # read so, the opening is above what Russia can afford
        with pytest.raises(ScenarioError, match="can afford"):
            root().recoded({path: value})
        return
    named = variant(tmp_path, path, value, recoded=[path])
    in_all = variant(tmp_path, path, value, recoded="all")
    by_change = load(tmp_path / "0.yaml", {path: value, "recoded": "all"})
    for scenario in (named, in_all, by_change, root().recoded({path: value})):
        assert changes(scenario) == {}
        assert "reference" not in scenario.as_written
        assert "recoded" not in scenario.as_written
        assert is_kept_by_a_resolved_file(scenario)
        assert not moves(scenario)


def test_the_reference_is_that_of_the_root_of_a_chain(tmp_path: Path) -> None:
    path = chain(
        tmp_path,
        "states: {PAK: {ties: {RUS: 0.4}}}",
        "states: {PAK: {ties: {RUS: 0.3}, issues: {karabakh: {stance: 0.1}}}}",
        "states: {PAK: {ties: {RUS: null}}}",
    )
    scenario = load(path)
    assert changes(scenario) == {
        "PAK.ties.RUS": (0.5, 0.0),
        "PAK.issues.karabakh.stance": (0.5, 0.1),
    }
    assert is_kept_by_a_resolved_file(scenario)
    back = scenario.with_changes({"PAK.ties.RUS": 0.5, "PAK.issues.karabakh.stance": 0.5})
    assert changes(back) == {}
    assert np.array_equal(compile_scenario(back).vector, compile_scenario(root()).vector)


CHANGE, RECODE = "states: {PAK: {ties: {RUS: %s}}}", "recoded: [PAK.ties.RUS]"


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ((f"{CHANGE % 0.4}\n{RECODE}", CHANGE % 0.3), {"PAK.ties.RUS": (0.4, 0.3)}),
        ((CHANGE % 0.4, f"{CHANGE % 0.3}\n{RECODE}"), {}),
        ((CHANGE % 0.4, RECODE), {}),
        ((CHANGE % 0.4, "recoded: all", CHANGE % 0.2), {"PAK.ties.RUS": (0.4, 0.2)}),
        ((f"{CHANGE % 0.4}\n{RECODE}", "about: no more", "about: nor here"), {}),
        ((CHANGE % 0.4, "states: {PAK: {capacity: {economic: 0.5}}}\nrecoded: [PAK.capacity]"),
         {"PAK.ties.RUS": (0.5, 0.4)}),
    ],
)  # fmt: skip
def test_recoding_holds_for_what_a_layer_says_and_all_below_it(
    tmp_path: Path, layers: tuple[str, ...], expected: dict[str, tuple[float, float]]
) -> None:
    scenario = load(chain(tmp_path, *layers))
    assert changes(scenario) == expected
    assert moves(scenario) is bool(expected)


EVERY_KIND = """states: {PAK: {ties: {RUS: 0.1, USA: 0.2}, capacity: {economic: 0.5},
  issues: {karabakh: {stance: 0.1, salience: 0.1}}}, RUS: {issues: {karabakh: {stance: 0}}}}
"""


@pytest.mark.parametrize(
    ("recoded", "left"),
    [
        ("PAK", ["RUS.issues.karabakh.stance"]),
        ("states.PAK", ["RUS.issues.karabakh.stance"]),
        ("PAK.ties", ["PAK.capacity", "PAK.issues", "RUS.issues.karabakh.stance"]),
        ("PAK.ties.USA.weight", ["PAK.ties.RUS", "PAK.capacity", "PAK.issues", "RUS"]),
        ("PAK.issues", ["PAK.ties", "PAK.capacity", "RUS"]),
        ("PAK.issues.karabakh", ["PAK.ties", "PAK.capacity", "RUS"]),
        ("PAK.capacity", ["PAK.ties", "PAK.issues", "RUS"]),
        ("PAK, RUS", []),
        ("all", []),
    ],
)
def test_a_path_recodes_all_that_stands_below_it(
    tmp_path: Path, recoded: str, left: list[str]
) -> None:
    whole = changes(load(chain(tmp_path, EVERY_KIND)))
    assert len(whole) == 7 - 1  # a fading tie keeps what it fades with
    scenario = load(chain(tmp_path, f"{EVERY_KIND}recoded: [{recoded}]"))
    expected = {
        path: pair
        for path, pair in whole.items()
        if any(f"{path}.".startswith(f"{prefix}.") for prefix in left)
    }
    assert changes(scenario) == expected


def test_one_number_of_a_stand_is_recoded_without_the_other(tmp_path: Path) -> None:
    layer = f"{EVERY_KIND}recoded: [PAK.issues.karabakh.stance]"
    found = changes(load(chain(tmp_path, layer)))
    assert found["PAK.issues.karabakh.salience"] == (0.4, 0.1)
    assert "PAK.issues.karabakh.stance" not in found


@pytest.mark.parametrize(
    ("recoded", "code", "words"),
    [
        ("[PAK.ties.RUSS]", "bad-recoded", "PAK.ties.RUS"),
        ("[PAK.issues.karabak.stance]", "bad-recoded", "PAK.issues.karabakh.stance"),
        ("[PAK.traits.volatility]", "bad-recoded", "is no interest"),
        ("[parameters.issue_gain]", "bad-recoded", "is no interest"),
        ("['']", "bad-recoded", "is no interest"),
        ("[3]", "wrong-type", "a list of interests"),
        ("{PAK: all}", "wrong-type", "a list of interests"),
        ("true", "wrong-type", "a list of interests"),
    ],
)
def test_what_cannot_be_recoded_is_told_where_it_stands(
    tmp_path: Path, recoded: str, code: str, words: str
) -> None:
    (problem,) = check_file(chain(tmp_path, f"recoded: {recoded}")).problems
    assert (problem.code, problem.position.line) == (code, 3)
    assert words in f"{problem.text} {problem.hint}"


@pytest.mark.parametrize("value", ["all", "[PAK.ties.RUS]", "[]"])
def test_a_file_without_a_base_recodes_nothing(tmp_path: Path, value: str) -> None:
    text = ROOT + f"recoded: {value}\n"
    (tmp_path / "0.yaml").write_text(text, encoding="utf-8")
    line = text.count("\n")
    for checked in (check_text(text), check_file(tmp_path / "0.yaml")):
        assert [(p.position.line, p.code) for p in checked.problems] == [(line, "bad-recoded")]


def test_settings_change_and_recode(tmp_path: Path) -> None:
    path = chain(tmp_path, CHANGE % 0.4)

    def found(*settings: str) -> dict[str, tuple[Any, Any]]:
        return changes(check_file(path, settings).require())

    assert found("PAK.ties.USA=0.1") == {"PAK.ties.RUS": (0.5, 0.4), "PAK.ties.USA": (-0.3, 0.1)}
    assert found("PAK.ties.USA=0.1", "recoded=PAK.ties.USA") == {"PAK.ties.RUS": (0.5, 0.4)}
    assert found("PAK.ties.USA=0.1", "recoded=[PAK.ties.USA]") == {"PAK.ties.RUS": (0.5, 0.4)}
    assert found("PAK.ties.USA=0.1", "recoded=all") == {}
    assert check_file(path, ("PAK.ties.USA=0.1", "recoded=all")).require().changed == (
        "PAK.ties.USA",
    )
    (problem,) = check_file(path, ("recoded=[PAK.ties.UAS]",)).problems
    assert problem.code == "bad-recoded"
    assert "PAK.ties.USA" in problem.hint


def test_changes_of_a_changed_scenario_keep_its_reference() -> None:
    scenario = root().with_changes({"PAK.ties.RUS": 0.4}).with_changes({"PAK.ties.RUS": 0.1})
    assert changes(scenario) == {"PAK.ties.RUS": (0.5, 0.1)}
    assert changes(scenario.recoded({"PAK.ties.RUS": 0.2})) == {}
    read = root().recoded({"PAK.ties.RUS": 0.4})
    assert changes(read.with_changes({"PAK.ties.RUS": 0.1})) == {"PAK.ties.RUS": (0.4, 0.1)}
    both = root().with_changes({"PAK.ties.RUS": 0.4}).recoded({"PAK.ties.USA": 0.3})
    assert changes(both) == {"PAK.ties.RUS": (0.5, 0.4)}
    with pytest.raises(ScenarioError, match="no interest"):
        root().recoded({"parameters.issue_gain": 0.3})


NEW = {
    "a state": ("states: {IND: {ties: {PAK: -0.4}}}", "states: {IND: {ties: {PAK: -0.1}}}"),
    "a tie to it": (
        "states: {IND: {}, PAK: {ties: {IND: -0.4}}}",
        "states: {PAK: {ties: {IND: -0.1}}}",
    ),
    "an issue": (
        "issues: {order: {minus: a, plus: b}}\n"
        "states: {PAK: {issues: {order: {stance: 1, salience: 1}}},"
        " RUS: {issues: {order: {stance: 1, salience: 0.2}}}}",
        "states: {PAK: {issues: {order: {salience: 0.3}}}}",
    ),
    "a domain": (
        "domains: [economic, space]\nstates: {PAK: {capacity: {space: 0.4}}}",
        "states: {PAK: {capacity: {space: 0.2}}}",
    ),
}


@pytest.mark.parametrize("new", NEW)
def test_what_the_base_lacks_brings_its_own(tmp_path: Path, new: str) -> None:
    first, then = NEW[new]
    scenario = load(chain(tmp_path, first))
    assert changes(scenario) == {}
    assert is_kept_by_a_resolved_file(scenario)
    if new != "a domain":  # all of it opens anew
        assert not moves(scenario)
    assert len(changes(load(chain(tmp_path, first, then)))) == 1


def test_what_the_base_lacks_may_be_called_recoded(tmp_path: Path) -> None:
    layer = "states: {IND: {ties: {PAK: -0.4}}}\nrecoded: [IND.ties.PAK, IND]"
    assert changes(load(chain(tmp_path, layer))) == {}


@pytest.mark.parametrize(
    "leaf",
    [
        "states: {RUS: null, PAK: {ties: {RUS: null}}}\nties: {PAK-RUS: null, RUS-USA: null}",
        "issues: {karabakh: null}\n"
        "states: {PAK: {issues: {karabakh: null}}, RUS: {issues: {karabakh: null}}}",
        "domains: [space]\nstates: {PAK: {capacity: {economic: null}}}",
    ],
)
def test_what_is_gone_leaves_no_reference(tmp_path: Path, leaf: str) -> None:
    changed = """states: {PAK: {ties: {RUS: 0.1}, issues: {karabakh: {stance: 0}},
  capacity: {economic: 0.3}}, RUS: {ties: {USA: 0.4}, issues: {karabakh: {stance: 0}}}}"""
    scenario = load(chain(tmp_path, changed, leaf))
    gone = "RUS" if "RUS-USA" in leaf else "karabakh" if "karabakh" in leaf else "economic"
    assert not [path for path in changes(scenario) if gone in path.split(".")]
    assert is_kept_by_a_resolved_file(scenario)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{PAK: {ties: {ZZZ: 0.3}}}", "unknown-state"),
        ("{ZZZ: {ties: {PAK: 0.3}}}", "unknown-state"),
        ("{PAK: {issues: {oil: {stance: 0, salience: 0}}}}", "unknown-issue"),
        ("{PAK: {capacity: {space: 0.3}}}", "unknown-domain"),
        ("{PAK: {ties: {PAK: 0.3}}}", "self-tie"),
        ("{PAK: {ties: {RUS: 3}}}", "out-of-range"),
        ("{PAK: {ties: {RUS: {weight: 0.1, fades_with: x}}}}", "unknown-context"),
        ("{PAK: {traits: {volatility: 1}}}", "unknown-key"),
        ("{PAK: {ties: 3}}", "wrong-type"),
        ("{PAK: 3}", "wrong-type"),
        ("3", "wrong-type"),
    ],
)
def test_a_reference_that_cannot_be_is_refused(tmp_path: Path, written: str, expected: str) -> None:
    layer = f"reference: {written}\n{CHANGE % 0.4}"
    found = [(line, code) for line, _, code in places(check_file(chain(tmp_path, layer)).problems)]
    assert found == [(3, expected)]


def test_differences_turn_one_scenario_into_another_however_interests_were_taken() -> None:
    made = [
        root(),
        root().with_changes({"PAK.ties.RUS": 0.4}),
        root().recoded({"PAK.ties.RUS": 0.4}),
        root().with_changes({"PAK.ties.RUS": None, "PAK.issues.karabakh.stance": 0}),
        root().recoded({"PAK.issues.karabakh": None}),
        root().with_changes({"PAK.ties.USA.fades_with": None, "PAK.capacity.economic": 0.1}),
    ]
    for first in made:
        for second in made:
            turned = first.with_changes(changes_between(first, second))
            assert diff(turned, second) == ()
            assert np.array_equal(compile_scenario(turned).vector, compile_scenario(second).vector)


def test_a_slip_in_an_interest_is_told_as_in_a_root(tmp_path: Path) -> None:
    layer = "states: {PAK: {issues: {karabakh: {stanse: 0.3}}, ties: 3, capacity: [1]}}"
    codes = [problem.code for problem in check_file(chain(tmp_path, layer)).problems]
    assert sorted(codes) == ["unknown-key", "wrong-type", "wrong-type"]


def test_two_ways_to_write_an_interest_are_no_change(tmp_path: Path) -> None:
    layer = """states: {PAK: {ties: {RUS: {weight: 0.50}, USA: {weight: -0.3}}},
  USA: {ties: {PAK: {weight: {uniform: [0.0, 1.0]}}}}, RUS: {ties: {USA: 0}, capacity:
  {economic: 1}}}"""
    scenario = load(chain(tmp_path, layer))
    assert changes(scenario) == {}
    assert "reference" not in scenario.as_written


def test_a_changed_doubtful_number_and_its_reference_share_their_doubt(tmp_path: Path) -> None:
    scenario = load(chain(tmp_path, "states: {USA: {ties: {PAK: {uniform: [-1, 0]}}}}"))
    draws = {draw.name: draw for draw in compile_scenario(scenario).draws}
    after = draws["states.USA.ties.PAK.weight"]
    before = draws["reference.states.USA.ties.PAK.weight"]
    assert after.process == before.process == "states.USA.ties.PAK.weight"
    numbers = RelationsModel(scenario, run=5).numbers
    assert numbers.weight[2, 0] == pytest.approx(numbers.reference_weight[2, 0] - 1, abs=1e-15)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_shipped_scenario_is_kept_by_a_resolved_file(path: Path) -> None:
    assert is_kept_by_a_resolved_file(load(path))
