"""Sensitivity: published indices, closed forms with noise, and the library's own estimators."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import ks_2samp

from relsim.errors import RelsimError
from relsim.experiments import pawn
from relsim.experiments.replicates import Index, crossed, noise_share, products, run_means
from relsim.experiments.sensitivity import MODULES, block_size, sensitivity, sensitivity_points
from relsim.experiments.sensitivity_findings import Effects, SensitivityFindings
from relsim.experiments.study import Parameter, require
from relsim.stats import Values, settling

# Ishigami and Homma (1990) with a = 7, b = 0.1, and a fourth parameter that does nothing.
NAMES = ("first", "second", "third", "dummy")
ISHIGAMI = tuple(Parameter(name, -np.pi, np.pi) for name in NAMES)
S1 = np.array([0.3139, 0.4424, 0.0, 0.0])
ST = np.array([0.5576, 0.4424, 0.2437, 0.0])
S13 = 0.2437
SAMPLES = {"sobol": 1024, "morris": 100, "pawn": 2000}


def ishigami(points: Values) -> Values:
    first, second, third = points[:, 0], points[:, 1], points[:, 2]
    outcome: Values = np.sin(first) + 7 * np.sin(second) ** 2 + 0.1 * third**4 * np.sin(first)
    return outcome


def with_runs(expected: Values, runs: int, seed: int, own: float = 2.0) -> Values:
    """Outcomes [P, R]: noise of each run that all points share, and noise of each point's own."""
    generator = np.random.default_rng(seed)
    shared = 5 * generator.normal(size=runs)
    return expected[:, None] + shared + own * generator.normal(size=(len(expected), runs))


def study(
    method: str, outcomes: Values | None = None, *, runs: int = 1, seed: int = 1
) -> SensitivityFindings:
    pairs = method == "sobol"
    points = sensitivity_points(method, ISHIGAMI, SAMPLES[method], seed, pairs)
    if outcomes is None:
        expected = ishigami(points)
        outcomes = expected[:, None] if runs == 1 else with_runs(expected, runs, seed)
    return sensitivity(
        method, ISHIGAMI, points, {"y": outcomes}, seed, second_order=pairs, resamples=200
    )


def is_near(index: Index, truth: Values) -> bool:
    """Whether the truth is within twice the interval; outside by chance in 0.2 %."""
    return bool(np.all(np.abs(index.value - truth) <= 2 * index.half + 1e-9))


# The design


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_number_of_points_is_what_the_methods_say(count: int) -> None:
    parameters = tuple(Parameter(str(place), 0, 1) for place in range(count))
    pairs = 2 * count + 2 if count > 1 else 3  # one parameter has no pairs
    for method, second, size in (
        ("sobol", False, count + 2),
        ("sobol", True, pairs),
        ("morris", False, count + 1),
        ("pawn", False, 1),
    ):
        points = sensitivity_points(method, parameters, 128, 1, second)
        assert points.shape == (128 * size, count)
        assert block_size(method, count, second_order=second) == size


@pytest.mark.parametrize("method", MODULES)
def test_points_fill_the_ranges_in_the_units_of_the_parameters(method: str) -> None:
    parameters = (Parameter("months", 6, 60), Parameter("weight", -0.5, 0.25))
    points = sensitivity_points(method, parameters, 256, 3)
    for column, parameter in zip(points.T, parameters, strict=True):
        width = parameter.high - parameter.low
        assert parameter.low <= column.min() < parameter.low + 0.02 * width
        assert parameter.high - 0.02 * width < column.max() <= parameter.high
    np.testing.assert_array_equal(points, sensitivity_points(method, parameters, 256, 3))
    assert (points != sensitivity_points(method, parameters, 256, 4)).any()


@pytest.mark.parametrize(
    ("method", "samples", "says"),
    [
        ("sobol", 1000, "512 or 1,024 base samples"),
        ("sobol", 32, "at least 64 base samples"),
        ("morris", 1, "at least 2 trajectories"),
        ("pawn", 99, "at least 100 points"),
    ],
)
def test_a_size_that_a_method_cannot_use_is_refused(method: str, samples: int, says: str) -> None:
    with pytest.raises(RelsimError, match=says):
        sensitivity_points(method, ISHIGAMI, samples, 1)


# Ishigami


@pytest.mark.parametrize("runs", [1, 20])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sobol_finds_the_published_indices_of_ishigami(seed: int, runs: int) -> None:
    found = study("sobol", runs=runs, seed=seed)
    effects = found.effects[0]
    assert effects.second is not None
    thirteen = found.pairs.index((0, 2))
    for name, truth in (("first", S1), ("total", ST)):
        assert is_near(effects.indices[name], truth)
        np.testing.assert_allclose(effects.indices[name].value, truth, rtol=0, atol=0.06)
    second = np.where(np.arange(6) == thirteen, S13, 0.0)
    assert is_near(effects.second, second)
    np.testing.assert_allclose(effects.second.value, second, rtol=0, atol=0.12)


@pytest.mark.parametrize("runs", [1, 20])
def test_a_parameter_that_cannot_matter_has_an_interval_that_holds_0(runs: int) -> None:
    for seed in range(1, 6):
        effects = study("sobol", runs=runs, seed=seed).effects[0]
        for name in ("first", "total"):
            assert effects.indices[name].low[3] <= 0 <= effects.indices[name].high[3]


@pytest.mark.parametrize("runs", [1, 20])
@pytest.mark.parametrize("method", ["morris", "pawn"])
def test_morris_and_pawn_tell_what_matters_from_what_cannot(method: str, runs: int) -> None:
    found = study(method, runs=runs)
    effects = found.effects[0]
    leading = effects.indices[found.leading]
    assert found.ranked(effects)[-1] == 3
    assert (leading.low[:3] > effects.chance[:3]).all()
    assert leading.low[3] <= effects.chance[3] <= leading.high[3]
    assert "y: no effect is seen of dummy." in found.sentences()


# The library's estimators


def test_estimates_of_single_runs_are_those_of_the_library() -> None:
    problem = {"num_vars": 4, "names": list(NAMES), "bounds": [[-np.pi, np.pi]] * 4}
    points = sensitivity_points("sobol", ISHIGAMI, 64, 1, True)
    found = sensitivity(
        "sobol", ISHIGAMI, points, {"y": ishigami(points)[:, None]}, 1, second_order=True
    ).effects[0]
    theirs = require("SALib.analyze.sobol").analyze(problem, ishigami(points), seed=1)
    assert found.second is not None
    upper = np.triu_indices(4, 1)
    # The library centres by the mean too; first-order indices depend on where that is rounded.
    np.testing.assert_allclose(found.indices["first"].value, theirs["S1"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.indices["total"].value, theirs["ST"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.second.value, theirs["S2"][upper], rtol=0, atol=1e-12)

    points = sensitivity_points("morris", ISHIGAMI, 30, 1)
    found = sensitivity("morris", ISHIGAMI, points, {"y": ishigami(points)[:, None]}, 1).effects[0]
    theirs = require("SALib.analyze.morris").analyze(problem, points, ishigami(points), seed=1)
    for name in ("mu_star", "mu", "sigma"):
        np.testing.assert_allclose(
            found.indices[name].value, np.asarray(theirs[name]), rtol=0, atol=1e-12
        )

    points = sensitivity_points("pawn", ISHIGAMI, 1000, 1)
    found = sensitivity("pawn", ISHIGAMI, points, {"y": ishigami(points)[:, None]}, 1).effects[0]
    theirs = require("SALib.analyze.pawn").analyze(problem, points, ishigami(points))
    for name, their_name in (("median", "median"), ("least", "minimum"), ("most", "maximum")):
        # The library leaves the largest value of a parameter out of its last slice.
        np.testing.assert_allclose(
            found.indices[name].value, theirs[their_name], rtol=0, atol=1 / 100
        )


@pytest.mark.parametrize("ties", [False, True])
def test_distances_are_those_of_kolmogorov_and_smirnov(ties: bool) -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=300)
    values = np.round(values, 1) if ties else values
    slices = generator.integers(0, 9, size=(3, 300)).astype(np.uint16)  # none in the tenth
    found = pawn.distances(values, slices)
    for one in range(3):
        for number in range(9):
            expected = ks_2samp(values[slices[one] == number], values).statistic
            assert found[one, number] == pytest.approx(expected, abs=1e-12)
    assert np.isnan(found[:, 9]).all()


# Noise of runs


def linear_study(seed: int, *, runs: int, noise: float) -> Effects:
    """Independent base samples, so that the bootstrap is not helped by Sobol points.

    y = 2 x₁ + x₂ + z x₁ + e, with z of the run and e of the point in the run. What is asked for are
    the indices of the expected outcome, 4/5 and 1/5.
    """
    generator = np.random.default_rng(seed)
    a, b = generator.random((2, 100, 2))
    blocks = np.stack([a, a, a, b], axis=1)
    for place in range(2):
        blocks[:, 1 + place, place] = b[:, place]
    points = blocks.reshape(-1, 2)
    slopes = 2 + 0.3 * generator.normal(size=runs)
    own = noise * generator.normal(size=(len(points), runs))
    outcomes = points[:, :1] * slopes + points[:, 1:] + own
    parameters = (Parameter("a", 0, 1), Parameter("b", 0, 1))
    return sensitivity("sobol", parameters, points, {"y": outcomes}, seed, resamples=200).effects[0]


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    studies = [linear_study(seed, runs=8, noise=0.5) for seed in range(80)]
    for name in ("first", "total"):
        low = np.array([one.indices[name].low for one in studies])
        high = np.array([one.indices[name].high for one in studies])
        for place, truth in enumerate((0.8, 0.2)):
            covered = np.mean((low[:, place] <= truth) & (truth <= high[:, place]))
            # Of 80 at 95 %, fewer than 70 have a chance below 0.5 %.
            assert covered >= 70 / 80, (name, place)


def test_noise_of_runs_does_not_count_as_an_effect() -> None:
    """As shares of means over runs the two total indices have a mean of about 0.69 here."""
    totals = [
        linear_study(seed, runs=8, noise=1.4).indices["total"].value.mean() for seed in range(40)
    ]
    assert np.mean(totals) == pytest.approx(0.5, abs=0.05)


def test_what_all_points_of_a_run_share_moves_nothing() -> None:
    points = sensitivity_points("sobol", ISHIGAMI, 64, 1)
    outcomes = with_runs(ishigami(points), 5, 1)
    shifted = outcomes + 1000 * np.random.default_rng(2).normal(size=5)
    for method_seed in (1, 2):
        one, other = (
            sensitivity("sobol", ISHIGAMI, points, {"y": each}, method_seed).effects[0]
            for each in (outcomes, shifted)
        )
        for name in ("first", "total"):
            for part in ("value", "low", "high"):
                np.testing.assert_allclose(
                    getattr(one.indices[name], part),
                    getattr(other.indices[name], part),
                    rtol=0,
                    atol=1e-9,
                )


def test_intervals_know_of_the_runs() -> None:
    """The slopes of a few runs are all that is uncertain."""
    points = sensitivity_points("sobol", ISHIGAMI, 256, 1)
    slopes = np.random.default_rng(1).normal(size=(2, 6))
    outcomes = points[:, :1] * (1 + slopes[0]) + points[:, 1:2] * (1 + slopes[1])
    found = sensitivity("sobol", ISHIGAMI, points, {"y": outcomes}, 1)
    total = found.effects[0].indices["total"]
    assert (total.by_runs[:2] > 0.7 * total.half[:2]).all()
    assert (total.by_runs[2:] == 0).all()
    warning = next(one for one in found.warnings() if "is known to" in one)
    assert re.search(r" and [\d,]+ runs would bring it to ± 0.05", warning)


def test_noise_that_more_points_would_average_out_asks_for_no_runs() -> None:
    points = sensitivity_points("sobol", ISHIGAMI, 256, 1)
    outcomes = with_runs(points[:, 0] + points[:, 1], 40, 1, own=12.0)
    found = sensitivity("sobol", ISHIGAMI, points, {"y": outcomes}, 1)
    total = found.effects[0].indices["total"]
    assert (total.by_runs < 0.5 * total.half).all()
    warning = next(one for one in found.warnings() if "is known to" in one)
    assert re.search(r"About [\d,]+ base samples would", warning)


def test_trajectories_and_slices_are_drawn_again_too() -> None:
    """Without noise, intervals fall as the root of the sample."""
    for method, samples in (("morris", 50), ("pawn", 500)):
        halves = []
        for times in (1, 4):
            points = sensitivity_points(method, ISHIGAMI, times * samples, 1)
            outcome = {"y": ishigami(points)[:, None]}
            found = sensitivity(method, ISHIGAMI, points, outcome, 1)
            halves.append(found.effects[0].indices[found.leading].half[:3].mean())
        assert halves[0] / halves[1] == pytest.approx(2, rel=0.3)


def test_slices_have_as_many_points_each() -> None:
    column = np.random.default_rng(1).random(1000)
    assert np.bincount(pawn.slices_of(column)).tolist() == [100] * 10
    assert pawn.slices_of(np.arange(10.0)).tolist() == [*range(10)]


@pytest.mark.parametrize("own", [0.0, 1.0, 10.0])
def test_the_share_of_noise_is_what_it_was_made_to_be(own: float) -> None:
    expected = np.random.default_rng(1).normal(size=4000)
    outcomes = with_runs(expected, 5, 2, own)
    truth = own**2 / 5 / (1 + own**2 / 5)
    assert noise_share(outcomes[:, None, :]) == pytest.approx(truth, abs=0.02)
    assert np.isnan(noise_share(outcomes[:, None, :1]))


def test_morris_knows_what_chance_adds_to_sizes() -> None:
    points = sensitivity_points("morris", ISHIGAMI, 400, 1)
    noise = np.random.default_rng(1).normal(size=(len(points), 10))
    effects = sensitivity("morris", ISHIGAMI, points, {"y": noise}, 1).effects[0]
    # A difference of two means of ten runs, over a step of two thirds.
    expected = np.sqrt(2 / np.pi) * np.sqrt(2 / 10) * 3 / 2
    np.testing.assert_allclose(effects.chance, expected, rtol=0.05)
    np.testing.assert_allclose(effects.indices["mu_star"].value, expected, rtol=0.15)


@pytest.mark.parametrize("runs", [1, 2, 3, 6])
def test_products_are_means_over_different_runs(runs: int) -> None:
    one, other = np.random.default_rng(1).normal(size=(2, 4, runs))
    one[0, 0], other[1, -1] = (np.nan, np.nan) if runs > 3 else (1.0, 1.0)

    def expected(x: Values, y: Values) -> float:
        pairs = [x[r] * y[s] for r in range(len(x)) for s in range(len(x)) if r != s]
        return float(np.nanmean(pairs)) if len(x) > 1 else float(x[0] * y[0])

    found = products(one, other)
    assert found.shape == (4, 1 + runs if runs > 2 else 1)
    for row in range(4):
        assert found[row, 0] == pytest.approx(expected(one[row], other[row]))
        for left_out in range(found.shape[1] - 1):
            rest = [np.delete(each[row], left_out) for each in (one, other)]
            assert found[row, 1 + left_out] == pytest.approx(expected(*rest))


def test_variances_of_parts_and_runs_are_told_apart() -> None:
    """Means over a table of 8 parts and 12 runs, with known variances of both and of cells."""
    generator = np.random.default_rng(1)
    sizes = (3000, 8, 12)
    table = 0.8 * generator.normal(size=(3000, 8, 1)) + 0.5 * generator.normal(size=(3000, 1, 12))
    table = table + 2.0 * generator.normal(size=sizes)
    found = crossed(table.mean(axis=(1, 2)), table)
    expected = 0.8**2 / 8 + 0.5**2 / 12 + 2.0**2 / 96
    assert found.value.var() == pytest.approx(expected, rel=0.1)
    held = (found.low <= 0) & (found.high >= 0)
    assert held.mean() == pytest.approx(0.95, abs=0.015)


# What the sample does not support


def test_the_samples_that_are_asked_for_settle_the_intervals() -> None:
    points = sensitivity_points("sobol", ISHIGAMI, 256, 1)
    few = sensitivity("sobol", ISHIGAMI, points, {"y": ishigami(points)[:, None]}, 1)
    worst = max(float(few.effects[0].indices[name].half.max()) for name in ("first", "total"))
    asked, _ = settling(worst, 0.0, 0.05, 256, 1)
    asked = 2 ** int(np.ceil(np.log2(asked)))
    assert any(f"About {asked:,} base samples would bring it to" in one for one in few.warnings())
    points = sensitivity_points("sobol", ISHIGAMI, asked, 1)
    many = sensitivity("sobol", ISHIGAMI, points, {"y": ishigami(points)[:, None]}, 1)
    assert float(many.effects[0].indices["total"].half.max()) < 1.1 * 0.05
    assert not any("is known to" in one for one in many.warnings())


def test_settling_adds_squares_of_widths() -> None:
    assert settling(0.1, 0.0, 0.05, 100, 20) == (400, 20)
    samples, runs = settling(0.1, 0.03, 0.05, 100, 20)
    assert (0.1**2 - 0.03**2) * 100 / samples + 0.03**2 == pytest.approx(0.05**2, rel=0.01)
    assert runs == 20
    samples, runs = settling(0.1, 0.08, 0.05, 100, 20)
    left = (0.1**2 - 0.08**2) * 100 / samples + 0.08**2 * 20 / runs
    assert left == pytest.approx(0.05**2, rel=0.02)
    assert settling(0.1, 0.1, 0.05, 100, 20) == (100, 80)  # all of it by runs


def test_an_order_that_is_not_settled_is_said() -> None:
    points = sensitivity_points("sobol", ISHIGAMI, 64, 1)
    outcome = 1.02 * np.sin(points[:, 0] / 2) + np.sin(points[:, 1] / 2)
    found = sensitivity("sobol", ISHIGAMI, points, {"y": outcome[:, None]}, 1)
    assert any(
        "first and second matter" in one or "of first and second" in one for one in found.warnings()
    )
    outcome = 2 * points[:, 0] + points[:, 1]
    found = sensitivity("sobol", ISHIGAMI, points, {"y": outcome[:, None]}, 1)
    assert not any("settled" in one or "alike" in one for one in found.warnings())


def test_parameters_that_do_exactly_the_same_matter_alike() -> None:
    parameters = (Parameter("a", 0, 1), Parameter("b", 0, 1))
    points = sensitivity_points("morris", parameters, 20, 1)
    steps = np.round(3 * points)  # 0 to 3 on the grid, so that sums are exact
    found = sensitivity("morris", parameters, points, {"y": steps.sum(axis=1)[:, None]}, 1)
    assert "y: a and b matter alike, as far as this sample can tell." in found.warnings()


def test_noise_and_single_runs_are_warned_of_with_what_to_do() -> None:
    assert "With one run at each point" in study("sobol").warnings()[0]
    points = sensitivity_points("morris", ISHIGAMI, 200, 1)
    outcomes = with_runs(points[:, 0], 4, 1, own=4.0)
    found = sensitivity("morris", ISHIGAMI, points, {"y": outcomes}, 1)
    share = found.effects[0].noise
    warning = next(one for one in found.warnings() if "left over from 4 runs" in one)
    runs = int(warning.split("About ")[1].split(" runs")[0])
    odds = share / (1 - share) * 4 / runs
    assert odds / (1 + odds) == pytest.approx(0.1, abs=0.01)


# What may go wrong


@pytest.mark.parametrize("method", MODULES)
def test_an_outcome_that_does_not_vary_has_indices_of_0(method: str) -> None:
    size = SAMPLES[method] * block_size(method, 4, second_order=method == "sobol")
    runs = np.broadcast_to(np.random.default_rng(1).normal(size=3), (size, 3))
    found = study(method, runs)
    for index in found.effects[0].indices.values():
        assert not np.any([index.value, index.low, index.high])
    assert found.sentences() == [
        "y: the same at every point, so no parameter matters; all indices are 0."
    ]
    assert found.warnings() == []
    assert (found.tables()["sensitivity"].filter(like="index").to_numpy() == 0).all()


def test_an_outcome_that_chance_alone_moves_has_no_sobol_indices() -> None:
    size = 1024 * 10
    found = study("sobol", np.random.default_rng(1).normal(size=(size, 5)))
    assert found.effects[0].indices == {}
    assert "nothing can be said" in found.sentences()[0]
    assert any("more runs" in one for one in found.warnings())
    assert len(found.tables()["sensitivity"]) == 4


@pytest.mark.parametrize("method", MODULES)
def test_runs_without_an_outcome_are_left_out_of_means(method: str) -> None:
    points = sensitivity_points(method, ISHIGAMI, SAMPLES[method], 1)
    outcomes = with_runs(ishigami(points), 10, 1, own=0.1)
    outcomes -= outcomes.mean(axis=0)  # runs that are missing take no shared part with them
    holes = np.random.default_rng(2).random(outcomes.shape) < 0.1
    holes[0] = True  # a point without any run
    full, holed = (
        sensitivity(method, ISHIGAMI, points, {"y": each}, 1)
        for each in (outcomes, np.where(holes, np.nan, outcomes))
    )
    one, other = (each.effects[0] for each in (full, holed))
    assert other.left_out == 1
    assert other.missing == pytest.approx(holes.mean())
    np.testing.assert_allclose(
        one.indices[full.leading].value,
        other.indices[full.leading].value,
        rtol=0,
        atol=0.02 * max(1, one.indices[full.leading].value.max()),
    )
    warning = next(one for one in holed.warnings() if "no outcome" in one)
    assert "1 of" in warning


def test_a_measure_that_few_points_have_says_so() -> None:
    points = sensitivity_points("sobol", ISHIGAMI, 64, 1)
    outcomes = np.full((len(points), 3), np.nan)
    found = sensitivity("sobol", ISHIGAMI, points, {"y": outcomes}, 1)
    assert found.sentences() == ["y: too few points have an outcome to say what matters."]
    assert "100.0 % of the runs have no outcome" in found.warnings()[0]


@pytest.mark.parametrize("method", MODULES)
def test_one_parameter_makes_all_of_the_variance(method: str) -> None:
    parameters = (Parameter("a", 0, 2),)
    points = sensitivity_points(method, parameters, 128, 1, True)
    found = sensitivity(method, parameters, points, {"y": 3 * points}, 1, second_order=True)
    effects = found.effects[0]
    truth = {"sobol": 1.0, "morris": 6.0, "pawn": None}[method]
    if truth is not None:
        np.testing.assert_allclose(effects.indices[found.leading].value, truth, atol=0.05)
    assert effects.second is None
    assert found.sentences()[0].startswith("y: a matters most")


def test_means_of_resampled_runs_pass_over_missing_ones() -> None:
    blocks = np.array([[[1.0, 2.0, np.nan]], [[4.0, np.nan, np.nan]]])
    weights = np.array([[1.0, 0.0], [1.0, 3.0], [1.0, 0.0]])
    expected = [[[1.5, 2.0]], [[4.0, 4.0]]]  # the last has none of the runs drawn: its plain mean
    np.testing.assert_array_equal(run_means(blocks, weights), expected)


# What is told


def test_tables_hold_every_parameter_and_pair_of_every_measure() -> None:
    points = sensitivity_points("sobol", ISHIGAMI, 64, 1, True)
    y = ishigami(points)[:, None]
    found = sensitivity("sobol", ISHIGAMI, points, {"y": y, "2 y": 2 * y}, 1, second_order=True)
    tables = found.tables()
    assert {name: len(table) for name, table in tables.items()} == {
        "sensitivity": 8,
        "interactions": 12,
        "outcomes": 2,
    }
    totals = tables["sensitivity"]["total index"].to_numpy().reshape(2, 4)
    for row in totals:
        assert all(one >= other for one, other in pairwise(row))
    np.testing.assert_allclose(totals[0], totals[1], rtol=0, atol=1e-12)
    assert tables["outcomes"]["mean over points"].tolist() == pytest.approx(
        [y.mean(), 2 * y.mean()]
    )


def test_a_measure_does_not_depend_on_which_others_are_asked_for() -> None:
    points = sensitivity_points("sobol", ISHIGAMI, 64, 1)
    y = with_runs(ishigami(points), 3, 1)
    alone, after = (
        sensitivity("sobol", ISHIGAMI, points, each, 1).effects[-1]
        for each in ({"y": y}, {"other": y**2, "y": y})
    )
    np.testing.assert_array_equal(alone.indices["total"].low, after.indices["total"].low)


def test_sentences_name_what_matters_first_with_its_interval() -> None:
    named = tuple(replace(one, label=f"the {one.path}") for one in ISHIGAMI)
    points = sensitivity_points("sobol", named, 1024, 1, True)
    found = sensitivity(
        "sobol", named, points, {"y": with_runs(ishigami(points), 10, 1)}, 1, second_order=True
    )
    said = found.sentences()
    total = found.effects[0].indices["total"]
    low, high = (round(100 * end[0]) for end in (total.low, total.high))
    assert said[0].startswith("y: the first matters most: ")
    assert f"({low} to {high} %) with interactions." in said[0]
    assert said[1].startswith("y: then the second 4")
    assert said[2] == "y: no effect is seen of the dummy."
    assert "the most that of the first with the third: " in said[3]
    assert "left over from 10 runs, which the indices leave out" in said[4]
