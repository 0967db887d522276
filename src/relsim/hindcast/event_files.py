"""Files of events, compressed or not, as lines: never more of a file in memory than a line."""

from __future__ import annotations

import codecs
import glob
import gzip
import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from relsim.errors import Position, Problem, ScenarioError, near_path
from relsim.scenario.text import is_file, other_than_a_file

SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".gz", ".zip")  # what is read of a folder
OTHER_TABLES = (".mentions.", ".gkg.")  # GDELT publishes them beside its events
MAX_LINE = 1_000_000  # characters; the longest of GDELT's fields are addresses
LINES_BETWEEN = 5_000  # calls of the progress bar
_BROKEN = (
    EOFError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    NotImplementedError,
)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what Excel calls Unicode text
_OLD_BYTES = "relsim.old-bytes"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """What is no UTF-8 is read as the encoding of most older files, line by line."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_OLD_BYTES, _as_windows_1252)


@dataclass(frozen=True)
class EventFile:
    """A file that was named, or found where a folder or a pattern was.

    Attributes:
        path: where it is.
        name: as it is called in problems and records: as the user named it.
        size: bytes, as stored.
    """

    path: Path
    name: str
    size: int

    @property
    def digest(self) -> str:
        """The SHA-256 of its bytes, in hexadecimal digits.

        Raises:
            ScenarioError: it cannot be read.
        """
        with _readable(self.name), self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Table:
    """Lines that belong together: a file, or one file of an archive.

    Attributes:
        name: for problems.
        lines: (number from 1, text without its end).
    """

    name: str
    lines: Iterator[tuple[int, str]]


def event_files(places: Iterable[Path], *, less: Path) -> list[EventFile]:
    """Every file once, in the order named; those of a folder or a pattern by name.

    Args:
        places: files, folders with all below them, and patterns such as ``2008*.zip``.
        less: the file to be written, which is no source of itself.

    Raises:
        ScenarioError: a place is not there, or holds no file to read.
    """
    problems: list[Problem] = []
    found: dict[Path, EventFile] = {}
    for place in places:
        with _readable(str(place)):
            paths = _paths(place)
            if not paths:
                problems.append(_nothing_at(place))
        for path in paths:
            if path.resolve() != less.resolve():
                found.setdefault(path.resolve(), EventFile(path, str(path), path.stat().st_size))
    if problems:
        raise ScenarioError(problems)
    return list(found.values())


def _nothing_at(place: Path) -> Problem:
    """Why a place holds no file to read. A file is read twice, for its digest, so it is no pipe."""
    whole = Position.whole(str(place))
    try:
        other = other_than_a_file(place)
    except (OSError, ValueError):
        return Problem(whole, "not-found", "There is no such file.", near_path(place))
    if other == "a folder":
        hint = f"Read are {' '.join(SUFFIXES)}."
        return Problem(whole, "not-found", "Here is no file of events.", hint)
    return Problem(whole, "not-readable", f"This is {other}.", "Name a file, or a folder of files.")


def _paths(place: Path) -> list[Path]:
    if is_file(place):
        return [place]
    found = place.rglob("*") if place.is_dir() else map(Path, glob.glob(str(place)))  # noqa: PTH207
    return sorted(path for path in found if _is_wanted(path))


def _is_wanted(path: Path) -> bool:
    name = path.name.lower()
    other = name.startswith(".") or any(part in name for part in OTHER_TABLES)
    return name.endswith(SUFFIXES) and not other and is_file(path)


def tables(file: EventFile, at_byte: Callable[[int], None]) -> Generator[Table, None, None]:
    """The tables of a file, to be read one after the other.

    Args:
        file: plain text, ``.gz`` or ``.zip``; which one, its first bytes say.
        at_byte: told now and then how many bytes of it are read.

    Raises:
        ScenarioError: it cannot be read to its end, or has a line without end.
    """
    with _readable(file.name), ExitStack() as opened:
        raw = opened.enter_context(file.path.open("rb"))
        for name, stream in _streams(file, raw, opened):
            yield Table(name, _lines(stream, name, raw, at_byte))


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turns what is wrong with a file into a problem at its place."""
    try:
        yield
    except _BROKEN as error:
        said = f"The file is damaged: {str(error).rstrip('.') or 'it ends too early'}."
        hint = "Get it again, or leave it out."
        raise ScenarioError([Problem(Position(name), "damaged-file", said, hint)]) from None
    except RuntimeError as error:  # what zipfile raises where a password is needed
        said = f"The archive cannot be opened: {error}."
        raise ScenarioError([Problem(Position(name), "not-readable", said)]) from None
    except OSError as error:
        said = f"{error.strerror or error}."
        raise ScenarioError([Problem(Position(name), "not-readable", said)]) from None


def _streams(file: EventFile, raw: IO[bytes], opened: ExitStack) -> Iterator[tuple[str, IO[bytes]]]:
    """Uncompressed content, and what to call it."""
    start = raw.read(4)
    raw.seek(0)
    if start[:2] == b"\x1f\x8b":
        yield file.name, cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    elif start == b"PK\x03\x04":
        archive = opened.enter_context(zipfile.ZipFile(raw))
        for member in archive.infolist():
            if not member.is_dir() and not member.filename.startswith("__MACOSX"):
                name = f"{file.name}/{member.filename}"
                yield name, opened.enter_context(archive.open(member))
    else:
        yield file.name, raw


def _lines(
    stream: IO[bytes], name: str, raw: IO[bytes], at_byte: Callable[[int], None]
) -> Iterator[tuple[int, str]]:
    number = 0
    with _readable(name):
        buffered = io.BufferedReader(cast(io.RawIOBase, stream))
        encoding = "utf-16" if buffered.peek(2)[:2] in _UTF_16 else "utf-8-sig"
        text = io.TextIOWrapper(buffered, encoding=encoding, errors=_OLD_BYTES)
        while line := text.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE:
                raise ScenarioError([_no_end(name, number)])
            if number % LINES_BETWEEN == 0:
                at_byte(raw.tell())
            yield number, line.rstrip("\n")
        text.detach()
        buffered.detach()


def _no_end(name: str, number: int) -> Problem:
    said = f"A line has over {MAX_LINE:,} characters."
    hint = "This is no table with an event in a line."
    return Problem(Position(name, number), "too-large", said, hint)
