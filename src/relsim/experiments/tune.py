"""A search for the values of parameters that fit a series or reach a wanted outcome.

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
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PlainValidator

from relsim.errors import RelsimError, ScenarioError, did_you_mean
from relsim.experiments.objectives import (
    Objective,
    best_of_front,
    best_point,
    compromise,
    fits_as_well,
    losses_of,
    mean_over_runs,
    pareto_front,
)
from relsim.experiments.schema import THRESHOLD, Count
from relsim.experiments.study import (
    Answer,
    Engine,
    Evaluate,
    Method,
    Outcomes,
    Parameter,
    Study,
    require,
    scaled,
)
from relsim.experiments.surface import (
    PINNED_DOWN,
    Identified,
    first_box,
    identify,
    latin_hypercube,
    next_box,
    term_count,
)
from relsim.experiments.trials import Journal, Outcome, Question, Trials, collect, open_journal
from relsim.experiments.tuning import SEARCH, Tuning
from relsim.scenario.schema import FORMAT_VERSION, Scenario
from relsim.scenario.text import yaml_text
from relsim.scenario.tree import TreePath
from relsim.scenario.values import fail
from relsim.stats import Values

ROUNDS = 4  # response surfaces at most, each in a box that the one before it suggests
# Each trial is proposed from all before it, so that time grows with their square.
MOST_TRIALS = 20_000
EXTREMES = ("lowest", "highest")
DIGITS = 6  # significant ones of a tuned value; far finer than any range that fits as well
_UNITS = {"bad-duration": "months", "bad-rate": "per year"}


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
) -> Tuning:
    """Searches for the values of parameters that come nearest to what is wanted.

    Points are evaluated one at a time. After the ``trials`` of the search, one objective takes
    some more around the best point: see :func:`most_points`. What is reported as chosen is
    evaluated once more, with fresh runs.

    Args:
        parameters: what to vary, and in which ranges.
        evaluate: gives the outcomes.
        objectives: one, or several for a Pareto front.
        trials: points of the search.
        seed: the same seed gives the same result; with a file, after an interruption as well.
        storage: a file that keeps the trials. A study goes on from there until it has ``trials``.
            A second process waits until the first has closed it.
        fresh: gives the outcomes of other runs than ``evaluate``, for what is reported.
        held_out: measures to report at the best point, that play no part in finding it.

    Raises:
        RelsimError: there are too few trials, no run has a value, or a library is missing.
        ResultsError: the file cannot be used, or answers another question.
    """
    most_points(len(parameters), len(objectives), trials)  # refuses too few
    with open_journal(storage) as journal:
        work = _Work(journal, tuple(parameters), tuple(objectives), tuple(held_out), seed)
        known = _search(work, evaluate, trials)
        stages, seen = [SEARCH] * len(known.points), None
        if len(objectives) == 1:
            known, stages, seen = _close_in(work, evaluate, trials, known)
        best, front = _chosen(work, known, seen)
        ends = [best_of_front(goal, known.outcomes[goal.measure], front) for goal in objectives]
        reported = np.unique([best, *ends])
        again = work.at(f"fresh runs, of {trials} trials", known.points[reported], fresh)
    return Tuning(
        work.parameters,
        work.objectives,
        work.held_out,
        scaled(work.parameters, known.points),
        known.outcomes,
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


def startup(dimensions: int) -> int:
    """Points of the Latin hypercube with which the search begins."""
    return max(10, 4 * (dimensions + 1))


@dataclass(frozen=True)
class _Work:
    """What stays the same over all stages of a search."""

    journal: Journal
    parameters: tuple[Parameter, ...]
    objectives: tuple[Objective, ...]
    held_out: tuple[str, ...]
    seed: int

    @cached_property
    def question(self) -> Question:
        """Of every study of this work."""
        about = {
            "parameters": [[p.path, p.low, p.high] for p in self.parameters],
            "objectives": [[goal.measure, goal.goal] for goal in self.objectives],
            "held out": list(self.held_out),
            "seed": self.seed,
        }
        names = tuple(parameter.path for parameter in self.parameters)
        return Question(names, len(self.objectives), about)

    def outcome(self, evaluate: Evaluate, point: Values) -> Outcome:
        """Outcomes [R] by measure at a point [K] of the unit cube."""
        given = evaluate(scaled(self.parameters, point[np.newaxis]))
        wanted = (*(goal.measure for goal in self.objectives), *self.held_out)
        return {measure: np.asarray(given[measure], np.float64)[0] for measure in wanted}

    def losses(self, outcome: Outcome) -> list[float]:
        """One for each objective."""
        rows = {measure: values[np.newaxis] for measure, values in outcome.items()}
        losses: list[float] = losses_of(self.objectives, rows)[0].tolist()
        return losses

    def collect(
        self, name: str, count: int, sampler: Callable[[int], Any], evaluate: Evaluate
    ) -> Trials:
        """The trials of one study, each of which has its own sampler, by its number."""
        outcome = partial(self.outcome, evaluate)
        return collect(self.journal, name, self.question, count, sampler, outcome, self.losses)

    def at(self, name: str, points: Values, evaluate: Evaluate) -> Trials:
        """The trials of a study whose points [P, K] are known."""
        return self.collect(name, len(points), lambda number: self.fixed(points[number]), evaluate)

    def fixed(self, point: Values) -> Any:
        """A sampler that proposes this point [K]."""
        samplers = require("optuna.samplers")
        known = dict(zip(self.question.names, point.tolist(), strict=True))
        return samplers.PartialFixedSampler(known, samplers.RandomSampler(seed=0))


def _search(work: _Work, evaluate: Evaluate, trials: int) -> Trials:
    samplers, dimensions = require("optuna.samplers"), len(work.parameters)
    generator = np.random.default_rng([work.seed, 1979])
    first = latin_hypercube(startup(dimensions), dimensions, generator)

    def sampler(number: int) -> Any:
        if number < len(first):
            return work.fixed(first[number])
        seed = int(np.random.SeedSequence([work.seed, number]).generate_state(1)[0])
        return samplers.TPESampler(
            multivariate=True, constant_liar=True, n_startup_trials=2, seed=seed
        )

    return work.collect(SEARCH, trials, sampler, evaluate)


def _close_in(
    work: _Work, evaluate: Evaluate, trials: int, known: Trials
) -> tuple[Trials, list[str], Identified | None]:
    """Response surfaces around the best point, each checked at its lowest point and its ends."""
    objective, dimensions = work.objectives[0], len(work.parameters)
    measure, stages = objective.measure, [SEARCH] * len(known.points)
    losses = objective.losses(mean_over_runs(known.outcomes[measure]))
    box, seen = first_box(objective, known.points, losses), None
    for number in range(1, ROUNDS + 1):
        name, of_all = f"around the best {number}", f"of {trials} trials"
        generator = np.random.default_rng([work.seed, 1951, number])
        design = latin_hypercube(design_size(dimensions), dimensions, generator)
        points = box.low + (box.high - box.low) * design
        known = _joined(known, work.at(f"{name}, {of_all}", points, evaluate))
        seen = identify(objective, box, known.points, known.outcomes[measure], work.seed)
        if seen is not None:
            checked = np.vstack([seen.center, seen.ends.reshape(-1, dimensions)])
            known = _joined(known, work.at(f"{name}, {of_all}, checks", checked, evaluate))
        stages += [name] * (len(known.points) - len(stages))
        if seen is None:
            break
        lowest = best_point(objective, known.outcomes[measure])
        as_well = fits_as_well(objective, known.outcomes[measure], lowest, work.seed)
        seen = replace(seen, confirmed=as_well[-2 * dimensions :].reshape(-1, 2))
        box, before = next_box(seen, known.points[lowest]), box
        if box is before:
            break
    return known, stages, seen


def _joined(first: Trials, second: Trials) -> Trials:
    outcomes = {
        measure: np.vstack([values, second.outcomes[measure]])
        for measure, values in first.outcomes.items()
    }
    return Trials(np.vstack([first.points, second.points]), outcomes)


def _chosen(work: _Work, trials: Trials, seen: Identified | None) -> tuple[int, NDArray[np.int64]]:
    """The point that is recommended, and the front.

    The best point of one objective is the lowest of the last response surface, where the runs
    cannot tell it from the lowest of all: a surface averages over the noise of many points.

    Raises:
        RelsimError: no trial has a value.
    """
    objectives, outcomes = work.objectives, trials.outcomes
    if not np.isfinite(losses_of(objectives, outcomes)).all(axis=1).any():
        raise RelsimError("No point has a value of every objective: no run gave one.")
    if len(objectives) > 1:
        front = pareto_front(objectives, outcomes)
        return compromise(objectives, outcomes, front), front
    values = outcomes[objectives[0].measure]
    best = best_point(objectives[0], values)
    if seen is not None:
        middle = len(values) - checks(len(seen.center))
        best = middle if fits_as_well(objectives[0], values, best, work.seed)[middle] else best
    return best, np.array([best])


# The tuned scenario
def tuned_changes(tuning: Tuning) -> dict[str, float]:
    """The best values by path, in the unit of their field; those of the compromise where there are
    several objectives."""
    return {
        parameter.path: float(f"{value:.{DIGITS}g}")
        for parameter, value in zip(tuning.parameters, tuning.points[tuning.best], strict=True)
    }


def written_changes(scenario: Scenario, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as the scenario's fields are written: durations and rates with their unit.

    Raises:
        ScenarioError: the scenario cannot have these values.
    """
    try:
        scenario.with_changes(dict(changes))
    except ScenarioError as error:
        units = {
            problem.position.file.removeprefix("change "): _UNITS[problem.code]
            for problem in error.problems
            if problem.code in _UNITS
        }
        if not units:
            raise
        written = {
            path: f"{value} {units[path]}" if path in units else value
            for path, value in changes.items()
        }
        scenario.with_changes(written)
        return written
    return dict(changes)


def tuned_text(
    tuning: Tuning,
    scenario: Scenario,
    besides: Mapping[str, Any] | None = None,
) -> str:
    """The YAML of a whole scenario, the original with the tuned values. Changed interests keep the
    reference that its opening was read with; readings become what it is read with.

    It inherits nothing, so that it is sound wherever it lies; claims `against` other files, which
    are not there, are left out.

    Args:
        tuning: the findings.
        scenario: the original.
        besides: changes by path that the scenario has beside its file.

    Raises:
        ScenarioError: the scenario cannot have these values.
    """
    before = scenario.with_changes(dict(besides)) if besides else scenario
    changes = written_changes(before, tuned_changes(tuning))
    readings = [item.path for item in tuning.parameters if item.interest == "reading"]
    written = before.with_changes({**changes, "recoded": readings}).as_written
    head = {"relsim": FORMAT_VERSION, "name": f"{scenario.name}, tuned"}
    about = _about(tuning)
    compared = [name for name, claim in scenario.claims.items() if claim.expect.against is not None]
    if compared:
        about += f" Left out are claims that compare with other files: {', '.join(compared)}."
        written["claims"] = {
            name: claim for name, claim in written["claims"].items() if name not in compared
        }
    rest = {key: part for key, part in written.items() if key not in ("relsim", "name", "about")}
    return yaml_text({**head, "about": about, **rest})


def _about(tuning: Tuning) -> str:
    """How it was fitted, in one line."""
    reached = ", ".join(
        f"{objective.name} {tuning.reached(objective.measure, tuning.best)} (wanted "
        f"{objective.wanted})"
        for objective in tuning.objectives
    )
    loose = [
        parameter.name
        for parameter, state in zip(tuning.parameters, tuning.pinned, strict=True)
        if state not in ("", PINNED_DOWN)
    ]
    text = f"Tuned with relsim: {reached}; mean and 95 % "
    text += f"interval of {tuning.fresh_runs} fresh runs, which played no part in the choice among "
    text += f"{len(tuning.points)} points; seed {tuning.seed}."
    return f"{text} Not pinned down by the fit: {', '.join(loose)}." if loose else text


# The section of the file
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
