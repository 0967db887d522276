"""Tells a scenario from an experiment, where one is given for the other."""

from __future__ import annotations

from typing import Literal, TypeAlias

from relsim.errors import Problem
from relsim.scenario.tree import Mapping

Kind: TypeAlias = Literal["scenario", "experiment"]

# Keys that files of one kind have and those of the other do not.
_TELLING: dict[Kind, tuple[str, ...]] = {
    "scenario": ("states", "time", "extends", "ties", "events", "claims"),
    "experiment": (
        "scenario", "measures", "sweep", "sensitivity", "tune", "attribute", "advise", "discover",
    ),
}  # fmt: skip
_COMMAND: dict[Kind, str] = {"scenario": "relsim run", "experiment": "relsim experiment"}


def other_kind(tree: Mapping, wanted: Kind) -> Problem | None:
    """A problem where a file is all of the other kind: said once, not key by key."""
    other: Kind = "experiment" if wanted == "scenario" else "scenario"
    telling = [key for key in _TELLING[other] if key in tree.entries]
    if not telling or any(key in tree.entries for key in _TELLING[wanted]):
        return None
    place = tree.keys.get(telling[0], tree.position)
    article = "an" if other == "experiment" else "a"
    text = f"This is {article} {other}: its `{telling[0]}` says so."
    return Problem(place, "other-kind", text, f"Run it: {_COMMAND[other]} {place.file}")
