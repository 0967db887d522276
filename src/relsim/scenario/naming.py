"""What a scenario is called: its folder, its files, its title."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from relsim.scenario.writer import shown_text

LONGEST = 60  # characters of a folder's name
MOST_BYTES = 120  # of it in UTF-8: file systems take 255 for a name, and figures add words to it
DIGITS = 6  # of a digest, hexadecimal: two of 1,000 texts share one in 3 of 100 cases
CHANGES_SHOWN, LONGEST_CHANGE = 3, 60  # in a title

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
    found: dict[str, str] = {}
    for number, text in enumerate(texts, start=1):
        name = _shortened(_words(text), 0) or str(number)
        found[text] = f"{name}-{number}" if name in found.values() else name
    return found


def _words(text: str) -> str:
    """The letters and digits of a text, small, with hyphens for all between."""
    folded = unicodedata.normalize("NFC", text.casefold())
    kept = "".join(char if _is_kept(char) else " " for char in folded)
    return "-".join(kept.split()).strip("-")


def _is_kept(char: str) -> bool:
    return char in "-_" or unicodedata.category(char)[0] in "LMN"


def _shortened(name: str, room: int) -> str:
    """As much of a name as leaves room for so many more characters."""
    short = name[: LONGEST - room].encode()[: MOST_BYTES - room].decode(errors="ignore")
    return short.rstrip("-")


def title_of(name: str, changes: Mapping[str, Any]) -> str:
    """The name of a scenario, with what was changed since its file, by path.

    Who changes the name as well has named the changes. Long values are cut, and of many changes
    the first are shown.
    """
    if "name" in changes:
        return name
    listed = [f"{path}={shown_text(value)}" for path, value in changes.items()]
    shown = [_cut(change) for change in listed[:CHANGES_SHOWN]]
    if len(listed) > len(shown):
        shown.append(f"{len(listed) - len(shown)} more")
    return f"{name}, with {', '.join(shown)}" if shown else name


def _cut(change: str) -> str:
    return change if len(change) <= LONGEST_CHANGE else f"{change[: LONGEST_CHANGE - 1]}…"
