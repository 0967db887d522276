"""YAML → Scenario: reading, inheritance, changes, typing and checking in one pass."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from relsim.errors import Problem, ScenarioError
from relsim.scenario.check import contradictions, suspicions
from relsim.scenario.interests import refuse_recoded, with_reference
from relsim.scenario.layers import (
    Lineage,
    apply_changes,
    parse_settings,
    plain_changes,
    read_lineage,
    read_python,
)
from relsim.scenario.schema import Scenario
from relsim.scenario.text import read_text
from relsim.scenario.titles import slug
from relsim.scenario.tree import Items, Mapping, Node, Scalar, child, plain
from relsim.scenario.validation import validate
from relsim.scenario.values import one_line, paragraphs

GIVEN = "scenario"  # what messages call a scenario that is no file


@dataclass(frozen=True)
class Checked:
    """What reading a scenario gave: the scenario where it has no problems, and what to say.

    Attributes:
        scenario: None where there are problems.
        problems: what must be mended, in file order.
        warnings: what is legal but suspicious.
    """

    scenario: Scenario | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    def require(self) -> Scenario:
        """The scenario; raises ScenarioError where there are problems."""
        if self.scenario is None:
            raise ScenarioError(self.problems)
        return self.scenario


def load(
    source: str | Path | AnyMapping[str, Any],
    changes: AnyMapping[str, Any] | None = None,
    *,
    folder: str | Path = ".",
    extends_anywhere: bool = False,
) -> Scenario:
    """A scenario from a YAML file, a YAML text or a dict, with all it inherits.

    Args:
        source: the path of a file; or what would stand in one: a text, which is a string of several
            lines, or a dict.
        changes: values to change, by dotted path, as in ``{"PAK.ties.USA": 0.2}``.
        folder: where `extends` and `against` of a text or a dict find files.
        extends_anywhere: allow `extends` to leave that folder, or the folder of the file.

    Raises:
        ScenarioError: with every problem of the scenario. Each has its file, line and column, in a
            text "scenario" and the line; in a dict the path of the field, as in ``ties.PAK-RUS``.
    """
    path, leaf = Path(folder) / GIVEN, None
    if isinstance(source, AnyMapping):
        leaf = read_python(source)
    elif isinstance(source, str) and "\n" in source:
        leaf = read_text(source, GIVEN)
    else:
        path = Path(source)
    lineage = read_lineage(path, leaf, anywhere=extends_anywhere)
    scenario = _check_lineage(lineage, path.parent, plain_changes(changes or {}), []).require()
    if leaf is not None:
        scenario = scenario.named(slug(scenario.name))
        scenario._file = None
    return scenario


def check_file(
    path: str | Path, settings: Sequence[str] = (), *, extends_anywhere: bool = False
) -> Checked:
    """Everything there is to say of a scenario file, nothing raised.

    Args:
        path: the file.
        settings: changes as on the command line, ``path=value``.
        extends_anywhere: allow `extends` to leave the folder of the file.
    """
    lineage = read_lineage(Path(path), anywhere=extends_anywhere)
    changes, problems = parse_settings(tuple(settings))
    return _check_lineage(lineage, Path(path).parent, changes, problems)


def check_text(text: str, name: str = "scenario") -> Checked:
    """Everything there is to say of a scenario's text, which inherits nothing."""
    tree, problems = read_text(text, name)
    lineage = Lineage(problems=problems, files=[name])
    if isinstance(tree, Mapping):
        lineage.tree, recoded = refuse_recoded(tree)
        lineage.problems += recoded
        parent = tree.entries.get("extends")
        if parent is not None:
            text = "A text inherits nothing; only a file can."
            lineage.problems.append(Problem(parent.position, "bad-extends", text))
            lineage.complete = False
    elif tree is not None:
        text = "A scenario is a map of sections."
        lineage.problems.append(Problem(tree.position, "wrong-type", text, "Try 'relsim new'."))
    return _check_lineage(lineage, None, [], [])


def change_scenario(scenario: Scenario, changes: AnyMapping[str, Any]) -> Scenario:
    """A scenario with values changed, by dotted path. See Scenario.with_changes."""
    nodes = plain_changes(changes)
    tree, problems = apply_changes(scenario._tree, nodes)
    tree, recoded = with_reference(scenario._tree, tree)
    all_changes = {**scenario.changes, **{path: plain(node) for path, node in nodes}}
    checked = check_tree(tree, None, [*problems, *recoded], earlier=scenario)
    changed = checked.require().named(scenario.slug, all_changes)
    changed._folder, changed._file = scenario.folder, scenario.file
    return changed


def check_tree(
    tree: Mapping,
    folder: Path | None,
    found: Sequence[Problem],
    earlier: Scenario | None = None,
) -> Checked:
    """Types and checks a resolved tree; warnings are left to who wants them.

    Args:
        tree: what is to be a scenario.
        folder: where its file is.
        found: problems that are reported with its own.
        earlier: the scenario that the tree was changed from. What the two trees share is sound, and
            is not read again.
    """
    sound = None if earlier is None else earlier._tree
    tree = with_read_words(tree, sound)
    scenario, problems = validate(tree, earlier)
    problems = [*found, *problems, *contradictions(tree, sound)]
    if problems or scenario is None:
        return Checked(None, ScenarioError(problems).problems)
    scenario._tree = tree
    scenario._change = change_scenario
    scenario._folder = folder
    return Checked(scenario, ())


def _check_lineage(
    lineage: Lineage, folder: Path | None, changes: list[Any], problems: list[Problem]
) -> Checked:
    problems = [*lineage.problems, *problems]
    if lineage.tree is None or not lineage.complete:
        return Checked(None, ScenarioError(problems).problems)
    if other := other_kind(lineage.tree, "scenario"):
        return Checked(None, (other,))
    tree, wrong = apply_changes(lineage.tree, changes)
    tree, recoded = with_reference(lineage.tree, tree)
    checked = check_tree(tree, folder, [*problems, *wrong, *recoded])
    scenario, warnings = checked.scenario, list[Problem]()
    if scenario is not None:
        warnings = sorted(suspicions(scenario, scenario._tree, folder))
        file = Path(lineage.files[0])
        scenario = scenario.named(slug(file.stem), {path: plain(node) for path, node in changes})
        scenario._file = folder / file.name if folder is not None else None
    return replace(
        checked,
        scenario=scenario,
        problems=lineage.with_chains(checked.problems),
        warnings=lineage.with_chains(warnings),
    )


_TITLES = frozenset({"name", "label", "says", "minus", "plus", "sources"})


def with_read_words(tree: Mapping, read: Node | None = None) -> Mapping:
    """The tree with its texts for readers as the typed scenario has them.

    So what is written out, compared and shown of the tree is what the figures say.

    Args:
        tree: as written.
        read: an earlier tree whose texts are read; what the two share is kept as it is.
    """
    entries = {key: _read(key, value, child(read, key)) for key, value in tree.entries.items()}
    return Mapping(entries, tree.position, tree.keys)


def _read(key: str, node: Node, read: Node | None) -> Node:
    if node is read:
        return node
    match node:
        case Mapping():
            return with_read_words(node, read)
        case Items():
            items = (_read(key, item, child(read, n)) for n, item in enumerate(node.items))
            return Items(tuple(items), node.position)
        case Scalar(str(text)) if key in _TITLES:
            return Scalar(one_line(text), node.position)
        case Scalar(str(text)) if key == "about":
            return Scalar(paragraphs(text), node.position)
    return node


Kind: TypeAlias = Literal["scenario", "experiment"]

# Keys that files of one kind have and those of the other do not.
_TELLING: dict[Kind, tuple[str, ...]] = {
    "scenario": ("states", "time", "extends", "ties", "events", "claims"),
    "experiment": (
        "scenario", "measures", "sweep", "sensitivity", "tune", "attribute", "advise", "discover",
    ),
}  # fmt: skip
_COMMAND: dict[Kind, str] = {"scenario": "relsim run", "experiment": "relsim experiment"}


def other_kind(tree: Mapping, wanted: Kind) -> Problem | None:
    """A problem where a file is all of the other kind: said once, not key by key."""
    other: Kind = "experiment" if wanted == "scenario" else "scenario"
    telling = [key for key in _TELLING[other] if key in tree.entries]
    if not telling or any(key in tree.entries for key in _TELLING[wanted]):
        return None
    position = tree.keys.get(telling[0], tree.position)
    article = "an" if other == "experiment" else "a"
    text = f"This is {article} {other}: its `{telling[0]}` says so."
    return Problem(position, "other-kind", text, f"Run it: {_COMMAND[other]} {position.file}")
