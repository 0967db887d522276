"""What relsim says when something is wrong: located problems, never tracebacks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path

MAX_SHOWN = 500  # characters of a problem, which may quote texts of any length
MAX_NEAR = 200  # characters of a word that is looked for among known ones: twice a longest key

# Dashes, minus signs and arrows, for those that paths and numbers are written with.
_LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
        **dict.fromkeys("\u203a\u2192\u27a4", ">"),
        **dict.fromkeys("\u200b\u2060\ufeff", ""),
    }
)


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text: file as the user named it, line and column from 1.

    Both are 0 where the file as a whole is meant, as one that is not there.
    """

    file: str
    line: int = 1
    column: int = 1

    @classmethod
    def whole(cls, file: str) -> Position:
        """The file as a whole."""
        return cls(file, 0, 0)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend (or, as a warning, to look at).

    ``code`` is stable across releases, so that scripts can match it.
    ``chain`` lists the files that inherit the one the problem is in, nearest first.
    """

    position: Position
    code: str
    text: str
    hint: str = ""
    chain: tuple[str, ...] = ()

    def __str__(self) -> str:
        inherited = f" (inherited by {', '.join(self.chain)})" if self.chain else ""
        hint = f" {self.hint}" if self.hint else ""
        text = self.text if len(self.text) <= MAX_SHOWN else f"{self.text[:MAX_SHOWN]}…"
        return printable(f"{self.position}  {self.code}  {text}{hint}{inherited}")


class RelsimError(Exception):
    """The base of every error relsim raises on purpose."""


class ScenarioError(RelsimError):
    """A scenario cannot be used; ``problems`` lists everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ResultsError(RelsimError):
    """A results folder cannot be written or read."""


class DamagedError(ResultsError):
    """A result is not whole: something of it is missing, altered or cannot be read."""


class RelsimWarning(UserWarning):
    """Something went otherwise than asked, and what was asked is still of use."""


def printable(text: str) -> str:
    """A line that a terminal shows as it is: escapes in place of what would act on it."""
    return "".join(
        character if character.isprintable() else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def plain_form(text: str) -> str:
    """The text in the characters of a keyboard, where others only look like them.

    >>> plain_form("SAU–CHN"), plain_form("−０.２")
    ('SAU-CHN', '-0.2')
    """
    digits = [unicodedata.decimal(character, None) for character in text]
    pairs = zip(text, digits, strict=True)
    written = "".join(character if digit is None else str(digit) for character, digit in pairs)
    return unicodedata.normalize("NFKC", written.translate(_LOOK_ALIKES)).strip()


def plain_hint(text: str) -> str:
    """How to write a text whose characters only look like those of a keyboard; else empty."""
    plain = plain_form(text)
    if plain == text.strip() or not plain.isascii():
        return ""
    odd = next(character for character in text if not character.isascii())
    meant = plain_form(odd)
    wrong = f"is not '{meant}'" if meant else "cannot be seen, and does not belong there"
    return f"Write {plain}: '{odd}' (U+{ord(odd):04X}) {wrong}."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The closest known word as a hint, or the whole list where it is short."""
    names = list(known)
    if plain_form(word) in names and plain_hint(word):
        return plain_hint(word)
    for written in (word, word.upper()):
        if close := _closest(written, names):
            return f"Did you mean {close}?"
    if 0 < len(names) <= 12:
        return f"Known: {', '.join(names)}."
    return ""


def _closest(word: str, names: Iterable[str]) -> str:
    """The name that a word is a slip of; empty where it is none.

    Names under six letters are at most one slip away: two codes of three letters that share two
    are not taken for each other.
    """
    if not 1 < len(word) <= MAX_NEAR:
        return ""
    near = get_close_matches(word, names, n=3, cutoff=0.6)
    return next((name for name in near if len(name) > 5 or _is_one_slip(word, name)), "")


def _is_one_slip(word: str, other: str) -> bool:
    """Whether one letter is added, left out, wrong, or changed places with its neighbour."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False))
    start = len(list(alike))
    a, b = word[start:], other[start:]
    swapped = a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a == b[1:] or a[1:] == b or swapped


def near_path(path: Path) -> str:
    """The closest name that is there, as a hint for a path that leads to nothing.

    It is looked for where the path first goes wrong.
    """
    try:
        while not path.parent.exists():
            path = path.parent
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.name[0] != ".")
    except (OSError, ValueError):
        return ""
    stems = {Path(name).stem: name for name in names}
    near = path.name if path.name in names else stems.get(_closest(path.stem, stems), "")
    return f"Did you mean {path.parent / near}?" if near else ""
