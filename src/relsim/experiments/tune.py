"""A search for the values of parameters that fit a series or reach a wanted outcome.

The search starts with a Latin hypercube and goes on with a tree of Parzen estimators (Bergstra et
al. 2011), of several objectives in the form of Ozaki et al. (2022). The best point of a single
objective is then closed in on with response surfaces, which also say what is pinned down.

The best of many points looks better in the runs that chose it than it is. So the points that are
reported are simulated anew with fresh runs, whose means are those of the report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainValidator

from relsim.errors import RelsimError, did_you_mean
from relsim.experiments.identifiability import Identified, first_box, identify, next_box
from relsim.experiments.objectives import (
    Objective,
    best_of_front,
    best_point,
    compromise,
    fits_as_well,
    mean_over_runs,
    pareto_front,
)
from relsim.experiments.optional import require
from relsim.experiments.parameters import Evaluate, Parameter, Values, scaled
from relsim.experiments.schema import THRESHOLD, Count
from relsim.experiments.studies import Journal, Outcome, Question, Trials, collect, open_journal
from relsim.experiments.study import Answer, Engine, Method, Outcomes, Study
from relsim.experiments.surface import latin_hypercube, term_count
from relsim.experiments.tuned import tuned_text
from relsim.experiments.tuning import SEARCH, Tuning
from relsim.scenario.tree import TreePath
from relsim.scenario.values import fail

ROUNDS = 4  # response surfaces at most, each in a box that the one before it suggests
# Each trial is proposed from all before it, so that time grows with their square.
MOST_TRIALS = 20_000
EXTREMES = ("lowest", "highest")


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


def _wanted(raw: Any) -> Any:
    """``lowest``, ``highest`` or a finite number."""
    if isinstance(raw, str) and raw.strip() in EXTREMES:
        return raw.strip()
    if isinstance(raw, str) and (close := did_you_mean(raw, EXTREMES)).startswith("Did"):
        raise fail("bad-goal", f"'{raw}' is not a goal.", close)
    return THRESHOLD.read(raw)


Wanted: TypeAlias = Annotated[
    Literal["lowest", "highest"] | float,
    PlainValidator(_wanted, json_schema_input_type=Literal["lowest", "highest"] | float),
]


class Tune(Method):
    """Which values fit."""

    libraries: ClassVar = ("optuna",)
    adaptive: ClassVar = True

    goals: dict[str, Wanted] = Field(
        min_length=1, description="By measure: lowest, highest, or a value to come near to."
    )
    trials: Count = Field(200, description="Points that are tried.")

    @property
    def size_key(self) -> str:
        """The key of the points that are tried."""
        return "trials"

    def measures_named(self) -> dict[TreePath, str]:
        """Those of the goals."""
        return {("goals", name): name for name in self.goals}

    def size(self, study: Study) -> int:
        """How many points there are at most."""
        points = most_points(len(study.parameters), len(self.goals), self.trials)
        if self.trials > MOST_TRIALS:
            raise RelsimError(f"At most {MOST_TRIALS:,} trials are taken.")
        return points

    def run(self, study: Study, engine: Engine) -> Answer:
        """Searches with the runs 0 to R - 1 of each point; the points that are reported are
        simulated anew with the runs R to 2R - 1."""
        measures, runs = study.experiment.measures, study.experiment.runs
        objectives = [
            Objective(
                name,
                goal,
                study.measure_name(name),
                measures[name].unit,
                share=measures[name].is_share,
            )
            for name, goal in self.goals.items()
        ]
        tuning = tune(
            study.parameters,
            lambda points: engine.evaluate(points).by_measure,
            objectives,
            self.trials,
            study.experiment.seed,
            engine.folder / "trials.log",
            fresh=lambda points: engine.evaluate(points, first_run=runs).by_measure,
            held_out=[name for name in study.outcomes if name not in measures],
        )
        outcomes = Outcomes(
            tuning.points, tuning.outcomes, reported=tuning.reported, fresh=tuning.fresh
        )
        text = tuned_text(tuning, study.base, besides=study.experiment.set)
        return Answer(outcomes, tuning, {"tuned.yaml": text})
