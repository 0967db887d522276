"""Claims: how each kind is judged, the intervals, and when nothing can be judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hand_made import ensemble_of
from relsim.analysis import claims as module
from relsim.analysis.claims import (
    Verdict,
    claims_table,
    judge,
    judged_values,
    verdict_word,
)
from relsim.ensemble.record import RecordLevel
from relsim.ensemble.simulate import simulate
from relsim.scenario.load import load
from relsim.scenario.schema import Scenario
from scenarios_to_test import EVERYTHING, FAMILY, SHIPPED, scenario_of

MONTHS = 4  # after the start
STATES: dict[str, Any] = {
    "time": {"start": "2020-01", "end": "2020-05"},
    "domains": ["low", "high"],
    "states": {"A": {}, "B": {}, "C": {}},
}
# Overall cooperation of A-B in four runs, from the start to the end.
LEVELS = [
    [0.0, 0.1, 0.2, 0.3, 0.4],
    [0.0, 0.1, 0.6, 0.1, 0.1],
    [0.0, -0.1, -0.2, -0.1, 0.2],
    [0.1, 0.1, 0.1, 0.1, 0.1],
]


def claiming(expect: dict[str, Any], probability: float = 0.5, **more: Any) -> Scenario:
    claim = {"says": "So it is.", "expect": expect, "probability": probability}
    return scenario_of({**STATES, **more, "claims": {"it": claim}})


def verdict_on(expect: dict[str, Any], levels: Any = LEVELS, **more: Any) -> Verdict:
    (found,) = judge(ensemble_of(claiming(expect), levels, **more))
    return found


@pytest.mark.parametrize(
    ("expect", "in_runs"),
    [
        ({"level": "A-B", "above": 0.15}, [1, 0, 1, 0]),
        ({"level": "A-B", "below": 0.15}, [0, 1, 0, 1]),
        ({"level": "A-B", "above": 0.15, "at": "2020-03"}, [1, 1, 0, 0]),
        ({"level": "B-A", "above": 0.05, "by": "2020-03"}, [1, 1, 0, 1]),
        ({"level": "A-B", "below": 0.15, "by": "2020-03"}, [0, 0, 1, 1]),
        ({"level": "A-B.high", "above": 1.15}, [1, 0, 1, 0]),
        ({"level": "A-B.low", "below": -0.85}, [0, 1, 0, 1]),
        ({"level": "A-B", "above": {"uniform": [0.1, 0.2]}}, [1, 0, 1, 0]),
        ({"level": "A-B", "above": 0.1, "at": "2020-01"}, [0, 0, 0, 0]),
        ({"change": "A-B", "above": 0}, [1, 1, 1, 0]),
        ({"change": "A-B", "below": 0.15}, [0, 1, 0, 1]),
        ({"change": "A-B", "above": 0, "by": "2020-05"}, [1, 1, 0, 0]),
        ({"change": "A-B", "above": 0.15, "since": "2020-03"}, [1, 0, 1, 0]),
        ({"change": "A-B", "below": -0.4, "since": "2020-03", "at": "2020-04"}, [0, 1, 0, 0]),
        ({"change": "A-B", "above": 0.05, "since": "2020-03", "by": "2020-05"}, [1, 0, 1, 0]),
        ({"reach": "A-B", "above": 0.35}, [1, 1, 0, 0]),
        ({"reach": "A-B", "above": 0.35, "by": "2020-04"}, [0, 1, 0, 0]),
        ({"reach": "A-B", "below": 0.0}, [0, 0, 1, 0]),
        ({"order": ["A-B", "A-C"]}, [1, 1, 1, 1]),
        ({"order": ["A-C", "A-B"]}, [0, 0, 0, 0]),
        ({"order": ["A-B", "A-C"], "by": "2020-05"}, [1, 1, 0, 1]),
        ({"order": ["A-B", "A-C"], "at": "2020-02"}, [1, 1, 0, 1]),
        ({"order": ["A-B", "A-C"], "of": "level"}, [1, 1, 1, 1]),
        ({"order": ["A-B", "A-C"], "of": "change"}, [1, 1, 1, 0]),
        ({"order": ["A-C", "A-B"], "of": "change", "by": "2020-04"}, [0, 0, 1, 0]),
        ({"level": "A-B", "above": 0.15, "below": 0.3}, [0, 0, 1, 0]),
        ({"reach": "A-B", "above": 0.32, "smooth": "2 months"}, [1, 1, 0, 0]),
        ({"reach": "A-B", "above": 0.36, "smooth": "2 months"}, [0, 0, 0, 0]),
        ({"level": "A-B", "above": 0.25, "smooth": "3 months"}, [1, 1, 0, 0]),
        ({"level": "A-B", "above": 0.04, "smooth": "2 months", "by": "2020-05"}, [1, 1, 0, 1]),
        ({"change": "A-B", "above": 0.15, "since": "2020-03", "smooth": "2 months"}, [1, 0, 1, 0]),
        ({"order": ["A-B", "A-C"], "smooth": "9 months", "by": "2020-05"}, [1, 1, 0, 1]),
        ({"level": "A-B", "above": 0.05, "below": 0.55, "by": "2020-05"}, [1, 0, 0, 1]),
        ({"change": "A-B", "above": -0.15, "below": 0.3, "by": "2020-03"}, [1, 0, 0, 1]),
        ({"change": "A-B", "above": -0.15, "below": 0.3, "at": "2020-03"}, [1, 0, 0, 1]),
        ({"halfway": "A-B", "after": "2020-02"}, [1, 0, 1, 0]),
        ({"halfway": "A-B", "after": "2020-01"}, [1, 1, 1, 0]),
        ({"halfway": "A-B", "before": "2020-05"}, [1, 1, 0, 0]),
        ({"halfway": "A-B.low", "after": "2020-02", "before": "2020-04"}, [1, 0, 0, 0]),
    ],
)
def test_each_kind_in_known_runs(expect: dict[str, Any], in_runs: list[int]) -> None:
    scenario = claiming(expect)
    judged = scenario.claims["it"].expect
    ensemble = ensemble_of(scenario, LEVELS)
    values = judged_values(judged, ensemble)
    assert list(module.holds(judged, values, scenario.time)) == in_runs
    (verdict,) = judge(ensemble)
    assert verdict.share == sum(in_runs) / 4
    assert verdict.runs == 4


def test_a_recorded_level_on_the_threshold_is_neither_above_nor_below() -> None:
    levels = np.full((3, 5), 0.2)
    assert float(np.float32(0.2)) > 0.2  # what makes this worth a test
    assert verdict_on({"level": "A-B", "above": 0.2}, levels).share == 0
    assert verdict_on({"level": "A-B", "below": 0.2}, levels).share == 0


def test_months_within_a_step_count_as_its_start() -> None:
    time = {"start": "2020-01", "end": "2021-01", "step": "quarter"}
    for month, level in (("2020-03", 0.0), ("2020-04", 0.1), ("2020-06", 0.1), ("2021-01", 0.4)):
        scenario = claiming({"level": "A-B", "above": 0, "at": month}, time=time)
        (verdict,) = judge(ensemble_of(scenario, LEVELS[:1]))
        assert verdict.effect == pytest.approx(level, abs=1e-7)


def test_the_effect_is_the_median_of_what_is_judged() -> None:
    levels = np.zeros((101, 5))
    levels[:, -1] = np.linspace(0, 1, 101)
    verdict = verdict_on({"change": "A-B", "above": 0.245}, levels)
    found = (verdict.effect, verdict.effect_low, verdict.effect_high)
    assert found == pytest.approx((0.5, 0.1, 0.9), abs=1e-6)
    assert (verdict.median_low, verdict.median_high) == (None, None)
    assert verdict.share == 76 / 101


def test_over_months_the_farthest_from_the_middle_of_two_bounds_is_judged() -> None:
    levels = [[0.0, 0.1, 0.3, 0.2, 0.1], [0.0, 0.1, -0.1, 0.1, 0.2], [0.0, 0.1, 0.1, 0.1, 0.1]]
    expect = {"level": "A-B", "above": -0.1, "below": 0.25, "by": "2020-05"}  # middle 0.075
    scenario = claiming(expect)
    values = judged_values(scenario.claims["it"].expect, ensemble_of(scenario, levels))
    assert list(values) == pytest.approx([0.3, -0.1, 0.1], abs=1e-7)


# When half of a change is there


def half_of(change: list[float], **expect: Any) -> Verdict:
    levels = [[0.25, *(0.25 + one for one in change)]]
    return verdict_on({"halfway": "A-B", **expect}, levels)


@pytest.mark.parametrize(
    ("change", "months"),
    [
        ([0.25, 0.25, 0.25, 0.25], 1),
        ([0.0, 0.25, 0.25, 0.5], 2),  # exactly half is there
        ([-0.5, 0.0, 0.25, 0.5], 3),  # the other way does not count
        ([0.75, 0.0, 0.0, 0.5], 1),  # first there, whatever follows
        ([0.2, 0.0, 0.2, 0.5], 4),
        ([0.5, -0.25, 0.0, -0.5], 2),  # a fall is a change too
    ],
)
def test_half_of_a_change_is_first_there_after_so_many_months(
    change: list[float], months: int
) -> None:
    verdict = half_of(change, after="2020-02")
    assert (verdict.effect, verdict.unit) == (months, "months")
    assert verdict.share == (months > 1)
    assert half_of(change, before="2020-03").share == (months < 2)


@pytest.mark.parametrize("bound", [{"after": "2020-01"}, {"before": "2020-05"}])
def test_no_change_has_no_half(bound: dict[str, str]) -> None:
    verdict = half_of([0.5, -0.5, 0.5, 0.0], **bound)
    assert verdict.share == 0
    assert (verdict.effect, verdict.effect_low, verdict.median_low) == (None, None, None)


def test_runs_without_a_change_count_in_the_share_and_not_in_the_effect() -> None:
    levels = [[0.0, 0.0, 0.5, 0.5, 0.5], [0.0, 0.5, 0.5, 0.5, 0.0]]
    verdict = verdict_on({"halfway": "A-B", "after": "2020-02"}, levels)
    assert (verdict.share, verdict.effect, verdict.runs) == (0.5, 2, 2)


def test_half_of_a_change_is_timed_in_months_at_any_step() -> None:
    time = {"start": "2020-01", "end": "2021-01", "step": "quarter"}
    for expect, share in (({"after": "2020-06"}, 1), ({"after": "2020-07"}, 0)):
        scenario = claiming({"halfway": "A-B", **expect}, time=time)
        (verdict,) = judge(ensemble_of(scenario, LEVELS[:1]))
        assert (verdict.effect, verdict.share) == (6, share)


# Against another scenario


def paired(expect: dict[str, Any], levels: Any, other: Any, **more: Any) -> Verdict:
    scenario = claiming({**expect, "against": "other.yaml"})
    base = ensemble_of(scenario_of(STATES), other, **more)
    (verdict,) = judge(ensemble_of(scenario, levels), {"other.yaml": base})
    return verdict


def test_pairs_are_compared_run_by_run() -> None:
    base = np.random.default_rng(1).normal(0, 0.2, (200, 5))
    raised = base.copy()
    raised[:150, -1] += 0.01
    verdict = paired({"change": "A-B", "above": 0}, raised, base)
    assert verdict.share == 0.75
    assert verdict.effect == pytest.approx(0.01, abs=1e-6)
    assert verdict.median_low == pytest.approx(0.01, abs=1e-6)
    assert paired({"change": "A-B", "below": 0}, raised, base).share == 0


def test_level_and_change_differ_where_the_start_does() -> None:
    lower = np.array(LEVELS) - 0.25
    assert paired({"level": "A-B", "above": 0.2}, LEVELS, lower).share == 1
    assert paired({"change": "A-B", "above": 0.2}, LEVELS, lower).share == 0


def test_half_of_a_paired_difference_is_of_the_difference_alone() -> None:
    base = np.random.default_rng(2).normal(0, 0.2, (50, 5))
    raised = base + np.array([0, 0, 0.01, 0.06, 0.1])
    expect = {"halfway": "A-B", "after": "2020-03"}
    verdict = paired(expect, raised, base)
    numbers = (verdict.share, verdict.effect, verdict.effect_low, verdict.median_high)
    assert numbers == (1, 3, 3, 3)
    assert paired(expect, base - np.array([0, 0, 0.06, 0.06, 0.1]), base).share == 0


def test_a_band_around_another_scenario_is_one_claim() -> None:
    base = np.random.default_rng(3).normal(0, 0.2, (30, 5))
    moved = base.copy()
    moved[:10, 2] += 0.1
    moved[10:15, 3] -= 0.1
    expect = {"change": "A-B", "above": -0.05, "below": 0.05, "by": "2020-05"}
    verdict = paired(expect, moved, base)
    assert verdict.share == 0.5
    assert (verdict.effect_low, verdict.effect_high) == pytest.approx((-0.1, 0.1), abs=1e-6)


def test_a_month_on_a_bound_is_not_passed_over_for_one_just_inside_the_other() -> None:
    inside = np.nextafter(np.float32(0.01), np.float32(0))
    expect = {"level": "A-B", "above": -0.5, "below": 0.01, "by": "2020-03"}
    base = [[0.0, 0.5, 0.0, 0.0, 0.0]]
    assert paired(expect, [[0.0, 1e-9, inside, 0.0, 0.0]], base).share == 0
    assert paired(expect, [[0.0, 1e-7, inside, 0.0, 0.0]], base).share == 1


def test_a_scenario_compared_with_itself_differs_by_exactly_nothing() -> None:
    scenario = scenario_of(EVERYTHING)
    changes = {
        "claims": {
            f"{kind}_{side}": {
                "says": "x",
                "expect": {kind: "A-B.high", side: 0, "against": "itself.yaml", "by": "2024-01"},
            }
            for kind in ("level", "change")
            for side in ("above", "below")
        }
    }
    ensemble = simulate(scenario.with_changes(changes), runs=50, seed=4)
    verdicts = judge(ensemble, {"itself.yaml": ensemble})
    assert len(verdicts) == 4
    for verdict in verdicts:
        assert verdict.share == 0
        numbers = (verdict.effect, verdict.effect_low, verdict.effect_high)
        assert {*numbers, verdict.median_low, verdict.median_high} == {0.0}
        assert verdict.verdict == "contradicted"


# Nothing to judge by


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({}, "No futures of other.yaml were given"),
        ({"other.yaml": "It is not there."}, "It is not there."),
        ({"other.yaml": {"seed": 1}}, "is on seed 1"),
        ({"other.yaml": {"levels": LEVELS[:2]}}, "has 2 runs"),
        ({"other.yaml": {"version": "0.0.1"}}, "is of relsim 0.0.1"),
        ({"other.yaml": {"domains": False}}, "The ensemble of other.yaml keeps no domains"),
    ],
)
def test_a_comparison_that_cannot_be_made_says_why(others: dict[str, Any], reason: str) -> None:
    scenario = claiming({"change": "A-B.low", "above": 0, "against": "other.yaml"})
    given = {
        file: other
        if isinstance(other, str)
        else ensemble_of(scenario_of(STATES), other.pop("levels", LEVELS), **other)
        for file, other in others.items()
    }
    (verdict,) = judge(ensemble_of(scenario, LEVELS), given)
    assert verdict.verdict == "not judged"
    assert reason in verdict.reason
    assert verdict.share is None


def test_another_span_cannot_be_paired() -> None:
    longer = scenario_of({**STATES, "time": {"start": "2020-01", "end": "2020-06"}})
    base = ensemble_of(longer, np.zeros((4, 6)))
    scenario = claiming({"change": "A-B", "above": 0, "against": "o.yaml"})
    (verdict,) = judge(ensemble_of(scenario, LEVELS), {"o.yaml": base})
    assert "runs from 2020-01 to 2020-06" in verdict.reason


def test_a_pair_that_the_other_does_not_keep_by_domain_is_named() -> None:
    scenario = claiming({"change": "A-C.low", "above": 0, "against": "o.yaml"})
    other = scenario_of({**STATES, "watch": ["A-B"]})
    (verdict,) = judge(simulate(scenario, runs=4), {"o.yaml": simulate(other, runs=4)})
    assert "does not keep A-C by domain; add it to `watch`" in verdict.reason


@pytest.mark.parametrize(
    ("record", "word"),
    [("overall", "not judged"), ("domains", "contradicted"), ("postures", "contradicted")],
)
def test_claims_on_a_domain_need_domains(record: RecordLevel, word: str) -> None:
    scenario = claiming({"level": "B-C.low", "above": 0.5}, watch=["A-B"])
    ensemble = simulate(scenario, runs=8, record=record)
    (verdict,) = judge(ensemble)
    assert verdict.verdict == word
    assert ("--record domains" in verdict.reason) is (record == "overall")
    if record != "overall":
        assert list(ensemble.data["watched"].values) == ["A-B", "B-C"]


# Verdicts


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.8, 0.9, "supported"),
        (0.79, 0.9, "not distinguishable"),
        (0.7, 0.8, "not distinguishable"),
        (0.7, 0.79, "contradicted"),
    ],
)
def test_the_whole_interval_decides(low: float, high: float, word: str) -> None:
    assert verdict_word(low, high, 0.8) == word


# Words, tables, stores, shipped files


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ({"level": "A-B.low", "below": 0.2}, "level of A-B.low is below 0.2 at 2020-05"),
        (
            {"change": "A-B", "above": -0.05, "by": "2020-03"},
            "change of A-B since 2020-01 is above -0.05 in every month from 2020-02 to 2020-03",
        ),
        (
            {"change": "A-B", "above": 0, "since": "2020-02", "by": "2020-04"},
            "change of A-B since 2020-02 is above 0 in every month from 2020-03 to 2020-04",
        ),
        ({"reach": "A-B", "above": 0.3, "by": "2020-03"}, "A-B gets above 0.3 by 2020-03"),
        ({"order": ["A-B", "A-C"], "at": "2020-03"}, "A-B is above A-C at 2020-03"),
        (
            {"order": ["A-B", "A-C"], "of": "change"},
            "change of A-B since 2020-01 is above that of A-C at 2020-05",
        ),
        (
            {"level": "A-B", "above": -0.05, "below": {"uniform": [0, 0.1]}},
            "level of A-B is above -0.05 and below 0.05 at 2020-05",
        ),
        (
            {"halfway": "A-B", "after": "2020-02", "before": "2020-04", "against": "o.yaml"},
            "half of the change of A-B from 2020-01 to 2020-05 compared with that of o.yaml is "
            "first there after 2020-02 and before 2020-04",
        ),
        (
            {"change": "A-B", "above": 0, "against": "o.yaml"},
            "change of A-B since 2020-01 compared with that of o.yaml is above 0 at 2020-05",
        ),
    ],
)
def test_the_test_is_said_in_words(expect: dict[str, Any], words: str) -> None:
    assert verdict_on(expect).test == words


@pytest.mark.parametrize(
    "asked",
    [
        {"level": "A-B", "above": 0, "by": "2020-05"},
        {"change": "A-B", "above": -0.1, "below": 0.1, "by": "2020-05"},
        {"order": ["A-B", "B-C"], "of": "change", "by": "2020-05"},
        {"halfway": "A-B", "after": "2020-03"},
    ],
)
def test_reading_in_blocks_changes_nothing(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expect = claiming(asked).claims["it"].expect
    ensemble = simulate(scenario_of(STATES), runs=101)
    whole = judged_values(expect, ensemble)
    monkeypatch.setattr("relsim.analysis.recorded.BLOCK_BYTES", 8 * MONTHS * 7)
    assert judged_values(expect, ensemble).tobytes() == whole.tobytes()


def test_the_table_has_a_row_per_claim_and_every_field() -> None:
    table = claims_table([verdict_on({"level": "A-B", "above": 0.2})])
    assert list(table.columns) == list(Verdict.__dataclass_fields__)
    assert list(table["name"]) == ["it"]
    assert list(claims_table([]).columns) == list(table.columns)


@pytest.mark.parametrize("folder", sorted({path.parent for path in SHIPPED}), ids=lambda p: p.name)
def test_every_claim_of_the_shipped_scenarios_is_judged(folder: Path) -> None:
    family = [path for path in SHIPPED if path.parent == folder]
    ensembles = {path.name: simulate(load(path), runs=20) for path in family}
    for ensemble in ensembles.values():
        verdicts = judge(ensemble, ensembles)
        assert [verdict.name for verdict in verdicts] == list(ensemble.scenario.claims)
        assert "not judged" not in {verdict.verdict for verdict in verdicts}


def test_a_shipped_claim_has_the_size_that_was_found() -> None:
    names = ("armenia-recognition.yaml", "status-quo.yaml")
    recognition, base = (simulate(load(FAMILY / name), runs=200) for name in names)
    armenia = {verdict.name: verdict for verdict in judge(recognition, {names[1]: base})}
    assert armenia["armenia_price"].verdict == "supported"
    assert (armenia["armenia_price"].effect or 0) < -0.05
