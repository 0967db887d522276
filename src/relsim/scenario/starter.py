"""The scenario that `relsim new` writes."""

from __future__ import annotations

from importlib.resources import files


def starter_text() -> str:
    """A small commented scenario that runs as it is."""
    return files("relsim.scenario").joinpath("starter.yaml").read_text(encoding="utf-8")
