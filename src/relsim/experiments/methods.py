"""Which points a method asks for, and what it makes of their outcomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Protocol

import pandas as pd

from relsim.errors import RelsimError
from relsim.experiments import schema
from relsim.experiments.advise import advice_points, advise
from relsim.experiments.attribute import attribute, attribution_points
from relsim.experiments.boxes import PRIM
from relsim.experiments.design import DESIGNS, sweep_key
from relsim.experiments.discover import discover
from relsim.experiments.discovery import Outcome
from relsim.experiments.evaluate import evaluate
from relsim.experiments.load import Study
from relsim.experiments.measures import is_share, unit_of
from relsim.experiments.objectives import Objective
from relsim.experiments.optional import require
from relsim.experiments.parameters import Values
from relsim.experiments.portfolios import Bound, Goal
from relsim.experiments.sensitivity import sensitivity, sensitivity_points
from relsim.experiments.sweep import sweep, sweep_points
from relsim.experiments.tune import most_points, tune
from relsim.experiments.tuning import Tuning


class Findings(Protocol):
    """What a method found."""

    def tables(self) -> dict[str, pd.DataFrame]:
        """The numbers, by name."""

    def sentences(self) -> list[str]:
        """What was found, in words, the most important first."""

    def warnings(self) -> list[str]:
        """What the size of the sample does not support."""


def points_of(study: Study) -> Values:
    """All points that the method of a study asks for, [P, K].

    Raises:
        RelsimError: a number of the method makes no sense; or it is `tune`, which chooses its
            points as it goes.
    """
    experiment, parameters, seed = study.experiment, study.parameters, study.experiment.seed
    if experiment.sweep is not None:
        key = sweep_key(experiment.sweep)
        return sweep_points(DESIGNS[key], parameters, getattr(experiment.sweep, key), seed)
    if experiment.sensitivity is not None:
        asked = experiment.sensitivity
        return sensitivity_points(
            asked.method, parameters, asked.samples, seed, second_order=asked.second_order
        )
    if experiment.attribute is not None:
        permutations = experiment.attribute.permutations
        return attribution_points(len(experiment.switches), permutations, seed)
    if experiment.advise is not None:
        return advice_points(len(experiment.switches))
    if experiment.discover is not None:
        require(PRIM)  # rather now than once all is simulated
        return sweep_points("latin-hypercube", parameters, experiment.discover.samples, seed)
    raise RelsimError("`tune` chooses its points as it goes.")


def size_of(study: Study) -> int:
    """How many points the method of a study asks for; at most, where it chooses as it goes."""
    experiment = study.experiment
    if experiment.tune is None:
        return len(points_of(study))
    goals = experiment.tune.goals
    return most_points(len(study.parameters), len(goals), experiment.tune.trials)


def tuning_of(
    study: Study,
    asked: schema.Tune,
    storage: Path,
    *,
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
) -> Tuning:
    """The values of parameters that fit the goals of a study.

    The search has the runs 0 to R - 1 of each point; the points that are reported are simulated
    anew with the runs R to 2R - 1.

    Args:
        study, asked: what to tune, and to what.
        storage: a file that keeps the trials; several processes may work at it.
        executor: where runs are simulated; threads on all cores where absent.
        progress: called with the number of points that are done.
    """
    measures, runs = study.experiment.measures, study.experiment.runs
    objectives = [
        Objective(
            name,
            goal,
            study.measure_name(name),
            unit_of(measures[name]),
            share=is_share(measures[name]),
        )
        for name, goal in asked.goals.items()
    ]
    held_out = [name for name in study.outcomes if name not in measures]
    return tune(
        study.parameters,
        lambda points: evaluate(study, points, executor=executor).by_measure,
        objectives,
        asked.trials,
        study.experiment.seed,
        storage,
        fresh=lambda points: evaluate(study, points, first_run=runs, executor=executor).by_measure,
        held_out=held_out,
        progress=progress,
    )


def findings_of(study: Study, points: Values, outcomes: Mapping[str, Values]) -> Findings:
    """What the method of a study makes of outcomes [P, R] at its points."""
    experiment, parameters, seed = study.experiment, study.parameters, study.experiment.seed
    named = {study.measure_name(name): values for name, values in outcomes.items()}
    if experiment.sweep is not None:
        shares = [
            study.measure_name(name) for name, one in experiment.measures.items() if is_share(one)
        ]
        design = DESIGNS[sweep_key(experiment.sweep)]
        return sweep(design, parameters, points, named, seed, shares)
    if experiment.sensitivity is not None:
        method, pairs = experiment.sensitivity.method, experiment.sensitivity.second_order
        return sensitivity(method, parameters, points, named, seed, second_order=pairs)
    if experiment.attribute is not None:
        permutations = experiment.attribute.permutations
        return attribute(study.switch_names, points, named, permutations, seed)
    if experiment.advise is not None:
        return advise(study.switch_names, points, named, *_wanted(study, experiment.advise), seed)
    assert experiment.discover is not None
    return discover(parameters, points, named, _outcome(study, experiment.discover), seed=seed)


def _wanted(study: Study, asked: schema.Advise) -> tuple[Goal, list[Bound]]:
    """The goal and the bounds of advice."""
    bounds = [
        Bound(
            study.measure_name(name),
            -math.inf if bound.above is None else bound.above,
            math.inf if bound.below is None else bound.below,
            bound.share,
        )
        for name, bound in asked.bounds.items()
    ]
    return Goal(study.measure_name(asked.goal), maximise=asked.raise_ is not None), bounds


def _outcome(study: Study, asked: schema.Discover) -> Outcome:
    name = study.measure_name(asked.measure)
    if asked.above is not None:
        return Outcome(name, "above", asked.above, asked.share)
    assert asked.below is not None
    return Outcome(name, "below", asked.below, asked.share)


def tables_of(findings: Findings) -> dict[str, pd.DataFrame]:
    """The tables of findings that hold something."""
    return {name: table for name, table in findings.tables().items() if not table.empty}
