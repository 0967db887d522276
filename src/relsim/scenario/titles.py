"""Folder names and titles that tell several scenarios apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path, PurePath

from relsim.scenario.naming import slug
from relsim.scenario.schema import Scenario


def told_apart(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """The scenarios, those of different files under different folder names.

    Where two files would have one, theirs are made of their paths, as far as these differ.
    """
    files: dict[str, set[Path]] = {}
    for one in scenarios:
        if one.file is not None:
            files.setdefault(one.slug, set()).add(_path(one.file))
    names = {file: name for some in files.values() for file, name in _names(some).items()}
    return [
        one if one.file is None or len(files[one.slug]) == 1 else one.named(names[_path(one.file)])
        for one in scenarios
    ]


def _path(file: Path) -> Path:
    """Where a file is; a link to it is another, which inherits from other neighbours."""
    return file.parent.resolve() / file.name


def _names(files: set[Path]) -> dict[Path, str]:
    folders = zip(*(file.parent.parts for file in files), strict=False)
    shared = len(list(takewhile(lambda parts: len(set(parts)) == 1, folders)))
    paths = {file: PurePath(*file.parts[shared:]) for file in files}
    bare = {path.with_suffix("") for path in paths.values()}
    whole = len(bare) < len(files)  # they differ in how they end alone
    return {
        file: slug((path if whole else path.with_suffix("")).as_posix())
        for file, path in paths.items()
    }


def titles(scenarios: Sequence[Scenario], *, numbered: bool = False) -> list[str]:
    """The title of each; where different files have one title, with the names of their folders.

    Args:
        scenarios: those that are shown together.
        numbered: with numbers where titles are the same even so, for what is found by its title.
    """
    files: dict[str, set[str]] = {}
    for one in scenarios:
        files.setdefault(one.title, set()).add(one.slug)
    found = [
        one.title if len(files[one.title]) == 1 else f"{one.title} ({one.slug})"
        for one in scenarios
    ]
    if not numbered:
        return found
    return [
        title if found.count(title) == 1 else f"{title}, {number}"
        for number, title in enumerate(found, start=1)
    ]
