"""The tuned scenario: a whole file that says how it was fitted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from relsim.ensemble.simulate import simulate
from relsim.experiments.objectives import Objective
from relsim.experiments.study import Parameter
from relsim.experiments.tune import tune, tuned_changes, tuned_text, written_changes
from relsim.experiments.tuning import Tuning
from relsim.scenario.effects import Pulse
from relsim.scenario.load import check_text, load
from relsim.scenario.reference import changed_interests
from relsim.stats import Values

BASE = """\
relsim: 1
name: Base
time: {start: 2020-01, end: 2022-01}
states:
  A: {ties: {B: 0.2, C: {weight: 0.4, fades_with: order}}}
  B:
  C:
context: {order: {start: 0.1, end: 0.2}}
ties: {A-B: 0.3}
events:
  talks:
    chance: 0.1 per year
    effects:
      - {pulse: A-B, size: 0.1, half_life: 9 months}
      - {pulse: A-C, size: 0.2, half_life: 3 months}
"""
PARAMETERS = (
    Parameter("A.ties.B", 0.0, 1.0),
    Parameter("A.ties.C", 0.0, 1.0),
    Parameter("events.talks.chance", 0.0, 1.0, unit="per year"),
    Parameter("events.talks.effects.1.half_life", 1.0, 24.0, unit="months"),
    Parameter("drift", 0.0, 0.1),
)


def tuning() -> Tuning:
    def evaluate(points: Values) -> dict[str, Values]:
        scaled = points / [1, 1, 1, 24, 0.1]
        return {"misfit": ((scaled - 1 / 3) ** 2).sum(axis=1)[:, None] + np.zeros(5)}

    return tune(PARAMETERS, evaluate, [Objective("misfit")], trials=24, fresh=evaluate)


def test_the_text_is_a_scenario_with_the_tuned_values(tmp_path: Path) -> None:
    base, file = tmp_path / "base.yaml", tmp_path / "tuned.yaml"
    base.write_text(BASE)
    found = tuning()
    original, changes = load(base), tuned_changes(found)
    text = tuned_text(found, original)
    assert text.startswith("relsim: 1\nname: Base, tuned\nabout: ")
    file.write_text(text)
    tuned = load(file)
    assert tuned.states["A"].ties["B"].weight == changes["A.ties.B"]
    assert tuned.states["A"].ties["C"].weight == changes["A.ties.C"]
    assert tuned.states["A"].ties["C"].fades_with == "order"
    assert tuned.events["talks"].chance == changes["events.talks.chance"]
    first, second = tuned.events["talks"].effects
    assert isinstance(second, Pulse)
    assert second.half_life == changes["events.talks.effects.1.half_life"]
    assert first == original.events["talks"].effects[0]
    assert tuned.parameters.drift == changes["drift"]
    assert "Tuned with relsim: misfit" in tuned.about
    assert tuned.ties == original.ties


OTHER = {"A.ties.B": 0.9}
CLAIMS = """\
claims:
  own: {says: x, expect: {change: A-B, above: 0}}
  other: {says: y, expect: {change: A-B, above: 0, against: elsewhere.yaml}}
"""


def test_a_changed_interest_keeps_its_reference_and_a_reading_becomes_it(tmp_path: Path) -> None:
    read, changed, *others = PARAMETERS
    parameters = (replace(read, interest="reading"), replace(changed, interest="changed"), *others)
    found = replace(tuning(), parameters=parameters)
    file = tmp_path / "tuned.yaml"
    # An interest that the scenario's own variants have changed already is recoded as well.
    for original in (check_text(BASE).require(), check_text(BASE).require().with_changes(OTHER)):
        file.write_text(tuned_text(found, original, besides={"B.ties.C": -0.2}))
        tuned, values = load(file), tuned_changes(found)
        assert {(one.path, one.before, one.after) for one in changed_interests(tuned)} == {
            ("A.ties.C", 0.4, values["A.ties.C"]),
            ("B.ties.C", 0.0, -0.2),
        }
        assert tuned.states["A"].ties["B"].weight == values["A.ties.B"]
        again = simulate(tuned, runs=2, seed=1).data["overall"]
        written = original.with_changes({"B.ties.C": -0.2}).with_changes(
            {**written_changes(original, values), "recoded": ["A.ties.B"]}
        )
        assert np.array_equal(again, simulate(written, runs=2, seed=1).data["overall"])


def test_claims_that_compare_with_files_elsewhere_are_left_out() -> None:
    original = check_text(BASE + CLAIMS).require()
    checked = check_text(tuned_text(tuning(), original))
    assert not checked.warnings
    assert [*checked.require().claims] == ["own"]
    assert "compare with other files: other." in checked.require().about


def test_values_are_rounded_far_within_what_fits_as_well() -> None:
    found = tuning()
    exact = found.points[found.best]
    np.testing.assert_allclose(list(tuned_changes(found).values()), exact, rtol=1e-5)
    assert all(len(f"{value:g}") <= 12 for value in tuned_changes(found).values())
