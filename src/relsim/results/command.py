"""The command that makes a result, for its manifest: as a shell takes it."""

from __future__ import annotations

import shlex
from pathlib import Path


def command_line(*parts: object) -> str:
    """The command ``relsim`` with these words, each quoted where a shell would split it."""
    return shlex.join(["relsim", *(str(part) for part in parts)])


def without_folders(file: Path) -> str:
    """A file as the command names it: no absolute path, which would tell of a machine."""
    return file.name if file.is_absolute() else file.as_posix()
