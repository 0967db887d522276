"""What relsim says when something is wrong: located problems, never tracebacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text: file as the user named it, line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


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
        return f"{self.position}  {self.code}  {self.text}{hint}{inherited}"


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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The closest known word as a hint, or the whole list where it is short."""
    names = list(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if not close:
        close = get_close_matches(word.upper(), names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]}?"
    if 0 < len(names) <= 12:
        return f"Known: {', '.join(names)}."
    return ""
