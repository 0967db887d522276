"""What scenarios are called: their folders, their files, and titles that tell them apart."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path, PurePath

from relsim.scenario.schema import Scenario

LONGEST = 60  # characters of a folder's name
MOST_BYTES = 120  # of it in UTF-8: file systems take 255 for a name, and figures add words to it
DIGITS = 6  # of a digest, hexadecimal: two of 1,000 texts share one in 3 of 100 cases

# Names that Windows keeps for devices.
_DEVICES = {"con", "prn", "aux", "nul"}
_DEVICES |= {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}


def slug(text: str) -> str:
    """A text as the name of a folder, which no other text has.

    Letters and digits of any script, hyphens and underscores are kept. Where anything is lost, a
    digest of the text comes after what is left of it. Capitals are lost, for not every file system
    tells them from small letters.
    """
    name = _words(text)
    if name == text and name not in _DEVICES and _shortened(name, 0) == name != "":
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    return f"{_shortened(name, DIGITS + 1) or 'scenario'}-{digest}"


def file_names(texts: Sequence[str]) -> dict[str, str]:
    """What of each text can stand in the name of a file, with its number where that is taken."""
    names: dict[str, str] = {}
    for number, text in enumerate(texts, start=1):
        name = _shortened(_words(text), 0) or str(number)
        names[text] = f"{name}-{number}" if name in names.values() else name
    return names


def _words(text: str) -> str:
    """The letters and digits of a text, small, with hyphens for all between."""
    folded = unicodedata.normalize("NFC", text.casefold())
    kept = "".join(
        char if char in "-_" or unicodedata.category(char)[0] in "LMN" else " " for char in folded
    )
    return "-".join(kept.split()).strip("-")


def _shortened(name: str, room: int) -> str:
    """As much of a name as leaves room for so many more characters."""
    short = name[: LONGEST - room].encode()[: MOST_BYTES - room].decode(errors="ignore")
    return short.rstrip("-")


def told_apart(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """The scenarios, those of different files under different folder names.

    Where two files would have one, theirs are made of their paths, as far as these differ.
    """
    files: dict[str, set[Path]] = {}
    for scenario in scenarios:
        if scenario.file is not None:
            files.setdefault(scenario.slug, set()).add(_path(scenario.file))
    names = {file: name for some in files.values() for file, name in _names(some).items()}
    return [
        scenario
        if scenario.file is None or len(files[scenario.slug]) == 1
        else scenario.named(names[_path(scenario.file)])
        for scenario in scenarios
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
    for scenario in scenarios:
        files.setdefault(scenario.title, set()).add(scenario.slug)
    names = [
        scenario.title if len(files[scenario.title]) == 1 else f"{scenario.title} ({scenario.slug})"
        for scenario in scenarios
    ]
    return numbered_titles(names) if numbered else names


def numbered_titles(names: Sequence[str]) -> list[str]:
    """Titles with their numbers where they are the same."""
    return [
        title if names.count(title) == 1 else f"{title}, {number}"
        for number, title in enumerate(names, start=1)
    ]
