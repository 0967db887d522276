"""What differs in the inputs of two scenarios, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from relsim.scenario.diff import Difference, Kind, Taken
from relsim.scenario.text import flow_text

SIGNS: dict[Kind, str] = {"added": "+", "removed": "-", "changed": "~"}
STYLES: dict[Kind, str] = {"added": "green", "removed": "red", "changed": "yellow"}


def differences_table(found: Sequence[Difference]) -> Table:
    """Paths and values, numbers first, then words, claims last.

    Args:
        found: of :func:`relsim.diff`.
    """
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=44)
    table.add_column(overflow="fold")
    for section, some in _sections(found):
        if section:
            table.add_row("", Text(section, style="bold"))
        for one in some:
            sign = Text(SIGNS[one.kind], style=STYLES[one.kind])
            table.add_row(sign, Text(one.path), Text(_values(one)))
    return table


def _sections(found: Sequence[Difference]) -> Iterator[tuple[str, list[Difference]]]:
    numbers = [one for one in found if not one.is_words and not one.is_claim]
    words = [one for one in found if one.is_words and not one.is_claim]
    claims = [one for one in found if one.is_claim]
    sections = (("", numbers), ("Words, which move no number", words), ("Claims", claims))
    return ((title, some) for title, some in sections if some)


def _values(one: Difference) -> str:
    values = " → ".join(flow_text(value) for value in (one.before, one.after) if value is not None)
    return f"{values}  {_TAKEN[one.taken]}" if one.taken is not None else values


_TAKEN: dict[Taken, str] = {
    "changed": "(changed)",
    "recoded": "(recoded)",
    "read otherwise": "(the opening is read otherwise, the same is in force)",
}


def closing_line(found: Sequence[Difference], *, reordered: bool) -> str:
    """How many there are, and what they mean."""
    if not found and not reordered:
        return "The two ask the same: no input differs."
    counts = {kind: sum(one.kind == kind for one in found) for kind in SIGNS}
    said = ", ".join(f"{count} {kind} ({SIGNS[kind]})" for kind, count in counts.items() if count)
    order = "Events stand in another order, in which their effects apply."
    hint = "--set takes each path; null removes."
    interests = {one.taken for one in found} - {None}
    return " ".join(
        [
            *([f"{said}.", hint] if found else []),
            *([order] if reordered else []),
            *(_MEANINGS[taken] for taken in _MEANINGS if taken in interests),
        ]
    )


_MEANINGS: dict[Taken, str] = {
    "changed": "Changed interests move relations.",
    "recoded": "Recoded ones only read the opening differently: nothing moves at rest, and --set "
    "needs them in recoded=[...] too.",
}
