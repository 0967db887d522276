"""The reference: the interests that a scenario's opening was read with.

An interest that differs from its base has *changed*, unless the variant says that it is *recoded*.
Affinities are solved with the reference, so a changed interest moves relations from their
opening, and a recoded one does not. The reference is that of the root of an `extends` chain, or of
the scenario that a change is applied to. A tree carries it along in its section `reference`, where
it differs from the interests in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from relsim.errors import Problem, did_you_mean
from relsim.scenario.check import section_names
from relsim.scenario.schema import Interests, Scenario
from relsim.scenario.tree import Items, Mapping, Node, entries_of, from_plain, plain, put, without
from relsim.scenario.values import Number
from relsim.words import true_minus

Steps: TypeAlias = tuple[str, ...]
Interest: TypeAlias = Number | str | None  # a number, or the variable that a tie fades with

# What an interest is that a reference does not have; the context variable that a tie fades with
# is then none.
_ABSENT: dict[Steps, Any] = {
    ("ties",): 0.0,
    ("issues", "stance"): 0.0,
    ("issues", "salience"): 0.0,
    ("capacity",): 1.0,
}


@dataclass(frozen=True)
class ChangedInterest:
    """An interest that is not what the opening was read with.

    Attributes:
        path: as changes take it, ``PAK.ties.USA``; of the context variable that a tie fades with,
            ``PAK.ties.USA.fades_with``.
        before: in the reference; for what a tie fades with the name of the variable or None.
        after: in force.
    """

    path: str
    before: Interest
    after: Interest

    @property
    def words(self) -> str:
        """As in "PAK.ties.USA from 0.5 to 0"."""
        return f"{self.path} from {_in_words(self.before)} to {_in_words(self.after)}"


def changed_interests(scenario: Scenario) -> tuple[ChangedInterest, ...]:
    """The interests of a scenario that are not those of its reference, in file order."""
    now, reference = interests_in_force(scenario), reference_interests(scenario)
    return tuple(
        ChangedInterest(path, _of(reference, path), _of(now, path))
        for path in dict.fromkeys((*reference, *now))
        if _of(reference, path) != _of(now, path)
    )


def interests_in_force(scenario: Scenario) -> dict[str, Interest]:
    """Every interest by the path that changes take, as in ``PAK.ties.USA``."""
    return {
        f"{code}.{path}": interest
        for code, state in scenario.states.items()
        for path, interest in _interests_of(state)
    }


def reference_interests(scenario: Scenario) -> dict[str, Interest]:
    """Every interest that the opening was read with, by path."""
    interests = interests_in_force(scenario)
    for code, reference in scenario.reference.items():
        interests |= {f"{code}.{path}": interest for path, interest in _interests_of(reference)}
    return interests


def _interests_of(interests: Interests) -> Iterator[tuple[str, Interest]]:
    for other, tie in interests.ties.items():
        yield f"ties.{other}", tie.weight
        yield f"ties.{other}.fades_with", tie.fades_with
    for issue, stand in interests.issues.items():
        yield f"issues.{issue}.stance", stand.stance
        yield f"issues.{issue}.salience", stand.salience
    for domain, capacity in interests.capacity.items():
        yield f"capacity.{domain}", capacity


def _of(interests: dict[str, Interest], path: str) -> Interest:
    """An interest by its path; what it is where it is not written."""
    if path in interests or path.endswith(".fades_with"):
        return interests.get(path)
    return float(_ABSENT[_kind(tuple(path.split(".")))])


MOST_NAMED = 6  # of interests in a sentence


def interests_in_words(scenario: Scenario) -> str:
    """How the interests of a scenario were taken, in a sentence."""
    changed = changed_interests(scenario)
    if not changed:
        return "All interests are those that the opening was read with."
    count = "One interest has" if len(changed) == 1 else f"{len(changed)} interests have"
    return (
        f"{count} changed, so relations move from an opening read with the earlier ones: "
        f"{_first([interest.words for interest in changed])}."
    )


Taken: TypeAlias = Literal["changed", "recoded", "changed and recoded", "read otherwise"]


@dataclass(frozen=True)
class DifferingInterest:
    """An interest that two scenarios do not share, in force or as the opening is read.

    Attributes:
        path: as changes take it, ``PAK.ties.USA``.
        before, after: in force in the first, in the second.
        read_before, read_after: in the reference of the first, of the second.
    """

    path: str
    before: Interest
    after: Interest
    read_before: Interest
    read_after: Interest

    @property
    def taken(self) -> Taken:
        """Why it differs: by change, by reading, by both, or in reading with the same in force."""
        if self.read_before == self.read_after:
            return "changed"
        if self.before == self.after:
            return "read otherwise"
        at_rest = (self.before, self.after) == (self.read_before, self.read_after)
        return "recoded" if at_rest else "changed and recoded"


def differing_interests(base: Scenario, other: Scenario) -> tuple[DifferingInterest, ...]:
    """The interests that two scenarios do not share, of states and issues that both have; of those
    that only the other has, the ones that it reads otherwise than they are in force."""
    now = [interests_in_force(scenario) for scenario in (base, other)]
    read = [reference_interests(scenario) for scenario in (base, other)]
    differing = []
    for path in dict.fromkeys(path for interests in (*now, *read) for path in interests):
        if not _has_subject(path, other):
            continue
        values = [_of(interests, path) for interests in (*now, *read)]
        if not _has_subject(path, base):  # what is new brings its own reference
            values = [values[1], values[1], values[1], values[3]]
        if values[0] != values[1] or values[2] != values[3]:
            differing.append(DifferingInterest(path, *values))
    return tuple(differing)


def _has_subject(path: str, scenario: Scenario) -> bool:
    """Whether a scenario has the states and the issue that an interest is about."""
    code, kind, name, *_ = path.split(".")
    if kind == "ties":
        return code in scenario.states and name in scenario.states
    return code in scenario.states and (kind != "issues" or name in scenario.issues)


def differing_interests_in_words(base: Scenario, other: Scenario) -> str:
    """Which interests of two scenarios differ, and whether by change or by reading; empty where
    none do."""
    moved, recoded = [], []
    for interest in differing_interests(base, other):
        if interest.taken in ("changed", "changed and recoded"):
            moved.append(ChangedInterest(interest.path, interest.before, interest.after).words)
        if interest.taken != "changed":
            read = (interest.read_before, interest.read_after)
            recoded.append(ChangedInterest(interest.path, *read).words)
    sentences = []
    if moved:
        sentences.append(f"Interests that changed, so that relations move: {_first(moved)}.")
    if recoded:
        sentences.append(
            "Interests that only read the opening differently, so that nothing moves at rest: "
            f"{_first(recoded)}."
        )
    return " ".join(sentences)


def _in_words(interest: Interest) -> str:
    if interest is None:
        return "none"
    if isinstance(interest, str):
        return interest
    if isinstance(interest, float):
        return true_minus(f"{interest:g}")
    arguments = ", ".join(f"{argument:g}" for argument in interest.arguments)
    return true_minus(f"{interest.kind}({arguments})")


def _first(names: list[str]) -> str:
    """The first names, and how many there are beyond."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def with_reference(before: Mapping, after: Mapping) -> tuple[Mapping, list[Problem]]:
    """A changed tree with the reference of the tree it was made of, and what is wrong with
    `recoded`, which is used up.

    A reference that a change takes away is as good as `recoded`.

    Args:
        before: the base, with its reference where that differs.
        after: the same with changes, and perhaps with `recoded`.
    """
    recoded = after.entries.get("recoded")
    after = _without(after, "recoded")
    old, new = _interests(before), _interests(after)
    older, written = _interests(before, "reference"), _interests(after, "reference")
    interests = list(dict.fromkeys((*old, *new, *written)))
    recodes, problems = _recoded(recoded, interests)
    names_before, names = section_names(before), section_names(after)
    entries: dict[Steps, Node] = {}
    for steps in interests:
        reference = written.get(steps)
        if reference is None and steps not in older and _is_named(steps, names_before):
            reference = old.get(steps, _absent(steps, after))
        is_recoded = any(steps[: len(prefix)] == prefix for prefix in recodes)
        if reference is None or is_recoded or not _is_named(steps, names):
            continue
        if _value(steps, reference) != _value(steps, new.get(steps)):
            entries[steps] = reference
    # What stays is for the checks to complain of: neither tree has such a state, issue or domain.
    settled = {s for s in written if _is_named(s, names) or _is_named(s, names_before)}
    return _put_reference(_without_references(after, settled), entries, new), problems


def refuse_recoded(root: Mapping) -> tuple[Mapping, list[Problem]]:
    """A tree that has no base, less `recoded`, and a problem where it has that."""
    node = root.entries.get("recoded")
    if node is None:
        return root, []
    text = "Only a variant can recode an interest: this file extends none."
    hint = "Write the interest as you read it; the opening is at rest with it."
    return _without(root, "recoded"), [Problem(node.position, "bad-recoded", text, hint)]


def _interests(tree: Mapping, section: str = "states") -> dict[Steps, Node]:
    """The interests in a tree, by steps: (state, ties, other), (state, issues, issue, stance).

    What is not written as an interest is left to the checks.
    """
    interests: dict[Steps, Node] = {}
    for code, state in entries_of(tree.entries.get(section)).items():
        parts = entries_of(state)
        for other, tie in entries_of(parts.get("ties")).items():
            interests[code, "ties", other] = tie
        for issue, stand in entries_of(parts.get("issues")).items():
            for number, node in entries_of(stand).items():
                if ("issues", number) in _ABSENT:
                    interests[code, "issues", issue, number] = node
        for domain, capacity in entries_of(parts.get("capacity")).items():
            interests[code, "capacity", domain] = capacity
    return interests


def _is_named(steps: Steps, names: dict[str, set[str]]) -> bool:
    """Whether a scenario has the states, the issue and the domain of an interest. One that names
    what the base lacks brings its own reference."""
    states = names.get("states", set())
    sections = {"ties": "states", "issues": "issues", "capacity": "domains"}
    return steps[0] in states and steps[2] in names.get(sections[steps[1]], set())


def _value(steps: Steps, node: Node | None) -> Any:
    """An interest as plain data that can be compared."""
    value = _ABSENT[_kind(steps)] if node is None else plain(node)
    if steps[1] == "ties":
        value = value if isinstance(value, dict) and "weight" in value else {"weight": value}
        return {key: part for key, part in value.items() if part is not None}
    return value


def _kind(steps: Steps) -> Steps:
    return (steps[1], *steps[3:])


def _absent(steps: Steps, tree: Mapping) -> Node:
    return from_plain(_ABSENT[_kind(steps)], tree.position)


def _recoded(node: Node | None, interests: list[Steps]) -> tuple[list[Steps], list[Problem]]:
    """The beginnings of the paths that are recoded; nothing before them means all."""
    if node is None or plain(node) is None:
        return [], []
    recodes: list[Steps] = []
    problems = []
    for path in node.items if isinstance(node, Items) else (node,):
        value = plain(path)
        if not isinstance(value, str):
            text = "`recoded` is `all` or a list of interests."
            problems.append(Problem(path.position, "wrong-type", text, "As in [PAK.ties.USA]."))
            continue
        steps = () if value == "all" else tuple(value.removeprefix("states.").split("."))
        if steps[1:2] == ("ties",) and steps[3:] in (("weight",), ("fades_with",)):
            steps = steps[:3]  # a tie's weight and what it fades with are one interest
        if value == "all" or any(interest[: len(steps)] == steps for interest in interests):
            recodes.append(steps)
            continue
        text = f"'{value}' is no interest here: a tie, a stance, a salience or a capacity."
        hint = did_you_mean(".".join(steps), [".".join(interest) for interest in interests])
        problems.append(Problem(path.position, "bad-recoded", text, hint))
    return recodes, problems


def _put_reference(tree: Mapping, entries: dict[Steps, Node], now: dict[Steps, Node]) -> Mapping:
    for steps, node in entries.items():
        tree = _put(tree, steps, node)
        if steps[1] == "issues":  # a stand needs both of its numbers
            for number in ("stance", "salience"):
                other = (*steps[:3], number)
                if other not in entries:
                    tree = _put(tree, other, now.get(other) or _absent(other, tree))
    return tree


def _put(tree: Mapping, steps: Steps, node: Node) -> Mapping:
    try:
        return put(tree, ("reference", *steps), node)
    except KeyError:  # a reference that is no map there, which validation reports
        return tree


def _without_references(tree: Mapping, settled: set[Steps]) -> Mapping:
    """A tree less these interests of its reference, and less maps of which nothing is left."""
    reference = tree.entries.get("reference")
    if reference is None:
        return tree
    left = _less_empty(without(reference, {*settled}))
    if isinstance(left, Mapping) and not left.entries:
        return _without(tree, "reference")
    return Mapping({**tree.entries, "reference": left}, tree.position, tree.keys)


def _less_empty(node: Node) -> Node:
    if not isinstance(node, Mapping):
        return node
    parts = {key: _less_empty(part) for key, part in node.entries.items()}
    left = {k: part for k, part in parts.items() if not isinstance(part, Mapping) or part.entries}
    return Mapping(left, node.position, node.keys)


def _without(tree: Mapping, key: str) -> Mapping:
    entries = {name: node for name, node in tree.entries.items() if name != key}
    return Mapping(entries, tree.position, tree.keys)
