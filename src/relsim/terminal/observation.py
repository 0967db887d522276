"""A series that was made from event data, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relsim.errors import printable
from relsim.words import counted

REASONS = {
    "not-root": "not a root event",
    "no-state": "no state on one side",
    "unknown-state": "a state that is not known",
    "domestic": "within one state",
    "not-kept": "not between the states of --only",
    "not-coded": "without a code",
    "no-events": "a count of 0",
}
NAMES_SHOWN = 8


def observation_lines(file: Path, record: dict[str, Any]) -> Iterator[str]:
    """The values that were written, and the lines that were left out, with reasons."""
    lines, values = record["lines"], record["values"]
    yield f"{lines['used']:,} of {lines['read']:,} lines used."
    for reason, count in lines["left_out"].items():
        yield f"  left out: {count:,} ({REASONS[reason]})"
    if lines["damaged"]:
        yield f"  left out: {lines['damaged']:,} (damaged)"
    if record["unknown_states"]:
        names = list(record["unknown_states"])
        more = ", …" if len(names) > NAMES_SHOWN else ""
        shown = printable(", ".join(names[:NAMES_SHOWN]))
        yield f"  not known: {shown}{more}. Give codes by --codes FILE."
    yield from _habits_lines(record["files"])
    if values["below_least"]:
        yield f"{values['below_least']:,} values rest on fewer than {record['least']}: left out."
    written, dyads = counted(values["written"], "value"), counted(values["dyads"], "dyad")
    yield f"Wrote {file}: {written} of {dyads}, {values['first']} to {values['last']}."


def _habits_lines(files: list[dict[str, Any]]) -> Iterator[str]:
    """How dates and codes were read where files had to show it, and in how many files."""
    for orders, count in Counter(file["dates"] for file in files if "dates" in file).items():
        shown = f"as their column shows ({counted(count, 'file')})"
        yield f"Dates such as 1/5/2017 are read {orders}, {shown}."
    if count := sum("codes" in file for file in files):
        number = counted(count, "file")
        yield f"CAMEO codes that lost a leading zero are read with it, 42 as 042 ({number})."
