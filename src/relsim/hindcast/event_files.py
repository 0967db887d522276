"""Event files, compressed or not, as numbered lines; only one line at a time is in memory."""

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
from typing import IO, TypeAlias, cast

from relsim.errors import Position, Problem, ScenarioError, near_path
from relsim.scenario.reader import is_file
from relsim.scenario.text_files import other_than_a_file

Lines: TypeAlias = Iterator[tuple[int, str]]  # numbers from 1, texts without their line ends

SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".gz", ".zip")  # files that are read in a folder
OTHER_TABLES = (".mentions.", ".gkg.")  # GDELT publishes them beside its events
MAX_LINE = 1_000_000  # characters; the longest of GDELT's fields are addresses
LINES_BETWEEN = 5_000  # calls of the progress bar
_DAMAGED = (
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
    """Reads bytes that are not UTF-8 in the encoding of most older files."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_OLD_BYTES, _as_windows_1252)


@dataclass(frozen=True)
class EventFile:
    """A file that the user named, or that a named folder or pattern holds.

    Attributes:
        path: where it is.
        name: as problems and records call it: as the user named it.
        size: bytes, as stored.
    """

    path: Path
    name: str
    size: int

    def tables(
        self, progress: Callable[[int], None] = lambda number: None
    ) -> Generator[tuple[str, Lines], None, None]:
        """The name and the lines of each table, to be read one after the other.

        Plain text and ``.gz`` have one table, a ``.zip`` one for each of its files; the first
        bytes tell which format it is.

        Args:
            progress: called now and then with the number of bytes that are read.

        Raises:
            ScenarioError: the file cannot be read to its end, or a line is too long.
        """
        with _readable(self.name), ExitStack() as opened:
            raw = opened.enter_context(self.path.open("rb"))
            start = raw.read(4)
            raw.seek(0)
            if start[:2] == b"\x1f\x8b":
                unzipped = cast(IO[bytes], gzip.GzipFile(fileobj=raw))
                yield self.name, _lines(unzipped, self.name, raw, progress)
            elif start == b"PK\x03\x04":
                archive = opened.enter_context(zipfile.ZipFile(raw))
                for member in archive.infolist():
                    if not member.is_dir() and not member.filename.startswith("__MACOSX"):
                        name = f"{self.name}/{member.filename}"
                        stream = opened.enter_context(archive.open(member))
                        yield name, _lines(stream, name, raw, progress)
            else:
                yield self.name, _lines(raw, self.name, raw, progress)


def digest_of(path: Path, name: str) -> str:
    """The SHA-256 of the bytes of a file, in hexadecimal digits.

    Raises:
        ScenarioError: it cannot be read.
    """
    with _readable(name), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def event_files(paths: Iterable[Path], *, output: Path) -> list[EventFile]:
    """Every file once, in the order named; those of a folder or a pattern by name.

    Args:
        paths: files, folders with everything below them, and patterns such as ``2008*.zip``.
        output: the file to be written, which is not a source of itself.

    Raises:
        ScenarioError: a path does not exist, or holds no file to read.
    """
    problems: list[Problem] = []
    files: dict[Path, EventFile] = {}
    for named in paths:
        with _readable(str(named)):
            members = _members(named)
            if not members:
                problems.append(_nothing_at(named))
        for path in members:
            if path.resolve() != output.resolve():
                files.setdefault(path.resolve(), EventFile(path, str(path), path.stat().st_size))
    if problems:
        raise ScenarioError(problems)
    return list(files.values())


def _members(named: Path) -> list[Path]:
    """The file itself, or the event files of a folder or a pattern."""
    if is_file(named):
        return [named]
    paths = named.rglob("*") if named.is_dir() else map(Path, glob.glob(str(named)))  # noqa: PTH207
    return sorted(
        path
        for path in paths
        if path.name.lower().endswith(SUFFIXES)
        and not path.name.startswith(".")
        and not any(part in path.name.lower() for part in OTHER_TABLES)
        and is_file(path)
    )


def _nothing_at(path: Path) -> Problem:
    """Why a path holds no file to read. Files are read twice, so a pipe will not do."""
    whole = Position.whole(str(path))
    try:
        kind = other_than_a_file(path)
    except (OSError, ValueError):
        return Problem(whole, "not-found", "There is no such file.", near_path(path))
    if kind == "a folder":
        hint = f"In a folder, {' '.join(SUFFIXES)} are read."
        return Problem(whole, "not-found", "There is no file of events here.", hint)
    return Problem(whole, "not-readable", f"This is {kind}.", "Name a file, or a folder of files.")


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turns errors of reading a file into a problem with its name."""
    try:
        yield
    except _DAMAGED as error:
        text = f"The file is damaged: {str(error).rstrip('.') or 'it ends too early'}."
        hint = "Get it again, or leave it out."
        raise ScenarioError([Problem(Position(name), "damaged-file", text, hint)]) from None
    except RuntimeError as error:  # zipfile raises it where a password is needed
        text = f"The archive cannot be opened: {error}."
        raise ScenarioError([Problem(Position(name), "not-readable", text)]) from None
    except OSError as error:
        text = f"{error.strerror or error}."
        raise ScenarioError([Problem(Position(name), "not-readable", text)]) from None


def _lines(stream: IO[bytes], name: str, raw: IO[bytes], progress: Callable[[int], None]) -> Lines:
    number = 0
    with _readable(name):
        buffered = io.BufferedReader(cast(io.RawIOBase, stream))
        encoding = "utf-16" if buffered.peek(2)[:2] in _UTF_16 else "utf-8-sig"
        text = io.TextIOWrapper(buffered, encoding=encoding, errors=_OLD_BYTES)
        while line := text.readline(MAX_LINE):
            number += 1
            if len(line) == MAX_LINE:
                long = f"A line has over {MAX_LINE:,} characters."
                hint = "A table of events has one event in each line."
                raise ScenarioError([Problem(Position(name, number), "too-large", long, hint)])
            if number % LINES_BETWEEN == 0:
                progress(raw.tell())
            yield number, line.rstrip("\n")
        text.detach()
        buffered.detach()
