"""What a check of a result says."""

from __future__ import annotations

from relsim import __version__
from relsim.results.verify import Difference, Verification

_AXES = {"time": "month", "step": "month", "watched": "pair", "direction": "posture"}


def verification_lines(found: Verification) -> str:
    """Whether a result is what it should be; else where it first is not."""
    lines = []
    if found.version != __version__:
        lines.append(
            f"Made by relsim {found.version}, checked by {__version__}: numbers may differ."
        )
    if found.difference is None:
        lines.append(
            f"Verified: {found.checked:,} of {found.chunks:,} chunks ({found.runs:,} runs) are as "
            "they were written and come out again bit for bit."
        )
        if found.checked < found.chunks:
            lines.append("--all checks every run.")
    else:
        lines.append(difference_line(found.difference))
        lines.append("relsim run --force makes the result anew.")
    return "\n".join(lines)


def difference_line(difference: Difference) -> str:
    """The first difference, in words."""
    said, place = _said(difference), difference.place
    if place is None:
        return said
    if difference.chunk is None:
        where = ", ".join(f"number {at} on {axis}" for axis, at in place.items())
        values = f"stored {difference.stored!r}, should be {difference.recomputed!r}"
        return f"{said}\nFirst difference: {where}: {values}."
    where = ", ".join(f"{_AXES.get(axis, axis)} {at}" for axis, at in place.items())
    values = f"stored {difference.stored!r}, recomputed {difference.recomputed!r}"
    return f"{said}\nFirst difference: {difference.variable}, {where}: {values}."


def _said(difference: Difference) -> str:
    name, chunk = difference.variable, difference.chunk
    if chunk is None:
        return {
            "labels": f"Damaged: the labels of {name} are not those of the scenario.",
            "axes": f"Damaged: {name} is not on the axes that it was written on.",
            "missing": f"Damaged: {name} is not there.",
            "extra": f"{name} was not written by relsim: an array that is none of the result.",
        }[difference.kind]
    runs = f"runs {chunk.first:,} to {chunk.first + chunk.runs - 1:,}"
    return {
        "damaged": f"Damaged: {name} of {runs} is not what was written.",
        "changed": f"Changed: {name} of {runs} does not come out again.",
    }[difference.kind]
