"""Whether the method of an experiment can do what is asked, known before it is simulated."""

from __future__ import annotations

from collections.abc import Iterator

from relsim.errors import Problem, RelsimError
from relsim.experiments.misfit import LEAST_RUNS
from relsim.experiments.study import Study
from relsim.scenario.tree import Mapping, locate

# Points with their outcomes lie in memory while they are analysed: 0.8 GB, and a few copies.
MOST_NUMBERS = 100_000_000
MOST_POINTS = 1_000_000  # of which each is a row of tables; with 20 runs 2 hours at 3,000 a second


def design_problems(study: Study, tree: Mapping) -> Iterator[Problem]:
    """What keeps the method of a study from running, at its place in the tree of the file."""
    experiment, method = study.experiment, study.method
    for path, text in method.problems(study):
        yield Problem(locate(tree, path), "bad-design", text)
    misfits = any(measure.misfit is not None for measure in experiment.measures.values())
    if misfits and experiment.runs < LEAST_RUNS:
        text = f"A misfit takes at least {LEAST_RUNS} runs at each point, not {experiment.runs}."
        yield Problem(locate(tree, ("runs",)), "bad-design", text)
    try:
        _refuse_too_many(study, method.size(study))
    except RelsimError as error:
        place = locate(tree, (experiment.method_name, method.size_key))
        yield Problem(place, "bad-design", str(error))


def _refuse_too_many(study: Study, points: int) -> None:
    if points > MOST_POINTS:
        raise RelsimError(f"These are {_count(points)} points; at most {MOST_POINTS:,} are taken.")
    runs, outcomes = study.experiment.runs, len(study.outcomes)
    numbers = points * (len(study.columns) + runs * outcomes)
    if numbers > MOST_NUMBERS:
        raise RelsimError(
            f"{points:,} points with {runs:,} runs and {outcomes} outcomes are "
            f"{_count(numbers)} numbers; at most {MOST_NUMBERS:,} are taken. Ask for fewer points, "
            "runs or measures."
        )


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**15 else "over 10¹⁵"
