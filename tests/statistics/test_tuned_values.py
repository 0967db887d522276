"""What tuning says of the best point and of its parameters, where the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from relsim.experiments.objectives import Goal, Objective
from relsim.experiments.study import Evaluate, Parameter
from relsim.experiments.tune import tune
from relsim.experiments.tuning import Tuning
from relsim.stats import Values

Documented = Callable[[float], None]

TWO = (Parameter("x", 0.0, 1.0), Parameter("y", 0.0, 1.0))
TRIALS = 20


@dataclass(frozen=True)
class Case:
    """A measure m of two parameters, and its noise.

    Attributes:
        truth: the mean at points [P, 2], [P].
        goal: what is wanted of it.
        shared, slopes, own: standard deviations of the noise that all points of a run share, of
            random slopes, and of the noise of each point.
        runs: R.
    """

    truth: Callable[[Values], Values]
    goal: Goal = "lowest"
    shared: float = 0.0
    slopes: float = 0.0
    own: float = 0.0
    runs: int = 20

    def simulated(self, seed: int) -> Evaluate:
        generator = np.random.default_rng([seed, 7])
        shared = self.shared * generator.standard_normal(self.runs)
        slopes = self.slopes * generator.standard_normal((2, self.runs))

        def evaluate(points: Values) -> Mapping[str, Values]:
            own = self.own * generator.standard_normal((len(points), self.runs))
            means = self.truth(points)[:, np.newaxis]
            return {"m": means + shared + (points - 0.5) @ slopes + own}

        return evaluate

    def tuned(self, seed: int) -> Tuning:
        return tune(
            TWO,
            self.simulated(2 * seed),
            [Objective("m", self.goal)],
            TRIALS,
            seed,
            fresh=self.simulated(2 * seed + 1),
        )


def shallow(points: Values) -> Values:
    losses: Values = 0.1 * ((points - 0.5) ** 2).sum(axis=1)
    return losses


def near(measured: float, nominal: float, replications: int) -> bool:
    """Whether a share of replications is within three standard errors of the nominal."""
    error = np.sqrt(nominal * (1 - nominal) / replications)
    return bool(abs(measured - nominal) <= 3 * error)


# The value of the best point

REPORTED = {
    "lowest": Case(shallow, slopes=0.3),
    "highest": Case(lambda points: -shallow(points), "highest", shared=0.05, slopes=0.3),
    "own noise": Case(shallow, own=0.2),
    "value": Case(shallow, 0.03, shared=0.1, slopes=0.1),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REPORTED.values(), ids=REPORTED)
def test_interval_of_the_best(case: Case, documented: Documented) -> None:
    held = 0
    for seed in range(120):
        found = case.tuned(seed)
        (truth,) = case.truth(found.points[[found.best]])
        _, low, high = found.estimate("m", found.best)
        held += low <= truth <= high
    documented(held / 120)
    assert near(held / 120, 0.95, 120)


@pytest.mark.slow
def test_intervals_of_the_ends_of_a_front(documented: Documented) -> None:
    """Two objectives, each lowest at its own point, with random slopes of their own."""
    one = Case(lambda points: ((points - 0.2) ** 2).sum(axis=1), slopes=0.5)
    other = Case(lambda points: ((points - 0.8) ** 2).sum(axis=1), slopes=0.5)

    def both(seed: int) -> Evaluate:
        first, second = one.simulated(4 * seed), other.simulated(4 * seed + 2)
        return lambda points: {"a": first(points)["m"], "b": second(points)["m"]}

    held = []
    for seed in range(120):
        found = tune(
            TWO,
            both(2 * seed),
            [Objective("a"), Objective("b")],
            40,
            seed,
            fresh=both(2 * seed + 1),
        )
        for measure, truth in (("a", one.truth), ("b", other.truth)):
            end = found.front[found.means(measure)[found.front].argmin()]
            _, low, high = found.estimate(measure, int(end))
            held.append(low <= truth(found.points[[end]])[0] <= high)
    documented(float(np.mean(held)))
    assert near(float(np.mean(held)), 0.95, len(held))


# What is pinned down


def idle_y(points: Values) -> Values:
    losses: Values = (points[:, 0] - 0.4) ** 2
    return losses


def ridge(points: Values) -> Values:
    losses: Values = (points.sum(axis=1) - 1) ** 2
    return losses


def deep(points: Values) -> Values:
    x, y = points.T - np.array([[0.4], [0.6]])
    losses: Values = x**2 + 0.5 * y**2 + 0.3 * x * y
    return losses


LOOSE = {"idle": idle_y, "ridge": ridge}
RUNS = pytest.mark.parametrize("runs", [5, 20])


@pytest.mark.slow
@RUNS
@pytest.mark.parametrize("truth", LOOSE.values(), ids=LOOSE)
def test_pinned_down_though_the_truth_leaves_it_open(
    truth: Callable[[Values], Values], runs: int, documented: Documented
) -> None:
    """A parameter without effect, and one that another makes up for, with random slopes. One in
    fifty is what a 1 % quantile on either side lets through."""
    case = Case(truth, shared=0.1, slopes=0.1, runs=runs)
    wrong = sum(case.tuned(seed).pinned[1] == "pinned down" for seed in range(150))
    documented(wrong / 150)
    assert wrong / 150 <= 0.02 + 3 * np.sqrt(0.02 * 0.98 / 150)


@cache
def tuned_deep(runs: int) -> list[Tuning]:
    case = Case(deep, shared=0.1, slopes=0.1, runs=runs)
    return [case.tuned(seed) for seed in range(100)]


@pytest.mark.slow
@RUNS
def test_range_holds_the_true_best(runs: int, documented: Documented) -> None:
    held = []
    for found in tuned_deep(runs):
        low, high = found.ranges.T
        held += [*((low <= [0.4, 0.6]) & (high >= [0.4, 0.6]))]
    documented(float(np.mean(held)))
    assert np.mean(held) >= 0.98 - 3 * np.sqrt(0.02 * 0.98 / len(held))


@pytest.mark.slow
@RUNS
def test_two_standard_errors_hold_the_true_best(runs: int, documented: Documented) -> None:
    held = []
    for found in tuned_deep(runs):
        assert found.identified is not None
        away = np.abs(found.points[found.best] - [0.4, 0.6])
        known = np.isfinite(found.identified.errors)
        held += [*(away <= 2 * found.identified.errors)[known]]
    documented(float(np.mean(held)))
