"""The folder that the app reads and writes in: its scenario files, and paths confined to it."""

from __future__ import annotations

import os
import re
import shlex
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relsim.errors import RelsimError, ScenarioError, near_path
from relsim.results.folder import FAMILY, MANIFEST, RESOLVED
from relsim.results.manifest import read_manifest
from relsim.results.question import Question
from relsim.results.result import result_folder
from relsim.scenario.layers import real_path
from relsim.scenario.load import load, other_kind
from relsim.scenario.schema import Scenario
from relsim.scenario.text import MAX_BYTES, read_text, read_text_file, refused_character
from relsim.scenario.tree import Mapping, plain

ENDINGS = (".yaml", ".yml")
DEEPEST = 3  # folders below the one the app was started in
MOST_FILES = 200  # in the list to choose from
MOST_LOOKED_AT = 5_000  # files and folders, so that a home folder is no hour's work
_FORMAT = re.compile(r"^relsim\s*:", re.MULTILINE)  # which every scenario file begins with


class OutsideError(RelsimError):
    """A file that the app does not read or write."""


@dataclass(frozen=True)
class ScenarioFile:
    """A scenario file in the list to choose from.

    Attributes:
        file: its path from the folder.
        name, about: as the file itself has them; the file's name where it has none.
        is_variant: whether it extends another file.
    """

    file: str
    name: str
    about: str
    is_variant: bool


@dataclass(frozen=True)
class Start:
    """What the app was started on.

    Attributes:
        folder: what it reads and writes in.
        file: the scenario that is shown first.
        changes: what is changed in it at first, by dotted path.
        seed, runs: of the result it was started on; None for the scenario's and the usual ones.
    """

    folder: Folder
    file: str
    changes: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    runs: int | None = None


class Folder:
    """A folder, and what may be read and written in it.

    Args:
        root: where it is.
    """

    def __init__(self, root: Path) -> None:
        self.root = real_path(root)
        self._known: dict[Path, tuple[tuple[int, int], ScenarioFile | None]] = {}
        self._lock = threading.Lock()

    def path(self, file: str) -> Path:
        """The path of a file that a message names from the folder.

        Raises:
            OutsideError: it is outside of the folder, also by a symbolic link, or is no YAML file.
        """
        if not _can_be_named(file):
            raise OutsideError("A file is named by its path, as in folder/name.yaml.")
        path = self.root / file
        if Path(file).is_absolute() or not real_path(path).is_relative_to(self.root):
            text = f"{file} lies outside of {self.root.name or self.root}, the folder of this app."
            raise OutsideError(text)
        if path.suffix.lower() not in ENDINGS:
            raise OutsideError(f"{file} is no scenario file: its name ends in .yaml or .yml.")
        return Path(os.path.normpath(path))

    def name_of(self, path: Path) -> str:
        """The path of a file from the folder, with slashes."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def scenarios(self) -> list[ScenarioFile]:
        """The scenario files to choose from, by folder, those that extend none first.

        Each is read again only if it has changed.
        """
        with self._lock:
            listed = [self._listed(path) for path in self._files()]
        scenarios = [each for each in listed if each is not None]
        return sorted(scenarios, key=lambda each: (str(Path(each.file).parent), each.is_variant))

    def _files(self) -> Iterator[Path]:
        """All YAML files but hidden ones and those of results."""
        looked_at = yielded = 0
        for folder, folders, files in os.walk(self.root):
            here = Path(folder)
            depth = len(here.relative_to(self.root).parts)
            if is_result(here):
                folders.clear()
                continue
            looked_at += len(folders) + len(files)
            folders[:] = sorted(name for name in folders if name[0] not in "._")
            if depth >= DEEPEST or looked_at > MOST_LOOKED_AT:
                folders.clear()
            for name in sorted(files):
                path = here / name
                if name[0] == "." or path.suffix.lower() not in ENDINGS:
                    continue
                if not _can_be_named(self.name_of(path)):
                    continue
                if real_path(path).is_relative_to(self.root) and yielded < MOST_FILES:
                    yielded += 1
                    yield path

    def _listed(self, path: Path) -> ScenarioFile | None:
        try:
            status = path.stat()
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = self._known[path] = (stamp, self._read(path))
        return known[1]

    def _read(self, path: Path) -> ScenarioFile | None:
        """The name and description of a scenario file; None for any other file."""
        text, problems = read_text_file(path, path.name, MAX_BYTES)
        if problems or not _FORMAT.search(text):
            return None
        tree, _ = read_text(text, path.name)
        if not isinstance(tree, Mapping) or other_kind(tree, "scenario"):
            return None
        words = {key: plain(tree.entries[key]) for key in ("name", "about") if key in tree.entries}
        name, about = (" ".join(str(words.get(key) or "").split()) for key in ("name", "about"))
        return ScenarioFile(self.name_of(path), name or path.stem, about, "extends" in tree.entries)


def _can_be_named(file: str) -> bool:
    """Whether a message can name a file by this path."""
    return bool(file.strip()) and "\\" not in file and not refused_character(file)


def is_result(folder: Path) -> bool:
    """Whether a folder is one that relsim writes and replaces as a whole."""
    return (folder / MANIFEST).exists() or (folder / FAMILY).exists()


def start_on(path: Path, here: Path | None = None) -> Start:
    """What to show for a scenario file, a result or a folder.

    The app reads and writes in the folder that is given. If a file is given, that is the folder in
    which the command was given, or the file's own where it is not inside of that.

    Args:
        path: as given.
        here: the folder the command was given in; the current one where absent.

    Raises:
        RelsimError: there is no such thing, or no scenario in it.
        ScenarioError: the scenario has problems.
    """
    here = real_path(here or Path.cwd())
    if path.is_dir():
        holds_results = next(path.glob(f"*/{MANIFEST}"), None) is not None  # as results/status-quo
        if is_result(path) or holds_results:
            return _start_on_result(path, here)
        folder = Folder(path)
        listed = folder.scenarios()
        if not listed:
            where = "this folder" if path == Path() else str(path)
            raise RelsimError(f"There is no scenario in {where}. Write one: relsim new FILE")
        return Start(folder, listed[0].file)
    if not path.exists():
        raise RelsimError(f"There is no {path}. {near_path(path)}".rstrip())
    if path.suffix.lower() not in ENDINGS:
        raise RelsimError(f"{path} is no scenario file: its name ends in .yaml or .yml.")
    load(path)
    return _start_at(path, here)


def _start_at(path: Path, here: Path) -> Start:
    real = real_path(path)
    folder = Folder(here if real.is_relative_to(here) else real.parent)
    return Start(folder, folder.name_of(real))


def _start_on_result(path: Path, here: Path) -> Start:
    """The file that a result was made of, with its changes, if that still gives the same scenario;
    else the copy of the scenario that is in the result."""
    folder = result_folder(path)
    content = read_manifest(folder)
    changes, seed, runs = content["scenario"]["changes"], content["seed"], content["runs"]
    for file in _files_of_command(str(content["command"]), here):
        try:
            scenario = load(file, changes)
        except ScenarioError:
            continue
        if Question.of(scenario).scenario_hash == content["scenario"]["hash"]:
            start = _start_at(file, here)
            return Start(start.folder, start.file, changes, seed, runs)
    load(folder / RESOLVED)
    start = _start_at(folder / RESOLVED, here)
    return Start(start.folder, start.file, {}, seed, runs)


def _files_of_command(command: str, here: Path) -> list[Path]:
    """The scenario files inside of a folder that a command names."""
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    paths = [here / word for word in words if word.lower().endswith(ENDINGS)]
    return [path for path in paths if path.is_file() and real_path(path).is_relative_to(here)]


def is_of_result(scenario: Scenario, folder: Folder) -> bool:
    """Whether a scenario's file belongs to a result, into whose folder nothing else is written."""
    file = scenario.file
    if file is None:
        return False
    above = [path for path in real_path(file).parents if path.is_relative_to(folder.root)]
    return any(is_result(path) for path in above)
