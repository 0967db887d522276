"""What a user takes along: a variant as YAML, and the command line and Python of a picture."""

from __future__ import annotations

import json
import os
import pprint
import re
import tempfile
from collections.abc import Mapping as AnyMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relsim.app.folder import Folder, is_of_result
from relsim.errors import Position, RelsimError, ScenarioError
from relsim.results.manifest import command_text
from relsim.scenario.layers import apply_changes, plain_changes, read_lineage, real_path
from relsim.scenario.load import load
from relsim.scenario.schema import FORMAT_VERSION, Scenario
from relsim.scenario.text import flow_text, yaml_text
from relsim.scenario.tree import Mapping, Node, from_plain, is_single, open_shorthand, plain
from relsim.scenario.values import MAX_TITLE, one_line
from relsim.words import counted

READABLE = 0o644  # a file for others to read too, as an editor would make it
LONGEST_NAME = 120  # characters of a file's name, so that any system takes it
_SWITCH = re.compile(r"events\.([A-Za-z]\w*)\.off")
_WORDS = ("name", "about")  # a variant has its own; no number depends on them


@dataclass(frozen=True)
class Recipe:
    """How the ensemble of a picture is made.

    Attributes:
        file: of the scenario.
        changes: what is changed in it, by dotted path.
        runs: their number.
        seed: of the ensemble.
    """

    file: Path
    changes: AnyMapping[str, Any]
    runs: int
    seed: int


class KeptError(RelsimError):
    """A variant that cannot be kept as asked."""


def keep(
    scenario: Scenario, recipe: Recipe, folder: Folder, file: str, name: str, *, replace: bool
) -> str | None:
    """Writes the changes of a picture as a variant of its scenario, beside the scenario's file.

    It is read again before it is moved into place: what it says, down to the order of events, is
    what `with_changes` gives.

    Args:
        scenario: as its file has it.
        recipe: of the picture whose changes are kept.
        folder: that the file has to be in.
        file: the path of the variant from there; a lone name goes beside the scenario's file.
        name: for people; that of the scenario with its changes where empty.
        replace: write over a file that is there.

    Returns:
        The path from the folder; None where a file is there that is not to be replaced.

    Raises:
        RelsimError: it cannot be written there, or not as a variant.
        ScenarioError: the changes have problems.
    """
    changed = scenario.with_changes(dict(recipe.changes))
    target = _target(scenario, recipe.file, folder, file)
    text = _variant(scenario, changed, recipe, one_line(name)[:MAX_TITLE], folder.name_of(target))
    try:
        moved = _write(text, scenario, changed, recipe.file, target, replace=replace)
    except OSError as error:
        reason = error.strerror or str(error)
        raise KeptError(f"{file} cannot be written: {reason}.") from error
    return folder.name_of(target) if moved else None


def _target(scenario: Scenario, scenario_file: Path, folder: Folder, file: str) -> Path:
    """Where a variant goes.

    Raises:
        RelsimError: it may not be written there.
    """
    own = real_path(scenario_file)
    named = Path(file.strip())
    if not named.name:
        raise KeptError("Name a file for the variant, as in folder/name.yaml.")
    if str(named.parent) == "." and not named.is_absolute():
        named = Path(folder.name_of(own.parent)) / named.name
    target = folder.path(named.as_posix())
    if target.name.startswith(".") or len(target.name) > LONGEST_NAME:
        text = f"Choose a name that begins with no dot and has up to {LONGEST_NAME} characters."
        raise KeptError(text)
    if is_of_result(scenario, folder):
        raise KeptError(
            "This scenario is the copy in a result, beside which nothing is kept. Start the app "
            "with the file that the result was made of, and keep a variant of that."
        )
    if real_path(target.parent) != own.parent:
        beside = Path(folder.name_of(own.parent)) / target.name
        text = f"A variant is kept beside the file that it extends, as {beside.as_posix()}."
        raise KeptError(text)
    if real_path(target) in map(real_path, map(Path, read_lineage(own).files)):
        text = f"{target.name} is a file that the variant extends; choose another name."
        raise KeptError(text)
    return target


def _variant(scenario: Scenario, changed: Scenario, recipe: Recipe, name: str, kept_as: str) -> str:
    """The text of a variant."""
    count = counted(len(recipe.changes), "change")
    tree = from_plain(scenario.as_written, Position("scenario"))
    assert isinstance(tree, Mapping)
    after, _ = apply_changes(tree, plain_changes(recipe.changes))
    body = {key: value for key, value in _laid_over(tree, after).items() if key not in _WORDS}
    head = {
        "relsim": FORMAT_VERSION,
        "extends": recipe.file.name,
        "name": name or changed.title[:MAX_TITLE],
        "about": f"Kept from the app: {count} to {recipe.file.name}.",
    }
    command = command_text("run", Path(kept_as), runs=recipe.runs, seed=recipe.seed)
    note = f"# The picture it was kept from: {command}\n"
    return note + yaml_text(head) + ("\n" + yaml_text(body) if body else "")


def _laid_over(before: Mapping, after: Mapping, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a variant has to say, so that laid over the tree before the changes it gives the tree
    after them.

    Maps are joined key by key, so what a change has taken out of one is removed by null; all else
    is replaced (see :func:`relsim.scenario.tree.merge`).
    """
    over: dict[str, Any] = {}
    for key, node in after.entries.items():
        old = before.entries.get(key)
        if old is None:
            over[key] = plain(node)
        elif plain(old) != plain(node):
            over[key] = _replaced(old, node, (*path, key))
    return over | dict.fromkeys(key for key in before.entries if key not in after.entries)


def _replaced(before: Node, node: Node, path: tuple[str, ...]) -> Any:
    """What a variant says of a part that the changes have replaced."""
    has_parts = isinstance(before, Mapping) and not is_single(before)
    if is_single(node):
        opened = open_shorthand(path, node)
        if has_parts and isinstance(opened, Mapping) and "weight" in opened.entries:
            node = opened  # a lone weight would leave what else the map says of it
    if not isinstance(node, Mapping) or is_single(node):
        return plain(node)
    before = open_shorthand(path, before)
    if isinstance(before, Mapping) and not is_single(before):
        return _laid_over(before, node, path)
    return plain(node)


def _write(
    text: str,
    scenario: Scenario,
    changed: Scenario,
    scenario_file: Path,
    target: Path,
    *,
    replace: bool,
) -> bool:
    """Writes a variant aside, and moves it into place if it gives the changed scenario.

    Returns:
        Whether it was moved: not where a file is there that is not to be replaced.

    Raises:
        KeptError: as a variant it would be another scenario.
        OSError: it cannot be written.
    """
    if not replace and os.path.lexists(target):
        return False
    handle, name = tempfile.mkstemp(".part", f".{target.stem}.", target.parent, text=True)
    aside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        aside.chmod(READABLE)
        _refuse_other(aside, changed, scenario, scenario_file)
        if not replace:
            try:
                target.touch(exist_ok=False)  # nobody else takes the name meanwhile
            except FileExistsError:
                return False
        aside.replace(target)
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()
    return True


def _refuse_other(aside: Path, changed: Scenario, scenario: Scenario, scenario_file: Path) -> None:
    """Refuses a variant that gives another scenario than the changes do."""
    reason = "it would not read as the changes do"
    try:
        if _content(load(aside)) == _content(changed):
            return
        if _content(load(scenario_file)) != _content(scenario):
            reason = f"{scenario_file.name} has changed since it was opened; reload the page"
    except ScenarioError as error:
        reason = error.problems[0].text.removesuffix(".")
    raise KeptError(f"These changes cannot be kept as a variant: {reason}.")


def _content(scenario: Scenario) -> tuple[Any, ...]:
    """All that a scenario says but for its name and its description, and the order of its states,
    domains, events and claims."""
    content = json.loads(scenario.model_dump_json(exclude=set(_WORDS)))
    return content, [
        list(content[section]) for section in ("states", "domains", "events", "claims")
    ]


def command_of(recipe: Recipe, here: Path) -> str:
    """The command line that gives the numbers of a picture.

    Args:
        recipe: of the picture.
        here: the folder that the command will be given in.
    """
    settings: list[str] = []
    on: list[str] = []
    off: list[str] = []
    for path, value in recipe.changes.items():
        switch = _SWITCH.fullmatch(path)
        if switch and isinstance(value, bool) and f"events.{switch[1]}" not in recipe.changes:
            (off if value else on).append(switch[1])
        else:
            settings.append(f"{path}={flow_text(value)}")
    return command_text(
        *("run", str(_from(recipe.file, here))),
        set=settings,
        on=on,
        off=off,
        runs=recipe.runs,
        seed=recipe.seed,
    )


def python_of(recipe: Recipe, base: Recipe, here: Path) -> str:
    """The Python code that gives the numbers of a picture and of its base, and compares them.

    Args:
        recipe, base: of the picture, and of what it is compared with.
        here: the folder that the code will be run in.
    """
    lines = ["import relsim", ""]
    for name, each in (("base", base), ("scenario", recipe)):
        loaded = f"relsim.load({_from(each.file, here).as_posix()!r})"
        if each.changes:
            changes = pprint.pformat(dict(each.changes), sort_dicts=False, width=88)
            loaded += f".with_changes(\n    {changes.replace(chr(10), chr(10) + '    ')}\n)"
        lines.append(f"{name} = {loaded}")
    how = f"runs={recipe.runs}, seed={recipe.seed}"
    lines += [
        "comparison = relsim.compare(",
        f"    relsim.simulate(base, {how}),",
        f"    relsim.simulate(scenario, {how}),",
        ")",
        "print(comparison.effects().to_string())",  # all columns, which print would leave out
    ]
    return "\n".join(lines) + "\n"


def _from(file: Path, here: Path) -> Path:
    """A file by its path from a folder, if it is in there, else by its whole path."""
    file, here = real_path(file), real_path(here)
    return Path(os.path.relpath(file, here)) if file.is_relative_to(here) else file
