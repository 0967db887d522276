"""YAML → Study: an experiment's file with its scenario, checked before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import numpy as np
from pydantic import BaseModel, ValidationError

from relsim.analysis.observed import read_observed
from relsim.errors import Position, Problem, RelsimError, ScenarioError, did_you_mean
from relsim.experiments.checks import (
    File,
    bad_names,
    design_problems,
    files_outside,
    interest_of,
    refuse,
    repeated_scenarios,
)
from relsim.experiments.experiment import Experiment
from relsim.experiments.misfit import Matched, match
from relsim.experiments.overlaps import overlap_problems
from relsim.experiments.schema import Measure, Range
from relsim.experiments.study import HELD_OUT, Parameter, Setup, Study, claim_of
from relsim.model.compile import compile_scenario
from relsim.model.draws import quantile
from relsim.model.plan import Draw, pair_names
from relsim.scenario.interests import changed_interests, reference_interests, with_reference
from relsim.scenario.layers import apply_changes, full_path
from relsim.scenario.load import check_file, check_tree, other_kind
from relsim.scenario.schema import Scenario
from relsim.scenario.text import read_file, why_no_file, yaml_files
from relsim.scenario.titles import slug, told_apart
from relsim.scenario.tree import Items, Mapping, Node, TreePath, child, from_plain, plain
from relsim.scenario.validation import problem_of
from relsim.scenario.values import Distribution, Number

_NO_THRESHOLD = -1e6  # a claim needs a bound; below every level and change, it bounds nothing
NARROWEST = 1e-9  # a range is wider, relative to its size; levels are kept to 1e-7
_UNITS = {"half_life": "months", "chance": "per year", "adaptability": "per month"}


def load_experiment(path: str | Path, *, anywhere: bool = False) -> Study:
    """The experiment of a YAML file, with its scenario.

    Args:
        path: the file.
        anywhere: allow `scenario`, `misfit` and `extends` to leave the folder of the experiment.

    Raises:
        ScenarioError: with every problem of the file and of its scenario, located.
        RelsimError: it names several scenarios.
    """
    studies = load_experiments(path, anywhere=anywhere)
    if len(studies) > 1:
        raise RelsimError(
            f"{path} names {len(studies)} scenarios; load_experiments takes them all."
        )
    return studies[0]


def load_experiments(path: str | Path, *, anywhere: bool = False) -> tuple[Study, ...]:
    """The experiment of a YAML file on each of its scenarios.

    Args:
        path: the file.
        anywhere: as of :func:`load_experiment`.

    Raises:
        ScenarioError: with every problem of the file and of its scenarios, located.
    """
    path = Path(path)
    tree, problems = read_file(path, str(path))
    if tree is not None and not isinstance(tree, Mapping):
        text = "An experiment is a map of sections."
        raise ScenarioError([Problem(tree.position, "wrong-type", text)])
    if tree is None or problems:
        raise ScenarioError(problems)
    if other := other_kind(tree, "experiment"):
        raise ScenarioError([other])
    try:
        experiment = Experiment.model_validate(plain(tree))
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        raise ScenarioError(
            problem_of(mistake, tuple(mistake["loc"]), tree, _part_of) for mistake in mistakes
        ) from None
    file = File(path, tree, experiment)
    refuse(repeated_scenarios(file))
    if not anywhere:
        refuse(files_outside(file))
    names = file.experiment.scenario
    scenarios = told_apart([_scenario(name, file, anywhere=anywhere) for name in names])
    return tuple(_study(file, name, base) for name, base in zip(names, scenarios, strict=True))


def _study(file: File, scenario_file: str, base: Scenario) -> Study:
    experiment, stem = file.experiment, file.path.stem
    refuse(bad_names(file, scenario_file, base))
    refuse(overlap_problems(base._tree, experiment, file.tree))
    scenario = _with_everything(base, file)
    study = Study(
        experiment=experiment,
        slug=slug(stem if len(experiment.scenario) == 1 else f"{stem}-{base.slug}"),
        folder=file.path.parent,
        file=scenario_file,
        base=base,
        scenario=scenario,
        parameters=_parameters(scenario, file),
        observed=_observations(scenario, file),
    )
    refuse(design_problems(file, study))
    refuse(_switch_problems(file, study))
    return study


def _part_of(path: TreePath, tree: Mapping) -> tuple[type[BaseModel] | None, str]:
    """The model whose key the last step of ``path`` is."""
    owner = [str(step) for step in path[:-1]]
    for pattern, model, words in _parts():
        alike = (part in ("*", step) for part, step in zip(pattern, owner, strict=False))
        if len(pattern) == len(owner) and all(alike):
            return model, words
    return None, "this"


def _parts() -> Iterator[tuple[tuple[str, ...], type[BaseModel], str]]:
    """Each part of the format: its path ('*': any name), its model and its name in messages."""
    yield (), Experiment, "an experiment"
    yield ("parameters", "*"), Range, "a parameter"
    yield ("measures", "*"), Measure, "a measure"
    for name, method in Experiment.methods().items():
        yield (name,), method, method.noun or name
        for key, field in method.model_fields.items():
            for part in get_args(field.annotation):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    yield (name, key, "*"), part, f"a {key.removesuffix('s')}"


def _scenario(name: str, file: File, *, anywhere: bool) -> Scenario:
    path = file.path.parent / name
    if text := why_no_file(path, name):
        hint = did_you_mean(path.name, yaml_files(path.parent))
        refuse([file.problem(("scenario",), "not-found", text, hint)])
    return check_file(path, extends_anywhere=anywhere).require()


# The scenario with all that the experiment brings


def _with_everything(base: Scenario, file: File) -> Scenario:
    """The scenario that is simulated. Its problems are located at their causes in the file."""
    fixed = [(path, _node(file, ("set", path))) for path in file.experiment.set]
    for key, measure in file.experiment.measures.items():
        # A claim stands for the measure, which is its judged value.
        if expect := _expectation(measure, key, file):
            claim = from_plain({"says": key, "expect": expect}, file.position(("measures", key)))
            fixed.append((f"claims.{claim_of(key)}", claim))
    ranges: list[tuple[str, tuple[Node, Node]]] = []
    for path in file.experiment.parameters:
        steps: TreePath = ("parameters", path)
        if isinstance(_node(file, steps), Mapping):
            steps = (*steps, "range")
        ranges.append((path, (_node(file, (*steps, 0)), _node(file, (*steps, 1)))))
    recoded = _recoded(file)
    low, _ = (
        _changed(base, fixed, [*((path, ends[end]) for path, ends in ranges), *recoded])
        for end in (0, 1)  # both, so that both ends of ranges are checked
    )
    opening = reference_interests(low)
    uncertain = [
        (path, _uncertain(*ends, opening.get(interest_of(path, low._tree))))
        for path, ends in ranges
    ]
    return _changed(base, fixed, [*uncertain, *recoded])


def _changed(scenario: Scenario, *stages: list[tuple[str, Node]]) -> Scenario:
    """The scenario with changes, stage after stage; interests change from what they were before,
    unless a stage recodes them."""
    tree, problems = scenario._tree, []
    for changes in stages:
        after, of_changes = apply_changes(tree, changes)
        tree, of_recoding = with_reference(tree, after)
        problems += [*of_changes, *of_recoding]
    return check_tree(tree, scenario.folder, problems).require().named(scenario.slug)


def _recoded(file: File) -> list[tuple[str, Node]]:
    """The change that lists the parameters that are readings as `recoded`; none without them."""
    paths = [path for path, varied in file.experiment.parameters.items() if varied.as_ == "reading"]
    positions = [file.position(("parameters", path, "as")) for path in paths]
    names = map(from_plain, paths, positions)
    return [("recoded", Items(tuple(names), positions[0]))] if paths else []


def _uncertain(low: Node, high: Node, opening: Number | str | None) -> Node:
    """The uncertain number in place of a parameter. It is never like the number that the opening
    is read with, so that a changed interest is drawn apart from that."""
    ends = plain(low), plain(high)
    if isinstance(opening, Distribution) and opening.kind == "uniform":
        return from_plain({"triangular": [ends[0], *ends]}, low.position)
    return from_plain({"uniform": [*ends]}, low.position)


def _expectation(measure: Measure, key: str, file: File) -> Any:
    if measure.probability is not None:
        return plain(_node(file, ("measures", key, "probability")))
    tie = measure.level or measure.change or measure.time_to or measure.volatility
    if tie is None:
        return None
    bound: dict[str, Any] = {"above": _NO_THRESHOLD}
    if measure.time_to is not None:
        bounds = {"above": measure.above, "below": measure.below}
        bound = {name: value for name, value in bounds.items() if value is not None}
    kind = {"time_to": "reach", "change": "change"}.get(measure.question, "level")
    when = {} if measure.at is None else {"at": str(measure.at)}
    return {kind: str(tie), **bound, **when}


def _node(file: File, steps: TreePath) -> Node:
    node: Node | None = file.tree
    for step in steps:
        node = child(node, step) if node is not None else None
    assert node is not None
    return node


# Ranges, observations and switches


def _parameters(scenario: Scenario, file: File) -> tuple[Parameter, ...]:
    """The parameters with their ranges as the compiler reads them."""
    draws, problems, parameters = compile_scenario(scenario).draws, [], []
    known: dict[str, str] = {}  # paths by the number that they lead to
    for path, varied in file.experiment.parameters.items():
        at: TreePath = ("parameters", path)
        draw = draw_of(path, scenario, draws)
        if draw is None or not draw.places:
            text = f"No run depends on {path} in this scenario, so it cannot be varied."
            problems.append(file.problem(at, "no-number", text, key=True))
            continue
        low, *_, high = draw.distribution.arguments
        if high - low <= NARROWEST * max(1.0, abs(low), abs(high)):
            text = f"{path} has no range: {low:g} to {high:g}."
            problems.append(file.problem(at, "bad-range", text, key=True))
        if draw.name in known:
            text = f"'{path}' is the same number as '{known[draw.name]}'; only one would count."
            hint = "Keep one of the two."
            problems.append(file.problem(at, "given-twice", text, hint, key=True))
        known[draw.name] = path
        interest = (varied.as_ or "changed") if interest_of(path, scenario._tree) else ""
        unit = _UNITS.get(path.rsplit(".", 1)[-1], "")
        parameters.append(Parameter(path, low, high, varied.label, unit, interest))
    refuse(problems)
    return tuple(parameters)


def own_values(study: Study) -> dict[str, float | None]:
    """The value that the scenario itself has for each parameter, by path: the median where it is
    uncertain; None where a path leads to several numbers that differ, or to none that is finite."""
    compiled = compile_scenario(study.base.with_changes(study.experiment.set))
    vector = compiled.vector.copy()
    for draw in compiled.draws:
        vector[list(draw.places)] = quantile(draw.distribution, np.array(0.5))
    varied = compile_scenario(study.scenario).draws
    own: dict[str, float | None] = {}
    for parameter in study.parameters:
        draw_here = draw_of(parameter.path, study.scenario, varied)
        values = vector[list(draw_here.places)] if draw_here else np.array([np.nan])
        alone = np.isfinite(values[0]) and bool((values == values[0]).all())
        own[parameter.path] = float(values[0]) if alone else None
    return own


def draw_of(path: str, scenario: Scenario, draws: tuple[Draw, ...]) -> Draw | None:
    """The uncertain number that a path leads to; a lone number may stand for a deeper one."""
    full = ".".join(full_path(scenario._tree, path))
    inside = (draw for draw in draws if draw.name == full or draw.name.startswith(f"{full}."))
    return next(inside, None)


def _observations(scenario: Scenario, file: File) -> dict[str, Matched]:
    """The observations of each misfit that the scenario simulates, fitted and held out."""
    matched: dict[str, Matched] = {}
    months = [month.serial for month in scenario.time.months]
    for key, measure in file.experiment.measures.items():
        if measure.misfit is None:
            continue
        at: TreePath = ("measures", key, "misfit")
        path = file.path.parent / measure.misfit
        if text := why_no_file(path, measure.misfit):
            refuse([file.problem(at, "not-found", text)])
        series = read_observed(path).named_as(scenario.states)
        parts = {key: series}
        if measure.until is not None:
            until = measure.until.serial
            parts = {key: series.until(until), f"{key}{HELD_OUT}": series.after(until)}
        for outcome, part in parts.items():
            try:
                matched[outcome] = match(part, _pairs(scenario), months)
            except RelsimError as error:
                problem = file.problem(at, "nothing-observed", str(error))
                raise ScenarioError([problem]) from None
    return matched


def _pairs(scenario: Scenario) -> list[str]:
    """All pairs of a scenario, as in ``PAK-RUS``."""
    return pair_names(tuple(combinations(sorted(scenario.states), 2)))


def _switch_problems(file: File, study: Study) -> Iterator[Problem]:
    """Problems of the scenario with each switch off or on; then with all off, and all on."""
    section = study.method.switch_key
    at: TreePath = (study.experiment.method_name, section)
    together: dict[bool, dict[str, Any]] = {False: {}, True: {}}
    sound = True
    for name, switch in study.experiment.switches.items():
        for on, all_changes in together.items():
            changes, when = switch.changes(on=on), f"With '{name}' {'on' if on else 'off'}"
            all_changes |= changes
            position = file.position((*at, name))
            for problem in _problems_of(study, changes, position):
                sound = False
                own = problem.position.file == position.file
                yield problem if own else _located(problem, position, when)
    for on, all_changes in together.items() if sound else ():
        position = file.position(at)
        for problem in _problems_of(study, all_changes, position):
            yield _located(problem, position, f"With all {section} {'on' if on else 'off'}")


def _located(problem: Problem, position: Position, when: str) -> Problem:
    """A problem of a changed scenario, where the change is written."""
    elsewhere = "" if problem.position.file == position.file else f", at {problem.position}"
    return Problem(position, problem.code, f"{when}{elsewhere}: {problem.text}", problem.hint)


def _problems_of(
    study: Study, changes: AnyMapping[str, Any], position: Position
) -> Iterator[Problem]:
    """Problems of the scenario with some changes, which are all written at one position."""
    nodes = [(path, from_plain(value, position)) for path, value in changes.items()]
    try:
        changed = _changed(study.scenario, nodes)
    except ScenarioError as error:
        yield from error.problems
        return
    pairs = set(_pairs(changed))
    for outcome, matched in study.observed.items():
        if missing := sorted({*matched.observations["dyad"]} - pairs):
            text = f"There is no {', '.join(missing)}, which '{outcome}' has observations of."
            yield Problem(position, "nothing-observed", text)


def interests_in_words(
    experiment: Setup, parameters: Iterable[Parameter], scenario: Scenario
) -> str:
    """How an experiment took interests, in a sentence; empty where it varies and sets none.

    Args:
        experiment: what its file says.
        parameters: what is varied.
        scenario: what is simulated.
    """
    several = tuple(parameters)
    paths = [parameter.path for parameter in several if parameter.interest == "changed"]
    for switch in experiment.switches.values():
        paths += [*switch.off, *switch.on]
    now_changed = {change.path for change in changed_interests(scenario)}
    fixed = {interest_of(path, scenario._tree) for path in experiment.set} & now_changed
    varied = {interest_of(path, scenario._tree) for path in paths} - {""}
    changed = len(fixed | varied)
    read = sum(parameter.interest == "reading" for parameter in several)
    parts = []
    if changed:
        are = "interest is" if changed == 1 else "interests are"
        parts.append(f"{changed} {are} changed: the opening is read with the scenario's own values")
    if read:
        noun = "" if changed else " interest" if read == 1 else " interests"
        parts.append(
            f"{read}{noun} {'is' if read == 1 else 'are'} read differently at each point, so that "
            "the opening is at rest with what the point says"
        )
    return f"{'; '.join(parts)}." if parts else ""
