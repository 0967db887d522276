"""Discovery: known boxes are found, counts are those of a hand count, noise makes no claim."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact

from relsim.experiments.boxes import Fit, Flags, fit, inside, refined, search
from relsim.experiments.discover import chance_of, discover, share_of_runs
from relsim.experiments.discovery import Discovery, Outcome
from relsim.experiments.study import Parameter
from relsim.experiments.sweep import sweep_points
from relsim.stats import Values

FIVE = (
    Parameter("RUS.weights.IND", 0.0, 1.0, "India's weight in Moscow"),
    Parameter("parameters.adjustment", 0.0, 60.0, "Adjustment", "months"),
    Parameter("PAK.ties.USA", -1.0, 1.0, "Pakistan's tie"),
    Parameter("shocks", 0.0, 10.0, "Shocks", "per year"),
    Parameter("drift", 0.0, 1.0, "Drift"),
)
HIGH = Outcome("PAK-RUS", "above", 0.4)
EVERYTHING = np.array([[-np.inf, np.inf]] * 5)


def levels(points: Values, happens: Flags, runs: int, seed: int, odd: float = 0.1) -> Values:
    """0.8 where it happens and 0 where it does not, turned round at some points, with noise of
    runs shared by all points and of each its own."""
    rng = np.random.default_rng(seed)
    turned = rng.random(len(points)) < odd
    shared, own = rng.normal(0, 0.1, runs), rng.normal(0, 0.3, (len(points), runs))
    values: Values = 0.8 * (happens != turned)[:, np.newaxis] + shared + own
    return values


def corner(points: Values) -> Flags:
    below: Flags = points[:, 0] < 0.4
    return below & (points[:, 1] > 24)


def found(points: Values, values: Values, **options: int) -> Discovery:
    return discover(FIVE, points, {"PAK-RUS": values}, HIGH, **{"resamples": 0, **options})


# Known boxes


def test_a_known_box_in_five_dimensions_with_noise_is_found() -> None:
    points = sweep_points("sobol", FIVE, 512, seed=1)
    findings = found(points, levels(points, corner(points), 10, 1, odd=0.05))
    (box,) = findings.boxes
    assert box.limits[0, 1] == pytest.approx(0.4, abs=0.03)
    assert box.limits[1, 0] == pytest.approx(24, abs=0.03 * 60)
    assert box.restricted.sum() == 2
    assert box.held_out.density == pytest.approx(0.95, abs=0.05)


def test_resamples_restrict_what_matters_near_where_it_does() -> None:
    points = sweep_points("sobol", FIVE, 200, seed=1)
    (box, *_) = found(points, levels(points, corner(points), 10, 1, odd=0.0), resamples=4).boxes
    assert box.reproduced[:2].tolist() == [1, 1]
    assert (box.reproduced[2:] <= 0.25).all()
    assert box.spread[0, 1] == pytest.approx([0.4, 0.4], abs=0.05)
    assert box.spread[1, 0] == pytest.approx([24, 24], abs=0.05 * 60)
    assert np.isnan(box.spread[0, 0]).all()


@pytest.mark.parametrize("seed", range(4))
def test_only_parameters_that_matter_are_restricted(seed: int) -> None:
    points = sweep_points("latin-hypercube", FIVE, 300, seed)
    (box, *_) = found(points, levels(points, corner(points), 10, seed), seed=seed).boxes
    assert np.flatnonzero(box.restricted.any(axis=1)).tolist() == [0, 1]


def test_two_boxes_are_found_one_after_the_other() -> None:
    points = sweep_points("sobol", FIVE, 512, seed=2)
    other = (points[:, 2] > 0.4) & (points[:, 0] > 0.6)
    findings = found(points, levels(points, corner(points) | other, 10, 2, odd=0.0))
    first, second = findings.boxes
    assert np.flatnonzero(first.restricted.any(axis=1)).tolist() == [0, 1]
    assert second.limits[2, 0] == pytest.approx(0.4, abs=0.08)
    assert second.limits[0, 0] == pytest.approx(0.6, abs=0.04)
    assert findings.sentences()[-1].startswith("The 2 boxes together hold")
    assert "Of the settings left, PAK-RUS is above 0.4" in findings.sentences()[2]
    assert set(findings.tables()["points"]["box"]) == {0, 1, 2}


def test_an_outcome_below_a_threshold_is_that_of_the_mirrored_measure() -> None:
    points = sweep_points("sobol", FIVE, 256, seed=1)
    values = levels(points, corner(points), 5, 1)
    below = Outcome("PAK-RUS", "below", -0.4)
    mirrored = discover(FIVE, points, {"PAK-RUS": -values}, below, resamples=0)
    assert (mirrored.boxes[0].limits == found(points, values).boxes[0].limits).all()


def test_a_switch_is_a_parameter_like_any_other() -> None:
    points = sweep_points("sobol", FIVE, 256, seed=1)
    points[:, 4] = points[:, 4] > 0.5
    happens = (points[:, 4] == 1) & (points[:, 0] < 0.6)
    (box, *_) = found(points, levels(points, happens, 5, 1)).boxes
    assert box.limits[4].tolist() == [0.5, np.inf]
    assert np.flatnonzero(box.restricted.any(axis=1)).tolist() == [0, 4]


# Counts


def test_coverage_density_and_mass_are_those_of_a_hand_count() -> None:
    points = sweep_points("sobol", FIVE, 256, seed=3)
    findings = found(points, levels(points, corner(points), 5, 3))
    box = findings.boxes[0]
    for half, held in ((findings.searched, box.searched), (findings.held_out, box.held_out)):
        within = hits = cases = 0
        for place in np.flatnonzero(half):
            is_in = all(low <= x <= high for x, (low, high) in zip(points[place], box.limits))  # noqa: B905
            within += is_in
            cases += bool(findings.cases[place])
            hits += is_in and bool(findings.cases[place])
        assert (held.inside, held.hits, held.cases, held.points) == (
            within,
            hits,
            cases,
            half.sum(),
        )
        assert held.coverage == hits / cases
        assert held.density == hits / within
        assert held.mass == within / 128


def test_the_trajectory_begins_with_all_points_and_gives_up_coverage_for_density() -> None:
    points = sweep_points("sobol", FIVE, 256, seed=3)
    cases = corner(points)
    way = search(points, cases).trajectory
    assert way.iloc[0].tolist() == [1.0, cases.mean(), 1.0, 0.0]
    assert way["density"].is_monotonic_increasing
    hits = way["coverage"] * cases.sum()
    assert hits.tolist() == pytest.approx((way["density"] * way["mass"] * 256).tolist())


def test_quasi_p_is_the_chance_of_so_many_cases_without_the_limit() -> None:
    points = sweep_points("sobol", FIVE, 128, seed=3)
    rng = np.random.default_rng(1)
    cases = corner(points) != (rng.random(128) < 0.15)
    found_box = search(points, cases)
    everywhere = np.ones(128, dtype=bool)
    whole = fit(inside(points, found_box.limits), cases, everywhere)
    without = found_box.limits.copy()
    without[0, 1] = np.inf
    wider = fit(inside(points, without), cases, everywhere)
    expected = binom.sf(whole.hits - 1, whole.inside, wider.density)
    assert found_box.quasi_p[0, 1] == pytest.approx(expected)
    assert np.isfinite(found_box.quasi_p).tolist() == np.isfinite(found_box.limits).tolist()


def test_a_limit_is_moved_to_where_the_f_score_is_highest() -> None:
    rng = np.random.default_rng(5)
    points = rng.random((80, 5))
    cases = (points[:, 0] < 0.5) != (rng.random(80) < 0.2)
    start = EVERYTHING.copy()
    start[0, 1] = 0.9
    limit = refined(points, cases, start)[0, 1]

    def f_score(upper: float) -> float:
        within = points[:, 0] <= upper
        coverage, density = cases[within].sum() / cases.sum(), cases[within].mean()
        return float(2 * coverage * density / (coverage + density))

    assert f_score(limit) == pytest.approx(max(f_score(x) for x in points[:, 0]))


def test_the_chance_of_a_box_is_fishers_exact_test() -> None:
    held = Fit(inside=20, hits=14, points=100, cases=40)
    table = [[14, 6], [26, 54]]
    assert chance_of(held) == pytest.approx(fisher_exact(table, alternative="greater").pvalue)


def test_halves_do_not_overlap_and_have_as_many_cases() -> None:
    points = sweep_points("sobol", FIVE, 256, seed=3)
    findings = found(points, levels(points, corner(points), 5, 3))
    assert not (findings.searched & findings.held_out).any()
    assert (findings.searched | findings.held_out).all()
    in_halves = [(findings.cases & half).sum() for half in (findings.searched, findings.held_out)]
    assert abs(in_halves[0] - in_halves[1]) <= 1


def test_the_interval_of_a_share_of_runs_knows_of_points_and_runs() -> None:
    inside_it = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        points, runs, own = rng.normal(size=(30, 1)), rng.normal(size=15), rng.normal(size=(30, 15))
        share = share_of_runs((points + runs + own > 0).astype(float))
        inside_it += share.low <= 0.5 <= share.high
    assert inside_it >= 0.91 * 200


# No claim


@pytest.mark.parametrize("seed", range(8))
def test_pure_noise_gives_a_warning_and_no_claim(seed: int) -> None:
    points = sweep_points("latin-hypercube", FIVE, 200, seed)
    cases = np.random.default_rng(seed).random(200) < 0.35
    findings = found(points, cases[:, np.newaxis] * np.ones(4), seed=seed)
    assert findings.boxes == ()
    (said,) = findings.sentences()
    assert "no conditions" in said
    assert findings.tables()["limits"].empty
    assert any(one.startswith("No condition is claimed") for one in findings.warnings())


@pytest.mark.parametrize("seed", [3, 7])
def test_a_box_found_in_noise_does_not_hold_on_the_half_held_out(seed: int) -> None:
    points = sweep_points("latin-hypercube", FIVE, 260, seed)
    cases = np.random.default_rng(seed).random(260) < 0.15
    findings = found(points, cases[:, np.newaxis] * np.ones(4), seed=seed)
    assert findings.boxes == ()
    assert findings.rejected is not None
    assert findings.rejected.restricted.any()
    assert "no conditions hold on the half held out" in findings.sentences()[0]


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (0, "at none of 64 points (at most in 0 % of runs)."),
        (64, "at each of 64 points, under all conditions."),
        (6, "at 6 of 64 points, too few on one side to search for conditions."),
        (58, "at 58 of 64 points, too few on one side to search for conditions."),
    ],
)
def test_what_happens_always_never_or_hardly_is_said_without_a_search(
    happens: int, said: str
) -> None:
    points = sweep_points("sobol", FIVE, 64)
    values = np.repeat((np.arange(64) < happens).astype(float)[:, np.newaxis], 9, axis=1)
    findings = found(points, values)
    assert findings.boxes == ()
    assert findings.sentences() == [f"PAK-RUS is above 0.4 in at least half of the runs: {said}"]
    needed = "About 220 points would give the 20 that a search needs."
    assert [one.endswith(needed) for one in findings.warnings()] == [True] * (happens in (6, 58))


# Words and doubts


def test_a_sentence_says_conditions_with_units_and_what_the_held_out_half_holds() -> None:
    points = sweep_points("sobol", FIVE, 256, seed=4)
    happens = (points[:, 0] < 0.4) & (points[:, 1] > 24) & (points[:, 1] < 48)
    findings = found(points, np.repeat(happens.astype(float)[:, np.newaxis], 8, axis=1))
    (box,) = findings.boxes
    held = box.held_out
    said = findings.sentences()[0]
    assert said.startswith(
        f"PAK-RUS is above 0.4 in at least half of the runs for {100 * held.density:.0f} % ("
    )
    conditions = findings.conditions(box)
    assert conditions == (
        "India's weight in Moscow is below 0.39 and Adjustment is between 24 and 48 months"
    )
    assert f"in which {conditions}; these are {100 * held.coverage:.0f} % (" in said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.5, "PAK-RUS is below 0.125 in at least half of the runs"),
        (0.8, "PAK-RUS is below 0.125 in at least 80 % of runs"),
        (1.0, "PAK-RUS is below 0.125 in all runs"),
    ],
)
def test_an_outcome_says_its_share_of_runs(share: float, said: str) -> None:
    assert Outcome("PAK-RUS", "below", 0.125, share).says == said


def test_the_required_share_decides_what_is_a_case() -> None:
    points = sweep_points("sobol", FIVE, 64)
    values = np.tile([0.0, 0.0, 1.0, 1.0, np.nan], (64, 1))
    half, more = (
        discover(FIVE, points, {"PAK-RUS": values}, Outcome("PAK-RUS", "above", 0.4, share))
        for share in (0.5, 0.6)
    )
    assert half.shares.tolist() == [0.5] * 64
    assert half.cases.all()
    assert not more.cases.any()
    assert any(one.startswith("20 % of all runs have no value") for one in half.warnings())


def test_points_without_a_value_are_in_neither_half() -> None:
    points = sweep_points("sobol", FIVE, 256, seed=3)
    values = levels(points, corner(points), 5, 3)
    values[:10] = np.nan
    findings = found(points, values)
    assert not (findings.searched | findings.held_out)[:10].any()
    assert findings.boxes[0].held_out.points + findings.boxes[0].searched.points == 246
    assert findings.tables()["points"]["half"][:10].tolist() == ["left out"] * 10


def test_few_runs_that_leave_cases_open_are_warned_of() -> None:
    points = sweep_points("sobol", FIVE, 64)
    values = np.tile([0.0, 1.0, 0.0, 1.0, 1.0], (64, 1))
    assert found(points, values).warnings() == [
        "At 100 % of the points 5 runs do not settle whether the outcome happens in 50 % of runs. "
        "20 runs would halve the doubt."
    ]


def test_findings_are_those_of_their_seed() -> None:
    points = sweep_points("sobol", FIVE, 100, seed=4)
    values = levels(points, corner(points), 5, 4, odd=0.0)
    first, again, other = (found(points, values, seed=seed, resamples=1) for seed in (1, 1, 2))
    assert (first.boxes[0].limits == again.boxes[0].limits).all()
    assert (first.boxes[0].reproduced == again.boxes[0].reproduced).all()
    assert (first.searched != other.searched).any()


def test_the_library_prints_logs_and_draws_nothing(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    from matplotlib import pyplot

    points = sweep_points("sobol", FIVE, 128, seed=4)
    with caplog.at_level(logging.DEBUG):
        search(points, corner(points))
    assert capsys.readouterr() == ("", "")
    assert [record for record in caplog.records if record.name.startswith("EMA")] == []
    assert pyplot.get_fignums() == []
