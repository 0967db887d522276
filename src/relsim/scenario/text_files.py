"""Files that people write, read whole: only what is a file, is not too large and is UTF-8."""

from __future__ import annotations

import stat
from pathlib import Path

from relsim.errors import Position, Problem, near_path

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def other_than_a_file(path: Path) -> str:
    """What stands at a path, links followed, where it is no file: as in "a pipe"; else empty.

    A pipe may never end, and a device gives bytes for ever, so neither is opened.

    Raises:
        OSError, ValueError: nothing is there, or it cannot be asked.
    """
    mode = path.stat().st_mode
    return next((words for is_kind, words in _KINDS if is_kind(mode)), "")


def why_no_file(path: Path, name: str) -> str:
    """Why a file that another one names cannot be read; empty where it can be.

    Args:
        path: where it is.
        name: what to call it.
    """
    try:
        other = other_than_a_file(path)
    except (OSError, ValueError):
        return f"There is no file {name}."
    return f"{name} is {other}, no file." if other else ""


def read_text_file(
    path: Path, name: str, most: int, wanted: str = "a YAML file"
) -> tuple[str, list[Problem]]:
    """The text of a file, or what is wrong with it.

    Args:
        path: where it is.
        name: how positions call it.
        most: bytes that it may have.
        wanted: what to name instead of a folder, a pipe or a device.
    """
    whole = Position.whole(name)
    try:
        if other := other_than_a_file(path):
            code = "not-found" if other == "a folder" else "not-readable"
            return "", [Problem(whole, code, f"This is {other}.", f"Name {wanted}.")]
        with path.open("rb") as file:
            content = file.read(most + 1)  # the size of some files is told wrongly
        if len(content) > most:
            return "", [Problem(whole, "too-large", f"The file is over {most:,} bytes.")]
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), []
    except FileNotFoundError:
        text = "There is no such file."
        return "", [Problem(whole, "not-found", text, near_path(path))]
    except UnicodeDecodeError as error:
        before = content[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        place = Position(name, before.count(b"\n") + 1, column)
        text = f"The file is not UTF-8 text (byte {error.start})."
        return "", [Problem(place, "not-text", text, "Save it as UTF-8.")]
    except OSError as error:
        return "", [Problem(whole, "not-readable", f"{error.strerror}.")]
    except ValueError as error:  # a name that no file can have
        return "", [Problem(whole, "not-found", f"There is no such file: {error}.")]
