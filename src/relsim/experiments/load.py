"""YAML → Study: an experiment's file with its scenario, checked before anything is simulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from relsim.analysis.observed import read_observed
from relsim.errors import Position, Problem, RelsimError, ScenarioError, did_you_mean
from relsim.experiments.design import design_problems
from relsim.experiments.experiment import Experiment
from relsim.experiments.interests import interest_of
from relsim.experiments.misfit import Matched, match
from relsim.experiments.overlaps import overlap_problems
from relsim.experiments.parameters import COLUMNS, KEPT, Parameter
from relsim.experiments.schema import Measure, Range, Switch
from relsim.experiments.study import HELD_OUT, HELD_OUT_WORDS, Setup, Study, claim_of
from relsim.model.compile import compile_scenario
from relsim.model.plan import Draw, pair_names
from relsim.scenario.interests import reference_interests, with_reference
from relsim.scenario.layers import apply_changes, full_path, real_path
from relsim.scenario.load import check_file, check_tree, other_kind
from relsim.scenario.schema import Scenario
from relsim.scenario.text import read_file, why_no_file, yaml_files
from relsim.scenario.titles import slug, told_apart
from relsim.scenario.tree import Items, Mapping, Node, TreePath, child, from_plain, locate, plain
from relsim.scenario.validation import problem_of
from relsim.scenario.values import Distribution, Number

# Unbounded for every level and change: a claim has to have a bound, a measure's is not read.
_NO_THRESHOLD = -1e6
FOLDER = "experiments"  # where experiments stand beside the folders of their scenarios
NARROWEST = 1e-9  # of its size is a range; levels are kept to a tenth of a millionth


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
    experiment = _typed(tree)
    _refuse(_repeated_scenarios(experiment, tree))
    if not anywhere:
        _refuse(_files_outside(experiment, tree, path.parent))
    scenarios = [
        _scenario_of(file, tree, path.parent, anywhere=anywhere) for file in experiment.scenario
    ]
    files = zip(experiment.scenario, told_apart(scenarios), strict=True)
    return tuple(_study(experiment, file, base, tree, path) for file, base in files)


def _study(experiment: Setup, file: str, base: Scenario, tree: Mapping, path: Path) -> Study:
    _refuse(_bad_names(experiment, file, base, tree))
    _refuse(overlap_problems(base._tree, experiment, tree))
    scenario = _with_everything(base, experiment, tree)
    parameters = _parameters(scenario, experiment, tree)
    observed = _observations(scenario, experiment, path.parent, tree)
    own = slug(path.stem) if len(experiment.scenario) == 1 else slug(f"{path.stem}-{base.slug}")
    study = Study(experiment, own, path.parent, file, base, scenario, parameters, observed)
    _refuse(design_problems(study, tree))
    _refuse(_switch_problems(study, tree))
    return study


def _typed(tree: Mapping) -> Setup:
    try:
        return Experiment.model_validate(plain(tree))
    except ValidationError as error:
        found = error.errors(include_url=False)
    raise ScenarioError(problem_of(item, tuple(item["loc"]), tree, _part_of) for item in found)


def _part_of(path: TreePath, tree: Mapping) -> tuple[type[BaseModel] | None, str]:
    """The model whose key the last step of ``path`` is."""
    owner = [str(step) for step in path[:-1]]
    for pattern, model, words in _parts():
        alike = (one in ("*", step) for one, step in zip(pattern, owner, strict=False))
        if len(pattern) == len(owner) and all(alike):
            return model, words
    return None, "this"


def _parts() -> Iterator[tuple[tuple[str, ...], type[BaseModel], str]]:
    """Where each part of the format stands ('*': any name), and what to call it."""
    yield (), Experiment, "an experiment"
    yield ("parameters", "*"), Range, "a parameter"
    yield ("measures", "*"), Measure, "a measure"
    for name, method in Experiment.methods().items():
        yield (name,), method, method.noun or name
        for key, field in method.model_fields.items():
            for part in get_args(field.annotation):
                if isinstance(part, type) and issubclass(part, BaseModel):
                    yield (name, key, "*"), part, f"a {key.removesuffix('s')}"


def _repeated_scenarios(experiment: Setup, tree: Mapping) -> Iterator[Problem]:
    for place, file in enumerate(experiment.scenario):
        if file in experiment.scenario[:place]:
            text = f"'{file}' stands in this list twice."
            position = locate(tree, ("scenario", place))
            yield Problem(position, "given-twice", text, "Keep one of the two.")


def _files_outside(experiment: Setup, tree: Mapping, folder: Path) -> Iterator[Problem]:
    """Files that lie neither in the folder of the experiment nor, where that is called
    `experiments`, in the folder it stands in beside scenarios."""
    files: list[tuple[str, TreePath]] = [
        (file, ("scenario", place)) for place, file in enumerate(experiment.scenario)
    ]
    files += [
        (measure.misfit, ("measures", name, "misfit"))
        for name, measure in experiment.measures.items()
        if measure.misfit is not None
    ]
    root = real_path(folder)
    root = root.parent if root.name == FOLDER else root
    for file, at in files:
        if not real_path(folder / file).is_relative_to(root):
            text = f"{file} lies outside the folder of the experiment."
            hint = "Allow it with --extends-anywhere."
            yield Problem(locate(tree, at), "file-outside", text, hint)


def _scenario_of(name: str, tree: Mapping, folder: Path, *, anywhere: bool) -> Scenario:
    file = folder / name
    if text := why_no_file(file, name):
        hint = did_you_mean(file.name, yaml_files(file.parent))
        raise ScenarioError([Problem(locate(tree, ("scenario",)), "not-found", text, hint)])
    return check_file(file, extends_anywhere=anywhere).require()


# The scenario with all that the experiment brings


def _with_everything(base: Scenario, experiment: Setup, tree: Mapping) -> Scenario:
    """The scenario that is simulated; raises what is wrong with it at the file's places."""
    fixed = [*_set_changes(experiment, tree), *_measure_changes(base, experiment, tree)]
    ranges = [(path, _range_nodes(path, tree)) for path in experiment.parameters]
    read = [("recoded", node)] if (node := _readings(experiment, tree)) else []
    low, _ = (
        _changed(base, fixed, [*((path, nodes[end]) for path, nodes in ranges), *read])
        for end in (0, 1)
    )
    opening = reference_interests(low)
    uncertain = [
        (path, _uncertain(*nodes, opening.get(interest_of(path, low._tree))))
        for path, nodes in ranges
    ]
    return _changed(base, fixed, [*uncertain, *read])


def _changed(scenario: Scenario, *stages: list[tuple[str, Node]]) -> Scenario:
    """The scenario with changes, stage after stage; interests change from what they were before,
    unless a stage recodes them."""
    tree, problems = scenario._tree, []
    for changes in stages:
        after, found = apply_changes(tree, changes)
        tree, recoded = with_reference(tree, after)
        problems += [*found, *recoded]
    return check_tree(tree, scenario.folder, problems).require().named(scenario.slug)


def _readings(experiment: Setup, tree: Mapping) -> Node | None:
    """The parameters that are readings, as `recoded` lists them; None where there is none."""
    paths = [path for path, one in experiment.parameters.items() if one.as_ == "reading"]
    places = [locate(tree, ("parameters", path, "as")) for path in paths]
    named = map(from_plain, paths, places)
    return Items(tuple(named), places[0]) if paths else None


def _uncertain(low: Node, high: Node, opening: Number | str | None) -> Node:
    """The uncertain number in place of a parameter. It is never like the number that the opening
    is read with, so that a changed interest is drawn apart from that."""
    ends = plain(low), plain(high)
    if isinstance(opening, Distribution) and opening.kind == "uniform":
        return _at({"triangular": [ends[0], *ends]}, low)
    return _at({"uniform": [*ends]}, low)


def _set_changes(experiment: Setup, tree: Mapping) -> list[tuple[str, Node]]:
    return [(path, _node(tree, ("set", path))) for path in experiment.set]


def _range_nodes(path: str, tree: Mapping) -> tuple[Node, Node]:
    """Low and high of a parameter, where they were written."""
    steps: tuple[str | int, ...] = ("parameters", path)
    written = _node(tree, steps)
    if isinstance(written, Mapping):
        steps = (*steps, "range")
    return _node(tree, (*steps, 0)), _node(tree, (*steps, 1))


def _measure_changes(base: Scenario, experiment: Setup, tree: Mapping) -> list[tuple[str, Node]]:
    """The claims that stand for measures, and the pairs to record."""
    changes: list[tuple[str, Node]] = []
    for name, measure in experiment.measures.items():
        expect = _expectation(measure, base, tree, name)
        if expect is not None:
            claim = {"says": name, "expect": expect}
            node = from_plain(claim, locate(tree, ("measures", name)))
            changes.append((f"claims.{claim_of(name)}", node))
    return changes


def _expectation(measure: Measure, base: Scenario, tree: Mapping, name: str) -> Any:
    """What a claim has to expect for its judged value to be the measure."""
    if measure.probability is not None:
        return plain(_node(tree, ("measures", name, "probability")))
    tie = measure.level or measure.change or measure.time_to or measure.volatility
    if tie is None:
        return None
    bound: dict[str, Any] = {"above": _NO_THRESHOLD}
    if measure.time_to is not None:
        bounds = {"above": measure.above, "below": measure.below}
        bound = {key: value for key, value in bounds.items() if value is not None}
    kind = {"time_to": "reach", "change": "change"}.get(measure.question, "level")
    when = {} if measure.at is None else {"at": str(measure.at)}
    return {kind: str(tie), **bound, **when}


def _node(tree: Mapping, steps: tuple[str | int, ...]) -> Node:
    node: Node | None = tree
    for step in steps:
        node = child(node, step) if node is not None else None
    assert node is not None
    return node


def _at(value: Any, node: Node) -> Node:
    return from_plain(value, node.position)


# Ranges and names


def _parameters(scenario: Scenario, experiment: Setup, tree: Mapping) -> tuple[Parameter, ...]:
    """The parameters with their ranges as the compiler reads them."""
    draws, problems, found = compile_scenario(scenario).draws, [], []
    known: dict[str, str] = {}  # paths by the number that they lead to
    for path, one in experiment.parameters.items():
        place = locate(tree, ("parameters", path), key=True)
        draw = draw_of(path, scenario, draws)
        if draw is None or not draw.places:
            text = f"No run depends on {path} in this scenario, so it cannot be varied."
            problems.append(Problem(place, "no-number", text))
            continue
        low, *_, high = draw.distribution.arguments
        if high - low <= NARROWEST * max(1.0, abs(low), abs(high)):
            text = f"{path} has no range: {low:g} to {high:g}."
            problems.append(Problem(place, "bad-range", text))
        if draw.name in known:
            text = f"'{path}' is the same number as '{known[draw.name]}'; only one would count."
            problems.append(Problem(place, "given-twice", text, "Keep one of the two."))
        known[draw.name] = path
        taken = (one.as_ or "changed") if interest_of(path, scenario._tree) else ""
        found.append(Parameter(path, low, high, one.label, _unit(path), taken))
    if problems:
        raise ScenarioError(problems)
    return tuple(found)


def draw_of(path: str, scenario: Scenario, draws: tuple[Draw, ...]) -> Draw | None:
    """The uncertain number that a path leads to; a lone number may stand for a deeper one."""
    full = ".".join(full_path(scenario._tree, path))
    for draw in draws:
        if draw.name == full or draw.name.startswith(f"{full}."):
            return draw
    return None


def _observations(
    scenario: Scenario, experiment: Setup, folder: Path, tree: Mapping
) -> dict[str, Matched]:
    """The observations of each misfit that the scenario simulates, fitted and held out."""
    found: dict[str, Matched] = {}
    for name, measure in experiment.measures.items():
        if measure.misfit is None:
            continue
        place = locate(tree, ("measures", name, "misfit"))
        if text := why_no_file(folder / measure.misfit, measure.misfit):
            raise ScenarioError([Problem(place, "not-found", text)])
        series = read_observed(folder / measure.misfit).named_as(scenario.states)
        until = None if measure.until is None else measure.until.serial
        parts = {name: series.until(until)} if until is not None else {name: series}
        if until is not None:
            parts[f"{name}{HELD_OUT}"] = series.after(until)
        for outcome, part in parts.items():
            try:
                found[outcome] = match(part, pair_names_of(scenario), _months(scenario))
            except RelsimError as error:
                raise ScenarioError([Problem(place, "nothing-observed", str(error))]) from None
    return found


def pair_names_of(scenario: Scenario) -> list[str]:
    """All pairs of a scenario, as in ``PAK-RUS``."""
    return pair_names(tuple(combinations(sorted(scenario.states), 2)))


def _months(scenario: Scenario) -> list[int]:
    """The month of each recorded step, as a serial number."""
    time = scenario.time
    return [time.start.serial + step * time.months_per_step for step in range(time.steps + 1)]


def _unit(path: str) -> str:
    last = path.rsplit(".", 1)[-1]
    return {"half_life": "months", "chance": "per year", "adaptability": "per month"}.get(last, "")


def _refuse(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise ScenarioError(found)


def _bad_names(experiment: Setup, file: str, base: Scenario, tree: Mapping) -> Iterator[Problem]:
    yield from _unknown_claims(experiment, file, base, tree)
    yield from _unknown_measures(experiment, tree)
    yield from _names_taken(experiment, base, tree)
    yield from _no_interests(experiment, base, tree)


def _no_interests(experiment: Setup, base: Scenario, tree: Mapping) -> Iterator[Problem]:
    """Parameters that say how they are taken as interests, and are none."""
    for path, one in experiment.parameters.items():
        if one.as_ is not None and not interest_of(path, base._tree):
            text = f"'{path}' is no interest: a tie, a stance, a salience or a capacity. Only "
            text += "those can be changed or read differently."
            place = locate(tree, ("parameters", path, "as"), key=True)
            yield Problem(place, "bad-reading", text, "Leave `as` out.")


def _names_taken(experiment: Setup, base: Scenario, tree: Mapping) -> Iterator[Problem]:
    """Names of two things at once, of which one would vanish from tables or what is kept."""
    for name in experiment.measures:
        if claim_of(name) in base.claims:
            text = f"The scenario has a claim '{claim_of(name)}', which this measure is kept as."
            yield Problem(locate(tree, ("measures", name), key=True), "name-taken", text)
    reserved = {name for method in experiment.methods().values() for name in method.reserved}
    switches: TreePath = (experiment.method_name, experiment.method.switch_key)
    named: tuple[tuple[TreePath, AnyMapping[str, Measure | Range | Switch], set[str]], ...] = (
        (("measures",), experiment.measures, {*KEPT, *experiment.parameters}),
        (("parameters",), experiment.parameters, {*COLUMNS}),
        (switches, experiment.switches, reserved),
    )
    for at, parts, taken in named:
        shown: dict[str, str] = {}
        for key, part in parts.items():
            place = locate(tree, (*at, key), key=True)
            label = locate(tree, (*at, key, "label")) if part.label else place
            if key in taken or part.label in taken:
                text = f"'{key if key in taken else part.label}' is the name of something else in "
                text += "tables and in what is kept."
                yield Problem(place if key in taken else label, "name-taken", text)
            words = part.label or key
            if words in shown:
                text = f"'{words}' is what '{shown[words]}' is called already."
                yield Problem(label, "name-taken", text, "Give it a label of its own.")
            shown |= {words: key, f"{words}{HELD_OUT_WORDS}": key}


def _unknown_claims(experiment: Setup, file: str, base: Scenario, tree: Mapping) -> list[Problem]:
    problems = []
    for name, measure in experiment.measures.items():
        if measure.claim is None:
            continue
        place = locate(tree, ("measures", name, "claim"))
        claim = base.claims.get(measure.claim)
        if claim is None:
            hint = did_you_mean(measure.claim, base.claims)
            text = f"'{measure.claim}' is not a claim of {file}."
            problems.append(Problem(place, "unknown-claim", text, hint))
        elif claim.expect.against is not None:
            text = f"The claim '{measure.claim}' compares with {claim.expect.against}."
            hint = "A measure is of one scenario; write it out with `probability`."
            problems.append(Problem(place, "bad-measure", text, hint))
    return problems


def _unknown_measures(experiment: Setup, tree: Mapping) -> Iterator[Problem]:
    """Measures that a method names and that are not there."""
    for path, name in experiment.method.measures_named().items():
        if name not in experiment.measures:
            is_key = len(path) > 1 and path[-1] == name
            yield Problem(
                locate(tree, (experiment.method_name, *path), key=is_key),
                "unknown-measure",
                f"'{name}' is not a measure here.",
                did_you_mean(name, experiment.measures),
            )


def _switch_problems(study: Study, tree: Mapping) -> Iterator[Problem]:
    """What is wrong with each switch, off or on; then with all of them off, and all on."""
    scenario, observed, section = study.scenario, study.observed, study.method.switch_key
    at: TreePath = (study.experiment.method_name, section)
    together: dict[bool, dict[str, Any]] = {False: {}, True: {}}
    sound = True
    for name, switch in study.experiment.switches.items():
        for on, all_changes in together.items():
            changes, said = switch.changes(on=on), f"With '{name}' {'on' if on else 'off'}"
            all_changes |= changes
            place = locate(tree, (*at, name))
            for problem in _problems_of(scenario, changes, observed, place):
                sound = False
                own = problem.position.file == place.file
                yield problem if own else _told(problem, place, said)
    for on, all_changes in together.items() if sound else ():
        said = f"With all {section} {'on' if on else 'off'}"
        place = locate(tree, at)
        for problem in _problems_of(scenario, all_changes, observed, place):
            yield _told(problem, place, said)


def _told(problem: Problem, place: Position, said: str) -> Problem:
    """A problem of a changed scenario at the place of the change; ``said`` is when it is so."""
    elsewhere = "" if problem.position.file == place.file else f", at {problem.position}"
    return Problem(place, problem.code, f"{said}{elsewhere}: {problem.text}", problem.hint)


def _problems_of(
    scenario: Scenario,
    changes: AnyMapping[str, Any],
    observed: AnyMapping[str, Matched],
    place: Position,
) -> Iterator[Problem]:
    """What is wrong with the scenario with some changes, which all stand at one place."""
    try:
        changed = _changed(
            scenario, [(path, from_plain(to, place)) for path, to in changes.items()]
        )
    except ScenarioError as error:
        yield from error.problems
        return
    pairs = set(pair_names_of(changed))
    for name, matched in observed.items():
        if missing := sorted({*matched.observations["dyad"]} - pairs):
            text = f"There is no {', '.join(missing)}, which '{name}' has observations of."
            yield Problem(place, "nothing-observed", text)
