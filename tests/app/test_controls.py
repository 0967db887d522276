"""What can be moved in a scenario: every control changes its number, and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

import relsim
from relsim.app.controls import GAINS, Control, controls_of, events_of, with_units
from relsim.app.folder import Folder
from relsim.app.keep import Recipe, keep
from relsim.scenario.diff import act_alike
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, ROOT, STATUS_QUO, scenario_of

SCENARIO = relsim.load(STATUS_QUO)
CONTROLS = controls_of(SCENARIO)
EVERY = 17  # of the many controls of a file, for what takes 30 ms each; prime to their patterns


def at(scenario: Scenario, path: str) -> Any:
    """What is written at a path, or None."""
    steps = path.split(".")
    node: Any = scenario.as_written
    for step in steps if steps[0] in node else ("states", *steps):
        node = node[int(step)] if isinstance(node, list) else (node or {}).get(step)
    return node


@pytest.mark.parametrize("control", CONTROLS[::EVERY], ids=lambda control: control.path)
def test_a_moved_control_loads_at_both_ends_and_is_kept(control: Control, tmp_path: Path) -> None:
    for value in (control.low, control.high):
        changes = with_units({control.path: value})
        changed = SCENARIO.with_changes(changes)
        assert at(changed, control.path) == changes[control.path]
    file = Path(shutil.copy(STATUS_QUO, tmp_path))
    keep(SCENARIO, Recipe(file, changes, 1, 0), Folder(tmp_path), "kept.yaml", "", replace=False)
    kept = relsim.load(tmp_path / "kept.yaml")
    assert act_alike(kept, changed)
    assert at(kept, control.path) == changes[control.path]


@pytest.mark.slow
@pytest.mark.parametrize("file", ["pakistan-russia", "nile-red-sea"])
def test_every_control_loads_where_it_stands_and_at_both_ends(file: str) -> None:
    scenario = relsim.load(ROOT / "scenarios" / file / "status-quo.yaml")
    for control in controls_of(scenario):
        for value in (control.low, control.high, control.value):
            scenario.with_changes(with_units({control.path: value}))


def test_a_certain_number_moved_to_where_it_is_changes_nothing() -> None:
    written = [
        control
        for control in CONTROLS
        if control.uncertain is None and at(SCENARIO, control.path) is not None
    ]
    assert len(written) > 250
    for control in written[::EVERY]:
        assert act_alike(SCENARIO, SCENARIO.with_changes(with_units({control.path: control.value})))


def test_ends_hold_the_number_and_what_it_may_be() -> None:
    for control in CONTROLS:
        known = control.uncertain
        low, high = (known.low, known.high) if known else (control.value, control.value)
        assert control.low <= low <= control.value <= high <= control.high, control
        assert 0 < control.step <= (control.high - control.low) / 50
        assert control.label
        assert control.words


def test_paths_are_unique_and_the_main_ones_come_first_by_state() -> None:
    paths = [control.path for control in CONTROLS]
    assert len(paths) == len({*paths})
    main = [control for control in CONTROLS if control.main]
    assert CONTROLS[: len(main)] == main
    assert {control.group for control in main} == {"ties", "issues", "capacity", "gains"}
    assert [c.path for c in main[-3:]] == [f"parameters.{name}" for name in GAINS]
    states = [control.state for control in main[:-3]]
    assert states[0] == "PAK"
    assert list(dict.fromkeys(states)) == ["PAK", "RUS", "IND", "USA", "ARM", "AZE"]
    assert states == sorted(states, key=list(dict.fromkeys(states)).index)


def test_a_fading_tie_is_moved_by_its_weight_and_an_absent_tie_starts_at_nothing() -> None:
    by_path = {control.path: control for control in CONTROLS}
    fading = by_path["PAK.ties.USA.weight"]
    assert (fading.label, fading.state, fading.value) == ("tie to the United States", "PAK", 0.35)
    assert fading.uncertain is not None
    assert (fading.uncertain.low, fading.uncertain.high) == (0.255, 0.445)
    assert fading.uncertain.words == "uniform, 0.25 to 0.45"
    absent = by_path["PAK.ties.TUR"]
    assert (absent.value, absent.main, absent.low, absent.high) == (0.0, False, -1.0, 1.0)
    assert "PAK.issues.order.stance" in by_path


def test_an_opening_reaches_as_far_as_both_states_could_afford() -> None:
    by_path = {control.path: control for control in CONTROLS}
    assert by_path["ties.PAK-RUS.economic"].high == 0.45
    with pytest.raises(relsim.ScenarioError, match="can afford"):
        SCENARIO.with_changes({"ties.PAK-RUS.economic": 0.46})


def test_numbers_of_durations_and_rates_get_their_units() -> None:
    changes = {"events.floods.chance": 0.2, "parameters.half_life": 12, "events.floods.off": True}
    assert with_units(changes) == {
        "events.floods.chance": "0.2 per year",
        "parameters.half_life": "12 months",
        "events.floods.off": True,
    }
    assert with_units({"events.x.effects.0.half_life": "2 years"}) == {
        "events.x.effects.0.half_life": "2 years"
    }


def test_events_have_their_timing_their_sizes_and_their_pairs() -> None:
    events = {event.event: event for event in events_of(SCENARIO)}
    assert list(events) == list(SCENARIO.events)
    visit = events["prime_minister_visit"]
    assert (visit.off, visit.kind, visit.months) == (True, "at", ("2022-03",))
    assert visit.pairs == ("PAK-RUS",)
    assert [size.path for size in visit.sizes] == [
        f"events.prime_minister_visit.effects.{place}.size" for place in range(3)
    ]
    assert visit.sizes[2].value == pytest.approx(0.03 * 8)  # goldstein_unit × weight of CAMEO 057
    assert events["floods"].chance is not None
    assert events["igc_regular"].note == "every 12 months, from 2020-12"
    assert visit.note == ""  # its months say it


def test_a_moved_size_is_that_of_the_effect() -> None:
    changed = SCENARIO.with_changes({"events.prime_minister_visit.effects.2.size": 0.1})
    assert changed.events["prime_minister_visit"].effects[2].size == 0.1  # type: ignore[union-attr]


def test_controls_of_everything_that_a_scenario_may_have() -> None:
    scenario = scenario_of(EVERYTHING)
    for control in controls_of(scenario):
        assert asdict(control)["low"] <= control.value <= control.high, control
    assert [event.event for event in events_of(scenario)] == list(scenario.events)
