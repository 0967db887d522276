"""Sweeps: closed forms of responses and shares of variance, and honest intervals."""

from __future__ import annotations

import numpy as np
import pytest

from relsim.errors import RelsimError
from relsim.experiments.replicates import products
from relsim.experiments.response import Response, bins
from relsim.experiments.study import Parameter
from relsim.experiments.sweep import Design, SweepFindings, sweep, sweep_points
from relsim.stats import Values, jeffreys_interval, mean_interval

X = Parameter("PAK.ties.USA", 0.0, 1.0, "Pakistan's tie", "")
Y = Parameter("parameters.adjustment", 1.0, 5.0, "Adjustment", "months")
Z = Parameter("RUS.weights.IND", -1.0, 1.0)
THREE = (X, Y, Z)


def found(design: str, points: Values, values: Values) -> SweepFindings:
    return sweep(design, THREE[: points.shape[1]], points, {"level": values})  # type: ignore[arg-type]


def response(findings: SweepFindings, parameter: Parameter) -> Response:
    return next(one for one in findings.responses if one.parameter == parameter)


def noise(points: Values, runs: int, seed: int, own: float, shared: float = 1.0) -> Values:
    """Of runs: the same at all points, and its own at each."""
    rng = np.random.default_rng(seed)
    everywhere = shared * rng.normal(size=runs)
    return everywhere + own * rng.normal(size=(len(points), runs))


# Designs


def test_a_grid_has_every_combination_in_order_with_its_last_parameter_fastest() -> None:
    points = sweep_points("grid", (X, Y), [2, [5.0, 1.0, 2.0]])
    expected = [[0, 1], [0, 2], [0, 5], [1, 1], [1, 2], [1, 5]]
    assert points.tolist() == expected
    assert len(sweep_points("grid", THREE, 4)) == 64


@pytest.mark.parametrize("levels", [1, [2, 1, 2], [2, 2], [2, [0.5, 0.5], 3]])
def test_a_grid_without_two_levels_of_each_parameter_is_refused(levels: object) -> None:
    with pytest.raises(RelsimError, match="grid needs"):
        sweep_points("grid", THREE, levels)  # type: ignore[arg-type]


def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_parameter() -> None:
    points = sweep_points("latin-hypercube", THREE, 50, seed=4)
    low, high = np.array([0, 1, -1]), np.array([1, 5, 1])
    slices = np.floor((points - low) / (high - low) * 50)
    assert (np.sort(slices, axis=0) == np.arange(50)[:, np.newaxis]).all()


def test_a_sobol_sequence_is_balanced_and_longer_ones_begin_with_shorter_ones() -> None:
    points = sweep_points("sobol", THREE, 64, seed=4)
    octants = (points > [0.5, 3.0, 0.0]) @ [1, 2, 4]
    assert np.bincount(octants).tolist() == [8] * 8
    assert (sweep_points("sobol", THREE, 40, seed=4) == points[:40]).all()


@pytest.mark.parametrize("design", ["latin-hypercube", "sobol"])
def test_sampled_points_are_those_of_their_seed(design: str) -> None:
    first, again, other = (sweep_points(design, THREE, 32, seed) for seed in (1, 1, 2))  # type: ignore[arg-type]
    assert (first == again).all()
    assert (first != other).all()


def test_a_sampled_design_needs_a_number_of_points() -> None:
    with pytest.raises(RelsimError, match="number of points"):
        sweep_points("sobol", THREE, [2, 2, 2])


# Responses


def test_the_response_of_an_additive_function_on_a_grid_is_that_function() -> None:
    points = sweep_points("grid", THREE, [6, 4, 3])
    x, y, z = points.T
    values = (np.sin(3 * x) + y**2 - 2 * z)[:, np.newaxis] + noise(points, 8, 1, own=0.0)
    findings = found("grid", points, values)
    one = response(findings, X)
    assert one.at == pytest.approx(np.linspace(0, 1, 6))
    shape = np.sin(3 * one.at)
    assert one.mean - one.mean[0] == pytest.approx(shape - shape[0], abs=1e-12)
    assert response(findings, Z).effect == pytest.approx((-4, -4, -4))


def test_noise_that_runs_share_does_not_widen_the_interval_of_an_effect() -> None:
    points = sweep_points("grid", (X,), 3)
    one = response(found("grid", points, points + noise(points, 12, 2, own=0.0, shared=50)), X)
    assert one.effect == pytest.approx((1, 1, 1))
    assert one.high[0] - one.low[0] > 10


def test_the_interval_of_an_effect_on_a_grid_is_students_of_paired_differences() -> None:
    points = sweep_points("grid", (X, Y), [3, 4])
    values = points[:, :1] + noise(points, 12, 3, own=0.5)
    by_level = values.reshape(3, 4, 12).mean(axis=1)
    effect = response(found("grid", points, values), X).effect
    assert effect[1:] == pytest.approx(mean_interval(by_level[-1] - by_level[0]))


@pytest.mark.parametrize(("design", "size"), [("grid", 5), ("latin-hypercube", 120)])
def test_intervals_hold_the_true_effect_as_often_as_they_say(design: str, size: int) -> None:
    inside = shares = 0
    for seed in range(150):
        points = sweep_points(design, (X, Y), size, seed)  # type: ignore[arg-type]
        values = points[:, :1] + noise(points, 10, seed, own=0.8)
        findings = found(design, points, values)
        effect = response(findings, Y).effect
        inside += effect.low <= 0 <= effect.high
        share = response(findings, Y).share
        shares += np.isnan(share.value) or share.low <= 0 <= share.high
    assert inside >= 0.9 * 150
    assert shares >= 0.9 * 150


def test_means_of_bins_differ_by_chance_in_the_other_parameters_as_their_intervals_say() -> None:
    inside = []
    for seed in range(60):
        points = sweep_points("latin-hypercube", (X, Y), 200, seed)
        one = response(found("latin-hypercube", points, points[:, :1]), Y)
        inside += [*((one.low <= 0.5) & (one.high >= 0.5))]
    assert 0.9 <= np.mean(inside) <= 0.98


# Shares of variance


@pytest.mark.parametrize("runs", [1, 2, 9])
def test_eta_squared_of_a_linear_function_on_a_grid_is_analytic(runs: int) -> None:
    points = sweep_points("grid", THREE, [5, 3, 4])
    values = (points @ [2.0, -0.5, 0.3])[:, np.newaxis] + np.zeros(runs)
    # Variance of n equal steps from low to high: range² (n + 1) / (12 (n - 1)).
    variances = {
        X: 4 * 6 / (12 * 4),
        Y: 0.25 * 16 * 4 / (12 * 2),
        Z: 0.09 * 4 * 5 / (12 * 3),
    }
    findings = found("grid", points, values)
    for parameter, variance in variances.items():
        share = response(findings, parameter).share
        assert share.value == pytest.approx(variance / sum(variances.values()), rel=1e-12)


def test_shares_of_a_sampled_linear_function_hold_the_analytic_ones() -> None:
    points = sweep_points("sobol", THREE, 512, seed=3)
    values = (points @ [2.0, 0.25, 0.0])[:, np.newaxis] + noise(points, 10, 5, own=0.3)
    findings = found("sobol", points, values)
    expected = {X: 0.8, Y: 0.2, Z: 0.0}
    for parameter, truth in expected.items():
        share = response(findings, parameter).share
        assert share.low <= truth <= share.high
        assert share.value == pytest.approx(truth, abs=0.03)


def test_noise_of_runs_does_not_count_as_variance_between_points() -> None:
    points = sweep_points("grid", (X, Z), [4, [-0.5, 0.0, 0.5]])
    truth = (5 / 36) / (5 / 36 + 1 / 6)
    shares = []
    for seed in range(200):
        values = points @ np.ones((2, 1)) + noise(points, 12, seed, own=0.8)
        one = response(sweep("grid", (X, Z), points, {"level": values}), X).share
        shares.append(one.value)
    assert np.nanmean(shares) == pytest.approx(truth, abs=0.01)  # of squared means 0.03 less


def test_what_bins_differ_by_chance_is_no_share_of_variance() -> None:
    shares = []
    for seed in range(40):
        points = sweep_points("latin-hypercube", (X, Y), 200, seed)
        values = points[:, :1] + noise(points, 8, seed, own=0.1)
        shares.append(response(found("latin-hypercube", points, values), Y).share.value)
    assert np.mean(shares) < 0.02  # 9 of 199 if it were not taken off


def test_squares_of_expectations_are_means_of_products_of_different_runs() -> None:
    values = np.array([[1.0, 2.0, 4.0], [3.0, np.nan, 5.0]])
    squares = products(values, values)
    assert squares[:, 0] == pytest.approx([(2 + 4 + 8) / 3, 15.0])
    assert squares[0, 1:] == pytest.approx([8.0, 4.0, 2.0])


# Findings


def test_a_response_that_turns_is_called_so_and_its_turn_is_named() -> None:
    points = sweep_points("grid", (X, Y), [5, 3])
    values = ((points[:, 0] - 0.5) ** 2)[:, np.newaxis] + noise(points, 20, 1, own=0.01)
    findings = found("grid", points, values)
    assert response(findings, X).shape == "is not monotone"
    assert "it is not monotone, lowest at 0.5" in findings.sentences()[0]
    assert findings.sentences()[1].startswith("level: from end to end no effect is seen of Adjust")


def test_a_sentence_says_ends_change_interval_and_share() -> None:
    points = sweep_points("grid", (X, Y), 3)
    values = (points[:, 1] / 8)[:, np.newaxis] + noise(points, 4, 1, own=0.0)
    assert found("grid", points, values).sentences()[0] == (
        "level: Adjustment, from 1 to 5 months, changes it by +0.5 (+0.5 to +0.5); it rises "
        "throughout, and explains 100 % (100 to 100) of the variance between points."
    )


def test_a_grid_is_a_dataset_over_its_parameters_and_runs() -> None:
    points = sweep_points("grid", THREE, [2, 3, 4])
    values = (points @ [100.0, 10.0, 1.0])[:, np.newaxis] + np.arange(5.0)
    data = found("grid", points, values).dataset()
    assert data["level"].dims == (*(one.path for one in THREE), "run")
    place = {"PAK.ties.USA": 1.0, "parameters.adjustment": 3.0, "RUS.weights.IND": -1.0, "run": 2}
    assert float(data["level"].sel(place)) == 131.0
    assert data["parameters.adjustment"].attrs == {"label": "Adjustment", "unit": "months"}


def test_a_sample_is_a_dataset_over_points_and_runs() -> None:
    points = sweep_points("sobol", THREE, 16)
    data = found("sobol", points, points[:, [0, 0]]).dataset()
    assert dict(data.sizes) == {"point": 16, "run": 2}
    assert (data["PAK.ties.USA"] == data["level"].isel(run=0)).all()


def test_the_points_table_has_students_interval_and_quantiles_of_the_runs_with_a_value() -> None:
    points = sweep_points("grid", (X,), 2)
    values = np.array([[1.0, 2.0, 4.0, np.nan], [np.nan] * 4])
    table = found("grid", points, values).tables()["points"]
    low, high = mean_interval(np.array([1.0, 2.0, 4.0]))
    first = table[["mean", "low 95 %", "high 95 %"]].iloc[0]
    assert first.tolist() == pytest.approx([7 / 3, low, high])
    assert table["median of runs"].iloc[0] == 2.0
    assert table["runs"].tolist() == [3, 0]
    assert table["mean"].isna().tolist() == [False, True]


def test_shares_of_runs_have_their_own_interval_and_rare_ones_are_warned_of() -> None:
    points = sweep_points("grid", (X, Y), 2)
    often = np.tile(np.arange(40) % 2, (4, 1)).astype(np.float64)
    values = {"often": often, "never": 0 * often, "level": 0 * often}
    findings = sweep("grid", (X, Y), points, values, shares=["often", "never"])
    table = findings.tables()["points"].query("point == 0").set_index("measure")
    low, high = jeffreys_interval(20, 40)
    lows, highs = table["low 95 %"], table["high 95 %"]
    assert (lows["often"], highs["often"]) == pytest.approx((low, high))
    assert highs["never"] == pytest.approx(jeffreys_interval(0, 40)[1])
    assert highs["level"] == 0.0
    said = [one for one in findings.warnings() if "fewer than 10 of 40 runs" in one]
    assert [one.split(":")[0] for one in said] == ["never"]


def test_points_of_a_sobol_sequence_settle_a_response_at_the_latest() -> None:
    """Its points are more even than the independent ones that the jackknife takes them for."""
    said: dict[str, str] = {}
    designs: tuple[Design, ...] = ("sobol", "latin-hypercube")
    for design in designs:
        points = sweep_points(design, (X, Y), 64, 1)
        bent = (3 * points[:, 0] + points[:, 1] ** 2)[:, np.newaxis]
        said[design] = " ".join(found(design, points, bent + np.zeros(3)).warnings())
    assert "take at most" in said["sobol"]
    assert "take at most" not in said["latin-hypercube"]


def test_missing_runs_are_left_out_and_counted() -> None:
    points = sweep_points("grid", (X, Y), [3, 2])
    values = points[:, :1] + np.zeros(10)
    values[:, :2] = np.nan
    findings = found("grid", points, values)
    assert response(findings, X).mean == pytest.approx([0, 0.5, 1])
    assert any("20 % of all runs have no value" in one for one in findings.warnings())


def test_bins_have_equal_numbers_of_points_and_switches_keep_their_levels() -> None:
    labels, at = bins(sweep_points("latin-hypercube", (X,), 200, 1)[:, 0])
    assert np.bincount(labels).tolist() == [20] * 10
    assert at == pytest.approx(np.arange(10) / 10 + 0.05, abs=0.005)
    assert bins(np.array([0.0, 1.0] * 100))[1].tolist() == [0, 1]


# Warnings


def test_a_large_enough_sweep_of_what_matters_has_no_warnings() -> None:
    points = sweep_points("sobol", (X, Y), 256)
    values = (points @ [1.0, 1.0])[:, np.newaxis] + noise(points, 20, 1, own=0.01)
    assert found("sobol", points, values).warnings() == []


def test_too_few_points_and_levels_are_said_with_what_is_enough() -> None:
    points = sweep_points("sobol", THREE, 20)
    said = found("sobol", points, points[:, [0]] + noise(points, 5, 1, own=0.1)).warnings()
    assert "20 points are few for 3 parameters. Take at least 30, 10 for each." in said
    assert "A Sobol sequence is balanced at powers of two: take 16 or 32 points." in said
    grid = sweep_points("grid", (X, Y), [2, 3])
    said = found("grid", grid, grid @ np.ones((2, 4))).warnings()
    assert said == ["Two levels show no bend: Pakistan's tie. Take at least 3."]


def test_single_runs_have_no_interval_on_a_grid_and_are_warned_of() -> None:
    points = sweep_points("grid", (X, Y), 3)
    findings = found("grid", points, points[:, :1])
    assert np.isnan(response(findings, X).effect.low)
    assert findings.sentences()[0].startswith(
        "level: Pakistan's tie, from 0 to 1, changes it by +1; it rises throughout"
    )
    assert any("With fewer than 3 runs" in one for one in findings.warnings())


def test_noise_larger_than_the_response_is_said_with_the_runs_that_would_settle_it() -> None:
    points = sweep_points("grid", (X,), 3)
    away = np.array([1.0, -1.0] * 8)  # paired differences of mean 0.2
    values = 0.2 * points + np.outer(points[:, 0], away)
    findings = found("grid", points, values)
    effect = response(findings, X).effect
    half = effect.high - effect.value
    needed = 16 * (half / 0.2) ** 2
    (said,) = findings.warnings()[:1]
    assert "Pakistan's tie (+0.2 ± 0.55; to settle a change of that size take about" in said
    assert needed <= float(said.split("about ")[1].split(" runs")[0]) <= 1.1 * needed


def test_a_parameter_that_changes_nothing_at_all_is_no_matter_of_noise() -> None:
    points = sweep_points("grid", (X, Y), 3)
    findings = found("grid", points, points[:, :1] + noise(points, 6, 1, own=0.0))
    assert response(findings, Y).effect == (0, 0, 0)
    assert response(findings, Y).shape == "shows no response"
    assert findings.warnings() == []


def test_points_that_are_no_full_grid_are_refused() -> None:
    points = sweep_points("grid", (X, Y), 3)
    with pytest.raises(RelsimError, match="full grid"):
        found("grid", points[:-1], points[:-1, :1])
