"""What a check of a result says."""

from __future__ import annotations

from relsim import __version__
from relsim.results.contents import WRITTEN_AGAIN
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
            "they were written and come out again bit for bit. Labels, tables, the scenario and "
            "the manifest are as they were written, and the claims are judged alike."
        )
        if found.not_judged:
            lines.append(
                f"Not judged again: claims against {found.not_judged}, whose result is not there."
            )
        lines.append("Not checked: figures/ and report.html, which relsim report draws again.")
        if found.checked < found.chunks:
            lines.append("--all checks every run.")
    else:
        lines.append(difference_line(found.difference))
        lines.append(_remedy(found.difference))
    return "\n".join(lines)


def _remedy(difference: Difference) -> str:
    if difference.kind == "file" and difference.variable.startswith(WRITTEN_AGAIN):
        return "The same relsim run writes it again."
    return "relsim run --force makes the result anew."


def difference_line(difference: Difference) -> str:
    """The first difference, in words."""
    said, place = _said(difference), difference.place
    if place is None:
        return said
    where = ", ".join(f"{_AXES.get(axis, axis)} {at}" for axis, at in place.items())
    values = f"stored {difference.stored!r}, recomputed {difference.recomputed!r}"
    return f"{said}\nFirst difference: {difference.variable}, {where}: {values}."


def _said(difference: Difference) -> str:
    name, chunk = difference.variable, difference.chunk
    if chunk is None:
        return {
            "file": f"Damaged: {name}",
            "question": f"Changed: {name} in the manifest does not follow from the scenario.",
            "claim": f"Changed: the verdict on {name} does not follow from the runs.",
        }[difference.kind]
    runs = f"runs {chunk.first:,} to {chunk.first + chunk.runs - 1:,}"
    return {
        "damaged": f"Damaged: {name} of {runs} is not what was written.",
        "changed": f"Changed: {name} of {runs} does not come out again.",
    }[difference.kind]
