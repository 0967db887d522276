"""Tuning: the values of parameters that fit a series or reach a wanted outcome, and how surely.

The search starts with a Latin hypercube and goes on with a tree of Parzen estimators (Bergstra et
al. 2011), of several objectives in the form of Ozaki et al. (2022). The best point of a single
objective is then closed in on with response surfaces, which also say what is pinned down.

The best of many points looks better in the runs that chose it than it is. So the points that are
reported are simulated anew with fresh runs, whose means are those of the report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relsim.errors import RelsimError
from relsim.experiments import tuning_words
from relsim.experiments.identifiability import (
    Identified,
    first_box,
    identify,
    next_box,
    states,
    whole_range,
)
from relsim.experiments.objectives import (
    Objective,
    best_of_front,
    best_point,
    compromise,
    error_over_runs,
    estimate_over_runs,
    fits_as_well,
    mean_over_runs,
    pareto_front,
)
from relsim.experiments.optional import require
from relsim.experiments.parameters import Evaluate, Parameter, Values, scaled, unit_points
from relsim.experiments.response import Estimate
from relsim.experiments.studies import Journal, Outcome, Question, Trials, collect, open_journal
from relsim.experiments.surface import latin_hypercube, term_count

ROUNDS = 4  # response surfaces at most, each in a box that the one before it suggests
SEARCH = "search"


@dataclass(frozen=True)
class Tuning:
    """What tuning found.

    Attributes:
        parameters: what was varied, K.
        objectives: what was asked for.
        held_out: measures that played no part in the fit.
        points: values of the parameters at every point, [N, K], in the order of trials.
        outcomes: by measure, [N, R], in the runs that the search saw.
        stages: of each point, how it came about: ``search``, ``around the best 1``, …
        best: the point that is recommended; of several objectives, the compromise on the front.
        front: the points that are best in their way; the best alone for one objective.
        reported: the points that were simulated anew, [C]: the best, and of several objectives
            the best of each.
        fresh: by measure, the outcomes of these points in runs that played no part in the search,
            [C, R].
        identified: what is pinned down; None for several objectives, or too few points.
        seed: of the sampler and of resampling.
    """

    parameters: tuple[Parameter, ...]
    objectives: tuple[Objective, ...]
    held_out: tuple[str, ...]
    points: Values
    outcomes: Mapping[str, Values]
    stages: tuple[str, ...]
    best: int
    front: NDArray[np.int64]
    reported: NDArray[np.int64]
    fresh: Mapping[str, Values]
    identified: Identified | None
    seed: int

    @cached_property
    def as_well(self) -> NDArray[np.bool_]:
        """Which points fit as well as the best, by the noise of the runs; those of the front."""
        if len(self.objectives) > 1:
            return np.isin(np.arange(len(self.points)), self.front)
        outcomes = self.outcomes[self.objectives[0].measure]
        generator = np.random.default_rng([self.seed, 1979])
        return fits_as_well(self.objectives[0], outcomes, self.best, generator)

    @property
    def ranges(self) -> Values:
        """The lowest and highest value [K, 2] of each parameter that fits as well as the best."""
        unit = unit_points(self.parameters, self.points)
        found = unit[self.as_well]
        shares = np.column_stack([found.min(axis=0), found.max(axis=0)])
        if self.identified is not None:
            shares = whole_range(self.identified, unit, self.as_well)
        return np.column_stack([scaled(self.parameters, edge) for edge in shares.T])

    @property
    def shares(self) -> Values:
        """Those ranges as shares [K] of the allowed ones."""
        allowed = np.array([one.high - one.low for one in self.parameters])
        shares: Values = np.ptp(self.ranges, axis=1) / allowed
        return shares

    @property
    def pinned(self) -> list[str]:
        """Of each parameter ``pinned down``, ``only together``, ``not pinned down``, or nothing
        where that was not asked."""
        if self.identified is None:
            return [""] * len(self.parameters)
        unit = unit_points(self.parameters, self.ranges.T).T
        return states(unit, self.identified)

    @property
    def sound(self) -> NDArray[np.bool_]:
        """Which points have a value of every objective, [N]."""
        means = [self.means(one.measure) for one in self.objectives]
        return np.asarray(np.isfinite(means).all(axis=0))

    def means(self, measure: str) -> Values:
        """Means over the runs of the search at every point, [N]."""
        return mean_over_runs(self.outcomes[measure])

    def errors(self, measure: str) -> Values:
        """Standard errors of those means, [N]."""
        return error_over_runs(self.outcomes[measure])

    def estimate(self, measure: str, point: int) -> Estimate:
        """The mean over fresh runs at a point that is reported, with its 95 % interval."""
        (row,) = np.flatnonzero(self.reported == point)
        share = any(one.share for one in self.objectives if one.measure == measure)
        return estimate_over_runs(self.fresh[measure][row], share=share)

    def tables(self) -> dict[str, pd.DataFrame]:
        """``fit``, ``parameters`` and ``trials``; ``directions`` or ``front`` where there are."""
        tables = {"fit": self._fit(), "parameters": self._parameters(), "trials": self._trials()}
        if len(self.objectives) > 1:
            tables["front"] = self._trials().iloc[self.front].reset_index(drop=True)
        if self.identified is not None:
            tables["directions"] = self._directions(self.identified)
        return tables

    def sentences(self) -> list[str]:
        """What was found, the most important first."""
        return tuning_words.sentences(self)

    def warnings(self) -> list[str]:
        """What the trials do not support, and what to do about it."""
        return tuning_words.warnings(self)

    def _fit(self) -> pd.DataFrame:
        wanted = {one.measure: str(one.goal) for one in self.objectives}
        rows = [
            self._fit_row(place, point, measure, wanted.get(measure))
            for place, point in enumerate(self.reported)
            for measure in (*wanted, *self.held_out)
        ]
        return pd.DataFrame(rows)

    def _fit_row(
        self, place: int, point: int, measure: str, wanted: str | None
    ) -> dict[str, object]:
        """A measure at a reported point: in fresh runs, and in those that chose the point."""
        fresh = self.estimate(measure, point)
        return {
            "trial": point,
            "chosen as": self._chosen_as(point),
            "measure": measure,
            "part": "held out" if wanted is None else "fitted",
            "wanted": wanted or "",
            "mean over fresh runs": fresh.value,
            "low 95 %": fresh.low,
            "high 95 %": fresh.high,
            "fresh runs": int(np.isfinite(self.fresh[measure][place]).sum()),
            "mean in the search": self.means(measure)[point],
            "standard error in the search": self.errors(measure)[point],
        }

    def _chosen_as(self, point: int) -> str:
        """What a reported point was chosen as, in words."""
        if len(self.objectives) == 1:
            return "best"
        said = ["compromise"] if point == self.best else []
        said += [
            f"best {one.name}"
            for one in self.objectives
            if best_of_front(one, self.outcomes[one.measure], self.front) == point
        ]
        return ", ".join(said)

    def _parameters(self) -> pd.DataFrame:
        table = pd.DataFrame(
            {
                "parameter": [one.name for one in self.parameters],
                "path": [one.path for one in self.parameters],
                "unit": [one.unit for one in self.parameters],
                "best value": self.points[self.best],
                "lowest that fits as well": self.ranges[:, 0],
                "highest that fits as well": self.ranges[:, 1],
                "share of the allowed range": self.shares,
                "lowest allowed": [one.low for one in self.parameters],
                "highest allowed": [one.high for one in self.parameters],
            }
        )
        if self.identified is not None:
            allowed = (table["highest allowed"] - table["lowest allowed"]).to_numpy()
            alone = np.ptp(self.identified.alone, axis=1)
            table["standard error"] = self.identified.errors * allowed
            table["share with the others held"] = alone
            table["pinned down"] = self.pinned
            table["made up for by"] = [
                ", ".join(self.parameters[one].name for one in partners)
                for partners in self.identified.partners
            ]
        return table

    def _trials(self) -> pd.DataFrame:
        columns: dict[str, Any] = {"trial": np.arange(len(self.points)), "stage": self.stages}
        for which, parameter in enumerate(self.parameters):
            columns[parameter.path] = self.points[:, which]
        for measure in (*(one.measure for one in self.objectives), *self.held_out):
            columns[f"{measure}, mean in the search"] = self.means(measure)
            columns[f"{measure}, standard error in the search"] = self.errors(measure)
        columns["fits as well" if len(self.objectives) == 1 else "on the front"] = self.as_well
        return pd.DataFrame(columns)

    def _directions(self, seen: Identified) -> pd.DataFrame:
        table = pd.DataFrame(
            {
                "direction": np.arange(1, len(seen.directions) + 1),
                "curvature (loss per squared allowed range)": seen.curvatures,
                "length that fits as well (allowed ranges)": seen.lengths,
            }
        )
        for which, parameter in enumerate(self.parameters):
            table[parameter.path] = seen.directions[:, which]
        return table


def tune(
    parameters: Sequence[Parameter],
    evaluate: Evaluate,
    objectives: Sequence[Objective],
    trials: int = 200,
    seed: int = 0,
    storage: Path | None = None,
    *,
    fresh: Evaluate,
    held_out: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
) -> Tuning:
    """Searches for the values of parameters that come nearest to what is wanted.

    Points are asked for one at a time. After the ``trials`` of the search, one objective takes
    some more around the best point: see :func:`most_points`. What is reported as chosen is asked
    for once more, with fresh runs.

    Args:
        parameters: what to vary, and in which ranges.
        evaluate: gives the outcomes.
        objectives: one, or several for a Pareto front.
        trials: points of the search.
        seed: the same seed gives the same result from one process; with a file, after an
            interruption as well. Several processes at once find other points each time.
        storage: a file that keeps the trials. A study goes on from there until it has ``trials``;
            several processes may work at it, and all return the same.
        fresh: gives the outcomes of other runs than ``evaluate``, for what is reported.
        held_out: measures to report at the best point, that play no part in finding it.
        progress: called with the number of points that this process has finished.

    Raises:
        RelsimError: the question makes no sense, or a library is missing.
        ResultsError: the file cannot be used, or answers another question.
    """
    work = _Work(
        tuple(parameters), evaluate, fresh, tuple(objectives), tuple(held_out), seed, progress
    )
    _check(work, trials)
    with open_journal(storage) as journal:
        searched = _search(work, journal, trials)
        found, stages = searched, [SEARCH] * len(searched.points)
        seen: Identified | None = None
        if len(work.objectives) == 1:
            found, stages, seen = _close_in(work, journal, trials, searched)
        best, front = _chosen(work, found, seen)
        ends = [best_of_front(one, found.outcomes[one.measure], front) for one in work.objectives]
        reported = np.unique([best, *ends])
        name, points = f"fresh runs, of {trials} trials", found.points[reported]
        again = work.at(journal, name, points, work.fresh)
    return Tuning(
        work.parameters,
        work.objectives,
        work.held_out,
        scaled(work.parameters, found.points),
        found.outcomes,
        tuple(stages),
        best,
        front,
        reported,
        again.outcomes,
        seen,
        seed,
    )


def most_points(dimensions: int, objectives: int, trials: int) -> int:
    """How many points :func:`tune` asks for at most, those with fresh runs among them.

    Raises:
        RelsimError: there are too few trials for so many parameters.
    """
    least = startup(dimensions)
    if trials < least:
        raise RelsimError(f"{dimensions} parameters take at least {least} trials, not {trials}.")
    if objectives > 1:
        return trials + objectives + 1
    return trials + ROUNDS * (design_size(dimensions) + checks(dimensions)) + 1


def design_size(dimensions: int) -> int:
    """Points of each response surface: twice its coefficients."""
    return 2 * term_count(dimensions)


def checks(dimensions: int) -> int:
    """Points that check a surface: its lowest, and the ends of what fits as well."""
    return 1 + 2 * dimensions


def _chosen(work: _Work, trials: Trials, seen: Identified | None) -> tuple[int, NDArray[np.int64]]:
    """The point that is recommended, and the front.

    The best point of one objective is the lowest of the last response surface, where the runs
    cannot tell it from the lowest of all: a surface averages over the noise of many points.

    Raises:
        RelsimError: no trial has a value.
    """
    objectives, outcomes = work.objectives, trials.outcomes
    sound = [np.isfinite(mean_over_runs(outcomes[one.measure])) for one in objectives]
    if not np.all(sound, axis=0).any():
        raise RelsimError("No point has a value of every objective: no run gave one.")
    if len(objectives) > 1:
        front = pareto_front(objectives, outcomes)
        return compromise(objectives, outcomes, front), front
    best = _recommended(objectives[0], outcomes[objectives[0].measure], seen, work.seed)
    return best, np.array([best])


def _recommended(objective: Objective, outcomes: Values, seen: Identified | None, seed: int) -> int:
    lowest = best_point(objective, outcomes)
    if seen is None:
        return lowest
    middle = len(outcomes) - checks(len(seen.center))
    generator = np.random.default_rng([seed, 1979])
    return middle if fits_as_well(objective, outcomes, lowest, generator)[middle] else lowest


@dataclass(frozen=True)
class _Work:
    """What stays the same over all stages."""

    parameters: tuple[Parameter, ...]
    evaluate: Evaluate
    fresh: Evaluate
    objectives: tuple[Objective, ...]
    held_out: tuple[str, ...]
    seed: int
    progress: Callable[[int], None] | None

    @cached_property
    def question(self) -> Question:
        """Of every study of this work."""
        about = {
            "parameters": [[one.path, one.low, one.high] for one in self.parameters],
            "objectives": [[one.measure, one.goal, one.tolerance] for one in self.objectives],
            "held out": list(self.held_out),
            "seed": self.seed,
        }
        names = tuple(one.path for one in self.parameters)
        return Question(names, len(self.objectives), about)

    def outcome(self, evaluate: Evaluate, point: Values) -> Outcome:
        """Outcomes [R] by measure at a point [K] of the unit cube."""
        given = evaluate(scaled(self.parameters, point[np.newaxis]))
        wanted = (*(one.measure for one in self.objectives), *self.held_out)
        missing = [measure for measure in wanted if measure not in given]
        if missing:
            text = f"No outcome is called {', '.join(missing)}; there are {', '.join(given)}."
            raise RelsimError(text)
        return {measure: np.asarray(given[measure], np.float64)[0] for measure in wanted}

    def losses(self, outcome: Outcome) -> list[float]:
        """One for each objective."""
        means = [mean_over_runs(outcome[one.measure][np.newaxis]) for one in self.objectives]
        return [
            float(one.losses(mean)[0]) for one, mean in zip(self.objectives, means, strict=True)
        ]

    @cached_property
    def count(self) -> _Count:
        """Of the points that this process has finished."""
        return _Count(self.progress)

    def collect(
        self,
        journal: Journal,
        name: str,
        count: int,
        sampler: Callable[[int], Any],
        evaluate: Evaluate,
    ) -> Trials:
        """The trials of one study, in which each place has its sampler."""
        outcome = partial(self.outcome, evaluate)
        return collect(
            journal, name, self.question, count, sampler, outcome, self.losses, self.count.one
        )

    def at(self, journal: Journal, name: str, points: Values, evaluate: Evaluate) -> Trials:
        """The trials of a study whose points [P, K] are known."""
        names = self.question.names
        return self.collect(
            journal, name, len(points), lambda place: _fixed(names, points[place]), evaluate
        )


@dataclass
class _Count:
    progress: Callable[[int], None] | None
    done: int = 0

    def one(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(self.done)


def _check(work: _Work, trials: int) -> None:
    paths = [one.path for one in work.parameters]
    measures = [*(one.measure for one in work.objectives), *work.held_out]
    if not work.parameters or not work.objectives:
        raise RelsimError("Tuning takes at least one parameter and one objective.")
    if len(set(paths)) < len(paths) or len(set(measures)) < len(measures):
        raise RelsimError("Each parameter and each measure may be named once.")
    empty = [one.path for one in work.parameters if not one.low < one.high]
    if empty:
        raise RelsimError(f"The range of {', '.join(empty)} is empty: high must be above low.")
    most_points(len(paths), len(work.objectives), trials)


def startup(dimensions: int) -> int:
    """Points of the Latin hypercube with which the search begins."""
    return max(10, 4 * (dimensions + 1))


def _search(work: _Work, journal: Journal, trials: int) -> Trials:
    samplers = require("optuna.samplers")
    dimensions, names = len(work.parameters), work.question.names
    first = latin_hypercube(
        startup(dimensions), dimensions, np.random.default_rng([work.seed, 1979])
    )

    def sampler(place: int) -> Any:
        seed = int(np.random.SeedSequence([work.seed, place]).generate_state(1)[0])
        if place < len(first):
            return _fixed(names, first[place])
        return samplers.TPESampler(
            multivariate=True, constant_liar=True, n_startup_trials=2, seed=seed
        )

    return work.collect(journal, SEARCH, trials, sampler, work.evaluate)


def _fixed(names: tuple[str, ...], point: Values) -> Any:
    samplers = require("optuna.samplers")
    known = dict(zip(names, point.tolist(), strict=True))
    return samplers.PartialFixedSampler(known, samplers.RandomSampler(seed=0))


def _close_in(
    work: _Work, journal: Journal, trials: int, searched: Trials
) -> tuple[Trials, list[str], Identified | None]:
    """Response surfaces around the best point, each checked at its lowest point and its ends."""
    (objective,) = work.objectives
    dimensions = len(work.parameters)
    found, stages = searched, [SEARCH] * len(searched.points)
    seen: Identified | None = None
    box = first_box(objective, found.points, _losses(objective, found))
    for number in range(1, ROUNDS + 1):
        generator = np.random.default_rng([work.seed, 1951, number])
        design = latin_hypercube(design_size(dimensions), dimensions, generator)
        name = f"around the best {number}"
        points = box.low + (box.high - box.low) * design
        answer = work.at(journal, f"{name}, of {trials} trials", points, work.evaluate)
        found = _joined(found, answer)
        stages += [name] * len(points)
        outcomes = found.outcomes[objective.measure]
        seen = identify(objective, box, found.points, outcomes, work.seed)
        if seen is None:
            break
        checked = np.vstack([seen.center, seen.ends.reshape(-1, dimensions)])
        name_of_checks = f"{name}, of {trials} trials, checks"
        found = _joined(found, work.at(journal, name_of_checks, checked, work.evaluate))
        stages += [name] * len(checked)
        outcomes = found.outcomes[objective.measure]
        lowest = best_point(objective, outcomes)
        generator = np.random.default_rng([work.seed, 1979])
        as_well = fits_as_well(objective, outcomes, lowest, generator)[-2 * dimensions :]
        seen = replace(seen, confirmed=as_well.reshape(-1, 2))
        best = found.points[lowest]
        following = next_box(seen, best)
        if following is box:
            break
        box = following
    return found, stages, seen


def _losses(objective: Objective, trials: Trials) -> Values:
    return objective.losses(mean_over_runs(trials.outcomes[objective.measure]))


def _joined(one: Trials, other: Trials) -> Trials:
    outcomes = {
        measure: np.vstack([values, other.outcomes[measure]])
        for measure, values in one.outcomes.items()
    }
    return Trials(np.vstack([one.points, other.points]), outcomes)
