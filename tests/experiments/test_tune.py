"""Tuning: known parameters are found again, and what the data do not pin down is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relsim.analysis.observed import read_observed
from relsim.errors import RelsimError, ResultsError
from relsim.experiments.misfit import match, misfit
from relsim.experiments.objectives import Objective, pareto_front
from relsim.experiments.study import Evaluate, Parameter, require
from relsim.experiments.tune import most_points
from relsim.experiments.tune import tune as tune_with_fresh_runs
from relsim.experiments.tuning import Tuning
from relsim.stats import Values, mean_interval

RUNS = 50
MISFIT = Objective("misfit")


def tune(
    asked: Sequence[Parameter],
    evaluate: Evaluate,
    objectives: Sequence[Objective],
    *args: Any,
    **kwargs: Any,
) -> Tuning:
    """Tuning that reports the runs of the search once more."""
    return tune_with_fresh_runs(asked, evaluate, objectives, *args, fresh=evaluate, **kwargs)


def parameters(*names: str, low: float = 0.0, high: float = 2.0) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, low, high) for name in names)


def noisy(function: Callable[[Values], float], noise: float) -> Evaluate:
    """A function of a point plus noise that is common to all points, and some that is not."""
    generator = np.random.default_rng(5)
    common, slopes = generator.standard_normal(RUNS), generator.standard_normal((4, RUNS))

    def evaluate(points: Values) -> dict[str, Values]:
        values = [
            function(one) + noise * (common + 0.3 * one @ slopes[: len(one)]) for one in points
        ]
        return {"misfit": np.array(values)}

    return evaluate


def bowl(point: Values) -> float:
    """Lowest at (0.7, 1.2); of a third parameter it is no function."""
    x, y = point[0] - 0.7, point[1] - 1.2
    return float(x**2 + 0.5 * y**2 + 0.3 * x * y)


def dip(point: Values) -> float:
    return float((point[0] - 0.7) ** 2)


def ridge(point: Values) -> float:
    return float((point[0] + point[1] - 1.5) ** 2)


def test_known_values_are_found_to_the_noise_and_an_idle_parameter_is_told() -> None:
    """Tolerance: 0.1 of ranges 2 wide, at a noise of 0.05 where the bowl is 1 deep."""
    found = tune(parameters("x", "y", "idle"), noisy(bowl, 0.05), [MISFIT], trials=60, seed=1)
    np.testing.assert_allclose(found.points[found.best, :2], [0.7, 1.2], atol=0.1)
    assert found.pinned == ["pinned down", "pinned down", "not pinned down"]
    assert found.ranges[0, 0] < 0.7 < found.ranges[0, 1]
    assert found.ranges[1, 0] < 1.2 < found.ranges[1, 1]
    np.testing.assert_allclose(found.ranges[2], [0, 2])
    assert any("idle is not pinned down: 0 to 2 fit as well" in one for one in found.sentences())
    assert len(found.points) <= most_points(3, 1, 60)


def test_without_noise_the_lowest_point_is_exact() -> None:
    found = tune(parameters("x", "y"), noisy(bowl, 0.0), [MISFIT], trials=30, seed=1)
    np.testing.assert_allclose(found.points[found.best], [0.7, 1.2], atol=1e-6)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_two_that_matter_as_a_sum_are_not_pinned_down_apart(noise: float) -> None:
    found = tune(parameters("x", "y"), noisy(ridge, noise), [MISFIT], trials=60, seed=1)
    assert found.pinned == ["only together", "only together"]
    assert found.points[found.best].sum() == pytest.approx(1.5, abs=0.1)
    assert any("x is not pinned down apart from y" in one for one in found.sentences())
    assert found.identified is not None
    np.testing.assert_allclose(np.abs(found.identified.directions[1]), np.sqrt(0.5), atol=0.05)
    assert found.identified.lengths[1] > 0.5 > 5 * found.identified.lengths[0]


def relaxing(points: Values, months: int, draws: Values) -> Values:
    """Levels [P, R, T] that start at 0 and relax: towards ``level``, at ``rate`` per month."""
    levels = np.zeros((len(points), len(draws), months))
    for place, (level, rate) in enumerate(points[:, :2]):
        for month in range(1, months):
            before = levels[place, :, month - 1]
            moved = level + (before - level) * np.exp(-rate)
            levels[place, :, month] = moved + 0.004 * draws[:, month]
    return levels


def tuned_to_series(folder: Path, series: Values) -> Tuning:
    """Level and rate of the relaxation, and a parameter that does nothing, from twelve years."""
    months = list(range(2000 * 12, 2012 * 12))
    lines = [f"A-B,{2000 + year},{value:.4f}" for year, value in enumerate(series)]
    (folder / "series.csv").write_text("dyad,period,value\n" + "\n".join(lines))
    matched = match(read_observed(folder / "series.csv"), ["A-B"], months)
    draws = np.random.default_rng(8).standard_normal((60, len(months)))

    def evaluate(points: Values) -> dict[str, Values]:
        levels = relaxing(points, len(months), draws)
        return {"misfit": np.array([misfit({"A-B": one}, matched) for one in levels])}

    asked = (
        Parameter("level", -0.9, 0.9),
        Parameter("rate", 0.005, 0.2, unit="per month"),
        Parameter("idle", 0.0, 1.0),
    )
    return tune(asked, evaluate, [MISFIT], trials=80, seed=3)


def test_parameters_are_recovered_from_a_simulated_series(tmp_path: Path) -> None:
    """From yearly means of one other run. Tolerances: 0.03 in level, 20 % in the rate."""
    world = np.random.default_rng(9).standard_normal((1, 144))
    series = relaxing(np.array([[0.4, 0.05]]), 144, world)[0, 0].reshape(12, 12).mean(axis=1)
    found = tuned_to_series(tmp_path, series)
    level, rate, _ = found.points[found.best]
    assert level == pytest.approx(0.4, abs=0.03)
    assert rate == pytest.approx(0.05, rel=0.2)
    assert found.pinned == ["pinned down", "pinned down", "not pinned down"]


def test_a_rate_that_the_series_cannot_show_is_said_not_to_be_pinned_down(tmp_path: Path) -> None:
    """A series at rest from the beginning: how quickly it would move is not to be seen."""
    found = tuned_to_series(tmp_path, np.zeros(12))
    assert found.points[found.best, 0] == pytest.approx(0.0, abs=0.03)
    assert found.pinned[1] != "pinned down"
    assert found.pinned[2] != "pinned down"


def test_standard_errors_are_the_noise_of_the_slope_by_the_curvature() -> None:
    """Losses 2 (x - 1)² + 0.2 z x with z by run: the lowest x has the error 0.2 s(z)/(4 √R)."""
    z = np.random.default_rng(6).standard_normal(RUNS)
    found = tune(
        parameters("x"),
        lambda points: {"misfit": 2 * (points - 1) ** 2 + 0.2 * z * points},
        [MISFIT],
        trials=20,
    )
    assert found.identified is not None
    error = float(found.tables()["parameters"]["standard error"].iloc[0])
    assert error == pytest.approx(0.2 * z.std() / (4 * np.sqrt(RUNS)), rel=0.15)
    assert found.points[found.best, 0] == pytest.approx(1 - 0.05 * z.mean(), abs=0.002)


def test_a_wanted_value_is_reached_and_one_out_of_reach_is_said() -> None:
    evaluate = noisy(lambda point: float(np.tanh(point[0])), 0.02)
    near = tune(parameters("x"), evaluate, [Objective("misfit", 0.5)], trials=30)
    assert near.points[near.best, 0] == pytest.approx(np.arctanh(0.5), abs=0.05)
    assert near.means("misfit")[near.best] == pytest.approx(0.5, abs=0.005)
    assert not any("does not reach" in one for one in near.warnings())
    far = tune(parameters("x"), evaluate, [Objective("misfit", 1.5)], trials=30)
    assert any("does not reach 1.5" in one for one in far.warnings())
    assert any("at the upper end of its range" in one for one in far.warnings())


def test_the_highest_is_the_lowest_of_the_negative() -> None:
    low = tune(parameters("x", "y"), noisy(bowl, 0.05), [MISFIT], trials=30)
    turned = noisy(bowl, 0.05)
    high = tune(
        parameters("x", "y"),
        lambda points: {"misfit": -turned(points)["misfit"]},
        [Objective("misfit", "highest")],
        trials=30,
    )
    np.testing.assert_array_equal(low.points, high.points)
    assert low.best == high.best


def two_goals(points: Values) -> dict[str, Values]:
    noise = 0.01 * np.random.default_rng(7).standard_normal(RUNS)
    first = ((points - 0.5) ** 2).sum(axis=1)
    second = ((points - 1.5) ** 2).sum(axis=1)
    return {"a": first[:, None] + noise, "b": second[:, None] + noise, "c": first[:, None] * noise}


GOALS = (Objective("a"), Objective("b"))


def test_a_front_has_every_point_that_none_beats_and_no_other() -> None:
    found = tune(parameters("x", "y"), two_goals, GOALS, trials=60, held_out=["c"])
    a, b = found.means("a"), found.means("b")
    unbeaten = [
        i
        for i in range(len(a))
        if not any(
            a[j] <= a[i] and b[j] <= b[i] and (a[j] < a[i] or b[j] < b[i]) for j in range(len(a))
        )
    ]
    assert list(found.front) == unbeaten
    assert found.best in unbeaten
    x, y = found.points[found.front].T
    assert np.abs(x - y).mean() < 0.25  # the true front is the line between the two goals
    assert any("on the Pareto front" in one for one in found.sentences())
    assert len(found.tables()["front"]) == len(unbeaten)


def test_what_is_reported_comes_from_fresh_runs_and_the_choice_from_those_of_the_search() -> None:
    """The fresh runs have the mean 1 everywhere."""

    def fresh(points: Values) -> dict[str, Values]:
        again = noisy(bowl, 0.05)(points)["misfit"]
        return {"misfit": 1 + again - again.mean(axis=1, keepdims=True)}

    asked, seen = parameters("x", "y"), noisy(bowl, 0.05)
    plain = tune(asked, seen, [MISFIT], 30, 1)
    found = tune_with_fresh_runs(asked, seen, [MISFIT], 30, 1, fresh=fresh)
    np.testing.assert_array_equal(found.points, plain.points)
    assert found.best == plain.best
    assert list(found.reported) == [found.best]
    low, high = mean_interval(fresh(found.points[[found.best]])["misfit"][0])
    assert found.estimate("misfit", found.best) == pytest.approx((1.0, low, high))
    said = found.sentences()[0]
    assert f"has misfit 1.000 ({low:.3f} to {high:.3f}), wanted as low as can be" in said
    assert f"it was {plain.means('misfit')[plain.best]:.4f} ±".replace("-", "−") in said
    assert any("Fresh runs do not confirm the best point" in one for one in found.warnings())
    assert not any("do not confirm" in one for one in plain.warnings())
    row = found.tables()["fit"].iloc[0]
    assert row["mean over fresh runs"] == pytest.approx(1.0)
    assert row["mean in the search"] == plain.means("misfit")[plain.best]


def test_of_a_front_its_ends_and_the_compromise_are_simulated_anew() -> None:
    found = tune(parameters("x", "y"), two_goals, GOALS, trials=60, held_out=["c"])
    ends = [int(found.front[found.means(one)[found.front].argmin()]) for one in ("a", "b")]
    assert list(found.reported) == sorted({*ends, found.best})
    chosen = found.tables()["fit"].query("measure == 'a'").set_index("trial")["chosen as"]
    assert chosen[ends[0]].startswith("best a")
    assert chosen[found.best].startswith("compromise")
    assert len(found.points) + len(found.reported) <= most_points(2, 2, 60)


def test_a_share_has_an_interval_though_all_of_its_runs_agree() -> None:
    """Student's has no width there; that of Jeffreys for 20 of 20 begins at 0.88."""

    def often(points: Values) -> dict[str, Values]:
        return {"m": (points > np.linspace(0, 1, 20)).astype(float)}

    found = tune(parameters("x"), often, [Objective("m", "highest", share=True)], 20)
    assert found.estimate("m", found.best) == pytest.approx((1.0, 0.883, 1.0), abs=0.001)


def test_the_front_of_failed_points_leaves_them_out() -> None:
    outcomes = {
        "a": np.array([[np.nan], [1.0], [0.0]]),
        "b": np.array([[0.0], [1.0], [2.0]]),
    }
    assert list(pareto_front(GOALS, outcomes)) == [1, 2]


class Interruption(Exception):
    pass


def interrupted(evaluate: Evaluate, after: int) -> Evaluate:
    left = [after]

    def cut(points: Values) -> dict[str, Values]:
        if not left[0]:
            raise Interruption
        left[0] -= 1
        return dict(evaluate(points))

    return cut


@pytest.mark.parametrize(
    ("evaluate", "goals", "stops"),
    [(noisy(dip, 0.05), (MISFIT,), (1, 7, 18)), (two_goals, GOALS, (1, 7, 11, 2))],
)
def test_resumed_is_as_if_it_had_not_stopped(
    evaluate: Evaluate, goals: tuple[Objective, ...], stops: tuple[int, ...], tmp_path: Path
) -> None:
    asked, file = parameters("x"), tmp_path / "study.journal"
    whole = tune(asked, evaluate, goals, trials=20, seed=2)
    again = tune(asked, evaluate, goals, trials=20, seed=2)
    for points in stops:
        with pytest.raises(Interruption):
            tune(asked, interrupted(evaluate, points), goals, 20, 2, file)
    done: list[Values] = []  # of two goals, the last stop was among the points with fresh runs

    def counted(points: Values) -> Any:
        done.append(points)
        return evaluate(points)

    resumed = tune(asked, counted, goals, 20, 2, file)
    for other in (again, resumed):
        np.testing.assert_array_equal(whole.points, other.points)
        assert whole.best == other.best
        for measure, values in whole.outcomes.items():
            np.testing.assert_array_equal(values, other.outcomes[measure])
            np.testing.assert_array_equal(whole.fresh[measure], other.fresh[measure])
    assert len(done) == len(whole.points) + len(whole.reported) - sum(stops)
    tune(asked, interrupted(evaluate, 0), goals, 20, 2, file)  # all is there


def test_a_study_goes_on_to_more_trials(tmp_path: Path) -> None:
    asked, file = parameters("x"), tmp_path / "study.journal"
    tune(asked, noisy(dip, 0.05), [MISFIT], 20, 2, file)
    longer = tune(asked, noisy(dip, 0.05), [MISFIT], 30, 2, file)
    at_once = tune(asked, noisy(dip, 0.05), [MISFIT], 30, 2)
    np.testing.assert_array_equal(longer.points, at_once.points)


WORKER = """
import sys, time
from pathlib import Path
import numpy as np
from relsim.experiments.objectives import Objective
from relsim.experiments.study import Parameter
from relsim.experiments.tune import (tune)
done = []
def evaluate(points):
    time.sleep(0.02)
    done.append(points)
    return {"misfit": ((points - 1) ** 2).sum(axis=1)[:, None] + np.zeros(5)}
asked = [Parameter("x", 0.0, 2.0)]
found = tune(asked, evaluate, [Objective("misfit")], 20, 4, Path(sys.argv[1]),
             fresh=evaluate)
print(len(done), len(found.points), found.points[found.best].tolist())
"""


def workers(file: Path, count: int) -> list[list[str]]:
    command = [sys.executable, "-W", "error", "-c", WORKER, str(file)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    return [one.communicate()[0].split(maxsplit=2) for one in running]


def test_a_second_process_waits_for_the_first_and_finds_all_trials_there(tmp_path: Path) -> None:
    first, second = workers(tmp_path / "study.journal", 2)
    assert first[1:] == second[1:]
    done = sorted([int(first[0]), int(second[0])])
    assert done == [0, int(first[1]) + 1]  # the best with fresh runs


def test_what_a_killed_process_left_half_done_is_done_again(tmp_path: Path) -> None:
    """Its trial is still running in the journal, whose last line it did not finish."""
    asked, file = parameters("x"), tmp_path / "study.journal"
    killed = (
        "import os; from experiments.test_tune import *; "
        "from experiments.test_tune import tune\n"
        "cut = interrupted(noisy(dip, 0.05), 5)\n"
        "def evaluate(points):\n"
        "    try: return cut(points)\n"
        "    except Interruption: os._exit(9)\n"
        f"tune(parameters('x'), evaluate, [MISFIT], 20, 2, Path({str(file)!r}))"
    )
    tests = str(Path(__file__).parent.parent)
    assert subprocess.run([sys.executable, "-c", killed], cwd=tests, check=False).returncode == 9
    with file.open("a") as stream:
        stream.write('{"op_code": 4, "worker')
    resumed = tune(asked, noisy(dip, 0.05), [MISFIT], 20, 2, file)
    whole = tune(asked, noisy(dip, 0.05), [MISFIT], 20, 2)
    np.testing.assert_array_equal(whole.points, resumed.points)


def test_another_question_or_a_damaged_file_is_refused(tmp_path: Path) -> None:
    asked, file = parameters("x"), tmp_path / "study.journal"
    tune(asked, noisy(dip, 0.05), [MISFIT], 20, 2, file)
    with pytest.raises(ResultsError, match="another question: it differs in seed"):
        tune(asked, noisy(dip, 0.05), [MISFIT], 20, 3, file)
    file.write_text("this is no journal\n" * 3)
    with pytest.raises(ResultsError, match="not a journal of trials"):
        tune(asked, noisy(dip, 0.05), [MISFIT], 20, 2, file)
    with pytest.raises(ResultsError, match="cannot be used"):
        tune(asked, noisy(dip, 0.05), [MISFIT], 20, 2, file / "below")


def test_a_file_that_lacks_a_line_is_refused_or_gone_on_with(tmp_path: Path) -> None:
    asked, file = parameters("x"), tmp_path / "study.journal"
    whole = tune(asked, two_goals, GOALS, 10, 2, file)
    lines = file.read_text().splitlines(keepends=True)
    begin = max(number for number, line in enumerate(lines) if '"op_code":4' in line)
    refused = 0
    for number in range(begin, len(lines)):  # all that is said of one trial
        file.write_text("".join(lines[:number] + lines[number + 1 :]))
        try:
            found = tune(asked, two_goals, GOALS, 10, 2, file)
        except ResultsError as error:
            refused += "damaged. Move it away" in str(error)
        else:
            np.testing.assert_array_equal(found.points, whole.points)
    assert refused >= 2  # its point, its outcomes


def test_what_no_parameter_moves_is_said_to_be_so() -> None:
    """Levels are recorded in single precision, in which 0.1 is not what it is in double."""

    def still(points: Values) -> dict[str, Values]:
        return {"m": np.full((len(points), 4), np.float32(0.1), dtype=np.float64)}

    reached = tune(parameters("x"), still, [Objective("m", 0.1)], 10).warnings()
    missed = tune(parameters("x"), still, [Objective("m", 0.2)], 10).warnings()
    unmoved = [one for one in reached if "none of the parameters moves it" in one]
    assert reached == unmoved
    assert len(missed) == len(reached) + 1
    assert missed[0].startswith("M does not reach 0.2: it is 0.1 at best.")


def test_a_surface_that_explains_nothing_is_not_given_a_negative_share() -> None:
    generator = np.random.default_rng(5)

    def noise(points: Values) -> dict[str, Values]:
        return {"m": generator.normal(size=(len(points), 5))}

    said = [
        warning
        for seed in range(3)
        for warning in tune(parameters("x", "y"), noise, [Objective("m")], 14, seed).warnings()
        if "explains" in warning
    ]
    assert said
    assert all("none of the variance" in one or "explains only" in one for one in said)
    assert not any("-" in one.split("of the variance")[0] for one in said)


def test_failed_runs_are_left_out_and_said() -> None:
    sound = noisy(bowl, 0.05)

    def failing(points: Values) -> dict[str, Values]:
        values = sound(points)["misfit"].copy()
        values[:, 3] = np.nan
        values[points[:, 0] > 1.5] = np.nan
        return {"misfit": values}

    found = tune(parameters("x", "y"), failing, [MISFIT], trials=40, seed=1)
    np.testing.assert_allclose(found.points[found.best], [0.7, 1.2], atol=0.1)
    assert any("runs gave no value" in one for one in found.warnings())
    with pytest.raises(RelsimError, match="no run gave one"):
        tune(parameters("x"), lambda p: {"misfit": p * np.nan}, [MISFIT], trials=12)


def test_held_out_measures_play_no_part() -> None:
    def evaluate(points: Values) -> dict[str, Values]:
        fitted = noisy(bowl, 0.05)(points)["misfit"]
        return {"misfit": fitted, "later": 2 * fitted}

    with_it = tune(parameters("x", "y"), evaluate, [MISFIT], trials=20, held_out=["later"])
    without = tune(parameters("x", "y"), evaluate, [MISFIT], trials=20)
    np.testing.assert_array_equal(with_it.points, without.points)
    fit = with_it.tables()["fit"].set_index("measure")["mean over fresh runs"]
    assert fit["later"] == pytest.approx(2 * fit["misfit"])
    assert any("Held out" in one for one in with_it.sentences())


def test_too_few_trials_are_refused() -> None:
    evaluate = noisy(bowl, 0.0)
    with pytest.raises(RelsimError, match="at least 12 trials, not 3"):
        tune(parameters("x", "y"), evaluate, [MISFIT], trials=3)


def test_too_much_noise_is_said() -> None:
    found = tune(parameters("x", "y"), noisy(lambda point: 0.0, 1.0), [MISFIT], trials=20)
    assert any("cannot be told from the best" in one for one in found.warnings())
    assert found.pinned == ["not pinned down", "not pinned down"]


def test_the_library_is_as_loud_as_before() -> None:
    logging = require("optuna").logging
    before = logging.get_verbosity()
    tune(parameters("x"), noisy(lambda point: float(point[0]), 0.0), [MISFIT], trials=12)
    assert logging.get_verbosity() == before
