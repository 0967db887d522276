"""Numbers that an experiment's file gives twice, so that only the last one would count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic_core import PydanticCustomError

from relsim.errors import Problem
from relsim.experiments.schema import Switch
from relsim.experiments.study import Setup
from relsim.scenario.changes import full_path
from relsim.scenario.references import TieRef
from relsim.scenario.tree import (
    Items,
    Mapping,
    Node,
    child,
    from_plain,
    is_single,
    locate,
    open_shorthand,
)
from relsim.scenario.tree import Path as TreePath

Steps: TypeAlias = tuple[str, ...]

# Sections that hold no number of a run, or decide which month a step is: a switch in them would
# do nothing, or pair runs that are not alike.
_NOT_SWITCHED = ("relsim", "name", "about", "sources", "time", "ensemble", "claims", "watch")


@dataclass(frozen=True)
class Change:
    """A path that a file changes.

    Attributes:
        written: the path as it is written, for messages.
        at: where it stands in the file.
        steps: the full path of what it changes, the same for every way to write it.
    """

    written: str
    at: TreePath
    steps: Steps

    def overlaps(self, other: Change) -> bool:
        """Whether the two change the same, or one a part of the other."""
        length = min(len(self.steps), len(other.steps))
        return self.steps[:length] == other.steps[:length]

    def is_covered_by(self, others: list[Change]) -> bool:
        """Whether one of the others writes all that this does."""
        return any(self.steps[: len(other.steps)] == other.steps for other in others)


def overlap_problems(scenario: Mapping, experiment: Setup, tree: Mapping) -> list[Problem]:
    """What the file says twice, and what it says in vain.

    Args:
        scenario: the tree of the scenario before any change.
        experiment: what the file says.
        tree: of the file, for places.
    """
    fixed = _changes(scenario, experiment.set, ("set",))
    varied = _changes(scenario, dict.fromkeys(experiment.parameters, 0.0), ("parameters",))
    problems = [*_repeated(fixed, tree), *_repeated(varied, tree)]
    for change in fixed:
        if change.steps[0] == "ensemble":
            text = "An experiment has its own `runs` and `seed`; those of the scenario do not "
            problems.append(Problem(locate(tree, change.at, key=True), "bad-path", text + "count."))
        problems += [_twice(change, other, tree) for other in varied if change.overlaps(other)]
    return [*problems, *_switch_problems(scenario, experiment, fixed, tree)]


def _changes(scenario: Mapping, values: dict[str, Any], at: TreePath) -> list[Change]:
    """Changes by path, in a section of the file."""
    return [
        Change(path, (*at, path), full_steps(scenario, path, value))
        for path, value in values.items()
    ]


def full_steps(scenario: Mapping, path: str, value: Any = 0.0) -> Steps:
    """The steps from the top to what a change of ``path`` to ``value`` writes, the same for all
    spellings of a path: sections left out, a tie turned round, a lone number for a weight."""
    steps = (*_one_spelling(scenario, full_path(scenario, path)),)
    written = from_plain(value, scenario.position)
    opened = open_shorthand(steps, written)
    lone_weight = is_single(written) and isinstance(opened, Mapping) and "weight" in opened.entries
    return (*steps, "weight") if lone_weight else steps


def _one_spelling(scenario: Mapping, steps: Steps) -> Iterator[str]:
    """Steps with items of lists by plain numbers, and states of a tie in alphabetical order."""
    node: Node | None = scenario
    for depth, step in enumerate(steps):
        if isinstance(node, Items) and step.isdecimal():
            yield str(int(step))
            node = child(node, int(step))
        else:
            node = None if node is None else child(node, step)
            if steps[:depth] == ("ties",):
                with suppress(PydanticCustomError):  # what is no tie stays as it is written
                    step = "-".join(TieRef.read(step).pair)
            yield step


def _repeated(changes: list[Change], tree: Mapping) -> Iterator[Problem]:
    """Changes that overlap with one before them."""
    for index, change in enumerate(changes):
        other = next((before for before in changes[:index] if change.overlaps(before)), None)
        if other is not None:
            yield _twice(change, other, tree)


def _twice(change: Change, other: Change, tree: Mapping) -> Problem:
    line = locate(tree, other.at, key=True).line
    if change.steps == other.steps:
        text = f"'{change.written}' is what '{other.written}' on line {line} is"
        if change.written == other.written:
            text = f"'{change.written}' stands on line {line} too"
    elif len(change.steps) > len(other.steps):
        text = f"'{change.written}' is a part of '{other.written}' on line {line}"
    else:
        text = f"'{change.written}' holds '{other.written}' of line {line}"
    position = locate(tree, change.at, key=True)
    return Problem(
        position, "given-twice", f"{text}; only one would count.", "Keep one of the two."
    )


def _switch_problems(
    scenario: Mapping, experiment: Setup, fixed: list[Change], tree: Mapping
) -> Iterator[Problem]:
    before: list[Change] = []
    section: TreePath = (experiment.method_name, experiment.method.switch_key)
    for name, switch in experiment.switches.items():
        off, on = _switched(scenario, switch, (*section, name))
        both = list(dict.fromkeys((*off, *on)))
        yield from dict.fromkeys((*_repeated(off, tree), *_repeated(on, tree)))
        for change in both:
            if change.steps[0] in _NOT_SWITCHED:
                text = f"'{change.written}' cannot be switched: it moves no number of a run, or "
                text += "makes runs that are no pairs."
                yield Problem(locate(tree, change.at, key=True), "bad-switch", text)
            other = next((earlier for earlier in before if change.overlaps(earlier)), None)
            if other is not None:
                yield _twice(change, other, tree)
        for change in fixed:
            if change.is_covered_by(off) and change.is_covered_by(on):
                text = f"'{change.written}' is set in vain: '{name}' changes it, off and on."
                yield Problem(locate(tree, change.at, key=True), "given-twice", text)
        before += both


def _switched(scenario: Mapping, switch: Switch, at: TreePath) -> tuple[list[Change], list[Change]]:
    """What a switch changes where it is off, and where it is on."""
    events = [
        Change(name, (*at, "events", index), ("events", name, "off"))
        for index, name in enumerate(switch.events)
    ]
    off = _changes(scenario, switch.off, (*at, "off"))
    on = _changes(scenario, switch.on, (*at, "on"))
    return [*events, *off], [*events, *on]
