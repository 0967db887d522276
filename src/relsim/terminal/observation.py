"""A series that was made from event data, in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relsim.errors import printable

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
    """What was made, and what was left out why."""
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
    if values["below_least"]:
        yield f"{values['below_least']:,} values rest on fewer than {record['least']}: left out."
    yield (
        f"Wrote {file}: {values['written']:,} values of {values['dyads']:,} dyads, "
        f"{values['first']} to {values['last']}."
    )
