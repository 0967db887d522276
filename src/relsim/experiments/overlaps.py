"""Numbers that an experiment's file gives twice, so that only the last one would count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic_core import PydanticCustomError

from relsim.errors import Problem
from relsim.experiments.schema import Switch
from relsim.experiments.study import Setup
from relsim.scenario.layers import full_path
from relsim.scenario.names import TieRef
from relsim.scenario.tree import (
    Items,
    Mapping,
    Node,
    TreePath,
    child,
    from_plain,
    is_single,
    locate,
    open_shorthand,
)

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


def overlap_problems(scenario: Mapping, experiment: Setup, tree: Mapping) -> list[Problem]:
    """What the file says twice, and what it says in vain.

    Args:
        scenario: the tree of the scenario before any change.
        experiment: what the file says.
        tree: of the file, for places.
    """
    fixed = [
        _change(scenario, path, value, ("set", path)) for path, value in experiment.set.items()
    ]
    varied = [_change(scenario, path, 0.0, ("parameters", path)) for path in experiment.parameters]
    found = [*_repeated(fixed, tree), *_repeated(varied, tree)]
    for change in fixed:
        if change.steps[0] == "ensemble":
            text = (
                "An experiment has its own `runs` and `seed`; those of the scenario do not count."
            )
            found.append(Problem(locate(tree, change.at, key=True), "bad-path", text))
        for other in varied:
            if change.overlaps(other):
                found.append(_twice(change, other, tree))
    return [*found, *_switch_problems(scenario, experiment, fixed, tree)]


def _change(scenario: Mapping, path: str, value: Any, at: TreePath) -> Change:
    return Change(path, at, full_steps(scenario, path, value))


def full_steps(scenario: Mapping, path: str, value: Any = 0.0) -> Steps:
    """The steps from the top to what a change of ``path`` to ``value`` writes, the same for all
    spellings of a path: sections left out, a tie turned round, a lone number for a weight."""
    steps = (*_one_spelling(scenario, full_path(scenario, path)),)
    written = from_plain(value, scenario.position)
    opened = open_shorthand(steps, written)
    lone_weight = is_single(written) and isinstance(opened, Mapping) and "weight" in opened.entries
    return (*steps, "weight") if lone_weight else steps


def _one_spelling(scenario: Mapping, steps: Steps) -> Iterator[str]:
    """Steps with places of lists as plain numbers, and states of a tie in alphabetical order."""
    node: Node | None = scenario
    for depth, step in enumerate(steps):
        if isinstance(node, Items) and step.isdecimal():
            yield str(int(step))
            node = child(node, int(step))
        else:
            yield _tie(step) if steps[:depth] == ("ties",) else step
            node = None if node is None else child(node, step)


def _tie(text: str) -> str:
    try:
        return "-".join(TieRef.read(text).pair)
    except PydanticCustomError:
        return text


def _repeated(changes: list[Change], tree: Mapping) -> Iterator[Problem]:
    """Changes that overlap with one before them."""
    for place, change in enumerate(changes):
        other = next((one for one in changes[:place] if change.overlaps(one)), None)
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
    place = locate(tree, change.at, key=True)
    return Problem(place, "given-twice", f"{text}; only one would count.", "Keep one of the two.")


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
            other = next((one for one in before if change.overlaps(one)), None)
            if other is not None:
                yield _twice(change, other, tree)
        for change in fixed:
            if _is_covered(change, off) and _is_covered(change, on):
                text = f"'{change.written}' is set in vain: '{name}' changes it, off and on."
                yield Problem(locate(tree, change.at, key=True), "given-twice", text)
        before += both


def _switched(scenario: Mapping, switch: Switch, at: TreePath) -> tuple[list[Change], list[Change]]:
    """What a switch changes where it is off, and where it is on."""
    events = [
        Change(name, (*at, "events", place), ("events", name, "off"))
        for place, name in enumerate(switch.events)
    ]
    off, on = (
        [_change(scenario, path, value, (*at, key, path)) for path, value in values.items()]
        for key, values in (("off", switch.off), ("on", switch.on))
    )
    return [*events, *off], [*events, *on]


def _is_covered(change: Change, others: list[Change]) -> bool:
    """Whether one of the others writes all that the change does."""
    return any(change.steps[: len(one.steps)] == one.steps for one in others)
