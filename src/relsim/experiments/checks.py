"""Mistakes in the file of an experiment, found before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from pathlib import Path

from relsim.errors import Position, Problem, RelsimError, ScenarioError, did_you_mean
from relsim.experiments.misfit import LEAST_RUNS
from relsim.experiments.overlaps import full_steps
from relsim.experiments.schema import Measure, Range, Switch
from relsim.experiments.study import HELD_OUT_WORDS, Setup, Study, claim_of
from relsim.scenario.layers import real_path
from relsim.scenario.schema import Scenario
from relsim.scenario.tree import Mapping, TreePath, locate

FOLDER = "experiments"  # the folder of experiments, beside the folders of their scenarios
# Points with their outcomes lie in memory while they are analysed: 0.8 GB, and a few copies.
MOST_NUMBERS = 100_000_000
MOST_POINTS = 1_000_000  # each is a row of tables; with 20 runs 2 hours at 3,000 a second
# Dimensions and variables of the stored outcomes; no measure can have these names.
KEPT = frozenset({"run", "point", "parameter", "parameters"})
# Columns of tables that also have a column for each parameter; no parameter can have these names.
COLUMNS = frozenset(
    {
        *("run", "point", "measure", "runs", "mean", "low 95 %", "high 95 %"),
        *("10 % of runs", "median of runs", "90 % of runs"),
        *("share of runs", "case", "half", "box"),
    }
)


@dataclass(frozen=True)
class File:
    """The file of an experiment.

    Attributes:
        path: where it is.
        tree: what is written, with positions.
        experiment: the same, typed.
    """

    path: Path
    tree: Mapping
    experiment: Setup

    def position(self, path: TreePath, *, key: bool = False) -> Position:
        """Where something is written; ``key`` for its name and not its value."""
        return locate(self.tree, path, key=key)

    def problem(
        self, path: TreePath, code: str, text: str, hint: str = "", *, key: bool = False
    ) -> Problem:
        """A problem at something that is written."""
        return Problem(self.position(path, key=key), code, text, hint)


def refuse(problems: Iterable[Problem]) -> None:
    """Raises a ScenarioError if there are problems."""
    if listed := list(problems):
        raise ScenarioError(listed)


def repeated_scenarios(file: File) -> Iterator[Problem]:
    """Scenarios that are listed twice."""
    scenarios = file.experiment.scenario
    for index, name in enumerate(scenarios):
        if name in scenarios[:index]:
            text = f"'{name}' stands in this list twice."
            yield file.problem(("scenario", index), "given-twice", text, "Keep one of the two.")


def files_outside(file: File) -> Iterator[Problem]:
    """Files that lie neither in the folder of the experiment nor, where that is called
    `experiments`, in the folder that holds it and its scenarios."""
    names: list[tuple[str, TreePath]] = [
        (name, ("scenario", index)) for index, name in enumerate(file.experiment.scenario)
    ]
    names += [
        (measure.misfit, ("measures", key, "misfit"))
        for key, measure in file.experiment.measures.items()
        if measure.misfit is not None
    ]
    folder = file.path.parent
    root = real_path(folder)
    root = root.parent if root.name == FOLDER else root
    for name, path in names:
        if not real_path(folder / name).is_relative_to(root):
            text = f"{name} lies outside the folder of the experiment."
            yield file.problem(path, "file-outside", text, "Allow it with --extends-anywhere.")


def bad_names(file: File, scenario_file: str, base: Scenario) -> Iterator[Problem]:
    """Names of claims and measures that do not exist, names of two things at once, and parameters
    that are no interests though they say how they are taken."""
    yield from _unknown_names(file, scenario_file, base)
    yield from _names_taken(file, base)
    for path, varied in file.experiment.parameters.items():
        if varied.as_ is not None and not interest_of(path, base._tree):
            text = f"'{path}' is no interest: a tie, a stance, a salience or a capacity. Only "
            text += "those can be changed or read differently."
            at = ("parameters", path, "as")
            yield file.problem(at, "bad-reading", text, "Leave `as` out.", key=True)


def _unknown_names(file: File, scenario_file: str, base: Scenario) -> Iterator[Problem]:
    experiment = file.experiment
    for path, name in experiment.method.measures_named().items():
        if name not in experiment.measures:
            at, is_key = (experiment.method_name, *path), len(path) > 1 and path[-1] == name
            text, hint = f"'{name}' is not a measure here.", did_you_mean(name, experiment.measures)
            yield file.problem(at, "unknown-measure", text, hint, key=is_key)
    for key, measure in experiment.measures.items():
        if measure.claim is None:
            continue
        at, claim = ("measures", key, "claim"), base.claims.get(measure.claim)
        if claim is None:
            text = f"'{measure.claim}' is not a claim of {scenario_file}."
            hint = did_you_mean(measure.claim, base.claims)
            yield file.problem(at, "unknown-claim", text, hint)
        elif claim.expect.against is not None:
            text = f"The claim '{measure.claim}' compares with {claim.expect.against}."
            hint = "A measure is of one scenario; write it out with `probability`."
            yield file.problem(at, "bad-measure", text, hint)


def _names_taken(file: File, base: Scenario) -> Iterator[Problem]:
    """Names of two things at once, one of which would vanish from tables or stored outcomes."""
    experiment = file.experiment
    for key in experiment.measures:
        if claim_of(key) in base.claims:
            text = f"The scenario has a claim '{claim_of(key)}', which this measure is kept as."
            yield file.problem(("measures", key), "name-taken", text, key=True)
    reserved = {name for method in experiment.methods().values() for name in method.reserved}
    switches: TreePath = (experiment.method_name, experiment.method.switch_key)
    sections: tuple[tuple[TreePath, AnyMapping[str, Measure | Range | Switch], set[str]], ...] = (
        (("measures",), experiment.measures, {*KEPT, *experiment.parameters}),
        (("parameters",), experiment.parameters, {*COLUMNS}),
        (switches, experiment.switches, reserved),
    )
    for section, parts, taken in sections:
        shown: dict[str, str] = {}
        for key, part in parts.items():
            at_key = file.position((*section, key), key=True)
            at_label = file.position((*section, key, "label")) if part.label else at_key
            if key in taken or part.label in taken:
                text = f"'{key if key in taken else part.label}' is the name of something else in "
                text += "tables and in what is kept."
                yield Problem(at_key if key in taken else at_label, "name-taken", text)
            words = part.label or key
            if words in shown:
                text = f"'{words}' is what '{shown[words]}' is called already."
                yield Problem(at_label, "name-taken", text, "Give it a label of its own.")
            shown |= {words: key, f"{words}{HELD_OUT_WORDS}": key}


def design_problems(file: File, study: Study) -> Iterator[Problem]:
    """Reasons why the method of a study cannot run."""
    experiment, method = study.experiment, study.method
    for path, text in method.problems(study):
        yield file.problem(path, "bad-design", text)
    misfits = any(measure.misfit is not None for measure in experiment.measures.values())
    if misfits and experiment.runs < LEAST_RUNS:
        text = f"A misfit takes at least {LEAST_RUNS} runs at each point, not {experiment.runs}."
        yield file.problem(("runs",), "bad-design", text)
    try:
        _refuse_too_many(study, method.size(study))
    except RelsimError as error:
        at = (experiment.method_name, method.size_key)
        yield file.problem(at, "bad-design", str(error))


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


def interest_of(path: str, scenario: Mapping) -> str:
    """The interest that a path leads to, as in ``PAK.ties.USA``; empty for any other number.

    Args:
        path: as changes take it, in any spelling.
        scenario: the tree that it leads into.
    """
    match full_steps(scenario, path):
        case ("states", state, "ties", other, "weight"):
            return f"{state}.ties.{other}"
        case ("states", state, "issues", issue, "stance" | "salience" as number):
            return f"{state}.issues.{issue}.{number}"
        case ("states", state, "capacity", domain):
            return f"{state}.capacity.{domain}"
    return ""
