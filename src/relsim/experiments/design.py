"""Whether the method of an experiment can do what is asked, known before it is simulated."""

from __future__ import annotations

from collections.abc import Iterator

from relsim.errors import Problem, RelsimError
from relsim.experiments import schema
from relsim.experiments.advise import LEAST_RUNS as LEAST_OF_ADVICE
from relsim.experiments.advise import portfolio_count
from relsim.experiments.attribute import most_coalitions
from relsim.experiments.misfit import LEAST_RUNS
from relsim.experiments.parameters import Parameter
from relsim.experiments.schema import Experiment
from relsim.experiments.sensitivity import sensitivity_size
from relsim.experiments.subsets import MOST_MEMBERS
from relsim.experiments.sweep import sweep_size
from relsim.experiments.sweep_findings import Design
from relsim.experiments.tune import most_points
from relsim.scenario.tree import Mapping, locate

# Points with their outcomes lie in memory while they are analysed: 0.8 GB, and a few copies.
MOST_NUMBERS = 100_000_000
MOST_POINTS = 1_000_000  # of which each is a row of tables; with 20 runs 2 hours at 3,000 a second
# Each trial is proposed from all before it, so that time grows with their square; orders of joining
# are gone through one by one. Both are at least a hundred times the default.
MOST_TRIALS, MOST_ORDERS = 20_000, 100_000
DESIGNS: dict[str, Design] = {
    "grid": "grid",
    "latin_hypercube": "latin-hypercube",
    "sobol": "sobol",
}


def design_problems(
    experiment: Experiment, parameters: tuple[Parameter, ...], outcomes: int, tree: Mapping
) -> list[Problem]:
    """What keeps the method from running, at its place.

    Args:
        experiment: what the file says.
        parameters: what is varied, K.
        outcomes: how many numbers are taken of each run.
        tree: of the file.
    """
    place = locate(tree, (experiment.method, _deciding_key(experiment)))
    found = list(_too_few_runs(experiment, tree))
    try:
        points = point_count(experiment, parameters)
        _refuse_too_many(experiment, points, outcomes)
    except RelsimError as error:
        found.append(Problem(place, "bad-design", str(error)))
    return found


def _deciding_key(experiment: Experiment) -> str:
    """The key of the method that decides how many points there are."""
    if experiment.sweep is not None:
        return sweep_key(experiment.sweep)
    keys = {"tune": "trials", "attribute": "permutations", "advise": "levers"}
    return keys.get(experiment.method, "samples")


def sweep_key(asked: schema.Sweep) -> str:
    """The key of the design that a sweep asks for."""
    return next(key for key in DESIGNS if getattr(asked, key) is not None)


def _too_few_runs(experiment: Experiment, tree: Mapping) -> Iterator[Problem]:
    fits = [one for one in experiment.measures.values() if one.misfit is not None]
    if experiment.advise is not None and experiment.runs < LEAST_OF_ADVICE:
        text = (
            f"Advice takes at least {LEAST_OF_ADVICE} runs, of which half choose and half measure."
        )
        yield Problem(locate(tree, ("runs",)), "bad-design", text)
    if fits and experiment.runs < LEAST_RUNS:
        text = f"A misfit takes at least {LEAST_RUNS} runs at each point, not {experiment.runs}."
        yield Problem(locate(tree, ("runs",)), "bad-design", text)


def _refuse_too_many(experiment: Experiment, points: int, outcomes: int) -> None:
    match getattr(experiment, experiment.method):
        case schema.Tune() as asked if asked.trials > MOST_TRIALS:
            raise RelsimError(f"At most {MOST_TRIALS:,} trials are taken.")
        case schema.Attribute() as asked if len(asked.players) > MOST_MEMBERS:
            if asked.permutations > MOST_ORDERS:
                raise RelsimError(f"At most {MOST_ORDERS:,} permutations are taken.")
    if points > MOST_POINTS:
        raise RelsimError(f"These are {_count(points)} points; at most {MOST_POINTS:,} are taken.")
    columns = len(experiment.parameters) + len(experiment.switches)
    numbers = points * (columns + experiment.runs * outcomes)
    if numbers > MOST_NUMBERS:
        raise RelsimError(
            f"{points:,} points with {experiment.runs:,} runs and {outcomes} outcomes are "
            f"{_count(numbers)} numbers; at most {MOST_NUMBERS:,} are taken. Ask for fewer points, "
            "runs or measures."
        )


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**15 else "over 10¹⁵"


def point_count(experiment: Experiment, parameters: tuple[Parameter, ...]) -> int:
    """How many points the method of an experiment asks for; at most, where it chooses as it goes.

    Raises:
        RelsimError: a number of the method makes no sense.
    """
    count = len(parameters)
    match getattr(experiment, experiment.method):
        case schema.Sweep() as asked:
            return sweep_size(
                DESIGNS[sweep_key(asked)], parameters, getattr(asked, sweep_key(asked))
            )
        case schema.Sensitivity() as asked:
            method, pairs = asked.method, asked.second_order
            return sensitivity_size(method, count, asked.samples, second_order=pairs)
        case schema.Tune() as asked:
            return most_points(count, len(asked.goals), asked.trials)
        case schema.Attribute() as asked:
            return most_coalitions(len(asked.players), asked.permutations)
        case schema.Advise() as asked:
            return portfolio_count(len(asked.levers))
        case schema.Discover() as asked:
            return sweep_size("latin-hypercube", parameters, asked.samples)
    raise AssertionError(experiment.method)
